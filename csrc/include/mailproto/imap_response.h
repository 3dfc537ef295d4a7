/* Reading one IMAP response: a unit that the framer cut, CRLF included and literals inline.
 *
 * mp_read_response_head says what kind of response it is. Status responses and FETCH are read straight from the octets;
 * everything else goes through a tape (mp_build_response_tape) and a cursor. What real servers get
 * wrong and a reader can mend is no error but a bit in `defects` (defects.h). MP_PADDING applies to every unit.
 */
#ifndef MAILPROTO_IMAP_RESPONSE_H
#define MAILPROTO_IMAP_RESPONSE_H

#include "mailproto/cursor.h"
#include "mailproto/defects.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the head ---------------------------------------------------------------------------------------- */

typedef enum mp_response_kind {
    MP_RESP_UNKNOWN,
    MP_RESP_CONTINUATION,
    MP_RESP_OK, /* the five status responses, tagged or not, in this order */
    MP_RESP_NO,
    MP_RESP_BAD,
    MP_RESP_BYE,
    MP_RESP_PREAUTH,
    MP_RESP_CAPABILITY,
    MP_RESP_ENABLED,
    MP_RESP_EXISTS,
    MP_RESP_RECENT,
    MP_RESP_EXPUNGE,
    MP_RESP_FETCH,
    MP_RESP_UIDFETCH, /* RFC 9586: number is a UID */
    MP_RESP_VANISHED,
    MP_RESP_FLAGS,
    MP_RESP_LIST,
    MP_RESP_LSUB,
    MP_RESP_STATUS,
    MP_RESP_SEARCH,
    MP_RESP_ESEARCH,
    MP_RESP_NAMESPACE,
    MP_RESP_ID,
    MP_RESP_XLIST, /* Gmail before SPECIAL-USE: read as LIST                     */
    MP_RESP_SORT,  /* RFC 5256: read as SEARCH                                   */
    MP_RESP_THREAD,
    MP_RESP_QUOTA, /* this one and those below: imap_data.h                      */
    MP_RESP_QUOTAROOT,
    MP_RESP_ACL,
    MP_RESP_LISTRIGHTS,
    MP_RESP_MYRIGHTS,
    MP_RESP_METADATA,
    MP_RESP_LANGUAGE,
    MP_RESP_COMPARATOR,
    MP_RESP_JMAPACCESS,
    MP_RESP_UIDBATCHES,
    MP_RESP_GENURLAUTH,
    MP_RESP_URLFETCH
} mp_response_kind;

typedef struct mp_response_head {
    uint8_t kind;    /* mp_response_kind                                                            */
    bool tagged;     /* tag is set; only status responses are                                       */
    bool numbered;   /* number is set                                                               */
    uint32_t number; /* of `* 23 EXISTS`                                                            */
    mp_span tag;
    mp_span name;    /* as written                                                                  */
    uint32_t rest;   /* offset behind the name: a SP, the end, or the "(" or "[" that lacks its SP  */
    uint32_t end;    /* offset of the line's end; trailing spaces count to the line only in a status */
    uint32_t line_end; /* the same with trailing spaces, which may be the last octets of a literal  */
    mp_defects defects;
} mp_response_head;

/* response-data, continue-req, response-tagged up to their names                    RFC 9051 section 9
 * unit[0..len): one unit with its line end. MP_OK or MP_E_SYNTAX. */
MP_API mp_status mp_read_response_head(const uint8_t *unit, size_t len, mp_response_head *head_r, mp_error *err);

/* The tape of a response that is neither status, FETCH nor SEARCH. Where its last token reaches into what looked like
 * trailing spaces, head->end follows it. */
MP_API mp_status mp_build_response_tape(mp_tape *tape, const uint8_t *unit, mp_response_head *head,
                                        const mp_limits *limits, mp_error *err);

/* ---- words in a row ------------------------------------------------------------------------------------ */

