# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""The MIME structure of messages; see csrc/include/mailproto/mime.h."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t

from mailproto._core.c_mailproto cimport (
    MP_OK, MP_SECTION_ALL, MP_SECTION_HEADER, MP_SECTION_MIME, MP_SECTION_TEXT, mp_alloc_libc, mp_bare_lf_count,
    mp_bare_lf_fix, mp_buffer, mp_buffer_free, mp_buffer_init, mp_error, mp_field, mp_field_text, mp_header_next,
    mp_limits, mp_mime, mp_mime_free, mp_mime_init, mp_mime_load, mp_mime_parse, mp_mime_save, mp_mime_section,
    mp_section_text, mp_span, mp_status, mp_write_body_structure, mp_write_envelope,
)
from mailproto._core.common cimport limits_to_c, raise_error

from mailproto.errors import LimitError
from mailproto.limits import Limits

#: The deepest path of part numbers that is looked up; a deeper one names nothing.
cdef enum:
    PATH_MAX = 1024

cdef dict SECTION_TEXTS = {
    None: MP_SECTION_ALL, "HEADER": MP_SECTION_HEADER, "TEXT": MP_SECTION_TEXT, "MIME": MP_SECTION_MIME,
}


cdef bytes take(mp_buffer *buffer):
    """The buffer's octets; it is freed."""
    try:
        if buffer.failed:
            raise MemoryError()
        return PyBytes_FromStringAndSize(<char *>buffer.data, buffer.len)
    finally:
        mp_buffer_free(buffer)


