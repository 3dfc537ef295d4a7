#include "mailproto/imap_text.h"

#include <string.h>

static uint8_t upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 0x20) : c;
}

/* RFC 3501 section 5.1: INBOX is case-insensitive; how many octets of the name that holds for, 5 or 0. */
static size_t inbox_len(const uint8_t *name, size_t len, uint8_t delimiter)
{
    static const char inbox[] = "INBOX";
    if (len < 5 || (len > 5 && (delimiter == 0 || name[5] != delimiter)))
        return 0;
    for (size_t i = 0; i < 5; i++) {
        if (upper(name[i]) != (uint8_t)inbox[i])
            return 0;
    }
    return 5;
}

/* list-wildcards = "%" / "*"                                RFC 9051 section 9
 *
 * reach[i] says whether the pattern read so far matches the first i octets of the name. Each element of the pattern
 * updates it in place between the lowest and the highest i that are still reached: no backtracking. */
bool mp_list_match(const uint8_t *pattern, size_t pattern_len, const uint8_t *name, size_t name_len, uint8_t delimiter,
                   uint8_t *reach)
{
    size_t plain = 0;
    for (size_t k = 0; k < pattern_len; k++)
        plain += pattern[k] != '*' && pattern[k] != '%';
    if (plain > name_len)
        return false;
    size_t folded = inbox_len(name, name_len, delimiter);
    memset(reach, 0, name_len + 1);
    reach[0] = 1;
    size_t low = 0;
    size_t high = 0;
    for (size_t k = 0; k < pattern_len;) {
        uint8_t c = pattern[k];
        if (c == '*' || c == '%') {
            bool any = false; /* a row of wildcards is one: `*` if one of them is, else `%` */
            for (; k < pattern_len && (pattern[k] == '*' || pattern[k] == '%'); k++)
                any = any || pattern[k] == '*';
            if (any) {
                memset(reach + low, 1, name_len + 1 - low);
                high = name_len;
                continue;
            }
            for (size_t i = low; i < name_len && i <= high; i++) {
                if (reach[i] && (delimiter == 0 || name[i] != delimiter)) {
                    reach[i + 1] = 1;
                    if (i + 1 > high)
                        high = i + 1;
                }
            }
            continue;
        }
        k++;
        size_t next_low = name_len + 1;
        size_t next_high = 0;
        for (size_t i = high < name_len ? high : name_len - 1; i + 1 > low && name_len > 0; i--) {
            bool same = name[i] == c || (i < folded && upper(name[i]) == upper(c));
            reach[i + 1] = reach[i] && same;
            if (reach[i + 1]) {
                next_low = i + 1;
                if (next_high == 0)
                    next_high = i + 1;
            }
            if (i == 0)
                break;
        }
        reach[low] = 0;
        if (next_low > name_len)
            return false;
        low = next_low;
        high = next_high;
    }
    return reach[name_len] != 0;
}
