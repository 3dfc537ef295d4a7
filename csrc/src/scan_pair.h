/* Finds two octets that stand next to each other, in vectors where the target has them.
 *
 * POP3 bodies are searched for LF ".": far rarer than either octet alone, so that a body goes by at the speed of
 * memory. Nothing is read past the end: the caller's octets need no padding.
 */
#ifndef MAILPROTO_SCAN_PAIR_H
#define MAILPROTO_SCAN_PAIR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#define MP_PAIR_SSE2 1
#elif defined(__aarch64__) || defined(_M_ARM64)
#include <arm_neon.h>
#define MP_PAIR_NEON 1
#endif

/* The plain form: the twin that the fast ones are tested against. Returns the index of the first octet of the
 * first pair, or n. */
static inline size_t mp_find_pair_scalar(const uint8_t *p, size_t n, size_t from, uint8_t a, uint8_t b)
{
    while (from + 1 < n) {
        const uint8_t *hit = memchr(p + from, a, n - 1 - from);
        if (hit == NULL)
            return n;
        from = (size_t)(hit - p);
        if (p[from + 1] == b)
            return from;
        from++;
    }
    return n;
}

static inline size_t mp_find_pair(const uint8_t *p, size_t n, uint8_t a, uint8_t b)
{
    size_t i = 0;
#if defined(MP_PAIR_SSE2)
    const __m128i first = _mm_set1_epi8((char)a), second = _mm_set1_epi8((char)b);
#define MP_PAIR_AT(k)                                                                           \
    _mm_and_si128(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)(p + i + (k))), first), \
                  _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)(p + i + (k) + 1)), second))
    /* Four vectors a turn; the branch is taken only where one of them holds a pair. */
    while (n - i > 64) {
        __m128i v0 = MP_PAIR_AT(0), v1 = MP_PAIR_AT(16), v2 = MP_PAIR_AT(32), v3 = MP_PAIR_AT(48);
        if (_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(v0, v1), _mm_or_si128(v2, v3))) != 0)
            break;
        i += 64;
    }
    while (n - i > 16) {
        if (_mm_movemask_epi8(MP_PAIR_AT(0)) != 0)
            break;
        i += 16;
    }
#undef MP_PAIR_AT
#elif defined(MP_PAIR_NEON)
    const uint8x16_t first = vdupq_n_u8(a), second = vdupq_n_u8(b);
    while (n - i > 16) {
        uint8x16_t hit = vandq_u8(vceqq_u8(vld1q_u8(p + i), first), vceqq_u8(vld1q_u8(p + i + 1), second));
        if (vmaxvq_u8(hit) != 0)
            break;
        i += 16;
    }
#endif
    /* The end of the input, or the vector that holds the first pair. */
    return mp_find_pair_scalar(p, n, i, a, b);
}

#endif
