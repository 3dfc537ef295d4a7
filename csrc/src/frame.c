#include "mailproto/frame.h"

#include <string.h>

#include "scan.h"
#include "token.h"

enum { IN_LINE, AT_LITERAL, IN_LITERAL, DISCARD_LITERAL, DISCARD_LINE };
enum { TEXT_UNKNOWN, TEXT_NONE, TEXT_ALL, TEXT_BADCHARSET };

void mp_framer_init(mp_framer *f, mp_side side, const mp_limits *limits)
{
    memset(f, 0, sizeof *f);
    mp_framer_set_limits(f, limits);
    f->side = side;
    f->announce_above = MP_NO_LITERAL;
}

void mp_framer_set_limits(mp_framer *f, const mp_limits *limits)
{
    f->limits = *limits;
}

void mp_framer_announce(mp_framer *f, bool on)
{
    f->announce_all = on; /* empty ones too */
    f->announce_above = MP_NO_LITERAL;
}

void mp_framer_announce_above(mp_framer *f, uint64_t n)
{
    f->announce_above = n;
    f->announce_all = false;
}

/* What a unit may have without the octets detached from it: spans are 32 bits wide. */
static uint64_t unit_left(const mp_framer *f)
{
    uint64_t left = f->limits.max_unit > f->detached ? f->limits.max_unit - f->detached : 0;
    return left < UINT32_MAX ? left : UINT32_MAX;
}

void mp_framer_expect_line(mp_framer *f) { f->plain_line = true; }

static void next_unit(mp_framer *f)
{
    f->plain_line = false;
    f->state = IN_LINE;
    f->text = TEXT_UNKNOWN;
    f->bare_lf = false;
    f->literals = 0;
    f->scanned = f->line_from = f->outside = f->pending = f->detached = 0;
}

static mp_status lose(mp_framer *f, mp_error *err)
{
    f->failed = *err;
    return err->status;
}

static bool is_blank(uint8_t octet) { return octet == ' ' || octet == '\t'; }

static const uint8_t *pass_blanks(const uint8_t *p, const uint8_t *end)
{
    while (p < end && is_blank(*p))
        p++;
    return p;
}

static const uint8_t *pass_digits(const uint8_t *p, const uint8_t *end)
{
    while (p < end && (mp_char_class[*p] & MP_C_DIGIT))
        p++;
    return p;
}

/* Where the letters, digits and hyphens of the word at p end. */
static const uint8_t *word_end(const uint8_t *p, const uint8_t *end)
{
    while (p < end && ((uint8_t)((*p | 0x20) - 'a') < 26 || (mp_char_class[*p] & MP_C_DIGIT) || *p == '-'))
        p++;
    return p;
}

/* Walks `astring SP astring ...` of a BADCHARSET list (RFC 3501 section 9, resp-text-code) to the end of the line.
 * True if the list is still open there, so that the line may end in a literal. */
static bool badcharset_open(const uint8_t *p, const uint8_t *end)
{
    bool quoted = false;
    for (; p < end; p++) {
        if (quoted && *p == '\\' && p + 1 < end)
            p++;
        else if (*p == '"')
            quoted = !quoted;
        else if (*p == ')' && !quoted)
            return false;
    }
    return !quoted;
}

/* What the words of a server's first line say about free text. end: behind the line's last octet before its CRLF.
 * Says so wherever mp_read_response_head reads a status, and where the line would be one but for blanks, a number or a
 * status that is missing: what such a line ends in is no announcement either, and the lines behind it are not lost. */
static uint8_t free_text(const uint8_t *line, const uint8_t *end)
{
    const uint8_t *p = pass_blanks(line, end);
    if (p < end && *p == '+')
        return TEXT_ALL;
    if (p < end && *p == '*')
        p++;
    else
        while (p < end && !is_blank(*p))
            p++;
    p = pass_blanks(p, end);
    const uint8_t *number = pass_digits(p, end);
    if (number < end && is_blank(*number)) /* "* 5 NO"; but 5NO is a name like any other */
        p = pass_blanks(number, end);
    const uint8_t *status = p;
    p = word_end(p, end);
    size_t len = (size_t)(p - status);
    bool ends = p == end || is_blank(*p) || *p == '[' || *p == '(';
    if (len == 0 ? p == end || *p != '[' : !ends || !(MP_IS(status, len, "OK") || MP_IS(status, len, "NO") ||
        MP_IS(status, len, "BAD") || MP_IS(status, len, "BYE") || MP_IS(status, len, "PREAUTH")))
        return TEXT_NONE;
    static const char code[] = "[BADCHARSET (";
    p = mp_find_code(p, end);
    if (p && (size_t)(end - p) >= sizeof code - 1 && mp_is_word(p, sizeof code - 1, code, sizeof code - 1))
        return badcharset_open(p + sizeof code - 1, end) ? TEXT_BADCHARSET : TEXT_ALL;
    return TEXT_ALL;
}

