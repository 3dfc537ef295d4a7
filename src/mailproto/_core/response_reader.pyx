# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""The ResponseReader: a stream of bytes in, typed responses out.

How literals stay out of their units, streamed or held, is in literal_intake.pyx.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memchr

from mailproto._core.c_mailproto cimport (
    MP_E_LIMIT, MP_FRAME_LITERAL, MP_NEED_MORE, MP_OK, MP_PADDING, MP_RESP_FETCH, MP_RESP_UIDFETCH, MP_SERVER_SENDS,
    mp_alloc_libc, mp_error, mp_frame, mp_framer_accept, mp_framer_announce_above, mp_framer_idle, mp_framer_init,
    mp_literal_path, mp_literal_path_begin, mp_literal_path_find, mp_normalise_section, mp_span, mp_tape, mp_tape_free,
    mp_tape_init,
)
from mailproto._core.common cimport octets_above
from mailproto._core.fetch cimport Fetch
from mailproto._core.intake cimport Block
from mailproto._core.literal_intake cimport (
    IN_UNIT, KEPT_PARTS, LARGE, STREAMED, LiteralIntake, announced, in_whole_unit,
)
from mailproto._core.outside cimport Outside, outside_enter, outside_leave
from mailproto._core.response cimport ResponseTypes, read_generic, read_response, reads_unpadded
from mailproto._core.words cimport WordCache, new_words

from mailproto.errors import NEED_DATA, IncompleteError, LimitError, ParseError
from mailproto.exact import boolean
from mailproto.limits import Limits
from mailproto.streamed import Streamed

cdef object NEED = NEED_DATA

cdef enum:
    HOLD_FROM = 4096       # a caller's bytes from this size on are read where they are


