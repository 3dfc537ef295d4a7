#include "mime_internal.h"

#include <string.h>

#include "mailproto/imap_write.h"

void mp_buffer_init(mp_buffer *b, mp_alloc alloc)
{
    *b = (mp_buffer){.alloc = alloc};
}

void mp_buffer_free(mp_buffer *b)
{
    b->alloc.free(b->alloc.ctx, b->data);
    *b = (mp_buffer){.alloc = b->alloc};
}

static uint8_t *reserve(mp_buffer *b, size_t octets)
{
    if (b->data == NULL || b->room - b->len < octets) {
        size_t room = b->room * 2 > 256 ? b->room * 2 : 256;
        if (octets > SIZE_MAX - b->len || b->failed) {
            b->failed = true;
            return NULL;
        }
        if (room < b->len + octets)
            room = b->len + octets;
        uint8_t *grown = b->alloc.realloc(b->alloc.ctx, b->data, b->room, room);
        if (grown == NULL) {
            b->failed = true;
            return NULL;
        }
        b->data = grown;
        b->room = room;
    }
    return b->data + b->len;
}

void mp_buffer_put(mp_buffer *b, const void *data, size_t len)
{
    uint8_t *out = reserve(b, len);
    if (out == NULL || len == 0)
        return;
    memcpy(out, data, len);
    b->len += len;
}

static void put_octet(mp_buffer *b, uint8_t octet)
{
    mp_buffer_put(b, &octet, 1);
}

void mp_put_literal_text(mp_buffer *out, const char *text)
{
    mp_buffer_put(out, text, strlen(text));
}

void mp_put_number(mp_buffer *out, uint32_t number)
{
    uint8_t digits[20];
    mp_buffer_put(out, digits, mp_write_number(number, digits));
}

void mp_put_string(mp_buffer *out, const uint8_t *text, size_t len)
{
    uint8_t header[26];
    if (len == 0) {
        mp_put_literal_text(out, "\"\"");
        return;
    }
    if (mp_form_of(text, len) <= MP_FORM_QUOTED) {
        uint8_t *room = reserve(out, 2 * len + 2);
        if (room != NULL)
            out->len += mp_write_quoted(text, len, room);
        return;
    }
    mp_buffer_put(out, header, mp_write_literal_header(len, false, false, header));
    mp_buffer_put(out, text, len);
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool mp_name_is(const uint8_t *data, mp_span name, const char *word)
{
    if (strlen(word) != name.len)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = data[name.off + i];
        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != (uint8_t)word[i])
            return false;
    }
    return true;
}

static size_t line_end(const uint8_t *data, size_t at, size_t end)
{
    const uint8_t *lf = memchr(data + at, '\n', end - at);
    return lf == NULL ? end : (size_t)(lf - data) + 1;
}

/* fields = field-name ":" unstructured CRLF, folded        RFC 5322 section 2.2 */
bool mp_header_next(const uint8_t *data, size_t end, size_t *at, mp_field *field_r)
{
    size_t start = *at;
    if (start >= end || data[start] == '\n' || (data[start] == '\r' && start + 1 < end && data[start + 1] == '\n'))
        return false;
    size_t stop = line_end(data, start, end);
    const uint8_t *colon = memchr(data + start, ':', stop - start);
    while (stop < end && (data[stop] == ' ' || data[stop] == '\t'))
        stop = line_end(data, stop, end);
    size_t value_end = stop;
    if (value_end > start && data[value_end - 1] == '\n')
        value_end--;
    if (value_end > start && data[value_end - 1] == '\r')
        value_end--;
    *field_r = (mp_field){.whole = {(uint32_t)start, (uint32_t)(stop - start)}};
    if (colon != NULL) {
        size_t name_end = (size_t)(colon - data);
        size_t value = name_end + 1;
        while (name_end > start && is_blank(data[name_end - 1]))
            name_end--;
        field_r->name = (mp_span){(uint32_t)start, (uint32_t)(name_end - start)};
        field_r->value = (mp_span){(uint32_t)value, (uint32_t)(value_end > value ? value_end - value : 0)};
    } else {
        field_r->value = (mp_span){(uint32_t)start, (uint32_t)(value_end - start)};
    }
    *at = stop;
    return true;
}

static mp_span trim(const uint8_t *data, mp_span span)
{
    while (span.len > 0 && is_blank(data[span.off])) {
        span.off++;
        span.len--;
    }
    while (span.len > 0 && is_blank(data[span.off + span.len - 1]))
        span.len--;
    return span;
}

void mp_field_text(const uint8_t *data, mp_span value, mp_buffer *out)
{
    value = trim(data, value);
    uint8_t *room = reserve(out, value.len);
    if (room == NULL)
        return;
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = data[value.off + i];
        if (c != '\r' && c != '\n' && c != '\0')
            out->data[out->len++] = c;
    }
}

void mp_put_field(mp_buffer *out, const uint8_t *data, mp_span value, mp_buffer *scratch)
{
    if (value.off == 0) { /* absent: a field's value never starts a message */
        mp_put_literal_text(out, "NIL");
        return;
    }
    scratch->len = 0;
    mp_field_text(data, value, scratch);
    mp_put_string(out, scratch->data, scratch->len);
}

void mp_note_limit(mp_mime *m, const char *limit, size_t offset)
{
    if (m != NULL && m->limit == NULL) {
        m->limit = limit;
        m->limit_offset = (uint32_t)offset;
    }
}

size_t mp_header_end(mp_span header, const mp_limits *limits, mp_mime *m)
{
    if (header.len <= limits->max_header)
        return (size_t)header.off + header.len;
    mp_note_limit(m, "max_header", header.off + limits->max_header);
    return (size_t)header.off + (size_t)limits->max_header;
}