typedef struct announcement {
    uint64_t size;
    size_t off; /* of the "{" */
    bool sync;
    bool huge; /* does not fit 64 bits */
} announcement;

/* literal = "{" number64 ["+"] "}" CRLF, its announcement only                 RFC 9051 section 9, RFC 7888
 * Looks backwards from end (before CRLF), so a line costs nothing more for not having one. */
static bool ends_in_literal(const uint8_t *line, const uint8_t *end, const uint8_t *unit, announcement *out)
{
    if (end == line || end[-1] != '}')
        return false;
    const uint8_t *p = end - 1;
    out->sync = !(p > line && p[-1] == '+');
    if (!out->sync)
        p--;
    const uint8_t *digits_end = p;
    while (p > line && (mp_char_class[p[-1]] & MP_C_DIGIT))
        p--;
    if (p == digits_end || p == line || p[-1] != '{')
        return false;
    out->off = (size_t)(p - 1 - unit);
    out->size = 0;
    out->huge = false;
    for (; p < digits_end; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (out->size > (UINT64_MAX - digit) / 10)
            out->huge = true;
        else
            out->size = out->size * 10 + digit;
    }
    return true;
}

static bool announced(const mp_framer *f, uint64_t size) { return f->announce_all || size > f->announce_above; }

/* The name of the bound that one more literal would pass, or NULL. */
static const char *literal_limit(const mp_framer *f, const announcement *a)
{
    if (a->huge || a->size > f->limits.max_literal)
        return "max_literal";
    if (f->literals >= f->limits.max_literals)
        return "max_literals";
    uint64_t unit = f->scanned + f->detached; /* neither is past max_unit, and that leaves room for both */
    if (a->size > f->limits.max_unit || unit > f->limits.max_unit - a->size)
        return "max_unit";
    if (!announced(f, a->size) && f->scanned + a->size > UINT32_MAX)
        return "max_unit";
    return NULL;
}

/* One whole line ends at unit + f->scanned (behind its LF). Decides whether a literal follows. */
static bool line_announces(mp_framer *f, const uint8_t *unit, announcement *out)
{
    const uint8_t *line = unit + f->line_from, *end = unit + f->scanned - 1;
    if (end > line && end[-1] == '\r')
        end--;
    else
        f->bare_lf = true;
    if (f->plain_line)
        return false;
    if (f->side == MP_SERVER_SENDS) {
        if (f->text == TEXT_UNKNOWN)
            f->text = free_text(line, end);
        else if (f->text == TEXT_BADCHARSET && !badcharset_open(line, end))
            f->text = TEXT_ALL;
        if (f->text == TEXT_ALL)
            return false;
    }
    return ends_in_literal(line, end, unit, out);
}

static mp_status report(const mp_framer *f, mp_frame_kind kind, mp_frame *frame_r)
{
    *frame_r = (mp_frame){.kind = kind, .len = (uint32_t)f->scanned, .literals = f->literals, .bare_lf = f->bare_lf};
    return MP_OK;
}

/* Octets that the current line may still have; the limits may have shrunk since the lines before it. */
static uint64_t line_left(const mp_framer *f)
{
    return f->limits.max_line > f->outside ? f->limits.max_line - f->outside : 0;
}

static mp_status discard(mp_framer *f, const uint8_t *unit, size_t len, mp_frame *frame_r, mp_error *err)
{
    if (f->state == DISCARD_LITERAL) {
        uint64_t take = f->pending < len ? f->pending : len;
        if (take > UINT32_MAX)
            take = UINT32_MAX;
        f->pending -= take;
        if (f->pending == 0)
            f->state = DISCARD_LINE;
        if (take == 0 && f->state == DISCARD_LITERAL)
            return MP_NEED_MORE;
        *frame_r = (mp_frame){.kind = MP_FRAME_DISCARD, .len = (uint32_t)take, .bare_lf = f->bare_lf};
        return MP_OK;
    }
    const uint8_t *lf = len > f->scanned ? memchr(unit + f->scanned, '\n', len - f->scanned) : NULL;
    uint64_t upto = lf ? (uint64_t)(lf - unit) + 1 : len;
    if (upto > line_left(f)) {
        mp_fail_limit(err, (size_t)line_left(f), "max_line");
        return lose(f, err);
    }
    f->scanned = upto;
    if (!lf)
        return MP_NEED_MORE;
    announcement a;
    bool more = line_announces(f, unit, &a) && !a.sync;
    report(f, MP_FRAME_DISCARD, frame_r);
    if (!more) {
        next_unit(f);
        return MP_OK;
    }
    if (a.huge) {
        mp_fail_limit(err, a.off, "max_literal");
        return lose(f, err);
    }
    f->outside += f->scanned;
    f->scanned = f->line_from = 0;
    f->pending = a.size;
    f->state = DISCARD_LITERAL;
    return MP_OK;
}

