/* FETCH rows, scanned straight from the octets: RFC 9051 section 7.5.2, RFC 3516, 7162, 8474, 8514, 8970, 9586 and
 * Google's X-GM-EXT-1. */
#include "mailproto/imap_response.h"

#include <string.h>

#include "flag_list.h"
#include "loose.h"
#include "scan.h"
#include "section.h"
#include "skip.h"
#include "token.h"
#include "values.h"

/* Where a bad item is given up, the search for the next one is linear; so is a row full of them, for only so many are. */
enum { REPAIRS = 8 };

mp_status mp_fetch_begin(mp_fetch_scan *s, const uint8_t *unit, const mp_response_head *head, const mp_limits *limits,
                         mp_error *err)
{
    *s = (mp_fetch_scan){.unit = unit, .at = head->rest, .end = head->end, .limits = limits};
    while (s->at < s->end && unit[s->at] == ' ')
        s->at++;
    if (s->at == s->end || unit[s->at] != '(')
        return mp_fail(err, MP_E_SYNTAX, s->at, "\"(\"");
    if (s->at != head->rest + 1)
        mp_defect(&s->defects, s->at == head->rest ? MP_DEFECT_MISSING_SPACE : MP_DEFECT_EXTRA_SPACE, head->rest);
    s->at++;
    return MP_OK;
}

uint8_t mp_fetch_kind_of(const uint8_t *p, size_t len, bool section)
{
#define IS(WORD, KIND)      \
    if (MP_IS(p, len, WORD)) \
        return KIND;
    if (section) {
        IS("BODY", MP_FETCH_SECTION)
        IS("BINARY", MP_FETCH_SECTION)
        IS("BINARY.SIZE", MP_FETCH_BINARY_SIZE)
        return MP_FETCH_OTHER;
    }
    switch (len) {
    case 3:
        IS("UID", MP_FETCH_UID)
        break;
    case 4:
        IS("BODY", MP_FETCH_BODY)
        break;
    case 5:
        IS("FLAGS", MP_FETCH_FLAGS)
        break;
    case 6:
        IS("MODSEQ", MP_FETCH_MODSEQ)
        IS("RFC822", MP_FETCH_SECTION)
        break;
    case 7:
        IS("EMAILID", MP_FETCH_EMAILID)
        IS("PREVIEW", MP_FETCH_PREVIEW)
        break;
    case 8:
        IS("ENVELOPE", MP_FETCH_ENVELOPE)
        IS("THREADID", MP_FETCH_THREADID)
        IS("SAVEDATE", MP_FETCH_SAVEDATE)
        break;
    case 10:
        IS("X-GM-MSGID", MP_FETCH_GM_MSGID)
        IS("X-GM-THRID", MP_FETCH_GM_THRID)
        break;
    case 11:
        IS("RFC822.SIZE", MP_FETCH_SIZE)
        IS("RFC822.TEXT", MP_FETCH_SECTION)
        IS("X-GM-LABELS", MP_FETCH_GM_LABELS)
        break;
    case 12:
        IS("INTERNALDATE", MP_FETCH_INTERNALDATE)
        break;
    case 13:
        IS("BODYSTRUCTURE", MP_FETCH_BODYSTRUCTURE)
        IS("RFC822.HEADER", MP_FETCH_SECTION)
        break;
    default:
        break;
    }
#undef IS
    return MP_FETCH_OTHER;
}

/* Whether an item may end at `at`: at a space, the row's end, or the name of the next one. */
static bool ends_item(const mp_fetch_scan *s, uint32_t at)
{
    return at >= s->end || s->unit[at] == ' ' || s->unit[at] == ')' || mp_starts_item(s->unit, at, s->end);
}

