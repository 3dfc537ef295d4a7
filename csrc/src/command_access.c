/* ACL, QUOTA, METADATA, URLAUTH and UIDBATCHES: the commands about mailboxes that are more than a row of plain
 * arguments. */
#include "command_scan.h"

/* mod-rights = astring, of lower-case letters and digits behind "+", "-" or nothing; any other is refused with BAD
 *                                                                                  RFC 4314 sections 3.1 and 7 */
static mp_status mod_rights(mp_command_scan *s)
{
    const uint8_t *start = s->p;
    MP_TRY(mp_cs_text(s, "mod-rights"));
    mp_span span = s->command->args[s->command->count - 1].span;
    const uint8_t *p = s->data + span.off, *end = p + span.len;
    p += p < end && (*p == '+' || *p == '-');
    while (p < end && (mp_cc(*p, MP_CC_DIGIT) || (*p >= 'a' && *p <= 'z')))
        p++;
    if (p == end)
        return MP_OK;
    s->p = start;
    return mp_cs_fail(s, "mod-rights");
}

/* setacl = "SETACL" SP mailbox SP identifier SP mod-rights                         RFC 4314 section 7 */
mp_status mp_command_read_setacl(mp_command_scan *s)
{
    MP_TRY(mp_cs_sp_mailbox(s));
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_astring(s, MP_ARG_STRING, "identifier"));
    MP_TRY(mp_cs_sp(s));
    return mod_rights(s);
}

/* setquota-resource = resource-name SP resource-limit; resource-limit = number64   RFC 9208 section 7 */
static mp_status setquota_resource(mp_command_scan *s)
{
    uint64_t number;
    MP_TRY(mp_cs_atom(s, MP_ARG_ATOM, "resource-name"));
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_number(s, 0, INT64_MAX, "resource-limit", &number));
    return mp_cs_add_number(s, number);
}

/* setquota = "SETQUOTA" SP quota-root-name SP setquota-list
 * setquota-list = "(" [setquota-resource *(SP setquota-resource)] ")"              RFC 9208 section 7 */
mp_status mp_command_read_setquota(mp_command_scan *s)
{
    uint32_t list;
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_astring(s, MP_ARG_STRING, "quota-root-name"));
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_char(s, '(', "setquota-list"));
    MP_TRY(mp_cs_list_begin(s, &list));
    if (*s->p != ')') {
        MP_TRY(setquota_resource(s));
        while (*s->p == ' ') {
            s->p++;
            MP_TRY(setquota_resource(s));
        }
    }
    MP_TRY(mp_cs_char(s, ')', "setquota-resource or )"));
    /* as testers of James write it: (MESSAGE 4096) (STORAGE 5242880) */
    while (s->p[0] == ' ' && s->p[1] == '(') {
        mp_cs_defect(s, MP_COMMAND_DEFECT_SEPARATE_LISTS);
        s->p += 2;
        MP_TRY(setquota_resource(s));
        MP_TRY(mp_cs_char(s, ')', ")"));
    }
    mp_cs_list_end(s, list);
    return MP_OK;
}

/* getmetadata-options = "(" getmetadata-option *(SP getmetadata-option) ")"
 * getmetadata-option = tagged-ext-label [SP tagged-ext-val]; "MAXSIZE" SP number; "DEPTH" SP ("0" / "1" / "infinity")
 *                                                                                  RFC 5464 section 5 */
static mp_status getmetadata_options(mp_command_scan *s)
{
    bool sized = false, deep = false;
    uint64_t number;
    s->p++; /* ( */
    for (;;) {
        mp_word word = MP_WORD_NONE;
        if (mp_cs_is(s, MP_WORD_MAXSIZE))
            word = MP_WORD_MAXSIZE;
        else if (mp_cs_is(s, MP_WORD_DEPTH))
            word = MP_WORD_DEPTH;
        if (word == MP_WORD_NONE) {
            MP_TRY(mp_cs_param(s, false));
        } else {
            if (word == MP_WORD_MAXSIZE ? sized : deep)
                return mp_cs_fail(s, "each getmetadata-option once");
            MP_TRY(mp_cs_sp(s));
            if (word == MP_WORD_MAXSIZE) {
                sized = true;
                MP_TRY(mp_cs_number(s, 0, UINT32_MAX, "number", &number));
            } else {
                static const char infinity[] = "infinity";
                deep = true;
                number = *s->p == '0' || *s->p == '1' ? *s->p : 'I';
                for (size_t i = 0; number == 'I' && infinity[i]; i++, s->p++)
                    if ((*s->p | 0x20) != infinity[i])
                        return mp_cs_fail(s, "0, 1 or infinity");
                s->p += number != 'I';
            }
            MP_TRY(mp_cs_add_word(s, word));
            s->command->args[s->command->count - 1].number = number;
        }
        if (*s->p != ' ')
            break;
        s->p++;
    }
    return mp_cs_char(s, ')', "getmetadata-option or )");
}

