# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""The Writer: commands and responses as lists of fragments; see csrc/include/mailproto/imap_write.h."""

cimport cython
from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromObject, PyBytes_FromStringAndSize, PyBytes_GET_SIZE,
)
from cpython.long cimport PyLong_CheckExact
from cpython.mem cimport PyMem_RawFree, PyMem_RawRealloc
from cpython.unicode cimport PyUnicode_AsUTF8String
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memchr, memcpy

from mailproto._core.c_mailproto cimport (
    MP_FORM_ASTRING, MP_FORM_ATOM, MP_FORM_LIST, MP_FORM_LITERAL, MP_FORM_LITERAL8, MP_FORM_QUOTED, MP_FORM_QUOTED8,
    MP_LITERAL_MINUS_MAX, mp_form, mp_form_of, mp_is_flag, mp_is_utf8, mp_write_literal_header, mp_write_number, mp_write_quoted,
)
from mailproto._core.mailbox_name cimport mailbox_to_wire
from mailproto._core.sequence_set cimport SequenceSet

from mailproto import exact
from mailproto._core.dates import format_date, format_internal_date
from mailproto.streamed import Streamed

import enum


class SyncPoint(enum.Enum):
    """Type of :data:`SYNC`."""

    SYNC = "SYNC"

    def __repr__(self):
        return "SYNC"


#: Stands in a list of fragments where a client must wait for the server's "+" before it sends on.
SYNC = SyncPoint.SYNC

cdef dict LITERAL_MODES = {"sync": 0, "minus": 1, "plus": 2}

#: A literal of this many octets or more is a fragment of its own: from here a copy costs more than a send.
cdef enum:
    PASS_THROUGH = 4096


