# The values of commands, for the reader of commands.

cimport cython
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint32_t

from mailproto._core.c_mailproto cimport mp_arg, mp_command, mp_error, mp_span
from mailproto._core.command_args cimport Reading, Shape
from mailproto._core.command_rare cimport RareBuilder


cdef enum:
    FLAG_COUNT = 5


@cython.final
cdef class Builder(RareBuilder):
    cdef Shape section, binary, binary_size, keyword, text, header, date, size, within, sequence, uid_key, modseq
    cdef Shape not_key, or_key, and_key, fuzzy, filter, object_id, gmail_id
    cdef tuple entry_types          # as RFC 7162 writes them, in lower case
    cdef tuple plain_keys           # by mp_word: the search keys without argument, made once and shared
    cdef str set_flags, add_flags, remove_flags
    cdef const char *flag_texts[FLAG_COUNT]
    cdef tuple flag_names           # the same as str
    cdef object bad, announced, sasl_response, idle_done

    cdef object command(self, const uint8_t *unit, size_t length, mp_command *c, bint utf8, PyObject **cache)
    cdef object flag_of(self, Reading *r)
    cdef object operation_of(self, mp_arg *arg)
    cdef tuple labels(self, Reading *r)
    cdef object section_of(self, Reading *r, mp_arg *arg)
    cdef object binary_of(self, Reading *r, mp_arg *arg)
    cdef tuple list_options(self, Reading *r)
    cdef tuple append_messages(self, Reading *r)
    cdef object and_of(self, list ready, Py_ssize_t count)
    cdef object search_key(self, Reading *r, mp_arg *arg, list ready)
    cdef object keyword_of(self, Reading *r, int word)
    cdef object modseq_of(self, Reading *r)
    cdef object one(self, Shape *shape, object field)
    cdef object two(self, Shape *shape, object first, object second)


cdef object ascii_of(const uint8_t *unit, mp_span span)
cdef bytes base64_of(const uint8_t *unit, mp_span span)
# The exception that an error stands for, not raised.
cdef object error_of(const mp_error *error, const uint8_t *unit, size_t length)
