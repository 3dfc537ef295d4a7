/* Responses: everything that reads one may refuse any bytes, but neither crash nor look behind them, and a FETCH row's
 * balanced items are the same for the fast skip and its slow twin. */
#include "mailproto/frame.h"
#include "mailproto/imap_code.h"

#include <stdlib.h>
#include <string.h>

#include "skip.h"

static void body_and_envelope(const uint8_t *data, size_t len, const mp_limits *limits)
{
    mp_error err;
    mp_envelope envelope;
    uint8_t *copy = malloc(len + MP_PADDING);
    memcpy(copy, data, len);
    memset(copy + len, '(', MP_PADDING); /* what stands behind must not matter */
    if (mp_read_envelope(copy, len, limits, &envelope, &err) == MP_OK)
        for (int i = 0; i < 6; i++) {
            mp_span list = envelope.lists[i];
            uint32_t at = list.off + 1;
            mp_defects defects = {0};
            bool found = list.len > 0;
            mp_address address;
            while (found && mp_read_address(copy, &at, list.off + list.len, &address, &found, &defects, &err) == MP_OK)
                ;
        }
    mp_body body;
    mp_body_init(&body, mp_alloc_libc());
    if (mp_read_body(&body, copy, len, limits, &err) == MP_OK)
        for (uint32_t i = 0; i < body.n; i++) {
            const mp_body_part *p = &body.parts[i];
            if (p->end > len || p->start >= p->end || (i && p->parent >= i))
                abort();
            uint32_t at = p->params.off + 1;
            mp_defects defects = {0};
            bool found = p->params.len > 0;
            mp_text text;
            while (found && mp_read_list_string(copy, &at, p->params.off + p->params.len, &text, &found, &defects, &err) == MP_OK)
                ;
        }
    mp_body_free(&body);
    free(copy);
}

static void fetch(const uint8_t *unit, const mp_response_head *head, const mp_limits *limits)
{
    mp_fetch_scan scan;
    mp_fetch_item item;
    mp_error err;
    if (mp_fetch_begin(&scan, unit, head, limits, &err) != MP_OK)
        return;
    while (mp_fetch_next(&scan, &item, &err) == MP_OK && item.kind != MP_FETCH_END) {
        if (item.value.off + item.value.len > head->end || item.text.span.off + item.text.span.len > head->end)
            abort();
        uint8_t *name = malloc(item.name.len);
        if (mp_normalise_section(unit, item.name, name) > item.name.len)
            abort();
        free(name);
        if (unit[item.value.off] == '(')
            body_and_envelope(unit + item.value.off, item.value.len, limits);
    }
}

/* The fast skip and the slow one agree on where a list ends, or on the error. */
static void skip_twins(const uint8_t *unit, uint32_t end, const mp_limits *limits)
{
    const uint8_t *open = memchr(unit, '(', end);
    if (!open)
        return;
    uint32_t fast = (uint32_t)(open - unit), slow = fast;
    mp_error fast_err, slow_err;
    mp_status a = mp_skip_list(unit, &fast, end, limits, &fast_err),
              b = mp_skip_list_slow(unit, &slow, end, 0, limits, &slow_err);
    if (a != b || (a == MP_OK && fast != slow) || (a != MP_OK && fast_err.offset != slow_err.offset))
        abort();
}

static void by_tape(const uint8_t *unit, mp_response_head *head, const mp_limits *limits)
{
    mp_error err;
    mp_tape tape;
    mp_cursor c;
    mp_tape_init(&tape, mp_alloc_libc());
    if (mp_build_response_tape(&tape, unit, head, limits, &err) == MP_OK) {
        for (uint32_t i = 0; i < tape.n; i++)
            if (tape.tok[i].next <= i || tape.tok[i].next > tape.n || tape.tok[i].off + tape.tok[i].len > head->end)
                abort();
        mp_mailbox_list row;
        mp_span span;
        mp_text text;
        mp_list list;
        uint64_t number;
        uint32_t tree;
        mp_defects defects = {0};
        bool earlier;
        mp_cursor_init(&c, unit, head->rest, head->end, &tape, limits, &err);
        mp_read_mailbox_list(&c, &row);
        mp_cursor_init(&c, unit, head->rest, head->end, &tape, limits, &err);
        mp_skip_sp(&c);
        mp_read_flag_list(&c, &span, &defects);
        mp_cursor_init(&c, unit, head->rest, head->end, &tape, limits, &err);
        if (mp_read_status_head(&c, &text, &list, &defects) == MP_OK)
            while (!mp_cursor_at_end(&c) && mp_read_status_att(&c, &span, &number, &tree) == MP_OK)
                ;
        mp_cursor_init(&c, unit, head->rest, head->end, &tape, limits, &err);
        mp_read_vanished(&c, &earlier, &span);
    }
    mp_tape_free(&tape);
    mp_search search = {.unit = unit, .at = head->rest, .end = head->end};
    uint32_t *pairs = malloc(mp_search_capacity(&search) * 2 * sizeof *pairs);
    size_t count;
    if (mp_read_search(&search, pairs, &count, &err) == MP_OK && count > mp_search_capacity(&search))
        abort();
    free(pairs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 4000)
        return 0;
    mp_limits limits = mp_limits_client();
    limits.max_depth = 20;
    uint8_t *unit = malloc(size + MP_PADDING);
    memcpy(unit, data, size);
    memset(unit + size, data[size - 1], MP_PADDING);
    mp_framer framer;
    mp_frame frame;
    mp_error err;
    mp_response_head head;
    mp_status_text text;
    mp_framer_init(&framer, MP_SERVER_SENDS, &limits);
    size_t start = 0;
    while (mp_framer_next(&framer, unit + start, size - start, &frame, &err) == MP_OK) {
        const uint8_t *one = unit + start;
        start += frame.len;
        if (mp_read_response_head(one, frame.len, &head, &err) != MP_OK)
            continue;
        if (head.end > frame.len || head.rest > head.end)
            abort();
        mp_read_resp_text(one, &head, &text, &err);
        if (text.text.off + text.text.len > head.end || text.args.off + text.args.len > head.end)
            abort();
        fetch(one, &head, &limits);
        skip_twins(one, head.end, &limits);
        by_tape(one, &head, &limits);
    }
    free(unit);
    return 0;
}
