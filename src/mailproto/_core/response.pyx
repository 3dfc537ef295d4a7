# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""From a unit to the value of a response.

The classes that come by the dozen belong to a layer above: it hands them over as :class:`ResponseTypes`, and they are
built here without their __init__, whose checks are for values made in Python.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc, PyMem_RawRealloc
from cpython.object cimport PyObject_GenericSetAttr, PyTypeObject
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from mailproto._core.c_mailproto cimport (
    MP_CODE_NONE, MP_DEFECT_BARE_CR, MP_DEFECT_BARE_LF, MP_DEFECT_BAD_VALUE, MP_DEFECT_EIGHT_BIT, MP_DEFECT_NUL, MP_DEFECT_REPEATED, MP_ITEMS_LIST,
    MP_ITEMS_STATUS, MP_OK, MP_RESP_ACL, MP_RESP_CAPABILITY, MP_RESP_COMPARATOR, MP_RESP_CONTINUATION,
    MP_RESP_ENABLED, MP_RESP_ESEARCH, MP_RESP_EXISTS, MP_RESP_EXPUNGE, MP_RESP_FETCH, MP_RESP_FLAGS,
    MP_RESP_GENURLAUTH, MP_RESP_ID, MP_RESP_JMAPACCESS, MP_RESP_LANGUAGE, MP_RESP_LIST, MP_RESP_LISTRIGHTS,
    MP_RESP_LSUB, MP_RESP_METADATA, MP_RESP_MYRIGHTS, MP_RESP_NAMESPACE, MP_RESP_OK, MP_RESP_PREAUTH, MP_RESP_QUOTA,
    MP_RESP_QUOTAROOT, MP_RESP_RECENT, MP_RESP_SEARCH, MP_RESP_SORT, MP_RESP_STATUS, MP_RESP_THREAD,
    MP_RESP_UIDBATCHES, MP_RESP_UIDFETCH, MP_RESP_UNKNOWN, MP_RESP_URLFETCH, MP_RESP_VANISHED, MP_RESP_XLIST, MP_TEXT_NIL, MP_TOK_ATOM,
    c_bool, mp_build_response_tape, mp_cursor, mp_cursor_init, mp_defect, mp_defects, mp_defects_join, mp_error,
    mp_is_atom, mp_list, mp_mailbox_list, mp_read_close, mp_read_end, mp_read_flag_list, mp_read_mailbox_list, mp_read_open,
    mp_read_resp_text, mp_read_response_head, mp_read_search, mp_read_status_head, mp_read_vanished,
    mp_response_head, mp_run, mp_scan_mailbox_list, mp_scan_status, mp_search, mp_search_capacity, mp_skip_sp, mp_span,
    mp_status_row, mp_status_text, mp_tape, mp_text,
)
from mailproto._core.common cimport raise_error
from mailproto._core.fetch_read cimport fetch_of
from mailproto._core.listing cimport MailboxList, new_mailbox_list
from mailproto._core.members cimport mp_slot_at, mp_slot_put
from mailproto._core.mailbox_name cimport MailboxName
from mailproto._core.response_code cimport CodeTypes, code_of
from mailproto._core.pages cimport mp_large_pages
from mailproto._core.response_data cimport data_of, items_of, mailbox_of, new
from mailproto._core.sequence_set cimport sequence_set_adopt, sequence_set_from_wire
from mailproto._core.thread cimport thread_of
from mailproto._core.words cimport (
    WordCache, defect_names, flags_of, sendable, text_to_bytes, trees_in, trees_of, word_str, word_upper,
)

from types import MappingProxyType

from mailproto.errors import LimitError, ParseError

cdef extern from "Python.h":
    object PyDictProxy_New(object mapping)
    object PyType_GenericAlloc(PyTypeObject *type, Py_ssize_t items)
    object PyUnicode_FromOrdinal(int ordinal)

cdef dict UNSENDABLE = {0: "\ufffd", 10: "\ufffd", 13: "\ufffd"}

