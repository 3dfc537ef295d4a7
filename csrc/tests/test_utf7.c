#include "mailproto/imap_text.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static const char *convert(const char *text, bool decode)
{
    static char kept[256];
    size_t len = strlen(text);
    uint8_t *data = malloc(len ? len : 1);
    memcpy(data, text, len);
    size_t room = (decode ? 2 : 5) * len; /* exactly the promised bound, so that ASan sees one octet more */
    uint8_t *out = malloc(room ? room : 1);
    size_t n = 0;
    mp_error err;
    mp_status status = (decode ? mp_utf7_decode : mp_utf7_encode)(data, len, out, &n, &err);
    if (status == MP_OK)
        snprintf(kept, sizeof kept, "%.*s", (int)n, (const char *)out);
    else
        snprintf(kept, sizeof kept, "!%zu", err.offset);
    free(out);
    free(data);
    return kept;
}

#define DECODES(wire, text) CHECK(strcmp(convert(wire, true), text) == 0)
#define ENCODES(text, wire) CHECK(strcmp(convert(text, false), wire) == 0)
#define BOTH(wire, text) do { DECODES(wire, text); ENCODES(text, wire); } while (0)

int main(void)
{
    BOTH("", "");
    BOTH("a&-b", "a&b");
    BOTH("Entw&APw-rfe", "Entw\xC3\xBCrfe");
    BOTH("&ZeVnLIqe-", "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E");
    BOTH("&2D3eAA-", "\xF0\x9F\x98\x80");
    BOTH("&AOQ-a&AOQ-a", "\xC3\xA4" "a\xC3\xA4" "a");
    BOTH("&AAE-", "\x01");
    DECODES("&ACE-", "!");
    DECODES("&", "!1");
    DECODES("&Jjo", "!4");
    DECODES("&Jjo!", "!4");
    DECODES("&12-", "!3");
    DECODES("&2AA-", "!4");
    DECODES("&3gA-", "!3");
    ENCODES("a\xC0\xAF", "!1");
    ENCODES("\xED\xA0\x80", "!0");
    ENCODES("\xC3", "!0");
    ENCODES("\xF4\x90\x80\x80", "!0");
    return RESULT();
}
