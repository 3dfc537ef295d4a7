#include "command_scan.h"

/* fetch-modifier = "CHANGEDSINCE" SP mod-sequence-value / "VANISHED" / "PARTIAL" SP partial-range
 *                                                                                  RFC 7162 section 7, RFC 9394 */
static mp_status fetch_modifiers(mp_command_scan *s)
{
    bool vanished = false;
    bool partial = false;
    uint64_t changed_since = 0;
    mp_arg range = {0};
    const uint8_t *start = s->p;
    MP_TRY(mp_cs_char(s, '(', "fetch-modifier"));
    for (;;) {
        mp_word word;
        const uint8_t *at = s->p;
        MP_TRY(mp_cs_word(s, MP_WC_FETCH_MODIFIER, "fetch-modifier", &word));
        if (word == MP_WORD_VANISHED ? vanished : word == MP_WORD_PARTIAL ? partial : changed_since != 0) {
            s->p = at;
            return mp_cs_fail(s, "each fetch-modifier once");
        }
        if (word == MP_WORD_VANISHED) {
            vanished = true;
        } else if (word == MP_WORD_PARTIAL) {
            partial = true;
            MP_TRY(mp_cs_sp(s));
            MP_TRY(mp_cs_range(s, true));
            range = s->command->args[--s->command->count]; /* its place is behind CHANGEDSINCE */
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
    if (changed_since)
        MP_TRY(mp_cs_add_number(s, changed_since));
    if (partial) {
        mp_arg *arg = mp_cs_add(s, MP_ARG_RANGE);
        if (!arg)
            return s->err->status;
        *arg = range;
    }
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
        MP_TRY(mp_cs_add_number(s, number));
        if (*s->p != '.')
            break;
        s->p++;
        if (*s->p == ']')
            return mp_cs_fail(s, "section-text");
    }
    return MP_OK;
}

/* partial = "<" number64 "." nz-number64 ">" of the section at `at`                RFC 9051 section 9 */
static mp_status partial(mp_command_scan *s, uint32_t at)
{
    uint64_t first, octets;
    if (*s->p != '<')
        return MP_OK;
    s->p++;
    MP_TRY(mp_cs_number(s, 0, INT64_MAX, "number64", &first));
    MP_TRY(mp_cs_char(s, '.', "."));
    MP_TRY(mp_cs_number(s, 1, INT64_MAX, "nz-number64", &octets));
    s->command->args[at].number = first;
    s->command->args[at].octets = octets;
    return mp_cs_char(s, '>', ">");
}

/* section = "[" [section-spec] "]"; section-spec = section-msgtext / (section-part ["." section-text]) */
static mp_status section(mp_command_scan *s, bool peek)
{
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
        MP_TRY(mp_cs_word(s, MP_WC_SECTION_TEXT, "section-text", &word));
        if (word == MP_WORD_MIME && s->command->count == at + 1) {
            s->p = text;
            return mp_cs_fail(s, "section-msgtext");
        }
        s->command->args[at].word = (uint16_t)word;
        if (word == MP_WORD_HEADER_FIELDS || word == MP_WORD_HEADER_FIELDS_NOT) {
            MP_TRY(mp_cs_sp(s));
            MP_TRY(header_list(s));
        }
    }
    MP_TRY(mp_cs_char(s, ']', "]"));
    s->command->args[at].count = s->command->count - at - 1;
    return partial(s, at);
}

/* "BINARY" [".PEEK"] section-binary [partial] / "BINARY.SIZE" section-binary
 * section-binary = "[" [section-part] "]"                                          RFC 3516 section 7 */
static mp_status binary(mp_command_scan *s, mp_word word)
{
    uint32_t at = s->command->count;
    mp_arg *arg = mp_cs_add(s, MP_ARG_SECTION);
    if (!arg)
        return s->err->status;
    arg->peek = word == MP_WORD_BINARY_PEEK;
    arg->word = word == MP_WORD_BINARY_SIZE ? MP_WORD_BINARY_SIZE : MP_WORD_BINARY;
    MP_TRY(mp_cs_char(s, '[', "section-binary"));
    MP_TRY(section_part(s));
    MP_TRY(mp_cs_char(s, ']', "]"));
    s->command->args[at].count = s->command->count - at - 1;
    return word == MP_WORD_BINARY_SIZE ? MP_OK : partial(s, at);
}

static bool is_macro(int word) { return word == MP_WORD_ALL || word == MP_WORD_FAST || word == MP_WORD_FULL; }

