# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""MailboxList: one row of a LIST or LSUB answer."""

cimport cython

from mailproto._core.members cimport mp_add_member, mp_new_empty
from mailproto._core.mailbox_name cimport MailboxName
from mailproto._core.trees cimport builtin, checked_tree, write_tree
from mailproto._core.words cimport defect_names
from mailproto._core.write cimport Writer

from mailproto import exact
from mailproto._core.flags import check_atoms
from mailproto._core.trees import short_repr

cdef extern from *:
    """
    #define OFF_LIST(field) offsetof(struct __pyx_obj_9mailproto_5_core_7listing_MailboxList, field)
    """
    size_t LIST_OBJECT "sizeof(struct __pyx_obj_9mailproto_5_core_7listing_MailboxList)"
    Py_ssize_t LIST_KIND "OFF_LIST(kind)"
    Py_ssize_t LIST_ATTRIBUTES "OFF_LIST(attributes)"
    Py_ssize_t LIST_DELIMITER "OFF_LIST(delimiter)"
    Py_ssize_t LIST_MAILBOX "OFF_LIST(mailbox)"
    Py_ssize_t LIST_EXTENDED "OFF_LIST(extended)"

cdef tuple KINDS = ("LIST", "LSUB", "XLIST")


@cython.final
@cython.no_gc
cdef class MailboxList:
    """LIST, LSUB (RFC 9051 section 7.3.1) or XLIST (Gmail): one mailbox.

    ``kind`` is ``"LIST"``, ``"LSUB"`` or ``"XLIST"``, ``attributes`` a tuple of ``str`` as the server wrote them,
    ``delimiter`` one character or ``None`` in a flat hierarchy, ``mailbox`` a :class:`MailboxName`, ``extended`` a tuple
    of pairs: the extended data's tag (RFC 5258) as ``str`` and its value. That of CHILDINFO is a tuple of ``str`` in upper
    case, that of OLDNAME (RFC 9051 section 6.3.9.7) a :class:`MailboxName`, any other a generic tree.
    """

    __match_args__ = ("kind", "attributes", "delimiter", "mailbox", "extended")

    def __init__(self, kind, attributes, delimiter, mailbox, extended=()):
        if self.made:
            raise TypeError("a MailboxList does not change")
        kind = exact.text(kind, "kind")
        if kind not in KINDS:
            raise ValueError("kind must be LIST, LSUB or XLIST")
        self.kind = kind
        self.attributes = check_atoms(attributes, "attributes")
        self.delimiter = None if delimiter is None else delimiter_of(delimiter)
        self.mailbox = mailbox_of(mailbox, "mailbox")
        self.extended = tuple([extended_item(item) for item in exact.items(extended, "extended", "pairs")])
        self.made = True

    @property
    def child_info(self):
        """CHILDINFO (RFC 5258 section 4): the selection options that children match, such as ``("SUBSCRIBED",)``; or None."""
        for tag, value in self.extended:
            if tag == "CHILDINFO" and is_child_info(value):
                return value
        return None

    @property
    def old_name(self):
        """OLDNAME (RFC 9051 section 6.3.9.7): what the mailbox was called before, or None."""
        for tag, value in self.extended:
            if tag == "OLDNAME" and isinstance(value, MailboxName):
                return value
        return None

    @property
    def defects(self):
        """What was wrong with the bytes and read all the same."""
        return defect_names(self.bits) + (<MailboxName>self.mailbox).defects

    def __eq__(self, other):
        if not isinstance(other, MailboxList):
            return NotImplemented
        return fields_of(self) == fields_of(<MailboxList>other)

    def __hash__(self):
        return hash(fields_of(self))

    def __copy__(self):
        """The value itself: it never changes."""
        return self

    def __deepcopy__(self, memo):
        """The value itself: it never changes."""
        return self

    def __reduce__(self):
        return restored, (fields_of(self), self.bits)

    def __repr__(self):
        extended = f", extended={short_repr(self.extended)}" if self.extended else ""
        return (f"MailboxList(kind={self.kind!r}, attributes={short_repr(self.attributes)}, "
                f"delimiter={self.delimiter!r}, mailbox={short_repr(self.mailbox)}{extended})")

    def to_dict(self, *, secrets=False):
        """JSON-able builtins, with the class's name as ``type``."""
        made = {"type": "MailboxList", "kind": self.kind, "attributes": builtin(self.attributes),
                "delimiter": builtin(self.delimiter), "mailbox": builtin(str(self.mailbox))}
        if self.extended:
            made["extended"] = builtin(self.extended)
        if self.defects:
            made["defects"] = list(self.defects)
        return made

    def encode(self, utf8=False, literals="sync"):
        """The wire form as a list of fragments."""
        writer = Writer(utf8=utf8, side="server")
        writer.raw(b"* ").raw(self.kind).raw(b" (")
        first = True
        for attribute in self.attributes:
            if not first:
                writer.sp()
            first = False
            writer.raw(attribute.encode("utf-8", "surrogateescape"))
        writer.raw(b") ").delimiter(self.delimiter).sp().mailbox(self.mailbox)
        if self.extended:
            writer.raw(b" (")
            first = True
            for tag, tree in self.extended:
                if not first:
                    writer.sp()
                first = False
                writer.astring(tag.encode("utf-8", "surrogateescape")).sp()
                if tag == "CHILDINFO" and is_child_info(tree):
                    writer.list([option.encode("utf-8", "surrogateescape") for option in tree], writer.string)
                elif tag == "OLDNAME" and isinstance(tree, MailboxName):
                    writer.open().mailbox(tree).close()
                else:
                    write_tree(writer, tree)
            writer.close()
        return writer.crlf().finish()

    def __bytes__(self):
        return b"".join(self.encode())


