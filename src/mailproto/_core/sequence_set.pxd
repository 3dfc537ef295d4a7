# What other compiled modules use of sequence_set.pyx: sets straight from C runs.

cimport cython
from libc.stdint cimport uint8_t

from mailproto._core.c_mailproto cimport mp_run


@cython.final
cdef class SequenceSet:
    cdef mp_run *runs        # owned, PyMem_RawMalloc, or &near; NULL when count is 0
    cdef mp_run near         # of a set of one run, which most are
    cdef Py_ssize_t count
    cdef readonly bint saved # `$`
    cdef Py_ssize_t shape[2]
    cdef Py_ssize_t strides[2]


# A copy of `count` runs.
cdef SequenceSet sequence_set_from_runs(const mp_run *runs, Py_ssize_t count)
# Takes over `runs`, which PyMem_RawMalloc or PyMem_RawRealloc gave (freed also when this fails).
cdef SequenceSet sequence_set_adopt(mp_run *runs, Py_ssize_t count)
# Reads a sequence-set or `$`; ParseError has its offset counted from `unit`, whose `unit_len` octets hold the text.
cdef SequenceSet sequence_set_from_wire(const uint8_t *unit, size_t unit_len, size_t offset, size_t length)
