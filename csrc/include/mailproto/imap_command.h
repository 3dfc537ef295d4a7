/* IMAP commands as a server reads them: one framed unit becomes a kind and a flat list of arguments.
 *
 *     mp_command c;
 *     mp_command_init(&c, mp_alloc_libc());
 *     if (mp_command_parse(&c, unit, len, &limits, &err) == MP_OK) ...c.kind, c.args[0 .. c.count)...
 *     mp_command_free(&c);
 *
 * Covered: every command of RFC 3501 and RFC 9051, and ACL (RFC 4314), BINARY (3516), CATENATE (4469), COMPRESS
 * (4978), CONDSTORE and QRESYNC (7162), CONTEXT (5267), CREATE-SPECIAL-USE (6154), ENABLE (5161), ESEARCH (4731),
 * ESORT (5267), FILTERS (5466), ID (2971), IDLE (2177), JMAPACCESS (9698), LANGUAGE and I18NLEVEL (5255),
 * LIST-EXTENDED (5258), LIST-METADATA (9590), LIST-MYRIGHTS (8440), LIST-STATUS (5819), LITERAL+ (7888),
 * MAILBOX-REFERRALS (2193), METADATA (5464), MOVE (6851), MULTIAPPEND (3502), MULTISEARCH (7377), NAMESPACE (2342),
 * NOTIFY (5465), OBJECTID (8474), PARTIAL (9394), PREVIEW (8970), QUOTA (9208), REPLACE (8508), SASL-IR (4959),
 * SAVEDATE (8514), SEARCH=FUZZY (6203), SEARCHRES (5182), SORT (5256, 5957), THREAD (5256), UIDBATCHES (10022),
 * UIDPLUS (4315), UNAUTHENTICATE (8437), UNSELECT (3691), URLAUTH (4467), UTF8=ACCEPT (9755), WITHIN (5032),
 * X-GM-EXT-1, XLIST; parameters of commands that none of these names are kept as RFC 4466 lets them be written
 * (PARAM).
 * A command is right or it is an error, but for what MP_COMMAND_DEFECTS lists: that is read, and told
 * (unless the caller sets `strict`).
 * RFC 4466 gives the parameters and options of every command one general form. A server may ignore a parameter of SELECT,
 * EXAMINE, CREATE or RENAME and a return option of LIST that it does not know, so those are read, as PARAM; what a FETCH,
 * STORE or SEARCH does depends on its modifiers and options, so those that nobody knows are an error: BAD.
 * Time is linear in the unit, there is no recursion, and the arguments are the only memory used.
 */
#ifndef MAILPROTO_IMAP_COMMAND_H
#define MAILPROTO_IMAP_COMMAND_H

#include "mailproto/limits.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The commands, and behind each its arguments in the order in which they come. [x]: may be missing; x*: any number;
 * x+: at least one. LIST is an argument of its own whose count says how many arguments follow within it. TREE
 * stands for what PARAM holds: ATOM, STRING, and LIST of these. */
