/* BODY and BODYSTRUCTURE: RFC 9051 section 7.5.2. One loop over an array of parts; a part knows its parent, so nesting
 * costs no stack. */
#include "mailproto/imap_response.h"

#include <string.h>

#include "scan.h"
#include "slice.h"

void mp_body_init(mp_body *b, mp_alloc alloc) { *b = (mp_body){.alloc = alloc}; }

void mp_body_free(mp_body *b)
{
    b->alloc.free(b->alloc.ctx, b->parts);
    b->parts = NULL;
    b->n = b->capacity = 0;
}

static mp_status add_part(mp_body *b, uint32_t parent, uint32_t start, const mp_limits *limits, mp_error *err)
{
    if (b->n >= limits->max_parts)
        return mp_fail_limit(err, start, "max_parts");
    if (b->n == b->capacity) {
        uint32_t want = b->capacity ? b->capacity * 2 : 5; /* a kilobyte, which allocators have at hand */
        mp_body_part *parts = b->alloc.realloc(b->alloc.ctx, b->parts, b->capacity * sizeof *parts, want * sizeof *parts);
        if (!parts)
            return mp_fail(err, MP_E_NOMEM, start, "memory");
        b->parts = parts;
        b->capacity = want;
    }
    mp_body_part *p = &b->parts[b->n++];
    memset(p, 0, sizeof *p);
    p->parent = parent;
    p->start = start;
    p->first_child = p->last_child = p->sibling = MP_NO_PART;
    if (parent != MP_NO_PART) {
        mp_body_part *holder = &b->parts[parent];
        uint32_t self = b->n - 1;
        if (holder->children++)
            b->parts[holder->last_child].sibling = self;
        else
            holder->first_child = self;
        holder->last_child = self;
    }
    return MP_OK;
}

#define TRY(call)                       \
    do {                                \
        mp_status status_ = (call);     \
        if (status_ != MP_OK)           \
            return status_;             \
    } while (0)

static bool here(const mp_slice *s, uint8_t ch) { return s->at < s->end && s->data[s->at] == ch; }

/* A list or NIL, kept whole. "" counts as NIL with a defect. */
static mp_status read_list(mp_slice *s, const mp_limits *limits, mp_span *out_r, mp_defects *defects, const char *rule)
{
    uint32_t from = s->at;
    *out_r = (mp_span){from, 0};
    if (here(s, '(')) {
        mp_status status = mp_slice_list(s, limits, out_r);
        if (status == MP_OK && out_r->len == 2)
            mp_defect(defects, MP_DEFECT_BAD_VALUE, from); /* "()" for NIL */
        return status;
    }
    mp_text text;
    TRY(mp_slice_text(s, defects, &text));
    if (text.kind == MP_TEXT_NIL)
        return MP_OK;
    if (text.span.len)
        return mp_fail(s->err, MP_E_SYNTAX, from, rule);
    mp_defect(defects, MP_DEFECT_BAD_VALUE, from);
    return MP_OK;
}

/* number, or NIL or -1 by mistake */
static mp_status read_number(mp_slice *s, uint64_t *out_r, mp_defects *defects)
{
    const uint8_t *p = s->data + s->at;
    uint64_t value = 0;
    while (p < s->data + s->end && (unsigned)(*p - '0') <= 9 && p - (s->data + s->at) < 18)
        value = value * 10 + (uint64_t)(*p++ - '0');
    if (p != s->data + s->at && p < s->data + s->end && (*p == ' ' || *p == ')')) {
        *out_r = value;
        s->at = (uint32_t)(p - s->data);
        return MP_OK;
    }
    mp_text text;
    mp_defects ignored = {0};
    uint32_t from = s->at;
    TRY(mp_slice_text(s, &ignored, &text));
    if (text.kind == MP_TEXT_NIL || (text.kind != MP_TEXT_LITERAL && text.span.len == 0)) {
        *out_r = 0;
        mp_defect(defects, MP_DEFECT_BAD_NUMBER, from);
        return MP_OK;
    }
    if (text.kind != MP_TEXT_ATOM)
        mp_defect(defects, MP_DEFECT_BAD_NUMBER, from);
    const uint8_t *digits = s->data + text.span.off;
    if (mp_parse_number(digits, text.span.len, INT64_MAX, out_r))
        return MP_OK;
    if (text.kind != MP_TEXT_ATOM || !(*digits == '-' || mp_char_class[*digits] & MP_C_DIGIT))
        return mp_fail(s->err, MP_E_SYNTAX, from, "number");
    *out_r = 0; /* -1, 1.5e3 */
    mp_defect(defects, MP_DEFECT_BAD_NUMBER, from);
    return MP_OK;
}

