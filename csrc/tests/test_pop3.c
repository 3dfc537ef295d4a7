/* POP3: lines, status lines, listings, commands. The bodies have a file of their own. */
#include "mailproto/pop3.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

/* An exact copy on the heap, so that the sanitizer sees a read past the end. */
static uint8_t *copy(const char *text, size_t len)
{
    uint8_t *block = malloc(len ? len : 1);
    memcpy(block, text, len);
    return block;
}

static int span_is(const char *line, mp_span span, const char *expected)
{
    return span.len == strlen(expected) && memcmp(line + span.off, expected, span.len) == 0;
}

static void test_lines(void)
{
    const char *text = "NOOP\r\nQUIT\n";
    mp_error err;
    size_t len = 0;
    /* One octet at a time, and never the same octet twice. */
    mp_pop3_line_state state = {0};
    for (size_t have = 0; have < 6; have++) {
        uint8_t *block = copy(text, have);
        CHECK(mp_pop3_line(&state, block, have, 100, &len, &err) == MP_NEED_MORE);
        CHECK(state.searched == have);
        free(block);
    }
    CHECK(mp_pop3_line(&state, (const uint8_t *)text, 6, 100, &len, &err) == MP_OK && len == 6);
    CHECK(state.searched == 0);
    CHECK(mp_pop3_line(&state, (const uint8_t *)text + 6, 5, 100, &len, &err) == MP_OK && len == 5);
    CHECK(mp_pop3_line_end((const uint8_t *)text, 6) == 2);
    CHECK(mp_pop3_line_end((const uint8_t *)text + 6, 5) == 1);
    CHECK(mp_pop3_line_end((const uint8_t *)text, 4) == 0);
    CHECK(mp_pop3_line_end((const uint8_t *)text, 0) == 0);

    /* The limit is inclusive: six octets pass where six are allowed. */
    state = (mp_pop3_line_state){0};
    CHECK(mp_pop3_line(&state, (const uint8_t *)text, 11, 6, &len, &err) == MP_OK && len == 6);
    state = (mp_pop3_line_state){0};
    CHECK(mp_pop3_line(&state, (const uint8_t *)text, 11, 5, &len, &err) == MP_E_LIMIT);
    CHECK(strcmp(err.limit, "max_line") == 0);
    state = (mp_pop3_line_state){0};
    CHECK(mp_pop3_line(&state, (const uint8_t *)text, 4, 5, &len, &err) == MP_NEED_MORE);
    CHECK(mp_pop3_line(&state, (const uint8_t *)text, 5, 5, &len, &err) == MP_E_LIMIT);
}

static mp_status read_status(const char *text, mp_pop3_reply *reply)
{
    mp_error err;
    uint8_t *block = copy(text, strlen(text));
    mp_status status = mp_pop3_read_status(block, strlen(text), reply, &err);
    free(block);
    return status;
}

