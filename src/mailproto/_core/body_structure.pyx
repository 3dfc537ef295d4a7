# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""BodyStructure: what FETCH tells about a message's parts."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.list cimport PyList_GET_ITEM, PyList_New, PyList_SET_ITEM
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from mailproto._core.c_mailproto cimport (
    MP_BODY_MESSAGE, MP_BODY_MULTIPART, MP_DEFECT_NIL_STRING, MP_OK, MP_TEXT_NIL, c_bool,
    mp_alloc_libc, mp_body, mp_body_free, mp_body_init, mp_body_part, mp_error, mp_fail_limit, mp_limits, mp_read_body,
    mp_read_list_string, mp_span, mp_text,
    mp_defect, mp_defects, mp_defects_join,
)
from mailproto._core.common cimport VALUE_DEPTH, octets_or_none, padded, raise_error
from mailproto._core.envelope cimport Envelope, envelope_of, write_envelope
from mailproto._core.members cimport mp_add_member, mp_new_empty
from mailproto._core.trees cimport builtin, checked_tree, write_tree
from mailproto._core.words cimport (
    WORD_PARAMS, WordCache, defect_names, text_to_bytes, text_to_word, trees_in, word_find,
)
from mailproto._core.write cimport Writer

from mailproto import exact
from mailproto._core.trees import cut_repr, short_repr
from mailproto.errors import ParseError

cdef extern from *:
    """
    #define OFF_BODY(field) offsetof(struct __pyx_obj_9mailproto_5_core_14body_structure_BodyStructure, field)
    """
    size_t BODY_OBJECT "sizeof(struct __pyx_obj_9mailproto_5_core_14body_structure_BodyStructure)"
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
    FEW = 8            # parameters that are gathered without a list
    PARAMS_LIMIT = 48  # octets: a longer list of parameters has a boundary or a file's name, which do not come again

cdef tuple BODY_FIELDS = (
    "type", "subtype", "params", "id", "description", "encoding", "size", "lines", "md5", "disposition", "language",
    "location", "extensions", "envelope", "body", "parts",
)

cdef bytes MULTIPART = b"MULTIPART"


cdef tuple param_tuple(object value, str name):
    """Pairs of strings; neither has a NIL on the wire, so None is the empty one, as it is when read."""
    cdef list made = []
    if value is None:
        return ()
    for item in exact.items(value.items() if isinstance(value, dict) else value, name, "pairs"):
        key, text = exact.items(item, name, "pairs")
        made.append((octets_or_none(key, name) or b"", octets_or_none(text, name) or b""))
    return tuple(made)


cdef object disposition_of(object value):
    if value is None:
        return None
    kind, params = exact.pair(value, "disposition")
    return (octets_or_none(kind, "disposition") or b"", param_tuple(params, "disposition"))


