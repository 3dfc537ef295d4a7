/* Parameters in parentheses: those of SELECT, EXAMINE, CREATE and RENAME, and the general form that RFC 4466 gives
 * all others. */
#include "command_scan.h"

#include <string.h>

#define NO_PARENT UINT64_MAX

/* tagged-ext-comp = astring / tagged-ext-comp *(SP tagged-ext-comp) / "(" tagged-ext-comp ")", in parentheses
 *                                                                                  RFC 4466 section 3
 * Without recursion: an open LIST links to the one around it through `number`, which is cleared when it closes. */
static mp_status tree(mp_command_scan *s)
{
    uint64_t open = NO_PARENT;
    uint32_t depth = 0;
    for (;;) {
        if (*s->p == '(') {
            uint32_t at;
            if (++depth > s->limits->max_depth)
                return mp_fail_limit(s->err, (size_t)(s->p - s->data), "max_depth");
            MP_TRY(mp_cs_list_begin(s, &at));
            s->command->args[at].number = open;
            open = at;
            s->p++;
            if (*s->p != ')')
                continue;
        } else if (mp_cc(*s->p, MP_CC_LIST)) {
            const uint8_t *from = s->p;
            while (mp_cc(*s->p, MP_CC_LIST))
                s->p++;
            MP_TRY(mp_cs_add_span(s, MP_ARG_ATOM, from, s->p));
        } else {
            MP_TRY(mp_cs_string(s, MP_ARG_STRING, "tagged-ext-comp"));
        }
        while (*s->p == ')') {
            mp_cs_list_end(s, (uint32_t)open);
            mp_arg *list = &s->command->args[open];
            open = list->number;
            list->number = 0;
            depth--;
            s->p++;
            if (open == NO_PARENT)
                return MP_OK;
        }
        MP_TRY(mp_cs_sp(s));
    }
}

/* tagged-ext-label [SP tagged-ext-val]; tagged-ext-val = sequence-set / number / "(" [tagged-ext-comp] ")"
 *                                                                                  RFC 4466 section 3
 * No label begins with what a set or number is made of, which is how a value is told from the next parameter; where
 * values are lists alone, any atom is a label (RFC 5258 section 6, option-standard-tag). */
mp_status mp_cs_param(mp_command_scan *s, bool only_lists)
{
    uint32_t at = s->command->count;
    if (!only_lists && mp_cc(*s->p, MP_CC_SET))
        return mp_cs_fail(s, "tagged-ext-label");
    MP_TRY(mp_cs_atom(s, MP_ARG_PARAM, "tagged-ext-label"));
    if (*s->p != ' ')
        return MP_OK;
    if (s->p[1] == '(') {
        s->p++;
        MP_TRY(tree(s));
    } else if (!only_lists && mp_cc(s->p[1], MP_CC_SET)) {
        const uint8_t *from = ++s->p;
        while (mp_cc(*s->p, MP_CC_SET))
            s->p++;
        MP_TRY(mp_cs_add_span(s, MP_ARG_ATOM, from, s->p));
    }
    s->command->args[at].count = s->command->count - at - 1;
    return MP_OK;
}

/* known-uids = sequence-set, of numbers alone                                      RFC 7162 section 7 */
static mp_status known_set(mp_command_scan *s)
{
    const uint8_t *from = s->p;
    MP_TRY(mp_cs_sequence_set(s));
    if (*from != '$' && !memchr(from, '*', (size_t)(s->p - from)))
        return MP_OK;
    s->p = from;
    return mp_cs_fail(s, "known-uids");
}

/* "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"
 * seq-match-data = "(" known-sequence-set SP known-uid-set ")"                     RFC 7162 section 7 */
