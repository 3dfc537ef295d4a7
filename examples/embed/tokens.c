/* tokens: reads what an IMAP server sends from standard input, and prints each response as its tokens.
 *
 * Shows the two steps of reading: the framer finds where a unit ends, then a reader takes the whole unit. Ends with 0 if
 * the stream was framed to its end, with 1 if it was not, with 2 if this machine failed us.
 */
#include <errno.h>
#include <inttypes.h>
#include <mailproto/mailproto.h>
#include <stdio.h>
#include <string.h>

#include "input.h"

#define INDENT 2
#define SHOWN 60    /* octets of a string that are printed            */
#define MAX_DEPTH 32 /* our own bound: print_tape keeps a stack this deep */

/* Octets are whatever the peer sent: none but printable ASCII reaches the terminal. */
static void print_plain(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len && i < SHOWN; i++) {
        if (p[i] == '"' || p[i] == '\\')
            printf("\\%c", p[i]);
        else if (p[i] >= 0x20 && p[i] < 0x7f)
            putchar(p[i]);
        else
            printf("\\x%02x", p[i]);
    }
}

static void print_octets(const uint8_t *p, size_t len)
{
    putchar('"');
    print_plain(p, len);
    putchar('"');
    if (len > SHOWN)
        printf("... %zu octets", len);
}

static const char *kind_name(uint8_t kind)
{
    switch ((mp_token_kind)kind) {
    case MP_TOK_ATOM: return "atom";
    case MP_TOK_QUOTED: return "quoted";
    case MP_TOK_QUOTED_ESC: return "quoted with escapes";
    case MP_TOK_LITERAL: return "literal";
    case MP_TOK_LITERAL8: return "literal8";
    case MP_TOK_LIST: return "list";
    }
    return "token";
}

/* The tape is flat: a list's contents follow it, up to the index in its `next`. So a loop and a small stack print the tree. */
static void print_tape(const uint8_t *unit, const mp_tape *tape)
{
    uint32_t ends[MAX_DEPTH + 1];
    int depth = 0;
    for (uint32_t i = 0; i < tape->n; i++) {
        const mp_token *token = &tape->tok[i];
        while (depth > 0 && i == ends[depth - 1])
            depth--;
        printf("%*s%s", INDENT * (depth + 1), "", kind_name(token->kind));
        if (token->kind == MP_TOK_LIST) {
            ends[depth++] = token->next; /* max_depth keeps depth within the stack */
        } else {
            putchar(' ');
            print_octets(unit + token->off, token->len);
        }
        putchar('\n');
    }
}

static void print_error(const mp_error *err)
{
    if (err->limit != NULL)
        printf("  error: past %s at octet %zu\n", err->limit, err->offset);
    else
        printf("  error: at octet %zu, where %s should be\n", err->offset, err->expected);
}

/* What a client could read and still has to know about. */
static void print_defects(uint32_t defects)
{
    for (unsigned bit = 0; bit < MP_DEFECT_COUNT; bit++)
        if (defects >> bit & 1)
            printf("  defect: %s\n", mp_defect_name(bit));
}

/* A status line's text is for people: it has no tokens. */
static void print_status(const uint8_t *unit, const mp_response_head *head)
{
    mp_status_text text;
    mp_error err;
    if (mp_read_resp_text(unit, head, &text, &err) != MP_OK) {
        print_error(&err);
        return;
    }
    if (text.code != MP_CODE_NONE) {
        printf("  code ");
        print_octets(unit + text.name.off, text.name.len);
        putchar('\n');
    }
    printf("  text ");
    print_octets(unit + text.text.off, text.text.len);
    putchar('\n');
    print_defects(text.defects.bits);
}

static bool is_status(const mp_response_head *head)
{
    return head->kind >= MP_RESP_OK && head->kind <= MP_RESP_PREAUTH;
}

/* Prints one unit. A unit that breaks the grammar costs itself alone: the framer knows where the next one starts.
 * Returns false if there was no memory. */
static bool print_unit(const uint8_t *unit, size_t len, const mp_limits *limits, mp_tape *tape)
{
    mp_response_head head;
    mp_error err;
    if (mp_read_response_head(unit, len, &head, &err) != MP_OK) {
        printf("unreadable\n");
        print_error(&err);
        return true;
    }
    print_plain(unit + head.name.off, head.name.len);
    if (head.kind == MP_RESP_CONTINUATION)
        printf("+");
    if (head.numbered)
        printf(" %" PRIu32, head.number);
    if (head.tagged) {
        printf(" for ");
        print_plain(unit + head.tag.off, head.tag.len);
    }
    putchar('\n');
    print_defects(head.defects.bits);
    if (is_status(&head) || head.kind == MP_RESP_CONTINUATION) {
        print_status(unit, &head);
        return true;
    }
    mp_status status = mp_build_response_tape(tape, unit, &head, limits, &err);
    if (status == MP_OK)
        print_tape(unit, tape);
    else if (status != MP_E_NOMEM)
        print_error(&err);
    return status != MP_E_NOMEM;
}

int main(void)
{
    mp_limits limits = mp_limits_client();
    limits.max_depth = MAX_DEPTH;
    limits.max_unit = 64 * 1024 * 1024; /* a unit is kept in memory whole: so much and no more */
    mp_framer framer;
    mp_framer_init(&framer, MP_SERVER_SENDS, &limits);
    mp_tape tape;
    mp_tape_init(&tape, mp_alloc_libc());
    input in = {0};
    int result = -1;
    while (result < 0) {
        mp_frame frame;
        mp_error err;
        mp_status status = in.data == NULL ? MP_NEED_MORE
                                           : mp_framer_next(&framer, in.data + in.start, in.end - in.start, &frame, &err);
        if (status == MP_OK) {
            /* We did not ask for announcements, and a server's literal stops the framer only with them: a unit. */
            if (!print_unit(in.data + in.start, frame.len, &limits, &tape)) {
                fprintf(stderr, "tokens: out of memory\n");
                result = 2;
            }
            in.start += frame.len;
        } else if (status == MP_NEED_MORE) {
            switch (input_read(&in, 0)) {
            case INPUT_MORE:
                break;
            case INPUT_END:
                result = mp_framer_idle(&framer, in.end - in.start) ? 0 : 1;
                if (result != 0)
                    fprintf(stderr, "tokens: the stream ends inside a response\n");
                break;
            case INPUT_FAILED:
                fprintf(stderr, "tokens: standard input: %s\n", strerror(errno));
                result = 2;
                break;
            }
        } else { /* where the next unit starts cannot be known: nothing after this can be trusted */
            print_error(&err);
            fprintf(stderr, "tokens: framing is lost\n");
            result = 1;
        }
    }
    mp_tape_free(&tape);
    input_free(&in);
    if (fflush(stdout) != 0) {
        fprintf(stderr, "tokens: standard output: %s\n", strerror(errno));
        result = 2;
    }
    return result;
}
