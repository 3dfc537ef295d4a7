from libc.stdint cimport uint8_t


cdef class Writer:
    cdef list fragments
    cdef uint8_t *buffer     # what is not in `fragments` yet
    cdef size_t used
    cdef size_t room
    cdef bint utf8
    cdef bint client
    cdef int literals        # see LITERAL_MODES
    cdef bint finished

    cdef uint8_t *reserve(self, size_t octets) except NULL
    cdef int put(self, const uint8_t *data, size_t length) except -1
    cdef int flush(self) except -1
    cdef int put_string(self, bytes data, int narrowest) except -1
    cdef int put_literal(self, bytes data, int binary) except -1
