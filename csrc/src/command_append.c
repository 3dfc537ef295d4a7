/* APPEND and REPLACE: messages as literals, literal8, UTF8 (...) and CATENATE (...). */
#include "command_scan.h"
#include "scan.h"

/* "UTF8" SP "(" literal8 ")", behind the word                                      RFC 9755 section 4 */
static mp_status utf8_literal(mp_command_scan *s)
{
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_char(s, '(', "("));
    if (*s->p != '~')
        return mp_cs_fail(s, "literal8");
    MP_TRY(mp_cs_any_literal(s));
    s->command->args[s->command->count - 1].number = 2;
    return mp_cs_char(s, ')', ")");
}

/* cat-part = "TEXT" SP literal / "URL" SP astring / "UTF8" SP "(" literal8 ")"     RFC 4469 section 5, RFC 9755 */
static mp_status cat_part(mp_command_scan *s)
{
    mp_word word = MP_WORD_TEXT;
    if (mp_cs_is(s, MP_WORD_TEXT)) {
        MP_TRY(mp_cs_sp(s));
        MP_TRY(mp_cs_any_literal(s));
    } else if (mp_cs_is(s, MP_WORD_URL)) {
        word = MP_WORD_URL;
        MP_TRY(mp_cs_sp(s));
        MP_TRY(mp_cs_text(s, "url"));
    } else if (mp_cs_is(s, MP_WORD_UTF8)) {
        MP_TRY(utf8_literal(s));
    } else {
        return mp_cs_fail(s, "cat-part");
    }
    s->command->args[s->command->count - 1].word = (uint16_t)word;
    return MP_OK;
}

/* "CATENATE" SP "(" cat-part *(SP cat-part) ")", behind the word                   RFC 4469 section 5 */
static mp_status catenate(mp_command_scan *s)
{
    uint32_t at = s->command->count;
    MP_TRY(mp_cs_add_word(s, MP_WORD_CATENATE));
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_char(s, '(', "cat-part list"));
    MP_TRY(cat_part(s));
    while (*s->p == ' ') {
        s->p++;
        MP_TRY(cat_part(s));
    }
    s->command->args[at].count = s->command->count - at - 1;
    return mp_cs_char(s, ')', "cat-part or )");
}

/* append-message = [SP flag-list] [SP date-time] SP append-data                    RFC 3501 section 9, RFC 3502
 * append-data = literal / literal8 / utf8-literal / catenate                       RFC 4466, RFC 4469, RFC 9755 */
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
    if (*s->p == '{' || *s->p == '~')
        return mp_cs_any_literal(s);
    if (mp_cs_is(s, MP_WORD_CATENATE))
        return catenate(s);
    if (mp_cs_is(s, MP_WORD_UTF8))
        return utf8_literal(s);
    return mp_cs_fail(s, "literal");
}

/* append = "APPEND" SP mailbox 1*append-message */
mp_status mp_command_read_append(mp_command_scan *s)
{
    MP_TRY(mp_cs_sp_mailbox(s));
    do {
        MP_TRY(append_message(s));
    } while (*s->p == ' ');
    return MP_OK;
}

/* replace = "REPLACE" SP seq-number SP mailbox append-message                      RFC 8508 section 5 */
mp_status mp_command_read_replace(mp_command_scan *s)
{
    uint64_t number;
    MP_TRY(mp_cs_sp(s));
    const uint8_t *from = s->p;
    if (*s->p == '*')
        s->p++;
    else
        MP_TRY(mp_cs_number(s, 1, UINT32_MAX, "seq-number", &number));
    MP_TRY(mp_cs_add_span(s, MP_ARG_SET, from, s->p));
    MP_TRY(mp_cs_sp_mailbox(s));
    return append_message(s);
}

/* Behind the word at p and the SP that follows it; NULL where that is not all there. */
static const uint8_t *behind_word(const uint8_t *p, const uint8_t *end)
{
    while (p < end && *p != ' ' && *p != '\r' && *p != '\n')
        p++;
    return p < end && *p == ' ' ? p + 1 : NULL;
}

/* Where the mailbox of an APPEND or REPLACE begins, or NULL in any other command. */
static const uint8_t *mailbox_place(const uint8_t *unit, const uint8_t *end)
{
    const uint8_t *name = behind_word(unit, end);
    const uint8_t *p = name ? behind_word(name, end) : NULL;
    if (p && MP_IS(name, (size_t)(p - 1 - name), "UID")) {
        name = p;
        p = behind_word(name, end);
    }
    if (!p || MP_IS(name, (size_t)(p - 1 - name), "APPEND"))
        return p;
    return MP_IS(name, (size_t)(p - 1 - name), "REPLACE") ? behind_word(p, end) : NULL;
}

bool mp_command_announces_message(const uint8_t *unit, size_t len)
{
    const uint8_t *p = unit + len, *mailbox = mailbox_place(unit, unit + (len < MP_COMMAND_HEAD ? len : MP_COMMAND_HEAD));
    if (!mailbox)
        return false;
    do
        p--;
    while (p > mailbox && *p != '{');
    if (p > mailbox && p[-1] == '~')
        p--;
    if (p <= mailbox || (p[-1] != ' ' && p[-1] != '('))
        return false;
    const uint8_t *word = p - 1; /* URL {n} is none, unless that is the mailbox's name */
    return word - mailbox <= 3 || !MP_IS(word - 3, 3, "URL") || (word[-4] != ' ' && word[-4] != '(');
}
