# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""Sequence sets: see csrc/include/mailproto/imap_text.h."""

cimport cython
from cpython.buffer cimport PyBUF_FORMAT, PyBUF_ND, PyBUF_STRIDES, PyBUF_WRITABLE
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromObject, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.list cimport PyList_New, PyList_SET_ITEM
from cpython.long cimport PyLong_AsLongLongAndOverflow, PyLong_FromLong, PyLong_FromUnsignedLong
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc, PyMem_RawRealloc
from cpython.ref cimport Py_INCREF
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy

from mailproto._core.c_mailproto cimport (
    MP_OK, MP_SEQSET_WIRE, MP_SET_DIFFERENCE, MP_SET_INTERSECTION, MP_SET_UNION, mp_error, mp_run, mp_seqset_capacity,
    mp_seqset_combine, mp_seqset_normalise, mp_seqset_parse, mp_seqset_resolve, mp_seqset_write, mp_set_op,
)
from mailproto._core.common cimport raise_error
from mailproto._core.pages cimport mp_large_pages, mp_list_items

from collections.abc import Iterable


cdef SequenceSet sequence_set_adopt(mp_run *runs, Py_ssize_t count):
    cdef SequenceSet result
    try:
        result = SequenceSet.__new__(SequenceSet)
    except BaseException:
        PyMem_RawFree(runs)
        raise
    if count == 0:
        PyMem_RawFree(runs)
        return result
    result.runs = runs
    result.count = count
    result.shape[0] = count
    return result


cdef mp_run *new_runs(Py_ssize_t count) except NULL:
    cdef mp_run *runs = <mp_run *>PyMem_RawMalloc((count if count > 0 else 1) * sizeof(mp_run))
    if runs is NULL:
        raise MemoryError()
    return runs


cdef SequenceSet sequence_set_from_runs(const mp_run *runs, Py_ssize_t count):
    cdef mp_run *copy = new_runs(count)
    if count > 0:
        memcpy(copy, runs, count * sizeof(mp_run))
    return sequence_set_adopt(copy, count)


cdef SequenceSet sequence_set_from_wire(const uint8_t *unit, size_t unit_len, size_t offset, size_t length):
    cdef mp_error error
    cdef size_t count = 0
    cdef mp_run *runs
    cdef SequenceSet result
    if length == 1 and unit[offset] == c"$":
        result = SequenceSet.__new__(SequenceSet)
        result.saved = True
        return result
    if mp_seqset_capacity(unit + offset, length) == 1:
        result = SequenceSet.__new__(SequenceSet)
        if mp_seqset_parse(unit + offset, length, &result.near, &count, &error) != MP_OK:
            error.offset += offset
            raise_error(&error, unit, unit_len)
        result.runs = &result.near
        result.count = result.shape[0] = 1
        return result
    runs = new_runs(mp_seqset_capacity(unit + offset, length))
    if mp_seqset_parse(unit + offset, length, runs, &count, &error) != MP_OK:
        PyMem_RawFree(runs)
        error.offset += offset
        raise_error(&error, unit, unit_len)
    return sequence_set_adopt(runs, count)


cdef uint32_t seq_number(object number) except? 0:
    """One end of a run given from Python: an int from 1 to 2**32 - 1, or "*" (0 in a run)."""
    cdef long long value
    cdef int overflow = 0
    if isinstance(number, int) and not isinstance(number, bool):
        value = PyLong_AsLongLongAndOverflow(number, &overflow)  # what it holds, whatever a subclass compares
        if overflow or not 1 <= value <= 0xFFFFFFFF:
            raise ValueError("a sequence number is at least 1 and at most 4294967295")
        return <uint32_t>value
    if isinstance(number, str) and number == "*":
        return 0
    raise TypeError('a sequence number is an int or "*"')


cdef SequenceSet sequence_set_from_items(object items):
    """Ints, "*", and (first, last) pairs; ints that follow each other become one run."""
    cdef Py_ssize_t room = 16
    cdef Py_ssize_t count = 0
    cdef bint joinable = False  # the last run came from ints, so that the next int may extend it
    cdef mp_run *runs = new_runs(room)
    cdef mp_run *grown
    cdef mp_run run
    try:
        for item in items:
            if isinstance(item, (tuple, list)):
                first, last = item
                run.first = seq_number(first)
                run.last = seq_number(last)
                joinable = False
            else:
                run.first = run.last = seq_number(item)
                if joinable and run.first != 0 and runs[count - 1].last + <uint64_t>1 == run.first:
                    runs[count - 1].last = run.first
                    continue
                joinable = run.first != 0
            if count == room:
                grown = <mp_run *>PyMem_RawRealloc(runs, 2 * room * sizeof(mp_run))
                if grown is NULL:
                    raise MemoryError()
                runs = grown
                room *= 2
            runs[count] = run
            count += 1
    except BaseException:
        PyMem_RawFree(runs)
        raise
    return sequence_set_adopt(runs, count)


