/* Mailbox data: LIST, LSUB, FLAGS, STATUS, VANISHED, SEARCH (RFC 9051 section 7.3, RFC 7162). */
#include "mailproto/imap_response.h"

#include <string.h>

#include "flag_list.h"
#include "scan.h"
#include "utf8.h"
#include "values.h"

/* SP as the grammar has it, more of them with a defect, none with another. */
static void tolerant_sp(mp_cursor *c, mp_defects *defects)
{
    uint32_t from = c->pos;
    uint32_t n = mp_skip_sp(c);
    if (n != 1)
        mp_defect(defects, n ? MP_DEFECT_EXTRA_SPACE : MP_DEFECT_MISSING_SPACE, from);
}

static void optional_sp(mp_cursor *c, mp_defects *defects)
{
    uint32_t from = c->pos;
    if (mp_skip_sp(c))
        mp_defect(defects, MP_DEFECT_EXTRA_SPACE, from);
}

static mp_status end_of_line(mp_cursor *c, mp_defects *defects)
{
    optional_sp(c, defects);
    return mp_read_end(c);
}

/* mailbox = "INBOX" / astring; 8-bit octets, wildcards and backslashes of older servers too */
static mp_status read_mailbox(mp_cursor *c, mp_text *out_r, mp_defects *defects)
{
    const mp_token *t = mp_cursor_peek(c);
    if (!t || t->kind == MP_TOK_LIST || t->kind == MP_TOK_LITERAL8)
        return mp_cursor_fail(c, "mailbox");
    *out_r = mp_text_of(t);
    if (t->high && t->kind == MP_TOK_ATOM)
        mp_defect(defects, MP_DEFECT_EIGHT_BIT, t->off);
    if (t->kind == MP_TOK_ATOM && !mp_is_astring(c->data + t->off, t->len))
        mp_defect(defects, MP_DEFECT_ATOM_STRING, t->off);
    mp_cursor_skip(c);
    return MP_OK;
}

/* DQUOTE QUOTED-CHAR DQUOTE / nil, and "" for NIL (old Courier); QUOTED-CHAR is any UTF-8 character since RFC 9051. An
 * octet that is no UTF-8 is one character too. */
static bool is_delimiter(const uint8_t *unit, const mp_text *text)
{
    uint32_t len = text->span.len, c;
    if (text->kind == MP_TEXT_NIL || len == 0)
        return true;
    return len == (text->kind == MP_TEXT_QUOTED_ESC ? 2U : 1U) ||
           (text->kind != MP_TEXT_QUOTED_ESC && mp_utf8_character(unit + text->span.off, len, &c) == len);
}

mp_status mp_read_mailbox_list(mp_cursor *c, mp_mailbox_list *out)
{
    memset(out, 0, sizeof *out);
    tolerant_sp(c, &out->defects);
    mp_status status = mp_read_flags_by(c, MP_FLAG_MAILBOX, &out->attributes, &out->defects);
    if (status != MP_OK)
        return status;
    tolerant_sp(c, &out->defects);
    mp_span atom;
    if (mp_read_nstring(c, &out->delimiter) == MP_OK) {
        if (!is_delimiter(c->data, &out->delimiter))
            return mp_cursor_fail(c, "one character as hierarchy delimiter");
        if (out->delimiter.kind != MP_TEXT_NIL && out->delimiter.span.len == 0) {
            out->delimiter.kind = MP_TEXT_NIL; /* "" for NIL: old Courier */
            mp_defect(&out->defects, MP_DEFECT_BAD_VALUE, out->delimiter.span.off);
        }
        bool quoted = out->delimiter.kind != MP_TEXT_LITERAL &&
                      (out->delimiter.kind != MP_TEXT_QUOTED_ESC || mp_is_quoted_special(c->data[out->delimiter.span.off + 1]));
        if (!quoted) /* DQUOTE QUOTED-CHAR DQUOTE */
            mp_defect(&out->defects, MP_DEFECT_BAD_VALUE, out->delimiter.span.off);
    } else if (mp_read_run(c, &atom) == MP_OK && atom.len == 1) {
        out->delimiter = (mp_text){atom, MP_TEXT_ATOM, 0};
        mp_defect(&out->defects, MP_DEFECT_ATOM_STRING, atom.off);
    } else
        return mp_cursor_fail(c, "hierarchy delimiter");
    tolerant_sp(c, &out->defects);
    status = read_mailbox(c, &out->mailbox, &out->defects);
    if (status != MP_OK || mp_cursor_at_end(c))
        return status;
    tolerant_sp(c, &out->defects);
    const mp_token *t = mp_cursor_peek(c);
    while (t && t->kind == MP_TOK_ATOM && out->mailbox.kind == MP_TEXT_ATOM) { /* an unquoted name with spaces */
        mp_defect(&out->defects, MP_DEFECT_ATOM_STRING, out->mailbox.span.off);
        out->mailbox.span.len = t->off + t->len - out->mailbox.span.off;
        out->mailbox.high |= t->high;
        mp_cursor_skip(c);
        if (mp_cursor_at_end(c))
            return MP_OK;
        tolerant_sp(c, &out->defects);
        t = mp_cursor_peek(c);
    }
    if (t && t->kind == MP_TOK_LIST) {
        out->extended = c->at;
        mp_cursor_skip(c);
    }
    return end_of_line(c, &out->defects);
}

