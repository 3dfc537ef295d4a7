#include "section.h"

#include "scan.h"
#include "skip.h"
#include "token.h"

/* header-list = "(" header-fld-name *(SP header-fld-name) ")"; header-fld-name = astring      RFC 9051 section 9 */
static const uint8_t *pass_header_list(const uint8_t *unit, const uint8_t *p, const uint8_t *end)
{
    if (p == end || *p != '(')
        return NULL;
    do {
        const uint8_t *name = ++p;
        mp_token tok;
        mp_error ignored;
        while (p < end && ((mp_char_class[*p] & MP_C_ATOM_CHAR) || *p == ']'))
            p++;
        if (p == name && (p == end || (*p != '"' && *p != '{') || mp_lex_token(unit, &p, end, &tok, &ignored) != MP_OK))
            return NULL;
    } while (p < end && *p == ' ');
    return p < end && *p == ')' ? p + 1 : NULL;
}

static bool starts(const uint8_t *p, const uint8_t *end, const char *word, size_t len)
{
    return (size_t)(end - p) >= len && mp_is_word(p, len, word, len);
}

#define STARTS(WORD) starts(p, end, WORD, sizeof(WORD) - 1)

/* section-text = section-msgtext / "MIME"
 * section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"                RFC 9051 section 9 */
static const uint8_t *pass_section_text(const uint8_t *unit, const uint8_t *p, const uint8_t *end, bool in_part)
{
    if (STARTS("HEADER.FIELDS.NOT "))
        return pass_header_list(unit, p + 18, end);
    if (STARTS("HEADER.FIELDS "))
        return pass_header_list(unit, p + 14, end);
    if (STARTS("HEADER"))
        return p + 6;
    return STARTS("TEXT") || (in_part && STARTS("MIME")) ? p + 4 : NULL;
}

/* section = "[" [section-spec] "]"; section-spec = section-msgtext / (section-part ["." section-text])
 * section-part = nz-number *("." nz-number); section-binary = "[" [section-part] "]"           RFC 9051 section 9
 * Where it ends with its origin, or NULL. */
static const uint8_t *pass_section(const uint8_t *unit, const uint8_t *p, const uint8_t *end, mp_section_rule rule)
{
    bool text = *++p != ']' && rule == MP_SECTION_BODY, part = false;
    while (p < end && (uint8_t)(*p - '1') < 9) {
        while (p < end && (mp_char_class[*p] & MP_C_DIGIT))
            p++;
        part = true;
        text = p < end && *p == '.';
        if (!text)
            break;
        p++;
    }
    if (text && (rule != MP_SECTION_BODY || !(p = pass_section_text(unit, p, end, part))))
        return NULL;
    if (p == end || *p++ != ']')
        return NULL;
    if (p == end || *p != '<' || rule == MP_SECTION_SIZE)
        return p;
    const uint8_t *number = ++p;
    while (p < end && (mp_char_class[*p] & MP_C_DIGIT))
        p++;
    return p > number && p < end && *p == '>' ? p + 1 : NULL;
}

mp_status mp_skip_section(const uint8_t *unit, uint32_t *at, uint32_t end, mp_section_rule rule, const mp_limits *limits,
                          mp_defects *defects, mp_error *err)
{
    uint32_t p = *at + 1;
    if (rule != MP_SECTION_ANY) {
        const uint8_t *behind = pass_section(unit, unit + *at, unit + end, rule);
        if (behind) {
            *at = (uint32_t)(behind - unit);
            return MP_OK;
        }
    }
    while (p < end && unit[p] != ']') {
        mp_status status = MP_OK;
        if (unit[p] == ' ')
            p++;
        else if (unit[p] == '(')
            status = mp_skip_list(unit, &p, end, limits, err);
        else if (mp_char_class[unit[p]] & MP_C_ATOM)
            p++;
        else
            return mp_fail(err, MP_E_SYNTAX, p, "section");
        if (status != MP_OK)
            return status;
    }
    if (p >= end)
        return mp_fail(err, MP_E_SYNTAX, p, "\"]\"");
    if (unit[++p] == '<') {
        while (p < end && (mp_char_class[unit[p]] & MP_C_ATOM) && unit[p] != '>')
            p++;
        if (p >= end || unit[p] != '>')
            return mp_fail(err, MP_E_SYNTAX, p, "\">\"");
        p++;
    }
    if (rule != MP_SECTION_ANY)
        mp_defect(defects, MP_DEFECT_BAD_SECTION, *at);
    *at = p;
    return MP_OK;
}

size_t mp_normalise_section(const uint8_t *unit, mp_span name, uint8_t *dst)
{
    const uint8_t *p = unit + name.off, *end = p + name.len;
    size_t n = 0;
    while (p < end) {
        if (*p != '"' && *p != '{') {
            dst[n++] = mp_upper(*p++);
            continue;
        }
        mp_token tok;
        mp_error ignored;
        const uint8_t *from = p;
        if (mp_lex_token(unit, &p, end, &tok, &ignored) != MP_OK) {
            dst[n++] = *p++;
            continue;
        }
        bool plain = tok.len > 0 && tok.kind != MP_TOK_QUOTED_ESC;
        for (uint32_t i = 0; i < tok.len; i++) {
            uint8_t ch = unit[tok.off + i];
            plain = plain && (mp_char_class[ch] & MP_C_ATOM) && ch < 0x80 && ch != '%' && ch != '*' && ch != '\\' && ch != ']';
        }
        if (plain)
            for (uint32_t i = 0; i < tok.len; i++)
                dst[n++] = mp_upper(unit[tok.off + i]);
        else
            while (from < p)
                dst[n++] = *from++;
    }
    return n;
}
