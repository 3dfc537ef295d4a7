# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""IMAP commands off the wire: see csrc/include/mailproto/imap_command.h. What is built comes from mailproto.imap."""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from cpython.ref cimport Py_XDECREF
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memchr

from mailproto._core.c_mailproto cimport (
    MP_CLIENT_SENDS, MP_FRAME_DISCARD, MP_FRAME_UNIT, MP_NEED_MORE, MP_OK, mp_alloc_libc, mp_command,
    mp_command_announces_message, mp_command_free, mp_command_init, mp_command_parse, mp_command_tag, mp_error,
    mp_frame, mp_framer, mp_framer_accept, mp_framer_announce, mp_framer_announce_above, mp_framer_expect_line,
    mp_framer_idle, mp_framer_init, mp_framer_next, mp_framer_reject, mp_framer_set_limits, mp_idle_line_parse,
    mp_limits, mp_sasl_line_parse, mp_span, mp_status,
)
from mailproto._core.command_args cimport CACHE_SLOTS
from mailproto._core.command_build cimport Builder, ascii_of, base64_of, error_of
from mailproto._core.common cimport limits_to_c, octets_above, raise_error
from mailproto._core.intake cimport Block
from mailproto._core.literal_intake cimport (
    CHUNK, IN_UNIT, LARGE, STREAMED, LiteralIntake, announced, in_whole_unit,
)
from mailproto._core.outside cimport Outside, outside_enter, outside_leave

from mailproto.errors import NEED_DATA, IncompleteError, LimitError, ParseError
from mailproto.exact import boolean
from mailproto.limits import Limits

# Octets of memory that a connection's reader starts with, and above which memory is given back between commands.
cdef enum:
    BLOCK = 4096
    KEEP = 16384
    NAME_WITHIN = 256           # a tag, UID and a command's name are looked for in so many octets

cdef size_t UNIT_CAP = ParseError.UNIT_CAP


# ---- one command from bytes --------------------------------------------------------------------------------------

def parse(Builder builder, data, object limits, utf8, strict):
    """The first command in *data* and how many octets it took. See mailproto.imap.parse_command_prefix."""
    cdef Py_buffer view
    cdef mp_limits bounds
    cdef mp_framer framer
    cdef mp_frame frame
    cdef mp_error error
    cdef mp_command command
    cdef mp_status status
    cdef const uint8_t *unit
    limits_to_c(limits, &bounds)
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    mp_command_init(&command, mp_alloc_libc())
    command.strict = boolean(strict, "strict")
    boolean(utf8, "utf8")
    try:
        unit = <const uint8_t *>view.buf
        mp_framer_init(&framer, MP_CLIENT_SENDS, &bounds)
        status = mp_framer_next(&framer, unit, view.len, &frame, &error)
        if status == MP_NEED_MORE:
            raise IncompleteError("the command is not complete")
        if status != MP_OK:
            raise_error(&error, unit, view.len)
        if frame.kind != MP_FRAME_UNIT:  # announced, and past a bound
            raise LimitError(frame.len, frame.limit.decode("ascii"), PyBytes_FromStringAndSize(<char *>unit, frame.len))
        if mp_command_parse(&command, unit, frame.len, &bounds, &error) != MP_OK:
            raise_error(&error, unit, frame.len)
        return builder.command(unit, frame.len, &command, utf8, NULL), frame.len
    finally:
        mp_command_free(&command)
        PyBuffer_Release(&view)


# ---- the reader --------------------------------------------------------------------------------------------------

cdef enum:
    EXPECT_COMMAND = 0
    EXPECT_SASL = 1
    EXPECT_IDLE = 2


