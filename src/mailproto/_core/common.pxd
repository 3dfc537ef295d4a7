from mailproto._core.c_mailproto cimport mp_error, mp_limits


cdef int limits_to_c(object limits, mp_limits *out) except -1
cdef int raise_error(const mp_error *error, const unsigned char *unit, size_t unit_len) except -1
