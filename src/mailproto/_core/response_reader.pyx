# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""The ResponseReader: a stream of bytes in, typed responses out.

A literal may stay out of the unit that it belongs to: one that is streamed, and a large section of a message that has
not come in whole, which is received into the ``bytes`` object that becomes its value. Then the unit is put together
from what is around its literals (``parts``), each literal an empty one there, and ``outside`` says what belongs in its
place while the value is made.
"""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from cpython.memoryview cimport PyMemoryView_FromObject
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF, Py_XDECREF
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memchr, memcpy

from mailproto._core.c_mailproto cimport (
    MP_E_LIMIT, MP_FRAME_LITERAL, MP_NEED_MORE, MP_OK, MP_PADDING, MP_RESP_FETCH, MP_RESP_UIDFETCH, MP_SERVER_SENDS,
    mp_alloc_libc, mp_error, mp_frame, mp_framer, mp_framer_accept, mp_framer_announce_above, mp_framer_blank,
    mp_framer_detach, mp_framer_idle, mp_framer_init, mp_framer_missing, mp_framer_next, mp_literal_path,
    mp_literal_path_begin, mp_literal_path_find, mp_normalise_section, mp_span, mp_tape, mp_tape_free, mp_tape_init,
)
from mailproto._core.fetch cimport Fetch
from mailproto._core.intake cimport Block, Intake, lend_part, new_block, resize_bytes
from mailproto._core.outside cimport Outside, outside_enter, outside_leave
from mailproto._core.response cimport ResponseTypes, read_generic, read_response, reads_unpadded
from mailproto._core.words cimport WordCache, new_words

from mailproto.errors import NEED_DATA, IncompleteError, LimitError, ParseError
from mailproto.limits import Limits
from mailproto.streamed import Streamed

cdef object NEED = NEED_DATA

cdef enum:
    HOLD_FROM = 4096       # a caller's bytes from this size on are read where they are
    KEPT_PARTS = 16384     # memory for parts above this is given back
    LARGE = 16384          # a section above this is not copied together with its unit first
    FIRST_HELD = 32768     # memory for it, before more than that has come
    DIRECT_FROM = 131072   # of it, so much or more that is still to come is received there straight from the socket
    CHUNK = 65536          # octets of a LiteralChunk at most, but for one that is the caller's own bytes

cdef enum:
    # what the octets that come next are
    IN_UNIT = 0
    STREAMED = 1
    HELD = 2


cdef class ResponseReader(Intake):
    """Reads what a server sends.

    ``feed(data)``, or ``get_buffer(hint)`` and ``buffer_updated(n)``, bring bytes in; ``next()`` gives a response or
    :data:`NEED_DATA`, and iterating goes on until there is none. A response that breaks the grammar raises ParseError
    (past a bound: LimitError), and the reader goes on at the next one; where the start of the next one is lost, the
    error is ``fatal``, raised once, and then there is only NEED_DATA. What real servers get wrong and can be read all
    the same is no error but in the value's ``defects``; with ``strict`` it is an error.

    *types*: the classes to build (see :class:`ResponseTypes`), *events*: those for the beginning, a chunk and the end of
    a streamed literal; :class:`mailproto.imap.ResponseReader` has them.
    """

    cdef ResponseTypes types
    cdef WordCache words
    cdef bint strict
    cdef mp_framer framer
    cdef mp_tape tape
    cdef int depth           # values being built inside each other: building one may run any Python code
    # a unit without some of its literals
    cdef Block parts
    cdef size_t parts_len    # 0: there is no such unit
    cdef dict outside        # by the offset in it, of an empty literal: the bytes, or the Streamed, that belong there
    cdef mp_literal_path *path
    cdef bint path_begun
    # the literal that is being taken out
    cdef int mode
    cdef uint64_t size
    cdef uint64_t left       # of its octets, those that are not read or received yet
    cdef PyObject *held      # HELD: the bytes object that they go to; NULL: none
    cdef size_t held_len
    cdef size_t held_size
    cdef object sink         # STREAMED: a view of a caller's memory that they go to, or None
    cdef size_t sink_len
    cdef size_t sink_size
    cdef bint direct         # what get_buffer gave last is memory of `held` or of `sink`
    # streaming
    cdef bint streaming
    cdef object begin_type, chunk_type, end_type

    def __cinit__(self, *args, **kwargs):
        mp_tape_init(&self.tape, mp_alloc_libc())

    def __init__(self, ResponseTypes types not None, *, limits=None, strict=False, stream_above=None, events=None):
        if stream_above is not None and (isinstance(stream_above, bool) or not isinstance(stream_above, int)):
            raise TypeError("stream_above must be an int or None")
        if stream_above is not None and stream_above < 0:
            raise ValueError("stream_above must not be negative")
        if self.types is not None:
            raise TypeError("a reader is made once")
        if stream_above is not None:
            self.begin_type, self.chunk_type, self.end_type = events
            self.streaming = True
        self.outside = {}
        self.words = new_words(Limits.client() if limits is None else limits, True)
        self.strict = strict
        mp_framer_init(&self.framer, MP_SERVER_SENDS, &self.words.limits)
        mp_framer_announce_above(&self.framer,
                                 LARGE if stream_above is None else min(stream_above, 0x7FFFFFFFFFFFFFFF))
        self.types = types

    def __dealloc__(self):
        mp_tape_free(&self.tape)
        PyMem_RawFree(self.path)
        Py_XDECREF(self.held)

    @property
    def buffered(self):
        """Octets received that no response, and no event of a streamed literal, has been made of yet."""
        with cython.critical_section(self):
            return self.unread() + self.parts_len + self.held_len + self.sink_len

    def next(self):
        """The next response, or NEED_DATA. Raises ParseError and LimitError as the class says."""
        with cython.critical_section(self):
            return self.read_next()

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
            if not self.lost and (self.mode != IN_UNIT or not mp_framer_idle(&self.framer, self.unread())):
                raise IncompleteError("the stream ended inside a response")

    def read_literal_into(self, buffer, /):
        """Have the octets of the literal that is being streamed written into *buffer*, writable memory of any size.

        Call it between LiteralBegin and LiteralEnd. :meth:`get_buffer` then lends that very memory, so that a socket
        writes into it. Once it is full, or the literal has ended, ``next()`` gives one LiteralChunk whose ``data`` is a
        memoryview of what was filled; call this again for more, or the rest comes in chunks of the reader's own.
        ValueError where no literal is being streamed, or *buffer* is empty, read-only, or the last one is not full.
        """
        view = PyMemoryView_FromObject(buffer)
        if view.readonly or view.nbytes == 0:
            raise ValueError("the buffer must be writable and hold something")
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

    cdef object read_next(self):
        cdef mp_frame frame
        cdef mp_error error
        cdef int status
        cdef const uint8_t *unit = NULL
        cdef size_t held = 0
        cdef object value
        while not self.lost:
            if self.mode != IN_UNIT:
                value = self.read_literal()
                if value is not None:
                    return value
                continue
            status = self.next_frame(&unit, &held, &frame, &error)
            if status == MP_NEED_MORE:
                return NEED
            if status != MP_OK:
                return self.lose(status, &error, unit, held)
            if frame.kind != MP_FRAME_LITERAL:
                return self.read_unit(unit, held, &frame)
            value = self.at_literal(unit, held, &frame)
            if value is not None:
                return value
        return NEED

    cdef int next_frame(self, const uint8_t **unit_r, size_t *held_r, mp_frame *frame, mp_error *error) except? -100:
        """What the framer finds in the unit that comes next, *unit_r with *held_r octets by now.

        It stands in `parts`; or in the block, where what it lacks is brought from the caller's bytes; or there.
        """
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

    cdef object read_unit(self, const uint8_t *unit, size_t held, mp_frame *frame):
        cdef Block block
        cdef object given
        cdef dict outside
        self.path_begun = False
        if self.parts_len:
            block = self.parts
            outside = self.outside
            self.parts = None
            self.parts_len = 0
            self.outside = {}
            value = self.build(unit, frame, outside)
            if self.parts is None and block.capacity <= KEPT_PARTS:
                self.parts = block
            return value
        if self.start == self.end:
            if held - frame.len >= MP_PADDING or (frame.len >= HOLD_FROM and reads_unpadded(unit, frame.len)):
                given = self.given  # what is made of a unit may run code that lets go of it
                self.skip(frame.len)
                return self.build(unit, frame, None)
            self.settle()
        block = self.block
        unit = block.data + self.start
        block.exports += 1  # so that it is neither written over nor let go of, whoever uses this reader meanwhile
        try:
            self.skip(frame.len)
            value = self.build(unit, frame, None)
        finally:
            block.exports -= 1
        self.trim()
        return value

    cdef object build(self, const uint8_t *unit, const mp_frame *frame, dict outside):
        """The value of a unit. Making it may run a collection, and another thread, that use this reader."""
        cdef mp_tape own
        cdef mp_tape *tape = &self.tape
        if self.depth:
            mp_tape_init(&own, mp_alloc_libc())
            tape = &own
        self.depth += 1
        try:
            if outside is not None:
                return self.build_around(tape, unit, frame, outside)
            return read_response(self.types, self.words, tape, unit, frame.len, frame.bare_lf, self.strict)
        finally:
            self.depth -= 1
            if tape is &own:
                mp_tape_free(&own)

    cdef object build_around(self, mp_tape *tape, const uint8_t *unit, const mp_frame *frame, dict outside):
        """The value of a unit that lacks literals.

        Where the class has no place for what stands for one (a mailbox's name, say) the value is an UnknownResponse.
        """
        cdef Outside entered = outside_enter(unit, outside)
        broken = None
        try:
            try:
                value = read_response(self.types, self.words, tape, unit, frame.len, frame.bare_lf, self.strict)
                if isinstance(value, Fetch) or (entered.taken >= len(outside) and is_marked(value, outside)):
                    return value
            except LimitError:
                raise
            except ParseError as error:
                if self.strict or entered.taken >= len(outside) or not streamed_in(outside):
                    raise
                broken = error
            except (TypeError, ValueError, AttributeError):
                if not streamed_in(outside):
                    raise
            value = read_generic(self.types, self.words, tape, unit, frame.len, frame.bare_lf)
            if broken is not None and value.name in ("FETCH", "UIDFETCH"):  # these have room for anything streamed
                raise broken
            return value
        except ParseError as error:
            at = error.offset
            error.offset += sum([length_of(what) for place, what in outside.items() if place <= at])
            error.unit = announced(error.unit, outside)
            raise
        finally:
            outside_leave(entered)

    cdef object lose(self, int status, const mp_error *error, const uint8_t *unit, size_t held):
        """Framing is lost: give everything up and raise."""
        kept = bytes(unit[:min(held, 1024)])
        if self.parts_len:
            kept = announced(kept, self.outside)
        self.give_up()
        if status == MP_E_LIMIT:
            raise LimitError(error.offset, error.limit.decode("ascii"), kept, fatal=True)
        raise ParseError(error.offset, error.expected.decode("ascii"), kept, fatal=True)

    cdef int give_up(self) except -1:
        self.lost = True
        self.mode = IN_UNIT
        self.parts_len = self.held_len = self.sink_len = 0
        self.parts = self.sink = None
        self.outside = {}
        self.drop()
        return 0

    # ---- literals that stay out of their unit

    cdef object at_literal(self, const uint8_t *unit, size_t held, mp_frame *frame):
        """A large literal is announced at the end of the unit's frame.len octets. An event, or None."""
        cdef bint found
        if not self.streaming and held - frame.len >= frame.literal_size:
            mp_framer_accept(&self.framer)  # it is there: copying it out is all that is left to do
            return None
        if self.path is NULL:
            self.path = <mp_literal_path *>PyMem_RawMalloc(sizeof(mp_literal_path))
            if self.path is NULL:
                raise MemoryError()
        if not self.path_begun:
            mp_literal_path_begin(self.path)
            self.path_begun = True
        found = mp_literal_path_find(self.path, unit, frame.len)
        if (found and self.path.in_name) or (not self.streaming and not (found and is_section(self.path, unit))):
            mp_framer_accept(&self.framer)
            return None
        # From here to the change of mode nothing may run that could come back to this reader.
        if self.parts_len == 0:
            self.append_part(unit, frame.len)
            self.skip(frame.len)
        mp_framer_blank(self.parts.data, self.parts_len)
        mp_framer_detach(&self.framer)
        self.size = self.left = frame.literal_size
        if self.streaming:
            self.mode = STREAMED
            return self.begin_type(path_of(self.path[0], self.parts) if found else (), frame.literal_size)
        self.hold()
        return None

    cdef int hold(self) except -1:
        """Receive the literal into memory that becomes its value."""
        cdef size_t size = min(self.size, <uint64_t>max(<size_t>FIRST_HELD, 2 * self.unread()))
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


cdef bint is_section(const mp_literal_path *path, const uint8_t *unit) noexcept:
    """Whether the literal is the text of a message or of a part of one: BODY[...], RFC822, RFC822.TEXT, RFC822.HEADER."""
    cdef const uint8_t *name = unit + path.item.off
    cdef uint32_t n = path.item.len
    if path.depth or n == 0 or (path.head.kind != MP_RESP_FETCH and path.head.kind != MP_RESP_UIDFETCH):
        return False
    if memchr(name, c"[", n) is not NULL:
        return True
    return name[0] | 0x20 == c"r" and (n == 6 or n == 13 or (n == 11 and name[7] | 0x20 == c"t"))


cdef tuple path_of(mp_literal_path path, Block unit):
    """Where a literal is: see mailproto.imap.LiteralBegin."""
    cdef list steps = [upper(unit, path.head.name)]
    cdef uint32_t i
    if path.head.numbered:
        steps.append(path.head.number)
    if path.item.len:
        steps.append(upper(unit, path.item))
    for i in range(path.first, path.first + path.depth):
        steps.append(path.index[i])
    return tuple(steps)


cdef str upper(Block unit, mp_span name):
    cdef bytes room = PyBytes_FromStringAndSize(NULL, name.len)
    cdef size_t written = mp_normalise_section(unit.data, name, <uint8_t *>PyBytes_AS_STRING(room))
    return PyUnicode_DecodeUTF8(PyBytes_AS_STRING(room), written, "surrogateescape")


cdef bint streamed_in(dict outside):
    return any([isinstance(what, Streamed) for what in outside.values()])


cdef bint is_marked(object value, dict outside):
    """Whether what was streamed is still marked as such, so that it cannot be written: nothing took its mark for text."""
    if not streamed_in(outside):
        return True
    try:
        bytes(value)
    except ValueError:
        return True
    return False


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
