# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""FetchTable: a run of FETCH responses as columns, without an object a message."""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_FillInfo, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy, memmove, memset

from mailproto._core.c_mailproto cimport (
    MP_E_LIMIT, MP_FETCH_END, MP_FETCH_FLAGS, MP_FETCH_MODSEQ, MP_FETCH_SIZE, MP_FETCH_UID, MP_NEED_MORE, MP_OK,
    MP_PADDING, MP_RESP_FETCH, MP_RESP_UIDFETCH, MP_SERVER_SENDS, mp_defects, mp_error, mp_fetch_begin, mp_fetch_item,
    mp_fetch_next, mp_fetch_scan, mp_frame, mp_framer, mp_framer_init, mp_framer_next,
    mp_read_response_head, mp_response_head, mp_span,
)
from mailproto._core.common cimport raise_error
from mailproto._core.words cimport WORD_FLAGS, WordCache, flags_of, new_words, word_hash

from array import array

from mailproto.errors import LimitError, ParseError
from mailproto.limits import Limits

#: What the bits of `present` stand for.
PRESENT = {"UID": 1, "FLAGS": 2, "RFC822.SIZE": 4, "MODSEQ": 8}

cdef enum:
    FIRST_ROWS = 256
    FLAG_LISTS = 256      # flag lists remembered with their bits
    FLAG_KEY = 56


cdef struct flag_list:
    uint8_t key[FLAG_KEY]
    uint32_t length
    uint64_t bits


@cython.final
cdef class _Column:
    """The memory of one column. Views hold it; a column that grows leaves it to them and takes new memory."""

    cdef uint8_t *data
    cdef Py_ssize_t used

    def __dealloc__(self):
        PyMem_RawFree(self.data)

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.data, self.used, 1, flags)


cdef _Column new_column(Py_ssize_t octets):
    cdef _Column column = _Column.__new__(_Column)
    column.data = <uint8_t *>PyMem_RawMalloc(octets if octets else 1)
    if column.data is NULL:
        raise MemoryError()
    return column


