#include "command_scan.h"

#include <string.h>

const char *const mp_word_texts[MP_WORD_TOTAL] = {
    "",
#define X(name, text) text,
    MP_WORDS(X)
#undef X
};

const uint8_t mp_word_lengths[MP_WORD_TOTAL] = {
    0,
#define X(name, text) sizeof text - 1,
    MP_WORDS(X)
#undef X
};

static const char *const command_texts[MP_COMMAND_COUNT] = {
#define X(name, text) text,
    MP_COMMANDS(X)
#undef X
};

static const uint8_t command_lengths[MP_COMMAND_COUNT] = {
#define X(name, text) sizeof text - 1,
    MP_COMMANDS(X)
#undef X
};

const char *mp_word_text(mp_word word) { return (unsigned)word < MP_WORD_TOTAL ? mp_word_texts[word] : ""; }

const char *mp_command_text(mp_command_kind kind)
{
    return (unsigned)kind < MP_COMMAND_COUNT ? command_texts[kind] : "";
}

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

static bool upper_equal(const uint8_t *p, const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t c = p[i];
        if ((uint8_t)(c - 'a') < 26)
            c = (uint8_t)(c - 32);
        if (c != (uint8_t)word[i])
            return false;
    }
    return true;
}

static bool command_name(mp_command_scan *s, mp_command_kind *kind_r)
{
    const uint8_t *p = s->p;
    while (mp_cc(*p, MP_CC_ATOM))
        p++;
    size_t len = (size_t)(p - s->p);
    for (unsigned k = 0; k < MP_COMMAND_COUNT; k++) {
        if (command_lengths[k] != len || !upper_equal(s->p, command_texts[k], len))
            continue;
        *kind_r = (mp_command_kind)k;
        s->p = p;
        return true;
    }
    return false;
}

static bool may_be_uid(mp_command_kind kind)
{
    return kind == MP_COMMAND_FETCH || kind == MP_COMMAND_STORE || kind == MP_COMMAND_SEARCH ||
           kind == MP_COMMAND_COPY || kind == MP_COMMAND_MOVE || kind == MP_COMMAND_EXPUNGE;
}

/* ["UID" SP] name */
static mp_status name(mp_command_scan *s)
{
    mp_command *c = s->command;
    if (mp_cs_is(s, MP_WORD_UID)) {
        MP_TRY(mp_cs_sp(s));
        c->uid = true;
    }
    const uint8_t *at = s->p;
    mp_command_kind kind;
    if (!command_name(s, &kind))
        return mp_cs_fail(s, "command");
    if (c->uid && !may_be_uid(kind)) {
        s->p = at;
        return mp_cs_fail(s, "command with a UID form");
    }
    c->kind = kind;
    return MP_OK;
}

static mp_status sp_mailbox(mp_command_scan *s)
{
    MP_TRY(mp_cs_sp(s));
    return mp_cs_astring(s, MP_ARG_MAILBOX, "mailbox");
}

