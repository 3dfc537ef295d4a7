/* The framer cuts a stream in the same places however the stream arrives, and whether the octets of its literals stay in
 * their units or are taken out; and a unit that it found, framed again alone, is that unit. First octet of the input: bit
 * 0 the side, bit 1 announce, bit 2 accept, bit 3 lines without literals between, bit 4 announce large ones alone;
 * second: the reads. */
#include "mailproto/frame.h"

#include "fuzz.h"

static mp_limits bounds(void)
{
    mp_limits limits = mp_limits_before_login();
    limits.max_line = 200;
    limits.max_unit = 300;
    limits.max_literal = 100;
    limits.max_literals = 5;
    return limits;
}

/* Alone, and in one read. */
static void again(const uint8_t *unit, const mp_frame *frame, mp_side side, bool plain)
{
    mp_limits limits = bounds();
    mp_framer f;
    mp_frame alone;
    mp_error err;
    mp_framer_init(&f, side, &limits);
    if (plain)
        mp_framer_expect_line(&f);
    REQUIRE(mp_framer_next(&f, unit, frame->len, &alone, &err) == MP_OK);
    REQUIRE(alone.kind == MP_FRAME_UNIT && alone.len == frame->len && alone.literals == frame->literals);
    REQUIRE(alone.bare_lf == frame->bare_lf && mp_framer_idle(&f, 0));
}

static void start_framer(mp_framer *f, mp_side side, uint8_t mode, const mp_limits *limits)
{
    mp_framer_init(f, side, limits);
    mp_framer_announce(f, (mode & 3) == 3);
    if (mode & 16)
        mp_framer_announce_above(f, 10);
}

static fuzz_trace run(const uint8_t *data, size_t size, uint8_t mode, fuzz_cuts *cuts, uint8_t padding)
{
    mp_limits limits = bounds();
    mp_side side = mode & 1 ? MP_CLIENT_SENDS : MP_SERVER_SENDS;
    mp_framer f;
    start_framer(&f, side, mode, &limits);
    fuzz_trace t = FUZZ_TRACE;
    size_t start = 0, have = cuts ? 0 : size;
    bool plain = false;
    for (;;) {
        mp_frame frame;
        mp_error err;
        uint8_t *copy = fuzz_room(have - start + MP_PADDING);
        memcpy(copy, data + start, have - start);
        memset(copy + have - start, padding, MP_PADDING);
        mp_status status = mp_framer_next(&f, copy, have - start, &frame, &err);
        if (status == MP_OK && frame.kind == MP_FRAME_UNIT)
            again(copy, &frame, side, plain);
        free(copy);
        if (status == MP_NEED_MORE) {
            if (have == size) {
                fuzz_add(&t, mp_framer_idle(&f, have - start));
                break;
            }
            have += fuzz_cut(cuts, size - have);
            continue;
        }
        if (status != MP_OK) {
            mp_error sticky;
            REQUIRE(mp_framer_next(&f, data + start, have - start, &frame, &sticky) == status);
            REQUIRE(sticky.offset == err.offset);
            fuzz_add(&t, err.offset + 1000);
            break;
        }
        REQUIRE(frame.len <= have - start);
        if (frame.kind == MP_FRAME_DISCARD) {
            start += frame.len; /* how a discarded literal is cut depends on the reads */
            continue;
        }
        fuzz_add(&t, (uint64_t)frame.kind << 40 ^ (uint64_t)frame.literals << 32 ^ frame.len);
        if (frame.kind == MP_FRAME_LITERAL) {
            fuzz_add(&t, frame.literal_size ^ (uint64_t)frame.sync << 63 ^ (uint64_t)(frame.limit != NULL) << 62);
            if ((mode & 4) && !frame.limit) {
                mp_framer_accept(&f);
                continue;
            }
            mp_framer_reject(&f);
        }
        start += frame.len;
        if (frame.kind == MP_FRAME_UNIT) {
            plain = (mode & 8) && !plain;
            if (plain)
                mp_framer_expect_line(&f);
        }
    }
    return t;
}

/* As run, with every literal that is accepted taken out of its unit: the unit is put together from what is around them.
 * Tells the same, for what was taken out is added. */
static fuzz_trace run_detached(const uint8_t *data, size_t size, uint8_t mode, fuzz_cuts *cuts)
{
    mp_limits limits = bounds();
    mp_side side = mode & 1 ? MP_CLIENT_SENDS : MP_SERVER_SENDS;
    mp_framer f;
    start_framer(&f, side, mode, &limits);
    fuzz_trace t = FUZZ_TRACE;
    uint8_t *unit = fuzz_room(size + MP_PADDING);
    size_t at = 0, have = cuts ? 0 : size, len = 0;
    uint64_t left = 0, out = 0; /* of a literal, to be taken out of the stream; of the unit, taken out */
    bool plain = false;
    for (;;) {
        if (left) {
            size_t take = left < have - at ? (size_t)left : have - at;
            at += take;
            left -= take;
        }
        if (!left && at < have) {
            memcpy(unit + len, data + at, have - at);
            len += have - at;
            at = have;
        }
        mp_frame frame;
        mp_error err;
        mp_status status = left ? MP_NEED_MORE : mp_framer_next(&f, unit, len, &frame, &err);
        if (status == MP_NEED_MORE) {
            if (have == size) {
                fuzz_add(&t, mp_framer_idle(&f, len));
                break;
            }
            have += fuzz_cut(cuts, size - have);
            continue;
        }
        if (status != MP_OK) {
            fuzz_add(&t, err.offset + 1000);
            break;
        }
        REQUIRE(frame.len <= len);
        at -= len - frame.len; /* what follows is read again */
        len = 0;
        if (frame.kind == MP_FRAME_DISCARD)
            continue;
        fuzz_add(&t, (uint64_t)frame.kind << 40 ^ (uint64_t)frame.literals << 32 ^ (frame.len + out));
        if (frame.kind == MP_FRAME_LITERAL) {
            fuzz_add(&t, frame.literal_size ^ (uint64_t)frame.sync << 63 ^ (uint64_t)(frame.limit != NULL) << 62);
            if ((mode & 4) && !frame.limit) {
                len = frame.len;
                mp_framer_blank(unit, len);
                mp_framer_detach(&f);
                left = frame.literal_size;
                out += left;
                continue;
            }
            mp_framer_reject(&f);
        }
        out = 0;
        if (frame.kind == MP_FRAME_UNIT) {
            plain = (mode & 8) && !plain;
            if (plain)
                mp_framer_expect_line(&f);
        }
    }
    free(unit);
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 4000)
        return 0;
    uint8_t mode = data[0];
    fuzz_cuts cuts = fuzz_cuts_from(data[1]);
    fuzz_trace whole = run(data + 2, size - 2, mode, NULL, '\n'), split = run(data + 2, size - 2, mode, &cuts, '}');
    REQUIRE(fuzz_same(&whole, &split));
    fuzz_cuts again = fuzz_cuts_from(data[1]);
    fuzz_trace out = run_detached(data + 2, size - 2, mode, NULL), out_split = run_detached(data + 2, size - 2, mode, &again);
    REQUIRE(fuzz_same(&whole, &out));
    REQUIRE(fuzz_same(&whole, &out_split));
    return 0;
}
