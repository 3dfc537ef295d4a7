/* loop: the command loop of an IMAP server on standard input and output, with one user and mailboxes that stay empty.
 *
 * Shows what a server does with the framer and the command reader: it answers a synchronising literal before it comes, it
 * refuses one that is too large without waiting for it, it answers BAD with the right tag, and it has tighter bounds
 * until somebody has logged in. Try it:
 *
 *     printf 'a LOGIN sam secret\r\nb LIST "" *\r\nc LOGOUT\r\n' | ./loop
 *
 * Ends with 0 after LOGOUT or at the end of the input, with 1 if the client lost the framing, with 2 if this machine
 * failed us.
 */
#include <errno.h>
#include <mailproto/mailproto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"

static const char *const mailboxes[] = {"INBOX", "Archive", "Archive/2024", "Sent \"old\""};
#define MAILBOXES (sizeof mailboxes / sizeof mailboxes[0])
#define DELIMITER '/'

typedef enum outcome { GO_ON, STOP, OUT_OF_MEMORY } outcome;

typedef struct session {
    bool authenticated;
    const char *selected; /* NULL: none */
    mp_framer framer;
    mp_limits limits;
} session;

/* ---- what is sent ------------------------------------------------------------------------------------ */

static void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vprintf(format, args); /* a failure is noted by stdout, and main looks for it */
    va_end(args);
    printf("\r\n");
}

/* A tagged answer. The tag is the client's, so it is only octets: the command reader has seen to it that it is a tag. */
static void answer(const uint8_t *unit, mp_span tag, const char *text)
{
    if (tag.len == 0)
        say("* BAD no tag");
    else
        say("%.*s %s", (int)tag.len, (const char *)unit + tag.off, text);
}

/* A mailbox name that we made: quoted, with escapes where it needs them. */
static void say_list_row(const char *name)
{
    uint8_t quoted[2 * 64 + 2]; /* mp_write_quoted: at most 2 * len + 2; our names are short */
    size_t len = mp_write_quoted((const uint8_t *)name, strlen(name), quoted);
    say("* LIST () \"%c\" %.*s", DELIMITER, (int)len, (const char *)quoted);
}

/* ---- arguments --------------------------------------------------------------------------------------- */

/* An argument's value as a string of ours, without escapes; NULL if there is no memory. It holds no NUL: the command
 * reader lets none through. */
static char *value_of(const uint8_t *unit, const mp_arg *arg)
{
    char *value = malloc((size_t)arg->span.len + 1);
    if (value == NULL)
        return NULL;
    size_t len = arg->span.len;
    if (arg->escaped)
        len = mp_unescape((uint8_t *)value, unit + arg->span.off, arg->span.len);
    else
        memcpy(value, unit + arg->span.off, len);
    value[len] = '\0';
    return value;
}

static const char *find_mailbox(const char *name)
{
    /* INBOX is the one name whose case does not matter, and a pattern without wildcards is a name. */
    uint8_t scratch[64];
    for (size_t i = 0; i < MAILBOXES; i++) {
        size_t len = strlen(mailboxes[i]);
        if (len < sizeof scratch && strpbrk(name, "%*") == NULL &&
            mp_list_match((const uint8_t *)name, strlen(name), (const uint8_t *)mailboxes[i], len, DELIMITER, scratch))
            return mailboxes[i];
    }
    return NULL;
}

/* ---- commands: each writes its untagged responses and returns the text of the tagged one, or NULL for want of memory - */

static const char *do_login(session *s, const uint8_t *unit, const mp_command *c)
{
    if (s->authenticated)
        return "BAD logged in already";
    char *user = value_of(unit, &c->args[0]), *password = value_of(unit, &c->args[1]);
    const char *text = NULL;
    if (user != NULL && password != NULL) {
        /* a real server compares in constant time, and with a hash */
        s->authenticated = strcmp(user, "sam") == 0 && strcmp(password, "secret") == 0;
        text = s->authenticated ? "OK welcome" : "NO [AUTHENTICATIONFAILED] wrong user or password";
    }
    if (s->authenticated) {
        s->limits = mp_limits_server();
        mp_framer_set_limits(&s->framer, &s->limits);
    }
    free(user);
    free(password);
    return text;
}

/* LIST: args are the selection options, the reference, a list of patterns, the return options. */
static const char *do_list(const uint8_t *unit, const mp_command *c)
{
    uint32_t at = c->args[0].count + 1; /* behind the selection options, which we have none of */
    if (c->args[at].span.len != 0)
        return "NO no references here";
    const mp_arg *patterns = &c->args[at + 1];
    for (size_t i = 0; i < MAILBOXES; i++) {
        for (uint32_t k = 1; k <= patterns->count; k++) {
            uint8_t scratch[64];
            char *pattern = value_of(unit, &patterns[k]);
            if (pattern == NULL)
                return NULL;
            bool matches = mp_list_match((const uint8_t *)pattern, strlen(pattern), (const uint8_t *)mailboxes[i],
                                         strlen(mailboxes[i]), DELIMITER, scratch);
            free(pattern);
            if (matches) {
                say_list_row(mailboxes[i]);
                break;
            }
        }
    }
    return "OK that is all";
}

