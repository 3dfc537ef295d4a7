#include "flag_list.h"

bool mp_next_word(const uint8_t *unit, uint32_t *at, uint32_t end, mp_span *out_r)
{
    uint32_t p = *at;
    while (p < end && (unit[p] == ' ' || unit[p] == '(' || unit[p] == ')'))
        p++;
    if (p == end)
        return false;
    uint32_t from = p;
    if (unit[p] == '"') {
        for (p++; p < end && unit[p] != '"'; p++)
            if (unit[p] == '\\' && p + 1 < end)
                p++;
        p += p < end;
    } else
        while (p < end && unit[p] != ' ' && unit[p] != '(' && unit[p] != ')')
            p++;
    *out_r = (mp_span){from, p - from};
    *at = p;
    return true;
}

mp_span mp_unquoted_word(const uint8_t *unit, mp_span word)
{
    const uint8_t *p = unit + word.off;
    if (word.len < 2 || *p != '"' || p[word.len - 1] != '"')
        return word;
    uint32_t lead = word.len > 3 && p[1] == '\\' && p[2] == '\\' ? 2 : 1;
    return (mp_span){word.off + lead, word.len - lead - 1};
}

static bool is_atom(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!(mp_char_class[p[i]] & MP_C_ATOM_CHAR) && p[i] < 0x80)
            return false;
    return len > 0;
}

static bool is_flag(const uint8_t *p, size_t len, mp_flag_rule rule)
{
    bool system = *p == '\\';
    if (!system)
        return rule != MP_FLAG_MAILBOX && is_atom(p, len);
    return (rule == MP_FLAG_PERM && len == 2 && p[1] == '*') || is_atom(p + 1, len - 1);
}

/* The octets between two flags, or between one and the list's end. */
static void check_gap(const uint8_t *unit, uint32_t from, uint32_t to, uint32_t wanted, mp_defects *defects)
{
    for (uint32_t p = from; p < to; p++)
        if (unit[p] != ' ')
            mp_defect(defects, MP_DEFECT_UNBALANCED, p);
    if (to - from != wanted)
        mp_defect(defects, to - from > wanted ? MP_DEFECT_EXTRA_SPACE : MP_DEFECT_MISSING_SPACE, from);
}

void mp_check_flags(const uint8_t *unit, mp_span list, mp_flag_rule rule, mp_defects *defects)
{
    uint32_t from = list.off + 1, at = from, end = list.off + list.len - 1, wanted = 0;
    mp_span word;
    while (mp_next_word(unit, &at, end, &word)) {
        const uint8_t *p = unit + word.off;
        check_gap(unit, from, word.off, wanted, defects);
        if (!is_flag(p, word.len, rule))
            mp_defect(defects, MP_DEFECT_BAD_FLAG, word.off);
        for (uint32_t i = 0; i < word.len; i++)
            if (p[i] >= 0x80) {
                mp_defect(defects, MP_DEFECT_EIGHT_BIT, word.off + i);
                break;
            }
        from = at;
        wanted = 1;
    }
    check_gap(unit, from, end, 0, defects);
}

mp_status mp_read_flags_by(mp_cursor *c, mp_flag_rule rule, mp_span *list_r, mp_defects *defects)
{
    const mp_token *t = mp_cursor_peek(c);
    if (!t || t->kind != MP_TOK_LIST)
        return mp_cursor_fail(c, "flag-list");
    for (uint32_t i = c->at + 1; i < t->next; i++)
        if (c->tok[i].kind > MP_TOK_QUOTED_ESC) /* an atom, or one in quotes */
            return mp_fail(c->err, MP_E_SYNTAX, c->tok[i].off, "flag");
    *list_r = (mp_span){t->off, t->len};
    mp_check_flags(c->data, *list_r, rule, defects);
    mp_cursor_skip(c);
    return MP_OK;
}

mp_status mp_read_flag_list(mp_cursor *c, mp_span *list_r, mp_defects *defects)
{
    return mp_read_flags_by(c, MP_FLAG, list_r, defects);
}