#define MP_COMMANDS(X)                                                                             \
    X(CAPABILITY, "CAPABILITY")     /*                                                          */ \
    X(NOOP, "NOOP")                 /*                                                          */ \
    X(LOGOUT, "LOGOUT")             /*                                                          */ \
    X(STARTTLS, "STARTTLS")         /*                                                          */ \
    X(AUTHENTICATE, "AUTHENTICATE") /* ATOM [BASE64]: mechanism, initial response               */ \
    X(LOGIN, "LOGIN")               /* STRING STRING                                            */ \
    X(ENABLE, "ENABLE")             /* LIST ATOM+                                               */ \
    X(SELECT, "SELECT")             /* MAILBOX (WORD|PARAM)*: CONDSTORE; QRESYNC, whose count says how many \
                                       follow of NUMBER NUMBER [SET] [SET SET]: UIDVALIDITY, mod-sequence,  \
                                       known UIDs, sequence numbers and their UIDs              */ \
    X(EXAMINE, "EXAMINE")           /* as SELECT                                                */ \
    X(CREATE, "CREATE")             /* MAILBOX ([LIST FLAG*]|PARAM)*: the list holds special uses */ \
    X(DELETE, "DELETE")             /* MAILBOX                                                  */ \
    X(RENAME, "RENAME")             /* MAILBOX MAILBOX PARAM*                                   */ \
    X(SUBSCRIBE, "SUBSCRIBE")       /* MAILBOX                                                  */ \
    X(UNSUBSCRIBE, "UNSUBSCRIBE")   /* MAILBOX                                                  */ \
    X(LIST, "LIST")                 /* LIST (WORD|PARAM)*, MAILBOX, LIST MAILBOX+, LIST (WORD|PARAM)*:     \
                                       selection options, reference, patterns, return options;     \
                                       the WORD STATUS has a count of items that follow it (WORD|ATOM),    \
                                       the WORD METADATA one of entries (TEXT)                  */ \
    X(LSUB, "LSUB")                 /* MAILBOX MAILBOX                                          */ \
    X(NAMESPACE, "NAMESPACE")       /*                                                          */ \
    X(STATUS, "STATUS")             /* MAILBOX LIST (WORD|ATOM)+: known items and others        */ \
    X(APPEND, "APPEND")             /* MAILBOX, then for each message LIST FLAG* [DATE_TIME] DATA; DATA is a     \
                                       STRING, or the WORD CATENATE with a count of parts that follow it: STRING  \
                                       whose word is TEXT, TEXT whose word is URL. A STRING's number: 0, or      \
                                       1 for a literal8, or 2 for a literal8 inside UTF8 ()     */ \
    X(IDLE, "IDLE")                 /*                                                          */ \
    X(CHECK, "CHECK")               /*                                                          */ \
    X(CLOSE, "CLOSE")               /*                                                          */ \
    X(UNSELECT, "UNSELECT")         /*                                                          */ \
    X(EXPUNGE, "EXPUNGE")           /* [SET], with uid only                                     */ \
    X(SEARCH, "SEARCH")             /* [LIST WORD*] [TEXT] KEY*: return options, charset, and the keys     \
                                       each before its own arguments and the keys within it; the WORD PARTIAL    \
                                       has a RANGE behind it                                    */ \
    X(FETCH, "FETCH")               /* SET LIST (WORD|SECTION)* [NUMBER] [RANGE] [WORD]: CHANGEDSINCE, PARTIAL,  \
                                       VANISHED; the WORD PREVIEW has count 1 for (LAZY)        */ \
    X(STORE, "STORE")               /* SET [NUMBER] WORD LIST (FLAG|MAILBOX)*: UNCHANGEDSINCE; word is FLAGS or  \
                                       X_GM_LABELS, number '+', '-' or 0, count 1 for .SILENT   */ \
    X(COPY, "COPY")                 /* SET MAILBOX                                              */ \
    X(MOVE, "MOVE")                 /* SET MAILBOX                                              */ \
    X(ID, "ID")                     /* LIST (STRING STRING)* or NIL                             */ \
    X(SORT, "SORT")                 /* [LIST WORD*] LIST WORD+ TEXT KEY+: return options, sort keys (number 1:   \
                                       REVERSE), charset, search keys                           */ \
    X(THREAD, "THREAD")             /* ATOM TEXT KEY+: algorithm, charset, search keys          */ \
    X(ESEARCH, "ESEARCH")           /* LIST WORD* LIST PARAM* [LIST WORD*] [TEXT] KEY+: mailbox filters (the     \
                                       count of each: MAILBOX that follow), scope options, return options ... */ \
    X(CANCELUPDATE, "CANCELUPDATE") /* LIST TEXT+: tags                                         */ \
    X(REPLACE, "REPLACE")           /* SET MAILBOX and one message as in APPEND                 */ \
    X(GETQUOTA, "GETQUOTA")         /* STRING: quota root                                       */ \
    X(GETQUOTAROOT, "GETQUOTAROOT") /* MAILBOX                                                  */ \
    X(SETQUOTA, "SETQUOTA")         /* STRING LIST (ATOM NUMBER)*                               */ \
    X(SETACL, "SETACL")             /* MAILBOX STRING TEXT: identifier, rights with their sign  */ \
    X(DELETEACL, "DELETEACL")       /* MAILBOX STRING                                           */ \
    X(GETACL, "GETACL")             /* MAILBOX                                                  */ \
    X(LISTRIGHTS, "LISTRIGHTS")     /* MAILBOX STRING                                           */ \
    X(MYRIGHTS, "MYRIGHTS")         /* MAILBOX                                                  */ \
    X(GETMETADATA, "GETMETADATA")   /* LIST (WORD|PARAM)* MAILBOX LIST TEXT+: options (MAXSIZE: number is its value; \
                                       DEPTH: number is '0', '1' or 'I'), entries               */ \
    X(SETMETADATA, "SETMETADATA")   /* MAILBOX LIST (TEXT STRING|NIL)+                          */ \
    X(NOTIFY, "NOTIFY")             /* LIST, empty for NONE, else the WORD SET (count 1: STATUS) and for each group \
                                       LIST WORD MAILBOX* (WORD|ATOM)+: the filter (count: its mailboxes), the events; \
                                       the WORD MESSAGENEW has a count of (WORD|SECTION) that follow it,        \
                                       the WORD NONE stands alone                               */ \
    X(GENURLAUTH, "GENURLAUTH")     /* LIST (TEXT ATOM)+: URL, mechanism                        */ \
    X(RESETKEY, "RESETKEY")         /* [MAILBOX LIST ATOM*]: mechanisms                         */ \
    X(URLFETCH, "URLFETCH")         /* LIST TEXT+                                               */ \
    X(COMPRESS, "COMPRESS")         /* ATOM                                                     */ \
    X(UNAUTHENTICATE, "UNAUTHENTICATE") /*                                                      */ \
    X(LANGUAGE, "LANGUAGE")         /* LIST TEXT*                                               */ \
    X(COMPARATOR, "COMPARATOR")     /* LIST TEXT*                                               */ \
    X(GETJMAPACCESS, "GETJMAPACCESS") /*                                                        */ \
    X(UIDBATCHES, "UIDBATCHES")     /* NUMBER [RANGE]                                           */ \
    X(XLIST, "XLIST")               /* MAILBOX MAILBOX                                          */ \
    X(RLIST, "RLIST")               /* MAILBOX MAILBOX                                          */ \
    X(RLSUB, "RLSUB")               /* MAILBOX MAILBOX                                          */

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
    X(SAVEDATESUPPORTED, "SAVEDATESUPPORTED")                                                                    \
    X(UNDELETED, "UNDELETED") X(UNDRAFT, "UNDRAFT") X(UNFLAGGED, "UNFLAGGED") X(UNSEEN, "UNSEEN")                \
    /* search keys with an astring */                                                                            \
    X(BCC, "BCC") X(BODY, "BODY") X(CC, "CC") X(FROM, "FROM") X(SUBJECT, "SUBJECT") X(TEXT, "TEXT")              \
    X(X_GM_LABELS, "X-GM-LABELS") X(X_GM_RAW, "X-GM-RAW") X(TO, "TO")                                            \
    /* with a date */                                                                                            \
    X(BEFORE, "BEFORE") X(ON, "ON") X(SAVEDBEFORE, "SAVEDBEFORE") X(SAVEDON, "SAVEDON")                           \
    X(SAVEDSINCE, "SAVEDSINCE") X(SINCE, "SINCE") X(SENTBEFORE, "SENTBEFORE") X(SENTON, "SENTON")            \
    X(SENTSINCE, "SENTSINCE")                                                                                    \
    /* with a number */                                                                                          \
    X(LARGER, "LARGER") X(SMALLER, "SMALLER") X(OLDER, "OLDER") X(YOUNGER, "YOUNGER")                            \
    /* with arguments of their own */                                                                            \
    X(HEADER, "HEADER") X(KEYWORD, "KEYWORD") X(UNKEYWORD, "UNKEYWORD") X(MODSEQ, "MODSEQ") X(UID, "UID")        \
    X(EMAILID, "EMAILID") X(THREADID, "THREADID") X(X_GM_MSGID, "X-GM-MSGID") X(X_GM_THRID, "X-GM-THRID")        \
    X(FILTER, "FILTER")                                                                                          \
    /* around other keys */                                                                                      \
    X(FUZZY, "FUZZY") X(NOT, "NOT") X(OR, "OR") \
    /* not words: a parenthesised list of keys, its count the keys in it; a sequence-set */                      \
    X(AND, "(") X(SEQUENCE, "0")                                                                                 \
    /* FETCH items and macros */                                                                                 \
    X(FLAGS, "FLAGS") X(INTERNALDATE, "INTERNALDATE") X(RFC822, "RFC822") X(RFC822_SIZE, "RFC822.SIZE")          \
    X(RFC822_HEADER, "RFC822.HEADER") X(RFC822_TEXT, "RFC822.TEXT") X(ENVELOPE, "ENVELOPE")                      \
    X(BODYSTRUCTURE, "BODYSTRUCTURE") X(FAST, "FAST") X(FULL, "FULL") X(BODY_PEEK, "BODY.PEEK")                  \
    X(BINARY, "BINARY") X(BINARY_PEEK, "BINARY.PEEK") X(BINARY_SIZE, "BINARY.SIZE") X(PREVIEW, "PREVIEW")        \
    X(SAVEDATE, "SAVEDATE") X(OBJECTID, "OBJECTID") X(LAZY, "LAZY")                                              \
    /* what of a section */                                                                                      \
    X(HEADER_FIELDS, "HEADER.FIELDS") X(HEADER_FIELDS_NOT, "HEADER.FIELDS.NOT") X(MIME, "MIME")                  \
    /* options and modifiers */                                                                                  \
    X(MIN, "MIN") X(MAX, "MAX") X(COUNT, "COUNT") X(SAVE, "SAVE") X(SUBSCRIBED, "SUBSCRIBED")                    \
    X(REMOTE, "REMOTE") X(RECURSIVEMATCH, "RECURSIVEMATCH") X(SPECIAL_USE, "SPECIAL-USE")                        \
    X(CHILDREN, "CHILDREN") X(MYRIGHTS, "MYRIGHTS") X(STATUS, "STATUS") X(CONDSTORE, "CONDSTORE")                \
    X(CHANGEDSINCE, "CHANGEDSINCE") X(UNCHANGEDSINCE, "UNCHANGEDSINCE") X(VANISHED, "VANISHED")                  \
    X(FLAGS_SILENT, "FLAGS.SILENT") X(X_GM_LABELS_SILENT, "X-GM-LABELS.SILENT")                                  \
    X(RETURN, "RETURN") X(CHARSET, "CHARSET") X(USE, "USE")                      \
    X(PARTIAL, "PARTIAL") X(CONTEXT, "CONTEXT") X(UPDATE, "UPDATE") X(RELEVANCY, "RELEVANCY")                    \
    X(QRESYNC, "QRESYNC") X(METADATA, "METADATA") X(MAXSIZE, "MAXSIZE") X(DEPTH, "DEPTH")                        \
    X(CATENATE, "CATENATE") X(URL, "URL") X(UTF8, "UTF8") X(IN, "IN") X(SET, "SET") X(NONE_, "NONE")             \
    /* sort keys */                                                                                              \
    X(ARRIVAL, "ARRIVAL") X(DATE, "DATE") X(DISPLAYFROM, "DISPLAYFROM") X(DISPLAYTO, "DISPLAYTO")                \
    X(REVERSE, "REVERSE")                                                                                        \
    /* mailbox filters and events */                                                                             \
    X(SELECTED, "SELECTED") X(SELECTED_DELAYED, "SELECTED-DELAYED") X(INBOXES, "INBOXES")                        \
    X(PERSONAL, "PERSONAL") X(SUBTREE, "SUBTREE") X(SUBTREE_ONE, "SUBTREE-ONE") X(MAILBOXES, "MAILBOXES")        \
    X(MESSAGENEW, "MessageNew") X(MESSAGEEXPUNGE, "MessageExpunge") X(FLAGCHANGE, "FlagChange")                  \
    X(ANNOTATIONCHANGE, "AnnotationChange") X(MAILBOXNAME, "MailboxName")                                        \
    X(SUBSCRIPTIONCHANGE, "SubscriptionChange") X(MAILBOXMETADATACHANGE, "MailboxMetadataChange")                \
    X(SERVERMETADATACHANGE, "ServerMetadataChange")                                                              \
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
/* The word, or MP_WORD_NONE, and the command, or MP_COMMAND_UNKNOWN, that is written so in any case. Takes the same
 * time however many there are. */