cdef class CommandReader(LiteralIntake):
    """Reads what an IMAP client sends. See mailproto.imap.CommandReader."""

    cdef Builder builder
    cdef mp_command command
    cdef mp_limits bounds
    cdef object limits_value
    cdef bint utf8_mode, announcing
    cdef int depth                  # values being built inside each other: building one may run any Python code
    cdef int expected
    cdef mp_frame announced         # the literal that waits for accept or reject; its len 0: none does
    cdef uint64_t stream_above
    cdef object begun               # the LiteralBegin to give next, or None
    cdef bint text                  # the literal that is taken out must hold no NUL
    cdef object bad_octet           # where in such literals one does: (offset in the unit, offset in the literal)
    cdef PyObject *cache[CACHE_SLOTS]
    cdef object swallowed           # the BadCommand to give once the literals of the command have passed, or None

    def __cinit__(self, Builder builder not None, *, limits=None, announce=False, utf8=False, strict=False,
                  stream_above=None, events=None):
        self.block_size = BLOCK
        self.modest()
        self.first_held = KEEP
        self.kept_size = KEEP  # an idle connection holds no more
        self.hold_from = 1
        self.builder = builder
        mp_command_init(&self.command, mp_alloc_libc())
        self.command.strict = boolean(strict, "strict")
        self.limits_value = Limits.server() if limits is None else limits
        limits_to_c(self.limits_value, &self.bounds)
        self.utf8_mode = boolean(utf8, "utf8")
        self.announcing = boolean(announce, "announce")
        if events is not None:
            self.begin_type, self.chunk_type, self.end_type = events
        self.streaming = stream_above is not None
        if self.streaming:
            self.stream_above = octets_above(stream_above)
        self.restart()

    def __dealloc__(self):
        cdef int i
        mp_command_free(&self.command)
        for i in range(CACHE_SLOTS):
            Py_XDECREF(self.cache[i])

    cdef int modest(self) except -1:
        """Memory for commands: a server has one reader for each of many connections."""
        self.least_room = self.most_hint = BLOCK // 2
        return 0

    cdef int restart(self) except -1:
        mp_framer_init(&self.framer, MP_CLIENT_SENDS, &self.bounds)
        if self.announcing:
            mp_framer_announce(&self.framer, True)
        else:
            mp_framer_announce_above(&self.framer, min(self.stream_above, LARGE) if self.streaming else LARGE)
        self.expected = EXPECT_COMMAND
        self.announced.len = 0
        self.begun = self.bad_octet = self.swallowed = None
        self.forget_parts()
        self.modest()
        return 0

    def feed_eof(self):
        """Say that the client closed. Raises IncompleteError where that cuts a command off, and reads nothing more then.
        """
        with cython.critical_section(self):
            if self.lost:
                return
            if self.unread() or self.mode != IN_UNIT or not mp_framer_idle(&self.framer, 0):
                self.lost = True
                raise IncompleteError("the client closed inside a command")

    @property
    def buffered(self):
        """Octets received that no value, and no event of a streamed literal, has been made of yet."""
        with cython.critical_section(self):
            return self.unread() + self.kept_apart()

    def discard(self):
        """Throw away what was received and not read yet, and begin anew. Returns how many octets that were.

        For STARTTLS: what came before TLS must not count as if sent inside.
        """
        cdef size_t count
        with cython.critical_section(self):
            self.reclaim()
            count = self.unread() + self.kept_apart()
            self.drop()
            self.restart()
            return count

    # What is read

    @property
    def limits(self):
        """The bounds; replace them when the client has logged in. They hold for what is read from then on."""
        return self.limits_value

    @limits.setter
    def limits(self, value):
        cdef mp_limits bounds
        limits_to_c(value, &bounds)
        with cython.critical_section(self):
            self.limits_value = value
            self.bounds = bounds
            mp_framer_set_limits(&self.framer, &bounds)

    @property
    def utf8(self):
        """Whether mailbox names are UTF-8: set it when the client has enabled UTF8=ACCEPT or IMAP4rev2."""
        return self.utf8_mode

    @utf8.setter
    def utf8(self, value):
        self.utf8_mode = boolean(value, "utf8")

    def expect_line(self, what):
        """Say what the next line is: ``"sasl"``, a SASL response, or ``"idle"``, the end of IDLE.

        Call it between commands; it holds for one line.
        """
        with cython.critical_section(self):
            if what == "sasl":
                self.expected = EXPECT_SASL
            elif what == "idle":
                self.expected = EXPECT_IDLE
            else:
                raise ValueError('what must be "sasl" or "idle"')
            mp_framer_expect_line(&self.framer)

    def accept(self, *, stream=None):
        """After LiteralAnnounced: the literal is wanted. ValueError where none was announced.

        *stream*: whether it shall come in chunks; None: if it has more than ``stream_above`` octets. A literal that is
        no message's text always stays in its command.
        """
        cdef size_t n = 0
        cdef const uint8_t *unit
        cdef mp_frame frame
        cdef bint streamed
        if stream is not None:
            boolean(stream, "stream")
        with cython.critical_section(self):
            if self.announced.len == 0:
                raise ValueError("no literal was announced")
            frame = self.announced
            self.announced.len = 0
            streamed = self.begin_type is not None and (self.streams(frame.literal_size) if stream is None else stream)
            unit = self.parts.data if self.parts_len else self.octets(&n)
            self.begun = self.taken_in(unit, n, &frame, streamed)

    def reject(self):
        """After LiteralAnnounced: it is not wanted. Its command is dropped without a value: the caller answers it.

        A literal that is on its way is swallowed with the rest of its command. ValueError where none was announced.
        """
        with cython.critical_section(self):
            if self.announced.len == 0:
                raise ValueError("no literal was announced")
            self.refuse(self.announced.len)
            self.announced.len = 0

    def next(self):
        """The next value, or NEED_DATA."""
        with cython.critical_section(self):
            return self.read()

    def __iter__(self):
        return self

    def __next__(self):
        with cython.critical_section(self):
            value = self.read()
        if value is NEED_DATA:
            raise StopIteration
        return value

    cdef object read(self):
        cdef mp_frame frame
        cdef mp_error error
        cdef int status
        cdef const uint8_t *unit = NULL
        cdef size_t have = 0
        cdef Block block
        cdef object given
        cdef object value
        while not self.lost:
            if self.mode != IN_UNIT:
                value = self.next_of_literal()
                if value is not None:
                    return value
                continue
            if self.announced.len:
                return NEED_DATA
            status = self.next_frame(&unit, &have, &frame, &error)
            if status == MP_NEED_MORE:
                return NEED_DATA
            if status == MP_OK and frame.kind == MP_FRAME_DISCARD:
                self.skip(frame.len)
                value = None
            else:
                # What follows runs Python code, and that may do anything with this reader: the octets must stay.
                block = self.parts if self.parts_len else self.block
                given = self.given
                if block is not None:
                    block.exports += 1
                try:
                    if status != MP_OK:
                        return self.die(&error, unit, have)
                    value = self.found(unit, have, &frame)
                finally:
                    if block is not None:
                        block.exports -= 1
                        self.trim()
            if value is not None:
                return value
            if self.swallowed is not None and mp_framer_idle(&self.framer, 0):
                bad, self.swallowed = self.swallowed, None
                return bad
        return NEED_DATA

    cdef object found(self, const uint8_t *unit, size_t have, mp_frame *frame):
        """The value of a unit, LiteralAnnounced, LiteralBegin; None where the octets of a literal come next."""
        if frame.kind == MP_FRAME_UNIT:
            if self.parts_len:
                return self.unit_around(unit, frame.len)
            self.skip(frame.len)
            return self.unit(unit, frame.len)
        if frame.limit is NULL:
            if not self.announcing:
                return self.taken_in(unit, have, frame, self.streams(frame.literal_size))
            self.announced = frame[0]
            return self.builder.announced(
                self.tag_of(unit, frame.len), frame.literal_size, bool(frame.sync), self.name_of(unit, frame.len)
            )
        self.swallowed = self.too_large(unit, frame)
        self.refuse(frame.len)
        return None

    cdef int refuse(self, size_t length) except -1:
        """The unit, and the literal that was announced at the end of its octets so far, are dropped."""
        mp_framer_reject(&self.framer)
        if self.parts_len:
            self.forget_parts()
            self.bad_octet = None
            self.modest()
        else:
            self.skip(length)
        return 0

    # Literals that stay out of their unit

    cdef bint streams(self, uint64_t size) noexcept:
        return self.streaming and size > self.stream_above

    cdef object taken_in(self, const uint8_t *unit, size_t have, const mp_frame *frame, bint streamed):
        """What becomes of a literal that is wanted. LiteralBegin where it is streamed, else None."""
        cdef Block parts
        if ((not streamed and (frame.literal_size <= LARGE or have >= frame.len + frame.literal_size))
                or not mp_command_announces_message(unit, frame.len)):
            mp_framer_accept(&self.framer)  # it is there, or short: copying it out is all that is left to do
            return None
        self.take_out(unit, frame.len, frame.literal_size)
        parts = self.parts
        self.text = parts.data[tilde_at(parts.data, frame.len)] != c"~"
        if not streamed:
            self.hold()
            return None
        self.mode = STREAMED
        self.least_room = self.most_hint = CHUNK // 4
        return self.begin_type((self.name_of(parts.data, frame.len), frame.literals), frame.literal_size)

    cdef object next_of_literal(self):
        """As read_literal, with LiteralBegin before, and looking for what a literal must not hold."""
        cdef Py_buffer view
        cdef const void *nul
        if self.begun is not None:
            value, self.begun = self.begun, None
            return value
        value = self.read_literal()
        if not self.text or self.bad_octet is not None:
            return value
        if value is NEED_DATA:
            return value
        if value is None:
            data = self.outside[self.parts_len]
        elif isinstance(value, self.chunk_type):
            data = value.data
        else:
            return value
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        nul = memchr(view.buf, 0, view.len)
        if nul is not NULL:
            self.bad_octet = (self.parts_len, self.size - self.left - view.len + (<char *>nul - <char *>view.buf))
        PyBuffer_Release(&view)
        return value

    cdef object unit_around(self, const uint8_t *unit, size_t length):
        """The value of a unit that lacks literals."""
        cdef Block parts = self.parts
        cdef dict outside = self.outside
        cdef Outside entered
        bad_octet = self.bad_octet
        self.parts = self.bad_octet = None
        self.parts_len = 0
        self.outside = {}
        self.modest()
        entered = outside_enter(unit, outside)
        try:
            value = self.unit(unit, length)
        finally:
            outside_leave(entered)
        if isinstance(value, self.builder.bad):
            in_whole_unit(value.error, outside)
        if bad_octet is not None:
            place, within = bad_octet
            error = ParseError(place, "CHAR8", PyBytes_FromStringAndSize(<char *>unit, min(length, UNIT_CAP)))
            in_whole_unit(error, {at: what for at, what in outside.items() if at < place})
            error.offset += within
            error.unit = announced(error.unit, outside)
            if not isinstance(value, self.builder.bad) or error.offset < value.error.offset:
                value = self.builder.bad(self.tag_of(unit, length), error)
        if self.parts is None and parts.capacity <= BLOCK and parts.exports == 1:  # read() has it
            self.parts = parts
        return value

    cdef object unit(self, const uint8_t *unit, size_t length):
        cdef mp_command own
        cdef bint nested = self.depth > 0
        if nested:
            mp_command_init(&own, mp_alloc_libc())
            own.strict = self.command.strict
        self.depth += 1
        try:
            return self.value_of(unit, length, &own if nested else &self.command, NULL if nested else self.cache)
        finally:
            self.depth -= 1
            if nested:
                mp_command_free(&own)

    cdef object value_of(self, const uint8_t *unit, size_t length, mp_command *command, PyObject **cache):
        cdef mp_error error
        cdef mp_status status
        cdef mp_span span
        cdef int expected = self.expected
        tag = None
        try:
            if expected == EXPECT_COMMAND:
                status = mp_command_parse(command, unit, length, &self.bounds, &error)
                if status == MP_OK:
                    return self.builder.command(unit, length, command, self.utf8_mode, cache)
                tag = self.tag_of(unit, length)
            else:
                self.expected = EXPECT_COMMAND
                if expected == EXPECT_IDLE:
                    status = mp_idle_line_parse(unit, length, &error)
                    if status == MP_OK:
                        return self.builder.idle_done()
                    tag = self.tag_of(unit, length)
                else:
                    status = mp_sasl_line_parse(unit, length, &span, &error)
                    if status == MP_OK:
                        return self.sasl_response(unit, span)
            return self.builder.bad(tag, error_of(&error, unit, length))
        except ParseError as exception:
            return self.builder.bad(tag, exception.with_traceback(None))

    cdef object sasl_response(self, const uint8_t *unit, mp_span span):
        if span.len == 1:
            return self.builder.sasl_response(None)
        return self.builder.sasl_response(base64_of(unit, span))

    cdef object tag_of(self, const uint8_t *unit, size_t length):
        cdef mp_span tag = mp_command_tag(unit, length)
        return ascii_of(unit, tag) if tag.len else None

    cdef object name_of(self, const uint8_t *unit, size_t length):
        """The command's name as far as it stands before the first literal, without UID; None: none stands there."""
        cdef size_t kept = length if length < NAME_WITHIN else NAME_WITHIN
        words = PyBytes_FromStringAndSize(<char *>unit, kept).partition(b"{")[0].upper().split(b" ")
        at = 2 if len(words) > 1 and words[1] == b"UID" else 1
        # Only a word that ends there: half a name could be another's.
        return words[at].decode("ascii") if len(words) > at + 1 and words[at].isalnum() else None

    cdef object too_large(self, const uint8_t *unit, mp_frame *frame):
        error = LimitError(frame.len, frame.limit.decode("ascii"),
                           PyBytes_FromStringAndSize(<char *>unit, min(<size_t>frame.len, UNIT_CAP)))
        if self.parts_len:
            in_whole_unit(error, self.outside)
        return self.builder.bad(self.tag_of(unit, frame.len), error)

    cdef object die(self, mp_error *error, const uint8_t *unit, size_t have):
        """Where the next unit starts cannot be known: say so once, then nothing more is read."""
        exception = error_of(error, unit, have)
        exception.fatal = True
        if self.parts_len:
            exception.unit = announced(exception.unit, self.outside)
        self.give_up()
        raise exception


cdef size_t tilde_at(const uint8_t *unit, size_t length) noexcept:
    """Where a literal8 that is announced at the end of the octets has its "~"."""
    while length > 0 and unit[length - 1] != c"{":
        length -= 1
    return length - 2 if length > 1 else 0
