/* Commands are the same however they arrive, and what is read stays within the unit. First octet of the input: bit 0
 * announce, bit 1 accept, bit 2 SASL lines; second: the size of a read. */
#include "mailproto/frame.h"
#include "mailproto/imap_command.h"
#include "mailproto/imap_text.h"

#include <stdlib.h>
#include <string.h>

typedef struct trace {
    uint64_t hash;
    size_t units;
} trace;

static void add(trace *t, uint64_t value)
{
    t->hash = (t->hash ^ value) * UINT64_C(1099511628211);
    t->hash ^= t->hash >> 29;
}

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Every span lies within the unit, every count within the arguments, and sets and dates are what they claim to be. */
static void check(const mp_command *c, const uint8_t *unit, size_t len)
{
    mp_error err;
    mp_date_time date;
    for (uint32_t i = 0; i < c->count; i++) {
        const mp_arg *a = &c->args[i];
        require(a->word < MP_WORD_TOTAL);
        if (a->kind == MP_ARG_LIST || a->kind == MP_ARG_SECTION)
            require(a->count < c->count - i);
        if (a->kind == MP_ARG_SECTION || a->kind == MP_ARG_LIST || a->kind == MP_ARG_WORD || a->kind == MP_ARG_KEY)
            continue;
        require((size_t)a->span.off + a->span.len <= len);
        const uint8_t *text = unit + a->span.off;
        if (a->kind == MP_ARG_DATE)
            require(mp_parse_date(text, a->span.len, &date, &err) == MP_OK);
        if (a->kind == MP_ARG_DATE_TIME)
            require(mp_parse_date_time(text, a->span.len, &date, &err) == MP_OK);
        if (a->kind == MP_ARG_STRING || a->kind == MP_ARG_MAILBOX)
            require(memchr(text, 0, a->span.len) == NULL);
        if (a->kind == MP_ARG_SET && !(a->span.len == 1 && *text == '$')) {
            size_t count = 0;
            mp_run *runs = malloc(mp_seqset_capacity(text, a->span.len) * sizeof *runs);
            require(mp_seqset_parse(text, a->span.len, runs, &count, &err) == MP_OK && count > 0);
            free(runs);
        }
    }
}

static void read_unit(trace *t, mp_command *c, const uint8_t *unit, size_t len, const mp_limits *limits, bool sasl)
{
    mp_error err;
    mp_span base64 = {0, 0};
    /* exactly sized, so that the sanitizer sees a reading behind the end */
    uint8_t *copy = malloc(len);
    memcpy(copy, unit, len);
    mp_status status = sasl ? mp_sasl_line_parse(copy, len, &base64, &err) : mp_command_parse(c, copy, len, limits, &err);
    add(t, (uint64_t)status);
    if (status != MP_OK) {
        require(err.offset <= len && err.expected != NULL);
        add(t, err.offset);
    } else if (sasl) {
        require((size_t)base64.off + base64.len <= len);
        add(t, base64.len);
    } else {
        check(c, copy, len);
        add(t, (uint64_t)c->kind * 2 + c->uid);
        for (uint32_t i = 0; i < c->count; i++) {
            add(t, (uint64_t)c->args[i].kind << 32 ^ c->args[i].word ^ (uint64_t)c->args[i].count << 8);
            add(t, (uint64_t)c->args[i].span.off << 32 ^ c->args[i].span.len ^ c->args[i].number);
        }
    }
    free(copy);
}

static trace run(const uint8_t *data, size_t size, uint8_t mode, size_t step)
{
    mp_limits limits = mp_limits_before_login();
    limits.max_line = 1000;
    limits.max_unit = 1500;
    limits.max_literal = 300;
    mp_framer f;
    mp_framer_init(&f, MP_CLIENT_SENDS, &limits);
    mp_framer_announce(&f, mode & 1);
    mp_command c;
    mp_command_init(&c, mp_alloc_libc());
    trace t = {1469598103934665603u, 0};
    size_t start = 0, have = 0;
    bool sasl = false;
    for (;;) {
        mp_frame frame;
        mp_error err;
        mp_status status = mp_framer_next(&f, data + start, have - start, &frame, &err);
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
        if (frame.kind == MP_FRAME_LITERAL) {
            mp_span tag = mp_command_tag(data + start, frame.len);
            require(tag.len <= frame.len);
            add(&t, tag.len);
            if (!frame.limit && (mode & 2)) {
                mp_framer_accept(&f);
                continue;
            }
            mp_framer_reject(&f);
        } else if (frame.kind == MP_FRAME_UNIT) {
            read_unit(&t, &c, data + start, frame.len, &limits, sasl);
            t.units++;
            sasl = (mode & 4) && !sasl;
            if (sasl)
                mp_framer_expect_line(&f);
        }
        start += frame.len;
    }
    mp_command_free(&c);
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
    require(whole.hash == split.hash && whole.units == split.units);
    return 0;
}
