/* Put before every source of the core in the build that counts its work: what libc does for it counts too. */
#ifndef WORK_COUNTED_H
#define WORK_COUNTED_H

#include <stddef.h>
#include <string.h>

extern unsigned long long work_done;

/* One for each call and one for every 64 octets that it walks. */
static inline void work_octets(size_t n) { work_done += 1 + n / 64; }

static inline void *work_memchr(const void *p, int c, size_t n)
{
    void *found = memchr(p, c, n);
    work_octets(found ? (size_t)((const char *)found - (const char *)p) : n);
    return found;
}

static inline void *work_memcpy(void *to, const void *from, size_t n)
{
    work_octets(n);
    return memcpy(to, from, n);
}

static inline void *work_memmove(void *to, const void *from, size_t n)
{
    work_octets(n);
    return memmove(to, from, n);
}

static inline void *work_memset(void *to, int c, size_t n)
{
    work_octets(n);
    return memset(to, c, n);
}

static inline int work_memcmp(const void *a, const void *b, size_t n)
{
    work_octets(n);
    return memcmp(a, b, n);
}

#define memchr work_memchr
#define memcpy work_memcpy
#define memmove work_memmove
#define memset work_memset
#define memcmp work_memcmp

#endif