static void take_literal(mp_framer *f)
{
    f->literals++;
    f->line_from = f->scanned + f->pending;
    f->state = IN_LITERAL;
}

mp_status mp_framer_next(mp_framer *f, const uint8_t *unit, size_t len, mp_frame *frame_r, mp_error *err)
{
    if (f->failed.status != MP_OK) {
        *err = f->failed;
        return err->status;
    }
    for (;;) {
        switch (f->state) {
        case DISCARD_LITERAL:
        case DISCARD_LINE:
            return discard(f, unit, len, frame_r, err);
        case AT_LITERAL: /* the caller has neither accepted nor rejected */
            return MP_NEED_MORE;
        case IN_LITERAL:
            if (len < f->line_from) {
                f->scanned = len;
                return MP_NEED_MORE;
            }
            f->scanned = f->line_from;
            f->state = IN_LINE;
            break;
        default: {
            const uint8_t *lf = len > f->scanned ? memchr(unit + f->scanned, '\n', len - f->scanned) : NULL;
            uint64_t upto = lf ? (uint64_t)(lf - unit) + 1 : len;
            /* the bound that comes first in the stream counts, or the answer would depend on how it was cut */
            uint64_t left = line_left(f), unit_end = unit_left(f);
            uint64_t line_end = left < UINT64_MAX - f->line_from ? f->line_from + left : UINT64_MAX;
            if (upto > line_end || upto > unit_end) {
                if (line_end <= unit_end)
                    mp_fail_limit(err, (size_t)(line_end + f->detached), "max_line");
                else
                    mp_fail_limit(err, (size_t)(unit_end + f->detached), "max_unit");
                return lose(f, err);
            }
            f->scanned = upto;
            if (!lf)
                return MP_NEED_MORE;
            announcement a;
            if (!line_announces(f, unit, &a)) {
                report(f, MP_FRAME_UNIT, frame_r);
                next_unit(f);
                return MP_OK;
            }
            const char *limit = literal_limit(f, &a);
            if (limit && (f->side == MP_SERVER_SENDS || (a.huge && !a.sync))) {
                /* nothing can make a server's literal unsaid, and nobody waits for 2^64 octets to pass */
                mp_fail_limit(err, a.off + (size_t)f->detached, limit);
                return lose(f, err);
            }
            f->outside += f->scanned - f->line_from;
            f->pending = a.size;
            f->pending_sync = a.sync;
            if (!limit && !announced(f, a.size)) {
                take_literal(f);
                break;
            }
            f->state = AT_LITERAL;
            report(f, MP_FRAME_LITERAL, frame_r);
            frame_r->sync = a.sync;
            frame_r->literal_size = a.huge ? UINT64_MAX : a.size;
            frame_r->limit = limit;
            return MP_OK;
        }
        }
    }
}

void mp_framer_accept(mp_framer *f)
{
    if (f->state != AT_LITERAL)
        return;
    take_literal(f);
    if (f->line_from > UINT32_MAX) {
        mp_error err;
        mp_fail_limit(&err, (size_t)(f->scanned + f->detached), "max_unit");
        lose(f, &err);
    }
}

void mp_framer_detach(mp_framer *f)
{
    if (f->state != AT_LITERAL)
        return;
    f->literals++;
    f->detached += f->pending;
    f->line_from = f->scanned;
    f->pending = 0;
    f->state = IN_LINE;
}

void mp_framer_blank(uint8_t *unit, size_t len)
{
    while (len > 0 && unit[len - 1] != '}')
        len--;
    while (len > 0 && unit[len - 1] != '{') {
        len--;
        if (mp_char_class[unit[len]] & MP_C_DIGIT)
            unit[len] = '0';
    }
}

void mp_framer_reject(mp_framer *f)
{
    if (f->state != AT_LITERAL)
        return;
    uint64_t pending = f->pending, outside = f->outside;
    bool sync = f->pending_sync;
    next_unit(f);
    if (!sync) {
        f->pending = pending;
        f->outside = outside; /* one budget for the whole command, thrown away or not */
        f->state = DISCARD_LITERAL;
    }
}

uint64_t mp_framer_missing(const mp_framer *f, size_t len)
{
    return f->state == IN_LITERAL && f->line_from > len ? f->line_from - len : 0;
}

bool mp_framer_idle(const mp_framer *f, size_t len)
{
    return f->state == IN_LINE && len == 0 && f->scanned == 0;
}
