#include "command_scan.h"

/* fetch-modifier = "CHANGEDSINCE" SP mod-sequence-value / "VANISHED"               RFC 7162 section 7 */
static mp_status fetch_modifiers(mp_command_scan *s)
{
    static const uint8_t choices[] = {MP_WORD_CHANGEDSINCE, MP_WORD_VANISHED, MP_WORD_NONE};
    bool vanished = false;
    uint64_t changed_since = 0;
    const uint8_t *start = s->p;
    MP_TRY(mp_cs_char(s, '(', "fetch-modifier"));
    for (;;) {
        mp_word word;
        const uint8_t *at = s->p;
        MP_TRY(mp_cs_word(s, choices, "fetch-modifier", &word));
        if (word == MP_WORD_VANISHED ? vanished : changed_since != 0) {
            s->p = at;
            return mp_cs_fail(s, "each fetch-modifier once");
        }
        if (word == MP_WORD_VANISHED) {
            vanished = true;
        } else {
            MP_TRY(mp_cs_sp(s));
            MP_TRY(mp_cs_number(s, 1, INT64_MAX, "mod-sequence-value", &changed_since));
        }
        if (*s->p != ' ')
            break;
        s->p++;
    }
    MP_TRY(mp_cs_char(s, ')', "fetch-modifier or )"));
    if (vanished && (!s->command->uid || !changed_since)) {
        s->p = start;
        return mp_cs_fail(s, "VANISHED with UID FETCH and CHANGEDSINCE");
    }
    mp_arg *arg = mp_cs_add(s, MP_ARG_NUMBER);
    if (!arg)
        return s->err->status;
    arg->number = changed_since;
    return vanished ? mp_cs_add_word(s, MP_WORD_VANISHED) : MP_OK;
}

/* header-list = "(" header-fld-name *(SP header-fld-name) ")" */
static mp_status header_list(mp_command_scan *s)
{
    MP_TRY(mp_cs_char(s, '(', "header-list"));
    MP_TRY(mp_cs_text(s, "header-fld-name"));
    while (*s->p == ' ') {
        s->p++;
        MP_TRY(mp_cs_text(s, "header-fld-name"));
    }
    return mp_cs_char(s, ')', "header-fld-name or )");
}

/* section-part = nz-number *("." nz-number). Leaves s->p at the section-text, behind the dot before it. */
static mp_status section_part(mp_command_scan *s)
{
    while (mp_cc(*s->p, MP_CC_DIGIT)) {
        uint64_t number;
        MP_TRY(mp_cs_number(s, 1, UINT32_MAX, "section-part", &number));
        mp_arg *arg = mp_cs_add(s, MP_ARG_NUMBER);
        if (!arg)
            return s->err->status;
        arg->number = number;
        if (*s->p != '.')
            break;
        s->p++;
        if (*s->p == ']')
            return mp_cs_fail(s, "section-text");
    }
    return MP_OK;
}

/* section = "[" [section-spec] "]"; section-spec = section-msgtext / (section-part ["." section-text]) */
static mp_status section(mp_command_scan *s, bool peek)
{
    static const uint8_t texts[] = {MP_WORD_HEADER,            MP_WORD_HEADER_FIELDS, MP_WORD_TEXT,
                                    MP_WORD_HEADER_FIELDS_NOT, MP_WORD_MIME,          MP_WORD_NONE};
    uint32_t at = s->command->count;
    mp_arg *arg = mp_cs_add(s, MP_ARG_SECTION);
    if (!arg)
        return s->err->status;
    arg->peek = peek;
    s->p++; /* [ */
    MP_TRY(section_part(s));
    if (*s->p != ']' && (s->command->count == at + 1 || s->p[-1] == '.')) {
        const uint8_t *text = s->p;
        mp_word word;
        MP_TRY(mp_cs_word(s, texts, "section-text", &word));
        if (word == MP_WORD_MIME && s->command->count == at + 1) {
            s->p = text;
            return mp_cs_fail(s, "section-msgtext");
        }
        s->command->args[at].word = (uint8_t)word;
        if (word == MP_WORD_HEADER_FIELDS || word == MP_WORD_HEADER_FIELDS_NOT) {
            MP_TRY(mp_cs_sp(s));
            MP_TRY(header_list(s));
        }
    }
    MP_TRY(mp_cs_char(s, ']', "]"));
    s->command->args[at].count = s->command->count - at - 1;
    if (*s->p != '<')
        return MP_OK;
    /* "<" number "." nz-number ">" */
    uint64_t first, octets;
    s->p++;
    MP_TRY(mp_cs_number(s, 0, UINT32_MAX, "number", &first));
    MP_TRY(mp_cs_char(s, '.', "."));
    MP_TRY(mp_cs_number(s, 1, UINT32_MAX, "nz-number", &octets));
    s->command->args[at].span = (mp_span){(uint32_t)first, (uint32_t)octets};
    return mp_cs_char(s, '>', ">");
}