/* body-fld-dsp = "(" string SP body-fld-param ")" / nil */
static mp_status read_disposition(mp_slice *s, const mp_limits *limits, mp_body_part *p)
{
    p->disposition = (mp_text){{s->at, 0}, MP_TEXT_NIL, 0};
    if (!here(s, '(')) {
        TRY(mp_slice_text(s, &p->defects, &p->disposition));
        if (p->disposition.kind != MP_TEXT_NIL) /* a bare string: old servers without parameters */
            mp_defect(&p->defects, MP_DEFECT_BAD_VALUE, s->at);
        return MP_OK;
    }
    s->at++;
    mp_slice_sp(s, &p->defects, 0);
    TRY(mp_slice_text(s, &p->defects, &p->disposition));
    if (p->disposition.kind == MP_TEXT_NIL)
        mp_defect(&p->defects, MP_DEFECT_NIL_STRING, p->disposition.span.off);
    if (here(s, ')'))
        mp_defect(&p->defects, MP_DEFECT_BAD_VALUE, s->at);
    else {
        mp_slice_sp(s, &p->defects, 1);
        TRY(read_list(s, limits, &p->disposition_params, &p->defects, "body-fld-param"));
        mp_slice_sp(s, &p->defects, 0);
    }
    if (!here(s, ')'))
        return mp_fail(s->err, MP_E_SYNTAX, s->at, "\")\"");
    s->at++;
    return MP_OK;
}

/* body-fld-lang = nstring / "(" string *(SP string) ")" */
static mp_status read_language(mp_slice *s, const mp_limits *limits, mp_body_part *p)
{
    uint32_t from = s->at;
    if (here(s, '(')) {
        mp_status status = mp_slice_list(s, limits, &p->language);
        if (status == MP_OK && p->language.len == 2)
            mp_defect(&p->defects, MP_DEFECT_BAD_VALUE, from);
        return status;
    }
    mp_text text;
    TRY(mp_slice_text(s, &p->defects, &text));
    if (text.kind == MP_TEXT_NIL)
        return MP_OK;
    p->language = (mp_span){from, s->at - from};
    return MP_OK;
}

/* body-extension = nstring / number / number64 / "(" body-extension *(SP body-extension) ")": what begins like one */
static bool is_extension(const mp_slice *s)
{
    const uint8_t *p = s->data + s->at;
    return here(s, '(') || here(s, '"') || here(s, '{') || (s->at < s->end && (mp_char_class[*p] & MP_C_DIGIT)) ||
           (s->end - s->at > 3 && MP_IS(p, 3, "NIL") && (p[3] == ' ' || p[3] == ')'));
}

/* body-ext-1part and body-ext-mpart, up to the part's ")": the first field is MD5 in the one, parameters in the other,
 * then disposition, language, location, and whatever the future brings. Every step is optional. */
static mp_status read_extension(mp_slice *s, const mp_limits *limits, mp_body_part *p)
{
    for (;;) {
        uint32_t from = s->at;
        while (here(s, ' '))
            s->at++;
        if (here(s, ')')) {
            if (s->at != from)
                mp_defect(&p->defects, MP_DEFECT_EXTRA_SPACE, from);
            p->end = ++s->at;
            return MP_OK;
        }
        if (s->at != from + 1)
            mp_defect(&p->defects, s->at == from ? MP_DEFECT_MISSING_SPACE : MP_DEFECT_EXTRA_SPACE, from);
        from = s->at;
        switch (p->extended) {
        case 0:
            if (p->kind == MP_BODY_MULTIPART)
                TRY(read_list(s, limits, &p->params, &p->defects, "body-fld-param"));
            else
                TRY(mp_slice_text(s, &p->defects, &p->md5));
            break;
        case 1:
            TRY(read_disposition(s, limits, p));
            break;
        case 2:
            TRY(read_language(s, limits, p));
            break;
        case 3:
            TRY(mp_slice_text(s, &p->defects, &p->location));
            break;
        default:
            if (!is_extension(s))
                mp_defect(&p->defects, MP_DEFECT_ATOM_STRING, from);
            TRY(mp_skip_value(s->data, &s->at, s->end, limits, s->err));
            if (p->others.len == 0)
                p->others.off = from;
            p->others.len = s->at - p->others.off;
            continue;
        }
        p->extended++;
    }
}

