# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""Fetch: one row of a FETCH answer, read or built."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from mailproto._core.c_mailproto cimport (
    MP_DEFECT_BAD_BODY, MP_DEFECT_BAD_DATE, MP_DEFECT_BAD_ENVELOPE, MP_DEFECT_EIGHT_BIT, MP_DEFECT_REPEATED, MP_FETCH_BODY,
    MP_FETCH_BODYSTRUCTURE, MP_FETCH_BROKEN, MP_FETCH_END, MP_FETCH_ENVELOPE, MP_FETCH_FLAGS, MP_FETCH_INTERNALDATE, MP_FETCH_MODSEQ,
    MP_FETCH_SECTION, MP_FETCH_SIZE, MP_FETCH_UID, MP_OK, MP_PADDING, MP_RESP_UIDFETCH, mp_date_time, mp_envelope_repeats, mp_error,
    mp_fetch_begin, mp_fetch_item, mp_fetch_next, mp_fetch_scan, mp_limits, mp_normalise_section, mp_parse_date_time,
    mp_response_head, mp_span,
    mp_defect, mp_defects, mp_defects_join,
)
from mailproto._core.common cimport raise_error
from mailproto._core.body_structure cimport BodyStructure, body_of
from mailproto._core.envelope cimport Envelope, envelope_of
from mailproto._core.fetch_items cimport check_item, checked_name, is_section, read_item, write_item
from mailproto._core.members cimport mp_add_member, mp_new_empty
from mailproto._core.dates cimport datetime_from_c
from mailproto._core.outside cimport outside_within
from mailproto._core.trees cimport builtin, write_tree
from mailproto._core.words cimport (
    WORD_LIMIT, WORD_SECTION, WordCache, defect_names, flags_of, new_words, text_to_bytes, trees_in, word_find,
)
from mailproto._core.write cimport Writer

from datetime import datetime
from types import MappingProxyType

from mailproto._core.dates import format_internal_date
from mailproto._core.flags import canonical_flag
from mailproto._core.trees import cut_repr, short_repr
from mailproto.errors import ParseError
from mailproto.limits import Limits

cdef extern from *:
    """
    #define OFF_FETCH(field) offsetof(struct __pyx_obj_9mailproto_5_core_5fetch_Fetch, field)
    """
    Py_ssize_t FETCH_SEQ "OFF_FETCH(seq)"
    Py_ssize_t FETCH_UID "OFF_FETCH(uid)"
    Py_ssize_t FETCH_FLAGS "OFF_FETCH(flags)"
    Py_ssize_t FETCH_MODSEQ "OFF_FETCH(modseq)"
    Py_ssize_t FETCH_INTERNAL_DATE "OFF_FETCH(internal_date)"
    Py_ssize_t FETCH_SIZE "OFF_FETCH(size)"

cdef object NOTHING = MappingProxyType({})

cdef enum:
    ENVELOPE = 0
    BODY = 1
    BODY_STRUCTURE = 2
    NEAR = 4096  # octets of lazy items that are decoded on the stack
    KEPT_CAP = 4096  # octets kept of an item that was mended
    MOST_KEPT = 16   # of them in one row

cdef tuple LAZY_NAMES = ("ENVELOPE", "BODY", "BODYSTRUCTURE")


