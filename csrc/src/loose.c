#include "loose.h"

#include "mailproto/imap_response.h"

#include "scan.h"
#include "skip.h"
#include "token.h"

enum { LONGEST_NAME = 13 /* BODYSTRUCTURE */ };

bool mp_starts_item(const uint8_t *unit, uint32_t at, uint32_t end)
{
    uint32_t p = at;
    while (p < end && p - at <= LONGEST_NAME && (mp_char_class[unit[p]] & MP_C_ATOM) && unit[p] != '[')
        p++;
    if (p >= end || p - at > LONGEST_NAME)
        return false;
    uint8_t kind = mp_fetch_kind_of(unit + at, p - at, unit[p] == '[');
    if (kind == MP_FETCH_OTHER)
        return false;
    if (unit[p] == '[')
        return kind == MP_FETCH_SECTION || kind == MP_FETCH_BINARY_SIZE;
    if (unit[p] != ' ' || ++p >= end)
        return false;
    switch (kind) {
    case MP_FETCH_UID:
    case MP_FETCH_SIZE:
    case MP_FETCH_GM_MSGID:
    case MP_FETCH_GM_THRID:
        return mp_char_class[unit[p]] & MP_C_DIGIT;
    case MP_FETCH_SECTION:
    case MP_FETCH_INTERNALDATE:
    case MP_FETCH_PREVIEW:
    case MP_FETCH_SAVEDATE:
        return unit[p] == '"' || unit[p] == '{' || unit[p] == '~' || unit[p] == 'N' || unit[p] == 'n';
    default:
        return unit[p] == '(';
    }
}

uint32_t mp_number_end(const uint8_t *unit, uint32_t at, uint32_t end)
{
    uint32_t p = at;
    while (p < end && (mp_char_class[unit[p]] & MP_C_DIGIT))
        p++;
    return p > at && mp_starts_item(unit, p, end) ? p : at;
}

/* Moves *p behind the literal whose "{" it is at, or behind the "{". */
static void pass_literal(const uint8_t *unit, uint32_t *at, uint32_t end)
{
    const uint8_t *body;
    size_t size;
    mp_error ignored;
    if (mp_lex_literal(unit, unit + *at, unit + end, &body, &size, &ignored) == MP_OK)
        *at = (uint32_t)(body - unit + size);
    else
        ++*at;
}

uint32_t mp_find_item(const uint8_t *unit, uint32_t at, uint32_t end)
{
    for (uint32_t p = at; p < end;) {
        uint8_t before = p ? unit[p - 1] : ' ';
        if ((before == ' ' || before == ')' || before == '(') && mp_starts_item(unit, p, end))
            return p;
        if (unit[p] == '{')
            pass_literal(unit, &p, end);
        else
            p++;
    }
    return end;
}

/* Whether a value may end before `at`: see mp_lex_loose. */
static bool may_follow(const uint8_t *unit, uint32_t at, uint32_t end)
{
    uint32_t p = at;
    while (p < end && unit[p] == ')')
        p++;
    if (p == end)
        return true;
    if (unit[p] == '(')
        return p > at; /* the next of several lists */
    if (unit[p] != ' ')
        return false;
    while (p < end && unit[p] == ' ')
        p++;
    if (p == end)
        return true;
    if (unit[p] == '(') /* a list of strings, of lists or of nothing */
        p++;
    if (p == end || unit[p] == '"' || unit[p] == '(' || unit[p] == '{' || unit[p] == '~' || unit[p] == ')')
        return true;
    uint32_t word = p;
    while (p < end && p - word < 20 && (mp_char_class[unit[p]] & MP_C_DIGIT))
        p++;
    if (p == word && end - p >= 3 && MP_IS(unit + p, 3, "NIL"))
        p += 3;
    if (p > word && (p == end || unit[p] == ' ' || unit[p] == ')'))
        return true;
    return mp_starts_item(unit, word, end);
}

bool mp_lex_loose(const uint8_t *unit, uint32_t at, uint32_t end, mp_loose_string *out)
{
    uint8_t kind = MP_TEXT_QUOTED, high = 0;
    *out = (mp_loose_string){0};
    for (uint32_t p = at + 1; p < end; p++) {
        uint8_t ch = unit[p];
        if (ch == '\r' || ch == '\n' || ch == 0)
            return false;
        high |= ch;
        if (ch == '\\' && p + 1 < end && unit[p + 1] >= ' ') {
            kind = MP_TEXT_QUOTED_ESC;
            p++;
        } else if (ch == '"') {
            if (may_follow(unit, p + 1, end)) {
                out->text = (mp_text){{at + 1, p - at - 1}, kind, high >> 7};
                out->end = p + 1;
                return true;
            }
            if (!out->unescaped)
                out->unescaped = p;
        }
    }
    return false;
}

bool mp_skip_loose_list(const uint8_t *unit, uint32_t *at, uint32_t end, const mp_limits *limits, uint32_t *quote_r)
{
    uint32_t depth = 0;
    *quote_r = 0;
    for (uint32_t p = *at; p < end;) {
        mp_loose_string string;
        switch (unit[p]) {
        case '(':
            if (++depth > limits->max_depth)
                return false;
            p++;
            break;
        case ')':
            p++;
            if (depth == 0)
                return false;
            if (--depth == 0) {
                *at = p;
                return true;
            }
            break;
        case '"':
            if (!mp_lex_loose(unit, p, end, &string))
                return false;
            if (!*quote_r)
                *quote_r = string.unescaped;
            p = string.end;
            break;
        case '{':
            pass_literal(unit, &p, end);
            break;
        case '\r':
        case '\n':
        case 0:
            return false;
        default:
            p++;
        }
    }
    return false;
}
