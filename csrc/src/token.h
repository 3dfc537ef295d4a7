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

#endif
