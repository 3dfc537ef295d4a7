/* POP3: whatever the octets, a stream in any reads is read as the whole is, what is stuffed comes back, and a line written
 * from what was read of it reads the same. First octet: how lines end; second: the reads; the rest is the stream. */
#include "mailproto/pop3.h"

#include "fuzz.h"

/* Unstuffs in the reads that `cuts` gives, or, if it is NULL, in one. */
static mp_status unstuff(const uint8_t *src, size_t n, fuzz_cuts *cuts, bool any_lf, uint8_t *dst, size_t *consumed_r,
                         size_t *written_r)
{
    mp_unstuff machine;
    mp_unstuff_init(&machine, any_lf);
    *consumed_r = *written_r = 0;
    for (;;) {
        size_t consumed = 0, written = 0, left = n - *consumed_r, step = cuts ? fuzz_cut(cuts, left) : left;
        size_t most = step + mp_unstuff_withheld(&machine);
        /* exactly so much is there, and room for no more than is promised */
        uint8_t *from = fuzz_copy(src + *consumed_r, step), *to = fuzz_room(most);
        mp_status status = mp_unstuff_run(&machine, to, from, step, &consumed, &written);
        REQUIRE(consumed <= step && written <= most);
        memcpy(dst + *written_r, to, written);
        free(from);
        free(to);
        *consumed_r += consumed;
        *written_r += written;
        if (status == MP_OK)
            return MP_OK;
        REQUIRE(status == MP_NEED_MORE && consumed == step);
        if (*consumed_r == n)
            return status;
    }
}

static size_t stuff(const uint8_t *src, size_t n, fuzz_cuts *cuts, bool any_lf, uint8_t *dst)
{
    mp_stuff machine;
    mp_stuff_init(&machine, any_lf);
    size_t length = 0;
    for (size_t at = 0; at < n;) {
        size_t step = cuts ? fuzz_cut(cuts, n - at) : n;
        uint8_t *to = fuzz_room(2 * step);
        size_t written = mp_stuff_run(&machine, to, src + at, step);
        REQUIRE(written >= step && written <= 2 * step);
        memcpy(dst + length, to, written);
        free(to);
        length += written;
        at += step;
    }
    return length + mp_stuff_finish(&machine, dst + length);
}

static void check_bodies(const uint8_t *src, size_t n, fuzz_cuts cuts, bool any_lf)
{
    uint8_t *whole = fuzz_room(n + 2), *parts = fuzz_room(n + 2), *wire = fuzz_room(2 * n + 5), *again = fuzz_room(2 * n + 5);
    size_t consumed = 0, written = 0, consumed2 = 0, written2 = 0;
    mp_status status = unstuff(src, n, NULL, any_lf, whole, &consumed, &written);
    REQUIRE(unstuff(src, n, &cuts, any_lf, parts, &consumed2, &written2) == status);
    REQUIRE(consumed == consumed2 && written == written2 && memcmp(whole, parts, written) == 0);
    REQUIRE(written <= consumed);

    size_t length = stuff(src, n, NULL, any_lf, wire);
    REQUIRE(stuff(src, n, &cuts, any_lf, again) == length && memcmp(wire, again, length) == 0);

    /* The terminator cannot be forged, and all comes back: to a reader that takes lines as the writer did. */
    REQUIRE(unstuff(wire, length, &cuts, any_lf, again, &consumed, &written) == MP_OK);
    REQUIRE(consumed == length && written >= n && written <= n + 2 && memcmp(again, src, n) == 0);
    free(whole);
    free(parts);
    free(wire);
    free(again);
}

/* ---- lines ------------------------------------------------------------------------------------------- */

static void put_span(fuzz_wire *w, const uint8_t *line, mp_span span) { fuzz_put(w, line + span.off, span.len); }

static void put_number(fuzz_wire *w, uint64_t number)
{
    char text[32];
    snprintf(text, sizeof text, " %llu", (unsigned long long)number);
    fuzz_puts(w, text);
}

/* Writes what was read of a status line; false if it could not be read. */
static bool write_status(const uint8_t *line, size_t len, fuzz_wire *w)
{
    static const char *const words[] = {"+OK", "-ERR", "+"};
    mp_pop3_reply reply;
    mp_error err;
    if (mp_pop3_read_status(line, len, &reply, &err) != MP_OK) {
        REQUIRE(err.offset <= len && err.expected != NULL);
        return false;
    }
    REQUIRE((size_t)reply.text.off + reply.text.len + mp_pop3_line_end(line, len) == len);
    REQUIRE((size_t)reply.code.off + reply.code.len <= len && reply.defect_at <= len);
    fuzz_puts(w, words[reply.status]);
    if (reply.has_code) {
        fuzz_puts(w, " [");
        put_span(w, line, reply.code);
        fuzz_puts(w, "]");
    }
    if (reply.text.len)
        fuzz_puts(w, " ");
    put_span(w, line, reply.text);
    fuzz_puts(w, "\r\n");
    return true;
}

