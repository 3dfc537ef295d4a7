# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""Mailbox names and LIST patterns: see csrc/include/mailproto/imap_text.h."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromObject, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from cpython.object cimport PyObject, PyTypeObject, newfunc
from cpython.tuple cimport PyTuple_GET_SIZE
from cpython.unicode cimport (
    PyUnicode_AsUTF8AndSize, PyUnicode_DecodeASCII, PyUnicode_DecodeUTF8, PyUnicode_FromObject,
)
from libc.stdint cimport uint8_t

from mailproto._core.c_mailproto cimport MP_OK, mp_error, mp_list_match, mp_utf7_decode, mp_utf7_encode
from mailproto._core.common cimport as_utf8, raise_error

#: What may be odd about a mailbox name on the wire; MailboxName._defect is an index into it.
cdef tuple MAILBOX_DEFECTS = (
    (),
    ("mailbox-not-canonical",),
    ("mailbox-8bit",),
    ("mailbox-undecodable",),
)


cdef bytes utf7_encode(object text):
    """Modified UTF-7 of a str; ValueError where it holds a lone surrogate."""
    cdef Py_ssize_t length
    cdef size_t written
    cdef mp_error error
    cdef bytes room
    cdef const char *data = PyUnicode_AsUTF8AndSize(text, &length)
    room = PyBytes_FromStringAndSize(NULL, 5 * length)
    if mp_utf7_encode(<const uint8_t *>data, length, <uint8_t *>PyBytes_AS_STRING(room), &written, &error) != MP_OK:
        raise_error(&error, <const uint8_t *>data, length)
    return PyBytes_FromStringAndSize(PyBytes_AS_STRING(room), written)


cdef inline bint is_inbox(const uint8_t *data, Py_ssize_t length) noexcept:
    return (length == 5 and (data[0] | 0x20) == c"i" and (data[1] | 0x20) == c"n" and (data[2] | 0x20) == c"b"
            and (data[3] | 0x20) == c"o" and (data[4] | 0x20) == c"x")


cdef MailboxName new_mailbox(object text, bytes wire, int defect):
    cdef tuple arguments = (text,)
    cdef MailboxName name = <MailboxName>plain_mailbox_new(MailboxName, <PyObject *>arguments, NULL)
    name._wire = wire
    name._defect = defect
    return name


cdef MailboxName mailbox_from_wire(const uint8_t *data, Py_ssize_t length, bint utf8):
    cdef Py_ssize_t i
    cdef bint plain = True
    cdef size_t written
    cdef mp_error error
    cdef bytes room, wire
    if is_inbox(data, length):
        return new_mailbox("INBOX", None, 0)
    for i in range(length):
        if data[i] < 0x20 or data[i] > 0x7E or (data[i] == c"&" and not utf8):
            plain = False
            break
    if plain:
        return new_mailbox(PyUnicode_DecodeASCII(<const char *>data, length, NULL), None, 0)
    wire = PyBytes_FromStringAndSize(<const char *>data, length)
    if utf8:
        try:
            return new_mailbox(wire.decode("utf-8"), None, 0)
        except UnicodeDecodeError:
            return new_mailbox(wire.decode("ascii", "surrogateescape"), wire, 3)
    room = PyBytes_FromStringAndSize(NULL, 2 * length)
    if mp_utf7_decode(data, length, <uint8_t *>PyBytes_AS_STRING(room), &written, &error) != MP_OK:
        try:
            if not wire.isascii():  # "R&D" in UTF-8: its "&" begins nothing
                return new_mailbox(wire.decode("utf-8"), wire, 2)
        except UnicodeDecodeError:
            pass
        return new_mailbox(wire.decode("ascii", "surrogateescape"), wire, 3)
    try:
        text = PyUnicode_DecodeUTF8(PyBytes_AS_STRING(room), written, NULL)
    except UnicodeDecodeError:
        return new_mailbox(wire.decode("ascii", "surrogateescape"), wire, 3)
    if utf7_encode(text) == wire:
        return new_mailbox(text, None, 0)
    return new_mailbox(text, wire, 1 if wire.isascii() else 2)


cdef bytes mailbox_to_wire(object name, bint utf8):
    cdef MailboxName known
    cdef Py_ssize_t length
    cdef const char *data
    if isinstance(name, MailboxName):
        known = <MailboxName>name
        if known._defect == 3 or (known._wire is not None and not utf8):
            return known._wire
    elif isinstance(name, bytes):
        return PyBytes_FromObject(name)
    elif not isinstance(name, str):
        raise TypeError("a mailbox is a str")
    data = PyUnicode_AsUTF8AndSize(name, &length)
    if is_inbox(<const uint8_t *>data, length):
        return b"INBOX"
    if utf8:
        return PyBytes_FromStringAndSize(data, length)
    return utf7_encode(name)