@cython.final
@cython.no_gc
cdef class Fetch:
    """FETCH (RFC 9051 section 7.5.2): what the server tells about one message. What it did not send is ``None``.

    ``seq`` is the message sequence number, ``None`` in a UIDFETCH (RFC 9586); ``flags`` a tuple of ``str``, system flags
    in canonical case; ``internal_date`` an aware ``datetime``; ``size`` and ``modseq`` numbers; ``envelope`` an
    :class:`Envelope`; ``body`` and ``body_structure`` a :class:`BodyStructure`, from BODY and BODYSTRUCTURE.
    ``sections`` maps sections, such as ``"BODY[HEADER.FIELDS (SUBJECT)]<0>"``, in upper case, to ``bytes`` (``None`` for
    NIL); ``others`` maps the name of any other item to its value: typed for the extensions named below, else a generic
    tree; ``None`` is NIL. ``preview``, ``save_date``, ``email_id``, ``thread_id``, ``gm_msgid``, ``gm_thrid``,
    ``gm_labels`` and ``binary_sizes`` read it. ``name in row`` tells NIL from an item that was not sent:
    ``"PREVIEW" in row`` is true for a preview that is NIL, and so is ``"ENVELOPE" in row`` for a broken one.

    ENVELOPE, BODY and BODYSTRUCTURE are decoded at first access. One that is broken is ``None`` then, ``defects`` says
    so, and ``raw`` has its bytes. A server may give ``envelope``, ``body`` and ``body_structure`` as their wire form in
    ``bytes``, which is passed on as it is. ``raw`` has the bytes of every item that was mended, by name, at most 4096
    octets of each; those of the row, where what was wrong belongs to no item, under ``"FETCH"``.
    """

    def __init__(self, seq=None, *, uid=None, flags=None, modseq=None, internal_date=None, size=None, envelope=None,
                 body=None, body_structure=None, sections=None, preview=None, save_date=None, email_id=None,
                 thread_id=None, gm_msgid=None, gm_thrid=None, gm_labels=None, others=None):
        if self.made:
            raise TypeError("a Fetch does not change")
        if seq is None and uid is None:
            raise ValueError("a Fetch needs seq or uid")
        self.seq = number(seq, "seq", 0xFFFFFFFF)
        self.uid = number(uid, "uid", 0xFFFFFFFF)
        self.flags = None if flags is None else tuple([canonical_flag(flag) for flag in flags])
        self.modseq = number(modseq, "modseq", 0x7FFFFFFFFFFFFFFF)
        self.size = number(size, "size", 0x7FFFFFFFFFFFFFFF)
        if internal_date is not None and (not isinstance(internal_date, datetime) or internal_date.tzinfo is None):
            raise TypeError("internal_date must be an aware datetime")
        self.internal_date = internal_date
        self.words = new_words(Limits(), False)
        self.trusted = True
        set_wire(self, ENVELOPE, envelope)
        set_wire(self, BODY, body)
        set_wire(self, BODY_STRUCTURE, body_structure)
        if sections:
            self.section_map = {section(name): None if value is None else octets(value)
                                for name, value in sections.items()}
        rare = {name: value for name, value in (
            ("PREVIEW", preview), ("SAVEDATE", save_date), ("EMAILID", email_id), ("THREADID", thread_id),
            ("X-GM-MSGID", gm_msgid), ("X-GM-THRID", gm_thrid), ("X-GM-LABELS", gm_labels)) if value is not None}
        rare.update({checked_name(name): value for name, value in (others or {}).items()})
        if rare:
            self.other_map = {name: check_item(name, value) for name, value in rare.items()}
        self.made = True

    def __dealloc__(self):
        PyMem_RawFree(self.wire)

    @property
    def envelope(self):
        """ENVELOPE, decoded at first access."""
        with cython.critical_section(self):
            if self.pending:
                decode(self)
            return self.lazy_envelope

    @property
    def body(self):
        """BODY, the structure without extension data, decoded at first access."""
        with cython.critical_section(self):
            if self.pending:
                decode(self)
            return self.lazy_body

    @property
    def body_structure(self):
        """BODYSTRUCTURE, decoded at first access."""
        with cython.critical_section(self):
            if self.pending:
                decode(self)
            return self.lazy_body_structure

    def __contains__(self, name):
        """Whether the row has an item, by its name on the wire in any case, be it NIL or broken; decodes nothing."""
        cdef str item = name.upper()
        if item in LAZY_NAMES:
            with cython.critical_section(self):
                if self.lengths[LAZY_NAMES.index(item)]:
                    return True
                value = (self.lazy_envelope, self.lazy_body, self.lazy_body_structure)[LAZY_NAMES.index(item)]
        else:
            value = (self.uid if item == "UID" else self.flags if item == "FLAGS" else self.modseq if item == "MODSEQ"
                     else self.internal_date if item == "INTERNALDATE" else self.size if item == "RFC822.SIZE" else None)
        return (value is not None or (self.section_map is not None and item in self.section_map)
                or (self.other_map is not None and item in self.other_map)
                or (self.kept is not None and item in self.kept))

    @property
    def preview(self):
        """PREVIEW (RFC 8970): the first words of the text, as UTF-8; None where the server has not made them yet."""
        return rare_item(self, "PREVIEW", bytes)

    @property
    def preview_text(self):
        """``preview`` as text."""
        value = rare_item(self, "PREVIEW", bytes)
        return None if value is None else value.decode("utf-8", "replace")

    @property
    def save_date(self):
        """SAVEDATE (RFC 8514): when the message came into its mailbox; None where the mailbox does not keep it."""
        return rare_item(self, "SAVEDATE", datetime)

    @property
    def email_id(self):
        """EMAILID (RFC 8474): the same for all copies of a message."""
        return rare_item(self, "EMAILID", str)

    @property
    def thread_id(self):
        """THREADID (RFC 8474); None where the server does not know threads."""
        return rare_item(self, "THREADID", str)

    @property
    def gm_msgid(self):
        """X-GM-MSGID (Gmail): 64 bits."""
        return rare_item(self, "X-GM-MSGID", int)

    @property
    def gm_thrid(self):
        """X-GM-THRID (Gmail): 64 bits."""
        return rare_item(self, "X-GM-THRID", int)

    @property
    def gm_labels(self):
        """X-GM-LABELS (Gmail): a tuple of :class:`MailboxName`, such as ``"\\Inbox"`` and ``"Besuch München"``."""
        return rare_item(self, "X-GM-LABELS", tuple)

    @property
    def binary_sizes(self):
        """BINARY.SIZE (RFC 3516): octets of parts when decoded, by part, such as ``"1.2"``, ``""`` for the message."""
        return MappingProxyType({name[12:-1]: value for name, value in (self.other_map or {}).items()
                                 if name.startswith("BINARY.SIZE[") and isinstance(value, int)})

    @property
    def sections(self):
        """Sections of the message, by their name as the server wrote it, in upper case."""
        return NOTHING if self.section_map is None else MappingProxyType(self.section_map)

    @property
    def others(self):
        """Items without an attribute of their own, by name: see the class."""
        return NOTHING if self.other_map is None else MappingProxyType(self.other_map)

    @property
    def defects(self):
        """What was wrong with the bytes and read all the same. Decodes everything."""
        with cython.critical_section(self):
            if self.pending:
                decode(self)
            return defect_names(self.bits)

    @property
    def raw(self):
        """The wire form, by name, of ENVELOPE, BODY and BODYSTRUCTURE, and of whatever else was mended."""
        made = {} if self.kept is None else dict(self.kept)
        made.update({LAZY_NAMES[i]: wire_of(self, i) for i in range(3) if self.lengths[i]})
        return MappingProxyType(made)

    def __eq__(self, other):
        cdef Fetch that
        if not isinstance(other, Fetch):
            return NotImplemented
        that = <Fetch>other
        return (self.seq == that.seq and self.uid == that.uid and self.flags == that.flags
                and self.modseq == that.modseq and self.size == that.size and self.internal_date == that.internal_date
                and (self.section_map or {}) == (that.section_map or {})
                and (self.other_map or {}) == (that.other_map or {}) and self.envelope == that.envelope
                and self.body == that.body and self.body_structure == that.body_structure)

    def __hash__(self):
        return hash((self.seq, self.uid, self.flags, self.modseq, self.size, self.internal_date))

    def __copy__(self):
        """The value itself: it never changes."""
        return self

    def __deepcopy__(self, memo):
        """The value itself: it never changes."""
        return self

    def __reduce__(self):
        fields = {name: getattr(self, name) for name in ("uid", "flags", "modseq", "internal_date", "size", "envelope",
                                                         "body", "body_structure")}
        return restored, (self.seq, {**fields, "sections": dict(self.sections), "others": dict(self.others)})

    def __repr__(self):
        shown = [f"{name}={short_repr(value)}" for name, value in (
            ("seq", self.seq), ("uid", self.uid), ("flags", self.flags), ("modseq", self.modseq),
            ("internal_date", self.internal_date), ("size", self.size), ("envelope", self.envelope),
            ("body", self.body), ("body_structure", self.body_structure)) if value is not None]
        if self.section_map:
            shown.append("sections={" + ", ".join(
                [f"{n!r}: {v!r}" if not isinstance(v, bytes) or len(v) <= 64 else f"{n!r}: <{len(v)} bytes>"
                 for n, v in self.section_map.items()]) + "}")
        if self.other_map:
            shown.append(f"others={short_repr(self.other_map)}")
        return cut_repr(f"Fetch({', '.join(shown)})")

    def to_dict(self, *, secrets=False):
        """JSON-able builtins, with the class's name as ``type``."""
        made = {"type": "Fetch"}
        for name in ("seq", "uid", "flags", "modseq", "size"):
            value = getattr(self, name)
            if value is not None:
                made[name] = builtin(value)
        if self.internal_date is not None:
            made["internal_date"] = self.internal_date.isoformat()
        for name in ("envelope", "body", "body_structure"):
            value = getattr(self, name)
            if value is not None:
                made[name] = value.to_dict()
        if self.section_map:
            made["sections"] = {builtin(name): builtin(value) for name, value in self.section_map.items()}
        if self.other_map:
            made["others"] = {builtin(name): value.isoformat() if isinstance(value, datetime) else builtin(value)
                              for name, value in self.other_map.items()}
        if self.defects:
            made["defects"] = list(self.defects)
        return made

    def encode(self, utf8=False, literals="sync"):
        """The wire form as a list of fragments; long sections are passed through uncopied."""
        writer = Writer(utf8=utf8, side="server")
        write_fetch(writer, self)
        return writer.crlf().finish()

    def __bytes__(self):
        return b"".join(self.encode())


