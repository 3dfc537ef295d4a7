#include "mailproto/defects.h"

static const struct {
    const char *name, *seen, *reading;
} rows[MP_DEFECT_COUNT] = {
#define X(NAME, name, seen, reading) {name, seen, reading},
    MP_DEFECT_TABLE(X)
#undef X
};

_Static_assert(MP_DEFECT_COUNT <= 31, "a defect is a bit of an int");

const char *mp_defect_name(unsigned bit) { return bit < MP_DEFECT_COUNT ? rows[bit].name : NULL; }

const char *mp_defect_seen(unsigned bit) { return bit < MP_DEFECT_COUNT ? rows[bit].seen : NULL; }

const char *mp_defect_reading(unsigned bit) { return bit < MP_DEFECT_COUNT ? rows[bit].reading : NULL; }