static void test_status(void)
{
    mp_pop3_reply r;
    const char *t;
    CHECK(read_status(t = "+OK 2 320\r\n", &r) == MP_OK);
    CHECK(r.status == MP_POP3_OK && !r.has_code && !r.bare_lf && !r.control && span_is(t, r.text, "2 320"));
    CHECK(read_status(t = "-err [in-use] busy\n", &r) == MP_OK);
    CHECK(r.status == MP_POP3_ERR && r.has_code && r.bare_lf && span_is(t, r.code, "in-use"));
    CHECK(span_is(t, r.text, "busy"));
    CHECK(read_status(t = "-ERR [SYS/TEMP]\r\n", &r) == MP_OK);
    CHECK(r.has_code && span_is(t, r.code, "SYS/TEMP") && r.text.len == 0);
    static const char *const no_code[] = {"[]", "[a", "[a b]", "[/a]", "[a/]", "[a//b]", "[\x80]", "x[a]"};
    for (size_t i = 0; i < sizeof no_code / sizeof no_code[0]; i++) {
        char line[32];
        snprintf(line, sizeof line, "+OK %s\r\n", no_code[i]);
        CHECK(read_status(line, &r) == MP_OK && !r.has_code && span_is(line, r.text, no_code[i]));
    }
    CHECK(read_status("+\r\n", &r) == MP_OK && r.status == MP_POP3_CONTINUE && r.text.len == 0);
    CHECK(read_status(t = "+ [AUTH]\r\n", &r) == MP_OK && !r.has_code && span_is(t, r.text, "[AUTH]"));
    CHECK(read_status("+OK a\rb\r\n", &r) == MP_OK && r.control);
    CHECK(read_status("+OK a\tb\r\n", &r) == MP_OK && !r.control);
    CHECK(read_status("+OK\r\n", &r) == MP_OK && r.text.len == 0 && r.defect_at == 3);
    CHECK(read_status("+oK x\r\n", &r) == MP_OK && r.lower_case && r.defect_at == 0);
    CHECK(read_status("+OK\tx\r\n", &r) == MP_OK && r.blanks && r.defect_at == 3);
    CHECK(read_status("+OK a\rb\r\n", &r) == MP_OK && !r.blanks && r.defect_at == 5);
    CHECK(read_status(t = "-ERR  [AUTH] x\r\n", &r) == MP_OK && r.blanks && span_is(t, r.code, "AUTH"));
    CHECK(read_status(t = "+OK  x\r\n", &r) == MP_OK && !r.blanks && span_is(t, r.text, " x"));
    static const char *const bad[] = {"", "\r\n", "OK\r\n", "+OKAY\r\n", "+OK2 320\r\n", "-\r\n", "-ERRx\r\n", "* OK\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(read_status(bad[i], &r) == MP_E_SYNTAX);
}

static void test_listings(void)
{
    mp_error err;
    uint64_t a = 0, b = 0;
    mp_span id;
    bool loose;
#define NUMBERS(text) mp_pop3_read_numbers((const uint8_t *)(text), strlen(text), &a, &b, &loose, &err)
#define UIDL(text) mp_pop3_read_uidl((const uint8_t *)(text), strlen(text), &a, &id, &loose, &err)
    CHECK(NUMBERS("1 120\r\n") == MP_OK && a == 1 && b == 120);
    CHECK(NUMBERS("2  320 extra ignored") == MP_OK && a == 2 && b == 320);
    CHECK(NUMBERS("9223372036854775807 1") == MP_OK && a == UINT64_C(9223372036854775807));
    CHECK(NUMBERS("9223372036854775808 1") == MP_E_SYNTAX);
    CHECK(NUMBERS("1 5 more") == MP_OK && !loose);
    CHECK(NUMBERS(" 1 5") == MP_OK && loose && a == 1 && b == 5);
    CHECK(NUMBERS("1\t5") == MP_OK && loose);
    CHECK(NUMBERS("99999999999999999999 1") == MP_E_SYNTAX);
    CHECK(NUMBERS("1") == MP_E_SYNTAX && err.offset == 1);
    CHECK(NUMBERS("-1 5") == MP_E_SYNTAX && err.offset == 0);
    CHECK(NUMBERS("1x 5") == MP_E_SYNTAX);
    CHECK(NUMBERS("1 5x") == MP_E_SYNTAX);
    CHECK(NUMBERS("") == MP_E_SYNTAX);
    CHECK(UIDL("1 whqtswO00WBw418f9t5JxYwZ\r\n") == MP_OK && a == 1 && id.off == 2 && id.len == 24 && !loose);
    CHECK(UIDL("1   abc") == MP_OK && loose && id.len == 3);
    CHECK(UIDL("1 ") == MP_E_SYNTAX);
    CHECK(UIDL("00001a1457b5a851") == MP_E_SYNTAX);
    CHECK(UIDL("1 a\x80") == MP_E_SYNTAX && err.offset == 3);
    const char *spaced = "1 a b \r\n";
    CHECK(UIDL(spaced) == MP_OK && loose && span_is(spaced, id, "a b"));
    char line[80] = "1 ";
    memset(line + 2, 'u', 71);
    line[72] = '\0';
    CHECK(UIDL(line) == MP_OK && !loose && id.len == 70);
    line[72] = 'u';
    CHECK(UIDL(line) == MP_OK && loose && id.len == 71);
}

static mp_error last;

static mp_status capability(const char *text, mp_span *tag, mp_span *rest, bool *loose)
{
    return mp_pop3_read_capability((const uint8_t *)text, strlen(text), tag, rest, loose, &last);
}

static mp_status language(const char *text, mp_span *tag, mp_span *rest, bool *loose)
{
    return mp_pop3_read_language((const uint8_t *)text, strlen(text), tag, rest, loose, &last);
}

static void test_words(void)
{
    mp_span tag, rest, param;
    bool loose;
    const char *t;
#define CAPABILITY(text) capability(text, &tag, &rest, &loose)
#define LANGUAGE(text) language(text, &tag, &rest, &loose)
    CHECK(CAPABILITY(t = "SASL PLAIN LOGIN\r\n") == MP_OK && !loose && span_is(t, tag, "SASL"));
    CHECK(span_is(t, rest, "PLAIN LOGIN"));
    CHECK(mp_pop3_next_param((const uint8_t *)t, &rest, &param) && span_is(t, param, "PLAIN"));
    CHECK(mp_pop3_next_param((const uint8_t *)t, &rest, &param) && span_is(t, param, "LOGIN"));
    CHECK(!mp_pop3_next_param((const uint8_t *)t, &rest, &param));
    CHECK(CAPABILITY(t = "TOP") == MP_OK && !loose && span_is(t, tag, "TOP") && rest.len == 0);
    CHECK(CAPABILITY(t = "EXPIRE  30 \r\n") == MP_OK && loose && span_is(t, rest, "30"));
    CHECK(CAPABILITY("") == MP_E_SYNTAX && CAPABILITY("\r\n") == MP_E_SYNTAX);
    CHECK(CAPABILITY(t = ".A x") == MP_OK && span_is(t, tag, ".A"));
    CHECK(CAPABILITY("A\x80") == MP_E_SYNTAX);
    CHECK(CAPABILITY("A b\x01") == MP_E_SYNTAX && last.offset == 3);
    CHECK(LANGUAGE(t = "en-boont English Boontling dialect\r\n") == MP_OK && !loose && span_is(t, tag, "en-boont"));
    CHECK(span_is(t, rest, "English Boontling dialect"));
    CHECK(LANGUAGE(t = " en") == MP_OK && loose && span_is(t, tag, "en") && rest.len == 0);
    CHECK(LANGUAGE("en") == MP_OK && !loose && rest.len == 0);
    CHECK(LANGUAGE("e_n x") == MP_E_SYNTAX && last.offset == 1);
    CHECK(LANGUAGE(" ") == MP_E_SYNTAX && LANGUAGE("en a\x7f") == MP_E_SYNTAX);
}

static mp_status read_command(const char *text, size_t len, mp_pop3_command *c)
{
    uint8_t *block = copy(text, len);
    mp_status status = mp_pop3_read_command(block, len, 255, c, &last);
    free(block);
    return status;
}

static void test_commands(void)
{
    mp_pop3_command c;
    const char *t;
#define READ(text) read_command(t = (text), strlen(text), &c)
    CHECK(READ("user mrose\r\n") == MP_OK && c.keyword == MP_POP3_USER && span_is(t, c.first, "mrose"));
    CHECK(READ("PASS  two blanks \r\n") == MP_OK && span_is(t, c.first, " two blanks "));
    CHECK(READ("LIST\r\n") == MP_OK && c.arguments == 0);
    CHECK(READ("LIST 2147483647 \r\n") == MP_OK && c.arguments == 1 && c.number == 2147483647);
    CHECK(READ("TOP 1 0\r\n") == MP_OK && c.number == 1 && c.lines == 0);
    CHECK(READ("AUTH\r\n") == MP_OK && c.arguments == 0);
    CHECK(READ("AUTH PLAIN =\r\n") == MP_OK && c.arguments == 2 && span_is(t, c.second, "="));
    CHECK(READ("APOP mrose c4c9\r\n") == MP_OK && span_is(t, c.second, "c4c9"));
    CHECK(READ("LANG *\r\n") == MP_OK && span_is(t, c.first, "*"));
    CHECK(READ("STAT  \r\n") == MP_OK);
    CHECK(READ("XTND XMIT a b\r\n") == MP_OK && c.keyword == MP_POP3_UNKNOWN && span_is(t, c.first, "XMIT a b"));
    CHECK(READ("LAST\r\n") == MP_OK && c.keyword == MP_POP3_UNKNOWN && span_is(t, c.name, "LAST"));
    static const char *const bad[] = {
        "\r\n", " \r\n", " STAT\r\n", "STAT x\r\n", "STAT\tx\r\n", "STAT\n", "STAT", "LIST 0\r\n", "LIST a\r\n",
        "LIST 1x\r\n", "LIST 2147483648\r\n", "LIST 99999999999999999999\r\n", "RETR\r\n", "RETR 1 2\r\n", "TOP 1\r\n",
        "TOP 1 -1\r\n", "TOP 1 2 3\r\n", "USER\r\n", "USER \r\n", "PASS a\rb\r\n", "APOP a\r\n", "APOP a b c\r\n",
        "AUTH a b c\r\n", "AUTH \xc3\xa9\r\n", "LANG \xff\r\n", "XXXX a\rb\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(read_command(bad[i], strlen(bad[i]), &c) == MP_E_SYNTAX);
        CHECK(last.offset <= strlen(bad[i]) && last.expected != NULL);
    }
    CHECK(read_command("PASS a\0b\r\n", 10, &c) == MP_E_SYNTAX && last.offset == 6);

    /* 255 octets pass, 256 do not; AUTH may be longer (RFC 2449 section 4, RFC 5034 section 4). */
    char line[300];
    memset(line, 'p', sizeof line);
    memcpy(line, "PASS ", 5);
    memcpy(line + 253, "\r\n", 2);
    CHECK(read_command(line, 255, &c) == MP_OK);
    memcpy(line + 253, "pp\r\n", 4);
    CHECK(read_command(line, 257, &c) == MP_E_LIMIT && strcmp(last.limit, "max_pop3_command") == 0);
    CHECK(c.keyword == MP_POP3_PASS);
    memcpy(line, "AUTH X ", 7);
    CHECK(read_command(line, 257, &c) == MP_OK);
    memcpy(line, "AUTH XY", 7); /* no mechanism has a name so long */
    CHECK(read_command(line, 257, &c) == MP_E_SYNTAX && strcmp(last.expected, "mechanism") == 0);
    CHECK(READ("LANG en-boont\r\n") == MP_OK && READ("LANG *\r\n") == MP_OK && span_is(t, c.first, "*"));
    CHECK(READ("LANG e_n\r\n") == MP_E_SYNTAX && last.offset == 6);

    CHECK(mp_pop3_is_multiline(MP_POP3_LIST, false) && !mp_pop3_is_multiline(MP_POP3_LIST, true));
    CHECK(mp_pop3_is_multiline(MP_POP3_RETR, true) && mp_pop3_is_multiline(MP_POP3_CAPA, false));
    CHECK(!mp_pop3_is_multiline(MP_POP3_STAT, false) && !mp_pop3_is_multiline(MP_POP3_UNKNOWN, true));
    CHECK(strcmp(mp_pop3_keyword_name(MP_POP3_UTF8), "UTF8") == 0);
    CHECK(mp_pop3_keyword_name(MP_POP3_UNKNOWN) == NULL);
    CHECK(mp_pop3_keyword_name((mp_pop3_keyword)99) == NULL);
}

int main(void)
{
    test_lines();
    test_status();
    test_listings();
    test_words();
    test_commands();
    return RESULT();
}