cdef object rare_item(Fetch row, str name, object kind):
    """An item that shares the mapping of `others`; None too where its value is of another kind."""
    cdef object value = None if row.other_map is None else row.other_map.get(name)
    return value if isinstance(value, kind) else None


cdef int set_wire(Fetch self, int index, object value) except -1:
    """A lazy item from Python: a decoded value, or its wire form, which goes behind those that are there."""
    cdef size_t used = self.lengths[0] + self.lengths[1] + self.lengths[2]
    cdef uint8_t *grown
    cdef bytes wire
    if isinstance(value, bytes):
        wire = <bytes>value
        if PyBytes_GET_SIZE(wire) + used > 0x7FFFFFFF:
            raise ValueError(f"{LAZY_NAMES[index]} is too long")
        grown = <uint8_t *>PyMem_RawMalloc(used + PyBytes_GET_SIZE(wire) + 1)
        if grown is NULL:
            raise MemoryError()
        if self.wire is not NULL:
            memcpy(grown, self.wire, used)
        memcpy(grown + used, PyBytes_AS_STRING(wire), PyBytes_GET_SIZE(wire))
        PyMem_RawFree(self.wire)
        self.wire = grown
        self.lengths[index] = <uint32_t>PyBytes_GET_SIZE(wire)
        self.pending |= <uint8_t>(1 << index)
    elif value is not None:
        if index == ENVELOPE:
            if not isinstance(value, Envelope):
                raise TypeError("envelope must be an Envelope, bytes or None")
            self.lazy_envelope = value
        elif not isinstance(value, BodyStructure):
            raise TypeError("a body must be a BodyStructure, bytes or None")
        elif index == BODY:
            self.lazy_body = value
        else:
            self.lazy_body_structure = value
    return 0


