/* The responses of the extensions, one row each, and the small machine that reads a tape by a row's pattern.
 *
 * A pattern is a row of elements with one SP between them, as in the grammar:
 *
 *     n  number64, NIL with a defect where it is none     z  number64 without tolerance
 *     c  as z, but NIL and a string of digits with a defect    N  the same for an nz-number: out of range, a defect too
 *     y  as z, with a defect where it is no nz-number
 *     k  as z, with a defect where it is no score         o  objectid, given as a NAME; another with a defect
 *     s  astring                                          t  string, an atom or NIL with a defect
 *     v  nstring or literal8                              d  one QUOTED-CHAR or NIL
 *     a  astring, given as a NAME                         w  the same as a WORD
 *     m  mailbox                                          p  the beginning of one: a string as t
 *     q  sequence-set
 *     r  partial-range: a LIST of two numbers             u  the word UID or nothing: 1 or 0
 *     x  anything, as a TREE                              &k name and value by the items named k
 *     ?e e or nothing                                     ~e e or NIL
 *     :e e where a list comes, else v
 *     (...)  a parenthesised list, whose contents stand for themselves
 *     {...}  the group again and again to the end: a LIST; a group of several elements is a LIST itself
 *     <...>  the same without SP between the groups       !{...}  at least once
 *     [...]  the same, while lists come, within each of them to its end
 *
 * The elements behind v, d, t, p and x may be missing at the end of a list: NIL, with a defect. */
#include "mailproto/imap_data.h"

#include <string.h>

#include "mailproto/imap_text.h"
#include "scan.h"
#include "utf8.h"
#include "values.h"

typedef struct row {
    uint8_t kind; /* mp_response_kind */
    uint8_t form;
    const char *pattern;
    uint32_t defects; /* of what is read by this row */
} row;

/* Rows of one kind are tried in turn. */
static const row rows[] = {
    /* quota-response = "QUOTA" SP quota-root-name SP quota-list                           RFC 9208 section 6
     * quota-list = "(" quota-resource *(SP quota-resource) ")"; RFC 2087 knows "()" too
     * quota-resource = resource-name SP resource-usage SP resource-limit */
    {MP_RESP_QUOTA, 0, "s({wnn})", 0},
    {MP_RESP_QUOTA, 0, "s~({wnn})", MP_DEFECT_BAD_VALUE},
    /* quotaroot-response = "QUOTAROOT" SP mailbox *(SP quota-root-name)                   RFC 9208 section 6 */
    {MP_RESP_QUOTAROOT, 0, "m{s}", 0},
    /* acl-data = "ACL" SP mailbox *(SP identifier SP rights)                              RFC 4314 section 5 */
    {MP_RESP_ACL, 0, "m{sa}", 0},
    /* listrights-data = "LISTRIGHTS" SP mailbox SP identifier SP rights *(SP rights)      RFC 4314 section 5 */
    {MP_RESP_LISTRIGHTS, 0, "msa{a}", 0},
    /* myrights-data = "MYRIGHTS" SP mailbox SP rights                                     RFC 4314 section 5 */
    {MP_RESP_MYRIGHTS, 0, "ma", 0},
    /* metadata-resp = "METADATA" SP mailbox SP (entry-values / entry-list)                RFC 5464 section 5
     * entry-values = "(" entry SP value *(SP entry SP value) ")"; value = nstring / literal8
     * entry-list = entry *(SP entry) */
    {MP_RESP_METADATA, 0, "m({av})", 0},
    {MP_RESP_METADATA, 0, "m~({av})", MP_DEFECT_BAD_VALUE},
    {MP_RESP_METADATA, 1, "m!{a}", 0},
    /* language-data = "LANGUAGE" SP "(" lang-tag-quoted *(SP lang-tag-quoted) ")"         RFC 5255 section 6 */
    {MP_RESP_LANGUAGE, 0, "(!{a})", 0},
    {MP_RESP_LANGUAGE, 0, "!{a}", MP_DEFECT_BAD_VALUE},
    /* comparator-data = "COMPARATOR" SP comp-sel-quoted [SP "(" comp-id-quoted *(SP comp-id-quoted) ")"]
     *                                                                                     RFC 5255 section 5 */
    {MP_RESP_COMPARATOR, 0, "a?({a})", 0},
    {MP_RESP_COMPARATOR, 0, "a{a}", MP_DEFECT_BAD_VALUE},
    /* Namespace = nil / "(" 1*("(" string SP (<"> QUOTED_CHAR <"> / nil) *(Namespace_Response_Extension) ")") ")"
     * Namespace_Response_Extension = SP string SP "(" string *(SP string) ")"             RFC 2342 section 6 */
    {MP_RESP_NAMESPACE, 0, "~(<(pd{ax})>)~(<(pd{ax})>)~(<(pd{ax})>)", 0},
    /* id_params_list = "(" #(string SPACE nstring) ")" / nil                              RFC 2971 section 4 */
    {MP_RESP_ID, 0, "~({tv})", 0},
    /* "JMAPACCESS" SP quoted                                                              RFC 9698 section 4 */
    {MP_RESP_JMAPACCESS, 0, "t", 0},
    /* "UIDBATCHES" search-correlator [SP uid-range *("," uid-range)]                      RFC 10022 section 5 */
    {MP_RESP_UIDBATCHES, 0, "?(!{&c})?q", 0},
    {MP_RESP_UIDBATCHES, 0, "?({&c})?q", MP_DEFECT_BAD_VALUE},
    /* genurlauth-data = "*" SP "GENURLAUTH" 1*(SP url-full)                               RFC 4467 section 9 */
    {MP_RESP_GENURLAUTH, 0, "!{s}", 0},
    /* urlfetch-data = "*" SP "URLFETCH" 1*(SP url-full SP nstring)                        RFC 4467 section 9
     * url-metadata = 1*(SP "(" url-metadata-el ")") instead of the nstring                RFC 5524 section 5 */
    {MP_RESP_URLFETCH, 0, "!{s:[&b]}", 0},
    /* esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)  RFC 9051 section 9
     * search-correlator = SP "(" one-correlator *(SP one-correlator) ")"                  RFC 7377 section 5 */
    {MP_RESP_ESEARCH, 0, "?(!{&c})u{&e}", 0},
    {MP_RESP_ESEARCH, 0, "?({&c})u{&e}", MP_DEFECT_BAD_VALUE},
};

