# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""Flags: see csrc/include/mailproto/imap_text.h."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_FromObject
from libc.stdint cimport uint8_t

from mailproto._core.c_mailproto cimport mp_flag_canonical
from mailproto._core.words cimport sendable

from mailproto import exact


def canonical_flag(flag, /):
    """A flag in its canonical spelling: ``\\\\seen`` is ``\\\\Seen``, ``$forwarded`` is ``$Forwarded``.

    Flags are compared without regard to case (RFC 9051 section 2.3.2); one that no RFC defines stays as it is.
    """
    cdef Py_ssize_t length
    cdef const char *data = PyUnicode_AsUTF8AndSize(flag, &length)
    cdef const char *known = mp_flag_canonical(<const uint8_t *>data, length)
    return PyUnicode_FromObject(flag) if known is NULL else known.decode("ascii")


def check_atoms(values, what, /):
    """Atoms that a server sends, flags or names, as a tuple of ``str``.

    Looser than the grammar, for a server or a proxy may hand on what it was given; but nothing that would end an atom:
    no space, quote, parenthesis, brace or control character. TypeError, ValueError.
    """
    cdef list made = []
    cdef bytes wire
    for value in exact.items(values, what):
        atom = exact.text(value, what)
        wire = atom.encode("utf-8", "surrogateescape")
        if not sendable(<const uint8_t *>PyBytes_AS_STRING(wire), PyBytes_GET_SIZE(wire)):
            raise ValueError(f"{what} must be atoms")
        made.append(atom)
    return tuple(made)


def check_flags(values, what, /):
    """Flags as :func:`check_atoms` takes them, those of the RFCs in canonical case."""
    return tuple([canonical_flag(flag) if flag.isascii() else flag for flag in check_atoms(values, what)])