/* nstring, literal8 or an atom by mistake */
static mp_status read_text(mp_fetch_scan *s, mp_fetch_item *item, mp_error *err)
{
    const uint8_t *p = s->unit + s->at;
    mp_token tok;
    if (s->unit[s->at] == '(') {
        item->kind = MP_FETCH_OTHER;
        mp_defect(&s->defects, MP_DEFECT_BAD_VALUE, s->at);
        return mp_skip_list(s->unit, &s->at, s->end, s->limits, err);
    }
    mp_status status = mp_lex_token(s->unit, &p, s->unit + s->end, &tok, err);
    if (s->unit[s->at] == '"' && (status != MP_OK || !ends_item(s, (uint32_t)(p - s->unit))) &&
        s->repairs++ < REPAIRS) {
        mp_loose_string loose;
        if (mp_lex_loose(s->unit, s->at, s->end, &loose)) {
            if (loose.unescaped)
                mp_defect(&s->defects, MP_DEFECT_UNESCAPED_QUOTE, loose.unescaped);
            s->at = loose.end;
            item->text = loose.text;
            return MP_OK;
        }
    }
    if (status != MP_OK)
        return status;
    s->at = (uint32_t)(p - s->unit);
    item->text = mp_text_of(&tok);
    mp_check_high(s->unit, &tok, &s->defects);
    /* literal8 is for what is decoded: msg-att-static, RFC 9051 section 9 */
    if (tok.kind == MP_TOK_LITERAL8 && (item->kind != MP_FETCH_SECTION || mp_upper(s->unit[item->name.off + 1]) != 'I'))
        mp_defect(&s->defects, MP_DEFECT_BAD_VALUE, tok.off - tok.lead);
    if (tok.kind == MP_TOK_ATOM) {
        if (MP_IS(s->unit + tok.off, tok.len, "NIL")) {
            item->text.kind = MP_TEXT_NIL;
            item->absent = true;
        } else
            mp_defect(&s->defects, MP_DEFECT_ATOM_STRING, tok.off);
    }
    return MP_OK;
}

/* date-time; nil where `or_nil`. Whether it is one is for mp_parse_date_time to say.       RFC 9051 section 9, RFC 8514 */
static mp_status read_date(mp_fetch_scan *s, mp_fetch_item *item, bool or_nil, mp_error *err)
{
    enum { LEN = 26 }; /* every date-time is as long */
    uint32_t from = s->at;
    mp_status status = read_text(s, item, err);
    if (status == MP_OK && (item->text.kind != MP_TEXT_QUOTED || item->text.span.len != LEN) && !(item->absent && or_nil))
        mp_defect(&s->defects, MP_DEFECT_BAD_DATE, from);
    return status;
}

/* 1869310 for 1.86931e+06: a size that went through a floating-point number. False for anything else. */
static bool read_float(const uint8_t *p, size_t len, uint64_t *out_r)
{
    uint64_t value = 0;
    int scale = 0, exponent = 0;
    size_t i = 0;
    bool point = false;
    for (; i < len && p[i] != 'e' && p[i] != 'E'; i++) {
        if (p[i] == '.' && !point) {
            point = true;
            continue;
        }
        unsigned digit = (unsigned)p[i] - '0';
        if (digit > 9 || value > UINT64_C(100000000000000))
            return false;
        value = value * 10 + digit;
        scale += point;
    }
    if (i == 0 || i + 1 >= len)
        return false;
    i += p[i + 1] == '+' ? 2 : 1;
    if (i >= len || len - i > 2)
        return false;
    for (; i < len; i++) {
        unsigned digit = (unsigned)p[i] - '0';
        if (digit > 9)
            return false;
        exponent = exponent * 10 + (int)digit;
    }
    if (exponent < scale || exponent - scale > 9)
        return false;
    for (; scale < exponent; scale++)
        value *= 10;
    if (value > INT64_MAX)
        return false;
    *out_r = value;
    return true;
}

/* A number that stands alone. What is none leaves the item absent, with `defect`. */
static mp_status read_number(mp_fetch_scan *s, mp_fetch_item *item, uint64_t max, uint32_t defect, mp_error *err)
{
    uint32_t from = s->at;
    const uint8_t *p = s->unit + from, *end = s->unit + s->end;
    uint64_t value = 0;
    while (p < end && (mp_char_class[*p] & MP_C_DIGIT) && p - (s->unit + from) < 18)
        value = value * 10 + (uint64_t)(*p++ - '0');
    if (p < end && (*p == ' ' || *p == ')') && p != s->unit + from && value <= max) {
        item->number = value;
        s->at = (uint32_t)(p - s->unit);
        return MP_OK;
    }
    s->at = mp_number_end(s->unit, from, s->end); /* the next item may stand right behind it */
    if (s->at == from) {
        mp_status status = mp_skip_value(s->unit, &s->at, s->end, s->limits, err);
        if (status != MP_OK)
            return status;
    }
    if (mp_parse_number(s->unit + from, s->at - from, max, &item->number))
        return MP_OK;
    mp_defect(&s->defects, defect, from);
    item->absent = defect == MP_DEFECT_BAD_UID || !read_float(s->unit + from, s->at - from, &item->number);
    return MP_OK;
}