cdef class ResponseReader(LiteralIntake):
    """Reads what a server sends.

    ``feed(data)``, or ``get_buffer(hint)`` and ``buffer_updated(n)``, bring bytes in; ``next()`` gives a response or
    :data:`NEED_DATA`, and iterating goes on until there is none. A response that breaks the grammar raises ParseError
    (past a bound: LimitError), and the reader goes on at the next one; where the start of the next one is lost, the
    error is ``fatal``, raised once, and then there is only NEED_DATA. What real servers get wrong and can be read all
    the same is no error but in the value's ``defects``; with ``strict`` it is an error.

    *utf8*: mailbox names are UTF-8. *types*: the classes to build (see :class:`ResponseTypes`), *events*: those for the beginning, a chunk and the end of
    a streamed literal; :class:`mailproto.imap.ResponseReader` has them.
    """

    cdef ResponseTypes types
    cdef WordCache words
    cdef bint strict
    cdef mp_tape tape
    cdef int depth           # values being built inside each other: building one may run any Python code
    cdef mp_literal_path *path
    cdef bint path_begun

    def __cinit__(self, *args, **kwargs):
        mp_tape_init(&self.tape, mp_alloc_libc())

    def __init__(self, ResponseTypes types not None, *, limits=None, utf8=False, strict=False, stream_above=None,
                 events=None):
        cdef uint64_t above = LARGE if stream_above is None else octets_above(stream_above)
        if self.types is not None:
            raise TypeError("a reader is made once")
        if stream_above is not None:
            self.begin_type, self.chunk_type, self.end_type = events
            self.streaming = True
        self.words = new_words(Limits.client() if limits is None else limits, True)
        self.words.utf8 = boolean(utf8, "utf8")
        self.strict = boolean(strict, "strict")
        mp_framer_init(&self.framer, MP_SERVER_SENDS, &self.words.limits)
        mp_framer_announce_above(&self.framer, above)
        self.types = types

    def __dealloc__(self):
        mp_tape_free(&self.tape)
        PyMem_RawFree(self.path)

    @property
    def buffered(self):
        """Octets received that no response, and no event of a streamed literal, has been made of yet."""
        with cython.critical_section(self):
            return self.unread() + self.kept_apart()

    @property
    def utf8(self):
        """Whether mailbox names are UTF-8: set it when the server has enabled UTF8=ACCEPT or IMAP4rev2.

        It holds for the responses that are read from then on.
        """
        return self.words is not None and self.words.utf8

    @utf8.setter
    def utf8(self, value):
        if self.words is None:
            raise TypeError("a reader is made by its __init__")
        self.words.utf8 = boolean(value, "utf8")

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
        """The stream has ended: IncompleteError if that was inside a response. Octets that come all the same are read."""
        with cython.critical_section(self):
            if not self.lost and (self.mode != IN_UNIT or not mp_framer_idle(&self.framer, self.unread())):
                raise IncompleteError("the stream ended inside a response")

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
        cdef bytes whole
        if self.depth:
            mp_tape_init(&own, mp_alloc_libc())
            tape = &own
        self.depth += 1
        try:
            if outside is not None:
                value = self.build_around(tape, unit, frame, outside)
                if value is not None:
                    return value
                whole = with_literals(unit[:frame.len], outside) + bytes(MP_PADDING)
                return read_response(self.types, self.words, tape, <const uint8_t *>PyBytes_AS_STRING(whole),
                                     len(whole) - MP_PADDING, frame.bare_lf, self.strict)
            return read_response(self.types, self.words, tape, unit, frame.len, frame.bare_lf, self.strict)
        finally:
            self.depth -= 1
            if tape is &own:
                mp_tape_free(&own)

    cdef object build_around(self, mp_tape *tape, const uint8_t *unit, const mp_frame *frame, dict outside):
        """The value of a unit that lacks literals.

        Where the class has no place for what stands for one (a mailbox's name, say) the value is an UnknownResponse,
        or None where all of them were kept after all: then it must be made of the whole unit.
        """
        cdef Outside entered = outside_enter(unit, outside)
        cdef bint kept = not streamed_in(outside)
        broken = None
        try:
            try:
                value = read_response(self.types, self.words, tape, unit, frame.len, frame.bare_lf, self.strict)
                if isinstance(value, Fetch) or (entered.taken >= len(outside) and is_marked(value, outside)):
                    return value
            except LimitError:
                raise
            except ParseError as error:
                if entered.taken >= len(outside) or (self.strict and not kept):
                    raise
                broken = error
            except (TypeError, ValueError, AttributeError):
                if kept:
                    raise
            if kept:
                return None
            value = read_generic(self.types, self.words, tape, unit, frame.len, frame.bare_lf)
            if broken is not None and value.name in ("FETCH", "UIDFETCH"):  # these have room for anything streamed
                raise broken
            return value
        except ParseError as error:
            in_whole_unit(error, outside)
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
        self.take_out(unit, frame.len, frame.literal_size)
        if self.streaming:
            self.mode = STREAMED
            return self.begin_type(path_of(self.path[0], self.parts) if found else (), frame.literal_size)
        self.hold()
        return None


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


cdef bytes with_literals(bytes unit, dict outside):
    """The unit with all of its literals in it, none of which was streamed."""
    cdef bytearray made = bytearray(announced(unit, outside))
    for place in sorted(outside, reverse=True):
        made[place:place] = outside[place]
    return bytes(made)


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


def parse_response_prefix(ResponseTypes types not None, data, *, limits=None, utf8=False, strict=False):
    """(value, consumed) of the first response in *data*. IncompleteError, ParseError, LimitError."""
    cdef ResponseReader reader = ResponseReader(types, limits=limits, utf8=utf8, strict=strict)
    reader.words.enabled = False
    reader.feed(data)
    fed = reader.buffered
    value = reader.read_next()
    if value is NEED:
        raise IncompleteError("the data ends inside a response")
    return value, fed - reader.buffered


def parse_response(ResponseTypes types not None, data, *, limits=None, utf8=False, strict=False):
    """The one response that *data* is. IncompleteError, ParseError (also for bytes behind it), LimitError."""
    value, consumed = parse_response_prefix(types, data, limits=limits, utf8=utf8, strict=strict)
    if consumed != memoryview(data).nbytes:
        raise ParseError(consumed, "end of the data", bytes(data)[:1024])
    return value
