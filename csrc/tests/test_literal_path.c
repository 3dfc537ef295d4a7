#include "mailproto/frame.h"
#include "mailproto/literal_path.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

/* Detaches (or, where `detach` is 0, takes in) every literal of a response and writes where each stood. */
static void places(const char *wire, int detach, char *out)
{
    size_t n = strlen(wire), have = 0, from = 0;
    uint8_t *unit = calloc(1, n + MP_PADDING);
    mp_limits limits = mp_limits_client();
    mp_framer f;
    static mp_literal_path path;
    mp_frame frame;
    mp_error err;
    mp_framer_init(&f, MP_SERVER_SENDS, &limits);
    mp_framer_announce_above(&f, 0);
    mp_literal_path_begin(&path);
    *out = 0;
    for (;;) {
        mp_status status = mp_framer_next(&f, unit, have, &frame, &err);
        if (status == MP_NEED_MORE) {
            if (from == n)
                break;
            unit[have++] = (uint8_t)wire[from++];
            continue;
        }
        CHECK(status == MP_OK);
        if (frame.kind == MP_FRAME_UNIT) {
            out += sprintf(out, "U%u", frame.len);
            break;
        }
        CHECK(mp_literal_path_find(&path, unit, frame.len));
        out += sprintf(out, "%.*s", (int)(path.item.len < 17 ? path.item.len : 17), path.item.len ? (const char *)unit + path.item.off : "");
        for (uint32_t i = 0; i < path.depth; i++)
            out += sprintf(out, ".%u", path.index[path.first + i]);
        out += sprintf(out, "%s ", path.in_name ? "?" : "");
        if (detach) {
            mp_framer_blank(unit, frame.len);
            mp_framer_detach(&f);
            CHECK(!mp_framer_idle(&f, 0));
            from += frame.literal_size;
        } else
            mp_framer_accept(&f);
    }
    free(unit);
}

static void expect(const char *wire, const char *want)
{
    char got[2][512];
    for (int detach = 0; detach < 2; detach++)
        places(wire, detach, got[detach]);
    char *unit = strrchr(got[1], 'U');
    *strrchr(got[0], 'U') = *unit = 0;
    if (strcmp(got[0], want) != 0 || strcmp(got[1], want) != 0)
        fprintf(stderr, "%s: %s | %s, not %s\n", wire, got[0], got[1], want);
    CHECK(strcmp(got[0], want) == 0 && strcmp(got[1], want) == 0);
}

static void test_places(void)
{
    expect("* 1 FETCH (UID 4 BODY[] {3}\r\na)b FLAGS ())\r\n", "BODY[] ");
    expect("* 1 FETCH (BODY[1] {1}\r\nx BODY[2]<0> ~{2}\r\n(( BODY[3] \"z\")\r\n", "BODY[1] BODY[2]<0> ");
    expect("* 1 FETCH (BODY[]{1}\r\nx RFC822.TEXT {1+}\r\ny)\r\n", "BODY[] RFC822.TEXT ");
    expect("* 1 FETCH (BODY[HEADER.FIELDS ({2}\r\nTo {2}\r\nCc)] {4}\r\nTo: )\r\n",
           "? ? BODY[HEADER.FIELD ");
    expect("* 1 FETCH (ENVELOPE ({1}\r\nd {1}\r\ns ((NIL NIL {1}\r\na \"b\")({1}\r\nn NIL \"c\" \"d\")) NIL))\r\n",
           "ENVELOPE.0 ENVELOPE.1 ENVELOPE.2.0.2 ENVELOPE.2.1.0 ");
    expect("* METADATA \"\" (/a {1}\r\nx /b {1}\r\ny)\r\n", ".1.1 .1.3 ");
    expect("* URLFETCH \"imap://x\" {2}\r\nab \"y\" {1}\r\nc\r\n", ".1 .3 ");
    expect("* LIST (\\A) \"/\" {3}\r\na\"b (\"X\" ({1}\r\nc))\r\n", ".2 .3.1.0 ");
    expect("A1 NO [BADCHARSET (\"x\" {3}\r\nabc {1}\r\nd)] no\r\n", "BADCHARSET.1 BADCHARSET.2 ");
    expect("* NO  [BADCHARSET (\"x\" {3}\r\nabc)] no\r\n", "BADCHARSET.1 ");
    expect("* NO[BADCHARSET ({3}\r\nabc)] no\r\n", "BADCHARSET.0 ");
    expect("* [BADCHARSET ({3}\r\nabc)] no\r\n", "BADCHARSET.0 ");
    expect("* 1 FETCH (UID 5BODY[1] {1}\r\na)\r\n", "BODY[1] ");
    expect("* 1 FETCH (BINARY.SIZE[1] 5RFC822.SIZE 6ENVELOPE ({1}\r\na))\r\n", "ENVELOPE.0 ");
    expect("* 1 FETCH (X 5BODY[1] {1}\r\na)\r\n", " ");
    expect("* 7 UIDFETCH (X ({1}\r\na) BINARY[1] {1}\r\nb)\r\n", "X.0 BINARY[1] ");
    expect("* X )) {1}\r\na) \"{1}\r\nb\r\n", ".2 .5 ");
}

static void test_depth(void)
{
    char wire[2048] = "* X ";
    for (int i = 0; i < 300; i++)
        strcat(wire, "(");
    strcat(wire, "{1}\r\n");
    static mp_literal_path path;
    mp_literal_path_begin(&path);
    CHECK(!mp_literal_path_find(&path, (const uint8_t *)wire, strlen(wire)));
    mp_literal_path_begin(&path);
    CHECK(!mp_literal_path_find(&path, (const uint8_t *)"garbage {1}\r\n", 13));
}

int main(void)
{
    test_places();
    test_depth();
    return RESULT();
}