/* fetch-att    RFC 3501 section 9, RFC 3516, RFC 7162, RFC 8474, RFC 8514, RFC 8970, X-GM-EXT-1 */
static mp_status fetch_att(mp_command_scan *s, bool macros)
{
    const uint8_t *at = s->p;
    mp_word word;
    MP_TRY(mp_cs_word(s, MP_WC_FETCH_ATT, "fetch-att", &word));
    if ((word == MP_WORD_BODY || word == MP_WORD_BODY_PEEK) && *s->p == '[')
        return section(s, word == MP_WORD_BODY_PEEK);
    if (word == MP_WORD_BINARY || word == MP_WORD_BINARY_PEEK || word == MP_WORD_BINARY_SIZE)
        return binary(s, word);
    if (word == MP_WORD_BODY_PEEK || (is_macro(word) && !macros)) {
        s->p = at;
        return mp_cs_fail(s, "fetch-att");
    }
    MP_TRY(mp_cs_add_word(s, word));
    if (word == MP_WORD_PREVIEW && s->p[0] == ' ' && s->p[1] == '(') {
        const uint8_t *behind = s->p;
        s->p += 2;
        if (!mp_cs_is(s, MP_WORD_LAZY)) { /* the modifiers of a FETCH of nothing but PREVIEW */
            s->p = behind;
            return MP_OK;
        }
        s->command->args[s->command->count - 1].count = 1;
        return mp_cs_char(s, ')', ")");
    }
    return MP_OK;
}

mp_status mp_command_read_fetch_att(mp_command_scan *s) { return fetch_att(s, false); }

/* fetch-att *(SP fetch-att), in parentheses. Not in the grammar, but harmless and seen: nothing at all, and a
 * macro alone. */
static mp_status fetch_att_list(mp_command_scan *s)
{
    const uint8_t *first = s->p;
    if (*s->p == ')') {
        mp_cs_defect(s, MP_COMMAND_DEFECT_EMPTY_ITEMS);
        return MP_OK;
    }
    MP_TRY(fetch_att(s, true));
    if (is_macro(s->command->args[s->command->count - 1].word)) {
        const uint8_t *behind = s->p;
        s->p = first;
        if (*behind == ' ')
            return mp_cs_fail(s, "fetch-att");
        mp_cs_defect(s, MP_COMMAND_DEFECT_MACRO_IN_LIST);
        s->p = behind;
    }
    while (*s->p == ' ') {
        s->p++;
        MP_TRY(fetch_att(s, false));
    }
    return MP_OK;
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
        MP_TRY(fetch_att_list(s));
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
    MP_TRY(mp_cs_add_number(s, number));
    MP_TRY(mp_cs_char(s, ')', ")"));
    return mp_cs_sp(s);
}

/* gm-label = astring / "\" atom, in a list of labels or alone                      X-GM-EXT-1 */
static mp_status label(mp_command_scan *s)
{
    if (*s->p != '\\')
        return mp_cs_astring(s, MP_ARG_MAILBOX, "label");
    MP_TRY(mp_cs_flag(s));
    s->command->args[s->command->count - 1].kind = MP_ARG_MAILBOX;
    return MP_OK;
}

/* flag-list / (flag *(SP flag)), or labels likewise */
static mp_status stored(mp_command_scan *s, bool labels)
{
    bool list = *s->p == '(';
    uint32_t at;
    MP_TRY(mp_cs_list_begin(s, &at));
    s->p += list;
    if (!list || *s->p != ')') {
        MP_TRY(labels ? label(s) : mp_cs_flag(s));
        while (*s->p == ' ') {
            s->p++;
            MP_TRY(labels ? label(s) : mp_cs_flag(s));
        }
    }
    mp_cs_list_end(s, at);
    return list ? mp_cs_char(s, ')', labels ? "label or )" : "flag or )") : MP_OK;
}

/* store = "STORE" SP sequence-set [SP store-modifiers] SP store-att-flags
 * store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag))); X-GM-LABELS likewise */
mp_status mp_command_read_store(mp_command_scan *s)
{
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_sequence_set(s));
    if (*s->p == '(')
        mp_cs_defect(s, MP_COMMAND_DEFECT_MISSING_SPACE);
    else
        MP_TRY(mp_cs_sp(s));
    if (*s->p == '(')
        MP_TRY(store_modifiers(s));
    uint8_t sign = *s->p == '+' || *s->p == '-' ? *s->p++ : 0;
    mp_word word;
    /* the sign is not of the vocabulary, but `-` is of its alphabet: it was taken off first */
    MP_TRY(mp_cs_word(s, MP_WC_STORE_ATT, "store-att-flags", &word));
    mp_arg *arg = mp_cs_add(s, MP_ARG_WORD);
    if (!arg)
        return s->err->status;
    bool labels = word == MP_WORD_X_GM_LABELS || word == MP_WORD_X_GM_LABELS_SILENT;
    arg->word = labels ? MP_WORD_X_GM_LABELS : MP_WORD_FLAGS;
    arg->number = sign;
    arg->count = word == MP_WORD_FLAGS_SILENT || word == MP_WORD_X_GM_LABELS_SILENT;
    MP_TRY(mp_cs_sp(s));
    return stored(s, labels);
}
