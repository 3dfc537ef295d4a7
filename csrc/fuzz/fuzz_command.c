/* Commands are the same however they arrive, what is read stays within the unit, and a command written another way,
 * its words in the other case or its strings in another form, is the same command. First octet of the input: bit 0
 * announce, bit 1 accept, bit 2 SASL lines; second: the reads. */
#include "mailproto/cursor.h"
#include "mailproto/frame.h"
#include "mailproto/imap_command.h"
#include "mailproto/imap_text.h"
#include "mailproto/imap_write.h"

#include "fuzz.h"

/* Every span lies within the unit, every count within the arguments, and sets and dates are what they claim to be. */
static void check(const mp_command *c, const uint8_t *unit, size_t len)
{
    mp_error err;
    mp_date_time date;
    for (uint32_t i = 0; i < c->count; i++) {
        const mp_arg *a = &c->args[i];
        REQUIRE(a->word < MP_WORD_TOTAL);
        if (a->kind == MP_ARG_LIST || a->kind == MP_ARG_SECTION || a->kind == MP_ARG_PARAM)
            REQUIRE(a->count < c->count - i);
        if (a->kind == MP_ARG_WORD) /* .SILENT and (LAZY) have nothing behind them to count */
            REQUIRE(a->count <= 1 || a->count < c->count - i);
        if (a->kind == MP_ARG_RANGE)
            REQUIRE(a->span.off > 0 && a->span.len > 0 && a->count <= 1);
        if (a->kind == MP_ARG_SECTION || a->kind == MP_ARG_LIST || a->kind == MP_ARG_WORD || a->kind == MP_ARG_KEY ||
            a->kind == MP_ARG_RANGE)
            continue;
        REQUIRE((size_t)a->span.off + a->span.len <= len);
        const uint8_t *text = unit + a->span.off;
        if (a->kind == MP_ARG_DATE)
            REQUIRE(mp_parse_date(text, a->span.len, &date, &err) == MP_OK);
        if (a->kind == MP_ARG_DATE_TIME)
            REQUIRE(mp_parse_date_time(text, a->span.len, &date, &err) == MP_OK);
        if ((a->kind == MP_ARG_STRING && a->number == 0) || a->kind == MP_ARG_MAILBOX || a->kind == MP_ARG_TEXT)
            REQUIRE(memchr(text, 0, a->span.len) == NULL);
        for (uint32_t k = 0; a->kind == MP_ARG_TEXT && k < a->span.len; k++)
            REQUIRE(text[k] < 0x80 && text[k] != '\r' && text[k] != '\n');
        if (a->kind == MP_ARG_SET && !(a->span.len == 1 && *text == '$')) {
            size_t count = 0;
            mp_run *runs = malloc(mp_seqset_capacity(text, a->span.len) * sizeof *runs);
            REQUIRE(mp_seqset_parse(text, a->span.len, runs, &count, &err) == MP_OK && count > 0);
            free(runs);
        }
    }
}

/* ---- the same command, written another way ------------------------------------------------------------- */

static uint8_t fold(uint8_t c) { return (uint8_t)(c - 'A') < 26 ? (uint8_t)(c + 32) : c; }
static uint8_t flip(uint8_t c) { return (uint8_t)((c | 32) - 'a') < 26 ? c ^ 32 : c; }

/* An argument's octets without escapes, and without case where the wire has none. */
static void add_value(fuzz_trace *t, const uint8_t *unit, const mp_arg *a, bool any_case)
{
    uint8_t *value = fuzz_room(a->span.len);
    size_t len = a->span.len;
    if (a->escaped)
        len = mp_unescape(value, unit + a->span.off, a->span.len);
    else if (len)
        memcpy(value, unit + a->span.off, len);
    for (size_t i = 0; any_case && i < len; i++)
        value[i] = fold(value[i]);
    fuzz_add_octets(t, value, len);
    free(value);
}

