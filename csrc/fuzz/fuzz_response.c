/* Responses: any octets may be refused, but neither crash nor make a reader look behind them; the units of a stream and what
 * is read of each are the same however the stream arrives; what is written from what was read reads the same; fast forms agree
 * with their twins. First octet of the input: the reads; the rest is what the server sends. */
#include "mailproto/frame.h"
#include "mailproto/imap_code.h"
#include "mailproto/imap_write.h"

#include "data.h"
#include "fuzz.h"
#include "scan.h"
#include "skip.h"

static mp_limits bounds(void)
{
    mp_limits limits = mp_limits_client();
    limits.max_depth = 20;
    return limits;
}

/* The octets in memory of their own, with padding that is none of them. */
static uint8_t *padded(const uint8_t *data, size_t len, uint8_t padding)
{
    uint8_t *copy = fuzz_room(len + MP_PADDING);
    if (len)
        memcpy(copy, data, len);
    memset(copy + len, padding, MP_PADDING);
    return copy;
}

static void put_number(fuzz_wire *w, uint64_t number) { w->len += mp_write_number(number, fuzz_wire_room(w, 20)); }
static void put_span(fuzz_wire *w, const uint8_t *data, mp_span span) { fuzz_put(w, data + span.off, span.len); }

/* A string in the form that it needs, whatever form it had; NIL stays NIL. */
static void put_text(fuzz_wire *w, const uint8_t *data, const mp_text *text)
{
    if (text->kind == MP_TEXT_NIL) {
        fuzz_puts(w, "NIL");
        return;
    }
    uint8_t *value = fuzz_room(text->span.len);
    size_t len = text->span.len;
    if (text->kind == MP_TEXT_QUOTED_ESC)
        len = mp_unescape(value, data + text->span.off, len);
    else if (len)
        memcpy(value, data + text->span.off, len);
    mp_form form = mp_form_of(value, len);
    if (form < MP_FORM_QUOTED8) {
        w->len += mp_write_quoted(value, len, fuzz_wire_room(w, 2 * len + 2));
    } else {
        w->len += mp_write_literal_header(len, form == MP_FORM_LITERAL8, false, fuzz_wire_room(w, 26));
        fuzz_put(w, value, len);
    }
    free(value);
}

/* What a reader found, written again; false if it found an error. */
typedef bool write_fn(const uint8_t *data, size_t len, const mp_limits *limits, fuzz_wire *w);

/* re-parse == parse: what is written from the octets reads as something that is written the same. */
static void check_rewritten(write_fn *write, const uint8_t *data, size_t len, const mp_limits *limits, fuzz_trace *t)
{
    fuzz_wire first = {0}, second = {0};
    bool ok = write(data, len, limits, &first);
    fuzz_puts(&first, "");
    fuzz_add(t, ok);
    if (ok) {
        fuzz_add_octets(t, first.data, first.len);
        uint8_t *copy = padded(first.data, first.len, '"');
        bool again = write(copy, first.len, limits, &second);
        fuzz_puts(&second, "");
        if (!again || second.len != first.len || memcmp(second.data, first.data, first.len) != 0) {
            fprintf(stderr, "wrote %.*s\nread  %.*s\n", (int)first.len, (const char *)first.data, (int)second.len,
                    (const char *)second.data);
            abort();
        }
        free(copy);
    }
    free(first.data);
    free(second.data);
}

/* ---- ENVELOPE and BODYSTRUCTURE ------------------------------------------------------------------------ */

static bool put_addresses(fuzz_wire *w, const uint8_t *data, mp_span list, bool loose)
{
    uint32_t at = list.off + 1;
    mp_defects defects = {0};
    bool found = true;
    mp_address address;
    mp_error err;
    fuzz_puts(w, "(");
    for (;;) {
        mp_status status = mp_read_address(data, &at, list.off + list.len, loose, &address, &found, &defects, &err);
        if (status != MP_OK)
            return false;
        if (!found)
            break;
        fuzz_puts(w, "(");
        const mp_text *fields[] = {&address.name, &address.route, &address.mailbox, &address.host};
        for (int i = 0; i < 4; i++) {
            put_text(w, data, fields[i]);
            fuzz_puts(w, i < 3 ? " " : ")");
        }
    }
    fuzz_puts(w, ")");
    return true;
}

