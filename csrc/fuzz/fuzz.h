/* What the targets share: claims, the reads that a stream comes in, a trace of what was read, and a wire to write on. */
#ifndef MAILPROTO_FUZZ_H
#define MAILPROTO_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(cond)                                                            \
    do {                                                                         \
        if (!(cond)) {                                                           \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #cond); \
            abort();                                                             \
        }                                                                        \
    } while (0)

/* Memory of exactly n octets, so that the sanitizer sees the first one behind it. */
static inline uint8_t *fuzz_room(size_t n)
{
    uint8_t *p = calloc(n ? n : 1, 1);
    REQUIRE(p != NULL);
    return p;
}

static inline uint8_t *fuzz_copy(const uint8_t *data, size_t n)
{
    uint8_t *p = fuzz_room(n);
    if (n)
        memcpy(p, data, n);
    return p;
}

/* ---- the reads that a stream comes in: an octet of the input says which ------------------------------- */

typedef struct fuzz_cuts {
    uint32_t state;
    uint8_t style;
} fuzz_cuts;

static inline fuzz_cuts fuzz_cuts_from(uint8_t seed)
{
    return (fuzz_cuts){.state = seed * UINT32_C(2654435761) + 1, .style = seed & 3};
}

/* How many of the octets that are left come with the next read: one, a few, some, any number. */
static inline size_t fuzz_cut(fuzz_cuts *cuts, size_t left)
{
    static const uint8_t most[] = {1, 4, 40};
    cuts->state ^= cuts->state << 13;
    cuts->state ^= cuts->state >> 17;
    cuts->state ^= cuts->state << 5;
    size_t bound = cuts->style == 3 || left < most[cuts->style] ? left : most[cuts->style];
    return bound ? 1 + cuts->state % bound : 0;
}

/* ---- a trace: two are equal if the same was added, in the same order ----------------------------------- */

typedef struct fuzz_trace {
    uint64_t hash;
    size_t added;
} fuzz_trace;

#define FUZZ_TRACE {UINT64_C(1469598103934665603), 0}

static inline void fuzz_add(fuzz_trace *t, uint64_t value)
{
    t->hash = (t->hash ^ value) * UINT64_C(1099511628211);
    t->hash ^= t->hash >> 29;
    t->added++;
}

static inline void fuzz_add_octets(fuzz_trace *t, const uint8_t *p, size_t n)
{
    fuzz_add(t, n);
    for (size_t i = 0; i < n; i++)
        fuzz_add(t, p[i]);
}

static inline bool fuzz_same(const fuzz_trace *a, const fuzz_trace *b) { return a->hash == b->hash && a->added == b->added; }

/* ---- a wire to write on -------------------------------------------------------------------------------- */

typedef struct fuzz_wire {
    uint8_t *data;
    size_t len, room;
} fuzz_wire;

static inline uint8_t *fuzz_wire_room(fuzz_wire *w, size_t n)
{
    if (w->data == NULL || w->room - w->len < n) {
        w->room = 2 * (w->len + n) + 16;
        w->data = realloc(w->data, w->room);
        REQUIRE(w->data != NULL);
    }
    return w->data + w->len;
}

static inline void fuzz_put(fuzz_wire *w, const void *data, size_t n)
{
    uint8_t *to = fuzz_wire_room(w, n);
    if (n)
        memcpy(to, data, n);
    w->len += n;
}

static inline void fuzz_puts(fuzz_wire *w, const char *text) { fuzz_put(w, text, strlen(text)); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