/* What a command means, wherever its octets stand. */
static fuzz_trace meaning(const mp_command *c, const uint8_t *unit, bool any_case)
{
    fuzz_trace t = FUZZ_TRACE;
    fuzz_add(&t, (uint64_t)c->kind * 2 + c->uid);
    for (uint32_t i = 0; i < c->count; i++) {
        const mp_arg *a = &c->args[i];
        fuzz_add(&t, (uint64_t)a->kind << 32 ^ (uint64_t)a->peek << 40 ^ (uint64_t)a->word << 16);
        fuzz_add(&t, (uint64_t)a->count << 32);
        fuzz_add(&t, a->number);
        if (a->kind == MP_ARG_SECTION) { /* which has octets for a span */
            fuzz_add(&t, a->octets);
        } else if (a->kind == MP_ARG_RANGE) { /* whose span is two numbers */
            fuzz_add(&t, (uint64_t)a->span.off << 32 ^ a->span.len);
        } else if (a->kind != MP_ARG_LIST && a->kind != MP_ARG_WORD && a->kind != MP_ARG_KEY) {
            add_value(&t, unit, a, any_case);
        }
    }
    return t;
}

static void require_same(const mp_command *c, const uint8_t *unit, const uint8_t *other, size_t len, bool any_case)
{
    mp_limits limits = mp_limits_server();
    mp_command again;
    mp_error err;
    mp_command_init(&again, mp_alloc_libc());
    uint8_t *copy = fuzz_copy(other, len);
    mp_status status = mp_command_parse(&again, copy, len, &limits, &err);
    fuzz_trace before = meaning(c, unit, any_case), after = FUZZ_TRACE;
    if (status == MP_OK)
        after = meaning(&again, copy, any_case);
    if (status != MP_OK || !fuzz_same(&before, &after)) {
        fprintf(stderr, "not the same command: %.*s\n", (int)len, (const char *)copy);
        abort();
    }
    free(copy);
    mp_command_free(&again);
}

/* All letters outside strings in the other case. */
static void check_case(const mp_command *c, const uint8_t *unit, size_t len)
{
    if (c->kind == MP_COMMAND_AUTHENTICATE || c->kind == MP_COMMAND_SETACL)
        return; /* base64 has a case, and rights have */
    uint8_t *other = fuzz_copy(unit, len);
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        if (quoted && unit[i] == '\\') {
            i++;
        } else if (unit[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && unit[i] == '{') {
            uint64_t size = 0;
            for (i++; unit[i] >= '0' && unit[i] <= '9'; i++)
                size = size * 10 + (uint64_t)(unit[i] - '0');
            while (i < len && unit[i] != '\n')
                i++;
            i += (size_t)size;
        } else if (!quoted) {
            other[i] = flip(unit[i]);
        }
    }
    require_same(c, unit, other, len, true);
    free(other);
}

/* Where any string may stand in any form. */
static bool takes_any_form(mp_command_kind kind)
{
    switch (kind) {
    case MP_COMMAND_LOGIN:
    case MP_COMMAND_SELECT:
    case MP_COMMAND_EXAMINE:
    case MP_COMMAND_CREATE:
    case MP_COMMAND_DELETE:
    case MP_COMMAND_RENAME:
    case MP_COMMAND_SUBSCRIBE:
    case MP_COMMAND_UNSUBSCRIBE:
    case MP_COMMAND_LIST:
    case MP_COMMAND_LSUB:
    case MP_COMMAND_STATUS:
    case MP_COMMAND_SEARCH:
    case MP_COMMAND_FETCH:
    case MP_COMMAND_COPY:
    case MP_COMMAND_MOVE:
        return true;
    default:
        return false;
    }
}

/* Writes the octets as a literal where they stood between quotes, and between quotes, if they can, where not. */
static void put_other_form(fuzz_wire *w, const uint8_t *unit, const mp_arg *a, bool was_quoted)
{
    uint8_t *value = fuzz_room(a->span.len);
    size_t len = a->span.len;
    if (a->escaped)
        len = mp_unescape(value, unit + a->span.off, a->span.len);
    else if (len)
        memcpy(value, unit + a->span.off, len);
    if (was_quoted || mp_form_of(value, len) >= MP_FORM_QUOTED8) {
        w->len += mp_write_literal_header(len, false, len & 1, fuzz_wire_room(w, 26));
        fuzz_put(w, value, len);
    } else {
        w->len += mp_write_quoted(value, len, fuzz_wire_room(w, 2 * len + 2));
    }
    free(value);
}

