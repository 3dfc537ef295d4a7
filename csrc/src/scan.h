/* Byte searches that the parsers share. Each has a fast form, used where SSE2 or NEON is part of the target, and a
 * scalar twin (mp_scalar_*) that test_scan.c compares with it. They may read up to MP_PADDING octets behind `end`, never
 * act on them.
 *
 * AVX2 is left out: strings on the wire are short. Measured on one machine, in GB/s, SSE2 then AVX2: the tape of envelopes
 * 2.1 and 2.1, of body structures 1.5 and 1.5; passing over either 4.6 and 3.1; the framer, which is memchr, 39 and 40;
 * quoted strings of 3000 octets alone gain, 17 and 41. A choice at run time would take from the first what the last gains.
 */
#ifndef MAILPROTO_SCAN_H
#define MAILPROTO_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the first octet of a word in memory is its lowest. */
#if defined(__BYTE_ORDER__)
#define MP_LITTLE_ENDIAN (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#else
#define MP_LITTLE_ENDIAN 1 /* MSVC: there is no other */
#endif

#if defined(__SSE2__) || defined(_M_X64)
#define MP_SSE2 1
#define MP_NEON 0
#include <emmintrin.h>
#elif defined(__aarch64__) && defined(__GNUC__) && MP_LITTLE_ENDIAN
#define MP_SSE2 0
#define MP_NEON 1
#include "scan_neon.h"
#else
#define MP_SSE2 0
#define MP_NEON 0
#endif
/* 64 octets at a time, as four vectors and masks of 64 bits: mp_vec, mp_vec_load, mp_mask64 and its kin. */
#define MP_VECTORS (MP_SSE2 || MP_NEON)

#if defined(_MSC_VER)
#include <intrin.h>
static inline unsigned mp_ctz(unsigned bits)
{
    unsigned long at;
    _BitScanForward(&at, bits);
    return (unsigned)at;
}
#elif defined(__GNUC__)
static inline unsigned mp_ctz(unsigned bits) { return (unsigned)__builtin_ctz(bits); }
#else
static inline unsigned mp_ctz(unsigned bits)
{
    unsigned at = 0;
    while (!(bits & 1u)) {
        bits >>= 1;
        at++;
    }
    return at;
}
#endif

/* What an octet may do in a response or command: one table, in scan.c. */
enum {
    MP_C_ATOM = 1,   /* goes on an atom as the tape reads it: no SP, CTL, ( ) " {                 */
    MP_C_DIGIT = 2,
    MP_C_QUOTED = 4, /* plain inside a quoted string: no CR LF NUL " \ and no 8-bit octet         */
    MP_C_SKIP = 8,   /* of no interest to a scan for parentheses and strings: no ( ) " { CR LF NUL \ and no 8-bit octet */
    MP_C_ATOM_CHAR = 16 /* ATOM-CHAR to the letter: an octet of an atom that is none of % * \ ] and no 8-bit octet */
};
extern const uint8_t mp_char_class[256];

/* ASCII upper case of an octet, others as they are. */
static inline uint8_t mp_upper(uint8_t c) { return (uint8_t)(c - 'a') < 26 ? (uint8_t)(c - 32) : c; }

/* True if the len octets at p are `word` (upper case, len octets) in any case. */
static inline bool mp_is_word(const uint8_t *p, size_t len, const char *word, size_t word_len)
{
    if (len != word_len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (mp_upper(p[i]) != (uint8_t)word[i])
            return false;
    return true;
}
/* WORD must be a string literal in upper case. */
#define MP_IS(p, len, WORD) mp_is_word((p), (len), "" WORD "", sizeof(WORD) - 1)

static inline const uint8_t *mp_scalar_quoted(const uint8_t *p, const uint8_t *end)
{
    while (p < end && (mp_char_class[*p] & MP_C_QUOTED))
        p++;
    return p;
}

static inline const uint8_t *mp_scalar_skip(const uint8_t *p, const uint8_t *end)
{
    while (p < end && (mp_char_class[*p] & MP_C_SKIP))
        p++;
    return p;
}

static inline const uint8_t *mp_scalar_atom(const uint8_t *p, const uint8_t *end)
{
    while (p < end && (mp_char_class[*p] & MP_C_ATOM))
        p++;
    return p;
}

/* First octet from p that is not plain in a quoted string, or end. */
static inline const uint8_t *mp_scan_quoted(const uint8_t *p, const uint8_t *end)
{
#if MP_SSE2
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), cr = _mm_set1_epi8('\r'),
                  lf = _mm_set1_epi8('\n'), nul = _mm_setzero_si128();
    while (p < end) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)),
                                   _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, cr), _mm_cmpeq_epi8(v, lf)),
                                                _mm_or_si128(_mm_cmpeq_epi8(v, nul), v)));
        unsigned bits = (unsigned)_mm_movemask_epi8(hit);
        if (bits) {
            p += mp_ctz(bits);
            return p < end ? p : end;
        }
        p += 16;
    }
    return end;