cdef tuple DATA = (
    ("ACL", MP_RESP_ACL), ("COMPARATOR", MP_RESP_COMPARATOR), ("ESEARCH", MP_RESP_ESEARCH),
    ("GENURLAUTH", MP_RESP_GENURLAUTH), ("ID", MP_RESP_ID), ("JMAPACCESS", MP_RESP_JMAPACCESS),
    ("LANGUAGE", MP_RESP_LANGUAGE), ("LISTRIGHTS", MP_RESP_LISTRIGHTS), ("METADATA", MP_RESP_METADATA),
    ("MYRIGHTS", MP_RESP_MYRIGHTS), ("NAMESPACE", MP_RESP_NAMESPACE), ("QUOTA", MP_RESP_QUOTA),
    ("QUOTAROOT", MP_RESP_QUOTAROOT), ("UIDBATCHES", MP_RESP_UIDBATCHES), ("URLFETCH", MP_RESP_URLFETCH),
)

cdef tuple STATUSES = ("OK", "NO", "BAD", "BYE", "PREAUTH")


@cython.final
cdef class ResponseTypes:
    """The classes of responses that the reader builds; each keyword of the constructor names one, and *data* those of
    the responses that a table reads, by their names on the wire.
    """

    def __cinit__(self, *, status, continuation, capability, enabled, exists, recent, expunge, vanished, flags,
                 mailbox_status, search, sort, unknown, data, CodeTypes codes not None):
        self.status = status
        self.continuation = continuation
        self.capability = capability
        self.enabled = enabled
        self.exists = exists
        self.recent = recent
        self.expunge = expunge
        self.vanished = vanished
        self.flags = flags
        self.mailbox_status = mailbox_status
        self.search = search
        self.sort = sort
        self.unknown = unknown
        self.codes = codes
        self.data = {kind: data[name] for name, kind in DATA}
        for index, field in enumerate((b"mailbox", b"items", b"defects", b"raw")):
            self.status_slots[index] = mp_slot_at(mailbox_status, field)
            if self.status_slots[index] < 0:
                raise TypeError("the fields of mailbox_status are slots")


def is_response_name(name, /):
    """Whether a response of this name has a class of its own, with a number before it or without."""
    cdef mp_response_head head
    cdef mp_error error
    cdef bytes unit
    for number in (b"* ", b"* 1 "):
        unit = number + name.encode("ascii") + b"\r\n"
        if (mp_read_response_head(<const uint8_t *>PyBytes_AS_STRING(unit), len(unit), &head, &error) != MP_OK
                or head.kind != MP_RESP_UNKNOWN):
            return True
    return False


cdef object read_response(ResponseTypes types, WordCache words, mp_tape *tape, const uint8_t *unit, size_t length,
                          bint bare_lf, bint strict):
    cdef mp_response_head head
    cdef mp_error error
    cdef mp_mailbox_list row
    cdef mp_status_row numbers
    cdef object value
    if mp_read_response_head(unit, length, &head, &error) != MP_OK:
        raise_error(&error, unit, length)
    if bare_lf:
        mp_defect(&head.defects, MP_DEFECT_BARE_LF, head.line_end)
    if head.kind == MP_RESP_FETCH or head.kind == MP_RESP_UIDFETCH:
        value = fetch_of(words, unit, length, &head, strict)
    elif MP_RESP_OK <= head.kind <= MP_RESP_PREAUTH or head.kind == MP_RESP_CONTINUATION:
        value = read_status_response(types, words, unit, length, &head)
    elif head.kind == MP_RESP_SEARCH:
        value = read_search(types.search, unit, length, &head)
    elif head.kind == MP_RESP_EXISTS or head.kind == MP_RESP_RECENT or head.kind == MP_RESP_EXPUNGE:
        if head.rest != head.end:
            fail(head.rest, "end of line", unit, length)
        if head.kind == MP_RESP_EXPUNGE:
            if head.number == 0:
                fail(2, "nz-number", unit, length)
            value = new(types.expunge, head.defects.bits, (), unit, length)
            PyObject_GenericSetAttr(value, "seq", head.number)
        else:
            value = new(types.exists if head.kind == MP_RESP_EXISTS else types.recent, head.defects.bits, (), unit, length)
            PyObject_GenericSetAttr(value, "count", head.number)
    elif (head.kind == MP_RESP_LIST or head.kind == MP_RESP_LSUB or head.kind == MP_RESP_XLIST) and mp_scan_mailbox_list(unit, &head, &words.limits, &row):
        value = list_of(words, tape, unit, length, &head, &row)
    elif head.kind == MP_RESP_STATUS and mp_scan_status(unit, &head, &words.limits, &numbers):
        value = status_row_of(types, words, unit, length, &head.defects, &numbers)
    elif head.kind == MP_RESP_SORT:
        value = read_search(types.sort, unit, length, &head)
    elif head.kind == MP_RESP_THREAD:
        value = thread_of(unit, length, &head, words.depth, words.limits.max_elements)
    else:
        if mp_build_response_tape(tape, unit, &head, &words.limits, &error) != MP_OK:
            raise_error(&error, unit, length)
        value = read_by_tape(types, words, tape, unit, length, &head)
    if strict:
        refuse_defects(value.defects, &head.defects, unit, length)
    return value