/* Passes an astring's atom; false where there is none. */
static bool scan_atom(const uint8_t **at, const uint8_t *end)
{
    const uint8_t *p = *at;
    while (p < end && ((mp_char_class[*p] & MP_C_ATOM_CHAR) || *p == ']'))
        p++;
    bool found = p != *at;
    *at = p;
    return found;
}

static bool scan_mailbox(const uint8_t *unit, const uint8_t **at, const uint8_t *end, mp_text *out)
{
    const uint8_t *from = *at, *p = from;
    if (p < end && *p == '"') {
        p = mp_scan_quoted(++from, end);
        if (p == end || *p != '"')
            return false;
        *out = (mp_text){{(uint32_t)(from - unit), (uint32_t)(p - from)}, MP_TEXT_QUOTED, 0};
        *at = p + 1;
        return true;
    }
    if (!scan_atom(&p, end))
        return false;
    *out = (mp_text){{(uint32_t)(from - unit), (uint32_t)(p - from)}, MP_TEXT_ATOM, 0};
    *at = p;
    return true;
}

bool mp_scan_mailbox_list(const uint8_t *unit, const mp_response_head *head, const mp_limits *limits,
                          mp_mailbox_list *out)
{
    const uint8_t *p = unit + head->rest, *end = unit + head->end;
    uint32_t tokens = 3;
    memset(out, 0, sizeof *out);
    if (end - p < 4 || p[0] != ' ' || p[1] != '(' || limits->max_depth < 1)
        return false;
    const uint8_t *list = ++p;
    p++;
    while (p < end && *p != ')') {
        const uint8_t *name = p + 1;
        if (*p != '\\')
            return false;
        do
            p++;
        while (mp_char_class[*p] & MP_C_ATOM_CHAR);
        tokens++;
        if (p == name || (*p == ' ' ? *++p == ')' : *p != ')'))
            return false;
    }
    if (end - p < 6 || p[1] != ' ' || tokens > limits->max_elements)
        return false;
    p++;
    out->attributes = (mp_span){(uint32_t)(list - unit), (uint32_t)(p - list)};
    p++;
    if (p[0] == '"' && (mp_char_class[p[1]] & MP_C_QUOTED) && p[2] == '"')
        out->delimiter = (mp_text){{(uint32_t)(p + 1 - unit), 1}, MP_TEXT_QUOTED, 0};
    else if (memcmp(p, "NIL", 3) != 0)
        return false;
    p += 3;
    return *p++ == ' ' && scan_mailbox(unit, &p, end, &out->mailbox) && p == end;
}

/* Whether a number is none that an item of STATUS has; those of 63 bits may have any. name: SP is behind it. */
static bool is_out_of_range(const uint8_t *name, uint64_t number)
{
    if (number == 0)
        return name[0] == 'U' && name[1] == 'I'; /* UIDNEXT, UIDVALIDITY */
    return name[0] == 'M' ? name[1] == 'A' || number > UINT32_MAX /* MAILBOXID, MESSAGES */
                          : number > UINT32_MAX && (name[0] == 'U' || name[0] == 'R');
}

