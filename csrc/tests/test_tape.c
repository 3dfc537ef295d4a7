#include "mailproto/cursor.h"

#include <stdlib.h>
#include <string.h>

#include "scan.h"
#include "test.h"

static mp_limits limits;
static mp_error err;
static uint8_t *data;

static mp_status build(mp_tape *tape, const char *text)
{
    free(data);
    data = calloc(1, strlen(text) + MP_PADDING);
    memcpy(data, text, strlen(text));
    return mp_tape_build(tape, data, 0, strlen(text), &limits, &err);
}

static mp_cursor cursor(mp_tape *tape, const char *text)
{
    mp_cursor c;
    CHECK(build(tape, text) == MP_OK);
    mp_cursor_init(&c, data, 0, strlen(text), tape, &limits, &err);
    return c;
}

static void spaces(mp_tape *tape)
{
    static const struct {
        const char *text;
        bool extra, missing;
    } cases[] = {
        {"", 0, 0},        {"a", 0, 0},         {" a (b)(c) \"d\" {1}\r\nx ()", 0, 0},
        {"  a", 1, 0},     {" a  b", 1, 0},     {" ( a)", 1, 0},
        {" (a )", 1, 0},   {" ( )", 1, 0},      {" (a)  (b)", 1, 0},
        {" a(b)", 0, 1},   {" (b)a", 0, 1},     {" \"a\"\"b\"", 0, 1},
        {" a\"b\"", 0, 1}, {" {1}\r\nxb", 0, 1}, {" a(b)  c", 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK(build(tape, cases[i].text) == MP_OK);
        CHECK((tape->extra_space != UINT32_MAX) == cases[i].extra);
        CHECK((tape->missing_space != UINT32_MAX) == cases[i].missing);
    }
}

static void tokens(mp_tape *tape)
{
    CHECK(build(tape, "(a \"b\" (NIL)) {2}\r\nxy ~{1+}\r\nz \"q\\\"\"") == MP_OK);
    static const uint8_t kinds[] = {MP_TOK_LIST, MP_TOK_ATOM, MP_TOK_QUOTED, MP_TOK_LIST, MP_TOK_ATOM,
                                    MP_TOK_LITERAL, MP_TOK_LITERAL8, MP_TOK_QUOTED_ESC};
    CHECK(tape->n == 8);
    for (uint32_t i = 0; i < tape->n; i++)
        CHECK(tape->tok[i].kind == kinds[i]);
    CHECK(tape->tok[0].next == 5 && tape->tok[3].next == 5 && tape->tok[0].len == 13);
    CHECK(tape->tok[5].len == 2 && memcmp(data + tape->tok[5].off, "xy", 2) == 0 && tape->tok[5].lead == 5);
    uint8_t plain[8];
    CHECK(mp_unescape(plain, data + tape->tok[7].off, tape->tok[7].len) == 2 && memcmp(plain, "q\"", 2) == 0);
    CHECK(build(tape, "") == MP_OK && tape->n == 0);
    static const char *const broken[] = {"(", ")", "(a))", "\"a", "\"a\\", "\"a\r\n\"", "{3}\r\nab", "{}\r\n", "{1}x",
                                         "{99999999999}\r\nx", ("a\x01" "b"), "\"a\nb\"", "a {1", "\"\\\xc3\"", "{", "~{"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        mp_status want = i == 13 ? MP_OK : MP_E_SYNTAX;
        CHECK(build(tape, broken[i]) == want);
    }
    CHECK(build(tape, "\"caf\xc3\xa9\" \xe9t\xe9 x") == MP_OK && tape->tok[0].high && tape->tok[1].high && !tape->tok[2].high);
}

static void bounds(mp_tape *tape)
{
    limits.max_depth = 2;
    CHECK(build(tape, "(())(())") == MP_OK);
    CHECK(build(tape, "((()))") == MP_E_LIMIT && strcmp(err.limit, "max_depth") == 0 && err.offset == 2);
    limits.max_elements = 3;
    CHECK(build(tape, "a b c") == MP_OK);
    CHECK(build(tape, "a b (c)") == MP_E_LIMIT && strcmp(err.limit, "max_elements") == 0);
    limits = mp_limits_client();
}

static void rules(mp_tape *tape)
{
    mp_span span;
    mp_text text;
    mp_list list;
    uint32_t n;
    uint64_t n64;
    mp_cursor c = cursor(tape, "uid 4294967295 00 9223372036854775807 (\\Seen $x) \"\" nil {1}\r\nx INBOX/%]");
    CHECK(mp_read_word(&c, "UID") == MP_OK && mp_read_word(&c, "X") == MP_E_SYNTAX && err.offset == 3);
    CHECK(mp_read_number(&c, &n) == MP_E_SYNTAX && mp_read_sp(&c) == MP_OK);
    CHECK(mp_read_number(&c, &n) == MP_OK && n == UINT32_MAX && mp_read_sp(&c) == MP_OK);
    CHECK(mp_read_nz_number(&c, &n) == MP_E_SYNTAX && mp_read_number(&c, &n) == MP_OK && n == 0 && mp_read_sp(&c) == MP_OK);
    CHECK(mp_read_number(&c, &n) == MP_E_SYNTAX && mp_read_number64(&c, &n64) == MP_OK && n64 == INT64_MAX);
    CHECK(mp_read_sp(&c) == MP_OK && mp_read_open(&c, &list) == MP_OK && mp_read_close(&c, &list) == MP_E_SYNTAX);
    CHECK(mp_read_flag(&c, &span) == MP_OK && span.len == 5 && mp_read_sp(&c) == MP_OK && !mp_cursor_at_end(&c));
    CHECK(mp_read_flag(&c, &span) == MP_OK && mp_cursor_at_end(&c) && mp_read_flag(&c, &span) == MP_E_SYNTAX);
    CHECK(mp_read_close(&c, &list) == MP_OK && mp_read_sp(&c) == MP_OK);
    CHECK(mp_read_nstring(&c, &text) == MP_OK && text.kind == MP_TEXT_QUOTED && text.span.len == 0 && mp_read_sp(&c) == MP_OK);
    CHECK(mp_read_string(&c, &text) == MP_E_SYNTAX && mp_read_nstring(&c, &text) == MP_OK && text.kind == MP_TEXT_NIL);
    CHECK(mp_skip_sp(&c) == 1 && mp_read_astring(&c, &text) == MP_OK && text.kind == MP_TEXT_LITERAL && mp_read_sp(&c) == MP_OK);
    CHECK(mp_read_astring(&c, &text) == MP_E_SYNTAX && mp_read_list_mailbox(&c, &text) == MP_OK && mp_read_end(&c) == MP_OK);

    c = cursor(tape, "a  b");
    CHECK(mp_read_run(&c, &span) == MP_OK && mp_read_sp(&c) == MP_OK && mp_read_run(&c, &span) == MP_E_SYNTAX && err.offset == 2);
    c = cursor(tape, "BODY[HEADER (A)]<0>");
    CHECK(mp_read_run(&c, &span) == MP_OK && mp_read_sp(&c) == MP_OK && mp_cursor_peek(&c)->kind == MP_TOK_LIST);
    mp_cursor_skip(&c);
    CHECK(mp_read_run(&c, &span) == MP_OK && span.len == 4 && mp_read_end(&c) == MP_OK);
    c = cursor(tape, "9223372036854775808");
    CHECK(mp_read_number64(&c, &n64) == MP_E_SYNTAX);
    c = cursor(tape, "4294967296");
    CHECK(mp_read_number(&c, &n) == MP_E_SYNTAX);
    static const char *const flags[] = {"\\*", "\\", "\\\\a", "a*", "\\a*", "a]"};
    for (size_t i = 0; i < 6; i++) {
        c = cursor(tape, flags[i]);
        CHECK(mp_read_flag(&c, &span) == (i ? MP_E_SYNTAX : MP_OK));
    }
}

/* Each fast scan against its scalar twin: every octet at every place of a vector or two. */
static void twins(void)
{
    uint8_t buf[40 + MP_PADDING];
    for (unsigned ch = 0; ch < 256; ch++)
        for (size_t at = 0; at < 40; at++)
            for (size_t end = 0; end <= 40; end += 5) {
                memset(buf, 'x', sizeof buf);
                buf[at] = (uint8_t)ch;
                CHECK(mp_scan_quoted(buf, buf + end) == mp_scalar_quoted(buf, buf + end));
                CHECK(mp_scan_skip(buf, buf + end) == mp_scalar_skip(buf, buf + end));
            }
}

static unsigned left;
static void *failing(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    (void)ctx;
    (void)old_size;
    return left-- ? realloc(ptr, new_size) : NULL;
}

int main(void)
{
    limits = mp_limits_client();
    mp_tape tape;
    mp_tape_init(&tape, mp_alloc_libc());
    tokens(&tape);
    spaces(&tape);
    bounds(&tape);
    rules(&tape);
    twins();
    mp_tape_free(&tape);
    mp_alloc alloc = mp_alloc_libc();
    alloc.realloc = failing;
    mp_tape_init(&tape, alloc);
    char many[400];
    memset(many, '(', 200);
    memset(many + 200, ')', 199);
    many[399] = 0;
    limits.max_depth = 1000;
    for (unsigned i = 0; i < 2; i++) {
        left = i;
        CHECK(build(&tape, many) == MP_E_NOMEM);
        mp_tape_free(&tape);
    }
    free(data);
    return RESULT();
}
