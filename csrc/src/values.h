/* What several responses have in their values. */
#ifndef MAILPROTO_VALUES_H
#define MAILPROTO_VALUES_H

#include "mailproto/base.h"
#include "mailproto/cursor.h"
#include "mailproto/defects.h"
#include "mailproto/imap_write.h"
#include "mailproto/tape.h"

#include "scan.h"

/* The string that a token is; no list. */
static inline mp_text mp_text_of(const mp_token *t)
{
    _Static_assert(MP_TEXT_ATOM == MP_TOK_ATOM + 1 && MP_TEXT_QUOTED == MP_TOK_QUOTED + 1 &&
                       MP_TEXT_QUOTED_ESC == MP_TOK_QUOTED_ESC + 1 && MP_TEXT_LITERAL == MP_TOK_LITERAL + 1 &&
                       MP_TEXT_LITERAL8 == MP_TOK_LITERAL8 + 1,
                   "the kinds of strings follow those of tokens");
    return (mp_text){{t->off, t->len}, (uint8_t)(t->kind + 1), t->high};
}

/* objectid = 1*255(ALPHA / DIGIT / "_" / "-")                                       RFC 8474 section 7 */
static inline bool mp_is_objectid(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((uint8_t)(mp_upper(p[i]) - 'A') >= 26 && !(mp_char_class[p[i]] & MP_C_DIGIT) && p[i] != '_' && p[i] != '-')
            return false;
    return len > 0 && len <= 255;
}

/* 1*ASTRING-CHAR, 8-bit octets let through; ASTRING-CHAR = ATOM-CHAR / "]"              RFC 9051 section 9 */
static inline bool mp_is_astring(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!(mp_char_class[p[i]] & MP_C_ATOM_CHAR) && p[i] != ']' && p[i] < 0x80)
            return false;
    return len > 0;
}

/* quoted-specials = DQUOTE / "\\": nothing else is escaped                               RFC 9051 section 9 */
static inline bool mp_is_quoted_special(uint8_t octet) { return octet == '"' || octet == '\\'; }

/* Whether a sequence set may hold UIDs that are known: the last one and the result of a search are not.  RFC 7162 section 7,
 * known-uids = sequence-set ;; "*" is not allowed */
static inline bool mp_is_known(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (p[i] == '*' || p[i] == '$')
            return false;
    return true;
}

/* 8-bit octets: none in an atom, and UTF-8 alone between quotes                     RFC 9051 section 9, QUOTED-CHAR */
static inline void mp_check_high(const uint8_t *unit, const mp_token *t, mp_defects *defects)
{
    if (t->high && (t->kind == MP_TOK_ATOM || !mp_is_utf8(unit + t->off, t->len)))
        mp_defect(defects, MP_DEFECT_EIGHT_BIT, t->off);
}

#endif
