# The only file that knows the C core's names. One section a header.

from libc.stddef cimport size_t
from libc.stdint cimport int16_t, uint8_t, uint16_t, uint32_t, uint64_t


cdef extern from "mailproto/base.h" nogil:
    enum:
        MP_PADDING

    ctypedef enum mp_status:
        MP_OK
        MP_NEED_MORE
        MP_E_SYNTAX
        MP_E_LIMIT
        MP_E_NOMEM
        MP_E_FRAMING

    ctypedef struct mp_span:
        uint32_t off
        uint32_t len

    ctypedef struct mp_error:
        mp_status status
        size_t offset
        const char *expected
        const char *limit

    ctypedef struct mp_alloc:
        void *(*realloc)(void *ctx, void *ptr, size_t old_size, size_t new_size)
        void (*free)(void *ctx, void *ptr)
        void *ctx

    mp_alloc mp_alloc_libc()


cdef extern from "mailproto/imap_text.h" nogil:
    ctypedef struct mp_run:
        uint32_t first
        uint32_t last

    ctypedef enum mp_set_op:
        MP_SET_UNION
        MP_SET_INTERSECTION
        MP_SET_DIFFERENCE

    size_t MP_SEQSET_WIRE(size_t count)
    size_t mp_seqset_capacity(const uint8_t *data, size_t len)
    mp_status mp_seqset_parse(const uint8_t *data, size_t len, mp_run *runs_r, size_t *count_r, mp_error *err)
    size_t mp_seqset_write(const mp_run *runs, size_t count, uint8_t *out_r)
    size_t mp_seqset_normalise(mp_run *runs, size_t count)
    size_t mp_seqset_resolve(mp_run *runs, size_t count, uint32_t maximum)
    size_t mp_seqset_combine(mp_set_op op, const mp_run *a, size_t a_count, const mp_run *b, size_t b_count,
                             mp_run *out_r)

    mp_status mp_utf7_decode(const uint8_t *data, size_t len, uint8_t *out_r, size_t *len_r, mp_error *err)
    mp_status mp_utf7_encode(const uint8_t *data, size_t len, uint8_t *out_r, size_t *len_r, mp_error *err)

    enum:
        MP_DATE_TIME_LEN

    ctypedef struct mp_date_time:
        uint16_t year
        uint8_t month
        uint8_t day
        uint8_t hour
        uint8_t minute
        uint8_t second
        int16_t zone

    mp_status mp_parse_date_time(const uint8_t *data, size_t len, mp_date_time *date_r, mp_error *err)
    mp_status mp_parse_date(const uint8_t *data, size_t len, mp_date_time *date_r, mp_error *err)
    void mp_write_date_time(const mp_date_time *date, uint8_t *out_r)
    size_t mp_write_date(const mp_date_time *date, uint8_t *out_r)

    const char *mp_flag_canonical(const uint8_t *data, size_t len)
    bint mp_list_match(const uint8_t *pattern, size_t pattern_len, const uint8_t *name, size_t name_len,
                       uint8_t delimiter, uint8_t *scratch)


cdef extern from "mailproto/imap_write.h" nogil:
    enum:
        MP_LITERAL_MINUS_MAX

    ctypedef enum mp_form:
        MP_FORM_ATOM
        MP_FORM_ASTRING
        MP_FORM_LIST
        MP_FORM_QUOTED
        MP_FORM_QUOTED8
        MP_FORM_LITERAL
        MP_FORM_LITERAL8

    mp_form mp_form_of(const uint8_t *data, size_t len)
    bint mp_is_flag(const uint8_t *data, size_t len)
    size_t mp_write_quoted(const uint8_t *data, size_t len, uint8_t *out_r)
    size_t mp_write_number(uint64_t number, uint8_t *out_r)
    size_t mp_write_literal_header(uint64_t size, bint binary, bint plus, uint8_t *out_r)


cdef extern from "mailproto/limits.h" nogil:
    ctypedef struct mp_limits:
        uint64_t max_line
        uint64_t max_literal
        uint64_t max_unit
        uint32_t max_literals
        uint32_t max_depth
        uint32_t max_elements
        uint32_t max_addresses
        uint32_t max_parameters
        uint32_t max_parts
        uint64_t max_header
        uint64_t max_body

    mp_limits mp_limits_client()
    mp_limits mp_limits_server()
    mp_limits mp_limits_before_login()


cdef extern from "mailproto/frame.h" nogil:
    ctypedef enum mp_side:
        MP_SERVER_SENDS
        MP_CLIENT_SENDS

    ctypedef enum mp_frame_kind:
        MP_FRAME_UNIT
        MP_FRAME_LITERAL
        MP_FRAME_DISCARD

    ctypedef struct mp_frame:
        mp_frame_kind kind
        uint32_t len
        uint32_t literals
        bint bare_lf
        bint sync
        uint64_t literal_size
        const char *limit

    ctypedef struct mp_framer:
        pass

    void mp_framer_init(mp_framer *f, mp_side side, const mp_limits *limits)
    void mp_framer_announce(mp_framer *f, bint on)
    void mp_framer_expect_line(mp_framer *f)
    mp_status mp_framer_next(mp_framer *f, const uint8_t *unit, size_t len, mp_frame *frame_r, mp_error *err)
    void mp_framer_accept(mp_framer *f)
    void mp_framer_reject(mp_framer *f)
    bint mp_framer_idle(const mp_framer *f, size_t len)


cdef extern from "mailproto/tape.h" nogil:
    ctypedef enum mp_token_kind:
        MP_TOK_ATOM
        MP_TOK_QUOTED
        MP_TOK_QUOTED_ESC
        MP_TOK_LITERAL
        MP_TOK_LITERAL8
        MP_TOK_LIST

    ctypedef struct mp_token:
        uint32_t off
        uint32_t len
        uint32_t next
        uint8_t kind
        uint8_t lead
        uint8_t trail
        uint8_t high

    ctypedef struct mp_tape:
        mp_token *tok
        uint32_t n

    void mp_tape_init(mp_tape *t, mp_alloc alloc)
    void mp_tape_free(mp_tape *t)
    mp_status mp_tape_build(mp_tape *t, const uint8_t *unit, size_t begin, size_t end, const mp_limits *limits,
                            mp_error *err)
    size_t mp_unescape(uint8_t *dst, const uint8_t *src, size_t len)


cdef extern from "mailproto/cursor.h" nogil:
    ctypedef enum mp_text_kind:
        MP_TEXT_NIL
        MP_TEXT_ATOM
        MP_TEXT_QUOTED
        MP_TEXT_QUOTED_ESC
        MP_TEXT_LITERAL
        MP_TEXT_LITERAL8

    ctypedef struct mp_text:
        mp_span span
        uint8_t kind
        uint8_t high

    ctypedef struct mp_cursor:
        const uint8_t *data
        const mp_token *tok
        uint32_t n
        uint32_t at
        uint32_t pos
        uint32_t end

    void mp_cursor_init(mp_cursor *c, const uint8_t *unit, size_t begin, size_t end, const mp_tape *tape,
                        const mp_limits *limits, mp_error *err)