cdef int decode(Fetch self) except -1:
    """Read the lazy items, from a copy with the padding that the core may look at: it is not kept for every row."""
    cdef uint8_t near[NEAR]
    cdef uint8_t *room = near
    cdef size_t total = <size_t>self.lengths[0] + self.lengths[1] + self.lengths[2]
    if total + MP_PADDING > NEAR:
        room = <uint8_t *>PyMem_RawMalloc(total + MP_PADDING)
        if room is NULL:
            raise MemoryError()
    restore(self, room)
    memset(room + total, 0, MP_PADDING)
    try:
        decode_from(self, room)
    finally:
        if room is not near:
            PyMem_RawFree(room)
    return 0


cdef int decode_from(Fetch self, const uint8_t *at) except -1:
    """What is broken stays None and leaves a defect."""
    cdef mp_defects defects
    cdef object envelope = self.lazy_envelope
    cdef object body = self.lazy_body
    cdef object structure = self.lazy_body_structure
    defects.bits = 0
    if self.pending & 1:
        try:
            envelope = envelope_of(self.words, at, self.lengths[0], &self.words.limits, &defects)
        except ParseError:
            mp_defect(&defects, MP_DEFECT_BAD_ENVELOPE, 0)
    at += self.lengths[0]
    if self.pending & 2:
        try:
            body = body_of(self.words, at, self.lengths[1], &self.words.limits, &defects)
        except ParseError:
            mp_defect(&defects, MP_DEFECT_BAD_BODY, 0)
    at += self.lengths[1]
    if self.pending & 4:
        try:
            structure = body_of(self.words, at, self.lengths[2], &self.words.limits, &defects)
        except ParseError:
            mp_defect(&defects, MP_DEFECT_BAD_BODY, 0)
    self.lazy_envelope = envelope
    self.lazy_body = body
    self.lazy_body_structure = structure
    self.bits |= defects.bits
    self.pending = 0
    return 0


