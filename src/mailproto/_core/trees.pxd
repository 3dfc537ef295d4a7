# Generic trees and bytes for people: shared by the compiled values.

cdef object builtin(object value)
cdef object write_tree(object writer, object tree)