MP_API mp_word mp_word_find(const uint8_t *text, size_t len);
MP_API mp_command_kind mp_command_find(const uint8_t *text, size_t len);
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
    MP_ARG_PARAM,     /* span: its name, an atom; count: 0, or how many arguments its value has, which
                         follows: an ATOM (a set or number, too), a STRING or a LIST of these         */
    MP_ARG_RANGE,     /* span: (first, last), both at least 1; count 1: counted from the end          */
    MP_ARG_SECTION,   /* word: what of BODY[] it is, or NONE, or MP_WORD_BINARY or MP_WORD_BINARY_SIZE; peek;
                         count: part numbers (NUMBER) and header fields (TEXT) that follow;
                         octets: 0, or the octets of a partial, and number the first of them          */
    MP_ARG_SET,       /* span: a sequence-set, its numbers checked, or `$`                            */
    MP_ARG_STRING,    /* span: as for MAILBOX                                                         */
    MP_ARG_TEXT,      /* span: as for MAILBOX, ASCII without CR, LF and NUL                           */
    MP_ARG_WORD       /* word                                                                         */
} mp_arg_kind;

typedef struct mp_arg {
    uint8_t kind;    /* mp_arg_kind                                                     */
    bool escaped;    /* MAILBOX, STRING, TEXT: the span holds \" or \\, which stand for " and \ */
    bool peek;       /* SECTION: BODY.PEEK                                              */
    uint16_t word;   /* mp_word                                                         */
    uint32_t count;
    union {
        mp_span span;
        uint64_t octets; /* SECTION */
    };
    uint64_t number;
} mp_arg;

