#include "mailproto/imap_write.h"
#include "utf8.h"

/* What each octet rules out. */
enum { NOT_ATOM = 1, NOT_ASTRING = 2, NOT_LIST = 4, EIGHT_BIT = 8, LINE_END = 16, NUL = 32 };

/* ATOM-CHAR = <any CHAR except atom-specials>              RFC 9051 section 9
 * atom-specials = "(" / ")" / "{" / SP / CTL / list-wildcards / quoted-specials / resp-specials */
static unsigned rules_out(uint8_t c)
{
    switch (c) {
    case 0:
        return NOT_ATOM | NOT_ASTRING | NOT_LIST | NUL;
    case '\r':
    case '\n':
        return NOT_ATOM | NOT_ASTRING | NOT_LIST | LINE_END;
    case '(':
    case ')':
    case '{':
    case ' ':
    case '"':
    case '\\':
    case 0x7F:
        return NOT_ATOM | NOT_ASTRING | NOT_LIST;
    case '%':
    case '*':
        return NOT_ATOM | NOT_ASTRING;
    case ']':
        return NOT_ATOM;
    default:
        if (c < 0x20)
            return NOT_ATOM | NOT_ASTRING | NOT_LIST;
        return c < 0x80 ? 0 : NOT_ATOM | NOT_ASTRING | NOT_LIST | EIGHT_BIT;
    }
}

static bool is_nil(const uint8_t *data, size_t len)
{
    return len == 3 && (data[0] | 0x20) == 'n' && (data[1] | 0x20) == 'i' && (data[2] | 0x20) == 'l';
}

mp_form mp_form_of(const uint8_t *data, size_t len)
{
    unsigned out = 0;
    for (size_t i = 0; i < len; i++)
        out |= rules_out(data[i]);
    if (out & NUL)
        return MP_FORM_LITERAL8;
    if ((out & LINE_END) || len > MP_QUOTED_MAX)
        return MP_FORM_LITERAL;
    if (out & EIGHT_BIT)
        return MP_FORM_QUOTED8;
    if (len == 0 || (out & NOT_LIST) || is_nil(data, len))
        return MP_FORM_QUOTED;
    if (out & NOT_ASTRING)
        return MP_FORM_LIST;
    return out & NOT_ATOM ? MP_FORM_ASTRING : MP_FORM_ATOM;
}

bool mp_is_utf8(const uint8_t *data, size_t len)
{
    uint32_t character;
    for (size_t at = 0, octets; at < len; at += octets)
        if ((octets = mp_utf8_character(data + at, len - at, &character)) == 0)
            return false;
    return true;
}

bool mp_is_atom(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (rules_out(data[i]) & NOT_ATOM)
            return false;
    return len > 0;
}

/* flag = "\Answered" / ... / flag-keyword / flag-extension  RFC 9051 section 9; flag-perm = flag / "\*" */
bool mp_is_flag(const uint8_t *data, size_t len)
{
    size_t at = len > 0 && data[0] == '\\';
    if (at == 1 && len == 2 && data[1] == '*')
        return true;
    if (at == len || len > MP_QUOTED_MAX)
        return false;
    for (; at < len; at++) {
        if (rules_out(data[at]) & NOT_ATOM)
            return false;
    }
    return true;
}

size_t mp_write_quoted(const uint8_t *data, size_t len, uint8_t *out_r)
{
    size_t n = 0;
    out_r[n++] = '"';
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '"' || data[i] == '\\')
            out_r[n++] = '\\';
        out_r[n++] = data[i];
    }
    out_r[n++] = '"';
    return n;
}

size_t mp_write_number(uint64_t number, uint8_t *out_r)
{
    uint8_t digits[20];
    size_t n = 0;
    do {
        digits[n++] = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    for (size_t i = 0; i < n; i++)
        out_r[i] = digits[n - 1 - i];
    return n;
}

size_t mp_write_literal_header(uint64_t size, bool binary, bool plus, uint8_t *out_r)
{
    size_t n = 0;
    if (binary)
        out_r[n++] = '~';
    out_r[n++] = '{';
    n += mp_write_number(size, out_r + n);
    if (plus)
        out_r[n++] = '+';
    out_r[n++] = '}';
    out_r[n++] = '\r';
    out_r[n++] = '\n';
    return n;
}
