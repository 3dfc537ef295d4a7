/* Dot-stuffing and -unstuffing: RFC 1939 section 3, RFC 2449 section 3 (multi-line, dot-stuffed). */
#include "mailproto/pop3.h"

#include "scan_pair.h"

#include <string.h>

/* Where a machine stands after the octets of [from, to) of src, none of which starts a line with a dot. `before`
 * is where it stood. */
static mp_body_at position_after(mp_body_at before, bool any_lf, const uint8_t *src, size_t from, size_t to)
{
    if (from == to)
        return before;
    uint8_t last = src[to - 1];
    if (last == '\r')
        return MP_AT_CR;
    if (last != '\n')
        return MP_AT_MIDDLE;
    bool after_cr = to - from >= 2 ? src[to - 2] == '\r' : before == MP_AT_CR;
    return after_cr || any_lf ? MP_AT_LINE_START : MP_AT_MIDDLE;
}

/* Takes the run that starts at `from` as it is, up to a dot that starts a line, or to n, and copies it to dst, unless
 * that is NULL. Returns where the run ends. `at` is where the machine stands, at the line start or within a line; left
 * standing where the run ends. */
static size_t plain_run(mp_body_at *at, bool any_lf, const uint8_t *src, size_t from, size_t n, uint8_t *dst)
{
    if (from < n && *at == MP_AT_LINE_START && src[from] == '.')
        return from;
    while (from < n) {
        /* Looked up before the copy, which may fall on the last octets but one. */
        mp_body_at at_end = position_after(*at, any_lf, src, from, n);
        size_t lf = from + mp_find_pair(src + from, n - from, '\n', '.', dst);
        if (lf >= n) {
            *at = at_end;
            return n;
        }
        *at = position_after(*at, any_lf, src, from, lf + 1);
        if (dst != NULL) {
            dst[lf - from] = '\n';
            dst += lf + 1 - from;
        }
        from = lf + 1;
        if (*at == MP_AT_LINE_START)
            return from;
        /* a bare LF that ends no line: the dot behind it is text */
    }
    return n;
}

void mp_unstuff_init(mp_unstuff *machine, bool any_lf)
{
    *machine = (mp_unstuff){MP_AT_LINE_START, any_lf};
}

size_t mp_unstuff_withheld(const mp_unstuff *machine)
{
    return machine->at == MP_AT_DOT_CR ? 1 : 0;
}

mp_status mp_unstuff_run(mp_unstuff *machine, uint8_t *dst, const uint8_t *src, size_t n, size_t *consumed_r,
                         size_t *written_r)
{
    size_t i = 0, written = 0;
    while (i < n) {
        if (machine->at == MP_AT_DOT) {
            if (src[i] == '\r') {
                machine->at = MP_AT_DOT_CR;
                i++;
                continue;
            }
            if (src[i] == '\n' && machine->any_lf) {
                *consumed_r = i + 1;
                *written_r = written;
                return MP_OK;
            }
            machine->at = MP_AT_MIDDLE; /* the dot was stuffing; what follows it, a dot too, is text */
        } else if (machine->at == MP_AT_DOT_CR) {
            if (src[i] == '\n') {
                *consumed_r = i + 1;
                *written_r = written;
                return MP_OK;
            }
            if (dst != NULL)
                dst[written] = '\r'; /* read before, perhaps in the chunk before */
            written++;
            machine->at = MP_AT_CR;
        }
        /* Nothing is moved before the first dot where dst is src. */
        uint8_t *out = dst == NULL || dst + written == src + i ? NULL : dst + written;
        size_t end = plain_run(&machine->at, machine->any_lf, src, i, n, out);
        written += end - i;
        i = end;
        if (i < n) {
            machine->at = MP_AT_DOT;
            i++;
        }
    }
    *consumed_r = n;
    *written_r = written;
    return MP_NEED_MORE;
}

void mp_stuff_init(mp_stuff *machine, bool any_lf)
{
    *machine = (mp_stuff){MP_AT_LINE_START, any_lf, true};
}

size_t mp_stuff_run(mp_stuff *machine, uint8_t *dst, const uint8_t *src, size_t n)
{
    size_t i = 0, written = 0;
    if (n > 0)
        machine->complete = src[n - 1] == '\n' && (n > 1 ? src[n - 2] == '\r' : machine->at == MP_AT_CR);
    while (i < n) {
        size_t end = plain_run(&machine->at, machine->any_lf, src, i, n, dst == NULL ? NULL : dst + written);
        written += end - i;
        i = end;
        if (i < n) {
            if (dst != NULL)
                memcpy(dst + written, "..", 2);
            written += 2;
            machine->at = MP_AT_MIDDLE;
            i++;
        }
    }
    return written;
}

size_t mp_stuff_finish(mp_stuff *machine, uint8_t dst[5])
{
    size_t n = 0;
    if (!machine->complete) {
        memcpy(dst, "\r\n", 2);
        n = 2;
    }
    memcpy(dst + n, ".\r\n", 3);
    mp_stuff_init(machine, machine->any_lf);
    return n + 3;
}
