/* Sequence sets: written and read again they are the same runs; two joined by a comma are the runs of both; set algebra
 * obeys its laws; dates and LIST patterns read the same octets without a crash. The input holds two sets, separated by a
 * NUL. */
#include "mailproto/imap_text.h"

#include "fuzz.h"

typedef struct set {
    mp_run *runs;
    size_t count;
} set;

static set room_for(size_t count)
{
    return (set){(mp_run *)(void *)fuzz_room((count ? count : 1) * sizeof(mp_run)), 0};
}

static set combine(mp_set_op op, set a, set b)
{
    set result = room_for(a.count + b.count);
    result.count = mp_seqset_combine(op, a.runs, a.count, b.runs, b.count, result.runs);
    REQUIRE(result.count <= a.count + b.count);
    size_t before = result.count;
    REQUIRE(mp_seqset_normalise(result.runs, result.count) == before);
    return result;
}

static bool equal(set a, set b)
{
    return a.count == b.count && (a.count == 0 || memcmp(a.runs, b.runs, a.count * sizeof(mp_run)) == 0);
}

/* As written; count 0 for what is no set. */
static set parse(const uint8_t *data, size_t len)
{
    mp_error err;
    set s = room_for(mp_seqset_capacity(data, len));
    if (mp_seqset_parse(data, len, s.runs, &s.count, &err) != MP_OK) {
        REQUIRE(err.offset <= len && err.expected != NULL);
        s.count = 0;
    } else {
        REQUIRE(s.count > 0);
    }
    return s;
}

static void check_written(set s)
{
    uint8_t *wire = fuzz_room(MP_SEQSET_WIRE(s.count));
    size_t wire_len = mp_seqset_write(s.runs, s.count, wire);
    set again = parse(wire, wire_len);
    REQUIRE(equal(s, again));
    free(again.runs);
    free(wire);
}

/* split == whole: the runs of "a,b" are those of a and those of b. */
static void check_joined(const uint8_t *a_data, size_t a_len, set a, const uint8_t *b_data, size_t b_len, set b)
{
    fuzz_wire wire = {0};
    fuzz_put(&wire, a_data, a_len);
    fuzz_puts(&wire, ",");
    fuzz_put(&wire, b_data, b_len);
    set whole = parse(wire.data, wire.len);
    REQUIRE(whole.count == (a.count && b.count ? a.count + b.count : 0));
    if (whole.count) {
        REQUIRE(memcmp(whole.runs, a.runs, a.count * sizeof(mp_run)) == 0);
        REQUIRE(memcmp(whole.runs + a.count, b.runs, b.count * sizeof(mp_run)) == 0);
    }
    free(whole.runs);
    free(wire.data);
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
    REQUIRE(none.count == 0 && equal(parts, a) && equal(all, either));
    set *const made[] = {&both, &only_a, &only_b, &either, &none, &parts, &all};
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        free(made[i]->runs);
}

static void check_dates(const uint8_t *data, size_t size)
{
    mp_date_time date, again;
    mp_error err;
    uint8_t wire[MP_DATE_TIME_LEN];
    if (mp_parse_date_time(data, size, &date, &err) == MP_OK) {
        mp_write_date_time(&date, wire);
        REQUIRE(mp_parse_date_time(wire, sizeof wire, &again, &err) == MP_OK && again.day == date.day);
        REQUIRE(again.month == date.month && again.year == date.year && again.hour == date.hour);
        REQUIRE(again.minute == date.minute && again.zone == date.zone && again.second == date.second);
    } else {
        REQUIRE(err.offset <= size);
    }
    if (mp_parse_date(data, size, &date, &err) == MP_OK) {
        size_t len = mp_write_date(&date, wire);
        REQUIRE(len <= 11 && mp_parse_date(wire, len, &again, &err) == MP_OK);
        REQUIRE(again.year == date.year && again.month == date.month && again.day == date.day);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4000)
        return 0;
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t a_len = nul ? (size_t)(nul - data) : size, b_len = nul ? size - a_len - 1 : 0;
    uint8_t *a_data = fuzz_copy(data, a_len), *b_data = fuzz_copy(data + size - b_len, b_len);
    set a = parse(a_data, a_len), b = parse(b_data, b_len);
    check_written(a);
    check_written(b);
    check_joined(a_data, a_len, a, b_data, b_len, b);
    a.count = mp_seqset_normalise(a.runs, a.count);
    b.count = mp_seqset_normalise(b.runs, b.count);
    /* What `*` stands for is not known, so that 4294967295 and `*` are never joined: the laws hold without it. */
    free(combine(MP_SET_DIFFERENCE, a, b).runs);
    free(combine(MP_SET_INTERSECTION, a, b).runs);
    free(combine(MP_SET_UNION, a, b).runs);
    resolve(&a);
    resolve(&b);
    check_laws(a, b);
    free(a.runs);
    free(b.runs);
    check_dates(data, size);
    uint8_t *scratch = fuzz_room(b_len + 1);
    bool matches = mp_list_match(a_data, a_len, b_data, b_len, '/', scratch);
    /* a pattern with a star behind it matches all that it matched */
    fuzz_wire pattern = {0};
    fuzz_put(&pattern, a_data, a_len);
    fuzz_puts(&pattern, "*");
    REQUIRE(!matches || mp_list_match(pattern.data, pattern.len, b_data, b_len, '/', scratch));
    free(pattern.data);
    free(scratch);
    free(a_data);
    free(b_data);
    return 0;
}
