#include "command_scan.h"

#include <string.h>

void mp_command_init(mp_command *c, mp_alloc alloc)
{
    memset(c, 0, sizeof *c);
    c->kind = MP_COMMAND_UNKNOWN;
    c->alloc = alloc;
}

void mp_command_free(mp_command *c)
{
    c->alloc.free(c->alloc.ctx, c->args);
    c->args = NULL;
    c->count = c->room = 0;
}

/* tag = 1*<any ASTRING-CHAR except "+">                                            RFC 3501 section 9 */
mp_span mp_command_tag(const uint8_t *unit, size_t len)
{
    size_t n = 0;
    while (n < len && mp_cc(unit[n], MP_CC_TAG))
        n++;
    if (n == 0 || n == len || n > UINT32_MAX || (unit[n] != ' ' && unit[n] != '\r' && unit[n] != '\n'))
        return (mp_span){0, 0};
    return (mp_span){0, (uint32_t)n};
}

static bool may_be_uid(mp_command_kind kind)
{
    switch (kind) {
    case MP_COMMAND_FETCH:
    case MP_COMMAND_STORE:
    case MP_COMMAND_SEARCH:
    case MP_COMMAND_COPY:
    case MP_COMMAND_MOVE:
    case MP_COMMAND_EXPUNGE:
    case MP_COMMAND_SORT:
    case MP_COMMAND_THREAD:
    case MP_COMMAND_REPLACE:
        return true;
    default:
        return false;
    }
}

/* ["UID" SP] name */
static mp_status name(mp_command_scan *s)
{
    mp_command *c = s->command;
    if (mp_cs_is(s, MP_WORD_UID)) {
        MP_TRY(mp_cs_sp(s));
        c->uid = true;
    }
    const uint8_t *end = s->p;
    while (mp_cc(*end, MP_CC_ATOM))
        end++;
    mp_command_kind kind = mp_command_find(s->p, (size_t)(end - s->p));
    if (kind == MP_COMMAND_UNKNOWN)
        return mp_cs_fail(s, "command");
    if (c->uid && !may_be_uid(kind))
        return mp_cs_fail(s, "command with a UID form");
    s->p = end;
    c->kind = kind;
    return MP_OK;
}

/* base64 = *(4base64-char) [base64-terminal]; an empty one is not legal here        RFC 3501 section 9 */
static mp_status base64(mp_command_scan *s)
{
    const uint8_t *p = s->p;
    while (mp_cc(*p, MP_CC_ATOM) &&
           ((uint8_t)((*p | 0x20) - 0x61) < 26 || mp_cc(*p, MP_CC_DIGIT) || *p == '+' || *p == '/'))
        p++;
    size_t len = (size_t)(p - s->p);
    if (len == 0)
        return mp_cs_fail(s, "base64");
    while (*p == '=' && len % 4 != 0 && len % 4 != 1) {
        p++;
        len++;
    }
    if (len % 4 != 0)
        return mp_cs_fail(s, "base64");
    MP_TRY(mp_cs_add_span(s, MP_ARG_BASE64, s->p, p));
    s->p = p;
    return MP_OK;
}

/* authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")]                    RFC 4959 section 7 */
static mp_status authenticate(mp_command_scan *s)
{
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_atom(s, MP_ARG_ATOM, "auth-type"));
    if (*s->p != ' ')
        return MP_OK;
    s->p++;
    if (s->p[0] == '=' && s->p[1] == '\r') {
        s->p++;
        return mp_cs_add_span(s, MP_ARG_BASE64, s->p - 1, s->p);
    }
    return base64(s);
}

/* enable = "ENABLE" 1*(SP capability)                                              RFC 5161 section 4 */
static mp_status enable(mp_command_scan *s)
{
    uint32_t list;
    MP_TRY(mp_cs_list_begin(s, &list));
    do {
        MP_TRY(mp_cs_sp(s));
        MP_TRY(mp_cs_atom(s, MP_ARG_ATOM, "capability"));
    } while (*s->p == ' ');
    mp_cs_list_end(s, list);
    return MP_OK;
}

