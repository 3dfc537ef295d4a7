# The only file that knows the C core's names. One section a header.

from libc.stddef cimport size_t
from libc.stdint cimport int16_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t


cdef extern from "stdbool.h":
    ctypedef bint c_bool "bool"


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
    mp_status mp_fail_limit(mp_error *err, size_t offset, const char *limit)


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
    bint mp_is_utf8(const uint8_t *data, size_t len)
    bint mp_is_flag(const uint8_t *data, size_t len)
    bint mp_is_atom(const uint8_t *data, size_t len)
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
        uint64_t max_pop3_command

    mp_limits mp_limits_client()
    mp_limits mp_limits_server()
    mp_limits mp_limits_before_login()


cdef extern from "mailproto/mime.h" nogil:
    ctypedef struct mp_buffer:
        uint8_t *data
        size_t len
        bint failed

    void mp_buffer_init(mp_buffer *b, mp_alloc alloc)
    void mp_buffer_free(mp_buffer *b)

    ctypedef struct mp_field:
        mp_span name
        mp_span value
        mp_span whole

    bint mp_header_next(const uint8_t *data, size_t end, size_t *at, mp_field *field_r)
    void mp_field_text(const uint8_t *data, mp_span value, mp_buffer *out)

    ctypedef struct mp_part:
        mp_span header
        mp_span body
        uint32_t lines
        uint32_t next
        uint32_t parent
        uint32_t depth
        uint8_t kind

    ctypedef struct mp_mime:
        mp_part *parts
        uint32_t count
        uint32_t size
        uint32_t lines
        const char *limit
        uint32_t limit_offset

    ctypedef enum mp_section_text:
        MP_SECTION_ALL
        MP_SECTION_HEADER
        MP_SECTION_TEXT
        MP_SECTION_MIME

    void mp_mime_init(mp_mime *m, mp_alloc alloc)
    void mp_mime_free(mp_mime *m)
    mp_status mp_mime_parse(mp_mime *m, const uint8_t *data, size_t len, const mp_limits *limits, mp_error *err)
    void mp_write_envelope(const uint8_t *data, mp_span header, const mp_limits *limits, mp_mime *m, mp_buffer *out)
    void mp_write_body_structure(mp_mime *m, const uint8_t *data, bint extended, const mp_limits *limits,
                                 mp_buffer *out)
    bint mp_mime_section(const mp_mime *m, const uint32_t *path, size_t path_len, mp_section_text text,
                         mp_span *span_r)
    void mp_mime_save(const mp_mime *m, mp_buffer *out)
    mp_status mp_mime_load(mp_mime *m, const uint8_t *saved, size_t len, mp_error *err)
    size_t mp_bare_lf_count(const uint8_t *data, size_t len)
    void mp_bare_lf_fix(const uint8_t *data, size_t len, uint8_t *out_r)


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
    void mp_framer_announce_above(mp_framer *f, uint64_t n)
    void mp_framer_set_limits(mp_framer *f, const mp_limits *limits)
    void mp_framer_expect_line(mp_framer *f)
    mp_status mp_framer_next(mp_framer *f, const uint8_t *unit, size_t len, mp_frame *frame_r, mp_error *err)
    void mp_framer_accept(mp_framer *f)
    void mp_framer_detach(mp_framer *f)
    void mp_framer_blank(uint8_t *unit, size_t len)
    void mp_framer_reject(mp_framer *f)
    uint64_t mp_framer_missing(const mp_framer *f, size_t len)
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

    ctypedef struct mp_list:
        pass

    void mp_cursor_init(mp_cursor *c, const uint8_t *unit, size_t begin, size_t end, const mp_tape *tape,
                        const mp_limits *limits, mp_error *err)
    const mp_token *mp_cursor_peek(const mp_cursor *c)
    bint mp_cursor_is(const mp_cursor *c, const char *word)
    void mp_cursor_skip(mp_cursor *c)
    bint mp_cursor_at_end(const mp_cursor *c)
    mp_status mp_read_sp(mp_cursor *c)
    uint32_t mp_skip_sp(mp_cursor *c)
    mp_status mp_read_end(mp_cursor *c)
    mp_status mp_read_word(mp_cursor *c, const char *word)
    mp_status mp_read_run(mp_cursor *c, mp_span *out_r)
    mp_status mp_read_number64(mp_cursor *c, uint64_t *out_r)
    mp_status mp_read_string(mp_cursor *c, mp_text *out_r)
    mp_status mp_read_nstring(mp_cursor *c, mp_text *out_r)
    mp_status mp_read_astring(mp_cursor *c, mp_text *out_r)
    mp_status mp_read_open(mp_cursor *c, mp_list *list_r)
    mp_status mp_read_close(mp_cursor *c, const mp_list *list)
    mp_status mp_cursor_fail(const mp_cursor *c, const char *expected)
    bint mp_parse_number(const uint8_t *p, size_t len, uint64_t max, uint64_t *out_r)


