# A header's bytes as text, encoded words decoded; None for None.
cdef str to_text(object value)
