/* Response codes: what each kind of argument reads as, and that an argument that does not fit is kept and said to be
 * bad. */
#include "mailproto/imap_code.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

typedef struct expected {
    const char *code; /* between [ and ] */
    uint8_t kind;     /* mp_code_kind    */
    uint64_t number, number2;
    const char *string1, *string2, *set1, *set2; /* NULL: empty */
    uint32_t defects;
} expected;

static bool span_is(const uint8_t *unit, mp_span span, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    return span.len == len && (len == 0 || memcmp(unit + span.off, text, len) == 0);
}

static mp_status_text read_code(const char *code, uint8_t **unit_r)
{
    char line[400];
    int n = snprintf(line, sizeof line, "a NO [%s] the text\r\n", code);
    uint8_t *unit = malloc((size_t)n + MP_PADDING);
    memcpy(unit, line, (size_t)n);
    memset(unit + n, ']', MP_PADDING);
    mp_response_head head;
    mp_status_text text;
    mp_error err;
    CHECK(mp_read_response_head(unit, (size_t)n, &head, &err) == MP_OK && head.kind == MP_RESP_NO);
    CHECK(mp_read_resp_text(unit, &head, &text, &err) == MP_OK);
    CHECK(span_is(unit, text.text, "the text"));
    *unit_r = unit;
    return text;
}

static const expected fitting[] = {
    {"ALERT", MP_CODE_PLAIN, 0, 0, NULL, NULL, NULL, NULL, 0},
    {"alreadyExists", MP_CODE_PLAIN, 0, 0, NULL, NULL, NULL, NULL, 0},
    {"UIDNEXT 4294967295", MP_CODE_NUMBER, 4294967295, 0, NULL, NULL, NULL, NULL, 0},
    {"HIGHESTMODSEQ 9223372036854775807", MP_CODE_NUMBER, INT64_MAX, 0, NULL, NULL, NULL, NULL, 0},
    {"CAPABILITY IMAP4rev1 AUTH=PLAIN", MP_CODE_ATOMS, 0, 0, NULL, NULL, NULL, NULL, 0},
    {"PERMANENTFLAGS (\\Seen \\*)", MP_CODE_FLAGS, 0, 0, NULL, NULL, NULL, NULL, 0},
    {"BADEVENT (MessageNew X)", MP_CODE_WORDS, 0, 0, NULL, NULL, NULL, NULL, 0},
    {"BADCHARSET (UTF-8)", MP_CODE_ASTRINGS, 0, 0, NULL, NULL, NULL, NULL, 0},
    {"BADCHARSET", MP_CODE_ASTRINGS, 0, 0, NULL, NULL, NULL, NULL, 0},
    {"MODIFIED 1,3:5,*", MP_CODE_SET, 0, 0, NULL, NULL, "1,3:5,*", NULL, 0},
    {"APPENDUID 38505 3955", MP_CODE_APPENDUID, 38505, 0, NULL, NULL, "3955", NULL, 0},
    {"COPYUID 38505 304,319:320 3956:3958", MP_CODE_COPYUID, 38505, 0, NULL, NULL, "304,319:320", "3956:3958", 0},
    {"REFERRAL imap://a;AUTH=*@b/c", MP_CODE_TEXT, 0, 0, NULL, NULL, NULL, NULL, 0},
    {"NOUPDATE \"B01\"", MP_CODE_STRING, 0, 0, "B01", NULL, NULL, NULL, 0},
    {"UNDEFINED-FILTER a-name", MP_CODE_STRING, 0, 0, "a-name", NULL, NULL, NULL, 0},
    {"MAILBOXID (F2212ea87-6097_x)", MP_CODE_OBJECTID, 0, 0, "F2212ea87-6097_x", NULL, NULL, NULL, 0},
    {"MAILBOXID F2212", MP_CODE_OBJECTID, 0, 0, "F2212", NULL, NULL, NULL, MP_DEFECT_BAD_VALUE},
    {"URLMECH INTERNAL XSAMPLE=P34OKhO7VEkCbsiYY8rGEg==", MP_CODE_MECHANISMS, 0, 0, NULL, NULL, NULL, NULL, 0},
    {"METADATA LONGENTRIES 2199", MP_CODE_METADATA, 2199, 0, "LONGENTRIES", NULL, NULL, NULL, 0},
    {"METADATA maxsize 1", MP_CODE_METADATA, 1, 0, "maxsize", NULL, NULL, NULL, 0},
    {"METADATA TOOMANY", MP_CODE_METADATA, 0, 0, "TOOMANY", NULL, NULL, NULL, 0},
    {"METADATA NOPRIVATE", MP_CODE_METADATA, 0, 0, "NOPRIVATE", NULL, NULL, NULL, 0},
    {"INPROGRESS", MP_CODE_INPROGRESS, 0, 0, NULL, NULL, NULL, NULL, 0},
    {"INPROGRESS (\"tag\" 454 1000)", MP_CODE_INPROGRESS, 454, 1000, "tag", NULL, NULL, NULL, 0},
    {"INPROGRESS (NIL 454 NIL)", MP_CODE_INPROGRESS, 454, 0, NULL, NULL, NULL, NULL, 0},
    {"MESSAGELIMIT 1000 23221", MP_CODE_MESSAGELIMIT, 1000, 23221, NULL, NULL, NULL, NULL, 0},
    {"MESSAGELIMIT 1000", MP_CODE_MESSAGELIMIT, 1000, 0, NULL, NULL, NULL, NULL, 0},
    {"NEWNAME old \"n e w\"", MP_CODE_MAILBOXES, 0, 0, "old", "n e w", NULL, NULL, 0},
    {"X-MINE any thing (", MP_CODE_RAW, 0, 0, NULL, NULL, NULL, NULL, 0},
};

