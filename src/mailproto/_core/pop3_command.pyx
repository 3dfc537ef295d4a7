# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""What a POP3 client sends: see csrc/include/mailproto/pop3.h. The values that are built come from mailproto.pop3."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t

from mailproto._core.c_mailproto cimport (
    MP_E_LIMIT, MP_NEED_MORE, MP_OK, MP_POP3_APOP, MP_POP3_AUTH, MP_POP3_LANG, MP_POP3_PASS, MP_POP3_TOP,
    MP_POP3_UNKNOWN, MP_POP3_USER, mp_error, mp_pop3_command, mp_pop3_is_multiline, mp_pop3_keyword_at, mp_pop3_line,
    mp_pop3_line_end, mp_pop3_line_state, mp_pop3_read_command, mp_status,
)
from mailproto._core.common cimport limits_to_c
from mailproto._core.intake cimport Block
from mailproto._core.pop3_input cimport SERVER_BLOCK, Input, keyword_text, put

from mailproto.errors import NEED_DATA, IncompleteError, LimitError, ParseError
from mailproto.limits import Limits


cdef class CommandReader(Input):
    """Reads what a POP3 client sends. See mailproto.pop3.CommandReader."""

    cdef mp_pop3_line_state line_state
    cdef bint sasl
    cdef dict classes
    cdef object bad_type, unknown_type, sasl_response

    def __init__(self, types, limits=None):
        limits_to_c(Limits.before_login() if limits is None else limits, &self.limits)
        self.classes, self.bad_type, self.unknown_type, self.sasl_response = types
        self.sized(SERVER_BLOCK, 4 * SERVER_BLOCK)

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
        """Say that no more octets will come; those that do are read. Raises IncompleteError within a line."""
        with cython.critical_section(self):
            if not self.lost and self.unread():
                raise IncompleteError("the stream ended within a command")

    cdef int forget(self) except -1:
        self.line_state.searched = 0
        self.sasl = False
        return 0

    cdef object next_value(self):
        cdef mp_error error
        cdef size_t n = 0
        cdef size_t have = 0
        cdef const uint8_t *line = self.whole(&have)
        cdef mp_status status
        cdef Block block
        if have == 0 or self.lost:
            return NEED_DATA
        status = mp_pop3_line(&self.line_state, line, have, self.limits.max_line, &n, &error)
        if status == MP_NEED_MORE:
            return NEED_DATA
        if status != MP_OK:
            self.drop()
            self.forget()
            self.lost = True
            # What came is not kept: it may be a password.
            raise LimitError(error.offset, "max_line", fatal=True)
        block = self.block  # the values are made by Python code: it may do anything with this reader
        given = self.given
        if block is not None:
            block.exports += 1
        try:
            self.skip(n)
            if self.sasl:
                self.sasl = False
                return self.read_sasl(line, n)
            return self.read_command(line, n)
        finally:
            if block is not None:
                block.exports -= 1
                self.trim()

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
            name = keyword_text(command.keyword)
            if status == MP_E_LIMIT:
                return self.bad_type(name, LimitError(error.offset, error.limit.decode("ascii")))
            return self.bad_type(name, ParseError(error.offset, error.expected.decode("ascii")))
        if command.keyword == MP_POP3_UNKNOWN:
            return self.unknown_type._read(
                self.text_of(line, command.name), self.text_of(line, command.first) if command.arguments else b"")
        cls = self.classes[keyword_text(command.keyword)]
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


def is_multiline(str name, bint has_arguments):
    """Whether a +OK to the command *name* (the keyword in upper case) is followed by a body."""
    line = name.encode()
    return bool(mp_pop3_is_multiline(
        mp_pop3_keyword_at(<const uint8_t *>PyBytes_AS_STRING(line), PyBytes_GET_SIZE(line)), has_arguments
    ))
