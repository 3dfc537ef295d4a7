/* The place of a literal within its response, found while the response is still arriving: for who takes the literal's
 * octets as they come (mp_framer_detach). Numbers count from 0.
 *
 *     * 12 FETCH (UID 4 BODY[TEXT] {6}        item "BODY[TEXT]", depth 0
 *     * 12 FETCH (ENVELOPE (NIL {6}           item "ENVELOPE", depth 1: 1
 *     * METADATA "" (/comment {6}             no item, depth 2: 1, 1
 *     * NO [BADCHARSET ({6}                   item "BADCHARSET", depth 1: 0
 */
#ifndef MAILPROTO_LITERAL_PATH_H
#define MAILPROTO_LITERAL_PATH_H

#include "mailproto/imap_response.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MP_PATH_DEPTH 256

typedef struct mp_literal_path {
    mp_response_head head;         /* of the response                                                       */
    mp_span item;                  /* of FETCH, as written, of a status response the code's name; len 0: none */
    bool in_name;                  /* the literal is part of that name: BODY[HEADER.FIELDS ({7}               */
    uint32_t first, depth;         /* index[first] ... : the place in each list that the literal is in, and   */
    uint32_t index[MP_PATH_DEPTH]; /* its own in the innermost; depth of them                                 */
    uint32_t at;                   /* private: octets of the unit looked at; 0: a unit begins                 */
    uint32_t level;                /* private: lists open                                                     */
    uint8_t state;                 /* private                                                                 */
} mp_literal_path;

/* Begins a unit. */
MP_API void mp_literal_path_begin(mp_literal_path *p);

/* unit[0..len) ends with the announcement of a literal (mp_frame.len). Call it for any number of literals of a unit, in
 * order: it goes on where it stopped, so that the cost is linear. The octets of the literals before this one stand in the
 * unit, or were detached and the announcement blanked. False where the unit does not begin as a response does, or lists
 * nest deeper than MP_PATH_DEPTH. */
MP_API bool mp_literal_path_find(mp_literal_path *p, const uint8_t *unit, size_t len);

#ifdef __cplusplus
}
#endif
#endif
