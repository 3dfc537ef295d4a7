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

/* The same in vectors, and, unless dst is NULL, a copy of what is passed over: on return, everything before the first
 * octet of the pair, or all n octets, stands at dst as well. dst may overlap p where it lies before it. To copy in the
 * same pass costs half as much as a search and a memcpy. */
static inline size_t mp_find_pair(const uint8_t *p, size_t n, uint8_t a, uint8_t b, uint8_t *dst)
{
    size_t i = 0;
#if defined(MP_PAIR_SSE2)
    const __m128i first = _mm_set1_epi8((char)a), second = _mm_set1_epi8((char)b);
#define MP_LOAD(k) _mm_loadu_si128((const __m128i *)(const void *)(p + i + (k)))
#define MP_STORE(k, v) _mm_storeu_si128((__m128i *)(void *)(dst + i + (k)), v)
#define MP_PAIR(k, v) _mm_and_si128(_mm_cmpeq_epi8(v, first), _mm_cmpeq_epi8(MP_LOAD((k) + 1), second))
    /* Four vectors a turn; the branch is taken only where one of them holds a pair. All loads come before the
     * stores, which may fall on octets that were just read. */
    while (n - i > 64) {
        __m128i v0 = MP_LOAD(0), v1 = MP_LOAD(16), v2 = MP_LOAD(32), v3 = MP_LOAD(48);
        __m128i hit = _mm_or_si128(_mm_or_si128(MP_PAIR(0, v0), MP_PAIR(16, v1)),
                                   _mm_or_si128(MP_PAIR(32, v2), MP_PAIR(48, v3)));
        if (_mm_movemask_epi8(hit) != 0)
            break;
        if (dst != NULL) {
            MP_STORE(0, v0);
            MP_STORE(16, v1);
            MP_STORE(32, v2);
            MP_STORE(48, v3);
        }
        i += 64;
    }
    while (n - i > 16) {
        __m128i v = MP_LOAD(0);
        if (_mm_movemask_epi8(MP_PAIR(0, v)) != 0)
            break;
        if (dst != NULL)
            MP_STORE(0, v);
        i += 16;
    }
#undef MP_LOAD
#undef MP_STORE
#undef MP_PAIR
#elif defined(MP_PAIR_NEON)
    const uint8x16_t first = vdupq_n_u8(a), second = vdupq_n_u8(b);
    while (n - i > 16) {
        uint8x16_t v = vld1q_u8(p + i);
        uint8x16_t hit = vandq_u8(vceqq_u8(v, first), vceqq_u8(vld1q_u8(p + i + 1), second));
        if (vmaxvq_u8(hit) != 0)
            break;
        if (dst != NULL)
            vst1q_u8(dst + i, v);
        i += 16;
    }
#endif
    /* The end of the input, or the vector that holds the first pair. */
    size_t at = mp_find_pair_scalar(p, n, i, a, b);
    if (dst != NULL)
        memmove(dst + i, p + i, at - i);
    return at;
}

#endif
