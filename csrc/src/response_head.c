/* What a response is, and the status responses: RFC 9051 section 7.1, codes of RFC 3501, 4315, 7162 and others. */
#include "mailproto/imap_response.h"

#include <string.h>

#include "scan.h"
#include "token.h"

static const char *const defect_names[MP_DEFECT_COUNT] = {
    "bare-lf", "trailing-space", "extra-space", "missing-space", "missing-text", "nil-for-string", "8-bit",
    "atom-for-string", "bad-uid", "zero-seq", "zero-modseq", "bad-number", "bad-date", "bad-envelope",
    "bad-body-structure", "missing-status", "bad-code", "unclosed-code", "nil-address", "empty-multipart",
    "missing-subtype", "nul", "bad-flag", "bad-value", "repeated-item", "bare-cr",
};

const char *mp_defect_name(unsigned bit) { return bit < MP_DEFECT_COUNT ? defect_names[bit] : NULL; }

typedef struct name_entry {
    const char *word;
    uint8_t len;
    uint8_t kind;
} name_entry;

#define NAME(word, kind) {word, sizeof(word) - 1, kind}

static const name_entry names[] = {
    NAME("OK", MP_RESP_OK), NAME("NO", MP_RESP_NO), NAME("BAD", MP_RESP_BAD), NAME("BYE", MP_RESP_BYE),
    NAME("PREAUTH", MP_RESP_PREAUTH), NAME("LIST", MP_RESP_LIST), NAME("LSUB", MP_RESP_LSUB),
    NAME("STATUS", MP_RESP_STATUS), NAME("SEARCH", MP_RESP_SEARCH), NAME("ESEARCH", MP_RESP_ESEARCH),
    NAME("FLAGS", MP_RESP_FLAGS), NAME("CAPABILITY", MP_RESP_CAPABILITY), NAME("ENABLED", MP_RESP_ENABLED),
    NAME("VANISHED", MP_RESP_VANISHED), NAME("NAMESPACE", MP_RESP_NAMESPACE), NAME("ID", MP_RESP_ID),
};
static const name_entry numbered_names[] = {
    NAME("FETCH", MP_RESP_FETCH), NAME("EXISTS", MP_RESP_EXISTS), NAME("RECENT", MP_RESP_RECENT),
    NAME("EXPUNGE", MP_RESP_EXPUNGE), NAME("UIDFETCH", MP_RESP_UIDFETCH),
};

static uint8_t find_name(const name_entry *table, size_t n, const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < n; i++)
        if (table[i].len == len && mp_is_word(p, len, table[i].word, len))
            return table[i].kind;
    return MP_RESP_UNKNOWN;
}

static const uint8_t *word(const uint8_t *p, const uint8_t *end)
{
    while (p < end && *p != ' ')
        p++;
    return p;
}

#define AT(p) ((uint32_t)((p) - unit))

static mp_status read_tagged(const uint8_t *unit, const uint8_t *end, mp_response_head *head, mp_error *err)
{
    /* tag = 1*<any ASTRING-CHAR except "+"> */
    const uint8_t *p = unit;
    while (p < end && (mp_char_class[*p] & MP_C_ATOM) && *p != '+' && *p != '*' && *p != '%' && *p != '\\' && *p < 0x80)
        p++;
    if (p == unit || p == end || *p != ' ')
        return mp_fail(err, MP_E_SYNTAX, AT(p), p == unit ? "\"*\", \"+\" or tag" : "SP");
    head->tagged = true;
    head->tag = (mp_span){0, AT(p)};
    const uint8_t *name = ++p;
    p = word(p, end);
    head->kind = find_name(names, 3, name, (size_t)(p - name));
    if (head->kind == MP_RESP_UNKNOWN)
        return mp_fail(err, MP_E_SYNTAX, AT(name), "OK, NO or BAD");
    head->name = (mp_span){AT(name), AT(p) - AT(name)};
    head->rest = AT(p);
    return MP_OK;
}

