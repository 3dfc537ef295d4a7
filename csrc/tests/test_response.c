/* Responses: every kind of unit in a block of exactly its size and the padding (AddressSanitizer sees a read behind it),
 * with different octets in the padding, cut off at every octet; and each allocation failing in turn. */
#include "mailproto/frame.h"
#include "mailproto/imap_code.h"
#include "mailproto/imap_data.h"

#include <stdlib.h>
#include <string.h>

#include "skip.h"
#include "test.h"

static const char *const units[] = {
    "* OK [CAPABILITY IMAP4rev1 X=Y] caf\xc3\xa9 {5}\r\n",
    "* NO [BADCHARSET (UTF-8 {3}\r\na)b \"c d\")] x\r\n",
    "* OK [COPYUID 1 1:3,5 7:10] done\r\n",
    "* OK [X-OWN \"a]b\" c] text\r\n",
    "+ go on\r\n",
    "* CAPABILITY IMAP4rev1 LITERAL+\r\n",
    "* 4294967295 EXISTS\r\n",
    "* VANISHED (EARLIER) 1:3,5\r\n",
    "* FLAGS (\\Seen \"q\" work)\r\n",
    "* LIST (\\Noselect) \"/\" {4}\r\nab  \r\n",
    "* LIST () NIL a (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n",
    "* STATUS \"a b\" (MESSAGES 3 UIDNEXT 4 X (a b))\r\n",
    "* STATUS a b (MESSAGES 3)\r\n",
    "* QUOTA \"\" (STORAGE 10 512 \"message\" -1 7)\r\n",
    "* QUOTAROOT INBOX a {1}\r\nb\r\n",
    "* ACL INBOX Fred rwipslda \"-Fred\" wetd\r\n",
    "* LISTRIGHTS ~/Mail/saved smith la r swicdkxte\r\n",
    "* MYRIGHTS INBOX rwiptsldaex\r\n",
    "* METADATA \"b\" (/shared/comment {5}\r\na\r\nb. /private/comment NIL)\r\n",
    "* METADATA \"\" /shared/comment /private/comment\r\n",
    "* LANGUAGE (EN \"DE\")\r\n",
    "* COMPARATOR i;basic (i;a i;b)\r\n",
    "* NAMESPACE ((\"\" \"/\")(\"#mh/\" \"\\\\\" \"X\" (\"A\" \"B\"))) NIL ((\"a\" NIL))\r\n",
    "* ID (\"name\" \"x\" \"os\" NIL)\r\n",
    "* JMAPACCESS \"https://example.com\"\r\n",
    "* UIDBATCHES (TAG \"A143\") 215295:99696,99695:20351\r\n",
    "* GENURLAUTH \"imap://joe\" b\r\n",
    "* URLFETCH \"a\" {2}\r\nxy b NIL\r\n",
    "* URLFETCH a (BODYPARTSTRUCTURE (\"TEXT\" (1)) X 1) (BINARY ~{2}\r\nab) b NIL\r\n",
    "* ESEARCH (TAG \"a\" MAILBOX b UIDVALIDITY 1) UID MIN 1 ALL 1:3,5 PARTIAL (-1:-5 NIL) ADDTO (0 1 2 3:4) X (a (b))\r\n",
    "* THREAD (2)(3 6 (4 23)(44 7 96))((1)(5))\r\n",
    "* SEARCH 1 2 3 12345678 123456789 4294967295 (MODSEQ 917)\r\n",
    "* 5 FOO (a \"b\\\"\" {1}\r\nc NIL ~{2}\r\n\001\002 7)\r\n",
    "* 1 FETCH (UID 7 FLAGS (\\Seen) INTERNALDATE \" 1-Jan-2020 10:00:00 +0100\" RFC822.SIZE 1.5e+06 MODSEQ (8))\r\n",
    "* 1 FETCH (ENVELOPE (\"d\" {3}\r\ns\"( ((\"n\" NIL \"m\" \"h\")(NIL NIL NIL NIL)) NIL NIL \"\" NIL NIL NIL \"<i>\"))\r\n",
    "* 1 FETCH (BODYSTRUCTURE ((\"te\\xt\" \"plain\" (\"charset\" \"u\") NIL \"d\" \"7bit\" 3 1 NIL (\"a\" (\"b\" \"c\")) (\"en\" \"fr\") "
    "\"l\" ext (a b))(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 9 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) "
    "(\"a\" \"b\" NIL NIL NIL \"7bit\" 3) 2) \"mixed\" (\"boundary\" \"b\") NIL NIL))\r\n",
    "* 1 FETCH (BODY[HEADER.FIELDS (SUBJECT \"x y\")]<0> {3}\r\nabc BINARY[1.2] ~{1}\r\nx RFC822.TEXT NIL X-Y (a))\r\n",
};
#define UNITS (sizeof units / sizeof *units)

