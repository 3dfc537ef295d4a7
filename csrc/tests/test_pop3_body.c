/* Dot-stuffing: every body of a small alphabet, every split, against a plain reference. */
#include "mailproto/pop3.h"

#include "scan_pair.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

#define MAX_BODY 7

/* RFC 1939 section 3 as it reads, line by line. Returns the octets written. */
static size_t reference_stuff(const uint8_t *src, size_t n, uint8_t *dst)
{
    size_t written = 0;
    int line_start = 1;
    for (size_t i = 0; i < n; i++) {
        if (line_start && src[i] == '.')
            dst[written++] = '.';
        dst[written++] = src[i];
        line_start = src[i] == '\n' && i > 0 && src[i - 1] == '\r';
    }
    if (n > 0 && !line_start) {
        memcpy(dst + written, "\r\n", 2);
        written += 2;
    }
    memcpy(dst + written, ".\r\n", 3);
    return written + 3;
}

static size_t stuff_in_two(const uint8_t *src, size_t n, size_t split, bool any_lf, uint8_t *dst)
{
    mp_stuff machine;
    mp_stuff_init(&machine, any_lf);
    mp_stuff counter = machine;
    size_t written = mp_stuff_run(&machine, dst, src, split);
    CHECK(mp_stuff_run(&counter, NULL, src, split) == written);
    written += mp_stuff_run(&machine, dst + written, src + split, n - split);
    return written + mp_stuff_finish(&machine, dst + written);
}

/* Unstuffs `wire`, followed by "+OK", in two pieces; each piece in memory of its own size. Returns the octets of the
 * message, checks that exactly the body was consumed. */
static size_t unstuff_in_two(const uint8_t *wire, size_t n, size_t split, bool any_lf, bool in_place, uint8_t *dst)
{
    mp_unstuff machine, counter;
    size_t consumed = 0, written = 0, total = 0, at = 0;
    mp_unstuff_init(&machine, any_lf);
    mp_unstuff_init(&counter, any_lf);
    size_t sizes[2] = {split, n - split};
    for (int piece = 0; piece < 2; piece++) {
        size_t size = sizes[piece], held = mp_unstuff_withheld(&machine);
        uint8_t *block = malloc(size + 2);
        uint8_t *src = block + held;
        memcpy(src, wire + at, size);
        uint8_t *out = in_place ? block : malloc(size + 1);
        mp_status status = mp_unstuff_run(&machine, out, src, size, &consumed, &written);
        memcpy(dst + total, out, written);
        total += written;
        at += consumed;
        if (!in_place)
            free(out);
        free(block);
        size_t counted_now = 0, seen = 0;
        CHECK(mp_unstuff_run(&counter, NULL, wire + (at - consumed), size, &seen, &counted_now) == status);
        CHECK(seen == consumed && counted_now == written);
        if (status == MP_OK) {
            CHECK(at == n);
            return total;
        }
        CHECK(status == MP_NEED_MORE && consumed == size);
    }
    CHECK(false && "the terminator was found");
    return total;
}

static void check_body(const uint8_t *body, size_t n)
{
    uint8_t expected[2 * MAX_BODY + 8], wire[2 * MAX_BODY + 8], back[2 * MAX_BODY + 8];
    size_t length = reference_stuff(body, n, expected);
    for (size_t split = 0; split <= n; split++)
        CHECK(stuff_in_two(body, n, split, false, wire) == length && memcmp(wire, expected, length) == 0);
    bool complete = n == 0 || (n >= 2 && memcmp(body + n - 2, "\r\n", 2) == 0);
    for (size_t split = 0; split <= length; split++)
        for (int in_place = 0; in_place < 2; in_place++) {
            size_t got = unstuff_in_two(expected, length, split, false, in_place, back);
            CHECK(got == n + (complete ? 0 : 2) && memcmp(back, body, n) == 0);
        }
}

/* Every body of up to MAX_BODY octets of CR, LF, "." and "a". */
static void test_every_body(void)
{
    static const uint8_t alphabet[4] = {'\r', '\n', '.', 'a'};
    for (size_t n = 0; n <= MAX_BODY; n++)
        for (size_t code = 0; code < (size_t)1 << (2 * n); code++) {
            uint8_t body[MAX_BODY + 1];
            for (size_t i = 0; i < n; i++)
                body[i] = alphabet[code >> (2 * i) & 3];
            check_body(body, n);
        }
}

