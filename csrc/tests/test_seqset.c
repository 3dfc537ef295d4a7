#include "mailproto/imap_text.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

/* Parses and writes back; "!" and the offset where it does not parse. The copy on the heap has no byte to spare. */
static const char *round_trip(const char *text, bool normalise)
{
    static char out[512];
    size_t len = strlen(text);
    uint8_t *data = malloc(len ? len : 1);
    memcpy(data, text, len);
    mp_run *runs = malloc(mp_seqset_capacity(data, len) * sizeof *runs);
    size_t count = 0;
    mp_error err;
    if (mp_seqset_parse(data, len, runs, &count, &err) != MP_OK) {
        snprintf(out, sizeof out, "!%zu", err.offset);
    } else {
        if (normalise)
            count = mp_seqset_normalise(runs, count);
        out[mp_seqset_write(runs, count, (uint8_t *)out)] = '\0';
    }
    free(runs);
    free(data);
    return out;
}

int main(void)
{
    CHECK(strcmp(round_trip("12:10,3,*,9:*", false), "12:10,3,*,9:*") == 0);
    CHECK(strcmp(round_trip("4294967295", false), "4294967295") == 0);
    CHECK(strcmp(round_trip("4294967296", false), "!0") == 0);
    CHECK(strcmp(round_trip("", false), "!0") == 0);
    CHECK(strcmp(round_trip("1,,2", false), "!2") == 0);
    CHECK(strcmp(round_trip("1:", false), "!2") == 0);
    CHECK(strcmp(round_trip("1;", false), "!1") == 0);
    CHECK(strcmp(round_trip("12:10,3,4,9:*", true), "3:4,9:*") == 0);
    CHECK(strcmp(round_trip("9,8,7,6,5,4,3,2,1,20,19", true), "1:9,19:20") == 0);
    CHECK(strcmp(round_trip("4294967295,*", true), "4294967295,*") == 0);

    const mp_run a[] = {{1, 10}, {20, 30}};
    const mp_run b[] = {{5, 25}, {28, 28}};
    mp_run out[4];
    CHECK(mp_seqset_combine(MP_SET_DIFFERENCE, a, 2, b, 2, out) == 3);
    CHECK(out[0].last == 4 && out[1].first == 26 && out[1].last == 27 && out[2].first == 29);
    CHECK(mp_seqset_combine(MP_SET_INTERSECTION, a, 2, b, 2, out) == 3);
    CHECK(mp_seqset_combine(MP_SET_UNION, a, 2, b, 2, out) == 1 && out[0].first == 1 && out[0].last == 30);

    mp_run star[] = {{0, 4}, {7, 7}};
    CHECK(mp_seqset_resolve(star, 2, 9) == 2 && star[0].first == 9);
    mp_run none[] = {{0, 4}, {7, 7}};
    CHECK(mp_seqset_resolve(none, 2, 0) == 1 && none[0].first == 7);
    return RESULT();
}
