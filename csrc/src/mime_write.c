#include "mime_internal.h"

typedef struct writer {
    mp_mime *m;
    const uint8_t *data;
    const mp_limits *limits;
    mp_buffer *out;
    mp_buffer scratch;
    bool extended;
    uint32_t parameters_left; /* of the part that is being written */
} writer;

static void put(writer *w, const char *text)
{
    mp_put_literal_text(w->out, text);
}

static void put_span(writer *w, mp_span span)
{
    mp_put_string(w->out, w->data + span.off, span.len);
}

/* body-fld-param = "(" string SP string *(SP string SP string) ")" / nil      RFC 9051 section 9
 * RFC 2231's `name*0*` and the like are passed on as they are: undoing them is the client's part. */
static void put_parameters(writer *w, mp_lexer *lx)
{
    mp_span name;
    bool any = false;
    while (mp_read_parameter(lx, &name, &w->scratch)) {
        if (w->parameters_left == 0) {
            mp_note_limit(w->m, "max_parameters", name.off);
            break;
        }
        w->parameters_left--;
        put(w, any ? " " : "(");
        any = true;
        put_span(w, name);
        put(w, " ");
        mp_put_string(w->out, w->scratch.data, w->scratch.len);
    }
    put(w, any ? ")" : "NIL");
}

/* body-fld-dsp = "(" string SP body-fld-param ")" / nil */
static void put_disposition(writer *w, mp_span value)
{
    mp_lexer lx = {w->data, value.off, (size_t)value.off + value.len};
    mp_span type;
    mp_span unused;
    if (value.off == 0 || !mp_read_media(&lx, &type, &unused, true)) {
        put(w, "NIL");
        return;
    }
    put(w, "(");
    put_span(w, type);
    put(w, " ");
    put_parameters(w, &lx);
    put(w, ")");
}

/* body-fld-lang = nstring / "(" string *(SP string) ")"     Content-Language = 1#language-tag  RFC 3282 section 2 */
static void put_languages(writer *w, mp_span value)
{
    mp_lexer lx = {w->data, value.off, (size_t)value.off + value.len};
    mp_span tag;
    mp_span unused;
    bool any = false;
    while (lx.at < lx.end) {
        if (mp_read_media(&lx, &tag, &unused, true)) {
            put(w, any ? " " : "(");
            any = true;
            put_span(w, tag);
        } else if (lx.at < lx.end) {
            lx.at++;
        }
    }
    put(w, any ? ")" : "NIL");
}

/* SP body-fld-dsp SP body-fld-lang SP body-fld-loc: how both kinds of extension data end */
static void put_extension(writer *w, const mp_body_fields *fields)
{
    put(w, " ");
    put_disposition(w, fields->disposition);
    put(w, " ");
    put_languages(w, fields->language);
    put(w, " ");
    mp_put_field(w->out, w->data, fields->location, &w->scratch);
}

/* body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP body-fld-octets, the parameters
 * having been written */
static void put_body_fields(writer *w, const mp_part *part, const mp_body_fields *fields)
{
    mp_span encoding;
    mp_span unused;
    mp_lexer lx = {w->data, fields->encoding.off, (size_t)fields->encoding.off + fields->encoding.len};
    put(w, " ");
    mp_put_field(w->out, w->data, fields->id, &w->scratch);
    put(w, " ");
    mp_put_field(w->out, w->data, fields->description, &w->scratch);
    put(w, " ");
    if (fields->encoding.off != 0 && mp_read_media(&lx, &encoding, &unused, true))
        put_span(w, encoding);
    else
        put(w, "\"7BIT\"");
    put(w, " ");
    mp_put_number(w->out, part->body.len);
}

