/* IMAP commands as a server reads them: one framed unit becomes a kind and a flat list of arguments.
 *
 *     mp_command c;
 *     mp_command_init(&c, mp_alloc_libc());
 *     if (mp_command_parse(&c, unit, len, &limits, &err) == MP_OK) ...c.kind, c.args[0 .. c.count)...
 *     mp_command_free(&c);
 *
 * Covered: RFC 3501, and CREATE-SPECIAL-USE, CONDSTORE, ENABLE, ESEARCH, ID, IDLE, LIST-EXTENDED, LITERAL+, MOVE, MULTIAPPEND,
 * NAMESPACE, SASL-IR, UIDPLUS, UNSELECT, WITHIN. Reading is strict: a command is right or it is an error.
 * Time is linear in the unit, there is no recursion, and the arguments are the only memory used.
 */
#ifndef MAILPROTO_IMAP_COMMAND_H
#define MAILPROTO_IMAP_COMMAND_H

#include "mailproto/limits.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The commands, and behind each its arguments in the order in which they come. [x]: may be missing; x*: any number.
 * LIST is an argument of its own whose count says how many arguments follow within it. */
#define MP_COMMANDS(X)                                                                             \
    X(CAPABILITY, "CAPABILITY")     /*                                                          */ \
    X(NOOP, "NOOP")                 /*                                                          */ \
    X(LOGOUT, "LOGOUT")             /*                                                          */ \
    X(STARTTLS, "STARTTLS")         /*                                                          */ \
    X(AUTHENTICATE, "AUTHENTICATE") /* ATOM [BASE64]: mechanism, initial response               */ \
    X(LOGIN, "LOGIN")               /* STRING STRING                                            */ \
    X(ENABLE, "ENABLE")             /* LIST ATOM*                                               */ \
    X(SELECT, "SELECT")             /* MAILBOX [WORD]: CONDSTORE                                */ \
    X(EXAMINE, "EXAMINE")           /* MAILBOX [WORD]                                           */ \
    X(CREATE, "CREATE")             /* MAILBOX [LIST FLAG*]: special uses                       */ \
    X(DELETE, "DELETE")             /* MAILBOX                                                  */ \
    X(RENAME, "RENAME")             /* MAILBOX MAILBOX                                          */ \
    X(SUBSCRIBE, "SUBSCRIBE")       /* MAILBOX                                                  */ \
    X(UNSUBSCRIBE, "UNSUBSCRIBE")   /* MAILBOX                                                  */ \
    X(LIST, "LIST")                 /* LIST WORD*, MAILBOX, LIST MAILBOX*, LIST (WORD|STATUS)*:    \
                                       selection options, reference, patterns, return options;     \
                                       the WORD STATUS has a count of items that follow it      */ \
    X(LSUB, "LSUB")                 /* MAILBOX MAILBOX                                          */ \
    X(NAMESPACE, "NAMESPACE")       /*                                                          */ \
    X(STATUS, "STATUS")             /* MAILBOX LIST (WORD|ATOM)*: known items and others        */ \
    X(APPEND, "APPEND")             /* MAILBOX, then for each message LIST FLAG* [DATE_TIME] STRING */ \
    X(IDLE, "IDLE")                 /*                                                          */ \
    X(CHECK, "CHECK")               /*                                                          */ \
    X(CLOSE, "CLOSE")               /*                                                          */ \
    X(UNSELECT, "UNSELECT")         /*                                                          */ \
    X(EXPUNGE, "EXPUNGE")           /* [SET], with uid only                                     */ \
    X(SEARCH, "SEARCH")             /* [LIST WORD*] [STRING] KEY*: return options, charset, and the keys   \
                                       each before its own arguments and the keys within it     */ \
    X(FETCH, "FETCH")               /* SET LIST (WORD|SECTION)* [NUMBER] [WORD]: CHANGEDSINCE, VANISHED */ \
    X(STORE, "STORE")               /* SET [NUMBER] WORD LIST FLAG*: UNCHANGEDSINCE; word is FLAGS, \
                                       number '+', '-' or 0, count 1 for .SILENT                */ \
    X(COPY, "COPY")                 /* SET MAILBOX                                              */ \
    X(MOVE, "MOVE")                 /* SET MAILBOX                                              */ \
    X(ID, "ID")                     /* LIST (STRING STRING)* or NIL                             */

