# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""POP3 on the wire: see csrc/include/mailproto/pop3.h. The values that are built come from mailproto.pop3."""

cimport cython
from cpython.buffer cimport (
    PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_FillInfo, PyBuffer_Release, PyObject_GetBuffer,
)
from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE,
)
from cpython.memoryview cimport PyMemoryView_FromObject
from cpython.object cimport PyObject, PyObject_GenericSetAttr
from cpython.ref cimport Py_DECREF, Py_INCREF, Py_REFCNT
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_DecodeUTF8
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcpy, memmove

from mailproto._core.c_mailproto cimport (
    MP_E_LIMIT, MP_NEED_MORE, MP_OK, MP_POP3_APOP, MP_POP3_AUTH, MP_POP3_CAPA, MP_POP3_CONTINUE, MP_POP3_LANG,
    MP_POP3_LIST, MP_POP3_OK, MP_POP3_PASS, MP_POP3_STAT, MP_POP3_TOP, MP_POP3_UIDL, MP_POP3_UNKNOWN, MP_POP3_USER,
    MP_POP3_UTF8, mp_error, mp_limits, mp_pop3_bool, mp_pop3_command, mp_pop3_is_multiline, mp_pop3_keyword,
    mp_pop3_keyword_at, mp_pop3_keyword_name, mp_pop3_line, mp_pop3_line_end, mp_pop3_line_state,
    mp_pop3_read_command, mp_pop3_read_numbers, mp_pop3_read_status, mp_pop3_read_uidl, mp_pop3_reply, mp_span,
    mp_status, mp_stuff, mp_stuff_finish, mp_stuff_init, mp_stuff_run, mp_unstuff, mp_unstuff_init, mp_unstuff_run,
    mp_unstuff_withheld,
)
from mailproto._core.common cimport limits_to_c, raise_error

from collections import deque

from mailproto.errors import NEED_DATA, IncompleteError, LimitError, ParseError
from mailproto.limits import Limits

cdef extern from "Python.h":
    int _PyBytes_Resize(PyObject **, Py_ssize_t) except -1

# Octets a client's reader offers to a socket at once; a server's has one for each of many connections.
cdef Py_ssize_t CLIENT_BLOCK = 64 * 1024
cdef Py_ssize_t SERVER_BLOCK = 4 * 1024
# A body longer than this is received in the memory that is handed over; a shorter one is copied out of the block,
# so that what a pipelining server sends behind it need not be copied back.
cdef Py_ssize_t DIRECT_ABOVE = 32 * 1024
# Octets that are copied at once: more would ask for memory that a body of common size does not need.
cdef Py_ssize_t COPY_STEP = 64 * 1024
# A caller's bytes below this are copied: cheaper than keeping hold of them.
cdef Py_ssize_t HOLD_FROM = 2048


# ---- stuffing ------------------------------------------------------------------------------------------------

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


cdef bytes copy_unstuffed(const uint8_t *src, size_t n, size_t size, bint any_lf):
    """The *size* octets of the message in the *n* octets at *src*, the terminator included, that were counted."""
    cdef mp_unstuff machine
    cdef size_t consumed = 0, written = 0
    result = PyBytes_FromStringAndSize(NULL, size)
    # ".\n" or ".\r\n": where that alone is missing, no dot was taken away.
    if n - size == <size_t>(2 if src[n - 2] == 46 else 3):
        memcpy(PyBytes_AS_STRING(result), src, size)
    else:
        mp_unstuff_init(&machine, any_lf)
        mp_unstuff_run(&machine, <uint8_t *>PyBytes_AS_STRING(result), src, n, &consumed, &written)
    return result


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


# ---- memory that is lent to a socket -------------------------------------------------------------------------

@cython.final
cdef class Window:
    """A part of a memory block, as a writable buffer that keeps the block alive."""

    cdef object owner
    cdef uint8_t *data
    cdef Py_ssize_t size

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.data, self.size, 0, flags)