/* The next run of octets without SP, ( or ) from *at on, before end; false when there is none. A quoted string (which
 * no flag may be) is one run, with its quotes. Only octets that a tape or FETCH scan has seen may be walked. */
MP_API bool mp_next_word(const uint8_t *unit, uint32_t *at, uint32_t end, mp_span *out_r);

/* A word of mp_next_word without its quotes, if it has them. A flag's backslash counts once however it is quoted:
 * "\\Seen", as a quoted string must have it, and "\Seen" are \Seen both. No other escape is undone: no flag has any. */
MP_API mp_span mp_unquoted_word(const uint8_t *unit, mp_span word);

/* ---- mailbox data through the tape ---------------------------------------------------------------------- */

typedef struct mp_mailbox_list {
    mp_span attributes; /* with the parentheses                                        */
    mp_text delimiter;  /* NIL or one character                                        */
    mp_text mailbox;
    uint32_t extended;  /* index of the list of extended data in the tape, or 0: none  */
    mp_defects defects;
} mp_mailbox_list;

/* mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox [SP mbox-list-extended] */
MP_API mp_status mp_read_mailbox_list(mp_cursor *c, mp_mailbox_list *out_r);

/* A response that is nothing but a list of flags: FLAGS. The span holds the parentheses. */
MP_API mp_status mp_read_flag_list(mp_cursor *c, mp_span *list_r, mp_defects *defects_r);

/* The same for rows as nearly every server writes them, without a tape: false for anything but single spaces, ASCII, a
 * mailbox without escapes and no extended data, where the cursor has to read. */
MP_API bool mp_scan_mailbox_list(const uint8_t *unit, const mp_response_head *head, const mp_limits *limits,
                                 mp_mailbox_list *out_r);

#define MP_STATUS_ROW 16
typedef struct mp_status_item {
    mp_span name;
    uint64_t number;
} mp_status_item;
typedef struct mp_status_row {
    mp_text mailbox;
    uint32_t n;
    mp_status_item items[MP_STATUS_ROW];
} mp_status_row;
/* STATUS likewise, with at most MP_STATUS_ROW numbers. */
MP_API bool mp_scan_status(const uint8_t *unit, const mp_response_head *head, const mp_limits *limits,
                           mp_status_row *out_r);

/* "STATUS" SP mailbox SP "(" ...: the mailbox; the cursor then stands inside the list, in *list_r, for mp_read_items
 * (imap_data.h) and mp_read_close. */
MP_API mp_status mp_read_status_head(mp_cursor *c, mp_text *mailbox_r, mp_list *list_r, mp_defects *defects_r);

/* ["(EARLIER)" SP] known-uids                                                       RFC 7162 section 3.2.10 */
MP_API mp_status mp_read_vanished(mp_cursor *c, bool *earlier_r, mp_span *set_r, mp_defects *defects_r);

/* ---- SEARCH ------------------------------------------------------------------------------------------------ */

typedef struct mp_search {
    const uint8_t *unit;
    uint32_t at;   /* offset of what comes next */
    uint32_t end;
    bool has_modseq;
    uint64_t modseq;
    mp_defects defects;
} mp_search;

/* How many numbers the octets may hold at most. */
MP_API size_t mp_search_capacity(const mp_search *s);
/* "SEARCH" *(SP nz-number) [SP "(" "MODSEQ" SP mod-sequence-value ")"]              RFC 7162 section 3.1.5
 * Writes pairs {first, last}: numbers that follow each other upwards share one pair. pairs: room for
 * 2 * mp_search_capacity numbers. This, like mp_read_response_head, needs no padding behind the unit. */
MP_API mp_status mp_read_search(mp_search *s, uint32_t *pairs, size_t *count_r, mp_error *err);

/* ---- FETCH, scanned directly ------------------------------------------------------------------------------- */

