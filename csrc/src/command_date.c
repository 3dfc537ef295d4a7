#include "command_scan.h"
#include "mailproto/imap_text.h"

/* Reports an error of imap_text.h, whose offsets count from the text it was given. */
static mp_status fail_within(mp_command_scan *s, const uint8_t *text)
{
    s->err->offset += (size_t)(text - s->data);
    return s->err->status;
}

/* date = date-text / DQUOTE date-text DQUOTE                                       RFC 3501 section 9 */
mp_status mp_cs_date(mp_command_scan *s)
{
    bool quoted = *s->p == '"';
    const uint8_t *text = s->p + quoted, *end = text;
    mp_date_time date;
    while (mp_cc(*end, MP_CC_WORD))
        end++;
    if (quoted && *end != '"')
        return mp_cs_fail(s, "date");
    if (mp_parse_date(text, (size_t)(end - text), &date, s->err) != MP_OK)
        return fail_within(s, text);
    MP_TRY(mp_cs_add_span(s, MP_ARG_DATE, text, end));
    s->p = end + quoted;
    return MP_OK;
}

/* date-time, in its quotes                                                         RFC 3501 section 9 */
mp_status mp_cs_date_time(mp_command_scan *s)
{
    const uint8_t *text = s->p + 1, *end = text;
    mp_date_time date;
    MP_TRY(mp_cs_char(s, '"', "date-time"));
    while (mp_cc(*end, MP_CC_QUOTED))
        end++;
    if (*end != '"')
        return mp_cs_fail(s, "date-time");
    if (mp_parse_date_time(text, (size_t)(end - text), &date, s->err) != MP_OK)
        return fail_within(s, text);
    MP_TRY(mp_cs_add_span(s, MP_ARG_DATE_TIME, text, end));
    s->p = end + 1;
    return MP_OK;
}