@cython.final
cdef class MessageStructure:
    """What IMAP tells of a message without looking at it again: made by :func:`parse_message`.

    ``envelope``, ``body`` and ``body_structure`` are the wire text of those FETCH items, possibly with literals
    in it, ready for ``Writer.raw``; ``size`` counts octets, ``lines`` line ends. :meth:`span` and :meth:`section`
    answer BODY[...]. :meth:`to_bytes` saves what they need (not the wire texts) in some ten octets a part.
    """

    cdef mp_mime mime
    cdef readonly bytes envelope
    cdef readonly bytes body
    cdef readonly bytes body_structure
    cdef bytes data
    cdef tuple limit  # (name, offset) of the limit that cut something off, or None

    def __cinit__(self):
        mp_mime_init(&self.mime, mp_alloc_libc())

    def __init__(self, *args, **kwargs):
        raise TypeError("use parse_message() or MessageStructure.from_bytes()")

    def __dealloc__(self):
        mp_mime_free(&self.mime)

    @staticmethod
    def from_bytes(saved, data=None, /):
        """The structure that :meth:`to_bytes` saved; *data* is the message, which :meth:`section` needs.

        The wire texts are ``None`` in it. ValueError for octets that are no saved structure, or for a message of another
        size.
        """
        cdef bytes blob = bytes(saved)
        cdef MessageStructure self = MessageStructure.__new__(MessageStructure)
        cdef mp_error error
        if mp_mime_load(&self.mime, <const uint8_t *>PyBytes_AS_STRING(blob), PyBytes_GET_SIZE(blob),
                        &error) != MP_OK:
            raise_error(&error, <const uint8_t *>PyBytes_AS_STRING(blob), PyBytes_GET_SIZE(blob))
        if data is not None:
            self.data = bytes(data)
            if PyBytes_GET_SIZE(self.data) != <Py_ssize_t>self.mime.size:
                raise ValueError("the message is not the one that the structure was made of")
        return self

    def to_bytes(self):
        """The structure to be kept beside the message, so that sections never need a second reading of it."""
        cdef mp_buffer out
        mp_buffer_init(&out, mp_alloc_libc())
        mp_mime_save(&self.mime, &out)
        return take(&out)

    @property
    def size(self):
        """Octets of the message (RFC822.SIZE)."""
        return self.mime.size

    @property
    def lines(self):
        """Line ends in the message."""
        return self.mime.lines

    @property
    def part_count(self):
        """How many parts there are, the message itself and containers included."""
        return self.mime.count

    @property
    def defects(self):
        """What of the message is not shown as it is: ``("max_parts",)`` and the like, a field of ``Limits``.

        Only the first is named; empty for a structure from :meth:`from_bytes`.
        """
        return () if self.limit is None else self.limit[:1]

    def span(self, part=(), text=None):
        """Where a section is: ``(offset, octets)`` in the message, or ``None`` if there is no such section.

        *part* is a tuple of part numbers, *text* ``None``, ``"HEADER"``, ``"TEXT"`` or ``"MIME"`` (RFC 9051 section
        6.4.5.1). The empty line that ends a header belongs to it.
        """
        cdef uint32_t path[PATH_MAX]
        cdef Py_ssize_t depth = 0
        cdef mp_span found
        cdef mp_section_text wanted
        if text not in SECTION_TEXTS:
            raise ValueError('a section is "HEADER", "TEXT", "MIME" or None')
        wanted = SECTION_TEXTS[text]
        for number in part:
            if depth == PATH_MAX or not 1 <= number <= 0xFFFFFFFF:
                return None
            path[depth] = number
            depth += 1
        if not mp_mime_section(&self.mime, path, depth, wanted, &found):
            return None
        return (found.off, found.len)

    def section(self, part=(), text=None, fields=(), negate=False):
        """The octets of BODY[part.text], or ``None`` if there is no such section.

        *text* may also be ``"HEADER.FIELDS"`` or ``"HEADER.FIELDS.NOT"``, with the names in *fields*; ``"HEADER"`` with
        *fields* means the same, *negate* choosing which. ValueError for a structure without its message.
        """
        if text == "HEADER.FIELDS" or text == "HEADER.FIELDS.NOT":
            negate = text == "HEADER.FIELDS.NOT"
            where = self.span(part, "HEADER")
            chosen = True
        else:
            where = self.span(part, text)
            chosen = bool(fields)
        if self.data is None:
            raise ValueError("the structure was restored without its message")
        if where is None:
            return None
        octets = self.data[where[0] : where[0] + where[1]]
        return select_fields(octets, fields, negate) if chosen else octets

    def header_fields(self, part=()):
        """The fields of a header as ``(name, value)`` pairs of ``bytes``, or ``None`` if there is no such section.

        Without *part* the message's own header, else that of the message/rfc822 part. Values are unfolded and still
        encoded (RFC 2047).
        """
        header = self.section(part, "HEADER")
        return None if header is None else parse_header(header)


def parse_message(data, limits=None, *, strict=False):
    """Read a message (any octets) and compute its structure, its ENVELOPE, BODY and BODYSTRUCTURE.

    *limits* (``Limits.server()`` by default) bounds what is told: ``max_parts``, ``max_depth``, ``max_header``,
    ``max_parameters`` and ``max_addresses``. Past them, a message is cut short or a part stays one opaque part, and
    ``defects`` says so; where *strict* is true LimitError is raised instead. Lines may end in CRLF or a bare LF.
    Time is linear in the message. LimitError for one of 4 GiB.
    """
    cdef MessageStructure result = MessageStructure.__new__(MessageStructure)
    cdef mp_limits bounds
    cdef mp_error error
    cdef mp_buffer envelope, body, structure
    cdef mp_status status
    cdef const uint8_t *octets
    cdef size_t length
    result.data = bytes(data)
    octets = <const uint8_t *>PyBytes_AS_STRING(result.data)
    length = PyBytes_GET_SIZE(result.data)
    limits_to_c(Limits.server() if limits is None else limits, &bounds)
    with nogil:
        mp_buffer_init(&envelope, mp_alloc_libc())
        mp_buffer_init(&body, mp_alloc_libc())
        mp_buffer_init(&structure, mp_alloc_libc())
        status = mp_mime_parse(&result.mime, octets, length, &bounds, &error)
        if status == MP_OK:
            mp_write_envelope(octets, result.mime.parts[0].header, &bounds, &result.mime, &envelope)
            mp_write_body_structure(&result.mime, octets, False, &bounds, &body)
            mp_write_body_structure(&result.mime, octets, True, &bounds, &structure)
    if status != MP_OK:
        raise_error(&error, octets, length)
    try:
        result.envelope = take(&envelope)
        result.body = take(&body)
        result.body_structure = take(&structure)
    finally:
        # take() frees what it was given; after a failure the others are still to be freed.
        mp_buffer_free(&envelope)
        mp_buffer_free(&body)
        mp_buffer_free(&structure)
    if result.mime.limit is not NULL:
        result.limit = (result.mime.limit.decode("ascii"), result.mime.limit_offset)
        if strict:
            raise LimitError(result.limit[1], result.limit[0], result.data)
    return result


