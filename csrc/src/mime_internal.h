/* What the mime_*.c files share: structured header values (RFC 2045 section 5.1, RFC 5322 section 3.2). */
#ifndef MAILPROTO_MIME_INTERNAL_H
#define MAILPROTO_MIME_INTERNAL_H

#include "mailproto/mime.h"

/* A place in a header value. */
typedef struct mp_lexer {
    const uint8_t *data;
    size_t at;
    size_t end;
} mp_lexer;

/* Skips white space, line ends and comments. The text of the last comment goes to `comment` unless that is NULL. */
void mp_skip_cfws(mp_lexer *lx, mp_buffer *comment);

/* Reads a quoted-string whose opening quote is at lx->at, appending its text unescaped and unfolded. */
void mp_read_quoted(mp_lexer *lx, mp_buffer *out);

/* Reads `type "/" subtype`, or one token where only_type; false if that is not there. Offsets are from data. */
bool mp_read_media(mp_lexer *lx, mp_span *type_r, mp_span *subtype_r, bool only_type);

/* Reads the next `; name=value`; the value is put into `value`, emptied first. False at the end. */
bool mp_read_parameter(mp_lexer *lx, mp_span *name_r, mp_buffer *value);

/* The header fields that body structures are made of; len 0 and off 0 where absent. */
typedef struct mp_body_fields {
    mp_span type, id, description, encoding, md5, disposition, language, location;
} mp_body_fields;

void mp_read_body_fields(const uint8_t *data, mp_span header, const mp_limits *limits, mp_body_fields *fields_r);

/* The header's octets that are looked at. Notes the cut in *m, which may be NULL. */
size_t mp_header_end(mp_span header, const mp_limits *limits, mp_mime *m);

/* Remembers the first limit that cut something off. */
void mp_note_limit(mp_mime *m, const char *limit, size_t offset);

/* Octets as an IMAP string; NIL for a span that is absent (off and len 0). */
void mp_put_string(mp_buffer *out, const uint8_t *text, size_t len);
void mp_put_literal_text(mp_buffer *out, const char *text);
void mp_put_number(mp_buffer *out, uint32_t number);
/* A header field's text as an nstring. */
void mp_put_field(mp_buffer *out, const uint8_t *data, mp_span value, mp_buffer *scratch);

#endif
