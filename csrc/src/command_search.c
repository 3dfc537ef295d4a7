/* SEARCH keys hold keys. They are read without recursion: an open NOT, OR or list is an argument already written, whose
 * `number` links to the one around it while it is open (and is cleared when it closes). */
#include "command_scan.h"

#define NO_PARENT UINT64_MAX

static mp_status key_argument(mp_command_scan *s, mp_word word)
{
    uint64_t number;
    mp_arg *arg;
    MP_TRY(mp_cs_sp(s));
    switch (word) {
    case MP_WORD_BEFORE:
    case MP_WORD_ON:
    case MP_WORD_SINCE:
    case MP_WORD_SENTBEFORE:
    case MP_WORD_SENTON:
    case MP_WORD_SENTSINCE:
        return mp_cs_date(s);
    case MP_WORD_LARGER:
    case MP_WORD_SMALLER:
    case MP_WORD_OLDER:
    case MP_WORD_YOUNGER:
        /* RFC 5032: the interval is an nz-number */
        MP_TRY(mp_cs_number(s, word == MP_WORD_OLDER || word == MP_WORD_YOUNGER, UINT32_MAX, "number", &number));
        arg = mp_cs_add(s, MP_ARG_NUMBER);
        if (!arg)
            return s->err->status;
        arg->number = number;
        return MP_OK;
    case MP_WORD_KEYWORD:
    case MP_WORD_UNKEYWORD:
        return mp_cs_atom(s, MP_ARG_ATOM, "flag-keyword");
    case MP_WORD_HEADER:
        MP_TRY(mp_cs_text(s, "header-fld-name"));
        MP_TRY(mp_cs_sp(s));
        return mp_cs_astring(s, MP_ARG_STRING, "astring");
    case MP_WORD_UID:
        return mp_cs_sequence_set(s);
    default:
        return mp_cs_astring(s, MP_ARG_STRING, "astring");
    }
}

/* search-modsequence = "MODSEQ" [SP entry-name SP entry-type-req] SP mod-sequence-valzer    RFC 7162 section 7
 * entry-name is a quoted "/flags/" attr-flag. */
static mp_status modseq(mp_command_scan *s)
{
    static const uint8_t types[] = {MP_WORD_PRIV, MP_WORD_SHARED, MP_WORD_ALL, MP_WORD_NONE};
    uint64_t number;
    MP_TRY(mp_cs_sp(s));
    if (*s->p == '"') {
        mp_word word;
        MP_TRY(mp_cs_text(s, "entry-name"));
        MP_TRY(mp_cs_sp(s));
        MP_TRY(mp_cs_word(s, types, "entry-type-req", &word));
        MP_TRY(mp_cs_add_word(s, word));
        MP_TRY(mp_cs_sp(s));
    }
    MP_TRY(mp_cs_number(s, 0, INT64_MAX, "mod-sequence-valzer", &number));
    mp_arg *arg = mp_cs_add(s, MP_ARG_NUMBER);
    if (!arg)
        return s->err->status;
    arg->number = number;
    return MP_OK;
}

static mp_status add_key(mp_command_scan *s, mp_word word)
{
    mp_arg *arg = mp_cs_add(s, MP_ARG_KEY);
    if (!arg)
        return s->err->status;
    arg->word = (uint8_t)word;
    return MP_OK;
}

