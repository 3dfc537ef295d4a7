# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""IMAP commands off the wire: see csrc/include/mailproto/imap_command.h. What is built comes from mailproto.imap."""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_FillInfo, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize
from cpython.datetime cimport date_new, import_datetime
from cpython.memoryview cimport PyMemoryView_FromObject
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcmp, memcpy

from mailproto._core.c_mailproto cimport (
    MP_ARG_BASE64, MP_ARG_DATE_TIME, MP_ARG_KEY, MP_ARG_LIST, MP_ARG_NIL, MP_ARG_NUMBER, MP_ARG_SECTION,
    MP_ARG_STRING, MP_ARG_WORD, MP_CLIENT_SENDS, MP_COMMAND_APPEND, MP_COMMAND_AUTHENTICATE, MP_COMMAND_COPY,
    MP_COMMAND_COUNT, MP_COMMAND_CREATE, MP_COMMAND_DELETE, MP_COMMAND_ENABLE, MP_COMMAND_EXAMINE,
    MP_COMMAND_EXPUNGE, MP_COMMAND_FETCH, MP_COMMAND_ID, MP_COMMAND_LIST, MP_COMMAND_LOGIN, MP_COMMAND_LSUB,
    MP_COMMAND_MOVE, MP_COMMAND_RENAME, MP_COMMAND_SEARCH, MP_COMMAND_SELECT, MP_COMMAND_STATUS, MP_COMMAND_STORE,
    MP_COMMAND_SUBSCRIBE, MP_COMMAND_UNSUBSCRIBE, MP_E_LIMIT, MP_E_SYNTAX, MP_FRAME_DISCARD, MP_FRAME_UNIT,
    MP_NEED_MORE, MP_OK, MP_WORD_AND, MP_WORD_BCC, MP_WORD_BEFORE, MP_WORD_HEADER, MP_WORD_KEYWORD, MP_WORD_LARGER,
    MP_WORD_MODSEQ, MP_WORD_NONE, MP_WORD_NOT, MP_WORD_OLDER, MP_WORD_OR, MP_WORD_SENTSINCE, MP_WORD_SEQUENCE,
    MP_WORD_SMALLER, MP_WORD_STATUS, MP_WORD_TO, MP_WORD_TOTAL, MP_WORD_UID, MP_WORD_UNKEYWORD, MP_WORD_UNSEEN,
    MP_WORD_YOUNGER, mp_alloc_libc, mp_arg, mp_command, mp_command_free, mp_command_init, mp_command_parse,
    mp_command_kind, mp_command_tag, mp_command_text, mp_date_time, mp_error, mp_flag_canonical, mp_frame, mp_framer,
    mp_framer_accept, mp_framer_announce, mp_framer_expect_line, mp_framer_idle, mp_framer_init, mp_framer_next,
    mp_framer_reject, mp_framer_set_limits, mp_idle_line_parse, mp_limits, mp_parse_date, mp_sasl_line_parse,
    mp_span, mp_status, mp_unescape, mp_word, mp_word_text,
)
from mailproto._core.common cimport limits_to_c, raise_error
from mailproto._core.text cimport internal_date_from_wire, mailbox_from_wire, sequence_set_from_wire

import binascii

from mailproto.errors import NEED_DATA, IncompleteError, LimitError, ParseError
from mailproto.limits import Limits

import_datetime()