static mp_limits limits;

/* ---- reading everything there is ------------------------------------------------------------------------- */

static void read_lists(const uint8_t *data, const mp_envelope *envelope)
{
    mp_error err;
    for (int i = 0; i < 6; i++) {
        uint32_t at = envelope->lists[i].off + 1;
        mp_defects defects = {0};
        bool found = envelope->lists[i].len > 0;
        mp_address address;
        while (found && mp_read_address(data, &at, envelope->lists[i].off + envelope->lists[i].len, envelope->loose, &address, &found,
                                        &defects, &err) == MP_OK)
            ;
    }
}

static mp_status read_slice(const uint8_t *data, size_t len, mp_alloc alloc)
{
    mp_error err;
    mp_envelope envelope;
    mp_body body;
    uint8_t *copy = malloc(len + MP_PADDING); /* of its own: what follows is not the row's */
    memcpy(copy, data, len);
    memset(copy + len, '(', MP_PADDING);
    if (mp_read_envelope(copy, len, &limits, &envelope, &err) == MP_OK)
        read_lists(copy, &envelope);
    mp_body_init(&body, alloc);
    mp_status status = mp_read_body(&body, copy, len, &limits, &err);
    mp_body_free(&body);
    free(copy);
    return status == MP_E_NOMEM ? status : MP_OK;
}

static mp_status read_row(const uint8_t *unit, const mp_response_head *head, mp_alloc alloc, int *items_r)
{
    mp_error err;
    mp_fetch_scan scan;
    mp_fetch_item item;
    mp_status status = mp_fetch_begin(&scan, unit, head, &limits, &err);
    while (status == MP_OK && (status = mp_fetch_next(&scan, &item, &err)) == MP_OK && item.kind != MP_FETCH_END) {
        ++*items_r;
        uint8_t *name = malloc(item.name.len);
        CHECK(mp_normalise_section(unit, item.name, name) <= item.name.len);
        free(name);
        if (unit[item.value.off] == '(' && (status = read_slice(unit + item.value.off, item.value.len, alloc)) != MP_OK)
            return status;
    }
    CHECK(status == MP_OK || err.offset <= head->end);
    return status;
}

static mp_status read_tape(const uint8_t *unit, mp_response_head *head, mp_alloc alloc)
{
    mp_error err;
    mp_tape tape;
    mp_cursor c;
    mp_mailbox_list row;
    mp_text text;
    mp_list list;
    mp_span span;
    mp_data data;
    mp_defects defects = {0};
    bool earlier;
    mp_data_init(&data, alloc);
    mp_tape_init(&tape, alloc);
    mp_status status = mp_build_response_tape(&tape, unit, head, &limits, &err);
    if (status == MP_OK) {
        mp_cursor_init(&c, unit, head->rest, head->end, &tape, &limits, &err);
        switch (head->kind) {
        case MP_RESP_LIST:
            status = mp_read_mailbox_list(&c, &row);
            break;
        case MP_RESP_FLAGS:
            mp_skip_sp(&c);
            status = mp_read_flag_list(&c, &span, &defects);
            break;
        case MP_RESP_STATUS:
            status = mp_read_status_head(&c, &text, &list, &defects);
            if (status == MP_OK)
                status = mp_read_items(&data, MP_ITEMS_STATUS, &c);
            break;
        case MP_RESP_VANISHED:
            status = mp_read_vanished(&c, &earlier, &span, &defects);
            break;
        default:
            if (mp_has_data(head->kind))
                status = mp_read_data(&data, head->kind, &c);
        }
        CHECK(status == MP_OK || err.offset <= head->end);
    }
    mp_data_free(&data);
    mp_tape_free(&tape);
    return status;
}

