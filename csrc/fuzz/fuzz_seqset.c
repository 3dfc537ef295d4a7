/* Sequence sets: written and read again they are the same runs; set algebra obeys its laws; dates and LIST patterns read
 * the same octets without a crash. The input holds two sets, separated by a NUL. */
#include "mailproto/imap_text.h"

#include <stdlib.h>
#include <string.h>

#define MUST(cond)                                                                                                  \
    do {                                                                                                            \
        if (!(cond))                                                                                                \
            abort();                                                                                                \
    } while (0)

typedef struct set {
    mp_run *runs;
    size_t count;
} set;

static set room_for(size_t count)
{
    return (set){malloc((count ? count : 1) * sizeof(mp_run)), 0};
}

static set combine(mp_set_op op, set a, set b)
{
    set result = room_for(a.count + b.count);
    result.count = mp_seqset_combine(op, a.runs, a.count, b.runs, b.count, result.runs);
    MUST(result.count <= a.count + b.count);
    size_t before = result.count;
    MUST(mp_seqset_normalise(result.runs, result.count) == before);
    return result;
}

static bool equal(set a, set b)
{
    return a.count == b.count && memcmp(a.runs, b.runs, a.count * sizeof(mp_run)) == 0;
}

static set read_set(const uint8_t *data, size_t len)
{
    mp_error err;
    set s = room_for(mp_seqset_capacity(data, len));
    if (mp_seqset_parse(data, len, s.runs, &s.count, &err) != MP_OK) {
        MUST(err.offset <= len);
        s.count = 0;
        return s;
    }
    uint8_t *wire = malloc(MP_SEQSET_WIRE(s.count));
    size_t wire_len = mp_seqset_write(s.runs, s.count, wire);
    set again = room_for(mp_seqset_capacity(wire, wire_len));
    MUST(mp_seqset_parse(wire, wire_len, again.runs, &again.count, &err) == MP_OK && equal(s, again));
    free(again.runs);
    free(wire);
    s.count = mp_seqset_normalise(s.runs, s.count);
    return s;
}

static void resolve(set *s)
{
    s->count = mp_seqset_resolve(s->runs, s->count, UINT32_MAX);
    s->count = mp_seqset_normalise(s->runs, s->count);
}

static void check_laws(set a, set b)
{
    set both = combine(MP_SET_INTERSECTION, a, b);
    set only_a = combine(MP_SET_DIFFERENCE, a, b);
    set only_b = combine(MP_SET_DIFFERENCE, b, a);
    set either = combine(MP_SET_UNION, a, b);
    set none = combine(MP_SET_INTERSECTION, only_a, b);
    set parts = combine(MP_SET_UNION, only_a, both);
    set all = combine(MP_SET_UNION, parts, only_b);
    MUST(none.count == 0 && equal(parts, a) && equal(all, either));
    set *const made[] = {&both, &only_a, &only_b, &either, &none, &parts, &all};
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        free(made[i]->runs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t first = nul ? (size_t)(nul - data) : size;
    size_t second = nul ? size - first - 1 : 0;
    set a = read_set(data, first);
    set b = read_set(data + size - second, second);
    /* What `*` stands for is not known, so that 4294967295 and `*` are never joined: the laws hold without it. */
    free(combine(MP_SET_DIFFERENCE, a, b).runs);
    free(combine(MP_SET_INTERSECTION, a, b).runs);
    free(combine(MP_SET_UNION, a, b).runs);
    resolve(&a);
    resolve(&b);
    check_laws(a, b);
    free(a.runs);
    free(b.runs);

    mp_date_time date;
    mp_error err;
    uint8_t wire[MP_DATE_TIME_LEN];
    if (mp_parse_date_time(data, size, &date, &err) == MP_OK) {
        mp_date_time again;
        mp_write_date_time(&date, wire);
        MUST(mp_parse_date_time(wire, sizeof wire, &again, &err) == MP_OK && again.day == date.day);
        MUST(again.zone == date.zone && again.second == date.second);
    }
    uint8_t *scratch = malloc(second + 1);
    mp_list_match(data, first, data + size - second, second, '/', scratch);
    free(scratch);
    return 0;
}
