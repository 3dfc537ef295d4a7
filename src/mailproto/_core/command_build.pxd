# The values of commands, for the reader of commands.

cimport cython
from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport uint8_t, uint32_t

from mailproto._core.c_mailproto cimport MP_COMMAND_COUNT, mp_arg, mp_command, mp_error, mp_span


cdef enum:
    MAX_FIELDS = 7
    FLAG_COUNT = 5
    # The words that one client chooses and repeats (header fields, keywords), kept by its reader: slots, and octets.
    CACHE_SLOTS = 32
    CACHE_WORD = 32


cdef struct Shape:
    # A class with __slots__ that is built without its __init__: what comes off the wire was checked by the C core.
    PyTypeObject *type
    Py_ssize_t offsets[MAX_FIELDS]


cdef struct Reading:
    const uint8_t *unit
    size_t length
    mp_arg *args
    uint32_t count
    uint32_t at
    bint utf8
    PyObject **cache  # of CACHE_SLOTS, or NULL


@cython.final
cdef class Builder:
    cdef Shape shapes[MP_COMMAND_COUNT]
    cdef Shape message, section, keyword, text, header, date, size, within, sequence, uid_key, modseq
    cdef Shape not_key, or_key, and_key
    cdef tuple words                # by mp_word
    cdef tuple entry_types          # as RFC 7162 writes them, in lower case
    cdef tuple plain_keys           # by mp_word: the search keys without argument, made once and shared
    cdef str set_flags, add_flags, remove_flags
    cdef const char *flag_texts[FLAG_COUNT]
    cdef tuple flag_names           # the same as str
    cdef object bad, announced, sasl_response, idle_done
    cdef list kept                  # owns the classes behind the Shapes

    cdef int shape(self, Shape *shape, object cls, tuple names) except -1
    cdef object command(self, const uint8_t *unit, size_t length, mp_command *c, bint utf8, PyObject **cache)
    cdef tuple take_words(self, Reading *r)
    cdef tuple take_upper_words(self, Reading *r, uint32_t count)
    cdef tuple take_flags(self, Reading *r)
    cdef tuple fetch_items(self, Reading *r)
    cdef object section_of(self, Reading *r, mp_arg *arg)
    cdef tuple list_return_options(self, Reading *r)
    cdef tuple append_messages(self, Reading *r)
    cdef object search_keys(self, Reading *r)
    cdef object and_of(self, list ready, Py_ssize_t count)
    cdef object search_key(self, Reading *r, mp_arg *arg, list ready)
    cdef object modseq_of(self, Reading *r)
    cdef object one(self, Shape *shape, object field)
    cdef object two(self, Shape *shape, object first, object second)


cdef object ascii_of(const uint8_t *unit, mp_span span)
cdef bytes base64_of(const uint8_t *unit, mp_span span)
# The exception that an error stands for, not raised.
cdef object error_of(const mp_error *error, const uint8_t *unit, size_t length)