/* fetch-mod-resp = "MODSEQ" SP "(" permsg-modsequence ")"                           RFC 7162 section 7 */
static mp_status read_modseq(mp_fetch_scan *s, mp_fetch_item *item, mp_error *err)
{
    const uint8_t *unit = s->unit;
    uint32_t from = s->at, p = from;
    mp_status status = mp_skip_value(unit, &s->at, s->end, s->limits, err);
    if (status != MP_OK)
        return status;
    uint32_t end = s->at;
    if (unit[p] == '(') {
        p++;
        end--;
        while (p < end && unit[p] == ' ')
            p++;
        while (end > p && unit[end - 1] == ' ')
            end--;
        if (p != from + 1 || end != s->at - 1)
            mp_defect(&s->defects, MP_DEFECT_EXTRA_SPACE, from + 1);
    } else
        mp_defect(&s->defects, MP_DEFECT_BAD_VALUE, from);
    if (!mp_parse_number(unit + p, end - p, INT64_MAX, &item->number)) {
        uint32_t digits = p;
        while (digits < end && (mp_char_class[unit[digits]] & MP_C_DIGIT))
            digits++;
        /* over 2^63 - 1 cannot be compared with anything a client may send back */
        if (digits == end && digits > p) {
            s->refused = true;
            return mp_fail(err, MP_E_SYNTAX, p, "mod-sequence-value");
        }
        item->absent = true;
        mp_defect(&s->defects, MP_DEFECT_BAD_NUMBER, p);
        return MP_OK;
    }
    if (item->number == 0)
        mp_defect(&s->defects, MP_DEFECT_ZERO_MODSEQ, p);
    return MP_OK;
}

/* "(" objectid ")", without parentheses by mistake; nil where `or_nil`              RFC 8474 section 7 */
static mp_status read_objectid(mp_fetch_scan *s, mp_fetch_item *item, bool or_nil, mp_error *err)
{
    const uint8_t *unit = s->unit;
    uint32_t from = s->at, p = from;
    mp_status status = mp_skip_value(unit, &s->at, s->end, s->limits, err);
    if (status != MP_OK)
        return status;
    uint32_t end = s->at;
    if (MP_IS(unit + p, end - p, "NIL")) {
        item->absent = true;
        if (!or_nil)
            mp_defect(&s->defects, MP_DEFECT_BAD_VALUE, from);
        return MP_OK;
    }
    bool list = unit[p] == '(';
    if (list) {
        p++;
        end--;
    } else
        mp_defect(&s->defects, MP_DEFECT_BAD_VALUE, from);
    if (unit[p] == '"' && end - p > 2) { /* a string instead of an atom */
        mp_defect(&s->defects, MP_DEFECT_BAD_VALUE, p);
        p++;
        end--;
    }
    for (uint32_t i = p; i < end; i++)
        if (!(mp_char_class[unit[i]] & MP_C_ATOM) || unit[i] >= 0x80) {
            item->kind = MP_FETCH_OTHER;
            mp_defect(&s->defects, MP_DEFECT_BAD_VALUE, i);
            return MP_OK;
        }
    item->absent = end == p;
    if (!mp_is_objectid(unit + p, end - p))
        mp_defect(&s->defects, MP_DEFECT_BAD_VALUE, from);
    item->text = (mp_text){{p, end - p}, MP_TEXT_ATOM, 0};
    return MP_OK;
}

/* A list, kept whole; NIL and anything else leave the item absent. */
static mp_status read_list(mp_fetch_scan *s, mp_fetch_item *item, uint32_t defect, mp_error *err)
{
    if (s->unit[s->at] == '(')
        return mp_skip_list(s->unit, &s->at, s->end, s->limits, err);
    item->absent = true;
    mp_defect(&s->defects, defect, s->at);
    return mp_skip_value(s->unit, &s->at, s->end, s->limits, err);
}

