/* UTF-8, a character at a time. */
#ifndef MAILPROTO_UTF8_H
#define MAILPROTO_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* One UTF-8 character (RFC 3629 section 4: shortest form, no surrogates). Returns its octets, 0 if broken. */
static inline size_t mp_utf8_character(const uint8_t *data, size_t len, uint32_t *c_r)
{
    uint8_t lead = data[0];
    if (lead < 0x80) {
        *c_r = lead;
        return 1;
    }
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || need > len)
        return 0;
    uint32_t c = lead & (0x7FU >> need);
    for (size_t i = 1; i < need; i++) {
        if ((data[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (data[i] & 0x3F);
    }
    if ((need == 3 && c < 0x800) || (need == 4 && (c < 0x10000 || c > 0x10FFFF)) || (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    *c_r = c;
    return need;
}

#endif
