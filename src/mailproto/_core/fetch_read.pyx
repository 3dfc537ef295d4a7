# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""From the items of a FETCH response to a row."""

from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_RawMalloc
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy

from mailproto._core.c_mailproto cimport (
    MP_DEFECT_BAD_BODY, MP_DEFECT_BAD_DATE, MP_DEFECT_BAD_ENVELOPE, MP_DEFECT_EIGHT_BIT, MP_DEFECT_REPEATED,
    MP_FETCH_BODY, MP_FETCH_BODYSTRUCTURE, MP_FETCH_BROKEN, MP_FETCH_END, MP_FETCH_ENVELOPE, MP_FETCH_FLAGS,
    MP_FETCH_INTERNALDATE, MP_FETCH_MODSEQ, MP_FETCH_SECTION, MP_FETCH_SIZE, MP_FETCH_UID, MP_OK, MP_RESP_UIDFETCH,
    mp_date_time, mp_defect, mp_defects, mp_defects_join, mp_envelope_repeats, mp_error, mp_fetch_begin, mp_fetch_item,
    mp_fetch_next, mp_fetch_scan, mp_limits, mp_parse_date_time, mp_response_head, mp_span,
)
from mailproto._core.body_structure cimport body_of
from mailproto._core.common cimport raise_error
from mailproto._core.dates cimport datetime_from_c
from mailproto._core.envelope cimport envelope_of
from mailproto._core.fetch cimport ENVELOPE, BODY, Fetch, new_fetch
from mailproto._core.fetch_items cimport normal_name, read_item
from mailproto._core.outside cimport outside_within
from mailproto._core.words cimport WORD_LIMIT, WORD_SECTION, WordCache, flags_of, text_to_bytes, word_find

from mailproto.errors import ParseError

cdef enum:
    KEPT_CAP = 4096  # octets kept of an item that was mended
    MOST_KEPT = 16   # of them in one row


cdef str section_name(WordCache words, const uint8_t *unit, mp_span span):
    cdef uint32_t h = 0
    cdef object known
    cdef str made
    cdef bint cached = span.len <= WORD_LIMIT
    if cached:
        known = word_find(words, WORD_SECTION, unit + span.off, span.len, &h)
        if known is not None:
            return <str>known
    made = normal_name(unit, span)
    if cached:
        words.keep(WORD_SECTION, h, PyBytes_FromStringAndSize(<const char *>unit + span.off, span.len), made)
    return made


cdef int decode_around(Fetch row, int index, const uint8_t *wire, size_t length, const mp_limits *limits,
                       mp_defects *defects) except -1:
    """A lazy item that lacks octets of its literals, which can only be told while the unit is there. No cache: what
    stands for a literal is not in the octets that it goes by."""
    try:
        if index == ENVELOPE:
            row.lazy_envelope = envelope_of(None, wire, length, limits, defects)
        elif index == BODY:
            row.lazy_body = body_of(None, wire, length, limits, defects)
        else:
            row.lazy_body_structure = body_of(None, wire, length, limits, defects)
    except ParseError:
        mp_defect(defects, MP_DEFECT_BAD_ENVELOPE if index == ENVELOPE else MP_DEFECT_BAD_BODY, 0)
    return 0


