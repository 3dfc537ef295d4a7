/* The fast forms of scan.h agree with their scalar twins, on every octet at every place of a vector and on random
 * input, and what stands behind the end changes nothing. NEON is tested under qemu (make cross). */
#include "scan.h"

#include <stdlib.h>
#include <string.h>

#include "mailproto/imap_response.h"
#include "scan_pair.h"
#include "skip.h"
#include "test.h"

static uint32_t random_state = 12345;

static uint32_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

/* n octets of which most are plain, in memory of n + MP_PADDING; the padding is full of what a scan stops at. */
static uint8_t *some_octets(size_t n, unsigned rare)
{
    static const uint8_t stops[] = "()\"\\{}\r\n 09/:\0\x7f\x80\xff";
    uint8_t *p = malloc(n + 64);
    for (size_t i = 0; i < n; i++)
        p[i] = next_random() % rare ? (uint8_t)('a' + next_random() % 26) : stops[next_random() % sizeof stops];
    for (size_t i = 0; i < 64; i++)
        p[n + i] = stops[i % sizeof stops];
    return p;
}

static void compare_scans(const uint8_t *p, size_t n)
{
    for (size_t from = 0; from <= n && from < 20; from++) {
        CHECK(mp_scan_quoted(p + from, p + n) == mp_scalar_quoted(p + from, p + n));
        CHECK(mp_scan_skip(p + from, p + n) == mp_scalar_skip(p + from, p + n));
    }
}

static void test_scans(void)
{
    /* every octet at every place of two vectors */
    for (size_t n = 0; n <= 33; n++) {
        for (size_t at = 0; at < n; at++) {
            for (int c = 0; c < 256; c++) {
                uint8_t *p = malloc(n + 64);
                memset(p, 'x', n);
                memset(p + n, '"', 64);
                p[at] = (uint8_t)c;
                CHECK(mp_scan_quoted(p, p + n) == mp_scalar_quoted(p, p + n));
                CHECK(mp_scan_skip(p, p + n) == mp_scalar_skip(p, p + n));
                free(p);
            }
        }
    }
    for (size_t n = 0; n < 200; n++) {
        uint8_t *p = some_octets(n, 1 + (unsigned)n / 4);
        compare_scans(p, n);
        free(p);
    }
}

static void test_bits(void)
{
    for (unsigned i = 0; i < 32; i++)
        CHECK(mp_ctz(1u << i) == i && mp_ctz(UINT32_MAX << i) == i);
    for (unsigned i = 0; i < 64; i++)
        CHECK(mp_ctz64(UINT64_C(1) << i) == i && mp_ctz64(UINT64_MAX << i) == i);
#if MP_VECTORS
    for (int turn = 0; turn < 2000; turn++) {
        uint8_t *p = some_octets(64, 1 + turn % 40u);
        mp_vec v[4];
        uint64_t quotes = 0, digits = 0, special = 0;
        for (int i = 0; i < 4; i++)
            v[i] = mp_vec_load(p + 16 * i);
        for (unsigned i = 0; i < 64; i++) {
            uint64_t bit = UINT64_C(1) << i;
            quotes |= p[i] == '"' ? bit : 0;
            digits |= p[i] >= '0' && p[i] <= '9' ? bit : 0;
            special |= p[i] == '\\' || p[i] == '{' || p[i] <= '\r' ? bit : 0;
        }
        CHECK(mp_mask64(v, '"') == quotes);
        CHECK(mp_mask64_digits(v) == digits);
        CHECK(mp_mask64_special(v) == special);
        free(p);
    }
#endif
}

/* The two ways to pass over a list: 64 octets at a time, and one by one. */
static void test_skips(void)
{
    static const char *const bits[] = {"(", ")", "(", ")", " ", "NIL", "\"a b\"", "\"(\"", "\"\\\"\"", "{3}\r\n(\"x",
                                       "abc", "\""};
    mp_limits limits = mp_limits_client();
    limits.max_depth = 6;
    for (int turn = 0; turn < 20000; turn++) {
        uint8_t text[400 + 64] = "(";
        size_t n = 1, most = next_random() % 300;
        while (n < most) {
            const char *bit = bits[next_random() % (sizeof bits / sizeof bits[0] - (turn % 4 != 0))];
            memcpy(text + n, bit, strlen(bit));
            n += strlen(bit);
        }
        uint8_t *unit = malloc(n + 64);
        memcpy(unit, text, n);
        memset(unit + n, turn & 1 ? ')' : '"', 64);
        uint32_t fast = 0, slow = 0;
        mp_error fast_err, slow_err;
        mp_status a = mp_skip_list(unit, &fast, (uint32_t)n, &limits, &fast_err);
        mp_status b = mp_skip_list_slow(unit, &slow, (uint32_t)n, 0, &limits, &slow_err);
        CHECK(a == b && (a == MP_OK ? fast == slow : fast_err.offset == slow_err.offset));
        free(unit);
    }
}

/* Numbers of every length at every place, as the words of eight octets and the vectors of 64 read them. */
static void test_numbers(void)
{
    for (int turn = 0; turn < 3000; turn++) {
        char text[1200] = "* SEARCH";
        size_t n = strlen(text), wanted_count = 0;
        uint32_t wanted[80];
        unsigned digits = next_random() % 10 + 1;
        for (unsigned i = next_random() % 80; i > 0; i--) {
            uint32_t number = next_random() >> (next_random() % 32);
            if (turn % 3 == 0) { /* all of about one length: whole blocks of them */
                uint32_t bound = 9;
                for (unsigned k = 1; k < digits && k < 9; k++)
                    bound = bound * 10 + 9;
                number = number % bound + 1;
            }
            if (number == 0)
                number = UINT32_MAX;
            wanted[wanted_count++] = number;
            n += (size_t)sprintf(text + n, " %u", number);
        }
        /* exactly sized: this reader needs no padding */
        uint8_t *unit = malloc(n);
        memcpy(unit, text, n);
        mp_search search = {.unit = unit, .at = 8, .end = (uint32_t)n};
        size_t capacity = mp_search_capacity(&search), count = 0, at = 0;
        uint32_t *pairs = malloc(2 * capacity * sizeof *pairs);
        mp_error err;
        CHECK(mp_read_search(&search, pairs, &count, &err) == MP_OK && count <= capacity);
        for (size_t i = 0; i < count; i++)
            for (uint64_t number = pairs[2 * i]; number <= pairs[2 * i + 1]; number++, at++)
                CHECK(at < wanted_count && wanted[at] == number);
        CHECK(at == wanted_count);
        free(pairs);
        free(unit);
    }
}

static void test_pairs(void)
{
    for (size_t n = 0; n < 300; n++) {
        uint8_t *p = malloc(n + 1), *copy = malloc(n + 1);
        for (size_t i = 0; i < n; i++)
            p[i] = next_random() % 60 ? 'x' : next_random() % 2 ? '\n' : '.';
        size_t at = mp_find_pair_scalar(p, n, 0, '\n', '.');
        CHECK(mp_find_pair(p, n, '\n', '.', NULL) == at);
        CHECK(mp_find_pair(p, n, '\n', '.', copy) == at && memcmp(copy, p, at) == 0);
        free(copy);
        free(p);
    }
}

int main(void)
{
    test_scans();
    test_bits();
    test_skips();
    test_numbers();
    test_pairs();
    return RESULT();
}
