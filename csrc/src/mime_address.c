#include "mime_internal.h"

/* Address lists, read the way mail is written rather than the way RFC 5322 would have it: whatever stands in an
 * address field ends up in some address, and only commas, semicolons and angle brackets have a say in which. */
typedef struct reader {
    mp_lexer lx;
    mp_buffer *out;     /* the ENVELOPE                                    */
    mp_buffer *phrase;  /* words so far, one space between those set apart */
    mp_buffer *local;   /* the same without spaces                         */
    mp_buffer *domain;
    mp_buffer *route;
    mp_buffer *comment;
    uint32_t left;      /* addresses that may still be written             */
    uint32_t written;   /* in this list                                    */
    size_t cut_at;      /* where max_addresses cut the list off, or 0      */
} reader;

static void put_or_nil(mp_buffer *out, const mp_buffer *text)
{
    if (text->len == 0)
        mp_put_literal_text(out, "NIL");
    else
        mp_put_string(out, text->data, text->len);
}

static void begin_address(reader *r)
{
    mp_put_literal_text(r->out, r->written++ == 0 ? "((" : "(");
}

/* address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"    RFC 9051 section 9
 * A host of NIL would mean a group, so an address without a domain has "". */
static void put_address(reader *r, const mp_buffer *name)
{
    if (r->left == 0) {
        r->cut_at = r->cut_at ? r->cut_at : r->lx.at;
        return;
    }
    r->left--;
    begin_address(r);
    put_or_nil(r->out, name);
    mp_put_literal_text(r->out, " ");
    put_or_nil(r->out, r->route);
    mp_put_literal_text(r->out, " ");
    mp_put_string(r->out, r->local->data, r->local->len);
    mp_put_literal_text(r->out, " ");
    mp_put_string(r->out, r->domain->data, r->domain->len);
    mp_put_literal_text(r->out, ")");
}

/* The marks that open and close a group (RFC 3501 section 7.4.2). The closing one is not counted, so that a group that
 * was opened always ends. */
static bool put_group_start(reader *r)
{
    if (r->left == 0) {
        r->cut_at = r->cut_at ? r->cut_at : r->lx.at;
        return false;
    }
    r->left--;
    begin_address(r);
    mp_put_literal_text(r->out, "NIL NIL ");
    mp_put_string(r->out, r->phrase->data, r->phrase->len);
    mp_put_literal_text(r->out, " NIL)");
    return true;
}

static void put_group_end(reader *r)
{
    begin_address(r);
    mp_put_literal_text(r->out, "NIL NIL NIL NIL)");
}

static void clear(reader *r)
{
    r->phrase->len = r->local->len = r->domain->len = r->route->len = r->comment->len = 0;
}

/* A run of octets without meaning of their own, dots included. */
static void read_atom(reader *r, mp_buffer *out)
{
    mp_lexer *lx = &r->lx;
    size_t start = lx->at;
    for (; lx->at < lx->end; lx->at++) {
        uint8_t c = lx->data[lx->at];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == ';' || c == ':' || c == '<' ||
            c == '>' || c == '@' || c == '(' || c == '"' || c == '\0')
            break;
    }
    if (lx->at == start)
        lx->at++; /* a stray octet, such as ">" or NUL: left out */
    else
        mp_buffer_put(out, lx->data + start, lx->at - start);
}

/* domain = dot-atom / domain-literal / obs-domain          RFC 5322 section 3.4.1 */
static void read_domain(reader *r)
{
    mp_lexer *lx = &r->lx;
    mp_buffer *domain = r->domain;
    for (;;) {
        size_t before = lx->at;
        mp_skip_cfws(lx, r->comment);
        if (lx->at >= lx->end)
            return;
        uint8_t c = lx->data[lx->at];
        bool apart = lx->at > before && domain->len > 0;
        if (apart && c != '.' && domain->data[domain->len - 1] != '.')
            return; /* only around dots may a domain hold white space (obs-domain) */
        if (c == '[') {
            for (; lx->at < lx->end && c != ']'; lx->at++) {
                c = lx->data[lx->at];
                if (c != '\r' && c != '\n' && c != '\0')
                    mp_buffer_put(domain, &c, 1);
            }
        } else if (c == ',' || c == ';' || c == '<' || c == '>') {
            return;
        } else {
            read_atom(r, domain);
        }
    }
}

