#include "mailproto/mime.h"

#include <string.h>

static bool is_message(const mp_part *part)
{
    return part->kind == MP_PART_MESSAGE;
}

/* section-part = nz-number *("." nz-number)                RFC 9051 section 9
 * The numbers count the parts of a multipart; a message that is none has itself as part 1; into a message/rfc822 they go
 * without a number of its own (section 6.4.5.1). */
static bool find_part(const mp_mime *m, const uint32_t *path, size_t path_len, uint32_t *index_r)
{
    uint32_t at = 0;
    bool whole = true; /* `at` is a message as such, not yet one of its parts */
    for (size_t i = 0; i < path_len; i++) {
        uint32_t number = path[i];
        if (!whole && is_message(&m->parts[at])) {
            at++;
            whole = true;
        }
        if (m->parts[at].kind == MP_PART_MULTIPART) {
            uint32_t stop = m->parts[at].next;
            at++;
            while (number > 1 && at < stop) {
                at = m->parts[at].next;
                number--;
            }
            if (number == 0 || at >= stop)
                return false;
        } else if (!whole || number != 1) {
            return false;
        }
        whole = false;
    }
    *index_r = at;
    return true;
}

bool mp_mime_section(const mp_mime *m, const uint32_t *path, size_t path_len, mp_section_text text, mp_span *span_r)
{
    uint32_t at = 0;
    if (m->count == 0 || !find_part(m, path, path_len, &at))
        return false;
    if (path_len == 0 && text == MP_SECTION_ALL) {
        *span_r = (mp_span){0, m->size};
        return true;
    }
    if (path_len == 0 && text == MP_SECTION_MIME)
        return false;
    if (path_len > 0 && (text == MP_SECTION_HEADER || text == MP_SECTION_TEXT)) {
        if (!is_message(&m->parts[at]))
            return false;
        at++;
    }
    const mp_part *part = &m->parts[at];
    *span_r = text == MP_SECTION_HEADER || text == MP_SECTION_MIME ? part->header : part->body;
    return true;
}

/* ---- the saved form: version, size, lines, count; per part kind, what is in it, header start, lengths ----- */

#define SAVED_VERSION 1

static void put_varint(mp_buffer *out, uint32_t number)
{
    uint8_t octets[5];
    size_t n = 0;
    while (number >= 0x80) {
        octets[n++] = (uint8_t)(number | 0x80);
        number >>= 7;
    }
    octets[n++] = (uint8_t)number;
    mp_buffer_put(out, octets, n);
}

void mp_mime_save(const mp_mime *m, mp_buffer *out)
{
    uint32_t before = 0;
    put_varint(out, SAVED_VERSION);
    put_varint(out, m->size);
    put_varint(out, m->lines);
    put_varint(out, m->count);
    for (uint32_t i = 0; i < m->count; i++) {
        const mp_part *part = &m->parts[i];
        put_varint(out, part->kind);
        put_varint(out, part->next - i - 1);
        put_varint(out, part->header.off - before);
        put_varint(out, part->header.len);
        put_varint(out, part->body.len);
        before = part->header.off;
    }
}

static bool get_varint(const uint8_t *data, size_t len, size_t *at, uint32_t *number_r)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 35 && *at < len; shift += 7) {
        uint8_t octet = data[(*at)++];
        number |= (uint64_t)(octet & 0x7F) << shift;
        if (octet < 0x80) {
            *number_r = (uint32_t)number;
            return number <= UINT32_MAX;
        }
    }
    return false;
}

/* One part, checked against the message and against the part it is in (the last one that is still open). */
static bool load_part(mp_mime *m, uint32_t index, const uint8_t *saved, size_t len, size_t *at)
{
    uint32_t kind = 0;
    uint32_t inside = 0;
    uint32_t step = 0;
    mp_part *part = &m->parts[index];
    *part = (mp_part){.depth = 1};
    if (!get_varint(saved, len, at, &kind) || !get_varint(saved, len, at, &inside) ||
        !get_varint(saved, len, at, &step) || !get_varint(saved, len, at, &part->header.len) ||
        !get_varint(saved, len, at, &part->body.len) || kind > MP_PART_OPAQUE)
        return false;
    uint32_t stop = m->count;
    uint64_t start = step;
    if (index > 0) {
        uint32_t parent = index - 1;
        start += m->parts[parent].header.off;
        while (m->parts[parent].next <= index) {
            if (parent == 0)
                return false;
            parent = m->parts[parent].parent;
        }
        stop = m->parts[parent].next;
        part->parent = parent;
        part->depth = m->parts[parent].depth + 1;
    }
    part->kind = (uint8_t)kind;
    bool container = kind == MP_PART_MULTIPART || kind == MP_PART_MESSAGE;
    uint64_t body = start + part->header.len;
    if (container != (inside > 0) || inside >= stop - index || body + part->body.len > m->size)
        return false;
    part->next = index + 1 + inside;
    part->header.off = (uint32_t)start;
    part->body.off = (uint32_t)body;
    return true;
}

mp_status mp_mime_load(mp_mime *m, const uint8_t *saved, size_t len, mp_error *err)
{
    size_t at = 0;
    uint32_t version = 0;
    uint32_t count = 0;
    bool good = get_varint(saved, len, &at, &version) && version == SAVED_VERSION &&
                get_varint(saved, len, &at, &m->size) && get_varint(saved, len, &at, &m->lines) &&
                get_varint(saved, len, &at, &count);
    if (!good || count == 0 || count > (len - at) / 5) /* a part is five numbers: no room is made for less */
        return mp_fail(err, MP_E_SYNTAX, at, "saved structure");
    mp_part *parts = m->alloc.realloc(m->alloc.ctx, m->parts, m->room * sizeof *parts, count * sizeof *parts);
    if (parts == NULL)
        return mp_fail(err, MP_E_NOMEM, 0, "memory");
    m->parts = parts;
    m->room = m->count = count;
    for (uint32_t i = 0; i < count; i++) {
        if (!load_part(m, i, saved, len, &at))
            return mp_fail(err, MP_E_SYNTAX, at, "part of a saved structure");
    }
    return at == len ? MP_OK : mp_fail(err, MP_E_SYNTAX, at, "end of the saved structure");
}

/* ---- line ends -------------------------------------------------------------------------------------- */

size_t mp_bare_lf_count(const uint8_t *data, size_t len)
{
    size_t count = 0;
    for (size_t at = 0; at < len;) {
        const uint8_t *lf = memchr(data + at, '\n', len - at);
        if (lf == NULL)
            break;
        size_t i = (size_t)(lf - data);
        count += i == 0 || data[i - 1] != '\r';
        at = i + 1;
    }
    return count;
}

void mp_bare_lf_fix(const uint8_t *data, size_t len, uint8_t *out)
{
    for (size_t at = 0; at < len;) {
        const uint8_t *lf = memchr(data + at, '\n', len - at);
        size_t stop = lf == NULL ? len : (size_t)(lf - data);
        memcpy(out, data + at, stop - at);
        out += stop - at;
        if (lf == NULL)
            break;
        if (stop == 0 || data[stop - 1] != '\r')
            *out++ = '\r';
        *out++ = '\n';
        at = stop + 1;
    }
}
