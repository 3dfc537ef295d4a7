/* Any octets are a message: its parts lie inside each other, its wire texts are one balanced list each, and the saved form
 * loads to the same sections. First octet of the input: which limits. */
#include "mailproto/mime.h"

#include <stdlib.h>
#include <string.h>

#define MUST(cond)                                                                                                  \
    do {                                                                                                            \
        if (!(cond))                                                                                                \
            abort();                                                                                                \
    } while (0)

/* One parenthesized list from the first octet to the last: strings, literals, NIL and numbers in it. */
static void check_wire(const mp_buffer *wire)
{
    size_t depth = 0;
    MUST(wire->len >= 2 && wire->data[0] == '(');
    for (size_t i = 0; i < wire->len; i++) {
        uint8_t c = wire->data[i];
        MUST(i == 0 || depth > 0);
        if (c == '(') {
            depth++;
        } else if (c == ')') {
            depth--;
        } else if (c == '"') {
            for (i++; wire->data[i] != '"'; i++) {
                i += wire->data[i] == '\\';
                MUST(i + 1 < wire->len && wire->data[i] != '\r' && wire->data[i] != '\n' && wire->data[i] < 128);
                MUST(wire->data[i] != '\0');
            }
        } else if (c == '{') {
            size_t size = 0;
            for (i++; wire->data[i] != '}'; i++)
                size = size * 10 + (size_t)(wire->data[i] - '0');
            MUST(memcmp(wire->data + i, "}\r\n", 3) == 0);
            MUST(size < wire->len && i + 2 + size < wire->len && memchr(wire->data + i + 3, 0, size) == NULL);
            i += 2 + size;
        } else {
            MUST(c == ' ' || (c >= '0' && c <= '9') || c == 'N' || c == 'I' || c == 'L');
        }
    }
    MUST(depth == 0);
}

static void check_parts(const mp_mime *m, const mp_limits *limits)
{
    MUST(m->count >= 1 && (m->count <= limits->max_parts || m->count == 1));
    MUST(m->parts[0].header.off == 0 && m->parts[0].body.off + m->parts[0].body.len == m->size);
    for (uint32_t i = 0; i < m->count; i++) {
        const mp_part *part = &m->parts[i];
        const mp_part *in = &m->parts[part->parent];
        MUST(part->next > i && part->next <= in->next && (i == 0 || part->parent < i));
        MUST(part->depth <= limits->max_depth || i == 0);
        MUST(part->header.off + part->header.len == part->body.off);
        MUST(part->body.off + part->body.len <= m->size && part->lines <= m->lines);
        bool container = part->kind == MP_PART_MULTIPART || part->kind == MP_PART_MESSAGE;
        MUST(container == (part->next > i + 1));
        if (i > 0)
            MUST(part->header.off >= in->body.off && part->body.off + part->body.len <= in->body.off + in->body.len + 2);
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
    MUST(mp_mime_load(&loaded, saved.data, saved.len, &err) == MP_OK);
    mp_mime_save(&loaded, &again);
    MUST(again.len == saved.len && memcmp(again.data, saved.data, saved.len) == 0);
    for (uint32_t i = 0; i < m->count; i++)
        MUST(memcmp(&loaded.parts[i].body, &m->parts[i].body, sizeof(mp_span)) == 0);
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
                    MUST((uint64_t)span.off + span.len <= m.size);
            }
        }
    }
    mp_mime_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t input_size)
{
    if (input_size == 0)
        return 0;
    size_t size = input_size - 1;
    uint8_t *data = malloc(size ? size : 1);
    memcpy(data, input + 1, size);
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
    MUST(mp_mime_parse(&m, data, size, &limits, &err) == MP_OK);
    check_parts(&m, &limits);
    mp_write_envelope(data, m.parts[0].header, &limits, &m, &out);
    check_wire(&out);
    for (int extended = 0; extended < 2; extended++) {
        out.len = 0;
        mp_write_body_structure(&m, data, extended, &limits, &out);
        check_wire(&out);
    }
    check_saved(&m);
    check_load(data, size);
    mp_buffer_free(&out);
    mp_mime_free(&m);
    free(data);
    return 0;
}