static mp_status qresync(mp_command_scan *s)
{
    uint32_t at = s->command->count;
    uint64_t number;
    MP_TRY(mp_cs_add_word(s, MP_WORD_QRESYNC));
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_char(s, '(', "("));
    MP_TRY(mp_cs_number(s, 1, UINT32_MAX, "uidvalidity", &number));
    MP_TRY(mp_cs_add_number(s, number));
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_number(s, 1, INT64_MAX, "mod-sequence-value", &number));
    MP_TRY(mp_cs_add_number(s, number));
    if (*s->p == ' ' && s->p[1] != '(') {
        s->p++;
        MP_TRY(known_set(s));
    }
    if (*s->p == ' ') {
        s->p++;
        MP_TRY(mp_cs_char(s, '(', "seq-match-data"));
        MP_TRY(known_set(s));
        MP_TRY(mp_cs_sp(s));
        MP_TRY(known_set(s));
        MP_TRY(mp_cs_char(s, ')', ")"));
    }
    s->command->args[at].count = s->command->count - at - 1;
    return mp_cs_char(s, ')', ")");
}

/* select = "SELECT" SP mailbox [SP "(" select-param *(SP select-param) ")"]    RFC 4466 section 3, RFC 7162
 * section 7 */
mp_status mp_command_read_select(mp_command_scan *s)
{
    bool condstore = false, resync = false;
    MP_TRY(mp_cs_sp_mailbox(s));
    if (*s->p != ' ')
        return MP_OK;
    s->p++;
    MP_TRY(mp_cs_char(s, '(', "select-params"));
    for (;;) {
        if (!condstore && mp_cs_is(s, MP_WORD_CONDSTORE)) {
            condstore = true;
            MP_TRY(mp_cs_add_word(s, MP_WORD_CONDSTORE));
        } else if (!resync && mp_cs_is(s, MP_WORD_QRESYNC)) {
            resync = true;
            MP_TRY(qresync(s));
        } else if (mp_cs_is(s, MP_WORD_CONDSTORE) || mp_cs_is(s, MP_WORD_QRESYNC)) {
            return mp_cs_fail(s, "each select-param once");
        } else {
            MP_TRY(mp_cs_param(s, false));
        }
        if (*s->p != ' ')
            break;
        s->p++;
    }
    return mp_cs_char(s, ')', "select-param or )");
}

/* "USE" SP "(" [use-attr *(SP use-attr)] ")", behind the word                      RFC 6154 section 6 */
static mp_status use(mp_command_scan *s)
{
    uint32_t list;
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_char(s, '(', "use-attr list"));
    MP_TRY(mp_cs_list_begin(s, &list));
    if (*s->p != ')') {
        for (;;) {
            if (*s->p != '\\')
                return mp_cs_fail(s, "use-attr");
            MP_TRY(mp_cs_flag(s));
            if (*s->p != ' ')
                break;
            s->p++;
        }
    }
    mp_cs_list_end(s, list);
    return mp_cs_char(s, ')', "use-attr or )");
}

/* create = "CREATE" SP mailbox [SP "(" create-param *(SP create-param) ")"]        RFC 4466 section 3 */
mp_status mp_command_read_create(mp_command_scan *s)
{
    bool used = false;
    MP_TRY(mp_cs_sp_mailbox(s));
    if (*s->p != ' ')
        return MP_OK;
    s->p++;
    MP_TRY(mp_cs_char(s, '(', "create-params"));
    for (;;) {
        if (mp_cs_is(s, MP_WORD_USE)) {
            if (used)
                return mp_cs_fail(s, "USE once");
            used = true;
            MP_TRY(use(s));
        } else {
            MP_TRY(mp_cs_param(s, false));
        }
        if (*s->p != ' ')
            break;
        s->p++;
    }
    return mp_cs_char(s, ')', "create-param or )");
}

/* rename = "RENAME" SP mailbox SP mailbox [SP "(" rename-param *(SP rename-param) ")"]      RFC 4466 section 3 */
mp_status mp_command_read_rename(mp_command_scan *s)
{
    MP_TRY(mp_cs_sp_mailbox(s));
    MP_TRY(mp_cs_sp_mailbox(s));
    if (*s->p != ' ')
        return MP_OK;
    s->p++;
    MP_TRY(mp_cs_char(s, '(', "rename-params"));
    MP_TRY(mp_cs_param(s, false));
    while (*s->p == ' ') {
        s->p++;
        MP_TRY(mp_cs_param(s, false));
    }
    return mp_cs_char(s, ')', "rename-param or )");
}
