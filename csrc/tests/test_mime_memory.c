/* MIME with an allocator that fails, and saved structures that are not ours. */
#include "mailproto/mime.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

/* Fails at the call whose turn it is. */
typedef struct failing {
    int left;
} failing;

static void *failing_realloc(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    failing *f = ctx;
    (void)old_size;
    return f->left-- > 0 ? realloc(ptr, new_size) : NULL;
}

static void failing_free(void *ctx, void *ptr)
{
    (void)ctx;
    free(ptr);
}

static const char message[] =
    "From: \"A \\\"B\\\"\" <@r,@s:a@b.example>, list: c@d.example, (note) e@f.example;, =?utf-8?q?g?= <g@h.example>\r\n"
    "Subject: =?utf-8?q?a?=\r\n folded\r\n"
    "Content-Type: multipart/mixed; boundary=\"x\"; a*0*=utf-8''b%20c; d=\"e\\\"f\"; g=h\r\n"
    "\r\n--x\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=\"a.eml\"\r\n"
    "Content-Language: de, en\r\nContent-Location: here\r\nContent-MD5: q\r\nContent-ID: <1@a>\r\n\r\n"
    "Subject: inner\r\n\r\nbody\r\n--x\r\n\r\nlast\nline\r\n--x--\r\n";

static mp_status all(mp_alloc alloc, mp_buffer *out, mp_buffer *saved)
{
    const uint8_t *data = (const uint8_t *)message;
    mp_limits limits = mp_limits_server();
    mp_error err;
    mp_mime m;
    mp_mime_init(&m, alloc);
    mp_status status = mp_mime_parse(&m, data, sizeof message - 1, &limits, &err);
    if (status == MP_OK) {
        mp_write_envelope(data, m.parts[0].header, &limits, &m, out);
        mp_write_body_structure(&m, data, true, &limits, out);
        mp_write_body_structure(&m, data, false, &limits, out);
        mp_mime_save(&m, saved);
    }
    mp_mime_free(&m);
    return status;
}

static void test_failing(void)
{
    for (int turn = 0;; turn++) {
        failing f = {turn};
        mp_alloc alloc = {failing_realloc, failing_free, &f};
        mp_buffer out, saved;
        mp_buffer_init(&out, alloc);
        mp_buffer_init(&saved, alloc);
        mp_status status = all(alloc, &out, &saved);
        bool done = f.left >= 0;
        CHECK(done ? status == MP_OK && !out.failed && !saved.failed
                   : status == MP_E_NOMEM || out.failed || saved.failed);
        mp_buffer_free(&out);
        mp_buffer_free(&saved);
        if (done) {
            CHECK(turn > 3);
            return;
        }
        if (turn > 1000) {
            CHECK(false && "it never has enough");
            return;
        }
    }
}

static void test_saved(void)
{
    mp_buffer out, saved;
    mp_buffer_init(&out, mp_alloc_libc());
    mp_buffer_init(&saved, mp_alloc_libc());
    CHECK(all(mp_alloc_libc(), &out, &saved) == MP_OK);
    mp_mime m;
    mp_error err;
    mp_mime_init(&m, mp_alloc_libc());
    CHECK(mp_mime_load(&m, saved.data, saved.len, &err) == MP_OK && m.count == 4);
    static const struct {
        uint32_t path[3];
        size_t len;
        mp_section_text text;
        const char *starts; /* NULL: there is no such section */
    } sections[] = {
        {{0}, 0, MP_SECTION_ALL, "From:"},
        {{0}, 0, MP_SECTION_MIME, NULL},
        {{0}, 0, MP_SECTION_TEXT, "--x\r\nContent-Type: message"},
        {{1}, 1, MP_SECTION_ALL, "Subject: inner"},
        {{1}, 1, MP_SECTION_HEADER, "Subject: inner\r\n\r\n"},
        {{1}, 1, MP_SECTION_MIME, "Content-Type: message/rfc822"},
        {{1, 1}, 2, MP_SECTION_ALL, "body"},
        {{1, 2}, 2, MP_SECTION_ALL, NULL},
        {{2}, 1, MP_SECTION_ALL, "last"},
        {{2}, 1, MP_SECTION_HEADER, NULL},
        {{2, 1}, 2, MP_SECTION_ALL, NULL},
        {{3}, 1, MP_SECTION_ALL, NULL},
        {{0}, 1, MP_SECTION_ALL, NULL},
    };
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        mp_span span = {0, 0};
        bool there = mp_mime_section(&m, sections[i].path, sections[i].len, sections[i].text, &span);
        CHECK(there == (sections[i].starts != NULL));
        if (there)
            CHECK(memcmp(message + span.off, sections[i].starts, strlen(sections[i].starts)) == 0);
    }
    /* cut short, longer, and each octet changed: loads or does not, and never outside its size */
    for (size_t len = 0; len < saved.len; len++)
        CHECK(mp_mime_load(&m, saved.data, len, &err) == MP_E_SYNTAX && err.offset <= len);
    mp_buffer_put(&saved, "x", 1);
    CHECK(mp_mime_load(&m, saved.data, saved.len, &err) == MP_E_SYNTAX);
    for (size_t i = 0; i < 8 * (saved.len - 1); i++) {
        mp_span span;
        const uint32_t path[] = {1, 1};
        saved.data[i / 8] ^= (uint8_t)(1 << i % 8);
        if (mp_mime_load(&m, saved.data, saved.len - 1, &err) == MP_OK &&
            mp_mime_section(&m, path, 2, MP_SECTION_ALL, &span))
            CHECK((uint64_t)span.off + span.len <= m.size);
        saved.data[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    failing f = {0};
    mp_mime none;
    mp_mime_init(&none, (mp_alloc){failing_realloc, failing_free, &f});
    CHECK(mp_mime_load(&none, saved.data, saved.len - 1, &err) == MP_E_NOMEM);
    mp_mime_free(&none);
    mp_mime_free(&m);
    mp_buffer_free(&out);
    mp_buffer_free(&saved);
}

int main(void)
{
    test_failing();
    test_saved();
    return RESULT();
}
