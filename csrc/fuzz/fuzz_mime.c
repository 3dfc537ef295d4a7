/* Any octets are a message: its parts lie inside each other, its wire texts are one balanced list each and read without a
 * defect as what they were written from, a message inside it reads alone as it does there, and the saved form loads to the
 * same sections. First octet of the input: which limits. */
#include "mailproto/imap_response.h"
#include "mailproto/mime.h"

#include "fuzz.h"

/* One parenthesized list from the first octet to the last: strings, literals, NIL and numbers in it. */
static void check_wire(const mp_buffer *wire)
{
    size_t depth = 0;
    REQUIRE(wire->len >= 2 && wire->data[0] == '(');
    for (size_t i = 0; i < wire->len; i++) {
        uint8_t c = wire->data[i];
        REQUIRE(i == 0 || depth > 0);
        if (c == '(') {
            depth++;
        } else if (c == ')') {
            depth--;
        } else if (c == '"') {
            for (i++; wire->data[i] != '"'; i++) {
                i += wire->data[i] == '\\';
                REQUIRE(i + 1 < wire->len && wire->data[i] != '\r' && wire->data[i] != '\n' && wire->data[i] < 128);
                REQUIRE(wire->data[i] != '\0');
            }
        } else if (c == '{') {
            size_t size = 0;
            for (i++; wire->data[i] != '}'; i++)
                size = size * 10 + (size_t)(wire->data[i] - '0');
            REQUIRE(memcmp(wire->data + i, "}\r\n", 3) == 0);
            REQUIRE(size < wire->len && i + 2 + size < wire->len && memchr(wire->data + i + 3, 0, size) == NULL);
            i += 2 + size;
        } else {
            REQUIRE(c == ' ' || (c >= '0' && c <= '9') || c == 'N' || c == 'I' || c == 'L');
        }
    }
    REQUIRE(depth == 0);
}

static void check_parts(const mp_mime *m, const mp_limits *limits)
{
    REQUIRE(m->count >= 1 && (m->count <= limits->max_parts || m->count == 1));
    REQUIRE(m->parts[0].header.off == 0 && m->parts[0].body.off + m->parts[0].body.len == m->size);
    for (uint32_t i = 0; i < m->count; i++) {
        const mp_part *part = &m->parts[i];
        const mp_part *in = &m->parts[part->parent];
        REQUIRE(part->next > i && part->next <= in->next && (i == 0 || part->parent < i));
        REQUIRE(part->depth <= limits->max_depth || i == 0);
        REQUIRE(part->header.off + part->header.len == part->body.off);
        REQUIRE(part->body.off + part->body.len <= m->size && part->lines <= m->lines);
        bool container = part->kind == MP_PART_MULTIPART || part->kind == MP_PART_MESSAGE;
        REQUIRE(container == (part->next > i + 1));
        if (i > 0)
            REQUIRE(part->header.off >= in->body.off && part->body.off + part->body.len <= in->body.off + in->body.len + 2);
    }
}

static void check_saved(const mp_mime *m)
{
    mp_buffer saved;
    mp_buffer again;
    mp_mime loaded;
    mp_error err;
    mp_buffer_init(&saved, mp_alloc_libc());
    mp_buffer_init(&again, mp_alloc_libc());
    mp_mime_init(&loaded, mp_alloc_libc());
    mp_mime_save(m, &saved);
    REQUIRE(mp_mime_load(&loaded, saved.data, saved.len, &err) == MP_OK);
    mp_mime_save(&loaded, &again);
    REQUIRE(again.len == saved.len && memcmp(again.data, saved.data, saved.len) == 0);
    for (uint32_t i = 0; i < m->count; i++)
        REQUIRE(memcmp(&loaded.parts[i].body, &m->parts[i].body, sizeof(mp_span)) == 0);
    mp_mime_free(&loaded);
    mp_buffer_free(&saved);
    mp_buffer_free(&again);
}

/* The input read as a saved form: it loads or it does not. */
static void check_load(const uint8_t *data, size_t size)
{
    mp_mime m;
    mp_error err;
    mp_span span;
    const uint32_t path[] = {1, 2, 1};
    mp_mime_init(&m, mp_alloc_libc());
    if (mp_mime_load(&m, data, size, &err) == MP_OK) {
        for (size_t n = 0; n <= 3; n++) {
            for (int text = MP_SECTION_ALL; text <= MP_SECTION_MIME; text++) {
                if (mp_mime_section(&m, path, n, (mp_section_text)text, &span))
                    REQUIRE((uint64_t)span.off + span.len <= m.size);
            }
        }
    }
    mp_mime_free(&m);
}

