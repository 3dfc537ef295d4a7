/* What a response is: RFC 9051 section 9, response-data and response-tagged up to their names. */
#include "mailproto/imap_response.h"

#include <string.h>

#include "scan.h"
#include "token.h"

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
    NAME("SORT", MP_RESP_SORT), NAME("THREAD", MP_RESP_THREAD), NAME("XLIST", MP_RESP_XLIST),
    NAME("QUOTA", MP_RESP_QUOTA), NAME("QUOTAROOT", MP_RESP_QUOTAROOT), NAME("ACL", MP_RESP_ACL),
    NAME("LISTRIGHTS", MP_RESP_LISTRIGHTS), NAME("MYRIGHTS", MP_RESP_MYRIGHTS), NAME("METADATA", MP_RESP_METADATA),
    NAME("LANGUAGE", MP_RESP_LANGUAGE), NAME("COMPARATOR", MP_RESP_COMPARATOR), NAME("JMAPACCESS", MP_RESP_JMAPACCESS),
    NAME("UIDBATCHES", MP_RESP_UIDBATCHES), NAME("GENURLAUTH", MP_RESP_GENURLAUTH), NAME("URLFETCH", MP_RESP_URLFETCH),
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

#define AT(p) ((uint32_t)((p) - unit))

/* Passes SP; more of them with a defect. */
static const uint8_t *pass_sp(const uint8_t *unit, const uint8_t *p, const uint8_t *end, mp_response_head *head)
{
    const uint8_t *extra = ++p;
    while (p < end && *p == ' ')
        p++;
    if (p != extra)
        mp_defect(&head->defects, MP_DEFECT_EXTRA_SPACE, AT(extra));
    return p;
}

/* The name at p, and its kind. It ends at SP, at a "(" that lacks it, and a status at "[" likewise. */
static const uint8_t *read_name(const uint8_t *unit, const uint8_t *p, const uint8_t *end, const name_entry *table, size_t n,
                                mp_response_head *head)
{
    const uint8_t *name = p, *bracket = NULL;
    for (; p < end && *p != ' ' && *p != '('; p++)
        if (*p == '[' && !bracket)
            bracket = p;
    head->kind = find_name(table, n, name, (size_t)(p - name));
    if (bracket && table == names) {
        uint8_t kind = find_name(names, 5, name, (size_t)(bracket - name));
        if (kind != MP_RESP_UNKNOWN) {
            head->kind = kind;
            p = bracket;
        }
    }
    head->name = (mp_span){AT(name), AT(p) - AT(name)};
    head->rest = AT(p);
    return p;
}

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
    p = pass_sp(unit, p, end, head);
    read_name(unit, p, end, names, sizeof names / sizeof *names, head);
    if (head->kind < MP_RESP_OK || head->kind > MP_RESP_BAD)
        return mp_fail(err, MP_E_SYNTAX, AT(p), "OK, NO or BAD");
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

/* Whether a literal of the unit ends at `at`. What a literal announces is at the end of a line: "{3}" or "{3+}". */
static bool literal_ends_at(const uint8_t *unit, const uint8_t *at)
{
    const uint8_t *line = unit;
    while (line < at) {
        const uint8_t *lf = memchr(line, '\n', (size_t)(at - line));
        if (!lf)
            return false;
        const uint8_t *p = lf;
        if (p > line && p[-1] == '\r')
            p--;
        if (p == line || *--p != '}')
            return false;
        if (p > line && p[-1] == '+')
            p--;
        const uint8_t *digits = p;
        while (digits > line && (mp_char_class[digits[-1]] & MP_C_DIGIT))
            digits--;
        uint64_t size;
        if (digits == line || digits[-1] != '{' ||
            !mp_parse_number(digits, (size_t)(p - digits), (uint64_t)(at - (lf + 1)), &size))
            return false;
        line = lf + 1 + size;
    }
    return line > unit && at[-1] != '\n';
}

