# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""FETCH rows as a server writes them (RFC 9051 section 7.5.2, msg-att)."""

from mailproto._core.fetch_items cimport write_item
from mailproto._core.dates import format_internal_date

cdef tuple LAZY_NAMES = (b"ENVELOPE ", b"BODY ", b"BODYSTRUCTURE ")


cdef object begin(object writer, bytes name, bint *some):
    """An item's name, with a space before it unless it is the first."""
    if some[0]:
        writer.sp()
    some[0] = True
    return writer.raw(name)


cdef bytes octets(str text):
    return text.encode("utf-8", "surrogateescape")


cdef object write_row(object writer, tuple head, tuple lazy, dict sections, dict others):
    cdef bint some = False
    cdef int i
    seq, uid, flags, internal_date, size, modseq = head
    writer.raw(b"* ")
    if seq is None:
        writer.number(0 if uid is None else uid).raw(b" UIDFETCH (")  # 0, which is none, was read
    else:
        writer.number(seq).raw(b" FETCH (")
        if uid is not None:
            begin(writer, b"UID ", &some).number(uid)
    if flags is not None:
        begin(writer, b"FLAGS (", &some).raw(octets(" ".join(flags))).close()
    if internal_date is not None:
        begin(writer, b'INTERNALDATE "', &some).raw(format_internal_date(internal_date)).raw(b'"')
    if size is not None:
        begin(writer, b"RFC822.SIZE ", &some).number(size)
    if modseq is not None:
        begin(writer, b"MODSEQ (", &some).number(modseq).close()
    for i in range(3):
        if lazy[i] is not None:
            begin(writer, LAZY_NAMES[i], &some).raw(lazy[i])
    for name, data in (sections or {}).items():
        begin(writer, octets(name), &some).sp()
        if data is None:
            writer.nil()
        elif data == b"":
            writer.string(data)
        else:
            writer.literal(data, binary=name.startswith("BINARY") and isinstance(data, bytes) and b"\0" in data)
    for name, value in (others or {}).items():
        begin(writer, octets(name), &some).sp()
        write_item(writer, name, value)
    return writer.close()
