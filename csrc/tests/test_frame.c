#include "mailproto/frame.h"
#include "mailproto/imap_response.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

/* Feeds text in steps of `step` octets and writes each outcome: U4 unit, L12:5s announced, D3 discarded, E limit, F framing. */
static void run(mp_framer *f, const char *text, size_t n, size_t step, int accept, char *out)
{
    size_t start = 0, have = 0;
    mp_frame frame;
    mp_error err;
    *out = 0;
    for (;;) {
        /* the exact size, so that a read past the padding is seen by the sanitizer */
        uint8_t *copy = calloc(1, have - start + MP_PADDING);
        memcpy(copy, text + start, have - start);
        mp_status status = mp_framer_next(f, copy, have - start, &frame, &err);
        free(copy);
        if (status == MP_NEED_MORE) {
            if (have == n) {
                sprintf(out, mp_framer_idle(f, have - start) ? "." : "?");
                return;
            }
            have = have + step < n ? have + step : n;
        } else if (status != MP_OK) {
            sprintf(out, "E%s@%zu", err.limit ? err.limit : err.expected, err.offset);
            return;
        } else if (frame.kind == MP_FRAME_LITERAL) {
            out += sprintf(out, "L%u:%llu%s%s ", frame.len, (unsigned long long)frame.literal_size,
                           frame.sync ? "s" : "", frame.limit ? "!" : "");
            if (accept && !frame.limit)
                mp_framer_accept(f);
            else {
                mp_framer_reject(f);
                start += frame.len;
            }
        } else {
            if (frame.kind == MP_FRAME_UNIT)
                out += sprintf(out, "U%u%s ", frame.len, frame.bare_lf ? "b" : "");
            else
                out += sprintf(out, "D ");
            start += frame.len;
        }
    }
}

static mp_limits limits;

static void expect_side(mp_side side, int announce, int accept, const char *text, const char *want)
{
    char out[4096];
    for (size_t step = 1; step <= strlen(text); step++) {
        mp_framer f;
        mp_framer_init(&f, side, &limits);
        mp_framer_announce(&f, announce);
        run(&f, text, strlen(text), step, accept, out);
        /* how a discarded literal is cut depends on the input; that it is discarded does not */
        for (char *d; (d = strstr(out, "D D ")) != NULL;)
            memmove(d, d + 2, strlen(d + 2) + 1);
        CHECK(strcmp(out, want) == 0);
        if (strcmp(out, want) != 0) {
            fprintf(stderr, "step %zu of %s: %s, not %s\n", step, text, out, want);
            return;
        }
    }
}

static void server(const char *text, const char *want) { expect_side(MP_SERVER_SENDS, 0, 1, text, want); }
static void client(const char *text, const char *want) { expect_side(MP_CLIENT_SENDS, 0, 1, text, want); }

