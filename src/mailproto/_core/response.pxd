# Reading one response from a unit.

cimport cython
from libc.stdint cimport uint8_t

from mailproto._core.c_mailproto cimport mp_tape
from mailproto._core.response_code cimport CodeTypes
from mailproto._core.words cimport WordCache


@cython.final
cdef class ResponseTypes:
    cdef object status, continuation, capability, enabled, exists, recent, expunge, vanished, flags, mailbox_status
    cdef Py_ssize_t status_slots[4]  # mailbox, items, defects and raw of mailbox_status
    cdef object search, sort, unknown
    cdef dict data  # by mp_response_kind
    cdef CodeTypes codes


# The value of a unit with its line end. ParseError, LimitError.
cdef object read_response(ResponseTypes types, WordCache words, mp_tape *tape, const uint8_t *unit, size_t length,
                          bint bare_lf, bint strict)
# Whether read_response reads the unit without the padding behind it.
cdef bint reads_unpadded(const uint8_t *unit, size_t length) noexcept
# The same as an UnknownResponse, whatever its name: generic trees.
cdef object read_generic(ResponseTypes types, WordCache words, mp_tape *tape, const uint8_t *unit, size_t length,
                         bint bare_lf)