static const char *do_select(session *s, const uint8_t *unit, const mp_command *c)
{
    char *name = value_of(unit, &c->args[0]);
    if (name == NULL)
        return NULL;
    s->selected = find_mailbox(name);
    free(name);
    if (s->selected == NULL)
        return "NO [NONEXISTENT] no such mailbox";
    say("* 0 EXISTS");
    say("* FLAGS (\\Seen \\Deleted)");
    say("* OK [UIDVALIDITY 1] UIDs are valid");
    say("* OK [UIDNEXT 1] predicted next UID");
    return c->kind == MP_COMMAND_EXAMINE ? "OK [READ-ONLY] selected" : "OK [READ-WRITE] selected";
}

static const char *do_append(const uint8_t *unit, const mp_command *c)
{
    char *name = value_of(unit, &c->args[0]);
    if (name == NULL)
        return NULL;
    bool known = find_mailbox(name) != NULL;
    free(name);
    if (!known)
        return "NO [TRYCREATE] no such mailbox";
    /* The message is the last argument, its octets in place: c->args[c->count - 1].span. */
    say("* OK read a message of %lu octets", (unsigned long)c->args[c->count - 1].span.len);
    return "NO [CANNOT] our mailboxes stay empty";
}

static outcome do_command(session *s, const uint8_t *unit, const mp_command *c)
{
    const char *text;
    switch (c->kind) {
    case MP_COMMAND_CAPABILITY:
        say("* CAPABILITY IMAP4rev1 LITERAL+");
        text = "OK done";
        break;
    case MP_COMMAND_NOOP:
        text = "OK done";
        break;
    case MP_COMMAND_LOGOUT:
        say("* BYE see you");
        answer(unit, c->tag, "OK done");
        return STOP;
    case MP_COMMAND_LOGIN:
        text = do_login(s, unit, c);
        break;
    case MP_COMMAND_UNKNOWN:
        text = "BAD no such command";
        break;
    default:
        if (!s->authenticated)
            text = "BAD log in first";
        else if (c->kind == MP_COMMAND_LIST)
            text = do_list(unit, c);
        else if (c->kind == MP_COMMAND_SELECT || c->kind == MP_COMMAND_EXAMINE)
            text = do_select(s, unit, c);
        else if (c->kind == MP_COMMAND_APPEND)
            text = do_append(unit, c);
        else
            text = "NO not in this small server";
        break;
    }
    if (text == NULL)
        return OUT_OF_MEMORY;
    answer(unit, c->tag, text);
    return GO_ON;
}

static outcome do_unit(session *s, const uint8_t *unit, size_t len, mp_command *c)
{
    mp_error err;
    mp_status status = mp_command_parse(c, unit, len, &s->limits, &err);
    if (status == MP_OK)
        return do_command(s, unit, c);
    if (status == MP_E_NOMEM)
        return OUT_OF_MEMORY;
    if (c->tag.len == 0) {
        say("* BAD where is the tag?");
    } else {
        char text[128];
        if (err.limit != NULL)
            snprintf(text, sizeof text, "BAD past %s", err.limit);
        else
            snprintf(text, sizeof text, "BAD %s should be at octet %zu", err.expected, err.offset);
        answer(unit, c->tag, text);
    }
    return GO_ON;
}

/* What the framer found. */
static outcome do_frame(session *s, input *in, const mp_frame *frame, mp_command *c)
{
    const uint8_t *unit = in->data + in->start;
    outcome next = GO_ON;
    switch (frame->kind) {
    case MP_FRAME_UNIT:
        next = do_unit(s, unit, frame->len, c);
        break;
    case MP_FRAME_LITERAL:
        if (frame->limit == NULL) {
            if (frame->sync)
                say("+ go ahead");
            mp_framer_accept(&s->framer);
            return GO_ON; /* the unit goes on from the same start */
        }
        /* RFC 9051 section 4.3 and RFC 7888: no continuation, the command is refused and what is under way dropped */
        answer(unit, mp_command_tag(unit, frame->len), "NO [LIMIT] that is too large");
        mp_framer_reject(&s->framer);
        break;
    case MP_FRAME_DISCARD:
        break;
    }
    in->start += frame->len;
    return next;
}

int main(void)
{
    session s = {.limits = mp_limits_before_login()};
    mp_framer_init(&s.framer, MP_CLIENT_SENDS, &s.limits);
    mp_framer_announce(&s.framer, true);
    mp_command command;
    mp_command_init(&command, mp_alloc_libc());
    input in = {0};
    int result = -1;
    say("* OK mailproto %s is ready", mp_version());
    while (result < 0) {
        mp_frame frame;
        mp_error err;
        mp_status status = in.data == NULL ? MP_NEED_MORE
                                           : mp_framer_next(&s.framer, in.data + in.start, in.end - in.start, &frame, &err);
        if (status == MP_OK) {
            outcome next = do_frame(&s, &in, &frame, &command);
            if (next == STOP)
                result = 0;
            if (next == OUT_OF_MEMORY) {
                say("* BYE out of memory");
                result = 2;
            }
        } else if (status == MP_NEED_MORE) {
            if (fflush(stdout) != 0) /* the client waits for what we have said before it says more */
                break;
            input_status got = input_read(&in, 0);
            if (got == INPUT_END)
                result = 0;
            if (got == INPUT_FAILED) {
                fprintf(stderr, "loop: standard input: %s\n", strerror(errno));
                result = 2;
            }
        } else {
            say("* BYE past %s", err.limit != NULL ? err.limit : err.expected);
            result = 1;
        }
    }
    mp_command_free(&command);
    input_free(&in);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "loop: standard output failed\n");
        result = 2;
    }
    return result;
}
