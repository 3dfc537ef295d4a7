# From the flat values of mp_read_data to the fields of a response.

from libc.stdint cimport uint8_t, uint32_t

from mailproto._core.c_mailproto cimport mp_cursor, mp_defects, mp_error, mp_item_table, mp_tape, mp_text
from mailproto._core.mailbox_name cimport MailboxName
from mailproto._core.words cimport WordCache


# An instance without fields but `defects` and `raw`.
cdef object new(object cls, uint32_t bits, tuple more, const uint8_t *unit, size_t length)
cdef MailboxName mailbox_of(const uint8_t *unit, const mp_text *text, bint utf8)
# The response of this mp_response_kind, built by its class's _from_wire.
cdef object data_of(object cls, int kind, WordCache words, mp_tape *tape, const uint8_t *unit, size_t length,
                    mp_cursor *cursor, mp_error *error, mp_defects *defects)
# The items of the list that the cursor stands in: a tuple of tuples, name first. Names of mailboxes inside with defects
# of their own are not told.
cdef tuple items_of(mp_item_table table, WordCache words, mp_tape *tape, const uint8_t *unit, size_t length,
                    mp_cursor *cursor, mp_error *error, mp_defects *defects)
