/* Reading takes linear work, whatever comes and however it is cut. No clock: the core is built here so that every basic
 * block that runs is counted (the compiler calls __sanitizer_cov_trace_pc in each), and the octets that libc walks or
 * copies for it too.
 *
 * Each input is read at n, 2n and 4n, whole and one octet at a time. The work for each octet may grow by GROWTH at most
 * where the input doubles, and one octet at a time may cost a constant more for each. Prints the work for each octet of
 * each input; fails if one grows.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailproto/frame.h"
#include "mailproto/imap_code.h"
#include "mailproto/imap_command.h"
#include "mailproto/imap_response.h"
#include "mailproto/imap_text.h"
#include "mailproto/pop3.h"

#define GROWTH 1.05
#define PER_OCTET 40.0 /* blocks that a call of the framer may cost beyond what it finds */

unsigned long long work_done;
void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) { work_done++; }

/* ---- an allocator that counts what it copies --------------------------------------------------------------- */

static void *counted_realloc(void *ctx, void *p, size_t old_size, size_t new_size)
{
    (void)ctx;
    work_done += 1 + old_size / 64;
    return realloc(p, new_size);
}

static void counted_free(void *ctx, void *p)
{
    (void)ctx;
    free(p);
}

static mp_alloc counted(void)
{
    mp_alloc alloc = mp_alloc_libc();
    alloc.realloc = counted_realloc;
    alloc.free = counted_free;
    return alloc;
}

/* ---- inputs ------------------------------------------------------------------------------------------------ */

typedef struct text {
    uint8_t *data;
    size_t len, capacity;
} text;

static void put(text *t, const char *format, ...)
{
    va_list args;
    if (t->capacity - t->len < 4096) {
        t->capacity = t->capacity * 2 + 8192;
        t->data = realloc(t->data, t->capacity);
        if (!t->data)
            exit(1);
    }
    va_start(args, format);
    t->len += (size_t)vsnprintf((char *)t->data + t->len, t->capacity - t->len, format, args);
    va_end(args);
}

static void repeat(text *t, const char *piece, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put(t, "%s", piece);
}

static void rows(text *t, size_t n)
{
    for (size_t i = 1; i <= n; i++)
        put(t, "* %zu FETCH (UID %zu FLAGS (\\Seen) ENVELOPE (\"d\" \"s\" ((\"a b\" NIL \"c\" \"d\")) NIL NIL NIL NIL NIL "
               "NIL \"<i>\") BODYSTRUCTURE (\"TEXT\" \"PLAIN\" (\"CHARSET\" \"UTF-8\") NIL NIL \"7BIT\" 9 1))\r\n", i, i);
}

static void numbers(text *t, size_t n)
{
    put(t, "* SEARCH");
    for (size_t i = 1; i <= n; i++)
        put(t, " %zu", 2 * i);
    put(t, "\r\n");
}

static void literals(text *t, size_t n)
{
    put(t, "* 1 FETCH (");
    for (size_t i = 1; i <= n; i++)
        put(t, "BODY[%zu] {1000}\r\n%01000d ", i, 0);
    put(t, "UID 1)\r\n");
}

static void literal(text *t, size_t n)
{
    put(t, "* 1 FETCH (BODY[] {%zu}\r\n", n * 1000);
    for (size_t i = 0; i < n; i++)
        put(t, "%01000d", 0);
    put(t, ")\r\n");
}

static void addresses(text *t, size_t n)
{
    put(t, "* 1 FETCH (ENVELOPE (NIL NIL (");
    repeat(t, "(\"a\\\"b\" NIL \"c\" \"d\")", n);
    put(t, ") NIL NIL NIL NIL NIL NIL NIL))\r\n");
}

static void parts(text *t, size_t n)
{
    put(t, "* 1 FETCH (BODYSTRUCTURE (");
    repeat(t, "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"UTF-8\") NIL NIL \"7BIT\" 9 1)", n);
    put(t, " \"MIXED\"))\r\n");
}

static void params(text *t, size_t n)
{
    put(t, "* 1 FETCH (BODYSTRUCTURE (\"TEXT\" \"PLAIN\" (");
    repeat(t, "\"NAME\" \"value\" ", n);
    put(t, "\"N\" \"v\") NIL NIL \"7BIT\" 9 1))\r\n");
}

static void flags(text *t, size_t n)
{
    put(t, "* FLAGS (\\Seen");
    repeat(t, " $Keyword", n);
    put(t, ")\r\n");
}

static void open_lists(text *t, size_t n)
{
    put(t, "* 1 FETCH (X ");
    repeat(t, "(", n);
    put(t, "\r\n");
}

static void open_quotes(text *t, size_t n)
{
    put(t, "* LIST () \"");
    repeat(t, "\\\"", n);
    put(t, "\r\n");
}

