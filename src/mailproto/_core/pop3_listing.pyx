# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""The lines of listings, and response codes: see csrc/include/mailproto/pop3.h."""

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from libc.stdint cimport uint8_t, uint64_t

from mailproto._core.c_mailproto cimport (
    MP_OK, mp_error, mp_pop3_bool, mp_pop3_line_end, mp_pop3_read_numbers, mp_pop3_read_status, mp_pop3_read_uidl,
    mp_pop3_reply, mp_span,
)


def response_code_of(const uint8_t[::1] line):
    """The response code that a status line, with its line end, is read as having, or None."""
    cdef mp_pop3_reply reply
    cdef mp_error error
    if len(line) == 0 or mp_pop3_read_status(&line[0], len(line), &reply, &error) != MP_OK or not reply.has_code:
        return None
    return bytes(line[reply.code.off:reply.code.off + reply.code.len])


def read_listing(str command, data):
    """``(entries, defects)`` of a body or of the text of a single-line reply: see mailproto.pop3.Reply.listing."""
    cdef Py_buffer view
    cdef const uint8_t *octets
    cdef Py_ssize_t at = 0, end, n
    cdef uint64_t first = 0, second = 0
    cdef mp_pop3_bool loose = False
    cdef mp_error error
    cdef mp_span word
    cdef list entries = []
    cdef set defects = set()
    cdef int kind = 0 if command in ("LIST", "STAT") else 1 if command == "UIDL" else 2
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    try:
        octets = <const uint8_t *>view.buf
        while at < view.len:
            end = at
            while end < view.len and octets[end] != 10:
                end += 1
            end = min(end + 1, view.len)
            n = end - at - <Py_ssize_t>mp_pop3_line_end(octets + at, end - at)
            if kind == 0:
                if mp_pop3_read_numbers(octets + at, n, &first, &second, &error) == MP_OK:
                    entries.append((first, second))
                else:
                    defects.add("bad-listing-line")
            elif kind == 1:
                if mp_pop3_read_uidl(octets + at, n, &first, &word, &loose, &error) == MP_OK:
                    entries.append((first, (<const char *>octets)[at + word.off:at + word.off + word.len].decode("ascii")))
                    if loose:
                        defects.add("loose-unique-id")
                else:
                    defects.add("bad-listing-line")
            else:
                words = (<const char *>octets)[at:at + n].decode("utf-8", "replace").split()
                if words:
                    entries.append((words[0], tuple(words[1:])))
                else:
                    defects.add("bad-listing-line")
            at = end
    finally:
        PyBuffer_Release(&view)
    return tuple(entries), tuple(sorted(defects))
