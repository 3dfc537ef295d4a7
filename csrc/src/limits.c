#include "mailproto/limits.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

mp_limits mp_limits_client(void)
{
    return (mp_limits){
        .max_line = 64 * MIB, /* a SEARCH answer of a million numbers is 7.4 MB, of eight million 64 */
        .max_literal = 1024 * MIB,
        .max_unit = 2048 * MIB,
        .max_literals = 100000,
        .max_depth = 100,
        .max_elements = 4000000,
        .max_addresses = 100000,
        .max_parameters = 1000,
        .max_parts = 10000,
        .max_header = 16 * MIB,
        .max_body = 1024 * MIB,
        .max_pop3_command = 255, /* RFC 2449 section 4 */
    };
}

mp_limits mp_limits_server(void)
{
    return (mp_limits){
        .max_line = 64 * KIB, /* RFC 7162 section 4: allow 8192 at least; real UID sets are longer */
        .max_literal = 64 * MIB,
        .max_unit = 128 * MIB,
        .max_literals = 1000,
        .max_depth = 64,
        .max_elements = 20000,
        .max_addresses = 10000,
        .max_parameters = 1000,
        .max_parts = 10000,
        .max_header = 1 * MIB,
        .max_body = 64 * MIB,
        .max_pop3_command = 255, /* RFC 2449 section 4 */
    };
}

mp_limits mp_limits_before_login(void)
{
    return (mp_limits){
        .max_line = 16 * KIB, /* a SASL initial response with a Kerberos or OAuth token fits */
        .max_literal = 4 * KIB, /* a user name, a password */
        .max_unit = 24 * KIB,
        .max_literals = 8,
        .max_depth = 4,
        .max_elements = 64,
        .max_addresses = 0,
        .max_parameters = 0,
        .max_parts = 0,
        .max_header = 0,
        .max_body = 0,
        .max_pop3_command = 255, /* RFC 2449 section 4 */
    };
}
