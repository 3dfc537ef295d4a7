# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""The ResponseReader: a stream of bytes in, typed responses out."""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_FillInfo, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memchr, memcpy, memmove, memset

from mailproto._core.c_mailproto cimport (
    MP_E_LIMIT, MP_NEED_MORE, MP_OK, MP_PADDING, MP_SERVER_SENDS, mp_alloc_libc, mp_error, mp_frame, mp_framer,
    mp_framer_idle, mp_framer_init, mp_framer_missing, mp_framer_next, mp_tape, mp_tape_free, mp_tape_init,
)
from mailproto._core.common cimport raise_error
from mailproto._core.response cimport ResponseTypes, read_response, reads_unpadded
from mailproto._core.words cimport WordCache, new_words

from mailproto.errors import NEED_DATA, IncompleteError, LimitError, ParseError
from mailproto.limits import Limits

cdef object NEED = NEED_DATA

cdef enum:
    FIRST_ROOM = 16384   # what get_buffer gives at least
    KEPT_ROOM = 1048576  # an empty buffer above this is given back
    HOLD_FROM = 4096     # a caller's bytes from this size on are read where they are


@cython.final
cdef class Block:
    """Memory that a reader fills; never moved while a view of it is out, only replaced."""

    cdef uint8_t *data
    cdef size_t capacity     # without the padding
    cdef size_t from_        # the region that a view shows
    cdef Py_ssize_t exports

    def __dealloc__(self):
        PyMem_RawFree(self.data)

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.data + self.from_, self.capacity - self.from_, 0, flags)
        self.exports += 1

    def __releasebuffer__(self, Py_buffer *view):
        self.exports -= 1


cdef Block new_block(size_t capacity):
    cdef Block block = Block.__new__(Block)
    block.data = <uint8_t *>PyMem_RawMalloc(capacity + MP_PADDING)
    if block.data is NULL:
        raise MemoryError()
    block.capacity = capacity
    memset(block.data + capacity, 0, MP_PADDING)
    return block


