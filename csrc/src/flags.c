#include "mailproto/imap_text.h"

#include <string.h>

/* RFC 3501 section 2.3.2, RFC 9051 section 2.3.2, and the keywords people meet. One length after the other, so that
 * a word is compared with the few of its own length. */
static const char *const known[] = {
    "\\*",        "\\Seen",     "$Junk",    "\\Draft",   "$MDNSent",  "NonJunk",       "\\Recent",
    "\\Deleted",  "\\Flagged",  "$NotJunk", "$Phishing", "\\Answered", "$Forwarded",    "$Important",
    "$SubmitPending", "$Submitted", "Junk",  "NotJunk",
};

static bool same(const char *word, const uint8_t *data, size_t len)
{
    if (strlen(word) != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        uint8_t a = (uint8_t)word[i];
        uint8_t b = data[i];
        if (a != b && ((a | 0x20) != (b | 0x20) || (a | 0x20) < 'a' || (a | 0x20) > 'z'))
            return false;
    }
    return true;
}

const char *mp_flag_canonical(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (same(known[i], data, len))
            return known[i];
    }
    return NULL;
}
