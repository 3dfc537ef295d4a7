# The arguments that mp_command_parse found, taken one after the other. Inline: each module has its own.

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcmp

from mailproto._core.c_mailproto cimport mp_arg, mp_span, mp_unescape
from mailproto._core.mailbox_name cimport mailbox_from_wire
from mailproto._core.outside cimport outside_at
from mailproto._core.sequence_set cimport sequence_set_from_wire


cdef enum:
    MAX_FIELDS = 9
    # The words that one client chooses and repeats (header fields, keywords), kept by its reader: slots, and octets.
    CACHE_SLOTS = 32
    CACHE_WORD = 32


cdef struct Shape:
    # A class with __slots__ that is built without its __init__: what comes off the wire was checked by the C core.
    PyTypeObject *type
    Py_ssize_t count
    Py_ssize_t offsets[MAX_FIELDS]


cdef struct Reading:
    const uint8_t *unit
    size_t length
    mp_arg *args
    uint32_t count
    uint32_t at
    bint utf8
    PyObject **cache  # of CACHE_SLOTS, or NULL


cdef extern from *:
    """
    #include <structmember.h>
    /* Where a __slots__ member lies in its objects, or -1. */
    static inline Py_ssize_t mp_slot_offset(PyObject *descriptor)
    {
        if (!PyObject_TypeCheck(descriptor, &PyMemberDescr_Type))
            return -1;
        PyMemberDef *member = ((PyMemberDescrObject *)descriptor)->d_member;
        return member->type == T_OBJECT_EX ? member->offset : -1;
    }
    /* Fills a slot of an object that nobody else has seen yet. */
    static inline void mp_slot_fill(PyObject *object, Py_ssize_t offset, PyObject *value)
    {
        Py_INCREF(value);
        *(PyObject **)((char *)object + offset) = value;
    }
    static inline PyObject *mp_new_ascii(Py_ssize_t length) { return PyUnicode_New(length, 127); }
    static inline Py_ssize_t mp_ascii_length(PyObject *text) { return PyUnicode_GET_LENGTH(text); }
    static inline uint8_t *mp_ascii_data(PyObject *text) { return (uint8_t *)PyUnicode_1BYTE_DATA(text); }
    """
    Py_ssize_t mp_slot_offset(object descriptor)
    void mp_slot_fill(object target, Py_ssize_t offset, object value)
    object mp_new_ascii(Py_ssize_t length)
    Py_ssize_t mp_ascii_length(object text)
    uint8_t *mp_ascii_data(object text)
    object PyType_GenericAlloc(PyTypeObject *type, Py_ssize_t items)


cdef inline mp_arg *take(Reading *r) noexcept:
    r.at += 1
    return &r.args[r.at - 1]


cdef inline int put(tuple result, Py_ssize_t index, object item) except -1:
    Py_INCREF(item)
    PyTuple_SET_ITEM(result, index, item)
    return 0


cdef inline object ascii_from(const uint8_t *unit, mp_span span):
    return PyUnicode_DecodeASCII(<const char *>unit + span.off, span.len, NULL)


cdef inline object word_of(Reading *r, mp_span span):
    """A word that the client chose, from the cache of its reader where it was met before."""
    cdef const uint8_t *data = r.unit + span.off
    cdef PyObject **slot
    if r.cache is NULL or span.len == 0 or span.len > CACHE_WORD:
        return ascii_from(r.unit, span)
    slot = &r.cache[(span.len + data[0] * 5 + data[span.len // 2] * 3 + data[span.len - 1] * 7) % CACHE_SLOTS]
    if slot[0] is not NULL:
        if mp_ascii_length(<object>slot[0]) == span.len and memcmp(mp_ascii_data(<object>slot[0]), data, span.len) == 0:
            return <object>slot[0]
    word = ascii_from(r.unit, span)
    Py_XDECREF(slot[0])
    Py_INCREF(word)
    slot[0] = <PyObject *>word
    return word


cdef inline object upper_of(const uint8_t *unit, mp_span span):
    cdef uint32_t i
    cdef uint8_t c
    cdef uint8_t *out
    text = mp_new_ascii(span.len)
    out = mp_ascii_data(text)
    for i in range(span.len):
        c = unit[span.off + i]
        out[i] = c - 32 if c"a" <= c <= c"z" else c
    return text


cdef inline object take_number(Reading *r):
    return take(r).number


cdef inline object take_set(Reading *r):
    cdef mp_arg *arg = take(r)
    return sequence_set_from_wire(r.unit, r.length, arg.span.off, arg.span.len)


cdef inline bytes take_string(Reading *r):
    cdef mp_arg *arg = take(r)
    cdef bytes room
    cdef size_t length
    if not arg.escaped:
        return PyBytes_FromStringAndSize(<const char *>r.unit + arg.span.off, arg.span.len)
    room = PyBytes_FromStringAndSize(NULL, arg.span.len)
    length = mp_unescape(<uint8_t *>PyBytes_AS_STRING(room), r.unit + arg.span.off, arg.span.len)
    return PyBytes_FromStringAndSize(PyBytes_AS_STRING(room), length)


cdef inline object take_message(Reading *r):
    """The octets of a message or of a part of one: bytes, or what stands for them where the literal was taken out."""
    cdef mp_arg *arg = &r.args[r.at]
    if arg.span.len:
        return take_string(r)
    r.at += 1
    return outside_at(r.unit + arg.span.off)


cdef inline object take_text(Reading *r):
    if not r.args[r.at].escaped:
        return word_of(r, take(r).span)
    return take_string(r).decode("ascii")


cdef inline object take_mailbox(Reading *r):
    cdef mp_arg *arg
    cdef bytes plain
    if r.args[r.at].escaped:
        plain = take_string(r)
        return mailbox_from_wire(<const uint8_t *>PyBytes_AS_STRING(plain), len(plain), r.utf8)
    arg = take(r)
    return mailbox_from_wire(r.unit + arg.span.off, arg.span.len, r.utf8)


cdef inline tuple take_mailboxes(Reading *r, uint32_t count):
    cdef uint32_t i
    cdef tuple result = PyTuple_New(count)
    for i in range(count):
        put(result, i, take_mailbox(r))
    return result


# -1 where the peer counted from the end.
cdef inline object take_range(Reading *r):
    cdef mp_arg *arg = take(r)
    cdef long long first = arg.span.off, last = arg.span.len
    return (-first, -last) if arg.count else (first, last)
