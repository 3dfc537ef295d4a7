#include "command_scan.h"

#include <string.h>


/* Bits of MP_CC_*, one entry an octet; octets over 127 are in no class. */
const uint8_t mp_command_class[256] = {
    0, 32, 32, 32, 32, 32, 32, 32, 32, 32, 0, 32, 32, 0, 32, 32,
    32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
    32, 47, 0, 47, 111, 36, 47, 47, 32, 32, 100, 39, 111, 175, 175, 47,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 111, 47, 47, 47, 47, 47,
    47, 175, 175, 175, 175, 175, 175, 175, 175, 175, 175, 175, 175, 175, 175, 175,
    175, 175, 175, 175, 175, 175, 175, 175, 175, 175, 175, 47, 0, 46, 47, 47,
    47, 175, 175, 175, 175, 175, 175, 175, 175, 175, 175, 175, 175, 175, 175, 175,
    175, 175, 175, 175, 175, 175, 175, 175, 175, 175, 175, 32, 47, 47, 47, 32,
};

mp_status mp_cs_fail(mp_command_scan *s, const char *expected)
{
    return mp_fail(s->err, MP_E_SYNTAX, (size_t)(s->p - s->data), expected);
}

static bool grow(mp_command *c)
{
    uint32_t room = c->room ? c->room * 2 : 32;
    mp_arg *args = c->alloc.realloc(c->alloc.ctx, c->args, c->room * sizeof *args, room * sizeof *args);
    if (!args)
        return false;
    c->args = args;
    c->room = room;
    return true;
}

mp_arg *mp_cs_add(mp_command_scan *s, mp_arg_kind kind)
{
    mp_command *c = s->command;
    if (c->count >= s->limits->max_elements) {
        mp_fail_limit(s->err, (size_t)(s->p - s->data), "max_elements");
        return NULL;
    }
    if (c->count == c->room && (c->room > UINT32_MAX / 4 || !grow(c))) {
        mp_fail(s->err, MP_E_NOMEM, (size_t)(s->p - s->data), "memory");
        return NULL;
    }
    mp_arg *arg = &c->args[c->count++];
    memset(arg, 0, sizeof *arg);
    arg->kind = (uint8_t)kind;
    return arg;
}

mp_status mp_cs_add_span(mp_command_scan *s, mp_arg_kind kind, const uint8_t *from, const uint8_t *to)
{
    mp_arg *arg = mp_cs_add(s, kind);
    if (!arg)
        return s->err->status;
    arg->span = (mp_span){(uint32_t)(from - s->data), (uint32_t)(to - from)};
    return MP_OK;
}

mp_status mp_cs_add_word(mp_command_scan *s, mp_word word)
{
    mp_arg *arg = mp_cs_add(s, MP_ARG_WORD);
    if (!arg)
        return s->err->status;
    arg->word = (uint16_t)word;
    return MP_OK;
}

mp_status mp_cs_add_number(mp_command_scan *s, uint64_t number)
{
    mp_arg *arg = mp_cs_add(s, MP_ARG_NUMBER);
    if (!arg)
        return s->err->status;
    arg->number = number;
    return MP_OK;
}

void mp_cs_defect(mp_command_scan *s, uint32_t defect)
{
    if (!s->command->defects)
        s->command->defect_at = (uint32_t)(s->p - s->data);
    s->command->defects |= defect;
}

mp_status mp_cs_list_begin(mp_command_scan *s, uint32_t *at_r)
{
    *at_r = s->command->count;
    return mp_cs_add(s, MP_ARG_LIST) ? MP_OK : s->err->status;
}

void mp_cs_list_end(mp_command_scan *s, uint32_t at)
{
    s->command->args[at].count = s->command->count - at - 1;
}

/* CRLF, and nothing behind it */
mp_status mp_cs_crlf(mp_command_scan *s)
{
    if (s->p + 2 != s->end || s->p[0] != '\r')
        return mp_cs_fail(s, "CRLF");
    s->p += 2;
    return MP_OK;
}

