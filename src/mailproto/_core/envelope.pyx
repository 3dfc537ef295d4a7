# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""Address, Envelope and BodyStructure: what FETCH tells about a message without its text."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy, memset

from mailproto._core.c_mailproto cimport (
    MP_BODY_MESSAGE, MP_BODY_MULTIPART, MP_DEFECT_EIGHT_BIT, MP_DEFECT_NIL_STRING, MP_NO_PART, MP_OK, MP_PADDING,
    MP_TEXT_ATOM, MP_TEXT_NIL, MP_TEXT_QUOTED_ESC, c_bool, mp_address, mp_alloc_libc, mp_body, mp_body_free, mp_body_init, mp_body_part,
    mp_envelope, mp_error, mp_fail_limit, mp_limits, mp_read_address, mp_read_body, mp_read_envelope,
    mp_read_list_string, mp_span, mp_text,
)
from mailproto._core.common cimport VALUE_DEPTH, limits_to_c, raise_error, shallow
from mailproto._core.members cimport mp_add_member, mp_new_empty
from mailproto._core.trees cimport builtin, write_tree
from mailproto._core.words cimport (
    WORD_ADDRESS, WORD_LIMIT, WORD_PARAMS, WordCache, defect_names, text_to_bytes, text_to_word, trees_in,
    word_at, word_find, word_hash,
)
from mailproto._core.write cimport Writer

from mailproto.errors import LimitError, ParseError
from mailproto.limits import Limits

cdef extern from *:
    """
    #define OFF_ADDRESS(field) offsetof(struct __pyx_obj_9mailproto_5_core_8envelope_Address, field)
    #define OFF_ENVELOPE(field) offsetof(struct __pyx_obj_9mailproto_5_core_8envelope_Envelope, field)
    #define OFF_BODY(field) offsetof(struct __pyx_obj_9mailproto_5_core_8envelope_BodyStructure, field)
    """
    Py_ssize_t ADDRESS_NAME "OFF_ADDRESS(name)"
    Py_ssize_t ADDRESS_ROUTE "OFF_ADDRESS(route)"
    Py_ssize_t ADDRESS_MAILBOX "OFF_ADDRESS(mailbox)"
    Py_ssize_t ADDRESS_HOST "OFF_ADDRESS(host)"
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
    Py_ssize_t BODY_TYPE "OFF_BODY(type)"
    Py_ssize_t BODY_SUBTYPE "OFF_BODY(subtype)"
    Py_ssize_t BODY_PARAMS "OFF_BODY(params)"
    Py_ssize_t BODY_ID "OFF_BODY(id)"
    Py_ssize_t BODY_DESCRIPTION "OFF_BODY(description)"
    Py_ssize_t BODY_ENCODING "OFF_BODY(encoding)"
    Py_ssize_t BODY_SIZE "OFF_BODY(size)"
    Py_ssize_t BODY_LINES "OFF_BODY(lines)"
    Py_ssize_t BODY_MD5 "OFF_BODY(md5)"
    Py_ssize_t BODY_DISPOSITION "OFF_BODY(disposition)"
    Py_ssize_t BODY_LANGUAGE "OFF_BODY(language)"
    Py_ssize_t BODY_LOCATION "OFF_BODY(location)"
    Py_ssize_t BODY_EXTENSIONS "OFF_BODY(extensions)"
    Py_ssize_t BODY_ENVELOPE "OFF_BODY(envelope)"
    Py_ssize_t BODY_BODY "OFF_BODY(body)"
    Py_ssize_t BODY_PARTS "OFF_BODY(parts)"


cdef enum:
    CHARSET_LIMIT = 64  # octets of a charset's name

#: What Python calls encodings and are none of text: they warn, or take more than linear time.
cdef frozenset NO_CHARSETS = frozenset((
    "idna", "punycode", "unicode_escape", "unicode-escape", "raw_unicode_escape", "raw-unicode-escape", "undefined",
))


cdef object octets_or_none(object value, str name):
    if value is None or type(value) is bytes:
        return value
    if isinstance(value, str):
        return (<str>value).encode("utf-8", "surrogateescape")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise TypeError(f"{name} must be bytes, str or None, not {type(value).__name__}")


