/* ENVELOPE: RFC 9051 section 7.5.2, read from a slice of its own. */
#include "mailproto/imap_response.h"

#include <string.h>

#include "scan.h"
#include "slice.h"
#include "values.h"

mp_status mp_slice_text_slow(mp_slice *s, mp_defects *defects, mp_text *out_r)
{
    const uint8_t *p = s->data + s->at;
    if (s->at >= s->end || *p == '(' || *p == ')')
        return mp_fail(s->err, MP_E_SYNTAX, s->at, "nstring");
    mp_token tok;
    if (s->loose && *p == '"') {
        mp_loose_string string;
        if (!mp_lex_loose(s->data, s->at, s->end, &string))
            return mp_fail(s->err, MP_E_SYNTAX, s->at, "closing quote");
        if (string.unescaped)
            mp_defect(defects, MP_DEFECT_UNESCAPED_QUOTE, string.unescaped);
        s->at = string.end;
        *out_r = string.text;
        return MP_OK;
    }
    mp_status status = mp_lex_token(s->data, &p, s->data + s->end, &tok, s->err);
    if (status != MP_OK)
        return status;
    s->at = (uint32_t)(p - s->data);
    *out_r = mp_text_of(&tok);
    mp_check_high(s->data, &tok, defects);
    if (tok.kind == MP_TOK_LITERAL8) /* for what is decoded alone: RFC 9051 section 9, msg-att-static */
        mp_defect(defects, MP_DEFECT_BAD_VALUE, tok.off - tok.lead);
    if (tok.kind == MP_TOK_ATOM) {
        if (MP_IS(s->data + tok.off, tok.len, "NIL"))
            *out_r = (mp_text){{tok.off, 0}, MP_TEXT_NIL, 0};
        else
            mp_defect(defects, MP_DEFECT_ATOM_STRING, tok.off);
    }
    return MP_OK;
}

void mp_slice_sp_slow(mp_slice *s, mp_defects *defects, uint32_t wanted)
{
    uint32_t from = s->at;
    while (s->at < s->end && s->data[s->at] == ' ')
        s->at++;
    if (s->at - from != wanted)
        mp_defect(defects, s->at - from > wanted ? MP_DEFECT_EXTRA_SPACE : MP_DEFECT_MISSING_SPACE, from);
}

/* env-from and the others = "(" 1*address ")" / nil; not looked into here */
static mp_status read_addresses(mp_slice *s, const mp_limits *limits, mp_span *out_r, mp_defects *defects)
{
    uint32_t from = s->at;
    if (s->at < s->end && s->data[s->at] == '(') {
        if (s->end - s->at > 1 && s->data[s->at + 1] == ')')
            mp_defect(defects, MP_DEFECT_BAD_VALUE, from); /* "()" for NIL */
        return mp_slice_list(s, limits, out_r);
    }
    mp_text text = {{0, 0}, MP_TEXT_NIL, 0};
    mp_status status = mp_slice_text(s, defects, &text);
    *out_r = (mp_span){from, 0};
    if (status == MP_OK && text.kind != MP_TEXT_NIL) {
        if (text.span.len) /* "" for NIL is common enough */
            return mp_fail(s->err, MP_E_SYNTAX, from, "list of addresses");
        mp_defect(defects, MP_DEFECT_BAD_VALUE, from);
    }
    return status;
}

/* A field that is not there because the envelope has ended, as QQ and its clones leave the last one out. */
static bool is_missing(mp_slice *s, mp_defects *defects, mp_text *out_r)
{
    if (s->at != s->end)
        return false;
    *out_r = (mp_text){{s->at, 0}, MP_TEXT_NIL, 0};
    mp_defect(defects, MP_DEFECT_SHORT_ENVELOPE, s->at);
    return true;
}

static mp_status read_envelope(const uint8_t *data, size_t len, const mp_limits *limits, bool loose, mp_envelope *out,
                               mp_error *err)
{
    memset(out, 0, sizeof *out);
    mp_slice s = {data, 0, (uint32_t)len, err, loose};
    out->loose = loose;
    mp_defects *defects = &out->defects;
    if (len < 2 || data[0] != '(' || data[len - 1] != ')')
        return mp_fail(err, MP_E_SYNTAX, 0, "envelope");
    s.at++;
    s.end--;
    mp_status status;
    mp_slice_sp(&s, defects, 0);
    if ((status = mp_slice_text(&s, defects, &out->date)) != MP_OK)
        return status;
    mp_slice_sp(&s, defects, 1);
    if ((status = mp_slice_text(&s, defects, &out->subject)) != MP_OK)
        return status;
    for (int i = 0; i < 6; i++) {
        if (s.at == s.end && i > 0) { /* from at least has to be there */
            mp_defect(defects, MP_DEFECT_SHORT_ENVELOPE, s.at);
            out->lists[i] = (mp_span){s.at, 0};
            continue;
        }
        mp_slice_sp(&s, defects, 1);
        const mp_span *from = &out->lists[0];
        if ((i == 1 || i == 2) && from->len && s.end - s.at >= from->len &&
            memcmp(data + s.at, data + from->off, from->len) == 0) {
            out->lists[i] = (mp_span){s.at, from->len}; /* sender and reply-to nearly always repeat from */
            s.at += from->len;
            continue;
        }
        if ((status = read_addresses(&s, limits, &out->lists[i], defects)) != MP_OK)
            return status;
    }
    for (int i = 0; i < 2; i++) {
        mp_text *field = i ? &out->message_id : &out->in_reply_to;
        if (is_missing(&s, defects, field))
            continue;
        mp_slice_sp(&s, defects, 1);
        if ((status = mp_slice_text(&s, defects, field)) != MP_OK)
            return status;
    }
    mp_slice_sp(&s, defects, 0);
    return s.at == s.end ? MP_OK : mp_fail(err, MP_E_SYNTAX, s.at, "\")\"");
}

