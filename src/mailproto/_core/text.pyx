# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""Sequence sets, mailbox names, dates, flags and LIST patterns: see csrc/include/mailproto/imap_text.h."""

cimport cython
from cpython.buffer cimport PyBUF_FORMAT, PyBUF_ND, PyBUF_STRIDES, PyBUF_WRITABLE
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.datetime cimport date, date_new, datetime, datetime_new, import_datetime, timedelta_new, timezone_new
from cpython.list cimport PyList_New, PyList_SET_ITEM
from cpython.long cimport PyLong_FromLong, PyLong_FromUnsignedLong
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc, PyMem_RawRealloc
from cpython.object cimport PyObject, PyTypeObject, newfunc
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_DecodeASCII, PyUnicode_DecodeUTF8
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy

from mailproto._core.c_mailproto cimport (
    MP_DATE_TIME_LEN, MP_OK, MP_SEQSET_WIRE, MP_SET_DIFFERENCE, MP_SET_INTERSECTION, MP_SET_UNION, mp_date_time,
    mp_error, mp_flag_canonical, mp_list_match, mp_parse_date, mp_parse_date_time, mp_run,
    mp_seqset_capacity, mp_seqset_combine, mp_seqset_normalise, mp_seqset_parse, mp_seqset_resolve, mp_seqset_write,
    mp_set_op, mp_status, mp_utf7_decode, mp_utf7_encode, mp_write_date, mp_write_date_time,
)
from mailproto._core.common cimport raise_error



import_datetime()


# ---- sequence sets -------------------------------------------------------------------------------------------

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
    runs = new_runs(mp_seqset_capacity(unit + offset, length))
    if mp_seqset_parse(unit + offset, length, runs, &count, &error) != MP_OK:
        PyMem_RawFree(runs)
        error.offset += offset
        raise_error(&error, unit, unit_len)
    return sequence_set_adopt(runs, count)


cdef uint32_t seq_number(object number) except? 0:
    """One end of a run given from Python: an int from 1 to 2**32 - 1, or "*" (0 in a run)."""
    if isinstance(number, int):
        if not 1 <= number <= 0xFFFFFFFF:
            raise ValueError("a sequence number is at least 1 and at most 4294967295")
        return <uint32_t>number
    if number == "*":
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
    :meth:`resolve` has put a number in its place, while ``in`` and set algebra take it as greater than every number.
    The numbers of ``$`` are the server's: all of these raise ``ValueError`` for it.

    Raises ``ParseError`` (a ``ValueError``) for text that is no sequence-set, ``ValueError`` for numbers
    outside 1 to 4294967295.
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
            other = from_text(value.encode("utf-8", "surrogatepass"))
        elif isinstance(value, bytes):
            other = from_text(value)
        elif isinstance(value, (bytearray, memoryview)):
            other = from_text(bytes(value))
        elif isinstance(value, int):
            other = sequence_set_from_items((value,))
        else:
            other = sequence_set_from_items(value)
        if other.count:
            self.runs = new_runs(other.count)
            memcpy(self.runs, other.runs, other.count * sizeof(mp_run))
        self.count = self.shape[0] = other.count
        self.saved = other.saved

    def __dealloc__(self):
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
        """The numbers that all the sets hold, normalised. Arguments as the constructor takes them."""
        return fold(MP_SET_INTERSECTION, self, others)

    def difference(self, *others):
        """The numbers of this set that none of the others holds, normalised."""
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


# ---- mailbox names -------------------------------------------------------------------------------------------

#: What may be odd about a mailbox name on the wire; MailboxName._defect is an index into it.
cdef tuple MAILBOX_DEFECTS = (
    (),
    ("mailbox-not-canonical",),
    ("mailbox-8bit",),
    ("mailbox-undecodable",),
)


cdef bytes utf7_encode(object text):
    """Modified UTF-7 of a str; ValueError where it holds a lone surrogate."""
    cdef Py_ssize_t length
    cdef size_t written
    cdef mp_error error
    cdef bytes room
    cdef const char *data = PyUnicode_AsUTF8AndSize(text, &length)
    room = PyBytes_FromStringAndSize(NULL, 5 * length)
    if mp_utf7_encode(<const uint8_t *>data, length, <uint8_t *>PyBytes_AS_STRING(room), &written, &error) != MP_OK:
        raise_error(&error, <const uint8_t *>data, length)
    return PyBytes_FromStringAndSize(PyBytes_AS_STRING(room), written)