/* status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")" */
static mp_status status(mp_command_scan *s)
{
    MP_TRY(mp_cs_sp_mailbox(s));
    MP_TRY(mp_cs_sp(s));
    return mp_command_read_status_items(s);
}

/* uid-expunge = "UID" SP "EXPUNGE" SP sequence-set                                  RFC 4315 section 4 */
static mp_status expunge(mp_command_scan *s)
{
    if (!s->command->uid)
        return MP_OK;
    MP_TRY(mp_cs_sp(s));
    return mp_cs_sequence_set(s);
}

/* copy = "COPY" SP sequence-set SP mailbox; move likewise                           RFC 6851 section 5 */
static mp_status copy(mp_command_scan *s)
{
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_sequence_set(s));
    return mp_cs_sp_mailbox(s);
}

enum {
    /* RFC 2971 section 3.3: pairs, octets of a field, octets of a value */
    MP_ID_PAIRS = 30,
    MP_ID_FIELD = 30,
    MP_ID_VALUE = 1024
};

/* How many octets a string has without the backslashes of quotes. */
static size_t string_length(const uint8_t *data, const mp_arg *string)
{
    size_t length = string->span.len;
    const uint8_t *p = data + string->span.off, *end = p + length;
    if (string->escaped)
        for (; p < end; p++)
            if (*p == '\\') {
                p++;
                length--;
            }
    return length;
}

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; }

static bool same_string(const uint8_t *data, const mp_arg *a, const mp_arg *b)
{
    const uint8_t *p = data + a->span.off, *p_end = p + a->span.len;
    const uint8_t *q = data + b->span.off, *q_end = q + b->span.len;
    for (;; p++, q++) {
        p += a->escaped && p < p_end && *p == '\\';
        q += b->escaped && q < q_end && *q == '\\';
        if (p == p_end || q == q_end)
            return p == p_end && q == q_end;
        if (lower(*p) != lower(*q))
            return false;
    }
}

/* Whether the last of `pairs` pairs of ID is one that a client must not send: too many, too long, or there already. */
static bool is_odd_pair(const mp_command_scan *s, uint32_t pairs)
{
    const mp_arg *last = s->command->args + s->command->count - 2;
    if (pairs > MP_ID_PAIRS || string_length(s->data, last) > MP_ID_FIELD ||
        (last[1].kind != MP_ARG_NIL && string_length(s->data, last + 1) > MP_ID_VALUE))
        return true;
    for (const mp_arg *field = last - 2 * (pairs - 1); field < last; field += 2)
        if (same_string(s->data, field, last))
            return true;
    return false;
}

/* id = "ID" SP id-params-list; id-params-list = "(" [string SP nstring *(SP string SP nstring)] ")" / nil
 *                                                                                   RFC 2971 section 4 */
static mp_status id(mp_command_scan *s)
{
    uint32_t list, pairs = 0;
    MP_TRY(mp_cs_sp(s));
    if (*s->p != '(') {
        const uint8_t *at = s->p;
        MP_TRY(mp_cs_nstring(s));
        if (s->command->args[0].kind == MP_ARG_NIL)
            return MP_OK;
        s->p = at;
        return mp_cs_fail(s, "id-params-list");
    }
    s->p++;
    MP_TRY(mp_cs_list_begin(s, &list));
    if (*s->p != ')') {
        for (;;) {
            MP_TRY(mp_cs_string(s, MP_ARG_STRING, "string"));
            MP_TRY(mp_cs_sp(s));
            MP_TRY(mp_cs_nstring(s));
            if (is_odd_pair(s, ++pairs))
                mp_cs_defect(s, MP_COMMAND_DEFECT_ODD_PAIR);
            if (*s->p != ' ')
                break;
            s->p++;
        }
    }
    mp_cs_list_end(s, list);
    return mp_cs_char(s, ')', "string or )");
}

/* The commands whose arguments follow each other plainly, one letter each:
 * m mailbox, l list-mailbox, s astring, a atom, * any number of texts, + at least one text, t at least one tag. */