/* Whether a string spells `word`, in any case and with any octet of it escaped: "te\\xt" is TEXT. */
static bool spells(const mp_slice *s, const mp_text *text, const char *word)
{
    const uint8_t *p = s->data + text->span.off;
    uint8_t plain[32];
    size_t len = text->span.len;
    if (text->kind == MP_TEXT_NIL)
        return false;
    if (text->kind == MP_TEXT_QUOTED_ESC) {
        if (len > sizeof plain)
            return false;
        len = mp_unescape(plain, p, len);
        p = plain;
    }
    return len == strlen(word) && mp_is_word(p, len, word, len);
}

static bool is_nil(const mp_slice *s)
{
    return s->end - s->at > 3 && MP_IS(s->data + s->at, 3, "NIL") && (s->data[s->at + 3] == ' ' || s->data[s->at + 3] == ')');
}

/* body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP body-fld-octets, up to the octets */
static mp_status read_fields(mp_slice *s, const mp_limits *limits, mp_body_part *p)
{
    TRY(read_list(s, limits, &p->params, &p->defects, "body-fld-param"));
    mp_slice_sp(s, &p->defects, 1);
    TRY(mp_slice_text(s, &p->defects, &p->id));
    mp_slice_sp(s, &p->defects, 1);
    TRY(mp_slice_text(s, &p->defects, &p->description));
    mp_slice_sp(s, &p->defects, 1);
    TRY(mp_slice_text(s, &p->defects, &p->encoding));
    if (p->encoding.kind == MP_TEXT_NIL)
        mp_defect(&p->defects, MP_DEFECT_NIL_STRING, p->encoding.span.off);
    return MP_OK;
}

/* NIL for the envelope of an attached message, its body or NIL, and its lines, which without the envelope say nothing. */
static bool pass_nil_message(mp_slice *s, const mp_limits *limits)
{
    uint32_t at = s->at + 4;
    mp_error ignored;
    if (!is_nil(s) || s->data[at - 1] != ' ' || mp_skip_value(s->data, &at, s->end, limits, &ignored) != MP_OK ||
        at + 1 >= s->end || s->data[at] != ' ' || !(mp_char_class[s->data[++at]] & MP_C_DIGIT))
        return false;
    while (at < s->end && mp_char_class[s->data[at]] & MP_C_DIGIT)
        at++;
    s->at = at;
    return true;
}

/* Whether there are so few values up to the part's ")" that they are body-ext-mpart: a part has five at the least. */
static bool is_empty_multipart(const mp_slice *s, const mp_limits *limits)
{
    uint32_t at = s->at;
    mp_error ignored;
    for (int values = 0; values < 5; values++) {
        while (at < s->end && s->data[at] == ' ')
            at++;
        if (at < s->end && s->data[at] == ')')
            return true;
        if (mp_skip_value(s->data, &at, s->end, limits, &ignored) != MP_OK)
            return false;
    }
    return false;
}

/* A multipart that lost its parts, as Gmail writes it, up to its extension data: ("ALTERNATIVE"), ("ALTERNATIVE" ("BOUNDARY"
 * "x") NIL NIL), and (NIL "alternative" ("boundary" "x") NIL NIL) of others. */
static mp_status read_empty_multipart(mp_slice *s, const mp_limits *limits, mp_body_part *p, bool *found_r)
{
    const uint32_t start = s->at;
    uint32_t behind = start;
    mp_text subtype = p->type;
    while (here(s, ' '))
        s->at++;
    *found_r = here(s, ')') || here(s, '(') || is_nil(s);
    if (!*found_r && p->type.kind == MP_TEXT_NIL && here(s, '"')) {
        TRY(mp_slice_text(s, &p->defects, &subtype));
        behind = s->at;
        *found_r = true;
    }
    *found_r = *found_r && is_empty_multipart(s, limits);
    s->at = start;
    if (*found_r) {
        p->kind = MP_BODY_MULTIPART;
        p->subtype = subtype;
        s->at = behind;
        mp_defect(&p->defects, MP_DEFECT_EMPTY_MULTIPART, behind);
    }
    return MP_OK;
}

