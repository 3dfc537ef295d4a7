/* The NEON forms of the searches in scan.h, for little-endian aarch64. Included by scan.h alone. */
#ifndef MAILPROTO_SCAN_NEON_H
#define MAILPROTO_SCAN_NEON_H

#include <arm_neon.h>
#include <stdint.h>

typedef uint8x16_t mp_vec;

static inline mp_vec mp_vec_load(const uint8_t *p) { return vld1q_u8(p); }

/* Four bits for each octet, as NEON has no movemask: the index of the first octet that is not 0, times 4, counts them. */
static inline uint64_t mp_neon_nibbles(uint8x16_t hit)
{
    return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(hit), 4)), 0);
}

/* " \ CR LF NUL and octets of 0x80 or more */
static inline uint8x16_t mp_neon_quoted_hits(uint8x16_t v)
{
    uint8x16_t ends = vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')), vceqq_u8(v, vdupq_n_u8('\\')));
    uint8x16_t lines = vorrq_u8(vceqq_u8(v, vdupq_n_u8('\r')), vceqq_u8(v, vdupq_n_u8('\n')));
    return vorrq_u8(vorrq_u8(ends, lines), vorrq_u8(vceqzq_u8(v), vcgeq_u8(v, vdupq_n_u8(0x80))));
}

static inline const uint8_t *mp_neon_quoted(const uint8_t *p, const uint8_t *end)
{
    for (; p < end; p += 16) {
        uint64_t hits = mp_neon_nibbles(mp_neon_quoted_hits(vld1q_u8(p)));
        if (hits) {
            p += (unsigned)__builtin_ctzll(hits) / 4;
            return p < end ? p : end;
        }
    }
    return end;
}

/* The same, and parentheses and { */
static inline const uint8_t *mp_neon_skip(const uint8_t *p, const uint8_t *end)
{
    const uint8x16_t one = vdupq_n_u8(1), paren = vdupq_n_u8('('), brace = vdupq_n_u8('{');
    for (; p < end; p += 16) {
        uint8x16_t v = vld1q_u8(p);
        uint8x16_t more = vorrq_u8(vceqq_u8(vbicq_u8(v, one), paren), vceqq_u8(v, brace));
        uint64_t hits = mp_neon_nibbles(vorrq_u8(mp_neon_quoted_hits(v), more));
        if (hits) {
            p += (unsigned)__builtin_ctzll(hits) / 4;
            return p < end ? p : end;
        }
    }
    return end;
}

/* Bit i: octet i of the four vectors is not 0; each octet is 0 or 255. */
static inline uint64_t mp_neon_bits64(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d)
{
    static const uint8_t places[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t place = vld1q_u8(places);
    uint8x16_t low = vpaddq_u8(vandq_u8(a, place), vandq_u8(b, place));
    uint8x16_t high = vpaddq_u8(vandq_u8(c, place), vandq_u8(d, place));
    uint8x16_t sums = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)), 0);
}

/* Bit i: octet i of the 64 equals ch. */
static inline uint64_t mp_mask64(const mp_vec v[4], char ch)
{
    const uint8x16_t c = vdupq_n_u8((uint8_t)ch);
    return mp_neon_bits64(vceqq_u8(v[0], c), vceqq_u8(v[1], c), vceqq_u8(v[2], c), vceqq_u8(v[3], c));
}

/* Bit i: octet i of the 64 is a digit. */
static inline uint64_t mp_mask64_digits(const mp_vec v[4])
{
    const uint8x16_t zero = vdupq_n_u8('0'), ten = vdupq_n_u8(10);
    return mp_neon_bits64(vcltq_u8(vsubq_u8(v[0], zero), ten), vcltq_u8(vsubq_u8(v[1], zero), ten),
                          vcltq_u8(vsubq_u8(v[2], zero), ten), vcltq_u8(vsubq_u8(v[3], zero), ten));
}

/* What is neither a parenthesis nor a quote but needs a closer look: \ { CR LF NUL, and the controls below CR. */
static inline uint64_t mp_mask64_special(const mp_vec v[4])
{
    const uint8x16_t slash = vdupq_n_u8('\\'), brace = vdupq_n_u8('{'), cr = vdupq_n_u8('\r');
    uint8x16_t hit[4];
    for (int i = 0; i < 4; i++)
        hit[i] = vorrq_u8(vorrq_u8(vceqq_u8(v[i], slash), vceqq_u8(v[i], brace)), vcleq_u8(v[i], cr));
    if (vmaxvq_u8(vorrq_u8(vorrq_u8(hit[0], hit[1]), vorrq_u8(hit[2], hit[3]))) == 0)
        return 0;
    return mp_neon_bits64(hit[0], hit[1], hit[2], hit[3]);
}

#endif
