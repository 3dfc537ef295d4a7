/* The lexical rules of commands, shared by the command_*.c files: each reads at s->p and moves only on success.
 *
 * A unit ends with LF, which no character class holds: scanning a class needs no check for the end.
 */
#ifndef MAILPROTO_COMMAND_SCAN_H
#define MAILPROTO_COMMAND_SCAN_H

#include "mailproto/imap_command.h"

enum {
    MP_CC_ATOM = 1,    /* ATOM-CHAR                                             */
    MP_CC_ASTRING = 2, /* ASTRING-CHAR: ATOM-CHAR and "]"                       */
    MP_CC_LIST = 4,    /* list-char: ASTRING-CHAR and the wildcards             */
    MP_CC_TAG = 8,     /* ASTRING-CHAR except "+"                               */
    MP_CC_DIGIT = 16,
    MP_CC_QUOTED = 32, /* stands for itself in a quoted string, 7 bits          */
    MP_CC_SET = 64,    /* what a sequence-set is made of                        */
    MP_CC_WORD = 128   /* what the fixed vocabulary is made of                  */
};
extern const uint8_t mp_command_class[256];

typedef struct mp_command_scan {
    const uint8_t *data;
    const uint8_t *p;
    const uint8_t *end;
    mp_command *command;
    const mp_limits *limits;
    mp_error *err;
} mp_command_scan;

#define MP_TRY(expr)                    \
    do {                                \
        mp_status try_status = (expr);  \
        if (try_status != MP_OK)        \
            return try_status;          \
    } while (0)

static inline bool mp_cc(uint8_t c, int wanted) { return (mp_command_class[c] & wanted) != 0; }

mp_status mp_cs_fail(mp_command_scan *s, const char *expected);

/* Adds an argument; NULL with the error set where a bound is passed or memory is missing. The pointer lives until
 * the next
 * call. */
mp_arg *mp_cs_add(mp_command_scan *s, mp_arg_kind kind);
/* An argument with a span; MP_OK or the error. */
mp_status mp_cs_add_span(mp_command_scan *s, mp_arg_kind kind, const uint8_t *from, const uint8_t *to);
mp_status mp_cs_add_word(mp_command_scan *s, mp_word word);
/* Opens a list and returns its index through *at_r; mp_cs_list_end counts what was added since. */
mp_status mp_cs_list_begin(mp_command_scan *s, uint32_t *at_r);
void mp_cs_list_end(mp_command_scan *s, uint32_t at);

static inline mp_status mp_cs_char(mp_command_scan *s, uint8_t c, const char *expected)
{
    if (*s->p != c)
        return mp_cs_fail(s, expected);
    s->p++;
    return MP_OK;
}

static inline mp_status mp_cs_sp(mp_command_scan *s) { return mp_cs_char(s, ' ', "SP"); }

mp_status mp_cs_crlf(mp_command_scan *s);

/* Notes that the command is not to the letter at s->p (MP_COMMAND_DEFECT_*). */
void mp_cs_defect(mp_command_scan *s, uint32_t defect);

/* The texts of the vocabulary and their lengths, by mp_word. */
extern const char *const mp_word_texts[MP_WORD_TOTAL];
extern const uint8_t mp_word_lengths[MP_WORD_TOTAL];

/* Where a word may stand; a set for each word. */
enum {
    MP_WC_SEARCH_KEY = 1,
    MP_WC_FETCH_ATT = 2,
    MP_WC_FETCH_MODIFIER = 4,
    MP_WC_SECTION_TEXT = 8,
    MP_WC_SEARCH_RETURN = 16,
    MP_WC_LIST_SELECT = 32,
    MP_WC_LIST_RETURN = 64,
    MP_WC_STATUS_ATT = 128,
    MP_WC_STORE_ATT = 256,
    MP_WC_SORT_KEY = 512,
    MP_WC_FILTER = 1024,
    MP_WC_EVENT = 2048,
    MP_WC_ENTRY_TYPE = 4096
};
extern const uint16_t mp_word_classes[MP_WORD_TOTAL];

/* A word of the class, in any case. */
mp_status mp_cs_word(mp_command_scan *s, unsigned word_class, const char *expected, mp_word *word_r);
/* True, and behind it, if the word stands here. */
bool mp_cs_is(mp_command_scan *s, mp_word word);
bool mp_cs_same_word(const uint8_t *p, size_t len, mp_word word);

