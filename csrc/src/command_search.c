/* SEARCH, SORT, THREAD and ESEARCH. Search keys hold keys. They are read without recursion: an open NOT, OR or list
 * is an argument already written, whose `number` links to the one around it while it is open (and is cleared when
 * it closes). */
#include "command_scan.h"

#define NO_PARENT UINT64_MAX

/* objectid = 1*255(ALPHA / DIGIT / "_" / "-")                                      RFC 8474 section 7 */
static mp_status objectid(mp_command_scan *s)
{
    const uint8_t *p = s->p;
    while ((uint8_t)((*p | 0x20) - 'a') < 26 || mp_cc(*p, MP_CC_DIGIT) || *p == '_' || *p == '-')
        p++;
    if (p == s->p || p - s->p > 255)
        return mp_cs_fail(s, "objectid");
    MP_TRY(mp_cs_add_span(s, MP_ARG_ATOM, s->p, p));
    s->p = p;
    return MP_OK;
}

/* filter-name = 1*<any ATOM-CHAR except "/">                                       RFC 5466 section 4 */
static mp_status filter_name(mp_command_scan *s)
{
    const uint8_t *p = s->p;
    while (mp_cc(*p, MP_CC_ATOM) && *p != '/')
        p++;
    if (p == s->p)
        return mp_cs_fail(s, "filter-name");
    MP_TRY(mp_cs_add_span(s, MP_ARG_ATOM, s->p, p));
    s->p = p;
    return MP_OK;
}

/* flag-keyword = atom. Clients also ask for system flags, and put a keyword between quotes. */
static mp_status flag_keyword(mp_command_scan *s)
{
    if (mp_cc(*s->p, MP_CC_ATOM))
        return mp_cs_atom(s, MP_ARG_ATOM, "flag-keyword");
    mp_cs_defect(s, MP_COMMAND_DEFECT_KEYWORD_FORM);
    return *s->p == '\\' ? mp_cs_flag(s) : mp_cs_text(s, "flag-keyword");
}

/* A label of Gmail: an astring, or a system label such as \Inbox. */
static mp_status label(mp_command_scan *s)
{
    if (*s->p != '\\')
        return mp_cs_astring(s, MP_ARG_STRING, "astring");
    MP_TRY(mp_cs_flag(s));
    s->command->args[s->command->count - 1].kind = MP_ARG_STRING;
    return MP_OK;
}