/* media-type SP body-fields, and what the type adds; stops before an enclosed body or the extension data. */
static mp_status read_one_part(mp_slice *s, const mp_limits *limits, mp_body_part *p, bool *enclosed_r)
{
    *enclosed_r = false;
    TRY(mp_slice_text(s, &p->defects, &p->type));
    if (p->type.kind == MP_TEXT_NIL)
        mp_defect(&p->defects, MP_DEFECT_NIL_STRING, p->type.span.off);
    bool empty = false;
    if (p->type.kind == MP_TEXT_NIL || s->end - s->at < 2 || s->data[s->at] != ' ' || s->data[s->at + 1] != '"')
        TRY(read_empty_multipart(s, limits, p, &empty));
    if (empty)
        return MP_OK;
    mp_slice_sp(s, &p->defects, 1);
    const uint32_t at = s->at;
    const mp_defects before = p->defects;
    const bool nil = is_nil(s);
    if (nil) {
        p->subtype = (mp_text){{at, 0}, MP_TEXT_NIL, 0};
        mp_defect(&p->defects, MP_DEFECT_NIL_STRING, at);
        s->at += 3;
    } else if (!here(s, '(')) {
        TRY(mp_slice_text(s, &p->defects, &p->subtype));
    }
    if (s->at != at) {
        mp_slice_sp(s, &p->defects, 1);
        TRY(read_fields(s, limits, p));
    }
    /* ("text" ("charset" ...) ...) has no subtype, nor has ("text" NIL NIL NIL "7bit" 5 1): 5 is no encoding */
    if (s->at == at || (nil && p->encoding.kind == MP_TEXT_ATOM && mp_char_class[s->data[p->encoding.span.off]] & MP_C_DIGIT)) {
        s->at = at;
        p->defects = before;
        p->subtype = (mp_text){{at, 0}, MP_TEXT_NIL, 0};
        mp_defect(&p->defects, MP_DEFECT_MISSING_SUBTYPE, at);
        TRY(read_fields(s, limits, p));
    }
    mp_slice_sp(s, &p->defects, 1);
    TRY(read_number(s, &p->size, &p->defects));
    if (spells(s, &p->type, "TEXT")) {
        p->kind = MP_BODY_TEXT;
        if (here(s, ')')) {
            mp_defect(&p->defects, MP_DEFECT_BAD_NUMBER, s->at);
            return MP_OK;
        }
        mp_slice_sp(s, &p->defects, 1);
        p->has_lines = true;
        return read_number(s, &p->lines, &p->defects);
    }
    if (spells(s, &p->type, "MESSAGE") && (spells(s, &p->subtype, "RFC822") || spells(s, &p->subtype, "GLOBAL"))) {
        uint32_t before_message = s->at;
        while (here(s, ' '))
            s->at++;
        if (!here(s, '(')) { /* some servers show an attached message like any other file */
            mp_defect(&p->defects, MP_DEFECT_BAD_VALUE, s->at);
            if (!pass_nil_message(s, limits))
                s->at = before_message;
            return MP_OK;
        }
        TRY(mp_slice_list(s, limits, &p->envelope));
        mp_slice_sp(s, &p->defects, 1);
        if (here(s, '(') && s->end - s->at > 1 && s->data[s->at + 1] != ')') {
            p->kind = MP_BODY_MESSAGE;
            *enclosed_r = true;
            return MP_OK;
        }
        /* () or NIL for the enclosed body: Domino, for a message that has none; then it is a file like any other */
        mp_span none;
        uint64_t lines;
        mp_defect(&p->defects, MP_DEFECT_BAD_VALUE, s->at);
        TRY(read_list(s, limits, &none, &p->defects, "body"));
        mp_slice_sp(s, &p->defects, 1);
        return read_number(s, &lines, &p->defects);
    }
    return MP_OK;
}

