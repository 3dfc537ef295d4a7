# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""ThreadResult: trees of messages as one flat run, see csrc/include/mailproto/imap_data.h."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc, PyMem_RawRealloc
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcmp, memcpy

from mailproto._core.c_mailproto cimport (
    MP_OK, mp_alloc_libc, mp_defects_join, mp_error, mp_limits, mp_read_threads, mp_response_head, mp_run, mp_thread_node, mp_threads,
    mp_threads_free, mp_threads_init, mp_threads_valid, mp_write_threads,
)
from mailproto._core.common cimport raise_error
from mailproto._core.sequence_set cimport SequenceSet
from mailproto._core.words cimport defect_names

cdef enum:
    RAW_CAP = 4096


@cython.final
@cython.no_gc
cdef class ThreadResult:
    """THREAD (RFC 5256 section 4): which message answers which.

    A tree as deep as its messages, so it is kept flat: pairs of ``(depth, number)`` in the server's order. A message's
    answers follow it one deeper; depth 0 starts a thread; the number is ``None`` for a message that is not there, though
    others answer it. ``ThreadResult(nodes)`` takes such pairs: TypeError for what is none, ValueError where a depth
    jumps by more than one, where a missing message has no answer, or for numbers outside 1 to 4294967295.
    """

    def __init__(self, nodes=()):
        cdef Py_ssize_t room = 16
        cdef mp_thread_node *grown
        if self.made:
            raise TypeError("a ThreadResult does not change")
        self.made = True
        self.run = <mp_thread_node *>PyMem_RawMalloc(room * sizeof(mp_thread_node))
        if self.run is NULL:
            raise MemoryError()
        for depth, number in nodes:
            for value in (depth, number):
                if isinstance(value, bool) or not (isinstance(value, int) or (value is None and value is number)):
                    raise TypeError("a node is a pair of int, of which the second may be None")
            if not (0 <= depth <= 0xFFFFFFFF) or not (number is None or 1 <= number <= 0xFFFFFFFF):
                raise ValueError("a number is at least 1 and at most 4294967295")
            if self.count == room:
                grown = <mp_thread_node *>PyMem_RawRealloc(self.run, 2 * room * sizeof(mp_thread_node))
                if grown is NULL:
                    raise MemoryError()
                self.run = grown
                room *= 2
            self.run[self.count].depth = depth
            self.run[self.count].number = 0 if number is None else number
            self.count += 1
        if not mp_threads_valid(self.run, self.count):
            self.count = 0
            raise ValueError("depths start at 0 and grow by one, and a missing message has answers")

    def __dealloc__(self):
        PyMem_RawFree(self.run)

    @property
    def nodes(self):
        """The pairs of depth and number, all of them as a tuple."""
        return tuple(self)

    @property
    def numbers(self):
        """The messages in the server's order, as a SequenceSet."""
        cdef Py_ssize_t i
        return SequenceSet([self.run[i].number for i in range(self.count) if self.run[i].number])

    def threads(self):
        """Each thread for itself: an iterator of tuples of the pairs."""
        cdef Py_ssize_t start = 0
        cdef Py_ssize_t i
        for i in range(1, self.count + 1):
            if i == self.count or self.run[i].depth == 0:
                if i > start:
                    yield tuple([pair_of(self.run[k]) for k in range(start, i)])
                start = i

    def __iter__(self):
        cdef Py_ssize_t i
        for i in range(self.count):
            yield pair_of(self.run[i])

    def __len__(self):
        return self.count

    @property
    def defects(self):
        """What was wrong with the bytes and read all the same."""
        return defect_names(self.bits)

    @property
    def raw(self):
        """Those bytes, where there are defects."""
        return self.kept

    def __eq__(self, other):
        cdef ThreadResult theirs
        if not isinstance(other, ThreadResult):
            return NotImplemented
        theirs = <ThreadResult>other
        return self.count == theirs.count and (
            self.count == 0 or memcmp(self.run, theirs.run, self.count * sizeof(mp_thread_node)) == 0)

    def __hash__(self):
        return hash(PyBytes_FromStringAndSize(<char *>self.run, self.count * sizeof(mp_thread_node)))

    def __repr__(self):
        cdef Py_ssize_t i
        shown = ", ".join([repr(pair_of(self.run[i])) for i in range(min(self.count, 20))])
        return f"ThreadResult([{shown}{', ...' if self.count > 20 else ''}])"

    def __reduce__(self):
        return restored, (self.nodes, self.bits, self.kept)

    def to_dict(self, *, secrets=False):
        """JSON-able builtins, with the class's name as ``type``; ``nodes`` a list of [depth, number]."""
        made = {"type": "ThreadResult", "nodes": [list(pair) for pair in self]}
        if self.bits:
            made["defects"] = list(self.defects)
        return made

    def encode(self, utf8=False, literals="sync"):
        """The wire form as a list of fragments."""
        cdef bytes room = PyBytes_FromStringAndSize(NULL, 13 * self.count)
        cdef uint32_t *scratch = <uint32_t *>PyMem_RawMalloc(3 * self.count * sizeof(uint32_t) + 1)
        cdef size_t written
        if scratch is NULL:
            raise MemoryError()
        written = mp_write_threads(self.run, self.count, scratch, <uint8_t *>PyBytes_AS_STRING(room))
        PyMem_RawFree(scratch)
        return [b"* THREAD" + (b" " if written else b"") + room[:written] + b"\r\n"]

    def __bytes__(self):
        return self.encode()[0]


cdef object pair_of(mp_thread_node node):
    return (node.depth, node.number if node.number else None)


cdef ThreadResult thread_of(const uint8_t *unit, size_t length, mp_response_head *head, uint32_t depth,
                            uint32_t elements):
    cdef ThreadResult made = ThreadResult.__new__(ThreadResult)
    cdef mp_threads threads
    cdef mp_limits limits
    cdef mp_error error
    made.made = True
    limits.max_depth = depth
    limits.max_elements = elements
    mp_threads_init(&threads, mp_alloc_libc())
    try:
        if mp_read_threads(&threads, unit, head, &limits, &error) != MP_OK:
            raise_error(&error, unit, length)
        made.run = <mp_thread_node *>PyMem_RawMalloc(threads.count * sizeof(mp_thread_node) + 1)
        if made.run is NULL:
            raise MemoryError()
        if threads.count:  # of none there is no memory to copy from
            memcpy(made.run, threads.nodes, threads.count * sizeof(mp_thread_node))
        made.count = threads.count
        mp_defects_join(&head.defects, &threads.defects, 0)
        made.bits = head.defects.bits
    finally:
        mp_threads_free(&threads)
    if made.bits:
        made.kept = PyBytes_FromStringAndSize(<const char *>unit, min(length, <size_t>RAW_CAP))
    return made


def restored(nodes, bits, raw):
    """What pickle calls."""
    cdef ThreadResult made = ThreadResult(nodes)
    made.bits = bits
    made.kept = raw
    return made
