# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""From spans of a unit to builtins, and the bounded cache of words that a reader keeps."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_RawCalloc, PyMem_RawFree
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy

from mailproto._core.c_mailproto cimport (
    MP_DEFECT_BAD_FLAG, MP_DEFECT_COUNT, MP_OK, MP_TEXT_NIL, MP_TEXT_QUOTED_ESC, MP_TOK_ATOM, MP_TOK_LIST, MP_TOK_QUOTED_ESC,
    mp_alloc_libc, mp_defect, mp_defect_name, mp_defect_reading, mp_defect_seen, mp_defects, mp_error, mp_fail_limit, mp_flag_canonical, mp_limits, mp_next_word, mp_span, mp_tape, mp_unquoted_word,
    mp_tape_build, mp_tape_free, mp_tape_init, mp_text, mp_token, mp_unescape,
)
from mailproto._core.common cimport limits_to_c, raise_error, shallow

#: Name, servers and reading of every defect that reading can record, in the order of their bits.
DEFECT_ROWS = tuple((mp_defect_name(bit).decode("ascii"), mp_defect_seen(bit).decode("ascii"),
                     mp_defect_reading(bit).decode("ascii")) for bit in range(MP_DEFECT_COUNT))

cdef tuple NAMES = tuple(row[0] for row in DEFECT_ROWS)


@cython.final
@cython.no_gc
cdef class WordCache:
    """Values made from short runs of octets: one slot for each hash, so its size is bounded whatever a peer sends.

    Holds only immutable builtins and addresses. Safe to use from several threads.
    """

    def __dealloc__(self):
        cdef int i
        if self.slots is not NULL:
            for i in range(SLOTS):
                Py_XDECREF(self.slots[i].key)
                Py_XDECREF(self.slots[i].value)
            PyMem_RawFree(self.slots)

    cdef int keep(self, int kind, uint32_t hash, object key, object value) except -1:
        cdef word_slot *slot
        cdef PyObject *old_key = NULL
        cdef PyObject *old_value = NULL
        if not self.enabled:
            return 0
        with cython.critical_section(self):
            if self.slots is NULL:
                self.slots = <word_slot *>PyMem_RawCalloc(SLOTS, sizeof(word_slot))
            if self.slots is not NULL:
                slot = &self.slots[hash % SLOTS]
                old_key = slot.key
                old_value = slot.value
                Py_INCREF(key)
                Py_INCREF(value)
                slot.key = <PyObject *>key
                slot.value = <PyObject *>value
                slot.hash = hash
                slot.kind = kind
        Py_XDECREF(old_key)
        Py_XDECREF(old_value)
        return 0


cdef WordCache new_words(object limits, bint enabled):
    cdef WordCache made = WordCache.__new__(WordCache)
    limits_to_c(limits, &made.limits)
    made.depth = made.limits.max_depth
    shallow(&made.limits)
    made.enabled = enabled
    return made


cdef bytes unescaped(const uint8_t *data, Py_ssize_t length):
    cdef bytes room = PyBytes_FromStringAndSize(NULL, length)
    cdef size_t written = mp_unescape(<uint8_t *>PyBytes_AS_STRING(room), data, length)
    return room[:written]


cdef str word_str(WordCache cache, const uint8_t *data, Py_ssize_t length):
    cdef uint32_t h = 0
    cdef object found
    cdef str made
    if cache is None or length > 48:
        return PyUnicode_DecodeUTF8(<const char *>data, length, "surrogateescape")
    found = word_find(cache, WORD_STR, data, length, &h)
    if found is not None:
        return <str>found
    made = PyUnicode_DecodeUTF8(<const char *>data, length, "surrogateescape")
    cache.keep(WORD_STR, h, PyBytes_FromStringAndSize(<const char *>data, length), made)
    return made


cdef str word_upper(WordCache cache, const uint8_t *data, Py_ssize_t length):
    cdef uint32_t h = 0
    cdef object found
    cdef str made
    if length > 48:
        return word_str(cache, data, length).upper()
    found = word_find(cache, WORD_UPPER, data, length, &h)
    if found is not None:
        return <str>found
    made = word_str(cache, data, length).upper()
    cache.keep(WORD_UPPER, h, PyBytes_FromStringAndSize(<const char *>data, length), made)
    return made


