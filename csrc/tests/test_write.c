#include "mailproto/imap_write.h"

#include <string.h>

#include "test.h"

static mp_form form(const char *text)
{
    return mp_form_of((const uint8_t *)text, strlen(text));
}

static bool flag(const char *text)
{
    return mp_is_flag((const uint8_t *)text, strlen(text));
}

int main(void)
{
    CHECK(form("abc") == MP_FORM_ATOM);
    CHECK(form("a]") == MP_FORM_ASTRING);
    CHECK(form("a%*") == MP_FORM_LIST);
    CHECK(form("") == MP_FORM_QUOTED);
    CHECK(form("nIl") == MP_FORM_QUOTED);
    CHECK(form("a\"") == MP_FORM_QUOTED);
    CHECK(form("\x7F") == MP_FORM_QUOTED);
    CHECK(form("\xC3\xA4") == MP_FORM_QUOTED8);
    CHECK(form("a\r") == MP_FORM_LITERAL);
    CHECK(form("\xC3\n") == MP_FORM_LITERAL);
    CHECK(mp_form_of((const uint8_t *)"a\0", 2) == MP_FORM_LITERAL8);
    CHECK(flag("\\Seen") && flag("$x") && flag("\\*"));
    CHECK(!flag("") && !flag("\\") && !flag("*") && !flag("\\\\a") && !flag("a)") && !flag("a\r"));
    uint8_t out[64];
    CHECK(mp_write_quoted((const uint8_t *)"a\"\\", 3, out) == 7 && memcmp(out, "\"a\\\"\\\\\"", 7) == 0);
    CHECK(mp_write_number(0, out) == 1 && out[0] == '0');
    CHECK(mp_write_number(UINT64_MAX, out) == 20 && memcmp(out, "18446744073709551615", 20) == 0);
    CHECK(mp_write_literal_header(UINT64_MAX, true, true, out) == 26);
    CHECK(mp_write_literal_header(12, false, false, out) == 6 && memcmp(out, "{12}\r\n", 6) == 0);
    return RESULT();
}