/* A list that is not to the letter. One that has strings or other lists in it, or that does not end, ends before the next
 * item that is known. */
static mp_status read_odd_flags(mp_fetch_scan *s, mp_fetch_item *item, mp_error *err)
{
    const uint8_t *p = s->unit + s->at, *end = s->unit + s->end;
    uint32_t from = s->at;
    if (*p == '(') {
        do
            p++;
        while (p < end && ((mp_char_class[*p] & MP_C_ATOM) || *p == ' '));
        if ((p == end || *p == '(') && s->repairs++ < REPAIRS) {
            uint32_t next = mp_find_item(s->unit, s->at, s->end);
            if (next < s->end || p == end) {
                mp_defect(&s->defects, MP_DEFECT_UNBALANCED, next);
                s->at = next < s->end && s->unit[next - 1] == ' ' ? next - 1 : next;
                return MP_OK;
            }
        }
    }
    mp_status status = read_list(s, item, MP_DEFECT_BAD_VALUE, err);
    if (status == MP_OK && !item->absent)
        mp_check_flags(s->unit, (mp_span){from, s->at - from}, MP_FLAG, &s->defects);
    return status;
}

/* "(" [flag-fetch *(SP flag-fetch)] ")"                                             RFC 9051 section 9 */
static mp_status read_flags(mp_fetch_scan *s, mp_fetch_item *item, mp_error *err)
{
    const uint8_t *p = s->unit + s->at;
    if (*p != '(' || s->limits->max_depth == 0 || !(p = mp_scan_flags(p)) || p >= s->unit + s->end)
        return read_odd_flags(s, item, err);
    s->at = (uint32_t)(p + 1 - s->unit);
    return MP_OK;
}

/* An item's name as nearly every server writes it, with one space and its value behind it. Returns the name's length, 0
 * where it is anything else. */
static uint32_t common_item(const uint8_t *p, uint8_t *kind_r)
{
#define MP_ITEM(NAME, KIND)                                            \
    if (memcmp(p, NAME " ", sizeof NAME) == 0) {                       \
        *kind_r = KIND;                                                \
        return p[sizeof NAME] != ' ' ? (uint32_t)sizeof NAME - 1 : 0;  \
    }
    switch (*p) {
    case 'U':
        MP_ITEM("UID", MP_FETCH_UID)
        break;
    case 'F':
        MP_ITEM("FLAGS", MP_FETCH_FLAGS)
        break;
    case 'M':
        MP_ITEM("MODSEQ", MP_FETCH_MODSEQ)
        break;
    case 'R':
        MP_ITEM("RFC822.SIZE", MP_FETCH_SIZE)
        break;
    case 'I':
        MP_ITEM("INTERNALDATE", MP_FETCH_INTERNALDATE)
        break;
    case 'E':
        MP_ITEM("ENVELOPE", MP_FETCH_ENVELOPE)
        break;
    case 'B':
        MP_ITEM("BODYSTRUCTURE", MP_FETCH_BODYSTRUCTURE)
        break;
    default:
        break;
    }
#undef MP_ITEM
    return 0;
}

static void skip_sp(mp_fetch_scan *s, uint32_t wanted)
{
    uint32_t from = s->at;
    while (s->at < s->end && s->unit[s->at] == ' ')
        s->at++;
    if (s->at - from != wanted)
        mp_defect(&s->defects, s->at - from > wanted ? MP_DEFECT_EXTRA_SPACE : MP_DEFECT_MISSING_SPACE, from);
}

/* At a ")": true if the row ends there. The end of a group that should not be one, and one too many, are passed over. */
static bool at_row_end(mp_fetch_scan *s)
{
    uint32_t p = s->at + 1;
    if (p == s->end && s->groups == 0)
        return true;
    mp_defect(&s->defects, MP_DEFECT_UNBALANCED, s->at);
    if (s->groups)
        s->groups--;
    while (p < s->end && (s->unit[p] == ')' || s->unit[p] == ' '))
        p++;
    s->at = p;
    return p == s->end;
}