cdef int restore(Fetch self, uint8_t *room) noexcept:
    """ENVELOPE, BODY and BODYSTRUCTURE as they came."""
    cdef size_t total = <size_t>self.lengths[0] + self.lengths[1] + self.lengths[2]
    cdef uint32_t at = self.cut_at
    cdef uint32_t n = self.cut_length
    memcpy(room, self.wire, at)
    memcpy(room + at, room + at - n, n)
    memcpy(room + at + n, room + at - n, n)
    memcpy(room + at + 2 * n, self.wire + at, total - at - 2 * n)
    return 0


cdef bytes wire_of(Fetch self, int index):
    cdef size_t from_ = 0
    cdef int i
    cdef bytes whole = PyBytes_FromStringAndSize(NULL, <size_t>self.lengths[0] + self.lengths[1] + self.lengths[2])
    restore(self, <uint8_t *>PyBytes_AS_STRING(whole))
    for i in range(index):
        from_ += self.lengths[i]
    return whole[from_ : from_ + self.lengths[index]]


cdef object number(object value, str name, uint64_t most):
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int or None")
    if not 0 <= value <= most:
        raise ValueError(f"{name} must be from 0 to {most}")
    return value


cdef bytes octets(object value):
    if isinstance(value, bytes):
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    raise TypeError("a section's text must be bytes or None")


cdef str section(object name):
    cdef str text = checked_name(name)
    if not is_section(text):
        raise ValueError(f"{text} is no section of a message")
    return text