static void braces(text *t, size_t n)
{
    put(t, "* OK ");
    repeat(t, "{1}", n);
    put(t, "\r\n");
}

static void spaces(text *t, size_t n)
{
    put(t, "* LIST ");
    repeat(t, "  ", n);
    put(t, "() \"/\" x\r\n");
}

static void short_lines(text *t, size_t n) { repeat(t, "* 1 EXISTS\r\n", n); }

static void one_set(text *t, size_t n)
{
    put(t, "a UID STORE 1");
    for (size_t i = 1; i <= n; i++)
        put(t, ",%zu:%zu", 4 * i, 4 * i + 1);
    put(t, " +FLAGS (\\Seen)\r\n");
}

static void keys(text *t, size_t n)
{
    put(t, "a SEARCH");
    repeat(t, " OR SEEN NOT DELETED", n);
    put(t, "\r\n");
}

static void sent_literals(text *t, size_t n)
{
    put(t, "a ID (");
    repeat(t, "{4+}\r\nname {5+}\r\nvalue ", n);
    put(t, "\"n\" \"v\")\r\n");
}

static void stuffed(text *t, size_t n)
{
    repeat(t, "..\r\nline\r\n", n);
    put(t, ".\r\n");
}

static void returns(text *t, size_t n)
{
    repeat(t, "\r\r\n\n.\r", n);
    put(t, "\r\n.\r\n");
}

static void shifts(text *t, size_t n) { repeat(t, "&AOk-&-a", n); }

/* ---- readers ----------------------------------------------------------------------------------------------- */

static void read_fetch(const uint8_t *unit, const mp_response_head *head, const mp_limits *limits)
{
    mp_fetch_scan scan;
    mp_fetch_item item;
    mp_error err;
    if (mp_fetch_begin(&scan, unit, head, limits, &err) != MP_OK)
        return;
    while (mp_fetch_next(&scan, &item, &err) == MP_OK && item.kind != MP_FETCH_END) {
        uint32_t at;
        const uint8_t *data = unit + item.value.off;
        bool found = true;
        mp_defects defects = {0};
        if (item.kind == MP_FETCH_ENVELOPE) {
            mp_envelope envelope;
            mp_address address;
            uint32_t from, len;
            mp_envelope_repeats(data, item.value.len, limits, &from, &len);
            if (mp_read_envelope(data, item.value.len, limits, &envelope, &err) != MP_OK)
                continue;
            at = envelope.lists[0].off + 1;
            while (found && mp_read_address(data, &at, envelope.lists[0].off + envelope.lists[0].len, envelope.loose,
                                            &address, &found, &defects, &err) == MP_OK)
                ;
        } else if (item.kind == MP_FETCH_BODYSTRUCTURE) {
            mp_body body;
            mp_text string;
            mp_body_init(&body, counted());
            if (mp_read_body(&body, data, item.value.len, limits, &err) == MP_OK && body.parts[0].params.len) {
                mp_span list = body.parts[0].params;
                at = list.off + 1;
                while (found &&
                       mp_read_list_string(data, &at, list.off + list.len, body.loose, &string, &found, &defects, &err) ==
                           MP_OK)
                    ;
            }
            mp_body_free(&body);
        }
    }
}

static void read_response(const uint8_t *unit, size_t len, const mp_limits *limits)
{
    mp_response_head head;
    mp_error err;
    if (mp_read_response_head(unit, len, &head, &err) != MP_OK)
        return;
    if (head.kind == MP_RESP_FETCH) {
        read_fetch(unit, &head, limits);
    } else if (head.kind == MP_RESP_SEARCH) {
        mp_search search = {.unit = unit, .at = head.rest, .end = head.end};
        uint32_t *pairs = malloc(mp_search_capacity(&search) * 2 * sizeof *pairs);
        size_t count;
        if (pairs)
            mp_read_search(&search, pairs, &count, &err);
        free(pairs);
    } else if (head.kind >= MP_RESP_OK && head.kind <= MP_RESP_PREAUTH) {
        mp_status_text status;
        mp_read_resp_text(unit, &head, &status, &err);
    } else {
        mp_tape tape;
        mp_tape_init(&tape, counted());
        mp_build_response_tape(&tape, unit, &head, limits, &err);
        mp_tape_free(&tape);
    }
}

static void read_command(const uint8_t *unit, size_t len, const mp_limits *limits)
{
    mp_command command;
    mp_error err;
    mp_command_init(&command, counted());
    mp_command_parse(&command, unit, len, limits, &err);
    mp_command_free(&command);
}

