#include "mailproto/imap_text.h"
#include "utf8.h"

static const char base64_modified[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static int base64_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == ',' ? 63 : -1;
}

static size_t put_utf8(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xC0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xE0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (c & 0x3F));
    return 4;
}

/* Reads one shifted run, data[*at] being the octet after `&`, and leaves *at after its `-`. */
static mp_status decode_shift(const uint8_t *data, size_t len, size_t *at, uint8_t *out, size_t *n, mp_error *err)
{
    uint32_t bits = 0;
    unsigned held = 0;
    uint32_t high = 0; /* the first half of a surrogate pair */
    size_t i = *at;
    for (;; i++) {
        if (i >= len)
            return mp_fail(err, MP_E_SYNTAX, i, "\"-\" that ends the base64");
        if (data[i] == '-')
            break;
        int value = base64_value(data[i]);
        if (value < 0)
            return mp_fail(err, MP_E_SYNTAX, i, "modified base64");
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held < 16)
            continue;
        held -= 16;
        uint32_t unit = bits >> held & 0xFFFF;
        bits &= (1U << held) - 1;
        if (high != 0) {
            if (unit < 0xDC00 || unit > 0xDFFF)
                return mp_fail(err, MP_E_SYNTAX, i, "second half of a surrogate pair");
            *n += put_utf8(out + *n, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
            high = 0;
        } else if (unit >= 0xD800 && unit <= 0xDBFF) {
            high = unit;
        } else if (unit >= 0xDC00 && unit <= 0xDFFF) {
            return mp_fail(err, MP_E_SYNTAX, i, "first half of a surrogate pair");
        } else {
            *n += put_utf8(out + *n, unit);
        }
    }
    if (high != 0)
        return mp_fail(err, MP_E_SYNTAX, i, "second half of a surrogate pair");
    if (held >= 6 || bits != 0)
        return mp_fail(err, MP_E_SYNTAX, i, "whole UTF-16 units");
    *at = i + 1;
    return MP_OK;
}

mp_status mp_utf7_decode(const uint8_t *data, size_t len, uint8_t *out_r, size_t *len_r, mp_error *err)
{
    size_t n = 0;
    size_t i = 0;
    while (i < len) {
        if (data[i] != '&') {
            out_r[n++] = data[i++];
            continue;
        }
        i++;
        if (i < len && data[i] == '-') {
            out_r[n++] = '&';
            i++;
            continue;
        }
        mp_status status = decode_shift(data, len, &i, out_r, &n, err);
        if (status != MP_OK)
            return status;
    }
    *len_r = n;
    return MP_OK;
}

static void put_unit(uint32_t unit, uint32_t *bits, unsigned *held, uint8_t *out, size_t *n)
{
    *bits = (*bits << 16 | unit) & 0x3FFFFF;
    *held += 16;
    while (*held >= 6) {
        *held -= 6;
        out[(*n)++] = (uint8_t)base64_modified[*bits >> *held & 0x3F];
    }
}

mp_status mp_utf7_encode(const uint8_t *data, size_t len, uint8_t *out_r, size_t *len_r, mp_error *err)
{
    size_t n = 0;
    size_t i = 0;
    bool shifted = false;
    uint32_t bits = 0;
    unsigned held = 0;
    for (;;) {
        bool direct = i == len || (data[i] >= 0x20 && data[i] <= 0x7E);
        if (direct && shifted) {
            if (held > 0)
                out_r[n++] = (uint8_t)base64_modified[bits << (6 - held) & 0x3F];
            out_r[n++] = '-';
            shifted = false;
        }
        if (i == len)
            break;
        if (direct) {
            out_r[n++] = data[i];
            if (data[i++] == '&')
                out_r[n++] = '-';
            continue;
        }
        uint32_t c = 0;
        size_t octets = mp_utf8_character(data + i, len - i, &c);
        if (octets == 0)
            return mp_fail(err, MP_E_SYNTAX, i, "UTF-8");
        i += octets;
        if (!shifted) {
            out_r[n++] = '&';
            shifted = true;
            bits = 0;
            held = 0;
        }
        if (c >= 0x10000) {
            put_unit(0xD800 + ((c - 0x10000) >> 10), &bits, &held, out_r, &n);
            c = 0xDC00 + ((c - 0x10000) & 0x3FF);
        }
        put_unit(c, &bits, &held, out_r, &n);
    }
    *len_r = n;
    return MP_OK;
}
