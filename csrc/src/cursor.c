#include "mailproto/cursor.h"

#include <string.h>

#include "scan.h"
#include "values.h"

#define MAX_NUMBER64 UINT64_C(9223372036854775807)

void mp_cursor_init(mp_cursor *c, const uint8_t *unit, size_t from, size_t to, const mp_tape *tape,
                    const mp_limits *limits, mp_error *err)
{
    *c = (mp_cursor){.data = unit, .tok = tape->tok, .n = tape->n, .pos = (uint32_t)from, .end = (uint32_t)to,
                     .limits = limits, .err = err};
}

mp_status mp_cursor_fail(const mp_cursor *c, const char *expected)
{
    return mp_fail(c->err, MP_E_SYNTAX, c->pos, expected);
}

const mp_token *mp_cursor_peek(const mp_cursor *c)
{
    if (c->at >= c->n)
        return NULL;
    const mp_token *t = &c->tok[c->at];
    return t->off - t->lead == c->pos ? t : NULL;
}

static bool is_word(const mp_cursor *c, const mp_token *t, const char *word)
{
    return t && t->kind == MP_TOK_ATOM && mp_is_word(c->data + t->off, t->len, word, strlen(word));
}

bool mp_cursor_is(const mp_cursor *c, const char *word) { return is_word(c, mp_cursor_peek(c), word); }

static void pass(mp_cursor *c, const mp_token *t)
{
    c->at = t->next;
    c->pos = t->off + t->len + t->trail;
}

void mp_cursor_skip(mp_cursor *c)
{
    const mp_token *t = mp_cursor_peek(c);
    if (t)
        pass(c, t);
}

bool mp_cursor_at_end(const mp_cursor *c) { return c->pos == c->end; }

mp_status mp_read_sp(mp_cursor *c)
{
    if (c->pos >= c->end || c->data[c->pos] != ' ')
        return mp_cursor_fail(c, "SP");
    c->pos++;
    return MP_OK;
}

uint32_t mp_skip_sp(mp_cursor *c)
{
    uint32_t from = c->pos;
    while (c->pos < c->end && c->data[c->pos] == ' ')
        c->pos++;
    return c->pos - from;
}

mp_status mp_read_end(mp_cursor *c) { return mp_cursor_at_end(c) ? MP_OK : mp_cursor_fail(c, "end of line"); }

mp_status mp_read_word(mp_cursor *c, const char *word)
{
    const mp_token *t = mp_cursor_peek(c);
    if (!is_word(c, t, word))
        return mp_cursor_fail(c, word);
    pass(c, t);
    return MP_OK;
}

/* What an atom of the tape may still hold that the grammar forbids there. */
enum { NO_WILDCARD = 1, NO_BRACKET = 2, NO_SLASH = 4, NO_HIGH = 8 };

static bool allowed(const uint8_t *p, size_t len, unsigned forbid)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t ch = p[i];
        if (((ch == '*' || ch == '%') && (forbid & NO_WILDCARD)) || (ch == ']' && (forbid & NO_BRACKET)) ||
            (ch == '\\' && (forbid & NO_SLASH)) || (ch >= 0x80 && (forbid & NO_HIGH)))
            return false;
    }
    return true;
}

static mp_status read_chars(mp_cursor *c, mp_span *out_r, unsigned forbid, const char *rule)
{
    const mp_token *t = mp_cursor_peek(c);
    if (!t || t->kind != MP_TOK_ATOM || !allowed(c->data + t->off, t->len, forbid))
        return mp_cursor_fail(c, rule);
    *out_r = (mp_span){t->off, t->len};
    pass(c, t);
    return MP_OK;
}

mp_status mp_read_atom(mp_cursor *c, mp_span *out_r)
{
    return read_chars(c, out_r, NO_WILDCARD | NO_BRACKET | NO_SLASH | NO_HIGH, "atom");
}

mp_status mp_read_run(mp_cursor *c, mp_span *out_r) { return read_chars(c, out_r, 0, "atom"); }

bool mp_parse_number(const uint8_t *p, size_t len, uint64_t max, uint64_t *out_r)
{
    uint64_t value = 0;
    if (len == 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned digit = (unsigned)p[i] - '0';
        if (digit > 9 || value > max / 10 || value * 10 > max - digit)
            return false;
        value = value * 10 + digit;
    }
    *out_r = value;
    return true;
}

static mp_status read_number(mp_cursor *c, uint64_t min, uint64_t max, uint64_t *out_r, const char *rule)
{
    const mp_token *t = mp_cursor_peek(c);
    uint64_t value;
    if (!t || t->kind != MP_TOK_ATOM || !mp_parse_number(c->data + t->off, t->len, max, &value) || value < min)
        return mp_cursor_fail(c, rule);
    *out_r = value;
    pass(c, t);
    return MP_OK;
}

