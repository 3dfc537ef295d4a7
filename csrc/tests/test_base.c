#include "mailproto/mailproto.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

int main(void)
{
    mp_error err;
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", MP_VERSION_MAJOR, MP_VERSION_MINOR, MP_VERSION_PATCH);
    CHECK(strcmp(version, MP_VERSION) == 0 && strcmp(mp_version(), MP_VERSION) == 0);
    CHECK(mp_fail(&err, MP_E_SYNTAX, 7, "nstring") == MP_E_SYNTAX);
    CHECK(err.offset == 7 && strcmp(err.expected, "nstring") == 0 && err.limit == NULL);
    CHECK(mp_fail_limit(&err, 9, "max_depth") == MP_E_LIMIT);
    CHECK(strcmp(err.limit, "max_depth") == 0);
    CHECK(mp_limits_before_login().max_line < mp_limits_server().max_line);
    CHECK(mp_limits_server().max_line < mp_limits_client().max_line);
    mp_alloc alloc = mp_alloc_libc();
    void *block = alloc.realloc(alloc.ctx, NULL, 0, 16);
    CHECK(block != NULL);
    alloc.free(alloc.ctx, block);
    return RESULT();
}
