/* Where in its response a literal stands: see literal_path.h. */
#include "mailproto/literal_path.h"

#include <string.h>

#include "loose.h"
#include "scan.h"
#include "token.h"

enum { VALUE, ITEM_NAME, IN_SECTION, ITEM_VALUE };

void mp_literal_path_begin(mp_literal_path *p)
{
    p->at = 0;
    p->level = 0;
    p->state = VALUE;
    p->item.len = 0;
}

static bool is_fetch(const mp_literal_path *p) { return p->head.kind == MP_RESP_FETCH || p->head.kind == MP_RESP_UIDFETCH; }

static bool is_status(const mp_literal_path *p) { return p->head.kind >= MP_RESP_OK && p->head.kind <= MP_RESP_PREAUTH; }

static bool begin(mp_literal_path *p, const uint8_t *unit, size_t len)
{
    mp_error ignored;
    if (mp_read_response_head(unit, len, &p->head, &ignored) != MP_OK)
        return false;
    p->at = p->head.rest;
    p->index[0] = 0;
    if (is_status(p)) { /* only the list of BADCHARSET holds literals: "[BADCHARSET (" */
        const uint8_t *code = mp_find_code(unit + p->at, unit + len);
        if (!code) {
            p->at = 0;
            return false;
        }
        p->at = (uint32_t)(code - unit) + 12; /* at the "(" */
        p->item = (mp_span){p->at - 11, 10};
    }
    return true;
}

/* A value has ended. */
static void passed(mp_literal_path *p)
{
    if (p->state == ITEM_VALUE && p->level == 1) {
        p->state = ITEM_NAME;
        p->item.len = 0;
    }
    p->index[p->level]++;
}

/* Whether the value of the item is a number: the next item may stand right behind it. */
static bool is_number(const mp_literal_path *p, const uint8_t *unit)
{
    const uint8_t *name = unit + p->item.off, *bracket = memchr(name, '[', p->item.len);
    switch (mp_fetch_kind_of(name, bracket ? (size_t)(bracket - name) : p->item.len, bracket)) {
    case MP_FETCH_UID:
    case MP_FETCH_SIZE:
    case MP_FETCH_BINARY_SIZE:
    case MP_FETCH_GM_MSGID:
    case MP_FETCH_GM_THRID:
        return true;
    default:
        return false;
    }
}

/* The string or literal at unit[*at]. */
static void pass_string(const uint8_t *unit, uint32_t *at, uint32_t end)
{
    const uint8_t *q = unit + *at;
    mp_token tok;
    mp_error ignored;
    if (mp_lex_token(unit, &q, unit + end, &tok, &ignored) != MP_OK)
        q = unit + *at + 1; /* broken: so is the response */
    *at = (uint32_t)(q - unit);
}

/* msg-att item names: atoms with a section behind them, which may hold strings. Stops behind the name, or at `end`. */
static uint32_t pass_name(mp_literal_path *p, const uint8_t *unit, uint32_t at, uint32_t end)
{
    while (at < end) {
        uint8_t c = unit[at];
        if (p->state == ITEM_NAME) {
            if (c == '[')
                p->state = IN_SECTION;
            else if (c == ' ' || c == '(' || c == ')' || c == '"' || c == '{')
                break;
        } else if (c == ']')
            p->state = ITEM_NAME; /* "<0>" may follow */
        else if (c == '"' || c == '{') {
            pass_string(unit, &at, end);
            continue;
        }
        at++;
    }
    if (p->state == ITEM_NAME && at > p->item.off) {
        p->item.len = at - p->item.off;
        p->state = ITEM_VALUE;
    }
    return at;
}

bool mp_literal_path_find(mp_literal_path *p, const uint8_t *unit, size_t len)
{
    if (p->at == 0 && !begin(p, unit, len))
        return false;
    uint32_t end = (uint32_t)len; /* of the announcement, and before it: its "{", or the "~" of a literal8 */
    while (end > p->at && unit[end - 1] != '{')
        end--;
    end -= end > p->at;
    if (end > p->at && unit[end - 1] == '~')
        end--;
    uint32_t at = p->at;
    while (at < end) {
        uint8_t c = unit[at];
        if (p->state == IN_SECTION)
            at = pass_name(p, unit, at, end);
        else if (c == ' ')
            at++;
        else if (c == '(') {
            if (p->level + 1 == MP_PATH_DEPTH)
                return false;
            p->index[++p->level] = 0;
            if (p->level == 1 && is_fetch(p))
                p->state = ITEM_NAME;
            at++;
        } else if (c == ')') {
            if (p->level > 0)
                p->level--;
            passed(p);
            at++;
        } else if (p->state == ITEM_NAME) {
            p->item.off = at;
            at = pass_name(p, unit, at, end);
            if (at == p->item.off)
                at++; /* no name can stand here */
        } else if (c == '"' || c == '{' || (c == '~' && unit[at + 1] == '{')) {
            pass_string(unit, &at, end);
            passed(p);
        } else {
            uint32_t number = p->state == ITEM_VALUE && p->level == 1 && is_number(p, unit)
                                  ? mp_number_end(unit, at, (uint32_t)len) : at;
            if (number > at) {
                at = number;
                passed(p);
                continue;
            }
            while (at < end && (mp_char_class[unit[at]] & MP_C_ATOM))
                at++;
            at += at < end && !(mp_char_class[unit[at]] & MP_C_ATOM) && unit[at] != ' ' && unit[at] != '(' && unit[at] != ')';
            passed(p);
        }
    }
    p->at = end;
    p->in_name = p->state == IN_SECTION;
    p->first = is_fetch(p) ? 2 : is_status(p) ? 1 : 0;
    p->depth = p->level + 1 > p->first ? p->level + 1 - p->first : 0;
    return true;
}
