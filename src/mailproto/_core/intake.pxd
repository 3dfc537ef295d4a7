# What a reader received and has not read yet: the one implementation of memory that is lent to a socket.

cimport cython
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint64_t


# Memory with MP_PADDING behind it; never moved while a view of it is out, only replaced.
@cython.final
cdef class Block:
    cdef uint8_t *data
    cdef size_t capacity     # without the padding
    cdef size_t from_        # the region that a view shows
    cdef Py_ssize_t exports


cdef Block new_block(size_t capacity)


# A part of a bytes object that is being filled, as a writable buffer; keeps it alive.
@cython.final
@cython.no_gc
cdef class Loan:
    cdef object owner
    cdef uint8_t *data
    cdef size_t size


# A view of memory within `owner`, a bytes object.
cdef object lend_part(object owner, uint8_t *data, size_t size)
# A bytes object that is being filled, of which `kept` octets count, with room for `size`. Large ones move without being
# copied, unless somebody else still holds on to it.
cdef int resize_bytes(PyObject **memory, size_t kept, size_t size) except -1


cdef class Intake:
    cdef Block block
    cdef size_t start        # of what is unread in the block
    cdef size_t end          # of what was received into it
    cdef object given        # bytes that a caller fed, read where they are; they follow what the block holds. Or None
    cdef const uint8_t *given_data
    cdef size_t given_at     # of its octets, what comes next
    cdef size_t given_size
    cdef object lent         # the view that get_buffer gave last, or None
    cdef size_t room         # octets that may be reported of it
    cdef bint lost           # nothing more is read
    cdef uint64_t moved      # octets that were copied within the reader's memory
    # what a reader sets
    cdef size_t block_size   # of the first block
    cdef size_t least_room   # that get_buffer gives
    cdef size_t most_hint    # that is heeded
    cdef size_t kept_size    # an empty block above this is given back
    cdef size_t hold_from    # a caller's bytes from this size on are read where they are

    # What comes next: octets in a row. 0: nothing is there.
    cdef const uint8_t *octets(self, size_t *n_r) noexcept
    # All of it in a row.
    cdef const uint8_t *whole(self, size_t *n_r) except? NULL
    cdef size_t unread(self) noexcept
    cdef int skip(self, size_t n) except -1
    cdef int trim(self) except -1
    cdef int make_room(self, size_t wanted) except -1
    cdef int take(self, const uint8_t *data, size_t n) except -1
    cdef int settle(self) except -1
    cdef int reclaim(self) except -1
    cdef int drop(self) except -1

    # What a reader may do differently: octets that were fed; memory to lend (then self.room says how much); octets that
    # were received into it.
    cdef int receive(self, object data, const uint8_t *octets, size_t n) except -1
    cdef object lend(self, Py_ssize_t hint)
    cdef int received(self, size_t n) except -1
