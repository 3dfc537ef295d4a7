# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""Flags: see csrc/include/mailproto/imap_text.h."""

from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_FromObject
from libc.stdint cimport uint8_t

from mailproto._core.c_mailproto cimport mp_flag_canonical


def canonical_flag(flag, /):
    """A flag in its canonical spelling: ``\\\\seen`` is ``\\\\Seen``, ``$forwarded`` is ``$Forwarded``.

    Flags are compared without regard to case (RFC 9051 section 2.3.2); one that no RFC defines stays as it is.
    """
    cdef Py_ssize_t length
    cdef const char *data = PyUnicode_AsUTF8AndSize(flag, &length)
    cdef const char *known = mp_flag_canonical(<const uint8_t *>data, length)
    return PyUnicode_FromObject(flag) if known is NULL else known.decode("ascii")
