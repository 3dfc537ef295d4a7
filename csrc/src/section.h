/* The names of FETCH items that have a section. */
#ifndef MAILPROTO_SECTION_H
#define MAILPROTO_SECTION_H

#include "mailproto/imap_response.h"

typedef enum mp_section_rule {
    MP_SECTION_ANY,   /* an item that is not known: brackets alone count        */
    MP_SECTION_BODY,  /* "BODY" section ["<" number ">"]    RFC 9051 section 9   */
    MP_SECTION_BINARY, /* "BINARY" section-binary ["<" number ">"]               */
    MP_SECTION_SIZE   /* "BINARY.SIZE" section-binary                           */
} mp_section_rule;

/* Moves *at from the "[" behind the section. One that the rule does not have is passed with MP_DEFECT_BAD_SECTION, if its
 * brackets and parentheses are in order. */
mp_status mp_skip_section(const uint8_t *unit, uint32_t *at, uint32_t end, mp_section_rule rule, const mp_limits *limits,
                          mp_defects *defects, mp_error *err);

#endif
