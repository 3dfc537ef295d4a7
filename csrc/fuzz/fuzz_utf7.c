/* Mailbox names: what decodes to UTF-8 encodes to a canonical form that decodes to the same; nothing writes past the
 * room that imap_text.h promises (the buffers have not an octet more). */
#include "mailproto/imap_text.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *sized(size_t n)
{
    return malloc(n ? n : 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mp_error err;
    size_t len = 0, wire_len = 0, again_len = 0;
    uint8_t *text = sized(2 * size);
    if (mp_utf7_decode(data, size, text, &len, &err) == MP_OK) {
        uint8_t *wire = sized(5 * len);
        if (mp_utf7_encode(text, len, wire, &wire_len, &err) == MP_OK) {
            uint8_t *again = sized(2 * wire_len);
            if (mp_utf7_decode(wire, wire_len, again, &again_len, &err) != MP_OK || again_len != len ||
                memcmp(again, text, len) != 0)
                abort();
            free(again);
        }
        free(wire);
    } else if (err.offset > size) {
        abort();
    }
    free(text);
    uint8_t *wire = sized(5 * size);
    if (mp_utf7_encode(data, size, wire, &wire_len, &err) == MP_OK) {
        uint8_t *back = sized(2 * wire_len);
        if (mp_utf7_decode(wire, wire_len, back, &len, &err) != MP_OK || len != size || memcmp(back, data, size) != 0)
            abort();
        free(back);
    }
    free(wire);
    return 0;
}