cdef str decode_words(object value):
    """A header's text for a person: encoded words (RFC 2047) decoded, what cannot be decoded left as it is."""
    cdef bytes data = value
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return decode_encoded_words(text) if "=?" in text else text


cdef str decode_encoded_words(str text):
    """RFC 2047 in one pass: email.header.decode_header takes quadratic time for words that are left open."""
    cdef list made = []
    cdef list run = []       # octets of encoded words side by side in one charset: a character may be cut between them
    cdef str charset = None
    cdef str name, encoded, between
    cdef Py_ssize_t done = 0  # up to here the text is in `made` or `run`
    cdef Py_ssize_t at = 0
    cdef Py_ssize_t mark, end
    while (at := text.find("=?", at)) >= 0:
        mark = text.find("?", at + 2, at + 2 + CHARSET_LIMIT)
        if mark <= at + 2 or text[mark + 1 : mark + 2] not in ("b", "B", "q", "Q") or text[mark + 2 : mark + 3] != "?":
            at += 2
            continue
        end = text.find("?=", mark + 3)
        if end < 0:
            break
        name = text[at + 2 : mark].partition("*")[0].lower()  # RFC 2231 section 5: charset*language
        encoded = text[mark + 3 : end]
        data = from_base64(encoded) if text[mark + 1] in "bB" else from_q(encoded)
        if data is None:  # left as it is
            at = end + 1
            continue
        between = text[done:at]
        if charset is not None and between.strip(" \t\r\n"):
            made.append(in_charset(run, charset))
            charset = None
        if charset is None:
            made.append(between)
        elif charset != name:
            made.append(in_charset(run, charset))
            charset = None
        if charset is None:
            charset = name
            run = []
        run.append(data)
        at = done = end + 2
    if charset is not None:
        made.append(in_charset(run, charset))
    made.append(text[done:])
    return "".join(made)


cdef bytes from_base64(str encoded):
    import binascii
    try:
        return binascii.a2b_base64(encoded + "=" * (-len(encoded) % 4))
    except ValueError:
        return None


cdef bytes from_q(str encoded):
    import quopri
    try:
        return quopri.decodestring(encoded.encode("latin-1"), header=True)
    except ValueError:
        return None


cdef str in_charset(list run, str charset):
    cdef bytes data = b"".join(run)
    try:
        return data.decode(charset if charset.isascii() and charset not in NO_CHARSETS else "latin-1", "replace")
    except (LookupError, ValueError):
        return data.decode("latin-1")


cdef str to_text(object value):
    return None if value is None else decode_words(value)


# ---- Address ---------------------------------------------------------------------------------------------------------


@cython.final
@cython.no_gc
cdef class Address:
    """One address of an ENVELOPE (RFC 9051 section 7.5.2): ``name``, ``route``, ``mailbox``, ``host``, bytes or None.

    ``host`` None marks a group: its start where ``mailbox`` holds its name, its end where that is None too.
    """

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

    def __repr__(self):
        return f"Address(name={self.name!r}, route={self.route!r}, mailbox={self.mailbox!r}, host={self.host!r})"

    def __bytes__(self):
        return bytes(write_address(Writer(side="server"), self))

    def to_dict(self, *, secrets=False):
        """JSON-able builtins."""
        return {name: builtin(getattr(self, name)) for name in ("name", "route", "mailbox", "host")}


cdef enum:
    FEW = 16           # addresses that are gathered without a list
    PARAMS_LIMIT = 48  # octets: a longer list of parameters has a boundary or a file's name, which do not come again


cdef object builtins_of(object value):
    if isinstance(value, tuple):
        return [builtins_of(item) for item in value]
    if isinstance(value, (Address, Envelope, BodyStructure)):
        return value.to_dict()
    return builtin(value)


cdef object write_address(object writer, Address address):
    writer.open().nstring(address.name).sp().nstring(address.route).sp()
    return writer.nstring(address.mailbox).sp().nstring(address.host).close()


cdef inline bint holds(object value, const uint8_t *data, const mp_text *text) noexcept:
    """Whether a field of an address is what the text stands for; false, too, where that needs work."""
    if text.kind == MP_TEXT_NIL:
        return value is None
    return (value is not None and text.kind != MP_TEXT_QUOTED_ESC and PyBytes_GET_SIZE(value) == text.span.len
            and memcmp(PyBytes_AS_STRING(value), data + text.span.off, text.span.len) == 0)


