/* THREAD (RFC 5256): trees of any depth as a flat list, without recursion. */
#include "mailproto/imap_data.h"

#include <string.h>

#include "mailproto/imap_write.h"
#include "scan.h"

#define NO_NODE UINT32_MAX

/* A list that is open. */
typedef struct mp_thread_list {
    uint32_t depth;   /* of the next message in it                                            */
    uint32_t missing; /* the node that stands for a message that is not there, or NO_NODE      */
    bool any;         /* it holds a message, there or not                                      */
    uint32_t lists;   /* in it: behind the first no more numbers may come                      */
    bool plain;       /* one of them begins with a message that is there                        */
} mp_thread_list;

void mp_threads_init(mp_threads *t, mp_alloc alloc) { *t = (mp_threads){.alloc = alloc}; }

void mp_threads_free(mp_threads *t)
{
    t->alloc.free(t->alloc.ctx, t->nodes);
    t->alloc.free(t->alloc.ctx, t->open);
    *t = (mp_threads){.alloc = t->alloc};
}

/* Memory for one more of `count` entries. */
static bool reserve(mp_alloc *alloc, void **entries, uint32_t *room, uint32_t count, size_t size)
{
    if (count < *room)
        return true;
    size_t want = *room ? (size_t)*room * 2 : 64;
    if (want > UINT32_MAX)
        return false;
    void *grown = alloc->realloc(alloc->ctx, *entries, *room * size, want * size);
    if (!grown)
        return false;
    *entries = grown;
    *room = (uint32_t)want;
    return true;
}

static mp_status add_node(mp_threads *t, uint32_t depth, uint32_t number, size_t at, const mp_limits *limits, mp_error *err)
{
    void *nodes = t->nodes;
    if (t->count >= limits->max_elements)
        return mp_fail_limit(err, at, "max_elements");
    if (!reserve(&t->alloc, &nodes, &t->room, t->count, sizeof *t->nodes))
        return mp_fail(err, MP_E_NOMEM, at, "memory");
    t->nodes = nodes;
    t->nodes[t->count++] = (mp_thread_node){depth, number};
    return MP_OK;
}

/* thread-list = "(" (thread-members / thread-nested) ")"; at its "(", inside `levels` others */
static mp_status open_list(mp_threads *t, uint32_t *levels, size_t at, const mp_limits *limits, mp_error *err)
{
    mp_thread_list inner = {.missing = NO_NODE};
    if (*levels) {
        mp_thread_list *outer = &t->open[*levels - 1];
        if (!outer->any) {
            outer->missing = t->count;
            mp_status status = add_node(t, outer->depth++, 0, at, limits, err);
            if (status != MP_OK)
                return status;
            outer->any = true;
        }
        outer->lists++;
        inner.depth = outer->depth;
    }
    if (*levels >= limits->max_depth)
        return mp_fail_limit(err, at, "max_depth");
    void *open = t->open;
    if (!reserve(&t->alloc, &open, &t->open_room, *levels, sizeof *t->open))
        return mp_fail(err, MP_E_NOMEM, at, "memory");
    t->open = open;
    t->open[(*levels)++] = inner;
    return MP_OK;
}

static void close_list(mp_threads *t, const mp_thread_list *list, size_t at)
{
    if (list->lists == 1 && list->plain && list->missing == NO_NODE) /* thread-nested = 2*thread-list */
        mp_defect(&t->defects, MP_DEFECT_BAD_VALUE, at);
    if (list->missing != NO_NODE && list->missing + 1 == t->count)
        t->count--; /* nothing but empty lists in it */
    else if (list->any)
        return;
    mp_defect(&t->defects, MP_DEFECT_BAD_VALUE, at);
}