static bool write_envelope(const uint8_t *data, size_t len, const mp_limits *limits, fuzz_wire *w)
{
    mp_envelope e;
    mp_error err;
    uint32_t at, repeated;
    if (mp_envelope_repeats(data, len, limits, &at, &repeated))
        REQUIRE((size_t)at + 2 * (size_t)repeated <= len && repeated <= at);
    if (mp_read_envelope(data, len, limits, &e, &err) != MP_OK) {
        REQUIRE(err.offset <= len && err.expected != NULL);
        return false;
    }
    fuzz_puts(w, "(");
    put_text(w, data, &e.date);
    fuzz_puts(w, " ");
    put_text(w, data, &e.subject);
    for (int i = 0; i < 6; i++) {
        fuzz_puts(w, " ");
        REQUIRE((size_t)e.lists[i].off + e.lists[i].len <= len);
        if (e.lists[i].len == 0)
            fuzz_puts(w, "NIL");
        else if (!put_addresses(w, data, e.lists[i], e.loose))
            return false;
    }
    fuzz_puts(w, " ");
    put_text(w, data, &e.in_reply_to);
    fuzz_puts(w, " ");
    put_text(w, data, &e.message_id);
    fuzz_puts(w, ")");
    return true;
}

static void add_text(fuzz_trace *t, const uint8_t *data, const mp_text *text)
{
    fuzz_add(t, (uint64_t)text->kind << 8 | text->high);
    fuzz_add_octets(t, data + text->span.off, text->kind == MP_TEXT_NIL ? 0 : text->span.len);
}

static void add_strings(fuzz_trace *t, const uint8_t *data, mp_span list, bool loose)
{
    uint32_t at = list.off + 1;
    mp_defects defects = {0};
    bool found = list.len > 0 && data[list.off] == '(';
    mp_text text;
    mp_error err;
    while (found && mp_read_list_string(data, &at, list.off + list.len, loose, &text, &found, &defects, &err) == MP_OK && found)
        add_text(t, data, &text);
}

/* One part, apart from where it stands. */
static void add_part(fuzz_trace *t, const uint8_t *data, const mp_body_part *p, bool loose)
{
    fuzz_add(t, (uint64_t)p->kind << 32 | (uint64_t)p->extended << 16 | p->has_lines);
    fuzz_add(t, p->children);
    fuzz_add(t, p->end - p->start);
    fuzz_add(t, p->size);
    fuzz_add(t, p->lines);
    const mp_text *texts[] = {&p->type, &p->subtype, &p->id, &p->description, &p->encoding, &p->md5, &p->disposition};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        add_text(t, data, texts[i]);
    add_strings(t, data, p->params, loose);
    add_strings(t, data, p->disposition_params, loose);
    add_strings(t, data, p->language, loose);
}

static fuzz_trace subtree(const mp_body *b, uint32_t root, const uint8_t *data)
{
    fuzz_trace t = FUZZ_TRACE;
    for (uint32_t i = root; i < b->n && b->parts[i].start < b->parts[root].end; i++)
        add_part(&t, data, &b->parts[i], b->loose);
    return t;
}

/* split == whole: each part reads alone as it does inside the whole. */
static void check_body(const uint8_t *data, size_t len, const mp_limits *limits, fuzz_trace *t)
{
    mp_body body;
    mp_error err;
    mp_body_init(&body, mp_alloc_libc());
    mp_status status = mp_read_body(&body, data, len, limits, &err);
    fuzz_add(t, (uint64_t)status);
    for (uint32_t i = 0; status == MP_OK && i < body.n; i++) {
        const mp_body_part *p = &body.parts[i];
        REQUIRE(p->end <= len && p->start < p->end && (i == 0 || p->parent < i));
        fuzz_trace inside = subtree(&body, i, data);
        fuzz_add(t, inside.hash);
        if (i == 0 || i > 8 || body.loose) /* where quotes are mended, what stands around counts */
            continue;
        mp_body alone;
        mp_body_init(&alone, mp_alloc_libc());
        uint8_t *copy = padded(data + p->start, p->end - p->start, '(');
        REQUIRE(mp_read_body(&alone, copy, p->end - p->start, limits, &err) == MP_OK);
        fuzz_trace apart = subtree(&alone, 0, copy);
        REQUIRE(alone.loose || fuzz_same(&inside, &apart));
        free(copy);
        mp_body_free(&alone);
    }
    mp_body_free(&body);
}

