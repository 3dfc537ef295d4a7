# What other compiled modules use of text.pyx: values straight from C spans and runs.

cimport cython
from libc.stdint cimport uint8_t, uint32_t

from mailproto._core.c_mailproto cimport mp_date_time, mp_run


@cython.final
cdef class SequenceSet:
    cdef mp_run *runs        # owned, PyMem_RawMalloc; NULL when count is 0
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


cdef class MailboxName(str):
    cdef bytes _wire         # None where the canonical encoding of the text is the wire form
    cdef int _defect         # index into MAILBOX_DEFECTS


# The unquoted octets of a mailbox; never fails on what a peer sent (see MailboxName.from_wire).
cdef MailboxName mailbox_from_wire(const uint8_t *data, Py_ssize_t length, bint utf8)
# The octets to send for a mailbox, a MailboxName or any str: modified UTF-7, or UTF-8 where utf8 is true.
cdef bytes mailbox_to_wire(object name, bint utf8)


# An aware datetime from what mp_parse_date_time read.
cdef object datetime_from_c(const mp_date_time *date)
# Reads an INTERNALDATE without quotes; ParseError has its offset counted from `unit`.
cdef object internal_date_from_wire(const uint8_t *unit, size_t unit_len, size_t offset, size_t length)
