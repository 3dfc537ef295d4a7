# Reading the response code of a status response.

cimport cython
from libc.stdint cimport uint8_t

from mailproto._core.c_mailproto cimport mp_status_text
from mailproto._core.words cimport WordCache


@cython.final
cdef class CodeTypes:
    cdef object code, append_uid, copy_uid, mechanism, metadata, progress, message_limit


# The code that mp_read_resp_text found; what is mended is added to parts.defects. LimitError.
cdef object code_of(CodeTypes types, WordCache words, const uint8_t *unit, size_t length, mp_status_text *parts)