cdef extern from *:
    """
    #include <structmember.h>
    /* Where a __slots__ member lies in its objects, or -1. */
    static Py_ssize_t mp_slot_offset(PyObject *descriptor)
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

# Octets of memory that a connection's reader starts with, and above which memory is given back between commands.
cdef enum:
    BLOCK = 4096
    KEEP = 16384

cdef enum:
    MAX_FIELDS = 7
    FLAG_COUNT = 5
    # The words that one client chooses and repeats (header fields, keywords), kept by its reader: slots, and octets.
    CACHE_SLOTS = 32
    CACHE_WORD = 32


cdef struct Shape:
    # A class with __slots__ that is built without its __init__: what comes off the wire was checked by the C core.
    PyTypeObject *type
    Py_ssize_t offsets[MAX_FIELDS]


cdef class Builder:
    """Makes the values of commands. Built once by mailproto.imap from its classes, then never changed."""

    cdef Shape shapes[MP_COMMAND_COUNT]
    cdef Shape message, section, keyword, text, header, date, size, within, sequence, uid_key, modseq
    cdef Shape not_key, or_key, and_key
    cdef tuple words                # by mp_word
    cdef tuple entry_types          # as RFC 7162 writes them, in lower case
    cdef tuple plain_keys           # by mp_word: the search keys without argument, made once and shared
    cdef str set_flags, add_flags, remove_flags
    cdef const char *flag_texts[FLAG_COUNT]
    cdef tuple flag_names           # the same as str
    cdef object bad, announced, sasl_response, idle_done
    cdef list kept                  # owns the classes behind the Shapes

    def __cinit__(self, commands, search):
        cdef int kind
        self.kept = []
        names = {
            "STARTTLS": "StartTls",
        }
        fields = {
            "AUTHENTICATE": ("mechanism", "initial_response"), "LOGIN": ("username", "password"),
            "ENABLE": ("capabilities",), "SELECT": ("mailbox", "condstore"), "EXAMINE": ("mailbox", "condstore"),
            "CREATE": ("mailbox", "special_use"), "DELETE": ("mailbox",), "RENAME": ("mailbox", "new_name"),
            "SUBSCRIBE": ("mailbox",), "UNSUBSCRIBE": ("mailbox",),
            "LIST": ("reference", "patterns", "selection_options", "return_options"),
            "LSUB": ("reference", "pattern"), "STATUS": ("mailbox", "items"), "APPEND": ("mailbox", "messages"),
            "EXPUNGE": ("sequence_set", "uid"), "SEARCH": ("criteria", "charset", "uid", "return_options"),
            "FETCH": ("sequence_set", "items", "uid", "changed_since", "vanished"),
            "STORE": ("sequence_set", "operation", "flags", "silent", "uid", "unchanged_since"),
            "COPY": ("sequence_set", "mailbox", "uid"), "MOVE": ("sequence_set", "mailbox", "uid"),
            "ID": ("parameters",),
        }
        for kind in range(MP_COMMAND_COUNT):
            name = mp_command_text(<mp_command_kind>kind).decode("ascii")
            cls = getattr(commands, names.get(name, name.capitalize()))
            self.shape(&self.shapes[kind], cls, ("tag", *fields.get(name, ())))
        self.shape(&self.message, commands.AppendMessage, ("data", "flags", "date"))
        self.shape(&self.section, commands.Section, ("part", "text", "fields", "partial", "peek"))
        self.shape(&self.keyword, search.Keyword, ("flag", "negated"))
        self.shape(&self.text, search.Text, ("name", "value"))
        self.shape(&self.header, search.Header, ("field", "value"))
        self.shape(&self.date, search.Date, ("name", "date"))
        self.shape(&self.size, search.Size, ("name", "octets"))
        self.shape(&self.within, search.Within, ("name", "seconds"))
        self.shape(&self.sequence, search.Sequence, ("set",))
        self.shape(&self.uid_key, search.Uid, ("set",))
        self.shape(&self.modseq, search.ModSeq, ("value", "entry", "entry_type"))
        self.shape(&self.not_key, search.Not, ("key",))
        self.shape(&self.or_key, search.Or, ("left", "right"))
        self.shape(&self.and_key, search.And, ("keys",))
        self.words = tuple([mp_word_text(<mp_word>i).decode("ascii") for i in range(MP_WORD_TOTAL)])
        self.entry_types = tuple([word.lower() for word in self.words])
        self.plain_keys = (None, *[search.Key(self.words[i]) for i in range(1, MP_WORD_UNSEEN + 1)])
        self.set_flags, self.add_flags, self.remove_flags = "FLAGS", "+FLAGS", "-FLAGS"
        self.flag_names = ("\\Seen", "\\Deleted", "\\Flagged", "\\Answered", "\\Draft")
        for i in range(FLAG_COUNT):
            wire = self.flag_names[i].encode("ascii")
            self.flag_texts[i] = mp_flag_canonical(<const uint8_t *>PyBytes_AS_STRING(wire), len(wire))
        self.bad = commands.BadCommand
        self.announced = commands.LiteralAnnounced
        self.sasl_response = commands.SaslResponse
        self.idle_done = commands.IdleDone

    cdef int shape(self, Shape *shape, object cls, tuple names) except -1:
        cdef Py_ssize_t i
        self.kept.append(cls)
        shape.type = <PyTypeObject *>cls
        for i in range(len(names)):
            for base in cls.__mro__:
                if names[i] in vars(base):
                    shape.offsets[i] = mp_slot_offset(vars(base)[names[i]])
                    break
            else:
                shape.offsets[i] = -1
            if shape.offsets[i] < 0:
                raise TypeError(f"{cls.__name__}.{names[i]} is no slot")
        return 0

    cdef object command(self, const uint8_t *unit, size_t length, mp_command *c, bint utf8, PyObject **cache):
        """The value of a command that was read without error."""
        cdef Reading r
        cdef Shape *shape = &self.shapes[<int>c.kind]
        cdef int kind = c.kind
        cdef mp_arg *arg = c.args
        value = PyType_GenericAlloc(shape.type, 0)
        mp_slot_fill(value, shape.offsets[0], ascii_of(unit, c.tag))
        r.unit = unit
        r.length = length
        r.args = c.args
        r.count = c.count
        r.at = 0
        r.utf8 = utf8
        r.cache = cache
        if kind == MP_COMMAND_FETCH:
            mp_slot_fill(value, shape.offsets[1], take_set(&r))
            mp_slot_fill(value, shape.offsets[2], self.fetch_items(&r))
            mp_slot_fill(value, shape.offsets[3], c.uid)
            mp_slot_fill(value, shape.offsets[4], take_number(&r) if r.at < r.count else None)
            mp_slot_fill(value, shape.offsets[5], r.at < r.count)
        elif kind == MP_COMMAND_STORE:
            mp_slot_fill(value, shape.offsets[1], take_set(&r))
            mp_slot_fill(value, shape.offsets[6], take_number(&r) if r.args[r.at].kind == MP_ARG_NUMBER else None)
            arg = take(&r)
            mp_slot_fill(value, shape.offsets[2], self.set_flags if arg.number == 0 else
                         self.add_flags if arg.number == c"+" else self.remove_flags)
            mp_slot_fill(value, shape.offsets[4], arg.count == 1)
            mp_slot_fill(value, shape.offsets[3], self.take_flags(&r))
            mp_slot_fill(value, shape.offsets[5], c.uid)
        elif kind == MP_COMMAND_SEARCH:
            mp_slot_fill(value, shape.offsets[4], self.take_words(&r) if r.args[0].kind == MP_ARG_LIST else None)
            mp_slot_fill(value, shape.offsets[2],
                         take_text(&r) if r.args[r.at].kind == MP_ARG_STRING else None)
            mp_slot_fill(value, shape.offsets[1], self.search_keys(&r))
            mp_slot_fill(value, shape.offsets[3], c.uid)
        elif kind == MP_COMMAND_COPY or kind == MP_COMMAND_MOVE:
            mp_slot_fill(value, shape.offsets[1], take_set(&r))
            mp_slot_fill(value, shape.offsets[2], take_mailbox(&r))
            mp_slot_fill(value, shape.offsets[3], c.uid)
        elif kind == MP_COMMAND_SELECT or kind == MP_COMMAND_EXAMINE:
            mp_slot_fill(value, shape.offsets[1], take_mailbox(&r))
            mp_slot_fill(value, shape.offsets[2], r.at < r.count)
        elif kind == MP_COMMAND_DELETE or kind == MP_COMMAND_SUBSCRIBE or kind == MP_COMMAND_UNSUBSCRIBE:
            mp_slot_fill(value, shape.offsets[1], take_mailbox(&r))
        elif kind == MP_COMMAND_RENAME or kind == MP_COMMAND_LSUB:
            mp_slot_fill(value, shape.offsets[1], take_mailbox(&r))
            mp_slot_fill(value, shape.offsets[2], take_mailbox(&r))
        elif kind == MP_COMMAND_STATUS:
            mp_slot_fill(value, shape.offsets[1], take_mailbox(&r))
            mp_slot_fill(value, shape.offsets[2], self.take_upper_words(&r, take(&r).count))
        elif kind == MP_COMMAND_LIST:
            mp_slot_fill(value, shape.offsets[3], self.take_words(&r))
            mp_slot_fill(value, shape.offsets[1], take_mailbox(&r))
            mp_slot_fill(value, shape.offsets[2], take_mailboxes(&r))
            mp_slot_fill(value, shape.offsets[4], self.list_return_options(&r))
        elif kind == MP_COMMAND_APPEND:
            mp_slot_fill(value, shape.offsets[1], take_mailbox(&r))
            mp_slot_fill(value, shape.offsets[2], self.append_messages(&r))
        elif kind == MP_COMMAND_LOGIN:
            mp_slot_fill(value, shape.offsets[1], take_string(&r))
            mp_slot_fill(value, shape.offsets[2], take_string(&r))
        elif kind == MP_COMMAND_AUTHENTICATE:
            mp_slot_fill(value, shape.offsets[1], upper_of(unit, take(&r).span))
            mp_slot_fill(value, shape.offsets[2], base64_of(unit, take(&r).span) if r.at < r.count else None)
        elif kind == MP_COMMAND_ENABLE:
            mp_slot_fill(value, shape.offsets[1], self.take_upper_words(&r, take(&r).count))
        elif kind == MP_COMMAND_CREATE:
            mp_slot_fill(value, shape.offsets[1], take_mailbox(&r))
            mp_slot_fill(value, shape.offsets[2], self.take_flags(&r) if r.at < r.count else ())
        elif kind == MP_COMMAND_EXPUNGE:
            mp_slot_fill(value, shape.offsets[1], take_set(&r) if r.at < r.count else None)
            mp_slot_fill(value, shape.offsets[2], c.uid)
        elif kind == MP_COMMAND_ID:
            mp_slot_fill(value, shape.offsets[1], take_pairs(&r))
        return value

    cdef tuple take_words(self, Reading *r):
        cdef uint32_t i, count = take(r).count
        cdef tuple result
        if count == 0:
            return ()
        result = PyTuple_New(count)
        for i in range(count):
            put(result, i, self.words[take(r).word])
        return result

    cdef tuple take_upper_words(self, Reading *r, uint32_t count):
        cdef uint32_t i
        cdef mp_arg *arg
        cdef tuple result = PyTuple_New(count)
        for i in range(count):
            arg = take(r)
            put(result, i, self.words[arg.word] if arg.kind == MP_ARG_WORD else upper_of(r.unit, arg.span))
        return result

    cdef tuple take_flags(self, Reading *r):
        cdef uint32_t i, k, count = take(r).count
        cdef mp_span span
        cdef const char *known
        cdef tuple result
        if count == 0:
            return ()
        result = PyTuple_New(count)
        for i in range(count):
            span = take(r).span
            known = mp_flag_canonical(r.unit + span.off, span.len)
            if known is NULL:
                put(result, i, word_of(r, span))
                continue
            for k in range(FLAG_COUNT):
                if known == self.flag_texts[k]:
                    put(result, i, self.flag_names[k])
                    break
            else:
                put(result, i, PyUnicode_DecodeASCII(known, span.len, NULL))
        return result

    cdef tuple fetch_items(self, Reading *r):
        """The items; the count of their list also counts the parts and fields of sections."""
        cdef uint32_t end, at, count = 0, index = 0
        cdef mp_arg *arg = take(r)
        cdef tuple result
        end = r.at + arg.count
        at = r.at
        while at < end:
            if r.args[at].kind == MP_ARG_SECTION:
                at += r.args[at].count
            at += 1
            count += 1
        result = PyTuple_New(count)
        while r.at < end:
            arg = take(r)
            put(result, index, self.section_of(r, arg) if arg.kind == MP_ARG_SECTION else self.words[arg.word])
            index += 1
        return result

    cdef object section_of(self, Reading *r, mp_arg *arg):
        cdef Shape *shape = &self.section
        cdef uint32_t i, parts = 0
        cdef tuple part = (), fields = ()
        value = PyType_GenericAlloc(shape.type, 0)
        while parts < arg.count and r.args[r.at + parts].kind == MP_ARG_NUMBER:
            parts += 1
        if parts:
            part = PyTuple_New(parts)
            for i in range(parts):
                put(part, i, take_number(r))
        if parts < arg.count:
            fields = PyTuple_New(arg.count - parts)
            for i in range(arg.count - parts):
                put(fields, i, take_text(r))
        mp_slot_fill(value, shape.offsets[0], part)
        mp_slot_fill(value, shape.offsets[1], None if arg.word == MP_WORD_NONE else self.words[arg.word])
        mp_slot_fill(value, shape.offsets[2], fields)
        mp_slot_fill(value, shape.offsets[3], None if arg.span.len == 0 else (arg.span.off, arg.span.len))
        mp_slot_fill(value, shape.offsets[4], arg.peek)
        return value

    cdef tuple list_return_options(self, Reading *r):
        cdef uint32_t end = take(r).count
        cdef mp_arg *arg
        cdef list result
        if end == 0:
            return ()
        result = []
        end += r.at
        while r.at < end:
            arg = take(r)
            word = self.words[arg.word]
            result.append((word, self.take_upper_words(r, arg.count)) if arg.word == MP_WORD_STATUS else word)
        return tuple(result)

    cdef tuple append_messages(self, Reading *r):
        cdef Shape *shape = &self.message
        cdef list result = []
        while r.at < r.count:
            message = PyType_GenericAlloc(shape.type, 0)
            mp_slot_fill(message, shape.offsets[1], self.take_flags(r))
            mp_slot_fill(message, shape.offsets[2], take_date_time(r))
            mp_slot_fill(message, shape.offsets[0], take_string(r))
            result.append(message)
        return tuple(result)

    cdef object search_keys(self, Reading *r):
        """The And of all keys: built from the last to the first, so that those within a key are ready when it comes."""
        cdef list ready = []
        cdef uint32_t first = r.at, at = r.count
        while at > first:
            at -= 1
            if r.args[at].kind == MP_ARG_KEY:
                r.at = at
                ready.append(self.search_key(r, take(r), ready))
        r.at = r.count
        return self.and_of(ready, len(ready))

    cdef object and_of(self, list ready, Py_ssize_t count):
        """The last *count* keys that are ready, which stand there backwards."""
        cdef tuple keys = PyTuple_New(count)
        cdef Py_ssize_t i
        for i in range(count):
            put(keys, i, ready.pop())
        value = PyType_GenericAlloc(self.and_key.type, 0)
        mp_slot_fill(value, self.and_key.offsets[0], keys)
        return value

    cdef object search_key(self, Reading *r, mp_arg *arg, list ready):
        cdef int word = arg.word
        if word == MP_WORD_AND:
            return self.and_of(ready, arg.count)
        if word <= MP_WORD_UNSEEN:
            return self.plain_keys[word]
        if word <= MP_WORD_TO:
            return self.two(&self.text, self.words[word], take_string(r))
        if word <= MP_WORD_SENTSINCE:
            return self.two(&self.date, self.words[word], take_date(r))
        if word <= MP_WORD_SMALLER:
            return self.two(&self.size, self.words[word], take_number(r))
        if word <= MP_WORD_YOUNGER:
            return self.two(&self.within, self.words[word], take_number(r))
        if word == MP_WORD_SEQUENCE:
            return self.one(&self.sequence, take_set(r))
        if word == MP_WORD_UID:
            return self.one(&self.uid_key, take_set(r))
        if word == MP_WORD_HEADER:
            field = take_text(r)
            return self.two(&self.header, field, take_string(r))
        if word == MP_WORD_KEYWORD or word == MP_WORD_UNKEYWORD:
            return self.two(&self.keyword, ascii_of(r.unit, take(r).span), word == MP_WORD_UNKEYWORD)
        if word == MP_WORD_NOT:
            return self.one(&self.not_key, ready.pop())
        if word == MP_WORD_OR:
            left = ready.pop()
            return self.two(&self.or_key, left, ready.pop())
        return self.modseq_of(r)

    cdef object modseq_of(self, Reading *r):
        cdef Shape *shape = &self.modseq
        value = PyType_GenericAlloc(shape.type, 0)
        entry = entry_type = None
        if r.args[r.at].kind == MP_ARG_STRING:
            entry = take_text(r)
            entry_type = self.entry_types[take(r).word]
        mp_slot_fill(value, shape.offsets[0], take_number(r))
        mp_slot_fill(value, shape.offsets[1], entry)
        mp_slot_fill(value, shape.offsets[2], entry_type)
        return value

    cdef object one(self, Shape *shape, object field):
        value = PyType_GenericAlloc(shape.type, 0)
        mp_slot_fill(value, shape.offsets[0], field)
        return value

    cdef object two(self, Shape *shape, object first, object second):
        value = PyType_GenericAlloc(shape.type, 0)
        mp_slot_fill(value, shape.offsets[0], first)
        mp_slot_fill(value, shape.offsets[1], second)
        return value


# ---- arguments, one after the other ------------------------------------------------------------------------------

cdef struct Reading:
    const uint8_t *unit
    size_t length
    mp_arg *args
    uint32_t count
    uint32_t at
    bint utf8
    PyObject **cache  # of CACHE_SLOTS, or NULL


cdef inline mp_arg *take(Reading *r) noexcept:
    r.at += 1
    return &r.args[r.at - 1]


cdef inline int put(tuple result, Py_ssize_t index, object item) except -1:
    Py_INCREF(item)
    PyTuple_SET_ITEM(result, index, item)
    return 0


cdef inline object ascii_of(const uint8_t *unit, mp_span span):
    return PyUnicode_DecodeASCII(<const char *>unit + span.off, span.len, NULL)


cdef object word_of(Reading *r, mp_span span):
    """A word that the client chose, from the cache of its reader where it was met before."""
    cdef const uint8_t *data = r.unit + span.off
    cdef PyObject **slot
    if r.cache is NULL or span.len == 0 or span.len > CACHE_WORD:
        return ascii_of(r.unit, span)
    slot = &r.cache[(span.len + data[0] * 5 + data[span.len // 2] * 3 + data[span.len - 1] * 7) % CACHE_SLOTS]
    if slot[0] is not NULL:
        if mp_ascii_length(<object>slot[0]) == span.len and memcmp(mp_ascii_data(<object>slot[0]), data, span.len) == 0:
            return <object>slot[0]
    word = ascii_of(r.unit, span)
    Py_XDECREF(slot[0])
    Py_INCREF(word)
    slot[0] = <PyObject *>word
    return word


cdef object upper_of(const uint8_t *unit, mp_span span):
    cdef uint32_t i
    cdef uint8_t c
    cdef uint8_t *out
    text = mp_new_ascii(span.len)
    out = mp_ascii_data(text)
    for i in range(span.len):
        c = unit[span.off + i]
        out[i] = c - 32 if c"a" <= c <= c"z" else c
    return text


cdef bytes base64_of(const uint8_t *unit, mp_span span):
    """The octets behind valid base64; `=` alone stands for none (RFC 4959 section 3)."""
    if span.len < 4:
        return b""
    return binascii.a2b_base64(PyBytes_FromStringAndSize(<const char *>unit + span.off, span.len))


cdef inline object take_number(Reading *r):
    return take(r).number


cdef inline object take_set(Reading *r):
    cdef mp_arg *arg = take(r)
    return sequence_set_from_wire(r.unit, r.length, arg.span.off, arg.span.len)


cdef bytes take_string(Reading *r):
    cdef mp_arg *arg = take(r)
    cdef bytes room
    cdef size_t length
    if not arg.escaped:
        return PyBytes_FromStringAndSize(<const char *>r.unit + arg.span.off, arg.span.len)
    room = PyBytes_FromStringAndSize(NULL, arg.span.len)
    length = mp_unescape(<uint8_t *>PyBytes_AS_STRING(room), r.unit + arg.span.off, arg.span.len)
    return PyBytes_FromStringAndSize(PyBytes_AS_STRING(room), length)


cdef object take_text(Reading *r):
    if not r.args[r.at].escaped:
        return word_of(r, take(r).span)
    return take_string(r).decode("ascii")


cdef object take_mailbox(Reading *r):
    cdef mp_arg *arg
    cdef bytes plain
    if r.args[r.at].escaped:
        plain = take_string(r)
        return mailbox_from_wire(<const uint8_t *>PyBytes_AS_STRING(plain), len(plain), r.utf8)
    arg = take(r)
    return mailbox_from_wire(r.unit + arg.span.off, arg.span.len, r.utf8)


cdef tuple take_mailboxes(Reading *r):
    cdef uint32_t i, count = take(r).count
    cdef tuple result = PyTuple_New(count)
    for i in range(count):
        put(result, i, take_mailbox(r))
    return result


cdef object take_date(Reading *r):
    cdef mp_date_time date
    cdef mp_error error
    cdef mp_span span = take(r).span
    if mp_parse_date(r.unit + span.off, span.len, &date, &error) != MP_OK:
        raise_error(&error, r.unit, r.length)
    return date_new(date.year, date.month, date.day)


cdef object take_date_time(Reading *r):
    cdef mp_span span
    if r.args[r.at].kind != MP_ARG_DATE_TIME:
        return None
    span = take(r).span
    return internal_date_from_wire(r.unit, r.length, span.off, span.len)


cdef object take_pairs(Reading *r):
    cdef mp_arg *arg = take(r)
    cdef list result
    if arg.kind == MP_ARG_NIL:
        return None
    result = []
    while r.at < r.count:
        field = take_string(r)
        if r.args[r.at].kind == MP_ARG_NIL:
            r.at += 1
            result.append((field, None))
        else:
            result.append((field, take_string(r)))
    return tuple(result)


cdef object error_of(const mp_error *error, const uint8_t *unit, size_t length):
    """The exception that *error* stands for, not raised."""
    try:
        raise_error(error, unit, length)
    except ParseError as exception:
        return exception.with_traceback(None)


# ---- one command from bytes --------------------------------------------------------------------------------------

def parse(Builder builder, data, object limits, bint utf8):
    """The first command in *data* and how many octets it took. See mailproto.imap.parse_command_prefix."""
    cdef Py_buffer view
    cdef mp_limits bounds
    cdef mp_framer framer
    cdef mp_frame frame
    cdef mp_error error
    cdef mp_command command
    cdef mp_status status
    cdef const uint8_t *unit
    limits_to_c(limits, &bounds)
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    mp_command_init(&command, mp_alloc_libc())
    try:
        unit = <const uint8_t *>view.buf
        mp_framer_init(&framer, MP_CLIENT_SENDS, &bounds)
        status = mp_framer_next(&framer, unit, view.len, &frame, &error)
        if status == MP_NEED_MORE:
            raise IncompleteError("the command is not complete")
        if status != MP_OK:
            raise_error(&error, unit, view.len)
        if frame.kind != MP_FRAME_UNIT:  # announced, and past a bound
            raise LimitError(frame.len, frame.limit.decode("ascii"), PyBytes_FromStringAndSize(<char *>unit, frame.len))
        if mp_command_parse(&command, unit, frame.len, &bounds, &error) != MP_OK:
            raise_error(&error, unit, frame.len)
        return builder.command(unit, frame.len, &command, utf8, NULL), frame.len
    finally:
        mp_command_free(&command)
        PyBuffer_Release(&view)


# ---- the reader --------------------------------------------------------------------------------------------------

cdef class Window:
    """A part of a block of memory as a writable buffer that keeps the block alive."""

    cdef object owner
    cdef uint8_t *data
    cdef Py_ssize_t size

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.data, self.size, 0, flags)


cdef enum:
    EXPECT_COMMAND = 0
    EXPECT_SASL = 1
    EXPECT_IDLE = 2


cdef class CommandReader:
    """Reads what an IMAP client sends. See mailproto.imap.CommandReader."""

    cdef Builder builder
    cdef mp_framer framer
    cdef mp_command command
    cdef mp_limits bounds
    cdef object limits_value
    cdef object owner               # the bytes object that the octets are in: a block of ours or a caller's; or None
    cdef uint8_t *data              # its octets
    cdef Py_ssize_t start, end, room
    cdef bint borrowed              # the owner is the caller's: never written to
    cdef object lent                # the memoryview that get_buffer returned last, or None
    cdef Py_ssize_t lent_size
    cdef bint utf8_mode, announcing, dead
    cdef int expected
    cdef Py_ssize_t announced       # octets of the unit up to the literal that waits for accept or reject; 0: none
    cdef PyObject *cache[CACHE_SLOTS]
    cdef object swallowed           # the BadCommand to give once the literals of the command have passed, or None

    def __cinit__(self, Builder builder not None, *, limits=None, bint announce=False, bint utf8=False):
        self.builder = builder
        mp_command_init(&self.command, mp_alloc_libc())
        self.limits_value = Limits.server() if limits is None else limits
        limits_to_c(self.limits_value, &self.bounds)
        self.utf8_mode = utf8
        self.announcing = announce
        self.restart()

    def __dealloc__(self):
        cdef int i
        mp_command_free(&self.command)
        for i in range(CACHE_SLOTS):
            Py_XDECREF(self.cache[i])

    cdef int restart(self) except -1:
        mp_framer_init(&self.framer, MP_CLIENT_SENDS, &self.bounds)
        mp_framer_announce(&self.framer, self.announcing)
        self.expected = EXPECT_COMMAND
        self.announced = 0
        self.swallowed = None
        return 0

    # The memory

    cdef int reclaim(self) except -1:
        """End the loan of our memory. A socket that still holds on to it keeps its block alive, no more."""
        if self.lent is not None:
            try:
                self.lent.release()
            except BufferError:
                pass  # held during buffer_updated: the block is replaced when it is too small, never resized
            self.lent = None
        return 0

    cdef int make_room(self, Py_ssize_t wanted) except -1:
        """At least *wanted* octets of our own memory free behind the end; the octets may move."""
        cdef Py_ssize_t kept = self.end - self.start
        cdef Py_ssize_t size = BLOCK
        if self.owner is not None and not self.borrowed:
            if self.room - self.end >= wanted:
                return 0
            if kept <= self.start and kept + wanted <= self.room:
                memcpy(self.data, self.data + self.start, kept)
                self.start, self.end = 0, kept
                return 0
        while size < kept + wanted:
            size *= 2
        block = PyBytes_FromStringAndSize(NULL, size)
        if kept > 0:
            memcpy(PyBytes_AS_STRING(block), self.data + self.start, kept)
        self.owner = block
        self.data = <uint8_t *>PyBytes_AS_STRING(block)
        self.borrowed = False
        self.start, self.end, self.room = 0, kept, size
        return 0

    cdef int consume(self, Py_ssize_t count) except -1:
        self.start += count
        if self.start == self.end and self.lent is None:  # what is being received must be found where it was lent
            self.start = self.end = 0
            if self.borrowed or self.room > KEEP:
                # An idle connection holds no more than a block; lent memory is kept alive by its window.
                self.owner, self.data, self.room, self.borrowed = None, NULL, 0, False
        return 0

    def feed(self, data):
        """Hand over octets that were received. No octets do nothing."""
        cdef Py_buffer view
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            with cython.critical_section(self):
                self.reclaim()
                if view.len == 0 or self.dead:
                    pass
                elif self.start == self.end and PyBytes_CheckExact(data):
                    self.owner, self.data, self.borrowed = data, <uint8_t *>view.buf, True
                    self.start, self.end, self.room = 0, view.len, view.len
                else:
                    self.make_room(view.len)
                    memcpy(self.data + self.end, view.buf, view.len)
                    self.end += view.len
        finally:
            PyBuffer_Release(&view)

    def get_buffer(self, Py_ssize_t hint=-1):
        """Writable memory for octets to be received into, never empty; then call ``buffer_updated``.

        The view is dead after ``buffer_updated`` and after any other call that takes octets. *hint*: how many may come,
        or -1. The memory grows with what was received, never with what was announced.
        """
        cdef Window window
        with cython.critical_section(self):
            self.reclaim()
            self.make_room(hint if 0 < hint < BLOCK // 2 else BLOCK // 2)
            window = Window.__new__(Window)
            window.owner, window.data, window.size = self.owner, self.data + self.end, self.room - self.end
            self.lent = PyMemoryView_FromObject(window)
            self.lent_size = window.size
            return self.lent

    def buffer_updated(self, Py_ssize_t nbytes):
        """Say that *nbytes* octets were received into what ``get_buffer`` returned last."""
        with cython.critical_section(self):
            if self.lent is None or not 0 <= nbytes <= self.lent_size:
                raise ValueError("no such buffer is lent")
            self.reclaim()
            if not self.dead:
                self.end += nbytes

    def feed_eof(self):
        """Say that the client closed. Raises IncompleteError where that cuts a command off."""
        with cython.critical_section(self):
            if self.dead:
                return
            if self.end > self.start or not mp_framer_idle(&self.framer, 0):
                self.dead = True
                raise IncompleteError("the client closed inside a command")

    @property
    def buffered(self):
        """Octets received and not read yet."""
        with cython.critical_section(self):
            return self.end - self.start

    def discard(self):
        """Throw away what was received and not read yet, and begin anew. Returns how many octets that were.

        For STARTTLS: what came before TLS must not count as if sent inside.
        """
        cdef Py_ssize_t count
        with cython.critical_section(self):
            self.reclaim()
            count = self.end - self.start
            self.consume(count)
            self.restart()
            return count

    # What is read

    @property
    def limits(self):
        """The bounds; replace them when the client has logged in. They hold for what is read from then on."""
        return self.limits_value

    @limits.setter
    def limits(self, value):
        cdef mp_limits bounds
        limits_to_c(value, &bounds)
        with cython.critical_section(self):
            self.limits_value = value
            self.bounds = bounds
            mp_framer_set_limits(&self.framer, &bounds)

    @property
    def utf8(self):
        """Whether mailbox names are UTF-8: set it when the client has enabled UTF8=ACCEPT or IMAP4rev2."""
        return self.utf8_mode

    @utf8.setter
    def utf8(self, bint value):
        self.utf8_mode = value

    def expect_line(self, what):
        """Say what the next line is: ``"sasl"``, a SASL response, or ``"idle"``, the end of IDLE.

        Call it between commands; it holds for one line.
        """
        with cython.critical_section(self):
            if what == "sasl":
                self.expected = EXPECT_SASL
            elif what == "idle":
                self.expected = EXPECT_IDLE
            else:
                raise ValueError('what must be "sasl" or "idle"')
            mp_framer_expect_line(&self.framer)

    def accept(self):
        """After LiteralAnnounced: the literal is wanted. ValueError where none was announced."""
        with cython.critical_section(self):
            if self.announced == 0:
                raise ValueError("no literal was announced")
            self.announced = 0
            mp_framer_accept(&self.framer)

    def reject(self):
        """After LiteralAnnounced: it is not wanted. Its command is dropped without a value: the caller answers it.

        A literal that is on its way is swallowed with the rest of its command. ValueError where none was announced.
        """
        with cython.critical_section(self):
            if self.announced == 0:
                raise ValueError("no literal was announced")
            mp_framer_reject(&self.framer)
            self.consume(self.announced)
            self.announced = 0

    def next(self):
        """The next value, or NEED_DATA."""
        with cython.critical_section(self):
            return self.read()

    def __iter__(self):
        return self

    def __next__(self):
        with cython.critical_section(self):
            value = self.read()
        if value is NEED_DATA:
            raise StopIteration
        return value

    cdef object read(self):
        cdef mp_frame frame
        cdef mp_error error
        cdef mp_status status
        cdef const uint8_t *unit
        while not self.dead:
            unit = self.data + self.start
            if self.start == self.end:
                return NEED_DATA
            status = mp_framer_next(&self.framer, unit, self.end - self.start, &frame, &error)
            if status == MP_NEED_MORE:
                return NEED_DATA
            if status != MP_OK:
                return self.die(&error, unit)
            if frame.kind == MP_FRAME_UNIT:
                return self.unit(unit, frame.len)
            if frame.kind == MP_FRAME_DISCARD:
                self.consume(frame.len)
            elif frame.limit is NULL:
                self.announced = frame.len
                return self.builder.announced(self.tag_of(unit, frame.len), frame.literal_size, bool(frame.sync))
            else:
                self.swallowed = self.too_large(unit, &frame)
                mp_framer_reject(&self.framer)
                self.consume(frame.len)
            if self.swallowed is not None and mp_framer_idle(&self.framer, 0):
                bad, self.swallowed = self.swallowed, None
                return bad
        return NEED_DATA

    cdef object unit(self, const uint8_t *unit, size_t length):
        cdef mp_error error
        cdef mp_status status
        cdef mp_span span
        cdef int expected = self.expected
        tag = None
        try:
            if expected == EXPECT_COMMAND:
                status = mp_command_parse(&self.command, unit, length, &self.bounds, &error)
                if status == MP_OK:
                    return self.builder.command(unit, length, &self.command, self.utf8_mode, self.cache)
                tag = self.tag_of(unit, length)
            else:
                self.expected = EXPECT_COMMAND
                if expected == EXPECT_IDLE:
                    status = mp_idle_line_parse(unit, length, &error)
                    if status == MP_OK:
                        return self.builder.idle_done()
                    tag = self.tag_of(unit, length)
                else:
                    status = mp_sasl_line_parse(unit, length, &span, &error)
                    if status == MP_OK:
                        return self.sasl_response(unit, span)
            return self.builder.bad(tag, error_of(&error, unit, length))
        except ParseError as exception:
            return self.builder.bad(tag, exception.with_traceback(None))
        finally:
            self.consume(length)

    cdef object sasl_response(self, const uint8_t *unit, mp_span span):
        if span.len == 1:
            return self.builder.sasl_response(None)
        return self.builder.sasl_response(base64_of(unit, span))

    cdef object tag_of(self, const uint8_t *unit, size_t length):
        cdef mp_span tag = mp_command_tag(unit, length)
        return ascii_of(unit, tag) if tag.len else None

    cdef object too_large(self, const uint8_t *unit, mp_frame *frame):
        cdef Py_ssize_t kept = min(<Py_ssize_t>frame.len, <Py_ssize_t>ParseError.UNIT_CAP)
        error = LimitError(frame.len, frame.limit.decode("ascii"), PyBytes_FromStringAndSize(<char *>unit, kept))
        return self.builder.bad(self.tag_of(unit, frame.len), error)

    cdef object die(self, mp_error *error, const uint8_t *unit):
        """Where the next unit starts cannot be known: say so once, then nothing more is read."""
        exception = error_of(error, unit, self.end - self.start)
        exception.fatal = True
        self.dead = True
        self.owner, self.data, self.room, self.borrowed = None, NULL, 0, False
        self.start = self.end = 0
        raise exception
