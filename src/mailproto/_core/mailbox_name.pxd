# What other compiled modules use of mailbox_name.pyx: names straight from C spans.

from libc.stdint cimport uint8_t


cdef class MailboxName(str):
    cdef bytes _wire         # None where the canonical encoding of the text is the wire form
    cdef int _defect         # index into MAILBOX_DEFECTS


# The unquoted octets of a mailbox; never fails on what a peer sent (see MailboxName.from_wire).
cdef MailboxName mailbox_from_wire(const uint8_t *data, Py_ssize_t length, bint utf8)
# The octets to send for a mailbox, a MailboxName or any str: modified UTF-7, or UTF-8 where utf8 is true.
cdef bytes mailbox_to_wire(object name, bint utf8)
