#include "mailproto/imap_text.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

/* What the text reads as, written again; "!" and the offset where it does not read. */
static const char *again(const char *text, bool time)
{
    static char out[64];
    size_t len = strlen(text);
    uint8_t *data = malloc(len ? len : 1);
    memcpy(data, text, len);
    mp_date_time date;
    mp_error err;
    if ((time ? mp_parse_date_time : mp_parse_date)(data, len, &date, &err) != MP_OK) {
        snprintf(out, sizeof out, "!%zu", err.offset);
    } else if (time) {
        mp_write_date_time(&date, (uint8_t *)out);
        out[MP_DATE_TIME_LEN] = '\0';
    } else {
        out[mp_write_date(&date, (uint8_t *)out)] = '\0';
    }
    free(data);
    return out;
}

#define TIME(text, expected) CHECK(strcmp(again(text, true), expected) == 0)
#define DATE(text, expected) CHECK(strcmp(again(text, false), expected) == 0)

int main(void)
{
    TIME(" 1-Feb-2024 03:04:05 +0100", " 1-Feb-2024 03:04:05 +0100");
    TIME("29-FEB-2024 23:59:60 -1245", "29-Feb-2024 23:59:60 -1245");
    TIME("1-jan-0001 00:00:00 -0000", " 1-Jan-0001 00:00:00 +0000");
    TIME("01-Jan-2024 00:00:00 +0000", " 1-Jan-2024 00:00:00 +0000");
    TIME("", "!0");
    TIME(" ", "!0");
    TIME("x", "!0");
    TIME(" 11-Jan-2024 00:00:00 +0000", "!2");
    TIME("29-Feb-2023 00:00:00 +0000", "!0");
    TIME("00-Feb-2023 00:00:00 +0000", "!0");
    TIME("01-Foo-2023 00:00:00 +0000", "!3");
    TIME("01-Jan-0000 00:00:00 +0000", "!7");
    TIME("01-Jan-2024 24:00:00 +0000", "!11");
    TIME("01-Jan-2024 00:00:00", "!11");
    TIME("01-Jan-2024 00:00:00 ", "!21");
    TIME("01-Jan-2024 00:00:00 +2400", "!21");
    TIME("01-Jan-2024 00:00:00 +00000", "!21");
    DATE("1-Feb-1994", "1-Feb-1994");
    DATE("01-Feb-1994", "1-Feb-1994");
    DATE("31-Apr-1994", "!0");
    DATE("1-Feb-94", "!1");
    DATE("1-Feb-1994 ", "!10");
    DATE("", "!0");
    return RESULT();
}