cdef class Input:
    """Octets that were received and not read yet: in a block of our own, or in bytes that a caller gave."""

    cdef object owner         # the bytes object that the octets are in, or None
    cdef uint8_t *data        # its octets
    cdef Py_ssize_t start, end, size
    cdef bint borrowed        # the owner is the caller's: never written to
    cdef object lent          # the memoryview that get_buffer returned last, or None
    cdef Py_ssize_t lent_size
    cdef Py_ssize_t block
    cdef mp_limits limits
    cdef bint dead, at_eof

    def __cinit__(self, *args, **kwargs):
        self.block = CLIENT_BLOCK

    cdef int reclaim(self) except -1:
        """End the loan of our memory. A socket that still holds on to it keeps its block alive, no more."""
        if self.lent is not None:
            try:
                self.lent.release()
            except BufferError:
                # uvloop, in buffer_updated. Replaced, not resized: what it points to stays valid.
                pass
            self.lent = None
        return 0

    cdef int make_room(self, Py_ssize_t wanted) except -1:
        """At least *wanted* octets of our own memory free behind the end; the octets may move."""
        cdef Py_ssize_t kept = self.end - self.start, size
        if self.owner is not None and not self.borrowed:
            if self.size - self.end >= wanted:
                return 0
            if kept + wanted <= self.size and kept <= self.start:
                memcpy(self.data, self.data + self.start, kept)
                self.start, self.end = 0, kept
                return 0
        size = self.block
        while size < kept + wanted:
            size *= 2
        block = PyBytes_FromStringAndSize(NULL, size)
        if kept > 0:
            memcpy(PyBytes_AS_STRING(block), self.data + self.start, kept)
        self.owner = block
        self.data = <uint8_t *>PyBytes_AS_STRING(block)
        self.borrowed = False
        self.start, self.end, self.size = 0, kept, size
        return 0

    cdef int take(self, const uint8_t *data, Py_ssize_t n) except -1:
        self.make_room(n)
        memcpy(self.data + self.end, data, n)
        self.end += n
        return 0

    cdef int feed_octets(self, object data, const uint8_t *octets, Py_ssize_t n) except -1:
        if self.start == self.end and n >= HOLD_FROM and PyBytes_CheckExact(data):
            self.owner, self.data, self.borrowed = data, <uint8_t *>octets, True
            self.start, self.end, self.size = 0, n, n
            return 0
        return self.take(octets, n)

    cdef object lend(self, Py_ssize_t hint):
        cdef Py_ssize_t wanted = self.block // 2
        if 0 < hint < wanted:
            wanted = hint
        self.make_room(wanted)
        return self.window(self.owner, self.data + self.end, self.size - self.end)

    cdef object window(self, object owner, uint8_t *data, Py_ssize_t size):
        cdef Window window = Window.__new__(Window)
        window.owner, window.data, window.size = owner, data, size
        self.lent = PyMemoryView_FromObject(window)
        self.lent_size = size
        return self.lent

    cdef int received(self, Py_ssize_t n) except -1:
        self.end += n
        return 0

    def feed(self, data):
        """Hand over octets that were received. No octets do nothing."""
        cdef Py_buffer view
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            with cython.critical_section(self):
                self.reclaim()
                if view.len > 0 and not self.dead:
                    self.feed_octets(data, <const uint8_t *>view.buf, view.len)
        finally:
            PyBuffer_Release(&view)

    def get_buffer(self, hint=-1):
        """Writable memory for octets to be received into, never empty; then call ``buffer_updated``.

        The view is dead after ``buffer_updated`` and after any other call. *hint*: how many octets may come, or -1.
        """
        with cython.critical_section(self):
            self.reclaim()
            return self.lend(hint)

    def buffer_updated(self, Py_ssize_t nbytes):
        """Say that *nbytes* octets were received into what ``get_buffer`` returned last."""
        with cython.critical_section(self):
            if self.lent is None or nbytes < 0 or nbytes > self.lent_size:
                raise ValueError("no such buffer is lent")
            self.reclaim()
            if nbytes > 0 and not self.dead:
                self.received(nbytes)

    @property
    def pending(self):
        """Octets received and not read yet; those of a body that is being read do not count."""
        with cython.critical_section(self):
            return self.end - self.start

    def discard(self):
        """Throw away what was received and not read yet. Returns how many octets that were."""
        cdef Py_ssize_t n
        with cython.critical_section(self):
            n = self.end - self.start
            self.start = self.end = 0
            self.owner, self.data, self.size, self.borrowed = None, NULL, 0, False
            self.forget()
            return n

    cdef int forget(self) except -1:
        return 0

    cdef object text_of(self, const uint8_t *line, mp_span span):
        return PyBytes_FromStringAndSize(<const char *>line + span.off, span.len)