static bool write_command(const uint8_t *line, size_t len, fuzz_wire *w)
{
    mp_pop3_command command;
    mp_error err;
    if (mp_pop3_read_command(line, len, 40, &command, &err) != MP_OK) {
        REQUIRE(err.offset <= len && err.expected != NULL);
        return false;
    }
    REQUIRE((size_t)command.first.off + command.first.len <= len);
    REQUIRE((size_t)command.second.off + command.second.len <= len);
    REQUIRE(command.number <= INT32_MAX && command.lines <= INT32_MAX);
    REQUIRE(memchr(line + command.first.off, '\r', command.first.len) == NULL);
    const char *name = mp_pop3_keyword_name(command.keyword);
    if (name)
        fuzz_puts(w, name);
    else
        put_span(w, line, command.name);
    if (command.arguments > 0 && command.number) {
        put_number(w, command.number);
        if (command.arguments > 1)
            put_number(w, command.lines);
    } else if (command.arguments > 0) {
        fuzz_puts(w, " ");
        put_span(w, line, command.first);
        if (command.arguments > 1) {
            fuzz_puts(w, " ");
            put_span(w, line, command.second);
        }
    }
    fuzz_puts(w, "\r\n");
    return true;
}

typedef bool write_line(const uint8_t *line, size_t len, fuzz_wire *w);

/* re-parse == parse: what is written from a line reads as a line that is written the same. */
static void check_rewritten(const uint8_t *line, size_t len, write_line *write, uint64_t max_len)
{
    fuzz_wire first = {0}, second = {0};
    if (write(line, len, &first) && first.len <= max_len) {
        uint8_t *copy = fuzz_copy(first.data, first.len);
        REQUIRE(write(copy, first.len, &second));
        REQUIRE(second.len == first.len && memcmp(second.data, first.data, first.len) == 0);
        free(copy);
    }
    free(first.data);
    free(second.data);
}

static void check_line(const uint8_t *data, size_t len)
{
    uint8_t *line = fuzz_copy(data, len);
    mp_error err;
    uint64_t a, b;
    mp_span id, rest, param;
    bool loose;
    check_rewritten(line, len, write_status, SIZE_MAX);
    check_rewritten(line, len, write_command, 40);
    (void)mp_pop3_read_numbers(line, len, &a, &b, &loose, &err);
    if (mp_pop3_read_capability(line, len, &id, &rest, &loose, &err) == MP_OK) {
        REQUIRE(id.len > 0 && (size_t)rest.off + rest.len <= len);
        for (size_t behind = rest.off; mp_pop3_next_param(line, &rest, &param); behind = param.off + param.len)
            REQUIRE(param.len > 0 && param.off >= behind && (size_t)param.off + param.len <= len);
    }
    if (mp_pop3_read_language(line, len, &id, &rest, &loose, &err) == MP_OK)
        REQUIRE(id.len > 0 && (size_t)rest.off + rest.len <= len);
    if (mp_pop3_read_uidl(line, len, &a, &id, &loose, &err) == MP_OK)
        REQUIRE(id.len > 0 && (size_t)id.off + id.len <= len);
    free(line);
}

static void check_lines(const uint8_t *src, size_t n, fuzz_cuts cuts)
{
    mp_pop3_line_state whole = {0}, parts = {0};
    mp_error err;
    for (size_t at = 0; at < n;) {
        size_t len = 0, len2 = 0, have = 0;
        mp_status status = mp_pop3_line(&whole, src + at, n - at, 64, &len, &err), in_parts;
        do {
            have += fuzz_cut(&cuts, n - at - have);
            in_parts = mp_pop3_line(&parts, src + at, have, 64, &len2, &err);
        } while (in_parts == MP_NEED_MORE && have < n - at);
        REQUIRE(in_parts == status && len == len2);
        if (status != MP_OK)
            return;
        REQUIRE(len > 0 && len <= 64);
        check_line(src + at, len);
        at += len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 4000)
        return 0;
    fuzz_cuts cuts = fuzz_cuts_from(data[1]);
    check_bodies(data + 2, size - 2, cuts, data[0] & 1);
    check_lines(data + 2, size - 2, cuts);
    return 0;
}