cdef class MailboxName(str):
    """A mailbox name: text for people, with its octets on the wire (RFC 3501 section 5.1.3, RFC 9051 section 5.1).

    ``MailboxName("Entwürfe").wire`` is ``b"Entw&APw-rfe"``. It is a ``str`` in every respect; INBOX, which is
    case-insensitive, is always ``"INBOX"``. A name that was read keeps the octets it came with, so that a server gets
    back what it sent even where its encoding is not canonical; one that cannot be decoded shows its octets
    (those over 127 by surrogate escapes, as ``os.fsdecode`` does). :attr:`defects` names such oddities.

    Raises ``UnicodeEncodeError`` (a ``ValueError``) for text with a lone surrogate.
    """

    @staticmethod
    def from_wire(wire, utf8=False):
        """The name that these octets (unquoted) stand for: modified UTF-7, or UTF-8 once a session enabled it.

        Never raises for what a peer sent: see :attr:`defects`.
        """
        cdef bytes data = bytes(wire)
        return mailbox_from_wire(<const uint8_t *>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), utf8)

    @property
    def wire(self):
        """The octets of the name outside UTF-8 mode: modified UTF-7, or as they were received."""
        return mailbox_to_wire(self, False)

    @property
    def defects(self):
        """What is odd about the octets that were received.

        ``"mailbox-not-canonical"``: another encoder would have written it otherwise; ``"mailbox-8bit"``: UTF-8 where
        modified UTF-7 was due; ``"mailbox-undecodable"``: neither. A server refuses all three in a new name.
        """
        return MAILBOX_DEFECTS[self._defect]

    def encode_wire(self, utf8=False):
        """The octets to send: UTF-8 where a session enabled it, else :attr:`wire`."""
        return mailbox_to_wire(self, utf8)

    def __repr__(self):
        return f"MailboxName({str.__repr__(self)})"

    def __reduce__(self):
        if self._wire is not None:
            return (MailboxName.from_wire, (self._wire,))
        return (MailboxName, (str(self),))



# A str is made in tp_new, before __cinit__ could change its text, and Cython writes tp_new itself: so ours, which
# spells INBOX in capitals and checks the argument, is put in front of it.
cdef newfunc plain_mailbox_new = (<PyTypeObject *>MailboxName).tp_new


cdef object mailbox_new(type cls, PyObject *args, PyObject *kwargs):
    cdef tuple arguments = <tuple>args
    cdef Py_ssize_t length
    cdef MailboxName name, known
    cdef const char *data
    if PyTuple_GET_SIZE(arguments) != 1 or (kwargs is not NULL and <object>kwargs):
        raise TypeError("MailboxName takes one argument, a str")
    text = arguments[0]
    if not isinstance(text, str):
        raise TypeError(f"a mailbox is a str, not {type(text).__name__}")
    arguments = (PyUnicode_FromObject(text),)  # not what a subclass says that it is
    if isinstance(text, MailboxName):
        known = <MailboxName>text
        name = <MailboxName>plain_mailbox_new(cls, <PyObject *>arguments, NULL)
        name._wire = known._wire
        name._defect = known._defect
        return name
    data = PyUnicode_AsUTF8AndSize(text, &length)
    if is_inbox(<const uint8_t *>data, length):
        arguments = ("INBOX",)
    return plain_mailbox_new(cls, <PyObject *>arguments, NULL)


(<PyTypeObject *>MailboxName).tp_new = <newfunc>mailbox_new


def match_list_pattern(pattern, name, delimiter="/", /):
    """Whether the mailbox *name* matches a LIST pattern (RFC 3501 section 6.3.8).

    ``*`` stands for any text, ``%`` for any without the hierarchy *delimiter* (a character, or ``None`` where
    names are flat). INBOX matches in any case. Reference names are the caller's to put before the pattern. Pattern and
    name are both ``str``, or both the same encoding as ``bytes``. No pattern makes it slow: time is at most
    quadratic in the length of the name.
    """
    cdef bytes p = as_utf8(pattern)
    cdef bytes n = as_utf8(name)
    cdef Py_ssize_t length = PyBytes_GET_SIZE(n)
    cdef uint8_t stack[512]
    cdef uint8_t *scratch = stack
    cdef uint8_t character = 0
    cdef bint found
    if delimiter is not None:
        if len(delimiter) != 1 or not delimiter.isascii():
            raise ValueError("a hierarchy delimiter is one ASCII character")
        character = ord(delimiter)
    if length + 1 > <Py_ssize_t>sizeof(stack):
        scratch = <uint8_t *>PyMem_RawMalloc(length + 1)
        if scratch is NULL:
            raise MemoryError()
    found = mp_list_match(<const uint8_t *>PyBytes_AS_STRING(p), PyBytes_GET_SIZE(p),
                          <const uint8_t *>PyBytes_AS_STRING(n), length, character, scratch)
    if scratch is not stack:
        PyMem_RawFree(scratch)
    return found
