#include "mime_internal.h"

#include <string.h>

/* RFC 2046 section 5.1.1 allows 70 characters; more than this is no boundary, so that a line is compared with
 * little. */
#define BOUNDARY_MAX 256

typedef struct level {
    uint32_t part;      /* the multipart                      */
    uint32_t bound_off; /* its boundary, in parser.boundaries */
    uint32_t bound_len;
} level;

typedef struct parser {
    mp_mime *m;
    const uint8_t *data;
    const mp_limits *limits;
    level *levels; /* the open multiparts whose closing line has not come, outermost first */
    uint32_t depth;
    uint32_t room;
    mp_buffer boundaries;
    mp_buffer scratch;
    uint32_t current; /* the part that the present line belongs to */
    bool in_header;
    uint32_t promised; /* 1 while parts are closed to make way for the next one, which counts already */
    uint32_t lines; /* line ends before the present line        */
} parser;

void mp_mime_init(mp_mime *m, mp_alloc alloc)
{
    *m = (mp_mime){.alloc = alloc};
}

void mp_mime_free(mp_mime *m)
{
    m->alloc.free(m->alloc.ctx, m->parts);
    *m = (mp_mime){.alloc = m->alloc};
}

static bool add_part(parser *p, uint32_t parent, uint32_t start)
{
    mp_mime *m = p->m;
    if (m->count == m->room) {
        uint32_t room = m->room ? m->room * 2 : 8;
        mp_part *grown = m->alloc.realloc(m->alloc.ctx, m->parts, m->room * sizeof *grown, room * sizeof *grown);
        if (grown == NULL)
            return false;
        m->parts = grown;
        m->room = room;
    }
    uint32_t depth = m->count == 0 ? 1 : m->parts[parent].depth + 1;
    p->current = m->count++;
    m->parts[p->current] = (mp_part){.header = {start, 0}, .body = {start, 0}, .parent = parent, .depth = depth};
    p->in_header = true;
    return true;
}

static bool push_level(parser *p, uint32_t part)
{
    if (p->depth == p->room) {
        uint32_t room = p->room ? p->room * 2 : 8;
        mp_alloc alloc = p->m->alloc;
        level *grown = alloc.realloc(alloc.ctx, p->levels, p->room * sizeof *grown, room * sizeof *grown);
        if (grown == NULL)
            return false;
        p->levels = grown;
        p->room = room;
    }
    uint32_t off = (uint32_t)p->boundaries.len;
    mp_buffer_put(&p->boundaries, p->scratch.data, p->scratch.len);
    p->levels[p->depth++] = (level){part, off, (uint32_t)p->scratch.len};
    return !p->boundaries.failed;
}

/* Leaves the boundary in p->scratch; false if there is none that can be used. */
static bool find_boundary(parser *p, mp_lexer *lx)
{
    mp_span name;
    for (uint32_t n = 0; n < p->limits->max_parameters && mp_read_parameter(lx, &name, &p->scratch); n++) {
        if (!mp_name_is(p->data, name, "boundary"))
            continue;
        while (p->scratch.len > 0 && p->scratch.data[p->scratch.len - 1] == ' ')
            p->scratch.len--;
        return p->scratch.len > 0 && p->scratch.len <= BOUNDARY_MAX;
    }
    return false;
}

static mp_part_kind kind_of(parser *p, const mp_part *part, bool *digest_r)
{
    mp_body_fields fields;
    mp_span type;
    mp_span subtype;
    mp_header_end(part->header, p->limits, p->m);
    mp_read_body_fields(p->data, part->header, p->limits, &fields);
    mp_lexer lx = {p->data, fields.type.off, (size_t)fields.type.off + fields.type.len};
    if (fields.type.off == 0) {
        bool in_digest = part->depth > 1 && p->m->parts[part->parent].digest;
        return in_digest ? MP_PART_MESSAGE : MP_PART_LEAF;
    }
    if (!mp_read_media(&lx, &type, &subtype, false))
        return MP_PART_LEAF;
    if (mp_name_is(p->data, type, "message"))
        return mp_name_is(p->data, subtype, "rfc822") ? MP_PART_MESSAGE : MP_PART_LEAF;
    if (!mp_name_is(p->data, type, "multipart"))
        return MP_PART_LEAF;
    *digest_r = mp_name_is(p->data, subtype, "digest");
    return find_boundary(p, &lx) ? MP_PART_MULTIPART : MP_PART_BROKEN;
}

/* The header of the current part ends at `end`; `more` says whether anything can follow it. */
static bool end_header(parser *p, size_t end, bool more)
{
    mp_mime *m = p->m;
    uint32_t index = p->current;
    mp_part *part = &m->parts[index];
    bool digest = false;
    part->header.len = (uint32_t)end - part->header.off;
    part->body.off = (uint32_t)end;
    part->lines = p->lines; /* for now: line ends before the body */
    p->in_header = false;
    mp_part_kind kind = kind_of(p, part, &digest);
    if (kind == MP_PART_MULTIPART && !more)
        kind = MP_PART_BROKEN;
    if (kind == MP_PART_MULTIPART || kind == MP_PART_MESSAGE) {
        const char *limit = part->depth >= p->limits->max_depth   ? "max_depth"
                            : m->count + p->promised >= p->limits->max_parts ? "max_parts"
                                                               : NULL;
        if (limit != NULL) {
            mp_note_limit(m, limit, end);
            kind = MP_PART_OPAQUE;
        }
    }
    part->kind = (uint8_t)kind;
    part->digest = digest;
    if (kind == MP_PART_MULTIPART)
        return push_level(p, index);
    if (kind == MP_PART_MESSAGE)
        return add_part(p, index, (uint32_t)end);
    return true;
}