#elif MP_NEON
    return mp_neon_quoted(p, end);
#else
    return mp_scalar_quoted(p, end);
#endif
}

/* First octet from p that a scan over balanced parentheses must look at, or end. */
static inline const uint8_t *mp_scan_skip(const uint8_t *p, const uint8_t *end)
{
#if MP_SSE2
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), cr = _mm_set1_epi8('\r'),
                  lf = _mm_set1_epi8('\n'), brace = _mm_set1_epi8('{'), nul = _mm_setzero_si128(),
                  paren = _mm_set1_epi8('('), one = _mm_set1_epi8(1);
    while (p < end) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        /* '(' is 0x28 and ')' 0x29: one comparison with the lowest bit cleared finds both */
        __m128i hit = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(_mm_andnot_si128(one, v), paren), _mm_cmpeq_epi8(v, quote)),
            _mm_or_si128(_mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, cr), _mm_cmpeq_epi8(v, lf)),
                                      _mm_or_si128(_mm_cmpeq_epi8(v, brace), _mm_cmpeq_epi8(v, slash))),
                         _mm_or_si128(_mm_cmpeq_epi8(v, nul), v)));
        unsigned bits = (unsigned)_mm_movemask_epi8(hit);
        if (bits) {
            p += mp_ctz(bits);
            return p < end ? p : end;
        }
        p += 16;
    }
    return end;
#elif MP_NEON
    return mp_neon_skip(p, end);
#else
    return mp_scalar_skip(p, end);
#endif
}

#if MP_SSE2
typedef __m128i mp_vec;

static inline mp_vec mp_vec_load(const uint8_t *p) { return _mm_loadu_si128((const __m128i *)(const void *)p); }

/* Bit i: octet i of the 64 is a digit. */
static inline uint64_t mp_mask64_digits(const mp_vec v[4])
{
    const __m128i zero = _mm_set1_epi8('0'), nine = _mm_set1_epi8(9);
    uint64_t digits = 0;
    for (int i = 3; i >= 0; i--) {
        __m128i value = _mm_sub_epi8(v[i], zero);
        digits = digits << 16 | (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(value, nine), value));
    }
    return digits;
}

/* Bit i: octet i of the 64 at p equals ch. */
static inline uint64_t mp_mask64(const __m128i v[4], char ch)
{
    __m128i c = _mm_set1_epi8(ch);
    return (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v[0], c)) |
           (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v[1], c)) << 16 |
           (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v[2], c)) << 32 |
           (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v[3], c)) << 48;
}

/* What is neither a parenthesis nor a quote but needs a closer look: \\ { CR LF NUL, and the controls below CR. Nearly
 * always there is none. */
static inline uint64_t mp_mask64_special(const __m128i v[4])
{
    const __m128i slash = _mm_set1_epi8('\\'), brace = _mm_set1_epi8('{'), cr = _mm_set1_epi8('\r');
    __m128i hit[4];
    for (int i = 0; i < 4; i++)
        hit[i] = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v[i], slash), _mm_cmpeq_epi8(v[i], brace)),
                              _mm_cmpeq_epi8(_mm_min_epu8(v[i], cr), v[i]));
    if (_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(hit[0], hit[1]), _mm_or_si128(hit[2], hit[3]))) == 0)
        return 0;
    uint64_t bits = 0;
    for (int i = 3; i >= 0; i--)
        bits = bits << 16 | (uint64_t)(unsigned)_mm_movemask_epi8(hit[i]);
    return bits;
}
#endif

static inline unsigned mp_ctz64(uint64_t x)
{
#if defined(__GNUC__)
    return (unsigned)__builtin_ctzll(x);
#else
    return (uint32_t)x ? mp_ctz((unsigned)x) : 32 + mp_ctz((unsigned)(x >> 32));
#endif
}

#endif
