/* What the fuzzer of responses asks of imap_data.h. */
#ifndef MAILPROTO_FUZZ_DATA_H
#define MAILPROTO_FUZZ_DATA_H

#include "mailproto/imap_data.h"

#include "fuzz.h"

/* Every list holds as many values as it says, and nothing points behind the unit or the tape. */
static void check_data(const mp_data *d, mp_status status, const mp_tape *tape, uint32_t end, fuzz_trace *t)
{
    fuzz_add(t, (uint64_t)status);
    if (status != MP_OK)
        return;
    uint64_t expected = 0; /* values that are still to come inside lists */
    for (uint32_t i = 0; i < d->count; i++) {
        const mp_datum *datum = &d->items[i];
        expected -= expected > 0;
        if (datum->kind == MP_DATUM_LIST)
            expected += datum->count;
        REQUIRE(datum->kind == MP_DATUM_TREE ? datum->count < tape->n : datum->text.span.off + datum->text.span.len <= end);
        fuzz_add(t, (uint64_t)datum->kind << 32 | datum->count);
        fuzz_add(t, (uint64_t)datum->number);
    }
    REQUIRE(expected == 0);
    fuzz_add(t, d->defects.bits);
}

/* The rows of all responses, whatever the name of this one. */
static void check_rows(mp_cursor from, const mp_tape *tape, fuzz_trace *t)
{
    mp_data data;
    mp_list list;
    mp_data_init(&data, mp_alloc_libc());
    for (int kind = 0; kind < 64; kind++)
        if (mp_has_data((mp_response_kind)kind)) {
            mp_cursor c = from;
            check_data(&data, mp_read_data(&data, (mp_response_kind)kind, &c), tape, from.end, t);
        }
    for (int table = MP_ITEMS_CORRELATOR; table <= MP_ITEMS_URL; table++) {
        mp_cursor c = from;
        mp_skip_sp(&c);
        if (mp_read_open(&c, &list) == MP_OK)
            check_data(&data, mp_read_items(&data, (mp_item_table)table, &c), tape, from.end, t);
    }
    mp_data_free(&data);
}

/* Threads: what is read can be written, and is then read as the same. */
static void check_threads(const uint8_t *unit, const mp_response_head *head, const mp_limits *limits, fuzz_trace *t)
{
    mp_threads threads, again;
    mp_error err;
    mp_threads_init(&threads, mp_alloc_libc());
    mp_threads_init(&again, mp_alloc_libc());
    if (mp_read_threads(&threads, unit, head, limits, &err) == MP_OK) {
        fuzz_add(t, threads.count);
        REQUIRE(mp_threads_valid(threads.nodes, threads.count));
        uint32_t *scratch = (uint32_t *)(void *)fuzz_room(3 * threads.count * sizeof *scratch);
        uint8_t *wire = fuzz_room(13 * (size_t)threads.count + 1);
        wire[0] = ' ';
        size_t len = mp_write_threads(threads.nodes, threads.count, scratch, wire + 1);
        REQUIRE(len <= 13 * (size_t)threads.count);
        mp_response_head whole = {.rest = 0, .end = (uint32_t)len + (len > 0)};
        REQUIRE(mp_read_threads(&again, wire, &whole, limits, &err) == MP_OK);
        REQUIRE(again.defects.bits == 0 && again.count == threads.count);
        REQUIRE(!threads.count || memcmp(again.nodes, threads.nodes, threads.count * sizeof *threads.nodes) == 0);
        free(scratch);
        free(wire);
    }
    mp_threads_free(&threads);
    mp_threads_free(&again);
}

#endif