/* "* 1 FETCH " as every server writes it; anything else takes the long way. */
static bool read_fetch_head(const uint8_t *unit, const uint8_t *end, mp_response_head *head)
{
    const uint8_t *p = unit + 2;
    uint32_t number = 0;
    if (end - unit < 10 || unit[0] != '*' || unit[1] != ' ' || *p == '0')
        return false;
    for (; (unsigned)(*p - '0') <= 9 && p - unit < 11; p++)
        number = number * 10 + (uint32_t)(*p - '0');
    if (p == unit + 2 || end - p < 8 || memcmp(p, " FETCH ", 7) != 0 || end[-1] == ' ')
        return false;
    head->kind = MP_RESP_FETCH;
    head->numbered = true;
    head->number = number;
    head->name = (mp_span){AT(p) + 1, 5};
    head->rest = AT(p) + 6;
    return true;
}

mp_status mp_read_response_head(const uint8_t *unit, size_t len, mp_response_head *head, mp_error *err)
{
    memset(head, 0, sizeof *head);
    if (len == 0 || unit[len - 1] != '\n')
        return mp_fail(err, MP_E_SYNTAX, len, "CRLF");
    const uint8_t *end = unit + len - 1;
    if (end > unit && end[-1] == '\r')
        end--;
    else
        head->defects |= MP_DEFECT_BARE_LF;
    head->end = head->line_end = AT(end);
    if (end == unit)
        return mp_fail(err, MP_E_SYNTAX, 0, "\"*\", \"+\" or tag");
    if (read_fetch_head(unit, end, head))
        return MP_OK;
    const uint8_t *p = unit;
    if (*p == '+' && (end - p == 1 || p[1] == ' ')) {
        head->kind = MP_RESP_CONTINUATION;
        head->rest = 1;
        return MP_OK;
    }
    if (*p != '*')
        return read_tagged(unit, end, head, err);
    if (++p == end || *p != ' ')
        return mp_fail(err, MP_E_SYNTAX, AT(p), "SP");
    p++;
    const uint8_t *name = p;
    p = word(p, end);
    if (p == name)
        return mp_fail(err, MP_E_SYNTAX, AT(name), "response name");
    if ((unsigned)(*name - '0') <= 9 && p < end) {
        const uint8_t *digits = name;
        while (digits < p && (mp_char_class[*digits] & MP_C_DIGIT))
            digits++;
        uint64_t number;
        if (digits == p) {
            if (!mp_parse_number(name, (size_t)(p - name), UINT32_MAX, &number))
                return mp_fail(err, MP_E_SYNTAX, AT(name), "number");
            head->numbered = true;
            head->number = (uint32_t)number;
            name = ++p;
            p = word(p, end);
            if (p == name)
                return mp_fail(err, MP_E_SYNTAX, AT(name), "response name");
        }
    }
    for (const uint8_t *q = name; q < p; q++)
        if (!(mp_char_class[*q] & MP_C_ATOM))
            return mp_fail(err, MP_E_SYNTAX, AT(q), "response name");
    head->name = (mp_span){AT(name), AT(p) - AT(name)};
    head->rest = AT(p);
    head->kind = head->numbered ? find_name(numbered_names, sizeof numbered_names / sizeof *numbered_names, name, (size_t)(p - name))
                                : find_name(names, sizeof names / sizeof *names, name, (size_t)(p - name));
    if (head->kind >= MP_RESP_OK && head->kind <= MP_RESP_PREAUTH)
        return MP_OK;
    if (*name == '[' && !head->numbered) {
        head->kind = MP_RESP_OK;
        head->rest = AT(name) - 1;
        head->defects |= MP_DEFECT_MISSING_STATUS;
        return MP_OK;
    }
    if (head->kind == MP_RESP_FETCH && head->number == 0)
        head->defects |= MP_DEFECT_ZERO_SEQ;
    while (end > p && end[-1] == ' ') {
        end--;
        head->defects |= MP_DEFECT_TRAILING_SPACE;
    }
    head->end = AT(end);
    return MP_OK;
}

mp_status mp_build_response_tape(mp_tape *tape, const uint8_t *unit, mp_response_head *head, const mp_limits *limits,
                                 mp_error *err)
{
    mp_status status = mp_tape_build(tape, unit, head->rest, head->line_end, limits, err);
    if (status != MP_OK || tape->n == 0)
        return status;
    const mp_token *last = &tape->tok[tape->n - 1];
    if (last->kind != MP_TOK_LIST && last->off + last->len + last->trail > head->end) {
        head->end = last->off + last->len + last->trail;
        if (head->end == head->line_end)
            head->defects &= ~(uint32_t)MP_DEFECT_TRAILING_SPACE;
    }
    return MP_OK;
}

/* ---- resp-text --------------------------------------------------------------------------------------- */