/* Literals that the caller takes out of the unit. */
static void test_detached(void)
{
    limits = mp_limits_client();
    limits.max_literal = 100;
    limits.max_unit = 60;
    limits.max_line = 40;
    mp_framer f;
    mp_frame frame;
    mp_error err;
    uint8_t unit[64 + MP_PADDING] = "* 1 FETCH (BODY[] {0000030+}\r\n";
    size_t head = strlen((char *)unit);
    mp_framer_init(&f, MP_SERVER_SENDS, &limits);
    mp_framer_announce_above(&f, 5);
    CHECK(mp_framer_next(&f, unit, head, &frame, &err) == MP_OK && frame.kind == MP_FRAME_LITERAL);
    CHECK(frame.literal_size == 30 && frame.len == head && !frame.sync);
    CHECK(mp_framer_next(&f, unit, head, &frame, &err) == MP_NEED_MORE);
    mp_framer_detach(&f);
    mp_framer_blank(unit, head);
    CHECK(strstr((char *)unit, "{0000000+}\r\n") != NULL);
    CHECK(!mp_framer_idle(&f, head));
    CHECK(mp_framer_next(&f, unit, head, &frame, &err) == MP_NEED_MORE && mp_framer_missing(&f, head) == 0);
    strcpy((char *)unit + head, ")\r\n");
    CHECK(mp_framer_next(&f, unit, head + 3, &frame, &err) == MP_E_LIMIT && strcmp(err.limit, "max_unit") == 0);
    CHECK(err.offset == 60);

    limits.max_line = 100;
    limits.max_unit = UINT64_MAX; /* detached octets may be more than a span can count */
    limits.max_literal = UINT64_C(1) << 40;
    strcpy((char *)unit, "* X {1099511627776}\r\n");
    head = strlen((char *)unit);
    mp_framer_init(&f, MP_SERVER_SENDS, &limits);
    mp_framer_announce_above(&f, 5);
    for (int i = 0; i < 2; i++) {
        CHECK(mp_framer_next(&f, unit, head, &frame, &err) == MP_OK && frame.literal_size == UINT64_C(1) << 40);
        mp_framer_detach(&f);
        CHECK(frame.literals == (uint32_t)i);
        if (i == 0)
            head += (size_t)sprintf((char *)unit + head, " {01099511627776}\r\n");
    }
    strcpy((char *)unit + head, " {5}\r\n12345\r\n"); /* too short to be announced */
    CHECK(mp_framer_next(&f, unit, head + 13, &frame, &err) == MP_OK && frame.kind == MP_FRAME_UNIT && frame.literals == 3);

    mp_framer_init(&f, MP_SERVER_SENDS, &limits); /* one that is taken in is bounded all the same */
    mp_framer_announce_above(&f, 5);
    CHECK(mp_framer_next(&f, unit, 21, &frame, &err) == MP_OK && frame.kind == MP_FRAME_LITERAL);
    mp_framer_accept(&f);
    CHECK(mp_framer_next(&f, unit, 21, &frame, &err) == MP_E_LIMIT && strcmp(err.limit, "max_unit") == 0);
    mp_framer_init(&f, MP_SERVER_SENDS, &limits);
    CHECK(mp_framer_next(&f, unit, 21, &frame, &err) == MP_E_LIMIT && strcmp(err.limit, "max_unit") == 0);
}

/* The largest bounds are none: no sum of them wraps. */
static void test_no_bounds(void)
{
    char data[128] = "* 1 FETCH (BODY[] {5}\r\nabcde BODY[1] {1}\r\nx)\r\n";
    mp_framer f;
    mp_frame frame;
    mp_error err;
    limits = mp_limits_client();
    limits.max_line = limits.max_unit = limits.max_literal = UINT64_MAX;
    mp_framer_init(&f, MP_SERVER_SENDS, &limits);
    CHECK(mp_framer_next(&f, (uint8_t *)data, strlen(data), &frame, &err) == MP_OK && frame.kind == MP_FRAME_UNIT);
    CHECK(frame.len == strlen(data) && frame.literals == 2);
    limits.max_line = UINT64_MAX - 10; /* the literal ends at 28 */
    mp_framer_init(&f, MP_SERVER_SENDS, &limits);
    CHECK(mp_framer_next(&f, (uint8_t *)data, strlen(data), &frame, &err) == MP_OK && frame.len == strlen(data));
}

