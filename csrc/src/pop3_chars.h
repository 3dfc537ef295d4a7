/* Octets that more than one POP3 rule names. */
#ifndef MP_POP3_CHARS_H
#define MP_POP3_CHARS_H

#include <stdbool.h>
#include <stdint.h>

/* Of a language tag: letters, digits and "-" (RFC 5646 section 2.1). */
static inline bool mp_pop3_is_tag_octet(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* Of a mechanism's name: letters, digits, "-" and "_" (RFC 4422 section 3.1; lower case is taken for upper). */
static inline bool mp_pop3_is_mechanism_octet(uint8_t c)
{
    return mp_pop3_is_tag_octet(c) || c == '_';
}

#endif
