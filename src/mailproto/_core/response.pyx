# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""From a unit to the value of a response.

The classes that come by the dozen belong to a layer above: it hands them over as :class:`ResponseTypes`, and they are
built here without their __init__, whose checks are for values made in Python.
"""

cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc, PyMem_RawRealloc
from cpython.object cimport PyObject_GenericSetAttr, PyTypeObject
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from mailproto._core.c_mailproto cimport (
    MP_CODE_NONE, MP_DEFECT_BAD_VALUE, MP_DEFECT_BARE_CR, MP_DEFECT_BARE_LF, MP_DEFECT_EIGHT_BIT, MP_DEFECT_NUL,
    MP_OK, MP_RESP_CAPABILITY, MP_RESP_CONTINUATION, MP_RESP_ENABLED, MP_RESP_ESEARCH, MP_RESP_EXISTS,
    MP_RESP_EXPUNGE, MP_RESP_FETCH, MP_RESP_FLAGS, MP_RESP_ID, MP_RESP_LIST, MP_RESP_LSUB, MP_RESP_NAMESPACE,
    MP_RESP_OK, MP_RESP_PREAUTH, MP_RESP_RECENT, MP_RESP_SEARCH, MP_RESP_STATUS, MP_RESP_UIDFETCH, MP_RESP_VANISHED,
    MP_TEXT_NIL, MP_TEXT_QUOTED_ESC, MP_TOK_ATOM, c_bool, mp_build_response_tape, mp_cursor, mp_cursor_at_end,
    mp_cursor_fail, mp_cursor_init, mp_cursor_is, mp_cursor_peek, mp_cursor_skip, mp_defect, mp_defects,
    mp_defects_join, mp_error, mp_list, mp_mailbox_list, mp_read_close, mp_read_end, mp_read_flag_list,
    mp_read_mailbox_list, mp_read_number64, mp_read_open, mp_read_resp_text, mp_read_response_head, mp_read_run,
    mp_read_search, mp_read_sp, mp_read_status_att, mp_read_status_head, mp_read_string, mp_read_vanished,
    mp_response_head, mp_run, mp_scan_mailbox_list, mp_scan_status, mp_search, mp_search_capacity, mp_skip_sp,
    mp_span, mp_status_row, mp_status_text, mp_tape, mp_text, mp_token,
)
from mailproto._core.common cimport raise_error
from mailproto._core.fetch cimport fetch_of
from mailproto._core.listing cimport MailboxList, new_mailbox_list
from mailproto._core.members cimport mp_slot_at, mp_slot_put
from mailproto._core.response_code cimport CodeTypes, code_of
from mailproto._core.mailbox_name cimport MailboxName, mailbox_from_wire
from mailproto._core.pages cimport mp_large_pages
from mailproto._core.sequence_set cimport sequence_set_adopt, sequence_set_from_wire
from mailproto._core.words cimport (
    WordCache, defect_names, flags_of, sendable, text_to_bytes, trees_in, trees_of, word_str, word_upper,
)

from types import MappingProxyType

from mailproto.errors import LimitError, ParseError

cdef extern from "Python.h":
    object PyDictProxy_New(object mapping)
    object PyType_GenericAlloc(PyTypeObject *type, Py_ssize_t items)
    object PyUnicode_FromOrdinal(int ordinal)

cdef enum:
    RAW_CAP = 4096  # octets kept in `raw`

cdef dict UNSENDABLE = {0: "\ufffd", 10: "\ufffd", 13: "\ufffd"}

cdef tuple STATUSES = ("OK", "NO", "BAD", "BYE", "PREAUTH")


@cython.final
cdef class ResponseTypes:
    """The classes of responses that the reader builds; each keyword of the constructor names one."""

    def __cinit__(self, *, status, continuation, capability, enabled, exists, recent, expunge, vanished, flags,
                 mailbox_status, search, esearch, namespace, namespace_entry, id, unknown,
                 CodeTypes codes not None):
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
        self.esearch = esearch
        self.namespace = namespace
        self.namespace_entry = namespace_entry
        self.id = id
        self.unknown = unknown
        self.codes = codes
        for index, field in enumerate((b"mailbox", b"items", b"defects", b"raw")):
            self.status_slots[index] = mp_slot_at(mailbox_status, field)
            if self.status_slots[index] < 0:
                raise TypeError("the fields of mailbox_status are slots")


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
        value = fetch_of(words, unit, length, &head)
    elif MP_RESP_OK <= head.kind <= MP_RESP_PREAUTH or head.kind == MP_RESP_CONTINUATION:
        value = read_status_response(types, words, unit, length, &head)
    elif head.kind == MP_RESP_SEARCH:
        value = read_search(types, unit, length, &head)
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
    elif (head.kind == MP_RESP_LIST or head.kind == MP_RESP_LSUB) and mp_scan_mailbox_list(unit, &head, &words.limits, &row):
        value = list_of(words, tape, unit, &head, &row)
    elif head.kind == MP_RESP_STATUS and mp_scan_status(unit, &head, &words.limits, &numbers):
        value = status_row_of(types, words, unit, length, &head.defects, &numbers)
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


# ---- SEARCH ----------------------------------------------------------------------------------------------------------


cdef object read_search(ResponseTypes types, const uint8_t *unit, size_t length, mp_response_head *head):
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
    value = new(types.search, head.defects.bits, (), unit, length)
    PyObject_GenericSetAttr(value, "numbers", numbers)
    PyObject_GenericSetAttr(value, "modseq", search.modseq if search.has_modseq else None)
    return value


# ---- everything else, from a tape ------------------------------------------------------------------------------------


cdef MailboxName mailbox_of(const uint8_t *unit, const mp_text *text):
    cdef bytes plain
    if text.kind == MP_TEXT_QUOTED_ESC:
        plain = text_to_bytes(unit, text)
        return mailbox_from_wire(<const uint8_t *><const char *>plain, len(plain), text.high)
    return mailbox_from_wire(unit + text.span.off, text.span.len, text.high)


cdef MailboxList list_of(WordCache words, mp_tape *tape, const uint8_t *unit, mp_response_head *head,
                         const mp_mailbox_list *row):
    cdef MailboxList listed = new_mailbox_list()
    cdef uint32_t place
    mp_defects_join(&head.defects, &row.defects, 0)
    listed.made = True
    listed.kind = "LIST" if head.kind == MP_RESP_LIST else "LSUB"
    listed.attributes = flags_of(words, unit, row.attributes, &head.defects)
    if row.delimiter.kind != MP_TEXT_NIL:
        place = row.delimiter.span.off + row.delimiter.span.len - 1
        if unit[place] < 0x80:
            listed.delimiter = PyUnicode_FromOrdinal(unit[place])
        else:
            listed.delimiter = text_to_bytes(unit, &row.delimiter).decode("utf-8", "surrogateescape")
    listed.mailbox = mailbox_of(unit, &row.mailbox)
    listed.extended = ()
    if row.extended:
        listed.extended = pairs_of(trees_of(unit, tape, row.extended + 1, tape.tok[row.extended].next))
    listed.bits = head.defects.bits
    return listed


cdef object status_row_of(ResponseTypes types, WordCache words, const uint8_t *unit, size_t length, mp_defects *defects,
                          const mp_status_row *row):
    cdef object value
    cdef dict items = {}
    cdef MailboxName box = mailbox_of(unit, &row.mailbox)
    cdef uint32_t i
    cdef uint64_t number
    for i in range(row.n):
        number = row.items[i].number
        items[word_upper(words, unit + row.items[i].name.off, row.items[i].name.len)] = (
            <long>number if number < 0x40000000 else number)
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
    if kind == MP_RESP_LIST or kind == MP_RESP_LSUB:
        if mp_read_mailbox_list(&cursor, &row) != MP_OK:
            raise_error(&error, unit, length)
        return list_of(words, tape, unit, head, &row)
    if kind == MP_RESP_STATUS:
        return read_mailbox_status(types, words, tape, unit, length, &cursor, &error, defects)
    if kind == MP_RESP_CAPABILITY or kind == MP_RESP_ENABLED:
        names = []
        for i in range(tape.n):
            if tape.tok[i].kind != MP_TOK_ATOM:
                fail(tape.tok[i].off, "capability", unit, length)
            names.append(word_str(words, unit + tape.tok[i].off, tape.tok[i].len))
        value = new(types.capability if kind == MP_RESP_CAPABILITY else types.enabled, defects.bits, (), unit, length)
        PyObject_GenericSetAttr(value, "capabilities", tuple(names))
        return value
    if kind == MP_RESP_FLAGS:
        if (mp_read_sp(&cursor) != MP_OK or mp_read_flag_list(&cursor, &span, defects) != MP_OK
                or mp_read_end(&cursor) != MP_OK):
            raise_error(&error, unit, length)
        flags = flags_of(words, unit, span, defects)
        value = new(types.flags, defects.bits, (), unit, length)
        PyObject_GenericSetAttr(value, "flags", flags)
        return value
    if kind == MP_RESP_VANISHED:
        if mp_read_vanished(&cursor, &earlier, &span) != MP_OK:
            raise_error(&error, unit, length)
        value = new(types.vanished, defects.bits, (), unit, length)
        PyObject_GenericSetAttr(value, "uids", sequence_set_from_wire(unit, length, span.off, span.len))
        PyObject_GenericSetAttr(value, "earlier", bool(earlier))
        return value
    if kind == MP_RESP_ESEARCH:
        return read_esearch(types, words, tape, unit, length, &cursor, &error, defects)
    if kind == MP_RESP_NAMESPACE:
        return read_namespace(types, trees_of(unit, tape, 0, tape.n), defects, unit, length)
    if kind == MP_RESP_ID:
        return read_id(types, trees_of(unit, tape, 0, tape.n), defects, unit, length)
    value = new(types.unknown, defects.bits, (), unit, length)
    PyObject_GenericSetAttr(value, "name", word_str(words, unit + head.name.off, head.name.len).upper())
    PyObject_GenericSetAttr(value, "number", head.number if head.numbered else None)
    PyObject_GenericSetAttr(value, "values", trees_of(unit, tape, 0, tape.n))
    return value


cdef str name_of(object tree):
    """The text of an atom or string in a generic tree."""
    if isinstance(tree, bytes):
        return (<bytes>tree).decode("utf-8", "surrogateescape")
    return "NIL" if tree is None else str(tree)


cdef tuple pairs_of(tuple trees):
    """Extended data of LIST: (tag value ...); a last tag without a value has None."""
    cdef Py_ssize_t i
    return tuple([(name_of(trees[i]), trees[i + 1] if i + 1 < len(trees) else None) for i in range(0, len(trees), 2)])


cdef object read_mailbox_status(ResponseTypes types, WordCache words, mp_tape *tape, const uint8_t *unit,
                                size_t length, mp_cursor *cursor, mp_error *error, mp_defects *defects):
    cdef mp_text mailbox
    cdef mp_list outer
    cdef mp_span name
    cdef uint64_t number = 0
    cdef uint32_t tree = 0
    cdef dict items = {}
    cdef object value
    if mp_read_status_head(cursor, &mailbox, &outer, defects) != MP_OK:
        raise_error(error, unit, length)
    while not mp_cursor_at_end(cursor):
        if mp_read_status_att(cursor, &name, &number, &tree) != MP_OK:
            raise_error(error, unit, length)
        if tree == <uint32_t>0xFFFFFFFE:
            mp_defect(defects, MP_DEFECT_BAD_VALUE, name.off)
            continue
        items[word_upper(words, unit + name.off, name.len)] = (
            number if tree == <uint32_t>0xFFFFFFFF else trees_of(unit, tape, tree, tape.tok[tree].next)[0])
    if mp_read_close(cursor, &outer) != MP_OK or mp_read_end(cursor) != MP_OK:
        raise_error(error, unit, length)
    box = mailbox_of(unit, &mailbox)
    value = new(types.mailbox_status, defects.bits, box.defects, unit, length)
    PyObject_GenericSetAttr(value, "mailbox", box)
    PyObject_GenericSetAttr(value, "items", MappingProxyType(items))
    return value


cdef tuple ESEARCH_NUMBERS = ("MIN", "MAX", "COUNT", "MODSEQ")


cdef object read_esearch(ResponseTypes types, WordCache words, mp_tape *tape, const uint8_t *unit, size_t length,
                         mp_cursor *cursor, mp_error *error, mp_defects *defects):
    """esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)   RFC 4466 section 2.6.2"""
    cdef mp_list outer
    cdef mp_text tag
    cdef mp_span name, span
    cdef uint64_t number = 0
    cdef const mp_token *tok
    cdef dict fields = {"tag": None, "uid": False, "all": None, "min": None, "max": None, "count": None,
                        "modseq": None, "partial": None}
    cdef list others = []
    cdef uint32_t last
    cdef object value
    if not mp_cursor_at_end(cursor):
        if mp_read_sp(cursor) != MP_OK:
            raise_error(error, unit, length)
        if mp_read_open(cursor, &outer) == MP_OK:
            if not mp_cursor_is(cursor, b"TAG"):
                mp_cursor_fail(cursor, b"TAG")
                raise_error(error, unit, length)
            mp_cursor_skip(cursor)
            if mp_read_sp(cursor) != MP_OK or mp_read_string(cursor, &tag) != MP_OK:
                raise_error(error, unit, length)
            fields["tag"] = name_of(text_to_bytes(unit, &tag))
            if not mp_cursor_at_end(cursor):  # RFC 7377 section 2.2: MAILBOX and UIDVALIDITY
                last = cursor.n
                others.append(("", trees_of(unit, tape, cursor.at, last)))
                while not mp_cursor_at_end(cursor):
                    mp_skip_sp(cursor)
                    mp_cursor_skip(cursor)
            if mp_read_close(cursor, &outer) != MP_OK:
                raise_error(error, unit, length)
            mp_skip_sp(cursor)
        if mp_cursor_is(cursor, b"UID"):
            mp_cursor_skip(cursor)
            mp_skip_sp(cursor)
            fields["uid"] = True
    while not mp_cursor_at_end(cursor):
        if mp_read_run(cursor, &name) != MP_OK or mp_read_sp(cursor) != MP_OK:
            raise_error(error, unit, length)
        label = word_str(words, unit + name.off, name.len).upper()
        tok = mp_cursor_peek(cursor)
        if tok is NULL:
            mp_cursor_fail(cursor, b"search-return-value")
            raise_error(error, unit, length)
        if label in ESEARCH_NUMBERS:
            if mp_read_number64(cursor, &number) != MP_OK:
                raise_error(error, unit, length)
            fields[label.lower()] = number
        elif label == "ALL":
            if mp_read_run(cursor, &span) != MP_OK:
                raise_error(error, unit, length)
            fields["all"] = sequence_set_from_wire(unit, length, span.off, span.len)
        else:
            tree = trees_of(unit, tape, cursor.at, tok.next)[0]
            mp_cursor_skip(cursor)
            if (label == "PARTIAL" and isinstance(tree, tuple) and len(<tuple>tree) == 2
                    and isinstance(tree[0], str)):
                found = None if tree[1] is None else name_of(tree[1]).encode("utf-8", "surrogateescape")
                try:
                    fields["partial"] = (tree[0], None if found is None else sequence_set_from_wire(
                        <const uint8_t *><const char *>found, len(found), 0, len(found)))
                except ParseError:
                    mp_defect(defects, MP_DEFECT_BAD_VALUE, tok.off)
                    others.append((label, tree))
            else:
                others.append((label, tree))
        mp_skip_sp(cursor)
    value = new(types.esearch, defects.bits, (), unit, length)
    for field, content in fields.items():
        PyObject_GenericSetAttr(value, field, content)
    PyObject_GenericSetAttr(value, "others", tuple(others))
    return value


cdef object read_namespace(ResponseTypes types, tuple trees, mp_defects *defects, const uint8_t *unit, size_t length):
    """"NAMESPACE" SP Namespace SP Namespace SP Namespace                                      RFC 2342 section 6"""
    cdef list kinds = []
    cdef object value, entry
    if len(trees) < 3:
        mp_defect(defects, MP_DEFECT_BAD_VALUE, length)
        trees = trees + (None,) * (3 - len(trees))
    if len(trees) > 3:
        fail(length, "three namespaces", unit, length)
    for tree in trees:
        if tree is None:
            kinds.append(None)
            continue
        entries = []
        for item in (tree if isinstance(tree, tuple) else (tree,)):
            if isinstance(item, tuple) and len(<tuple>item) < 2:  # no delimiter, or nothing at all
                mp_defect(defects, MP_DEFECT_BAD_VALUE, 0)
                item = (item[0] if item else b"", None)
            if not (isinstance(item, tuple) and isinstance(item[0], (bytes, str))
                    and (item[1] is None or isinstance(item[1], (bytes, str)))):
                fail(length, "namespace", unit, length)
            prefix = item[0].encode("utf-8", "surrogateescape") if isinstance(item[0], str) else item[0]
            entry = types.namespace_entry.__new__(types.namespace_entry)
            PyObject_GenericSetAttr(entry, "prefix",
                                    mailbox_from_wire(<const uint8_t *><const char *>prefix, len(prefix), False))
            PyObject_GenericSetAttr(entry, "delimiter", None if item[1] is None else name_of(item[1]) or None)
            PyObject_GenericSetAttr(entry, "extensions", (<tuple>item)[2:])
            entries.append(entry)
        kinds.append(tuple(entries) or None)
    value = new(types.namespace, defects.bits, (), unit, length)
    PyObject_GenericSetAttr(value, "personal", kinds[0])
    PyObject_GenericSetAttr(value, "other", kinds[1])
    PyObject_GenericSetAttr(value, "shared", kinds[2])
    return value


cdef object read_id(ResponseTypes types, tuple trees, mp_defects *defects, const uint8_t *unit, size_t length):
    """"ID" SP ("(" [string SP nstring *(SP string SP nstring)] ")" / nil)                     RFC 2971 section 4"""
    cdef object value
    cdef object pairs = None
    if len(trees) != 1 or not (trees[0] is None or isinstance(trees[0], tuple)):
        fail(length, "id_params_list", unit, length)
    if trees[0] is not None:
        flat = [item if item is None or isinstance(item, bytes) else name_of(item).encode("utf-8", "surrogateescape")
                for item in trees[0] if not isinstance(item, tuple)]
        if len(flat) % 2 or len(flat) != len(trees[0]) or None in flat[::2]:
            fail(length, "pairs of field and value", unit, length)
        pairs = tuple(zip(flat[::2], flat[1::2]))
    value = new(types.id, defects.bits, (), unit, length)
    PyObject_GenericSetAttr(value, "parameters", pairs)
    return value