@cython.final
cdef class SequenceSet:
    """A set of message sequence numbers or UIDs, kept as it was written (RFC 9051 section 9, sequence-set).

    ``SequenceSet("1:4,7,9:*")``, also from ``bytes``, an ``int``, or an iterable of ints, ``"*"`` and
    ``(first, last)`` pairs; ints that follow each other become one run. Without argument: the empty set, which a
    search may find and no command may send. ``SequenceSet("$")`` is the saved result of RFC 5182.

    It holds runs and is expanded by nothing but iteration and :meth:`to_list`, which go from the lower to the
    higher end of each run, in the order written. ``bytes``, ``==`` and ``hash`` follow the runs as written; ``len``
    counts what iteration would give. The buffer is an (n, 2) array of uint32, 0 for ``*``.

    What ``*`` stands for only a mailbox knows: ``len`` and iteration raise ``ValueError`` until
    :meth:`resolve` has put a number in its place, while ``in`` and set algebra take it as greater than every number,
    one that is in no other run. That is not what it is in a mailbox: there ``*`` is one of the numbers, so that
    ``5:*`` holds 3 where 3 is the highest, and ``1:*`` without ``*`` still holds it. Resolve both sets first where
    that matters. The numbers of ``$`` are the server's: all of these raise ``ValueError`` for it.

    Raises ``ParseError`` (a ``ValueError``) for text that is no sequence-set, ``ValueError`` for numbers
    outside 1 to 4294967295, ``TypeError`` for what is no number (a ``bool`` is none).
    """

    def __cinit__(self, value=None):
        cdef SequenceSet other
        self.shape[1] = 2
        self.strides[0] = sizeof(mp_run)
        self.strides[1] = sizeof(uint32_t)
        if value is None:
            return
        if isinstance(value, SequenceSet):
            other = <SequenceSet>value
        elif isinstance(value, str):
            other = from_text(str.encode(value, "utf-8", "surrogatepass"))
        elif isinstance(value, (bytes, bytearray, memoryview)):
            other = from_text(PyBytes_FromObject(value))
        elif isinstance(value, int):
            other = sequence_set_from_items((value,))
        elif isinstance(value, Iterable):
            other = sequence_set_from_items(value)
        else:
            raise TypeError(f"a SequenceSet is made of str, bytes, int or an iterable, not {type(value).__name__}")
        if other.count:
            self.runs = new_runs(other.count)
            memcpy(self.runs, other.runs, other.count * sizeof(mp_run))
        self.count = self.shape[0] = other.count
        self.saved = other.saved

    def __dealloc__(self):
        if self.runs is not &self.near:
            PyMem_RawFree(self.runs)

    @staticmethod
    def from_ranges(ranges, /):
        """The set of these ``(first, last)`` pairs, in their order; 0 or ``"*"`` stands for ``*``.

        Takes back what ``memoryview(set).tolist()`` and :attr:`ranges` give.
        """
        return sequence_set_from_items(("*" if a == 0 else a, "*" if b == 0 else b) for a, b in ranges)

    @property
    def ranges(self):
        """The runs as written: a tuple of ``(first, last)``, 0 for ``*``; a single number has both the same."""
        return tuple([(self.runs[i].first, self.runs[i].last) for i in range(self.count)])

    @property
    def has_star(self):
        """Whether a ``*`` is in the set, so that :meth:`resolve` has to come before counting or iteration."""
        cdef Py_ssize_t i
        for i in range(self.count):
            if self.runs[i].first == 0 or self.runs[i].last == 0:
                return True
        return False

    def resolve(self, maximum, /):
        """The same set with ``maximum`` (the highest number in the mailbox) in the place of ``*``.

        With 0, an empty mailbox, every run with a ``*`` is left out. Nothing else is cut off.
        """
        cdef mp_run *runs
        check_numbers(self)
        if maximum != 0:
            seq_number(maximum)
        if not self.has_star:
            return self
        runs = new_runs(self.count)
        memcpy(runs, self.runs, self.count * sizeof(mp_run))
        return sequence_set_adopt(runs, mp_seqset_resolve(runs, self.count, maximum))

    def normalised(self):
        """The same numbers in ascending order in the fewest runs."""
        cdef mp_run *runs
        check_numbers(self)
        runs = new_runs(self.count)
        if self.count:
            memcpy(runs, self.runs, self.count * sizeof(mp_run))
        return sequence_set_adopt(runs, mp_seqset_normalise(runs, self.count))

    def union(self, *others):
        """The numbers of any of the sets, normalised. Arguments as the constructor takes them."""
        return fold(MP_SET_UNION, self, others)

    def intersection(self, *others):
        """The numbers that all the sets hold, normalised. Arguments as the constructor takes them.

        ``*`` is greater than every number here: ``resolve()`` first where the mailbox is known.
        """
        return fold(MP_SET_INTERSECTION, self, others)

    def difference(self, *others):
        """The numbers of this set that none of the others holds, normalised.

        ``*`` is greater than every number here: ``1:*`` without ``*`` is ``1:4294967295``, in which the number that
        ``*`` stands for still is. ``resolve()`` first where the mailbox is known.
        """
        return fold(MP_SET_DIFFERENCE, self, others)

    def __or__(self, other):
        if not isinstance(self, SequenceSet) or not isinstance(other, SequenceSet):
            return NotImplemented
        return fold(MP_SET_UNION, self, (other,))

    def __and__(self, other):
        if not isinstance(self, SequenceSet) or not isinstance(other, SequenceSet):
            return NotImplemented
        return fold(MP_SET_INTERSECTION, self, (other,))

    def __sub__(self, other):
        if not isinstance(self, SequenceSet) or not isinstance(other, SequenceSet):
            return NotImplemented
        return fold(MP_SET_DIFFERENCE, self, (other,))

    def min(self):
        """The lowest number, ``None`` for the empty set; ``ValueError`` where only ``*`` could tell."""
        return bound(self, False)

    def max(self):
        """The highest number, ``None`` for the empty set; ``ValueError`` where only ``*`` could tell."""
        return bound(self, True)

    def to_list(self):
        """The numbers as a list of ints, in the order of iteration."""
        cdef Py_ssize_t total = total_of(self)
        cdef list result = PyList_New(total)
        cdef Py_ssize_t at = 0
        cdef Py_ssize_t i
        cdef uint64_t number, low, high
        mp_large_pages(mp_list_items(result), total * sizeof(void *))
        for i in range(self.count):
            ends(self.runs[i], &low, &high)
            number = low
            while number <= high:
                # one that fits a long: CPython makes small ones of those without counting their digits
                value = PyLong_FromLong(<long>number) if number < 0x40000000 else PyLong_FromUnsignedLong(number)
                Py_INCREF(value)
                PyList_SET_ITEM(result, at, value)
                at += 1
                number += 1
        return result

    def __iter__(self):
        cdef _Numbers numbers
        total_of(self)  # raises where there is nothing to count
        numbers = _Numbers.__new__(_Numbers)
        numbers.source = self
        return numbers

    def __len__(self):
        return total_of(self)

    def __bool__(self):
        return self.count > 0 or self.saved

    def __contains__(self, number):
        cdef Py_ssize_t i
        cdef uint64_t low, high, wanted
        check_numbers(self)
        if not isinstance(number, int) or not 1 <= number <= 0xFFFFFFFF:
            return False
        wanted = number
        for i in range(self.count):
            ends(self.runs[i], &low, &high)
            if low <= wanted <= high:
                return True
        return False

    def __eq__(self, other):
        cdef SequenceSet theirs
        if not isinstance(other, SequenceSet):
            return NotImplemented
        theirs = <SequenceSet>other
        if self.count != theirs.count or self.saved != theirs.saved:
            return False
        return self.count == 0 or memcmp(self.runs, theirs.runs, self.count * sizeof(mp_run)) == 0

    def __hash__(self):
        return hash((self.saved, PyBytes_FromStringAndSize(<char *>self.runs, self.count * sizeof(mp_run))))

    def __bytes__(self):
        cdef bytes room
        cdef size_t written
        if self.saved:
            return b"$"
        room = PyBytes_FromStringAndSize(NULL, MP_SEQSET_WIRE(self.count))
        written = mp_seqset_write(self.runs, self.count, <uint8_t *>PyBytes_AS_STRING(room))
        return PyBytes_FromStringAndSize(PyBytes_AS_STRING(room), written)

    def __str__(self):
        return bytes(self).decode("ascii")

    def __repr__(self):
        text = str(self)
        if len(text) > 200:
            text = text[: text.rindex(",", 0, 200)] + ",..."
        return f"SequenceSet({text!r})" if text else "SequenceSet()"

    def __reduce__(self):
        return (SequenceSet, (bytes(self) or None,))

    def __getbuffer__(self, Py_buffer *view, int flags):
        view.obj = None
        if flags & PyBUF_WRITABLE == PyBUF_WRITABLE:
            raise BufferError("a SequenceSet is read-only")
        # An empty array still needs an address that is not NULL.
        view.buf = self.runs
        if view.buf is NULL:
            view.buf = self.shape
        view.len = self.count * sizeof(mp_run)
        view.itemsize = sizeof(uint32_t)
        view.readonly = 1
        view.format = NULL
        if flags & PyBUF_FORMAT:
            view.format = b"I"
        view.ndim = 2
        view.shape = self.shape if flags & PyBUF_ND else NULL
        view.strides = self.strides if flags & PyBUF_STRIDES == PyBUF_STRIDES else NULL
        view.suboffsets = NULL
        view.internal = NULL
        view.obj = self

    def __buffer__(self, flags, /):
        """What Python 3.12 gives by itself (PEP 688): so that type checkers know of the buffer on 3.11 too."""
        return memoryview(self)


