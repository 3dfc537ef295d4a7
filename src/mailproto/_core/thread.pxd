# THREAD results.

cimport cython
from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint32_t

from mailproto._core.c_mailproto cimport mp_response_head, mp_thread_node


@cython.final
@cython.no_gc
cdef class ThreadResult:
    cdef mp_thread_node *run
    cdef Py_ssize_t count
    cdef uint32_t bits
    cdef bytes kept       # `raw`, or None
    cdef bint made


# The result that a unit with its line end holds; what was mended goes to head.defects. ParseError, LimitError.
cdef ThreadResult thread_of(const uint8_t *unit, size_t length, mp_response_head *head, uint32_t depth,
                            uint32_t elements)