/* What is not to the letter of the grammar and still read, because clients send it and it can mean one thing only: the
 * name of the constant, the name in print, who sends it, and what is wrong and read instead. */
/* clang-format off */
#define MP_COMMAND_DEFECTS(X) \
    X(KEYWORD_FORM, "keyword-form", "clients that search for any flag alike", \
      "KEYWORD or UNKEYWORD with a system flag, or with a string; the flag is kept") \
    X(EMPTY_ITEMS, "empty-items", "test programs of clients", \
      "FETCH with empty parentheses; no items") \
    X(MACRO_IN_LIST, "macro-in-list", "clients that put all items in parentheses", \
      "ALL, FAST or FULL in parentheses; read as without them") \
    X(MISSING_SPACE, "missing-space", "clients that write `STORE 1(UNCHANGEDSINCE 1)`", \
      "no space before the parentheses of a modifier; read as if there were one") \
    X(ATOM_STRING, "atom-string", "clients that leave the quotes out, as `ID (\"version\" 1.2)`", \
      "an atom where the grammar wants a string; its octets are the string") \
    X(SEPARATE_LISTS, "separate-lists", "testers of James", \
      "SETQUOTA with each resource in parentheses of its own; read as one list") \
    X(OPTIONS_BEHIND, "options-behind", "the examples of RFC 5464", \
      "GETMETADATA with its options behind the mailbox; read as before it") \
    X(BARE_EVENTS, "bare-events", "the examples of RFC 5465", \
      "NOTIFY with events that lack their parentheses; read as if they had them") \
    X(ODD_PAIR, "odd-pair", "clients that send all that they know", \
      "ID with a field twice, or with more than RFC 2971 section 3.3 allows; all is kept")