cdef class _Numbers:
    """Iterator over a set: one number at a time, never more in memory."""

    cdef SequenceSet source
    cdef Py_ssize_t at
    cdef uint64_t done  # how many numbers of the run at `at` were given out

    def __iter__(self):
        return self

    def __next__(self):
        cdef uint64_t low, high, number
        if self.source is None or self.at >= self.source.count:  # no source: made by hand
            raise StopIteration
        ends(self.source.runs[self.at], &low, &high)
        number = low + self.done
        if number >= high:
            self.at += 1
            self.done = 0
        else:
            self.done += 1
        return number


cdef inline void ends(mp_run run, uint64_t *low, uint64_t *high) noexcept nogil:
    cdef uint64_t first = run.first if run.first else <uint64_t>0x100000000
    cdef uint64_t last = run.last if run.last else <uint64_t>0x100000000
    low[0] = first if first <= last else last
    high[0] = last if first <= last else first


cdef int check_numbers(SequenceSet numbers) except -1:
    if numbers.saved:
        raise ValueError("only the server knows the numbers of $, the saved search result")
    return 0


cdef Py_ssize_t total_of(SequenceSet numbers) except -1:
    """How many numbers the runs hold, counted as they are written, twice where they are there twice."""
    cdef Py_ssize_t i
    cdef uint64_t total = 0
    cdef uint64_t low, high
    check_numbers(numbers)
    for i in range(numbers.count):
        if numbers.runs[i].first == 0 or numbers.runs[i].last == 0:
            raise ValueError("the set holds *: resolve() it against the mailbox first")
        ends(numbers.runs[i], &low, &high)
        total += high - low + 1
        if <Py_ssize_t>total < 0:
            raise OverflowError("too many numbers to count")
    return <Py_ssize_t>total