static void check_value(const uint8_t *data, size_t len, const mp_limits *limits, fuzz_trace *t)
{
    uint8_t *copy = padded(data, len, '(');
    check_rewritten(write_envelope, copy, len, limits, t);
    check_body(copy, len, limits, t);
    free(copy);
}

/* ---- FETCH --------------------------------------------------------------------------------------------- */

static bool put_item(fuzz_wire *w, const uint8_t *unit, const mp_fetch_item *item)
{
    if (item->absent)
        return false;
    uint8_t *name = fuzz_room(item->name.len);
    size_t len = mp_normalise_section(unit, item->name, name);
    REQUIRE(len <= item->name.len);
    fuzz_put(w, name, len);
    free(name);
    fuzz_puts(w, " ");
    switch (item->kind) {
    case MP_FETCH_UID:
    case MP_FETCH_SIZE:
    case MP_FETCH_BINARY_SIZE:
    case MP_FETCH_GM_MSGID:
    case MP_FETCH_GM_THRID:
        put_number(w, item->number);
        break;
    case MP_FETCH_MODSEQ:
        fuzz_puts(w, "(");
        put_number(w, item->number);
        fuzz_puts(w, ")");
        break;
    case MP_FETCH_INTERNALDATE:
    case MP_FETCH_SECTION:
    case MP_FETCH_PREVIEW:
    case MP_FETCH_SAVEDATE:
        put_text(w, unit, &item->text);
        break;
    case MP_FETCH_EMAILID:
    case MP_FETCH_THREADID:
        fuzz_puts(w, "(");
        put_span(w, unit, item->text.span);
        fuzz_puts(w, ")");
        break;
    default:
        put_span(w, unit, item->value);
        break;
    }
    return true;
}

/* A FETCH row with all that could be read of it, in one form. */
static bool write_fetch(const uint8_t *unit, size_t len, const mp_limits *limits, fuzz_wire *w)
{
    mp_response_head head;
    mp_fetch_scan scan;
    mp_fetch_item item;
    mp_error err;
    if (mp_read_response_head(unit, len, &head, &err) != MP_OK ||
        (head.kind != MP_RESP_FETCH && head.kind != MP_RESP_UIDFETCH) ||
        mp_fetch_begin(&scan, unit, &head, limits, &err) != MP_OK)
        return false;
    fuzz_puts(w, "* ");
    put_number(w, head.number);
    fuzz_puts(w, head.kind == MP_RESP_FETCH ? " FETCH (" : " UIDFETCH (");
    bool first = true;
    for (;;) {
        if (mp_fetch_next(&scan, &item, &err) != MP_OK)
            return false;
        if (item.kind == MP_FETCH_END)
            break;
        REQUIRE((size_t)item.value.off + item.value.len <= head.end);
        REQUIRE((size_t)item.text.span.off + item.text.span.len <= head.end);
        size_t before = w->len;
        if (!first)
            fuzz_puts(w, " ");
        if (put_item(w, unit, &item))
            first = false;
        else
            w->len = before;
    }
    fuzz_puts(w, ")\r\n");
    /* what was cut out where the grammar failed may read otherwise where it does not */
    return !(scan.defects.bits & (MP_DEFECT_UNESCAPED_QUOTE | MP_DEFECT_UNBALANCED | MP_DEFECT_BAD_ITEM));
}

