# The wire form of FETCH rows.

# head: seq, uid, flags, internal_date, size, modseq. lazy: ENVELOPE, BODY and BODYSTRUCTURE in wire form, or None.
# sections, others: by name, or None. ValueError for octets that were streamed.
cdef object write_row(object writer, tuple head, tuple lazy, dict sections, dict others)