static void check_forms(const mp_command *c, const uint8_t *unit, size_t len)
{
    if (!takes_any_form(c->kind))
        return;
    fuzz_wire w = {0};
    size_t at = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        const mp_arg *a = &c->args[i];
        if (a->kind == MP_ARG_KEY && a->word == MP_WORD_MODSEQ)
            i += 2; /* entry-name is a quoted string and nothing else    RFC 7162 section 3.1.5 */
        if (a->kind != MP_ARG_STRING && a->kind != MP_ARG_MAILBOX && a->kind != MP_ARG_TEXT)
            continue;
        size_t from = a->span.off, to = from + a->span.len;
        if (from < at)
            break; /* not in the order of the wire: leave the rest as it is */
        bool quoted = from > 0 && unit[from - 1] == '"' && to < len && unit[to] == '"';
        if (quoted) {
            from--;
            to++;
        } else if (from > 0 && unit[from - 1] == '\n') {
            do /* the octets of a literal may begin with a brace themselves */
                from--;
            while (unit[from] != '{');
        }
        fuzz_put(&w, unit + at, from - at);
        put_other_form(&w, unit, a, quoted);
        at = to;
    }
    fuzz_put(&w, unit + at, len - at);
    require_same(c, unit, w.data, w.len, false);
    free(w.data);
}

/* ---- one stream ---------------------------------------------------------------------------------------- */

static void read_unit(fuzz_trace *t, mp_command *c, const uint8_t *unit, size_t len, const mp_limits *limits, bool sasl)
{
    mp_error err;
    mp_span base64 = {0, 0};
    /* exactly sized, so that the sanitizer sees a reading behind the end */
    uint8_t *copy = fuzz_copy(unit, len);
    mp_status status = sasl ? mp_sasl_line_parse(copy, len, &base64, &err)
                            : mp_command_parse(c, copy, len, limits, &err);
    fuzz_add(t, (uint64_t)status);
    if (status != MP_OK) {
        REQUIRE(err.offset <= len && err.expected != NULL);
        fuzz_add(t, err.offset);
    } else if (sasl) {
        REQUIRE((size_t)base64.off + base64.len <= len);
        fuzz_add(t, base64.len);
    } else {
        check(c, copy, len);
        check_case(c, copy, len);
        check_forms(c, copy, len);
        REQUIRE(c->defects < 1u << MP_COMMAND_DEFECT_COUNT && (c->defects == 0 || c->defect_at < len));
        fuzz_add(t, c->defects);
        fuzz_add(t, (uint64_t)c->kind * 2 + c->uid);
        for (uint32_t i = 0; i < c->count; i++) {
            fuzz_add(t, (uint64_t)c->args[i].kind << 32 ^ c->args[i].word ^ (uint64_t)c->args[i].count << 8);
            fuzz_add(t, (uint64_t)c->args[i].span.off << 32 ^ c->args[i].span.len ^ c->args[i].number);
        }
    }
    free(copy);
}

static fuzz_trace run(const uint8_t *data, size_t size, uint8_t mode, fuzz_cuts *cuts)
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
    fuzz_trace t = FUZZ_TRACE;
    size_t start = 0, have = cuts ? 0 : size;
    bool sasl = false;
    for (;;) {
        mp_frame frame;
        mp_error err;
        mp_status status = mp_framer_next(&f, data + start, have - start, &frame, &err);
        if (status == MP_NEED_MORE) {
            if (have == size)
                break;
            have += fuzz_cut(cuts, size - have);
            continue;
        }
        if (status != MP_OK) {
            fuzz_add(&t, err.offset + 1000);
            break;
        }
        if (frame.kind == MP_FRAME_LITERAL) {
            mp_span tag = mp_command_tag(data + start, frame.len);
            REQUIRE(tag.len <= frame.len);
            fuzz_add(&t, tag.len);
            if (!frame.limit && (mode & 2)) {
                mp_framer_accept(&f);
                continue;
            }
            mp_framer_reject(&f);
        } else if (frame.kind == MP_FRAME_UNIT) {
            read_unit(&t, &c, data + start, frame.len, &limits, sasl);
            sasl = (mode & 4) && !sasl;
            if (sasl)
                mp_framer_expect_line(&f);
        }
        start += frame.len;
    }
    mp_command_free(&c);
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 4000)
        return 0;
    fuzz_cuts cuts = fuzz_cuts_from(data[1]);
    fuzz_trace whole = run(data + 2, size - 2, data[0], NULL), split = run(data + 2, size - 2, data[0], &cuts);
    REQUIRE(fuzz_same(&whole, &split));
    return 0;
}