cdef tuple addresses_of(WordCache cache, const uint8_t *data, mp_span span, const mp_limits *limits,
                        uint32_t *count, uint32_t *bits):
    """A list of addresses as a tuple, NIL as None. People write again and again: their addresses are shared."""
    cdef mp_error error
    cdef mp_address parts
    cdef c_bool found
    cdef uint32_t at = span.off + 1
    cdef uint32_t end = span.off + span.len
    cdef uint32_t h = 0
    cdef uint32_t own, before
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
            own = 0
            before = at
            if mp_read_address(data, &at, end, &parts, &found, &own, &error) != MP_OK:
                raise_error(&error, data, end)
            bits[0] |= own
            if not found:
                break
            count[0] += 1
            if count[0] > limits.max_addresses:
                mp_fail_limit(&error, at, b"max_addresses")
                raise_error(&error, data, end)
            own |= eight(&parts.name) | eight(&parts.mailbox) | eight(&parts.host)
            bits[0] |= own
            cached = cache is not None and own == 0 and at - before <= WORD_LIMIT  # what is kept has nothing to report
            address = None
            if cached:
                h = word_hash(WORD_ADDRESS, data + before, at - before)
                address = <Address>word_at(cache, WORD_ADDRESS, h)
                if address is not None and not (
                        holds(address.mailbox, data, &parts.mailbox) and holds(address.name, data, &parts.name)
                        and holds(address.host, data, &parts.host) and holds(address.route, data, &parts.route)):
                    address = None
            if address is None:
                address = <Address>mp_new_empty(Address, ADDRESS_NAME, 4)
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
        result = PyTuple_New(n)
        for i in range(n):
            PyTuple_SET_ITEM(result, i, <object>few[i])
        n = 0  # the tuple has them now
        return result if more is None else result + tuple(more)
    finally:
        for i in range(n):
            Py_XDECREF(few[i])


cdef inline uint32_t eight(const mp_text *text) noexcept:
    return MP_DEFECT_EIGHT_BIT if text.high and text.kind == MP_TEXT_ATOM else 0


# ---- Envelope --------------------------------------------------------------------------------------------------------

cdef tuple ENVELOPE_FIELDS = (
    "date", "subject", "from_", "sender", "reply_to", "to", "cc", "bcc", "in_reply_to", "message_id",
)


cdef object address_tuple(object value, str name):
    if value is None:
        return None
    made = tuple(value)
    for item in made:
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
        cdef Envelope made = <Envelope>decode_wire(bytes(wire), limits, False)
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

    def __repr__(self):
        shown = ", ".join([f"{n}={v!r}" for n, v in zip(ENVELOPE_FIELDS, envelope_fields(self))])
        return f"Envelope({shown})"

    def __bytes__(self):
        if self.wire is not None and self.bits == 0:
            return self.wire
        return bytes(write_envelope(Writer(side="server"), self))

    def to_dict(self, *, secrets=False):
        """JSON-able builtins."""
        return {name: builtins_of(value) for name, value in zip(ENVELOPE_FIELDS, envelope_fields(self))}


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


cdef Envelope envelope_of(WordCache cache, const uint8_t *data, size_t length, const mp_limits *limits):
    cdef mp_envelope parts
    cdef mp_error error
    cdef Envelope made
    cdef uint32_t count = 0
    if mp_read_envelope(data, length, limits, &parts, &error) != MP_OK:
        raise_error(&error, data, length)
    made = <Envelope>mp_new_empty(Envelope, ENVELOPE_DATE, 11)
    made.bits = parts.defects | eight(&parts.date) | eight(&parts.subject)
    made.date = text_to_bytes(data, &parts.date)
    made.subject = text_to_bytes(data, &parts.subject)
    made.from_ = addresses_of(cache, data, parts.lists[0], limits, &count, &made.bits)
    if same(data, parts.lists[1], parts.lists[0]):  # sender and reply-to nearly always repeat from
        made.sender = made.from_
    else:
        made.sender = addresses_of(cache, data, parts.lists[1], limits, &count, &made.bits)
    if same(data, parts.lists[2], parts.lists[0]):
        made.reply_to = made.from_
    else:
        made.reply_to = addresses_of(cache, data, parts.lists[2], limits, &count, &made.bits)
    made.to = addresses_of(cache, data, parts.lists[3], limits, &count, &made.bits)
    made.cc = addresses_of(cache, data, parts.lists[4], limits, &count, &made.bits)
    made.bcc = addresses_of(cache, data, parts.lists[5], limits, &count, &made.bits)
    made.in_reply_to = text_to_bytes(data, &parts.in_reply_to)
    made.message_id = text_to_bytes(data, &parts.message_id)
    return made


