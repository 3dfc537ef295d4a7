/* NOTIFY (RFC 5465), and the mailbox filters that it shares with ESEARCH (RFC 7377). */
#include "command_scan.h"

/* filter-mailboxes = "selected" / "selected-delayed" / "inboxes" / "personal" / "subscribed" /
 *     ("subtree" / "subtree-one" / "mailboxes") SP one-or-more-mailbox
 * one-or-more-mailbox = mailbox / "(" mailbox *(SP mailbox) ")"    RFC 5465 section 8, RFC 7377 section 4 */
mp_status mp_command_read_filter(mp_command_scan *s)
{
    uint32_t at = s->command->count;
    mp_word word;
    MP_TRY(mp_cs_word(s, MP_WC_FILTER, "filter-mailboxes", &word));
    MP_TRY(mp_cs_add_word(s, word));
    if (word != MP_WORD_SUBTREE && word != MP_WORD_SUBTREE_ONE && word != MP_WORD_MAILBOXES)
        return MP_OK;
    MP_TRY(mp_cs_sp(s));
    bool many = *s->p == '(';
    s->p += many;
    MP_TRY(mp_cs_astring(s, MP_ARG_MAILBOX, "mailbox"));
    while (many && *s->p == ' ') {
        s->p++;
        MP_TRY(mp_cs_astring(s, MP_ARG_MAILBOX, "mailbox"));
    }
    s->command->args[at].count = s->command->count - at - 1;
    return many ? mp_cs_char(s, ')', "mailbox or )") : MP_OK;
}

/* event = "MessageNew" [SP "(" fetch-att *(SP fetch-att) ")"] / ... / event-ext; event-ext = atom
 *                                                                                  RFC 5465 section 8 */
static mp_status event(mp_command_scan *s)
{
    const uint8_t *from = s->p;
    uint32_t at = s->command->count;
    mp_word word;
    if (mp_cs_word(s, MP_WC_EVENT, "event", &word) != MP_OK || mp_cc(*s->p, MP_CC_ATOM)) {
        s->p = from;
        return mp_cs_atom(s, MP_ARG_ATOM, "event");
    }
    MP_TRY(mp_cs_add_word(s, word));
    if (word != MP_WORD_MESSAGENEW || s->p[0] != ' ' || s->p[1] != '(')
        return MP_OK;
    s->p += 2;
    MP_TRY(mp_command_read_fetch_att(s));
    while (*s->p == ' ') {
        s->p++;
        MP_TRY(mp_command_read_fetch_att(s));
    }
    s->command->args[at].count = s->command->count - at - 1;
    return mp_cs_char(s, ')', "fetch-att or )");
}

/* event-group = "(" filter-mailboxes SP events ")"; events = ("(" event *(SP event) ")") / "NONE"
 *                                                                                  RFC 5465 section 8 */
static mp_status event_group(mp_command_scan *s, bool *selected)
{
    uint32_t list;
    mp_word filter;
    MP_TRY(mp_cs_char(s, '(', "event-group"));
    MP_TRY(mp_cs_list_begin(s, &list));
    MP_TRY(mp_command_read_filter(s));
    filter = (mp_word)s->command->args[list + 1].word;
    if (filter == MP_WORD_SELECTED || filter == MP_WORD_SELECTED_DELAYED) {
        if (*selected)
            return mp_cs_fail(s, "one filter for the selected mailbox"); /* RFC 5465 section 6.1 */
        *selected = true;
    }
    MP_TRY(mp_cs_sp(s));
    if (*s->p == '(') {
        s->p++;
        MP_TRY(event(s));
        while (*s->p == ' ') {
            s->p++;
            MP_TRY(event(s));
        }
        MP_TRY(mp_cs_char(s, ')', "event or )"));
    } else if (mp_cs_is(s, MP_WORD_NONE_)) {
        MP_TRY(mp_cs_add_word(s, MP_WORD_NONE_));
    } else {
        /* without parentheses around the events, as examples of RFC 5465 have them */
        mp_cs_defect(s, MP_COMMAND_DEFECT_BARE_EVENTS);
        MP_TRY(event(s));
        while (*s->p == ' ') {
            s->p++;
            MP_TRY(event(s));
        }
    }
    mp_cs_list_end(s, list);
    return mp_cs_char(s, ')', ")");
}

/* notify = "NOTIFY" SP ("SET" [SP "STATUS"] SP event-group *(SP event-group) / "NONE")      RFC 5465 section 8 */
mp_status mp_command_read_notify(mp_command_scan *s)
{
    uint32_t list;
    bool selected = false;
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_list_begin(s, &list));
    if (mp_cs_is(s, MP_WORD_NONE_))
        return MP_OK;
    if (!mp_cs_is(s, MP_WORD_SET))
        return mp_cs_fail(s, "SET or NONE");
    MP_TRY(mp_cs_add_word(s, MP_WORD_SET));
    MP_TRY(mp_cs_sp(s));
    if (mp_cs_is(s, MP_WORD_STATUS)) {
        s->command->args[list + 1].count = 1;
        MP_TRY(mp_cs_sp(s));
    }
    MP_TRY(event_group(s, &selected));
    while (*s->p == ' ') {
        s->p++;
        MP_TRY(event_group(s, &selected));
    }
    mp_cs_list_end(s, list);
    return MP_OK;
}