cdef int refuse_defects(tuple names, const mp_defects *defects, const uint8_t *unit, size_t length) except -1:
    """A strict reader's error for what was mended, at the first of it."""
    if defects.bits:
        fail(defects.at, f"a response without {defect_names(defects.first)[0]}", unit, length)
    if names:  # a mailbox name's own
        fail(0, f"a response without {names[0]}", unit, length)
    return 0


cdef object read_generic(ResponseTypes types, WordCache words, mp_tape *tape, const uint8_t *unit, size_t length,
                         bint bare_lf):
    """The response as an UnknownResponse. ParseError, LimitError."""
    cdef mp_response_head head
    cdef mp_error error
    cdef object value
    if (mp_read_response_head(unit, length, &head, &error) != MP_OK
            or mp_build_response_tape(tape, unit, &head, &words.limits, &error) != MP_OK):
        raise_error(&error, unit, length)
    if bare_lf:
        mp_defect(&head.defects, MP_DEFECT_BARE_LF, head.line_end)
    value = new(types.unknown, head.defects.bits, (), unit, length)
    PyObject_GenericSetAttr(value, "name", word_str(words, unit + head.name.off, head.name.len).upper())
    PyObject_GenericSetAttr(value, "number", head.number if head.numbered else None)
    PyObject_GenericSetAttr(value, "values", trees_of(unit, tape, 0, tape.n))
    return value


cdef bint reads_unpadded(const uint8_t *unit, size_t length) noexcept:
    """Whether the unit is read without the padding behind it: SEARCH, the one that is long without a literal."""
    cdef mp_response_head head
    cdef mp_error error
    return mp_read_response_head(unit, length, &head, &error) == MP_OK and head.kind == MP_RESP_SEARCH


cdef int fail(size_t offset, str expected, const uint8_t *unit, size_t length) except -1:
    raise ParseError(offset, expected, PyBytes_FromStringAndSize(<const char *>unit, min(length, 1024)))


# ---- status responses ------------------------------------------------------------------------------------------------


cdef object read_status_response(ResponseTypes types, WordCache words, const uint8_t *unit, size_t length,
                                 mp_response_head *head):
    cdef mp_status_text parts
    cdef mp_error error
    cdef object value, code
    cdef str text
    if mp_read_resp_text(unit, head, &parts, &error) != MP_OK:
        raise_error(&error, unit, length)
    code = None if parts.code == MP_CODE_NONE else code_of(types.codes, words, unit, length, &parts)
    mp_defects_join(&head.defects, &parts.defects, 0)
    text = PyUnicode_DecodeUTF8(<const char *>unit + parts.text.off, parts.text.len, "surrogateescape")
    if parts.defects.bits & (MP_DEFECT_NUL | MP_DEFECT_BARE_CR):
        text = text.translate(UNSENDABLE)  # it could not be written again
    if head.kind == MP_RESP_CONTINUATION:
        value = new(types.continuation, head.defects.bits, (), unit, length)
    else:
        value = new(types.status, head.defects.bits, (), unit, length)
        PyObject_GenericSetAttr(value, "tag",
                                word_str(None, unit, head.tag.len) if head.tagged else None)
        PyObject_GenericSetAttr(value, "status", STATUSES[head.kind - MP_RESP_OK])
    PyObject_GenericSetAttr(value, "code", code)
    PyObject_GenericSetAttr(value, "text", text)
    return value


# ---- SEARCH and SORT ----------------------------------------------------------------------------------------------------------