@cython.final
@cython.no_gc
cdef class BodyStructure:
    """One part of BODY or BODYSTRUCTURE (RFC 9051 section 7.5.2).

    ``type`` and ``subtype`` are bytes as the server wrote them (``b"MULTIPART"`` for a multipart), ``params`` a tuple of
    (name, value) pairs; ``parts`` is a tuple, empty unless it is a multipart; ``envelope`` and ``body`` belong to an
    enclosed message. ``disposition`` is (type, params) or None, ``language`` a tuple or None; with ``md5``,
    ``location`` and ``extensions`` (generic trees) they are None or empty in a BODY, which has no extension data.
    """

    __match_args__ = BODY_FIELDS

    def __init__(self, type=None, subtype=None, params=(), id=None, description=None, encoding=b"7BIT", size=0,
                 lines=None, md5=None, disposition=None, language=None, location=None, extensions=(), envelope=None,
                 body=None, parts=(), extended=None):
        if self.type is not None:
            raise TypeError("a BodyStructure does not change")
        self.parts = exact.items(parts, "parts", "BodyStructure")
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
        self.encoding = None if self.parts else octets_or_none(encoding, "encoding") or b""
        self.size = None if self.parts else exact.integer(size, "size", most=exact.MAX_NUMBER64)
        self.lines = None if lines is None else exact.integer(lines, "lines", most=exact.MAX_NUMBER64)
        if not self.parts and (self.type.upper() == b"TEXT" or body is not None) != (lines is not None):
            raise ValueError("text parts and enclosed messages have lines, others none")
        self.md5 = octets_or_none(md5, "md5")
        self.disposition = disposition_of(disposition)
        self.language = None if language is None else tuple(
            [octets_or_none(item, "language") or b"" for item in exact.items(language, "language", "bytes")]) or None
        self.location = octets_or_none(location, "location")
        self.extensions = checked_tree(exact.items(extensions, "extensions", "trees"), "extensions")
        self.envelope = envelope
        self.body = body
        first = (self.params or None) if self.parts or self.type is MULTIPART else self.md5
        present = [first, self.disposition, self.language, self.location, self.extensions or None]
        while present and present[-1] is None:
            present.pop()
        self.extended = max(min(4, len(present)), 0 if extended is None else exact.integer(extended, "extended", most=4))

    @staticmethod
    def from_wire(wire, limits=None):
        """The body in its wire form, ``(...)`` alone. ParseError where it is none, LimitError past a bound."""
        cdef mp_limits bounds
        cdef bytes data = bytes(wire)
        cdef bytes room = padded(data, limits, &bounds)
        cdef mp_defects defects
        cdef BodyStructure made
        defects.bits = 0
        made = body_of(None, <const uint8_t *>PyBytes_AS_STRING(room), PyBytes_GET_SIZE(data), &bounds, &defects)
        made.wire = data
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

    def __copy__(self):
        """The value itself: it never changes."""
        return self

    def __deepcopy__(self, memo):
        """The value itself: it never changes."""
        return self

    def __reduce__(self):
        return restored, (flattened(self),)

    def __repr__(self):
        shown = ", ".join([f"{n}={short_repr(v)}" for n, v in zip(BODY_FIELDS, body_fields(self))
                           if v is not None and v != ()])
        return cut_repr(f"BodyStructure({shown})")

    def encode(self, utf8=False, literals="sync"):
        """The wire form, ``(...)`` alone, as a list of fragments."""
        return write_body(Writer(utf8=utf8, side="server"), self).finish()

    def __bytes__(self):
        if self.wire is not None and self.bits == 0:
            return self.wire
        return bytes(write_body(Writer(side="server"), self))

    def to_dict(self, *, secrets=False):
        """JSON-able builtins."""
        return {name: builtin(value) for name, value in zip(BODY_FIELDS, body_fields(self))
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
        if part.parts or part.type is MULTIPART:
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


cdef tuple params_of(WordCache cache, const uint8_t *data, mp_span span, const mp_limits *limits,
                     bint loose, mp_defects *defects):
    cdef mp_error error
    cdef mp_text name, value
    cdef c_bool found
    cdef uint32_t at = span.off + 1
    cdef uint32_t end = span.off + span.len
    cdef uint32_t h = 0
    cdef mp_defects own
    cdef uint32_t count = 0
    cdef PyObject *few[FEW]
    cdef Py_ssize_t n = 0
    cdef Py_ssize_t i
    cdef list more = None
    cdef tuple pair, result
    cdef object known
    cdef bint cached = cache is not None and 0 < span.len <= PARAMS_LIMIT
    if span.len == 0:
        return ()
    if cached:
        known = word_find(cache, WORD_PARAMS, data + span.off, span.len, &h)
        if known is not None:
            return <tuple>known
    own.bits = 0
    try:
        while True:
            if mp_read_list_string(data, &at, end, loose, &name, &found, &own, &error) != MP_OK:
                raise_error(&error, data, end)
            if not found:
                break
            count += 1
            if count > limits.max_parameters:
                mp_fail_limit(&error, at, b"max_parameters")
                raise_error(&error, data, end)
            if mp_read_list_string(data, &at, end, loose, &value, &found, &own, &error) != MP_OK:
                raise_error(&error, data, end)
            if not found:  # a name without a value
                value.kind = MP_TEXT_NIL
                value.span.off = at
            pair = (string_of(cache, data, &name, &own), string_of(cache, data, &value, &own))
            if n < FEW:
                Py_INCREF(pair)
                few[n] = <PyObject *>pair
                n += 1
            else:
                more = [] if more is None else more
                more.append(pair)
        result = PyTuple_New(n)
        for i in range(n):
            PyTuple_SET_ITEM(result, i, <object>few[i])
        n = 0  # the tuple has them now
    finally:
        for i in range(n):
            Py_XDECREF(few[i])
    if more is not None:
        result += tuple(more)
    mp_defects_join(defects, &own, 0)
    if cached and own.bits == 0:
        cache.keep(WORD_PARAMS, h, PyBytes_FromStringAndSize(<const char *>data + span.off, span.len), result)
    return result


cdef object string_of(WordCache cache, const uint8_t *data, const mp_text *text, mp_defects *defects):
    """A string; NIL in its place is the empty one, with a defect."""
    if text.kind == MP_TEXT_NIL:
        mp_defect(defects, MP_DEFECT_NIL_STRING, text.span.off)
        return b""
    return text_to_word(cache, data, text)


cdef tuple language_of(WordCache cache, const uint8_t *data, mp_span span, const mp_limits *limits,
                       bint loose, mp_defects *defects):
    cdef mp_error error
    cdef mp_text text
    cdef c_bool found
    cdef uint32_t at = span.off + (data[span.off] == c"(")
    cdef uint32_t end = span.off + span.len
    cdef list made = []
    if span.len == 0:
        return None
    while True:
        if mp_read_list_string(data, &at, end, loose, &text, &found, defects, &error) != MP_OK:
            raise_error(&error, data, end)
        if not found:
            return tuple(made) or None
        if text.kind == MP_TEXT_NIL:
            mp_defect(defects, MP_DEFECT_NIL_STRING, text.span.off)
        else:
            made.append(text_to_word(cache, data, &text))
        if len(made) > limits.max_elements:
            mp_fail_limit(&error, at, b"max_elements")
            raise_error(&error, data, end)


cdef inline bytes word_of(WordCache cache, const uint8_t *data, const mp_text *text):
    """A string that comes again and again; NIL as the empty one."""
    if text.kind == MP_TEXT_NIL:
        return b""
    return text_to_word(cache, data, text)


cdef inline object int_of(uint64_t number):
    return <long>number if number < 0x40000000 else number  # CPython makes small ints of a long without counting digits


cdef BodyStructure part_of(WordCache cache, const uint8_t *data, mp_body_part *p, const mp_limits *limits,
                           bint loose, mp_defects *defects):
    """One part but for `parts` and `body`, which the caller puts in."""
    cdef BodyStructure made = <BodyStructure>mp_new_empty(BodyStructure, BODY_OBJECT, BODY_TYPE, 17)
    cdef bint multipart = p.kind == MP_BODY_MULTIPART
    cdef mp_defects inner
    made.extended = p.extended
    made.parts = ()
    made.params = params_of(cache, data, p.params, limits, loose, &p.defects)
    made.subtype = word_of(cache, data, &p.subtype)
    if multipart:
        made.type = MULTIPART
    else:
        made.type = word_of(cache, data, &p.type)
        made.id = text_to_bytes(data, &p.id)
        made.description = text_to_bytes(data, &p.description)
        made.encoding = word_of(cache, data, &p.encoding)
        made.size = int_of(p.size)
        if p.has_lines:
            made.lines = int_of(p.lines)
    if p.kind == MP_BODY_MESSAGE:
        try:
            inner.bits = 0
            made.envelope = envelope_of(cache, data + p.envelope.off, p.envelope.len, limits, &inner)
        except ParseError as error:
            error.offset += p.envelope.off
            raise
        mp_defects_join(&p.defects, &inner, p.envelope.off)
    made.extensions = ()
    if p.extended:
        if not multipart:
            made.md5 = text_to_bytes(data, &p.md5)
        if p.extended >= 2 and p.disposition.kind != MP_TEXT_NIL or p.disposition_params.len:
            made.disposition = (
                word_of(cache, data, &p.disposition),
                params_of(cache, data, p.disposition_params, limits, loose, &p.defects),
            )
        if p.extended >= 3:
            made.language = language_of(cache, data, p.language, limits, loose, &p.defects)
        if p.extended >= 4:
            made.location = text_to_bytes(data, &p.location)
        if p.others.len:
            made.extensions = trees_in(data, p.others.off, p.others.off + p.others.len, limits)
    made.bits = p.defects.bits
    mp_defects_join(defects, &p.defects, 0)
    return made


cdef BodyStructure body_of(WordCache cache, const uint8_t *data, size_t length, const mp_limits *limits,
                           mp_defects *defects):
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
            return part_of(cache, data, &body.parts[0], limits, body.loose, defects)
        made = PyList_New(body.n)
        for i in range(body.n):
            held = part_of(cache, data, &body.parts[i], limits, body.loose, defects)
            Py_INCREF(held)
            PyList_SET_ITEM(made, i, held)
        # children come behind their parents: going backwards, each is complete when it is put in
        for i in range(body.n, 0, -1):
            p = &body.parts[i - 1]
            if p.children == 0:
                continue
            part = <BodyStructure>made[i - 1]
            inner = PyTuple_New(p.children)
            child = p.first_child
            for at in range(p.children):
                held = <object>PyList_GET_ITEM(made, child)
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


# ---- pickling: what was read tolerantly or streamed passes no constructor, and no body is walked by recursion ----------


cdef list flattened(BodyStructure whole):
    """Each part's fields, those inside it before it."""
    cdef list pending = [whole]
    cdef list made = []
    cdef BodyStructure part
    while pending:
        part = <BodyStructure>pending.pop()
        inner = part.parts if part.body is None else (part.body,)
        made.append((body_fields(part)[:14], len(inner), part.body is not None, part.wire, part.bits, part.extended,
                     part.depth, part.type is MULTIPART))
        pending.extend(inner)
    made.reverse()
    return made


def restored(parts):
    """What pickle calls."""
    cdef list stack = []
    cdef BodyStructure part
    cdef object fields, count, encloses, multipart, wire
    for fields, count, encloses, wire, bits, extended, depth, multipart in parts:
        part = <BodyStructure>mp_new_empty(BodyStructure, BODY_OBJECT, BODY_TYPE, 17)
        (part.type, part.subtype, part.params, part.id, part.description, part.encoding, part.size, part.lines,
         part.md5, part.disposition, part.language, part.location, part.extensions, part.envelope) = fields
        if multipart:
            part.type = MULTIPART
        part.wire = wire
        part.bits = bits
        part.extended = extended
        part.depth = depth
        inner = tuple(stack[len(stack) - count:])
        del stack[len(stack) - count:]
        part.body = inner[0] if encloses else None
        part.parts = () if encloses else inner
        stack.append(part)
    return stack[0]