static mp_status read_any(const uint8_t *unit, size_t len, mp_alloc alloc)
{
    mp_error err;
    mp_response_head head;
    mp_status_text text;
    int items = 0;
    mp_status status = mp_read_response_head(unit, len, &head, &err);
    if (status != MP_OK) {
        CHECK(err.offset <= len);
        return status;
    }
    if (head.kind == MP_RESP_FETCH) {
        status = read_row(unit, &head, alloc, &items);
        CHECK(status != MP_OK || items > 0);
        return status;
    }
    if (head.kind == MP_RESP_CONTINUATION || (head.kind >= MP_RESP_OK && head.kind <= MP_RESP_PREAUTH))
        return mp_read_resp_text(unit, &head, &text, &err);
    if (head.kind == MP_RESP_THREAD) {
        mp_threads threads;
        mp_threads_init(&threads, alloc);
        status = mp_read_threads(&threads, unit, &head, &limits, &err);
        mp_threads_free(&threads);
        return status;
    }
    if (head.kind == MP_RESP_SEARCH) {
        mp_search search = {.unit = unit, .at = head.rest, .end = head.end};
        uint32_t *pairs = malloc(mp_search_capacity(&search) * 2 * sizeof *pairs);
        size_t count = 0;
        status = mp_read_search(&search, pairs, &count, &err);
        CHECK(count <= mp_search_capacity(&search));
        free(pairs);
        return status;
    }
    return read_tape(unit, &head, alloc);
}

/* ---- the tests ---------------------------------------------------------------------------------------------- */

/* A block of exactly len octets and the padding. */
static uint8_t *exact(const char *text, size_t len, int padding)
{
    uint8_t *block = malloc(len + MP_PADDING);
    memcpy(block, text, len);
    memset(block + len, padding, MP_PADDING);
    return block;
}

static void test_whole(void)
{
    static const int paddings[] = {0, ' ', ')', '(', '"', '5', '\n', '{', 0xff};
    for (size_t i = 0; i < UNITS; i++)
        for (size_t j = 0; j < sizeof paddings / sizeof *paddings; j++) {
            uint8_t *unit = exact(units[i], strlen(units[i]), paddings[j]);
            mp_status status = read_any(unit, strlen(units[i]), mp_alloc_libc());
            if (status != MP_OK)
                fprintf(stderr, "%s", units[i]);
            CHECK(status == MP_OK);
            free(unit);
        }
}

/* Cut off anywhere and given a line end, a unit is another one or an error, whatever stands in the padding. */
static void test_cuts(void)
{
    for (size_t i = 0; i < UNITS; i++)
        for (size_t cut = 0; cut < strlen(units[i]); cut++) {
            char text[1000];
            memcpy(text, units[i], cut);
            memcpy(text + cut, "\r\n", 2);
            mp_status first = MP_OK;
            for (int padding = 0; padding < 3; padding++) {
                uint8_t *unit = exact(text, cut + 2, "\0)9"[padding]);
                mp_status status = read_any(unit, cut + 2, mp_alloc_libc());
                CHECK(padding == 0 || status == first);
                first = status;
                free(unit);
                unit = exact(units[i], cut, "\0)9"[padding]); /* no line end at all */
                CHECK(read_any(unit, cut, mp_alloc_libc()) == MP_E_SYNTAX || (cut && units[i][cut - 1] == '\n'));
                free(unit);
            }
        }
}