typedef enum mp_fetch_kind {
    MP_FETCH_END,          /* no more items                                                    */
    MP_FETCH_UID,          /* number                                                           */
    MP_FETCH_FLAGS,        /* value: with the parentheses                                      */
    MP_FETCH_INTERNALDATE, /* text                                                             */
    MP_FETCH_SIZE,         /* number                                                           */
    MP_FETCH_MODSEQ,       /* number                                                           */
    MP_FETCH_ENVELOPE,     /* value: balanced; read it with mp_read_envelope                    */
    MP_FETCH_BODY,         /* value: balanced; read it with mp_read_body                        */
    MP_FETCH_BODYSTRUCTURE,
    MP_FETCH_SECTION,      /* BODY[...], BINARY[...], RFC822, .HEADER, .TEXT: name, text       */
    MP_FETCH_OTHER,        /* value: any other item's octets, for a tape                       */
    MP_FETCH_BINARY_SIZE,  /* BINARY.SIZE[...]: name, number                    RFC 3516        */
    MP_FETCH_EMAILID,      /* text: an objectid                                 RFC 8474        */
    MP_FETCH_THREADID,     /* text: an objectid, or absent                      RFC 8474        */
    MP_FETCH_SAVEDATE,     /* text: a date-time, or absent                      RFC 8514        */
    MP_FETCH_PREVIEW,      /* text, or absent                                   RFC 8970        */
    MP_FETCH_GM_MSGID,     /* number                                            X-GM-EXT-1      */
    MP_FETCH_GM_THRID,     /* number                                            X-GM-EXT-1      */
    MP_FETCH_GM_LABELS,    /* value: a list of strings, for mp_read_list_string  X-GM-EXT-1      */
    MP_FETCH_BROKEN        /* value: octets that could not be read as the item that name is     */
} mp_fetch_kind;

typedef struct mp_fetch_item {
    uint8_t kind; /* mp_fetch_kind */
    bool absent;  /* NIL, or broken: there is no value (the defects say why)                   */
    mp_span name; /* as written, with section and origin                                       */
    mp_span value;
    mp_text text;
    uint64_t number;
} mp_fetch_item;

typedef struct mp_fetch_scan {
    const uint8_t *unit;
    uint32_t at, end;
    const mp_limits *limits;
    uint32_t items;
    uint32_t read;    /* items that gave a value                       */
    uint32_t repairs; /* items that were mended or given up            */
    uint32_t groups;  /* parentheses that are open and should not be   */
    bool refused;     /* the item may not be mended                    */
    mp_defects defects;
} mp_fetch_scan;

/* msg-att = "(" ... ")" of the response that head describes. Every item comes once from mp_fetch_next, in the order
 * of the wire, until MP_FETCH_END. One bad item does not lose the row: it is absent, MP_FETCH_OTHER, or MP_FETCH_BROKEN; the row is lost where it has no
 * other, where what announces a literal does not, and for a mod-sequence of 2^63 or more. */
MP_API mp_status mp_fetch_begin(mp_fetch_scan *s, const uint8_t *unit, const mp_response_head *head,
                                const mp_limits *limits, mp_error *err);
MP_API mp_status mp_fetch_next(mp_fetch_scan *s, mp_fetch_item *item_r, mp_error *err);

/* Writes a section's name in its normal form: upper case, header fields as atoms where they can be. dst: room for
 * name.len octets. Returns how many were written. */
MP_API size_t mp_normalise_section(const uint8_t *unit, mp_span name, uint8_t *dst);

/* For who builds a row. Whether name[0..len) is an item's name from end to end, with section and origin, and of which
 * mp_fetch_kind. A space and MP_PADDING octets must follow. */
MP_API bool mp_is_item_name(const uint8_t *name, uint32_t len, const mp_limits *limits, uint8_t *kind_r);

/* Whether data[0..len) is one parenthesised list and nothing else: balanced, its strings closed, and CR, LF and NUL only
 * inside its literals. What the list holds is not looked at. MP_PADDING octets must follow. */
MP_API bool mp_is_list(const uint8_t *data, uint32_t len, const mp_limits *limits);

/* ---- ENVELOPE and BODYSTRUCTURE, from a slice of their own --------------------------------------------------- */

