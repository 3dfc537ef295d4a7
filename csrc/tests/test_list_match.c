#include "mailproto/imap_text.h"

#include <string.h>

#include "test.h"

static bool match(const char *pattern, const char *name, char delimiter)
{
    uint8_t scratch[256];
    return mp_list_match((const uint8_t *)pattern, strlen(pattern), (const uint8_t *)name, strlen(name),
                         (uint8_t)delimiter, scratch);
}

static const char *flag(const char *text)
{
    const char *known = mp_flag_canonical((const uint8_t *)text, strlen(text));
    return known ? known : "";
}

int main(void)
{
    CHECK(match("", "", '/'));
    CHECK(!match("", "a", '/'));
    CHECK(!match("a", "", '/'));
    CHECK(match("%", "", '/'));
    CHECK(match("foo", "foo", '/'));
    CHECK(!match("foo", "fo", '/'));
    CHECK(!match("fo", "foo", '/'));
    CHECK(match("*", "a/b", '/'));
    CHECK(!match("%", "a/b", '/'));
    CHECK(match("%", "a/b", 0));
    CHECK(match("%/%", "a/b", '/'));
    CHECK(match("*%", "a/b/c", '/'));
    CHECK(match("%*", "a/b/c", '/'));
    CHECK(!match("%b", "a/b", '/'));
    CHECK(match("*b", "a/b", '/'));
    CHECK(match("Mis*to/Mis%to", "Misato/Misato/Misato", '/'));
    CHECK(match("*ab%/c", "xab/abab/c", '/'));
    CHECK(match("i%X/foo", "iNbOx/foo", '/'));
    CHECK(!match("inbox/foo", "INBOX/Foo", '/'));
    CHECK(!match("inboxes", "INBOXES", '/'));
    CHECK(strcmp(flag("\\sEEN"), "\\Seen") == 0);
    CHECK(strcmp(flag("$forwarded"), "$Forwarded") == 0);
    CHECK(strcmp(flag("\\*"), "\\*") == 0);
    CHECK(strcmp(flag("\\Seen2"), "") == 0);
    CHECK(strcmp(flag("|Seen"), "") == 0);
    CHECK(strcmp(flag("\x04Junk"), "") == 0);
    return RESULT();
}
