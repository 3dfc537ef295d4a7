# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""What every compiled module shares: limits into C, C errors into exceptions."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint64_t
from libc.string cimport memcpy, memset

from mailproto._core.c_mailproto cimport MP_E_FRAMING, MP_E_LIMIT, MP_E_NOMEM, MP_PADDING, mp_error, mp_limits

from mailproto import exact
from mailproto.errors import LimitError, ParseError
from mailproto.limits import Limits

cdef Py_ssize_t UNIT_CAP = ParseError.UNIT_CAP


# a bound that the core cannot count to is none
cdef object MOST_32 = (1 << 32) - 1
cdef object MOST_64 = (1 << 63) - 1


cdef int limits_to_c(object limits, mp_limits *out) except -1:
    if not isinstance(limits, Limits):
        raise TypeError(f"limits must be Limits, not {type(limits).__name__}")
    out.max_line = min(limits.max_line, MOST_64)
    out.max_literal = min(limits.max_literal, MOST_64)
    out.max_unit = min(limits.max_unit, MOST_64)
    out.max_literals = min(limits.max_literals, MOST_32)
    out.max_depth = min(limits.max_depth, MOST_32)
    out.max_elements = min(limits.max_elements, MOST_32)
    out.max_addresses = min(limits.max_addresses, MOST_32)
    out.max_parameters = min(limits.max_parameters, MOST_32)
    out.max_parts = min(limits.max_parts, MOST_32)
    out.max_header = min(limits.max_header, MOST_64)
    out.max_body = min(limits.max_body, MOST_64)
    out.max_pop3_command = min(limits.max_pop3_command, MOST_64)
    return 0


cdef void shallow(mp_limits *limits) noexcept:
    """However large max_depth is: Python hashes, compares and shows nested values by recursion."""
    if limits.max_depth > VALUE_DEPTH:
        limits.max_depth = VALUE_DEPTH


cdef int raise_error(const mp_error *error, const unsigned char *unit, size_t unit_len) except -1:
    """Raise the exception that *error* stands for; never returns normally."""
    cdef Py_ssize_t kept = UNIT_CAP if unit_len > <size_t>UNIT_CAP else <Py_ssize_t>unit_len
    if error.status == MP_E_NOMEM:
        raise MemoryError()
    data = PyBytes_FromStringAndSize(<const char *>unit, kept)
    if error.status == MP_E_LIMIT:
        raise LimitError(error.offset, error.limit.decode("ascii"), data)
    raise ParseError(error.offset, error.expected.decode("ascii"), data, fatal=error.status == MP_E_FRAMING)


cdef uint64_t octets_above(object stream_above) except? 0:
    if isinstance(stream_above, bool) or not isinstance(stream_above, int):
        raise TypeError("stream_above must be an int or None")
    if stream_above < 0:
        raise ValueError("stream_above must not be negative")
    return min(stream_above, MOST_64)


cdef bytes as_utf8(object text):
    return exact.string(text, "text", errors="surrogateescape")


cdef object octets_or_none(object value, str name):
    if value is None or type(value) is bytes:
        return value
    if isinstance(value, (str, bytes, bytearray, memoryview)):
        return exact.string(value, name, errors="surrogateescape")
    raise TypeError(f"{name} must be bytes, str or None, not {type(value).__name__}")


cdef bytes padded(bytes wire, object limits, mp_limits *bounds):
    """One value's bytes with the padding that the core reads over; *bounds* are those of *limits* or the defaults."""
    cdef Py_ssize_t length = PyBytes_GET_SIZE(wire)
    cdef bytes room
    limits_to_c(Limits() if limits is None else limits, bounds)
    shallow(bounds)
    if <unsigned long long>length > min(bounds.max_unit, <unsigned long long>0xFFFFFFFF):
        raise LimitError(0, "max_unit", wire[:UNIT_CAP])
    room = PyBytes_FromStringAndSize(NULL, length + MP_PADDING)
    memcpy(PyBytes_AS_STRING(room), PyBytes_AS_STRING(wire), length)
    memset(PyBytes_AS_STRING(room) + length, 0, MP_PADDING)
    return room
