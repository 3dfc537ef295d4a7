# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""FETCH items of extensions, read, checked and written: RFC 3516, 8474, 8514, 8970 and Google's X-GM-EXT-1."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from mailproto._core.c_mailproto cimport (
    MP_DEFECT_ATOM_STRING, MP_DEFECT_BAD_DATE, MP_DEFECT_BAD_VALUE, MP_FETCH_BINARY_SIZE, MP_FETCH_EMAILID,
    MP_FETCH_GM_LABELS, MP_FETCH_GM_MSGID, MP_FETCH_GM_THRID, MP_FETCH_PREVIEW, MP_FETCH_SAVEDATE, MP_FETCH_SECTION,
    MP_FETCH_THREADID, MP_OK, MP_PADDING, MP_TEXT_NIL, c_bool, mp_date_time, mp_defect, mp_defects, mp_defects_join, mp_error, mp_fail_limit,
    mp_fetch_item, mp_is_item_name, mp_limits, mp_normalise_section, mp_parse_date_time, mp_read_list_string, mp_span,
    mp_text,
)
from mailproto._core.common cimport octets_or_none, raise_error
from mailproto._core.dates cimport datetime_from_c
from mailproto._core.mailbox_name cimport MailboxName, mailbox_from_wire
from mailproto._core.trees cimport checked_tree, write_tree
from mailproto._core.words cimport WordCache, new_words, text_to_bytes, trees_in

from collections.abc import Mapping
from datetime import datetime

from mailproto import exact
from mailproto._core.dates import format_internal_date
from mailproto.limits import Limits

#: What a Fetch has an attribute for; an item of `others` may not pass for one of them.
cdef frozenset ATTRIBUTES = frozenset((
    "UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE", "MODSEQ", "ENVELOPE", "BODY", "BODYSTRUCTURE",
))

cdef WordCache DEFAULTS = new_words(Limits(), False)


# ---- reading ---------------------------------------------------------------------------------------------------------


cdef object read_item(const uint8_t *unit, const mp_fetch_item *item, str name, const mp_limits *limits, bint utf8,
                      mp_defects *defects):
    cdef mp_date_time moment
    cdef mp_error error
    cdef int kind = item.kind
    if item.absent:
        return None
    if kind == MP_FETCH_BINARY_SIZE or kind == MP_FETCH_GM_MSGID or kind == MP_FETCH_GM_THRID:
        return item.number
    if kind == MP_FETCH_PREVIEW:
        return text_to_bytes(unit, &item.text)
    if kind == MP_FETCH_EMAILID or kind == MP_FETCH_THREADID:
        return text_to_bytes(unit, &item.text).decode("ascii")
    if kind == MP_FETCH_SAVEDATE:
        if mp_parse_date_time(unit + item.text.span.off, item.text.span.len, &moment, &error) == MP_OK:
            return datetime_from_c(&moment)
        mp_defect(defects, MP_DEFECT_BAD_DATE, item.value.off)
        return None
    if kind == MP_FETCH_GM_LABELS:
        return labels_of(unit, item, limits, utf8, defects)
    tree = trees_in(unit, item.value.off, item.value.off + item.value.len, limits)[0]
    if name == "PREVIEW" and isinstance(tree, tuple) and tree and isinstance(tree[-1], bytes):
        return tree[-1]  # (FUZZY "text"), as the drafts of RFC 8970 had it
    if name == "EMAILID" or name == "THREADID":
        return id_of(tree)
    return tree


cdef object id_of(object tree):
    """What would be read as an objectid if it were written again: a literal, or spaces in the parentheses."""
    cdef object inner = tree
    if isinstance(tree, tuple) and len(tree) == 1:
        inner = tree[0]
        if inner is None or isinstance(inner, int):
            return "NIL" if inner is None else str(inner)
    if isinstance(inner, bytes):
        inner = inner.decode("latin-1")
    return inner if isinstance(inner, str) and is_id(inner) else tree


cdef bint is_id(str text):
    """Whether that goes out as an atom; looser than RFC 8474, for what was read is written again."""
    return bool(text) and all([" " < c < "\x7f" and c not in '()"{' for c in text])


cdef tuple labels_of(const uint8_t *unit, const mp_fetch_item *item, const mp_limits *limits, bint utf8, mp_defects *defects):
    """"(" [astring *(SP astring)] ")": names as of mailboxes, or \\Inbox and its like."""
    cdef mp_text text
    cdef mp_error error
    cdef mp_defects own
    cdef c_bool found
    cdef uint32_t at = item.value.off + 1
    cdef uint32_t end = item.value.off + item.value.len
    cdef bytes plain
    cdef list made = []
    while True:
        own.bits = 0
        if mp_read_list_string(unit, &at, end, False, &text, &found, &own, &error) != MP_OK:
            mp_defect(defects, MP_DEFECT_BAD_VALUE, at)
            return tuple(made)
        if own.bits & ~<uint32_t>MP_DEFECT_ATOM_STRING:
            mp_defects_join(defects, &own, 0)
        if not found:
            return tuple(made)
        if len(made) >= limits.max_elements:
            mp_fail_limit(&error, at, b"max_elements")
            raise_error(&error, unit, end)
        plain = b"NIL" if text.kind == MP_TEXT_NIL else text_to_bytes(unit, &text)
        made.append(mailbox_from_wire(<const uint8_t *>PyBytes_AS_STRING(plain), PyBytes_GET_SIZE(plain),
                                      utf8 or text.high))


