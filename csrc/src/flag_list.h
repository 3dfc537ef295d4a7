/* Lists of flags and of what is written like them. */
#ifndef MAILPROTO_FLAG_LIST_H
#define MAILPROTO_FLAG_LIST_H

#include "mailproto/imap_response.h"

#include "scan.h"

typedef enum mp_flag_rule {
    MP_FLAG,         /* flag = flag-keyword / "\\" atom                   RFC 9051 section 9 */
    MP_FLAG_PERM,    /* flag-perm = flag / "\\*"                         RFC 9051 section 9 */
    MP_FLAG_MAILBOX  /* mbx-list-oflag: "\\" atom                       RFC 9051 section 9 */
} mp_flag_rule;

/* "(" [flag *(SP flag)] ")" to the letter, as nearly every list is: returns where its ")" is, or NULL for any other. An octet
 * that belongs to no flag has to come sooner or later behind `p`, which is at the "(". */
static inline const uint8_t *mp_scan_flags(const uint8_t *p)
{
    if (p[1] == ')')
        return p + 1;
    do {
        p++;
        p += *p == '\\';
        const uint8_t *name = p;
        while (mp_char_class[*p] & MP_C_ATOM_CHAR)
            p++;
        if (p == name)
            return NULL;
    } while (*p == ' ');
    return *p == ')' ? p : NULL;
}

/* Notes what is wrong with a list that no mp_scan_flags passes; it may have anything in it. list: with its parentheses. */
void mp_check_flags(const uint8_t *unit, mp_span list, mp_flag_rule rule, mp_defects *defects);

/* mp_read_flag_list for any rule. */
mp_status mp_read_flags_by(mp_cursor *c, mp_flag_rule rule, mp_span *list_r, mp_defects *defects);

#endif
