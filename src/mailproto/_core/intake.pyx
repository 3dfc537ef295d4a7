# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""What every reader shares: octets received and not read yet, and the memory that is lent to a socket.

The rules. Memory grows with what was received, never with what a peer announced. While a view of it is out it is
replaced, not moved: asyncio and uvloop hold on to the view during ``buffer_updated``. A view is dead after
``buffer_updated`` and after anything else that takes octets; one that a caller kept all the same shows memory that is
still there, whatever became of the reader. An empty view is never lent.
"""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_FillInfo, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from cpython.memoryview cimport PyMemoryView_FromObject
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF, Py_REFCNT
from libc.stdint cimport uint8_t
from libc.string cimport memcpy, memmove, memset

from mailproto._core.c_mailproto cimport MP_PADDING

cdef extern from "Python.h":
    int _PyBytes_Resize(PyObject **, Py_ssize_t) except -1

cdef extern from *:
    """
    #ifdef Py_GIL_DISABLED
    #define MP_MAY_RESIZE(o) 0  /* whether another thread knows the object cannot be told */
    #else
    #define MP_MAY_RESIZE(o) (Py_REFCNT(o) == 1)
    #endif
    """
    bint MP_MAY_RESIZE(PyObject *)

# More octets than there are.
cdef object MOST = (1 << 62)


@cython.final
cdef class Block:
    """Memory that a reader fills; never moved while a view of it is out, only replaced."""

    def __dealloc__(self):
        PyMem_RawFree(self.data)

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.data + self.from_, self.capacity - self.from_, 0, flags)
        with cython.critical_section(self):
            self.exports += 1

    def __releasebuffer__(self, Py_buffer *view):
        with cython.critical_section(self):
            self.exports -= 1


cdef Block new_block(size_t capacity):
    cdef Block block = Block.__new__(Block)
    block.data = <uint8_t *>PyMem_RawMalloc(capacity + MP_PADDING)
    if block.data is NULL:
        raise MemoryError()
    block.capacity = capacity
    memset(block.data + capacity, 0, MP_PADDING)
    return block


@cython.final
@cython.no_gc
cdef class Loan:
    """A part of a bytes object that is being filled, as a writable buffer; keeps it alive."""

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.data, self.size, 0, flags)


cdef object lend_part(object owner, uint8_t *data, size_t size):
    cdef Loan loan = Loan.__new__(Loan)
    loan.owner = owner
    loan.data = data
    loan.size = size
    return PyMemoryView_FromObject(loan)


cdef int resize_bytes(PyObject **memory, size_t kept, size_t size) except -1:
    cdef PyObject *before = memory[0]
    cdef object made
    if MP_MAY_RESIZE(before):
        _PyBytes_Resize(memory, size)  # on failure it has dropped the memory itself, and written NULL
        return 0
    made = PyBytes_FromStringAndSize(NULL, size)
    memcpy(PyBytes_AS_STRING(made), PyBytes_AS_STRING(<object>before), min(kept, size))
    Py_INCREF(made)
    memory[0] = <PyObject *>made
    Py_DECREF(<object>before)
    return 0


cdef class Intake:
    """Takes octets in: by ``feed``, or by ``get_buffer`` and ``buffer_updated``."""

    def __cinit__(self, *args, **kwargs):
        self.block_size = self.least_room = 16384
        self.most_hint = <size_t>1 << 30
        self.kept_size = 1048576
        self.hold_from = 4096

    def feed(self, data, /):
        """Take octets in. ``b""`` does nothing."""
        cdef Py_buffer view
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            with cython.critical_section(self):
                if view.len:
                    self.reclaim()
                    if not self.lost:
                        self.receive(data, <const uint8_t *>view.buf, view.len)
        finally:
            PyBuffer_Release(&view)

    def get_buffer(self, hint=-1, /):
        """Writable memory for octets to be received into, never empty; then call :meth:`buffer_updated`.

        *hint*: how many octets may come, heeded within reason; -1 leaves that open. The view is dead after :meth:`buffer_updated` and after
        :meth:`feed`. The memory grows with what was received, never with what the peer announced.
        """
        cdef Py_ssize_t wanted
        if not isinstance(hint, int):
            raise TypeError(f"hint must be an int, not {type(hint).__name__}")
        wanted = max(-1, min(hint, MOST))
        with cython.critical_section(self):
            self.reclaim()
            self.lent = view = self.lend(wanted)
            return view

    def buffer_updated(self, count, /):
        """*count* octets were received into the start of what :meth:`get_buffer` gave last.

        ValueError for more octets than were lent, and where a call came between that took the memory back.
        """
        cdef Py_ssize_t n
        if not isinstance(count, int):
            raise TypeError(f"count must be an int, not {type(count).__name__}")
        n = max(-1, min(count, MOST))
        with cython.critical_section(self):
            if n < 0 or <size_t>n > self.room:
                raise ValueError("more octets than were lent: there is no room for them")
            self.reclaim()
            if n and not self.lost:
                self.received(n)

    @property
    def octets_moved(self):
        """Octets that this reader has copied from one place in its memory to another, ever.

        What memory that grows or is tidied costs: however a stream is cut, it stays within a small multiple of the
        octets received. Taking octets in and making values of them are not counted, nor is what a value copies.
        """
        with cython.critical_section(self):
            return self.moved

    cdef int reclaim(self) except -1:
        """End the loan. Releasing a view may run code of whoever owns the memory: all is settled before."""
        cdef object lent = self.lent
        self.room = 0
        if lent is not None:
            self.lent = None
            try:
                lent.release()
            except BufferError:
                pass  # held during buffer_updated, as uvloop does
        return 0

    cdef const uint8_t *octets(self, size_t *n_r) noexcept:
        if self.start < self.end:
            n_r[0] = self.end - self.start
            return self.block.data + self.start
        n_r[0] = self.given_size - self.given_at
        return self.given_data + self.given_at

    cdef const uint8_t *whole(self, size_t *n_r) except? NULL:
        if self.given is not None and self.start < self.end:
            self.settle()
        return self.octets(n_r)

    cdef size_t unread(self) noexcept:
        return self.end - self.start + self.given_size - self.given_at

    cdef int skip(self, size_t n) except -1:
        """Pass over octets that `octets` or `whole` gave. Memory that is not needed any more is let go."""
        if self.start < self.end:
            self.start += n
            self.trim()
        else:
            self.given_at += n
            if self.given_at == self.given_size:
                self.given = None
                self.given_data = NULL
                self.given_at = self.given_size = 0
        return 0

    cdef int trim(self) except -1:
        """Give a large block back that holds nothing any more."""
        if (self.start == self.end and self.block is not None and self.block.capacity > self.kept_size
                and self.block.exports == 0 and self.room == 0):
            self.block = None
            self.start = self.end = 0
        return 0

    cdef int make_room(self, size_t wanted) except -1:
        """At least `wanted` octets behind `end`; what is unread may move."""
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
                self.moved += held
                self.start = 0
                self.end = held
            if block.capacity - self.end >= wanted:
                return 0
        # Room for least_room beyond the double, or what is lent would soon fall short of that again.
        capacity = max(held + wanted, 2 * held + self.least_room if held else 0, self.block_size)
        bigger = new_block(capacity)
        if held:
            memcpy(bigger.data, block.data + self.start, held)
            self.moved += held
        self.block = bigger
        self.start = 0
        self.end = held
        return 0

    cdef int take(self, const uint8_t *data, size_t n) except -1:
        """Copy octets to the end of the block."""
        self.make_room(n)
        memcpy(self.block.data + self.end, data, n)
        self.end += n
        return 0

    cdef int settle(self) except -1:
        """Copy what is left of the caller's bytes to the block and let go of them."""
        if self.given is not None:
            if self.given_at < self.given_size:
                self.take(self.given_data + self.given_at, self.given_size - self.given_at)
                self.moved += self.given_size - self.given_at
            self.given = None
            self.given_data = NULL
            self.given_at = self.given_size = 0
        return 0

    cdef int drop(self) except -1:
        """Let go of everything. Memory that is lent stays what it is, for nobody."""
        self.room = 0
        self.lent = None
        self.block = None
        self.given = None
        self.given_data = NULL
        self.start = self.end = self.given_at = self.given_size = 0
        return 0

    cdef int receive(self, object data, const uint8_t *octets, size_t n) except -1:
        self.settle()
        if n >= self.hold_from and PyBytes_CheckExact(data):
            self.given = data
            self.given_data = octets
            self.given_at = 0
            self.given_size = n
        else:
            self.take(octets, n)
        return 0

    cdef object lend(self, Py_ssize_t hint):
        cdef size_t wanted = self.least_room
        if hint > 0 and <size_t>hint > wanted:
            wanted = max(wanted, min(<size_t>hint, self.most_hint))
        self.settle()
        if self.lost:
            self.start = self.end = 0
        self.make_room(wanted)
        self.block.from_ = self.end
        self.room = self.block.capacity - self.end
        return PyMemoryView_FromObject(self.block)

    cdef int received(self, size_t n) except -1:
        self.end += n
        return 0
