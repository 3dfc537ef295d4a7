/* Where a POP3 line ends. The only thing besides the bodies' machines that can stop at any octet. */
#include "mailproto/pop3.h"

#include <string.h>

mp_status mp_pop3_line(mp_pop3_line_state *state, const uint8_t *line, size_t len, uint64_t max_line,
                       size_t *len_r, mp_error *err)
{
    /* Nothing past the limit is searched: what is too long is known without its end. */
    size_t end = len > max_line ? (size_t)max_line : len;
    if (end > state->searched) {
        const uint8_t *lf = memchr(line + state->searched, '\n', end - state->searched);
        if (lf != NULL) {
            *len_r = (size_t)(lf - line) + 1;
            state->searched = 0;
            return MP_OK;
        }
        state->searched = end;
    }
    return len >= max_line ? mp_fail_limit(err, end, "max_line") : MP_NEED_MORE;
}

size_t mp_pop3_line_end(const uint8_t *line, size_t len)
{
    if (len == 0 || line[len - 1] != '\n')
        return 0;
    return len > 1 && line[len - 2] == '\r' ? 2 : 1;
}
