# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""Address and Envelope: what FETCH tells about a message's header."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcmp

from mailproto._core.c_mailproto cimport (
    MP_DEFECT_EIGHT_BIT, MP_OK, MP_TEXT_ATOM, MP_TEXT_NIL, MP_TEXT_QUOTED_ESC, c_bool, mp_address,
    mp_envelope, mp_error, mp_fail_limit, mp_limits, mp_read_address, mp_read_envelope, mp_span, mp_text,
    mp_defect, mp_defects, mp_defects_join,
)
from mailproto._core.common cimport octets_or_none, padded, raise_error
from mailproto._core.header_text cimport to_text
from mailproto._core.members cimport mp_add_member, mp_new_empty
from mailproto._core.trees cimport builtin
from mailproto._core.words cimport (
    WORD_ADDRESS, WORD_LIMIT, WordCache, defect_names, text_to_bytes, text_to_word, word_at, word_hash,
)
from mailproto._core.write cimport Writer

from mailproto import exact
from mailproto._core.trees import cut_repr, short_repr

cdef extern from *:
    """
    #define OFF_ADDRESS(field) offsetof(struct __pyx_obj_9mailproto_5_core_8envelope_Address, field)
    #define OFF_ENVELOPE(field) offsetof(struct __pyx_obj_9mailproto_5_core_8envelope_Envelope, field)
    """
    size_t ADDRESS_OBJECT "sizeof(struct __pyx_obj_9mailproto_5_core_8envelope_Address)"
    Py_ssize_t ADDRESS_NAME "OFF_ADDRESS(name)"
    Py_ssize_t ADDRESS_ROUTE "OFF_ADDRESS(route)"
    Py_ssize_t ADDRESS_MAILBOX "OFF_ADDRESS(mailbox)"
    Py_ssize_t ADDRESS_HOST "OFF_ADDRESS(host)"
    size_t ENVELOPE_OBJECT "sizeof(struct __pyx_obj_9mailproto_5_core_8envelope_Envelope)"
    Py_ssize_t ENVELOPE_DATE "OFF_ENVELOPE(date)"
    Py_ssize_t ENVELOPE_SUBJECT "OFF_ENVELOPE(subject)"
    Py_ssize_t ENVELOPE_FROM "OFF_ENVELOPE(from_)"
    Py_ssize_t ENVELOPE_SENDER "OFF_ENVELOPE(sender)"
    Py_ssize_t ENVELOPE_REPLY_TO "OFF_ENVELOPE(reply_to)"
    Py_ssize_t ENVELOPE_TO "OFF_ENVELOPE(to)"
    Py_ssize_t ENVELOPE_CC "OFF_ENVELOPE(cc)"
    Py_ssize_t ENVELOPE_BCC "OFF_ENVELOPE(bcc)"
    Py_ssize_t ENVELOPE_IN_REPLY_TO "OFF_ENVELOPE(in_reply_to)"
    Py_ssize_t ENVELOPE_MESSAGE_ID "OFF_ENVELOPE(message_id)"


@cython.final
@cython.no_gc
cdef class Address:
    """One address of an ENVELOPE (RFC 9051 section 7.5.2): ``name``, ``route``, ``mailbox``, ``host``, bytes or None.

    ``host`` None marks a group: its start where ``mailbox`` holds its name, its end where that is None too.
    """

    __match_args__ = ("name", "route", "mailbox", "host")

    def __init__(self, name=None, route=None, mailbox=None, host=None):
        if self.name is not None or self.mailbox is not None or self.host is not None:
            raise TypeError("an Address does not change")
        self.name = octets_or_none(name, "name")
        self.route = octets_or_none(route, "route")
        self.mailbox = octets_or_none(mailbox, "mailbox")
        self.host = octets_or_none(host, "host")

    @property
    def display_name(self):
        """``name`` as text, encoded words decoded; None where there is none."""
        return to_text(self.name)

    @property
    def addr_spec(self):
        """``mailbox@host`` as text; None for the start or end of a group."""
        if self.mailbox is None or self.host is None:
            return None
        return f"{to_text(self.mailbox)}@{to_text(self.host)}"

    def __eq__(self, other):
        cdef Address that
        if not isinstance(other, Address):
            return NotImplemented
        that = <Address>other
        return (self.mailbox == that.mailbox and self.host == that.host and self.name == that.name
                and self.route == that.route)

    def __hash__(self):
        return hash((self.name, self.route, self.mailbox, self.host))

    def __copy__(self):
        """The value itself: it never changes."""
        return self

    def __deepcopy__(self, memo):
        """The value itself: it never changes."""
        return self

    def __reduce__(self):
        return restored_address, (self.name, self.route, self.mailbox, self.host)

    def __repr__(self):
        return (f"Address(name={short_repr(self.name)}, route={short_repr(self.route)}, "
                f"mailbox={short_repr(self.mailbox)}, host={short_repr(self.host)})")

    def encode(self, utf8=False, literals="sync"):
        """The wire form, ``(...)`` alone, as a list of fragments."""
        return write_address(Writer(utf8=utf8, side="server"), self).finish()

    def __bytes__(self):
        return bytes(write_address(Writer(side="server"), self))

    def to_dict(self, *, secrets=False):
        """JSON-able builtins."""
        return {name: builtin(getattr(self, name)) for name in ("name", "route", "mailbox", "host")}


