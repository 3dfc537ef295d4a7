#include "mailproto/imap_text.h"

#include <string.h>

/* `*` in set algebra: above every number, so that `5:*` holds 5 and all that follows. */
#define STAR UINT64_C(0x100000000)

typedef struct wide_run {
    uint64_t low;
    uint64_t high;
} wide_run;

size_t mp_seqset_capacity(const uint8_t *data, size_t len)
{
    size_t count = 1;
    const uint8_t *end = data + len;
    while (data < end) {
        const uint8_t *comma = memchr(data, ',', (size_t)(end - data));
        if (comma == NULL)
            break;
        count++;
        data = comma + 1;
    }
    return count;
}

/* seq-number = nz-number / "*"                             RFC 9051 section 9 */
static mp_status read_seq_number(const uint8_t *data, size_t len, size_t *at, uint32_t *number_r, mp_error *err)
{
    size_t i = *at;
    if (i < len && data[i] == '*') {
        *number_r = 0;
        *at = i + 1;
        return MP_OK;
    }
    if (i >= len || data[i] < '1' || data[i] > '9')
        return mp_fail(err, MP_E_SYNTAX, i, "seq-number");
    uint64_t number = 0;
    for (; i < len && data[i] >= '0' && data[i] <= '9'; i++) {
        number = number * 10 + (data[i] - '0');
        if (number > UINT32_MAX)
            return mp_fail(err, MP_E_SYNTAX, *at, "number of 32 bits");
    }
    *number_r = (uint32_t)number;
    *at = i;
    return MP_OK;
}

/* sequence-set = (seq-number / seq-range) ["," sequence-set]   RFC 9051 section 9
 * seq-range    = seq-number ":" seq-number */
mp_status mp_seqset_parse(const uint8_t *data, size_t len, mp_run *runs_r, size_t *count_r, mp_error *err)
{
    size_t at = 0;
    size_t count = 0;
    for (;;) {
        mp_run run;
        mp_status status = read_seq_number(data, len, &at, &run.first, err);
        if (status != MP_OK)
            return status;
        run.last = run.first;
        if (at < len && data[at] == ':') {
            at++;
            status = read_seq_number(data, len, &at, &run.last, err);
            if (status != MP_OK)
                return status;
        }
        if (runs_r)
            runs_r[count] = run;
        count++;
        if (at == len)
            break;
        if (data[at] != ',')
            return mp_fail(err, MP_E_SYNTAX, at, "\",\" or the end of the sequence-set");
        at++;
    }
    *count_r = count;
    return MP_OK;
}

static uint8_t *write_seq_number(uint8_t *out, uint32_t number)
{
    if (number == 0) {
        *out = '*';
        return out + 1;
    }
    uint8_t digits[10];
    size_t n = 0;
    do {
        digits[n++] = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (n > 0)
        *out++ = digits[--n];
    return out;
}

size_t mp_seqset_write(const mp_run *runs, size_t count, uint8_t *out_r)
{
    uint8_t *out = out_r;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *out++ = ',';
        out = write_seq_number(out, runs[i].first);
        if (runs[i].last != runs[i].first) {
            *out++ = ':';
            out = write_seq_number(out, runs[i].last);
        }
    }
    return (size_t)(out - out_r);
}

static wide_run widen(mp_run run)
{
    uint64_t first = run.first == 0 ? STAR : run.first;
    uint64_t last = run.last == 0 ? STAR : run.last;
    return first <= last ? (wide_run){first, last} : (wide_run){last, first};
}

static mp_run narrow(wide_run run)
{
    return (mp_run){run.low == STAR ? 0 : (uint32_t)run.low, run.high == STAR ? 0 : (uint32_t)run.high};
}

static void sift_down(mp_run *runs, size_t root, size_t count)
{
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= count)
            return;
        if (child + 1 < count && widen(runs[child]).low < widen(runs[child + 1]).low)
            child++;
        if (widen(runs[root]).low >= widen(runs[child]).low)
            return;
        mp_run held = runs[root];
        runs[root] = runs[child];
        runs[child] = held;
        root = child;
    }
}