/* Ends the current part and what it is in, up to but without `until` (the message too if that is UINT32_MAX). `at` is
 * where the present line begins and `end` where the bodies end, before which `lines` line ends are. */
static bool close_parts(parser *p, uint32_t until, size_t at, size_t end, uint32_t lines)
{
    mp_mime *m = p->m;
    while (p->in_header) {
        if (!end_header(p, at, false))
            return false;
    }
    uint32_t index = p->current;
    while (index != until) {
        mp_part *part = &m->parts[index];
        part->body.len = end > part->body.off ? (uint32_t)end - part->body.off : 0;
        part->lines = lines > part->lines ? lines - part->lines : 0;
        part->next = m->count;
        if (part->kind == MP_PART_MULTIPART && part->next == index + 1)
            part->kind = MP_PART_BROKEN;
        if (index == 0)
            break;
        index = part->parent;
    }
    return true;
}

/* dash-boundary transport-padding, or with "--" close-delimiter      RFC 2046 section 5.1.1
 * Returns 0 for another line, 1 for a delimiter, 2 for the closing one. */
static int match_boundary(const parser *p, const level *l, const uint8_t *line, size_t len)
{
    if (len < 2 + (size_t)l->bound_len || memcmp(line + 2, p->boundaries.data + l->bound_off, l->bound_len) != 0)
        return 0;
    size_t i = 2 + (size_t)l->bound_len;
    int found = 1;
    if (i + 1 < len && line[i] == '-' && line[i + 1] == '-') {
        found = 2;
        i += 2;
    }
    for (; i < len; i++) {
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r' && line[i] != '\n')
            return 0;
    }
    return found;
}

/* Looks whether the line is a boundary of any open multipart, innermost first, and acts on it. */
static bool try_boundaries(parser *p, size_t at, size_t stop, bool *was_r)
{
    const uint8_t *line = p->data + at;
    for (uint32_t i = p->depth; i > 0; i--) {
        level *l = &p->levels[i - 1];
        int found = match_boundary(p, l, line, stop - at);
        if (found == 0)
            continue;
        if (found == 1 && p->m->count >= p->limits->max_parts) {
            mp_note_limit(p->m, "max_parts", at);
            return true;
        }
        /* The line end before a boundary belongs to the boundary. */
        size_t end = at;
        uint32_t lines = p->lines;
        if (end > 0) {
            end--;
            lines--;
            if (end > 0 && p->data[end - 1] == '\r')
                end--;
        }
        uint32_t part = l->part;
        p->promised = found == 1;
        if (!close_parts(p, part, at, end, lines))
            return false;
        p->promised = 0;
        p->current = part;
        p->depth = found == 1 ? i : i - 1;
        l = &p->levels[i - 1];
        p->boundaries.len = found == 1 ? (size_t)l->bound_off + l->bound_len : l->bound_off;
        *was_r = true;
        return found == 1 ? add_part(p, part, (uint32_t)stop) : true;
    }
    return true;
}

static bool parse(parser *p, size_t len)
{
    const uint8_t *data = p->data;
    if (!add_part(p, 0, 0))
        return false;
    for (size_t at = 0; at < len;) {
        const uint8_t *lf = memchr(data + at, '\n', len - at);
        size_t stop = lf == NULL ? len : (size_t)(lf - data) + 1;
        bool boundary = false;
        if (p->depth > 0 && data[at] == '-' && stop - at > 2 && data[at + 1] == '-' &&
            !try_boundaries(p, at, stop, &boundary))
            return false;
        p->lines += lf != NULL;
        if (!boundary && p->in_header) {
            bool empty = lf != NULL && (stop - at == 1 || (stop - at == 2 && data[at] == '\r'));
            if (empty && !end_header(p, stop, stop < len))
                return false;
        }
        at = stop;
    }
    p->m->lines = p->lines;
    return close_parts(p, UINT32_MAX, len, len, p->lines);
}

mp_status mp_mime_parse(mp_mime *m, const uint8_t *data, size_t len, const mp_limits *limits, mp_error *err)
{
    if (len > UINT32_MAX)
        return mp_fail_limit(err, UINT32_MAX, "max_unit");
    m->count = 0;
    m->size = (uint32_t)len;
    m->limit = NULL;
    parser p = {.m = m, .data = data, .limits = limits};
    mp_buffer_init(&p.boundaries, m->alloc);
    mp_buffer_init(&p.scratch, m->alloc);
    bool done = parse(&p, len);
    bool failed = !done || p.scratch.failed || p.boundaries.failed;
    m->alloc.free(m->alloc.ctx, p.levels);
    mp_buffer_free(&p.boundaries);
    mp_buffer_free(&p.scratch);
    return failed ? mp_fail(err, MP_E_NOMEM, 0, "memory") : MP_OK;
}