static void check_fetch(const uint8_t *unit, const mp_response_head *head, const mp_limits *limits, fuzz_trace *t)
{
    mp_fetch_scan scan;
    mp_fetch_item item;
    mp_error err;
    if (mp_fetch_begin(&scan, unit, head, limits, &err) != MP_OK)
        return;
    while (mp_fetch_next(&scan, &item, &err) == MP_OK && item.kind != MP_FETCH_END) {
        fuzz_add(t, (uint64_t)item.kind << 8 | item.absent);
        if (unit[item.value.off] == '(')
            check_value(unit + item.value.off, item.value.len, limits, t);
    }
    fuzz_add(t, scan.defects.bits);
}

/* ---- through the tape ---------------------------------------------------------------------------------- */

/* Tokens in one form: single spaces, strings as they need to be. */
static bool write_tape(const uint8_t *data, size_t len, const mp_limits *limits, fuzz_wire *w)
{
    mp_tape tape;
    mp_error err;
    mp_tape_init(&tape, mp_alloc_libc());
    mp_status status = mp_tape_build(&tape, data, 0, len, limits, &err);
    uint32_t ends[64];
    int depth = 0;
    for (uint32_t i = 0; status == MP_OK && i <= tape.n; i++) {
        while (depth > 0 && ends[depth - 1] == i) {
            fuzz_puts(w, ")");
            depth--;
        }
        if (i == tape.n)
            break;
        const mp_token *tok = &tape.tok[i];
        REQUIRE(tok->next > i && tok->next <= tape.n && (size_t)tok->off + tok->len <= len);
        if (w->len && w->data[w->len - 1] != '(')
            fuzz_puts(w, " ");
        static const uint8_t kinds[] = {MP_TEXT_ATOM, MP_TEXT_QUOTED, MP_TEXT_QUOTED_ESC, MP_TEXT_LITERAL, MP_TEXT_LITERAL8};
        if (tok->kind == MP_TOK_LIST) {
            REQUIRE(depth < 64);
            ends[depth++] = tok->next;
            fuzz_puts(w, "(");
        } else if (tok->kind == MP_TOK_ATOM) {
            fuzz_put(w, data + tok->off, tok->len);
        } else {
            mp_text text = {{tok->off, tok->len}, kinds[tok->kind], 0};
            put_text(w, data, &text);
        }
    }
    mp_tape_free(&tape);
    return status == MP_OK;
}

static void add_span(fuzz_trace *t, mp_span span) { fuzz_add(t, (uint64_t)span.off << 32 | span.len); }

/* Rows that are scanned without a tape are what the cursor reads. */
static void check_scans(const uint8_t *unit, const mp_response_head *head, mp_cursor *c, mp_cursor from)
{
    mp_limits limits = bounds();
    mp_mailbox_list row, scanned;
    if (mp_scan_mailbox_list(unit, head, &limits, &scanned)) {
        *c = from;
        REQUIRE(mp_read_mailbox_list(c, &row) == MP_OK && row.defects.bits == scanned.defects.bits && row.extended == 0);
        REQUIRE(row.mailbox.span.off == scanned.mailbox.span.off && row.mailbox.span.len == scanned.mailbox.span.len);
        REQUIRE(row.attributes.off == scanned.attributes.off && row.attributes.len == scanned.attributes.len);
        REQUIRE(row.mailbox.kind == scanned.mailbox.kind && row.delimiter.kind == scanned.delimiter.kind);
    }
    mp_status_row status;
    if (mp_scan_status(unit, head, &limits, &status)) {
        mp_text mailbox;
        mp_list list;
        mp_data data;
        mp_defects defects = {0};
        *c = from;
        REQUIRE(mp_read_status_head(c, &mailbox, &list, &defects) == MP_OK && defects.bits == 0);
        REQUIRE(mailbox.span.off == status.mailbox.span.off && mailbox.span.len == status.mailbox.span.len);
        mp_data_init(&data, mp_alloc_libc());
        REQUIRE(mp_read_items(&data, MP_ITEMS_STATUS, c) == MP_OK);
        REQUIRE(data.count == 1 + 3 * status.n && data.items[0].count == status.n); /* each a list, a name and a number */
        for (uint32_t n = 0; n < status.n; n++) {
            REQUIRE(data.items[3 * n + 2].text.span.off == status.items[n].name.off);
            if (data.items[3 * n + 3].kind == MP_DATUM_NUMBER)
                REQUIRE((uint64_t)data.items[3 * n + 3].number == status.items[n].number);
            else
                REQUIRE(data.items[3 * n + 3].kind == MP_DATUM_TREE && data.defects.bits == MP_DEFECT_BAD_VALUE); /* MAILBOXID 5 */
        }
        mp_data_free(&data);
    }
}