cdef class ResponseReader:
    """Reads what a server sends.

    ``feed(data)``, or ``get_buffer(hint)`` and ``buffer_updated(n)``, bring bytes in; ``next()`` gives a response or
    :data:`NEED_DATA`, and iterating goes on until there is none. A response that breaks the grammar raises ParseError
    (past a bound: LimitError), and the reader goes on at the next one; where the start of the next one is lost, the
    error is ``fatal``, raised once, and then there is only NEED_DATA. What real servers get wrong and can be read all
    the same is no error but in the value's ``defects``; with ``strict`` it is an error.

    *types*: the classes to build (see :class:`ResponseTypes`); :class:`mailproto.imap.ResponseReader` has them.
    """

    cdef ResponseTypes types
    cdef WordCache words
    cdef bint strict
    cdef bint lost           # framing is lost: nothing more can be read
    cdef mp_framer framer
    cdef mp_tape tape
    cdef Block block
    cdef size_t start        # of the current unit
    cdef size_t end          # of what was received
    cdef size_t room         # that get_buffer gave, in the block that is still ours
    cdef int depth           # values being built inside each other: building one may run any Python code
    cdef object given        # bytes that a caller fed, being read where they are: they follow what the block holds; or None
    cdef const uint8_t *given_data
    cdef size_t given_at     # of its octets, what comes next
    cdef size_t given_size

    def __cinit__(self, *args, **kwargs):
        mp_tape_init(&self.tape, mp_alloc_libc())
        self.block = None
        self.given = None

    def __init__(self, ResponseTypes types not None, *, limits=None, strict=False):
        self.types = types
        self.words = new_words(Limits.client() if limits is None else limits, True)
        self.strict = strict
        mp_framer_init(&self.framer, MP_SERVER_SENDS, &self.words.limits)

    def __dealloc__(self):
        mp_tape_free(&self.tape)

    cdef int make_room(self, size_t wanted) except -1:
        """At least `wanted` octets behind `end`."""
        cdef size_t held = self.end - self.start
        cdef size_t capacity
        cdef Block block = self.block
        cdef Block bigger
        self.room = 0  # what was lent before would not be found where it was
        if block is not None and block.exports == 0:
            if held == 0:
                self.start = self.end = 0
            elif block.capacity - self.end < wanted and self.start >= held and block.capacity - held >= wanted:
                memmove(block.data, block.data + self.start, held)
                self.start = 0
                self.end = held
        if block is not None and block.exports == 0 and block.capacity - self.end >= wanted:
            return 0
        capacity = held + wanted
        if capacity < 2 * held:
            capacity = 2 * held
        if capacity < FIRST_ROOM:
            capacity = FIRST_ROOM
        bigger = new_block(capacity)
        if held:
            memcpy(bigger.data, block.data + self.start, held)
        self.block = bigger
        self.start = 0
        self.end = held
        return 0

    cdef int take(self, const uint8_t *data, size_t count) except -1:
        """Copy octets to the end of the block."""
        self.make_room(count)
        memcpy(self.block.data + self.end, data, count)
        self.end += count
        return 0

    cdef int settle(self) except -1:
        """Copy what is left of the caller's bytes to the block and let go of them."""
        if self.given is not None:
            if self.given_at < self.given_size:
                self.take(self.given_data + self.given_at, self.given_size - self.given_at)
            self.given = None
            self.given_at = self.given_size = 0
        return 0

    def feed(self, data, /):
        """Take bytes in. ``b""`` does nothing. Call :meth:`next` afterwards."""
        cdef Py_buffer view
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            with cython.critical_section(self):
                if not self.lost and view.len:
                    self.room = 0
                    self.settle()
                    if view.len >= HOLD_FROM and PyBytes_CheckExact(data):
                        self.given = data
                        self.given_data = <const uint8_t *>view.buf
                        self.given_at = 0
                        self.given_size = view.len
                    else:
                        self.take(<const uint8_t *>view.buf, view.len)
        finally:
            PyBuffer_Release(&view)

    def get_buffer(self, hint=-1, /):
        """Writable memory for a transport to fill, at least *hint* octets and never empty; -1 leaves the size open.

        Call :meth:`buffer_updated` with the number of octets written, after which the view is dead. Grows with what was
        received, never with what a peer announced.
        """
        cdef Py_ssize_t wanted = hint
        with cython.critical_section(self):
            self.settle()
            if self.lost:
                self.start = self.end = 0
            self.make_room(<size_t>wanted if wanted > FIRST_ROOM else FIRST_ROOM)
            self.block.from_ = self.end
            self.room = self.block.capacity - self.end
            return memoryview(self.block)

    def buffer_updated(self, count, /):
        """*count* octets were written at the start of what :meth:`get_buffer` gave last.

        ValueError for more octets than were lent, and where :meth:`feed` came between: that took the memory back.
        """
        cdef Py_ssize_t n = count
        with cython.critical_section(self):
            if n < 0 or <size_t>n > self.room:
                raise ValueError("more octets than get_buffer gave room for")
            self.room = 0
            if not self.lost:
                self.end += n

    @property
    def buffered(self):
        """Octets received that no response has been made of yet."""
        return self.end - self.start + self.given_size - self.given_at

    def next(self):
        """The next response, or NEED_DATA. Raises ParseError and LimitError as the class says."""
        with cython.critical_section(self):
            return self.read_next()

    cdef object read_next(self):
        cdef mp_frame frame
        cdef mp_error error
        cdef int status
        cdef const uint8_t *unit
        if self.given is not None:
            return self.read_given()
        if self.block is None or self.lost or self.start == self.end:
            return NEED
        unit = self.block.data + self.start
        status = mp_framer_next(&self.framer, unit, self.end - self.start, &frame, &error)
        if status == MP_NEED_MORE:
            return NEED
        if status != MP_OK:
            return self.lose(status, &error, unit, self.end - self.start)
        return self.read_held(&frame)

    cdef object read_held(self, mp_frame *frame):
        """The response that the unit at the start of the block is."""
        cdef Block block = self.block
        cdef const uint8_t *unit = block.data + self.start
        self.start += frame.len
        block.exports += 1  # so that it is neither written over nor let go of, whoever uses this reader meanwhile
        try:
            value = self.build(unit, frame)
        finally:
            block.exports -= 1
        if (self.start == self.end and self.block is block and block.capacity > KEPT_ROOM and block.exports == 0
                and self.room == 0):
            self.block = None
            self.start = self.end = 0
        return value

    cdef object build(self, const uint8_t *unit, const mp_frame *frame):
        """The value of a unit. Making it may run a collection, and another thread, that use this reader."""
        cdef mp_tape own
        cdef mp_tape *tape = &self.tape
        if self.depth:
            mp_tape_init(&own, mp_alloc_libc())
            tape = &own
        self.depth += 1
        try:
            return read_response(self.types, self.words, tape, unit, frame.len, frame.bare_lf, self.strict)
        finally:
            self.depth -= 1
            if tape is &own:
                mp_tape_free(&own)

    cdef object read_given(self):
        """The next response while there are bytes of a caller's.

        Units are read where they are. Copied to the block are only: the parts of one that comes in several pieces, and
        the last one, as the padding that the core may look at is not there behind a bytes object.
        """
        cdef object given = self.given  # what is made of a unit may run code that lets go of it
        cdef mp_frame frame
        cdef mp_error error
        cdef int status
        cdef const uint8_t *unit
        cdef const uint8_t *line_end
        cdef size_t left
        cdef uint64_t count
        while self.start < self.end:  # a unit has begun in the block: what it lacks is brought there
            unit = self.block.data + self.start
            status = mp_framer_next(&self.framer, unit, self.end - self.start, &frame, &error)
            if status == MP_OK:
                return self.read_held(&frame)
            if status != MP_NEED_MORE:
                return self.lose(status, &error, unit, self.end - self.start)
            left = self.given_size - self.given_at
            if left == 0:
                self.settle()
                return NEED
            unit = self.given_data + self.given_at
            count = mp_framer_missing(&self.framer, self.end - self.start)
            line_end = NULL
            if count < left:
                line_end = <const uint8_t *>memchr(unit + count, c"\n", left - count)
            count = left if line_end is NULL else <uint64_t>(line_end - unit) + 1
            self.given_at += count
            self.take(unit, count)
        unit = self.given_data + self.given_at
        left = self.given_size - self.given_at
        if left == 0:
            self.settle()
            return NEED
        status = mp_framer_next(&self.framer, unit, left, &frame, &error)
        if status == MP_NEED_MORE:
            self.settle()
            return NEED
        if status != MP_OK:
            return self.lose(status, &error, unit, left)
        if left - frame.len >= MP_PADDING or (frame.len >= HOLD_FROM and reads_unpadded(unit, frame.len)):
            self.given_at += frame.len
            if left == frame.len:
                self.given = None
                self.given_at = self.given_size = 0
            return self.build(unit, &frame)
        self.settle()
        return self.read_held(&frame)

    cdef object lose(self, int status, const mp_error *error, const uint8_t *unit, size_t held):
        """Framing is lost: give everything up and raise."""
        kept = bytes(unit[:min(held, 1024)])
        self.lost = True
        self.block = None
        self.given = None
        self.start = self.end = self.room = self.given_at = self.given_size = 0
        if status == MP_E_LIMIT:
            raise LimitError(error.offset, error.limit.decode("ascii"), kept, fatal=True)
        raise ParseError(error.offset, error.expected.decode("ascii"), kept, fatal=True)

    def __iter__(self):
        return self

    def __next__(self):
        with cython.critical_section(self):
            value = self.read_next()
        if value is NEED:
            raise StopIteration
        return value

    def feed_eof(self):
        """The stream has ended: IncompleteError if that was inside a response."""
        with cython.critical_section(self):
            if not self.lost and not mp_framer_idle(&self.framer, self.end - self.start + self.given_size - self.given_at):
                raise IncompleteError("the stream ended inside a response")


def parse_response_prefix(ResponseTypes types not None, data, *, limits=None, strict=False):
    """(value, consumed) of the first response in *data*. IncompleteError, ParseError, LimitError."""
    cdef ResponseReader reader = ResponseReader(types, limits=limits, strict=strict)
    reader.words.enabled = False
    reader.feed(data)
    fed = reader.buffered
    value = reader.read_next()
    if value is NEED:
        raise IncompleteError("the data ends inside a response")
    return value, fed - reader.buffered


def parse_response(ResponseTypes types not None, data, *, limits=None, strict=False):
    """The one response that *data* is. IncompleteError, ParseError (also for bytes behind it), LimitError."""
    value, consumed = parse_response_prefix(types, data, limits=limits, strict=strict)
    if consumed != memoryview(data).nbytes:
        raise ParseError(consumed, "end of the data", bytes(data)[:1024])
    return value