cdef enum:
    FEW = 16           # addresses that are gathered without a list


cdef object write_address(object writer, Address address):
    writer.open().nstring(address.name).sp().nstring(address.route).sp()
    return writer.nstring(address.mailbox).sp().nstring(address.host).close()


cdef inline bint holds(object value, const uint8_t *data, const mp_text *text) noexcept:
    """Whether a field of an address is what the text stands for; false, too, where that needs work."""
    if text.kind == MP_TEXT_NIL:
        return value is None
    return (value is not None and text.kind != MP_TEXT_QUOTED_ESC and PyBytes_GET_SIZE(value) == text.span.len
            and memcmp(PyBytes_AS_STRING(value), data + text.span.off, text.span.len) == 0)


cdef tuple addresses_of(WordCache cache, const uint8_t *data, mp_span span, const mp_limits *limits, bint loose,
                        uint32_t *count, mp_defects *defects):
    """A list of addresses as a tuple, NIL as None. People write again and again: their addresses are shared."""
    cdef mp_error error
    cdef mp_address parts
    cdef c_bool found
    cdef uint32_t at = span.off + 1
    cdef uint32_t end = span.off + span.len
    cdef uint32_t h = 0
    cdef mp_defects own
    cdef uint32_t before
    cdef bint cached
    cdef Address address
    cdef PyObject *few[FEW]
    cdef Py_ssize_t n = 0
    cdef Py_ssize_t i
    cdef list more = None
    cdef tuple result
    if span.len == 0:
        return None
    try:
        while True:
            own.bits = 0
            before = at
            if mp_read_address(data, &at, end, loose, &parts, &found, &own, &error) != MP_OK:
                raise_error(&error, data, end)
            if not found:
                mp_defects_join(defects, &own, 0)
                break
            count[0] += 1
            if count[0] > limits.max_addresses:
                mp_fail_limit(&error, at, b"max_addresses")
                raise_error(&error, data, end)
            eight(&parts.name, &own)
            eight(&parts.mailbox, &own)
            eight(&parts.host, &own)
            mp_defects_join(defects, &own, 0)
            cached = cache is not None and own.bits == 0 and at - before <= WORD_LIMIT  # what is kept has nothing to report
            address = None
            if cached:
                h = word_hash(WORD_ADDRESS, data + before, at - before)
                address = <Address>word_at(cache, WORD_ADDRESS, h)
                if address is not None and not (
                        holds(address.mailbox, data, &parts.mailbox) and holds(address.name, data, &parts.name)
                        and holds(address.host, data, &parts.host) and holds(address.route, data, &parts.route)):
                    address = None
            if address is None:
                address = <Address>mp_new_empty(Address, ADDRESS_OBJECT, ADDRESS_NAME, 4)
                address.name = text_to_bytes(data, &parts.name)
                address.route = text_to_bytes(data, &parts.route)
                address.mailbox = text_to_bytes(data, &parts.mailbox)
                address.host = text_to_word(cache, data, &parts.host)
                if cached:
                    cache.keep(WORD_ADDRESS, h, address, address)
            if n < FEW:
                Py_INCREF(address)
                few[n] = <PyObject *>address
                n += 1
            else:
                more = [] if more is None else more
                more.append(address)
        if n == 0:
            return None
        result = PyTuple_New(n)
        for i in range(n):
            PyTuple_SET_ITEM(result, i, <object>few[i])
        n = 0  # the tuple has them now
        return result if more is None else result + tuple(more)
    finally:
        for i in range(n):
            Py_XDECREF(few[i])