typedef enum mp_command_kind {
#define X(name, text) MP_COMMAND_##name,
    MP_COMMANDS(X)
#undef X
    MP_COMMAND_COUNT,
    MP_COMMAND_UNKNOWN = MP_COMMAND_COUNT
} mp_command_kind;

/* The fixed words inside commands. */
#define MP_WORDS(X)                                                                                              \
    /* search keys without argument */                                                                           \
    X(ALL, "ALL") X(ANSWERED, "ANSWERED") X(DELETED, "DELETED") X(DRAFT, "DRAFT") X(FLAGGED, "FLAGGED")          \
    X(NEW, "NEW") X(OLD, "OLD") X(RECENT, "RECENT") X(SEEN, "SEEN") X(UNANSWERED, "UNANSWERED")                  \
    X(UNDELETED, "UNDELETED") X(UNDRAFT, "UNDRAFT") X(UNFLAGGED, "UNFLAGGED") X(UNSEEN, "UNSEEN")                \
    /* search keys with an astring */                                                                            \
    X(BCC, "BCC") X(BODY, "BODY") X(CC, "CC") X(FROM, "FROM") X(SUBJECT, "SUBJECT") X(TEXT, "TEXT") X(TO, "TO")  \
    /* with a date */                                                                                            \
    X(BEFORE, "BEFORE") X(ON, "ON") X(SINCE, "SINCE") X(SENTBEFORE, "SENTBEFORE") X(SENTON, "SENTON")            \
    X(SENTSINCE, "SENTSINCE")                                                                                    \
    /* with a number */                                                                                          \
    X(LARGER, "LARGER") X(SMALLER, "SMALLER") X(OLDER, "OLDER") X(YOUNGER, "YOUNGER")                            \
    /* with arguments of their own */                                                                            \
    X(HEADER, "HEADER") X(KEYWORD, "KEYWORD") X(UNKEYWORD, "UNKEYWORD") X(MODSEQ, "MODSEQ") X(UID, "UID")        \
    X(NOT, "NOT") X(OR, "OR")                                                                                    \
    /* not words: a parenthesised list of keys, its count the keys in it; a sequence-set */                      \
    X(AND, "(") X(SEQUENCE, "0")                                                                                 \
    /* FETCH items and macros */                                                                                 \
    X(FLAGS, "FLAGS") X(INTERNALDATE, "INTERNALDATE") X(RFC822, "RFC822") X(RFC822_SIZE, "RFC822.SIZE")          \
    X(RFC822_HEADER, "RFC822.HEADER") X(RFC822_TEXT, "RFC822.TEXT") X(ENVELOPE, "ENVELOPE")                      \
    X(BODYSTRUCTURE, "BODYSTRUCTURE") X(FAST, "FAST") X(FULL, "FULL") X(BODY_PEEK, "BODY.PEEK")                  \
    /* what of a section */                                                                                      \
    X(HEADER_FIELDS, "HEADER.FIELDS") X(HEADER_FIELDS_NOT, "HEADER.FIELDS.NOT") X(MIME, "MIME")                  \
    /* options and modifiers */                                                                                  \
    X(MIN, "MIN") X(MAX, "MAX") X(COUNT, "COUNT") X(SAVE, "SAVE") X(SUBSCRIBED, "SUBSCRIBED")                    \
    X(REMOTE, "REMOTE") X(RECURSIVEMATCH, "RECURSIVEMATCH") X(SPECIAL_USE, "SPECIAL-USE")                        \
    X(CHILDREN, "CHILDREN") X(MYRIGHTS, "MYRIGHTS") X(STATUS, "STATUS") X(CONDSTORE, "CONDSTORE")                \
    X(CHANGEDSINCE, "CHANGEDSINCE") X(UNCHANGEDSINCE, "UNCHANGEDSINCE") X(VANISHED, "VANISHED")                  \
    X(FLAGS_SILENT, "FLAGS.SILENT") X(RETURN, "RETURN") X(CHARSET, "CHARSET") X(USE, "USE")                      \
    X(PRIV, "PRIV") X(SHARED, "SHARED")                                                                          \
    /* STATUS items */                                                                                           \
    X(MESSAGES, "MESSAGES") X(UIDNEXT, "UIDNEXT") X(UIDVALIDITY, "UIDVALIDITY")                                  \
    X(HIGHESTMODSEQ, "HIGHESTMODSEQ") X(SIZE, "SIZE") X(APPENDLIMIT, "APPENDLIMIT") X(MAILBOXID, "MAILBOXID")

