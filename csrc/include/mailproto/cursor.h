/* The cursor reads a tape by the grammar: one function per rule, named after it.
 *
 * A read that fails leaves the cursor where it was and fills *err, so alternatives can be tried in turn. The cursor
 * also keeps the octet it stands on: a token counts only if it starts exactly there, so spaces are grammar like the
 * rest. Spans are valid as long as the unit's octets are.
 *
 *     mp_cursor c;
 *     mp_cursor_init(&c, unit, from, to, &tape, &limits, &err);
 *     if (mp_read_astring(&c, &user) || mp_read_sp(&c) || mp_read_astring(&c, &password) || mp_read_end(&c)) ...
 */
#ifndef MAILPROTO_CURSOR_H
#define MAILPROTO_CURSOR_H

#include "mailproto/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mp_text_kind {
    MP_TEXT_NIL,        /* NIL, where the grammar allows it                    */
    MP_TEXT_ATOM,       /* the octets as they are                              */
    MP_TEXT_QUOTED,     /* the octets as they are                              */
    MP_TEXT_QUOTED_ESC, /* mp_unescape gives the value                         */
    MP_TEXT_LITERAL,    /* the octets as they are; may hold CR, LF             */
    MP_TEXT_LITERAL8    /* the same, may hold NUL                              */
} mp_text_kind;

/* A string of the grammar. */
typedef struct mp_text {
    mp_span span;
    uint8_t kind; /* mp_text_kind                                        */
    uint8_t high; /* not a literal, and holds an octet of 0x80 or more   */
} mp_text;

typedef struct mp_cursor {
    const uint8_t *data; /* the unit                                                      */
    const mp_token *tok;
    uint32_t n;          /* tokens; within a list: index behind its last                  */
    uint32_t at;         /* index of the next token                                       */
    uint32_t pos;        /* octet offset where it must start                              */
    uint32_t end;        /* octet offset where the input ends; within a list: of its ")"  */
    const mp_limits *limits;
    mp_error *err;
} mp_cursor;

/* A list that was opened, to be handed to mp_read_close. */
typedef struct mp_list {
    uint32_t n, end; /* of the outer list */
} mp_list;

/* tape: built over unit[from..to). */
MP_API void mp_cursor_init(mp_cursor *c, const uint8_t *unit, size_t from, size_t to, const mp_tape *tape,
                           const mp_limits *limits, mp_error *err);

/* Fails at the current octet: MP_E_SYNTAX. */
MP_API mp_status mp_cursor_fail(const mp_cursor *c, const char *expected);

/* The token that starts at the current octet, or NULL. */
MP_API const mp_token *mp_cursor_peek(const mp_cursor *c);
/* True if that token is the atom `word` (upper case; any case on the wire). */
MP_API bool mp_cursor_is(const mp_cursor *c, const char *word);
/* Moves behind the token that peek gave, with all that is inside it. */
MP_API void mp_cursor_skip(mp_cursor *c);
/* True at the end of the input, or of the list that was opened. */
MP_API bool mp_cursor_at_end(const mp_cursor *c);

/* SP, exactly one */
MP_API mp_status mp_read_sp(mp_cursor *c);
/* Any number of SP, none too; returns how many. For servers that send too many or too few. */
MP_API uint32_t mp_skip_sp(mp_cursor *c);
/* The end of the input. */
MP_API mp_status mp_read_end(mp_cursor *c);

/* The atom `word` (upper case; any case on the wire). */
MP_API mp_status mp_read_word(mp_cursor *c, const char *word);
/* atom = 1*ATOM-CHAR                                         RFC 9051 section 9 */
MP_API mp_status mp_read_atom(mp_cursor *c, mp_span *out_r);
/* Any run of octets that the tape took for an atom: flags, sections, wildcards, sets. */
MP_API mp_status mp_read_run(mp_cursor *c, mp_span *out_r);
/* number = 1*DIGIT, at most 2^32 - 1 */
MP_API mp_status mp_read_number(mp_cursor *c, uint32_t *out_r);
/* nz-number = digit-nz *DIGIT; 1 to 2^32 - 1 */
MP_API mp_status mp_read_nz_number(mp_cursor *c, uint32_t *out_r);
/* number64 = 1*DIGIT, at most 2^63 - 1 */
MP_API mp_status mp_read_number64(mp_cursor *c, uint64_t *out_r);
/* string = quoted / literal */
MP_API mp_status mp_read_string(mp_cursor *c, mp_text *out_r);
/* nstring = string / nil */
MP_API mp_status mp_read_nstring(mp_cursor *c, mp_text *out_r);
/* string / literal8: the APPEND data of RFC 3516 section 6 and the like */
MP_API mp_status mp_read_string8(mp_cursor *c, mp_text *out_r);
/* astring = 1*ASTRING-CHAR / string; ASTRING-CHAR = ATOM-CHAR / "]" */
MP_API mp_status mp_read_astring(mp_cursor *c, mp_text *out_r);
/* list-mailbox = 1*list-char / string; list-char = ATOM-CHAR / "%" / "*" / "]" */
MP_API mp_status mp_read_list_mailbox(mp_cursor *c, mp_text *out_r);
/* flag = "\" atom / flag-keyword; "\*" passes too (flag-perm) */
MP_API mp_status mp_read_flag(mp_cursor *c, mp_span *out_r);

/* "(": what follows is the list's contents. */
MP_API mp_status mp_read_open(mp_cursor *c, mp_list *list_r);
/* ")": fails unless the contents were read to their end. */
MP_API mp_status mp_read_close(mp_cursor *c, const mp_list *list);

/* 1*DIGIT as a number of at most `max`; false if it is anything else. */
MP_API bool mp_parse_number(const uint8_t *p, size_t len, uint64_t max, uint64_t *out_r);

#ifdef __cplusplus
}
#endif
#endif