static const uint8_t *word_end(const uint8_t *p)
{
    while (mp_cc(*p, MP_CC_WORD))
        p++;
    return p;
}

mp_status mp_cs_word(mp_command_scan *s, unsigned word_class, const char *expected, mp_word *word_r)
{
    const uint8_t *end = word_end(s->p);
    mp_word word = mp_word_find(s->p, (size_t)(end - s->p));
    if (!(mp_word_classes[word] & word_class))
        return mp_cs_fail(s, expected);
    *word_r = word;
    s->p = end;
    return MP_OK;
}

bool mp_cs_is(mp_command_scan *s, mp_word word)
{
    const uint8_t *end = word_end(s->p);
    if (!mp_cs_same_word(s->p, (size_t)(end - s->p), word))
        return false;
    s->p = end;
    return true;
}

/* atom = 1*ATOM-CHAR                                                              RFC 3501 section 9 */
mp_status mp_cs_atom(mp_command_scan *s, mp_arg_kind kind, const char *expected)
{
    const uint8_t *p = s->p;
    while (mp_cc(*p, MP_CC_ATOM))
        p++;
    if (p == s->p)
        return mp_cs_fail(s, expected);
    MP_TRY(mp_cs_add_span(s, kind, s->p, p));
    s->p = p;
    return MP_OK;
}

/* UTF8-2 / UTF8-3 / UTF8-4                                                        RFC 3629 section 4
 * Octets of the sequence at p, or 0. May look at three octets behind p: every sequence in a unit is followed by
 * one that is no tail
 * at the latest by its LF. */
static size_t utf8_sequence(const uint8_t *p)
{
    uint8_t low = 0x80, high = 0xbf;
    size_t tail;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        tail = 1;
    else if (p[0] >= 0xe0 && p[0] <= 0xef)
        tail = 2;
    else if (p[0] >= 0xf0 && p[0] <= 0xf4)
        tail = 3;
    else
        return 0;
    if (p[0] == 0xe0)
        low = 0xa0; /* overlong */
    else if (p[0] == 0xed)
        high = 0x9f; /* surrogates */
    else if (p[0] == 0xf0)
        low = 0x90; /* overlong */
    else if (p[0] == 0xf4)
        high = 0x8f; /* past U+10FFFF */
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i <= tail; i++)
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    return tail + 1;
}

/* quoted = DQUOTE *QUOTED-CHAR DQUOTE                                             RFC 9051 section 9
 * QUOTED-CHAR there admits UTF-8, which clients send to servers of RFC 3501 as well. */
static mp_status quoted(mp_command_scan *s, mp_arg_kind kind)
{
    const uint8_t *p = s->p + 1;
    bool escaped = false;
    for (;;) {
        while (mp_cc(*p, MP_CC_QUOTED))
            p++;
        if (*p == '"')
            break;
        size_t len = 0;
        if (*p == '\\' && (p[1] == '"' || p[1] == '\\')) {
            escaped = true;
            len = 2;
        } else if (*p >= 0x80) {
            len = utf8_sequence(p);
        }
        if (!len) {
            s->p = p;
            return mp_cs_fail(s, "QUOTED-CHAR");
        }
        p += len;
    }
    MP_TRY(mp_cs_add_span(s, kind, s->p + 1, p));
    s->command->args[s->command->count - 1].escaped = escaped;
    s->p = p + 1;
    return MP_OK;
}

/* literal = "{" number ["+"] "}" CRLF *CHAR8; literal8 = "~{" number ["+"] "}" CRLF *OCTET
 *                                                                 RFC 3501 section 9, RFC 7888, RFC 3516 section 7 */