typedef enum mp_word {
    MP_WORD_NONE,
#define X(name, text) MP_WORD_##name,
    MP_WORDS(X)
#undef X
    MP_WORD_TOTAL
} mp_word;

/* The text of a word or command as the RFCs write it; "" for MP_WORD_NONE. */
MP_API const char *mp_word_text(mp_word word);
MP_API const char *mp_command_text(mp_command_kind kind);

typedef enum mp_arg_kind {
    MP_ARG_ATOM,
    MP_ARG_BASE64,    /* span: base64, valid; `=` alone for nothing                                   */
    MP_ARG_DATE,      /* span: without quotes, a day that mp_parse_date reads                         */
    MP_ARG_DATE_TIME, /* span: without quotes, what mp_parse_date_time reads                          */
    MP_ARG_FLAG,      /* span: with its backslash                                                     */
    MP_ARG_KEY,       /* word: the search key; its arguments follow                                   */
    MP_ARG_LIST,      /* count: how many arguments are in it                                          */
    MP_ARG_MAILBOX,   /* span: the octets between quotes, of the atom or of the literal               */
    MP_ARG_NIL,
    MP_ARG_NUMBER,    /* number                                                                       */
    MP_ARG_SECTION,   /* word: what of it, or NONE; peek; count: part numbers (NUMBER) and header fields
                         (STRING) that follow; partial: span is (first octet, octets), else (0, 0)    */
    MP_ARG_SET,       /* span: a sequence-set, its numbers checked, or `$`                            */
    MP_ARG_STRING,    /* span: as for MAILBOX                                                         */
    MP_ARG_WORD       /* word                                                                         */
} mp_arg_kind;

typedef struct mp_arg {
    uint8_t kind;    /* mp_arg_kind                                                     */
    uint8_t word;    /* mp_word                                                         */
    bool escaped;    /* MAILBOX, STRING: the span holds \" or \\, which stand for " and \ */
    bool peek;       /* SECTION: BODY.PEEK                                              */
    uint32_t count;
    mp_span span;
    uint64_t number;
} mp_arg;

typedef struct mp_command {
    mp_command_kind kind; /* UNKNOWN where the name is missing or is no command     */
    bool uid;             /* the name was behind UID                                */
    mp_span tag;          /* len 0 where the tag is missing or cannot be used       */
    mp_arg *args;
    uint32_t count;
    uint32_t room;        /* private */
    mp_alloc alloc;       /* private */
} mp_command;

MP_API void mp_command_init(mp_command *c, mp_alloc alloc);
MP_API void mp_command_free(mp_command *c);

/* Reads one unit: its line with CRLF, literals inline, as the framer cut it. The arguments of the call before are gone.
 * MP_E_SYNTAX, MP_E_LIMIT (max_depth: search keys within each other; max_elements: arguments): tag and kind still
 * say what could be read of them, so that a server can answer BAD with the tag. */
MP_API mp_status mp_command_parse(mp_command *c, const uint8_t *unit, size_t len, const mp_limits *limits,
                                  mp_error *err);

/* The tag alone, from a unit that may be incomplete: for a literal announced or a command thrown away. len 0: none. */
MP_API mp_span mp_command_tag(const uint8_t *unit, size_t len);

/* Reads a client's line in answer to a SASL challenge (RFC 3501 section 9, `base64` or `*`): *base64_r is the
 * base64 without CRLF, valid, or `*`. */
MP_API mp_status mp_sasl_line_parse(const uint8_t *unit, size_t len, mp_span *base64_r, mp_error *err);

/* Reads the line that ends IDLE: DONE in any case (RFC 2177). */
MP_API mp_status mp_idle_line_parse(const uint8_t *unit, size_t len, mp_error *err);

#ifdef __cplusplus
}
#endif
#endif
