/* The table of responses: what each reads to, as a line of text; and threads of any shape. */
#include "mailproto/imap_data.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static mp_limits limits;

static uint8_t *exact(const char *text, size_t len)
{
    uint8_t *block = malloc(len + MP_PADDING);
    memcpy(block, text, len);
    memset(block + len, ')', MP_PADDING);
    return block;
}

/* The values as text: lists in brackets, NIL `-`, mailboxes `@`, sets `=`, trees `#`, words and names bare. */
static void show(char *out, const uint8_t *unit, const mp_data *d)
{
    uint32_t left[32];
    size_t open = 0;
    for (uint32_t i = 0; i < d->count; i++) {
        const mp_datum *v = &d->items[i];
        if (out[0] && out[strlen(out) - 1] != '[')
            strcat(out, " ");
        switch (v->kind) {
        case MP_DATUM_LIST:
            strcat(out, "[");
            left[open++] = v->count + 1; /* and itself */
            break;
        case MP_DATUM_NIL:
            strcat(out, "-");
            break;
        case MP_DATUM_NUMBER:
            snprintf(out + strlen(out), 24, "%lld", (long long)v->number);
            break;
        case MP_DATUM_TREE:
            strcat(out, "#");
            break;
        default:
            strcat(out, v->kind == MP_DATUM_MAILBOX ? "@" : v->kind == MP_DATUM_SET ? "=" : v->kind == MP_DATUM_STRING ? "'" : "");
            strncat(out, (const char *)unit + v->text.span.off, v->text.span.len);
        }
        while (open && --left[open - 1] == 0) {
            strcat(out, "]");
            open--;
        }
    }
    CHECK(open == 0);
}

static const struct {
    const char *line, *values;
    uint32_t form, defects;
} cases[] = {
    {"QUOTA \"\" (STORAGE 10 512 MESSAGE -1 7)", "' [[STORAGE 10 512] [MESSAGE - 7]]", 0, MP_DEFECT_BAD_NUMBER},
    {"QUOTA a ()", "'a []", 0, 0},
    {"QUOTA a NIL", "'a -", 0, MP_DEFECT_BAD_VALUE},
    {"QUOTAROOT INBOX a \"b\"", "@INBOX ['a 'b]", 0, 0},
    {"ACL INBOX a lr b w", "@INBOX [['a lr] ['b w]]", 0, 0},
    {"LISTRIGHTS INBOX a l r s", "@INBOX 'a l [r s]", 0, 0},
    {"MYRIGHTS INBOX lr", "@INBOX lr", 0, 0},
    {"METADATA INBOX (/a \"x\" /b NIL)", "@INBOX [[/a 'x] [/b -]]", 0, 0},
    {"METADATA INBOX /a /b", "@INBOX [/a /b]", 1, 0},
    {"LANGUAGE (DE)", "[DE]", 0, 0},
    {"COMPARATOR a", "a -", 0, 0},
    {"COMPARATOR a (b c)", "a [b c]", 0, 0},
    {"NAMESPACE ((\"\" \"/\")(\"a\" NIL \"X\" (1))) NIL ()", "[[@ '/ []] [@a - [[X #]]]] - []", 0, 0},
    {"NAMESPACE NIL", "- - -", 0, MP_DEFECT_BAD_VALUE},
    {"ID (\"a\" \"b\" \"c\" NIL)", "[['a 'b] ['c -]]", 0, 0},
    {"ID NIL", "-", 0, 0},
    {"JMAPACCESS \"u\"", "'u", 0, 0},
    {"UIDBATCHES (TAG \"A\") 9:5,4:1", "[[TAG 'A]] =9:5,4:1", 0, 0},
    {"GENURLAUTH a b", "['a 'b]", 0, 0},
    {"URLFETCH a NIL b \"c\"", "[['a -] ['b 'c]]", 0, 0},
    {"URLFETCH a (BODY \"x\") (Y (z)) b (Z 1)", "[['a [[BODY 'x] [Y #]]] ['b [[Z #]]]]", 0, 0},
    {"ESEARCH (TAG \"a\" X 1) UID min 1 ALL 1:3 Y z", "[[TAG 'a] [X #]] 1 [[min 1] [ALL =1:3] [Y #]]", 0, 0},
    {"ESEARCH PARTIAL (-1:-9 NIL) ADDTO (0 1 2 3:4) RELEVANCY (5 6)",
     "- 0 [[PARTIAL [-1 -9] -] [ADDTO [[0 =1] [2 =3:4]]] [RELEVANCY [5 6]]]", 0, 0},
    {"ESEARCH ADDTO (0 1 2 (x)) COUNT (1) MAX 2", "- 0 [[ADDTO #] [COUNT #] [MAX 2]]", 0, MP_DEFECT_BAD_VALUE},
    {"ESEARCH", "- 0 []", 0, 0},
};

/* A unit with what reads it: its head, its tape, and the cursor behind the head. */
typedef struct reading {
    uint8_t *unit;
    mp_response_head head;
    mp_tape tape;
    mp_cursor c;
    mp_error err;
    mp_data d;
} reading;

static void begin(reading *r, const char *line, size_t len)
{
    r->unit = exact(line, len);
    mp_tape_init(&r->tape, mp_alloc_libc());
    mp_data_init(&r->d, mp_alloc_libc());
    CHECK(mp_read_response_head(r->unit, len, &r->head, &r->err) == MP_OK);
    CHECK(mp_build_response_tape(&r->tape, r->unit, &r->head, &limits, &r->err) == MP_OK);
    mp_cursor_init(&r->c, r->unit, r->head.rest, r->head.end, &r->tape, &limits, &r->err);
}