/* Heapsort: in place, and n log n whatever a peer sends (qsort promises neither). */
static void sort_runs(mp_run *runs, size_t count)
{
    for (size_t i = count / 2; i > 0; i--)
        sift_down(runs, i - 1, count);
    for (size_t end = count; end > 1; end--) {
        mp_run held = runs[0];
        runs[0] = runs[end - 1];
        runs[end - 1] = held;
        sift_down(runs, 0, end - 1);
    }
}

size_t mp_seqset_normalise(mp_run *runs, size_t count)
{
    if (count == 0)
        return 0;
    bool sorted = true;
    runs[0] = narrow(widen(runs[0]));
    for (size_t i = 1; i < count; i++) {
        runs[i] = narrow(widen(runs[i]));
        sorted = sorted && widen(runs[i - 1]).low <= widen(runs[i]).low;
    }
    if (!sorted)
        sort_runs(runs, count);
    size_t kept = 0;
    wide_run open = widen(runs[0]);
    for (size_t i = 1; i < count; i++) {
        wide_run next = widen(runs[i]);
        /* 4294967295 and `*` do not touch: what `*` stands for is not known. */
        bool touches = next.low <= open.high || (next.low == open.high + 1 && next.low != STAR);
        if (touches) {
            if (next.high > open.high)
                open.high = next.high;
        } else {
            runs[kept++] = narrow(open);
            open = next;
        }
    }
    runs[kept++] = narrow(open);
    return kept;
}

size_t mp_seqset_resolve(mp_run *runs, size_t count, uint32_t maximum)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        mp_run run = runs[i];
        if (run.first == 0 || run.last == 0) {
            if (maximum == 0)
                continue;
            run.first = run.first == 0 ? maximum : run.first;
            run.last = run.last == 0 ? maximum : run.last;
        }
        runs[kept++] = run;
    }
    return kept;
}

static size_t intersect(const mp_run *a, size_t a_count, const mp_run *b, size_t b_count, mp_run *out)
{
    size_t i = 0;
    size_t j = 0;
    size_t n = 0;
    while (i < a_count && j < b_count) {
        wide_run x = widen(a[i]);
        wide_run y = widen(b[j]);
        uint64_t low = x.low > y.low ? x.low : y.low;
        uint64_t high = x.high < y.high ? x.high : y.high;
        if (low <= high)
            out[n++] = narrow((wide_run){low, high});
        if (x.high < y.high)
            i++;
        else
            j++;
    }
    return n;
}

static size_t subtract(const mp_run *a, size_t a_count, const mp_run *b, size_t b_count, mp_run *out)
{
    size_t j = 0;
    size_t n = 0;
    for (size_t i = 0; i < a_count; i++) {
        wide_run x = widen(a[i]);
        bool left = true;
        while (left && j < b_count) {
            wide_run y = widen(b[j]);
            if (y.high < x.low) {
                j++;
                continue;
            }
            if (y.low > x.high)
                break;
            if (y.low > x.low)
                out[n++] = narrow((wide_run){x.low, y.low - 1});
            if (y.high >= x.high) {
                left = false; /* y may reach into the next run of a: it stays */
            } else {
                x.low = y.high + 1;
                j++;
            }
        }
        if (left)
            out[n++] = narrow(x);
    }
    return n;
}

size_t mp_seqset_combine(mp_set_op op, const mp_run *a, size_t a_count, const mp_run *b, size_t b_count, mp_run *out_r)
{
    if (op == MP_SET_INTERSECTION)
        return intersect(a, a_count, b, b_count, out_r);
    if (op == MP_SET_DIFFERENCE)
        return subtract(a, a_count, b, b_count, out_r);
    size_t i = 0;
    size_t j = 0;
    size_t n = 0;
    while (i < a_count || j < b_count) {
        bool from_a = j >= b_count || (i < a_count && widen(a[i]).low <= widen(b[j]).low);
        out_r[n++] = from_a ? a[i++] : b[j++];
    }
    return mp_seqset_normalise(out_r, n);
}