void mp_slice_unescaped(mp_slice *s, uint32_t from, mp_defects *defects, mp_text *out_r)
{
    enum { LONGEST = 512 }; /* octets that are searched: a list full of such strings is read in linear time */
    mp_loose_string string;
    uint32_t stop = s->end - from > LONGEST ? from + LONGEST : s->end;
    if (s->data[from] != '"' || s->data[s->at] == '"' || !mp_lex_loose(s->data, from, stop, &string) ||
        (string.end == stop && stop != s->end))
        return;
    mp_defect(defects, MP_DEFECT_UNESCAPED_QUOTE, string.unescaped);
    s->at = string.end;
    *out_r = string.text;
}

bool mp_worth_loose(mp_status status, const mp_defects *defects)
{
    return status == MP_E_SYNTAX || (status == MP_OK && (defects->bits & MP_DEFECT_MISSING_SPACE));
}

bool mp_loose_is_better(mp_status strict, const mp_defects *found)
{
    return strict != MP_OK || ((found->bits & MP_DEFECT_UNESCAPED_QUOTE) && !(found->bits & MP_DEFECT_MISSING_SPACE));
}

mp_status mp_read_envelope(const uint8_t *data, size_t len, const mp_limits *limits, mp_envelope *out, mp_error *err)
{
    mp_status status = read_envelope(data, len, limits, false, out, err);
    if (!mp_worth_loose(status, &out->defects))
        return status;
    mp_envelope second;
    mp_error ignored;
    if (read_envelope(data, len, limits, true, &second, &ignored) != MP_OK || !mp_loose_is_better(status, &second.defects))
        return status;
    *out = second;
    return MP_OK;
}

bool mp_envelope_repeats(const uint8_t *data, size_t len, const mp_limits *limits, uint32_t *at_r, uint32_t *len_r)
{
    mp_error ignored;
    mp_slice s = {data, 1, (uint32_t)len, &ignored, false};
    mp_defects defects = {0};
    mp_text text;
    if (len < 2 || mp_slice_text(&s, &defects, &text) != MP_OK || s.at >= len || data[s.at++] != ' ' ||
        mp_slice_text(&s, &defects, &text) != MP_OK || len - s.at < 2 || data[s.at] != ' ' || data[s.at + 1] != '(')
        return false;
    uint32_t from = s.at++;
    if (mp_skip_list(data, &s.at, s.end, limits, &ignored) != MP_OK)
        return false;
    uint32_t n = s.at - from;
    if ((len - s.at) / 2 < n || memcmp(data + s.at, data + from, n) != 0 || memcmp(data + s.at + n, data + from, n) != 0)
        return false;
    *at_r = s.at;
    *len_r = n;
    return true;
}

mp_status mp_read_address(const uint8_t *data, uint32_t *at, uint32_t end, bool loose, mp_address *out, bool *found_r,
                          mp_defects *defects, mp_error *err)
{
    mp_slice s = {data, *at, end, err, loose};
    mp_text *fields[4] = {&out->name, &out->route, &out->mailbox, &out->host};
    mp_status status;
    for (;;) {
        /* addresses follow each other without a space; one between them is common and harms nobody */
        uint32_t from = s.at;
        while (s.at < end && data[s.at] == ' ')
            s.at++;
        if (s.at != from)
            mp_defect(defects, MP_DEFECT_EXTRA_SPACE, from);
        if (s.at >= end || data[s.at] == ')') {
            *found_r = false;
            *at = s.at;
            return MP_OK;
        }
        if (data[s.at] == '(')
            break;
        mp_text text;
        if ((status = mp_slice_text(&s, defects, &text)) != MP_OK)
            return status;
        if (text.kind != MP_TEXT_NIL)
            return mp_fail(err, MP_E_SYNTAX, s.at, "address");
        mp_defect(defects, MP_DEFECT_NIL_ADDRESS, text.span.off);
    }
    s.at++;
    for (int i = 0; i < 4; i++) {
        mp_slice_sp(&s, defects, i > 0);
        if ((status = mp_slice_item(&s, defects, fields[i])) != MP_OK)
            return status;
    }
    mp_slice_sp(&s, defects, 0);
    if (s.at >= end || data[s.at] != ')')
        return mp_fail(err, MP_E_SYNTAX, s.at, "\")\"");
    *at = s.at + 1;
    *found_r = true;
    return MP_OK;
}
