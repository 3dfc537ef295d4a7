# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""The dots of multi-line replies: RFC 1939 section 3. See csrc/include/mailproto/pop3.h."""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport uint8_t
from libc.string cimport memcpy

from mailproto._core.c_mailproto cimport (
    MP_OK, mp_status, mp_stuff, mp_stuff_finish, mp_stuff_init, mp_stuff_run, mp_unstuff, mp_unstuff_init,
    mp_unstuff_run,
)

from mailproto.errors import IncompleteError, ParseError

cdef extern from "Python.h":
    int _PyBytes_Resize(PyObject **, Py_ssize_t) except -1


def unstuff(data):
    """Take the dots and the terminator away from *data*, the whole body of a multi-line reply.

    Lines end in CRLF (RFC 1939 section 3); a bare LF is text. Raises IncompleteError where the terminator is missing
    and ParseError where something follows it.
    """
    cdef Py_buffer view
    cdef mp_unstuff machine
    cdef size_t consumed = 0, written = 0
    cdef mp_status status
    cdef PyObject *trimmed
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    try:
        # In one pass, into memory that is at most a terminator and the dots too large, and then trimmed.
        memory = PyBytes_FromStringAndSize(NULL, view.len)
        mp_unstuff_init(&machine, False)
        status = mp_unstuff_run(&machine, <uint8_t *>PyBytes_AS_STRING(memory), <const uint8_t *>view.buf, view.len,
                                &consumed, &written)
        if status != MP_OK:
            raise IncompleteError("the line with the terminating dot is missing")
        if consumed != <size_t>view.len:
            raise ParseError(consumed, "nothing after the terminating dot", bytes(data[:1024]))
        trimmed = <PyObject *>memory
        Py_INCREF(memory)
        del memory
        _PyBytes_Resize(&trimmed, written)  # on failure it has dropped the memory itself
        result = <object>trimmed
        Py_DECREF(result)
        return result
    finally:
        PyBuffer_Release(&view)


@cython.final
cdef class Stuffer:
    """Puts the dots into a message that comes in chunks of any size.

    *any_lf*: also behind a bare LF, so that a client that takes LF for a line end cannot be shown a forged
    terminator; one that does not then sees one dot too many there. RFC 1939 knows only CRLF.
    """

    cdef mp_stuff machine

    def __cinit__(self, *, bint any_lf=False):
        mp_stuff_init(&self.machine, any_lf)

    def update(self, data):
        """*data* as it must be sent: the very same object where no dot had to be added."""
        cdef Py_buffer view
        cdef mp_stuff before
        cdef size_t size
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            with cython.critical_section(self):
                before = self.machine
                size = mp_stuff_run(&self.machine, NULL, <const uint8_t *>view.buf, view.len)
                if size == <size_t>view.len:
                    return data
                result = PyBytes_FromStringAndSize(NULL, size)
                mp_stuff_run(&before, <uint8_t *>PyBytes_AS_STRING(result), <const uint8_t *>view.buf, view.len)
                return result
        finally:
            PyBuffer_Release(&view)

    def finish(self):
        """What must follow the last chunk: the missing last CRLF, if any, and the terminator. Begins anew."""
        cdef uint8_t tail[5]
        cdef size_t n
        with cython.critical_section(self):
            n = mp_stuff_finish(&self.machine, tail)
        return PyBytes_FromStringAndSize(<const char *>tail, n)


def stuff(data, *, any_lf=False):
    """*data* as the body of a multi-line reply: dots added, a missing last CRLF added, the terminator added.

    *any_lf* as for Stuffer.
    """
    cdef Py_buffer view
    cdef mp_stuff machine, counter
    cdef uint8_t tail[5]
    cdef size_t size, n
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    try:
        mp_stuff_init(&machine, any_lf)
        counter = machine
        size = mp_stuff_run(&counter, NULL, <const uint8_t *>view.buf, view.len)
        n = mp_stuff_finish(&counter, tail)
        result = PyBytes_FromStringAndSize(NULL, size + n)
        if size == <size_t>view.len:
            memcpy(PyBytes_AS_STRING(result), view.buf, size)
        else:
            mp_stuff_run(&machine, <uint8_t *>PyBytes_AS_STRING(result), <const uint8_t *>view.buf, view.len)
        memcpy(PyBytes_AS_STRING(result) + size, tail, n)
        return result
    finally:
        PyBuffer_Release(&view)
