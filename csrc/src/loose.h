/* Strings whose quotes were not escaped, and rows whose items have to be found again. Only where the grammar has failed:
 * what is legal never comes here. Everything takes one pass. */
#ifndef MAILPROTO_LOOSE_H
#define MAILPROTO_LOOSE_H

#include "mailproto/cursor.h"

/* The mp_fetch_kind of an item by its name; section: a "[" follows. */
uint8_t mp_fetch_kind_of(const uint8_t *name, size_t len, bool section);

/* Whether the name of a known FETCH item stands at `at`, with the start of a value behind it. */
bool mp_starts_item(const uint8_t *unit, uint32_t at, uint32_t end);

/* Where a number ends that the next item follows without a space; `at` where there is no such number. */
uint32_t mp_number_end(const uint8_t *unit, uint32_t at, uint32_t end);

/* The first such item behind a space or a parenthesis from `at` on, outside literals; `end` if there is none. */
uint32_t mp_find_item(const uint8_t *unit, uint32_t at, uint32_t end);

typedef struct mp_loose_string {
    mp_text text;       /* between its quotes                                                    */
    uint32_t end;       /* offset behind the closing quote                                        */
    uint32_t unescaped; /* offset of the first quote inside that should have had a backslash, or 0 */
} mp_loose_string;

/* The string whose opening quote is at `at`: it ends at the first quote that what follows can stand behind (the end, closing
 * parentheses, or a space and another value). False if there is none on the line. */
bool mp_lex_loose(const uint8_t *unit, uint32_t at, uint32_t end, mp_loose_string *out_r);

/* mp_skip_list with such strings. *quote_r: the first unescaped quote, or 0. */
bool mp_skip_loose_list(const uint8_t *unit, uint32_t *at, uint32_t end, const mp_limits *limits, uint32_t *quote_r);

#endif
