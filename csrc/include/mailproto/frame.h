/* The framer cuts a stream into units: one response or one command, its literals inline.
 *
 * It is the only machine of the core that can stop at any octet. The caller owns the bytes and keeps those of
 * the current unit contiguous; the framer remembers how far it has looked, so input that comes one octet at a
 * time costs linear time. It knows lines, literals, and one piece of grammar: where the rest of a server's line
 * is free text, so that `* OK try again {5}` is a whole line (RFC 3501 section 7.1).
 *
 *     mp_framer f;
 *     mp_framer_init(&f, MP_SERVER_SENDS, &limits);
 *     while ((status = mp_framer_next(&f, data + start, end - start, &frame, &err)) == MP_OK) {
 *         use(data + start, frame.len);
 *         start += frame.len;
 *     }
 *     MP_NEED_MORE: append to the buffer and call again with the same unit start.
 *
 * Large literals need not pass through that memory. mp_framer_announce_above(&f, n) makes the framer stop behind the
 * announcement of each literal of more than n octets; mp_framer_detach then leaves the literal to the caller, who takes
 * its octets from the stream in pieces of any size, wherever they shall go (a file, say), and goes on with the unit as
 * if the literal were empty: what follows it in the stream is appended to what the unit had up to frame.len.
 *
 *     MP_FRAME_LITERAL: keep(data + start, frame.len);             the unit so far: "* 1 FETCH (BODY[] {67108864}\r\n"
 *                       mp_framer_detach(&f);
 *                       copy frame.literal_size octets from the stream to the file;
 *                       append what comes then (")\r\n") to what was kept, and call mp_framer_next with all of it.
 *
 * For the interpreters to read such a unit the announcement must say 0: mp_framer_blank writes zeros over its digits.
 * Where the literal stood in the response, mp_literal_path says (literal_path.h).
 */
#ifndef MAILPROTO_FRAME_H
#define MAILPROTO_FRAME_H

#include "mailproto/limits.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mp_side {
    MP_SERVER_SENDS, /* a client reads responses */
    MP_CLIENT_SENDS  /* a server reads commands  */
} mp_side;

typedef enum mp_frame_kind {
    MP_FRAME_UNIT,    /* len octets form one unit, line end included; the framer is ready for the next   */
    MP_FRAME_LITERAL, /* stopped behind a literal's announcement, which ends at len. The unit goes on from
                         the same start: mp_framer_accept or mp_framer_reject must be called next         */
    MP_FRAME_DISCARD  /* len octets belong to a rejected command: drop them, then call again              */
} mp_frame_kind;

typedef struct mp_frame {
    mp_frame_kind kind;
    uint32_t len;          /* octets from the start of the unit                                          */
    uint32_t literals;     /* literals in the unit so far                                                */
    bool bare_lf;          /* a line of the unit ended in LF without CR                                  */
    bool sync;             /* MP_FRAME_LITERAL: the sender waits for a continuation                      */
    uint64_t literal_size; /* MP_FRAME_LITERAL: octets announced                                         */
    const char *limit;     /* MP_FRAME_LITERAL: the bound that the literal passes, so that it can only be
                              rejected; else NULL                                                        */
} mp_frame;

/* Plain state; no memory of its own. Fields are private. */
typedef struct mp_framer {
    mp_limits limits;
    mp_side side;
    bool announce_all;  /* stop behind every announcement of a literal                    */
    uint64_t announce_above; /* stop behind that of a literal with more octets            */
    uint64_t detached;  /* octets of the unit that the caller took out of it              */
    bool plain_line;    /* the next line holds no literal                                 */
    uint8_t state;
    uint8_t text;       /* free text of a server's line: not known yet, none, all, within BADCHARSET's list */
    bool bare_lf;
    uint32_t literals;
    uint64_t scanned;   /* octets of the unit already looked at                            */
    uint64_t line_from; /* where the current line, or what follows a literal, starts       */
    uint64_t outside;   /* octets of the unit outside literals, before the current line    */
    uint64_t pending;   /* octets of the announced literal, or left of one to discard      */
    bool pending_sync;
    mp_error failed;    /* sticky: status is not MP_OK once framing was lost               */
} mp_framer;

/* Starts a stream. The limits are copied. */
MP_API void mp_framer_init(mp_framer *f, mp_side side, const mp_limits *limits);

/* With announce on, mp_framer_next stops behind each literal's announcement (MP_FRAME_LITERAL). A server needs it to
 * send its continuation. Off, only a client's literal past a bound stops it, and every other one is awaited. */
MP_API void mp_framer_announce(mp_framer *f, bool on);

/* As announce, for literals of more than n octets alone; MP_NO_LITERAL is what announce off means. */
#define MP_NO_LITERAL UINT64_MAX
MP_API void mp_framer_announce_above(mp_framer *f, uint64_t n);

/* Other bounds from here on: a server has tighter ones until its client has logged in. */
MP_API void mp_framer_set_limits(mp_framer *f, const mp_limits *limits);

/* The next line is a SASL response or ends IDLE: it holds no literal. Call it between units. */
MP_API void mp_framer_expect_line(mp_framer *f);

/* unit: the first octet of the current unit; len: how many there are by now (never fewer than before).
 * MP_OK: *frame_r says what was found. MP_NEED_MORE: nothing is complete. MP_E_LIMIT: final, and told again by
 * every later call; the offset is the same however the input was cut. */
MP_API mp_status mp_framer_next(mp_framer *f, const uint8_t *unit, size_t len, mp_frame *frame_r, mp_error *err);

/* After MP_FRAME_LITERAL without a limit: the literal belongs to the unit. */
MP_API void mp_framer_accept(mp_framer *f);

/* The same, but its octets are the caller's to take from the stream; the unit goes on without them, and they count
 * against max_unit all the same. Offsets within the unit are then offsets within what is left of it; where a bound is
 * passed the error's offset counts them too. */
MP_API void mp_framer_detach(mp_framer *f);

/* Writes zeros over the digits of the announcement that ends at unit + len, of a literal that was detached. */
MP_API void mp_framer_blank(uint8_t *unit, size_t len);

/* After MP_FRAME_LITERAL: drop the unit's octets up to frame.len. A synchronising literal will not be sent, and the
 * next unit starts there; any other one is on its way with the rest of its command, and comes as MP_FRAME_DISCARD. */
MP_API void mp_framer_reject(mp_framer *f);

/* Octets of a literal that have to come, behind the len octets of the current unit, before there is anything to look
 * at; 0 outside literals. For a caller that puts a unit together from pieces. */
MP_API uint64_t mp_framer_missing(const mp_framer *f, size_t len);

/* True between units: an end of the stream here loses nothing. len: octets of the current unit. */
MP_API bool mp_framer_idle(const mp_framer *f, size_t len);

#ifdef __cplusplus
}
#endif
#endif
