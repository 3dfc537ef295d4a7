/* POP3 on the wire: RFC 1939, RFC 2449 (grammar, response codes), RFC 5034 (AUTH), RFC 6856 (UTF8, LANG).
 *
 * Three kinds of function stand here:
 *   lines     mp_pop3_line finds where a line ends, resumable at any octet;
 *   readers   mp_pop3_read_status, mp_pop3_read_command, ... take one whole line, line end included;
 *   machines  mp_unstuff and mp_stuff run over a body in chunks of any size, and may stop at any octet.
 *
 * None of them allocates, none reads past the length it is given (MP_PADDING is not needed here), and each is
 * linear in the octets handed to it. Spans count from the start of the line.
 */
#ifndef MAILPROTO_POP3_H
#define MAILPROTO_POP3_H

#include "mailproto/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- lines ------------------------------------------------------------------------------------------- */

/* How far a line has been searched. Zero it before each new line. */
typedef struct mp_pop3_line_state {
    size_t searched; /* octets known to hold no LF */
} mp_pop3_line_state;

/* Looks for the end of the line that starts at `line`, of which `len` octets are there (never fewer than in the
 * call before). MP_OK: *len_r octets make the line, its LF included, and the state is zeroed for the next line.
 * MP_NEED_MORE: no LF yet. MP_E_LIMIT: more than `max_line` octets without one, or a line longer than that; final. */
MP_API mp_status mp_pop3_line(mp_pop3_line_state *state, const uint8_t *line, size_t len, uint64_t max_line,
                              size_t *len_r, mp_error *err);

/* The octets of the line end: 2 for CRLF, 1 for a bare LF, 0 where there is none. */
MP_API size_t mp_pop3_line_end(const uint8_t *line, size_t len);

/* ---- what a server sends ----------------------------------------------------------------------------- */

typedef enum mp_pop3_status {
    MP_POP3_OK = 0,      /* +OK                       */
    MP_POP3_ERR = 1,     /* -ERR                      */
    MP_POP3_CONTINUE = 2 /* "+" [SP base64], RFC 5034 */
} mp_pop3_status;

typedef struct mp_pop3_reply {
    mp_pop3_status status;
    bool has_code;   /* a resp-code was there                                       */
    bool bare_lf;    /* the line ended in a bare LF: so may the body that follows   */
    bool control;    /* code or text holds CR, NUL or another control octet but TAB */
    bool lower_case; /* the status is not in upper case                             */
    bool blanks;     /* a TAB, or several blanks, where one SP belongs              */
    mp_span code;    /* what stands between "[" and "]"                             */
    mp_span text;    /* after the code and one SP                                   */
    size_t defect_at; /* where the first of control, lower_case and blanks is; else where the line end starts */
} mp_pop3_reply;

/* One status line. MP_E_SYNTAX: neither +OK, -ERR nor +. */
MP_API mp_status mp_pop3_read_status(const uint8_t *line, size_t len, mp_pop3_reply *reply_r, mp_error *err);

/* The lines of listings, without or with their line end. `loose_r` is set where blanks are several, or tabs, or stand
 * where none belong: real servers do all of that. */

/* drop-listing and scan-listing: number SP number (RFC 1939 section 5, STAT and LIST). What follows a further SP is
 * ignored, as that section tells clients to. */
MP_API mp_status mp_pop3_read_numbers(const uint8_t *line, size_t len, uint64_t *first_r, uint64_t *second_r,
                                      bool *loose_r, mp_error *err);

/* unique-id listing: number SP unique-id (RFC 1939 section 7, UIDL). `loose_r` is set too where the id is longer than
 * 70 octets, or holds blanks. */
MP_API mp_status mp_pop3_read_uidl(const uint8_t *line, size_t len, uint64_t *number_r, mp_span *id_r,
                                   bool *loose_r, mp_error *err);

/* A capability: capa-tag *(SP param) (RFC 2449 section 3, CAPA). *rest_r is all behind the tag; see
 * mp_pop3_next_param. */
MP_API mp_status mp_pop3_read_capability(const uint8_t *line, size_t len, mp_span *tag_r, mp_span *rest_r,
                                         bool *loose_r, mp_error *err);

/* Takes the first param off *rest, which lies in `line`. False: there is none left. */
MP_API bool mp_pop3_next_param(const uint8_t *line, mp_span *rest, mp_span *param_r);

/* A language listing: tag [SP description] (RFC 6856 section 3.2, LANG). The description may be empty. */
MP_API mp_status mp_pop3_read_language(const uint8_t *line, size_t len, mp_span *tag_r, mp_span *description_r,
                                       bool *loose_r, mp_error *err);

/* ---- what a client sends ----------------------------------------------------------------------------- */

