# Names of FETCH items; items of extensions, which are rare enough to share one mapping of a row.

from libc.stdint cimport uint8_t

from mailproto._core.c_mailproto cimport mp_defects, mp_fetch_item, mp_limits, mp_span


# The value of an item of any kind from MP_FETCH_OTHER on but MP_FETCH_BROKEN; `name` in upper case. LimitError.
# `utf8`: labels are UTF-8, as mailbox names are.
cdef object read_item(const uint8_t *unit, const mp_fetch_item *item, str name, const mp_limits *limits, bint utf8,
                      mp_defects *defects)
# An item's name in its normal form, see mp_normalise_section.
cdef str normal_name(const uint8_t *unit, mp_span name)
# Any name in that form, for who looks an item up.
cdef str known_name(object name)
# The sections of a row from Python, and its other items, checked; None where there are none. TypeError, ValueError.
cdef dict check_sections(object sections)
cdef dict check_items(dict given, object others)
cdef object write_item(object writer, str name, object value)