cdef object bound(SequenceSet numbers, bint highest):
    cdef Py_ssize_t i
    cdef uint64_t low, high
    cdef uint64_t found = 0
    check_numbers(numbers)
    if numbers.count == 0:
        return None
    for i in range(numbers.count):
        ends(numbers.runs[i], &low, &high)
        if high == <uint64_t>0x100000000:
            raise ValueError("the set holds *: resolve() it against the mailbox first")
        if i == 0:
            found = high if highest else low
        elif highest:
            found = high if high > found else found
        else:
            found = low if low < found else found
    return found


cdef SequenceSet fold(mp_set_op op, SequenceSet first, tuple others):
    cdef SequenceSet result = first.normalised()
    cdef SequenceSet right
    cdef mp_run *runs
    for other in others:
        right = (<SequenceSet>other if isinstance(other, SequenceSet) else SequenceSet(other)).normalised()
        runs = new_runs(result.count + right.count)
        result = sequence_set_adopt(
            runs, mp_seqset_combine(op, result.runs, result.count, right.runs, right.count, runs))
    return result


cdef SequenceSet from_text(bytes text):
    cdef size_t length = PyBytes_GET_SIZE(text)
    return sequence_set_from_wire(<const uint8_t *>PyBytes_AS_STRING(text), length, 0, length)
