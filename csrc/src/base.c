#include "mailproto/mailproto.h"

#include <stdlib.h>

const char *mp_version(void) { return MP_VERSION; }

static void *libc_realloc(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    (void)ctx;
    (void)old_size;
    return realloc(ptr, new_size);
}

static void libc_free(void *ctx, void *ptr)
{
    (void)ctx;
    free(ptr);
}

mp_alloc mp_alloc_libc(void)
{
    return (mp_alloc){libc_realloc, libc_free, NULL};
}

mp_status mp_fail(mp_error *err, mp_status status, size_t offset, const char *expected)
{
    *err = (mp_error){status, offset, expected, NULL};
    return status;
}

mp_status mp_fail_limit(mp_error *err, size_t offset, const char *limit)
{
    *err = (mp_error){MP_E_LIMIT, offset, "less", limit};
    return MP_E_LIMIT;
}