/* angle-addr = "<" [obs-route] addr-spec ">"               RFC 5322 sections 3.4, 4.4 */
static void read_angle(reader *r)
{
    mp_lexer *lx = &r->lx;
    lx->at++;
    r->local->len = r->domain->len = 0;
    mp_skip_cfws(lx, NULL);
    if (lx->at < lx->end && lx->data[lx->at] == '@') {
        size_t colon = lx->at;
        /* Not past the next "<": then many of them would make this quadratic. */
        while (colon < lx->end && lx->data[colon] != ':' && lx->data[colon] != '>' && lx->data[colon] != '<')
            colon++;
        if (colon < lx->end && lx->data[colon] == ':') {
            mp_field_text(lx->data, (mp_span){(uint32_t)lx->at, (uint32_t)(colon - lx->at)}, r->route);
            lx->at = colon + 1;
        }
    }
    while (lx->at < lx->end) {
        mp_skip_cfws(lx, NULL);
        uint8_t c = lx->at < lx->end ? lx->data[lx->at] : '>';
        if (c == '>')
            break;
        if (c == '"') {
            mp_read_quoted(lx, r->local);
        } else if (c == '@') {
            lx->at++;
            read_domain(r);
        } else if (c == ',' || c == ';') {
            return; /* the bracket was never closed */
        } else {
            read_atom(r, r->local);
        }
    }
    if (lx->at < lx->end)
        lx->at++;
    /* What stands between ">" and the comma belongs to nobody. */
    for (mp_skip_cfws(lx, r->comment); lx->at < lx->end; mp_skip_cfws(lx, r->comment)) {
        uint8_t c = lx->data[lx->at];
        if (c == ',' || c == ';' || c == '<')
            return;
        if (c == '"') {
            size_t kept = r->phrase->len;
            mp_read_quoted(lx, r->phrase);
            r->phrase->len = kept;
        } else {
            lx->at++;
        }
    }
}

/* One word of a phrase, and of the local part while that can still go on. `apart` tells whether white space stood
 * before it. */
static void read_word(reader *r, bool apart, bool local)
{
    mp_lexer *lx = &r->lx;
    if (apart && r->phrase->len > 0)
        mp_buffer_put(r->phrase, " ", 1);
    size_t before = r->phrase->len;
    if (lx->data[lx->at] == '"')
        mp_read_quoted(lx, r->phrase);
    else
        read_atom(r, r->phrase);
    if (local && r->phrase->len > before)
        mp_buffer_put(r->local, r->phrase->data + before, r->phrase->len - before);
}

/* One address up to its "," or ";", or to the ":" that makes its name a group's. Returns that octet, 0 at the end. */
static uint8_t read_address(reader *r)
{
    mp_lexer *lx = &r->lx;
    bool in_angle = false;
    bool in_domain = false;
    uint8_t c = 0;
    clear(r);
    for (;;) {
        size_t before = lx->at;
        mp_skip_cfws(lx, r->comment);
        if (lx->at >= lx->end) {
            c = 0;
            break;
        }
        c = lx->data[lx->at];
        if (c == ',' || c == ';' || (c == ':' && !in_angle && !in_domain)) {
            lx->at++;
            break;
        }
        if (c == '<') {
            read_angle(r);
            in_angle = true;
        } else if (c == '@' && !in_domain) {
            lx->at++;
            read_domain(r);
            in_domain = true;
            /* `a@b <a@b>`: it may turn out to have been a name. */
            mp_buffer_put(r->phrase, "@", 1);
            mp_buffer_put(r->phrase, r->domain->data, r->domain->len);
        } else {
            read_word(r, lx->at > before, !in_domain);
        }
    }
    if (c == ':')
        return c;
    if (in_angle) {
        put_address(r, r->phrase->len > 0 ? r->phrase : r->comment);
    } else if (in_domain) {
        put_address(r, r->comment);
    } else if (r->phrase->len > 0) {
        /* No "@" at all: a bare local part, or a name that lost its address. */
        r->local->len = 0;
        mp_buffer_put(r->local, r->phrase->data, r->phrase->len);
        put_address(r, r->comment);
    }
    return c;
}