cdef inline bint is_inbox(const uint8_t *data, Py_ssize_t length) noexcept:
    return (length == 5 and (data[0] | 0x20) == c"i" and (data[1] | 0x20) == c"n" and (data[2] | 0x20) == c"b"
            and (data[3] | 0x20) == c"o" and (data[4] | 0x20) == c"x")


cdef MailboxName new_mailbox(object text, bytes wire, int defect):
    cdef tuple arguments = (text,)
    cdef MailboxName name = <MailboxName>plain_mailbox_new(MailboxName, <PyObject *>arguments, NULL)
    name._wire = wire
    name._defect = defect
    return name


cdef MailboxName mailbox_from_wire(const uint8_t *data, Py_ssize_t length, bint utf8):
    cdef Py_ssize_t i
    cdef bint plain = True
    cdef size_t written
    cdef mp_error error
    cdef bytes room, wire
    if is_inbox(data, length):
        return new_mailbox("INBOX", None, 0)
    for i in range(length):
        if data[i] < 0x20 or data[i] > 0x7E or (data[i] == c"&" and not utf8):
            plain = False
            break
    if plain:
        return new_mailbox(PyUnicode_DecodeASCII(<const char *>data, length, NULL), None, 0)
    wire = PyBytes_FromStringAndSize(<const char *>data, length)
    if utf8:
        try:
            return new_mailbox(wire.decode("utf-8"), None, 0)
        except UnicodeDecodeError:
            return new_mailbox(wire.decode("ascii", "surrogateescape"), wire, 3)
    room = PyBytes_FromStringAndSize(NULL, 2 * length)
    if mp_utf7_decode(data, length, <uint8_t *>PyBytes_AS_STRING(room), &written, &error) != MP_OK:
        return new_mailbox(wire.decode("ascii", "surrogateescape"), wire, 3)
    try:
        text = PyUnicode_DecodeUTF8(PyBytes_AS_STRING(room), written, NULL)
    except UnicodeDecodeError:
        return new_mailbox(wire.decode("ascii", "surrogateescape"), wire, 3)
    if utf7_encode(text) == wire:
        return new_mailbox(text, None, 0)
    return new_mailbox(text, wire, 1 if wire.isascii() else 2)


cdef bytes mailbox_to_wire(object name, bint utf8):
    cdef MailboxName known
    if isinstance(name, MailboxName):
        known = <MailboxName>name
        if known._defect == 3 or (known._wire is not None and not utf8):
            return known._wire
    elif isinstance(name, bytes):
        return name
    elif not isinstance(name, str):
        raise TypeError("a mailbox is a str")
    elif len(name) == 5 and name.upper() == "INBOX" and name.isascii():
        return b"INBOX"
    if utf8:
        return name.encode("utf-8")
    return utf7_encode(name)


cdef class MailboxName(str):
    """A mailbox name: text for people, with its octets on the wire (RFC 3501 section 5.1.3, RFC 9051 section 5.1).

    ``MailboxName("Entwürfe").wire`` is ``b"Entw&APw-rfe"``. It is a ``str`` in every respect; INBOX, which is
    case-insensitive, is always ``"INBOX"``. A name that was read keeps the octets it came with, so that a server gets
    back what it sent even where its encoding is not canonical; one that cannot be decoded shows its octets
    (those over 127 by surrogate escapes, as ``os.fsdecode`` does). :attr:`defects` names such oddities.

    Raises ``UnicodeEncodeError`` (a ``ValueError``) for text with a lone surrogate.
    """

    @staticmethod
    def from_wire(wire, utf8=False):
        """The name that these octets (unquoted) stand for: modified UTF-7, or UTF-8 once a session enabled it.

        Never raises for what a peer sent: see :attr:`defects`.
        """
        cdef bytes data = bytes(wire)
        return mailbox_from_wire(<const uint8_t *>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), utf8)

    @property
    def wire(self):
        """The octets of the name outside UTF-8 mode: modified UTF-7, or as they were received."""
        return mailbox_to_wire(self, False)

    @property
    def defects(self):
        """What is odd about the octets that were received.

        ``"mailbox-not-canonical"``: another encoder would have written it otherwise; ``"mailbox-8bit"``: UTF-8 where
        modified UTF-7 was due; ``"mailbox-undecodable"``: neither. A server refuses all three in a new name.
        """
        return MAILBOX_DEFECTS[self._defect]

    def encode_wire(self, utf8=False):
        """The octets to send: UTF-8 where a session enabled it, else :attr:`wire`."""
        return mailbox_to_wire(self, utf8)

    def __repr__(self):
        return f"MailboxName({str.__repr__(self)})"

    def __reduce__(self):
        if self._wire is not None:
            return (MailboxName.from_wire, (self._wire,))
        return (MailboxName, (str(self),))



