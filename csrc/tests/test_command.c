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

    static const char fetch[] = "a1 uid fetch 1:* (FLAGS body.peek[1.2.header.fields (a {1}\r\nb)]<3.4>)"
                                " (changedsince 5)\r\n";
    CHECK(PARSE(fetch) == MP_OK);
    CHECK(c.kind == MP_COMMAND_FETCH && c.uid && span_is(fetch, c.tag, "a1") && c.count == 9);
    CHECK(c.args[0].kind == MP_ARG_SET && span_is(fetch, c.args[0].span, "1:*"));
    CHECK(c.args[1].kind == MP_ARG_LIST && c.args[1].count == 6);
    CHECK(c.args[2].kind == MP_ARG_WORD && c.args[2].word == MP_WORD_FLAGS);
    CHECK(c.args[3].kind == MP_ARG_SECTION && c.args[3].word == MP_WORD_HEADER_FIELDS && c.args[3].peek);
    CHECK(c.args[3].count == 4 && c.args[3].number == 3 && c.args[3].octets == 4);
    CHECK(c.args[4].number == 1 && c.args[5].number == 2);
    CHECK(span_is(fetch, c.args[6].span, "a") && span_is(fetch, c.args[7].span, "b"));
    CHECK(c.args[8].kind == MP_ARG_NUMBER && c.args[8].number == 5);

    static const char search[] = "a SEARCH OR NOT SEEN (1 FROM \"x\\\"\") ALL\r\n";
    CHECK(PARSE(search) == MP_OK);
    static const uint16_t words[] = {MP_WORD_OR,   MP_WORD_NOT, MP_WORD_SEEN, MP_WORD_AND, MP_WORD_SEQUENCE,
                                    MP_WORD_NONE, MP_WORD_FROM, MP_WORD_NONE, MP_WORD_ALL};
    CHECK(c.count == sizeof words / sizeof *words);
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
        "a SELECT x (CONDSTORE QRESYNC (1 2 1:4,7 (1 7)) X (a {1}\r\nb (\"c\" ())) Y 1:*)\r\n",
        "a RENAME x y (PARTITION 1 Z)\r\n",
        "a LIST (RECURSIVEMATCH SUBSCRIBED V-X (a)) \"\" * RETURN (METADATA (/a \"/b\") V-Y (b c))\r\n",
        ("a APPEND x ~{2}\r\n\xff\xfe (\\Seen) UTF8 (~{1+}\r\nx)"
         " CATENATE (URL \"/a\" TEXT {1}\r\nx UTF8 (~{0}\r\n))\r\n"),
        "a UID REPLACE * x {1}\r\ny\r\n",
        "a SEARCH RETURN (PARTIAL -1:-3 COUNT) FUZZY OR FILTER x EMAILID y_- X-GM-MSGID 18446744073709551615\r\n",
        "a UID SORT RETURN () (REVERSE DATE SUBJECT) UTF-8 X-GM-LABELS \\Inbox KEYWORD \\Seen\r\n",
        "a THREAD REFERENCES UTF-8 SAVEDON 1-Feb-2024\r\n",
        "a ESEARCH IN (mailboxes (a b) subtree c personal (X 1 Y (z))) RETURN (ALL) CHARSET UTF-8 ALL\r\n",
        "a FETCH 1 (BINARY.PEEK[1.2]<0.1> BINARY.SIZE[] PREVIEW (LAZY) EMAILID) (CHANGEDSINCE 1 PARTIAL 1:2)\r\n",
        "a STORE 1(UNCHANGEDSINCE 1) +X-GM-LABELS.SILENT (\\Inbox {1}\r\na \"b\")\r\n",
        "a SETACL x {1}\r\ny +lr\r\n",
        "a SETQUOTA \"\" (STORAGE 1 MESSAGE 2) (X 3)\r\n",
        "a GETMETADATA (DEPTH infinity MAXSIZE 1 X (y)) x (/a /b)\r\n",
        "a GETMETADATA x (DEPTH 1) /a\r\n",
        "a SETMETADATA \"\" (/a NIL /b ~{1+}\r\nx /c \"d\")\r\n",
        "a NOTIFY SET STATUS (selected MessageNew (UID BODY[]) x) (subtree (a b) (FlagChange)) (inboxes NONE)\r\n",
        "a GENURLAUTH imap://x INTERNAL \"y\" Z\r\n",
        "a RESETKEY x A B\r\n",
        "a UIDBATCHES 2000 10:20\r\n",
        "a CANCELUPDATE \"a\" b\r\n",
    };
    mp_limits limits = mp_limits_server();
    mp_error err;
    mp_command c;
    mp_command_init(&c, mp_alloc_libc());
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        size_t len = strlen(units[u]);
        CHECK(parse(&c, units[u], len, &limits, &err) == MP_OK);
        for (size_t cut = 0; cut < len; cut++) {
            char text[300];
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

/* Every name finds itself, in any case, and nothing else does. */
static void test_names(void)
{
    char text[64];
    for (unsigned k = 0; k < MP_COMMAND_COUNT; k++) {
        size_t len = strlen(mp_command_text((mp_command_kind)k));
        memcpy(text, mp_command_text((mp_command_kind)k), len + 1);
        CHECK(mp_command_find((const uint8_t *)text, len) == (mp_command_kind)k);
        text[0] = (char)(text[0] + 32);
        CHECK(mp_command_find((const uint8_t *)text, len) == (mp_command_kind)k);
        text[len] = 'q';
        CHECK(mp_command_find((const uint8_t *)text, len + 1) == MP_COMMAND_UNKNOWN);
    }
    for (unsigned w = MP_WORD_NONE + 1; w < MP_WORD_TOTAL; w++) {
        const char *word = mp_word_text((mp_word)w);
        CHECK(mp_word_find((const uint8_t *)word, strlen(word)) == (mp_word)w);
        memcpy(text, word, strlen(word));
        text[strlen(word)] = '.';
        CHECK(mp_word_find((const uint8_t *)text, strlen(word) + 1) == MP_WORD_NONE || w == MP_WORD_BODY);
    }
    CHECK(mp_word_find((const uint8_t *)"", 0) == MP_WORD_NONE);
    /* a letter's case is one bit; in what is no letter that bit makes another octet */
    CHECK(mp_word_find((const uint8_t *)"rfc822.size", 11) == MP_WORD_RFC822_SIZE);
    CHECK(mp_word_find((const uint8_t *)"RFC822\016SIZE", 11) == MP_WORD_NONE);
    CHECK(mp_word_find((const uint8_t *)"RFC8\022\022.SIZE", 11) == MP_WORD_NONE);
    CHECK(mp_word_find((const uint8_t *)"RFC822.SIZ\005", 11) == MP_WORD_NONE);
    CHECK(mp_command_find((const uint8_t *)"", 0) == MP_COMMAND_UNKNOWN);
    CHECK(strcmp(mp_command_defect_name(0), "keyword-form") == 0);
    CHECK(strcmp(mp_command_defect_name(MP_COMMAND_DEFECT_COUNT), "") == 0);
}

static void test_extensions(void)
{
    mp_limits limits = mp_limits_server();
    mp_error err;
    mp_command c;
    mp_command_init(&c, mp_alloc_libc());

    static const char resync[] = "a SELECT x (QRESYNC (7 9 1:4 (1 7)) P (a (b) \"c\") CONDSTORE)\r\n";
    CHECK(PARSE(resync) == MP_OK && c.count == 14);
    CHECK(c.args[1].word == MP_WORD_QRESYNC && c.args[1].count == 5 && c.args[2].number == 7 && c.args[3].number == 9);
    CHECK(span_is(resync, c.args[4].span, "1:4") && span_is(resync, c.args[6].span, "7"));
    CHECK(c.args[7].kind == MP_ARG_PARAM && c.args[7].count == 5 && span_is(resync, c.args[7].span, "P"));
    CHECK(c.args[8].kind == MP_ARG_LIST && c.args[8].count == 4 && c.args[10].kind == MP_ARG_LIST);
    CHECK(c.args[10].count == 1 && c.args[13].word == MP_WORD_CONDSTORE && c.defects == 0);

    static const char events[] = "a NOTIFY SET (mailboxes (a b) MessageNew X)\r\n";
    CHECK(PARSE(events) == MP_OK && c.args[0].count == 7 && c.args[1].word == MP_WORD_SET && c.args[1].count == 0);
    CHECK(c.args[2].kind == MP_ARG_LIST && c.args[2].count == 5 && c.args[3].count == 2);
    CHECK(c.args[6].word == MP_WORD_MESSAGENEW && c.args[7].kind == MP_ARG_ATOM);
    CHECK(c.defects == MP_COMMAND_DEFECT_BARE_EVENTS && c.defect_at == 30);
    c.strict = true;
    CHECK(PARSE(events) == MP_E_SYNTAX && err.offset == 30 && c.kind == MP_COMMAND_NOTIFY);
    c.strict = false;

    CHECK(PARSE("a NOTIFY SET (selected NONE) (SELECTED NONE)\r\n") == MP_E_SYNTAX && err.offset == 38);
    CHECK(PARSE("a ID (\"a\" NIL \"b\" \"c\" \"A\" NIL)\r\n") == MP_OK && c.defects == MP_COMMAND_DEFECT_ODD_PAIR);
    CHECK(PARSE("a GETMETADATA x (/a /a/)\r\n") == MP_E_SYNTAX && err.offset == 20);
    CHECK(PARSE("a SETACL x y \"+lr\"\r\n") == MP_OK && PARSE("a SETACL x y \"l+\"\r\n") == MP_E_SYNTAX);

    CHECK(PARSE("a GETMETADATA x (MAXSIZE 5) /a\r\n") == MP_OK && c.args[0].kind == MP_ARG_LIST);
    CHECK(c.args[0].count == 1 && c.args[1].number == 5 && c.args[2].kind == MP_ARG_MAILBOX && c.args[3].count == 1);
    CHECK(c.defects == MP_COMMAND_DEFECT_OPTIONS_BEHIND);

    CHECK(PARSE("a UID FETCH 1 UID (PARTIAL -1:-9 VANISHED CHANGEDSINCE 3)\r\n") == MP_OK && c.count == 6);
    CHECK(c.args[3].number == 3 && c.args[4].kind == MP_ARG_RANGE && c.args[4].count == 1);
    CHECK(c.args[4].span.off == 1 && c.args[4].span.len == 9 && c.args[5].word == MP_WORD_VANISHED);

    static const char append[] = "a APPEND x ~{2}\r\n\0\1 CATENATE (URL y TEXT ~{1}\r\n\0)\r\n";
    CHECK(PARSE(append) == MP_OK && c.count == 7 && c.args[2].number == 1 && c.args[2].span.len == 2);
    CHECK(c.args[4].word == MP_WORD_CATENATE && c.args[4].count == 2 && c.args[5].kind == MP_ARG_TEXT);
    CHECK(c.args[5].word == MP_WORD_URL && c.args[6].word == MP_WORD_TEXT && c.args[6].number == 1);
    static const char nul[] = "a APPEND x {1}\r\n\0\r\n";
    CHECK(PARSE(nul) == MP_E_SYNTAX && err.offset == 16);

    /* nesting is bounded, and links of open lists do not stay behind */
    char deep[400] = "a SELECT x (P ";
    for (int depth = 0; depth < 60; depth++)
        strcat(deep, "(");
    for (int depth = 0; depth < 60; depth++)
        strcat(deep, ")");
    strcat(deep, ")\r\n");
    limits.max_depth = 59;
    CHECK(parse(&c, deep, strlen(deep), &limits, &err) == MP_E_LIMIT);
    limits.max_depth = 60;
    CHECK(parse(&c, deep, strlen(deep), &limits, &err) == MP_OK && c.count == 62);
    for (uint32_t i = 2; i < c.count; i++)
        CHECK(c.args[i].number == 0 && c.args[i].count == c.count - i - 1);
    mp_command_free(&c);
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

static bool announces(const char *text)
{
    size_t len = strlen(text);
    uint8_t *unit = malloc(len ? len : 1);
    memcpy(unit, text, len);
    bool message = mp_command_announces_message(unit, len);
    free(unit);
    return message;
}

static void test_announced_messages(void)
{
    static const char *const messages[] = {
        "a APPEND x {3}\r\n",
        "a append INBOX (\\Seen) {3+}\r\n",
        "a APPEND \"a b\" (\\Seen) \"17-Jul-1996 02:44:25 -0700\" ~{3}\r\n",
        "a APPEND {1}\r\nx {3}\r\n",
        "a APPEND {3}\r\nURL {3}\r\n",
        "a APPEND URL {3}\r\n",
        "a APPEND x UTF8 (~{3}\r\n",
        "a APPEND x {3}\r\nabc (\\Seen) {3}\r\n",
        "a APPEND x CATENATE (URL /x TEXT {3}\r\n",
        "a REPLACE 4 x {3}\r\n",
        "a UID REPLACE 4 x {3}\r\n",
    };
    static const char *const others[] = {
        "",
        "a",
        "a {3}\r\n",
        "{3}\r\n",
        "a APPEND {3}\r\n",
        "a APPEND {3}",
        "a REPLACE 4 {3}\r\n",
        "a UID REPLACE 4 {3}\r\n",
        "a UID {3}\r\n",
        "a APPENDX x {3}\r\n",
        "a LOGIN x {3}\r\n",
        "a APPEND x CATENATE (URL {3}\r\n",
        "a APPEND x CATENATE (TEXT {1}\r\nx url {3}\r\n",
        "a APPEND x",
        "a APPEND x{3}\r\n",
    };
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        CHECK(announces(messages[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CHECK(!announces(others[i]));
}

int main(void)
{
    test_values();
    test_cuts();
    test_memory();
    test_names();
    test_extensions();
    test_lines();
    test_announced_messages();
    return RESULT();
}
