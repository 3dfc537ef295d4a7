# Generic trees and bytes for people: shared by the compiled values.

cdef object builtin(object value)
cdef object write_tree(object writer, object tree)

# A generic tree from Python, checked, of exact builtins. TypeError, ValueError.
cdef object checked_tree(object value, str what)
