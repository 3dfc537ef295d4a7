# From spans of a unit to Python's builtins; the reader's bounded cache of words.

cimport cython
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from mailproto._core.c_mailproto cimport mp_limits, mp_span, mp_tape, mp_text


cdef enum:
    # what a cached value is
    WORD_BYTES
    WORD_STR
    WORD_FLAGS
    WORD_PARAMS
    WORD_ADDRESSES
    WORD_SECTION
    # nothing longer is cached, so that a peer cannot fill memory
    WORD_LIMIT = 128


cdef struct word_slot:
    PyObject *key    # bytes; NULL: empty
    PyObject *value
    uint32_t hash
    int kind


@cython.final
@cython.no_gc
cdef class WordCache:
    cdef word_slot *slots
    cdef mp_limits limits   # of the reader, for what its rows decode later
    cdef bint enabled       # false: keep nothing, for a single value

    cdef object find(self, int kind, const uint8_t *data, Py_ssize_t length, uint32_t *hash_r)
    cdef int keep(self, int kind, uint32_t hash, bytes key, object value) except -1


cdef bytes text_to_bytes(const uint8_t *unit, const mp_text *text)
cdef bytes text_to_word(WordCache cache, const uint8_t *unit, const mp_text *text)
cdef bytes word_bytes(WordCache cache, const uint8_t *data, Py_ssize_t length)
cdef str word_str(WordCache cache, const uint8_t *data, Py_ssize_t length)
# "(" flag *(SP flag) ")", or words in a row without parentheses: a tuple of str, system flags in canonical case.
cdef tuple flags_of(WordCache cache, const uint8_t *unit, mp_span span)
# Generic trees of the tokens first to last of a tape.
cdef tuple trees_of(const uint8_t *unit, const mp_tape *tape, uint32_t first, uint32_t last)
# Generic trees of a run of octets.
cdef tuple trees_in(const uint8_t *unit, size_t begin, size_t end, const mp_limits *limits)
# What a reader of single values uses: it keeps nothing.
cdef WordCache new_words(object limits, bint enabled)
# The names of defects for the bits set.
cdef tuple defect_names(uint32_t bits)
