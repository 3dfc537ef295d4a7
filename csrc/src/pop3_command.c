/* What a POP3 client sends: RFC 1939, RFC 2449 section 3 (command), RFC 5034 section 5 (AUTH), RFC 6856. */
#include "mailproto/pop3.h"

#include "pop3_chars.h"

#include <string.h>

/* What may follow a keyword. */
typedef enum shape {
    NOTHING,
    MESSAGE,          /* SP number            */
    OPTIONAL_MESSAGE, /* [SP number]          */
    MESSAGE_LINES,    /* SP number SP number  */
    STRING,           /* SP the rest          */
    OPTIONAL_TAG,     /* [SP tag]             */
    TWO_WORDS,        /* SP word SP word      */
    MECHANISM         /* [SP name [SP word]]  */
} shape;

static const struct {
    char name[5];
    uint8_t shape;
    uint8_t body_without; /* a +OK has a body when there is no argument */
    uint8_t body_with;    /* and when there is one                      */
} KEYWORDS[] = {
    [MP_POP3_UNKNOWN] = {"", NOTHING, 0, 0},
    [MP_POP3_APOP] = {"APOP", TWO_WORDS, 0, 0},
    /* Bare AUTH is no command of RFC 5034's; servers that know it list their mechanisms. */
    [MP_POP3_AUTH] = {"AUTH", MECHANISM, 1, 0},
    [MP_POP3_CAPA] = {"CAPA", NOTHING, 1, 1},
    [MP_POP3_DELE] = {"DELE", MESSAGE, 0, 0},
    [MP_POP3_LANG] = {"LANG", OPTIONAL_TAG, 1, 0},
    [MP_POP3_LIST] = {"LIST", OPTIONAL_MESSAGE, 1, 0},
    [MP_POP3_NOOP] = {"NOOP", NOTHING, 0, 0},
    [MP_POP3_PASS] = {"PASS", STRING, 0, 0},
    [MP_POP3_QUIT] = {"QUIT", NOTHING, 0, 0},
    [MP_POP3_RETR] = {"RETR", MESSAGE, 1, 1},
    [MP_POP3_RSET] = {"RSET", NOTHING, 0, 0},
    [MP_POP3_STAT] = {"STAT", NOTHING, 0, 0},
    [MP_POP3_STLS] = {"STLS", NOTHING, 0, 0},
    [MP_POP3_TOP] = {"TOP", MESSAGE_LINES, 1, 1},
    [MP_POP3_UIDL] = {"UIDL", OPTIONAL_MESSAGE, 1, 0},
    [MP_POP3_USER] = {"USER", STRING, 0, 0},
    [MP_POP3_UTF8] = {"UTF8", NOTHING, 0, 0},
};

#define KEYWORD_COUNT (sizeof KEYWORDS / sizeof KEYWORDS[0])

static bool is_end(uint8_t c)
{
    return c == ' ' || c == '\r' || c == '\n';
}

