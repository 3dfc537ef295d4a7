#include "mailproto/mime.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

/* An allocator that fails from the nth call on, and counts what is not freed. */
typedef struct failing {
    int left;
    int held;
} failing;

static void *failing_realloc(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    failing *f = ctx;
    (void)old_size;
    if (f->left-- <= 0)
        return NULL;
    f->held += ptr == NULL;
    return realloc(ptr, new_size);
}

static void failing_free(void *ctx, void *ptr)
{
    ((failing *)ctx)->held -= ptr != NULL;
    free(ptr);
}

static const char mail[] =
    "From: \"A\" <a@b>, g: c@d;\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=\"a\"\r\n\r\n"
    "--a\r\nContent-Type: message/rfc822\r\n\r\nFrom: e@f (G)\r\n\r\nhi\r\n"
    "--a\r\nContent-Disposition: inline; filename=\"q\\\"\"\r\nContent-Language: de\r\n\r\nbody\r\n--a--\r\n";

static void test_every_allocation_failing(void)
{
    size_t len = strlen(mail);
    uint8_t *data = malloc(len); /* no byte to spare: nothing may read past the end */
    memcpy(data, mail, len);
    mp_limits limits = mp_limits_server();
    bool done = false;
    for (int n = 0; !done && n < 200; n++) {
        failing f = {n, 0};
        mp_alloc alloc = {failing_realloc, failing_free, &f};
        mp_mime m;
        mp_buffer out;
        mp_error err;
        mp_mime_init(&m, alloc);
        mp_buffer_init(&out, alloc);
        mp_status status = mp_mime_parse(&m, data, len, &limits, &err);
        CHECK(status == MP_OK || status == MP_E_NOMEM);
        if (status == MP_OK) {
            mp_write_envelope(data, m.parts[0].header, &limits, &m, &out);
            mp_write_body_structure(&m, data, true, &limits, &out);
            mp_mime_save(&m, &out);
            done = !out.failed;
        }
        mp_buffer_free(&out);
        mp_mime_free(&m);
        CHECK(f.held == 0);
    }
    CHECK(done);
    free(data);
}

static void test_sections(void)
{
    mp_limits limits = mp_limits_server();
    mp_mime m;
    mp_error err;
    mp_span span;
    mp_mime_init(&m, mp_alloc_libc());
    CHECK(mp_mime_parse(&m, (const uint8_t *)mail, strlen(mail), &limits, &err) == MP_OK);
    CHECK(m.count == 4 && m.parts[0].next == 4 && m.parts[1].next == 3 && m.parts[2].parent == 1);
    CHECK(m.parts[0].kind == MP_PART_MULTIPART && m.parts[1].kind == MP_PART_MESSAGE && m.parts[3].depth == 2);
    const uint32_t path[] = {1, 1};
    CHECK(mp_mime_section(&m, path, 2, MP_SECTION_ALL, &span) && memcmp(mail + span.off, "hi", span.len) == 0);
    CHECK(mp_mime_section(&m, path, 1, MP_SECTION_TEXT, &span) && span.len == 2);
    CHECK(!mp_mime_section(&m, path, 2, MP_SECTION_HEADER, &span));
    CHECK(!mp_mime_section(&m, path, 0, MP_SECTION_MIME, &span));

    mp_buffer saved;
    mp_mime again;
    mp_buffer_init(&saved, mp_alloc_libc());
    mp_mime_init(&again, mp_alloc_libc());
    mp_mime_save(&m, &saved);
    CHECK(mp_mime_load(&again, saved.data, saved.len, &err) == MP_OK && again.count == 4);
    for (uint32_t i = 0; i < 4; i++) {
        CHECK(again.parts[i].body.off == m.parts[i].body.off && again.parts[i].body.len == m.parts[i].body.len);
        CHECK(again.parts[i].parent == m.parts[i].parent && again.parts[i].depth == m.parts[i].depth);
    }
    for (size_t cut = 0; cut < saved.len; cut++)
        CHECK(mp_mime_load(&again, saved.data, cut, &err) == MP_E_SYNTAX);
    mp_mime_free(&again);
    mp_buffer_free(&saved);
    mp_mime_free(&m);
}

static void test_header(void)
{
    static const char header[] = "A : 1\r\n 2\r\nnothing\r\n: x\r\n\r\nB: 3";
    size_t at = 0;
    mp_field field;
    CHECK(mp_header_next((const uint8_t *)header, strlen(header), &at, &field));
    CHECK(mp_name_is((const uint8_t *)header, field.name, "a") && field.value.len == 6 && field.whole.len == 11);
    CHECK(mp_header_next((const uint8_t *)header, strlen(header), &at, &field) && field.name.len == 0);
    CHECK(mp_header_next((const uint8_t *)header, strlen(header), &at, &field) && field.name.len == 0);
    CHECK(!mp_header_next((const uint8_t *)header, strlen(header), &at, &field));
}

static void test_line_ends(void)
{
    uint8_t out[16];
    CHECK(mp_bare_lf_count((const uint8_t *)"\na\r\nb\n", 6) == 2);
    mp_bare_lf_fix((const uint8_t *)"\na\r\nb\n", 6, out);
    CHECK(memcmp(out, "\r\na\r\nb\r\n", 8) == 0);
}

int main(void)
{
    test_every_allocation_failing();
    test_sections();
    test_header();
    test_line_ends();
    return RESULT();
}