cdef object write_fetch(object writer, Fetch row):
    cdef bint trusted = row.trusted
    writer.raw(b"* ")
    if row.seq is None:
        writer.number(row.uid).raw(b" UIDFETCH (")
    else:
        writer.number(row.seq).raw(b" FETCH (")
    part = _Items(writer)
    if row.uid is not None and row.seq is not None:
        part.next().raw(b"UID ").number(row.uid)
    if row.flags is not None:
        part.next().raw(b"FLAGS ").list(row.flags, lambda flag: write_flag(writer, flag))
    if row.internal_date is not None:
        part.next().raw(b'INTERNALDATE "').raw(format_internal_date(row.internal_date)).raw(b'"')
    if row.size is not None:
        part.next().raw(b"RFC822.SIZE ").number(row.size)
    if row.modseq is not None:
        part.next().raw(b"MODSEQ (").number(row.modseq).close()
    for index in range(3):
        if row.lengths[index] and trusted:
            part.next().raw(LAZY_NAMES[index]).sp().raw(wire_of(row, index))
            continue
        value = row.envelope if index == 0 else row.body if index == 1 else row.body_structure
        if value is None:
            continue
        part.next().raw(LAZY_NAMES[index]).sp()
        writer.raw(wire_of(row, index) if row.lengths[index] and value.defects == () else bytes(value))
    for name, data in (row.section_map or {}).items():
        part.next().raw(name.encode("utf-8", "surrogateescape")).sp()
        if data is None:
            writer.nil()
        elif data == b"":
            writer.string(data)
        else:
            writer.literal(data, binary=name.startswith("BINARY") and isinstance(data, bytes) and b"\0" in data)
    for name, tree in (row.other_map or {}).items():
        part.next().raw(name.encode("utf-8", "surrogateescape")).sp()
        write_item(writer, name, tree)
    return writer.close()


cdef class _Items:
    """Puts a space before every item but the first."""

    cdef object writer
    cdef bint some

    def __init__(self, writer):
        self.writer = writer

    def next(self):
        if self.some:
            self.writer.sp()
        self.some = True
        return self.writer


cdef object write_flag(object writer, str flag):
    if not flag or any([c <= " " or c in '()"{\x7f' for c in flag]):
        raise ValueError("not a flag")
    return writer.raw(flag.encode("utf-8", "surrogateescape"))


# ---- reading ---------------------------------------------------------------------------------------------------------


cdef str section_name(WordCache words, const uint8_t *unit, mp_span span):
    cdef uint32_t h = 0
    cdef object known
    cdef bytes room
    cdef str made
    cdef size_t written
    cdef bint cached = span.len <= WORD_LIMIT
    if cached:
        known = word_find(words, WORD_SECTION, unit + span.off, span.len, &h)
        if known is not None:
            return <str>known
    room = PyBytes_FromStringAndSize(NULL, span.len)
    written = mp_normalise_section(unit, span, <uint8_t *>PyBytes_AS_STRING(room))
    made = PyUnicode_DecodeUTF8(PyBytes_AS_STRING(room), written, "surrogateescape")
    if cached:
        words.keep(WORD_SECTION, h, PyBytes_FromStringAndSize(<const char *>unit + span.off, span.len), made)
    return made


cdef int decode_around(Fetch row, int index, const uint8_t *wire, size_t length, const mp_limits *limits,
                       mp_defects *defects) except -1:
    """A lazy item that lacks octets of its literals, which can only be told while the unit is there. No cache: what
    stands for a literal is not in the octets that it goes by."""
    try:
        if index == ENVELOPE:
            row.lazy_envelope = envelope_of(None, wire, length, limits, defects)
        elif index == BODY:
            row.lazy_body = body_of(None, wire, length, limits, defects)
        else:
            row.lazy_body_structure = body_of(None, wire, length, limits, defects)
    except ParseError:
        mp_defect(defects, MP_DEFECT_BAD_ENVELOPE if index == ENVELOPE else MP_DEFECT_BAD_BODY, 0)
    return 0


