/* What a POP3 server sends: status lines and the lines of listings. */
#include "mailproto/pop3.h"

#include <string.h>

static mp_span span(size_t from, size_t to)
{
    return (mp_span){(uint32_t)from, (uint32_t)(to - from)};
}

static bool starts(const uint8_t *line, size_t len, const char *word)
{
    size_t n = strlen(word);
    if (len < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = line[i];
        if (c >= 'a' && c <= 'z')
            c = (uint8_t)(c - 'a' + 'A');
        if (c != (uint8_t)word[i])
            return false;
    }
    return len == n || line[n] == ' ' || line[n] == '\t';
}

static bool has_control(const uint8_t *line, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if ((line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
            return true;
    return false;
}

/* resp-code = "[" resp-level *("/" resp-level) "]"; resp-level = 1*rchar            RFC 2449 section 3
 * rchar     = printable ASCII, excluding "/" and "]"
 * Returns the index of the "]", or 0 where the line holds no response code at `from`. */
static size_t resp_code(const uint8_t *line, size_t from, size_t len)
{
    size_t level = 0;
    if (from >= len || line[from] != '[')
        return 0;
    for (size_t i = from + 1; i < len; i++) {
        uint8_t c = line[i];
        if (c == '/' || c == ']') {
            if (level == 0)
                return 0;
            if (c == ']')
                return i;
            level = 0;
        } else if (c <= 0x20 || c >= 0x7f) {
            return 0;
        } else {
            level++;
        }
    }
    return 0;
}

/* single-line  = status [SP text] CRLF; status = "+OK" / "-ERR"                     RFC 2449 section 3
 * text         = *schar / resp-code *CHAR
 * continue-req = "+" SP [base64] CRLF                                               RFC 5034 section 5
 * Real servers leave out the SP of an empty continue-req and write status in lower case. */
mp_status mp_pop3_read_status(const uint8_t *line, size_t len, mp_pop3_reply *reply_r, mp_error *err)
{
    size_t line_end = mp_pop3_line_end(line, len);
    size_t end = len - line_end, at;
    *reply_r = (mp_pop3_reply){.bare_lf = line_end == 1};
    if (starts(line, end, "+OK")) {
        reply_r->status = MP_POP3_OK;
        at = 3;
    } else if (starts(line, end, "-ERR")) {
        reply_r->status = MP_POP3_ERR;
        at = 4;
    } else if (starts(line, end, "+")) {
        reply_r->status = MP_POP3_CONTINUE;
        at = 1;
    } else {
        return mp_fail(err, MP_E_SYNTAX, 0, "+OK, -ERR or +");
    }
    if (at < end)
        at++; /* the SP */
    reply_r->control = has_control(line, at, end);
    if (reply_r->status != MP_POP3_CONTINUE) {
        size_t bracket = resp_code(line, at, end);
        if (bracket != 0) {
            reply_r->has_code = true;
            reply_r->code = span(at + 1, bracket);
            at = bracket + 1;
            if (at < end && line[at] == ' ')
                at++;
        }
    }
    reply_r->text = span(at, end);
    return MP_OK;
}

static void skip_blanks(const uint8_t *line, size_t end, size_t *at)
{
    while (*at < end && (line[*at] == ' ' || line[*at] == '\t'))
        (*at)++;
}

/* 1*DIGIT, at most 2^63 - 1. Followed by a blank or the end. */
static bool number(const uint8_t *line, size_t end, size_t *at, uint64_t *value_r)
{
    uint64_t value = 0;
    size_t i = *at;
    while (i < end && line[i] >= '0' && line[i] <= '9') {
        if (value > ((uint64_t)INT64_MAX - 9) / 10)
            return false;
        value = value * 10 + (uint64_t)(line[i] - '0');
        i++;
    }
    if (i == *at || (i < end && line[i] != ' ' && line[i] != '\t'))
        return false;
    *at = i;
    *value_r = value;
    return true;
}

mp_status mp_pop3_read_numbers(const uint8_t *line, size_t len, uint64_t *first_r, uint64_t *second_r,
                               mp_error *err)
{
    size_t end = len - mp_pop3_line_end(line, len), at = 0;
    if (!number(line, end, &at, first_r))
        return mp_fail(err, MP_E_SYNTAX, at, "number");
    skip_blanks(line, end, &at);
    if (!number(line, end, &at, second_r))
        return mp_fail(err, MP_E_SYNTAX, at, "number");
    return MP_OK;
}

/* unique-id: "one to 70 characters in the range 0x21 to 0x7E"                       RFC 1939 section 7 */
mp_status mp_pop3_read_uidl(const uint8_t *line, size_t len, uint64_t *number_r, mp_span *id_r, bool *loose_r,
                            mp_error *err)
{
    size_t end = len - mp_pop3_line_end(line, len), at = 0;
    if (!number(line, end, &at, number_r))
        return mp_fail(err, MP_E_SYNTAX, at, "number");
    size_t from = at;
    skip_blanks(line, end, &at);
    *loose_r = at - from != 1 || line[from] != ' ';
    from = at;
    while (at < end && line[at] > 0x20 && line[at] < 0x7f)
        at++;
    *id_r = span(from, at);
    if (at == from || (at < end && line[at] != ' ' && line[at] != '\t'))
        return mp_fail(err, MP_E_SYNTAX, at, "unique-id");
    if (at - from > 70)
        *loose_r = true;
    return MP_OK;
}