/* address-list = (address *("," address))                  RFC 5322 section 3.4
 * Written as `(1*address)`, or NIL where there is none. */
static void put_address_list(reader *r, const uint8_t *data, mp_span value)
{
    bool in_group = false;
    r->lx = (mp_lexer){data, value.off, (size_t)value.off + value.len};
    r->written = 0;
    while (r->lx.at < r->lx.end) {
        uint8_t end = read_address(r);
        if (end == ':' && !in_group)
            in_group = put_group_start(r);
        if (end == ';' && in_group) {
            put_group_end(r);
            in_group = false;
        }
        if (r->left == 0 && r->lx.at < r->lx.end) {
            mp_skip_cfws(&r->lx, NULL);
            if (r->lx.at < r->lx.end && r->lx.data[r->lx.at] != ';')
                r->cut_at = r->lx.at;
            break;
        }
    }
    if (in_group)
        put_group_end(r);
    mp_put_literal_text(r->out, r->written == 0 ? "NIL" : ")");
}

enum { DATE, SUBJECT, FROM, SENDER, REPLY_TO, TO, CC, BCC, IN_REPLY_TO, MESSAGE_ID, FIELDS };

static void find_fields(const uint8_t *data, size_t at, size_t end, mp_span *spans)
{
    static const char *const names[FIELDS] = {"date",     "subject", "from", "sender", "reply-to",
                                              "to",       "cc",      "bcc",  "in-reply-to", "message-id"};
    mp_field field;
    while (mp_header_next(data, end, &at, &field)) {
        for (size_t i = 0; i < FIELDS; i++) {
            if (spans[i].off == 0 && mp_name_is(data, field.name, names[i]))
                spans[i] = field.value;
        }
    }
}

/* envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP env-cc SP env-bcc SP
 *            env-in-reply-to SP env-message-id ")"         RFC 9051 section 9 */
void mp_write_envelope(const uint8_t *data, mp_span header, const mp_limits *limits, mp_mime *m, mp_buffer *out)
{
    mp_span spans[FIELDS] = {{0, 0}};
    mp_buffer work[5];
    for (size_t i = 0; i < 5; i++)
        mp_buffer_init(&work[i], out->alloc);
    reader r = {.out = out, .phrase = &work[0], .local = &work[1], .domain = &work[2], .route = &work[3],
                .comment = &work[4], .left = limits->max_addresses};
    find_fields(data, header.off, mp_header_end(header, limits, m), spans);
    mp_put_literal_text(out, "(");
    mp_put_field(out, data, spans[DATE], &work[0]);
    mp_put_literal_text(out, " ");
    mp_put_field(out, data, spans[SUBJECT], &work[0]);
    size_t from = 0;
    size_t from_len = 0;
    for (size_t i = FROM; i <= BCC; i++) {
        mp_put_literal_text(out, " ");
        size_t start = out->len;
        put_address_list(&r, data, spans[i]);
        if (i == FROM) {
            from = start;
            from_len = out->len - start;
        } else if ((i == SENDER || i == REPLY_TO) && r.written == 0) {
            /* RFC 3501 section 7.4.2: absent or empty, they are those of From. Copied in two steps, for the
             * buffer may move. */
            out->len = start;
            work[0].len = 0;
            if (!out->failed)
                mp_buffer_put(&work[0], out->data + from, from_len);
            mp_buffer_put(out, work[0].data, work[0].len);
        }
    }
    mp_put_literal_text(out, " ");
    mp_put_field(out, data, spans[IN_REPLY_TO], &work[0]);
    mp_put_literal_text(out, " ");
    mp_put_field(out, data, spans[MESSAGE_ID], &work[0]);
    mp_put_literal_text(out, ")");
    if (r.cut_at != 0)
        mp_note_limit(m, "max_addresses", r.cut_at);
    for (size_t i = 0; i < 5; i++) {
        out->failed |= work[i].failed;
        mp_buffer_free(&work[i]);
    }
}