typedef struct code_entry {
    const char *word;
    uint8_t len;
    uint8_t kind;
} code_entry;

static const code_entry codes[] = {
    NAME("ALERT", MP_CODE_PLAIN), NAME("ALREADYEXISTS", MP_CODE_PLAIN), NAME("AUTHENTICATIONFAILED", MP_CODE_PLAIN),
    NAME("AUTHORIZATIONFAILED", MP_CODE_PLAIN), NAME("CANNOT", MP_CODE_PLAIN), NAME("CLIENTBUG", MP_CODE_PLAIN),
    NAME("CLOSED", MP_CODE_PLAIN), NAME("COMPRESSIONACTIVE", MP_CODE_PLAIN), NAME("CONTACTADMIN", MP_CODE_PLAIN),
    NAME("CORRUPTION", MP_CODE_PLAIN), NAME("EXPIRED", MP_CODE_PLAIN), NAME("EXPUNGEISSUED", MP_CODE_PLAIN),
    NAME("HASCHILDREN", MP_CODE_PLAIN), NAME("INUSE", MP_CODE_PLAIN), NAME("LIMIT", MP_CODE_PLAIN),
    NAME("NOMODSEQ", MP_CODE_PLAIN), NAME("NONEXISTENT", MP_CODE_PLAIN), NAME("NOPERM", MP_CODE_PLAIN),
    NAME("OVERQUOTA", MP_CODE_PLAIN), NAME("PARSE", MP_CODE_PLAIN), NAME("PRIVACYREQUIRED", MP_CODE_PLAIN),
    NAME("READ-ONLY", MP_CODE_PLAIN), NAME("READ-WRITE", MP_CODE_PLAIN), NAME("SERVERBUG", MP_CODE_PLAIN),
    NAME("TRYCREATE", MP_CODE_PLAIN), NAME("UIDNOTSTICKY", MP_CODE_PLAIN), NAME("UNAVAILABLE", MP_CODE_PLAIN),
    NAME("UNKNOWN-CTE", MP_CODE_PLAIN), NAME("NOTSAVED", MP_CODE_PLAIN), NAME("USEATTR", MP_CODE_PLAIN),
    NAME("UIDNEXT", MP_CODE_NUMBER), NAME("UIDVALIDITY", MP_CODE_NUMBER), NAME("UNSEEN", MP_CODE_NUMBER),
    NAME("HIGHESTMODSEQ", MP_CODE_NUMBER), NAME("CAPABILITY", MP_CODE_ATOMS), NAME("PERMANENTFLAGS", MP_CODE_FLAGS),
    NAME("BADCHARSET", MP_CODE_ASTRINGS), NAME("APPENDUID", MP_CODE_APPENDUID), NAME("COPYUID", MP_CODE_COPYUID),
    NAME("MODIFIED", MP_CODE_SET),
};

static bool is_set(const uint8_t *p, size_t len)
{
    bool digit = false;
    for (size_t i = 0; i < len; i++) {
        if (mp_char_class[p[i]] & MP_C_DIGIT)
            digit = true;
        else if (p[i] == '*')
            digit = true;
        else if ((p[i] == ':' || p[i] == ',') && digit)
            digit = false;
        else
            return false;
    }
    return digit;
}

/* "(" ... ")" with nothing behind it */
static bool is_list(const uint8_t *p, size_t len) { return len >= 2 && p[0] == '(' && p[len - 1] == ')'; }

static bool flat(const uint8_t *p, size_t len)
{
    for (size_t i = 1; i + 1 < len; i++)
        if (p[i] == '(' || p[i] == ')')
            return false;
    return true;
}