cdef bytes octets(object value, str what):
    """What a str, bytes or buffer puts on the wire; str goes out as UTF-8.

    What a subclass of these makes of itself does not count: the octets are those that it holds.
    """
    if PyBytes_CheckExact(value):
        return <bytes>value
    if isinstance(value, str):
        return PyUnicode_AsUTF8String(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return PyBytes_FromObject(value)
    if isinstance(value, Streamed):
        return bytes(value)  # which raises
    raise TypeError(f"{what} must be str or bytes, not {type(value).__name__}")


@cython.final
cdef class Writer:
    """Builds one command or response as the list of fragments to send.

    ``side`` is ``"client"`` or ``"server"``. A client's literals follow ``literals``: ``"sync"`` waits for the
    server's ``+`` before each (:data:`SYNC` stands in the list there), ``"plus"`` never waits (LITERAL+), ``"minus"``
    waits only above 4096 octets (LITERAL-). A server never waits. ``utf8`` is true where UTF8=ACCEPT or
    IMAP4rev2 is enabled: strings over 7 bits may then be quoted and mailbox names go out as UTF-8.

    Each method appends one element of the grammar and returns the writer. CR, LF and NUL can leave only inside a
    literal: what cannot be written otherwise raises ``ValueError``, and nothing is written then; only :meth:`raw`
    trusts its caller. A literal of 4096 octets or more is passed on as it is, not copied.
    """

    def __cinit__(self, *, utf8=False, literals="sync", side="client"):
        if literals not in LITERAL_MODES:
            raise ValueError('literals must be "sync", "plus" or "minus"')
        if side not in ("client", "server"):
            raise ValueError('side must be "client" or "server"')
        self.fragments = []
        self.utf8 = utf8
        self.literals = LITERAL_MODES[literals]
        self.client = side == "client"

    def __dealloc__(self):
        PyMem_RawFree(self.buffer)

    @property
    def in_utf8(self):
        """Whether mailbox names go out as UTF-8."""
        return self.utf8

    cdef uint8_t *reserve(self, size_t octets) except NULL:
        cdef size_t wanted = self.used + octets
        cdef size_t room
        cdef uint8_t *grown
        if self.finished:
            raise ValueError("the writer is finished")
        if wanted > self.room or self.buffer is NULL:  # never NULL, not even for no octets
            room = self.room * 2 if self.room else 256
            if room < wanted:
                room = wanted
            grown = <uint8_t *>PyMem_RawRealloc(self.buffer, room)
            if grown is NULL:
                raise MemoryError()
            self.buffer = grown
            self.room = room
        return self.buffer + self.used

    cdef int put(self, const uint8_t *data, size_t length) except -1:
        memcpy(self.reserve(length), data, length)
        self.used += length
        return 0

    cdef int flush(self) except -1:
        if self.used:
            self.fragments.append(PyBytes_FromStringAndSize(<char *>self.buffer, self.used))
            self.used = 0
        return 0

    cdef int put_string(self, bytes data, int narrowest) except -1:
        """A string in its shortest form: bare where `narrowest` (an mp_form) allows, quoted, literal."""
        cdef const uint8_t *start = <const uint8_t *>PyBytes_AS_STRING(data)
        cdef size_t length = PyBytes_GET_SIZE(data)
        cdef mp_form form = mp_form_of(start, length)
        if <int>form <= narrowest:
            return self.put(start, length)
        if form <= MP_FORM_QUOTED or (form == MP_FORM_QUOTED8 and self.utf8 and mp_is_utf8(start, length)):
            self.used += mp_write_quoted(start, length, self.reserve(2 * length + 2))
            return 0
        return self.put_literal(data, -1)

    cdef int put_literal(self, bytes data, int binary) except -1:
        cdef size_t length = PyBytes_GET_SIZE(data)
        cdef bint plus = False
        if binary < 0:
            # Only a client may turn a string into a literal8: a server's strings have no such form (RFC 9051
            # section 9, nstring), and clients take the NUL in a plain literal.
            binary = self.client and memchr(PyBytes_AS_STRING(data), 0, length) is not NULL
        if self.client:
            plus = self.literals == 2 or (self.literals == 1 and length <= MP_LITERAL_MINUS_MAX)
        self.used += mp_write_literal_header(length, binary, plus, self.reserve(26))
        if self.client and not plus:
            self.flush()
            self.fragments.append(SYNC)
        if length >= PASS_THROUGH:
            self.flush()
            self.fragments.append(data)
        elif length:
            self.put(<const uint8_t *>PyBytes_AS_STRING(data), length)
        return 0

    def raw(self, data, /):
        """Octets as they are, unchecked: wire form that something else has made, such as a stored ENVELOPE."""
        cdef bytes wire = octets(data, "raw data")
        with cython.critical_section(self):
            if PyBytes_GET_SIZE(wire) >= PASS_THROUGH and not self.finished:
                self.flush()
                self.fragments.append(wire)
            else:
                self.put(<const uint8_t *>PyBytes_AS_STRING(wire), PyBytes_GET_SIZE(wire))
        return self

    def text(self, data, /):
        """Free text to the end of a line or response code; refuses CR, LF and NUL."""
        cdef bytes wire = octets(data, "text")
        if b"\r" in wire or b"\n" in wire or b"\0" in wire:
            raise ValueError("text holds CR, LF or NUL")
        with cython.critical_section(self):
            self.put(<const uint8_t *>PyBytes_AS_STRING(wire), PyBytes_GET_SIZE(wire))
        return self

    def atom(self, data, /):
        """An atom (RFC 9051 section 9); ValueError for anything else."""
        cdef bytes wire = octets(data, "an atom")
        if mp_form_of(<const uint8_t *>PyBytes_AS_STRING(wire), PyBytes_GET_SIZE(wire)) != MP_FORM_ATOM:
            raise ValueError("not an atom")
        with cython.critical_section(self):
            self.put(<const uint8_t *>PyBytes_AS_STRING(wire), PyBytes_GET_SIZE(wire))
        return self

    def flag(self, data, /):
        r"""A flag: ``\Seen``, a keyword, or ``\*``; ValueError for anything else."""
        cdef bytes wire = octets(data, "a flag")
        if not mp_is_flag(<const uint8_t *>PyBytes_AS_STRING(wire), PyBytes_GET_SIZE(wire)):
            raise ValueError("not a flag")
        with cython.critical_section(self):
            self.put(<const uint8_t *>PyBytes_AS_STRING(wire), PyBytes_GET_SIZE(wire))
        return self

    def astring(self, data, /):
        """An atom if it can be one, else as :meth:`string`; ``NIL`` is quoted."""
        cdef bytes wire = octets(data, "a string")
        with cython.critical_section(self):
            self.put_string(wire, MP_FORM_ASTRING)
        return self

    def string(self, data, /):
        """Quoted if it is short text, else a literal; a client's is ``~{n}`` where it holds NUL (RFC 3516)."""
        cdef bytes wire = octets(data, "a string")
        with cython.critical_section(self):
            self.put_string(wire, -1)
        return self

    def nstring(self, data, /):
        """``NIL`` for None, else as :meth:`string`."""
        if data is None:
            return self.nil()
        return self.string(data)

    def delimiter(self, character, /):
        """A hierarchy delimiter, ``None`` for NIL: between quotes, whatever the character, for that is its grammar."""
        if character is None or character in "\0\r\n":  # the latter were read from a literal
            return self.nstring(None if character is None else character.encode("ascii"))
        escape = b"\\" if character in '"\\' else b""
        return self.raw(b'"' + escape + character.encode("utf-8", "surrogateescape") + b'"')

    def literal(self, data, /, *, binary=None):
        """A literal, whatever it holds. ``binary`` true makes it ``~{n}``; by default a client's is that if it must."""
        cdef bytes wire = octets(data, "a literal")
        cdef int form = -1 if binary is None else bool(binary)
        with cython.critical_section(self):
            self.put_literal(wire, form)
        return self

    def mailbox(self, name, /):
        """A mailbox name: a str is encoded as the session wants it, bytes are taken as they are."""
        cdef bytes wire = mailbox_to_wire(name, self.utf8)
        with cython.critical_section(self):
            self.put_string(wire, MP_FORM_ASTRING)
        return self

    def list_mailbox(self, pattern, /):
        """A pattern of LIST, in which ``*`` and ``%`` need no quotes."""
        cdef bytes wire = mailbox_to_wire(pattern, self.utf8)
        with cython.critical_section(self):
            self.put_string(wire, MP_FORM_LIST)
        return self

    def number(self, number, /):
        """A number from 0 to 2**64 - 1."""
        cdef uint64_t value
        if not PyLong_CheckExact(number):
            number = exact.integer(number, "a number", most=0xFFFFFFFFFFFFFFFF)
        if not 0 <= number <= 0xFFFFFFFFFFFFFFFF:
            raise ValueError("a number must be from 0 to 18446744073709551615")
        value = number
        with cython.critical_section(self):
            self.used += mp_write_number(value, self.reserve(20))
        return self

    def sequence_set(self, numbers, /):
        """A SequenceSet, or what makes one; ValueError for an empty one, which has no wire form."""
        if not isinstance(numbers, SequenceSet):
            numbers = SequenceSet(numbers)
        if not numbers:
            raise ValueError("an empty sequence set cannot be sent")
        return self.raw(bytes(numbers))

    def date_time(self, moment, /):
        """An INTERNALDATE in its quotes, from an aware datetime; ValueError for a naive one."""
        return self.raw(b'"' + format_internal_date(moment) + b'"')

    def date(self, day, /):
        """The date of a search key, from a ``datetime.date``."""
        return self.raw(format_date(day))

    def nil(self):
        """``NIL``."""
        with cython.critical_section(self):
            self.put(b"NIL", 3)
        return self

    def sp(self):
        """One space."""
        with cython.critical_section(self):
            self.put(b" ", 1)
        return self

    def open(self):
        """``(``."""
        with cython.critical_section(self):
            self.put(b"(", 1)
        return self

    def close(self):
        """``)``."""
        with cython.critical_section(self):
            self.put(b")", 1)
        return self

    def list(self, items, write, /):
        """A parenthesized list: ``writer.list(flags, writer.flag)`` gives ``(\\Seen work)``."""
        cdef bint first = True
        self.open()
        for item in items:
            if not first:
                self.sp()
            first = False
            write(item)
        return self.close()

    def crlf(self):
        """The end of the line."""
        with cython.critical_section(self):
            self.put(b"\r\n", 2)
        return self

    def finish(self):
        """The fragments: ``bytes``, and :data:`SYNC` where a client must wait. Ends the writer."""
        with cython.critical_section(self):
            self.flush()
            self.finished = True
        return self.fragments

    def __bytes__(self):
        """Everything so far in one piece, without the points of waiting."""
        with cython.critical_section(self):
            pending = PyBytes_FromStringAndSize(<char *>self.buffer, self.used)
            fragments = [fragment for fragment in self.fragments if fragment is not SYNC]
        fragments.append(pending)
        return b"".join(fragments)