cdef inline bint same(const uint8_t *data, mp_span a, mp_span b) noexcept:
    return a.len == b.len and memcmp(data + a.off, data + b.off, a.len) == 0


cdef object decode_wire(bytes wire, object limits, bint body):
    """An Envelope or BodyStructure from bytes, which are first given the padding that the core reads over."""
    cdef mp_limits bounds
    cdef Py_ssize_t length = PyBytes_GET_SIZE(wire)
    cdef uint8_t *room
    cdef Envelope envelope
    cdef BodyStructure structure
    limits_to_c(Limits() if limits is None else limits, &bounds)
    shallow(&bounds)
    if <uint64_t>length > min(bounds.max_unit, <uint64_t>0xFFFFFFFF):
        raise LimitError(0, "max_unit", wire[:1024])
    room = <uint8_t *>PyMem_RawMalloc(length + MP_PADDING)
    if room is NULL:
        raise MemoryError()
    try:
        memcpy(room, PyBytes_AS_STRING(wire), length)
        memset(room + length, 0, MP_PADDING)
        if body:
            structure = body_of(None, room, length, &bounds)
            structure.wire = wire
            return structure
        envelope = envelope_of(None, room, length, &bounds)
        envelope.wire = wire
        return envelope
    finally:
        PyMem_RawFree(room)


# ---- BodyStructure ---------------------------------------------------------------------------------------------------

cdef tuple BODY_FIELDS = (
    "type", "subtype", "params", "id", "description", "encoding", "size", "lines", "md5", "disposition", "language",
    "location", "extensions", "envelope", "body", "parts",
)

cdef bytes MULTIPART = b"MULTIPART"


cdef object param_tuple(object value, str name):
    cdef list made = []
    if value is None:
        return ()
    for key, text in (value.items() if isinstance(value, dict) else value):
        made.append((octets_or_none(key, name), octets_or_none(text, name)))
    return tuple(made)