/* Fills the code's arguments; false where they do not fit. */
static bool read_code_args(const uint8_t *unit, mp_status_text *t)
{
    const uint8_t *p = unit + t->args.off;
    uint32_t at = t->args.off, end = t->args.off + t->args.len;
    mp_span uidvalidity, extra;
    switch (t->code) {
    case MP_CODE_PLAIN:
        return t->args.len == 0;
    case MP_CODE_NUMBER:
        return mp_parse_number(p, t->args.len, INT64_MAX, &t->number);
    case MP_CODE_ATOMS:
        return flat(p - 1, t->args.len + 2);
    case MP_CODE_FLAGS:
        return is_list(p, t->args.len) && flat(p, t->args.len);
    case MP_CODE_ASTRINGS:
        return t->args.len == 0 || is_list(p, t->args.len);
    case MP_CODE_SET:
        t->set1 = t->args;
        return is_set(p, t->args.len);
    case MP_CODE_APPENDUID:
    case MP_CODE_COPYUID:
        if (!mp_next_word(unit, &at, end, &uidvalidity) ||
            !mp_parse_number(unit + uidvalidity.off, uidvalidity.len, UINT32_MAX, &t->number) ||
            !mp_next_word(unit, &at, end, &t->set1) || !is_set(unit + t->set1.off, t->set1.len))
            return false;
        if (t->code == MP_CODE_COPYUID &&
            (!mp_next_word(unit, &at, end, &t->set2) || !is_set(unit + t->set2.off, t->set2.len)))
            return false;
        return !mp_next_word(unit, &at, end, &extra);
    default:
        return true;
    }
}

/* Where the "]" of the code at p (behind "[") is; NULL if there is none. Only BADCHARSET may hold literals: everywhere
 * else resp-text-code ends at the first one (RFC 9051 section 9), yet servers quote arguments of their own codes. */
static const uint8_t *code_end(const uint8_t *unit, const uint8_t *p, const uint8_t *end)
{
    static const char badcharset[] = "BADCHARSET (";
    if ((size_t)(end - p) >= sizeof badcharset - 1 && mp_is_word(p, sizeof badcharset - 1, badcharset, sizeof badcharset - 1)) {
        const uint8_t *q = p + sizeof badcharset - 1;
        mp_token tok;
        mp_error ignored;
        while (q < end && *q != ')')
            if (*q == ' ')
                q++;
            else if (*q == '(' || mp_lex_token(unit, &q, end, &tok, &ignored) != MP_OK)
                break;
        if (q + 1 < end && *q == ')' && q[1] == ']')
            return q + 1;
    }
    /* a string may hold "]" in the code of an extension; a quote that stays open is only text */
    const uint8_t *q = p;
    while (q < end && *q != ']') {
        mp_token tok;
        mp_error ignored;
        if (*q == '"' && (q[-1] == ' ' || q[-1] == '(')) {
            if (mp_lex_token(unit, &q, end, &tok, &ignored) != MP_OK)
                break;
        } else
            q++;
    }
    return q < end && *q == ']' ? q : memchr(p, ']', (size_t)(end - p));
}

mp_status mp_read_resp_text(const uint8_t *unit, const mp_response_head *head, mp_status_text *t, mp_error *err)
{
    memset(t, 0, sizeof *t);
    const uint8_t *p = unit + head->rest, *end = unit + head->end;
    if (p < end && *p == ' ')
        p++;
    else
        t->defects |= MP_DEFECT_MISSING_TEXT;
    const uint8_t *close;
    if (p < end && *p == '[') {
        if (!(close = code_end(unit, p + 1, end)))
            t->defects |= MP_DEFECT_UNCLOSED_CODE;
        else {
            const uint8_t *name = p + 1;
            for (p = name; p < close && *p != ' ';)
                p++;
            t->name = (mp_span){AT(name), (uint32_t)(p - name)};
            t->code = MP_CODE_RAW;
            for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
                if (codes[i].len == t->name.len && mp_is_word(name, t->name.len, codes[i].word, t->name.len))
                    t->code = codes[i].kind;
            while (p < close && *p == ' ')
                p++;
            const uint8_t *args_end = close;
            while (args_end > p && args_end[-1] == ' ')
                args_end--;
            t->args = (mp_span){AT(p), (uint32_t)(args_end - p)};
            if (!read_code_args(unit, t)) {
                t->code = MP_CODE_RAW;
                t->defects |= MP_DEFECT_BAD_CODE;
            }
            p = close + 1;
            if (p < end && *p == ' ')
                p++;
            else
                t->defects |= p < end ? MP_DEFECT_MISSING_SPACE : MP_DEFECT_MISSING_TEXT;
        }
    }
    t->text = (mp_span){AT(p), (uint32_t)(end - p)};
    if (memchr(p, 0, (size_t)(end - p)))
        t->defects |= MP_DEFECT_NUL;
    if (memchr(p, '\r', (size_t)(end - p)) || memchr(p, '\n', (size_t)(end - p)))
        t->defects |= MP_DEFECT_BARE_CR;
    (void)err;
    return MP_OK;
}