/* clang-format on */

enum {
#define X(name, text, seen, reading) MP_COMMAND_DEFECT_BIT_##name,
    MP_COMMAND_DEFECTS(X)
#undef X
    MP_COMMAND_DEFECT_COUNT
};

enum {
#define X(name, text, seen, reading) MP_COMMAND_DEFECT_##name = 1u << MP_COMMAND_DEFECT_BIT_##name,
    MP_COMMAND_DEFECTS(X)
#undef X
};

/* The name of a defect by the number of its bit, who sends it, and what is read; "" past the last. */
MP_API const char *mp_command_defect_name(unsigned bit);
MP_API const char *mp_command_defect_seen(unsigned bit);
MP_API const char *mp_command_defect_reading(unsigned bit);

typedef struct mp_command {
    mp_command_kind kind; /* UNKNOWN where the name is missing or is no command     */
    bool uid;             /* the name was behind UID                                */
    bool strict;          /* set by the caller: a defect is an error                */
    mp_span tag;          /* len 0 where the tag is missing or cannot be used       */
    uint32_t defects;     /* MP_COMMAND_DEFECT_*                                    */
    uint32_t defect_at;   /* where the first of them was met                        */
    mp_arg *args;
    uint32_t count;
    uint32_t room;        /* private */
    mp_alloc alloc;       /* private */
} mp_command;