/* body-type-basic and body-type-text up to the extension data; body-type-msg up to its envelope */
static void put_single(writer *w, const mp_part *part, const mp_body_fields *fields)
{
    mp_lexer lx = {w->data, fields->type.off, (size_t)fields->type.off + fields->type.len};
    mp_span type;
    mp_span subtype;
    bool read = fields->type.off != 0 && mp_read_media(&lx, &type, &subtype, false);
    bool text = false;
    if (part->kind == MP_PART_MESSAGE) {
        put(w, "\"MESSAGE\" \"RFC822\" ");
        read ? put_parameters(w, &lx) : put(w, "NIL"); /* in a digest no type need be given */
    } else if (part->kind == MP_PART_OPAQUE) {
        put(w, "\"APPLICATION\" \"OCTET-STREAM\" NIL");
    } else if (part->kind == MP_PART_BROKEN || !read) {
        /* RFC 2045 section 5.2 */
        put(w, "\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\")");
        text = true;
    } else {
        text = mp_name_is(w->data, type, "text");
        put_span(w, type);
        put(w, " ");
        put_span(w, subtype);
        put(w, " ");
        put_parameters(w, &lx);
    }
    put_body_fields(w, part, fields);
    if (text) {
        put(w, " ");
        mp_put_number(w->out, part->lines);
    }
}

/* SP body-ext-1part, where it is wanted */
static void put_extension_single(writer *w, const mp_body_fields *fields)
{
    if (!w->extended)
        return;
    put(w, " ");
    mp_put_field(w->out, w->data, fields->md5, &w->scratch);
    put_extension(w, fields);
}

static void open_part(writer *w, uint32_t index)
{
    const mp_part *part = &w->m->parts[index];
    mp_body_fields fields;
    put(w, "(");
    if (part->kind == MP_PART_MULTIPART)
        return;
    mp_read_body_fields(w->data, part->header, w->limits, &fields);
    w->parameters_left = w->limits->max_parameters;
    put_single(w, part, &fields);
    if (part->kind == MP_PART_MESSAGE) {
        put(w, " ");
        mp_write_envelope(w->data, w->m->parts[index + 1].header, w->limits, w->m, w->out);
        put(w, " ");
        return;
    }
    put_extension_single(w, &fields);
    put(w, ")");
}

/* What comes after the parts that are inside a part. */
static void close_part(writer *w, uint32_t index)
{
    const mp_part *part = &w->m->parts[index];
    mp_body_fields fields;
    mp_span type;
    mp_span subtype;
    mp_read_body_fields(w->data, part->header, w->limits, &fields);
    w->parameters_left = w->limits->max_parameters;
    put(w, " ");
    if (part->kind == MP_PART_MESSAGE) {
        mp_put_number(w->out, part->lines);
        /* The parameters of Content-Type were counted when the part was opened; at worst the disposition of an
         * embedded message has as many again. */
        put_extension_single(w, &fields);
    } else {
        /* body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart] */
        mp_lexer lx = {w->data, fields.type.off, (size_t)fields.type.off + fields.type.len};
        mp_read_media(&lx, &type, &subtype, false); /* it did when the message was parsed */
        put_span(w, subtype);
        if (w->extended) {
            put(w, " ");
            put_parameters(w, &lx);
            put_extension(w, &fields);
        }
    }
    put(w, ")");
}

void mp_write_body_structure(mp_mime *m, const uint8_t *data, bool extended, const mp_limits *limits, mp_buffer *out)
{
    writer w = {.m = m, .data = data, .limits = limits, .out = out, .extended = extended};
    mp_buffer_init(&w.scratch, out->alloc);
    for (uint32_t i = 0; i < m->count; i++) {
        open_part(&w, i);
        /* Close every part that ends here, innermost first. */
        for (uint32_t inner = i; inner != 0; inner = m->parts[inner].parent) {
            uint32_t parent = m->parts[inner].parent;
            if (m->parts[parent].next != i + 1)
                break;
            close_part(&w, parent);
        }
    }
    out->failed |= w.scratch.failed;
    mp_buffer_free(&w.scratch);
}