static mp_status key_argument(mp_command_scan *s, mp_word word)
{
    uint64_t number;
    MP_TRY(mp_cs_sp(s));
    switch (word) {
    case MP_WORD_BEFORE:
    case MP_WORD_ON:
    case MP_WORD_SAVEDBEFORE: /* RFC 8514 section 6 */
    case MP_WORD_SAVEDON:
    case MP_WORD_SAVEDSINCE:
    case MP_WORD_SINCE:
    case MP_WORD_SENTBEFORE:
    case MP_WORD_SENTON:
    case MP_WORD_SENTSINCE:
        return mp_cs_date(s);
    case MP_WORD_LARGER:
    case MP_WORD_SMALLER:
        /* number64 in RFC 9051 */
        MP_TRY(mp_cs_number(s, 0, INT64_MAX, "number", &number));
        return mp_cs_add_number(s, number);
    case MP_WORD_OLDER:
    case MP_WORD_YOUNGER:
        /* RFC 5032: the interval is an nz-number */
        MP_TRY(mp_cs_number(s, 1, UINT32_MAX, "nz-number", &number));
        return mp_cs_add_number(s, number);
    case MP_WORD_X_GM_MSGID:
    case MP_WORD_X_GM_THRID:
        MP_TRY(mp_cs_number(s, 0, UINT64_MAX, "number", &number));
        return mp_cs_add_number(s, number);
    case MP_WORD_X_GM_LABELS:
        return label(s);
    case MP_WORD_KEYWORD:
    case MP_WORD_UNKEYWORD:
        return flag_keyword(s);
    case MP_WORD_EMAILID:
    case MP_WORD_THREADID:
        return objectid(s);
    case MP_WORD_FILTER:
        return filter_name(s);
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
    uint64_t number;
    MP_TRY(mp_cs_sp(s));
    if (*s->p == '"') {
        mp_word word;
        MP_TRY(mp_cs_text(s, "entry-name"));
        MP_TRY(mp_cs_sp(s));
        MP_TRY(mp_cs_word(s, MP_WC_ENTRY_TYPE, "entry-type-req", &word));
        MP_TRY(mp_cs_add_word(s, word));
        MP_TRY(mp_cs_sp(s));
    }
    MP_TRY(mp_cs_number(s, 0, INT64_MAX, "mod-sequence-valzer", &number));
    return mp_cs_add_number(s, number);
}

static mp_status add_key(mp_command_scan *s, mp_word word)
{
    mp_arg *arg = mp_cs_add(s, MP_ARG_KEY);
    if (!arg)
        return s->err->status;
    arg->word = (uint16_t)word;
    return MP_OK;
}

/* search-key, up to the keys within it                                             RFC 3501 section 9 */
static mp_status search_key(mp_command_scan *s, mp_word *word_r)
{
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
    MP_TRY(mp_cs_word(s, MP_WC_SEARCH_KEY, "search-key", word_r));
    MP_TRY(add_key(s, *word_r));
    if (*word_r == MP_WORD_MODSEQ)
        return modseq(s);
    if (*word_r <= MP_WORD_UNSEEN || *word_r == MP_WORD_NOT || *word_r == MP_WORD_OR || *word_r == MP_WORD_FUZZY)
        return MP_OK; /* the keys without argument come first in the vocabulary */
    return key_argument(s, *word_r);
}

/* search-key *(SP search-key), to the end of the line */
mp_status mp_command_read_search_keys(mp_command_scan *s)
{
    uint64_t open = NO_PARENT; /* index of the innermost open key */
    uint32_t depth = 0;
    for (;;) {
        uint32_t at = s->command->count;
        mp_word word;
        MP_TRY(search_key(s, &word));
        if (word == MP_WORD_NOT || word == MP_WORD_OR || word == MP_WORD_AND || word == MP_WORD_FUZZY) {
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

/* search-return-opts = "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"; "PARTIAL" SP partial-range
 *    RFC 4731, RFC 5182, RFC 5267 section 5, RFC 6203 section 6, RFC 9394; adds nothing where they are missing */
mp_status mp_command_read_return_opts(mp_command_scan *s)
{
    uint32_t list;
    mp_word word;
    if (!mp_cs_is(s, MP_WORD_RETURN))
        return MP_OK;
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_char(s, '(', "search-return-opts"));
    MP_TRY(mp_cs_list_begin(s, &list));
    if (*s->p != ')') {
        for (;;) {
            MP_TRY(mp_cs_word(s, MP_WC_SEARCH_RETURN, "search-return-opt", &word));
            MP_TRY(mp_cs_add_word(s, word));
            if (word == MP_WORD_PARTIAL) {
                MP_TRY(mp_cs_sp(s));
                MP_TRY(mp_cs_range(s, true));
            }
            if (*s->p != ' ')
                break;
            s->p++;
        }
    }
    mp_cs_list_end(s, list);
    MP_TRY(mp_cs_char(s, ')', "search-return-opt or )"));
    return mp_cs_sp(s);
}

/* search-program = ["CHARSET" SP charset SP] search-key *(SP search-key)          RFC 4466 section 3 */
mp_status mp_command_read_search_program(mp_command_scan *s)
{
    if (mp_cs_is(s, MP_WORD_CHARSET)) {
        MP_TRY(mp_cs_sp(s));
        MP_TRY(mp_cs_text(s, "charset"));
        MP_TRY(mp_cs_sp(s));
    }
    return mp_command_read_search_keys(s);
}

/* search = "SEARCH" [SP search-return-opts] SP search-program */
mp_status mp_command_read_search(mp_command_scan *s)
{
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_command_read_return_opts(s));
    return mp_command_read_search_program(s);
}
