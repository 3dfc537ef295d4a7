# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""Fetch: one row of a FETCH answer, read or built."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy, memset

from mailproto._core.c_mailproto cimport (
    MP_DEFECT_BAD_BODY, MP_DEFECT_BAD_ENVELOPE, MP_PADDING, mp_defect, mp_defects, mp_is_list,
)
from mailproto._core.body_structure cimport BodyStructure, body_of
from mailproto._core.envelope cimport Envelope, envelope_of
from mailproto._core.fetch_items cimport check_items, check_sections, known_name
from mailproto._core.fetch_write cimport write_row
from mailproto._core.members cimport mp_add_member, mp_new_empty
from mailproto._core.trees cimport builtin
from mailproto._core.words cimport WordCache, defect_names, new_words
from mailproto._core.write cimport Writer

from datetime import datetime
from types import MappingProxyType

from mailproto import exact
from mailproto._core.flags import check_flags
from mailproto._core.trees import cut_repr, short_repr
from mailproto.errors import ParseError
from mailproto.limits import Limits

cdef extern from "Python.h":
    object PyDictProxy_New(object mapping)

cdef extern from *:
    """
    #define OFF_FETCH(field) offsetof(struct __pyx_obj_9mailproto_5_core_5fetch_Fetch, field)
    """
    size_t FETCH_OBJECT "sizeof(struct __pyx_obj_9mailproto_5_core_5fetch_Fetch)"
    Py_ssize_t FETCH_SEQ "OFF_FETCH(seq)"
    Py_ssize_t FETCH_UID "OFF_FETCH(uid)"
    Py_ssize_t FETCH_FLAGS "OFF_FETCH(flags)"
    Py_ssize_t FETCH_MODSEQ "OFF_FETCH(modseq)"
    Py_ssize_t FETCH_INTERNAL_DATE "OFF_FETCH(internal_date)"
    Py_ssize_t FETCH_SIZE "OFF_FETCH(size)"

cdef object NOTHING = MappingProxyType({})

#: The limits of what is built here, and of what was decoded once and needs no other bounds than its size.
cdef WordCache DEFAULTS = new_words(Limits(), False)
cdef WordCache UNBOUNDED = new_words(Limits(**{name: 1 << 62 for name in Limits.__slots__}), False)