typedef struct mp_envelope {
    mp_text date, subject;
    mp_span lists[6]; /* from sender reply-to to cc bcc, with parentheses; len 0: NIL */
    mp_text in_reply_to, message_id;
    bool loose; /* to be handed on to mp_read_address: quotes in its strings lacked their backslash */
    mp_defects defects;
} mp_envelope;

/* envelope                                                                          RFC 9051 section 9
 * data[0..len) holds it alone. */
MP_API mp_status mp_read_envelope(const uint8_t *data, size_t len, const mp_limits *limits, mp_envelope *out_r,
                                  mp_error *err);

/* Whether sender and reply-to repeat from octet by octet, as they nearly always do: then the *len_r octets before
 * *at_r, a space and the list, follow there twice more, and need not be kept. */
MP_API bool mp_envelope_repeats(const uint8_t *data, size_t len, const mp_limits *limits, uint32_t *at_r,
                                uint32_t *len_r);

typedef struct mp_address {
    mp_text name, route, mailbox, host;
} mp_address;

/* address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
 * The next one from *at (at first: behind the list's "("); *found_r is false at the list's end. */
MP_API mp_status mp_read_address(const uint8_t *data, uint32_t *at, uint32_t end, bool loose, mp_address *out_r, bool *found_r,
                                 mp_defects *defects, mp_error *err);

typedef enum mp_body_kind { MP_BODY_BASIC, MP_BODY_TEXT, MP_BODY_MESSAGE, MP_BODY_MULTIPART } mp_body_kind;

#define MP_NO_PART UINT32_MAX
/* However large max_depth is: what is made of a body may be walked, compared and freed by recursion. */
#define MP_MAX_BODY_DEPTH 250

typedef struct mp_body_part {
    uint8_t kind;     /* mp_body_kind                                                        */
    uint8_t extended; /* extension fields present: multipart params, disposition, language, location: 1 to 4;
                         others md5, disposition, language, location: 1 to 4                   */
    bool has_lines;
    uint32_t parent;  /* index of the part that holds this one, or MP_NO_PART                */
    uint32_t children, first_child, last_child, sibling; /* how many; indices, or MP_NO_PART  */
    uint32_t start;   /* offset of its "("                                                   */
    uint32_t end;     /* offset behind its ")"                                               */
    mp_text type, subtype, id, description, encoding;
    mp_span params;   /* with parentheses; len 0: NIL                                        */
    mp_span envelope; /* MP_BODY_MESSAGE                                                     */
    uint64_t size, lines;
    mp_text md5;
    mp_text disposition;
    mp_span disposition_params;
    mp_span language; /* a string or a list of strings; len 0: NIL                           */
    mp_text location;
    mp_span others;   /* body-extension                                                      */
    mp_defects defects;
} mp_body_part;

/* The parts of one body, parents before children, children in order. */
typedef struct mp_body {
    mp_alloc alloc;
    mp_body_part *parts;
    uint32_t n, capacity;
    bool loose; /* to be handed on to mp_read_list_string: quotes in its strings lacked their backslash */
} mp_body;

/* Makes an empty body whose parts will come from `alloc`; reading again uses the same memory. mp_body_free gives it
 * back and leaves the body empty, ready for use. */
MP_API void mp_body_init(mp_body *b, mp_alloc alloc);
MP_API void mp_body_free(mp_body *b);

/* body                                                                              RFC 9051 section 9
 * data[0..len) holds it alone. Limits: max_depth, max_parts. */
MP_API mp_status mp_read_body(mp_body *b, const uint8_t *data, size_t len, const mp_limits *limits, mp_error *err);

/* The next string of a list of strings (parameters, languages) from *at (at first: behind "("). */
MP_API mp_status mp_read_list_string(const uint8_t *data, uint32_t *at, uint32_t end, bool loose, mp_text *out_r, bool *found_r,
                                     mp_defects *defects, mp_error *err);

#ifdef __cplusplus
}
#endif
#endif