# A str is made in tp_new, before __cinit__ could change its text, and Cython writes tp_new itself: so ours, which
# spells INBOX in capitals and checks the argument, is put in front of it.
cdef newfunc plain_mailbox_new = (<PyTypeObject *>MailboxName).tp_new


cdef object mailbox_new(type cls, PyObject *args, PyObject *kwargs):
    cdef tuple arguments = <tuple>args
    cdef Py_ssize_t length
    cdef MailboxName name, known
    cdef const char *data
    if PyTuple_GET_SIZE(arguments) != 1 or (kwargs is not NULL and <object>kwargs):
        raise TypeError("MailboxName takes one argument, a str")
    text = arguments[0]
    if not isinstance(text, str):
        raise TypeError(f"a mailbox is a str, not {type(text).__name__}")
    if isinstance(text, MailboxName):
        known = <MailboxName>text
        name = <MailboxName>plain_mailbox_new(cls, args, NULL)
        name._wire = known._wire
        name._defect = known._defect
        return name
    data = PyUnicode_AsUTF8AndSize(text, &length)
    if is_inbox(<const uint8_t *>data, length):
        arguments = ("INBOX",)
    return plain_mailbox_new(cls, <PyObject *>arguments, NULL)


(<PyTypeObject *>MailboxName).tp_new = <newfunc>mailbox_new


# ---- flags and LIST patterns ---------------------------------------------------------------------------------

def canonical_flag(flag, /):
    """A flag in its canonical spelling: ``\\\\seen`` is ``\\\\Seen``, ``$forwarded`` is ``$Forwarded``.

    Flags are compared without regard to case (RFC 9051 section 2.3.2); one that no RFC defines stays as it is.
    """
    cdef Py_ssize_t length
    cdef const char *data = PyUnicode_AsUTF8AndSize(flag, &length)
    cdef const char *known = mp_flag_canonical(<const uint8_t *>data, length)
    return flag if known is NULL else known.decode("ascii")


cdef bytes as_utf8(object text):
    if isinstance(text, bytes):
        return text
    return text.encode("utf-8", "surrogateescape")


def match_list_pattern(pattern, name, delimiter="/", /):
    """Whether the mailbox *name* matches a LIST pattern (RFC 3501 section 6.3.8).

    ``*`` stands for any text, ``%`` for any without the hierarchy *delimiter* (a character, or ``None`` where
    names are flat). INBOX matches in any case. Reference names are the caller's to put before the pattern. Pattern and
    name are both ``str``, or both the same encoding as ``bytes``. No pattern makes it slow: time is at most
    quadratic in the length of the name.
    """
    cdef bytes p = as_utf8(pattern)
    cdef bytes n = as_utf8(name)
    cdef Py_ssize_t length = PyBytes_GET_SIZE(n)
    cdef uint8_t stack[512]
    cdef uint8_t *scratch = stack
    cdef uint8_t character = 0
    cdef bint found
    if delimiter is not None:
        if len(delimiter) != 1 or not delimiter.isascii():
            raise ValueError("a hierarchy delimiter is one ASCII character")
        character = ord(delimiter)
    if length + 1 > <Py_ssize_t>sizeof(stack):
        scratch = <uint8_t *>PyMem_RawMalloc(length + 1)
        if scratch is NULL:
            raise MemoryError()
    found = mp_list_match(<const uint8_t *>PyBytes_AS_STRING(p), PyBytes_GET_SIZE(p),
                          <const uint8_t *>PyBytes_AS_STRING(n), length, character, scratch)
    if scratch is not stack:
        PyMem_RawFree(scratch)
    return found


