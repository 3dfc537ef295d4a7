/* Small texts of IMAP that stand on their own: sequence sets, mailbox names, dates, flags, LIST patterns.
 *
 * Nothing here allocates: results go into memory that the caller sized by the bound each function states.
 * All functions read exactly the octets given (no padding is needed) and take time linear in them, unless
 * said otherwise.
 */
#ifndef MAILPROTO_IMAP_TEXT_H
#define MAILPROTO_IMAP_TEXT_H

#include "mailproto/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- sequence sets (seqset.c) -------------------------------------------------------------------- */

/* One element of a sequence-set as it was written: `12:10` stays 12, 10. A single number has first == last.
 * 0 stands for `*`, which is no number: the set has to be resolved against a mailbox first. */
typedef struct mp_run {
    uint32_t first;
    uint32_t last;
} mp_run;

/* How many runs the set written in `len` octets can hold: the commas, and one. */
MP_API size_t mp_seqset_capacity(const uint8_t *data, size_t len);

/* Reads a whole sequence-set. `runs_r` must have room for mp_seqset_capacity(), or is NULL: only check and count. MP_E_SYNTAX for 0, for a number
 * over 2^32-1, for an empty set and for anything that is no sequence-set; `$` is not one either. */
MP_API mp_status mp_seqset_parse(const uint8_t *data, size_t len, mp_run *runs_r, size_t *count_r, mp_error *err);

/* Octets that mp_seqset_write may need for `count` runs. */
#define MP_SEQSET_WIRE(count) ((count) * 22)

/* Writes the set; returns the octets written. A run with first == last is written as one number. */
MP_API size_t mp_seqset_write(const mp_run *runs, size_t count, uint8_t *out_r);

/* Sorts the runs, turns `b:a` into `a:b` and joins those that touch, in place; returns how many are left.
 * `*` counts as greater than every number. Time n log n, linear where the runs are sorted already. */
MP_API size_t mp_seqset_normalise(mp_run *runs, size_t count);

/* Puts `maximum` in the place of `*`, in place, and drops runs with a `*` where maximum is 0 (an empty mailbox);
 * returns how many are left. */
MP_API size_t mp_seqset_resolve(mp_run *runs, size_t count, uint32_t maximum);

typedef enum mp_set_op { MP_SET_UNION, MP_SET_INTERSECTION, MP_SET_DIFFERENCE } mp_set_op;

/* Set algebra over two normalised lists. `out_r` must have room for a_count + b_count runs and must not overlap
 * them; the result is normalised. */
MP_API size_t mp_seqset_combine(mp_set_op op, const mp_run *a, size_t a_count, const mp_run *b, size_t b_count,
                                mp_run *out_r);

/* ---- mailbox names (utf7.c) ---------------------------------------------------------------------- */

/* Modified UTF-7 (RFC 3501 section 5.1.3) to UTF-8. `out_r` must have room for 2 * len octets. What decodes
 * without doubt is decoded even where an encoder should have written it another way (`&ACE-` for `!`,
 * adjacent shifts, 8-bit octets, which are copied): to find those, encode again and compare. MP_E_SYNTAX for an
 * unfinished shift, stray bits, a character outside base64 and surrogates without partner. */
MP_API mp_status mp_utf7_decode(const uint8_t *data, size_t len, uint8_t *out_r, size_t *len_r, mp_error *err);

/* UTF-8 to modified UTF-7. `out_r` must have room for 5 * len octets. MP_E_SYNTAX where the input is not UTF-8. */
MP_API mp_status mp_utf7_encode(const uint8_t *data, size_t len, uint8_t *out_r, size_t *len_r, mp_error *err);

/* ---- dates (date.c) ------------------------------------------------------------------------------ */

typedef struct mp_date_time {
    uint16_t year;  /* 1 to 9999                             */
    uint8_t month;  /* 1 to 12                               */
    uint8_t day;    /* 1 to 31, and there is such a day      */
    uint8_t hour;
    uint8_t minute;
    uint8_t second; /* 60 is a leap second                   */
    int16_t zone;   /* minutes east of UTC, under a day      */
} mp_date_time;

/* INTERNALDATE without its quotes: ` 1-Feb-2024 03:04:05 +0100`. MP_E_SYNTAX for anything else. */
MP_API mp_status mp_parse_date_time(const uint8_t *data, size_t len, mp_date_time *date_r, mp_error *err);

/* The date of a search key without quotes: `1-Feb-2024`; the time fields become 0. */
MP_API mp_status mp_parse_date(const uint8_t *data, size_t len, mp_date_time *date_r, mp_error *err);

/* Octets of an INTERNALDATE without its quotes. */
#define MP_DATE_TIME_LEN 26

/* Writes an INTERNALDATE without its quotes: exactly MP_DATE_TIME_LEN octets. The fields must be within the bounds that
 * mp_date_time names; they are not checked. */
MP_API void mp_write_date_time(const mp_date_time *date, uint8_t *out_r);

/* Returns the octets written, at most 11. */
MP_API size_t mp_write_date(const mp_date_time *date, uint8_t *out_r);

/* ---- flags (flags.c) ----------------------------------------------------------------------------- */

/* The canonical spelling of a system flag or of a keyword that an RFC or the IANA registry defines (`\Seen`,
 * `$Forwarded`, `NonJunk`): a static string, or NULL for any other word. Case does not matter. */
MP_API const char *mp_flag_canonical(const uint8_t *data, size_t len);

/* ---- LIST patterns (list_match.c) ---------------------------------------------------------------- */

/* Whether a mailbox name matches a LIST pattern (RFC 3501 section 6.3.8): `*` stands for any octets, `%` for any but
 * the delimiter. A delimiter of 0 means a flat hierarchy, where both are the same. INBOX, alone or before the
 * delimiter, is compared without regard to case. `scratch` is room for name_len + 1 octets. Time is at most
 * pattern_len + 2 * name_len * name_len, whatever the pattern; linear for a pattern without wildcards. */
MP_API bool mp_list_match(const uint8_t *pattern, size_t pattern_len, const uint8_t *name, size_t name_len,
                          uint8_t delimiter, uint8_t *scratch);

#ifdef __cplusplus
}
#endif
#endif
