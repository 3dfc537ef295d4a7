/* Reading within one lazily decoded item: an ENVELOPE or a body. */
#ifndef MAILPROTO_SLICE_H
#define MAILPROTO_SLICE_H

#include "mailproto/cursor.h"
#include "mailproto/defects.h"
#include "loose.h"
#include "scan.h"
#include "skip.h"
#include "token.h"

typedef struct mp_slice {
    const uint8_t *data;
    uint32_t at, end;
    mp_error *err;
    bool loose; /* quotes in strings may lack their backslash: the second attempt, where the grammar failed */
} mp_slice;

/* The forms below for what is rare: mp_slice_text and mp_slice_sp are what to call. */
mp_status mp_slice_text_slow(mp_slice *s, mp_defects *defects, mp_text *out_r);
void mp_slice_sp_slow(mp_slice *s, mp_defects *defects, uint32_t wanted);

/* nstring; an atom too, with MP_DEFECT_ATOM_STRING */
static inline mp_status mp_slice_text(mp_slice *s, mp_defects *defects, mp_text *out_r)
{
    const uint8_t *p = s->data + s->at, *end = s->data + s->end;
    if (s->at < s->end) {
        if (*p == '"') {
            const uint8_t *q = mp_scan_quoted(p + 1, end);
            if (q < end && *q == '"' && !s->loose) {
                *out_r = (mp_text){{s->at + 1, (uint32_t)(q - p - 1)}, MP_TEXT_QUOTED, 0};
                s->at += (uint32_t)(q - p + 1);
                return MP_OK;
            }
        } else if (end - p >= 3 && p[0] == 'N' && p[1] == 'I' && p[2] == 'L' &&
                   (end - p == 3 || p[3] == ' ' || p[3] == ')')) {
            *out_r = (mp_text){{s->at, 0}, MP_TEXT_NIL, 0};
            s->at += 3;
            return MP_OK;
        }
    }
    return mp_slice_text_slow(s, defects, out_r);
}

/* Passes spaces; any number but `wanted`, 0 or 1, is a defect. */
static inline void mp_slice_sp(mp_slice *s, mp_defects *defects, uint32_t wanted)
{
    const uint8_t *p = s->data + s->at;
    if (s->end - s->at > 1 && p[wanted] != ' ' && (wanted == 0 || p[0] == ' '))
        s->at += wanted;
    else
        mp_slice_sp_slow(s, defects, wanted);
}

/* See mp_slice_item: the string from `from` to s->at, read again. */
void mp_slice_unescaped(mp_slice *s, uint32_t from, mp_defects *defects, mp_text *out_r);

/* nstring inside a list that was passed over before: where no space follows a quoted string, its quotes may be some that lack
 * their backslash. */
static inline mp_status mp_slice_item(mp_slice *s, mp_defects *defects, mp_text *out_r)
{
    uint32_t from = s->at;
    mp_status status = mp_slice_text(s, defects, out_r);
    if (status == MP_OK && s->at < s->end && s->data[s->at] != ' ' && s->data[s->at] != ')' && !s->loose)
        mp_slice_unescaped(s, from, defects, out_r);
    return status;
}

/* Whether what a reading gave asks for a second one with loose quotes, and whether that one, with these defects, is to be
 * preferred: a string that ends without a space behind it may have had quotes inside, or the space is missing. */
bool mp_worth_loose(mp_status status, const mp_defects *defects);
bool mp_loose_is_better(mp_status strict, const mp_defects *found);

/* The list at s->at, passed over. */
static inline mp_status mp_slice_list(mp_slice *s, const mp_limits *limits, mp_span *out_r)
{
    uint32_t from = s->at, quote;
    mp_status status = MP_OK;
    if (!s->loose)
        status = mp_skip_list(s->data, &s->at, s->end, limits, s->err);
    else if (!mp_skip_loose_list(s->data, &s->at, s->end, limits, &quote))
        status = mp_fail(s->err, MP_E_SYNTAX, from, "list");
    *out_r = (mp_span){from, s->at - from};
    return status;
}

#endif