static mp_status unstuff_whole(const char *wire, bool any_lf, size_t *consumed, char *out)
{
    mp_unstuff machine;
    size_t written = 0;
    mp_unstuff_init(&machine, any_lf);
    mp_status status =
        mp_unstuff_run(&machine, (uint8_t *)out, (const uint8_t *)wire, strlen(wire), consumed, &written);
    out[written] = '\0';
    return status;
}

static void test_bare_lf(void)
{
    char out[64];
    size_t consumed;
    /* Not the terminator where lines end in CRLF ... */
    CHECK(unstuff_whole("a\n.\nb\n.\r\nc\r\n.\r\n+OK", false, &consumed, out) == MP_OK);
    CHECK(strcmp(out, "a\n.\nb\n.\r\nc\r\n") == 0 && consumed == 15);
    /* ... but where the status line ended in LF. */
    CHECK(unstuff_whole("a\n..b\n.\n+OK", true, &consumed, out) == MP_OK && strcmp(out, "a\n.b\n") == 0);
    CHECK(consumed == 8);
    CHECK(unstuff_whole("a\r\n.\r\n", true, &consumed, out) == MP_OK && strcmp(out, "a\r\n") == 0);
    CHECK(unstuff_whole("a\r\n.\n.\r\n", false, &consumed, out) == MP_NEED_MORE && consumed == 8);

    uint8_t wire[64];
    /* A dot behind a bare LF is no line's first octet, unless the caller fears clients that think so. */
    CHECK(stuff_in_two((const uint8_t *)"a\n.\r\n", 5, 2, false, wire) == 8 && memcmp(wire, "a\n.\r\n.\r\n", 8) == 0);
    CHECK(stuff_in_two((const uint8_t *)"a\n.\r\n", 5, 2, true, wire) == 9 && memcmp(wire, "a\n..\r\n.\r\n", 9) == 0);
    /* Either way the last line ends in CRLF. */
    CHECK(stuff_in_two((const uint8_t *)"a\n", 2, 1, true, wire) == 7 && memcmp(wire, "a\n\r\n.\r\n", 7) == 0);
}

/* The fast search and its plain twin agree, for every place of a pair and every length, at every alignment. */
static void test_find_pair(void)
{
    uint8_t *block = malloc(256);
    for (size_t n = 0; n < 150; n++)
        for (size_t at = 0; at <= n; at++)
            for (size_t skew = 0; skew < 3; skew++) {
                uint8_t *p = block + 256 - n - (skew == 2 ? 0 : 16 + skew);
                memset(p, 'x', n);
                if (at + 1 < n)
                    memcpy(p + at, "\n.", 2);
                if (at + 5 < n)
                    memcpy(p + at + 3, "\n.", 2);
                if (at > 2)
                    memcpy(p + at - 3, ".\n", 2);
                size_t expected = mp_find_pair_scalar(p, n, 0, '\n', '.');
                CHECK(mp_find_pair(p, n, '\n', '.', NULL) == expected);
                uint8_t out[160];
                memset(out, '#', sizeof out);
                CHECK(mp_find_pair(p, n, '\n', '.', out) == expected);
                CHECK(memcmp(out, p, expected) == 0 && out[n] == '#');
                CHECK(at + 1 >= n || expected == at);
            }
    /* Moved to the front by one octet, as in a body that lost a dot. */
    for (size_t n = 0; n < 200; n++) {
        uint8_t before[256];
        for (size_t i = 0; i < n + 1; i++)
            before[i] = block[i] = (uint8_t)(i * 7);
        size_t at = mp_find_pair(block + 1, n, '\n', '.', block);
        CHECK(at == mp_find_pair_scalar(before + 1, n, 0, '\n', '.'));
        CHECK(memcmp(block, before + 1, at) == 0);
    }
    free(block);
}

int main(void)
{
    test_find_pair();
    test_bare_lf();
    test_every_body();
    return RESULT();
}