/* ---- structured values ----------------------------------------------------------------------------- */

/* comment = "(" *([FWS] ccontent) [FWS] ")"                RFC 5322 section 3.2.2; nested, counted, no recursion */
static void skip_comment(mp_lexer *lx, mp_buffer *comment)
{
    size_t depth = 0;
    if (comment != NULL)
        comment->len = 0;
    while (lx->at < lx->end) {
        uint8_t c = lx->data[lx->at++];
        if (c == '(' && depth++ == 0)
            continue;
        if (c == ')' && --depth == 0)
            return;
        if (c == '\\' && lx->at < lx->end)
            c = lx->data[lx->at++];
        if (comment != NULL && c != '\r' && c != '\n' && c != '\0')
            put_octet(comment, c);
    }
}

void mp_skip_cfws(mp_lexer *lx, mp_buffer *comment)
{
    while (lx->at < lx->end) {
        uint8_t c = lx->data[lx->at];
        if (c == '(')
            skip_comment(lx, comment);
        else if (is_blank(c))
            lx->at++;
        else
            return;
    }
}

/* quoted-string = DQUOTE *([FWS] qcontent) [FWS] DQUOTE    RFC 5322 section 3.2.4; an open one goes to the end */
void mp_read_quoted(mp_lexer *lx, mp_buffer *out)
{
    lx->at++;
    while (lx->at < lx->end) {
        uint8_t c = lx->data[lx->at++];
        if (c == '"')
            return;
        if (c == '\\' && lx->at < lx->end)
            c = lx->data[lx->at++];
        if (c != '\r' && c != '\n' && c != '\0')
            put_octet(out, c);
    }
}

/* token = 1*<any CHAR except SPACE, CTLs, or tspecials>    RFC 2045 section 5.1; 8-bit octets are let through */
static mp_span read_token(mp_lexer *lx)
{
    size_t start = lx->at;
    while (lx->at < lx->end) {
        uint8_t c = lx->data[lx->at];
        if (c <= ' ' || c == 0x7F || strchr("()<>@,;:\\\"/[]?=", c) != NULL)
            break;
        lx->at++;
    }
    return (mp_span){(uint32_t)start, (uint32_t)(lx->at - start)};
}

bool mp_read_media(mp_lexer *lx, mp_span *type_r, mp_span *subtype_r, bool only_type)
{
    mp_skip_cfws(lx, NULL);
    *type_r = read_token(lx);
    if (type_r->len == 0)
        return false;
    mp_skip_cfws(lx, NULL);
    if (only_type)
        return true;
    if (lx->at >= lx->end || lx->data[lx->at] != '/')
        return false;
    lx->at++;
    mp_skip_cfws(lx, NULL);
    *subtype_r = read_token(lx);
    return subtype_r->len > 0;
}

/* On to the next ";" that is in no quoted string or comment, and behind it. */
static bool next_semicolon(mp_lexer *lx)
{
    while (lx->at < lx->end) {
        uint8_t c = lx->data[lx->at];
        if (c == ';') {
            lx->at++;
            return true;
        }
        if (c == '(') {
            skip_comment(lx, NULL);
        } else if (c == '"') {
            for (lx->at++; lx->at < lx->end && lx->data[lx->at] != '"'; lx->at++) {
                if (lx->data[lx->at] == '\\')
                    lx->at++;
            }
            lx->at = lx->at < lx->end ? lx->at + 1 : lx->end;
        } else {
            lx->at++;
        }
    }
    return false;
}

/* parameter = attribute "=" value                          RFC 2045 section 5.1 */
bool mp_read_parameter(mp_lexer *lx, mp_span *name_r, mp_buffer *value)
{
    while (next_semicolon(lx)) {
        mp_skip_cfws(lx, NULL);
        *name_r = read_token(lx);
        mp_skip_cfws(lx, NULL);
        if (name_r->len == 0 || lx->at >= lx->end || lx->data[lx->at] != '=')
            continue;
        lx->at++;
        mp_skip_cfws(lx, NULL);
        value->len = 0;
        if (lx->at < lx->end && lx->data[lx->at] == '"') {
            mp_read_quoted(lx, value);
            return true;
        }
        /* Not all writers quote what they have to (`filename=my file.txt`): take all up to the ";". */
        size_t start = lx->at;
        while (lx->at < lx->end && lx->data[lx->at] != ';' && lx->data[lx->at] != '(')
            lx->at++;
        mp_field_text(lx->data, (mp_span){(uint32_t)start, (uint32_t)(lx->at - start)}, value);
        return true;
    }
    return false;
}

void mp_read_body_fields(const uint8_t *data, mp_span header, const mp_limits *limits, mp_body_fields *fields_r)
{
    size_t at = header.off;
    size_t end = mp_header_end(header, limits, NULL);
    mp_field field;
    *fields_r = (mp_body_fields){{0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}};
    while (mp_header_next(data, end, &at, &field)) {
        static const char *const names[] = {"content-type", "content-id", "content-description",
                                            "content-transfer-encoding", "content-md5", "content-disposition",
                                            "content-language", "content-location"};
        mp_span *const slots[] = {&fields_r->type, &fields_r->id,          &fields_r->description, &fields_r->encoding,
                                  &fields_r->md5,  &fields_r->disposition, &fields_r->language,    &fields_r->location};
        if (field.name.len < 10 || (data[field.name.off] | 0x20) != 'c')
            continue;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            if (slots[i]->off == 0 && mp_name_is(data, field.name, names[i]))
                *slots[i] = field.value;
        }
    }
}