static const char *const plain_arguments[MP_COMMAND_COUNT] = {
    [MP_COMMAND_DELETE] = "m",
    [MP_COMMAND_SUBSCRIBE] = "m",
    [MP_COMMAND_UNSUBSCRIBE] = "m",
    [MP_COMMAND_LSUB] = "ml",
    [MP_COMMAND_XLIST] = "ml",
    [MP_COMMAND_RLIST] = "ml", /* RFC 2193 section 6 */
    [MP_COMMAND_RLSUB] = "ml",
    [MP_COMMAND_LOGIN] = "ss",     /* login = "LOGIN" SP userid SP password */
    [MP_COMMAND_GETQUOTA] = "s",   /* RFC 9208 section 7 */
    [MP_COMMAND_GETQUOTAROOT] = "m",
    [MP_COMMAND_DELETEACL] = "ms", /* RFC 4314 section 7 */
    [MP_COMMAND_GETACL] = "m",
    [MP_COMMAND_LISTRIGHTS] = "ms",
    [MP_COMMAND_MYRIGHTS] = "m",
    [MP_COMMAND_COMPRESS] = "a",     /* RFC 4978 section 5 */
    [MP_COMMAND_LANGUAGE] = "*",     /* RFC 5255 section 3.5 */
    [MP_COMMAND_COMPARATOR] = "*",   /* RFC 5255 section 4.9 */
    [MP_COMMAND_URLFETCH] = "+",     /* RFC 4467 section 9 */
    [MP_COMMAND_CANCELUPDATE] = "t", /* RFC 5267 section 5 */
};

static mp_status tag_text(mp_command_scan *s)
{
    const uint8_t *start = s->p;
    MP_TRY(mp_cs_text(s, "tag"));
    mp_span span = s->command->args[s->command->count - 1].span;
    const uint8_t *p = s->data + span.off, *end = p + span.len;
    while (p < end && mp_cc(*p, MP_CC_TAG))
        p++;
    if (p == end && span.len > 0)
        return MP_OK;
    s->p = start;
    return mp_cs_fail(s, "tag");
}

static mp_status texts(mp_command_scan *s, bool tags)
{
    uint32_t list;
    MP_TRY(mp_cs_list_begin(s, &list));
    while (*s->p == ' ') {
        s->p++;
        MP_TRY(tags ? tag_text(s) : mp_cs_text(s, "astring"));
    }
    mp_cs_list_end(s, list);
    return MP_OK;
}

static mp_status plain(mp_command_scan *s, const char *arguments)
{
    for (; *arguments; arguments++) {
        if (*arguments == '*' || ((*arguments == '+' || *arguments == 't') && *s->p == ' '))
            return texts(s, *arguments == 't');
        MP_TRY(mp_cs_sp(s));
        if (*arguments == 'm')
            MP_TRY(mp_cs_astring(s, MP_ARG_MAILBOX, "mailbox"));
        else if (*arguments == 'l')
            MP_TRY(mp_cs_list_mailbox(s));
        else if (*arguments == 's')
            MP_TRY(mp_cs_astring(s, MP_ARG_STRING, "astring"));
        else
            MP_TRY(mp_cs_atom(s, MP_ARG_ATOM, "atom"));
    }
    return MP_OK;
}