mp_status mp_read_response_head(const uint8_t *unit, size_t len, mp_response_head *head, mp_error *err)
{
    memset(head, 0, sizeof *head);
    if (len == 0 || unit[len - 1] != '\n')
        return mp_fail(err, MP_E_SYNTAX, len, "CRLF");
    const uint8_t *end = unit + len - 1;
    if (end > unit && end[-1] == '\r' && !literal_ends_at(unit, end)) /* else the CR is the literal's */
        end--;
    else
        mp_defect(&head->defects, MP_DEFECT_BARE_LF, AT(end));
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
    p = pass_sp(unit, p, end, head);
    const uint8_t *name = p, *digits = p;
    while (digits < end && (mp_char_class[*digits] & MP_C_DIGIT))
        digits++;
    if (digits > p && digits < end && *digits == ' ') {
        uint64_t number;
        if (!mp_parse_number(p, (size_t)(digits - p), UINT32_MAX, &number))
            return mp_fail(err, MP_E_SYNTAX, AT(p), "number");
        head->numbered = true;
        head->number = (uint32_t)number;
        name = pass_sp(unit, digits, end, head);
        p = read_name(unit, name, end, numbered_names, sizeof numbered_names / sizeof *numbered_names, head);
    } else
        p = read_name(unit, name, end, names, sizeof names / sizeof *names, head);
    if (p == digits && p > name) /* "* 9(x)": written again it would be a number before a name */
        return mp_fail(err, MP_E_SYNTAX, AT(p), "SP");
    if (p == name)
        return mp_fail(err, MP_E_SYNTAX, AT(name), "response name");
    for (const uint8_t *q = name; q < p; q++)
        if (!(mp_char_class[*q] & MP_C_ATOM))
            return mp_fail(err, MP_E_SYNTAX, AT(q), "response name");
        else if (*q >= 0x80)
            mp_defect(&head->defects, MP_DEFECT_EIGHT_BIT, AT(q));
    if (head->kind >= MP_RESP_OK && head->kind <= MP_RESP_PREAUTH)
        return MP_OK;
    if (*name == '[' && !head->numbered) {
        head->kind = MP_RESP_OK;
        head->rest = AT(name) - 1;
        mp_defect(&head->defects, MP_DEFECT_MISSING_STATUS, AT(name));
        return MP_OK;
    }
    if (p < end && *p == '(')
        mp_defect(&head->defects, MP_DEFECT_MISSING_SPACE, AT(p));
    if (head->kind == MP_RESP_FETCH && head->number == 0)
        mp_defect(&head->defects, MP_DEFECT_ZERO_SEQ, 2);
    if (head->kind == MP_RESP_UIDFETCH && head->number == 0)
        mp_defect(&head->defects, MP_DEFECT_BAD_UID, 2);
    const uint8_t *text_end = end;
    while (end > p && end[-1] == ' ')
        end--;
    if (end != text_end)
        mp_defect(&head->defects, MP_DEFECT_TRAILING_SPACE, AT(end));
    head->end = AT(end);
    return MP_OK;
}

mp_status mp_build_response_tape(mp_tape *tape, const uint8_t *unit, mp_response_head *head, const mp_limits *limits,
                                 mp_error *err)
{
    mp_status status = mp_tape_build(tape, unit, head->rest, head->line_end, limits, err);
    if (status != MP_OK || tape->n == 0)
        return status;
    if (tape->extra_space != UINT32_MAX)
        mp_defect(&head->defects, MP_DEFECT_EXTRA_SPACE, tape->extra_space);
    if (tape->missing_space != UINT32_MAX)
        mp_defect(&head->defects, MP_DEFECT_MISSING_SPACE, tape->missing_space);
    const mp_token *last = &tape->tok[tape->n - 1];
    if (last->kind != MP_TOK_LIST && last->off + last->len + last->trail > head->end) {
        head->end = last->off + last->len + last->trail;
        if (head->end == head->line_end) {
            head->defects.bits &= ~(uint32_t)MP_DEFECT_TRAILING_SPACE;
            if (head->defects.first == MP_DEFECT_TRAILING_SPACE) { /* what is left is about line ends */
                head->defects.first = head->defects.bits;
                head->defects.at = head->line_end;
            }
        }
    }
    return MP_OK;
}
