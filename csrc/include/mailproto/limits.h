/* Every bound that the core enforces, in one place. mailproto.Limits mirrors this struct field by field.
 *
 *     mp_limits limits = mp_limits_client();
 *     limits.max_literal = 10 * 1024 * 1024;
 *
 * A unit is one response, one command or one POP3 reply, with its literals. Each bound is inclusive:
 * exactly the limit passes, one more is MP_E_LIMIT. Zero means that nothing of the kind is allowed.
 */
#ifndef MAILPROTO_LIMITS_H
#define MAILPROTO_LIMITS_H

#include "mailproto/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mp_limits {
    uint64_t max_line;       /* octets of one unit outside its literals, line ends included */
    uint64_t max_literal;    /* octets of one literal                                       */
    uint64_t max_unit;       /* octets of one unit, literals included; at most 2^32 - 1     */
    uint32_t max_literals;   /* literals in one unit                                        */
    uint32_t max_depth;      /* lists open at once; also nested parts, search keys, threads */
    uint32_t max_elements;   /* tokens in one unit                                          */
    uint32_t max_addresses;  /* addresses in one ENVELOPE                                   */
    uint32_t max_parameters; /* parameters of one body part                                 */
    uint32_t max_parts;      /* MIME parts in one message                                   */
    uint64_t max_header;     /* octets of one message's or part's header, parsed as MIME    */
    uint64_t max_body;       /* octets of one POP3 multi-line body                          */
    uint64_t max_pop3_command; /* octets of one POP3 command line but AUTH's, CRLF included */
} mp_limits;

/* Defaults to begin from; change what you like. SECURITY.md says what they are meant to hold against. */
MP_API mp_limits mp_limits_client(void);       /* what a client takes from a server it chose        */
MP_API mp_limits mp_limits_server(void);       /* what a server takes from a client that logged in  */
MP_API mp_limits mp_limits_before_login(void); /* what a server takes from anybody                  */

#ifdef __cplusplus
}
#endif
#endif
