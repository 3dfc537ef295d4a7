# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""What both POP3 readers share."""

cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t

from mailproto._core.c_mailproto cimport MP_POP3_APOP, MP_POP3_UTF8, mp_pop3_keyword, mp_pop3_keyword_name, mp_span
from mailproto._core.intake cimport Intake

# A caller's bytes below this are copied: cheaper than keeping hold of them.
cdef Py_ssize_t HOLD_FROM = 2048

cdef tuple KEYWORDS = (None,) + tuple([
    mp_pop3_keyword_name(<mp_pop3_keyword>keyword).decode("ascii")
    for keyword in range(<int>MP_POP3_APOP, <int>MP_POP3_UTF8 + 1)
])


cdef object keyword_text(mp_pop3_keyword keyword):
    return KEYWORDS[<int>keyword]


cdef class Input(Intake):
    """Octets that were received and not read yet."""

    def __cinit__(self, *args, **kwargs):
        self.sized(CLIENT_BLOCK, 1048576)

    cdef int sized(self, size_t block, size_t kept) except -1:
        self.block_size, self.least_room, self.most_hint = block, block // 2, block // 2
        self.kept_size = kept
        self.hold_from = HOLD_FROM
        return 0

    @property
    def pending(self):
        """Octets received and not read yet; those of a body that is being read do not count."""
        with cython.critical_section(self):
            return self.unread()

    def discard(self):
        """Throw away what was received and not read yet. Returns how many octets that were."""
        cdef size_t n
        with cython.critical_section(self):
            n = self.unread()
            self.drop()
            self.forget()
            return n

    cdef int forget(self) except -1:
        return 0

    cdef object text_of(self, const uint8_t *line, mp_span span):
        return PyBytes_FromStringAndSize(<const char *>line + span.off, span.len)