static mp_status literal(mp_command_scan *s, mp_arg_kind kind, bool binary)
{
    const uint8_t *p = s->p + binary;
    if (*p != '{')
        return mp_cs_fail(s, "literal");
    const uint8_t *digits = ++p;
    uint64_t size = 0;
    for (; mp_cc(*p, MP_CC_DIGIT); p++)
        if (size <= UINT32_MAX)
            size = size * 10 + (unsigned)(*p - '0');
    if (p == digits)
        return mp_cs_fail(s, "literal");
    if (*p == '+')
        p++;
    if (p[0] != '}' || p[1] != '\r' || p[2] != '\n' || size > (uint64_t)(s->end - (p + 3)))
        return mp_cs_fail(s, "literal");
    p += 3;
    const uint8_t *nul = binary ? NULL : memchr(p, 0, (size_t)size);
    if (nul) {
        s->p = nul;
        return mp_cs_fail(s, "CHAR8");
    }
    MP_TRY(mp_cs_add_span(s, kind, p, p + size));
    s->command->args[s->command->count - 1].number = binary;
    s->p = p + size;
    /* What is behind a literal is part of the same unit, so that LF still ends it. */
    return s->p < s->end ? MP_OK : mp_cs_fail(s, "CRLF");
}

mp_status mp_cs_literal(mp_command_scan *s, mp_arg_kind kind) { return literal(s, kind, false); }

mp_status mp_cs_any_literal(mp_command_scan *s) { return literal(s, MP_ARG_STRING, *s->p == '~'); }

/* string = quoted / literal */
mp_status mp_cs_string(mp_command_scan *s, mp_arg_kind kind, const char *expected)
{
    if (*s->p == '"')
        return quoted(s, kind);
    if (*s->p == '{')
        return mp_cs_literal(s, kind);
    return mp_cs_fail(s, expected);
}

static mp_status chars_or_string(mp_command_scan *s, mp_arg_kind kind, int class, const char *expected)
{
    const uint8_t *p = s->p;
    while (mp_cc(*p, class))
        p++;
    if (p == s->p)
        return mp_cs_string(s, kind, expected);
    MP_TRY(mp_cs_add_span(s, kind, s->p, p));
    s->p = p;
    return MP_OK;
}

/* astring = 1*ASTRING-CHAR / string */
mp_status mp_cs_astring(mp_command_scan *s, mp_arg_kind kind, const char *expected)
{
    return chars_or_string(s, kind, MP_CC_ASTRING, expected);
}

mp_status mp_cs_text(mp_command_scan *s, const char *expected)
{
    const uint8_t *start = s->p;
    MP_TRY(mp_cs_astring(s, MP_ARG_TEXT, expected));
    mp_span span = s->command->args[s->command->count - 1].span;
    for (const uint8_t *p = s->data + span.off, *end = p + span.len; p < end; p++) {
        if (!mp_cc(*p, MP_CC_QUOTED) && *p != '"' && *p != '\\') {
            s->p = start;
            return mp_cs_fail(s, expected);
        }
    }
    return MP_OK;
}

mp_status mp_cs_entry(mp_command_scan *s)
{
    const uint8_t *start = s->p;
    MP_TRY(mp_cs_text(s, "entry"));
    mp_span span = s->command->args[s->command->count - 1].span;
    const uint8_t *p = s->data + span.off, *end = p + span.len;
    bool right = p < end && *p == '/' && end[-1] != '/';
    for (uint8_t before = 0; right && p < end; before = *p++)
        right = *p >= 0x20 && *p != 0x7f && *p != '*' && *p != '%' && !(*p == '/' && before == '/');
    if (right)
        return MP_OK;
    s->p = start;
    return mp_cs_fail(s, "entry");
}

/* list-mailbox = 1*list-char / string */
mp_status mp_cs_list_mailbox(mp_command_scan *s)
{
    return chars_or_string(s, MP_ARG_MAILBOX, MP_CC_LIST, "list-mailbox");
}

/* nstring = string / nil */
mp_status mp_cs_nstring(mp_command_scan *s)
{
    if ((s->p[0] | 0x20) == 'n' && (s->p[1] | 0x20) == 'i' && (s->p[2] | 0x20) == 'l' &&
        !mp_cc(s->p[3], MP_CC_ASTRING)) {
        s->p += 3;
        return mp_cs_add(s, MP_ARG_NIL) ? MP_OK : s->err->status;
    }
    /* some clients leave the quotes out: ("version" 102.7.1) */
    if (mp_cc(*s->p, MP_CC_ASTRING))
        mp_cs_defect(s, MP_COMMAND_DEFECT_ATOM_STRING);
    return mp_cs_astring(s, MP_ARG_STRING, "nstring");
}