bool mp_scan_status(const uint8_t *unit, const mp_response_head *head, const mp_limits *limits, mp_status_row *out)
{
    const uint8_t *p = unit + head->rest, *end = unit + head->end;
    out->n = 0;
    if (p == end || *p++ != ' ' || !scan_mailbox(unit, &p, end, &out->mailbox) || end - p < 4 || p[0] != ' ' ||
        p[1] != '(' || limits->max_depth < 1 || limits->max_elements < 2 + 2 * MP_STATUS_ROW)
        return false;
    for (p++; p < end && *p != ')';) {
        const uint8_t *name = ++p; /* behind "(" or a space */
        while (p < end && ((uint8_t)(*p - 'A') < 26 || *p == '-'))
            p++;
        if (p == name || p == end || *p != ' ' || out->n == MP_STATUS_ROW)
            return false;
        out->items[out->n].name = (mp_span){(uint32_t)(name - unit), (uint32_t)(p - name)};
        const uint8_t *digits = ++p;
        uint64_t number = 0;
        while (p < end && (mp_char_class[*p] & MP_C_DIGIT) && p - digits < 18)
            number = number * 10 + (uint64_t)(*p++ - '0');
        if (p == digits || p == end || (*p != ' ' && *p != ')') || (*digits == '0' && p - digits > 1) ||
            is_out_of_range(name, number))
            return false;
        out->items[out->n++].number = number;
    }
    return out->n > 0 && end - p == 1;
}

/* An unquoted name with spaces, as some servers send it: everything up to the " (" before the last list. */
static bool read_spaced_mailbox(mp_cursor *c, mp_text *out_r)
{
    uint32_t last = c->at, from = c->pos;
    for (uint32_t i = c->at; i < c->n; i = c->tok[i].next) {
        last = i;
        if (c->tok[i].kind == MP_TOK_LIST)
            break;
        if (c->tok[i].kind != MP_TOK_ATOM)
            return false;
    }
    if (last == c->at || c->tok[last].kind != MP_TOK_LIST || c->tok[last].next != c->n)
        return false;
    const mp_token *t = &c->tok[last - 1];
    *out_r = (mp_text){{from, t->off + t->len - from}, MP_TEXT_ATOM, 0};
    c->at = last;
    c->pos = t->off + t->len;
    return true;
}

mp_status mp_read_status_head(mp_cursor *c, mp_text *mailbox_r, mp_list *list_r, mp_defects *defects)
{
    tolerant_sp(c, defects);
    uint32_t at = c->at, pos = c->pos;
    mp_status status = read_mailbox(c, mailbox_r, defects);
    if (status != MP_OK)
        return status;
    tolerant_sp(c, defects);
    status = mp_read_open(c, list_r);
    if (status != MP_OK) {
        c->at = at;
        c->pos = pos;
        if (!read_spaced_mailbox(c, mailbox_r))
            return status;
        mp_defect(defects, MP_DEFECT_ATOM_STRING, mailbox_r->span.off);
        tolerant_sp(c, defects);
        status = mp_read_open(c, list_r);
    }
    if (status == MP_OK)
        optional_sp(c, defects);
    return status;
}

mp_status mp_read_vanished(mp_cursor *c, bool *earlier_r, mp_span *set_r, mp_defects *defects)
{
    *earlier_r = false;
    mp_status status = mp_read_sp(c);
    if (status != MP_OK)
        return status;
    mp_list list;
    if (mp_read_open(c, &list) == MP_OK) {
        if ((status = mp_read_word(c, "EARLIER")) != MP_OK || (status = mp_read_close(c, &list)) != MP_OK ||
            (status = mp_read_sp(c)) != MP_OK)
            return status;
        *earlier_r = true;
    }
    status = mp_read_run(c, set_r);
    if (status == MP_OK && !mp_is_known(c->data + set_r->off, set_r->len))
        mp_defect(defects, MP_DEFECT_BAD_VALUE, set_r->off);
    return status == MP_OK ? mp_read_end(c) : status;
}

/* ---- SEARCH ------------------------------------------------------------------------------------------ */

size_t mp_search_capacity(const mp_search *s) { return (size_t)(s->end - s->at) / 2 + 1; }

/* 1*DIGIT at p, at most 2^32 - 1; returns where it ends, or NULL. */
static inline const uint8_t *read_digits(const uint8_t *p, const uint8_t *end, uint32_t *out_r)
{
    uint64_t value = 0;
    const uint8_t *from = p;
#if MP_LITTLE_ENDIAN /* eight octets at once, of which the digits come first */
    uint64_t chunk = 0;
    memcpy(&chunk, p, end - p >= 8 ? 8 : (size_t)(end - p));
    uint64_t digits = chunk ^ UINT64_C(0x3030303030303030); /* 0 to 9 where a digit was */
    /* a carry runs only upwards, so the lowest octet marked is the first that is no digit */
    uint64_t no_digit = ((digits + UINT64_C(0x7676767676767676)) | digits) & UINT64_C(0x8080808080808080);
    unsigned count = no_digit ? mp_ctz64(no_digit) / 8 : 8;
    if (count == 0)
        return NULL;
    chunk = digits << (8 * (8 - count));
    chunk = chunk * 10 + (chunk >> 8);
    value = (((chunk & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064)) +
             (((chunk >> 16) & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001))) >> 32;
    value &= UINT32_MAX;
    p += count;
    if (count < 8) {
        *out_r = (uint32_t)value;
        return p <= end ? p : NULL;
    }
#endif
    while (p < end && (mp_char_class[*p] & MP_C_DIGIT)) {
        value = value * 10 + (uint64_t)(*p++ - '0');
        if (value > UINT32_MAX)
            return NULL;
    }
    *out_r = (uint32_t)value;
    return p == from ? NULL : p;
}