static void check_tape(const uint8_t *unit, mp_response_head *head, const mp_limits *limits, fuzz_trace *t)
{
    mp_error err;
    mp_tape tape;
    mp_cursor c;
    mp_tape_init(&tape, mp_alloc_libc());
    if (mp_build_response_tape(&tape, unit, head, limits, &err) == MP_OK) {
        fuzz_add(t, tape.n);
        mp_mailbox_list row;
        mp_span span;
        mp_text text;
        mp_list list;
        mp_defects defects = {0};
        bool earlier;
        mp_cursor_init(&c, unit, head->rest, head->end, &tape, limits, &err);
        const mp_cursor from = c;
        if (mp_read_mailbox_list(&c, &row) == MP_OK) {
            add_span(t, row.mailbox.span);
            fuzz_add(t, row.defects.bits);
        }
        c = from;
        mp_skip_sp(&c);
        if (mp_read_flag_list(&c, &span, &defects) == MP_OK)
            add_span(t, span);
        c = from;
        if (mp_read_status_head(&c, &text, &list, &defects) == MP_OK) {
            mp_data data;
            mp_data_init(&data, mp_alloc_libc());
            check_data(&data, mp_read_items(&data, MP_ITEMS_STATUS, &c), &tape, head->end, t);
            mp_data_free(&data);
        }
        check_rows(from, &tape, t);
        c = from;
        if (mp_read_vanished(&c, &earlier, &span, &defects) == MP_OK)
            add_span(t, span);
        if (head->kind == MP_RESP_LIST || head->kind == MP_RESP_LSUB || head->kind == MP_RESP_STATUS)
            check_scans(unit, head, &c, from);
        check_rewritten(write_tape, unit + head->rest, head->end - head->rest, limits, t);
    }
    mp_tape_free(&tape);
}

/* The fast skip and the slow one agree on where a list ends, or on the error. */
static void check_skips(const uint8_t *unit, uint32_t end, const mp_limits *limits)
{
    const uint8_t *open = memchr(unit, '(', end);
    if (!open)
        return;
    uint32_t fast = (uint32_t)(open - unit), slow = fast;
    mp_error fast_err, slow_err;
    mp_status a = mp_skip_list(unit, &fast, end, limits, &fast_err),
              b = mp_skip_list_slow(unit, &slow, end, 0, limits, &slow_err);
    REQUIRE(a == b && (a == MP_OK ? fast == slow : fast_err.offset == slow_err.offset));
}

/* ---- SEARCH -------------------------------------------------------------------------------------------- */

/* The numbers, each alone, and the mod-sequence. */
static bool write_search(const uint8_t *unit, size_t len, const mp_limits *limits, fuzz_wire *w)
{
    (void)limits;
    mp_response_head head;
    mp_error err;
    size_t count = 0;
    if (mp_read_response_head(unit, len, &head, &err) != MP_OK || head.kind != MP_RESP_SEARCH)
        return false;
    mp_search search = {.unit = unit, .at = head.rest, .end = head.end};
    size_t capacity = mp_search_capacity(&search);
    uint32_t *pairs = (uint32_t *)(void *)fuzz_room(capacity * 2 * sizeof *pairs);
    bool ok = mp_read_search(&search, pairs, &count, &err) == MP_OK;
    REQUIRE(!ok || count <= capacity);
    fuzz_puts(w, "* SEARCH");
    for (size_t i = 0; ok && i < count; i++) {
        REQUIRE(pairs[2 * i] >= 1 && pairs[2 * i] <= pairs[2 * i + 1]);
        for (uint64_t number = pairs[2 * i]; number <= pairs[2 * i + 1]; number++) {
            fuzz_puts(w, " ");
            put_number(w, number);
        }
    }
    if (search.has_modseq) {
        fuzz_puts(w, " (MODSEQ ");
        put_number(w, search.modseq);
        fuzz_puts(w, ")");
    }
    fuzz_puts(w, "\r\n");
    free(pairs);
    return ok;
}