cdef object read_search(object cls, const uint8_t *unit, size_t length, mp_response_head *head):
    cdef mp_search search
    cdef mp_error error
    cdef size_t count = 0
    cdef mp_run *runs
    cdef mp_run *shrunk
    cdef object value
    search.unit = unit
    search.at = head.rest
    search.end = head.end
    search.has_modseq = False
    search.modseq = 0
    search.defects = head.defects
    runs = <mp_run *>PyMem_RawMalloc(mp_search_capacity(&search) * sizeof(mp_run))
    if runs is NULL:
        raise MemoryError()
    mp_large_pages(runs, mp_search_capacity(&search) * sizeof(mp_run))
    if mp_read_search(&search, <uint32_t *>runs, &count, &error) != MP_OK:
        PyMem_RawFree(runs)
        raise_error(&error, unit, length)
    shrunk = <mp_run *>PyMem_RawRealloc(runs, (count if count else 1) * sizeof(mp_run))
    numbers = sequence_set_adopt(shrunk if shrunk is not NULL else runs, count)
    head.defects = search.defects
    value = new(cls, head.defects.bits, (), unit, length)
    PyObject_GenericSetAttr(value, "numbers", numbers)
    PyObject_GenericSetAttr(value, "modseq", search.modseq if search.has_modseq else None)
    return value


# ---- everything else, from a tape ------------------------------------------------------------------------------------


cdef tuple extended_of(WordCache words, mp_tape *tape, const uint8_t *unit, size_t length, mp_response_head *head,
                       uint32_t index):
    """The extended data of a LIST, from the list that is token `index`."""
    cdef mp_cursor cursor
    cdef mp_error error
    cdef mp_list list
    mp_cursor_init(&cursor, unit, head.rest, head.end, tape, &words.limits, &error)
    cursor.at = index
    cursor.pos = tape.tok[index].off
    if mp_read_open(&cursor, &list) != MP_OK:
        raise_error(&error, unit, length)
    return items_of(MP_ITEMS_LIST, words, tape, unit, length, &cursor, &error, &head.defects)


cdef MailboxList list_of(WordCache words, mp_tape *tape, const uint8_t *unit, size_t length, mp_response_head *head,
                         const mp_mailbox_list *row):
    cdef MailboxList listed = new_mailbox_list()
    cdef uint32_t place
    mp_defects_join(&head.defects, &row.defects, 0)
    listed.made = True
    listed.kind = "LIST" if head.kind == MP_RESP_LIST else "LSUB" if head.kind == MP_RESP_LSUB else "XLIST"
    listed.attributes = flags_of(words, unit, row.attributes, &head.defects)
    if row.delimiter.kind != MP_TEXT_NIL:
        place = row.delimiter.span.off + row.delimiter.span.len - 1
        if unit[place] < 0x80:
            listed.delimiter = PyUnicode_FromOrdinal(unit[place])
        else:
            listed.delimiter = text_to_bytes(unit, &row.delimiter).decode("utf-8", "surrogateescape")
    listed.mailbox = mailbox_of(unit, &row.mailbox, words.utf8)
    listed.extended = ()
    if row.extended:
        listed.extended = extended_of(words, tape, unit, length, head, row.extended)
    listed.bits = head.defects.bits
    return listed


cdef object status_row_of(ResponseTypes types, WordCache words, const uint8_t *unit, size_t length, mp_defects *defects,
                          const mp_status_row *row):
    cdef object value
    cdef dict items = {}
    cdef MailboxName box = mailbox_of(unit, &row.mailbox, words.utf8)
    cdef uint32_t i
    cdef uint64_t number
    for i in range(row.n):
        number = row.items[i].number
        items[word_upper(words, unit + row.items[i].name.off, row.items[i].name.len)] = (
            <long>number if number < 0x40000000 else number)
    if len(items) < <Py_ssize_t>row.n:
        mp_defect(defects, MP_DEFECT_REPEATED, row.mailbox.span.off + row.mailbox.span.len)
    if defects.bits or box._defect:
        value = new(types.mailbox_status, defects.bits, box.defects, unit, length)
        PyObject_GenericSetAttr(value, "mailbox", box)
        PyObject_GenericSetAttr(value, "items", MappingProxyType(items))
        return value
    value = PyType_GenericAlloc(<PyTypeObject *>types.mailbox_status, 0)
    mp_slot_put(value, types.status_slots[0], box)
    mp_slot_put(value, types.status_slots[1], PyDictProxy_New(items))
    mp_slot_put(value, types.status_slots[2], ())
    mp_slot_put(value, types.status_slots[3], None)
    return value