/* base64 = *(4base64-char) [base64-terminal]; an empty one is not legal here        RFC 3501 section 9 */
static mp_status base64(mp_command_scan *s)
{
    const uint8_t *p = s->p;
    while (mp_cc(*p, MP_CC_ATOM) && ((uint8_t)((*p | 0x20) - 0x61) < 26 || mp_cc(*p, MP_CC_DIGIT) || *p == '+' || *p == '/'))
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

/* login = "LOGIN" SP userid SP password */
static mp_status login(mp_command_scan *s)
{
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_astring(s, MP_ARG_STRING, "userid"));
    MP_TRY(mp_cs_sp(s));
    return mp_cs_astring(s, MP_ARG_STRING, "password");
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

/* select = "SELECT" SP mailbox [SP "(" select-param ")"]; select-param = "CONDSTORE"        RFC 7162 section 7 */
static mp_status select_mailbox(mp_command_scan *s)
{
    MP_TRY(sp_mailbox(s));
    if (*s->p != ' ')
        return MP_OK;
    s->p++;
    MP_TRY(mp_cs_char(s, '(', "select-params"));
    if (!mp_cs_is(s, MP_WORD_CONDSTORE))
        return mp_cs_fail(s, "select-param");
    MP_TRY(mp_cs_add_word(s, MP_WORD_CONDSTORE));
    return mp_cs_char(s, ')', ")");
}

/* create = "CREATE" SP mailbox [SP "(" "USE" SP "(" [use-attr *(SP use-attr)] ")" ")"]      RFC 6154 section 6 */
static mp_status create(mp_command_scan *s)
{
    MP_TRY(sp_mailbox(s));
    if (*s->p != ' ')
        return MP_OK;
    s->p++;
    MP_TRY(mp_cs_char(s, '(', "create-params"));
    if (!mp_cs_is(s, MP_WORD_USE))
        return mp_cs_fail(s, "create-param");
    MP_TRY(mp_cs_sp(s));
    uint32_t list;
    MP_TRY(mp_cs_char(s, '(', "use-attr list"));
    MP_TRY(mp_cs_list_begin(s, &list));
    if (*s->p != ')') {
        for (;;) {
            if (*s->p != '\\')
                return mp_cs_fail(s, "use-attr");
            MP_TRY(mp_cs_flag(s));
            if (*s->p != ' ')
                break;
            s->p++;
        }
    }
    mp_cs_list_end(s, list);
    MP_TRY(mp_cs_char(s, ')', "use-attr or )"));
    return mp_cs_char(s, ')', ")");
}

static mp_status two_mailboxes(mp_command_scan *s)
{
    MP_TRY(sp_mailbox(s));
    return sp_mailbox(s);
}

/* lsub = "LSUB" SP mailbox SP list-mailbox */
static mp_status lsub(mp_command_scan *s)
{
    MP_TRY(sp_mailbox(s));
    MP_TRY(mp_cs_sp(s));
    return mp_cs_list_mailbox(s);
}

/* status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")" */
static mp_status status(mp_command_scan *s)
{
    MP_TRY(sp_mailbox(s));
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
    return sp_mailbox(s);
}

static mp_status nil_or_string(mp_command_scan *s)
{
    if ((s->p[0] | 0x20) == 'n' && (s->p[1] | 0x20) == 'i' && (s->p[2] | 0x20) == 'l' && !mp_cc(s->p[3], MP_CC_ASTRING)) {
        s->p += 3;
        return mp_cs_add(s, MP_ARG_NIL) ? MP_OK : s->err->status;
    }
    /* an nstring, but some clients leave the quotes out: ("version" 102.7.1) */
    return mp_cs_astring(s, MP_ARG_STRING, "nstring");
}

/* id = "ID" SP id-params-list; id-params-list = "(" [string SP nstring *(SP string SP nstring)] ")" / nil
 *                                                                                   RFC 2971 section 4 */
static mp_status id(mp_command_scan *s)
{
    uint32_t list;
    MP_TRY(mp_cs_sp(s));
    if (*s->p != '(') {
        const uint8_t *at = s->p;
        MP_TRY(nil_or_string(s));
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
            MP_TRY(nil_or_string(s));
            if (*s->p != ' ')
                break;
            s->p++;
        }
    }
    mp_cs_list_end(s, list);
    return mp_cs_char(s, ')', "string or )");
}

static mp_status arguments(mp_command_scan *s)
{
    switch (s->command->kind) {
    case MP_COMMAND_AUTHENTICATE:
        return authenticate(s);
    case MP_COMMAND_LOGIN:
        return login(s);
    case MP_COMMAND_ENABLE:
        return enable(s);
    case MP_COMMAND_SELECT:
    case MP_COMMAND_EXAMINE:
        return select_mailbox(s);
    case MP_COMMAND_CREATE:
        return create(s);
    case MP_COMMAND_DELETE:
    case MP_COMMAND_SUBSCRIBE:
    case MP_COMMAND_UNSUBSCRIBE:
        return sp_mailbox(s);
    case MP_COMMAND_RENAME:
        return two_mailboxes(s);
    case MP_COMMAND_LIST:
        return mp_command_read_list(s);
    case MP_COMMAND_LSUB:
        return lsub(s);
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
    default:
        return MP_OK; /* the others have no arguments */
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
    if (len == 0 || len > UINT32_MAX || unit[len - 1] != '\n')
        return mp_fail(err, MP_E_SYNTAX, len, "CRLF");
    c->tag = mp_command_tag(unit, len);
    if (c->tag.len == 0)
        return mp_fail(err, MP_E_SYNTAX, 0, "tag");
    s.p += c->tag.len;
    MP_TRY(mp_cs_sp(&s));
    MP_TRY(name(&s));
    MP_TRY(arguments(&s));
    return mp_cs_crlf(&s);
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

mp_status mp_idle_line_parse(const uint8_t *unit, size_t len, mp_error *err)
{
    if (len != 6 || !upper_equal(unit, "DONE", 4) || unit[4] != '\r' || unit[5] != '\n')
        return mp_fail(err, MP_E_SYNTAX, 0, "DONE");
    return MP_OK;
}