/* The value of a known kind, from s->at on. */
static mp_status read_value(mp_fetch_scan *s, mp_fetch_item *item, mp_error *err)
{
    uint32_t value = s->at;
    mp_status status;
    switch (item->kind) {
    case MP_FETCH_UID:
        status = read_number(s, item, UINT32_MAX, MP_DEFECT_BAD_UID, err);
        if (status == MP_OK && !item->absent && item->number == 0) {
            item->absent = true;
            mp_defect(&s->defects, MP_DEFECT_BAD_UID, value);
        }
        return status;
    case MP_FETCH_SIZE:
    case MP_FETCH_BINARY_SIZE:
        return read_number(s, item, INT64_MAX, MP_DEFECT_BAD_NUMBER, err);
    case MP_FETCH_GM_MSGID:
    case MP_FETCH_GM_THRID:
        return read_number(s, item, UINT64_MAX, MP_DEFECT_BAD_NUMBER, err);
    case MP_FETCH_MODSEQ:
        return read_modseq(s, item, err);
    case MP_FETCH_FLAGS:
        return read_flags(s, item, err);
    case MP_FETCH_ENVELOPE:
        return read_list(s, item, MP_DEFECT_BAD_ENVELOPE, err);
    case MP_FETCH_BODY:
    case MP_FETCH_BODYSTRUCTURE:
        return read_list(s, item, MP_DEFECT_BAD_BODY, err);
    case MP_FETCH_GM_LABELS:
        return read_list(s, item, MP_DEFECT_BAD_VALUE, err);
    case MP_FETCH_INTERNALDATE:
        return read_date(s, item, false, err);
    case MP_FETCH_SAVEDATE:
        return read_date(s, item, true, err);
    case MP_FETCH_SECTION:
    case MP_FETCH_PREVIEW:
        return read_text(s, item, err);
    case MP_FETCH_EMAILID:
        return read_objectid(s, item, false, err);
    case MP_FETCH_THREADID:
        return read_objectid(s, item, true, err);
    default:
        return mp_skip_value(s->unit, &s->at, s->end, s->limits, err);
    }
}

/* The name, and the space behind it. */
static mp_status read_name(mp_fetch_scan *s, mp_fetch_item *item, mp_error *err)
{
    const uint8_t *unit = s->unit;
    uint32_t from = s->at, p = from, known = common_item(unit + from, &item->kind);
    if (known && from + known + 1 < s->end) {
        item->name = (mp_span){from, known};
        s->at += known + 1;
        return MP_OK;
    }
    while (p < s->end && (mp_char_class[unit[p]] & MP_C_ATOM) && unit[p] != '[')
        p++;
    item->name = (mp_span){from, p - from};
    if (p == from || p == s->end)
        return mp_fail(err, MP_E_SYNTAX, p, "msg-att item");
    bool section = unit[p] == '[';
    item->kind = mp_fetch_kind_of(unit + from, p - from, section);
    if (section) {
        mp_section_rule rule = item->kind == MP_FETCH_BINARY_SIZE ? MP_SECTION_SIZE
                               : item->kind != MP_FETCH_SECTION   ? MP_SECTION_ANY
                               : p - from == 4                    ? MP_SECTION_BODY
                                                                  : MP_SECTION_BINARY;
        mp_status status = mp_skip_section(unit, &p, s->end, rule, s->limits, &s->defects, err);
        if (status != MP_OK)
            return status;
    }
    item->name = (mp_span){from, p - from};
    s->at = p;
    if (p < s->end && unit[p] != ')')
        skip_sp(s, 1);
    return MP_OK;
}

/* The item that starts at `from` cannot be read: a list that only its quotes spoilt is kept whole, for whoever decodes it;
 * else all up to the next item that is known, or to the row's end, is given up. False where the row would be empty
 * then, and for what announces a literal but does not: it may be followed by anything. */
