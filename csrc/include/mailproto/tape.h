/* The tape: a unit's octets as flat tokens, written in one pass without recursion.
 *
 * `(a "b" (NIL))` gives five tokens: LIST, ATOM a, QUOTED b, LIST, ATOM NIL. A list's contents follow it; `next` is the
 * index of the first token behind it, so what is unknown is skipped in one step. Lexical kinds stay apart: `""`,
 * `NIL` and the atom `nil` differ. Spaces are no error here: the tape notes where there are too many or too few, and the
 * cursor can tell exactly, because every token knows its octets.
 */
#ifndef MAILPROTO_TAPE_H
#define MAILPROTO_TAPE_H

#include "mailproto/limits.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mp_token_kind {
    MP_TOK_ATOM,       /* any run without SP, CTL, ( ) " or {; numbers, NIL, flags and wildcards too */
    MP_TOK_QUOTED,     /* span: between the quotes                                                    */
    MP_TOK_QUOTED_ESC, /* the same, holding at least one backslash: mp_unescape                        */
    MP_TOK_LITERAL,    /* span: the literal's octets                                                   */
    MP_TOK_LITERAL8,   /* RFC 3516: ~{n}                                                               */
    MP_TOK_LIST        /* span: from ( to behind )                                                     */
} mp_token_kind;

typedef struct mp_token {
    uint32_t off;  /* octets from the start of the unit to the token's contents            */
    uint32_t len;  /* octets of its contents                                               */
    uint32_t next; /* index of the token behind this one and behind all that is inside it  */
    uint8_t kind;  /* mp_token_kind                                                        */
    uint8_t lead;  /* octets of the token before off: the quote, or the literal's header   */
    uint8_t trail; /* octets of the token behind its contents: the closing quote           */
    uint8_t high;  /* 1: a quoted string or atom that holds an octet of 0x80 or more       */
} mp_token;

typedef struct mp_tape {
    mp_alloc alloc;
    mp_token *tok;
    uint32_t n;        /* tokens            */
    uint32_t capacity; /* tokens allocated  */
    /* Where spaces were wrong first, UINT32_MAX where they were right: more than one between two tokens or before the
     * first, or any inside a parenthesis; none between two tokens, lists aside (RFC 9051 has `)(` in several rules). */
    uint32_t extra_space, missing_space;
} mp_tape;

/* The tape owns what it allocates until mp_tape_free; building again reuses it. */
MP_API void mp_tape_init(mp_tape *t, mp_alloc alloc);
MP_API void mp_tape_free(mp_tape *t);

/* Writes the tokens of unit[from..to), literals inline. Replaces what the tape held. Limits used: max_depth and
 * max_elements. MP_OK, MP_E_SYNTAX, MP_E_LIMIT or MP_E_NOMEM. */
MP_API mp_status mp_tape_build(mp_tape *t, const uint8_t *unit, size_t from, size_t to, const mp_limits *limits,
                               mp_error *err);

/* Copies a QUOTED_ESC token's octets without the backslashes. dst: at least len octets. Returns how many were written.
 * quoted = DQUOTE *QUOTED-CHAR DQUOTE; a backslash before any other octet is dropped too.   RFC 9051 section 9 */
MP_API size_t mp_unescape(uint8_t *dst, const uint8_t *src, size_t len);

#ifdef __cplusplus
}
#endif
#endif