cdef extern from "mailproto/pop3.h" nogil:
    ctypedef bint mp_pop3_bool "bool"

    ctypedef struct mp_pop3_line_state:
        size_t searched

    mp_status mp_pop3_line(mp_pop3_line_state *state, const uint8_t *line, size_t len, uint64_t max_line,
                           size_t *len_r, mp_error *err)
    size_t mp_pop3_line_end(const uint8_t *line, size_t len)

    ctypedef enum mp_pop3_status:
        MP_POP3_OK
        MP_POP3_ERR
        MP_POP3_CONTINUE

    ctypedef struct mp_pop3_reply:
        mp_pop3_status status
        bint has_code
        bint bare_lf
        bint control
        bint lower_case
        bint blanks
        mp_span code
        mp_span text
        size_t defect_at

    mp_status mp_pop3_read_status(const uint8_t *line, size_t len, mp_pop3_reply *reply_r, mp_error *err)
    mp_status mp_pop3_read_numbers(const uint8_t *line, size_t len, uint64_t *first_r, uint64_t *second_r,
                                   mp_pop3_bool *loose_r, mp_error *err)
    mp_status mp_pop3_read_capability(const uint8_t *line, size_t len, mp_span *tag_r, mp_span *rest_r,
                                      mp_pop3_bool *loose_r, mp_error *err)
    mp_pop3_bool mp_pop3_next_param(const uint8_t *line, mp_span *rest, mp_span *param_r)
    mp_status mp_pop3_read_language(const uint8_t *line, size_t len, mp_span *tag_r, mp_span *description_r,
                                    mp_pop3_bool *loose_r, mp_error *err)
    mp_status mp_pop3_read_uidl(const uint8_t *line, size_t len, uint64_t *number_r, mp_span *id_r,
                                mp_pop3_bool *loose_r, mp_error *err)

    ctypedef enum mp_pop3_keyword:
        MP_POP3_UNKNOWN
        MP_POP3_APOP
        MP_POP3_AUTH
        MP_POP3_CAPA
        MP_POP3_DELE
        MP_POP3_LANG
        MP_POP3_LIST
        MP_POP3_NOOP
        MP_POP3_PASS
        MP_POP3_QUIT
        MP_POP3_RETR
        MP_POP3_RSET
        MP_POP3_STAT
        MP_POP3_STLS
        MP_POP3_TOP
        MP_POP3_UIDL
        MP_POP3_USER
        MP_POP3_UTF8

    ctypedef struct mp_pop3_command:
        mp_pop3_keyword keyword
        mp_span name
        int arguments
        mp_span first
        mp_span second
        uint64_t number
        uint64_t lines

    mp_pop3_keyword mp_pop3_keyword_at(const uint8_t *line, size_t len)
    const char *mp_pop3_keyword_name(mp_pop3_keyword keyword)
    bint mp_pop3_is_multiline(mp_pop3_keyword keyword, bint has_arguments)
    mp_status mp_pop3_read_command(const uint8_t *line, size_t len, uint64_t max_command,
                                   mp_pop3_command *command_r, mp_error *err)

    ctypedef struct mp_unstuff:
        pass

    void mp_unstuff_init(mp_unstuff *machine, bint any_lf)
    size_t mp_unstuff_withheld(const mp_unstuff *machine)
    mp_status mp_unstuff_run(mp_unstuff *machine, uint8_t *dst, const uint8_t *src, size_t n,
                             size_t *consumed_r, size_t *written_r)

    ctypedef struct mp_stuff:
        pass

    void mp_stuff_init(mp_stuff *machine, bint any_lf)
    size_t mp_stuff_run(mp_stuff *machine, uint8_t *dst, const uint8_t *src, size_t n)
    size_t mp_stuff_finish(mp_stuff *machine, uint8_t *dst)


