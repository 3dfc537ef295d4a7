/* Mailbox names: what decodes to UTF-8 encodes to a canonical form that decodes to the same; a name cut in two, where both
 * halves are names, is the two halves; nothing writes past the room that imap_text.h promises (the buffers have not
 * an octet more). The first octet says where to cut. */
#include "mailproto/imap_text.h"

#include "fuzz.h"

/* UTF-8, or NULL. */
static uint8_t *decode(const uint8_t *data, size_t size, size_t *len_r)
{
    mp_error err;
    uint8_t *text = fuzz_room(2 * size);
    if (mp_utf7_decode(data, size, text, len_r, &err) == MP_OK)
        return text;
    REQUIRE(err.status == MP_E_SYNTAX && err.offset <= size && err.expected != NULL);
    free(text);
    return NULL;
}

static uint8_t *encode(const uint8_t *data, size_t size, size_t *len_r)
{
    mp_error err;
    uint8_t *wire = fuzz_room(5 * size);
    if (mp_utf7_encode(data, size, wire, len_r, &err) == MP_OK)
        return wire;
    REQUIRE(err.status == MP_E_SYNTAX && err.offset <= size && err.expected != NULL);
    free(wire);
    return NULL;
}

/* UTF-8 that encodes is what its wire form decodes to; that form is ASCII and encodes to itself. */
static void check_text(const uint8_t *text, size_t len)
{
    size_t wire_len = 0, back_len = 0, wire2_len = 0;
    uint8_t *wire = encode(text, len, &wire_len);
    if (wire == NULL)
        return;
    for (size_t i = 0; i < wire_len; i++)
        REQUIRE(wire[i] < 0x80);
    uint8_t *back = decode(wire, wire_len, &back_len);
    REQUIRE(back != NULL && back_len == len && memcmp(back, text, len) == 0);
    uint8_t *wire2 = encode(back, back_len, &wire2_len);
    REQUIRE(wire2 != NULL && wire2_len == wire_len && memcmp(wire2, wire, wire_len) == 0);
    free(wire2);
    free(back);
    free(wire);
}

static void check_halves(const uint8_t *data, size_t size, size_t at)
{
    size_t a_len = 0, b_len = 0, len = 0;
    uint8_t *a = decode(data, at, &a_len), *b = decode(data + at, size - at, &b_len);
    if (a != NULL && b != NULL) {
        uint8_t *whole = decode(data, size, &len);
        REQUIRE(whole != NULL && len == a_len + b_len);
        REQUIRE(memcmp(whole, a, a_len) == 0 && memcmp(whole + a_len, b, b_len) == 0);
        free(whole);
    }
    free(a);
    free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t input_size)
{
    if (input_size < 1 || input_size > 4000)
        return 0;
    size_t size = input_size - 1, len = 0;
    uint8_t *data = fuzz_copy(input + 1, size), *text = decode(data, size, &len);
    if (text != NULL)
        check_text(text, len);
    free(text);
    check_text(data, size);
    check_halves(data, size, size ? input[0] % size : 0);
    free(data);
    return 0;
}