typedef struct item_row {
    const char *name;
    const char *pattern;
} item_row;

/* one-correlator = "TAG" SP tag-string / "MAILBOX" SP astring / "UIDVALIDITY" SP nz-number  RFC 7377 section 5 */
static const item_row correlators[] = {{"TAG", "s"}, {"MAILBOX", "m"}, {"UIDVALIDITY", "y"}, {NULL, NULL}};

/* search-return-data                                                      RFC 9051 section 9, RFC 7162 section 7
 * ret-data-partial = "PARTIAL" SP "(" partial-range SP partial-results ")"                  RFC 9394 section 4
 * ret-data-addto, ret-data-removefrom: "(" 1*(context-position SP sequence-set) ")"         RFC 5267 section 5
 * "RELEVANCY" SP score-list                                                                 RFC 6203 section 7 */
static const item_row return_data[] = {
    {"MIN", "y"}, {"MAX", "y"}, {"COUNT", "z"}, {"ALL", "q"}, {"MODSEQ", "z"}, {"PARTIAL", "(r~q)"},
    {"ADDTO", "(!{zq})"}, {"REMOVEFROM", "(!{zq})"}, {"RELEVANCY", "({k})"}, {NULL, NULL},
};

/* mbox-list-extended-item; childinfo-extended-item, oldname-extended-item                   RFC 9051 section 9 */
static const item_row list_items[] = {{"CHILDINFO", "({w})"}, {"OLDNAME", "(m)"}, {NULL, NULL}};

/* status-att-val: those not in the table are numbers, or trees                              RFC 9051 section 9
 * HIGHESTMODSEQ                                                                             RFC 7162 section 7
 * "MAILBOXID" SP "(" objectid ")"                                                           RFC 8474 section 7
 * "APPENDLIMIT" SP (number / nil)                                                           RFC 7889 section 5 */
