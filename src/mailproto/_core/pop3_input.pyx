# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""What both POP3 readers share: the memory that is lent to a socket, and the octets not read yet."""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_FillInfo, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize
from cpython.memoryview cimport PyMemoryView_FromObject
from libc.stdint cimport uint8_t
from libc.string cimport memcpy

from mailproto._core.c_mailproto cimport MP_POP3_APOP, MP_POP3_UTF8, mp_pop3_keyword, mp_pop3_keyword_name, mp_span

# A caller's bytes below this are copied: cheaper than keeping hold of them.
cdef Py_ssize_t HOLD_FROM = 2048

cdef tuple KEYWORDS = (None,) + tuple([
    mp_pop3_keyword_name(<mp_pop3_keyword>keyword).decode("ascii")
    for keyword in range(<int>MP_POP3_APOP, <int>MP_POP3_UTF8 + 1)
])


cdef object keyword_text(mp_pop3_keyword keyword):
    return KEYWORDS[<int>keyword]


@cython.final
cdef class Window:
    """A part of a memory block, as a writable buffer that keeps the block alive."""

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.data, self.size, 0, flags)


cdef class Input:
    """Octets that were received and not read yet: in a block of our own, or in bytes that a caller gave."""

    def __cinit__(self, *args, **kwargs):
        self.block = CLIENT_BLOCK

    cdef int reclaim(self) except -1:
        """End the loan of our memory. A socket that still holds on to it keeps its block alive, no more."""
        if self.lent is not None:
            try:
                self.lent.release()
            except BufferError:
                # uvloop, in buffer_updated. Replaced, not resized: what it points to stays valid.
                pass
            self.lent = None
        return 0

    cdef int make_room(self, Py_ssize_t wanted) except -1:
        """At least *wanted* octets of our own memory free behind the end; the octets may move."""
        cdef Py_ssize_t kept = self.end - self.start, size
        if self.owner is not None and not self.borrowed:
            if self.size - self.end >= wanted:
                return 0
            if kept + wanted <= self.size and kept <= self.start:
                memcpy(self.data, self.data + self.start, kept)
                self.start, self.end = 0, kept
                return 0
        size = self.block
        while size < kept + wanted:
            size *= 2
        block = PyBytes_FromStringAndSize(NULL, size)
        if kept > 0:
            memcpy(PyBytes_AS_STRING(block), self.data + self.start, kept)
        self.owner = block
        self.data = <uint8_t *>PyBytes_AS_STRING(block)
        self.borrowed = False
        self.start, self.end, self.size = 0, kept, size
        return 0

    cdef int take(self, const uint8_t *data, Py_ssize_t n) except -1:
        self.make_room(n)
        memcpy(self.data + self.end, data, n)
        self.end += n
        return 0

    cdef int feed_octets(self, object data, const uint8_t *octets, Py_ssize_t n) except -1:
        if self.start == self.end and n >= HOLD_FROM and PyBytes_CheckExact(data):
            self.owner, self.data, self.borrowed = data, <uint8_t *>octets, True
            self.start, self.end, self.size = 0, n, n
            return 0
        return self.take(octets, n)

    cdef object lend(self, Py_ssize_t hint):
        cdef Py_ssize_t wanted = self.block // 2
        if 0 < hint < wanted:
            wanted = hint
        self.make_room(wanted)
        return self.window(self.owner, self.data + self.end, self.size - self.end)

    cdef object window(self, object owner, uint8_t *data, Py_ssize_t size):
        cdef Window window = Window.__new__(Window)
        window.owner, window.data, window.size = owner, data, size
        self.lent = PyMemoryView_FromObject(window)
        self.lent_size = size
        return self.lent

    cdef int received(self, Py_ssize_t n) except -1:
        self.end += n
        return 0

    def feed(self, data):
        """Hand over octets that were received. No octets do nothing."""
        cdef Py_buffer view
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            with cython.critical_section(self):
                self.reclaim()
                if view.len > 0 and not self.dead:
                    self.feed_octets(data, <const uint8_t *>view.buf, view.len)
        finally:
            PyBuffer_Release(&view)

    def get_buffer(self, hint=-1):
        """Writable memory for octets to be received into, never empty; then call ``buffer_updated``.

        The view is dead after ``buffer_updated`` and after any other call. *hint*: how many octets may come, or -1.
        """
        with cython.critical_section(self):
            self.reclaim()
            return self.lend(hint)

    def buffer_updated(self, Py_ssize_t nbytes):
        """Say that *nbytes* octets were received into what ``get_buffer`` returned last."""
        with cython.critical_section(self):
            if self.lent is None or nbytes < 0 or nbytes > self.lent_size:
                raise ValueError("no such buffer is lent")
            self.reclaim()
            if nbytes > 0 and not self.dead:
                self.received(nbytes)

    @property
    def pending(self):
        """Octets received and not read yet; those of a body that is being read do not count."""
        with cython.critical_section(self):
            return self.end - self.start

    def discard(self):
        """Throw away what was received and not read yet. Returns how many octets that were."""
        cdef Py_ssize_t n
        with cython.critical_section(self):
            n = self.end - self.start
            self.start = self.end = 0
            self.owner, self.data, self.size, self.borrowed = None, NULL, 0, False
            self.forget()
            return n

    cdef int forget(self) except -1:
        return 0

    cdef object text_of(self, const uint8_t *line, mp_span span):
        return PyBytes_FromStringAndSize(<const char *>line + span.off, span.len)
