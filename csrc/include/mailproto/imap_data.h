/* Untagged responses of the extensions, by a table: QUOTA, ACL, METADATA, ESEARCH, NAMESPACE and the like; and THREAD.
 *
 *     mp_data d;
 *     mp_data_init(&d, mp_alloc_libc());
 *     if (mp_build_response_tape(&tape, unit, &head, &limits, &err) == MP_OK) {
 *         mp_cursor_init(&c, unit, head.rest, head.end, &tape, &limits, &err);
 *         if (mp_read_data(&d, head.kind, &c) == MP_OK) ...d.items[0 .. d.count)...
 *     }
 *     mp_data_free(&d);
 *
 * A response becomes a flat list of values in the order of the wire. A list among them says how many values are in it,
 * and they follow it; a list inside counts as one, with all that is inside it. Nothing here recurses, and what a
 * response holds is bounded by the tokens of its tape. What servers get wrong and a reader can mend is in d.defects.
 */
#ifndef MAILPROTO_IMAP_DATA_H
#define MAILPROTO_IMAP_DATA_H

#include "mailproto/imap_response.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What mp_read_data gives for each response. [x]: NIL where it is missing; LIST x*: a list of any number of x;
 * ITEM: LIST (NAME, value), or what else the table in response_table.c says of that name; TREE where its value fits nothing.
 *
 *     QUOTA        STRING LIST LIST(WORD NUMBER NUMBER)*       root, resources: name, usage, limit (NIL: no number)
 *     QUOTAROOT    MAILBOX LIST STRING*
 *     ACL          MAILBOX LIST LIST(STRING NAME)*             identifier, rights
 *     LISTRIGHTS   MAILBOX STRING NAME LIST NAME*              identifier, required, optional
 *     MYRIGHTS     MAILBOX NAME
 *     METADATA     MAILBOX LIST LIST(NAME [STRING])*           form 0: entries with values
 *                  MAILBOX LIST NAME*                          form 1: entries that changed
 *     LANGUAGE     LIST NAME*
 *     COMPARATOR   NAME [LIST NAME*]
 *     NAMESPACE    three times [LIST LIST(MAILBOX [STRING] LIST LIST(NAME TREE)*)*]: prefix, delimiter, extensions
 *     ID           [LIST LIST(STRING [STRING])*]
 *     JMAPACCESS   STRING
 *     UIDBATCHES   [LIST ITEM*] [SET]: correlators, batches
 *     GENURLAUTH   LIST STRING*
 *     URLFETCH     LIST LIST(STRING [STRING])*                 or, of RFC 5524, LIST ITEM* in the place of the second
 *     ESEARCH      [LIST ITEM*] NUMBER LIST ITEM*: correlators, 1 for UID, return data
 *
 * and, from a cursor that stands inside a list, of mp_read_items: LIST ITEM*. */
typedef enum mp_datum_kind {
    MP_DATUM_NIL,     /* NIL, or what may be missing and is                                         */
    MP_DATUM_NUMBER,  /* number                                                                     */
    MP_DATUM_STRING,  /* text: octets                                                               */
    MP_DATUM_NAME,    /* text: ASCII by the grammar, and to be shown as it is                       */
    MP_DATUM_WORD,    /* text: the same, in any case                                                */
    MP_DATUM_MAILBOX, /* text; also the prefix of a namespace                                       */
    MP_DATUM_SET,     /* text.span: a sequence-set; its numbers are checked                         */
    MP_DATUM_LIST,    /* count                                                                      */
    MP_DATUM_TREE     /* count: index of the value's token in the tape                              */
} mp_datum_kind;

typedef struct mp_datum {
    uint8_t kind;   /* mp_datum_kind */
    uint32_t count;
    mp_text text;
    int64_t number; /* below zero only in the range of PARTIAL */
} mp_datum;