@cython.final
@cython.no_gc
cdef class BodyStructure:
    """One part of BODY or BODYSTRUCTURE (RFC 9051 section 7.5.2).

    ``type`` and ``subtype`` are bytes as the server wrote them (``b"MULTIPART"`` for a multipart), ``params`` a tuple of
    (name, value) pairs; ``parts`` is a tuple, empty unless it is a multipart; ``envelope`` and ``body`` belong to an
    enclosed message. ``disposition`` is (type, params) or None, ``language`` a tuple or None; with ``md5``,
    ``location`` and ``extensions`` (generic trees) they are None or empty in a BODY, which has no extension data.
    """

    def __init__(self, type=None, subtype=None, params=(), id=None, description=None, encoding=b"7BIT", size=0,
                 lines=None, md5=None, disposition=None, language=None, location=None, extensions=(), envelope=None,
                 body=None, parts=(), extended=None):
        if self.type is not None:
            raise TypeError("a BodyStructure does not change")
        self.parts = tuple(parts)
        for item in self.parts + (() if body is None else (body,)):
            if not isinstance(item, BodyStructure):
                raise TypeError("parts and body must be BodyStructure values")
            self.depth = max(self.depth, (<BodyStructure>item).depth + 1)
        if self.depth >= VALUE_DEPTH:  # it is walked, compared and freed by recursion
            raise ValueError(f"a body is at most {VALUE_DEPTH} levels deep")
        if envelope is not None and not isinstance(envelope, Envelope):
            raise TypeError("envelope must be an Envelope")
        if (body is None) != (envelope is None):
            raise ValueError("an enclosed message has both an envelope and a body")
        if type is None and not self.parts:
            raise ValueError("a part needs a type")
        self.type = MULTIPART if self.parts else octets_or_none(type, "type")
        self.subtype = octets_or_none(subtype, "subtype")
        if self.subtype is None:
            raise ValueError("a part needs a subtype")
        if body is not None and (self.type.upper(), self.subtype.upper()) not in (
                (b"MESSAGE", b"RFC822"), (b"MESSAGE", b"GLOBAL")):
            raise ValueError("only message/rfc822 and message/global enclose a message")
        self.params = param_tuple(params, "params")
        self.id = octets_or_none(id, "id")
        self.description = octets_or_none(description, "description")
        self.encoding = None if self.parts else octets_or_none(encoding, "encoding")
        self.size = None if self.parts else <uint64_t>size
        self.lines = None if lines is None else <uint64_t>lines
        if not self.parts and (self.type.upper() == b"TEXT" or body is not None) != (lines is not None):
            raise ValueError("text parts and enclosed messages have lines, others none")
        self.md5 = octets_or_none(md5, "md5")
        self.disposition = None if disposition is None else (
            octets_or_none(disposition[0], "disposition"), param_tuple(disposition[1], "disposition"))
        self.language = tuple([octets_or_none(item, "language") for item in language]) if language else None
        self.location = octets_or_none(location, "location")
        self.extensions = tuple(extensions)
        self.envelope = envelope
        self.body = body
        first = self.params if self.parts else self.md5
        present = [first or None, self.disposition, self.language, self.location, self.extensions or None]
        while present and present[-1] is None:
            present.pop()
        self.extended = min(4, len(present)) if extended is None else extended

    @staticmethod
    def from_wire(wire, limits=None):
        """The body in its wire form, ``(...)`` alone. ParseError where it is none, LimitError past a bound."""
        cdef BodyStructure made = <BodyStructure>decode_wire(bytes(wire), limits, True)
        return made

    @property
    def media_type(self):
        """``"text/plain"``: type and subtype as text in lower case."""
        return f"{(self.type or b'').decode('ascii', 'replace')}/{(self.subtype or b'').decode('ascii', 'replace')}".lower()

    @property
    def is_multipart(self):
        """Whether the part holds others."""
        return self.type is MULTIPART

    def param(self, name, /):
        """The value of the parameter *name* (``str``, any case) as bytes, or None."""
        wanted = name.encode("ascii", "replace").lower()
        for key, value in self.params:
            if key is not None and key.lower() == wanted:
                return value
        return None

    @property
    def defects(self):
        """What was wrong with the bytes, those of the parts inside included, and read all the same."""
        return defect_names(self.bits)

    def __eq__(self, other):
        return body_fields(self) == body_fields(<BodyStructure>other) if isinstance(other, BodyStructure) else NotImplemented

    def __hash__(self):
        return hash(body_fields(self))

    def __repr__(self):
        shown = ", ".join([f"{n}={v!r}" for n, v in zip(BODY_FIELDS, body_fields(self)) if v is not None and v != ()])
        return f"BodyStructure({shown})"

    def __bytes__(self):
        if self.wire is not None and self.bits == 0:
            return self.wire
        return bytes(write_body(Writer(side="server"), self))

    def to_dict(self, *, secrets=False):
        """JSON-able builtins."""
        return {name: builtins_of(value) for name, value in zip(BODY_FIELDS, body_fields(self))
                if value is not None and value != ()}


cdef tuple body_fields(BodyStructure self):
    return (self.type, self.subtype, self.params, self.id, self.description, self.encoding, self.size, self.lines,
            self.md5, self.disposition, self.language, self.location, self.extensions, self.envelope, self.body,
            self.parts)


cdef object write_params(object writer, tuple params):
    cdef bint first = True
    if not params:
        return writer.nil()
    writer.open()
    for name, value in params:
        if not first:
            writer.sp()
        first = False
        writer.string(name or b"").sp().string(value or b"")
    return writer.close()


