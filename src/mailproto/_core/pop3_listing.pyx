# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""The lines of listings, and response codes: see csrc/include/mailproto/pop3.h."""

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memchr

from mailproto._core.c_mailproto cimport (
    MP_OK, mp_error, mp_pop3_bool, mp_pop3_line_end, mp_pop3_next_param, mp_pop3_read_capability,
    mp_pop3_read_language, mp_pop3_read_numbers, mp_pop3_read_status, mp_pop3_read_uidl, mp_pop3_reply, mp_span,
    mp_status,
)

cdef enum:
    NUMBERS
    UNIQUE_IDS
    CAPABILITIES
    LANGUAGES

cdef dict KINDS = {
    "LIST": NUMBERS, "STAT": NUMBERS, "UIDL": UNIQUE_IDS, "CAPA": CAPABILITIES, "AUTH": CAPABILITIES, "LANG": LANGUAGES,
}


def response_code_of(bytes line):
    """The response code that a status line, with its line end, is read as having, or None."""
    cdef mp_pop3_reply reply
    cdef mp_error error
    cdef const uint8_t *octets = <const uint8_t *><const char *>line
    if mp_pop3_read_status(octets, len(line), &reply, &error) != MP_OK or not reply.has_code:
        return None
    return line[reply.code.off:reply.code.off + reply.code.len]


cdef object text_of(const uint8_t *line, mp_span span):
    return PyUnicode_DecodeUTF8(<const char *>line + span.off, span.len, b"replace")


cdef tuple params_of(const uint8_t *line, mp_span rest):
    cdef mp_span param
    cdef list found = []
    while mp_pop3_next_param(line, &rest, &param):
        found.append(text_of(line, param))
    return tuple(found)


def read_listing(str command, data, entry_type):
    """``(entries, defects, offset)`` of a body or of the text of a single-line reply: see mailproto.pop3.Reply.listing.

    *offset*: where in *data* the first line with a defect starts, or None.
    """
    cdef Py_buffer view
    cdef const uint8_t *octets
    cdef const uint8_t *line
    cdef const uint8_t *found
    cdef Py_ssize_t at = 0, end, n
    cdef uint64_t first = 0, second = 0
    cdef mp_pop3_bool loose = False
    cdef mp_error error
    cdef mp_span word, rest
    cdef mp_status status
    cdef list entries = []
    cdef set defects = set()
    cdef int kind = KINDS[command]
    offset = None
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    try:
        octets = <const uint8_t *>view.buf
        while at < view.len:
            line = octets + at
            found = <const uint8_t *>memchr(line, 10, view.len - at)
            end = view.len if found is NULL else found - octets + 1
            n = end - at - <Py_ssize_t>mp_pop3_line_end(line, end - at)
            entry = None
            if kind == NUMBERS:
                status = mp_pop3_read_numbers(line, n, &first, &second, &loose, &error)
                if status == MP_OK:
                    entry = (first, second)
            elif kind == UNIQUE_IDS:
                status = mp_pop3_read_uidl(line, n, &first, &word, &loose, &error)
                if status == MP_OK:
                    entry = (first, text_of(line, word))
            elif kind == CAPABILITIES:
                status = mp_pop3_read_capability(line, n, &word, &rest, &loose, &error)
                if status == MP_OK:
                    entry = (text_of(line, word), params_of(line, rest))
            else:
                status = mp_pop3_read_language(line, n, &word, &rest, &loose, &error)
                if status == MP_OK:
                    entry = (text_of(line, word), text_of(line, rest))
            if entry is None:
                defects.add("bad-listing-line")
            else:
                entries.append(tuple.__new__(entry_type, entry))
                if loose:
                    defects.add("loose-unique-id" if kind == UNIQUE_IDS else "loose-blanks")
            if offset is None and defects:
                offset = at
            at = end
    finally:
        PyBuffer_Release(&view)
    return tuple(entries), tuple(sorted(defects)), offset
