# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""From the arguments that mp_command_parse found to the values of mailproto.imap, whose classes Builder gets."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.datetime cimport date_new, import_datetime
from cpython.object cimport PyObject
from cpython.tuple cimport PyTuple_New
from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.stdint cimport uint8_t, uint32_t

from mailproto._core.c_mailproto cimport (
    MP_ARG_DATE_TIME, MP_ARG_KEY, MP_ARG_LIST, MP_ARG_NIL, MP_ARG_NUMBER, MP_ARG_PARAM, MP_ARG_RANGE,
    MP_ARG_SECTION, MP_ARG_STRING, MP_ARG_TEXT, MP_ARG_WORD, MP_COMMAND_APPEND, MP_COMMAND_AUTHENTICATE,
    MP_COMMAND_COPY, MP_COMMAND_CREATE, MP_COMMAND_DELETE, MP_COMMAND_ENABLE, MP_COMMAND_EXAMINE,
    MP_COMMAND_EXPUNGE, MP_COMMAND_FETCH, MP_COMMAND_ID, MP_COMMAND_LIST, MP_COMMAND_LOGIN, MP_COMMAND_LSUB,
    MP_COMMAND_MOVE, MP_COMMAND_RENAME, MP_COMMAND_SEARCH, MP_COMMAND_SELECT, MP_COMMAND_STATUS,
    MP_COMMAND_STORE, MP_COMMAND_SUBSCRIBE, MP_COMMAND_UNSUBSCRIBE, MP_OK, MP_WORD_AND, MP_WORD_BINARY, MP_WORD_BINARY_SIZE,
    MP_WORD_EMAILID, MP_WORD_FILTER, MP_WORD_FUZZY, MP_WORD_HEADER, MP_WORD_KEYWORD, MP_WORD_METADATA,
    MP_WORD_NONE, MP_WORD_NOT, MP_WORD_OR, MP_WORD_SENTSINCE, MP_WORD_SEQUENCE, MP_WORD_SMALLER,
    MP_WORD_STATUS, MP_WORD_THREADID, MP_WORD_TO, MP_WORD_UID, MP_WORD_UNKEYWORD, MP_WORD_UNSEEN,
    MP_WORD_X_GM_LABELS, MP_WORD_X_GM_MSGID, MP_WORD_X_GM_THRID, MP_WORD_YOUNGER, mp_arg, mp_command,
    mp_date_time, mp_error, mp_flag_canonical, mp_parse_date, mp_span,
)
from mailproto._core.command_args cimport (
    PyType_GenericAlloc, Reading, Shape, ascii_from, mp_slot_fill, put, take, take_mailbox, take_mailboxes,
    take_message, take_number, take_range, take_set, take_string, take_text, upper_of, word_of,
)
from mailproto._core.command_rare cimport RareBuilder
from mailproto._core.common cimport raise_error
from mailproto._core.dates cimport internal_date_from_wire

import binascii

from mailproto.errors import ParseError

import_datetime()

