# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""What a POP3 server sends: see csrc/include/mailproto/pop3.h. The values that are built come from mailproto.pop3."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromObject, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_DecodeUTF8
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcpy

from mailproto._core.c_mailproto cimport (
    MP_NEED_MORE, MP_OK, MP_POP3_AUTH, MP_POP3_CONTINUE, MP_POP3_LIST, MP_POP3_OK, MP_POP3_RETR, MP_POP3_TOP,
    MP_POP3_UIDL, MP_POP3_UNKNOWN, mp_error, mp_pop3_is_multiline, mp_pop3_keyword, mp_pop3_keyword_at, mp_pop3_line,
    mp_pop3_line_state, mp_pop3_read_status, mp_pop3_reply, mp_status, mp_unstuff, mp_unstuff_init, mp_unstuff_run, mp_unstuff_withheld,
)
from mailproto._core.common cimport limits_to_c, octets_above
from mailproto._core.intake cimport Block, lend_part, resize_bytes
from mailproto._core.members cimport mp_slot_at, mp_slot_put
from mailproto._core.pop3_input cimport CLIENT_BLOCK, Input, keyword_text, put

from collections import deque

from mailproto.errors import NEED_DATA, IncompleteError, LimitError, ParseError
from mailproto.exact import boolean
from mailproto.limits import Limits

# A body longer than this is received in the memory that is handed over; a shorter one is copied out of the block,
# so that what a pipelining server sends behind it need not be copied back.
cdef Py_ssize_t DIRECT_ABOVE = 32 * 1024
# Octets that are copied at once: more would ask for memory that a body of common size does not need.
cdef Py_ssize_t COPY_STEP = 64 * 1024

cdef enum:
    MAX_KEYWORD = 64  # octets: as many as a command may have that no class here is for

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


cdef struct Expected:
    # A command whose reply is to come.
    mp_pop3_keyword keyword
    bint multiline
    uint64_t number   # of the message that LIST or UIDL asked about, or 0


cdef Expected expectation(const uint8_t *line, size_t n) noexcept:
    """What a command, which may lack its line end, is to be answered with."""
    cdef Expected result
    cdef size_t i = 0, start
    result.keyword = mp_pop3_keyword_at(line, n)
    result.number = 0
    while i < n and line[i] != 32:
        i += 1
    while i < n and (line[i] == 32 or line[i] == 13 or line[i] == 10):
        i += 1
    result.multiline = mp_pop3_is_multiline(result.keyword, i < n)
    if result.keyword == MP_POP3_LIST or result.keyword == MP_POP3_UIDL:
        start = i
        while i < n and i - start < 10 and 48 <= line[i] <= 57:
            result.number = result.number * 10 + line[i] - 48
            i += 1
    return result


cdef bint is_command_line(const char *line, Py_ssize_t n) noexcept:
    """Whether this is one line, with or without its end, that begins with what may be a keyword."""
    cdef Py_ssize_t i = 0
    if n >= 2 and line[n - 2] == 13 and line[n - 1] == 10:
        n -= 2
    while i < n and 33 <= <uint8_t>line[i] <= 126:
        i += 1
    if not 1 <= i <= MAX_KEYWORD or (i < n and line[i] != 32):
        return False
    while i < n:
        if line[i] == 0 or line[i] == 10 or line[i] == 13:
            return False
        i += 1
    return True


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


cdef const char *REPLY_FIELDS[9]
REPLY_FIELDS[:] = [b"status", b"code", b"text", b"body", b"command", b"raw", b"_noted", b"_listing", b"_asked"]