mp_status mp_cs_sp_mailbox(mp_command_scan *s)
{
    MP_TRY(mp_cs_sp(s));
    return mp_cs_astring(s, MP_ARG_MAILBOX, "mailbox");
}

/* flag = "\" atom / atom */
mp_status mp_cs_flag(mp_command_scan *s)
{
    const uint8_t *p = s->p + (*s->p == '\\'), *name = p;
    while (mp_cc(*p, MP_CC_ATOM))
        p++;
    if (p == name)
        return mp_cs_fail(s, "flag");
    MP_TRY(mp_cs_add_span(s, MP_ARG_FLAG, s->p, p));
    s->p = p;
    return MP_OK;
}

/* flag-list = "(" [flag *(SP flag)] ")" */
mp_status mp_cs_flag_list(mp_command_scan *s)
{
    uint32_t list;
    MP_TRY(mp_cs_char(s, '(', "flag-list"));
    MP_TRY(mp_cs_list_begin(s, &list));
    if (*s->p != ')') {
        MP_TRY(mp_cs_flag(s));
        while (*s->p == ' ') {
            s->p++;
            MP_TRY(mp_cs_flag(s));
        }
    }
    mp_cs_list_end(s, list);
    return mp_cs_char(s, ')', "flag or )");
}

/* number = 1*DIGIT; nz-number = digit-nz *DIGIT, wherever nothing is too little        RFC 3501 section 9 */
mp_status mp_cs_number(mp_command_scan *s, uint64_t least, uint64_t most, const char *expected, uint64_t *number_r)
{
    const uint8_t *p = s->p;
    uint64_t number = 0;
    if (least > 0 && *p == '0')
        return mp_cs_fail(s, expected);
    for (; mp_cc(*p, MP_CC_DIGIT); p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (number > (most - digit) / 10)
            return mp_cs_fail(s, expected);
        number = number * 10 + digit;
    }
    if (p == s->p || number < least)
        return mp_cs_fail(s, expected);
    *number_r = number;
    s->p = p;
    return MP_OK;
}

/* seq-number = nz-number / "*" */
static mp_status seq_number(mp_command_scan *s)
{
    uint64_t number;
    if (*s->p == '*') {
        s->p++;
        return MP_OK;
    }
    return mp_cs_number(s, 1, UINT32_MAX, "sequence-set", &number);
}

/* sequence-set = (seq-number / seq-range) ["," sequence-set] / "$"                RFC 3501 section 9, RFC 5182 */
mp_status mp_cs_sequence_set(mp_command_scan *s)
{
    const uint8_t *from = s->p;
    if (*s->p == '$') {
        s->p++;
        return mp_cs_add_span(s, MP_ARG_SET, from, s->p);
    }
    for (;;) {
        MP_TRY(seq_number(s));
        if (*s->p == ':') {
            s->p++;
            MP_TRY(seq_number(s));
        }
        if (*s->p != ',')
            return mp_cs_add_span(s, MP_ARG_SET, from, s->p);
        s->p++;
    }
}

/* partial-range = nz-number ":" nz-number / MINUS nz-number ":" MINUS nz-number    RFC 5267 section 5, RFC 9394 */
mp_status mp_cs_range(mp_command_scan *s, bool negative)
{
    uint64_t first, last;
    bool minus = negative && *s->p == '-';
    s->p += minus;
    MP_TRY(mp_cs_number(s, 1, UINT32_MAX, "nz-number", &first));
    MP_TRY(mp_cs_char(s, ':', ":"));
    if (minus)
        MP_TRY(mp_cs_char(s, '-', "-"));
    MP_TRY(mp_cs_number(s, 1, UINT32_MAX, "nz-number", &last));
    mp_arg *arg = mp_cs_add(s, MP_ARG_RANGE);
    if (!arg)
        return s->err->status;
    arg->span = (mp_span){(uint32_t)first, (uint32_t)last};
    arg->count = minus;
    return MP_OK;
}