cdef inline void eight(const mp_text *text, mp_defects *defects) noexcept:
    if text.high and text.kind == MP_TEXT_ATOM:
        mp_defect(defects, MP_DEFECT_EIGHT_BIT, text.span.off)


cdef tuple ENVELOPE_FIELDS = (
    "date", "subject", "from_", "sender", "reply_to", "to", "cc", "bcc", "in_reply_to", "message_id",
)


cdef object address_tuple(object value, str name):
    if value is None:
        return None
    made = exact.items(value, name, "Address") or None
    for item in made or ():
        if not isinstance(item, Address):
            raise TypeError(f"{name} must hold Address values, not {type(item).__name__}")
    return made


@cython.final
@cython.no_gc
cdef class Envelope:
    """ENVELOPE (RFC 9051 section 7.5.2).

    ``date``, ``subject``, ``in_reply_to`` and ``message_id`` are the header's bytes or None; ``from_``, ``sender``,
    ``reply_to``, ``to``, ``cc`` and ``bcc`` tuples of :class:`Address`, or None for NIL.
    """

    __match_args__ = ENVELOPE_FIELDS

    def __init__(self, date=None, subject=None, from_=None, sender=None, reply_to=None, to=None, cc=None, bcc=None,
                 in_reply_to=None, message_id=None):
        if envelope_fields(self) != (None,) * 10:
            raise TypeError("an Envelope does not change")
        self.date = octets_or_none(date, "date")
        self.subject = octets_or_none(subject, "subject")
        self.from_ = address_tuple(from_, "from_")
        self.sender = address_tuple(sender, "sender")
        self.reply_to = address_tuple(reply_to, "reply_to")
        self.to = address_tuple(to, "to")
        self.cc = address_tuple(cc, "cc")
        self.bcc = address_tuple(bcc, "bcc")
        self.in_reply_to = octets_or_none(in_reply_to, "in_reply_to")
        self.message_id = octets_or_none(message_id, "message_id")

    @staticmethod
    def from_wire(wire, limits=None):
        """The envelope in its wire form, ``(...)`` alone. ParseError where it is none, LimitError past a bound."""
        cdef mp_limits bounds
        cdef bytes data = bytes(wire)
        cdef bytes room = padded(data, limits, &bounds)
        cdef mp_defects defects
        cdef Envelope made
        defects.bits = 0
        made = envelope_of(
            None, <const uint8_t *>PyBytes_AS_STRING(room), PyBytes_GET_SIZE(data), &bounds, &defects)
        made.wire = data
        return made

    @property
    def subject_text(self):
        """``subject`` as text, encoded words decoded; None where there is none."""
        return to_text(self.subject)

    @property
    def defects(self):
        """What was wrong with the bytes and read all the same."""
        return defect_names(self.bits)

    def __eq__(self, other):
        return envelope_fields(self) == envelope_fields(<Envelope>other) if isinstance(other, Envelope) else NotImplemented

    def __hash__(self):
        return hash(envelope_fields(self))

    def __copy__(self):
        """The value itself: it never changes."""
        return self

    def __deepcopy__(self, memo):
        """The value itself: it never changes."""
        return self

    def __reduce__(self):
        return restored_envelope, (envelope_fields(self), self.wire, self.bits)

    def __repr__(self):
        shown = ", ".join([f"{n}={short_repr(v)}" for n, v in zip(ENVELOPE_FIELDS, envelope_fields(self))])
        return cut_repr(f"Envelope({shown})")

    def encode(self, utf8=False, literals="sync"):
        """The wire form, ``(...)`` alone, as a list of fragments."""
        return write_envelope(Writer(utf8=utf8, side="server"), self).finish()

    def __bytes__(self):
        if self.wire is not None and self.bits == 0:
            return self.wire
        return bytes(write_envelope(Writer(side="server"), self))

    def to_dict(self, *, secrets=False):
        """JSON-able builtins."""
        return {name: builtin(value) for name, value in zip(ENVELOPE_FIELDS, envelope_fields(self))}


cdef tuple envelope_fields(Envelope self):
    return (self.date, self.subject, self.from_, self.sender, self.reply_to, self.to, self.cc, self.bcc,
            self.in_reply_to, self.message_id)