cdef bint is_child_info(object value):
    return isinstance(value, tuple) and all([isinstance(option, str) for option in <tuple>value])


cdef str delimiter_of(object value):
    cdef str delimiter = exact.text(value, "delimiter")
    if len(delimiter) != 1 or delimiter in "\r\n\0" or "\ud800" <= delimiter <= "\udfff":
        raise ValueError("delimiter must be one character, not CR, LF or NUL, or None")
    return delimiter


cdef MailboxName mailbox_of(object value, str what):
    cdef MailboxName name
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str")
    name = value if type(value) is MailboxName else MailboxName(value)
    if "\0" in name or b"\0" in name.wire:
        raise ValueError(f"{what} must not hold NUL")
    return name


cdef tuple extended_item(object item):
    given, value = exact.pair(item, "extended")
    cdef str tag = exact.text(given, "the tag of extended data")
    cdef str known = tag.upper()
    if not tag:
        raise ValueError("the tag of extended data must not be empty")
    tag.encode("utf-8", "surrogateescape")
    if known == "CHILDINFO":
        return (known, tuple([option_of(option) for option in exact.items(value, "CHILDINFO")]))
    if known == "OLDNAME":
        return (known, mailbox_of(value, "OLDNAME"))
    return (tag, checked_tree(value, "extended"))


cdef str option_of(object value):
    cdef str option = exact.text(value, "CHILDINFO")
    option.encode("utf-8", "surrogateescape")
    return option.upper()


cdef tuple fields_of(MailboxList row):
    return (row.kind, row.attributes, row.delimiter, row.mailbox, row.extended)


cdef MailboxList new_mailbox_list():
    return <MailboxList>mp_new_empty(MailboxList, LIST_OBJECT, LIST_KIND, 5)


cdef int add_members() except -1:
    mp_add_member(MailboxList, b"kind", LIST_KIND)
    mp_add_member(MailboxList, b"attributes", LIST_ATTRIBUTES)
    mp_add_member(MailboxList, b"delimiter", LIST_DELIMITER)
    mp_add_member(MailboxList, b"mailbox", LIST_MAILBOX)
    mp_add_member(MailboxList, b"extended", LIST_EXTENDED)
    return 0


add_members()


def restored(fields, bits):
    """What pickle calls: what was read tolerantly passes no constructor."""
    cdef MailboxList row = new_mailbox_list()
    row.kind, row.attributes, row.delimiter, row.mailbox, row.extended = fields
    row.bits = bits
    row.made = True
    return row