static mp_status read_search_modseq(mp_search *s, const uint8_t *p, mp_error *err)
{
    const uint8_t *end = s->unit + s->end;
    static const char modseq[] = "(MODSEQ ";
    if ((size_t)(end - p) < sizeof modseq || !mp_is_word(p, sizeof modseq - 1, modseq, sizeof modseq - 1) || end[-1] != ')')
        return mp_fail(err, MP_E_SYNTAX, (size_t)(p - s->unit), "nz-number");
    p += sizeof modseq - 1;
    if (!mp_parse_number(p, (size_t)(end - 1 - p), INT64_MAX, &s->modseq))
        return mp_fail(err, MP_E_SYNTAX, (size_t)(p - s->unit), "mod-sequence-value");
    s->has_modseq = true;
    return MP_OK;
}

/* Numbers as the runs they form: one that follows the last extends its run. Written so that it needs no branch: which
 * numbers follow each other is anybody's guess. */
typedef struct run_writer {
    uint32_t *pairs;
    size_t count;
    uint32_t first, last; /* of the run that is open; a last of 2^32 - 1 is followed by nothing */
} run_writer;

static inline void write_run(run_writer *w, uint32_t number)
{
    bool follows = number == w->last + 1;
    w->count += !follows;
    w->first = follows ? w->first : number;
    w->last = number;
    w->pairs[2 * w->count - 2] = w->first;
    w->pairs[2 * w->count - 1] = number;
}

#if MP_VECTORS
/* The numbers of the 64 octets at p, which is at a space with 8 octets before it and 64 behind it. Returns the last
 * space that was reached: p itself where the first number needs a closer look. */
static const uint8_t *read_search_block(const uint8_t *p, run_writer *w)
{
    mp_vec v[4];
    for (int i = 0; i < 4; i++)
        v[i] = mp_vec_load(p + 16 * i);
    uint64_t digits = mp_mask64_digits(v);
    uint64_t spaces = mp_mask64(v, ' ');
    uint64_t others = ~(digits | spaces);
    if (others)
        spaces &= (others & (0 - others)) - 1;
    unsigned from = 0;
    for (spaces &= spaces - 1; spaces; spaces &= spaces - 1) {
        unsigned at = mp_ctz64(spaces), count = at - from - 1;
        if (count - 1 > 7)
            break;
        uint64_t chunk;
        memcpy(&chunk, p + at - 8, 8);
        unsigned skip = 8 * (8 - count);
        chunk = ((chunk ^ UINT64_C(0x3030303030303030)) >> skip) << skip;
        chunk = chunk * 10 + (chunk >> 8);
        chunk = (((chunk & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064)) +
                 (((chunk >> 16) & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001))) >> 32;
        if ((uint32_t)chunk == 0)
            break;
        write_run(w, (uint32_t)chunk);
        from = at;
    }
    return p + from;
}
#endif

mp_status mp_read_search(mp_search *s, uint32_t *pairs, size_t *count_r, mp_error *err)
{
    const uint8_t *p = s->unit + s->at, *end = s->unit + s->end;
    run_writer w = {.pairs = pairs, .last = UINT32_MAX};
    uint32_t number;
    while (p < end) {
        if (*p != ' ')
            return mp_fail(err, MP_E_SYNTAX, (size_t)(p - s->unit), "SP");
#if MP_VECTORS
        if (end - p >= 64 && p - s->unit >= 8) {
            const uint8_t *reached = read_search_block(p, &w);
            if (reached != p) {
                p = reached;
                continue;
            }
        }
#endif
        if (++p < end && *p == ' ') {
            mp_defect(&s->defects, MP_DEFECT_EXTRA_SPACE, (size_t)(p - s->unit));
            continue;
        }
        const uint8_t *digits_end = p < end ? read_digits(p, end, &number) : NULL;
        if (!digits_end || number == 0) {
            mp_status status = read_search_modseq(s, p, err);
            if (status != MP_OK)
                return status;
            break;
        }
        write_run(&w, number);
        p = digits_end;
    }
    *count_r = w.count;
    return MP_OK;
}
