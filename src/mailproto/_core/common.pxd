from libc.stdint cimport uint64_t

from mailproto._core.c_mailproto cimport mp_error, mp_limits


cdef enum:
    VALUE_DEPTH = 250  # of any value; MP_MAX_BODY_DEPTH is the same in C

cdef int limits_to_c(object limits, mp_limits *out) except -1
cdef int raise_error(const mp_error *error, const unsigned char *unit, size_t unit_len) except -1
cdef void shallow(mp_limits *limits) noexcept
# The argument stream_above of a reader, where it is not None.
cdef uint64_t octets_above(object stream_above) except? 0
cdef bytes as_utf8(object text)
cdef object octets_or_none(object value, str name)
cdef bytes padded(bytes wire, object limits, mp_limits *bounds)