cdef extern from "mailproto/imap_command.h" nogil:
    ctypedef enum mp_command_kind:
        MP_COMMAND_CAPABILITY
        MP_COMMAND_NOOP
        MP_COMMAND_LOGOUT
        MP_COMMAND_STARTTLS
        MP_COMMAND_AUTHENTICATE
        MP_COMMAND_LOGIN
        MP_COMMAND_ENABLE
        MP_COMMAND_SELECT
        MP_COMMAND_EXAMINE
        MP_COMMAND_CREATE
        MP_COMMAND_DELETE
        MP_COMMAND_RENAME
        MP_COMMAND_SUBSCRIBE
        MP_COMMAND_UNSUBSCRIBE
        MP_COMMAND_LIST
        MP_COMMAND_LSUB
        MP_COMMAND_NAMESPACE
        MP_COMMAND_STATUS
        MP_COMMAND_APPEND
        MP_COMMAND_IDLE
        MP_COMMAND_CHECK
        MP_COMMAND_CLOSE
        MP_COMMAND_UNSELECT
        MP_COMMAND_EXPUNGE
        MP_COMMAND_SEARCH
        MP_COMMAND_FETCH
        MP_COMMAND_STORE
        MP_COMMAND_COPY
        MP_COMMAND_MOVE
        MP_COMMAND_ID
        MP_COMMAND_SORT
        MP_COMMAND_THREAD
        MP_COMMAND_ESEARCH
        MP_COMMAND_REPLACE
        MP_COMMAND_GETMETADATA
        MP_COMMAND_NOTIFY
        MP_COMMAND_COUNT

    ctypedef enum mp_word:
        MP_WORD_NONE
        MP_WORD_UNSEEN
        MP_WORD_BCC
        MP_WORD_TO
        MP_WORD_BEFORE
        MP_WORD_SENTSINCE
        MP_WORD_LARGER
        MP_WORD_SMALLER
        MP_WORD_OLDER
        MP_WORD_YOUNGER
        MP_WORD_HEADER
        MP_WORD_KEYWORD
        MP_WORD_UNKEYWORD
        MP_WORD_MODSEQ
        MP_WORD_UID
        MP_WORD_EMAILID
        MP_WORD_THREADID
        MP_WORD_X_GM_MSGID
        MP_WORD_X_GM_THRID
        MP_WORD_FILTER
        MP_WORD_FUZZY
        MP_WORD_NOT
        MP_WORD_OR
        MP_WORD_AND
        MP_WORD_SEQUENCE
        MP_WORD_BINARY
        MP_WORD_BINARY_SIZE
        MP_WORD_CONDSTORE
        MP_WORD_MAXSIZE
        MP_WORD_METADATA
        MP_WORD_NONE_
        MP_WORD_PARTIAL
        MP_WORD_STATUS
        MP_WORD_URL
        MP_WORD_X_GM_LABELS
        MP_WORD_TOTAL

    ctypedef enum mp_arg_kind:
        MP_ARG_ATOM
        MP_ARG_BASE64
        MP_ARG_DATE
        MP_ARG_DATE_TIME
        MP_ARG_FLAG
        MP_ARG_KEY
        MP_ARG_LIST
        MP_ARG_MAILBOX
        MP_ARG_NIL
        MP_ARG_NUMBER
        MP_ARG_PARAM
        MP_ARG_RANGE
        MP_ARG_SECTION
        MP_ARG_SET
        MP_ARG_STRING
        MP_ARG_TEXT
        MP_ARG_WORD

    enum:
        MP_COMMAND_DEFECT_COUNT

    ctypedef struct mp_arg:
        uint8_t kind
        uint16_t word
        bint escaped
        bint peek
        uint32_t count
        mp_span span
        uint64_t octets
        uint64_t number

    ctypedef struct mp_command:
        mp_command_kind kind
        bint uid
        bint strict
        mp_span tag
        uint32_t defects
        mp_arg *args
        uint32_t count

    const char *mp_word_text(mp_word word)
    const char *mp_command_text(mp_command_kind kind)
    const char *mp_command_defect_name(unsigned bit)
    const char *mp_command_defect_seen(unsigned bit)
    const char *mp_command_defect_reading(unsigned bit)
    void mp_command_init(mp_command *c, mp_alloc alloc)
    void mp_command_free(mp_command *c)
    mp_status mp_command_parse(mp_command *c, const uint8_t *unit, size_t len, const mp_limits *limits, mp_error *err)
    mp_span mp_command_tag(const uint8_t *unit, size_t len)
    bint mp_command_announces_message(const uint8_t *unit, size_t len)
    mp_status mp_sasl_line_parse(const uint8_t *unit, size_t len, mp_span *base64_r, mp_error *err)
    mp_status mp_idle_line_parse(const uint8_t *unit, size_t len, mp_error *err)


