# BodyStructure, decoded from a slice of its own.

cimport cython
from libc.stdint cimport uint8_t, uint32_t

from mailproto._core.c_mailproto cimport mp_defects, mp_limits
from mailproto._core.words cimport WordCache


@cython.final
@cython.no_gc
cdef class BodyStructure:
    cdef object type
    cdef object subtype
    cdef object params
    cdef object id
    cdef object description
    cdef object encoding
    cdef object size
    cdef object lines
    cdef object md5
    cdef object disposition
    cdef object language
    cdef object location
    cdef object extensions
    cdef object envelope
    cdef object body
    cdef object parts
    cdef bytes wire
    cdef uint32_t bits
    cdef int extended    # extension fields present, 0 to 4
    cdef int depth       # levels below this one


# data: MP_PADDING octets must follow. What is mended is added to `defects`. ParseError, LimitError.
cdef BodyStructure body_of(WordCache cache, const uint8_t *data, size_t length, const mp_limits *limits,
                           mp_defects *defects)
