# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""From the arguments that mp_command_parse found to the values of mailproto.imap, whose classes are given to Builder."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.datetime cimport date_new, import_datetime
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcmp, memcpy

from mailproto._core.c_mailproto cimport (
    MP_ARG_DATE_TIME, MP_ARG_KEY, MP_ARG_LIST, MP_ARG_NIL, MP_ARG_NUMBER, MP_ARG_SECTION, MP_ARG_STRING,
    MP_ARG_WORD, MP_COMMAND_APPEND, MP_COMMAND_AUTHENTICATE, MP_COMMAND_COPY, MP_COMMAND_COUNT,
    MP_COMMAND_CREATE, MP_COMMAND_DELETE, MP_COMMAND_ENABLE, MP_COMMAND_EXAMINE, MP_COMMAND_EXPUNGE,
    MP_COMMAND_FETCH, MP_COMMAND_ID, MP_COMMAND_LIST, MP_COMMAND_LOGIN, MP_COMMAND_LSUB, MP_COMMAND_MOVE,
    MP_COMMAND_RENAME, MP_COMMAND_SEARCH, MP_COMMAND_SELECT, MP_COMMAND_STATUS, MP_COMMAND_STORE,
    MP_COMMAND_SUBSCRIBE, MP_COMMAND_UNSUBSCRIBE, MP_OK, MP_WORD_AND, MP_WORD_HEADER, MP_WORD_KEYWORD,
    MP_WORD_NONE, MP_WORD_NOT, MP_WORD_OR, MP_WORD_SENTSINCE, MP_WORD_SEQUENCE, MP_WORD_SMALLER,
    MP_WORD_STATUS, MP_WORD_TO, MP_WORD_TOTAL, MP_WORD_UID, MP_WORD_UNKEYWORD, MP_WORD_UNSEEN,
    MP_WORD_YOUNGER, mp_arg, mp_command, mp_command_kind, mp_command_text, mp_date_time,
    mp_error, mp_flag_canonical, mp_parse_date, mp_span, mp_unescape, mp_word, mp_word_text,
)
from mailproto._core.common cimport raise_error
from mailproto._core.dates cimport internal_date_from_wire
from mailproto._core.mailbox_name cimport mailbox_from_wire
from mailproto._core.sequence_set cimport sequence_set_from_wire

import binascii

from mailproto.errors import ParseError

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

@cython.final
cdef class Builder:
    """Makes the values of commands. Built once by mailproto.imap from its classes, then never changed."""

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

cdef inline mp_arg *take(Reading *r) noexcept:
    r.at += 1
    return &r.args[r.at - 1]


cdef inline int put(tuple result, Py_ssize_t index, object item) except -1:
    Py_INCREF(item)
    PyTuple_SET_ITEM(result, index, item)
    return 0


cdef object ascii_of(const uint8_t *unit, mp_span span):
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