cdef enum:
    NEAR = 4096  # octets of lazy items that are decoded on the stack

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
    ``bytes``: ValueError if that is no single list, balanced and with its strings closed; what the list holds is passed on
    as it is. A key of ``sections`` may be the :class:`Section` that a command asked for. ``raw`` has the bytes of every
    item that was mended, by name, at most 4096 octets of each; those of the row, where what was wrong belongs to no item,
    under ``"FETCH"``.
    """

    __match_args__ = ("seq",)

    def __init__(self, seq=None, *, uid=None, flags=None, modseq=None, internal_date=None, size=None, envelope=None,
                 body=None, body_structure=None, sections=None, preview=None, save_date=None, email_id=None,
                 thread_id=None, gm_msgid=None, gm_thrid=None, gm_labels=None, others=None):
        if self.made:
            raise TypeError("a Fetch does not change")
        if seq is None and uid is None:
            raise ValueError("a Fetch needs seq or uid")
        self.seq = None if seq is None else exact.integer(seq, "seq", least=1)
        self.uid = None if uid is None else exact.integer(uid, "uid", least=1)
        self.flags = None if flags is None else check_flags(flags, "flags")
        self.modseq = None if modseq is None else exact.integer(modseq, "modseq", most=exact.MAX_NUMBER64)
        self.size = None if size is None else exact.integer(size, "size", most=exact.MAX_NUMBER64)
        self.internal_date = None if internal_date is None else exact.moment(internal_date, "internal_date")
        self.words = DEFAULTS
        self.trusted = True
        set_wire(self, ENVELOPE, envelope)
        set_wire(self, BODY, body)
        set_wire(self, BODY_STRUCTURE, body_structure)
        self.section_map = check_sections(sections)
        self.other_map = check_items({
            "PREVIEW": preview, "SAVEDATE": save_date, "EMAILID": email_id, "THREADID": thread_id,
            "X-GM-MSGID": gm_msgid, "X-GM-THRID": gm_thrid, "X-GM-LABELS": gm_labels}, others)
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
        cdef str item = known_name(name)
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
        return NOTHING if self.section_map is None else PyDictProxy_New(self.section_map)

    @property
    def others(self):
        """Items without an attribute of their own, by name: see the class."""
        return NOTHING if self.other_map is None else PyDictProxy_New(self.other_map)

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
        return restored, (state_of(self),)

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
        head = (self.seq, self.uid, self.flags, self.internal_date, self.size, self.modseq)
        lazy = (lazy_wire(self, ENVELOPE), lazy_wire(self, BODY), lazy_wire(self, BODY_STRUCTURE))
        write_row(writer, head, lazy, self.section_map, self.other_map)
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
        wire = exact.octets(value, LAZY_NAMES[index])
        if PyBytes_GET_SIZE(wire) + used > 0x7FFFFFFF:
            raise ValueError(f"{LAZY_NAMES[index]} is too long")
        grown = <uint8_t *>PyMem_RawMalloc(used + PyBytes_GET_SIZE(wire) + MP_PADDING)
        if grown is NULL:
            raise MemoryError()
        if self.wire is not NULL:
            memcpy(grown, self.wire, used)
        memcpy(grown + used, PyBytes_AS_STRING(wire), PyBytes_GET_SIZE(wire))
        memset(grown + used + PyBytes_GET_SIZE(wire), 0, MP_PADDING)
        PyMem_RawFree(self.wire)
        self.wire = grown
        if not mp_is_list(grown + used, <uint32_t>PyBytes_GET_SIZE(wire), &self.words.limits):
            raise ValueError(f"{LAZY_NAMES[index]} must be one list, balanced, without CR, LF and NUL outside literals")
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


cdef object lazy_wire(Fetch row, int index):
    """What goes out for a lazy item: its octets as they are if nothing is wrong with them; None for none."""
    if row.lengths[index] and row.trusted:
        return wire_of(row, index)
    value = row.envelope if index == ENVELOPE else row.body if index == BODY else row.body_structure
    if value is None:
        return None
    return wire_of(row, index) if row.lengths[index] and value.defects == () else bytes(value)


cdef Fetch new_fetch():
    cdef Fetch row = <Fetch>mp_new_empty(Fetch, FETCH_OBJECT, FETCH_SEQ, 13)
    row.made = True
    return row


cdef int add_members() except -1:
    mp_add_member(Fetch, b"seq", FETCH_SEQ)
    mp_add_member(Fetch, b"uid", FETCH_UID)
    mp_add_member(Fetch, b"flags", FETCH_FLAGS)
    mp_add_member(Fetch, b"modseq", FETCH_MODSEQ)
    mp_add_member(Fetch, b"internal_date", FETCH_INTERNAL_DATE)
    mp_add_member(Fetch, b"size", FETCH_SIZE)
    return 0


add_members()


# ---- pickling: what was read tolerantly or streamed passes no constructor ---------------------------------------------


cdef tuple state_of(Fetch row):
    """The fields. Lazy items go as their octets, to be decoded again; but what some limit kept from being decoded stays
    so, and what has no octets of its own goes as its value."""
    cdef int i
    cdef object wires, values
    with cython.critical_section(row):
        if row.pending:
            decode(row)
        wires = tuple([wire_of(row, i) if row.lengths[i] else None for i in range(3)])
        again = not row.bits & (MP_DEFECT_BAD_ENVELOPE | MP_DEFECT_BAD_BODY)
        values = tuple([None if again and wire is not None else value for wire, value in zip(
            wires, (row.lazy_envelope, row.lazy_body, row.lazy_body_structure))])
        return (row.seq, row.uid, row.flags, row.modseq, row.internal_date, row.size, row.section_map, row.other_map,
                row.kept, wires, values, again, row.bits, bool(row.trusted))


def restored(state):
    """What pickle calls."""
    cdef Fetch row = new_fetch()
    cdef bytes whole
    cdef int i
    cdef object wires, values, again
    (row.seq, row.uid, row.flags, row.modseq, row.internal_date, row.size, row.section_map, row.other_map, row.kept,
     wires, values, again, row.bits, row.trusted) = state
    whole = b"".join([wire for wire in wires if wire is not None])
    row.words = UNBOUNDED
    row.lazy_envelope, row.lazy_body, row.lazy_body_structure = values
    if whole:
        row.wire = <uint8_t *>PyMem_RawMalloc(PyBytes_GET_SIZE(whole))
        if row.wire is NULL:
            raise MemoryError()
        memcpy(row.wire, PyBytes_AS_STRING(whole), PyBytes_GET_SIZE(whole))
        for i in range(3):
            if wires[i] is not None:
                row.lengths[i] = <uint32_t>PyBytes_GET_SIZE(<bytes>wires[i])
                if again:
                    row.pending |= <uint8_t>(1 << i)
    return row