/* What ends in {9} without being an announcement does not take the line behind it. */
static void test_free_text(void)
{
    static const struct {
        const char *line;
        bool text, read; /* framed as text; read as a status or a continuation */
    } rows[] = {
        {"* OK x {9}", true, true},           {"a NO x {9}", true, true},          {"+ x {9}", true, true},
        {"+", true, true},                    {"* [ALERT] x {9}", true, true},     {"* OK[ALERT] x {9}", true, true},
        {"a OK[ALERT] x {9}", true, true},    {"*  OK x {9}", true, true},         {"a  OK x {9}", true, true},
        {"* bye {9}", true, true},            {"* PREAUTH(x {9}", true, true},     {"* [X(y)] x {9}", true, true},
        {"*  [ALERT] x {9}", true, true},     {"*\tOK x {9}", true, false},        {" * OK x {9}", true, false},
        {"\ta OK x {9}", true, false},        {"*OK x {9}", true, false},          {"+x {9}", true, false},
        {"* 5 NO x {9}", true, false},        {"* 5 [ALERT] x {9}", true, false},  {"a [ALERT] x {9}", true, false},
        {"* OK\tx {9}", true, false},         {"a\tOK x {9}", true, false},        {"* OKAY x {9}", false, false},
        {"* OK-X x {9}", false, false},       {"* OK.X x {9}", false, false},      {"* 1 FETCH x {9}", false, false},
        {"* LIST () NIL {9}", false, false},  {"* 5 OKAY {9}", false, false},
        {"* [BADCHARSET ({9}", false, true},  {"* OK[BADCHARSET ({9}", false, true}, {"*  NO [BADCHARSET ({9}", false, true},
        {"* [BADCHARSET (x) {9}", true, true}, {"* NO  [BADCHARSET ({9}", false, true},
        {"a OK   [BADCHARSET ({9}", false, true}, {"* NO \t[BADCHARSET ({9}", true, true},
        {"* NO\t[BADCHARSET ({9}", true, false},
    };
    limits = mp_limits_client();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mp_framer f;
        mp_frame frame;
        mp_error err;
        mp_response_head head;
        char data[256] = {0};
        uint8_t *unit = (uint8_t *)data;
        size_t len = (size_t)sprintf(data, "%s\r\n", rows[i].line), more = len + 11;
        memcpy(data + len, "* 2 AB\r\n)\r\n", 11);
        mp_framer_init(&f, MP_SERVER_SENDS, &limits);
        CHECK(mp_framer_next(&f, unit, more, &frame, &err) == MP_OK);
        if (frame.len != (rows[i].text ? len : more))
            fprintf(stderr, "framed otherwise: %s\n", rows[i].line);
        CHECK(frame.len == (rows[i].text ? len : more));
        bool read = mp_read_response_head(unit, frame.len, &head, &err) == MP_OK &&
                    (head.kind == MP_RESP_CONTINUATION || (head.kind >= MP_RESP_OK && head.kind <= MP_RESP_PREAUTH));
        if (read != rows[i].read)
            fprintf(stderr, "read otherwise: %s\n", rows[i].line);
        CHECK(read == rows[i].read);
    }
}

