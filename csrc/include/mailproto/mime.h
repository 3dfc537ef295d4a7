/* The MIME structure of a message, with the exact octets of every part: what IMAP's ENVELOPE, BODY,
 * BODYSTRUCTURE and BODY[...] are answered from.
 *
 * Any octets are a message: what breaks the rules of RFC 5322 and RFC 2045 gets the nearest structure that is valid
 * IMAP, and what passes a limit stays one opaque part. Lines end with LF, a CR before it belongs to the line end.
 * Time and memory are linear in the message (times mp_limits.max_depth for lines that begin with "--"); nothing
 * recurses. No function here reads past the octets it was given.
 */
#ifndef MAILPROTO_MIME_H
#define MAILPROTO_MIME_H

#include "mailproto/base.h"
#include "mailproto/limits.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a buffer that grows --------------------------------------------------------------------------- */

/* What the writers below append to. `failed` is set when an allocation failed; it then stays as it was. */
typedef struct mp_buffer {
    uint8_t *data;
    size_t len;
    size_t room;
    mp_alloc alloc;
    bool failed;
} mp_buffer;

/* Makes an empty buffer that grows by `alloc`; nothing is allocated yet. mp_buffer_free gives its memory back and
 * leaves it empty. To write anew into the same memory set len to 0. mp_buffer_put appends len octets, which must not
 * be the buffer's own. */
MP_API void mp_buffer_init(mp_buffer *b, mp_alloc alloc);
MP_API void mp_buffer_free(mp_buffer *b);
MP_API void mp_buffer_put(mp_buffer *b, const void *data, size_t len);

/* ---- header fields (mime_header.c) ------------------------------------------------------------------ */

typedef struct mp_field {
    mp_span name;  /* without the colon and the space before it; empty for a line that is no field */
    mp_span value; /* after the colon to before the field's line end; folds are still in it        */
    mp_span whole; /* from the name to the field's line end, continuation lines included           */
} mp_field;

/* The next field of the header in data[*at, end); false at the header's end, which is an empty line or `end`.
 * Offsets are from `data`. */
MP_API bool mp_header_next(const uint8_t *data, size_t end, size_t *at, mp_field *field_r);

/* Compares a field's name with a lower-case word, without regard to case. */
MP_API bool mp_name_is(const uint8_t *data, mp_span name, const char *word);

/* Appends a field's value without its line ends, NULs and the spaces around it. */
MP_API void mp_field_text(const uint8_t *data, mp_span value, mp_buffer *out);

/* ---- the tree of parts (mime.c) --------------------------------------------------------------------- */

typedef enum mp_part_kind {
    MP_PART_LEAF,
    MP_PART_MULTIPART, /* at least one part follows                                                    */
    MP_PART_MESSAGE,   /* message/rfc822: the next part is the message in it                           */
    MP_PART_BROKEN,    /* called a multipart, but no part is in it: shown as text/plain                 */
    MP_PART_OPAQUE     /* a container past max_depth or max_parts: shown as application/octet-stream    */
} mp_part_kind;

typedef struct mp_part {
    mp_span header; /* with the empty line that ends it, if there is one                             */
    mp_span body;   /* without the line end that belongs to the boundary after it                     */
    uint32_t lines; /* line ends in the body                                                         */
    uint32_t next;  /* index of the first part that is not inside this one                            */
    uint32_t parent; /* index; the message itself is its own                                          */
    uint32_t depth; /* 1 for the message                                                             */
    uint8_t kind;   /* mp_part_kind                                                                  */
    uint8_t digest; /* 1 for multipart/digest, whose parts are messages by default                    */
} mp_part;

typedef struct mp_mime {
    mp_part *parts; /* in the order of the message, parents before what is in them                   */
    uint32_t count; /* at least 1 after mp_mime_parse                                                */
    uint32_t room;
    uint32_t size;  /* octets of the message                                                         */
    uint32_t lines; /* line ends in the message                                                      */
    const char *limit;   /* the first field of mp_limits that cut something off, or NULL              */
    uint32_t limit_offset;
    mp_alloc alloc;
} mp_mime;

/* Makes an empty structure whose parts will come from `alloc`; parsing or loading again uses the same memory.
 * mp_mime_free gives it back and leaves the structure empty, ready for use. */
MP_API void mp_mime_init(mp_mime *m, mp_alloc alloc);
MP_API void mp_mime_free(mp_mime *m);

/* Reads the structure. Uses max_depth, max_parts, max_header and max_parameters. Fails with MP_E_NOMEM, or
 * MP_E_LIMIT for a message of 4 GiB; any other octets are a message. */
MP_API mp_status mp_mime_parse(mp_mime *m, const uint8_t *data, size_t len, const mp_limits *limits, mp_error *err);

/* ---- wire text (mime_address.c, mime_write.c) -------------------------------------------------------- */

/* Appends the ENVELOPE of the header data[header] (RFC 3501 section 7.4.2). Uses max_addresses and max_header; what
 * they cut off is noted in *m, which may be NULL. */
MP_API void mp_write_envelope(const uint8_t *data, mp_span header, const mp_limits *limits, mp_mime *m, mp_buffer *out);

/* Appends BODY, or BODYSTRUCTURE if `extended`, of the message that mp_mime_parse has read. */
MP_API void mp_write_body_structure(mp_mime *m, const uint8_t *data, bool extended, const mp_limits *limits,
                                    mp_buffer *out);

/* ---- sections and the saved form (mime_section.c) ---------------------------------------------------- */

typedef enum mp_section_text { MP_SECTION_ALL, MP_SECTION_HEADER, MP_SECTION_TEXT, MP_SECTION_MIME } mp_section_text;

/* Where BODY[path.text] is in the message (RFC 9051 section 6.4.5.1); false if there is no such section. */
MP_API bool mp_mime_section(const mp_mime *m, const uint32_t *path, size_t path_len, mp_section_text text,
                            mp_span *span_r);

/* Appends the saved form: what mp_mime_section needs, some ten octets a part. */
MP_API void mp_mime_save(const mp_mime *m, mp_buffer *out);

/* Reads the saved form into an initialised *m. MP_E_SYNTAX for octets that mp_mime_save cannot have written. Line
 * counts of parts and defects are not saved. */
MP_API mp_status mp_mime_load(mp_mime *m, const uint8_t *saved, size_t len, mp_error *err);

/* How many octets turning each bare LF into CRLF adds. */
MP_API size_t mp_bare_lf_count(const uint8_t *data, size_t len);

/* Writes data with each bare LF turned into CRLF: len + mp_bare_lf_count() octets. */
MP_API void mp_bare_lf_fix(const uint8_t *data, size_t len, uint8_t *out_r);

#ifdef __cplusplus
}
#endif
#endif