cdef class ReplyReader(Input):
    """Reads what a POP3 server sends. See mailproto.pop3.ReplyReader."""

    cdef object queue            # (keyword, multi-line, number) of the commands whose replies are to come
    cdef mp_pop3_line_state line_state
    cdef int state
    cdef Expected expected_now   # what the reply being read answers
    cdef object defect_at        # where in the reply the first defect is
    cdef size_t line_size        # octets of its status line
    cdef size_t text_at          # where the text in it starts
    cdef object reply            # the reply whose body is being read
    cdef Py_ssize_t reply_at[9]  # where the fields of a Reply lie: REPLY_FIELDS
    cdef object reply_type, code_type, continuation_type, begin_type, chunk_type, end_type, streamed_type
    cdef bint any_lf, strict, streaming
    cdef uint64_t stream_above
    cdef mp_unstuff machine
    cdef Py_ssize_t searched     # octets of the body in the block that the machine has seen
    cdef uint64_t length         # octets of the message so far
    cdef object body             # IN_DIRECT, DIRECT_DONE: a bytes object that only we and what is lent know
    cdef Py_ssize_t body_size    # its capacity

    def __init__(self, types, limits=None, *, stream_above=None, strict=False):
        cdef int i
        limits_to_c(Limits.client() if limits is None else limits, &self.limits)
        self.queue = deque()
        (self.reply_type, self.code_type, self.continuation_type, self.begin_type, self.chunk_type, self.end_type,
         self.streamed_type) = types
        for i in range(9):
            self.reply_at[i] = mp_slot_at(self.reply_type, REPLY_FIELDS[i])
            if self.reply_at[i] < 0:
                raise TypeError("the type of replies has slots")
        self.strict = boolean(strict, "strict")
        self.streaming = stream_above is not None
        if self.streaming:
            self.stream_above = octets_above(stream_above)

    def expect(self, *commands):
        """Queue commands (values, str or bytes) whose replies come next; see mailproto.pop3.ReplyReader.

        ValueError for what is no command, neither a line nor a keyword.
        """
        cdef const char *line
        cdef Py_ssize_t n
        cdef Expected expected
        for command in commands:
            if isinstance(command, str):
                line = PyUnicode_AsUTF8AndSize(command, &n)
            elif isinstance(command, int):
                raise TypeError("a command is expected as a value, str or bytes")
            else:
                # a value's octets, or those given, whatever a subclass of bytes makes of itself
                command = PyBytes_FromObject(command if isinstance(command, bytes) else bytes(command))
                line = PyBytes_AS_STRING(command)
                n = PyBytes_GET_SIZE(command)
            if not is_command_line(line, n):
                raise ValueError("what is expected must be a command, or its keyword")
            expected = expectation(<const uint8_t *>line, n)
            with cython.critical_section(self):
                self.queue.append((<int>expected.keyword, expected.multiline, expected.number))

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
        """Say that no more octets will come; those that do are read. Raises IncompleteError within a reply."""
        with cython.critical_section(self):
            if not self.lost and (self.state != AT_LINE or self.unread()):
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
        self.body_room(self.least_room)
        # What is withheld may still be written before what comes now.
        free = <Py_ssize_t>(self.length + mp_unstuff_withheld(&self.machine))
        self.room = self.body_size - free
        return lend_part(self.body, <uint8_t *>PyBytes_AS_STRING(self.body) + free, self.room)

    cdef int received(self, size_t n) except -1:
        if self.state != IN_DIRECT:
            return Input.received(self, n)
        return self.absorb(
            <uint8_t *>PyBytes_AS_STRING(self.body) + self.length + mp_unstuff_withheld(&self.machine), n
        )

    cdef int receive(self, object data, const uint8_t *octets, size_t n) except -1:
        if self.state != IN_DIRECT:
            return Input.receive(self, data, octets, n)
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
                self.moved += n - consumed
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
        Py_INCREF(<object>memory)
        self.body = None
        self.moved += self.length
        try:
            resize_bytes(&memory, <size_t>self.length, size)
        except MemoryError:
            self.die()  # the octets before are gone
            raise
        result = <object>memory
        Py_DECREF(<object>memory)
        return result

    # -- reading

    cdef object next_value(self):
        while not self.lost:
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
        self.lost = True
        self.drop()
        return 0

    cdef object finished(self):
        reply = self.reply
        self.reply = None
        self.state = AT_LINE
        return self.checked(reply)

    cdef object checked(self, object reply):
        """A strict reader takes no defect: the offset counts from the start of the status line, dots included."""
        if not self.strict or not reply.defects:
            return reply
        where = self.defect_at
        if where is None:
            where = reply._listing[2]
            if reply.body is None:
                where = self.text_at + (where or 0)
            else:
                # a dot was taken from each line before it that started with one
                before = b"\n" + reply.body[:where]
                where += self.line_size + before.count(b"\n.")
        raise ParseError(where, f"no defect such as {reply.defects[0]}", reply.status_line)

    cdef object read_line(self):
        """A single-line reply, a continuation, NEED_DATA; None where a body follows."""
        cdef mp_error error
        cdef mp_pop3_reply line
        cdef size_t n = 0
        cdef size_t have = 0
        cdef const uint8_t *octets = self.whole(&have)
        cdef Block block = self.block  # the values are made by Python code: it may do anything with this reader
        cdef object given = self.given
        cdef mp_status status
        if have == 0:
            return NEED_DATA
        status = mp_pop3_line(&self.line_state, octets, have, self.limits.max_line, &n, &error)
        if status == MP_NEED_MORE:
            return NEED_DATA
        if status != MP_OK:
            unit = PyBytes_FromStringAndSize(<const char *>octets, min(have, <size_t>1024))
            self.die()
            raise LimitError(error.offset, "max_line", unit, fatal=True)
        self.skip(n)
        self.expected_now.keyword, self.expected_now.multiline, self.expected_now.number = MP_POP3_UNKNOWN, False, 0
        if self.queue:
            keyword, self.expected_now.multiline, self.expected_now.number = self.queue[0]
            self.expected_now.keyword = <mp_pop3_keyword><int>keyword
        self.line_size = n
        status = mp_pop3_read_status(octets, n, &line, &error)
        if status == MP_OK and line.status == MP_POP3_CONTINUE:
            # Only AUTH is answered so, and whatever we cannot tell apart from the line of a SASL exchange.
            if self.queue and self.expected_now.keyword in (MP_POP3_AUTH, MP_POP3_UNKNOWN):
                # An exchange has begun: its end is a single line, whatever the command looked like.
                self.queue[0] = (<int>self.expected_now.keyword, False, 0)
                return self.build_continuation(octets, n, &line)
            status = MP_NEED_MORE
        if self.queue:
            self.queue.popleft()
        if status != MP_OK:
            raise ParseError(0, "+OK or -ERR", PyBytes_FromStringAndSize(<const char *>octets, min(<Py_ssize_t>n, 1024)))
        reply = self.build_reply(octets, n, &line)
        if not self.expected_now.multiline or line.status != MP_POP3_OK:
            return self.checked(reply)
        self.reply = reply
        self.any_lf = line.bare_lf
        # Listings are values, and never streamed.
        self.state = (
            IN_BODY if self.streaming and self.expected_now.keyword in (MP_POP3_RETR, MP_POP3_TOP) else IN_COPY
        )
        self.searched = 0
        self.length = 0
        self.body_size = 0
        mp_unstuff_init(&self.machine, self.any_lf)
        return None

    cdef object build_continuation(self, const uint8_t *octets, size_t n, mp_pop3_reply *line):
        cdef tuple defects = ()
        text = self.text_of(octets, line.text)
        if line.control:
            raise ParseError(line.defect_at, "base64", PyBytes_FromStringAndSize(<const char *>octets, min(n, 1024)))
        self.defect_at = None
        if line.bare_lf:
            defects += ("bare-lf",)
            self.defect_at = n - 1
        if line.text.off == 1:
            defects += ("missing-space",)
            self.defect_at = 1
        value = self.continuation_type(text)
        if defects:
            put(value, "_noted", defects)
        if self.strict and value.defects:
            raise ParseError(2 if self.defect_at is None else self.defect_at, f"no defect such as {value.defects[0]}")
        return value

    cdef object build_reply(self, const uint8_t *octets, size_t n, mp_pop3_reply *line):
        cdef const char *text = <const char *>octets + line.text.off
        cdef tuple defects = ()
        self.defect_at = None
        self.text_at = line.text.off
        code = None
        if line.has_code:
            code = self.code_type(
                (<const char *>octets)[line.code.off:line.code.off + line.code.len].decode("ascii")
            )
        if line.lower_case:
            defects += ("lower-case-status",)
        if line.blanks:
            defects += ("loose-blanks",)
        try:
            decoded = PyUnicode_DecodeUTF8(text, line.text.len, NULL)
        except UnicodeDecodeError as error:
            decoded = PyUnicode_DecodeUTF8(text, line.text.len, b"replace")
            defects += ("text-not-utf8",)
            self.defect_at = <object>line.text.off + error.start
        if line.control:
            decoded = "".join([c if c == "\t" or (c >= " " and c != "\x7f") else "\ufffd" for c in decoded])
            defects += ("control-octet-in-text",)
        if line.bare_lf:
            defects += ("bare-lf",)
        if defects and (self.defect_at is None or line.defect_at < self.defect_at):
            self.defect_at = line.defect_at
        raw = PyBytes_FromStringAndSize(<const char *>octets, n) if defects else None
        asked = self.expected_now.number
        reply = self.reply_type.__new__(self.reply_type)
        mp_slot_put(reply, self.reply_at[0], STATUS_NAMES[<int>line.status])
        mp_slot_put(reply, self.reply_at[1], code)
        mp_slot_put(reply, self.reply_at[2], decoded)
        mp_slot_put(reply, self.reply_at[3], None)
        mp_slot_put(reply, self.reply_at[4], keyword_text(self.expected_now.keyword))
        mp_slot_put(reply, self.reply_at[5], raw)
        mp_slot_put(reply, self.reply_at[6], defects)
        mp_slot_put(reply, self.reply_at[7], None)
        mp_slot_put(reply, self.reply_at[8], asked)
        return reply

    cdef bint search_body(self) except -1:
        """Look for the end of the body in the block. False: it is not there yet."""
        cdef size_t have = 0
        cdef const uint8_t *body = self.whole(&have)
        cdef size_t consumed = 0, written = 0
        cdef mp_status status
        if have == <size_t>self.searched:
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
            self.skip(self.searched)
            self.state = AT_LINE
            return True
        return False

    cdef bint copy_body(self) except -1:
        """Unstuff what is in the block to the end of the body. False: the body goes on."""
        cdef size_t consumed = 0, written = 0, n = 0
        cdef const uint8_t *octets
        cdef mp_status status
        while True:
            octets = self.octets(&n)
            if n == 0:
                break
            n = min(n, <size_t>COPY_STEP)
            self.body_room(n)
            status = mp_unstuff_run(&self.machine, <uint8_t *>PyBytes_AS_STRING(self.body) + self.length,
                                    octets, n, &consumed, &written)
            self.skip(consumed)
            self.length += written
            self.moved += written
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
        cdef size_t consumed = 0, written = 0, n = 0
        cdef const uint8_t *octets = self.octets(&n)
        cdef mp_status status
        if n == 0:
            return NEED_DATA
        n = min(n, <size_t>CLIENT_BLOCK)
        chunk = PyBytes_FromStringAndSize(NULL, n + 1)
        status = mp_unstuff_run(&self.machine, <uint8_t *>PyBytes_AS_STRING(chunk), octets, n, &consumed, &written)
        self.skip(consumed)
        self.length += written
        if status == MP_OK:
            self.state = STREAM_END
        if self.length > self.limits.max_body:
            self.state = TOO_LARGE
            return None
        if written == 0:
            return None
        return self.chunk_type(chunk[:written])