/* Makes an empty command whose arguments will come from `alloc`; none is allocated yet. Parsing again uses the same
 * memory, so one command serves a whole connection. mp_command_free gives it back and leaves the command empty, ready
 * for use. */
MP_API void mp_command_init(mp_command *c, mp_alloc alloc);
MP_API void mp_command_free(mp_command *c);

/* Reads one unit: its line with CRLF, literals inline, as the framer cut it. The arguments of the call before are
 * gone.
 * MP_E_SYNTAX, MP_E_LIMIT (max_depth: search keys within each other; max_elements: arguments): tag and kind still
 * say what could be read of them, so that a server can answer BAD with the tag. */
MP_API mp_status mp_command_parse(mp_command *c, const uint8_t *unit, size_t len, const mp_limits *limits,
                                  mp_error *err);

/* The tag alone, from a unit that may be incomplete: for a literal announced or a command thrown away. len 0:
 * none. */
MP_API mp_span mp_command_tag(const uint8_t *unit, size_t len);

/* unit[0..len) ends with the announcement of a literal (mp_frame.len of MP_FRAME_LITERAL): whether that literal is a
 * message that APPEND or REPLACE brings, or a TEXT part of one (CATENATE), and not a mailbox's name or a URL. Who then
 * takes its octets as they come (mp_framer_detach) reads the unit later with an empty string in its place. Looks at the
 * first MP_COMMAND_HEAD octets and the last few, however many literals are before it. */
#define MP_COMMAND_HEAD 256
MP_API bool mp_command_announces_message(const uint8_t *unit, size_t len);

/* Reads a client's line in answer to a SASL challenge (RFC 3501 section 9, `base64` or `*`): *base64_r is the
 * base64 without CRLF, valid, or `*`. */
MP_API mp_status mp_sasl_line_parse(const uint8_t *unit, size_t len, mp_span *base64_r, mp_error *err);

/* Reads the line that ends IDLE: DONE in any case (RFC 2177). */
MP_API mp_status mp_idle_line_parse(const uint8_t *unit, size_t len, mp_error *err);

#ifdef __cplusplus
}
#endif
#endif