int main(void)
{
    limits = mp_limits_client();
    server("* OK hi\r\n* 1 EXISTS\r\n", "U9 U12 .");
    server("* OK hi\n* 1 EXISTS\r\n", "U8b U12 .");
    server("* OK hi\r", "?");
    /* free text holds no literal; elsewhere it does */
    server("* OK try again {5}\r\n+ go {3}\r\na NO {1}\r\n", "U20 U10 U10 .");
    server("* LIST () \"/\" {5}\r\nINBOX\r\n", "U26 .");
    server("* 1 FETCH (BODY[] {3}\r\na\r\n RFC822 ~{2+}\r\nxy)\r\n", "U46 .");
    server("* 1 FETCH (BODY[] {0}\r\n)\r\n", "U26 .");
    /* the one literal that a status line may hold */
    server("a NO [BADCHARSET (US-ASCII {5}\r\nUTF-8)] text {9}\r\n", "U50 .");
    server("a NO [BADCHARSET ({5}\r\nUTF-8 {1}\r\nx)] text {9}\r\n", "U48 .");
    server("a NO [BADCHARSET (UTF-8)] text {9}\r\n", "U36 .");
    server("* OK [BADCHARSET (\"a)\\\"\" {1}\r\nx)] {2}\r\n", "U39 .");
    /* not a literal's announcement */
    server("* X {}\r\n* X {1x}\r\n* X {-1}\r\n* X 1}\r\n", "U8 U10 U10 U8 .");
    server("\r\n* X\r\n", "U2 U5 .");
    client("a LOGIN {4}\r\nuser {4+}\r\npass\r\nb NOOP\r\n", "U30 U8 .");
    client("a OK {5}\r\n12345\r\n", "U17 .");

    limits.max_line = 12;
    server("* 89 EXISTS\r\n* 8 EXISTS\r\n", "Emax_line@12");
    server("* 8 EXISTS\r\n", "U12 .");
    limits.max_line = 20;
    limits.max_literal = 4;
    server("* X {4}\r\nabcd\r\n", "U15 .");
    server("* X {5}\r\nabcde\r\n", "Emax_literal@4");
    server("* X {99999999999999999999999}\r\n", "Emax_line@20");
    limits = mp_limits_client();
    server("* X {99999999999999999999999}\r\n", "Emax_literal@4");
    limits.max_unit = 15;
    server("* X {4}\r\nabcd\r\n", "U15 .");
    server("* X {5}\r\nabcde\r\n", "Emax_unit@15");
    server("* X {7}\r\nabcdefg\r\n", "Emax_unit@4");
    /* two bounds passed at once: the same one, whatever the cut */
    limits.max_line = 12;
    server("* X {4}\r\nabcdefghijklm\r\n", "Emax_unit@15");
    limits.max_unit = 17;
    server("* X {4}\r\nabcdefghijklm\r\n", "Emax_line@16");
    limits = mp_limits_client();
    limits.max_literals = 1;
    server("* X {1}\r\na {1}\r\nb\r\n", "Emax_literals@11");

    /* a server reading commands */
    limits = mp_limits_server();
    limits.max_literal = 5;
    expect_side(MP_CLIENT_SENDS, 1, 1, "a LOGIN {1}\r\nu {1+}\r\np\r\nb NOOP\r\n", "L13:1s L21:1 U24 U8 .");
    expect_side(MP_CLIENT_SENDS, 1, 0, "a LOGIN {1}\r\nb NOOP\r\n", "L13:1s U8 .");
    expect_side(MP_CLIENT_SENDS, 1, 0, "a LOGIN {1+}\r\nu {3+}\r\nx\r\n\r\nb NOOP\r\n", "L14:1 D U8 .");
    expect_side(MP_CLIENT_SENDS, 1, 0, "a LOGIN {1+}\r\nu {3}\r\nb NOOP\r\n", "L14:1 D U8 .");
    expect_side(MP_CLIENT_SENDS, 1, 1, "a X {6+}\r\nb QUIT\r\nb NOOP\r\n", "L10:6! D U8 .");
    client("a X {6+}\r\nb QUIT\r\nb NOOP\r\n", "L10:6! D U8 .");
    client("a X {6}\r\nb NOOP\r\n", "L9:6s! U8 .");
    client("a X {99999999999999999999}\r\nb NOOP\r\n", "L28:18446744073709551615s! U8 .");
    client("a X {99999999999999999999+}\r\nb NOOP\r\n", "Emax_literal@4");
    limits.max_line = 20;
    client("a X {6+}\r\n123456 567890123\r\n", "L10:6! D Emax_line@10");

    /* a line that cannot hold a literal */
    mp_framer f;
    char out[256];
    limits = mp_limits_server();
    mp_framer_init(&f, MP_CLIENT_SENDS, &limits);
    mp_framer_expect_line(&f);
    run(&f, "DONE {5}\r\na X {1}\r\nx\r\n", 22, 3, 1, out);
    CHECK(strcmp(out, "U10 U12 .") == 0);

    /* an error is sticky */
    limits.max_line = 3;
    mp_framer_init(&f, MP_CLIENT_SENDS, &limits);
    mp_frame frame;
    mp_error err;
    uint8_t data[6 + MP_PADDING] = "abcd\r\n";
    CHECK(mp_framer_next(&f, data, 6, &frame, &err) == MP_E_LIMIT);
    CHECK(mp_framer_next(&f, data, 0, &frame, &err) == MP_E_LIMIT && err.offset == 3);
    test_detached();
    test_free_text();
    test_no_bounds();
    return RESULT();
}
