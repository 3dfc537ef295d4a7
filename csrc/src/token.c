#include "token.h"

#include "scan.h"

mp_status mp_lex_literal(const uint8_t *unit, const uint8_t *p, const uint8_t *end, const uint8_t **body_r,
                         size_t *size_r, mp_error *err)
{
    const uint8_t *start = p++;
    uint64_t size = 0; /* as wide as the framer's, whatever size_t is */
    const uint8_t *digits = p;
    for (; p < end && (mp_char_class[*p] & MP_C_DIGIT); p++) {
        if (size > UINT32_MAX)
            break; /* no unit is so long */
        size = size * 10 + (uint64_t)(*p - '0');
    }
    if (p == digits)
        return mp_fail(err, MP_E_SYNTAX, (size_t)(start - unit), "literal");
    if (p < end && *p == '+')
        p++;
    if (p == end || *p++ != '}')
        return mp_fail(err, MP_E_SYNTAX, (size_t)(start - unit), "literal");
    if (p < end && *p == '\r')
        p++;
    if (p == end || *p++ != '\n' || (uint64_t)(end - p) < size || p - start > UINT8_MAX)
        return mp_fail(err, MP_E_SYNTAX, (size_t)(start - unit), "literal");
    *body_r = p;
    *size_r = (size_t)size;
    return MP_OK;
}

/* quoted = DQUOTE *QUOTED-CHAR DQUOTE                                        RFC 9051 section 9
 * 8-bit octets are let through and marked: RFC 6855 allows UTF-8, and older servers send it unasked. */
static mp_status lex_quoted(const uint8_t *unit, const uint8_t **at, const uint8_t *end, mp_token *tok, mp_error *err)
{
    const uint8_t *start = *at + 1, *p = start;
    uint8_t kind = MP_TOK_QUOTED, high = 0;
    for (;;) {
        p = mp_scan_quoted(p, end);
        if (p == end)
            return mp_fail(err, MP_E_SYNTAX, (size_t)(p - unit), "closing quote");
        if (*p == '"')
            break;
        if (*p >= 0x80) {
            high = 1;
            while (p < end && *p >= 0x80) /* text in UTF-8: stay out of the vector loop's start-up */
                p++;
        } else if (*p == '\\' && p + 1 < end && p[1] != '\r' && p[1] != '\n' && p[1] != 0) {
            kind = MP_TOK_QUOTED_ESC;
            p += p[1] >= 0x80 ? 1 : 2;
        } else
            return mp_fail(err, MP_E_SYNTAX, (size_t)(p - unit), "QUOTED-CHAR");
    }
    *tok = (mp_token){.off = (uint32_t)(start - unit), .len = (uint32_t)(p - start), .kind = kind, .lead = 1, .trail = 1, .high = high};
    *at = p + 1;
    return MP_OK;
}

mp_status mp_lex_token(const uint8_t *unit, const uint8_t **at, const uint8_t *end, mp_token *tok, mp_error *err)
{
    const uint8_t *p = *at;
    if (*p == '"')
        return lex_quoted(unit, at, end, tok, err);
    bool eight = *p == '~' && p + 1 < end && p[1] == '{';
    if (*p == '{' || eight) {
        const uint8_t *body;
        size_t size;
        mp_status status = mp_lex_literal(unit, p + eight, end, &body, &size, err);
        if (status != MP_OK)
            return status;
        *tok = (mp_token){.off = (uint32_t)(body - unit), .len = (uint32_t)size,
                          .kind = eight ? MP_TOK_LITERAL8 : MP_TOK_LITERAL, .lead = (uint8_t)(body - p)};
        *at = body + size;
        return MP_OK;
    }
    uint8_t high = 0;
    while (p < end && (mp_char_class[*p] & MP_C_ATOM))
        high |= *p++;
    if (p == *at)
        return mp_fail(err, MP_E_SYNTAX, (size_t)(p - unit), "atom, string or list");
    *tok = (mp_token){.off = (uint32_t)(*at - unit), .len = (uint32_t)(p - *at), .kind = MP_TOK_ATOM, .high = (uint8_t)(high >> 7)};
    *at = p;
    return MP_OK;
}

size_t mp_unescape(uint8_t *dst, const uint8_t *src, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (src[i] == '\\' && i + 1 < len)
            i++;
        dst[n++] = src[i];
    }
    return n;
}