cdef extern from "mailproto/defects.h" nogil:
    enum:
        MP_DEFECT_COUNT
        MP_DEFECT_BARE_LF
        MP_DEFECT_EIGHT_BIT
        MP_DEFECT_ATOM_STRING
        MP_DEFECT_NIL_STRING
        MP_DEFECT_BAD_DATE
        MP_DEFECT_BAD_ENVELOPE
        MP_DEFECT_BAD_BODY
        MP_DEFECT_BAD_VALUE
        MP_DEFECT_BAD_NUMBER
        MP_DEFECT_BAD_FLAG
        MP_DEFECT_BAD_CODE
        MP_DEFECT_REPEATED
        MP_DEFECT_BARE_CR
        MP_DEFECT_NUL

    ctypedef struct mp_defects:
        uint32_t bits
        uint32_t first
        uint32_t at

    const char *mp_defect_name(unsigned bit)
    const char *mp_defect_seen(unsigned bit)
    const char *mp_defect_reading(unsigned bit)
    void mp_defect(mp_defects *d, uint32_t bit, size_t at)
    void mp_defects_join(mp_defects *d, const mp_defects *part, size_t offset)


cdef extern from "mailproto/imap_response.h" nogil:
    enum:
        MP_NO_PART

    ctypedef enum mp_response_kind:
        MP_RESP_UNKNOWN
        MP_RESP_CONTINUATION
        MP_RESP_OK
        MP_RESP_NO
        MP_RESP_BAD
        MP_RESP_BYE
        MP_RESP_PREAUTH
        MP_RESP_CAPABILITY
        MP_RESP_ENABLED
        MP_RESP_EXISTS
        MP_RESP_RECENT
        MP_RESP_EXPUNGE
        MP_RESP_FETCH
        MP_RESP_UIDFETCH
        MP_RESP_VANISHED
        MP_RESP_FLAGS
        MP_RESP_LIST
        MP_RESP_LSUB
        MP_RESP_STATUS
        MP_RESP_SEARCH
        MP_RESP_ESEARCH
        MP_RESP_NAMESPACE
        MP_RESP_ID
        MP_RESP_XLIST
        MP_RESP_SORT
        MP_RESP_THREAD
        MP_RESP_QUOTA
        MP_RESP_QUOTAROOT
        MP_RESP_ACL
        MP_RESP_LISTRIGHTS
        MP_RESP_MYRIGHTS
        MP_RESP_METADATA
        MP_RESP_LANGUAGE
        MP_RESP_COMPARATOR
        MP_RESP_JMAPACCESS
        MP_RESP_UIDBATCHES
        MP_RESP_GENURLAUTH
        MP_RESP_URLFETCH

    ctypedef struct mp_response_head:
        uint8_t kind
        bint tagged
        bint numbered
        uint32_t number
        mp_span tag
        mp_span name
        uint32_t rest
        uint32_t end
        uint32_t line_end
        mp_defects defects

    mp_status mp_read_response_head(const uint8_t *unit, size_t len, mp_response_head *head_r, mp_error *err)
    mp_status mp_build_response_tape(mp_tape *tape, const uint8_t *unit, mp_response_head *head,
                                     const mp_limits *limits, mp_error *err)

    bint mp_next_word(const uint8_t *unit, uint32_t *at, uint32_t end, mp_span *out_r)
    mp_span mp_unquoted_word(const uint8_t *unit, mp_span word)

    ctypedef struct mp_mailbox_list:
        mp_span attributes
        mp_text delimiter
        mp_text mailbox
        uint32_t extended
        mp_defects defects

    mp_status mp_read_mailbox_list(mp_cursor *c, mp_mailbox_list *out_r)
    mp_status mp_read_flag_list(mp_cursor *c, mp_span *list_r, mp_defects *defects_r)
    bint mp_scan_mailbox_list(const uint8_t *unit, const mp_response_head *head, const mp_limits *limits,
                              mp_mailbox_list *out_r)

    ctypedef struct mp_status_item:
        mp_span name
        uint64_t number

    ctypedef struct mp_status_row:
        mp_text mailbox
        uint32_t n
        mp_status_item items[16]

    bint mp_scan_status(const uint8_t *unit, const mp_response_head *head, const mp_limits *limits,
                        mp_status_row *out_r)
    mp_status mp_read_status_head(mp_cursor *c, mp_text *mailbox_r, mp_list *list_r, mp_defects *defects_r)
    mp_status mp_read_vanished(mp_cursor *c, c_bool *earlier_r, mp_span *set_r, mp_defects *defects_r)

    ctypedef struct mp_search:
        const uint8_t *unit
        uint32_t at
        uint32_t end
        bint has_modseq
        uint64_t modseq
        mp_defects defects

    size_t mp_search_capacity(const mp_search *s)
    mp_status mp_read_search(mp_search *s, uint32_t *pairs, size_t *count_r, mp_error *err)

    ctypedef enum mp_fetch_kind:
        MP_FETCH_END
        MP_FETCH_UID
        MP_FETCH_FLAGS
        MP_FETCH_INTERNALDATE
        MP_FETCH_SIZE
        MP_FETCH_MODSEQ
        MP_FETCH_ENVELOPE
        MP_FETCH_BODY
        MP_FETCH_BODYSTRUCTURE
        MP_FETCH_SECTION
        MP_FETCH_OTHER
        MP_FETCH_BINARY_SIZE
        MP_FETCH_EMAILID
        MP_FETCH_THREADID
        MP_FETCH_SAVEDATE
        MP_FETCH_PREVIEW
        MP_FETCH_GM_MSGID
        MP_FETCH_GM_THRID
        MP_FETCH_GM_LABELS
        MP_FETCH_BROKEN

    ctypedef struct mp_fetch_item:
        uint8_t kind
        bint absent
        mp_span name
        mp_span value
        mp_text text
        uint64_t number

    ctypedef struct mp_fetch_scan:
        const uint8_t *unit
        uint32_t at
        uint32_t end
        mp_defects defects

    mp_status mp_fetch_begin(mp_fetch_scan *s, const uint8_t *unit, const mp_response_head *head,
                             const mp_limits *limits, mp_error *err)
    mp_status mp_fetch_next(mp_fetch_scan *s, mp_fetch_item *item_r, mp_error *err)
    size_t mp_normalise_section(const uint8_t *unit, mp_span name, uint8_t *dst)
    c_bool mp_is_item_name(const uint8_t *name, uint32_t len, const mp_limits *limits, uint8_t *kind_r)
    c_bool mp_is_list(const uint8_t *data, uint32_t len, const mp_limits *limits)

    ctypedef struct mp_envelope:
        mp_text date
        mp_text subject
        mp_span lists[6]
        mp_text in_reply_to
        mp_text message_id
        bint loose
        mp_defects defects

    mp_status mp_read_envelope(const uint8_t *data, size_t len, const mp_limits *limits, mp_envelope *out_r,
                               mp_error *err)

    bint mp_envelope_repeats(const uint8_t *data, size_t len, const mp_limits *limits, uint32_t *at_r, uint32_t *len_r)

    ctypedef struct mp_address:
        mp_text name
        mp_text route
        mp_text mailbox
        mp_text host

    mp_status mp_read_address(const uint8_t *data, uint32_t *at, uint32_t end, bint loose, mp_address *out_r, c_bool *found_r,
                              mp_defects *defects, mp_error *err)

    ctypedef enum mp_body_kind:
        MP_BODY_BASIC
        MP_BODY_TEXT
        MP_BODY_MESSAGE
        MP_BODY_MULTIPART

    ctypedef struct mp_body_part:
        uint8_t kind
        uint8_t extended
        bint has_lines
        uint32_t parent
        uint32_t children
        uint32_t first_child
        uint32_t sibling
        uint32_t start
        uint32_t end
        mp_text type
        mp_text subtype
        mp_text id
        mp_text description
        mp_text encoding
        mp_span params
        mp_span envelope
        uint64_t size
        uint64_t lines
        mp_text md5
        mp_text disposition
        mp_span disposition_params
        mp_span language
        mp_text location
        mp_span others
        mp_defects defects

    ctypedef struct mp_body:
        mp_body_part *parts
        uint32_t n
        bint loose

    void mp_body_init(mp_body *b, mp_alloc alloc)
    void mp_body_free(mp_body *b)
    mp_status mp_read_body(mp_body *b, const uint8_t *data, size_t len, const mp_limits *limits, mp_error *err)
    mp_status mp_read_list_string(const uint8_t *data, uint32_t *at, uint32_t end, bint loose, mp_text *out_r, c_bool *found_r,
                                  mp_defects *defects, mp_error *err)