cdef Fetch fetch_of(WordCache words, const uint8_t *unit, size_t length, mp_response_head *head, bint strict):
    cdef mp_fetch_scan scan
    cdef mp_fetch_item item
    cdef mp_error error
    cdef mp_date_time moment
    cdef mp_span lazy[3]
    cdef uint32_t seen = 0
    cdef uint32_t total
    cdef uint32_t cut_at = 0
    cdef uint32_t cut_length = 0
    cdef uint32_t skipped
    cdef uint8_t *at
    cdef int i
    cdef str name
    cdef Fetch row
    if mp_fetch_begin(&scan, unit, head, &words.limits, &error) != MP_OK:
        raise_error(&error, unit, length)
    row = <Fetch>mp_new_empty(Fetch, FETCH_SEQ, 13)
    row.made = True
    if head.defects.bits:
        keep_mended(row, NULL, &head.defects, unit, length)
    lazy[0].len = lazy[1].len = lazy[2].len = 0
    if head.kind == MP_RESP_UIDFETCH:
        row.uid = head.number
    else:
        row.seq = head.number
    item.name.len = 0  # what is mended before the first item is the row itself
    while True:
        if scan.defects.bits:
            keep_mended(row, &item, &scan.defects, unit, length)
            mp_defects_join(&head.defects, &scan.defects, 0)
            scan.defects.bits = 0
        item.name.len = 0
        if mp_fetch_next(&scan, &item, &error) != MP_OK:
            raise_error(&error, unit, length)
        if item.kind == MP_FETCH_END:
            break
        if item.kind == MP_FETCH_BROKEN:
            continue
        if item.kind < MP_FETCH_SECTION:
            if seen >> item.kind & 1:
                mp_defect(&scan.defects, MP_DEFECT_REPEATED, item.name.off)
            seen |= <uint32_t>1 << item.kind
            if item.absent:
                continue
        if item.kind == MP_FETCH_UID:
            row.uid = <uint32_t>item.number
        elif item.kind == MP_FETCH_FLAGS:
            row.flags = flags_of(words, unit, item.value, &scan.defects)
        elif item.kind == MP_FETCH_SIZE:
            row.size = <long>item.number if item.number < 0x40000000 else item.number  # the quick way to small ones
        elif item.kind == MP_FETCH_MODSEQ:
            row.modseq = item.number
        elif item.kind == MP_FETCH_INTERNALDATE:
            if mp_parse_date_time(unit + item.text.span.off, item.text.span.len, &moment, &error) == MP_OK:
                row.internal_date = datetime_from_c(&moment)
            else:
                mp_defect(&scan.defects, MP_DEFECT_BAD_DATE, item.value.off)
        elif item.kind == MP_FETCH_ENVELOPE:
            lazy[0] = item.value
        elif item.kind == MP_FETCH_BODY:
            lazy[1] = item.value
        elif item.kind == MP_FETCH_BODYSTRUCTURE:
            lazy[2] = item.value
        elif item.kind == MP_FETCH_SECTION:
            if row.section_map is None:
                row.section_map = {}
            name = section_name(words, unit, item.name)
            if not name.isascii():
                mp_defect(&scan.defects, MP_DEFECT_EIGHT_BIT, item.name.off)
            if name in row.section_map:
                mp_defect(&scan.defects, MP_DEFECT_REPEATED, item.name.off)
            row.section_map[name] = text_to_bytes(unit, &item.text)
        else:
            if row.other_map is None:
                row.other_map = {}
            name = section_name(words, unit, item.name)
            if not name.isascii():
                mp_defect(&scan.defects, MP_DEFECT_EIGHT_BIT, item.name.off)
            if name in row.other_map:
                mp_defect(&scan.defects, MP_DEFECT_REPEATED, item.name.off)
            row.other_map[name] = read_item(unit, &item, name, &words.limits, &scan.defects)
    if scan.defects.bits:
        keep_mended(row, NULL, &scan.defects, unit, length)
        mp_defects_join(&head.defects, &scan.defects, 0)
    for i in range(3):
        if lazy[i].len and outside_within(unit + lazy[i].off, lazy[i].len):
            scan.defects.bits = 0
            decode_around(row, i, unit + lazy[i].off, lazy[i].len, &words.limits, &scan.defects)
            mp_defects_join(&head.defects, &scan.defects, lazy[i].off)
            lazy[i].len = 0
    total = lazy[0].len + lazy[1].len + lazy[2].len
    if total:
        if lazy[0].len and mp_envelope_repeats(unit + lazy[0].off, lazy[0].len, &words.limits, &cut_at, &cut_length):
            row.cut_at = cut_at
            row.cut_length = cut_length
        row.wire = <uint8_t *>PyMem_RawMalloc(total - 2 * cut_length)
        if row.wire is NULL:
            raise MemoryError()
        at = row.wire
        for i in range(3):
            if lazy[i].len:
                row.lengths[i] = lazy[i].len
                row.pending |= <uint8_t>(1 << i)
                skipped = 0
                if i == 0 and cut_length:
                    memcpy(at, unit + lazy[i].off, cut_at)
                    at += cut_at
                    skipped = cut_at + 2 * cut_length
                memcpy(at, unit + lazy[i].off + skipped, lazy[i].len - skipped)
                at += lazy[i].len - skipped
        row.words = words
        if strict:
            decode_strictly(row, unit, lazy, &head.defects)
    row.bits = head.defects.bits
    return row


