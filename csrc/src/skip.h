/* Passing over values without reading them. */
#ifndef MAILPROTO_SKIP_H
#define MAILPROTO_SKIP_H

#include "mailproto/limits.h"

/* The list whose "(" is at unit[*at]: moves *at behind its ")". Strings and literals inside are stepped over, depth is
 * bounded by max_depth. MP_E_SYNTAX where a string or the list does not end before `end`. */
mp_status mp_skip_list(const uint8_t *unit, uint32_t *at, uint32_t end, const mp_limits *limits, mp_error *err);

/* The same, one octet after the other: the twin that the fast form is tested against, and falls back to. From the
 * state that the fast form reached: inside `depth` lists, outside strings. */
mp_status mp_skip_list_slow(const uint8_t *unit, uint32_t *at, uint32_t end, uint32_t depth, const mp_limits *limits,
                            mp_error *err);

/* Any value: a list, a string, a literal or an atom. */
mp_status mp_skip_value(const uint8_t *unit, uint32_t *at, uint32_t end, const mp_limits *limits, mp_error *err);

#endif
