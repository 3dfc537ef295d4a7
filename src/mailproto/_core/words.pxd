# From spans of a unit to Python's builtins; the reader's bounded cache of words.

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy

from mailproto._core.c_mailproto cimport MP_TEXT_NIL, MP_TEXT_QUOTED_ESC, mp_defects, mp_limits, mp_span, mp_tape, mp_text
from mailproto._core.outside cimport outside_at


cdef enum:
    # what a cached value is
    WORD_BYTES
    WORD_STR
    WORD_FLAGS
    WORD_PARAMS
    WORD_ADDRESS
    WORD_SECTION
    WORD_UPPER
    SLOTS = 1024
    # nothing longer is cached, so that a peer cannot fill memory
    WORD_LIMIT = 128


cdef struct word_slot:
    PyObject *key    # bytes, but for WORD_ADDRESS; NULL: empty
    PyObject *value
    uint32_t hash
    int kind


@cython.final
@cython.no_gc
cdef class WordCache:
    cdef word_slot *slots
    cdef mp_limits limits   # of the reader, for what its rows decode later
    cdef uint32_t depth     # max_depth as it was given: for what Python does not walk by recursion
    cdef bint enabled       # false: keep nothing, for a single value
    cdef bint utf8          # mailbox names are UTF-8: the mode that the reader is in

    cdef int keep(self, int kind, uint32_t hash, object key, object value) except -1


cdef inline uint64_t eight_octets(const uint8_t *data) noexcept nogil:
    cdef uint64_t word
    memcpy(&word, data, 8)
    return word


cdef inline uint32_t four_octets(const uint8_t *data) noexcept nogil:
    cdef uint32_t word
    memcpy(&word, data, 4)
    return word


cdef inline uint32_t word_hash(int kind, const uint8_t *data, Py_ssize_t length) noexcept nogil:
    """Of a few samples, whatever the length. A peer that makes words collide gains nothing: each slot holds one."""
    cdef uint64_t h = <uint64_t>length * <uint64_t>0x9E3779B97F4A7C15 + <uint64_t>kind
    if length >= 8:
        h ^= eight_octets(data) * <uint64_t>0xFF51AFD7ED558CCD
        h ^= (eight_octets(data + length - 8) + (h >> 29)) * <uint64_t>0xC4CEB9FE1A85EC53
        if length > 16:
            h ^= (eight_octets(data + length // 2 - 4) + (h >> 31)) * <uint64_t>0x9FB21C651E98DF25
            if length > 32:
                h ^= (eight_octets(data + length // 4 - 4) ^ eight_octets(data + length - length // 4 - 4)) \
                    * <uint64_t>0xD6E8FEB86659FD93
    elif length >= 4:
        h ^= (<uint64_t>four_octets(data) | <uint64_t>four_octets(data + length - 4) << 32) * <uint64_t>0xFF51AFD7ED558CCD
    elif length:
        h ^= (data[0] | <uint64_t>data[length // 2] << 8 | <uint64_t>data[length - 1] << 16) * <uint64_t>0xFF51AFD7ED558CCD
    h ^= h >> 32
    h *= <uint64_t>0x9E3779B97F4A7C15
    return <uint32_t>(h >> 32)


cdef inline object word_find(WordCache cache, int kind, const uint8_t *data, Py_ssize_t length, uint32_t *hash_r):
    """The value kept for these octets, or None. *hash_r is for `keep`."""
    cdef uint32_t h = word_hash(kind, data, length)
    cdef word_slot *slot
    hash_r[0] = h
    with cython.critical_section(cache):
        if cache.slots is not NULL:
            slot = &cache.slots[h % SLOTS]
            if (slot.hash == h and slot.kind == kind and slot.key is not NULL
                    and PyBytes_GET_SIZE(<object>slot.key) == length
                    and memcmp(PyBytes_AS_STRING(<object>slot.key), data, length) == 0):
                return <object>slot.value
    return None


cdef inline object word_at(WordCache cache, int kind, uint32_t h):
    """The value kept under the hash, or None; the caller must look whether it is the one."""
    cdef word_slot *slot
    with cython.critical_section(cache):
        if cache.slots is not NULL:
            slot = &cache.slots[h % SLOTS]
            if slot.hash == h and slot.kind == kind and slot.key is not NULL:
                return <object>slot.value
    return None


cdef bytes unescaped(const uint8_t *data, Py_ssize_t length)


# bytes; None for NIL; what stands for a literal whose octets are not in the unit (see outside.pyx).
cdef inline object text_to_bytes(const uint8_t *unit, const mp_text *text):
    if text.kind == MP_TEXT_NIL:
        return None
    if text.span.len == 0:
        return outside_at(unit + text.span.off)
    if text.kind == MP_TEXT_QUOTED_ESC:
        return unescaped(unit + text.span.off, text.span.len)
    return PyBytes_FromStringAndSize(<const char *>unit + text.span.off, text.span.len)


cdef inline bytes word_bytes(WordCache cache, const uint8_t *data, Py_ssize_t length):
    cdef uint32_t h = 0
    cdef bytes made
    cdef object found
    if cache is None or length > 32 or length < 2:  # CPython shares the shortest itself
        return PyBytes_FromStringAndSize(<const char *>data, length)
    found = word_find(cache, WORD_BYTES, data, length, &h)
    if found is not None:
        return <bytes>found
    made = PyBytes_FromStringAndSize(<const char *>data, length)
    cache.keep(WORD_BYTES, h, made, made)
    return made


cdef inline object text_to_word(WordCache cache, const uint8_t *unit, const mp_text *text):
    if text.kind == MP_TEXT_NIL:
        return None
    if text.span.len == 0:
        return outside_at(unit + text.span.off)
    if text.kind == MP_TEXT_QUOTED_ESC:
        return unescaped(unit + text.span.off, text.span.len)
    return word_bytes(cache, unit + text.span.off, text.span.len)


# In upper case.
cdef str word_upper(WordCache cache, const uint8_t *data, Py_ssize_t length)
# Whether a flag, or what is written like one, ends where it seems to.
cdef bint sendable(const uint8_t *data, uint32_t length) noexcept
cdef str word_str(WordCache cache, const uint8_t *data, Py_ssize_t length)
# "(" flag *(SP flag) ")", or words in a row without parentheses: a tuple of str, system flags in canonical case.
# What is no flag is left out, quotes around one are dropped, both with MP_DEFECT_BAD_FLAG. LimitError.
cdef tuple flags_of(WordCache cache, const uint8_t *unit, mp_span span, mp_defects *defects)
# Generic trees of the tokens first to last of a tape.
cdef tuple trees_of(const uint8_t *unit, const mp_tape *tape, uint32_t first, uint32_t last)
# Generic trees of a run of octets.
cdef tuple trees_in(const uint8_t *unit, size_t begin, size_t end, const mp_limits *limits)
# What a reader of single values uses: it keeps nothing.
cdef WordCache new_words(object limits, bint enabled)
# The names of defects for the bits set.
cdef tuple defect_names(uint32_t bits)
