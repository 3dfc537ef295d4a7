# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""From the flat values that csrc/include/mailproto/imap_data.h describes to tuples, and to the classes that take them."""

cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.object cimport PyObject_GenericSetAttr
from libc.stdint cimport uint8_t, uint32_t

from mailproto._core.c_mailproto cimport (
    MP_DATUM_LIST, MP_DATUM_MAILBOX, MP_DATUM_NAME, MP_DATUM_NIL, MP_DATUM_NUMBER, MP_DATUM_SET, MP_DATUM_STRING,
    MP_DATUM_TREE, MP_DATUM_WORD, MP_OK, MP_TEXT_QUOTED_ESC, mp_alloc_libc, mp_cursor, mp_data, mp_data_free,
    mp_data_init, mp_datum, mp_defects, mp_defects_join, mp_error, mp_item_table, mp_read_data, mp_read_items, mp_response_kind, mp_tape, mp_text,
)
from mailproto._core.common cimport raise_error
from mailproto._core.mailbox_name cimport MailboxName, mailbox_from_wire
from mailproto._core.sequence_set cimport sequence_set_from_wire
from mailproto._core.words cimport WordCache, defect_names, text_to_bytes, trees_of, word_str, word_upper

cdef enum:
    RAW_CAP = 4096  # octets kept in `raw`


cdef object new(object cls, uint32_t bits, tuple more, const uint8_t *unit, size_t length):
    """An instance without fields but `defects` and `raw`."""
    cdef object made = cls.__new__(cls)
    if bits or more:
        PyObject_GenericSetAttr(made, "defects", defect_names(bits) + more)
        PyObject_GenericSetAttr(made, "raw", PyBytes_FromStringAndSize(<const char *>unit, min(length, RAW_CAP)))
    else:
        PyObject_GenericSetAttr(made, "defects", ())
        PyObject_GenericSetAttr(made, "raw", None)
    return made


cdef MailboxName mailbox_of(const uint8_t *unit, const mp_text *text, bint utf8):
    cdef bytes plain
    if text.kind == MP_TEXT_QUOTED_ESC:
        plain = text_to_bytes(unit, text)
        return mailbox_from_wire(<const uint8_t *><const char *>plain, len(plain), utf8 or text.high)
    return mailbox_from_wire(unit + text.span.off, text.span.len, utf8 or text.high)


@cython.final
@cython.internal
cdef class Values:
    """Where the conversion stands."""

    cdef WordCache words
    cdef mp_tape *tape
    cdef const uint8_t *unit
    cdef size_t length
    cdef mp_data data
    cdef uint32_t at
    cdef tuple more  # defects of the names of mailboxes

    def __cinit__(self):
        mp_data_init(&self.data, mp_alloc_libc())
        self.more = ()

    def __dealloc__(self):
        mp_data_free(&self.data)

    cdef object take(self):
        """The next value, with all that is inside it. It nests no deeper than the patterns of the table do."""
        cdef const mp_datum *datum = &self.data.items[self.at]
        cdef MailboxName box
        cdef uint32_t i
        cdef bytes plain
        self.at += 1
        if datum.kind == MP_DATUM_LIST:
            return tuple([self.take() for i in range(datum.count)])
        if datum.kind == MP_DATUM_NUMBER:
            return datum.number
        if datum.kind == MP_DATUM_STRING:
            return text_to_bytes(self.unit, &datum.text)
        if datum.kind == MP_DATUM_NAME or datum.kind == MP_DATUM_WORD:
            if datum.text.kind == MP_TEXT_QUOTED_ESC:
                plain = text_to_bytes(self.unit, &datum.text)
                name = plain.decode("utf-8", "surrogateescape")
                return name if datum.kind == MP_DATUM_NAME else name.upper()
            if datum.kind == MP_DATUM_NAME:
                return word_str(self.words, self.unit + datum.text.span.off, datum.text.span.len)
            return word_upper(self.words, self.unit + datum.text.span.off, datum.text.span.len)
        if datum.kind == MP_DATUM_MAILBOX:
            box = mailbox_of(self.unit, &datum.text, self.words.utf8)
            self.more += box.defects
            return box
        if datum.kind == MP_DATUM_SET:
            return sequence_set_from_wire(self.unit, self.length, datum.text.span.off, datum.text.span.len)
        if datum.kind == MP_DATUM_TREE:
            return trees_of(self.unit, self.tape, datum.count, self.tape.tok[datum.count].next)[0]
        return None


cdef Values new_values(WordCache words, mp_tape *tape, const uint8_t *unit, size_t length):
    cdef Values values = Values.__new__(Values)
    values.words = words
    values.tape = tape
    values.unit = unit
    values.length = length
    return values


cdef object data_of(object cls, int kind, WordCache words, mp_tape *tape, const uint8_t *unit, size_t length,
                    mp_cursor *cursor, mp_error *error, mp_defects *defects):
    cdef Values values = new_values(words, tape, unit, length)
    cdef list fields = []
    cdef tuple names, more
    if mp_read_data(&values.data, <mp_response_kind>kind, cursor) != MP_OK:
        raise_error(error, unit, length)
    while values.at < values.data.count:
        fields.append(values.take())
    names, more = cls._from_wire(values.data.form, *fields)
    mp_defects_join(defects, &values.data.defects, 0)
    value = new(cls, defects.bits, values.more + more, unit, length)
    for name, field in names:
        PyObject_GenericSetAttr(value, name, field)
    return value


cdef tuple items_of(mp_item_table table, WordCache words, mp_tape *tape, const uint8_t *unit, size_t length,
                    mp_cursor *cursor, mp_error *error, mp_defects *defects):
    cdef Values values = new_values(words, tape, unit, length)
    if mp_read_items(&values.data, table, cursor) != MP_OK:
        raise_error(error, unit, length)
    mp_defects_join(defects, &values.data.defects, 0)
    return values.take()