static const item_row status_items[] = {
    {"MESSAGES", "c"}, {"UIDNEXT", "N"}, {"UIDVALIDITY", "N"}, {"UNSEEN", "c"}, {"DELETED", "c"}, {"SIZE", "c"},
    {"RECENT", "c"}, {"HIGHESTMODSEQ", "c"}, {"DELETED-STORAGE", "c"}, {"MAILBOXID", "(o)"}, {"APPENDLIMIT", "~z"},
    {NULL, "z"},
};

/* url-metadata-el                                                                           RFC 5524 section 5 */
static const item_row url_items[] = {{"BODY", "v"}, {"BINARY", "v"}, {NULL, NULL}};

static const item_row *const item_tables[] = {correlators, return_data, list_items, status_items, url_items};

static const item_row *items_named(char key)
{
    static const char keys[] = "celtb";
    return item_tables[strchr(keys, key) - keys];
}

void mp_data_init(mp_data *d, mp_alloc alloc) { *d = (mp_data){.alloc = alloc}; }

void mp_data_free(mp_data *d)
{
    d->alloc.free(d->alloc.ctx, d->items);
    *d = (mp_data){.alloc = d->alloc};
}

bool mp_has_data(mp_response_kind kind)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].kind == kind)
            return true;
    return false;
}

/* ---- the machine ---------------------------------------------------------------------------------------- */

/* What a pattern has open. The deepest, NAMESPACE's, nests five levels. */
typedef enum level_kind { LEVEL_LIST, LEVEL_GROUPS, LEVEL_JOINED, LEVEL_LISTS, LEVEL_ITEM } level_kind;
typedef struct level {
    uint8_t kind;
    const char *body;  /* where the group starts; ITEM: where to go on                    */
    uint32_t datum;    /* the LIST that counts the groups; ITEM: its LIST                   */
    mp_list list;      /* LIST, LISTS                                                       */
    mp_cursor before;  /* ITEM: at its value, to read that as a tree                        */
} level;
#define MAX_LEVELS 12

typedef struct machine {
    mp_data *d;
    mp_cursor *c;
    const char *p; /* in the pattern */
    bool fresh;    /* at the start of a list, where no SP comes */
    uint32_t n;    /* levels */
    level levels[MAX_LEVELS];
} machine;

static void flaw(machine *m, uint32_t bit) { mp_defect(&m->d->defects, bit, m->c->pos); }

/* Makes room for one more. */
static mp_status reserve(mp_data *d, mp_cursor *c)
{
    if (d->count < d->room)
        return MP_OK;
    size_t old_size = d->room * sizeof *d->items, want = d->room ? (size_t)d->room * 2 : 32;
    mp_datum *items = want > UINT32_MAX ? NULL : d->alloc.realloc(d->alloc.ctx, d->items, old_size, want * sizeof *items);
    if (!items)
        return mp_fail(c->err, MP_E_NOMEM, c->pos, "memory");
    d->items = items;
    d->room = (uint32_t)want;
    return MP_OK;
}

static mp_status add(mp_data *d, mp_cursor *c, mp_datum value)
{
    mp_status status = reserve(d, c);
    if (status == MP_OK)
        d->items[d->count++] = value;
    return status;
}

static mp_status add_text(machine *m, mp_datum_kind kind, const mp_token *t)
{
    mp_datum value = {.kind = (uint8_t)kind, .text = mp_text_of(t)};
    if (kind != MP_DATUM_MAILBOX || t->kind == MP_TOK_ATOM) /* what names may hold, they say themselves */
        mp_check_high(m->c->data, t, &m->d->defects);
    mp_cursor_skip(m->c);
    return add(m->d, m->c, value);
}

static mp_status add_nil(machine *m, uint32_t defect)
{
    if (defect)
        flaw(m, defect);
    return add(m->d, m->c, (mp_datum){.kind = MP_DATUM_NIL});
}

static mp_status add_number(machine *m, int64_t number)
{
    return add(m->d, m->c, (mp_datum){.kind = MP_DATUM_NUMBER, .number = number});
}

static mp_status add_list(machine *m, uint32_t count)
{
    return add(m->d, m->c, (mp_datum){.kind = MP_DATUM_LIST, .count = count});
}

