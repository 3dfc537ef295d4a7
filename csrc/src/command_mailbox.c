#include "command_scan.h"

/* list-select-opts = "(" [list-select-opt *(SP list-select-opt)] ")"; what is unknown is an option-extension;
 * RECURSIVEMATCH only beside SUBSCRIBED, one of those or
 * SPECIAL-USE                                                                      RFC 5258 section 6, RFC 6154 */
static mp_status list_select_opts(mp_command_scan *s)
{
    bool base = false, modifier = false;
    mp_word word;
    s->p++; /* ( */
    if (*s->p != ')') {
        for (;;) {
            const uint8_t *at = s->p;
            if (mp_cs_word(s, MP_WC_LIST_SELECT, "list-select-opt", &word) != MP_OK || mp_cc(*s->p, MP_CC_ATOM)) {
                word = MP_WORD_NONE; /* option-extension */
                s->p = at;
                MP_TRY(mp_cs_param(s, true));
            } else {
                MP_TRY(mp_cs_add_word(s, word));
            }
            base |= word == MP_WORD_SUBSCRIBED || word == MP_WORD_SPECIAL_USE || word == MP_WORD_NONE;
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

/* status-att: a word where it is known, else any atom but a number, for the server knows which it has */
static mp_status status_att(mp_command_scan *s)
{
    const uint8_t *at = s->p;
    mp_word word;
    if (mp_cs_word(s, MP_WC_STATUS_ATT, "status-att", &word) == MP_OK && !mp_cc(*s->p, MP_CC_ATOM))
        return mp_cs_add_word(s, word);
    s->p = at;
    if (mp_cc(*at, MP_CC_SET))
        return mp_cs_fail(s, "status-att"); /* its answer could not be told from that to the item before */
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

/* "(" entry *(SP entry) ")"; entry = astring                                        RFC 9590 */
static mp_status entry_list(mp_command_scan *s)
{
    MP_TRY(mp_cs_char(s, '(', "entry list"));
    MP_TRY(mp_cs_entry(s));
    while (*s->p == ' ') {
        s->p++;
        MP_TRY(mp_cs_entry(s));
    }
    return mp_cs_char(s, ')', "entry or )");
}

/* list-return-opts = "RETURN" SP "(" [return-option *(SP return-option)] ")"
 * return-option = "SUBSCRIBED" / "CHILDREN" / "SPECIAL-USE" / "MYRIGHTS" / "STATUS" SP "(" status-att-list ")" /
 *     "METADATA" SP "(" entry *(SP entry) ")" / option-extension
 *                                              RFC 5258 section 6, RFC 6154, RFC 8440, RFC 5819, RFC 9590 */
static mp_status list_return_opts(mp_command_scan *s)
{
    mp_word word;
    if (!mp_cs_is(s, MP_WORD_RETURN))
        return mp_cs_fail(s, "list-return-opts");
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_char(s, '(', "list-return-opts"));
    if (*s->p != ')') {
        for (;;) {
            const uint8_t *from = s->p;
            uint32_t at = s->command->count;
            if (mp_cs_word(s, MP_WC_LIST_RETURN, "return-option", &word) != MP_OK || mp_cc(*s->p, MP_CC_ATOM)) {
                s->p = from;
                MP_TRY(mp_cs_param(s, true));
            } else {
                MP_TRY(mp_cs_add_word(s, word));
                if (word == MP_WORD_STATUS || word == MP_WORD_METADATA) {
                    MP_TRY(mp_cs_sp(s));
                    MP_TRY(word == MP_WORD_STATUS ? status_atts(s) : entry_list(s));
                    s->command->args[at].count = s->command->count - at - 1;
                }
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