@cython.final
cdef class Builder(RareBuilder):
    """Makes the values of commands. Built once by mailproto.imap from its classes, then never changed."""

    def __cinit__(self, commands, search):
        self.shape(&self.section, commands.Section, ("part", "text", "fields", "partial", "peek"))
        self.shape(&self.binary, commands.BinarySection, ("part", "partial", "peek"))
        self.shape(&self.binary_size, commands.BinarySize, ("part",))
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
        self.shape(&self.fuzzy, search.Fuzzy, ("key",))
        self.shape(&self.filter, search.Filter, ("name",))
        self.shape(&self.object_id, search.ObjectId, ("name", "id"))
        self.shape(&self.gmail_id, search.GmailId, ("name", "id"))
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

    cdef object command(self, const uint8_t *unit, size_t length, mp_command *c, bint utf8, PyObject **cache):
        """The value of a command that was read without error."""
        cdef Reading r
        cdef Shape *shape = &self.shapes[<int>c.kind]
        cdef int kind = c.kind
        cdef mp_arg *arg = c.args
        value = PyType_GenericAlloc(shape.type, 0)
        mp_slot_fill(value, shape.offsets[0], ascii_from(unit, c.tag))
        mp_slot_fill(value, self.defects_at, () if c.defects == 0 else self.defects_of(c.defects))
        r.unit = unit
        r.length = length
        r.args = c.args
        r.count = c.count
        r.at = 0
        r.utf8 = utf8
        r.cache = cache
        if kind == MP_COMMAND_FETCH:
            mp_slot_fill(value, shape.offsets[1], take_set(&r))
            arg = take(&r)
            mp_slot_fill(value, shape.offsets[2], self.items_of(&r, r.at + arg.count))
            mp_slot_fill(value, shape.offsets[3], c.uid)
            if r.at == r.count:
                mp_slot_fill(value, shape.offsets[4], None)
                mp_slot_fill(value, shape.offsets[5], False)
                mp_slot_fill(value, shape.offsets[6], None)
                return value
            mp_slot_fill(value, shape.offsets[4], take_number(&r) if r.args[r.at].kind == MP_ARG_NUMBER else None)
            mp_slot_fill(value, shape.offsets[6],
                         take_range(&r) if r.at < r.count and r.args[r.at].kind == MP_ARG_RANGE else None)
            mp_slot_fill(value, shape.offsets[5], r.at < r.count)
        elif kind == MP_COMMAND_STORE:
            mp_slot_fill(value, shape.offsets[1], take_set(&r))
            mp_slot_fill(value, shape.offsets[6], take_number(&r) if r.args[r.at].kind == MP_ARG_NUMBER else None)
            arg = take(&r)
            mp_slot_fill(value, shape.offsets[2], self.operation_of(arg))
            mp_slot_fill(value, shape.offsets[4], arg.count == 1)
            if arg.word == MP_WORD_X_GM_LABELS:
                mp_slot_fill(value, shape.offsets[3], ())
                mp_slot_fill(value, shape.offsets[7], self.labels(&r))
            else:
                mp_slot_fill(value, shape.offsets[3], self.take_flags(&r))
                mp_slot_fill(value, shape.offsets[7], ())
            mp_slot_fill(value, shape.offsets[5], c.uid)
        elif kind == MP_COMMAND_SEARCH:
            mp_slot_fill(value, shape.offsets[4], self.return_options(&r) if r.args[0].kind == MP_ARG_LIST else None)
            mp_slot_fill(value, shape.offsets[2],
                         take_text(&r) if r.args[r.at].kind == MP_ARG_TEXT else None)
            mp_slot_fill(value, shape.offsets[1], self.search_keys(&r))
            mp_slot_fill(value, shape.offsets[3], c.uid)
        elif kind == MP_COMMAND_COPY or kind == MP_COMMAND_MOVE:
            mp_slot_fill(value, shape.offsets[1], take_set(&r))
            mp_slot_fill(value, shape.offsets[2], take_mailbox(&r))
            mp_slot_fill(value, shape.offsets[3], c.uid)
        elif kind == MP_COMMAND_SELECT or kind == MP_COMMAND_EXAMINE:
            mp_slot_fill(value, shape.offsets[1], take_mailbox(&r))
            if r.at == r.count:
                mp_slot_fill(value, shape.offsets[2], False)
                mp_slot_fill(value, shape.offsets[3], None)
                mp_slot_fill(value, shape.offsets[4], ())
            else:
                self.select(value, shape, &r)
        elif kind == MP_COMMAND_DELETE or kind == MP_COMMAND_SUBSCRIBE or kind == MP_COMMAND_UNSUBSCRIBE:
            mp_slot_fill(value, shape.offsets[1], take_mailbox(&r))
        elif kind == MP_COMMAND_LSUB:
            mp_slot_fill(value, shape.offsets[1], take_mailbox(&r))
            mp_slot_fill(value, shape.offsets[2], take_mailbox(&r))
        elif kind == MP_COMMAND_RENAME:
            mp_slot_fill(value, shape.offsets[1], take_mailbox(&r))
            mp_slot_fill(value, shape.offsets[2], take_mailbox(&r))
            mp_slot_fill(value, shape.offsets[3], self.parameters(&r, r.count))
        elif kind == MP_COMMAND_STATUS:
            mp_slot_fill(value, shape.offsets[1], take_mailbox(&r))
            mp_slot_fill(value, shape.offsets[2], self.take_upper_words(&r, take(&r).count))
        elif kind == MP_COMMAND_LIST:
            mp_slot_fill(value, shape.offsets[3], self.list_options(&r))
            mp_slot_fill(value, shape.offsets[1], take_mailbox(&r))
            mp_slot_fill(value, shape.offsets[2], take_mailboxes(&r, take(&r).count))
            mp_slot_fill(value, shape.offsets[4], self.list_options(&r))
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
            uses = ()
            parameters = []
            while r.at < r.count:
                if r.args[r.at].kind == MP_ARG_LIST:
                    uses = self.take_flags(&r)
                else:
                    parameters.append(self.parameter_of(&r))
            mp_slot_fill(value, shape.offsets[2], uses)
            mp_slot_fill(value, shape.offsets[3], tuple(parameters))
        elif kind == MP_COMMAND_EXPUNGE:
            mp_slot_fill(value, shape.offsets[1], take_set(&r) if r.at < r.count else None)
            mp_slot_fill(value, shape.offsets[2], c.uid)
        elif kind == MP_COMMAND_ID:
            mp_slot_fill(value, shape.offsets[1], take_pairs(&r))
        elif shape.count > 1:
            self.rare(value, kind, c.uid, &r)
        return value

    cdef object operation_of(self, mp_arg *arg):
        if arg.word == MP_WORD_X_GM_LABELS:
            return "X-GM-LABELS" if arg.number == 0 else "+X-GM-LABELS" if arg.number == c"+" else "-X-GM-LABELS"
        return self.set_flags if arg.number == 0 else self.add_flags if arg.number == c"+" else self.remove_flags

    cdef tuple labels(self, Reading *r):
        return take_mailboxes(r, take(r).count)

    cdef tuple take_flags(self, Reading *r):
        cdef uint32_t i, count = take(r).count
        cdef tuple result
        if count == 0:
            return ()
        result = PyTuple_New(count)
        for i in range(count):
            put(result, i, self.flag_of(r))
        return result

    cdef object flag_of(self, Reading *r):
        cdef mp_span span = take(r).span
        cdef const char *known = mp_flag_canonical(r.unit + span.off, span.len)
        cdef int k
        if known is NULL:
            return word_of(r, span)
        for k in range(FLAG_COUNT):
            if known == self.flag_texts[k]:
                return self.flag_names[k]
        return PyUnicode_DecodeASCII(known, span.len, NULL)

    cdef tuple items_of(self, Reading *r, uint32_t end):
        """The items up to the argument *end*; a section has its parts and fields behind it."""
        cdef uint32_t at, count = 0, index = 0
        cdef mp_arg *arg
        cdef tuple result
        at = r.at
        while at < end:
            if r.args[at].kind == MP_ARG_SECTION:
                at += r.args[at].count
            at += 1
            count += 1
        result = PyTuple_New(count)
        while r.at < end:
            arg = take(r)
            put(result, index, self.section_of(r, arg) if arg.kind == MP_ARG_SECTION else
                self.words[arg.word] if arg.count == 0 else "PREVIEW (LAZY)")
            index += 1
        return result

    cdef object section_of(self, Reading *r, mp_arg *arg):
        cdef Shape *shape = &self.section
        cdef uint32_t i, parts = 0
        cdef tuple part = (), fields = ()
        if arg.word == MP_WORD_BINARY or arg.word == MP_WORD_BINARY_SIZE:
            return self.binary_of(r, arg)
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
        mp_slot_fill(value, shape.offsets[3], None if arg.octets == 0 else (arg.number, arg.octets))
        mp_slot_fill(value, shape.offsets[4], arg.peek)
        return value

    cdef object binary_of(self, Reading *r, mp_arg *arg):
        cdef Shape *shape = &self.binary_size if arg.word == MP_WORD_BINARY_SIZE else &self.binary
        cdef uint32_t i
        cdef tuple part = PyTuple_New(arg.count) if arg.count else ()
        for i in range(arg.count):
            put(part, i, take_number(r))
        value = PyType_GenericAlloc(shape.type, 0)
        mp_slot_fill(value, shape.offsets[0], part)
        if arg.word != MP_WORD_BINARY_SIZE:
            mp_slot_fill(value, shape.offsets[1], None if arg.octets == 0 else (arg.number, arg.octets))
            mp_slot_fill(value, shape.offsets[2], arg.peek)
        return value

    cdef tuple list_options(self, Reading *r):
        cdef uint32_t end = take(r).count
        cdef mp_arg *arg
        cdef list result
        if end == 0:
            return ()
        result = []
        end += r.at
        while r.at < end:
            if r.args[r.at].kind == MP_ARG_PARAM:
                result.append(self.parameter_of(r))
                continue
            arg = take(r)
            word = self.words[arg.word]
            if arg.word == MP_WORD_STATUS:
                result.append((word, self.take_upper_words(r, arg.count)))
            elif arg.word == MP_WORD_METADATA:
                result.append((word, tuple([take_text(r) for _ in range(arg.count)])))
            else:
                result.append(word)
        return tuple(result)

    cdef tuple append_messages(self, Reading *r):
        cdef list result = []
        while r.at < r.count:
            result.append(self.message_of(r))
        return tuple(result)

    cdef object message_of(self, Reading *r):
        cdef Shape *shape = &self.message
        cdef int form = 0
        message = PyType_GenericAlloc(shape.type, 0)
        mp_slot_fill(message, shape.offsets[1], self.take_flags(r))
        mp_slot_fill(message, shape.offsets[2], take_date_time(r))
        if r.args[r.at].kind == MP_ARG_STRING:
            form = r.args[r.at].number
            mp_slot_fill(message, shape.offsets[0], take_message(r))
            mp_slot_fill(message, shape.offsets[5], None)
        else:
            r.at += 1
            mp_slot_fill(message, shape.offsets[0], b"")
            mp_slot_fill(message, shape.offsets[5], self.catenated(r))
        mp_slot_fill(message, shape.offsets[3], form == 1)
        mp_slot_fill(message, shape.offsets[4], form == 2)
        return message

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
            return self.keyword_of(r, word)
        if word == MP_WORD_NOT:
            return self.one(&self.not_key, ready.pop())
        if word == MP_WORD_OR:
            left = ready.pop()
            return self.two(&self.or_key, left, ready.pop())
        if word == MP_WORD_FUZZY:
            return self.one(&self.fuzzy, ready.pop())
        if word == MP_WORD_FILTER:
            return self.one(&self.filter, ascii_from(r.unit, take(r).span))
        if word == MP_WORD_EMAILID or word == MP_WORD_THREADID:
            return self.two(&self.object_id, self.words[word], ascii_from(r.unit, take(r).span))
        if word == MP_WORD_X_GM_MSGID or word == MP_WORD_X_GM_THRID:
            return self.two(&self.gmail_id, self.words[word], take_number(r))
        return self.modseq_of(r)

    cdef object keyword_of(self, Reading *r, int word):
        if r.args[r.at].kind == MP_ARG_TEXT:
            flag = take_text(r)
        else:
            flag = ascii_from(r.unit, take(r).span)
            if flag[0] == "\\":
                r.at -= 1
                flag = self.flag_of(r)
        return self.two(&self.keyword, flag, word == MP_WORD_UNKEYWORD)

    cdef object modseq_of(self, Reading *r):
        cdef Shape *shape = &self.modseq
        value = PyType_GenericAlloc(shape.type, 0)
        entry = entry_type = None
        if r.args[r.at].kind == MP_ARG_TEXT:
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

cdef object ascii_of(const uint8_t *unit, mp_span span):
    return ascii_from(unit, span)


cdef bytes base64_of(const uint8_t *unit, mp_span span):
    """The octets behind valid base64; `=` alone stands for none (RFC 4959 section 3)."""
    if span.len < 4:
        return b""
    return binascii.a2b_base64(PyBytes_FromStringAndSize(<const char *>unit + span.off, span.len))


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
