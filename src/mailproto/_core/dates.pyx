# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""INTERNALDATE and the dates of search keys: see csrc/include/mailproto/imap_text.h."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.datetime cimport date_new, datetime_new, import_datetime, timedelta_new, timezone_new
from libc.stdint cimport uint8_t

from mailproto._core.c_mailproto cimport (
    MP_DATE_TIME_LEN, MP_OK, mp_date_time, mp_error, mp_parse_date, mp_parse_date_time, mp_write_date,
    mp_write_date_time,
)
from mailproto._core.common cimport as_utf8, raise_error

from datetime import datetime, timezone

from mailproto import exact

import_datetime()

# The zones that mail comes from, made once: every quarter of an hour from -23:45 to +23:45.
cdef tuple ZONES = tuple([timezone_new(timedelta_new(0, quarter * 900, 0)) for quarter in range(-95, 96)])


cdef object datetime_from_c(const mp_date_time *moment):
    cdef int zone = moment.zone
    cdef int second = 59 if moment.second == 60 else moment.second  # datetime knows no leap seconds
    if zone % 15 == 0:
        tz = ZONES[zone // 15 + 95]
    else:
        tz = timezone_new(timedelta_new(0, zone * 60, 0))
    return datetime_new(moment.year, moment.month, moment.day, moment.hour, moment.minute, second, 0, tz)


cdef object internal_date_from_wire(const uint8_t *unit, size_t unit_len, size_t offset, size_t length):
    cdef mp_date_time moment
    cdef mp_error error
    if mp_parse_date_time(unit + offset, length, &moment, &error) != MP_OK:
        error.offset += offset
        raise_error(&error, unit, unit_len)
    return datetime_from_c(&moment)


def parse_internal_date(text, /):
    """The aware ``datetime`` of an INTERNALDATE without its quotes: `` 1-Feb-2024 03:04:05 +0100``.

    The day may lack its padding; a leap second becomes second 59. ParseError for anything else (RFC 9051 section 9,
    date-time).
    """
    cdef bytes data = as_utf8(text)
    cdef size_t length = PyBytes_GET_SIZE(data)
    return internal_date_from_wire(<const uint8_t *>PyBytes_AS_STRING(data), length, 0, length)


def format_internal_date(moment, /):
    """The INTERNALDATE of an aware ``datetime``, without quotes, always 26 octets. Fractions of a second are cut off.

    ValueError for a naive ``datetime`` and for a zone that is not whole minutes.
    """
    cdef mp_date_time parts
    cdef uint8_t out[MP_DATE_TIME_LEN]
    if type(moment) is not datetime or type(moment.tzinfo) is not timezone:
        moment = exact.moment(moment, "an INTERNALDATE")
    offset = moment.utcoffset()
    seconds = offset.days * 86400 + offset.seconds
    if seconds % 60 or offset.microseconds:
        raise ValueError("the zone of an INTERNALDATE is whole minutes")
    parts.year = moment.year
    parts.month = moment.month
    parts.day = moment.day
    parts.hour = moment.hour
    parts.minute = moment.minute
    parts.second = moment.second
    parts.zone = seconds // 60
    mp_write_date_time(&parts, out)
    return PyBytes_FromStringAndSize(<char *>out, MP_DATE_TIME_LEN)


def parse_date(text, /):
    """The ``datetime.date`` of a search key's date without quotes: ``1-Feb-2024``. ParseError for anything else."""
    cdef mp_date_time parts
    cdef mp_error error
    cdef bytes data = as_utf8(text)
    cdef size_t length = PyBytes_GET_SIZE(data)
    if mp_parse_date(<const uint8_t *>PyBytes_AS_STRING(data), length, &parts, &error) != MP_OK:
        raise_error(&error, <const uint8_t *>PyBytes_AS_STRING(data), length)
    return date_new(parts.year, parts.month, parts.day)


def format_date(day, /):
    """The date of a search key, without quotes: ``1-Feb-2024``."""
    cdef mp_date_time parts
    cdef uint8_t out[16]
    day = exact.date(day, "a search date")
    parts.year = day.year
    parts.month = day.month
    parts.day = day.day
    return PyBytes_FromStringAndSize(<char *>out, mp_write_date(&parts, out))
