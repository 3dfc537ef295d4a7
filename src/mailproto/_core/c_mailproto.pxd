# The only file that knows the C core's names. One section a header.

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint32_t, uint64_t


cdef extern from "mailproto/base.h" nogil:
    enum:
        MP_PADDING

    ctypedef enum mp_status:
        MP_OK
        MP_NEED_MORE
        MP_E_SYNTAX
        MP_E_LIMIT
        MP_E_NOMEM
        MP_E_FRAMING

    ctypedef struct mp_span:
        uint32_t off
        uint32_t len

    ctypedef struct mp_error:
        mp_status status
        size_t offset
        const char *expected
        const char *limit

    ctypedef struct mp_alloc:
        void *(*realloc)(void *ctx, void *ptr, size_t old_size, size_t new_size)
        void (*free)(void *ctx, void *ptr)
        void *ctx

    mp_alloc mp_alloc_libc()


cdef extern from "mailproto/limits.h" nogil:
    ctypedef struct mp_limits:
        uint64_t max_line
        uint64_t max_literal
        uint64_t max_unit
        uint32_t max_literals
        uint32_t max_depth
        uint32_t max_elements
        uint32_t max_addresses
        uint32_t max_parameters
        uint32_t max_parts
        uint64_t max_header
        uint64_t max_body

    mp_limits mp_limits_client()
    mp_limits mp_limits_server()
    mp_limits mp_limits_before_login()