cdef extern from "mailproto/imap_code.h" nogil:
    ctypedef enum mp_code_kind:
        MP_CODE_NONE
        MP_CODE_RAW
        MP_CODE_PLAIN
        MP_CODE_NUMBER
        MP_CODE_ATOMS
        MP_CODE_FLAGS
        MP_CODE_ASTRINGS
        MP_CODE_APPENDUID
        MP_CODE_COPYUID
        MP_CODE_SET
        MP_CODE_TEXT
        MP_CODE_STRING
        MP_CODE_OBJECTID
        MP_CODE_WORDS
        MP_CODE_MECHANISMS
        MP_CODE_METADATA
        MP_CODE_INPROGRESS
        MP_CODE_MESSAGELIMIT
        MP_CODE_MAILBOXES

    ctypedef struct mp_code:
        const char *name
        uint8_t len
        uint8_t kind
        uint16_t rfc

    const mp_code *mp_code_at(size_t index)
    const mp_code *mp_code_find(const uint8_t *name, size_t len)

    ctypedef struct mp_status_text:
        uint8_t code
        bint has_number
        bint has_number2
        mp_span name
        mp_span args
        mp_span set1
        mp_span set2
        mp_text string1
        mp_text string2
        uint64_t number
        uint64_t number2
        mp_span text
        mp_defects defects

    mp_status mp_read_resp_text(const uint8_t *unit, const mp_response_head *head, mp_status_text *out_r, mp_error *err)


