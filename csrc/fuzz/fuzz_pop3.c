/* POP3: whatever the octets, a stream split in two reads as the whole does, and what is stuffed comes back.
 *
 * The first octet says where to split and how lines end; the rest is the stream.
 */
#include "mailproto/pop3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(cond)                                                                  \
    do {                                                                               \
        if (!(cond)) {                                                                 \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #cond);       \
            abort();                                                                   \
        }                                                                              \
    } while (0)

/* Unstuffs in pieces that end at `split` and at n. */
static mp_status unstuff(const uint8_t *src, size_t n, size_t split, bool any_lf, uint8_t *dst, size_t *consumed_r,
                         size_t *written_r)
{
    mp_unstuff machine;
    size_t consumed = 0, written = 0;
    mp_unstuff_init(&machine, any_lf);
    mp_status status = mp_unstuff_run(&machine, dst, src, split, consumed_r, written_r);
    if (status == MP_OK)
        return status;
    REQUIRE(*consumed_r == split);
    status = mp_unstuff_run(&machine, dst + *written_r, src + split, n - split, &consumed, &written);
    *consumed_r += consumed;
    *written_r += written;
    return status;
}

static void check_bodies(const uint8_t *src, size_t n, size_t split, bool any_lf)
{
    uint8_t *whole = malloc(n + 2), *parts = malloc(n + 2), *wire = malloc(2 * n + 5), *again = malloc(2 * n + 5);
    size_t consumed = 0, written = 0, consumed2 = 0, written2 = 0;
    mp_status status = unstuff(src, n, 0, any_lf, whole, &consumed, &written);
    REQUIRE(unstuff(src, n, split, any_lf, parts, &consumed2, &written2) == status);
    REQUIRE(consumed == consumed2 && written == written2 && memcmp(whole, parts, written) == 0);
    REQUIRE(written <= consumed);

    mp_stuff machine;
    mp_stuff_init(&machine, any_lf);
    size_t length = mp_stuff_run(&machine, wire, src, n);
    length += mp_stuff_finish(&machine, wire + length);
    mp_stuff_init(&machine, any_lf);
    size_t length2 = mp_stuff_run(&machine, again, src, split);
    length2 += mp_stuff_run(&machine, again + length2, src + split, n - split);
    length2 += mp_stuff_finish(&machine, again + length2);
    REQUIRE(length == length2 && memcmp(wire, again, length) == 0);

    /* The terminator cannot be forged, and all comes back: to a reader that takes lines as the writer did. */
    REQUIRE(unstuff(wire, length, length / 2, any_lf, again, &consumed, &written) == MP_OK);
    REQUIRE(consumed == length && written >= n && written <= n + 2 && memcmp(again, src, n) == 0);
    free(whole);
    free(parts);
    free(wire);
    free(again);
}

static void check_lines(const uint8_t *src, size_t n, size_t split)
{
    mp_pop3_line_state whole = {0}, parts = {0};
    mp_error err;
    size_t at = 0;
    while (at < n) {
        size_t len = 0, len2 = 0, first = split < n - at ? split : n - at;
        mp_status status = mp_pop3_line(&whole, src + at, n - at, 64, &len, &err);
        mp_status early = mp_pop3_line(&parts, src + at, first, 64, &len2, &err);
        if (early == MP_NEED_MORE)
            early = mp_pop3_line(&parts, src + at, n - at, 64, &len2, &err);
        REQUIRE(early == status && len == len2);
        if (status != MP_OK)
            return;
        REQUIRE(len > 0 && len <= 64);
        uint8_t *line = malloc(len);
        memcpy(line, src + at, len);
        mp_pop3_reply reply;
        mp_pop3_command command;
        uint64_t a, b;
        mp_span id;
        bool loose;
        if (mp_pop3_read_status(line, len, &reply, &err) == MP_OK) {
            REQUIRE((size_t)reply.text.off + reply.text.len + mp_pop3_line_end(line, len) == len);
            REQUIRE((size_t)reply.code.off + reply.code.len <= len);
        }
        if (mp_pop3_read_command(line, len, 40, &command, &err) == MP_OK) {
            REQUIRE((size_t)command.first.off + command.first.len <= len);
            REQUIRE((size_t)command.second.off + command.second.len <= len);
            REQUIRE(command.number <= INT32_MAX && command.lines <= INT32_MAX);
            REQUIRE(memchr(line + command.first.off, '\r', command.first.len) == NULL);
        } else {
            REQUIRE(err.offset <= len && err.expected != NULL);
        }
        (void)mp_pop3_read_numbers(line, len, &a, &b, &err);
        if (mp_pop3_read_uidl(line, len, &a, &id, &loose, &err) == MP_OK)
            REQUIRE(id.len > 0 && (size_t)id.off + id.len <= len);
        free(line);
        at += len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    bool any_lf = data[0] & 1;
    const uint8_t *src = data + 1;
    size_t n = size - 1, split = n > 0 ? (size_t)(data[0] >> 1) % (n + 1) : 0;
    check_bodies(src, n, split, any_lf);
    check_lines(src, n, split);
    return 0;
}