static bool mend(mp_fetch_scan *s, mp_fetch_item *item, uint32_t from, uint32_t value, const mp_error *err)
{
    if (s->refused || (err->offset < s->end && s->unit[err->offset] == '{'))
        return false;
    uint32_t quote = 0, at = value;
    bool again = s->repairs++ < REPAIRS;
    bool lazy = item->kind == MP_FETCH_ENVELOPE || item->kind == MP_FETCH_BODY || item->kind == MP_FETCH_BODYSTRUCTURE;
    if (again && value && lazy && mp_skip_loose_list(s->unit, &at, s->end, s->limits, &quote) && ends_item(s, at)) {
        if (quote)
            mp_defect(&s->defects, MP_DEFECT_UNESCAPED_QUOTE, quote);
        s->at = at;
        return true;
    }
    uint32_t start = value ? value : from;
    uint32_t next = again ? mp_find_item(s->unit, value ? value : from + 1, s->end) : s->end;
    if (next == s->end && !s->read)
        return false;
    mp_defect(&s->defects, MP_DEFECT_BAD_ITEM, start);
    s->at = next < s->end && s->unit[next - 1] == ' ' ? next - 1 : next;
    uint32_t end = next;
    while (end > start && s->unit[end - 1] == ' ')
        end--;
    if (next == s->end && end > start && s->unit[end - 1] == ')')
        s->at = --end; /* the row's own */
    item->kind = MP_FETCH_BROKEN;
    item->absent = true;
    item->value = (mp_span){start, end - start};
    return true;
}

/* What stands before an item, if it is not the one space that should; true at the row's end. */
static bool pass_gap(mp_fetch_scan *s)
{
    const uint8_t *unit = s->unit;
    uint32_t wanted = s->items ? 1 : 0;
    for (;;) {
        uint32_t before = s->at;
        while (s->at < s->end && unit[s->at] == ' ')
            s->at++;
        if (s->at >= s->end) {
            mp_defect(&s->defects, MP_DEFECT_UNBALANCED, s->end);
            return true;
        }
        if (unit[s->at] == ')') {
            if (s->at != before)
                mp_defect(&s->defects, MP_DEFECT_EXTRA_SPACE, before);
            if (at_row_end(s))
                return true;
        } else if (unit[s->at] == '(' && s->groups < s->limits->max_depth) {
            mp_defect(&s->defects, MP_DEFECT_UNBALANCED, s->at); /* an item in parentheses of its own: Domino */
            s->groups++;
            s->at++;
        } else {
            if (s->at - before != wanted)
                mp_defect(&s->defects, s->at - before > wanted ? MP_DEFECT_EXTRA_SPACE : MP_DEFECT_MISSING_SPACE, before);
            return false;
        }
        wanted = 0;
    }
}

mp_status mp_fetch_next(mp_fetch_scan *s, mp_fetch_item *item, mp_error *err)
{
    const uint8_t *unit = s->unit;
    if (s->items && s->end - s->at > 1 && unit[s->at] == ' ' && unit[s->at + 1] > ')')
        s->at++;
    else if (s->items || s->at >= s->end || unit[s->at] <= ')') {
        if (pass_gap(s)) {
            if (!s->read && (s->defects.bits & MP_DEFECT_UNBALANCED)) /* nothing but parentheses */
                return mp_fail(err, MP_E_SYNTAX, s->at, "msg-att item");
            if (!s->items) /* "()": a row has one item at least */
                mp_defect(&s->defects, MP_DEFECT_BAD_VALUE, s->at);
            item->kind = MP_FETCH_END;
            return MP_OK;
        }
    }
    if (s->items++ >= s->limits->max_elements)
        return mp_fail_limit(err, s->at, "max_elements");
    memset(item, 0, sizeof *item);
    uint32_t from = s->at, value = 0;
    mp_status status = read_name(s, item, err);
    if (status == MP_OK) {
        value = s->at;
        status = value >= s->end || unit[value] == ')' ? mp_fail(err, MP_E_SYNTAX, value, "value of the msg-att item")
                                                       : read_value(s, item, err);
        item->value = (mp_span){value, s->at - value};
    }
    if (status == MP_OK)
        s->read++;
    if (status != MP_E_SYNTAX || !mend(s, item, from, value, err))
        return status;
    if (item->kind != MP_FETCH_BROKEN)
        item->value = (mp_span){value, s->at - value};
    return MP_OK;
}

bool mp_is_item_name(const uint8_t *name, uint32_t len, const mp_limits *limits, uint8_t *kind_r)
{
    mp_fetch_scan s = {.unit = name, .end = len + 1, .limits = limits};
    mp_fetch_item item = {0};
    mp_error ignored;
    if (len == 0 || read_name(&s, &item, &ignored) != MP_OK || item.name.len != len)
        return false;
    *kind_r = item.kind;
    return true;
}
