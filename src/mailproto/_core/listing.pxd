# LIST and LSUB rows.

cimport cython
from libc.stdint cimport uint32_t


@cython.final
@cython.no_gc
cdef class MailboxList:
    cdef object kind
    cdef object attributes
    cdef object delimiter
    cdef object mailbox
    cdef object extended
    cdef uint32_t bits
    cdef bint made


# A row whose fields are None.
cdef MailboxList new_mailbox_list()