mp_status mp_cs_atom(mp_command_scan *s, mp_arg_kind kind, const char *expected);
mp_status mp_cs_string(mp_command_scan *s, mp_arg_kind kind, const char *expected);
mp_status mp_cs_astring(mp_command_scan *s, mp_arg_kind kind, const char *expected);
/* An astring of ASCII without CR and LF, for what is text to both sides: a header field's name, a charset. Always
 * MP_ARG_TEXT. */
mp_status mp_cs_text(mp_command_scan *s, const char *expected);
/* entry = astring: the name of an annotation, without wildcards and empty parts            RFC 5464 sections 3.2 and 5 */
mp_status mp_cs_entry(mp_command_scan *s);
mp_status mp_cs_list_mailbox(mp_command_scan *s);
mp_status mp_cs_literal(mp_command_scan *s, mp_arg_kind kind);
/* A literal or a literal8, whose STRING has number 1 and may hold NUL. */
mp_status mp_cs_any_literal(mp_command_scan *s);
/* An nstring; NIL becomes MP_ARG_NIL. An atom passes with a defect. */
mp_status mp_cs_nstring(mp_command_scan *s);
/* SP mailbox */
mp_status mp_cs_sp_mailbox(mp_command_scan *s);
/* PARAM: tagged-ext-label [SP tagged-ext-val]; with `only_lists` a value must be in parentheses. */
mp_status mp_cs_param(mp_command_scan *s, bool only_lists);
mp_status mp_cs_flag(mp_command_scan *s);
mp_status mp_cs_flag_list(mp_command_scan *s);
/* A number of `least` to `most`. */
mp_status mp_cs_number(mp_command_scan *s, uint64_t least, uint64_t most, const char *expected, uint64_t *number_r);
/* A NUMBER that was read before. */
mp_status mp_cs_add_number(mp_command_scan *s, uint64_t number);
/* partial-range: two nz-numbers, both after `-` where `negative` allows that. */
mp_status mp_cs_range(mp_command_scan *s, bool negative);
mp_status mp_cs_sequence_set(mp_command_scan *s);
mp_status mp_cs_date(mp_command_scan *s);
mp_status mp_cs_date_time(mp_command_scan *s);

/* The arguments of the larger commands, from the SP behind the name to before CRLF. */
mp_status mp_command_read_search(mp_command_scan *s);
mp_status mp_command_read_fetch(mp_command_scan *s);
mp_status mp_command_read_store(mp_command_scan *s);
mp_status mp_command_read_list(mp_command_scan *s);
mp_status mp_command_read_append(mp_command_scan *s);
mp_status mp_command_read_replace(mp_command_scan *s);
mp_status mp_command_read_sort(mp_command_scan *s);
mp_status mp_command_read_thread(mp_command_scan *s);
mp_status mp_command_read_esearch(mp_command_scan *s);
mp_status mp_command_read_notify(mp_command_scan *s);
mp_status mp_command_read_select(mp_command_scan *s);
mp_status mp_command_read_create(mp_command_scan *s);
mp_status mp_command_read_rename(mp_command_scan *s);
mp_status mp_command_read_setacl(mp_command_scan *s);
mp_status mp_command_read_setquota(mp_command_scan *s);
mp_status mp_command_read_getmetadata(mp_command_scan *s);
mp_status mp_command_read_setmetadata(mp_command_scan *s);
mp_status mp_command_read_genurlauth(mp_command_scan *s);
mp_status mp_command_read_resetkey(mp_command_scan *s);
mp_status mp_command_read_uidbatches(mp_command_scan *s);

/* Parts that more than one of them has. */
mp_status mp_command_read_fetch_att(mp_command_scan *s);       /* not a macro */
mp_status mp_command_read_return_opts(mp_command_scan *s);     /* ["RETURN" SP "(" ... ")" SP] */
mp_status mp_command_read_search_program(mp_command_scan *s);  /* ["CHARSET" SP charset SP] keys */
mp_status mp_command_read_search_keys(mp_command_scan *s);
mp_status mp_command_read_filter(mp_command_scan *s);          /* filter-mailboxes */
mp_status mp_command_read_status_items(mp_command_scan *s);

#endif
