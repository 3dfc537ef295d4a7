/* What a POP3 server sends: status lines and the lines of listings. */
#include "mailproto/pop3.h"

#include "pop3_chars.h"

#include <string.h>

static mp_span span(size_t from, size_t to)
{
    return (mp_span){(uint32_t)from, (uint32_t)(to - from)};
}

/* Whether the line is `word`, or goes on with a blank behind it. *exact_r: written as the RFC writes it. */
static bool starts(const uint8_t *line, size_t len, const char *word, bool *exact_r)
{
    size_t n = strlen(word);
    if (len < n)
        return false;
    *exact_r = true;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = line[i];
        if (c >= 'a' && c <= 'z') {
            c = (uint8_t)(c - 'a' + 'A');
            *exact_r = false;
        }
        if (c != (uint8_t)word[i])
            return false;
    }
    return len == n || line[n] == ' ' || line[n] == '\t';
}

/* Where the first octet stands that no text may hold, or `to`. */
static size_t find_control(const uint8_t *line, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if ((line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
            return i;
    return to;
}

static void skip_blanks(const uint8_t *line, size_t end, size_t *at)
{
    while (*at < end && (line[*at] == ' ' || line[*at] == '\t'))
        (*at)++;
}

/* Blanks where one SP belongs: whether they are that. */
static bool one_space(const uint8_t *line, size_t end, size_t *at)
{
    size_t from = *at;
    skip_blanks(line, end, at);
    return *at - from == 1 && line[from] == ' ';
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
 * Real servers leave out the SP of an empty continue-req and write status in lower case ("Servers MUST send the +OK
 * and -ERR in upper case", RFC 1939 section 3). */
mp_status mp_pop3_read_status(const uint8_t *line, size_t len, mp_pop3_reply *reply_r, mp_error *err)
{
    size_t line_end = mp_pop3_line_end(line, len);
    size_t end = len - line_end, at;
    bool exact = false;
    *reply_r = (mp_pop3_reply){.bare_lf = line_end == 1};
    if (starts(line, end, "+OK", &exact)) {
        reply_r->status = MP_POP3_OK;
        at = 3;
    } else if (starts(line, end, "-ERR", &exact)) {
        reply_r->status = MP_POP3_ERR;
        at = 4;
    } else if (starts(line, end, "+", &exact)) {
        reply_r->status = MP_POP3_CONTINUE;
        at = 1;
    } else {
        return mp_fail(err, MP_E_SYNTAX, 0, "+OK, -ERR or +");
    }
    size_t status_end = at, control_at = find_control(line, at, end);
    reply_r->lower_case = !exact;
    reply_r->control = control_at < end;
    if (at < end) {
        reply_r->blanks = line[at] != ' ';
        at++; /* the SP; what blanks follow are text, or base64 that is none */
    }
    if (reply_r->status != MP_POP3_CONTINUE) {
        size_t behind = at;
        skip_blanks(line, end, &behind);
        size_t bracket = resp_code(line, behind, end);
        if (bracket != 0) {
            reply_r->blanks = reply_r->blanks || behind != at;
            reply_r->has_code = true;
            reply_r->code = span(behind + 1, bracket);
            at = bracket + 1;
            if (at < end && line[at] == ' ')
                at++;
        }
    }
    reply_r->text = span(at, end);
    reply_r->defect_at = reply_r->lower_case ? 0 : reply_r->blanks ? status_end : control_at;
    return MP_OK;
}

/* 1*DIGIT, at most 2^63 - 1. Followed by a blank or the end. */
static bool number(const uint8_t *line, size_t end, size_t *at, uint64_t *value_r)
{
    uint64_t value = 0;
    size_t i = *at;
    while (i < end && line[i] >= '0' && line[i] <= '9') {
        uint64_t digit = (uint64_t)(line[i] - '0');
        if (value > ((uint64_t)INT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
        i++;
    }
    if (i == *at || (i < end && line[i] != ' ' && line[i] != '\t'))
        return false;
    *at = i;
    *value_r = value;
    return true;
}

/* drop-listing = "+OK" SP number SP octets ...; scan-listing = number SP octets ...   RFC 1939 section 5
 * What stands behind the second number is left to servers there. */
mp_status mp_pop3_read_numbers(const uint8_t *line, size_t len, uint64_t *first_r, uint64_t *second_r, bool *loose_r,
                               mp_error *err)
{
    size_t end = len - mp_pop3_line_end(line, len), at = 0;
    skip_blanks(line, end, &at);
    *loose_r = at > 0;
    if (!number(line, end, &at, first_r))
        return mp_fail(err, MP_E_SYNTAX, at, "number");
    if (!one_space(line, end, &at))
        *loose_r = true;
    if (!number(line, end, &at, second_r))
        return mp_fail(err, MP_E_SYNTAX, at, "number");
    return MP_OK;
}

/* unique-id: "one to 70 characters in the range 0x21 to 0x7E"                       RFC 1939 section 7
 * One with blanks inside is taken whole: it is what the server will say again next time. */
mp_status mp_pop3_read_uidl(const uint8_t *line, size_t len, uint64_t *number_r, mp_span *id_r, bool *loose_r,
                            mp_error *err)
{
    size_t end = len - mp_pop3_line_end(line, len), at = 0;
    skip_blanks(line, end, &at);
    *loose_r = at > 0;
    if (!number(line, end, &at, number_r))
        return mp_fail(err, MP_E_SYNTAX, at, "number");
    if (!one_space(line, end, &at))
        *loose_r = true;
    size_t from = at, last = at;
    for (; at < end; at++) {
        if (line[at] == ' ' || line[at] == '\t') {
            *loose_r = true;
        } else if (line[at] > 0x20 && line[at] < 0x7f) {
            last = at + 1;
        } else {
            return mp_fail(err, MP_E_SYNTAX, at, "unique-id");
        }
    }
    *id_r = span(from, last);
    if (last == from)
        return mp_fail(err, MP_E_SYNTAX, at, "unique-id");
    if (last - from > 70)
        *loose_r = true;
    return MP_OK;
}

/* param = 1*VCHAR, and UTF-8 (RFC 6856)                                             RFC 2449 section 3 */
bool mp_pop3_next_param(const uint8_t *line, mp_span *rest, mp_span *param_r)
{
    size_t end = (size_t)rest->off + rest->len, at = rest->off;
    skip_blanks(line, end, &at);
    size_t from = at;
    while (at < end && line[at] != ' ' && line[at] != '\t')
        at++;
    *param_r = span(from, at);
    *rest = span(at, end);
    return at > from;
}

/* The first word of a line, and the rest without the blanks around it. Returns whether one SP is all the blanks outside
 * the rest. */
static bool word_and_rest(const uint8_t *line, size_t end, mp_span *word_r, mp_span *rest_r)
{
    size_t at = 0;
    skip_blanks(line, end, &at);
    size_t from = at;
    while (at < end && line[at] != ' ' && line[at] != '\t')
        at++;
    *word_r = span(from, at);
    bool tidy = (at == end || one_space(line, end, &at)) && from == 0;
    while (end > at && (line[end - 1] == ' ' || line[end - 1] == '\t')) {
        end--;
        tidy = false;
    }
    *rest_r = span(at, end);
    return tidy;
}

/* capability = capa-tag *(SP param) CRLF; capa-tag = 1*cchar                        RFC 2449 section 3
 * cchar      = %x21-2D / %x2F-7E: no ".", which is taken here all the same */
mp_status mp_pop3_read_capability(const uint8_t *line, size_t len, mp_span *tag_r, mp_span *rest_r, bool *loose_r,
                                  mp_error *err)
{
    size_t end = len - mp_pop3_line_end(line, len), control_at = find_control(line, 0, end);
    *loose_r = !word_and_rest(line, end, tag_r, rest_r);
    if (control_at < end)
        return mp_fail(err, MP_E_SYNTAX, control_at, "capability");
    for (size_t i = tag_r->off; i < (size_t)tag_r->off + tag_r->len; i++)
        if (line[i] >= 0x7f)
            return mp_fail(err, MP_E_SYNTAX, i, "capability");
    return tag_r->len > 0 ? MP_OK : mp_fail(err, MP_E_SYNTAX, 0, "capability");
}

/* language-listing = Language-Tag [SP description]                                  RFC 6856 section 3.2
 * Language-Tag: letters, digits and "-"                                             RFC 5646 section 2.1 */
mp_status mp_pop3_read_language(const uint8_t *line, size_t len, mp_span *tag_r, mp_span *description_r, bool *loose_r,
                                mp_error *err)
{
    size_t end = len - mp_pop3_line_end(line, len), control_at = find_control(line, 0, end);
    *loose_r = !word_and_rest(line, end, tag_r, description_r);
    if (control_at < end)
        return mp_fail(err, MP_E_SYNTAX, control_at, "description");
    for (size_t i = tag_r->off; i < (size_t)tag_r->off + tag_r->len; i++)
        if (!mp_pop3_is_tag_octet(line[i]))
            return mp_fail(err, MP_E_SYNTAX, i, "language tag");
    return tag_r->len > 0 ? MP_OK : mp_fail(err, MP_E_SYNTAX, 0, "language tag");
}