/* entries = entry / "(" entry *(SP entry) ")"                                      RFC 5464 section 5 */
static mp_status entries(mp_command_scan *s)
{
    uint32_t list;
    MP_TRY(mp_cs_list_begin(s, &list));
    if (*s->p == '(') {
        s->p++;
        MP_TRY(mp_cs_entry(s));
        while (*s->p == ' ') {
            s->p++;
            MP_TRY(mp_cs_entry(s));
        }
        MP_TRY(mp_cs_char(s, ')', "entry or )"));
    } else {
        MP_TRY(mp_cs_entry(s));
    }
    mp_cs_list_end(s, list);
    return MP_OK;
}

/* getmetadata = "GETMETADATA" [SP getmetadata-options] SP mailbox SP entries       RFC 5464 section 5
 * Its examples have the options behind the mailbox; no entry begins with a letter, so that the two can be told
 * apart. */
mp_status mp_command_read_getmetadata(mp_command_scan *s)
{
    uint32_t list;
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_list_begin(s, &list));
    bool before = *s->p == '(';
    if (before) {
        MP_TRY(getmetadata_options(s));
        MP_TRY(mp_cs_sp(s));
        mp_cs_list_end(s, list);
    }
    MP_TRY(mp_cs_astring(s, MP_ARG_MAILBOX, "mailbox"));
    MP_TRY(mp_cs_sp(s));
    if (!before && s->p[0] == '(' && (uint8_t)((s->p[1] | 0x20) - 'a') < 26) {
        /* they belong before the mailbox, which is one argument */
        mp_arg mailbox = s->command->args[--s->command->count];
        mp_cs_defect(s, MP_COMMAND_DEFECT_OPTIONS_BEHIND);
        MP_TRY(getmetadata_options(s));
        MP_TRY(mp_cs_sp(s));
        mp_cs_list_end(s, list);
        mp_arg *arg = mp_cs_add(s, MP_ARG_MAILBOX);
        if (!arg)
            return s->err->status;
        *arg = mailbox;
    }
    return entries(s);
}

/* setmetadata = "SETMETADATA" SP mailbox SP "(" entry SP value *(SP entry SP value) ")"; value = nstring / literal8
 *                                                                                  RFC 5464 section 5 */
mp_status mp_command_read_setmetadata(mp_command_scan *s)
{
    uint32_t list;
    MP_TRY(mp_cs_sp_mailbox(s));
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_char(s, '(', "entry-values"));
    MP_TRY(mp_cs_list_begin(s, &list));
    for (;;) {
        MP_TRY(mp_cs_entry(s));
        MP_TRY(mp_cs_sp(s));
        MP_TRY(*s->p == '~' ? mp_cs_any_literal(s) : mp_cs_nstring(s));
        if (*s->p != ' ')
            break;
        s->p++;
    }
    mp_cs_list_end(s, list);
    return mp_cs_char(s, ')', "entry or )");
}

/* genurlauth = "GENURLAUTH" 1*(SP url-rump SP mechanism)                           RFC 4467 section 9 */
mp_status mp_command_read_genurlauth(mp_command_scan *s)
{
    uint32_t list;
    MP_TRY(mp_cs_list_begin(s, &list));
    do {
        MP_TRY(mp_cs_sp(s));
        MP_TRY(mp_cs_text(s, "url-rump"));
        MP_TRY(mp_cs_sp(s));
        MP_TRY(mp_cs_atom(s, MP_ARG_ATOM, "mechanism"));
    } while (*s->p == ' ');
    mp_cs_list_end(s, list);
    return MP_OK;
}

/* resetkey = "RESETKEY" [SP mailbox *(SP mechanism)]                               RFC 4467 section 9 */
mp_status mp_command_read_resetkey(mp_command_scan *s)
{
    uint32_t list;
    if (*s->p != ' ')
        return MP_OK;
    MP_TRY(mp_cs_sp_mailbox(s));
    MP_TRY(mp_cs_list_begin(s, &list));
    while (*s->p == ' ') {
        s->p++;
        MP_TRY(mp_cs_atom(s, MP_ARG_ATOM, "mechanism"));
    }
    mp_cs_list_end(s, list);
    return MP_OK;
}

/* uidbatches = "UIDBATCHES" SP nz-number [SP nz-number ":" nz-number]              RFC 10022 */
mp_status mp_command_read_uidbatches(mp_command_scan *s)
{
    uint64_t number;
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_number(s, 1, UINT32_MAX, "nz-number", &number));
    MP_TRY(mp_cs_add_number(s, number));
    if (*s->p != ' ')
        return MP_OK;
    s->p++;
    return mp_cs_range(s, false);
}
