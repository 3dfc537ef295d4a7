# Literals whose octets are not in the unit that they belong to.

cimport cython
from libc.stdint cimport uint8_t


@cython.final
cdef class Outside:
    cdef const uint8_t *unit
    cdef dict places        # offset in the unit, of an empty literal: what stands for its octets
    cdef Py_ssize_t taken   # of them, how many times one was asked for
    cdef Outside outer


# While the value of a unit is made: outside_at finds what is in `places`. On this thread; they nest.
cdef Outside outside_enter(const uint8_t *unit, dict places)
cdef int outside_leave(Outside entered) except -1
# What stands for the empty string at `place`; b"" where there is nothing else.
cdef object outside_at(const uint8_t *place)
# Whether one of the places is among the `length` octets at `begin`.
cdef bint outside_within(const uint8_t *begin, size_t length) noexcept