/* ---- one stream ---------------------------------------------------------------------------------------- */

/* Where text is read, no literal was announced: it would have swallowed what follows. */
static bool may_announce(const uint8_t *unit, const mp_response_head *head)
{
    static const char code[] = "[BADCHARSET (";
    const uint8_t *open = memchr(unit, '[', head->line_end);
    return (head->kind != MP_RESP_CONTINUATION && (head->kind < MP_RESP_OK || head->kind > MP_RESP_PREAUTH)) ||
           (open && head->line_end - (size_t)(open - unit) >= sizeof code - 1 &&
            mp_is_word(open, sizeof code - 1, code, sizeof code - 1));
}

static void read_unit(const uint8_t *unit, size_t len, uint32_t literals, const mp_limits *limits, fuzz_trace *t)
{
    mp_response_head head;
    mp_status_text text;
    mp_error err;
    mp_status status = mp_read_response_head(unit, len, &head, &err);
    REQUIRE(status != MP_OK || literals == 0 || may_announce(unit, &head));
    fuzz_add(t, (uint64_t)status);
    if (status != MP_OK) {
        REQUIRE(err.offset <= len && err.expected != NULL);
        return;
    }
    REQUIRE(head.end <= len && head.rest <= head.end);
    fuzz_add(t, (uint64_t)head.kind << 32 | head.defects.bits);
    fuzz_add(t, head.number);
    add_span(t, head.tag);
    if (mp_read_resp_text(unit, &head, &text, &err) == MP_OK) {
        REQUIRE((size_t)text.text.off + text.text.len <= head.end && (size_t)text.args.off + text.args.len <= head.end);
        add_span(t, text.text);
        fuzz_add(t, (uint64_t)text.code << 32 | text.defects.bits);
    }
    check_fetch(unit, &head, limits, t);
    check_skips(unit, head.end, limits);
    check_threads(unit, &head, limits, t);
    check_tape(unit, &head, limits, t);
    check_rewritten(write_fetch, unit, len, limits, t);
    check_rewritten(write_search, unit, len, limits, t);
}

/* In the reads that `cuts` gives, or, if it is NULL, in one. */
static fuzz_trace run(const uint8_t *data, size_t size, fuzz_cuts *cuts, uint8_t padding)
{
    mp_limits limits = bounds();
    mp_framer framer;
    fuzz_trace t = FUZZ_TRACE;
    size_t start = 0, have = cuts ? 0 : size;
    mp_framer_init(&framer, MP_SERVER_SENDS, &limits);
    for (;;) {
        mp_frame frame;
        mp_error err;
        uint8_t *read = padded(data + start, have - start, padding);
        mp_status status = mp_framer_next(&framer, read, have - start, &frame, &err);
        free(read);
        if (status == MP_NEED_MORE) {
            if (have == size)
                break;
            have += fuzz_cut(cuts, size - have);
        } else if (status != MP_OK) {
            fuzz_add(&t, err.offset + 1000);
            break;
        } else {
            uint8_t *unit = padded(data + start, frame.len, padding);
            read_unit(unit, frame.len, frame.literals, &limits, &t);
            free(unit);
            start += frame.len;
        }
    }
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 4000)
        return 0;
    fuzz_cuts cuts = fuzz_cuts_from(data[0]);
    fuzz_trace whole = run(data + 1, size - 1, NULL, data[size - 1]), split = run(data + 1, size - 1, &cuts, ')');
    REQUIRE(fuzz_same(&whole, &split));
    return 0;
}
