# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""FETCH items of extensions, read, checked and written: RFC 3516, 8474, 8514, 8970 and Google's X-GM-EXT-1."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from mailproto._core.c_mailproto cimport (
    MP_DEFECT_ATOM_STRING, MP_DEFECT_BAD_DATE, MP_DEFECT_BAD_VALUE, MP_FETCH_BINARY_SIZE, MP_FETCH_EMAILID,
    MP_FETCH_GM_LABELS, MP_FETCH_GM_MSGID, MP_FETCH_GM_THRID, MP_FETCH_PREVIEW, MP_FETCH_SAVEDATE, MP_FETCH_THREADID,
    MP_OK, MP_TEXT_NIL, c_bool, mp_date_time, mp_defect, mp_defects, mp_defects_join, mp_error, mp_fail_limit,
    mp_fetch_item, mp_limits, mp_parse_date_time, mp_read_list_string, mp_text,
)
from mailproto._core.common cimport octets_or_none, raise_error
from mailproto._core.dates cimport datetime_from_c
from mailproto._core.mailbox_name cimport MailboxName, mailbox_from_wire
from mailproto._core.trees cimport checked_tree, write_tree
from mailproto._core.words cimport text_to_bytes, trees_in

from datetime import datetime

from mailproto import exact
from mailproto._core.dates import format_internal_date

#: What a Fetch has an attribute for; an item of `others` may not pass for one of them.
cdef frozenset ATTRIBUTES = frozenset((
    "UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE", "MODSEQ", "ENVELOPE", "BODY", "BODYSTRUCTURE",
))
cdef frozenset SECTIONS = frozenset(("RFC822", "RFC822.HEADER", "RFC822.TEXT"))


# ---- reading ---------------------------------------------------------------------------------------------------------


cdef object read_item(const uint8_t *unit, const mp_fetch_item *item, str name, const mp_limits *limits,
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
        return labels_of(unit, item, limits, defects)
    tree = trees_in(unit, item.value.off, item.value.off + item.value.len, limits)[0]
    if name == "PREVIEW" and isinstance(tree, tuple) and tree and isinstance(tree[-1], bytes):
        return tree[-1]  # (FUZZY "text"), as the drafts of RFC 8970 had it
    return tree


cdef tuple labels_of(const uint8_t *unit, const mp_fetch_item *item, const mp_limits *limits, mp_defects *defects):
    """"(" [astring *(SP astring)] ")": names in modified UTF-7, or \\Inbox and its like."""
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
        made.append(mailbox_from_wire(<const uint8_t *>PyBytes_AS_STRING(plain), PyBytes_GET_SIZE(plain), text.high))


# ---- from Python -----------------------------------------------------------------------------------------------------


cdef str checked_name(object name):
    cdef str text = name.upper()
    outside = text.partition("[")[0]
    if (not text.isascii() or not text.isprintable() or not outside or any([c in outside for c in ' ()"{]'])
            or text.count("(") != text.count(")") or text.count("[") != text.count("]") or text.count('"') % 2
            or "{" in text or "\\" in text):
        raise ValueError("not the name of a FETCH item")
    return text


cdef bint is_section(str name):
    return name.startswith("BODY[") or name.startswith("BINARY[") or name in SECTIONS


cdef object check_item(str name, object value):
    if name in ATTRIBUTES or is_section(name):
        raise ValueError(f"{name} has an argument of its own")
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
    if (name == "EMAILID" or name == "THREADID") and isinstance(value, str):
        return writer.open().raw(value).close()
    if name == "X-GM-LABELS" and isinstance(value, tuple) and all([isinstance(label, MailboxName) for label in value]):
        return writer.list(value, writer.mailbox)
    return write_tree(writer, value)
