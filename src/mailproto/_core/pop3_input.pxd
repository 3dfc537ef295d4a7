# What both POP3 readers share.

cimport cython
from cpython.object cimport PyObject_GenericSetAttr
from libc.stdint cimport uint8_t

from mailproto._core.c_mailproto cimport mp_limits, mp_pop3_keyword, mp_span


cdef enum:
    # Octets a client's reader offers to a socket at once; a server's has one for each of many connections.
    CLIENT_BLOCK = 65536
    SERVER_BLOCK = 4096


@cython.final
cdef class Window:
    cdef object owner
    cdef uint8_t *data
    cdef Py_ssize_t size


cdef class Input:
    cdef object owner         # the bytes object that the octets are in, or None
    cdef uint8_t *data        # its octets
    cdef Py_ssize_t start, end, size
    cdef bint borrowed        # the owner is the caller's: never written to
    cdef object lent          # the memoryview that get_buffer returned last, or None
    cdef Py_ssize_t lent_size
    cdef Py_ssize_t block
    cdef mp_limits limits
    cdef bint dead, at_eof

    cdef int reclaim(self) except -1
    cdef int make_room(self, Py_ssize_t wanted) except -1
    cdef int take(self, const uint8_t *data, Py_ssize_t n) except -1
    cdef int feed_octets(self, object data, const uint8_t *octets, Py_ssize_t n) except -1
    cdef object lend(self, Py_ssize_t hint)
    cdef object window(self, object owner, uint8_t *data, Py_ssize_t size)
    cdef int received(self, Py_ssize_t n) except -1
    cdef int forget(self) except -1
    cdef object text_of(self, const uint8_t *line, mp_span span)


# The keyword of a command in upper case, or None.
cdef object keyword_text(mp_pop3_keyword keyword)


cdef inline int put(object value, str name, object field) except -1:
    """Set a field of a frozen dataclass that is being built."""
    return PyObject_GenericSetAttr(value, name, field)