/* Passes the SP before an element, if only spaces are left everything up to the end. */
static void space(machine *m)
{
    uint32_t n = mp_skip_sp(m->c);
    bool end = mp_cursor_at_end(m->c);
    if (n > (m->fresh || end ? 0u : 1u))
        flaw(m, MP_DEFECT_EXTRA_SPACE);
    else if (n == 0 && !m->fresh && !end)
        flaw(m, MP_DEFECT_MISSING_SPACE);
    m->fresh = false;
}

static bool is_nil(const mp_cursor *c, const mp_token *t)
{
    return t->kind == MP_TOK_ATOM && MP_IS(c->data + t->off, t->len, "NIL");
}

/* partial-range = nz-number ":" nz-number / "-" nz-number ":-" nz-number              RFC 9394 section 4 */
static mp_status read_range(machine *m, const mp_token *t)
{
    const uint8_t *p = m->c->data + t->off, *end = p + t->len;
    int64_t ends[2];
    for (int i = 0; i < 2; i++) {
        bool minus = p < end && *p == '-';
        p += minus;
        const uint8_t *digits = p;
        while (p < end && (mp_char_class[*p] & MP_C_DIGIT))
            p++;
        uint64_t number;
        if (t->kind != MP_TOK_ATOM || !mp_parse_number(digits, (size_t)(p - digits), UINT32_MAX, &number) || number == 0 ||
            (i == 0 ? p == end || *p++ != ':' : p != end || minus != (ends[0] < 0)))
            return mp_cursor_fail(m->c, "partial-range");
        ends[i] = minus ? -(int64_t)number : (int64_t)number;
    }
    mp_cursor_skip(m->c);
    mp_status status = add_list(m, 2);
    if (status == MP_OK)
        status = add_number(m, ends[0]);
    return status == MP_OK ? add_number(m, ends[1]) : status;
}

/* op: n, c, N, z, y or k */
static mp_status read_number(machine *m, char op, const mp_token *t)
{
    uint64_t number, least = op == 'y' || op == 'N' || op == 'k' ? 1 : 0;
    uint64_t most = op == 'k' ? 100 : least ? UINT32_MAX : INT64_MAX;
    bool good = t->kind != MP_TOK_LIST && mp_parse_number(m->c->data + t->off, t->len, INT64_MAX, &number);
    bool none = !good && (op == 'n' || ((op == 'c' || op == 'N') && is_nil(m->c, t)));
    bool other = t->kind != MP_TOK_ATOM; /* a string of digits */
    if (t->kind == MP_TOK_LIST || !(good || none) || (other && (op == 'z' || op == 'y' || op == 'k')))
        return mp_cursor_fail(m->c, "number64");
    if (none || other || number < least || number > most)
        flaw(m, MP_DEFECT_BAD_NUMBER);
    mp_cursor_skip(m->c);
    return good ? add_number(m, (int64_t)number) : add_nil(m, 0);
}

static mp_status read_delimiter(machine *m, const mp_token *t)
{
    if (is_nil(m->c, t)) {
        mp_cursor_skip(m->c);
        return add_nil(m, 0);
    }
    uint32_t c;
    if (t->kind == MP_TOK_LIST || (t->len > (t->kind == MP_TOK_QUOTED_ESC ? 2u : 1u) &&
                                   mp_utf8_character(m->c->data + t->off, t->len, &c) != t->len))
        return mp_cursor_fail(m->c, "one character as hierarchy delimiter");
    if (t->len == 0) {
        mp_cursor_skip(m->c);
        return add_nil(m, MP_DEFECT_BAD_VALUE);
    }
    if (t->kind == MP_TOK_ATOM)
        flaw(m, MP_DEFECT_ATOM_STRING);
    return add_text(m, MP_DATUM_STRING, t);
}

