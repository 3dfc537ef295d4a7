/* Writing IMAP: which form a string takes on the wire, and the forms themselves.
 *
 *     uint8_t *out = room for 2 * len + 2 octets;
 *     if (mp_form_of(name, len) <= MP_FORM_QUOTED)
 *         n = mp_write_quoted(name, len, out);
 *     else
 *         n = mp_write_literal_header(len, false, false, out), and the octets follow when the server has said "+";
 *
 * Nothing here allocates, and no padding is needed. Whoever writes asks for the form first, so that CR, LF and NUL
 * only ever leave inside a literal.
 */
#ifndef MAILPROTO_IMAP_WRITE_H
#define MAILPROTO_IMAP_WRITE_H

#include "mailproto/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a run of octets may be, from the narrowest form to the widest. */
typedef enum mp_form {
    MP_FORM_ATOM,     /* 1*ATOM-CHAR; not NIL in any case                                          */
    MP_FORM_ASTRING,  /* 1*ASTRING-CHAR: an atom that may hold `]`                                 */
    MP_FORM_LIST,     /* 1*list-char: may also hold `%` and `*`; only for the patterns of LIST     */
    MP_FORM_QUOTED,   /* a quoted string; `""` too                                                 */
    MP_FORM_QUOTED8,  /* as above with octets over 127: where UTF8=ACCEPT is on, and if it is UTF-8 */
    MP_FORM_LITERAL,  /* holds CR or LF, or is longer than a quoted string should be                */
    MP_FORM_LITERAL8  /* holds NUL                                                                 */
} mp_form;

/* The longest string that mp_form_of puts between quotes: some readers bound their lines. */
#define MP_QUOTED_MAX 1000

/* The narrowest form that the octets may be written in, of those above. Where the grammar wants a string, a form below
 * MP_FORM_QUOTED is written as a quoted string. Not checked: whether MP_FORM_QUOTED8 is UTF-8, and whether the
 * session may send it; where not, a literal takes its place. Time linear in len. */
MP_API mp_form mp_form_of(const uint8_t *data, size_t len);

/* Whether the octets are UTF-8 (RFC 3629 section 4: in the shortest form, no surrogates). */
MP_API bool mp_is_utf8(const uint8_t *data, size_t len);

/* Whether the octets are a flag: `\` and an atom, an atom, or `\*`. */
MP_API bool mp_is_flag(const uint8_t *data, size_t len);
/* atom = 1*ATOM-CHAR                                                                RFC 9051 section 9 */
MP_API bool mp_is_atom(const uint8_t *data, size_t len);

/* Writes `"` data `"` with `\` before each `"` and `\`; returns the octets written, at most 2 * len + 2. */
MP_API size_t mp_write_quoted(const uint8_t *data, size_t len, uint8_t *out_r);

/* Writes the decimal digits; returns how many, at most 20. */
MP_API size_t mp_write_number(uint64_t number, uint8_t *out_r);

/* LITERAL- (RFC 7888 section 5): the longest literal that may be non-synchronising. */
#define MP_LITERAL_MINUS_MAX 4096

/* Writes `~{n+}` CR LF, the tilde if `binary`, the plus if `plus`; returns the octets written, at most 26. */
MP_API size_t mp_write_literal_header(uint64_t size, bool binary, bool plus, uint8_t *out_r);

#ifdef __cplusplus
}
#endif
#endif
