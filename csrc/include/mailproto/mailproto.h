/* mailproto: the wire of IMAP (RFC 3501, RFC 9051) and POP3 (RFC 1939), read and written. This header includes all
 * others.
 *
 * The library turns octets into offsets and numbers, and back. It does no I/O and starts no threads; you own the
 * sockets, the buffers and the loop.
 *
 *     base.h           status codes, errors, spans, the allocator that you pass in
 *     limits.h         every bound on what a peer may send
 *     frame.h          cuts a stream into units: one response or one command each, literals inline
 *     defects.h        what servers get wrong and is read all the same
 *     imap_response.h  what a server sends: status lines, FETCH, ENVELOPE, BODYSTRUCTURE, SEARCH, LIST ...
 *     imap_code.h      status lines and their response codes
 *     literal_path.h   where in a response a literal stands that is taken from the stream as it comes
 *     imap_command.h   what a client sends, for servers
 *     imap_text.h      sequence sets, mailbox names in modified UTF-7, dates, flags, LIST patterns
 *     imap_write.h     which form a string takes on the wire, and the forms
 *     tape.h cursor.h  a unit as flat tokens, and the grammar's rules over them: for what has no reader of its own
 *     mime.h           the structure of a message with exact octets: what FETCH is answered from
 *     pop3.h           POP3: lines, replies, commands, dot-stuffing
 *
 * Reading IMAP takes two steps: the framer finds where a unit ends, a reader takes the unit.
 *
 *     mp_limits limits = mp_limits_client();
 *     mp_framer framer;
 *     mp_frame frame;
 *     mp_error err;
 *     mp_framer_init(&framer, MP_SERVER_SENDS, &limits);
 *     ...have octets from the socket in buffer[start .. end), with MP_PADDING readable octets behind them:
 *     while (mp_framer_next(&framer, buffer + start, end - start, &frame, &err) == MP_OK) {
 *         mp_response_head head;
 *         if (mp_read_response_head(buffer + start, frame.len, &head, &err) == MP_OK && head.kind == MP_RESP_EXISTS)
 *             printf("%u messages\n", head.number);
 *         start += frame.len;
 *     }
 *
 * examples/embed holds two whole programs: a tokeniser of responses, and a server's command loop.
 *
 * What holds everywhere:
 *   - Octets, not text: nothing has to end in NUL, and lengths are always given.
 *   - Padding: where a header says so, MP_PADDING octets behind the given ones must be readable. They are never acted
 *     upon.
 *   - Results are spans, offsets from the start of what was read. They stay right when the buffer moves, and mean
 *     something as long as the octets stay.
 *   - Names of out-parameters end in _r. They are set on MP_OK; otherwise only what the function says is set.
 *   - Every function that can fail returns mp_status and fills *err, which must not be NULL, when that is negative.
 *   - Octets from a peer can cause a status, and nothing else: no crash, no endless loop, no memory beyond mp_limits.
 *   - Memory comes from the mp_alloc that an object was made with, and from nowhere else. An object is made by its
 *     _init and must be given to its _free, if it has one; those that have none own nothing.
 *   - There is no global state. Two threads may use two objects at once; an object used by one thread at a time
 *     needs no lock. Functions that take no object can be called by anybody at any time.
 */
#ifndef MAILPROTO_MAILPROTO_H
#define MAILPROTO_MAILPROTO_H

#include "mailproto/base.h"
#include "mailproto/cursor.h"
#include "mailproto/defects.h"
#include "mailproto/frame.h"
#include "mailproto/imap_code.h"
#include "mailproto/imap_command.h"
#include "mailproto/imap_data.h"
#include "mailproto/imap_response.h"
#include "mailproto/imap_text.h"
#include "mailproto/imap_write.h"
#include "mailproto/limits.h"
#include "mailproto/literal_path.h"
#include "mailproto/mime.h"
#include "mailproto/pop3.h"
#include "mailproto/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of these headers. Before 1.0 another minor version is another interface: structs may have grown. The
 * shared library's soname and the CMake package see to it that the two fit. */
#define MP_VERSION_MAJOR 0
#define MP_VERSION_MINOR 1
#define MP_VERSION_PATCH 0
#define MP_VERSION "0.1.0"

/* The version of the library that is linked, such as "0.1.0"; static. Differs from MP_VERSION where a program built
 * against one version meets another at run time. */
MP_API const char *mp_version(void);

#ifdef __cplusplus
}
#endif
#endif