cdef object write_body(object writer, BodyStructure part):
    writer.open()
    if part.parts or part.type is MULTIPART:
        for inner in <tuple>part.parts:
            write_body(writer, <BodyStructure>inner)
        if part.parts:
            writer.sp()
        writer.string(part.subtype or b"")
    else:
        writer.string(part.type or b"").sp().string(part.subtype or b"").sp()
        write_params(writer, part.params)
        writer.sp().nstring(part.id).sp().nstring(part.description).sp().string(part.encoding or b"")
        writer.sp().number(part.size)
        if part.body is not None:
            writer.sp()
            write_envelope(writer, part.envelope)
            writer.sp()
            write_body(writer, part.body)
        if part.lines is not None:
            writer.sp().number(part.lines)
    if part.extended >= 1:
        if part.parts:
            write_params(writer.sp(), part.params)
        else:
            writer.sp().nstring(part.md5)
    if part.extended >= 2:
        writer.sp()
        if part.disposition is None:
            writer.nil()
        else:
            write_params(writer.open().string(part.disposition[0] or b"").sp(), part.disposition[1])
            writer.close()
    if part.extended >= 3:
        writer.sp()
        if part.language is None:
            writer.nil()
        else:
            writer.list(part.language, writer.string)
    if part.extended >= 4:
        writer.sp().nstring(part.location)
        for tree in part.extensions:
            write_tree(writer.sp(), tree)
    return writer.close()


cdef tuple params_of(WordCache cache, const uint8_t *data, mp_span span, const mp_limits *limits, uint32_t *bits):
    cdef mp_error error
    cdef mp_text name, value
    cdef c_bool found
    cdef uint32_t at = span.off + 1
    cdef uint32_t end = span.off + span.len
    cdef uint32_t h = 0
    cdef uint32_t own = 0
    cdef uint32_t count = 0
    cdef list made
    cdef object known
    cdef bint cached = cache is not None and 0 < span.len <= PARAMS_LIMIT
    if span.len == 0:
        return ()
    if cached:
        known = word_find(cache, WORD_PARAMS, data + span.off, span.len, &h)
        if known is not None:
            return <tuple>known
    made = []
    while True:
        if mp_read_list_string(data, &at, end, &name, &found, &own, &error) != MP_OK:
            raise_error(&error, data, end)
        if not found:
            break
        count += 1
        if count > limits.max_parameters:
            mp_fail_limit(&error, at, b"max_parameters")
            raise_error(&error, data, end)
        if mp_read_list_string(data, &at, end, &value, &found, &own, &error) != MP_OK:
            raise_error(&error, data, end)
        if not found:  # a name without a value
            value.kind = MP_TEXT_NIL
        made.append((string_of(cache, data, &name, &own), string_of(cache, data, &value, &own)))
    result = tuple(made)
    bits[0] |= own
    if cached and own == 0:
        cache.keep(WORD_PARAMS, h, PyBytes_FromStringAndSize(<const char *>data + span.off, span.len), result)
    return result


cdef bytes string_of(WordCache cache, const uint8_t *data, const mp_text *text, uint32_t *bits):
    """A string; NIL in its place is the empty one, with a defect."""
    if text.kind == MP_TEXT_NIL:
        bits[0] |= MP_DEFECT_NIL_STRING
        return b""
    return text_to_word(cache, data, text)


cdef tuple language_of(WordCache cache, const uint8_t *data, mp_span span, const mp_limits *limits, uint32_t *bits):
    cdef mp_error error
    cdef mp_text text
    cdef c_bool found
    cdef uint32_t at = span.off + (data[span.off] == c"(")
    cdef uint32_t end = span.off + span.len
    cdef list made = []
    if span.len == 0:
        return None
    while True:
        if mp_read_list_string(data, &at, end, &text, &found, bits, &error) != MP_OK:
            raise_error(&error, data, end)
        if not found:
            return tuple(made) or None
        if text.kind == MP_TEXT_NIL:
            bits[0] |= MP_DEFECT_NIL_STRING
        else:
            made.append(text_to_word(cache, data, &text))
        if len(made) > limits.max_elements:
            mp_fail_limit(&error, at, b"max_elements")
            raise_error(&error, data, end)


cdef inline object int_of(uint64_t number):
    return <long>number if number < 0x40000000 else number  # CPython makes small ints of a long without counting digits