static bool is_macro(int word) { return word == MP_WORD_ALL || word == MP_WORD_FAST || word == MP_WORD_FULL; }

/* fetch-att                                                                        RFC 3501 section 9, RFC 7162 */
static mp_status fetch_att(mp_command_scan *s, bool macros)
{
    static const uint8_t choices[] = {
        MP_WORD_UID,           MP_WORD_FLAGS,       MP_WORD_BODY,          MP_WORD_BODY_PEEK, MP_WORD_INTERNALDATE,
        MP_WORD_ENVELOPE,      MP_WORD_RFC822_SIZE, MP_WORD_BODYSTRUCTURE, MP_WORD_MODSEQ,    MP_WORD_RFC822,
        MP_WORD_RFC822_HEADER, MP_WORD_RFC822_TEXT, MP_WORD_ALL,           MP_WORD_FAST,      MP_WORD_FULL,
        MP_WORD_NONE};
    const uint8_t *at = s->p;
    mp_word word;
    MP_TRY(mp_cs_word(s, choices, "fetch-att", &word));
    if ((word == MP_WORD_BODY || word == MP_WORD_BODY_PEEK) && *s->p == '[')
        return section(s, word == MP_WORD_BODY_PEEK);
    if (word == MP_WORD_BODY_PEEK || (is_macro(word) && !macros)) {
        s->p = at;
        return mp_cs_fail(s, "fetch-att");
    }
    return mp_cs_add_word(s, word);
}

/* fetch = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")")
 *         [SP fetch-modifiers]                                                     RFC 3501 section 9, RFC 4466 */
mp_status mp_command_read_fetch(mp_command_scan *s)
{
    uint32_t list;
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_sequence_set(s));
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_list_begin(s, &list));
    if (*s->p == '(') {
        s->p++;
        /* not in the grammar, but harmless and seen: a macro alone in parentheses */
        const uint8_t *first = s->p;
        MP_TRY(fetch_att(s, true));
        if (*s->p == ' ' && is_macro(s->command->args[s->command->count - 1].word)) {
            s->p = first;
            return mp_cs_fail(s, "fetch-att");
        }
        while (*s->p == ' ') {
            s->p++;
            MP_TRY(fetch_att(s, false));
        }
        MP_TRY(mp_cs_char(s, ')', "fetch-att or )"));
    } else {
        MP_TRY(fetch_att(s, true));
    }
    mp_cs_list_end(s, list);
    if (*s->p != ' ')
        return MP_OK;
    s->p++;
    return fetch_modifiers(s);
}

/* store-modifiers = "(" "UNCHANGEDSINCE" SP mod-sequence-valzer ")"                RFC 7162 section 7 */
static mp_status store_modifiers(mp_command_scan *s)
{
    uint64_t number;
    s->p++; /* ( */
    if (!mp_cs_is(s, MP_WORD_UNCHANGEDSINCE))
        return mp_cs_fail(s, "store-modifier");
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_number(s, 0, INT64_MAX, "mod-sequence-valzer", &number));
    mp_arg *arg = mp_cs_add(s, MP_ARG_NUMBER);
    if (!arg)
        return s->err->status;
    arg->number = number;
    MP_TRY(mp_cs_char(s, ')', ")"));
    return mp_cs_sp(s);
}

/* store = "STORE" SP sequence-set [SP store-modifiers] SP store-att-flags
 * store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag))) */
mp_status mp_command_read_store(mp_command_scan *s)
{
    static const uint8_t choices[] = {MP_WORD_FLAGS, MP_WORD_FLAGS_SILENT, MP_WORD_NONE};
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_sequence_set(s));
    MP_TRY(mp_cs_sp(s));
    if (*s->p == '(')
        MP_TRY(store_modifiers(s));
    uint8_t sign = *s->p == '+' || *s->p == '-' ? *s->p++ : 0;
    mp_word word;
    /* the sign is not of the vocabulary, but `-` is of its alphabet: it was taken off first */
    MP_TRY(mp_cs_word(s, choices, "store-att-flags", &word));
    mp_arg *arg = mp_cs_add(s, MP_ARG_WORD);
    if (!arg)
        return s->err->status;
    arg->word = MP_WORD_FLAGS;
    arg->number = sign;
    arg->count = word == MP_WORD_FLAGS_SILENT;
    MP_TRY(mp_cs_sp(s));
    if (*s->p == '(')
        return mp_cs_flag_list(s);
    uint32_t list;
    MP_TRY(mp_cs_list_begin(s, &list));
    MP_TRY(mp_cs_flag(s));
    while (*s->p == ' ') {
        s->p++;
        MP_TRY(mp_cs_flag(s));
    }
    mp_cs_list_end(s, list);
    return MP_OK;
}