cdef Fetch fetch_of(WordCache words, const uint8_t *unit, size_t length, mp_response_head *head, bint strict):
    cdef mp_fetch_scan scan
    cdef mp_fetch_item item
    cdef mp_error error
    cdef mp_date_time moment
    cdef mp_span lazy[3]
    cdef uint32_t seen = 0
    cdef uint32_t total
    cdef uint32_t cut_at = 0
    cdef uint32_t cut_length = 0
    cdef uint32_t skipped
    cdef uint8_t *at
    cdef int i
    cdef str name
    cdef Fetch row
    if mp_fetch_begin(&scan, unit, head, &words.limits, &error) != MP_OK:
        raise_error(&error, unit, length)
    row = new_fetch()
    if head.defects.bits:
        keep_mended(row, NULL, &head.defects, unit, length)
    lazy[0].len = lazy[1].len = lazy[2].len = 0
    if head.kind == MP_RESP_UIDFETCH:
        row.uid = None if head.number == 0 else head.number
    else:
        row.seq = head.number
    item.name.len = 0  # what is mended before the first item is the row itself
    while True:
        if scan.defects.bits:
            keep_mended(row, &item, &scan.defects, unit, length)
            mp_defects_join(&head.defects, &scan.defects, 0)
            scan.defects.bits = 0
        item.name.len = 0
        if mp_fetch_next(&scan, &item, &error) != MP_OK:
            raise_error(&error, unit, length)
        if item.kind == MP_FETCH_END:
            break
        if item.kind == MP_FETCH_BROKEN:
            continue
        if item.kind < MP_FETCH_SECTION:
            if seen >> item.kind & 1:
                mp_defect(&scan.defects, MP_DEFECT_REPEATED, item.name.off)
            seen |= <uint32_t>1 << item.kind
            if item.absent:
                continue
        if item.kind == MP_FETCH_UID:
            row.uid = <uint32_t>item.number
        elif item.kind == MP_FETCH_FLAGS:
            row.flags = flags_of(words, unit, item.value, &scan.defects)
        elif item.kind == MP_FETCH_SIZE:
            row.size = <long>item.number if item.number < 0x40000000 else item.number  # the quick way to small ones
        elif item.kind == MP_FETCH_MODSEQ:
            row.modseq = item.number
        elif item.kind == MP_FETCH_INTERNALDATE:
            if mp_parse_date_time(unit + item.text.span.off, item.text.span.len, &moment, &error) == MP_OK:
                row.internal_date = datetime_from_c(&moment)
            else:
                mp_defect(&scan.defects, MP_DEFECT_BAD_DATE, item.value.off)
        elif item.kind == MP_FETCH_ENVELOPE:
            lazy[0] = item.value
        elif item.kind == MP_FETCH_BODY:
            lazy[1] = item.value
        elif item.kind == MP_FETCH_BODYSTRUCTURE:
            lazy[2] = item.value
        elif item.kind == MP_FETCH_SECTION:
            if row.section_map is None:
                row.section_map = {}
            name = section_name(words, unit, item.name)
            if not name.isascii():
                mp_defect(&scan.defects, MP_DEFECT_EIGHT_BIT, item.name.off)
            if name in row.section_map:
                mp_defect(&scan.defects, MP_DEFECT_REPEATED, item.name.off)
            row.section_map[name] = text_to_bytes(unit, &item.text)
        else:
            if row.other_map is None:
                row.other_map = {}
            name = section_name(words, unit, item.name)
            if not name.isascii():
                mp_defect(&scan.defects, MP_DEFECT_EIGHT_BIT, item.name.off)
            if name in row.other_map:
                mp_defect(&scan.defects, MP_DEFECT_REPEATED, item.name.off)
            row.other_map[name] = read_item(unit, &item, name, &words.limits, words.utf8, &scan.defects)
    if scan.defects.bits:
        keep_mended(row, NULL, &scan.defects, unit, length)
        mp_defects_join(&head.defects, &scan.defects, 0)
    for i in range(3):
        if lazy[i].len and outside_within(unit + lazy[i].off, lazy[i].len):
            scan.defects.bits = 0
            decode_around(row, i, unit + lazy[i].off, lazy[i].len, &words.limits, &scan.defects)
            mp_defects_join(&head.defects, &scan.defects, lazy[i].off)
            lazy[i].len = 0
    total = lazy[0].len + lazy[1].len + lazy[2].len
    if total:
        if lazy[0].len and mp_envelope_repeats(unit + lazy[0].off, lazy[0].len, &words.limits, &cut_at, &cut_length):
            row.cut_at = cut_at
            row.cut_length = cut_length
        row.wire = <uint8_t *>PyMem_RawMalloc(total - 2 * cut_length)
        if row.wire is NULL:
            raise MemoryError()
        at = row.wire
        for i in range(3):
            if lazy[i].len:
                row.lengths[i] = lazy[i].len
                row.pending |= <uint8_t>(1 << i)
                skipped = 0
                if i == 0 and cut_length:
                    memcpy(at, unit + lazy[i].off, cut_at)
                    at += cut_at
                    skipped = cut_at + 2 * cut_length
                memcpy(at, unit + lazy[i].off + skipped, lazy[i].len - skipped)
                at += lazy[i].len - skipped
        row.words = words
        if strict:
            decode_strictly(row, unit, lazy, &head.defects)
    row.bits = head.defects.bits
    return row


cdef int keep_mended(Fetch row, const mp_fetch_item *item, mp_defects *defects, const uint8_t *unit, size_t length) except -1:
    """What was mended, for `raw`."""
    cdef str name = "FETCH"
    cdef mp_span span
    span.off = 0
    span.len = <uint32_t>length
    if item is not NULL and item.name.len:
        name = PyUnicode_DecodeUTF8(<const char *>unit + item.name.off, item.name.len, "surrogateescape").upper()
        span = item.value
    if row.kept is None:
        row.kept = {}
    if len(row.kept) < MOST_KEPT:
        row.kept[name] = PyBytes_FromStringAndSize(<const char *>unit + span.off, min(span.len, KEPT_CAP))
    return 0


cdef int decode_strictly(Fetch row, const uint8_t *unit, const mp_span *lazy, mp_defects *defects) except -1:
    """Decode the lazy items where they stand in the unit, so that what is wrong has its offset there."""
    cdef mp_defects own
    cdef int i
    for i in range(3):
        if row.lengths[i] == 0:
            continue
        own.bits = 0
        try:
            if i == ENVELOPE:
                row.lazy_envelope = envelope_of(row.words, unit + lazy[i].off, row.lengths[i], &row.words.limits, &own)
            elif i == BODY:
                row.lazy_body = body_of(row.words, unit + lazy[i].off, row.lengths[i], &row.words.limits, &own)
            else:
                row.lazy_body_structure = body_of(row.words, unit + lazy[i].off, row.lengths[i], &row.words.limits, &own)
        except ParseError as error:
            own.bits = 0
            mp_defect(&own, MP_DEFECT_BAD_ENVELOPE if i == ENVELOPE else MP_DEFECT_BAD_BODY, error.offset)
        mp_defects_join(defects, &own, lazy[i].off)
    row.pending = 0
    return 0