mp_status mp_read_threads(mp_threads *t, const uint8_t *unit, const mp_response_head *head, const mp_limits *limits,
                          mp_error *err)
{
    const uint8_t *p = unit + head->rest, *end = unit + head->end;
    uint32_t levels = 0;
    uint8_t last = ' '; /* what came before: the name, "(", ")" or a digit */
    t->count = 0;
    t->defects = (mp_defects){0};
    for (;;) {
        const uint8_t *from = p;
        while (p < end && *p == ' ')
            p++;
        size_t spaces = (size_t)(p - from), at = (size_t)(p - unit);
        if (p == end)
            break;
        /* one SP behind the name, and behind a number unless the list ends there */
        size_t wanted = last == ' ' || (last == '0' && *p != ')');
        if (spaces != wanted)
            mp_defect(&t->defects, spaces ? MP_DEFECT_EXTRA_SPACE : MP_DEFECT_MISSING_SPACE, at);
        if (*p == '(') {
            mp_status status = open_list(t, &levels, at, limits, err);
            if (status != MP_OK)
                return status;
            last = *p++;
        } else if (*p == ')') {
            if (!levels)
                return mp_fail(err, MP_E_SYNTAX, at, "no \")\" here");
            close_list(t, &t->open[--levels], at);
            if (levels && t->open[levels].missing == NO_NODE)
                t->open[levels - 1].plain = true;
            last = *p++;
        } else {
            uint64_t number;
            while (p < end && (mp_char_class[*p] & MP_C_DIGIT))
                p++;
            if (!levels || t->open[levels - 1].lists)
                return mp_fail(err, MP_E_SYNTAX, at, "thread-list");
            if (!mp_parse_number(unit + at, (size_t)(p - unit) - at, UINT32_MAX, &number) || number == 0)
                return mp_fail(err, MP_E_SYNTAX, at, "nz-number");
            mp_status status = add_node(t, t->open[levels - 1].depth, (uint32_t)number, at, limits, err);
            if (status != MP_OK)
                return status;
            t->open[levels - 1].any = true;
            t->open[levels - 1].depth++;
            last = '0';
        }
    }
    return levels ? mp_fail(err, MP_E_SYNTAX, (size_t)(p - unit), "\")\"") : MP_OK;
}

bool mp_threads_valid(const mp_thread_node *nodes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i ? nodes[i].depth > nodes[i - 1].depth && nodes[i].depth - nodes[i - 1].depth > 1 : nodes[i].depth != 0)
            return false;
        if (nodes[i].number == 0 && (i + 1 == count || nodes[i + 1].depth <= nodes[i].depth))
            return false;
    }
    return true;
}

/* thread-members = nz-number *(SP nz-number) [SP thread-nested]; thread-nested = 2*thread-list
 * An only child goes on in its parent's list; every other message, and what stands for a missing one, opens its own. */
size_t mp_write_threads(const mp_thread_node *nodes, size_t count, uint32_t *scratch, uint8_t *out)
{
    uint32_t *children = scratch, *latest = scratch + count, *open = scratch + 2 * count;
    uint8_t *p = out;
    size_t levels = 0;
    memset(children, 0, count * sizeof *children);
    for (size_t i = 0; i < count; i++) {
        latest[nodes[i].depth] = (uint32_t)i;
        if (nodes[i].depth)
            children[latest[nodes[i].depth - 1]]++;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t depth = nodes[i].depth;
        while (levels && open[levels - 1] >= depth) {
            *p++ = ')';
            levels--;
        }
        latest[depth] = (uint32_t)i;
        const mp_thread_node *parent = depth ? &nodes[latest[depth - 1]] : NULL;
        bool first = parent && parent == &nodes[i] - 1;
        if (parent && parent->number && first)
            *p++ = ' ';
        if (!parent || !parent->number || !nodes[i].number || children[parent - nodes] > 1) {
            *p++ = '(';
            open[levels++] = depth;
        }
        if (nodes[i].number)
            p += mp_write_number(nodes[i].number, p);
    }
    for (; levels; levels--)
        *p++ = ')';
    return (size_t)(p - out);
}