/* One element that is a value; t: the token there, or NULL at the end of the line or list. */
static mp_status read_value(machine *m, char op, const mp_token *t)
{
    size_t count;
    if (op == 'u') {
        bool uid = t && t->kind == MP_TOK_ATOM && MP_IS(m->c->data + t->off, t->len, "UID");
        if (uid)
            mp_cursor_skip(m->c);
        return add_number(m, uid);
    }
    if (!t)
        return strchr("vdtpx", op) && m->n ? add_nil(m, MP_DEFECT_BAD_VALUE) : mp_cursor_fail(m->c, "value");
    switch (op) {
    case 'n':
    case 'c':
    case 'N':
    case 'z':
    case 'y':
    case 'k':
        return read_number(m, op, t);
    case 'r':
        return read_range(m, t);
    case 'd':
        return read_delimiter(m, t);
    case 'x':
        mp_cursor_skip(m->c);
        return add(m->d, m->c, (mp_datum){.kind = MP_DATUM_TREE, .count = (uint32_t)(t - m->c->tok)});
    case 'q':
        if (t->kind != MP_TOK_ATOM || mp_seqset_parse(m->c->data + t->off, t->len, NULL, &count, m->c->err) != MP_OK)
            return mp_cursor_fail(m->c, "sequence-set");
        return add_text(m, MP_DATUM_SET, t);
    default:
        break;
    }
    if (t->kind == MP_TOK_LIST)
        return mp_cursor_fail(m->c, op == 'm' ? "mailbox" : "string");
    if (op == 'v' || op == 't' || op == 'p') {
        if (is_nil(m->c, t)) {
            mp_cursor_skip(m->c);
            return add_nil(m, op == 'v' ? 0 : MP_DEFECT_NIL_STRING);
        }
        if (t->kind == MP_TOK_ATOM)
            flaw(m, MP_DEFECT_ATOM_STRING);
    }
    if ((t->kind == MP_TOK_LITERAL8 && op != 'v') ||
        (op == 'o' && (t->kind != MP_TOK_ATOM || !mp_is_objectid(m->c->data + t->off, t->len))))
        flaw(m, MP_DEFECT_BAD_VALUE);
    if (t->kind == MP_TOK_ATOM && strchr("sam", op) && !mp_is_astring(m->c->data + t->off, t->len))
        flaw(m, MP_DEFECT_ATOM_STRING);
    if (op == 'm' || op == 'p')
        return add_text(m, MP_DATUM_MAILBOX, t);
    return add_text(m, op == 'a' || op == 'o' ? MP_DATUM_NAME : op == 'w' ? MP_DATUM_WORD : MP_DATUM_STRING, t);
}

/* Behind the element at p. */
static const char *behind(const char *p)
{
    while (*p && strchr("!?~:", *p))
        p++;
    if (*p == '&')
        return p + 2;
    int depth = 0;
    do {
        if (*p && strchr("({<[", *p))
            depth++;
        else if (*p && strchr(")}>]", *p))
            depth--;
        p++;
    } while (depth);
    return p;
}

/* How many values the elements from p on give, up to the end of their group. */
static uint32_t width(const char *p)
{
    uint32_t n = 0;
    int lists = 0;
    for (;; p = *p == '(' || *p == ')' ? p + 1 : behind(p)) {
        if (*p == '(')
            lists++;
        else if (*p == ')' && lists)
            lists--;
        else if (!*p || strchr(")}>]", *p))
            return n;
        else
            n++; /* what is optional is one value, whatever it is */
    }
}

static mp_status push(machine *m, level_kind kind, const char *body)
{
    if (m->n == MAX_LEVELS)
        return mp_cursor_fail(m->c, "pattern"); /* no row is so deep */
    level *l = &m->levels[m->n++];
    l->kind = (uint8_t)kind;
    l->body = body;
    l->datum = m->d->count;
    return MP_OK;
}

/* Starts the next group, if one comes. */
static mp_status next_group(machine *m)
{
    level *l = &m->levels[m->n - 1];
    if (l->kind == LEVEL_JOINED) { /* no SP between the groups */
        if (mp_skip_sp(m->c))
            flaw(m, MP_DEFECT_EXTRA_SPACE);
        m->fresh = true;
    } else
        space(m);
    bool more = !mp_cursor_at_end(m->c);
    if (l->kind == LEVEL_LISTS && (more = mp_read_open(m->c, &l->list) == MP_OK) && mp_skip_sp(m->c))
        flaw(m, MP_DEFECT_EXTRA_SPACE);
    if (!more) {
        m->fresh = l->kind == LEVEL_LISTS && !mp_cursor_at_end(m->c); /* the SP was passed, and nothing behind it */
        m->p = behind(l->body - 1);
        m->n--;
        return MP_OK;
    }
    uint32_t values = width(l->body);
    m->fresh = true; /* the SP is behind us */
    m->p = l->body;
    m->d->items[l->datum].count++;
    return values > 1 ? add_list(m, values) : MP_OK;
}

