# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""From the response code of a status response to its value.

The classes belong to a layer above, which hands them over as :class:`CodeTypes`; they are built here without their
__init__, whose checks are for values made in Python.
"""

cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.object cimport PyObject_GenericSetAttr
from libc.stdint cimport UINT32_MAX, uint8_t, uint32_t, uint64_t

from mailproto._core.c_mailproto cimport (
    MP_CODE_APPENDUID, MP_CODE_ASTRINGS, MP_CODE_ATOMS, MP_CODE_COPYUID, MP_CODE_FLAGS, MP_CODE_INPROGRESS,
    MP_CODE_MAILBOXES, MP_CODE_MECHANISMS, MP_CODE_MESSAGELIMIT, MP_CODE_METADATA, MP_CODE_NUMBER, MP_CODE_OBJECTID,
    MP_CODE_PLAIN, MP_CODE_SET, MP_CODE_STRING, MP_CODE_TEXT, MP_CODE_WORDS, MP_DEFECT_BAD_CODE, MP_DEFECT_BAD_FLAG,
    MP_DEFECT_BAD_NUMBER, MP_DEFECT_EIGHT_BIT, MP_TEXT_NIL, mp_code, mp_code_at, mp_defect, mp_defects, mp_error,
    mp_fail_limit, mp_next_word, mp_span, mp_status_text, mp_text,
)
from mailproto._core.common cimport raise_error
from mailproto._core.mailbox_name cimport mailbox_from_wire
from mailproto._core.sequence_set cimport sequence_set_from_wire
from mailproto._core.words cimport WordCache, flags_of, sendable, text_to_bytes, trees_in, word_str

import binascii
from types import MappingProxyType

from mailproto.errors import LimitError, ParseError

cdef bytes ONE_LINE = bytes(26 if octet in (0, 10, 13) else octet for octet in range(256))

cdef dict KIND_NAMES = {
    MP_CODE_PLAIN: "plain", MP_CODE_NUMBER: "number", MP_CODE_ATOMS: "atoms", MP_CODE_FLAGS: "flags",
    MP_CODE_ASTRINGS: "charsets", MP_CODE_APPENDUID: "appenduid", MP_CODE_COPYUID: "copyuid", MP_CODE_SET: "set",
    MP_CODE_TEXT: "text", MP_CODE_STRING: "string", MP_CODE_OBJECTID: "objectid", MP_CODE_WORDS: "words",
    MP_CODE_MECHANISMS: "mechanisms", MP_CODE_METADATA: "metadata", MP_CODE_INPROGRESS: "progress",
    MP_CODE_MESSAGELIMIT: "limit", MP_CODE_MAILBOXES: "mailboxes",
}


cdef dict known_codes():
    cdef dict made = {}
    cdef size_t index = 0
    cdef const mp_code *row = mp_code_at(0)
    while row is not NULL:
        made[row.name.decode("ascii")] = (KIND_NAMES[row.kind], row.rfc)
        index += 1
        row = mp_code_at(index)
    return made


#: The response codes that are known: the kind of their argument, and the RFC that defines them.
CODES = MappingProxyType(known_codes())


@cython.final
cdef class CodeTypes:
    """The classes that response codes are made of; each keyword of the constructor names one."""

    def __cinit__(self, *, code, append_uid, copy_uid, mechanism, metadata, progress, message_limit):
        self.code = code
        self.append_uid = append_uid
        self.copy_uid = copy_uid
        self.mechanism = mechanism
        self.metadata = metadata
        self.progress = progress
        self.message_limit = message_limit


cdef object built(object cls, tuple fields):
    cdef object made = cls.__new__(cls)
    for name, value in fields:
        PyObject_GenericSetAttr(made, name, value)
    return made


cdef object code_of(CodeTypes types, WordCache words, const uint8_t *unit, size_t length, mp_status_text *parts):
    cdef object value
    cdef str name = word_str(words, unit + parts.name.off, parts.name.len).upper()
    if '"' in name:  # written again, it might open a string that the text behind the code closes
        name = name.replace('"', "'").replace("]", "}")
        mp_defect(&parts.defects, MP_DEFECT_BAD_CODE, parts.name.off)
    if high(unit, parts.name):
        mp_defect(&parts.defects, MP_DEFECT_EIGHT_BIT, parts.name.off)
    try:
        value = value_of(types, words, unit, length, parts, name)
    except LimitError:
        raise
    except ParseError:
        mp_defect(&parts.defects, MP_DEFECT_BAD_CODE, parts.args.off)
        value = raw_argument(unit, parts, name)
    if name == "INPROGRESS" and value is None:
        value = built(types.progress, (("tag", None), ("done", None), ("goal", None)))
    return built(types.code, (("name", name), ("value", value)))


cdef object value_of(CodeTypes types, WordCache words, const uint8_t *unit, size_t length, mp_status_text *parts,
                     str name):
    cdef int kind = parts.code
    if kind == MP_CODE_PLAIN:
        return None
    if kind == MP_CODE_NUMBER:
        if name != "HIGHESTMODSEQ" and not 0 < parts.number <= UINT32_MAX:
            mp_defect(&parts.defects, MP_DEFECT_BAD_NUMBER, parts.args.off)
        return parts.number
    if kind == MP_CODE_ATOMS or kind == MP_CODE_WORDS:
        atoms = atoms_of(words, unit, parts.args, &parts.defects)
        return None if kind == MP_CODE_WORDS and not atoms else atoms
    if kind == MP_CODE_FLAGS:
        flags = flags_of(words, unit, parts.args, &parts.defects)
        if any(["]" in flag for flag in <tuple>flags]):  # it would end the code
            mp_defect(&parts.defects, MP_DEFECT_BAD_FLAG, parts.args.off)
            flags = tuple([flag for flag in <tuple>flags if "]" not in flag])
        return flags
    if kind == MP_CODE_ASTRINGS:
        return charsets_of(words, unit, parts.args)
    if kind == MP_CODE_SET:
        return sequence_set_from_wire(unit, length, parts.set1.off, parts.set1.len)
    if kind == MP_CODE_APPENDUID:
        return built(types.append_uid, (("uidvalidity", parts.number), ("uids", sequence_set_from_wire(
            unit, length, parts.set1.off, parts.set1.len))))
    if kind == MP_CODE_COPYUID:
        return built(types.copy_uid, (
            ("uidvalidity", parts.number),
            ("source", sequence_set_from_wire(unit, length, parts.set1.off, parts.set1.len)),
            ("destination", sequence_set_from_wire(unit, length, parts.set2.off, parts.set2.len))))
    if kind == MP_CODE_STRING or kind == MP_CODE_OBJECTID:
        return string_of(unit, &parts.string1)
    if kind == MP_CODE_MECHANISMS:
        return mechanisms_of(types, words, unit, parts)
    if kind == MP_CODE_METADATA:
        return built(types.metadata, (("reason", string_of(unit, &parts.string1).upper()),
                                      ("size", parts.number if parts.has_number else None)))
    if kind == MP_CODE_INPROGRESS:
        return built(types.progress, (
            ("tag", None if parts.string1.kind == MP_TEXT_NIL else string_of(unit, &parts.string1)),
            ("done", parts.number if parts.has_number else None),
            ("goal", parts.number2 if parts.has_number2 else None)))
    if kind == MP_CODE_MESSAGELIMIT:
        return built(types.message_limit, (("limit", parts.number),
                                           ("uid", parts.number2 if parts.has_number2 else None)))
    if kind == MP_CODE_MAILBOXES:
        return (mailbox_of(unit, &parts.string1, words.utf8), mailbox_of(unit, &parts.string2, words.utf8))
    return raw_argument(unit, parts, name) if parts.args.len or kind == MP_CODE_TEXT else None


cdef str string_of(const uint8_t *unit, const mp_text *text):
    return "NIL" if text.kind == MP_TEXT_NIL else text_to_bytes(unit, text).decode("utf-8", "surrogateescape")


cdef object mailbox_of(const uint8_t *unit, const mp_text *text, bint utf8):
    cdef bytes plain = b"NIL" if text.kind == MP_TEXT_NIL else text_to_bytes(unit, text)
    return mailbox_from_wire(<const uint8_t *><const char *>plain, len(plain), utf8 or text.high)


cdef bint high(const uint8_t *unit, mp_span span) noexcept:
    cdef uint32_t i
    for i in range(span.off, span.off + span.len):
        if unit[i] >= 0x80:
            return True
    return False


cdef bint ends_early(bytes argument) noexcept:
    """Whether a bracket outside its quoted strings, which begin behind a space or a parenthesis, would end the code."""
    cdef const uint8_t *p = <const uint8_t *><const char *>argument
    cdef Py_ssize_t n = len(argument)
    cdef Py_ssize_t at = 0
    while at < n:
        if p[at] == c"]":
            return True
        if p[at] == c'"' and (at == 0 or p[at - 1] == c" " or p[at - 1] == c"("):
            at += 1
            while at < n and p[at] != c'"':
                at += 2 if p[at] == c"\\" else 1
        at += 1
    return False


cdef object raw_argument(const uint8_t *unit, mp_status_text *parts, str name):
    """The argument of a code as it came, but for what could not be written again: CR, LF, NUL and quotes left open."""
    cdef bytes value = PyBytes_FromStringAndSize(<const char *>unit + parts.args.off, parts.args.len)
    cdef bytes made = value.translate(ONE_LINE)
    cdef str kind = CODES[name][0] if name in CODES else ""
    cdef Py_ssize_t at = 0
    while (at := made.find(b'"', at)) >= 0:
        if at == 0 or made[at - 1] == 32 or made[at - 1] == 40:  # elsewhere a quote opens no string
            at += 1
            while at < len(made) and made[at] != 34:
                at += 2 if made[at] == 92 else 1
            if at >= len(made):
                made = made.replace(b'"', b"'")
                break
        at += 1
    if b"]" in made and ends_early(made):
        made = made.replace(b'"', b"'").replace(b"]", b"}")
    if made != value:
        mp_defect(&parts.defects, MP_DEFECT_BAD_CODE, parts.args.off)
        if kind == "charsets":  # what was mended must not be read as what the code takes
            return ()
        if kind == "string" or kind == "mailboxes" or kind == "progress":
            return None
    return made


cdef tuple atoms_of(WordCache words, const uint8_t *unit, mp_span span, mp_defects *defects):
    cdef uint32_t at = span.off
    cdef uint32_t end = span.off + span.len
    cdef mp_span word
    cdef mp_error error
    cdef list made = []
    while mp_next_word(unit, &at, end, &word):
        if len(made) >= words.limits.max_elements:
            mp_fail_limit(&error, word.off, b"max_elements")
            raise_error(&error, unit, end)
        if sendable(unit + word.off, word.len):
            made.append(word_str(words, unit + word.off, word.len))
        else:
            mp_defect(defects, MP_DEFECT_BAD_CODE, word.off)
    return tuple(made)


cdef tuple mechanisms_of(CodeTypes types, WordCache words, const uint8_t *unit, mp_status_text *parts):
    """"INTERNAL" *(SP mechanism ["=" base64])                                              RFC 4467 section 9"""
    cdef list made = []
    cdef bytes data
    for atom in atoms_of(words, unit, parts.args, &parts.defects):
        name, equals, encoded = atom.partition("=")
        data = None
        if equals:
            try:
                data = binascii.a2b_base64(encoded)
            except ValueError:
                data = b""
            if binascii.b2a_base64(data, newline=False).decode("ascii") != encoded:
                raise ParseError(parts.args.off, "base64")
        if not name:
            raise ParseError(parts.args.off, "mechanism")
        made.append(built(types.mechanism, (("name", name), ("data", data))))
    return tuple(made)


cdef tuple charsets_of(WordCache words, const uint8_t *unit, mp_span span):
    cdef uint32_t inside
    if span.len == 0:
        return ()
    inside = unit[span.off] == c"("
    items = trees_in(unit, span.off + inside, span.off + span.len - inside, &words.limits)
    if any([isinstance(item, tuple) for item in items]):
        raise ParseError(span.off, "astring")
    return tuple([(<str>item).encode("utf-8", "surrogateescape") if isinstance(item, str)
                  else str(item).encode() if isinstance(item, int) else b"NIL" if item is None else item
                  for item in items])
