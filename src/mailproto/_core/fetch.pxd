# FETCH rows.

cimport cython
from libc.stdint cimport uint8_t, uint32_t

from mailproto._core.words cimport WordCache


cdef enum:  # the lazy items, by their place
    ENVELOPE = 0
    BODY = 1
    BODY_STRUCTURE = 2


@cython.final
@cython.no_gc
cdef class Fetch:
    cdef object seq
    cdef object uid
    cdef object flags
    cdef object modseq
    cdef object internal_date
    cdef object size
    cdef object lazy_envelope
    cdef object lazy_body
    cdef object lazy_body_structure
    cdef dict section_map    # None: there are none
    cdef dict other_map
    cdef dict kept           # the octets of items that were mended, by name; None: none were
    cdef WordCache words
    cdef uint8_t *wire       # ENVELOPE, BODY and BODYSTRUCTURE, side by side, without padding; NULL: none
    cdef uint32_t lengths[3]
    cdef uint32_t cut_at     # in `wire`: what stands before it for cut_length octets was there twice more and is left out
    cdef uint32_t cut_length
    cdef uint32_t bits
    cdef uint8_t pending     # bit i: item i of `wire` is not decoded yet
    cdef uint8_t trusted     # made by our own application: its wire form is passed on as it is
    cdef uint8_t made


# An empty one, for the reader to fill.
cdef Fetch new_fetch()