mp_status mp_read_number(mp_cursor *c, uint32_t *out_r)
{
    uint64_t value = 0;
    mp_status status = read_number(c, 0, UINT32_MAX, &value, "number");
    if (status == MP_OK)
        *out_r = (uint32_t)value;
    return status;
}

mp_status mp_read_nz_number(mp_cursor *c, uint32_t *out_r)
{
    uint64_t value = 0;
    mp_status status = read_number(c, 1, UINT32_MAX, &value, "nz-number");
    if (status == MP_OK)
        *out_r = (uint32_t)value;
    return status;
}

mp_status mp_read_number64(mp_cursor *c, uint64_t *out_r)
{
    return read_number(c, 0, MAX_NUMBER64, out_r, "number64");
}

static mp_status take_text(mp_cursor *c, const mp_token *t, mp_text *out_r)
{
    *out_r = mp_text_of(t);
    pass(c, t);
    return MP_OK;
}

static bool is_string(const mp_token *t)
{
    return t && (t->kind == MP_TOK_QUOTED || t->kind == MP_TOK_QUOTED_ESC || t->kind == MP_TOK_LITERAL);
}

mp_status mp_read_string(mp_cursor *c, mp_text *out_r)
{
    const mp_token *t = mp_cursor_peek(c);
    return is_string(t) ? take_text(c, t, out_r) : mp_cursor_fail(c, "string");
}

mp_status mp_read_string8(mp_cursor *c, mp_text *out_r)
{
    const mp_token *t = mp_cursor_peek(c);
    return is_string(t) || (t && t->kind == MP_TOK_LITERAL8) ? take_text(c, t, out_r) : mp_cursor_fail(c, "string");
}

mp_status mp_read_nstring(mp_cursor *c, mp_text *out_r)
{
    const mp_token *t = mp_cursor_peek(c);
    if (is_string(t))
        return take_text(c, t, out_r);
    if (!is_word(c, t, "NIL"))
        return mp_cursor_fail(c, "nstring");
    *out_r = (mp_text){{t->off, 0}, MP_TEXT_NIL, 0};
    pass(c, t);
    return MP_OK;
}

static mp_status read_chars_or_string(mp_cursor *c, mp_text *out_r, unsigned forbid, const char *rule)
{
    const mp_token *t = mp_cursor_peek(c);
    if (is_string(t) || (t && t->kind == MP_TOK_ATOM && allowed(c->data + t->off, t->len, forbid)))
        return take_text(c, t, out_r);
    return mp_cursor_fail(c, rule);
}

mp_status mp_read_astring(mp_cursor *c, mp_text *out_r)
{
    return read_chars_or_string(c, out_r, NO_WILDCARD | NO_SLASH | NO_HIGH, "astring");
}

mp_status mp_read_list_mailbox(mp_cursor *c, mp_text *out_r)
{
    return read_chars_or_string(c, out_r, NO_SLASH | NO_HIGH, "list-mailbox");
}

mp_status mp_read_flag(mp_cursor *c, mp_span *out_r)
{
    const mp_token *t = mp_cursor_peek(c);
    if (!t || t->kind != MP_TOK_ATOM)
        return mp_cursor_fail(c, "flag");
    const uint8_t *p = c->data + t->off;
    size_t skip = *p == '\\';
    bool star = t->len == 2 && skip && p[1] == '*';
    if (t->len == skip || !(star || allowed(p + skip, t->len - skip, NO_WILDCARD | NO_BRACKET | NO_SLASH | NO_HIGH)))
        return mp_cursor_fail(c, "flag");
    *out_r = (mp_span){t->off, t->len};
    pass(c, t);
    return MP_OK;
}

mp_status mp_read_open(mp_cursor *c, mp_list *list_r)
{
    const mp_token *t = mp_cursor_peek(c);
    if (!t || t->kind != MP_TOK_LIST)
        return mp_cursor_fail(c, "\"(\"");
    *list_r = (mp_list){c->n, c->end};
    c->n = t->next;
    c->end = t->off + t->len - 1;
    c->pos = t->off + 1;
    c->at++;
    return MP_OK;
}

mp_status mp_read_close(mp_cursor *c, const mp_list *list)
{
    if (c->pos != c->end)
        return mp_cursor_fail(c, "\")\"");
    c->pos++;
    c->n = list->n;
    c->end = list->end;
    return MP_OK;
}