/* The row of a name, which may be quoted and have backslashes in it; the last row for one that has none. */
static const item_row *item_of(const item_row *items, const uint8_t *name, size_t len, bool escaped)
{
    uint8_t plain[48]; /* longer than twice any name in a table */
    if (escaped && len <= sizeof plain) {
        len = mp_unescape(plain, name, len);
        name = plain;
    }
    while (items->name && !mp_is_word(name, len, items->name, strlen(items->name)))
        items++;
    return items;
}

/* &k: the item's name, then the pattern of its value. */
static mp_status begin_item(machine *m, const item_row *items)
{
    const char *next = m->p + 2;
    const mp_token *t = mp_cursor_peek(m->c);
    if (!t || t->kind == MP_TOK_LIST || t->kind == MP_TOK_LITERAL8 || t->len == 0)
        return mp_cursor_fail(m->c, "name");
    if (items != list_items && (t->kind != MP_TOK_ATOM || !mp_is_astring(m->c->data + t->off, t->len))) /* LIST: an astring */
        flaw(m, MP_DEFECT_BAD_VALUE);
    uint32_t datum = m->d->count;
    mp_status status = add_list(m, 2);
    if (status == MP_OK)
        status = add_text(m, MP_DATUM_NAME, t);
    if (status == MP_OK)
        status = reserve(m->d, m->c); /* for mend */
    if (status != MP_OK)
        return status;
    space(m);
    if (mp_cursor_at_end(m->c)) { /* a name without a value */
        flaw(m, MP_DEFECT_BAD_VALUE);
        m->d->count = datum;
        m->d->items[m->levels[m->n - 1].datum].count--; /* of the group: items come in no other way */
        m->p = next;
        return MP_OK;
    }
    m->fresh = true;
    items = item_of(items, m->c->data + t->off, t->len, t->kind == MP_TOK_QUOTED_ESC);
    if (items->name)
        m->d->items[datum + 1].kind = MP_DATUM_WORD;
    status = push(m, LEVEL_ITEM, next);
    if (status != MP_OK)
        return status;
    level *l = &m->levels[m->n - 1];
    l->datum = datum;
    l->before = *m->c;
    m->p = items->pattern ? items->pattern : "x";
    m->d->items[datum].count = 1 + width(m->p);
    return MP_OK;
}

/* The value of the innermost item does not fit: as a tree. False where there is none, or what is there is no value. */
static bool mend(machine *m)
{
    while (m->n && m->levels[m->n - 1].kind != LEVEL_ITEM)
        m->n--;
    if (!m->n)
        return false;
    level *l = &m->levels[--m->n];
    *m->c = l->before;
    const mp_token *t = mp_cursor_peek(m->c);
    if (!t)
        return false;
    m->d->count = l->datum + 2; /* its list and its name; begin_item made room for one more */
    m->d->items[l->datum].count = 2;
    if (m->d->items[l->datum + 1].kind == MP_DATUM_WORD)
        flaw(m, MP_DEFECT_BAD_VALUE);
    m->d->items[m->d->count++] = (mp_datum){.kind = MP_DATUM_TREE, .count = (uint32_t)(t - m->c->tok)};
    mp_cursor_skip(m->c);
    m->p = l->body;
    m->fresh = false;
    return true;
}

/* A list opens in the pattern. */
static mp_status begin_list(machine *m)
{
    mp_list list;
    mp_status status = mp_read_open(m->c, &list);
    if (status == MP_OK)
        status = push(m, LEVEL_LIST, m->p);
    if (status != MP_OK)
        return status;
    m->levels[m->n - 1].list = list;
    m->p++;
    m->fresh = true;
    return MP_OK;
}

static mp_status begin_groups(machine *m)
{
    level_kind kind = *m->p == '{' ? LEVEL_GROUPS : *m->p == '<' ? LEVEL_JOINED : LEVEL_LISTS;
    mp_status status = push(m, kind, m->p + 1);
    if (status == MP_OK)
        status = add_list(m, 0);
    return status == MP_OK ? next_group(m) : status;
}