/* The spaces at the end of a literal are its own; others are passed over. */
static void test_end_of_line(void)
{
    mp_error err;
    mp_tape tape;
    mp_response_head head;
    mp_tape_init(&tape, mp_alloc_libc());
    static const struct {
        const char *text;
        uint32_t cut, defects;
    } cases[] = {
        {"* LIST () NIL {4}\r\nab  \r\n", 2, 0},
        {"* LIST () NIL {3}\r\nab   \r\n", 4, MP_DEFECT_TRAILING_SPACE},
        {"* LIST () NIL ab  \r\n", 4, MP_DEFECT_TRAILING_SPACE},
        {"* X (a {2}\r\n  )  \r\n", 4, MP_DEFECT_TRAILING_SPACE},
        {"* X\r\n", 2, 0},
        {"* X {3}\r\nab\r\n", 1, MP_DEFECT_BARE_LF}, /* the CR is the literal's */
        {"* X {1+}\na {4}\r\n\r\n\n\r\n", 1, MP_DEFECT_BARE_LF},
        {"* X {2}\r\nab\r\n", 2, 0},
        {"* X {0}\r\n\r\n", 2, 0},
        {"* X {4}\r\n{1}\n\r\n", 2, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = strlen(cases[i].text);
        uint8_t *unit = exact(cases[i].text, len, 0);
        CHECK(mp_read_response_head(unit, len, &head, &err) == MP_OK);
        CHECK(mp_build_response_tape(&tape, unit, &head, &limits, &err) == MP_OK);
        CHECK(head.end == len - cases[i].cut && head.defects.bits == cases[i].defects);
        free(unit);
    }
    mp_tape_free(&tape);
}

static void test_numbers(void)
{
    static const struct {
        const char *text;
        bool legal;
        size_t runs;
    } cases[] = {
        {" 1", true, 1}, {" 1 2 3", true, 1}, {" 3 2 1", true, 3}, {" 4294967295", true, 1}, {" 4294967296", false, 0},
        {" 42949672950", false, 0}, {" 99999999999999999999", false, 0}, {" 0", false, 0}, {" 12345678", true, 1},
        {" 123456789 123456790", true, 1}, {" 00000001", true, 1}, {" 000000000000000000001", true, 1}, {" -1", false, 0},
        {" 1x", false, 0}, {" 4294967295 1", true, 2}, {"", true, 0}, {" 1 (MODSEQ 9223372036854775807)", true, 1},
        {" 1 (MODSEQ 9223372036854775808)", false, 0}, {" (MODSEQ 5)", true, 0}, {" 1 (MODSEQ )", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int padding = 0; padding < 2; padding++) {
            size_t len = strlen(cases[i].text), count = 0;
            uint8_t *text = exact(cases[i].text, len, "9 "[padding]);
            mp_search search = {.unit = text, .at = 0, .end = (uint32_t)len};
            uint32_t *pairs = malloc(mp_search_capacity(&search) * 2 * sizeof *pairs);
            mp_error err;
            /* a number is always followed by an octet that is none: the CR */
            text[len] = '\r';
            mp_status status = mp_read_search(&search, pairs, &count, &err);
            if ((status == MP_OK) != cases[i].legal || (status == MP_OK && count != cases[i].runs))
                fprintf(stderr, "SEARCH%s\n", cases[i].text);
            CHECK((status == MP_OK) == cases[i].legal && (status != MP_OK || count == cases[i].runs));
            free(pairs);
            free(text);
        }
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

static int failures(const char *text, size_t len)
{
    int seen = 0;
    for (int allowed = 0;; allowed++) {
        budget b = {allowed};
        uint8_t *unit = exact(text, len, 0);
        mp_status status = read_any(unit, len, (mp_alloc){scarce_realloc, scarce_free, &b});
        free(unit);
        if (status == MP_OK)
            return seen;
        CHECK(status == MP_E_NOMEM);
        if (++seen > 20)
            return seen;
    }
}

static void test_memory(void)
{
    static char text[20000];
    for (size_t i = 0; i < UNITS; i++)
        CHECK(failures(units[i], strlen(units[i])) <= 4);
    strcpy(text, "* X");
    for (int i = 0; i < 300; i++)
        strcat(text, " (a)");
    strcat(text, "\r\n");
    CHECK(failures(text, strlen(text)) == 5); /* 64, 128, 256, 512, 1024 tokens */
    strcpy(text, "* 1 FETCH (BODY (");
    for (int i = 0; i < 100; i++)
        strcat(text, "(\"a\" \"b\" NIL NIL NIL \"7bit\" 3)");
    strcat(text, " \"mixed\"))\r\n");
    CHECK(failures(text, strlen(text)) == 6); /* 5, 10, 20, 40, 80, 160 parts */
}

static void test_depth(void)
{
    static char text[2000];
    static const uint32_t depths[] = {1, 2, 63, 64, 65, 249};
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        uint32_t depth = depths[i], at = 0;
        memset(text, '(', depth);
        memset(text + depth, ')', depth);
        uint8_t *list = exact(text, 2 * depth, ')');
        mp_error err;
        mp_limits narrow = limits;
        narrow.max_depth = depth;
        CHECK(mp_skip_list(list, &at, 2 * depth, &narrow, &err) == MP_OK && at == 2 * depth);
        narrow.max_depth = depth - 1;
        at = 0;
        CHECK(mp_skip_list(list, &at, 2 * depth, &narrow, &err) == MP_E_LIMIT && err.offset == depth - 1);
        at = 0;
        narrow.max_depth = depth;
        CHECK(mp_skip_list(list, &at, 2 * depth - 1, &narrow, &err) == MP_E_SYNTAX && err.offset == 2 * depth - 1);
        free(list);
    }
}

static bool is_list(const char *text, size_t len)
{
    uint8_t *list = exact(text, len, '(');
    bool result = mp_is_list(list, (uint32_t)len, &limits);
    free(list);
    return result;
}

static bool is_name(const char *text, uint8_t kind)
{
    size_t len = strlen(text);
    uint8_t *name = malloc(len + 1 + MP_PADDING), found = MP_FETCH_END;
    memcpy(name, text, len);
    memset(name + len, ' ', 1 + MP_PADDING);
    bool result = mp_is_item_name(name, (uint32_t)len, &limits, &found);
    free(name);
    return result && found == kind;
}

/* What a server gives a row in wire form. */
static void test_flag_words(void)
{
    static const struct {
        const char *wire, *flag;
    } cases[] = {
        {"\\Seen", "\\Seen"}, {"\"\\Seen\"", "\\Seen"}, {"\"\\\\Seen\"", "\\Seen"}, {"\"a\"", "a"}, {"a", "a"}, {"\"\"", ""},
        {"\"\\\\\"", "\\"}, {"\"a\\\\b\"", "a\\\\b"}, {"\"", "\""}, {"\"a", "\"a"}, {"\\\\a", "\\\\a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = strlen(cases[i].wire);
        uint8_t *unit = exact(cases[i].wire, len, '"');
        uint32_t at = 0;
        mp_span word;
        CHECK(mp_next_word(unit, &at, (uint32_t)len, &word) && at == len);
        word = mp_unquoted_word(unit, word);
        CHECK(word.len == strlen(cases[i].flag) && memcmp(unit + word.off, cases[i].flag, word.len) == 0);
        free(unit);
    }
}

static void test_built(void)
{
#define IS_LIST(TEXT) is_list(TEXT, sizeof TEXT - 1)
    CHECK(IS_LIST("()") && IS_LIST("(a (\"b)\") NIL)") && IS_LIST("({3}\r\na\nb ~{1}\r\n\0)"));
    CHECK(!IS_LIST("") && !IS_LIST("a") && !IS_LIST("(a") && !IS_LIST("(a))") && !IS_LIST("(a) ") && !IS_LIST("(a)(b)"));
    CHECK(!IS_LIST("(\"a)") && !IS_LIST("(\"a\\\")") && !IS_LIST("(\r\n)") && !IS_LIST("(\0)") && !IS_LIST("(\"\0\")"));
    CHECK(!IS_LIST("({9}\r\na)") && !IS_LIST("({1}\na)") && !IS_LIST("({1+}\r\na)") && !IS_LIST("({1}"));
    CHECK(is_name("BODY[]", MP_FETCH_SECTION) && is_name("body[1.HEADER.FIELDS (A \"b c\")]<7>", MP_FETCH_SECTION));
    CHECK(is_name("UID", MP_FETCH_UID) && is_name("BINARY.SIZE[1]", MP_FETCH_BINARY_SIZE) && is_name("X-OWN", MP_FETCH_OTHER));
    CHECK(!is_name("", MP_FETCH_OTHER) && !is_name("BODY[] X", MP_FETCH_SECTION) && !is_name("BODY[", MP_FETCH_SECTION));
    CHECK(!is_name("BODY[]<1", MP_FETCH_SECTION) && !is_name("X (", MP_FETCH_OTHER) && !is_name("BODY[]X", MP_FETCH_SECTION));
}

int main(void)
{
    limits = mp_limits_client();
    test_built();
    test_flag_words();
    test_whole();
    test_cuts();
    test_end_of_line();
    test_numbers();
    test_memory();
    test_depth();
    return RESULT();
}