typedef enum mp_pop3_keyword {
    MP_POP3_UNKNOWN = 0,
    MP_POP3_APOP,
    MP_POP3_AUTH,
    MP_POP3_CAPA,
    MP_POP3_DELE,
    MP_POP3_LANG,
    MP_POP3_LIST,
    MP_POP3_NOOP,
    MP_POP3_PASS,
    MP_POP3_QUIT,
    MP_POP3_RETR,
    MP_POP3_RSET,
    MP_POP3_STAT,
    MP_POP3_STLS,
    MP_POP3_TOP,
    MP_POP3_UIDL,
    MP_POP3_USER,
    MP_POP3_UTF8
} mp_pop3_keyword;

typedef struct mp_pop3_command {
    mp_pop3_keyword keyword;
    mp_span name;     /* the keyword as it was written                                        */
    int arguments;    /* how many of the following are there                                  */
    mp_span first;    /* USER name, PASS, APOP name, AUTH mechanism, LANG tag; unknown: all   */
    mp_span second;   /* APOP digest, AUTH initial response                                   */
    uint64_t number;  /* LIST RETR DELE TOP UIDL: message number, 1 to 2^31 - 1               */
    uint64_t lines;   /* TOP: lines of the body                                               */
} mp_pop3_command;

/* The keyword at the start of the `len` octets at `line`, of which the line may have more to come. MP_POP3_UNKNOWN
 * also while it cannot be told. */
MP_API mp_pop3_keyword mp_pop3_keyword_at(const uint8_t *line, size_t len);

/* Its name in upper case, static; NULL for MP_POP3_UNKNOWN. */
MP_API const char *mp_pop3_keyword_name(mp_pop3_keyword keyword);

/* Whether a +OK to this command is followed by a body, given whether the command has arguments. */
MP_API bool mp_pop3_is_multiline(mp_pop3_keyword keyword, bool has_arguments);

/* One command line, line end included. Keywords are compared without regard to case. A keyword that is not known
 * is no error as long as the line is grammatical. command_r->name is set, if it can be, even on MP_E_SYNTAX.
 * MP_E_LIMIT: a line of more than `max_command` octets (limits.h: max_pop3_command) that is not AUTH's. */
MP_API mp_status mp_pop3_read_command(const uint8_t *line, size_t len, uint64_t max_command, mp_pop3_command *command_r,
                                      mp_error *err);

/* ---- bodies ------------------------------------------------------------------------------------------ */

/* Where in a body a machine stands. Not for callers. */
typedef enum mp_body_at {
    MP_AT_LINE_START = 0,
    MP_AT_DOT,    /* unstuff: "." at the start of a line, withheld     */
    MP_AT_DOT_CR, /* unstuff: ".\r" at the start of a line, withheld   */
    MP_AT_CR,     /* within a line, the last octet was CR              */
    MP_AT_MIDDLE  /* within a line                                     */
} mp_body_at;

/* Takes the dots away. `any_lf`: a bare LF ends a line too; to be set only where the status line ended in one,
 * since a message may hold LF "." CRLF, and must not be able to end the reply. */
typedef struct mp_unstuff {
    mp_body_at at;
    bool any_lf;
} mp_unstuff;

/* Starts a body. The machine owns nothing. */
MP_API void mp_unstuff_init(mp_unstuff *machine, bool any_lf);

/* Reads up to n octets at src. MP_OK: the terminator was found, *consumed_r octets were read, the terminator
 * included. MP_NEED_MORE: all n were read and the terminator is still to come. *written_r octets of the message
 * were written to dst, at most n + mp_unstuff_withheld(). dst may overlap src where it lies at least that many
 * octets before it (so, nearly always, may be src itself: no octet is moved before the first dot). dst NULL writes
 * nothing and only counts. */
MP_API mp_status mp_unstuff_run(mp_unstuff *machine, uint8_t *dst, const uint8_t *src, size_t n, size_t *consumed_r,
                                size_t *written_r);

/* Octets that were read and may still be written: 1 after ".\r" at the start of a line, else 0. */
MP_API size_t mp_unstuff_withheld(const mp_unstuff *machine);

/* Puts the dots in. `any_lf`: also after a bare LF. RFC 1939 knows no bare LF; a client that takes LF for a line
 * end would see a forged terminator in LF "." CRLF, one that does not would see a dot too many. */
typedef struct mp_stuff {
    mp_body_at at;
    bool any_lf;
    bool complete; /* the octets so far are none, or end in CRLF */
} mp_stuff;

/* Starts a body. The machine owns nothing; mp_stuff_finish starts the next one. */
MP_API void mp_stuff_init(mp_stuff *machine, bool any_lf);

/* Stuffs all n octets at src. Returns the octets written to dst, at most 2n; dst NULL writes nothing and only
 * counts. dst and src must not overlap. */
MP_API size_t mp_stuff_run(mp_stuff *machine, uint8_t *dst, const uint8_t *src, size_t n);

/* What must follow the last chunk: the missing CRLF, if any, and the terminator. Writes at most 5 octets, returns
 * how many, and begins anew. */
MP_API size_t mp_stuff_finish(mp_stuff *machine, uint8_t dst[5]);

#ifdef __cplusplus
}
#endif
#endif
