/* One token that is no list, shared by the tape and the direct FETCH scan. */
#ifndef MAILPROTO_TOKEN_H
#define MAILPROTO_TOKEN_H

#include "mailproto/tape.h"

/* Reads the atom or string at *p (not SP, not a parenthesis) into *tok but for `next`, and moves *p behind it. */
mp_status mp_lex_token(const uint8_t *unit, const uint8_t **p, const uint8_t *end, mp_token *tok, mp_error *err);

/* literal = "{" number64 ["+"] "}" CRLF *CHAR8, with the "{" at p. On MP_OK *body_r is where its octets start and
 * *size_r their number, all before end. A bare LF ends the header too; the framer reports it. */
mp_status mp_lex_literal(const uint8_t *unit, const uint8_t *p, const uint8_t *end, const uint8_t **body_r,
                         size_t *size_r, mp_error *err);

/* Where the "[" of a status response's code is, behind any spaces at p; NULL where no code can begin. For the framer, the
 * reader and the literal path alike: they have to agree on which lines hold literals. */
static inline const uint8_t *mp_find_code(const uint8_t *p, const uint8_t *end)
{
    while (p < end && *p == ' ')
        p++;
    return p < end && *p == '[' ? p : NULL;
}

#endif
