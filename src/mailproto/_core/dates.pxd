# What other compiled modules use of dates.pyx.

from libc.stdint cimport uint8_t

from mailproto._core.c_mailproto cimport mp_date_time


# An aware datetime from what mp_parse_date_time read.
cdef object datetime_from_c(const mp_date_time *date)
# Reads an INTERNALDATE without quotes; ParseError has its offset counted from `unit`.
cdef object internal_date_from_wire(const uint8_t *unit, size_t unit_len, size_t offset, size_t length)