cdef int keep_mended(Fetch row, const mp_fetch_item *item, mp_defects *defects, const uint8_t *unit, size_t length) except -1:
    """What was mended, for `raw`."""
    cdef str name = "FETCH"
    cdef mp_span span
    span.off = 0
    span.len = <uint32_t>length
    if item is not NULL and item.name.len:
        name = PyUnicode_DecodeUTF8(<const char *>unit + item.name.off, item.name.len, "surrogateescape").upper()
        span = item.value
    if row.kept is None:
        row.kept = {}
    if len(row.kept) < MOST_KEPT:
        row.kept[name] = PyBytes_FromStringAndSize(<const char *>unit + span.off, min(span.len, KEPT_CAP))
    return 0


cdef int decode_strictly(Fetch row, const uint8_t *unit, const mp_span *lazy, mp_defects *defects) except -1:
    """Decode the lazy items where they stand in the unit, so that what is wrong has its offset there."""
    cdef mp_defects own
    cdef int i
    for i in range(3):
        if row.lengths[i] == 0:
            continue
        own.bits = 0
        try:
            if i == ENVELOPE:
                row.lazy_envelope = envelope_of(row.words, unit + lazy[i].off, row.lengths[i], &row.words.limits, &own)
            elif i == BODY:
                row.lazy_body = body_of(row.words, unit + lazy[i].off, row.lengths[i], &row.words.limits, &own)
            else:
                row.lazy_body_structure = body_of(row.words, unit + lazy[i].off, row.lengths[i], &row.words.limits, &own)
        except ParseError as error:
            own.bits = 0
            mp_defect(&own, MP_DEFECT_BAD_ENVELOPE if i == ENVELOPE else MP_DEFECT_BAD_BODY, error.offset)
        mp_defects_join(defects, &own, lazy[i].off)
    row.pending = 0
    return 0


cdef int add_members() except -1:
    mp_add_member(Fetch, b"seq", FETCH_SEQ)
    mp_add_member(Fetch, b"uid", FETCH_UID)
    mp_add_member(Fetch, b"flags", FETCH_FLAGS)
    mp_add_member(Fetch, b"modseq", FETCH_MODSEQ)
    mp_add_member(Fetch, b"internal_date", FETCH_INTERNAL_DATE)
    mp_add_member(Fetch, b"size", FETCH_SIZE)
    return 0


add_members()


def restored(seq, fields):
    """What pickle calls."""
    return Fetch(seq, **fields)