static const char *const unfit[] = {
    "ALERT x", "UIDNEXT", "UIDNEXT x", "UIDNEXT 18446744073709551616", "PERMANENTFLAGS \\Seen", "CAPABILITY (a)",
    "BADEVENT ((a))", "MODIFIED", "MODIFIED 1,", "MODIFIED a", "APPENDUID 1", "APPENDUID x 1", "APPENDUID 1 2 3",
    "COPYUID 1 2", "COPYUID 1 2 x", "REFERRAL", "NOUPDATE", "NOUPDATE a b", "NOUPDATE (a)", "NOUPDATE NIL", "NOUPDATE A01", "BADEVENT ()", "BADEVENT ( )",
    "MAILBOXID",
    "MAILBOXID (a b)", "MAILBOXID (a+b)", "URLMECH", "URLMECH X", "URLMECH INTERNAL (x)", "METADATA",
    "METADATA \"TOOMANY\"", "METADATA TOOMANY 1", "METADATA LONGENTRIES", "METADATA LONGENTRIES x",
    "METADATA OTHER 1", "INPROGRESS x", "INPROGRESS (\"t\" 1)", "INPROGRESS (\"t\" x 1)", "INPROGRESS (\"t\" 1 2 3)",
    "MESSAGELIMIT", "MESSAGELIMIT 1 x", "MESSAGELIMIT 1 2 3", "NEWNAME a", "NEWNAME a b c",
};

int main(void)
{
    for (size_t i = 0; i < sizeof fitting / sizeof *fitting; i++) {
        const expected *want = &fitting[i];
        uint8_t *unit;
        int before = test_failures;
        mp_status_text got = read_code(want->code, &unit);
        CHECK(got.code == want->kind && got.defects.bits == want->defects);
        CHECK(got.number == want->number && got.number2 == want->number2);
        CHECK(span_is(unit, got.string1.span, want->string1) && span_is(unit, got.string2.span, want->string2));
        CHECK(span_is(unit, got.set1, want->set1) && span_is(unit, got.set2, want->set2));
        if (test_failures != before)
            fprintf(stderr, "  in [%s]\n", want->code);
        free(unit);
    }
    for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++) {
        uint8_t *unit;
        mp_status_text got = read_code(unfit[i], &unit);
        if (got.code != MP_CODE_RAW || !(got.defects.bits & MP_DEFECT_BAD_CODE)) {
            fprintf(stderr, "[%s] is read as kind %d\n", unfit[i], got.code);
            test_failures++;
        }
        free(unit);
    }
    for (size_t i = 0; mp_code_at(i); i++) {
        const mp_code *code = mp_code_at(i);
        CHECK(strlen(code->name) == code->len && mp_code_find((const uint8_t *)code->name, code->len) == code);
    }
    CHECK(mp_code_find((const uint8_t *)"ALER", 4) == NULL);
    return RESULT();
}