/* re-parse == parse: what we write, a client reads to the letter. */
static void check_read(const mp_mime *m, const mp_buffer *wire, bool envelope, bool extended)
{
    mp_limits limits = mp_limits_client();
    limits.max_depth = MP_MAX_BODY_DEPTH;
    mp_error err;
    uint8_t *copy = fuzz_room(wire->len + MP_PADDING);
    memcpy(copy, wire->data, wire->len);
    memset(copy + wire->len, '(', MP_PADDING);
    if (envelope) {
        mp_envelope e;
        REQUIRE(mp_read_envelope(copy, wire->len, &limits, &e, &err) == MP_OK && e.defects.bits == 0);
    } else {
        mp_body body;
        mp_body_init(&body, mp_alloc_libc());
        REQUIRE(mp_read_body(&body, copy, wire->len, &limits, &err) == MP_OK);
        REQUIRE(body.n == m->count);
        for (uint32_t i = 0; i < body.n; i++) {
            const mp_body_part *p = &body.parts[i];
            REQUIRE(p->defects.bits == 0 && (extended || p->extended == 0));
            REQUIRE((p->kind == MP_BODY_MULTIPART) == (m->parts[i].kind == MP_PART_MULTIPART));
            REQUIRE(p->parent == (i ? m->parts[i].parent : MP_NO_PART));
            if (p->kind != MP_BODY_MULTIPART)
                REQUIRE(p->size == m->parts[i].body.len);
            if (p->has_lines)
                REQUIRE(p->lines == m->parts[i].lines);
        }
        mp_body_free(&body);
    }
    free(copy);
}

/* Whether all that is in part i ends where it ends. A header that the boundary cuts off keeps the line end that also
 * belongs to the boundary. */
static bool ends_within(const mp_mime *m, uint32_t i)
{
    const mp_part *outer = &m->parts[i];
    for (uint32_t k = i + 1; k < outer->next; k++)
        if (m->parts[k].body.off + m->parts[k].body.len > outer->body.off + outer->body.len)
            return false;
    return true;
}

/* split == whole: a message inside the message has the same parts when it is read alone. */
static void check_inner(const mp_mime *m, const uint8_t *data, const mp_limits *limits)
{
    if (m->limit)
        return; /* what was cut off counts from the outside */
    for (uint32_t i = 0, checked = 0; i < m->count && checked < 4; i++) {
        const mp_part *outer = &m->parts[i];
        if (outer->kind != MP_PART_MESSAGE || !ends_within(m, i))
            continue;
        checked++;
        mp_mime alone;
        mp_error err;
        uint8_t *copy = fuzz_copy(data + outer->body.off, outer->body.len);
        mp_mime_init(&alone, mp_alloc_libc());
        REQUIRE(mp_mime_parse(&alone, copy, outer->body.len, limits, &err) == MP_OK);
        REQUIRE(alone.count == outer->next - i - 1);
        for (uint32_t k = 0; k < alone.count; k++) {
            const mp_part *a = &alone.parts[k], *b = &m->parts[i + 1 + k];
            REQUIRE(a->kind == b->kind && a->lines == b->lines && a->next == b->next - i - 1);
            REQUIRE(a->body.off == b->body.off - outer->body.off && a->body.len == b->body.len);
            REQUIRE(a->header.off == b->header.off - outer->body.off && a->header.len == b->header.len);
        }
        mp_mime_free(&alone);
        free(copy);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t input_size)
{
    if (input_size == 0)
        return 0;
    size_t size = input_size - 1;
    uint8_t *data = fuzz_copy(input + 1, size);
    mp_limits limits = mp_limits_server();
    if (input[0] & 1)
        limits.max_parts = 4, limits.max_depth = 3;
    if (input[0] & 2)
        limits.max_header = 50, limits.max_parameters = 2, limits.max_addresses = 3;
    mp_mime m;
    mp_buffer out;
    mp_error err;
    mp_mime_init(&m, mp_alloc_libc());
    mp_buffer_init(&out, mp_alloc_libc());
    REQUIRE(mp_mime_parse(&m, data, size, &limits, &err) == MP_OK);
    check_parts(&m, &limits);
    check_inner(&m, data, &limits);
    mp_write_envelope(data, m.parts[0].header, &limits, &m, &out);
    check_wire(&out);
    check_read(&m, &out, true, false);
    for (int extended = 0; extended < 2; extended++) {
        out.len = 0;
        mp_write_body_structure(&m, data, extended, &limits, &out);
        check_wire(&out);
        check_read(&m, &out, false, extended);
    }
    check_saved(&m);
    check_load(data, size);
    mp_buffer_free(&out);
    mp_mime_free(&m);
    free(data);
    return 0;
}