# ---- from Python -----------------------------------------------------------------------------------------------------


cdef str normal_name(const uint8_t *unit, mp_span name):
    cdef bytes room = PyBytes_FromStringAndSize(NULL, name.len)
    cdef size_t written = mp_normalise_section(unit, name, <uint8_t *>PyBytes_AS_STRING(room))
    return PyUnicode_DecodeUTF8(PyBytes_AS_STRING(room), written, "surrogateescape")


cdef str known_name(object name):
    cdef mp_span span
    cdef bytes wire
    cdef str text = exact.text(name, "an item")
    if text.isascii() and '"' not in text and "{" not in text:
        return text.upper()
    wire = text.encode("utf-8", "surrogateescape")
    span.off = 0
    span.len = <uint32_t>min(PyBytes_GET_SIZE(wire), 0x7FFFFFFF)
    wire += bytes(MP_PADDING)
    return normal_name(<const uint8_t *>PyBytes_AS_STRING(wire), span)


cdef str checked_name(object given, uint8_t *kind_r):
    """An item's name in its normal form; ValueError for what is none from end to end, so that nothing can follow it."""
    cdef bytes wire
    cdef mp_span span
    cdef str text
    if not isinstance(given, str):
        given = getattr(given, "response_name", given)  # a Section of the command
    text = exact.text(given, "the name of a FETCH item")
    if not text.isascii() or not text.isprintable() or len(text) > 0xFFFF:
        raise ValueError("not the name of a FETCH item")
    wire = text.encode("ascii") + b" " + bytes(MP_PADDING)
    span.off = 0
    span.len = <uint32_t>len(text)
    if not mp_is_item_name(<const uint8_t *>PyBytes_AS_STRING(wire), span.len, &DEFAULTS.limits, kind_r):
        raise ValueError("not the name of a FETCH item")
    return normal_name(<const uint8_t *>PyBytes_AS_STRING(wire), span)


cdef list pairs_of(object given, str what):
    cdef list made = []
    if isinstance(given, Mapping):
        return [(key, given[key]) for key in given]
    if given is not None:
        raise TypeError(f"{what} must be a mapping or None")
    return made


cdef dict check_sections(object sections):
    cdef dict made = {}
    cdef uint8_t kind = 0
    for given, data in pairs_of(sections, "sections"):
        name = checked_name(given, &kind)
        if kind != MP_FETCH_SECTION:
            raise ValueError("sections holds what is no section of a message")
        if name in made:
            raise ValueError("sections names one of them twice")
        made[name] = None if data is None else exact.octets(data, "a section's text")
    return made or None


cdef dict check_items(dict given, object others):
    cdef dict made = {name: check_item(name, value) for name, value in given.items() if value is not None}
    cdef set named = set()
    cdef uint8_t kind = 0
    for key, value in pairs_of(others, "others"):
        name = checked_name(key, &kind)
        if kind == MP_FETCH_SECTION or name in ATTRIBUTES:
            raise ValueError(f"{name} has an argument of its own")
        if name in named:
            raise ValueError("others names one of them twice")
        named.add(name)
        made[name] = check_item(name, value)
    return made or None


cdef object check_item(str name, object value):
    if name == "PREVIEW":
        return octets_or_none(value, name)
    if name == "SAVEDATE":
        return None if value is None else exact.moment(value, name)
    if name == "EMAILID" or name == "THREADID":
        return None if value is None and name == "THREADID" else object_id(name, value)
    if name == "X-GM-LABELS":
        return tuple([label_of(label) for label in exact.items(value, name)])
    if name in ("X-GM-MSGID", "X-GM-THRID") or name.startswith("BINARY.SIZE["):
        return exact.integer(value, name, most=0xFFFFFFFFFFFFFFFF)
    return checked_tree(value, name)


cdef str object_id(str name, object value):
    cdef str made = exact.text(value, name)
    cdef str plain = made.replace("-", "a").replace("_", "a")
    if not 0 < len(made) <= 255 or not plain.isascii() or not plain.isalnum():
        raise ValueError(f"{name} takes 1 to 255 letters, digits, _ and - (RFC 8474)")
    return made


cdef MailboxName label_of(object value):
    cdef MailboxName label
    if not isinstance(value, str):
        raise TypeError("X-GM-LABELS must be str")
    label = value if type(value) is MailboxName else MailboxName(value)
    if b"\0" in label.wire:
        raise ValueError("X-GM-LABELS must not hold NUL")
    return label


cdef object write_item(object writer, str name, object value):
    if value is None:
        return writer.nil()
    if name == "PREVIEW" and isinstance(value, bytes):
        return writer.string(value)
    if name == "SAVEDATE" and isinstance(value, datetime):
        return writer.raw(b'"' + format_internal_date(value) + b'"')
    if (name == "EMAILID" or name == "THREADID") and isinstance(value, str) and is_id(value):
        return writer.open().raw(value).close()
    if name == "X-GM-LABELS" and isinstance(value, tuple) and all([isinstance(label, MailboxName) for label in value]):
        return writer.list(value, writer.mailbox)
    return write_tree(writer, value)