mp_pop3_keyword mp_pop3_keyword_at(const uint8_t *line, size_t len)
{
    char word[5] = {0};
    size_t n = 0;
    while (n < len && !is_end(line[n])) {
        if (n == 4)
            return MP_POP3_UNKNOWN;
        uint8_t c = line[n];
        word[n++] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    for (size_t k = 1; k < KEYWORD_COUNT; k++)
        if (memcmp(word, KEYWORDS[k].name, sizeof word) == 0)
            return (mp_pop3_keyword)k;
    return MP_POP3_UNKNOWN;
}

const char *mp_pop3_keyword_name(mp_pop3_keyword keyword)
{
    return keyword > MP_POP3_UNKNOWN && (size_t)keyword < KEYWORD_COUNT ? KEYWORDS[keyword].name : NULL;
}

bool mp_pop3_is_multiline(mp_pop3_keyword keyword, bool has_arguments)
{
    return has_arguments ? KEYWORDS[keyword].body_with : KEYWORDS[keyword].body_without;
}

/* The line being read. `at` moves over what was read; `end` is where the line end starts. */
typedef struct line_reader {
    const uint8_t *line;
    size_t at, end;
    mp_error *err;
} line_reader;

static mp_status fail(line_reader *r, const char *expected)
{
    return mp_fail(r->err, MP_E_SYNTAX, r->at, expected);
}

/* SP, or several: clients have been seen to send two, and no argument but those of USER and PASS can start with one. */
static mp_status read_sp(line_reader *r)
{
    if (r->at == r->end || r->line[r->at] != ' ')
        return fail(r, "SP");
    while (r->at < r->end && r->line[r->at] == ' ')
        r->at++;
    return MP_OK;
}

/* param = 1*VCHAR                                                                   RFC 2449 section 3
 * RFC 6856 section 2.1 lets UTF-8 stand there as well. */
static mp_status read_param(line_reader *r, mp_span *param_r)
{
    size_t from = r->at;
    while (r->at < r->end && r->line[r->at] > 0x20 && r->line[r->at] != 0x7f)
        r->at++;
    if (r->at == from)
        return fail(r, "argument");
    *param_r = (mp_span){(uint32_t)from, (uint32_t)(r->at - from)};
    return MP_OK;
}

/* Neither mechanisms nor language tags have more (RFC 4422: 20; RFC 5646 section 4.4.1: 35 are enough). */
#define MAX_NAME 64

/* sasl-mech = 1*20mech-char                                                         RFC 4422 section 3.1 */
static mp_status read_mechanism(line_reader *r, mp_span *name_r)
{
    mp_status status = read_param(r, name_r);
    for (size_t i = 0; status == MP_OK && i < name_r->len; i++)
        if (i == MAX_NAME || !mp_pop3_is_mechanism_octet(r->line[name_r->off + i])) {
            r->at = name_r->off + i;
            return fail(r, "mechanism");
        }
    return status;
}

/* A language tag (RFC 5646 section 2.1), or "*": what the administrator prefers     RFC 6856 section 3.2 */
static mp_status read_language(line_reader *r, mp_span *tag_r)
{
    mp_status status = read_param(r, tag_r);
    if (status == MP_OK && tag_r->len == 1 && r->line[tag_r->off] == '*')
        return MP_OK;
    for (size_t i = 0; status == MP_OK && i < tag_r->len; i++)
        if (i == MAX_NAME || !mp_pop3_is_tag_octet(r->line[tag_r->off + i])) {
            r->at = tag_r->off + i;
            return fail(r, "language tag");
        }
    return status;
}

/* 1*DIGIT, from `least` to 2^31 - 1: more messages, or lines, than any maildrop can have. */
static mp_status read_number(line_reader *r, uint64_t least, const char *what, uint64_t *number_r)
{
    size_t from = r->at;
    uint64_t value = 0;
    while (r->at < r->end && r->line[r->at] >= '0' && r->line[r->at] <= '9') {
        value = value * 10 + (uint64_t)(r->line[r->at] - '0');
        if (value > INT32_MAX) {
            r->at = from;
            return fail(r, what);
        }
        r->at++;
    }
    if (r->at == from || (r->at < r->end && r->line[r->at] != ' ') || value < least) {
        r->at = from;
        return fail(r, what);
    }
    *number_r = value;
    return MP_OK;
}

/* Everything up to the line end, blanks included: RFC 1939 section 7, "a server may treat spaces in the argument
 * [of PASS] as part of the password". NUL and CR are never taken. */
static mp_status read_rest(line_reader *r, const char *what, mp_span *rest_r)
{
    size_t from = r->at;
    for (; r->at < r->end; r->at++)
        if (r->line[r->at] == '\0' || r->line[r->at] == '\r')
            return fail(r, what);
    if (r->at == from)
        return fail(r, what);
    *rest_r = (mp_span){(uint32_t)from, (uint32_t)(r->at - from)};
    return MP_OK;
}

/* Blanks before the line end are harmless and common. */
static mp_status read_end(line_reader *r)
{
    while (r->at < r->end && r->line[r->at] == ' ')
        r->at++;
    return r->at == r->end ? MP_OK : fail(r, "end of line");
}

static bool only_blanks_left(const line_reader *r)
{
    size_t i = r->at;
    while (i < r->end && r->line[i] == ' ')
        i++;
    return i == r->end;
}

static mp_status read_arguments(line_reader *r, mp_pop3_command *c)
{
    shape expected = (shape)KEYWORDS[c->keyword].shape;
    mp_status status = MP_OK;
    if (expected == NOTHING)
        return read_end(r);
    if (only_blanks_left(r) && (expected == OPTIONAL_MESSAGE || expected == OPTIONAL_TAG || expected == MECHANISM))
        return read_end(r);
    if (expected == STRING) {
        if (r->at == r->end || r->line[r->at] != ' ')
            return fail(r, "SP");
        r->at++; /* one only: the next may be part of a password */
        c->arguments = 1;
        return read_rest(r, "argument", &c->first);
    }
    if ((status = read_sp(r)) != MP_OK)
        return status;
    c->arguments = 1;
    switch (expected) {
    case MESSAGE:
    case OPTIONAL_MESSAGE:
        status = read_number(r, 1, "message number", &c->number);
        break;
    case MESSAGE_LINES:
        c->arguments = 2;
        if ((status = read_number(r, 1, "message number", &c->number)) == MP_OK && (status = read_sp(r)) == MP_OK)
            status = read_number(r, 0, "number of lines", &c->lines);
        break;
    case OPTIONAL_TAG:
        status = read_language(r, &c->first);
        break;
    case TWO_WORDS:
        c->arguments = 2;
        if ((status = read_param(r, &c->first)) == MP_OK && (status = read_sp(r)) == MP_OK)
            status = read_param(r, &c->second);
        break;
    case MECHANISM:
        status = read_mechanism(r, &c->first);
        if (status == MP_OK && !only_blanks_left(r) && (status = read_sp(r)) == MP_OK) {
            c->arguments = 2;
            status = read_param(r, &c->second);
        }
        break;
    default:
        break;
    }
    return status == MP_OK ? read_end(r) : status;
}

/* command = keyword *(SP param) CRLF; keyword = 3*4VCHAR                            RFC 2449 section 3
 * A keyword of another length is refused like any other that is not known, by whoever carries commands out. */
mp_status mp_pop3_read_command(const uint8_t *line, size_t len, uint64_t max_command,
                               mp_pop3_command *command_r, mp_error *err)
{
    size_t line_end = mp_pop3_line_end(line, len);
    line_reader r = {line, 0, len - line_end, err};
    *command_r = (mp_pop3_command){.keyword = mp_pop3_keyword_at(line, len)};
    mp_status status = read_param(&r, &command_r->name);
    if (status != MP_OK)
        return mp_fail(err, MP_E_SYNTAX, 0, "keyword");
    if (len > max_command && command_r->keyword != MP_POP3_AUTH)
        return mp_fail_limit(err, (size_t)max_command, "max_pop3_command");
    if (r.at < r.end && r.line[r.at] != ' ')
        return fail(&r, "SP");
    if (line_end != 2) {
        r.at = r.end;
        return fail(&r, "CRLF");
    }
    if (command_r->keyword != MP_POP3_UNKNOWN)
        return read_arguments(&r, command_r);
    if (only_blanks_left(&r))
        return MP_OK;
    r.at++;
    command_r->arguments = 1;
    return read_rest(&r, "argument", &command_r->first);
}
