/* mp_command_parse as an embedder calls it: units in memory of exactly their size, so that the sanitizer sees every
 * reading behind the end; each allocation failing in turn. */
#include "mailproto/imap_command.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static mp_status parse(mp_command *c, const char *text, size_t len, const mp_limits *limits, mp_error *err)
{
    uint8_t *unit = malloc(len ? len : 1);
    memcpy(unit, text, len);
    mp_status status = mp_command_parse(c, unit, len, limits, err);
    free(unit);
    return status;
}

#define PARSE(text) parse(&c, text, sizeof text - 1, &limits, &err)

static bool span_is(const char *unit, mp_span span, const char *text)
{
    return span.len == strlen(text) && memcmp(unit + span.off, text, span.len) == 0;
}

static void test_values(void)
{
    mp_limits limits = mp_limits_server();
    mp_error err;
    mp_command c;
    mp_command_init(&c, mp_alloc_libc());

    static const char fetch[] = "a1 uid fetch 1:* (FLAGS body.peek[1.2.header.fields (a {1}\r\nb)]<3.4>) (changedsince 5)\r\n";
    CHECK(PARSE(fetch) == MP_OK);
    CHECK(c.kind == MP_COMMAND_FETCH && c.uid && span_is(fetch, c.tag, "a1") && c.count == 9);
    CHECK(c.args[0].kind == MP_ARG_SET && span_is(fetch, c.args[0].span, "1:*"));
    CHECK(c.args[1].kind == MP_ARG_LIST && c.args[1].count == 6);
    CHECK(c.args[2].kind == MP_ARG_WORD && c.args[2].word == MP_WORD_FLAGS);
    CHECK(c.args[3].kind == MP_ARG_SECTION && c.args[3].word == MP_WORD_HEADER_FIELDS && c.args[3].peek);
    CHECK(c.args[3].count == 4 && c.args[3].span.off == 3 && c.args[3].span.len == 4);
    CHECK(c.args[4].number == 1 && c.args[5].number == 2);
    CHECK(span_is(fetch, c.args[6].span, "a") && span_is(fetch, c.args[7].span, "b"));
    CHECK(c.args[8].kind == MP_ARG_NUMBER && c.args[8].number == 5);

    static const char search[] = "a SEARCH OR NOT SEEN (1 FROM \"x\\\"\") ALL\r\n";
    CHECK(PARSE(search) == MP_OK);
    static const uint8_t words[] = {MP_WORD_OR,   MP_WORD_NOT, MP_WORD_SEEN, MP_WORD_AND, MP_WORD_SEQUENCE,
                                    MP_WORD_NONE, MP_WORD_FROM, MP_WORD_NONE, MP_WORD_ALL};
    CHECK(c.count == sizeof words);
    for (uint32_t i = 0; i < c.count; i++)
        CHECK(c.args[i].word == words[i]);
    CHECK(c.args[0].count == 2 && c.args[1].count == 1 && c.args[3].count == 2 && c.args[7].escaped);
    CHECK(c.args[0].number == 0 && c.args[3].number == 0); /* the links of open keys are gone */

    CHECK(PARSE("a NOOP\r\n") == MP_OK && c.count == 0);
    CHECK(PARSE("a7 FOO\r\n") == MP_E_SYNTAX && err.offset == 3 && c.tag.len == 2);
    CHECK(c.kind == MP_COMMAND_UNKNOWN && strcmp(err.expected, "command") == 0);
    CHECK(PARSE("a NOOP") == MP_E_SYNTAX && err.offset == 6);
    CHECK(PARSE("") == MP_E_SYNTAX);
    CHECK(PARSE("\n") == MP_E_SYNTAX && c.tag.len == 0);
    CHECK(strcmp(mp_command_text(MP_COMMAND_ID), "ID") == 0 && strcmp(mp_command_text(MP_COMMAND_UNKNOWN), "") == 0);
    CHECK(strcmp(mp_word_text(MP_WORD_RFC822_SIZE), "RFC822.SIZE") == 0 && strcmp(mp_word_text(MP_WORD_NONE), "") == 0);
    mp_command_free(&c);
}