/* search-key, up to the keys within it                                             RFC 3501 section 9 */
static mp_status search_key(mp_command_scan *s, mp_word *word_r)
{
    static const uint8_t choices[] = {
        MP_WORD_ALL,        MP_WORD_UNSEEN,     MP_WORD_SEEN,     MP_WORD_DELETED,   MP_WORD_UNDELETED,  MP_WORD_UID,
        MP_WORD_HEADER,     MP_WORD_FROM,       MP_WORD_SUBJECT,  MP_WORD_TEXT,      MP_WORD_BODY,       MP_WORD_TO,
        MP_WORD_SINCE,      MP_WORD_BEFORE,     MP_WORD_ON,       MP_WORD_NOT,       MP_WORD_OR,         MP_WORD_FLAGGED,
        MP_WORD_UNFLAGGED,  MP_WORD_ANSWERED,   MP_WORD_NEW,      MP_WORD_OLD,       MP_WORD_RECENT,     MP_WORD_DRAFT,
        MP_WORD_UNANSWERED, MP_WORD_UNDRAFT,    MP_WORD_BCC,      MP_WORD_CC,        MP_WORD_SENTBEFORE, MP_WORD_SENTON,
        MP_WORD_SENTSINCE,  MP_WORD_LARGER,     MP_WORD_SMALLER,  MP_WORD_OLDER,     MP_WORD_YOUNGER,    MP_WORD_KEYWORD,
        MP_WORD_UNKEYWORD,  MP_WORD_MODSEQ,     MP_WORD_NONE};
    if (*s->p == '(') {
        s->p++;
        *word_r = MP_WORD_AND;
        return add_key(s, MP_WORD_AND);
    }
    if (mp_cc(*s->p, MP_CC_SET)) {
        *word_r = MP_WORD_SEQUENCE;
        MP_TRY(add_key(s, MP_WORD_SEQUENCE));
        return mp_cs_sequence_set(s);
    }
    MP_TRY(mp_cs_word(s, choices, "search-key", word_r));
    MP_TRY(add_key(s, *word_r));
    if (*word_r == MP_WORD_MODSEQ)
        return modseq(s);
    if (*word_r <= MP_WORD_UNSEEN || *word_r == MP_WORD_NOT || *word_r == MP_WORD_OR)
        return MP_OK; /* the keys without argument come first in the vocabulary */
    return key_argument(s, *word_r);
}

/* search-key *(SP search-key), to the end of the line */
static mp_status search_keys(mp_command_scan *s)
{
    uint64_t open = NO_PARENT; /* index of the innermost open key */
    uint32_t depth = 0;
    for (;;) {
        uint32_t at = s->command->count;
        mp_word word;
        MP_TRY(search_key(s, &word));
        if (word == MP_WORD_NOT || word == MP_WORD_OR || word == MP_WORD_AND) {
            if (++depth > s->limits->max_depth)
                return mp_fail_limit(s->err, (size_t)(s->p - s->data), "max_depth");
            s->command->args[at].number = open;
            open = at;
            if (word != MP_WORD_AND)
                MP_TRY(mp_cs_sp(s));
            continue;
        }
        for (;;) { /* a key is complete: count it where it is, and close what it completes */
            if (open == NO_PARENT) {
                if (*s->p != ' ')
                    return MP_OK;
                break;
            }
            mp_arg *parent = &s->command->args[open];
            parent->count++;
            if (parent->word == MP_WORD_OR && parent->count < 2)
                break;
            if (parent->word == MP_WORD_AND) {
                if (*s->p == ' ')
                    break;
                MP_TRY(mp_cs_char(s, ')', "search-key or )"));
            }
            open = parent->number;
            parent->number = 0;
            depth--;
        }
        MP_TRY(mp_cs_sp(s));
    }
}

/* search-return-opts = "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"      RFC 4731, RFC 5182 */
static mp_status search_return_opts(mp_command_scan *s)
{
    static const uint8_t choices[] = {MP_WORD_MIN,   MP_WORD_MAX,  MP_WORD_ALL,
                                      MP_WORD_COUNT, MP_WORD_SAVE, MP_WORD_NONE};
    uint32_t list;
    mp_word word;
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_char(s, '(', "search-return-opts"));
    MP_TRY(mp_cs_list_begin(s, &list));
    if (*s->p != ')') {
        for (;;) {
            MP_TRY(mp_cs_word(s, choices, "search-return-opt", &word));
            MP_TRY(mp_cs_add_word(s, word));
            if (*s->p != ' ')
                break;
            s->p++;
        }
    }
    mp_cs_list_end(s, list);
    MP_TRY(mp_cs_char(s, ')', "search-return-opt or )"));
    return mp_cs_sp(s);
}

/* search = "SEARCH" [SP search-return-opts] SP ["CHARSET" SP astring SP] search-key *(SP search-key) */
mp_status mp_command_read_search(mp_command_scan *s)
{
    MP_TRY(mp_cs_sp(s));
    if (mp_cs_is(s, MP_WORD_RETURN))
        MP_TRY(search_return_opts(s));
    if (mp_cs_is(s, MP_WORD_CHARSET)) {
        MP_TRY(mp_cs_sp(s));
        MP_TRY(mp_cs_text(s, "charset"));
        MP_TRY(mp_cs_sp(s));
    }
    return search_keys(s);
}