cdef BodyStructure part_of(WordCache cache, const uint8_t *data, mp_body_part *p, const mp_limits *limits):
    """One part but for `parts` and `body`, which the caller puts in."""
    cdef BodyStructure made = <BodyStructure>mp_new_empty(BodyStructure, BODY_TYPE, 17)
    cdef bint multipart = p.kind == MP_BODY_MULTIPART
    made.extended = p.extended
    made.parts = ()
    made.params = params_of(cache, data, p.params, limits, &p.defects)
    made.subtype = text_to_word(cache, data, &p.subtype) or b""
    if multipart:
        made.type = MULTIPART
    else:
        made.type = text_to_word(cache, data, &p.type) or b""
        made.id = text_to_bytes(data, &p.id)
        made.description = text_to_bytes(data, &p.description)
        made.encoding = text_to_word(cache, data, &p.encoding) or b""
        made.size = int_of(p.size)
        if p.has_lines:
            made.lines = int_of(p.lines)
    if p.kind == MP_BODY_MESSAGE:
        try:
            made.envelope = envelope_of(cache, data + p.envelope.off, p.envelope.len, limits)
        except ParseError as error:
            error.offset += p.envelope.off
            raise
        p.defects |= (<Envelope>made.envelope).bits
    made.extensions = ()
    if p.extended:
        if not multipart:
            made.md5 = text_to_bytes(data, &p.md5)
        if p.extended >= 2 and p.disposition.kind != MP_TEXT_NIL or p.disposition_params.len:
            made.disposition = (
                text_to_word(cache, data, &p.disposition) or b"",
                params_of(cache, data, p.disposition_params, limits, &p.defects),
            )
        if p.extended >= 3:
            made.language = language_of(cache, data, p.language, limits, &p.defects)
        if p.extended >= 4:
            made.location = text_to_bytes(data, &p.location)
        if p.others.len:
            made.extensions = trees_in(data, p.others.off, p.others.off + p.others.len, limits)
    made.bits = p.defects
    return made


cdef BodyStructure body_of(WordCache cache, const uint8_t *data, size_t length, const mp_limits *limits):
    cdef mp_body body
    cdef mp_error error
    cdef mp_body_part *p
    cdef BodyStructure part
    cdef list made
    cdef tuple inner
    cdef object held
    cdef uint32_t i, at, child
    mp_body_init(&body, mp_alloc_libc())
    try:
        if mp_read_body(&body, data, length, limits, &error) != MP_OK:
            raise_error(&error, data, length)
        if body.n == 1:
            return part_of(cache, data, &body.parts[0], limits)
        made = []
        for i in range(body.n):
            made.append(part_of(cache, data, &body.parts[i], limits))
        # children come behind their parents: going backwards, each is complete when it is put in
        for i in range(body.n, 0, -1):
            p = &body.parts[i - 1]
            if p.children == 0:
                continue
            part = <BodyStructure>made[i - 1]
            inner = PyTuple_New(p.children)
            child = p.first_child
            for at in range(p.children):
                held = made[child]
                part.bits |= (<BodyStructure>held).bits
                part.depth = max(part.depth, (<BodyStructure>held).depth + 1)
                Py_INCREF(held)
                PyTuple_SET_ITEM(inner, at, held)
                child = body.parts[child].sibling
            if p.kind == MP_BODY_MESSAGE:
                part.body = inner[0]
            else:
                part.parts = inner
        return <BodyStructure>made[0]
    finally:
        mp_body_free(&body)


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
    mp_add_member(BodyStructure, b"type", BODY_TYPE)
    mp_add_member(BodyStructure, b"subtype", BODY_SUBTYPE)
    mp_add_member(BodyStructure, b"params", BODY_PARAMS)
    mp_add_member(BodyStructure, b"id", BODY_ID)
    mp_add_member(BodyStructure, b"description", BODY_DESCRIPTION)
    mp_add_member(BodyStructure, b"encoding", BODY_ENCODING)
    mp_add_member(BodyStructure, b"size", BODY_SIZE)
    mp_add_member(BodyStructure, b"lines", BODY_LINES)
    mp_add_member(BodyStructure, b"md5", BODY_MD5)
    mp_add_member(BodyStructure, b"disposition", BODY_DISPOSITION)
    mp_add_member(BodyStructure, b"language", BODY_LANGUAGE)
    mp_add_member(BodyStructure, b"location", BODY_LOCATION)
    mp_add_member(BodyStructure, b"extensions", BODY_EXTENSIONS)
    mp_add_member(BodyStructure, b"envelope", BODY_ENVELOPE)
    mp_add_member(BodyStructure, b"body", BODY_BODY)
    mp_add_member(BodyStructure, b"parts", BODY_PARTS)
    return 0


add_members()
