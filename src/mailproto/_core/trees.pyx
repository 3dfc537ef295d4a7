# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""Generic trees: an atom is ``str``, a number ``int``, NIL ``None``, a string ``bytes``, a list ``tuple``."""

from cpython.tuple cimport PyTuple_GET_SIZE, PyTuple_GetSlice

from mailproto import exact
from mailproto.streamed import Streamed

cdef extern from "Python.h":
    int Py_EnterRecursiveCall(const char *where) except *  # some versions return 1, some -1
    void Py_LeaveRecursiveCall()

from itertools import islice
from types import MappingProxyType

cdef object CLOSE = object()

#: The largest number of a tree: longer ones are read as atoms.
cdef object MOST = 10 ** 19 - 1

cdef enum:
    DEEPEST = 60  # what Limits.server() reads in any place that holds a tree


cdef object builtin(object value):
    """JSON-able builtins: bytes as str when they are UTF-8, else {"b64": ...}; tuples as lists; values as dicts."""
    if isinstance(value, bytes):
        try:
            return (<bytes>value).decode("utf-8")
        except UnicodeDecodeError:
            import base64
            return {"b64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, str):
        return (<str>value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(value, tuple):
        Py_EnterRecursiveCall(b" in to_dict")
        try:
            return [builtin(item) for item in value]
        finally:
            Py_LeaveRecursiveCall()
    return value.to_dict() if hasattr(value, "to_dict") else value


cdef object write_tree(object writer, object tree):
    """Write *tree* without recursion. ValueError where an atom would be read as something else."""
    cdef list pending = [tree]
    cdef bint first = True
    while pending:
        item = pending.pop()
        if item is CLOSE:
            writer.close()
            first = False
            continue
        if not first:
            writer.sp()
        first = False
        if item is None:
            writer.nil()
        elif isinstance(item, tuple):
            writer.open()
            pending.append(CLOSE)
            pending.extend(reversed(<tuple>item))
            first = True
        elif isinstance(item, (bytes, Streamed)):
            writer.string(item)
        elif isinstance(item, int) and not isinstance(item, bool):
            writer.number(item)
        elif isinstance(item, str):
            writer.raw(atom_octets(<str>item))
        else:
            raise TypeError(f"no wire form for {type(item).__name__}")
    return writer


cdef bytes atom_octets(str atom):
    number = atom.isascii() and atom.isdigit() and len(atom) <= 19 and (atom == "0" or atom[0] != "0")
    if not atom or atom.upper() == "NIL" or number or any([c <= " " or c in '()"{\x7f' for c in atom]):
        raise ValueError("not an atom: a string is bytes, a number int, NIL None")
    return atom.encode("utf-8", "surrogateescape")


cdef object leaf(object value, str what):
    if value is None:
        return None
    if isinstance(value, bytes):
        return exact.octets(value, what)
    if isinstance(value, str):
        text = exact.text(value, what)
        atom_octets(text)
        return text
    if isinstance(value, int) and not isinstance(value, bool):
        return exact.integer(value, what, most=MOST)
    raise TypeError(f"{what} must be made of str, bytes, int, None and tuples of them, not {type(value).__name__}")


cdef object checked_tree(object value, str what):
    """A generic tree from Python, of exact builtins and without recursion. TypeError; ValueError for a str that is no
    atom, a number that would be read as an atom, and for one that is nested too deeply."""
    cdef list outer = []  # what is open: the items to come, in reverse order, and those that are done
    cdef list pending = [value]
    cdef list made = []
    while True:
        if pending:
            item = pending.pop()
            if not isinstance(item, tuple):
                made.append(leaf(item, what))
                continue
            if len(outer) == DEEPEST:
                raise ValueError(f"{what} is nested too deeply")
            outer.append((pending, made))
            pending = list(PyTuple_GetSlice(item, 0, PyTuple_GET_SIZE(item)))
            pending.reverse()
            made = []
        elif outer:
            done = tuple(made)
            pending, made = outer.pop()
            made.append(done)
        else:
            return made[0]


def check_tree(value, what, /):
    """A generic tree that Python code gives, as exact builtins: None, ``int``, ``bytes``, ``str`` for an atom, tuples.

    TypeError for any other object; ValueError for a ``str`` that is no atom, for a number over 10**19 - 1, which would be
    read as an atom, and for what is nested more than 60 levels deep.
    """
    return checked_tree(value, what)


def write_generic_tree(writer, tree, /):
    """Write a generic tree with a Writer; ValueError where an atom would be read as something else."""
    write_tree(writer, tree)


#: How long a ``repr`` may be, and how much of one string or list it shows.
cdef Py_ssize_t SHOWN = 16_000
cdef Py_ssize_t SHOWN_OCTETS = 256
cdef Py_ssize_t SHOWN_ITEMS = 30


def short_repr(value):
    """``repr``, but a long string as its length, and of a long tuple or dictionary the beginning."""
    if isinstance(value, bytes) and len(value) > SHOWN_OCTETS:
        return f"<{len(value)} bytes>"
    if isinstance(value, str) and len(value) > SHOWN_OCTETS:
        return f"<{len(value)} characters>"
    if type(value) is tuple:
        Py_EnterRecursiveCall(b" in repr")
        try:
            items = [short_repr(item) for item in value[:SHOWN_ITEMS]]
        finally:
            Py_LeaveRecursiveCall()
        if len(value) > SHOWN_ITEMS:
            items.append(f"<{len(value) - SHOWN_ITEMS} more>")
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    if isinstance(value, (dict, MappingProxyType)):
        items = [f"{key!r}: {short_repr(item)}" for key, item in islice(value.items(), SHOWN_ITEMS)]
        if len(value) > SHOWN_ITEMS:
            items.append(f"<{len(value) - SHOWN_ITEMS} more>")
        return "{" + ", ".join(items) + "}"
    return repr(value)


def cut_repr(text):
    """*text* as a ``repr``, cut where it is longer than a log can use."""
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."
