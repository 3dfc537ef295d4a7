# FETCH items of extensions: rare enough to share one mapping of a row.

from libc.stdint cimport uint8_t

from mailproto._core.c_mailproto cimport mp_defects, mp_fetch_item, mp_limits


# The value of an item of any kind from MP_FETCH_OTHER on but MP_FETCH_BROKEN; `name` in upper case. LimitError.
cdef object read_item(const uint8_t *unit, const mp_fetch_item *item, str name, const mp_limits *limits,
                      mp_defects *defects)
# An item from Python, checked: TypeError, ValueError.
cdef object check_item(str name, object value)
cdef object write_item(object writer, str name, object value)
# An item's name that cannot be mistaken for anything else, in upper case. ValueError.
cdef str checked_name(object name)
cdef bint is_section(str name)