@cython.final
cdef class FetchTable:
    """Reads a stream of FETCH responses into columns, one row each, in the order they came.

    ``feed(data)`` takes bytes as they arrive. Columns are read-only memoryviews over ``len(table)`` rows, which stay
    valid, and as they are, when more is fed: ``seq`` and ``uid`` (format ``I``), ``size``, ``modseq`` and ``flags``
    (``Q``), ``present`` (``B``: the sum of :data:`PRESENT` for the items that the row had). Bit n of ``flags`` is
    ``flag_names[n]``, for the first 64 names; ``extra_flags`` maps a row's index to the names beyond them. What is absent
    is 0; a UIDFETCH has seq 0. Rows with other items, which are read here all the same, and other responses are kept as
    their bytes in ``others``, a list of at most *max_others*; ``dropped`` counts what did not fit.
    """

    cdef WordCache words
    cdef mp_framer framer
    cdef uint8_t *buffer     # an unfinished response
    cdef size_t held
    cdef size_t capacity
    cdef bint lost
    cdef Py_ssize_t rows
    cdef Py_ssize_t room
    cdef _Column seqs, uids, sizes, modseqs, flag_bits, presents
    cdef dict names
    cdef list name_list
    cdef flag_list *lists
    cdef readonly dict extra_flags
    cdef readonly list others
    cdef readonly Py_ssize_t dropped
    cdef Py_ssize_t max_others

    def __cinit__(self, *, limits=None, max_others=10_000):
        self.words = new_words(Limits.client() if limits is None else limits, True)
        mp_framer_init(&self.framer, MP_SERVER_SENDS, &self.words.limits)
        self.names = {}
        self.name_list = []
        self.extra_flags = {}
        self.others = []
        self.max_others = max_others
        self.lists = <flag_list *>PyMem_RawMalloc(FLAG_LISTS * sizeof(flag_list))
        if self.lists is NULL:
            raise MemoryError()
        memset(self.lists, 0, FLAG_LISTS * sizeof(flag_list))
        self.grow(FIRST_ROWS)

    def __dealloc__(self):
        PyMem_RawFree(self.buffer)
        PyMem_RawFree(self.lists)

    def __len__(self):
        return self.rows

    @property
    def flag_names(self):
        """The names of the bits in ``flags``."""
        return tuple(self.name_list)

    @property
    def seq(self):
        """Message sequence numbers."""
        return self.view(self.seqs, 4, "I")

    @property
    def uid(self):
        """UIDs."""
        return self.view(self.uids, 4, "I")

    @property
    def size(self):
        """RFC822.SIZE, in octets."""
        return self.view(self.sizes, 8, "Q")

    @property
    def modseq(self):
        """MODSEQ."""
        return self.view(self.modseqs, 8, "Q")

    @property
    def flags(self):
        """Flags as bits; see flag_names."""
        return self.view(self.flag_bits, 8, "Q")

    @property
    def present(self):
        """Which items each row had; see PRESENT."""
        return self.view(self.presents, 1, "B")

    cdef object view(self, _Column column, Py_ssize_t width, str code):
        with cython.critical_section(self):
            column.used = self.rows * width
            whole = memoryview(column)
        if code == "B":
            return whole
        return whole.cast(code) if len(whole) else memoryview(array(code)).toreadonly()  # nothing cannot be cast

    cdef int grow(self, Py_ssize_t room) except -1:
        self.seqs = self.bigger(self.seqs, 4, room)
        self.uids = self.bigger(self.uids, 4, room)
        self.sizes = self.bigger(self.sizes, 8, room)
        self.modseqs = self.bigger(self.modseqs, 8, room)
        self.flag_bits = self.bigger(self.flag_bits, 8, room)
        self.presents = self.bigger(self.presents, 1, room)
        self.room = room
        return 0

    cdef _Column bigger(self, _Column old, Py_ssize_t width, Py_ssize_t room):
        cdef _Column made = new_column(room * width)
        if old is not None:
            memcpy(made.data, old.data, self.rows * width)
        return made

    def feed(self, data, /):
        """Take bytes in. Raises ParseError (LimitError) for a broken response, after which the next feed goes on.

        Rows before it are in the table; a fatal error ends the reading. Bytes may end anywhere.
        """
        cdef Py_buffer view
        cdef object failed
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            with cython.critical_section(self):
                failed = self.read_all(<const uint8_t *>view.buf, view.len)
        finally:
            PyBuffer_Release(&view)
        if failed is not None:
            raise failed

    cdef object read_all(self, const uint8_t *data, size_t length):
        """Rows are read where the caller has them, but for what is in pieces and what lacks the padding behind it."""
        cdef size_t done = 0
        cdef object failed = None
        cdef object later
        if self.held == 0 and not self.lost:
            failed = self.read(data, length, MP_PADDING, &done)
        if done < length and not self.lost:
            self.take(data + done, length - done)
            done = 0
            later = self.read(self.buffer, self.held, 0, &done)
            if done and self.held > done:
                memmove(self.buffer, self.buffer + done, self.held - done)
            self.held -= done
            failed = later if failed is None or self.lost else failed
        return failed

    cdef int take(self, const uint8_t *data, size_t length) except -1:
        cdef uint8_t *bigger
        cdef size_t room
        if self.held + length > self.capacity or self.buffer is NULL:
            room = self.held + length
            if room < 2 * self.capacity:
                room = 2 * self.capacity
            bigger = <uint8_t *>PyMem_RawMalloc(room + MP_PADDING)
            if bigger is NULL:
                raise MemoryError()
            if self.held:
                memcpy(bigger, self.buffer, self.held)
            memset(bigger + room, 0, MP_PADDING)
            PyMem_RawFree(self.buffer)
            self.buffer = bigger
            self.capacity = room
        memcpy(self.buffer + self.held, data, length)
        self.held += length
        return 0

    cdef object read(self, const uint8_t *data, size_t length, size_t spare, size_t *done_r):
        """Every complete response that has `spare` octets behind it. Returns the first error, if any, or a fatal one."""
        cdef size_t start = 0
        cdef mp_frame frame
        cdef mp_error error
        cdef int status
        cdef object failed = None
        while start < length:
            status = mp_framer_next(&self.framer, data + start, length - start, &frame, &error)
            if status == MP_NEED_MORE:
                break
            if status != MP_OK:
                self.lost = True
                self.held = 0
                kept = PyBytes_FromStringAndSize(<const char *>data + start, min(length - start, 1024))
                start = 0
                if status == MP_E_LIMIT:
                    failed = LimitError(error.offset, error.limit.decode("ascii"), kept, fatal=True)
                else:
                    failed = ParseError(error.offset, error.expected.decode("ascii"), kept, fatal=True)
                break
            if length - start - frame.len < spare:
                break  # this one once more, from a copy
            try:
                self.row(data + start, frame.len)
            except ParseError as problem:
                if failed is None:
                    failed = problem
            start += frame.len
        done_r[0] = start
        return failed

    cdef int row(self, const uint8_t *unit, size_t length) except -1:
        cdef mp_response_head head
        cdef mp_fetch_scan scan
        cdef mp_fetch_item item
        cdef mp_error error
        cdef Py_ssize_t n = self.rows
        cdef uint32_t seq, uid = 0
        cdef uint64_t size = 0, modseq = 0, bits = 0
        cdef uint8_t present = 0
        cdef bint more = False
        if mp_read_response_head(unit, length, &head, &error) != MP_OK:
            raise_error(&error, unit, length)
        if head.kind != MP_RESP_FETCH and head.kind != MP_RESP_UIDFETCH:
            return self.keep_aside(unit, length)
        if mp_fetch_begin(&scan, unit, &head, &self.words.limits, &error) != MP_OK:
            raise_error(&error, unit, length)
        if head.kind == MP_RESP_FETCH:
            seq = head.number
        else:
            seq = 0
            uid = head.number
            present = 1
        while True:
            if mp_fetch_next(&scan, &item, &error) != MP_OK:
                raise_error(&error, unit, length)
            if item.kind == MP_FETCH_END:
                break
            if item.kind == MP_FETCH_FLAGS and not item.absent:
                bits = self.bits_of(unit, item.value)
                present |= 2
            elif item.absent:
                more = True
            elif item.kind == MP_FETCH_UID:
                uid = <uint32_t>item.number
                present |= 1
            elif item.kind == MP_FETCH_SIZE:
                size = item.number
                present |= 4
            elif item.kind == MP_FETCH_MODSEQ:
                modseq = item.number
                present |= 8
            else:
                more = True
        if n == self.room:
            self.grow(self.room * 2)
        (<uint32_t *>self.seqs.data)[n] = seq
        (<uint32_t *>self.uids.data)[n] = uid
        (<uint64_t *>self.sizes.data)[n] = size
        (<uint64_t *>self.modseqs.data)[n] = modseq
        (<uint64_t *>self.flag_bits.data)[n] = bits
        self.presents.data[n] = present
        self.rows = n + 1
        if more:
            self.keep_aside(unit, length)
        return 0

    cdef int keep_aside(self, const uint8_t *unit, size_t length) except -1:
        if len(self.others) < self.max_others:
            self.others.append(PyBytes_FromStringAndSize(<const char *>unit, length))
        else:
            self.dropped += 1
        return 0

    cdef uint64_t bits_of(self, const uint8_t *unit, mp_span span) except? 0:
        """The bits of a flag list. Lists repeat, so their bits are remembered by their octets."""
        cdef uint32_t h
        cdef flag_list *slot
        cdef uint64_t bits = 0
        cdef list extra = None
        cdef mp_defects ignored
        if span.len <= 2:
            return 0
        h = word_hash(WORD_FLAGS, unit + span.off, span.len)
        slot = &self.lists[h % FLAG_LISTS]
        if slot.length == span.len and memcmp(slot.key, unit + span.off, span.len) == 0:
            return slot.bits
        ignored.bits = 0
        for name in flags_of(self.words, unit, span, &ignored):
            place = self.names.get(name)
            if place is None and len(self.name_list) < 64:
                place = len(self.name_list)
                self.names[name] = place
                self.name_list.append(name)
            if place is None:
                extra = [] if extra is None else extra
                extra.append(name)
            else:
                bits |= <uint64_t>1 << <int>place
        if extra is not None:
            self.extra_flags[self.rows] = tuple(extra)
        elif span.len <= FLAG_KEY:
            memcpy(slot.key, unit + span.off, span.len)
            slot.length = span.len
            slot.bits = bits
        return bits
