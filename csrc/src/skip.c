#include "skip.h"

#include "mailproto/imap_response.h"

#include "scan.h"
#include "token.h"

mp_status mp_skip_list_slow(const uint8_t *unit, uint32_t *at, uint32_t end_off, uint32_t depth,
                            const mp_limits *limits, mp_error *err)
{
    const uint8_t *p = unit + *at, *end = unit + end_off;
    while ((p = mp_scan_skip(p, end)) < end) {
        mp_token tok;
        mp_status status;
        switch (*p) {
        case '(':
            if (++depth > limits->max_depth)
                return mp_fail_limit(err, (size_t)(p - unit), "max_depth");
            p++;
            break;
        case ')':
            p++;
            if (--depth == 0) {
                *at = (uint32_t)(p - unit);
                return MP_OK;
            }
            break;
        case '"':
        case '{':
            status = mp_lex_token(unit, &p, end, &tok, err);
            if (status != MP_OK)
                return status;
            break;
        case '\r':
        case '\n':
        case 0:
            return mp_fail(err, MP_E_SYNTAX, (size_t)(p - unit), "\")\"");
        default: /* a backslash before a flag, an 8-bit octet in an atom */
            p++;
        }
    }
    return mp_fail(err, MP_E_SYNTAX, (size_t)(p - unit), "\")\"");
}

mp_status mp_skip_list(const uint8_t *unit, uint32_t *at, uint32_t end, const mp_limits *limits, mp_error *err)
{
    uint32_t depth = 0, p = *at;
    /* ("NAME" "value"): most lists are this short, and hold strings alone */
    const uint8_t *q = unit + p + 1, *last = unit + end;
    while (q < last && *q == '"') {
        q = mp_scan_quoted(q + 1, last);
        if (last - q < 2 || *q != '"')
            break;
        if (*++q == ')' && limits->max_depth) {
            *at = (uint32_t)(q + 1 - unit);
            return MP_OK;
        }
        if (*q++ != ' ')
            break;
    }
#if MP_VECTORS
    /* 64 octets a turn: which are inside strings follows from the parity of the quotes before them */
    uint64_t inside = 0; /* all ones while a string is open at the start of the turn */
    uint32_t string_from = p;
    while (p < end) {
        mp_vec v[4];
        for (int i = 0; i < 4; i++)
            v[i] = mp_vec_load(unit + p + 16 * i);
        uint64_t valid = end - p >= 64 ? UINT64_MAX : (UINT64_C(1) << (end - p)) - 1;
        uint64_t quotes = mp_mask64(v, '"') & valid, quoted = quotes;
        for (unsigned shift = 1; shift < 64; shift *= 2)
            quoted ^= quoted << shift;
        quoted ^= inside;
        uint64_t closes = mp_mask64(v, ')'), parens = (closes | mp_mask64(v, '(')) & ~quoted & valid;
        uint64_t special = mp_mask64_special(v) & valid;
        uint32_t level = depth;
        bool simple = true, shallow = limits->max_depth > 64 && depth <= limits->max_depth - 64; /* whatever comes */
        /* no branch that depends on which of the two a parenthesis is: that is anybody's guess */
        for (; parens; parens &= parens - 1) {
            unsigned i = mp_ctz64(parens);
            level += 1 - 2 * (uint32_t)(closes >> i & 1);
            if (level == 0) {
                if (!simple || (special & ((UINT64_C(1) << i) - 1)))
                    break;
                *at = p + i + 1;
                return MP_OK;
            }
            if (!shallow)
                simple = simple && level <= limits->max_depth;
        }
        if (special || !simple || level == 0)
            break; /* what needs a closer look, or is maybe too deep: octet by octet */
        depth = level;
        uint64_t was_inside = inside;
        inside = (uint64_t)0 - (quoted >> 63);
        if (inside) {
            if (quotes) {
                unsigned opening = 63;
                while (!(quotes >> opening & 1))
                    opening--;
                string_from = p + opening;
            } else if (!was_inside)
                string_from = p;
        }
        p += 64;
    }
    if (inside)
        p = string_from; /* the slow form starts outside strings */
    if (p > end)
        p = end;
#endif
    *at = p;
    return mp_skip_list_slow(unit, at, end, depth, limits, err);
}

mp_status mp_skip_value(const uint8_t *unit, uint32_t *at, uint32_t end, const mp_limits *limits, mp_error *err)
{
    if (*at < end && unit[*at] == '(')
        return mp_skip_list(unit, at, end, limits, err);
    const uint8_t *p = unit + *at;
    mp_token tok;
    if (*at >= end)
        return mp_fail(err, MP_E_SYNTAX, *at, "value");
    mp_status status = mp_lex_token(unit, &p, unit + end, &tok, err);
    if (status == MP_OK)
        *at = (uint32_t)(p - unit);
    return status;
}

bool mp_is_list(const uint8_t *data, uint32_t len, const mp_limits *limits)
{
    const uint8_t *p = data, *end = data + len;
    uint32_t depth = 0;
    if (len == 0 || *p != '(')
        return false;
    while ((p = mp_scan_skip(p, end)) < end) {
        const uint8_t *from = p;
        mp_token tok;
        mp_error ignored;
        switch (*p) {
        case '(':
            if (++depth > limits->max_depth)
                return false;
            p++;
            break;
        case ')':
            p++;
            if (--depth == 0)
                return p == end;
            break;
        case '"':
        case '{':
            if (mp_lex_token(data, &p, end, &tok, &ignored) != MP_OK)
                return false;
            if (*from == '{' && (data[tok.off - 2] != '\r' || data[tok.off - 4] == '+')) /* {n}CRLF, as a server sends it */
                return false;
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