# ---- replies, as a client reads them -------------------------------------------------------------------------

cdef enum:
    AT_LINE = 0       # the next octets are a status line
    IN_BODY = 1       # a body that may have to be streamed, being searched for its end in the block
    IN_COPY = 9       # a body, being copied from the block into the memory that will be handed over
    IN_DIRECT = 2     # a body, being received in that memory itself
    DIRECT_DONE = 3   # the same, complete
    STREAM_BEGIN = 4  # a body past stream_above: the begin event is due
    IN_STREAM = 5
    STREAM_END = 6    # the end event is due
    STREAM_VALUE = 7  # the reply itself is due
    TOO_LARGE = 8     # past max_body: the error is due

cdef tuple STATUS_NAMES = ("+OK", "-ERR")


cdef mp_pop3_keyword keyword_of(const uint8_t *line, size_t n, bint *has_arguments):
    """The keyword of a command that may lack its line end."""
    cdef mp_pop3_keyword keyword = mp_pop3_keyword_at(line, n)
    cdef size_t i = 0
    while i < n and line[i] != 32:
        i += 1
    while i < n and (line[i] == 32 or line[i] == 13 or line[i] == 10):
        i += 1
    has_arguments[0] = i < n
    return keyword


cdef inline int put(object value, str name, object field) except -1:
    """Set a field of a frozen dataclass that is being built."""
    return PyObject_GenericSetAttr(value, name, field)


