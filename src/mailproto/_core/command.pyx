# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""IMAP commands off the wire: see csrc/include/mailproto/imap_command.h. What is built comes from mailproto.imap."""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from cpython.ref cimport Py_XDECREF
from libc.stdint cimport uint8_t

from mailproto._core.c_mailproto cimport (
    MP_CLIENT_SENDS, MP_FRAME_DISCARD, MP_FRAME_UNIT, MP_NEED_MORE, MP_OK, mp_alloc_libc, mp_command,
    mp_command_free, mp_command_init, mp_command_parse, mp_command_tag, mp_error, mp_frame, mp_framer,
    mp_framer_accept, mp_framer_announce, mp_framer_expect_line, mp_framer_idle, mp_framer_init,
    mp_framer_next, mp_framer_reject, mp_framer_set_limits, mp_idle_line_parse, mp_limits, mp_sasl_line_parse,
    mp_span, mp_status,
)
from mailproto._core.command_args cimport CACHE_SLOTS
from mailproto._core.command_build cimport Builder, ascii_of, base64_of, error_of
from mailproto._core.common cimport limits_to_c, raise_error
from mailproto._core.intake cimport Block, Intake

from mailproto.errors import NEED_DATA, IncompleteError, LimitError, ParseError
from mailproto.limits import Limits

# Octets of memory that a connection's reader starts with, and above which memory is given back between commands.
cdef enum:
    BLOCK = 4096
    KEEP = 16384
    NAME_WITHIN = 256           # a tag, UID and a command's name are looked for in so many octets


# ---- one command from bytes --------------------------------------------------------------------------------------

def parse(Builder builder, data, object limits, bint utf8, bint strict):
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
    command.strict = strict
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


cdef class CommandReader(Intake):
    """Reads what an IMAP client sends. See mailproto.imap.CommandReader."""

    cdef Builder builder
    cdef mp_framer framer
    cdef mp_command command
    cdef mp_limits bounds
    cdef object limits_value
    cdef bint utf8_mode, announcing
    cdef int depth                  # values being built inside each other: building one may run any Python code
    cdef int expected
    cdef size_t announced           # octets of the unit up to the literal that waits for accept or reject; 0: none
    cdef PyObject *cache[CACHE_SLOTS]
    cdef object swallowed           # the BadCommand to give once the literals of the command have passed, or None

    def __cinit__(self, Builder builder not None, *, limits=None, bint announce=False, bint utf8=False,
                  bint strict=False):
        self.block_size, self.least_room, self.most_hint = BLOCK, BLOCK // 2, BLOCK // 2
        self.kept_size = KEEP  # an idle connection holds no more
        self.hold_from = 1
        self.builder = builder
        mp_command_init(&self.command, mp_alloc_libc())
        self.command.strict = strict
        self.limits_value = Limits.server() if limits is None else limits
        limits_to_c(self.limits_value, &self.bounds)
        self.utf8_mode = utf8
        self.announcing = announce
        self.restart()

    def __dealloc__(self):
        cdef int i
        mp_command_free(&self.command)
        for i in range(CACHE_SLOTS):
            Py_XDECREF(self.cache[i])

    cdef int restart(self) except -1:
        mp_framer_init(&self.framer, MP_CLIENT_SENDS, &self.bounds)
        mp_framer_announce(&self.framer, self.announcing)
        self.expected = EXPECT_COMMAND
        self.announced = 0
        self.swallowed = None
        return 0

    def feed_eof(self):
        """Say that the client closed. Raises IncompleteError where that cuts a command off."""
        with cython.critical_section(self):
            if self.lost:
                return
            if self.unread() or not mp_framer_idle(&self.framer, 0):
                self.lost = True
                raise IncompleteError("the client closed inside a command")

    @property
    def buffered(self):
        """Octets received and not read yet."""
        with cython.critical_section(self):
            return self.unread()

    def discard(self):
        """Throw away what was received and not read yet, and begin anew. Returns how many octets that were.

        For STARTTLS: what came before TLS must not count as if sent inside.
        """
        cdef size_t count
        with cython.critical_section(self):
            self.reclaim()
            count = self.unread()
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
    def utf8(self, bint value):
        self.utf8_mode = value

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

    def accept(self):
        """After LiteralAnnounced: the literal is wanted. ValueError where none was announced."""
        with cython.critical_section(self):
            if self.announced == 0:
                raise ValueError("no literal was announced")
            self.announced = 0
            mp_framer_accept(&self.framer)

    def reject(self):
        """After LiteralAnnounced: it is not wanted. Its command is dropped without a value: the caller answers it.

        A literal that is on its way is swallowed with the rest of its command. ValueError where none was announced.
        """
        with cython.critical_section(self):
            if self.announced == 0:
                raise ValueError("no literal was announced")
            mp_framer_reject(&self.framer)
            self.skip(self.announced)
            self.announced = 0

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
        cdef mp_status status
        cdef const uint8_t *unit
        cdef size_t have = 0
        cdef Block block
        cdef object given
        cdef object value
        while not self.lost:
            unit = self.whole(&have)
            if have == 0:
                return NEED_DATA
            status = mp_framer_next(&self.framer, unit, have, &frame, &error)
            if status == MP_NEED_MORE:
                return NEED_DATA
            if status == MP_OK and frame.kind == MP_FRAME_DISCARD:
                self.skip(frame.len)
                value = None
            else:
                # What follows runs Python code, and that may do anything with this reader: the octets must stay.
                block = self.block
                given = self.given
                if block is not None:
                    block.exports += 1
                try:
                    if status != MP_OK:
                        return self.die(&error, unit, have)
                    value = self.found(unit, &frame)
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

    cdef object found(self, const uint8_t *unit, mp_frame *frame):
        """The value of a unit, LiteralAnnounced; None where a literal is to be swallowed."""
        if frame.kind == MP_FRAME_UNIT:
            self.skip(frame.len)
            return self.unit(unit, frame.len)
        if frame.limit is NULL:
            self.announced = frame.len
            return self.builder.announced(
                self.tag_of(unit, frame.len), frame.literal_size, bool(frame.sync), self.name_of(unit, frame.len)
            )
        mp_framer_reject(&self.framer)
        self.skip(frame.len)
        self.swallowed = self.too_large(unit, frame)
        return None

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
        cdef Py_ssize_t kept = min(<Py_ssize_t>frame.len, <Py_ssize_t>ParseError.UNIT_CAP)
        error = LimitError(frame.len, frame.limit.decode("ascii"), PyBytes_FromStringAndSize(<char *>unit, kept))
        return self.builder.bad(self.tag_of(unit, frame.len), error)

    cdef object die(self, mp_error *error, const uint8_t *unit, size_t have):
        """Where the next unit starts cannot be known: say so once, then nothing more is read."""
        exception = error_of(error, unit, have)
        exception.fatal = True
        self.lost = True
        self.drop()
        raise exception