cdef object read_by_tape(ResponseTypes types, WordCache words, mp_tape *tape, const uint8_t *unit, size_t length,
                         mp_response_head *head):
    cdef mp_cursor cursor
    cdef mp_error error
    cdef mp_mailbox_list row
    cdef mp_span span
    cdef c_bool earlier = False
    cdef mp_defects *defects = &head.defects
    cdef int kind = head.kind
    cdef uint32_t i
    cdef object value
    cdef list names
    for i in range(tape.n):
        if tape.tok[i].high and tape.tok[i].kind == MP_TOK_ATOM:
            mp_defect(defects, MP_DEFECT_EIGHT_BIT, tape.tok[i].off)
    mp_cursor_init(&cursor, unit, head.rest, head.end, tape, &words.limits, &error)
    if kind == MP_RESP_LIST or kind == MP_RESP_LSUB or kind == MP_RESP_XLIST:
        if mp_read_mailbox_list(&cursor, &row) != MP_OK:
            raise_error(&error, unit, length)
        return list_of(words, tape, unit, length, head, &row)
    if kind == MP_RESP_STATUS:
        return read_mailbox_status(types, words, tape, unit, length, &cursor, &error, defects)
    if kind == MP_RESP_CAPABILITY or kind == MP_RESP_ENABLED:
        names = []
        for i in range(tape.n):
            if tape.tok[i].kind != MP_TOK_ATOM:
                fail(tape.tok[i].off, "capability", unit, length)
            if not tape.tok[i].high and not mp_is_atom(unit + tape.tok[i].off, tape.tok[i].len):
                mp_defect(defects, MP_DEFECT_BAD_VALUE, tape.tok[i].off)
            names.append(word_str(words, unit + tape.tok[i].off, tape.tok[i].len))
        value = new(types.capability if kind == MP_RESP_CAPABILITY else types.enabled, defects.bits, (), unit, length)
        PyObject_GenericSetAttr(value, "capabilities", tuple(names))
        return value
    if kind == MP_RESP_FLAGS:
        mp_skip_sp(&cursor)
        if mp_read_flag_list(&cursor, &span, defects) != MP_OK or mp_read_end(&cursor) != MP_OK:
            raise_error(&error, unit, length)
        flags = flags_of(words, unit, span, defects)
        value = new(types.flags, defects.bits, (), unit, length)
        PyObject_GenericSetAttr(value, "flags", flags)
        return value
    if kind == MP_RESP_VANISHED:
        if mp_read_vanished(&cursor, &earlier, &span, defects) != MP_OK:
            raise_error(&error, unit, length)
        value = new(types.vanished, defects.bits, (), unit, length)
        PyObject_GenericSetAttr(value, "uids", sequence_set_from_wire(unit, length, span.off, span.len))
        PyObject_GenericSetAttr(value, "earlier", bool(earlier))
        return value
    if kind in types.data:
        return data_of(types.data[kind], kind, words, tape, unit, length, &cursor, &error, defects)
    value = new(types.unknown, defects.bits, (), unit, length)
    PyObject_GenericSetAttr(value, "name", word_str(words, unit + head.name.off, head.name.len).upper())
    PyObject_GenericSetAttr(value, "number", head.number if head.numbered else None)
    PyObject_GenericSetAttr(value, "values", trees_of(unit, tape, 0, tape.n))
    return value


cdef object read_mailbox_status(ResponseTypes types, WordCache words, mp_tape *tape, const uint8_t *unit,
                                size_t length, mp_cursor *cursor, mp_error *error, mp_defects *defects):
    cdef mp_text mailbox
    cdef mp_list outer
    cdef object value, items
    if mp_read_status_head(cursor, &mailbox, &outer, defects) != MP_OK:
        raise_error(error, unit, length)
    cdef tuple read = items_of(MP_ITEMS_STATUS, words, tape, unit, length, cursor, error, defects)
    if mp_read_close(cursor, &outer) != MP_OK or mp_read_end(cursor) != MP_OK:
        raise_error(error, unit, length)
    box = mailbox_of(unit, &mailbox, words.utf8)
    items = {name.upper(): item for name, item in read}
    if len(items) < len(read):
        mp_defect(defects, MP_DEFECT_REPEATED, mailbox.span.off + mailbox.span.len)
    value = new(types.mailbox_status, defects.bits, box.defects, unit, length)
    PyObject_GenericSetAttr(value, "mailbox", box)
    PyObject_GenericSetAttr(value, "items", MappingProxyType(items))
    return value