cdef class ReplyReader(Input):
    """Reads what a POP3 server sends. See mailproto.pop3.ReplyReader."""

    cdef object queue            # 2 * keyword + multi-line, of the commands whose replies are to come
    cdef mp_pop3_line_state line_state
    cdef int state
    cdef mp_pop3_keyword keyword
    cdef object reply            # the reply whose body is being read
    cdef object reply_type, continuation_type, begin_type, chunk_type, end_type, streamed_type
    cdef bint any_lf, strict, streaming
    cdef uint64_t stream_above
    cdef mp_unstuff machine
    cdef Py_ssize_t searched     # octets of the body in the block that the machine has seen
    cdef uint64_t length         # octets of the message so far
    cdef object body             # IN_DIRECT, DIRECT_DONE: a bytes object that only we and what is lent know
    cdef Py_ssize_t body_size    # its capacity

    def __init__(self, types, limits=None, *, stream_above=None, bint strict=False):
        limits_to_c(Limits.client() if limits is None else limits, &self.limits)
        self.queue = deque()
        (self.reply_type, self.continuation_type, self.begin_type, self.chunk_type, self.end_type,
         self.streamed_type) = types
        self.strict = strict
        self.streaming = stream_above is not None
        self.stream_above = 0 if stream_above is None else stream_above

    def expect(self, *commands):
        """Queue commands (values, str or bytes) whose replies come next; see mailproto.pop3.ReplyReader."""
        cdef const char *line
        cdef Py_ssize_t n
        cdef bint has_arguments = False
        cdef mp_pop3_keyword keyword
        for command in commands:
            if isinstance(command, str):
                line = PyUnicode_AsUTF8AndSize(command, &n)
            else:
                command = bytes(command)
                line = PyBytes_AS_STRING(command)
                n = PyBytes_GET_SIZE(command)
            keyword = keyword_of(<const uint8_t *>line, n, &has_arguments)
            with cython.critical_section(self):
                self.queue.append(<int>keyword * 2 + mp_pop3_is_multiline(keyword, has_arguments))

    @property
    def expected(self):
        """How many replies are still to come for the commands that were queued."""
        return len(self.queue)

    def next(self):
        """The next reply or event, or NEED_DATA."""
        with cython.critical_section(self):
            return self.next_value()

    def __iter__(self):
        return self

    def __next__(self):
        with cython.critical_section(self):
            value = self.next_value()
        if value is NEED_DATA:
            raise StopIteration
        return value

    def feed_eof(self):
        """Say that no more octets will come. Raises IncompleteError within a reply."""
        with cython.critical_section(self):
            self.at_eof = True
            if not self.dead and (self.state != AT_LINE or self.start != self.end):
                raise IncompleteError("the stream ended within a reply")

    cdef int forget(self) except -1:
        self.state = AT_LINE
        self.reply = None
        self.line_state.searched = 0
        self.queue.clear()
        self.body = None
        return 0

    # -- receiving

    cdef object lend(self, Py_ssize_t hint):
        cdef Py_ssize_t free
        if self.state != IN_DIRECT:
            return Input.lend(self, hint)
        self.body_room(self.block // 2)
        # What is withheld may still be written before what comes now.
        free = <Py_ssize_t>(self.length + mp_unstuff_withheld(&self.machine))
        return self.window(self.body, <uint8_t *>PyBytes_AS_STRING(self.body) + free,
                           self.body_size - free)

    cdef int received(self, Py_ssize_t n) except -1:
        if self.state != IN_DIRECT:
            return Input.received(self, n)
        return self.absorb(
            <uint8_t *>PyBytes_AS_STRING(self.body) + self.length + mp_unstuff_withheld(&self.machine), n
        )

    cdef int feed_octets(self, object data, const uint8_t *octets, Py_ssize_t n) except -1:
        if self.state != IN_DIRECT:
            return Input.feed_octets(self, data, octets, n)
        self.body_room(n + 1)
        return self.absorb(octets, n)

    cdef int absorb(self, const uint8_t *octets, Py_ssize_t n) except -1:
        """Unstuff *n* octets to the end of the body. What follows the terminator goes to the block."""
        cdef size_t consumed = 0, written = 0
        cdef mp_status status = mp_unstuff_run(
            &self.machine, <uint8_t *>PyBytes_AS_STRING(self.body) + self.length, octets, n, &consumed,
            &written)
        self.length += written
        if self.length > self.limits.max_body:
            self.state = TOO_LARGE
            self.body = None
        elif status == MP_OK:
            self.state = DIRECT_DONE
            if <size_t>n > consumed:
                self.take(octets + consumed, n - consumed)
        return 0

    cdef int body_room(self, Py_ssize_t wanted) except -1:
        """At least *wanted* octets free in the body's memory, a withheld one aside. It grows geometrically."""
        cdef Py_ssize_t needed = <Py_ssize_t>self.length + 1 + wanted
        if needed > self.body_size:
            needed = max(needed, self.body_size * 2)
            self.body = PyBytes_FromStringAndSize(NULL, needed) if self.length == 0 else self.resized_body(needed)
            self.body_size = needed
        return 0

    cdef object resized_body(self, Py_ssize_t size):
        """The body's memory with room for *size* octets. Large blocks move without being copied, unless lent."""
        cdef PyObject *memory = <PyObject *>self.body
        cdef Py_ssize_t kept = min(<Py_ssize_t>self.length, size)
        if Py_REFCNT(self.body) > 1:  # a socket still holds on to it
            result = PyBytes_FromStringAndSize(NULL, size)
            memcpy(PyBytes_AS_STRING(result), PyBytes_AS_STRING(self.body), kept)
            return result
        Py_INCREF(<object>memory)
        self.body = None
        _PyBytes_Resize(&memory, size)  # on failure it has dropped the memory itself
        result = <object>memory
        Py_DECREF(<object>memory)
        return result

    # -- reading

    cdef object next_value(self):
        owner = self.owner  # keeps the octets alive whatever happens below
        while not self.dead:
            if self.state == AT_LINE:
                value = self.read_line()
                if value is not None:
                    return value
            elif self.state == IN_BODY:
                if not self.search_body():
                    return NEED_DATA
                if self.state == AT_LINE:
                    return self.finished()
            elif self.state == IN_COPY:
                if not self.copy_body():
                    return NEED_DATA
            elif self.state == IN_DIRECT:
                return NEED_DATA
            elif self.state == DIRECT_DONE:
                put(self.reply, "body", self.resized_body(<Py_ssize_t>self.length))
                self.body = None
                return self.finished()
            elif self.state == STREAM_BEGIN:
                self.state = IN_STREAM
                return self.begin_type(self.reply.command, self.reply.text)
            elif self.state == IN_STREAM:
                value = self.read_chunk()
                if value is not None:
                    return value
            elif self.state == STREAM_END:
                self.state = STREAM_VALUE
                return self.end_type(self.length)
            elif self.state == STREAM_VALUE:
                put(self.reply, "body", self.streamed_type(self.length))
                return self.finished()
            else:
                self.die()
                raise LimitError(self.limits.max_body, "max_body", fatal=True)
        return NEED_DATA

    cdef int die(self) except -1:
        self.forget()
        self.dead = True
        self.start = self.end = 0
        self.owner, self.data, self.size, self.borrowed = None, NULL, 0, False
        return 0

    cdef object finished(self):
        reply = self.reply
        self.reply = None
        self.state = AT_LINE
        return self.checked(reply)

    cdef object checked(self, object reply):
        if self.strict and reply.defects:
            raise ParseError(0, f"no defect such as {reply.defects[0]}")
        return reply

    cdef object read_line(self):
        """A single-line reply, a continuation, NEED_DATA; None where a body follows."""
        cdef mp_error error
        cdef mp_pop3_reply line
        cdef size_t n = 0
        cdef const uint8_t *octets = self.data + self.start
        cdef Py_ssize_t have = self.end - self.start
        cdef mp_status status
        cdef bint multiline = False
        cdef int queued
        if have == 0:
            return NEED_DATA
        status = mp_pop3_line(&self.line_state, octets, have, self.limits.max_line, &n, &error)
        if status == MP_NEED_MORE:
            return NEED_DATA
        if status != MP_OK:
            unit = PyBytes_FromStringAndSize(<const char *>octets, min(have, 1024))
            self.die()
            raise LimitError(error.offset, "max_line", unit, fatal=True)
        self.start += n
        self.keyword = MP_POP3_UNKNOWN
        if self.queue:
            queued = self.queue[0]
            self.keyword = <mp_pop3_keyword>(queued // 2)
            multiline = queued % 2
        status = mp_pop3_read_status(octets, n, &line, &error)
        if status == MP_OK and line.status == MP_POP3_CONTINUE:
            # Only AUTH is answered so, and whatever we cannot tell apart from the line of a SASL exchange.
            if self.queue and (self.keyword == MP_POP3_AUTH or self.keyword == MP_POP3_UNKNOWN):
                # An exchange has begun: its end is a single line, whatever the command looked like.
                self.queue[0] = <int>self.keyword * 2
                return self.continuation_type(self.text_of(octets, line.text))
            status = MP_NEED_MORE
        if self.queue:
            self.queue.popleft()
        if status != MP_OK:
            raise ParseError(0, "+OK or -ERR", PyBytes_FromStringAndSize(<const char *>octets, min(<Py_ssize_t>n, 1024)))
        reply = self.build_reply(octets, &line)
        if not multiline or line.status != MP_POP3_OK:
            return self.checked(reply)
        self.reply = reply
        self.any_lf = line.bare_lf
        self.state = IN_BODY if self.streaming else IN_COPY
        self.searched = 0
        self.length = 0
        self.body_size = 0
        mp_unstuff_init(&self.machine, self.any_lf)
        return None

    cdef object build_reply(self, const uint8_t *octets, mp_pop3_reply *line):
        cdef const char *text = <const char *>octets + line.text.off
        defects = ()
        code = None
        if line.has_code:
            code = (<const char *>octets)[line.code.off:line.code.off + line.code.len].decode("ascii").upper()
        decoded = PyUnicode_DecodeUTF8(text, line.text.len, b"replace")
        if line.control:
            decoded = "".join([c if c == "\t" or (c >= " " and c != "\x7f") else "\ufffd" for c in decoded])
            defects += ("control-octet-in-text",)
        if line.bare_lf:
            defects += ("bare-lf",)
        if "\ufffd" in decoded and not line.control:
            defects += ("text-not-utf8",)
        reply = self.reply_type.__new__(self.reply_type)
        put(reply, "status", STATUS_NAMES[<int>line.status])
        put(reply, "code", code)
        put(reply, "text", decoded)
        put(reply, "body", None)
        put(reply, "command", KEYWORDS[<int>self.keyword])
        put(reply, "_noted", defects)
        put(reply, "_listing", None)
        return reply

    cdef bint search_body(self) except -1:
        """Look for the end of the body in the block. False: it is not there yet."""
        cdef const uint8_t *body = self.data + self.start
        cdef Py_ssize_t have = self.end - self.start
        cdef size_t consumed = 0, written = 0
        cdef mp_status status
        if have == self.searched:
            return False
        status = mp_unstuff_run(&self.machine, NULL, body + self.searched, have - self.searched, &consumed, &written)
        self.searched += consumed
        self.length += written
        if self.streaming and self.length > self.stream_above:
            self.state = STREAM_BEGIN
            self.length = 0
            mp_unstuff_init(&self.machine, self.any_lf)
            return True
        if self.length > self.limits.max_body:
            self.state = TOO_LARGE
            return True
        if status == MP_OK:
            put(self.reply, "body", copy_unstuffed(body, self.searched, <size_t>self.length, self.any_lf))
            self.start += self.searched
            self.state = AT_LINE
            return True
        return False

    cdef bint copy_body(self) except -1:
        """Unstuff what is in the block to the end of the body. False: the body goes on."""
        cdef size_t consumed = 0, written = 0
        cdef Py_ssize_t n
        cdef mp_status status
        while self.start < self.end:
            n = min(self.end - self.start, COPY_STEP)
            self.body_room(n)
            status = mp_unstuff_run(&self.machine, <uint8_t *>PyBytes_AS_STRING(self.body) + self.length,
                                    self.data + self.start, n, &consumed, &written)
            self.start += consumed
            self.length += written
            if self.length > self.limits.max_body:
                self.state = TOO_LARGE
                self.body = None
                return True
            if status == MP_OK:
                self.state = DIRECT_DONE
                return True
        if self.length >= DIRECT_ABOVE:
            self.state = IN_DIRECT
        return False

    cdef object read_chunk(self):
        """A chunk event, NEED_DATA; None where the body ended without one."""
        cdef size_t consumed = 0, written = 0
        cdef Py_ssize_t n = min(self.end - self.start, CLIENT_BLOCK)
        cdef mp_status status
        if n == 0:
            return NEED_DATA
        chunk = PyBytes_FromStringAndSize(NULL, n + 1)
        status = mp_unstuff_run(&self.machine, <uint8_t *>PyBytes_AS_STRING(chunk), self.data + self.start, n,
                                &consumed, &written)
        self.start += consumed
        self.length += written
        if status == MP_OK:
            self.state = STREAM_END
        if self.length > self.limits.max_body:
            self.state = TOO_LARGE
            return None
        if written == 0:
            return None
        return self.chunk_type(chunk[:written])


cdef tuple KEYWORDS = (None,) + tuple([
    mp_pop3_keyword_name(<mp_pop3_keyword>keyword).decode("ascii")
    for keyword in range(<int>MP_POP3_APOP, <int>MP_POP3_UTF8 + 1)
])


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


# ---- commands, as a server reads them ------------------------------------------------------------------------

cdef class CommandReader(Input):
    """Reads what a POP3 client sends. See mailproto.pop3.CommandReader."""

    cdef mp_pop3_line_state line_state
    cdef bint sasl
    cdef dict classes
    cdef object bad_type, unknown_type, sasl_response

    def __init__(self, types, limits=None):
        limits_to_c(Limits.before_login() if limits is None else limits, &self.limits)
        self.classes, self.bad_type, self.unknown_type, self.sasl_response = types
        self.block = SERVER_BLOCK

    def expect_line(self, str kind):
        """Say that the next line is no command: ``"sasl"``, the answer to a challenge of AUTH."""
        if kind != "sasl":
            raise ValueError("POP3 knows no other line than 'sasl'")
        with cython.critical_section(self):
            self.sasl = True

    def next(self):
        """The next command, or NEED_DATA."""
        with cython.critical_section(self):
            return self.next_value()

    def __iter__(self):
        return self

    def __next__(self):
        with cython.critical_section(self):
            value = self.next_value()
        if value is NEED_DATA:
            raise StopIteration
        return value

    def feed_eof(self):
        """Say that no more octets will come. Raises IncompleteError within a line."""
        with cython.critical_section(self):
            self.at_eof = True
            if not self.dead and self.start != self.end:
                raise IncompleteError("the stream ended within a command")

    cdef int forget(self) except -1:
        self.line_state.searched = 0
        self.sasl = False
        return 0

    cdef object next_value(self):
        cdef mp_error error
        cdef size_t n = 0
        cdef const uint8_t *line = self.data + self.start
        cdef Py_ssize_t have = self.end - self.start
        cdef mp_status status
        owner = self.owner
        if have == 0 or self.dead:
            return NEED_DATA
        status = mp_pop3_line(&self.line_state, line, have, self.limits.max_line, &n, &error)
        if status == MP_NEED_MORE:
            return NEED_DATA
        if status != MP_OK:
            self.discard()
            self.dead = True
            # What came is not kept: it may be a password.
            raise LimitError(error.offset, "max_line", fatal=True)
        self.start += n
        if self.sasl:
            self.sasl = False
            return self.read_sasl(line, n)
        return self.read_command(line, n)

    cdef object read_sasl(self, const uint8_t *line, size_t n):
        if mp_pop3_line_end(line, n) != 2:
            return self.bad_type(None, ParseError(n - 1, "CRLF"))
        try:
            return self.sasl_response(PyBytes_FromStringAndSize(<const char *>line, n - 2), False)
        except ParseError as refused:
            return self.bad_type(None, refused)

    cdef object read_command(self, const uint8_t *line, size_t n):
        cdef mp_error error
        cdef mp_pop3_command command
        cdef mp_status status = mp_pop3_read_command(line, n, self.limits.max_pop3_command, &command, &error)
        if status != MP_OK:
            name = KEYWORDS[<int>command.keyword]
            if status == MP_E_LIMIT:
                return self.bad_type(name, LimitError(error.offset, error.limit.decode("ascii")))
            return self.bad_type(name, ParseError(error.offset, error.expected.decode("ascii")))
        if command.keyword == MP_POP3_UNKNOWN:
            return self.unknown_type._read(
                self.text_of(line, command.name), self.text_of(line, command.first) if command.arguments else b"")
        cls = self.classes[KEYWORDS[<int>command.keyword]]
        if not isinstance(cls, type):
            return cls  # a command without arguments: one value serves all
        value = cls.__new__(cls)
        if command.keyword == MP_POP3_USER:
            put(value, "username", self.text_of(line, command.first))
        elif command.keyword == MP_POP3_PASS:
            put(value, "password", self.text_of(line, command.first))
        elif command.keyword == MP_POP3_APOP:
            put(value, "username", self.text_of(line, command.first))
            put(value, "digest", self.text_of(line, command.second))
        elif command.keyword == MP_POP3_LANG:
            put(value, "tag", self.text_of(line, command.first).decode("ascii") if command.arguments else None)
        elif command.keyword == MP_POP3_AUTH:
            initial = None
            if command.arguments == 2:
                try:
                    initial = self.sasl_response(self.text_of(line, command.second), True).data
                except ParseError as refused:
                    return self.bad_type("AUTH", refused)
            put(value, "mechanism",
                self.text_of(line, command.first).decode("ascii").upper() if command.arguments else None)
            put(value, "initial_response", initial)
        else:
            put(value, "number", <int>command.number if command.arguments else None)
            if command.keyword == MP_POP3_TOP:
                put(value, "lines", <int>command.lines)
        return value
