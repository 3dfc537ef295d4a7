/* Types that every part of the mailproto C core shares.
 *
 * The core does no I/O, keeps no globals and never allocates behind the caller's back: what needs
 * memory takes an mp_alloc. Results are offsets (mp_span) into the caller's bytes, never pointers,
 * so a buffer that moves cannot dangle.
 */
#ifndef MAILPROTO_BASE_H
#define MAILPROTO_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Marks what the library offers; nothing else is visible in the shared one. On Windows a program that links the static
 * library defines MP_STATIC; the CMake target mailproto::mailproto_static does that for its users. */
#if defined(MP_STATIC)
#define MP_API
#elif defined(_WIN32) && defined(MP_BUILDING)
#define MP_API __declspec(dllexport)
#elif defined(_WIN32)
#define MP_API __declspec(dllimport)
#elif defined(__GNUC__)
#define MP_API __attribute__((visibility("default")))
#else
#define MP_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Readable bytes that must follow the end of every input buffer handed to the core (their value does
 * not matter): the scanners load whole vectors. */
#define MP_PADDING 64

/* What came of a call. 0: done; above 0: not yet; below 0: not possible, and *err says why. */
typedef enum mp_status {
    MP_OK = 0,         /* the out-parameters hold a complete item                    */
    MP_NEED_MORE = 1,  /* the input ended inside the item; nothing was consumed      */
    MP_E_SYNTAX = -1,  /* the bytes break the grammar; mp_error says where           */
    MP_E_LIMIT = -2,   /* legal bytes, but past a bound of mp_limits; mp_error names it */
    MP_E_NOMEM = -3,   /* an allocation failed; the object is unchanged              */
    MP_E_FRAMING = -4  /* reserved: no function gives it                             */
} mp_status;

/* A run of bytes within the unit that is being read. */
typedef struct mp_span {
    uint32_t off; /* octets from the start of the unit */
    uint32_t len; /* octets                            */
} mp_span;

/* Filled whenever a function returns a negative mp_status. The strings are static. */
typedef struct mp_error {
    mp_status status;
    size_t offset;        /* octets from the start of the unit                         */
    const char *expected; /* what the grammar wanted there, e.g. "nstring"             */
    const char *limit;    /* MP_E_LIMIT: the field of mp_limits, e.g. "max_depth"; else NULL */
} mp_error;

/* An allocator. realloc(ctx, NULL, 0, n) allocates; free(ctx, NULL) does nothing. A failed call
 * returns NULL and leaves the old block alone. */
typedef struct mp_alloc {
    void *(*realloc)(void *ctx, void *ptr, size_t old_size, size_t new_size);
    void (*free)(void *ctx, void *ptr);
    void *ctx;
} mp_alloc;

/* The C library's realloc and free, for whoever has no allocator of their own. Static functions, no state: ctx is
 * NULL. */
MP_API mp_alloc mp_alloc_libc(void);

/* Fill *err and return its status; for the core's own functions and for embedders that extend it. The strings are not
 * copied: give static ones. mp_fail_limit is MP_E_LIMIT with the name of the field of mp_limits that was passed. */
MP_API mp_status mp_fail(mp_error *err, mp_status status, size_t offset, const char *expected);
MP_API mp_status mp_fail_limit(mp_error *err, size_t offset, const char *limit);

#ifdef __cplusplus
}
#endif
#endif