def parse_header(header, /):
    """The fields of a header (octets, up to its empty line): a list of ``(name, value)``, both ``bytes``.

    Names are as written, values unfolded, without the white space around them. Lines that are no field are left out.
    """
    cdef bytes data = bytes(header)
    cdef const uint8_t *octets = <const uint8_t *>PyBytes_AS_STRING(data)
    cdef size_t end = PyBytes_GET_SIZE(data)
    cdef size_t at = 0
    cdef mp_field field
    cdef mp_buffer text
    cdef list fields = []
    check_size(end)
    mp_buffer_init(&text, mp_alloc_libc())
    try:
        while mp_header_next(octets, end, &at, &field):
            if field.name.len == 0:
                continue
            text.len = 0
            mp_field_text(octets, field.value, &text)
            if text.failed:
                raise MemoryError()
            fields.append((
                PyBytes_FromStringAndSize(<const char *>octets + field.name.off, field.name.len),
                PyBytes_FromStringAndSize(<char *>text.data, text.len),
            ))
    finally:
        mp_buffer_free(&text)
    return fields


def select_fields(header, names, negate=False, /):
    """HEADER.FIELDS of a header, or HEADER.FIELDS.NOT: the fields of these names, as they are, and an empty line."""
    cdef bytes data = bytes(header)
    cdef const uint8_t *octets = <const uint8_t *>PyBytes_AS_STRING(data)
    cdef size_t end = PyBytes_GET_SIZE(data)
    cdef size_t at = 0
    cdef mp_field field
    cdef list kept = []
    cdef bint inside, inverse = negate
    # A set: a peer may name thousands of fields for a header that has thousands.
    cdef set wanted = {(name.encode("utf-8") if isinstance(name, str) else bytes(name)).lower() for name in names}
    check_size(end)
    while mp_header_next(octets, end, &at, &field):
        inside = PyBytes_FromStringAndSize(<const char *>octets + field.name.off, field.name.len).lower() in wanted
        if inside != inverse:
            kept.append(PyBytes_FromStringAndSize(<const char *>octets + field.whole.off, field.whole.len))
    if kept and not kept[-1].endswith(b"\n"):
        kept.append(b"\r\n")
    kept.append(b"\r\n")
    return b"".join(kept)


cdef int check_size(size_t length) except -1:
    if length > <size_t>0xFFFFFFFF:
        raise LimitError(0xFFFFFFFF, "max_unit")
    return 0


def normalise_line_ends(data, /):
    """The message with CRLF for every bare LF; the same object where there is none. A lone CR stays."""
    cdef bytes octets = bytes(data)
    cdef size_t length = PyBytes_GET_SIZE(octets)
    cdef size_t more = mp_bare_lf_count(<const uint8_t *>PyBytes_AS_STRING(octets), length)
    cdef bytes fixed
    if more == 0:
        return octets
    fixed = PyBytes_FromStringAndSize(NULL, length + more)
    mp_bare_lf_fix(<const uint8_t *>PyBytes_AS_STRING(octets), length, <uint8_t *>PyBytes_AS_STRING(fixed))
    return fixed
