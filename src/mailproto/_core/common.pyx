# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""What every compiled module shares: limits into C, C errors into exceptions."""

from cpython.bytes cimport PyBytes_FromStringAndSize

from mailproto._core.c_mailproto cimport MP_E_FRAMING, MP_E_LIMIT, MP_E_NOMEM, mp_error, mp_limits

from mailproto.errors import LimitError, ParseError

cdef Py_ssize_t UNIT_CAP = ParseError.UNIT_CAP


cdef int limits_to_c(object limits, mp_limits *out) except -1:
    out.max_line = limits.max_line
    out.max_literal = limits.max_literal
    out.max_unit = limits.max_unit
    out.max_literals = limits.max_literals
    out.max_depth = limits.max_depth
    out.max_elements = limits.max_elements
    out.max_addresses = limits.max_addresses
    out.max_parameters = limits.max_parameters
    out.max_parts = limits.max_parts
    out.max_header = limits.max_header
    out.max_body = limits.max_body
    out.max_pop3_command = limits.max_pop3_command
    return 0


cdef int raise_error(const mp_error *error, const unsigned char *unit, size_t unit_len) except -1:
    """Raise the exception that *error* stands for; never returns normally."""
    cdef Py_ssize_t kept = UNIT_CAP if unit_len > <size_t>UNIT_CAP else <Py_ssize_t>unit_len
    if error.status == MP_E_NOMEM:
        raise MemoryError()
    data = PyBytes_FromStringAndSize(<const char *>unit, kept)
    if error.status == MP_E_LIMIT:
        raise LimitError(error.offset, error.limit.decode("ascii"), data)
    raise ParseError(error.offset, error.expected.decode("ascii"), data, fatal=error.status == MP_E_FRAMING)
