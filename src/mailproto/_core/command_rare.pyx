# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""The values of commands that come seldom: fields filled from the arguments by their kinds.

A command whose fields follow the arguments one by one needs nothing here but its name in FIELDS; the methods are for
those with more structure. command_build.pyx has the hot ones.
"""

from cpython.object cimport PyTypeObject
from cpython.tuple cimport PyTuple_New
from libc.stdint cimport uint32_t

from mailproto._core.c_mailproto cimport (
    MP_ARG_LIST, MP_ARG_MAILBOX, MP_ARG_NIL, MP_ARG_NUMBER, MP_ARG_PARAM, MP_ARG_RANGE,
    MP_ARG_SET, MP_ARG_STRING, MP_ARG_TEXT, MP_ARG_WORD, MP_COMMAND_COUNT, MP_COMMAND_DEFECT_COUNT,
    MP_COMMAND_ESEARCH, MP_COMMAND_GETMETADATA, MP_COMMAND_NOTIFY, MP_COMMAND_REPLACE, MP_COMMAND_SORT,
    MP_COMMAND_THREAD, MP_WORD_CONDSTORE, MP_WORD_MAXSIZE, MP_WORD_NONE_, MP_WORD_PARTIAL, MP_WORD_TOTAL,
    MP_WORD_URL, mp_arg, mp_command_defect_name, mp_command_defect_reading, mp_command_defect_seen, mp_command_kind,
    mp_command_text, mp_word, mp_word_text,
)
from mailproto._core.command_args cimport (
    MAX_FIELDS, PyType_GenericAlloc, Reading, Shape, ascii_from, mp_slot_fill, mp_slot_offset, put, take,
    take_mailbox, take_mailboxes, take_message, take_number, take_range, take_set, take_string, take_text, upper_of,
)

#: Name, clients and reading of every defect that reading a command can record, in the order of their bits.
COMMAND_DEFECT_ROWS = tuple([
    (mp_command_defect_name(bit).decode("ascii"), mp_command_defect_seen(bit).decode("ascii"),
     mp_command_defect_reading(bit).decode("ascii")) for bit in range(MP_COMMAND_DEFECT_COUNT)])

# The fields of each command but its tag. Where they are filled one by one: in the order of the arguments.
FIELDS = {
    "AUTHENTICATE": ("mechanism", "initial_response"), "LOGIN": ("username", "password"),
    "ENABLE": ("capabilities",), "SELECT": ("mailbox", "condstore", "qresync", "parameters"),
    "EXAMINE": ("mailbox", "condstore", "qresync", "parameters"), "CREATE": ("mailbox", "special_use", "parameters"),
    "DELETE": ("mailbox",), "RENAME": ("mailbox", "new_name", "parameters"), "SUBSCRIBE": ("mailbox",),
    "UNSUBSCRIBE": ("mailbox",), "LIST": ("reference", "patterns", "selection_options", "return_options"),
    "LSUB": ("reference", "pattern"), "XLIST": ("reference", "pattern"), "RLIST": ("reference", "pattern"),
    "RLSUB": ("reference", "pattern"), "STATUS": ("mailbox", "items"), "APPEND": ("mailbox", "messages"),
    "EXPUNGE": ("sequence_set", "uid"), "SEARCH": ("criteria", "charset", "uid", "return_options"),
    "FETCH": ("sequence_set", "items", "uid", "changed_since", "vanished", "partial"),
    "STORE": ("sequence_set", "operation", "flags", "silent", "uid", "unchanged_since", "labels"),
    "COPY": ("sequence_set", "mailbox", "uid"), "MOVE": ("sequence_set", "mailbox", "uid"), "ID": ("parameters",),
    "SORT": ("sort_keys", "criteria", "charset", "uid", "return_options"),
    "THREAD": ("algorithm", "criteria", "charset", "uid"),
    "ESEARCH": ("criteria", "sources", "charset", "return_options", "scope_options"),
    "CANCELUPDATE": ("tags",), "REPLACE": ("sequence_set", "mailbox", "message", "uid"), "GETQUOTA": ("root",),
    "GETQUOTAROOT": ("mailbox",), "SETQUOTA": ("root", "limits"), "SETACL": ("mailbox", "identifier", "rights"),
    "DELETEACL": ("mailbox", "identifier"), "GETACL": ("mailbox",), "LISTRIGHTS": ("mailbox", "identifier"),
    "MYRIGHTS": ("mailbox",), "GETMETADATA": ("mailbox", "entries", "max_size", "depth", "options"),
    "SETMETADATA": ("mailbox", "values"), "NOTIFY": ("groups", "status"), "GENURLAUTH": ("urls",),
    "RESETKEY": ("mailbox", "mechanisms"), "URLFETCH": ("urls",), "COMPRESS": ("algorithm",),
    "LANGUAGE": ("languages",), "COMPARATOR": ("comparators",), "UIDBATCHES": ("size", "batches"),
}
# The classes whose names are not the command's with a capital at its front.
CLASSES = {
    "STARTTLS": "StartTls", "ESEARCH": "ESearch", "CANCELUPDATE": "CancelUpdate", "GETQUOTA": "GetQuota",
    "GETQUOTAROOT": "GetQuotaRoot", "SETQUOTA": "SetQuota", "SETACL": "SetAcl", "DELETEACL": "DeleteAcl",
    "GETACL": "GetAcl", "LISTRIGHTS": "ListRights", "MYRIGHTS": "MyRights", "GETMETADATA": "GetMetadata",
    "SETMETADATA": "SetMetadata", "GENURLAUTH": "GenUrlAuth", "RESETKEY": "ResetKey", "URLFETCH": "UrlFetch",
    "GETJMAPACCESS": "GetJmapAccess", "UIDBATCHES": "UidBatches",
}
# Fields that are missing on the wire, where they are not None.
ABSENT = {("RESETKEY", "mechanisms"): ()}
# Commands whose list is one of pairs.
PAIRED = {"SETQUOTA", "SETMETADATA", "GENURLAUTH"}

cdef list paired = [False] * <int>MP_COMMAND_COUNT
cdef list absent = [()] * <int>MP_COMMAND_COUNT


cdef class RareBuilder:
    """Makes the values of seldom commands; the base of Builder, which makes the others."""

    def __cinit__(self, commands, search):
        cdef int kind
        cdef int i
        self.kept = []
        for kind in range(MP_COMMAND_COUNT):
            name = mp_command_text(<mp_command_kind>kind).decode("ascii")
            cls = getattr(commands, CLASSES.get(name, name.capitalize()))
            fields = FIELDS.get(name, ())
            self.shape(&self.shapes[kind], cls, ("tag", *fields))
            paired[kind] = name in PAIRED
            absent[kind] = tuple([ABSENT.get((name, field)) for field in fields])
        self.defects_at = mp_slot_offset(vars(commands.Command)["defects"])
        if self.defects_at < 0:
            raise TypeError("Command.defects is no slot")
        self.shape(&self.parameter, commands.Parameter, ("name", "value"))
        self.shape(&self.qresync, commands.Qresync,
                   ("uid_validity", "modseq", "known_uids", "known_numbers", "known_numbers_uids"))
        self.shape(&self.mailbox_filter, commands.MailboxFilter, ("kind", "mailboxes"))
        self.shape(&self.event_group, commands.EventGroup, ("filter", "events", "items"))
        self.shape(&self.message, commands.AppendMessage, ("data", "flags", "date", "binary", "utf8", "parts"))
        self.shape(&self.url, commands.CatenateUrl, ("url",))
        self.words = tuple([mp_word_text(<mp_word>i).decode("ascii") for i in range(MP_WORD_TOTAL)])
        self.reverse_words = tuple([f"REVERSE {word}" for word in self.words])
        self.defect_names = tuple([row[0] for row in COMMAND_DEFECT_ROWS])

    cdef int shape(self, Shape *shape, object cls, tuple names) except -1:
        cdef Py_ssize_t i
        if len(names) > MAX_FIELDS:
            raise TypeError(f"{cls.__name__} has too many fields")
        self.kept.append(cls)
        shape.type = <PyTypeObject *>cls
        shape.count = len(names)
        for i in range(len(names)):
            for base in cls.__mro__:
                if names[i] in vars(base):
                    shape.offsets[i] = mp_slot_offset(vars(base)[names[i]])
                    break
            else:
                shape.offsets[i] = -1
            if shape.offsets[i] < 0:
                raise TypeError(f"{cls.__name__}.{names[i]} is no slot")
        return 0

    cdef object defects_of(self, uint32_t defects):
        """The names of the bits that are set, in their order."""
        return tuple([name for bit, name in enumerate(self.defect_names) if defects >> bit & 1])

    cdef int rare(self, object value, int kind, bint uid, Reading *r) except -1:
        """Fill all fields of *value* but its tag."""
        cdef Shape *shape = &self.shapes[kind]
        cdef Py_ssize_t i
        cdef mp_arg *arg
        cdef uint32_t end
        if kind == MP_COMMAND_SORT:
            # a LIST follows only where the first one holds return options
            mp_slot_fill(value, shape.offsets[5],
                         self.return_options(r) if r.args[1 + r.args[0].count].kind == MP_ARG_LIST else None)
            mp_slot_fill(value, shape.offsets[1], self.sort_keys(r))
            mp_slot_fill(value, shape.offsets[3], take_text(r))
            mp_slot_fill(value, shape.offsets[2], self.search_keys(r))
            mp_slot_fill(value, shape.offsets[4], uid)
        elif kind == MP_COMMAND_THREAD:
            mp_slot_fill(value, shape.offsets[1], upper_of(r.unit, take(r).span))
            mp_slot_fill(value, shape.offsets[3], take_text(r))
            mp_slot_fill(value, shape.offsets[2], self.search_keys(r))
            mp_slot_fill(value, shape.offsets[4], uid)
        elif kind == MP_COMMAND_ESEARCH:
            end = take(r).count
            mp_slot_fill(value, shape.offsets[2], self.filters(r, r.at + end) if end else None)
            end = take(r).count
            mp_slot_fill(value, shape.offsets[5], self.parameters(r, r.at + end))
            mp_slot_fill(value, shape.offsets[4], self.return_options(r) if r.args[r.at].kind == MP_ARG_LIST else None)
            mp_slot_fill(value, shape.offsets[3], take_text(r) if r.args[r.at].kind == MP_ARG_TEXT else None)
            mp_slot_fill(value, shape.offsets[1], self.search_keys(r))
        elif kind == MP_COMMAND_REPLACE:
            mp_slot_fill(value, shape.offsets[1], take_set(r))
            mp_slot_fill(value, shape.offsets[2], take_mailbox(r))
            mp_slot_fill(value, shape.offsets[3], self.message_of(r))
            mp_slot_fill(value, shape.offsets[4], uid)
        elif kind == MP_COMMAND_GETMETADATA:
            self.get_metadata(value, r)
        elif kind == MP_COMMAND_NOTIFY:
            end = take(r).count
            arg = take(r) if end else NULL
            mp_slot_fill(value, shape.offsets[2], end > 0 and arg.count == 1)
            mp_slot_fill(value, shape.offsets[1], self.groups(r) if end else None)
        else:
            for i in range(1, shape.count):
                if r.at == r.count:
                    mp_slot_fill(value, shape.offsets[i], absent[kind][i - 1])
                    continue
                field = self.tree(r, True)
                if paired[kind] and type(field) is tuple:
                    field = tuple(zip(field[::2], field[1::2]))
                mp_slot_fill(value, shape.offsets[i], field)
        return 0

    cdef object leaf(self, Reading *r, bint upper):
        """One argument as the Python value that its kind means."""
        cdef mp_arg *arg = &r.args[r.at]
        if arg.kind == MP_ARG_STRING:
            return take_string(r)
        if arg.kind == MP_ARG_TEXT:
            return take_text(r)
        if arg.kind == MP_ARG_MAILBOX:
            return take_mailbox(r)
        if arg.kind == MP_ARG_NUMBER:
            return take_number(r)
        if arg.kind == MP_ARG_RANGE:
            return take_range(r)
        if arg.kind == MP_ARG_SET:
            return take_set(r)
        r.at += 1
        if arg.kind == MP_ARG_WORD:
            return self.words[arg.word]
        if arg.kind == MP_ARG_NIL:
            return None
        return upper_of(r.unit, arg.span) if upper else ascii_from(r.unit, arg.span)

    cdef object tree(self, Reading *r, bint upper):
        """One argument with all that is in it: a list is a tuple. Without recursion."""
        cdef list stack, current
        cdef uint32_t end
        if r.args[r.at].kind != MP_ARG_LIST:
            return self.leaf(r, upper)
        stack, current = [], []
        end = r.at + 1 + r.args[r.at].count
        r.at += 1
        while True:
            if r.at == end:
                done = tuple(current)
                if not stack:
                    return done
                current, end = stack.pop()
                current.append(done)
            elif r.args[r.at].kind == MP_ARG_LIST:
                stack.append((current, end))
                current = []
                end = r.at + 1 + r.args[r.at].count
                r.at += 1
            else:
                current.append(self.leaf(r, upper))

    cdef object parameter_of(self, Reading *r):
        cdef Shape *shape = &self.parameter
        cdef mp_arg *arg = take(r)
        value = PyType_GenericAlloc(shape.type, 0)
        mp_slot_fill(value, shape.offsets[0], upper_of(r.unit, arg.span))
        mp_slot_fill(value, shape.offsets[1], self.tree(r, False) if arg.count else None)
        return value

    cdef tuple parameters(self, Reading *r, uint32_t end):
        cdef list result
        if r.at == end:
            return ()
        result = []
        while r.at < end:
            result.append(self.parameter_of(r))
        return tuple(result)

    cdef tuple return_options(self, Reading *r):
        """The words of a LIST; PARTIAL as a pair with its range."""
        cdef uint32_t end = take(r).count
        cdef mp_arg *arg
        cdef list result
        if end == 0:
            return ()
        result = []
        end += r.at
        while r.at < end:
            arg = take(r)
            word = self.words[arg.word]
            result.append((word, take_range(r)) if arg.word == MP_WORD_PARTIAL else word)
        return tuple(result)

    cdef tuple take_upper_words(self, Reading *r, uint32_t count):
        cdef uint32_t i
        cdef mp_arg *arg
        cdef tuple result = PyTuple_New(count)
        for i in range(count):
            arg = take(r)
            put(result, i, self.words[arg.word] if arg.kind == MP_ARG_WORD else upper_of(r.unit, arg.span))
        return result

    cdef tuple sort_keys(self, Reading *r):
        cdef uint32_t i, count = take(r).count
        cdef mp_arg *arg
        cdef tuple result = PyTuple_New(count)
        for i in range(count):
            arg = take(r)
            put(result, i, self.reverse_words[arg.word] if arg.number else self.words[arg.word])
        return result

    cdef tuple filters(self, Reading *r, uint32_t end):
        cdef list result = []
        while r.at < end:
            result.append(self.filter_of(r))
        return tuple(result)

    cdef object filter_of(self, Reading *r):
        cdef Shape *shape = &self.mailbox_filter
        cdef mp_arg *arg = take(r)
        value = PyType_GenericAlloc(shape.type, 0)
        mp_slot_fill(value, shape.offsets[0], self.words[arg.word])
        mp_slot_fill(value, shape.offsets[1], take_mailboxes(r, arg.count) if arg.count else ())
        return value

    cdef int select(self, object value, Shape *shape, Reading *r) except -1:
        """The parameters of SELECT and EXAMINE."""
        cdef bint condstore = False
        cdef mp_arg *arg
        cdef object qresync = None
        cdef list parameters = []
        while r.at < r.count:
            arg = &r.args[r.at]
            if arg.kind == MP_ARG_PARAM:
                parameters.append(self.parameter_of(r))
            elif arg.word == MP_WORD_CONDSTORE:
                r.at += 1
                condstore = True
            else:
                r.at += 1
                qresync = self.qresync_of(r, arg)
        mp_slot_fill(value, shape.offsets[2], condstore)
        mp_slot_fill(value, shape.offsets[3], qresync)
        mp_slot_fill(value, shape.offsets[4], tuple(parameters))
        return 0

    cdef object qresync_of(self, Reading *r, mp_arg *arg):
        cdef Shape *shape = &self.qresync
        cdef uint32_t sets = arg.count - 2
        value = PyType_GenericAlloc(shape.type, 0)
        mp_slot_fill(value, shape.offsets[0], take_number(r))
        mp_slot_fill(value, shape.offsets[1], take_number(r))
        mp_slot_fill(value, shape.offsets[2], take_set(r) if sets & 1 else None)
        mp_slot_fill(value, shape.offsets[3], take_set(r) if sets & 2 else None)
        mp_slot_fill(value, shape.offsets[4], take_set(r) if sets & 2 else None)
        return value

    cdef int get_metadata(self, object value, Reading *r) except -1:
        cdef Shape *shape = &self.shapes[<int>MP_COMMAND_GETMETADATA]
        cdef uint32_t end = take(r).count
        cdef mp_arg *arg
        cdef object size = None, depth = None
        cdef list options = []
        end += r.at
        while r.at < end:
            arg = &r.args[r.at]
            if arg.kind == MP_ARG_PARAM:
                options.append(self.parameter_of(r))
                continue
            r.at += 1
            if arg.word == MP_WORD_MAXSIZE:
                size = arg.number
            else:
                depth = "infinity" if arg.number == c"I" else "1" if arg.number == c"1" else "0"
        mp_slot_fill(value, shape.offsets[1], take_mailbox(r))
        mp_slot_fill(value, shape.offsets[2], self.tree(r, False))
        mp_slot_fill(value, shape.offsets[3], size)
        mp_slot_fill(value, shape.offsets[4], depth)
        mp_slot_fill(value, shape.offsets[5], tuple(options))
        return 0

    cdef object catenated(self, Reading *r):
        """The parts of CATENATE, behind its word: the octets of a text, or a URL."""
        cdef uint32_t end = r.at + r.args[r.at - 1].count
        cdef list result = []
        while r.at < end:
            if r.args[r.at].word == MP_WORD_URL:
                part = PyType_GenericAlloc(self.url.type, 0)
                mp_slot_fill(part, self.url.offsets[0], take_text(r))
            else:
                part = take_message(r)
            result.append(part)
        return tuple(result)

    cdef tuple groups(self, Reading *r):
        cdef list result = []
        while r.at < r.count:
            result.append(self.group(r))
        return tuple(result)

    cdef object group(self, Reading *r):
        cdef Shape *shape = &self.event_group
        cdef uint32_t end = take(r).count
        cdef mp_arg *arg
        cdef list events = []
        cdef tuple items = ()
        end += r.at
        value = PyType_GenericAlloc(shape.type, 0)
        mp_slot_fill(value, shape.offsets[0], self.filter_of(r))
        while r.at < end:
            arg = take(r)
            if arg.kind != MP_ARG_WORD:
                events.append(ascii_from(r.unit, arg.span))
            elif arg.word != MP_WORD_NONE_:
                events.append(self.words[arg.word])
                if arg.count:
                    items = self.items_of(r, r.at + arg.count)
        mp_slot_fill(value, shape.offsets[1], tuple(events))
        mp_slot_fill(value, shape.offsets[2], items)
        return value

    cdef tuple items_of(self, Reading *r, uint32_t end):
        raise NotImplementedError

    cdef object search_keys(self, Reading *r):
        raise NotImplementedError

    cdef tuple take_flags(self, Reading *r):
        raise NotImplementedError

    cdef object message_of(self, Reading *r):
        raise NotImplementedError
