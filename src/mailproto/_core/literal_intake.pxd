# Units whose literals may stay out of them: what ResponseReader and CommandReader share.

from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint64_t

from mailproto._core.c_mailproto cimport mp_error, mp_frame, mp_framer
from mailproto._core.intake cimport Block, Intake

cdef enum:
    # what the octets that come next are
    IN_UNIT = 0
    STREAMED = 1
    HELD = 2

cdef enum:
    LARGE = 16384          # a text above this is not copied together with its unit first
    KEPT_PARTS = 16384     # memory for parts above this is given back
    CHUNK = 65536          # octets of a LiteralChunk at most, but for one that is the caller's own bytes


cdef class LiteralIntake(Intake):
    cdef mp_framer framer
    # a unit without some of its literals
    cdef Block parts
    cdef size_t parts_len    # 0: there is no such unit
    cdef dict outside        # by the offset in it, of an empty literal: the bytes, or the Streamed, that belong there
    # the literal that is being taken out
    cdef int mode
    cdef uint64_t size
    cdef uint64_t left       # of its octets, those that are not read or received yet
    cdef PyObject *held      # HELD: the bytes object that they go to; NULL: none
    cdef size_t held_len
    cdef size_t held_size
    cdef object sink         # STREAMED: a view of a caller's memory that they go to, or None
    cdef size_t sink_len
    cdef size_t sink_size
    cdef size_t first_held   # memory for a literal that is held, before more than that has come
    cdef bint direct         # what get_buffer gave last is memory of `held` or of `sink`
    # streaming
    cdef bint streaming
    cdef object begin_type, chunk_type, end_type

    # What the framer finds in the unit that comes next, *unit_r with *held_r octets by now.
    cdef int next_frame(self, const uint8_t **unit_r, size_t *held_r, mp_frame *frame, mp_error *error) except? -100
    cdef size_t piece(self, const uint8_t *octets, size_t n, size_t unit_len) noexcept
    cdef int append_part(self, const uint8_t *octets, size_t n) except -1
    # The literal of `size` octets that is announced at the end of the unit's n octets stays out of it. Neither this nor
    # what its caller does with the unit before it may run Python code.
    cdef int take_out(self, const uint8_t *unit, size_t n, uint64_t size) except -1
    # Receive the literal into memory that becomes its value.
    cdef int hold(self) except -1
    # While mode is not IN_UNIT: an event; NEED_DATA; None where the unit goes on.
    cdef object read_literal(self)
    cdef int absorb(self) except -1
    cdef int held_room(self, size_t wanted) except -1
    cdef size_t kept_apart(self) noexcept
    cdef int forget_parts(self) except -1
    cdef int give_up(self) except -1


# An error in a unit that lacks literals, in terms of what was received.
cdef int in_whole_unit(object error, dict outside) except -1
# `unit` with the sizes of its literals as they were announced: zeros are written over them.
cdef bytes announced(bytes unit, dict outside)