cdef extern from "mailproto/imap_data.h" nogil:
    ctypedef enum mp_datum_kind:
        MP_DATUM_NIL
        MP_DATUM_NUMBER
        MP_DATUM_STRING
        MP_DATUM_NAME
        MP_DATUM_WORD
        MP_DATUM_MAILBOX
        MP_DATUM_SET
        MP_DATUM_LIST
        MP_DATUM_TREE

    ctypedef struct mp_datum:
        uint8_t kind
        uint32_t count
        mp_text text
        int64_t number

    ctypedef struct mp_data:
        mp_datum *items
        uint32_t count
        uint32_t form
        mp_defects defects

    ctypedef enum mp_item_table:
        MP_ITEMS_CORRELATOR
        MP_ITEMS_SEARCH
        MP_ITEMS_LIST
        MP_ITEMS_STATUS
        MP_ITEMS_URL

    void mp_data_init(mp_data *d, mp_alloc alloc)
    void mp_data_free(mp_data *d)
    bint mp_has_data(mp_response_kind kind)
    mp_status mp_read_data(mp_data *d, mp_response_kind kind, mp_cursor *c)
    mp_status mp_read_items(mp_data *d, mp_item_table table, mp_cursor *c)

    ctypedef struct mp_thread_node:
        uint32_t depth
        uint32_t number

    ctypedef struct mp_threads:
        mp_thread_node *nodes
        uint32_t count
        mp_defects defects

    void mp_threads_init(mp_threads *t, mp_alloc alloc)
    void mp_threads_free(mp_threads *t)
    mp_status mp_read_threads(mp_threads *t, const uint8_t *unit, const mp_response_head *head,
                              const mp_limits *limits, mp_error *err)
    bint mp_threads_valid(const mp_thread_node *nodes, size_t count)
    size_t mp_write_threads(const mp_thread_node *nodes, size_t count, uint32_t *scratch, uint8_t *out)


cdef extern from "mailproto/literal_path.h" nogil:
    ctypedef struct mp_literal_path:
        mp_span item
        bint in_name
        uint32_t first
        uint32_t depth
        uint32_t *index
        mp_response_head head

    void mp_literal_path_begin(mp_literal_path *p)
    bint mp_literal_path_find(mp_literal_path *p, const uint8_t *unit, size_t len)