typedef struct mp_data {
    mp_datum *items;
    uint32_t count;
    uint32_t form;    /* which of several forms of the response it was, from 0 */
    mp_defects defects;
    uint32_t room;    /* private */
    mp_alloc alloc;   /* private */
} mp_data;

/* An empty list of values, whose memory will come from `alloc`. */
MP_API void mp_data_init(mp_data *d, mp_alloc alloc);
/* Gives the memory back; what it held is gone. */
MP_API void mp_data_free(mp_data *d);

/* Whether mp_read_data knows the response. */
MP_API bool mp_has_data(mp_response_kind kind);

/* Reads the whole response, whose tape c stands at the start of. What d held is gone. MP_OK, MP_E_SYNTAX, MP_E_NOMEM. */
MP_API mp_status mp_read_data(mp_data *d, mp_response_kind kind, mp_cursor *c);

/* Names with values, each of a form that a table knows; unknown names, and values of other forms, are trees. */
typedef enum mp_item_table {
    MP_ITEMS_CORRELATOR, /* TAG "A1" MAILBOX "x" UIDVALIDITY 7         RFC 7377 section 2.1  */
    MP_ITEMS_SEARCH,     /* MIN 1 ALL 1:5 PARTIAL (1:10 NIL)           RFC 9051 section 7.3.4 */
    MP_ITEMS_LIST,       /* CHILDINFO ("SUBSCRIBED") OLDNAME ("old")   RFC 9051 section 7.3.1 */
    MP_ITEMS_STATUS,     /* MESSAGES 1 MAILBOXID (F1) APPENDLIMIT NIL  RFC 9051 section 7.3.4 */
    MP_ITEMS_URL         /* BODYPARTSTRUCTURE (...) BINARY ~{3}        RFC 5524 section 3.2   */
} mp_item_table;

/* From a cursor inside a list (mp_read_open): reads to its end. A name without value is left out, with a defect. MP_OK,
 * MP_E_SYNTAX, MP_E_NOMEM. */
MP_API mp_status mp_read_items(mp_data *d, mp_item_table table, mp_cursor *c);

/* ---- THREAD ------------------------------------------------------------------------------------------ */

/* A message with those that answer it behind it, one deeper; the messages of a thread in the order of the wire. */
typedef struct mp_thread_node {
    uint32_t depth;  /* 0: the first of a thread                                              */
    uint32_t number; /* 0: a message that is not there, though others answer it               */
} mp_thread_node;

typedef struct mp_threads {
    mp_thread_node *nodes;
    uint32_t count;
    mp_defects defects;
    uint32_t room;  /* private */
    mp_alloc alloc; /* private */
    struct mp_thread_list *open; /* private */
    uint32_t open_room;          /* private */
} mp_threads;

/* No threads; memory will come from `alloc`. */
MP_API void mp_threads_init(mp_threads *t, mp_alloc alloc);
/* Gives the memory back; the nodes are gone. */
MP_API void mp_threads_free(mp_threads *t);

/* thread-data = "THREAD" [SP 1*thread-list]                                          RFC 5256 section 5
 * Straight from the unit, without a tape. Limits: max_depth (lists open at once), max_elements (messages). MP_OK,
 * MP_E_SYNTAX, MP_E_LIMIT, MP_E_NOMEM. */
MP_API mp_status mp_read_threads(mp_threads *t, const uint8_t *unit, const mp_response_head *head, const mp_limits *limits,
                          mp_error *err);

/* Whether the nodes can be written: depths that start at 0 and never jump by more than one, and a missing message (number
 * 0) always with another behind it that is one deeper. */
MP_API bool mp_threads_valid(const mp_thread_node *nodes, size_t count);

/* Writes the thread-lists. scratch: 3 * count numbers; out: room for 13 * count octets. Returns how many were written. */
MP_API size_t mp_write_threads(const mp_thread_node *nodes, size_t count, uint32_t *scratch, uint8_t *out);

#ifdef __cplusplus
}
#endif
#endif
