# From a unit to a FETCH row.

from libc.stdint cimport uint8_t

from mailproto._core.c_mailproto cimport mp_response_head
from mailproto._core.fetch cimport Fetch
from mailproto._core.words cimport WordCache


# The row that `head` describes; what is mended is added to head.defects. strict: the lazy items are decoded too, and
# count. ParseError, LimitError.
cdef Fetch fetch_of(WordCache words, const uint8_t *unit, size_t length, mp_response_head *head, bint strict)