# ---- dates ---------------------------------------------------------------------------------------------------

# The zones that mail comes from, made once: every quarter of an hour from -23:45 to +23:45.
cdef tuple ZONES = tuple([timezone_new(timedelta_new(0, quarter * 900, 0)) for quarter in range(-95, 96)])


cdef object datetime_from_c(const mp_date_time *moment):
    cdef int zone = moment.zone
    cdef int second = 59 if moment.second == 60 else moment.second  # datetime knows no leap seconds
    if zone % 15 == 0:
        tz = ZONES[zone // 15 + 95]
    else:
        tz = timezone_new(timedelta_new(0, zone * 60, 0))
    return datetime_new(moment.year, moment.month, moment.day, moment.hour, moment.minute, second, 0, tz)


cdef object internal_date_from_wire(const uint8_t *unit, size_t unit_len, size_t offset, size_t length):
    cdef mp_date_time moment
    cdef mp_error error
    if mp_parse_date_time(unit + offset, length, &moment, &error) != MP_OK:
        error.offset += offset
        raise_error(&error, unit, unit_len)
    return datetime_from_c(&moment)


def parse_internal_date(text, /):
    """The aware ``datetime`` of an INTERNALDATE without its quotes: `` 1-Feb-2024 03:04:05 +0100``.

    The day may lack its padding; a leap second becomes second 59. ParseError for anything else (RFC 9051 section 9,
    date-time).
    """
    cdef bytes data = as_utf8(text)
    cdef size_t length = PyBytes_GET_SIZE(data)
    return internal_date_from_wire(<const uint8_t *>PyBytes_AS_STRING(data), length, 0, length)


def format_internal_date(moment, /):
    """The INTERNALDATE of an aware ``datetime``, without quotes, always 26 octets. Fractions of a second are cut off.

    ValueError for a naive ``datetime`` and for a zone that is not whole minutes.
    """
    cdef mp_date_time parts
    cdef uint8_t out[MP_DATE_TIME_LEN]
    if not isinstance(moment, datetime):
        raise TypeError("an INTERNALDATE is a datetime")
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("an INTERNALDATE needs a time zone: the datetime is naive")
    seconds = offset.days * 86400 + offset.seconds
    if seconds % 60 or offset.microseconds:
        raise ValueError("the zone of an INTERNALDATE is whole minutes")
    parts.year = moment.year
    parts.month = moment.month
    parts.day = moment.day
    parts.hour = moment.hour
    parts.minute = moment.minute
    parts.second = moment.second
    parts.zone = seconds // 60
    mp_write_date_time(&parts, out)
    return PyBytes_FromStringAndSize(<char *>out, MP_DATE_TIME_LEN)


def parse_date(text, /):
    """The ``datetime.date`` of a search key's date without quotes: ``1-Feb-2024``. ParseError for anything else."""
    cdef mp_date_time parts
    cdef mp_error error
    cdef bytes data = as_utf8(text)
    cdef size_t length = PyBytes_GET_SIZE(data)
    if mp_parse_date(<const uint8_t *>PyBytes_AS_STRING(data), length, &parts, &error) != MP_OK:
        raise_error(&error, <const uint8_t *>PyBytes_AS_STRING(data), length)
    return date_new(parts.year, parts.month, parts.day)


def format_date(day, /):
    """The date of a search key, without quotes: ``1-Feb-2024``."""
    cdef mp_date_time parts
    cdef uint8_t out[16]
    if not isinstance(day, date):
        raise TypeError("a search date is a datetime.date")
    parts.year = day.year
    parts.month = day.month
    parts.day = day.day
    return PyBytes_FromStringAndSize(<char *>out, mp_write_date(&parts, out))