static void end(reading *r)
{
    mp_data_free(&r->d);
    mp_tape_free(&r->tape);
    free(r->unit);
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[300], shown[300] = "";
        size_t len = (size_t)snprintf(line, sizeof line, "* %s\r\n", cases[i].line);
        reading r;
        begin(&r, line, len);
        CHECK(mp_has_data(r.head.kind));
        CHECK(mp_read_data(&r.d, r.head.kind, &r.c) == MP_OK);
        show(shown, r.unit, &r.d);
        if (strcmp(shown, cases[i].values) != 0)
            fprintf(stderr, "%s: %s\n", cases[i].line, shown);
        CHECK(strcmp(shown, cases[i].values) == 0);
        CHECK(r.d.form == cases[i].form && r.d.defects.bits == cases[i].defects);
        end(&r);
    }
}

/* A value that does not fit, behind so many that the memory is full when it is found: what is read instead has room. */
static void test_full(void)
{
    static const char *const shapes[][2] = {
        {"* ESEARCH RELEVANCY (1", ") MIN x COUNT 3\r\n"},
        {"* ESEARCH ADDTO (0 1", ") MIN (x) COUNT 3\r\n"},
        {"* ESEARCH (TAG \"a\" X 1", ") MIN NIL COUNT 3\r\n"},
        {"* URLFETCH \"u\" (X 1", ") (BINARY x)\r\n"},
    };
    for (size_t shape = 0; shape < sizeof shapes / sizeof *shapes; shape++)
        for (size_t n = 0; n < 140; n++) {
            char line[600];
            size_t len = (size_t)snprintf(line, sizeof line, "%s", shapes[shape][0]);
            for (size_t i = 0; i < n; i++)
                len += (size_t)snprintf(line + len, sizeof line - len, " 5");
            len += (size_t)snprintf(line + len, sizeof line - len, "%s", shapes[shape][1]);
            reading r;
            begin(&r, line, len);
            CHECK(mp_has_data(r.head.kind));
            mp_status status = mp_read_data(&r.d, r.head.kind, &r.c);
            CHECK(status == MP_OK || status == MP_E_SYNTAX);
            CHECK(r.d.count <= r.d.room);
            end(&r);
        }
}

static void test_items(void)
{
    static const char line[] = "* X (MESSAGES 5 mailboxid (F1) APPENDLIMIT NIL Y (a) MAILBOXID x Z)\r\n";
    char shown[200] = "";
    mp_list list;
    reading r;
    begin(&r, line, sizeof line - 1);
    CHECK(!mp_has_data(r.head.kind));
    CHECK(mp_read_data(&r.d, r.head.kind, &r.c) == MP_E_SYNTAX && r.c.pos == r.head.rest);
    CHECK(mp_read_sp(&r.c) == MP_OK && mp_read_open(&r.c, &list) == MP_OK);
    CHECK(mp_read_items(&r.d, MP_ITEMS_STATUS, &r.c) == MP_OK && mp_read_close(&r.c, &list) == MP_OK);
    show(shown, r.unit, &r.d);
    CHECK(strcmp(shown, "[[MESSAGES 5] [mailboxid F1] [APPENDLIMIT -] [Y #] [MAILBOXID #]]") == 0);
    CHECK(r.d.defects.bits == MP_DEFECT_BAD_VALUE);
    end(&r);
}

static void test_threads(void)
{
    static const struct {
        const char *line, *written;
        uint32_t defects;
    } threads[] = {
        {"* THREAD (2)(3 6 (4 23)(44 7 96))\r\n", "(2)(3 6 (4 23)(44 7 96))", 0},
        {"* THREAD ((1)(2))\r\n", "((1)(2))", 0},
        {"* THREAD (1 ((2)(3)))\r\n", "(1 ((2)(3)))", 0},
        {"* THREAD (1 (2))\r\n", "(1 2)", MP_DEFECT_BAD_VALUE},
        {"* THREAD ((1))\r\n", "((1))", 0},
        {"* THREAD (1(2)(3))\r\n", "(1 (2)(3))", MP_DEFECT_MISSING_SPACE},
        {"* THREAD ( 1  2 )\r\n", "(1 2)", MP_DEFECT_EXTRA_SPACE},
        {"* THREAD (1 (()))\r\n", "(1)", MP_DEFECT_BAD_VALUE},
        {"* THREAD\r\n", "", 0},
    };
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        size_t len = strlen(threads[i].line);
        uint8_t *unit = exact(threads[i].line, len), *out;
        uint32_t *scratch;
        mp_response_head head;
        mp_error err;
        mp_threads t;
        mp_threads_init(&t, mp_alloc_libc());
        CHECK(mp_read_response_head(unit, len, &head, &err) == MP_OK && head.kind == MP_RESP_THREAD);
        CHECK(mp_read_threads(&t, unit, &head, &limits, &err) == MP_OK && mp_threads_valid(t.nodes, t.count));
        scratch = malloc(3 * t.count * sizeof *scratch + 1);
        out = malloc(13 * (size_t)t.count + 1);
        out[mp_write_threads(t.nodes, t.count, scratch, out)] = 0;
        CHECK(strcmp((const char *)out, threads[i].written) == 0 && t.defects.bits == threads[i].defects);
        mp_threads_free(&t);
        free(scratch);
        free(out);
        free(unit);
    }
}

int main(void)
{
    limits = mp_limits_client();
    test_rows();
    test_full();
    test_items();
    test_threads();
    return RESULT();
}