static mp_status arguments(mp_command_scan *s)
{
    mp_command_kind kind = s->command->kind;
    switch (kind) {
    case MP_COMMAND_AUTHENTICATE:
        return authenticate(s);
    case MP_COMMAND_ENABLE:
        return enable(s);
    case MP_COMMAND_SELECT:
    case MP_COMMAND_EXAMINE:
        return mp_command_read_select(s);
    case MP_COMMAND_CREATE:
        return mp_command_read_create(s);
    case MP_COMMAND_RENAME:
        return mp_command_read_rename(s);
    case MP_COMMAND_LIST:
        return mp_command_read_list(s);
    case MP_COMMAND_STATUS:
        return status(s);
    case MP_COMMAND_APPEND:
        return mp_command_read_append(s);
    case MP_COMMAND_EXPUNGE:
        return expunge(s);
    case MP_COMMAND_SEARCH:
        return mp_command_read_search(s);
    case MP_COMMAND_FETCH:
        return mp_command_read_fetch(s);
    case MP_COMMAND_STORE:
        return mp_command_read_store(s);
    case MP_COMMAND_COPY:
    case MP_COMMAND_MOVE:
        return copy(s);
    case MP_COMMAND_ID:
        return id(s);
    case MP_COMMAND_SORT:
        return mp_command_read_sort(s);
    case MP_COMMAND_THREAD:
        return mp_command_read_thread(s);
    case MP_COMMAND_ESEARCH:
        return mp_command_read_esearch(s);
    case MP_COMMAND_REPLACE:
        return mp_command_read_replace(s);
    case MP_COMMAND_SETQUOTA:
        return mp_command_read_setquota(s);
    case MP_COMMAND_SETACL:
        return mp_command_read_setacl(s);
    case MP_COMMAND_GETMETADATA:
        return mp_command_read_getmetadata(s);
    case MP_COMMAND_SETMETADATA:
        return mp_command_read_setmetadata(s);
    case MP_COMMAND_NOTIFY:
        return mp_command_read_notify(s);
    case MP_COMMAND_GENURLAUTH:
        return mp_command_read_genurlauth(s);
    case MP_COMMAND_RESETKEY:
        return mp_command_read_resetkey(s);
    case MP_COMMAND_UIDBATCHES:
        return mp_command_read_uidbatches(s);
    default:
        return plain_arguments[kind] ? plain(s, plain_arguments[kind]) : MP_OK;
    }
}

/* command = tag SP name arguments CRLF */
mp_status mp_command_parse(mp_command *c, const uint8_t *unit, size_t len, const mp_limits *limits, mp_error *err)
{
    mp_command_scan s = {.data = unit, .p = unit, .end = unit + len, .command = c, .limits = limits, .err = err};
    c->kind = MP_COMMAND_UNKNOWN;
    c->uid = false;
    c->tag = (mp_span){0, 0};
    c->count = 0;
    c->defects = 0;
    c->defect_at = 0;
    if (len == 0 || len > UINT32_MAX || unit[len - 1] != '\n')
        return mp_fail(err, MP_E_SYNTAX, len, "CRLF");
    c->tag = mp_command_tag(unit, len);
    if (c->tag.len == 0)
        return mp_fail(err, MP_E_SYNTAX, 0, "tag");
    s.p += c->tag.len;
    MP_TRY(mp_cs_sp(&s));
    MP_TRY(name(&s));
    MP_TRY(arguments(&s));
    MP_TRY(mp_cs_crlf(&s));
    if (c->strict && c->defects)
        return mp_fail(err, MP_E_SYNTAX, c->defect_at, "a command to the letter of the grammar");
    return MP_OK;
}

mp_status mp_sasl_line_parse(const uint8_t *unit, size_t len, mp_span *base64_r, mp_error *err)
{
    mp_command c; /* holds one argument, so that no allocator is asked */
    mp_arg room[1];
    mp_limits limits = {.max_elements = 1};
    mp_command_scan s = {.data = unit, .p = unit, .end = unit + len, .command = &c, .limits = &limits, .err = err};
    if (len == 0 || len > UINT32_MAX || unit[len - 1] != '\n')
        return mp_fail(err, MP_E_SYNTAX, len, "CRLF");
    memset(&c, 0, sizeof c);
    c.args = room;
    c.room = 1;
    *base64_r = (mp_span){0, 0};
    if (*s.p == '*') {
        s.p++;
        *base64_r = (mp_span){0, 1};
    } else if (*s.p != '\r') { /* an empty line is an empty response */
        MP_TRY(base64(&s));
        *base64_r = room[0].span;
    }
    return mp_cs_crlf(&s);
}

static bool is_done(const uint8_t *p)
{
    return (p[0] | 0x20) == 'd' && (p[1] | 0x20) == 'o' && (p[2] | 0x20) == 'n' && (p[3] | 0x20) == 'e';
}

mp_status mp_idle_line_parse(const uint8_t *unit, size_t len, mp_error *err)
{
    if (len != 6 || !is_done(unit) || unit[4] != '\r' || unit[5] != '\n')
        return mp_fail(err, MP_E_SYNTAX, 0, "DONE");
    return MP_OK;
}
