# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""Units whose literals may stay out of them, for the readers of both directions.

A literal stays out where it is streamed, and where it is a large text that has not come in whole, which is received
into the ``bytes`` object that becomes its value. Then the unit is put together from what is around its literals
(``parts``), each literal an empty one there, and ``outside`` says what belongs in its place while the value is made.
"""

cimport cython
from cpython.buffer cimport PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.memoryview cimport PyMemoryView_FromObject
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF, Py_XDECREF
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memchr, memcpy

from mailproto._core.c_mailproto cimport (
    MP_NEED_MORE, mp_error, mp_frame, mp_framer_blank, mp_framer_detach, mp_framer_missing, mp_framer_next,
)
from mailproto._core.intake cimport Block, Intake, lend_part, new_block, resize_bytes

from mailproto.errors import NEED_DATA
from mailproto.streamed import Streamed

cdef object NEED = NEED_DATA

cdef enum:
    DIRECT_FROM = 131072   # of a literal that is held, so much or more that is still to come is received where it goes


cdef class LiteralIntake(Intake):
    """Takes octets in, and literals out of their units."""

    def __cinit__(self, *args, **kwargs):
        self.outside = {}
        self.first_held = 32768

    def __dealloc__(self):
        Py_XDECREF(self.held)

    def read_literal_into(self, buffer, /):
        """Have the octets of the literal that is being streamed written into *buffer*, writable memory of any size.

        Call it between LiteralBegin and LiteralEnd. :meth:`get_buffer` then lends that very memory, so that a socket
        writes into it. Once it is full, or the literal has ended, ``next()`` gives one LiteralChunk whose ``data`` is a
        memoryview of what was filled; call this again for more, or the rest comes in chunks of the reader's own.
        ValueError where no literal is being streamed, or *buffer* is empty, read-only, or the last one is not full.
        """
        try:
            view = PyMemoryView_FromObject(buffer)
        except TypeError:
            raise TypeError("buffer must be writable memory, such as a bytearray") from None
        if view.readonly or view.nbytes == 0 or not view.c_contiguous:
            raise ValueError("the buffer must be writable, in one piece, and hold something")
        view = view.cast("B")
        with cython.critical_section(self):
            if self.mode != STREAMED or self.left == 0 or self.lost:
                raise ValueError("no literal is being streamed")
            if self.sink is not None:
                raise ValueError("another buffer is being filled")
            self.reclaim()
            self.sink = view
            self.sink_len = 0
            self.sink_size = min(<uint64_t><size_t>view.nbytes, self.left)

    def keep_literal(self):
        """Have the literal that has just begun, all of it, in its response after all, as ``bytes``.

        Call it between LiteralBegin and the first LiteralChunk: then neither chunks nor a LiteralEnd come. ValueError
        where that is too late, or no literal is being streamed.
        """
        with cython.critical_section(self):
            if self.mode != STREAMED or self.left != self.size or self.sink is not None:
                raise ValueError("no literal has just begun")
            self.reclaim()
            self.hold()

    # ---- units

    cdef int next_frame(self, const uint8_t **unit_r, size_t *held_r, mp_frame *frame, mp_error *error) except? -100:
        """The unit stands in `parts`; or in the block, where what it lacks is brought from the caller's bytes; or
        there."""
        cdef int status
        cdef const uint8_t *octets
        cdef size_t n = 0
        while self.parts_len:
            unit_r[0] = self.parts.data
            held_r[0] = self.parts_len
            status = mp_framer_next(&self.framer, self.parts.data, self.parts_len, frame, error)
            if status != MP_NEED_MORE:
                return status
            octets = self.octets(&n)
            if n == 0:
                return MP_NEED_MORE
            n = self.piece(octets, n, self.parts_len)
            self.append_part(octets, n)
            self.skip(n)
        while self.start < self.end:
            unit_r[0] = self.block.data + self.start
            held_r[0] = self.end - self.start
            status = mp_framer_next(&self.framer, unit_r[0], held_r[0], frame, error)
            if status != MP_NEED_MORE:
                return status
            if self.given is None:
                return MP_NEED_MORE
            octets = self.given_data + self.given_at
            n = self.piece(octets, self.given_size - self.given_at, held_r[0])
            self.given_at += n
            self.take(octets, n)
            self.moved += n
            if self.given_at == self.given_size:
                self.settle()
        if self.given is None:
            return MP_NEED_MORE
        unit_r[0] = self.given_data + self.given_at
        held_r[0] = self.given_size - self.given_at
        status = mp_framer_next(&self.framer, unit_r[0], held_r[0], frame, error)
        if status == MP_NEED_MORE:
            self.settle()
        return status

    cdef size_t piece(self, const uint8_t *octets, size_t n, size_t unit_len) noexcept:
        """Of the octets that follow a unit, those after which it is worth asking the framer again."""
        cdef uint64_t missing = mp_framer_missing(&self.framer, unit_len)
        cdef const uint8_t *line_end = NULL
        if missing < n:
            line_end = <const uint8_t *>memchr(octets + missing, c"\n", n - missing)
        return n if line_end is NULL else <size_t>(line_end - octets) + 1

    cdef int append_part(self, const uint8_t *octets, size_t n) except -1:
        cdef Block bigger
        if self.parts is None or self.parts.capacity - self.parts_len < n:
            bigger = new_block(max(self.parts_len + n, 2 * self.parts_len, <size_t>512))
            if self.parts_len:
                memcpy(bigger.data, self.parts.data, self.parts_len)
                self.moved += self.parts_len
            self.parts = bigger
        memcpy(self.parts.data + self.parts_len, octets, n)
        self.moved += n
        self.parts_len += n
        return 0

    cdef int take_out(self, const uint8_t *unit, size_t n, uint64_t size) except -1:
        if self.parts_len == 0:
            self.append_part(unit, n)
            self.skip(n)
        mp_framer_blank(self.parts.data, self.parts_len)
        mp_framer_detach(&self.framer)
        self.size = self.left = size
        return 0

    cdef size_t kept_apart(self) noexcept:
        """Octets received that are neither unread nor made a value of."""
        return self.parts_len + self.held_len + self.sink_len

    cdef int forget_parts(self) except -1:
        cdef PyObject *held = self.held
        self.mode = IN_UNIT
        self.parts_len = self.held_len = self.held_size = self.sink_len = self.sink_size = 0
        self.parts = self.sink = None
        self.held = NULL
        self.outside = {}
        Py_XDECREF(held)
        return 0

    cdef int give_up(self) except -1:
        self.lost = True
        self.forget_parts()
        self.drop()
        return 0

    # ---- literals

    cdef int hold(self) except -1:
        """Receive the literal into memory that becomes its value."""
        cdef size_t size = min(self.size, <uint64_t>max(self.first_held, 2 * self.unread()))
        cdef object memory = PyBytes_FromStringAndSize(NULL, size)
        Py_INCREF(memory)
        self.held = <PyObject *>memory
        self.held_size = size
        self.held_len = 0
        self.mode = HELD
        return 0

    cdef object read_literal(self):
        """An event; NEED_DATA; None where the unit goes on."""
        cdef object data
        cdef const uint8_t *octets
        cdef size_t n = 0
        if self.mode == HELD:
            self.absorb()
            if self.left:
                return NEED
            self.reclaim()
            if self.held_size != self.held_len:
                self.moved += self.held_len
            resize_bytes(&self.held, self.held_len, self.held_len)  # a copy if somebody may still write to it
            data = <object>self.held
            Py_DECREF(data)
            self.held = NULL
            self.held_len = self.held_size = 0
            self.outside[self.parts_len] = data
            self.mode = IN_UNIT
            return None
        if self.sink is not None:
            self.absorb()
            if self.sink_len < self.sink_size:
                return NEED
            data = self.sink[:self.sink_len]
            self.sink = None
            self.sink_len = self.sink_size = 0
            return self.chunk_type(data)
        if self.left == 0:
            self.outside[self.parts_len] = Streamed(self.size)
            self.mode = IN_UNIT
            return self.end_type()
        octets = self.octets(&n)
        if n == 0:
            return NEED
        if self.start == self.end and self.given_at == 0 and n == self.given_size and n <= self.left:
            data = self.given
        else:
            n = min(<uint64_t>min(n, <size_t>CHUNK), self.left)
            data = PyBytes_FromStringAndSize(<const char *>octets, n)
        self.skip(n)
        self.left -= n
        return self.chunk_type(data)

    cdef int absorb(self) except -1:
        """Move what is unread of the literal to where it shall go."""
        cdef const uint8_t *octets
        cdef size_t n = 0
        cdef Py_buffer view
        while self.left:
            octets = self.octets(&n)
            n = min(<uint64_t>n, self.left)
            if self.mode == HELD:
                if n == 0:
                    return 0
                self.held_room(n)
                memcpy(PyBytes_AS_STRING(<object>self.held) + self.held_len, octets, n)
                self.held_len += n
                self.moved += n
            else:
                n = min(n, self.sink_size - self.sink_len)
                if n == 0:
                    return 0
                PyObject_GetBuffer(self.sink, &view, PyBUF_WRITABLE)
                memcpy(<uint8_t *>view.buf + self.sink_len, octets, n)
                PyBuffer_Release(&view)
                self.sink_len += n
            self.left -= n
            self.skip(n)
        return 0

    cdef int held_room(self, size_t wanted) except -1:
        cdef size_t size = self.held_len + wanted
        if size > self.held_size:
            size = min(self.size, <uint64_t>max(size, 2 * self.held_size))
            self.moved += self.held_len
            try:
                resize_bytes(&self.held, self.held_len, size)
            except MemoryError:
                self.give_up()  # the octets before are gone
                raise
            self.held_size = size
        return 0

    cdef object lend(self, Py_ssize_t hint):
        """The memory that the octets of a literal go to, where there is nothing before them."""
        self.direct = False
        if self.lost or self.mode == IN_UNIT or (self.mode == STREAMED and self.sink is None):
            return Intake.lend(self, hint)
        self.absorb()
        if self.mode == HELD and self.left >= DIRECT_FROM:
            self.held_room(min(self.left, <uint64_t>self.least_room))
            self.room = self.held_size - self.held_len
            self.direct = True
            return lend_part(<object>self.held, <uint8_t *>PyBytes_AS_STRING(<object>self.held) + self.held_len, self.room)
        if self.mode == STREAMED and self.sink_len < self.sink_size:
            self.room = self.sink_size - self.sink_len
            self.direct = True
            return self.sink[self.sink_len:self.sink_size]
        return Intake.lend(self, hint)

    cdef int received(self, size_t n) except -1:
        if not self.direct:
            return Intake.received(self, n)
        self.left -= n
        if self.mode == HELD:
            self.held_len += n
        else:
            self.sink_len += n
        return 0


cdef int in_whole_unit(object error, dict outside) except -1:
    at = error.offset
    error.offset += sum([length_of(what) for place, what in outside.items() if place <= at])
    error.unit = announced(error.unit, outside)
    return 0


cdef object length_of(object what):
    return what.size if isinstance(what, Streamed) else len(what)


cdef bytes announced(bytes unit, dict outside):
    """*unit* with the sizes of its literals as they were announced: zeros are written over them."""
    cdef bytearray made = bytearray(unit)
    for place, what in outside.items():
        if place <= len(made):
            begin = made.rindex(b"{", 0, place) + 1
            end = begin
            while made[end:end + 1].isdigit():
                end += 1
            made[begin:end] = b"%0*d" % (end - begin, length_of(what))
    return bytes(made)
