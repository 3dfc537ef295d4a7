# The values of the commands that come seldom, for command_build.pyx.

from libc.stdint cimport uint32_t

from mailproto._core.c_mailproto cimport MP_COMMAND_COUNT, mp_arg
from mailproto._core.command_args cimport Reading, Shape


cdef class RareBuilder:
    cdef Shape shapes[MP_COMMAND_COUNT]     # the tag, then the fields in the order of the wire
    cdef Shape parameter, qresync, mailbox_filter, event_group, message, url
    cdef Py_ssize_t defects_at              # the slot `defects` of every command
    cdef tuple words                        # by mp_word
    cdef tuple reverse_words                # the same behind REVERSE
    cdef tuple defect_names
    cdef list kept                          # owns the classes behind the Shapes

    cdef int shape(self, Shape *shape, object cls, tuple names) except -1
    cdef object defects_of(self, uint32_t defects)
    cdef int rare(self, object value, int kind, bint uid, Reading *r) except -1
    cdef object leaf(self, Reading *r, bint upper)
    cdef object tree(self, Reading *r, bint upper)
    cdef object parameter_of(self, Reading *r)
    cdef tuple parameters(self, Reading *r, uint32_t end)
    cdef tuple return_options(self, Reading *r)
    cdef tuple take_upper_words(self, Reading *r, uint32_t count)
    cdef tuple sort_keys(self, Reading *r)
    cdef int get_metadata(self, object value, Reading *r) except -1
    cdef tuple filters(self, Reading *r, uint32_t end)
    cdef object filter_of(self, Reading *r)
    cdef int select(self, object value, Shape *shape, Reading *r) except -1
    cdef object qresync_of(self, Reading *r, mp_arg *arg)
    cdef object catenated(self, Reading *r)
    cdef tuple groups(self, Reading *r)
    cdef object group(self, Reading *r)
    # What command_build.pyx has, for commands are full of each other's parts.
    cdef tuple items_of(self, Reading *r, uint32_t end)
    cdef object search_keys(self, Reading *r)
    cdef tuple take_flags(self, Reading *r)
    cdef object message_of(self, Reading *r)