static mp_status step(machine *m)
{
    mp_status status;
    const mp_token *t;
    level *l;
    switch (*m->p) {
    case ')':
        space(m);
        status = mp_read_close(m->c, &m->levels[m->n - 1].list);
        if (status != MP_OK)
            return status;
        m->n--;
        m->p++;
        m->fresh = false;
        return MP_OK;
    case '}':
    case '>':
    case ']':
        l = &m->levels[m->n - 1];
        if (l->kind == LEVEL_LISTS) {
            space(m);
            if (!mp_cursor_at_end(m->c)) {
                m->d->items[l->datum].count++;
                m->fresh = true;
                m->p = l->body;
                return MP_OK;
            }
            status = mp_read_close(m->c, &l->list);
            if (status != MP_OK)
                return status;
            m->fresh = false;
        }
        return next_group(m);
    case '!':
        space(m);
        if (mp_cursor_at_end(m->c))
            return mp_cursor_fail(m->c, "value");
        m->fresh = true;
        m->p++;
        return MP_OK;
    case '{':
    case '<':
    case '[':
        return begin_groups(m);
    case '&':
        space(m);
        return begin_item(m, items_named(m->p[1]));
    default:
        break;
    }
    space(m);
    t = mp_cursor_peek(m->c);
    if (*m->p == ':') {
        if (t && t->kind == MP_TOK_LIST) {
            m->p++;
            m->fresh = true;
            return MP_OK;
        }
        m->p = behind(m->p);
        return read_value(m, 'v', t);
    }
    if (*m->p == '~' || *m->p == '?') {
        bool absent = *m->p == '~' ? !t || is_nil(m->c, t) : !t || (m->p[1] == '(' && t->kind != MP_TOK_LIST);
        if (!absent) {
            m->p++;
            m->fresh = true;
            return MP_OK;
        }
        if (*m->p == '~' && t)
            mp_cursor_skip(m->c);
        status = add_nil(m, *m->p == '~' && !t ? MP_DEFECT_BAD_VALUE : 0);
        m->fresh = *m->p == '?' && t; /* the SP was passed, and nothing behind it */
        m->p = behind(m->p);
        return status;
    }
    if (*m->p == '(')
        return begin_list(m);
    status = read_value(m, *m->p, t);
    if (status == MP_OK) {
        m->fresh = *m->p == 'u' && m->d->items[m->d->count - 1].number == 0;
        m->p++;
    }
    return status;
}

static mp_status run(mp_data *d, mp_cursor *c, const char *pattern, bool fresh)
{
    machine m = {.d = d, .c = c, .p = pattern, .fresh = fresh};
    d->count = 0;
    d->defects = (mp_defects){0};
    for (;;) {
        if (*m.p) {
            mp_status status = step(&m);
            if (status != MP_OK && (status != MP_E_SYNTAX || !mend(&m)))
                return status;
        } else if (m.n) { /* an item's value was read */
            m.p = m.levels[--m.n].body;
            m.fresh = false;
        } else
            break;
    }
    if (mp_skip_sp(c))
        flaw(&m, MP_DEFECT_EXTRA_SPACE);
    return mp_read_end(c);
}

mp_status mp_read_data(mp_data *d, mp_response_kind kind, mp_cursor *c)
{
    mp_cursor start = *c;
    mp_error worst = {.status = MP_E_SYNTAX, .offset = 0, .expected = "a known response"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].kind != kind)
            continue;
        *c = start;
        d->form = rows[i].form;
        mp_status status = run(d, c, rows[i].pattern, false);
        if (status == MP_OK && rows[i].defects)
            mp_defect(&d->defects, rows[i].defects, start.pos);
        if (status != MP_E_SYNTAX)
            return status;
        if (c->err->offset >= worst.offset)
            worst = *c->err;
    }
    *c->err = worst;
    return MP_E_SYNTAX;
}

mp_status mp_read_items(mp_data *d, mp_item_table table, mp_cursor *c)
{
    static const char *const patterns[] = {"{&c}", "{&e}", "{&l}", "{&t}", "{&b}"};
    d->form = 0;
    return run(d, c, patterns[table], true);
}
