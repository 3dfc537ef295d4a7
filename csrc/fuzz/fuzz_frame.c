/* The framer cuts a stream in the same places however the stream arrives. First octet of the input: bit 0 the side,
 * bit 1 announce, bit 2 accept; second: the size of a read. */
#include "mailproto/frame.h"

#include <stdlib.h>
#include <string.h>

typedef struct trace {
    uint64_t hash;
    size_t units;
} trace;

static void add(trace *t, uint64_t value)
{
    t->hash = (t->hash ^ value) * UINT64_C(1099511628211);
    t->units++;
}

static trace run(const uint8_t *data, size_t size, uint8_t mode, size_t step)
{
    mp_limits limits = mp_limits_before_login();
    limits.max_line = 200;
    limits.max_unit = 300;
    limits.max_literal = 100;
    mp_framer f;
    mp_framer_init(&f, mode & 1 ? MP_CLIENT_SENDS : MP_SERVER_SENDS, &limits);
    mp_framer_announce(&f, (mode & 3) == 3);
    trace t = {1469598103934665603u, 0};
    size_t start = 0, have = 0;
    uint8_t *copy = malloc(size + MP_PADDING);
    for (;;) {
        mp_frame frame;
        mp_error err;
        memcpy(copy, data + start, have - start);
        memset(copy + have - start, '\n', MP_PADDING);
        mp_status status = mp_framer_next(&f, copy, have - start, &frame, &err);
        if (status == MP_NEED_MORE) {
            if (have == size)
                break;
            have = size - have < step ? size : have + step;
            continue;
        }
        if (status != MP_OK) {
            add(&t, err.offset + 1000);
            break;
        }
        if (frame.len > have - start)
            abort();
        if (frame.kind == MP_FRAME_DISCARD) {
            start += frame.len; /* how a discarded literal is cut depends on the reads */
            continue;
        }
        add(&t, (uint64_t)frame.kind << 40 ^ (uint64_t)frame.literals << 32 ^ frame.len ^ frame.literal_size << 48);
        if (frame.kind == MP_FRAME_LITERAL && (mode & 4) && !frame.limit) {
            mp_framer_accept(&f);
            continue;
        }
        if (frame.kind == MP_FRAME_LITERAL)
            mp_framer_reject(&f);
        start += frame.len;
    }
    free(copy);
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 4000)
        return 0;
    uint8_t mode = data[0];
    size_t step = data[1] ? data[1] : 1;
    trace whole = run(data + 2, size - 2, mode, size), split = run(data + 2, size - 2, mode, step);
    if (whole.hash != split.hash || whole.units != split.units)
        abort();
    return 0;
}