static mp_status read_body(mp_body *b, const uint8_t *data, size_t len, const mp_limits *limits, mp_error *err)
{
    mp_slice s = {data, 0, (uint32_t)len, err, b->loose};
    uint32_t parent = MP_NO_PART, depth = 0;
    b->n = 0;
    for (;;) {
        /* at the "(" of a body inside `parent` */
        if (!here(&s, '('))
            return mp_fail(err, MP_E_SYNTAX, s.at, "body");
        if (++depth > limits->max_depth || depth > MP_MAX_BODY_DEPTH)
            return mp_fail_limit(err, s.at, "max_depth");
        TRY(add_part(b, parent, s.at, limits, err));
        uint32_t index = b->n - 1;
        s.at++;
        mp_slice_sp(&s, &b->parts[index].defects, 0);
        if (here(&s, '(')) {
            b->parts[index].kind = MP_BODY_MULTIPART;
            parent = index;
            continue;
        }
        bool enclosed;
        TRY(read_one_part(&s, limits, &b->parts[index], &enclosed));
        if (enclosed) {
            parent = index;
            continue;
        }
        TRY(read_extension(&s, limits, &b->parts[index]));
        /* one body is complete; so may be those around it */
        for (;;) {
            depth--;
            if (parent == MP_NO_PART)
                return s.at == s.end ? MP_OK : mp_fail(err, MP_E_SYNTAX, s.at, "end of the body");
            mp_body_part *p = &b->parts[parent];
            uint32_t from = s.at;
            while (here(&s, ' '))
                s.at++;
            if (p->kind == MP_BODY_MULTIPART && here(&s, '(')) {
                if (s.at != from)
                    mp_defect(&p->defects, MP_DEFECT_EXTRA_SPACE, from);
                break;
            }
            if (s.at != from + 1)
                mp_defect(&p->defects, s.at == from ? MP_DEFECT_MISSING_SPACE : MP_DEFECT_EXTRA_SPACE, from);
            if (p->kind == MP_BODY_MESSAGE) {
                TRY(read_number(&s, &p->lines, &p->defects));
                p->has_lines = true;
            } else {
                TRY(mp_slice_text(&s, &p->defects, &p->subtype));
                if (p->subtype.kind == MP_TEXT_NIL)
                    mp_defect(&p->defects, MP_DEFECT_NIL_STRING, p->subtype.span.off);
            }
            TRY(read_extension(&s, limits, p));
            parent = p->parent;
        }
    }
}

mp_status mp_read_body(mp_body *b, const uint8_t *data, size_t len, const mp_limits *limits, mp_error *err)
{
    b->loose = false;
    mp_status status = read_body(b, data, len, limits, err);
    mp_defects all = {0};
    for (uint32_t i = 0; i < b->n; i++)
        all.bits |= b->parts[i].defects.bits;
    if (!mp_worth_loose(status, &all))
        return status;
    mp_body second = {.alloc = b->alloc, .loose = true};
    mp_error ignored;
    if (read_body(&second, data, len, limits, &ignored) == MP_OK) {
        all.bits = 0;
        for (uint32_t i = 0; i < second.n; i++)
            all.bits |= second.parts[i].defects.bits;
        if (mp_loose_is_better(status, &all)) {
            mp_body_free(b);
            *b = second;
            return MP_OK;
        }
    }
    mp_body_free(&second);
    return status;
}

mp_status mp_read_list_string(const uint8_t *data, uint32_t *at, uint32_t end, bool loose, mp_text *out_r, bool *found_r,
                              mp_defects *defects, mp_error *err)
{
    mp_slice s = {data, *at, end, err, loose};
    uint32_t from = s.at;
    while (here(&s, ' '))
        s.at++;
    if (s.at - from > 1)
        mp_defect(defects, MP_DEFECT_EXTRA_SPACE, from);
    *found_r = s.at < end && data[s.at] != ')';
    /* a list's first string stands behind "(", and one that is no list behind the SP before it */
    if (*found_r && s.at == from && from && data[from - 1] != '(' && data[from - 1] != ' ')
        mp_defect(defects, MP_DEFECT_MISSING_SPACE, from);
    mp_status status = *found_r ? mp_slice_item(&s, defects, out_r) : MP_OK;
    *at = s.at;
    return status;
}
