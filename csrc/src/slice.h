/* Reading within one lazily decoded item: an ENVELOPE or a body. */
#ifndef MAILPROTO_SLICE_H
#define MAILPROTO_SLICE_H

#include "mailproto/cursor.h"
#include "token.h"

typedef struct mp_slice {
    const uint8_t *data;
    uint32_t at, end;
    mp_error *err;
} mp_slice;

/* nstring; an atom too, with MP_DEFECT_ATOM_STRING */
mp_status mp_read_slice_text(mp_slice *s, uint32_t *defects, mp_text *out_r);

/* Passes spaces; any number but `wanted` is a defect. */
void mp_slice_sp(mp_slice *s, uint32_t *defects, uint32_t wanted);

#endif