cdef object write_envelope(object writer, Envelope envelope):
    writer.open().nstring(envelope.date).sp().nstring(envelope.subject)
    for addresses in envelope_fields(envelope)[2:8]:
        writer.sp()
        if not addresses:
            writer.nil()
            continue
        writer.open()
        for address in <tuple>addresses:
            write_address(writer, <Address>address)
        writer.close()
    return writer.sp().nstring(envelope.in_reply_to).sp().nstring(envelope.message_id).close()


cdef Envelope envelope_of(WordCache cache, const uint8_t *data, size_t length, const mp_limits *limits,
                          mp_defects *defects):
    cdef mp_envelope parts
    cdef mp_error error
    cdef Envelope made
    cdef uint32_t count = 0
    if mp_read_envelope(data, length, limits, &parts, &error) != MP_OK:
        raise_error(&error, data, length)
    made = <Envelope>mp_new_empty(Envelope, ENVELOPE_OBJECT, ENVELOPE_DATE, 11)
    eight(&parts.date, &parts.defects)
    eight(&parts.subject, &parts.defects)
    made.date = text_to_bytes(data, &parts.date)
    made.subject = text_to_bytes(data, &parts.subject)
    made.from_ = addresses_of(cache, data, parts.lists[0], limits, parts.loose, &count, &parts.defects)
    if same(data, parts.lists[1], parts.lists[0]):  # sender and reply-to nearly always repeat from
        made.sender = made.from_
    else:
        made.sender = addresses_of(cache, data, parts.lists[1], limits, parts.loose, &count, &parts.defects)
    if same(data, parts.lists[2], parts.lists[0]):
        made.reply_to = made.from_
    else:
        made.reply_to = addresses_of(cache, data, parts.lists[2], limits, parts.loose, &count, &parts.defects)
    made.to = addresses_of(cache, data, parts.lists[3], limits, parts.loose, &count, &parts.defects)
    made.cc = addresses_of(cache, data, parts.lists[4], limits, parts.loose, &count, &parts.defects)
    made.bcc = addresses_of(cache, data, parts.lists[5], limits, parts.loose, &count, &parts.defects)
    made.in_reply_to = text_to_bytes(data, &parts.in_reply_to)
    made.message_id = text_to_bytes(data, &parts.message_id)
    made.bits = parts.defects.bits
    mp_defects_join(defects, &parts.defects, 0)
    return made


cdef inline bint same(const uint8_t *data, mp_span a, mp_span b) noexcept:
    return a.len == b.len and memcmp(data + a.off, data + b.off, a.len) == 0


cdef int add_members() except -1:
    mp_add_member(Address, b"name", ADDRESS_NAME)
    mp_add_member(Address, b"route", ADDRESS_ROUTE)
    mp_add_member(Address, b"mailbox", ADDRESS_MAILBOX)
    mp_add_member(Address, b"host", ADDRESS_HOST)
    mp_add_member(Envelope, b"date", ENVELOPE_DATE)
    mp_add_member(Envelope, b"subject", ENVELOPE_SUBJECT)
    mp_add_member(Envelope, b"from_", ENVELOPE_FROM)
    mp_add_member(Envelope, b"sender", ENVELOPE_SENDER)
    mp_add_member(Envelope, b"reply_to", ENVELOPE_REPLY_TO)
    mp_add_member(Envelope, b"to", ENVELOPE_TO)
    mp_add_member(Envelope, b"cc", ENVELOPE_CC)
    mp_add_member(Envelope, b"bcc", ENVELOPE_BCC)
    mp_add_member(Envelope, b"in_reply_to", ENVELOPE_IN_REPLY_TO)
    mp_add_member(Envelope, b"message_id", ENVELOPE_MESSAGE_ID)
    return 0


add_members()


def restored_address(name, route, mailbox, host):
    """What pickle calls: what was streamed passes no constructor."""
    cdef Address made = <Address>mp_new_empty(Address, ADDRESS_OBJECT, ADDRESS_NAME, 4)
    made.name = name
    made.route = route
    made.mailbox = mailbox
    made.host = host
    return made


def restored_envelope(fields, wire, bits):
    """What pickle calls: what was read tolerantly or streamed passes no constructor."""
    cdef Envelope made = <Envelope>mp_new_empty(Envelope, ENVELOPE_OBJECT, ENVELOPE_DATE, 11)
    (made.date, made.subject, made.from_, made.sender, made.reply_to, made.to, made.cc, made.bcc, made.in_reply_to,
     made.message_id) = fields
    made.wire = wire
    made.bits = bits
    return made
