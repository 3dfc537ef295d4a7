# Address and Envelope, decoded from a slice of their own.

cimport cython
from libc.stdint cimport uint8_t, uint32_t

from mailproto._core.c_mailproto cimport mp_defects, mp_limits
from mailproto._core.words cimport WordCache


@cython.final
@cython.no_gc
cdef class Address:
    cdef object name
    cdef object route
    cdef object mailbox
    cdef object host


@cython.final
@cython.no_gc
cdef class Envelope:
    cdef object date
    cdef object subject
    cdef object from_
    cdef object sender
    cdef object reply_to
    cdef object to
    cdef object cc
    cdef object bcc
    cdef object in_reply_to
    cdef object message_id
    cdef bytes wire
    cdef uint32_t bits


# data: MP_PADDING octets must follow. What is mended is added to `defects`. ParseError, LimitError.
cdef Envelope envelope_of(WordCache cache, const uint8_t *data, size_t length, const mp_limits *limits,
                          mp_defects *defects)
cdef object write_envelope(object writer, Envelope envelope)
