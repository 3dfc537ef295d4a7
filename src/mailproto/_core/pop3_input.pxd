# What both POP3 readers share.

from cpython.object cimport PyObject_GenericSetAttr
from libc.stdint cimport uint8_t

from mailproto._core.c_mailproto cimport mp_limits, mp_pop3_keyword, mp_span
from mailproto._core.intake cimport Intake


cdef enum:
    # Octets a client's reader offers to a socket at once; a server's has one for each of many connections.
    CLIENT_BLOCK = 65536
    SERVER_BLOCK = 4096


cdef class Input(Intake):
    cdef mp_limits limits

    # The memory that a connection has at least, and may keep.
    cdef int sized(self, size_t block, size_t kept) except -1
    cdef int forget(self) except -1
    cdef object text_of(self, const uint8_t *line, mp_span span)


# The keyword of a command in upper case, or None.
cdef object keyword_text(mp_pop3_keyword keyword)


cdef inline int put(object value, str name, object field) except -1:
    """Set a field of a frozen dataclass that is being built."""
    return PyObject_GenericSetAttr(value, name, field)