/* The units of a stream, which comes `step` octets at a time. */
static void read_stream(const text *t, size_t step, mp_side side)
{
    mp_limits limits = mp_limits_client();
    mp_framer framer;
    mp_frame frame;
    mp_error err;
    mp_status status;
    limits.max_line = limits.max_unit = limits.max_literals = limits.max_elements = UINT32_MAX;
    limits.max_addresses = limits.max_parts = limits.max_parameters = UINT32_MAX;
    mp_framer_init(&framer, side, &limits);
    for (size_t start = 0, end = 0; end < t->len;) {
        end = t->len - end < step ? t->len : end + step;
        while (start < end &&
               (status = mp_framer_next(&framer, t->data + start, end - start, &frame, &err)) != MP_NEED_MORE) {
            if (status != MP_OK)
                return;
            if (side == MP_SERVER_SENDS)
                read_response(t->data + start, frame.len, &limits);
            else
                read_command(t->data + start, frame.len, &limits);
            start += frame.len;
        }
    }
}

static void as_responses(const text *t, size_t step) { read_stream(t, step, MP_SERVER_SENDS); }

static void as_commands(const text *t, size_t step) { read_stream(t, step, MP_CLIENT_SENDS); }

static void as_body(const text *t, size_t step)
{
    mp_unstuff machine;
    uint8_t *out = malloc(t->len + 1);
    size_t written = 0, consumed, more;
    mp_unstuff_init(&machine, false);
    for (size_t at = 0; out && at < t->len; at += consumed) {
        size_t n = t->len - at < step ? t->len - at : step;
        if (mp_unstuff_run(&machine, out + written, t->data + at, n, &consumed, &more) == MP_OK)
            break;
        written += more;
    }
    free(out);
}

static void as_name(const text *t, size_t step)
{
    uint8_t *out = malloc(3 * t->len + 16);
    size_t written;
    mp_error err;
    (void)step;
    if (out)
        mp_utf7_decode(t->data, t->len, out, &written, &err);
    free(out);
}

/* ---- the table --------------------------------------------------------------------------------------------- */

typedef struct input {
    const char *name;
    void (*make)(text *t, size_t n);
    void (*read)(const text *t, size_t step);
    size_t n;
} input;

static const input INPUTS[] = {
    {"FETCH rows", rows, as_responses, 50},
    {"SEARCH numbers", numbers, as_responses, 2000},
    {"literals of 1 KB in one FETCH", literals, as_responses, 30},
    {"one literal", literal, as_responses, 30},
    {"addresses in one ENVELOPE", addresses, as_responses, 500},
    {"parts in one BODYSTRUCTURE", parts, as_responses, 300},
    {"parameters in one BODYSTRUCTURE", params, as_responses, 500},
    {"FLAGS", flags, as_responses, 1000},
    {"lists left open", open_lists, as_responses, 5000},
    {"escaped quotes, left open", open_quotes, as_responses, 3000},
    {"braces in free text", braces, as_responses, 3000},
    {"spaces", spaces, as_responses, 3000},
    {"short lines", short_lines, as_responses, 1000},
    {"sequence set of a command", one_set, as_commands, 1000},
    {"search keys", keys, as_commands, 300},
    {"literals of a command", sent_literals, as_commands, 300},
    {"stuffed lines of a body", stuffed, as_body, 1000},
    {"CR, LF and dots of a body", returns, as_body, 2000},
    {"shifts of modified UTF-7", shifts, as_name, 1000},
};

static double measured(const input *in, size_t n, bool octets, size_t *len_r)
{
    text t = {0};
    in->make(&t, n);
    *len_r = t.len;
    repeat(&t, "    ", MP_PADDING / 4);
    t.len = *len_r;
    work_done = 0;
    in->read(&t, octets ? 1 : t.len);
    free(t.data);
    return (double)work_done;
}

int main(void)
{
    int failed = 0;
    printf("%-31s %7s %7s %7s   %7s %7s %7s\n", "work for each octet", "n", "2n", "4n", "by one", "2n", "4n");
    for (size_t i = 0; i < sizeof INPUTS / sizeof *INPUTS; i++) {
        const input *in = &INPUTS[i];
        double work[2][3]; /* for each octet */
        for (int octets = 0; octets < 2; octets++)
            for (int k = 0; k < 3; k++) {
                size_t len;
                double done = measured(in, in->n << k, octets == 1, &len);
                work[octets][k] = done / (double)len;
            }
        bool linear = work[1][2] - work[0][2] <= PER_OCTET;
        for (int octets = 0; octets < 2; octets++)
            for (int k = 1; k < 3; k++)
                linear = linear && work[octets][k] <= GROWTH * work[octets][k - 1];
        printf("%-31s %7.2f %7.2f %7.2f   %7.2f %7.2f %7.2f%s\n", in->name, work[0][0], work[0][1], work[0][2], work[1][0],
               work[1][1], work[1][2], linear ? "" : "  GROWS");
        failed += !linear;
    }
    return failed != 0;
}
