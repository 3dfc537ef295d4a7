/* Reading within one lazily decoded item: an ENVELOPE or a body. */
#ifndef MAILPROTO_SLICE_H
#define MAILPROTO_SLICE_H

#include "mailproto/cursor.h"
#include "mailproto/defects.h"
#include "scan.h"
#include "token.h"

typedef struct mp_slice {
    const uint8_t *data;
    uint32_t at, end;
    mp_error *err;
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
            if (q < end && *q == '"') {
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

#endif
