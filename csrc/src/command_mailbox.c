#include "command_scan.h"

/* list-select-opts = "(" [list-select-opt *(SP list-select-opt)] ")"; RECURSIVEMATCH only beside SUBSCRIBED or
 * SPECIAL-USE                                                                      RFC 5258 section 6, RFC 6154 */
static mp_status list_select_opts(mp_command_scan *s)
{
    static const uint8_t choices[] = {MP_WORD_SUBSCRIBED, MP_WORD_REMOTE, MP_WORD_RECURSIVEMATCH, MP_WORD_SPECIAL_USE,
                                      MP_WORD_NONE};
    bool base = false, modifier = false;
    mp_word word;
    s->p++; /* ( */
    if (*s->p != ')') {
        for (;;) {
            MP_TRY(mp_cs_word(s, choices, "list-select-opt", &word));
            MP_TRY(mp_cs_add_word(s, word));
            base |= word == MP_WORD_SUBSCRIBED || word == MP_WORD_SPECIAL_USE;
            modifier |= word == MP_WORD_RECURSIVEMATCH;
            if (*s->p != ' ')
                break;
            s->p++;
        }
    }
    if (modifier && !base)
        return mp_cs_fail(s, "list-select-base-opt");
    MP_TRY(mp_cs_char(s, ')', "list-select-opt or )"));
    return mp_cs_sp(s);
}

/* status-att: a word where it is known, else any atom, for the server knows which it has */
static mp_status status_att(mp_command_scan *s)
{
    static const uint8_t choices[] = {MP_WORD_MESSAGES, MP_WORD_RECENT, MP_WORD_UIDNEXT, MP_WORD_UIDVALIDITY,
                                      MP_WORD_UNSEEN,   MP_WORD_HIGHESTMODSEQ, MP_WORD_SIZE, MP_WORD_DELETED,
                                      MP_WORD_APPENDLIMIT, MP_WORD_MAILBOXID, MP_WORD_NONE};
    const uint8_t *at = s->p;
    mp_word word;
    if (mp_cs_word(s, choices, "status-att", &word) == MP_OK && !mp_cc(*s->p, MP_CC_ATOM))
        return mp_cs_add_word(s, word);
    s->p = at;
    return mp_cs_atom(s, MP_ARG_ATOM, "status-att");
}

/* "(" status-att *(SP status-att) ")"                                                  RFC 3501 section 9 */
static mp_status status_atts(mp_command_scan *s)
{
    MP_TRY(mp_cs_char(s, '(', "status-att list"));
    MP_TRY(status_att(s));
    while (*s->p == ' ') {
        s->p++;
        MP_TRY(status_att(s));
    }
    return mp_cs_char(s, ')', "status-att or )");
}

mp_status mp_command_read_status_items(mp_command_scan *s)
{
    uint32_t list;
    MP_TRY(mp_cs_list_begin(s, &list));
    MP_TRY(status_atts(s));
    mp_cs_list_end(s, list);
    return MP_OK;
}

/* list-return-opts = "RETURN" SP "(" [return-option *(SP return-option)] ")"
 * return-option = "SUBSCRIBED" / "CHILDREN" / "SPECIAL-USE" / "MYRIGHTS" / "STATUS" SP "(" status-att-list ")"
 *                                                          RFC 5258 section 6, RFC 6154, RFC 8440, RFC 5819 */
static mp_status list_return_opts(mp_command_scan *s)
{
    static const uint8_t choices[] = {MP_WORD_SUBSCRIBED, MP_WORD_CHILDREN, MP_WORD_SPECIAL_USE,
                                      MP_WORD_MYRIGHTS,   MP_WORD_STATUS,   MP_WORD_NONE};
    mp_word word;
    if (!mp_cs_is(s, MP_WORD_RETURN))
        return mp_cs_fail(s, "list-return-opts");
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_char(s, '(', "list-return-opts"));
    if (*s->p != ')') {
        for (;;) {
            MP_TRY(mp_cs_word(s, choices, "return-option", &word));
            uint32_t at = s->command->count;
            MP_TRY(mp_cs_add_word(s, word));
            if (word == MP_WORD_STATUS) {
                MP_TRY(mp_cs_sp(s));
                MP_TRY(status_atts(s));
                s->command->args[at].count = s->command->count - at - 1;
            }
            if (*s->p != ' ')
                break;
            s->p++;
        }
    }
    return mp_cs_char(s, ')', "return-option or )");
}

/* list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]
 * mbox-or-pat = list-mailbox / "(" list-mailbox *(SP list-mailbox) ")"              RFC 5258 section 6 */
mp_status mp_command_read_list(mp_command_scan *s)
{
    uint32_t list;
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_list_begin(s, &list));
    if (*s->p == '(')
        MP_TRY(list_select_opts(s));
    mp_cs_list_end(s, list);
    MP_TRY(mp_cs_astring(s, MP_ARG_MAILBOX, "mailbox"));
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_list_begin(s, &list));
    if (*s->p == '(') {
        s->p++;
        MP_TRY(mp_cs_list_mailbox(s));
        while (*s->p == ' ') {
            s->p++;
            MP_TRY(mp_cs_list_mailbox(s));
        }
        MP_TRY(mp_cs_char(s, ')', "list-mailbox or )"));
    } else {
        MP_TRY(mp_cs_list_mailbox(s));
    }
    mp_cs_list_end(s, list);
    MP_TRY(mp_cs_list_begin(s, &list));
    if (*s->p == ' ') {
        s->p++;
        MP_TRY(list_return_opts(s));
    }
    mp_cs_list_end(s, list);
    return MP_OK;
}

/* append-message = [SP flag-list] [SP date-time] SP literal                         RFC 3501 section 9, RFC 3502 */
static mp_status append_message(mp_command_scan *s)
{
    MP_TRY(mp_cs_sp(s));
    if (*s->p == '(') {
        MP_TRY(mp_cs_flag_list(s));
        MP_TRY(mp_cs_sp(s));
    } else if (!mp_cs_add(s, MP_ARG_LIST)) {
        return s->err->status;
    }
    if (*s->p == '"') {
        MP_TRY(mp_cs_date_time(s));
        MP_TRY(mp_cs_sp(s));
    }
    return mp_cs_literal(s, MP_ARG_STRING);
}

/* append = "APPEND" SP mailbox 1*append-message */
mp_status mp_command_read_append(mp_command_scan *s)
{
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_astring(s, MP_ARG_MAILBOX, "mailbox"));
    do {
        MP_TRY(append_message(s));
    } while (*s->p == ' ');
    return MP_OK;
}