cdef bint sendable(const uint8_t *data, uint32_t length) noexcept:
    """Whether a flag ends where it seems to: no quote, brace or control character is in it."""
    cdef uint32_t i
    for i in range(length):
        if data[i] <= 0x20 or data[i] == c'"' or data[i] == c"{" or data[i] == c"(" or data[i] == c")" or data[i] == 0x7F:
            return False
    return length > 0


cdef tuple flags_of(WordCache cache, const uint8_t *unit, mp_span span, mp_defects *defects):
    cdef uint32_t h = 0
    cdef bint clean = True
    cdef mp_error error
    cdef uint32_t at = span.off
    cdef uint32_t end = span.off + span.len
    cdef mp_span word
    cdef const char *known
    cdef object found
    cdef list flags
    cdef tuple made
    cdef bint cached = cache is not None and span.len <= WORD_LIMIT
    if cached:
        found = word_find(cache, WORD_FLAGS, unit + span.off, span.len, &h)
        if found is not None:
            return <tuple>found
    flags = []
    while mp_next_word(unit, &at, end, &word):
        if cache is not None and len(flags) >= cache.limits.max_elements:
            mp_fail_limit(&error, word.off, b"max_elements")
            raise_error(&error, unit, end)
        if not sendable(unit + word.off, word.len):
            clean = False
            mp_defect(defects, MP_DEFECT_BAD_FLAG, word.off)
            word = mp_unquoted_word(unit, word)
            if not sendable(unit + word.off, word.len):
                continue
        known = mp_flag_canonical(unit + word.off, word.len)
        if known is not NULL:
            flags.append(word_str(cache, <const uint8_t *>known, len(known)))
        else:
            flags.append(word_str(cache, unit + word.off, word.len))
    made = tuple(flags)
    if cached and clean:  # what is kept has nothing to report
        cache.keep(WORD_FLAGS, h, PyBytes_FromStringAndSize(<const char *>unit + span.off, span.len), made)
    return made


cdef object atom_of(const uint8_t *data, Py_ssize_t length):
    """An atom of a generic tree: a number as int, NIL as None, anything else as str."""
    cdef Py_ssize_t i
    cdef uint64_t number = 0
    if length == 3 and data[0] | 0x20 == c"n" and data[1] | 0x20 == c"i" and data[2] | 0x20 == c"l":
        return None
    if length <= 19 and (length == 1 or data[0] != c"0"):
        for i in range(length):
            if not c"0" <= data[i] <= c"9":
                break
            number = number * 10 + (data[i] - c"0")
        else:
            return number
    return PyUnicode_DecodeUTF8(<const char *>data, length, "surrogateescape")


cdef tuple trees_of(const uint8_t *unit, const mp_tape *tape, uint32_t first, uint32_t last):
    cdef list result = []
    cdef list outer = []   # lists that are open, and behind each the index where it ends
    cdef list ends = []
    cdef uint32_t i = first
    cdef const mp_token *tok
    cdef mp_text text
    while True:
        while ends and <uint32_t>ends[-1] == i:
            ends.pop()
            inner = tuple(result)
            result = outer.pop()
            result.append(inner)
        if i >= last:
            return tuple(result)
        tok = &tape.tok[i]
        i += 1
        if tok.kind == MP_TOK_LIST:
            if tok.next == i:
                result.append(())
            else:
                outer.append(result)
                ends.append(tok.next)
                result = []
        elif tok.kind == MP_TOK_ATOM:
            result.append(atom_of(unit + tok.off, tok.len))
        else:
            text.span.off = tok.off
            text.span.len = tok.len
            text.kind = MP_TEXT_QUOTED_ESC if tok.kind == MP_TOK_QUOTED_ESC else MP_TEXT_NIL + 1
            result.append(text_to_bytes(unit, &text))


cdef tuple trees_in(const uint8_t *unit, size_t begin, size_t end, const mp_limits *limits):
    cdef mp_tape tape
    cdef mp_error error
    mp_tape_init(&tape, mp_alloc_libc())
    try:
        if mp_tape_build(&tape, unit, begin, end, limits, &error) != MP_OK:
            raise_error(&error, unit, end)
        return trees_of(unit, &tape, 0, tape.n)
    finally:
        mp_tape_free(&tape)


cdef tuple defect_names(uint32_t bits):
    cdef int i
    if bits == 0:
        return ()
    return tuple([NAMES[i] for i in range(MP_DEFECT_COUNT) if bits >> i & 1])