/* Whatever is cut off a command, the rest is an error within it, never a reading behind it. */
static void test_cuts(void)
{
    static const char *const units[] = {
        "a APPEND x (\\Seen) \"29-Feb-2024 01:02:03 +0000\" {3}\r\nabc {1+}\r\nd\r\n",
        "a LIST (SUBSCRIBED) \"\" (% {1}\r\n*) RETURN (STATUS (UIDNEXT) CHILDREN)\r\n",
        "a UID SEARCH RETURN (MIN) CHARSET UTF-8 MODSEQ \"/flags/x\" all 7 ON \"1-Feb-2024\" (UID 1,2:*)\r\n",
        "a LOGIN \"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\\\"\" {2}\r\n\r\n\r\n",
        "a UID STORE 1 (UNCHANGEDSINCE 4) +FLAGS.SILENT (\\Seen a)\r\n",
        "a ID (\"a\" nil \"b\" \"c\")\r\n",
        "a AUTHENTICATE PLAIN YWJjZA==\r\n",
        "a CREATE x (USE (\\Sent \\Junk))\r\n",
        "a FETCH 1 BODY[1.MIME]<0.1>\r\n",
    };
    mp_limits limits = mp_limits_server();
    mp_error err;
    mp_command c;
    mp_command_init(&c, mp_alloc_libc());
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        size_t len = strlen(units[u]);
        CHECK(parse(&c, units[u], len, &limits, &err) == MP_OK);
        for (size_t cut = 0; cut < len; cut++) {
            char text[200];
            memcpy(text, units[u], cut);
            CHECK(parse(&c, text, cut, &limits, &err) == MP_E_SYNTAX && err.offset <= cut);
            memcpy(text + cut, "\r\n", 2);
            CHECK(parse(&c, text, cut + 2, &limits, &err) <= MP_OK);
            memcpy(text + cut, "\n", 1);
            CHECK(parse(&c, text, cut + 1, &limits, &err) <= MP_OK);
        }
    }
    mp_command_free(&c);
}

typedef struct budget {
    int left;
} budget;

static void *scarce_realloc(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    budget *b = ctx;
    (void)old_size;
    return b->left-- > 0 ? realloc(ptr, new_size) : NULL;
}

static void scarce_free(void *ctx, void *ptr)
{
    (void)ctx;
    free(ptr);
}

static void test_memory(void)
{
    char text[2000] = "a ENABLE";
    for (int i = 0; i < 300; i++)
        strcat(text, " X");
    strcat(text, "\r\n");
    mp_limits limits = mp_limits_server();
    mp_error err;
    int failures = 0;
    for (int allowed = 0;; allowed++) {
        budget b = {allowed};
        mp_command c;
        mp_command_init(&c, (mp_alloc){scarce_realloc, scarce_free, &b});
        mp_status status = parse(&c, text, strlen(text), &limits, &err);
        mp_command_free(&c);
        if (status == MP_OK)
            break;
        CHECK(status == MP_E_NOMEM);
        failures++;
    }
    CHECK(failures == 5); /* 32, 64, 128, 256, 512 arguments */
}

static void test_lines(void)
{
    mp_error err;
    mp_span span;
    static const uint8_t base64[] = "YWI=\r\n", cancel[] = "*\r\n", empty[] = "\r\n", wrong[] = "YWI\r\n";
    CHECK(mp_sasl_line_parse(base64, 6, &span, &err) == MP_OK && span.off == 0 && span.len == 4);
    CHECK(mp_sasl_line_parse(cancel, 3, &span, &err) == MP_OK && span.len == 1);
    CHECK(mp_sasl_line_parse(empty, 2, &span, &err) == MP_OK && span.len == 0);
    CHECK(mp_sasl_line_parse(wrong, 5, &span, &err) == MP_E_SYNTAX);
    CHECK(mp_sasl_line_parse(base64, 4, &span, &err) == MP_E_SYNTAX);
    CHECK(mp_idle_line_parse((const uint8_t *)"dOnE\r\n", 6, &err) == MP_OK);
    CHECK(mp_idle_line_parse((const uint8_t *)"DONE\n", 5, &err) == MP_E_SYNTAX);
    CHECK(mp_command_tag((const uint8_t *)"a1 x", 4).len == 2);
    CHECK(mp_command_tag((const uint8_t *)"a1", 2).len == 0);
    CHECK(mp_command_tag((const uint8_t *)"a+ x", 4).len == 0);
}

int main(void)
{
    test_values();
    test_cuts();
    test_memory();
    test_lines();
    return RESULT();
}
