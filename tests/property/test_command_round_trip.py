"""Every command and search key: what is written is read back; nothing given leaves outside a literal."""

from __future__ import annotations

import datetime
import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailproto import ParseError
from mailproto.imap import CommandReader, SequenceSet, commands, parse_command, search
from mailproto.imap.commands_fetch import FETCH_ITEMS

ATOM_CHARS = "".join(chr(c) for c in range(0x21, 0x7F) if chr(c) not in '(){%*"\\]')
atoms = st.text(ATOM_CHARS, min_size=1, max_size=12)
tags = st.text(ATOM_CHARS.replace("+", "") + "]", min_size=1, max_size=8)
octets = st.binary(max_size=40).map(lambda data: data.replace(b"\0", b""))
ascii_text = st.text(st.characters(min_codepoint=1, max_codepoint=126), max_size=12).map(
    lambda text: text.replace("\r", "").replace("\n", "")
)
words = atoms.map(str.upper)
names = st.text(max_size=12).filter(
    lambda text: not re.search("[\0\r\n]", text) and not any("\ud800" <= c <= "\udfff" for c in text)
)
numbers = st.integers(1, 2**32 - 1)
ends = st.one_of(numbers, st.just("*"))
sets = st.one_of(
    st.lists(st.tuples(ends, ends), min_size=1, max_size=4).map(SequenceSet.from_ranges),
    st.just(SequenceSet("$")),
)
flags = st.one_of(atoms, atoms.map(lambda atom: "\\" + atom))
flag_lists = st.lists(flags, max_size=3)
dates = st.dates()
moments = st.datetimes(
    min_value=datetime.datetime(2, 1, 1),
    max_value=datetime.datetime(9998, 12, 31),
    timezones=st.integers(-1439, 1439).map(lambda m: datetime.timezone(datetime.timedelta(minutes=m))),
)
modseqs = st.integers(0, 2**63 - 1)

atoms_in_lists = st.text(ATOM_CHARS + "]*%", min_size=1, max_size=8)
labels = atoms.filter(lambda atom: atom[0] not in "0123456789$:,")
status_items = labels.map(str.upper)
trees = st.recursive(
    atoms_in_lists | octets,
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=6,
)
lists = st.lists(trees, max_size=3).map(tuple)
simple = st.text("0123456789:,*$", min_size=1, max_size=6)
parameters = st.builds(commands.Parameter, labels.map(lambda name: "X" + name), st.none() | simple | lists)
options = st.builds(commands.Parameter, labels.map(lambda name: "X" + name), st.none() | lists)
ranges = st.one_of(
    st.tuples(numbers, numbers), st.tuples(numbers, numbers).map(lambda pair: (-pair[0], -pair[1]))
)
known_sets = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=3).map(SequenceSet.from_ranges)
qresyncs = st.one_of(
    st.builds(commands.Qresync, numbers, st.integers(1, 2**63 - 1), st.none() | known_sets),
    st.builds(
        commands.Qresync,
        numbers,
        st.integers(1, 2**63 - 1),
        st.none() | known_sets,
        known_sets,
        known_sets,
    ),
)
object_ids = st.text(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", min_size=1, max_size=9
)
entries = st.lists(
    ascii_text.map(lambda text: "".join(c for c in text if c.isprintable() and c not in "*%/") or "a"),
    min_size=1,
    max_size=3,
).map(lambda parts: "/" + "/".join(parts))
binary = st.binary(max_size=40)
filters = st.one_of(
    st.sampled_from(["SELECTED", "SELECTED-DELAYED", "INBOXES", "PERSONAL", "SUBSCRIBED"]).map(
        commands.MailboxFilter
    ),
    st.builds(
        commands.MailboxFilter,
        st.sampled_from(["SUBTREE", "SUBTREE-ONE", "MAILBOXES"]),
        st.lists(names, min_size=1, max_size=3),
    ),
)
search_options = st.none() | st.lists(
    st.one_of(
        st.sampled_from(["MIN", "MAX", "ALL", "COUNT", "SAVE", "CONTEXT", "UPDATE", "RELEVANCY"]),
        st.tuples(st.just("PARTIAL"), ranges),
    ),
    max_size=3,
)
sort_keys = st.tuples(
    st.sampled_from(["", "REVERSE "]),
    st.sampled_from(["ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO", "DISPLAYFROM", "DISPLAYTO"]),
).map("".join)

leaves = st.one_of(
    st.sampled_from(sorted(search.KEYS)).map(search.Key),
    st.builds(search.Keyword, atoms, st.booleans()),
    st.builds(search.Text, st.sampled_from(sorted(search.TEXT_KEYS)), octets),
    st.builds(search.Header, ascii_text, octets),
    st.builds(search.Date, st.sampled_from(sorted(search.DATE_KEYS)), dates),
    st.builds(search.Size, st.sampled_from(sorted(search.SIZE_KEYS)), modseqs),
    st.builds(search.ObjectId, st.sampled_from(sorted(search.OBJECT_ID_KEYS)), object_ids),
    st.builds(search.GmailId, st.sampled_from(sorted(search.GMAIL_ID_KEYS)), st.integers(0, 2**64 - 1)),
    st.builds(search.Filter, atoms.filter(lambda atom: "/" not in atom)),
    st.builds(search.Within, st.sampled_from(sorted(search.WITHIN_KEYS)), numbers),
    st.builds(search.Sequence, sets),
    st.builds(search.Uid, sets),
    st.builds(search.ModSeq, modseqs),
    st.builds(search.ModSeq, modseqs, ascii_text, st.sampled_from(["priv", "shared", "all"])),
)
keys = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(search.Not, inner),
        st.builds(search.Fuzzy, inner),
        st.builds(search.Or, inner, inner),
        st.builds(search.And, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=8,
)
header_sections = st.builds(
    commands.Section,
    st.lists(numbers, max_size=3).map(tuple),
    st.sampled_from(["HEADER.FIELDS", "HEADER.FIELDS.NOT"]),
    st.lists(ascii_text, min_size=1, max_size=3).map(tuple),
    st.none() | st.tuples(st.integers(0, 2**32 - 1), numbers),
    st.booleans(),
)
plain_sections = st.builds(
    commands.Section,
    st.lists(numbers, min_size=1, max_size=3).map(tuple),
    st.sampled_from([None, "HEADER", "TEXT", "MIME"]),
    st.just(()),
    st.none() | st.tuples(st.integers(0, 2**32 - 1), numbers),
    st.booleans(),
)
parts = st.lists(numbers, max_size=3)
binaries = st.one_of(
    st.builds(
        commands.BinarySection,
        parts,
        st.none() | st.tuples(st.integers(0, 2**32 - 1), numbers),
        st.booleans(),
    ),
    st.builds(commands.BinarySize, parts),
)
items = st.one_of(st.sampled_from(sorted(FETCH_ITEMS)), header_sections, plain_sections, binaries)
messages = st.one_of(
    st.builds(commands.AppendMessage, octets, flag_lists, st.none() | moments),
    st.builds(commands.AppendMessage, binary, flag_lists, st.none() | moments, binary=st.just(True)),
    st.builds(commands.AppendMessage, binary, flag_lists, st.none() | moments, utf8=st.just(True)),
    st.builds(
        commands.AppendMessage,
        parts=st.lists(binary | st.builds(commands.CatenateUrl, ascii_text), min_size=1, max_size=3),
    ),
)
events = st.one_of(
    st.sampled_from(["MessageNew", "MessageExpunge", "FlagChange", "MailboxName"]),
    atoms.filter(lambda atom: not re.match("(?i)none|message|flag|mailbox|annot|subsc|server", atom)),
)
groups = st.one_of(
    st.builds(commands.EventGroup, filters, st.lists(events, max_size=3)),
    st.builds(
        commands.EventGroup,
        st.just(commands.MailboxFilter("SELECTED")),
        st.lists(events, max_size=2).map(lambda some: (*some, "MessageNew")),
        st.lists(items, max_size=3),
    ),
)
list_returns = st.one_of(
    st.sampled_from(["SUBSCRIBED", "CHILDREN", "SPECIAL-USE", "MYRIGHTS"]),
    st.tuples(st.just("STATUS"), st.lists(status_items, min_size=1, max_size=2).map(tuple)),
    st.tuples(st.just("METADATA"), st.lists(entries, min_size=1, max_size=2).map(tuple)),
    options,
)
id_pairs = st.lists(
    st.tuples(octets.map(lambda o: o[:30]), st.none() | octets),
    max_size=3,
    unique_by=lambda pair: pair[0].lower(),
)


def build(cls: Any, *args: Any, **kwargs: Any) -> st.SearchStrategy[commands.Command]:
    return st.builds(cls, *args, tag=tags, **kwargs)


every_command = st.one_of(
    *(
        build(getattr(commands, name))
        for name in (
            "Capability",
            "Noop",
            "Logout",
            "StartTls",
            "Namespace",
            "Idle",
            "Check",
            "Close",
            "Unselect",
            "Unauthenticate",
            "GetJmapAccess",
        )
    ),
    build(commands.Authenticate, words, st.none() | st.binary(max_size=30)),
    build(commands.Login, octets, octets),
    build(commands.Enable, st.lists(words, min_size=1, max_size=3)),
    build(commands.Select, names, st.booleans(), st.none() | qresyncs, st.lists(parameters, max_size=2)),
    build(commands.Examine, names, st.booleans(), st.none() | qresyncs, st.lists(parameters, max_size=2)),
    build(
        commands.Create,
        names,
        st.lists(atoms.map(lambda atom: "\\" + atom), max_size=2),
        st.lists(parameters, max_size=2),
    ),
    build(commands.Delete, names),
    build(commands.Rename, names, names, st.lists(parameters, max_size=2)),
    build(commands.Subscribe, names),
    build(commands.Unsubscribe, names),
    build(
        commands.List,
        names,
        st.lists(names, min_size=1, max_size=3),
        st.one_of(
            st.sampled_from([(), ("SUBSCRIBED",), ("REMOTE",), ("RECURSIVEMATCH", "SPECIAL-USE")]),
            st.lists(options, max_size=2),
        ),
        st.lists(list_returns, max_size=3),
    ),
    build(commands.Lsub, names, names),
    build(commands.Status, names, st.lists(status_items, min_size=1, max_size=3)),
    build(commands.Append, names, st.lists(messages, min_size=1, max_size=3)),
    build(commands.Expunge),
    build(commands.Expunge, sets, st.just(True)),
    build(
        commands.Search,
        st.lists(keys, min_size=1, max_size=3),
        st.none() | ascii_text,
        st.booleans(),
        search_options,
    ),
    build(
        commands.Sort,
        st.lists(sort_keys, min_size=1, max_size=3),
        st.lists(keys, min_size=1, max_size=2),
        ascii_text,
        st.booleans(),
        search_options,
    ),
    build(commands.Thread, words, st.lists(keys, min_size=1, max_size=2), ascii_text, st.booleans()),
    build(
        commands.ESearch,
        st.lists(keys, min_size=1, max_size=2),
        st.lists(filters.filter(lambda made: made.kind != "SELECTED-DELAYED"), min_size=1, max_size=3),
        st.none() | ascii_text,
        search_options,
        st.lists(parameters, max_size=2),
    ),
    build(commands.ESearch, st.lists(keys, min_size=1, max_size=2), return_options=search_options),
    build(commands.CancelUpdate, st.lists(tags, min_size=1, max_size=3)),
    *(build(cls, names, names) for cls in (commands.Xlist, commands.Rlist, commands.Rlsub)),
    build(commands.Replace, numbers | st.just("*"), names, messages, st.booleans()),
    build(commands.GetQuota, octets),
    build(commands.GetQuotaRoot, names),
    build(commands.SetQuota, octets, st.lists(st.tuples(words, modseqs), max_size=3)),
    build(commands.SetAcl, names, octets, st.from_regex(r"[+-]?[a-z0-9]{0,8}", fullmatch=True)),
    build(commands.DeleteAcl, names, octets),
    build(commands.GetAcl, names),
    build(commands.ListRights, names, octets),
    build(commands.MyRights, names),
    build(
        commands.GetMetadata,
        names,
        st.lists(entries, min_size=1, max_size=3),
        st.none() | st.integers(0, 2**32 - 1),
        st.sampled_from([None, "0", "1", "infinity"]),
        st.lists(parameters, max_size=2),
    ),
    build(
        commands.SetMetadata,
        names,
        st.lists(st.tuples(entries, st.none() | binary), min_size=1, max_size=3),
    ),
    build(
        commands.Notify,
        st.lists(
            groups, min_size=1, max_size=3, unique_by=lambda g: g.filter.kind.startswith("SELECTED") or g
        ),
        st.booleans(),
    ),
    build(commands.Notify, st.none()),
    build(commands.GenUrlAuth, st.lists(st.tuples(ascii_text, words), min_size=1, max_size=3)),
    build(commands.ResetKey),
    build(commands.ResetKey, names, st.lists(words, max_size=2)),
    build(commands.UrlFetch, st.lists(ascii_text, min_size=1, max_size=3)),
    build(commands.Compress, words),
    build(commands.Language, st.lists(ascii_text, max_size=3)),
    build(commands.Comparator, st.lists(ascii_text, max_size=3)),
    build(commands.UidBatches, numbers, st.none() | st.tuples(numbers, numbers)),
    build(
        commands.Fetch,
        sets,
        st.one_of(st.lists(items, min_size=1, max_size=4), st.sampled_from(["ALL", "FAST", "FULL"])),
        st.just(True),
        st.none() | st.integers(1, 2**63 - 1),
    ),
    build(commands.Fetch, sets, items, st.booleans(), partial=st.none() | ranges),
    build(
        commands.Store,
        sets,
        st.sampled_from(["X-GM-LABELS", "+X-GM-LABELS", "-X-GM-LABELS"]),
        silent=st.booleans(),
        uid=st.booleans(),
        unchanged_since=st.none() | modseqs,
        labels=st.lists(names, max_size=3),
    ),
    build(commands.Fetch, sets, items, st.just(True), st.integers(1, 2**63 - 1), st.just(True)),
    build(
        commands.Store,
        sets,
        st.sampled_from(["FLAGS", "+FLAGS", "-FLAGS"]),
        flag_lists,
        st.booleans(),
        st.booleans(),
        st.none() | modseqs,
    ),
    build(commands.Copy, sets, names, st.booleans()),
    build(commands.Move, sets, names, st.booleans()),
    build(commands.Id, st.none() | id_pairs),
)


def assert_contained(wire: bytes) -> None:
    """CR, LF and NUL occur in *wire* as the ends of lines and inside literals, and nowhere else."""
    at = 0
    while True:
        end = wire.index(b"\r\n", at)
        line = wire[at:end]
        assert not re.search(rb"[\r\n\0]", line)
        literal = re.search(rb"\{(\d+)\+?\}$", line)  # a literal8 too
        if not literal:
            assert end + 2 == len(wire)
            return
        at = end + 2 + int(literal[1])


@settings(
    max_examples=600, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None
)
@given(every_command, st.sampled_from(["sync", "plus", "minus"]))
def test_commands_round_trip(command: commands.Command, literals: Any) -> None:
    assert parse_command(bytes(command)) == command
    wire = b"".join(f for f in command.encode(literals=literals) if isinstance(f, bytes))
    assert parse_command(wire) == command
    assert hash(parse_command(wire)) == hash(command)
    assert bytes(parse_command(wire)) == bytes(command)
    assert_contained(wire)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(every_command)
def test_commands_round_trip_in_utf8_mode(command: commands.Command) -> None:
    searches = (commands.Search, commands.ESearch)
    if isinstance(command, searches) and (command.charset or "").upper() == "UTF-8":
        return  # not sent in this mode
    wire = b"".join(f for f in command.encode(utf8=True, literals="plus") if isinstance(f, bytes))
    assert parse_command(wire, utf8=True) == command


@settings(max_examples=300, deadline=None)
@given(keys)
def test_search_keys_round_trip(key: search.SearchKey) -> None:
    value = parse_command(bytes(commands.Search(key, tag="a")))
    assert isinstance(value, commands.Search)
    wanted = key if isinstance(key, search.And) else search.And([key])
    assert value.criteria == wanted


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80), st.integers(1, 9))
def test_no_input_raises_and_chunks_make_no_difference(data: bytes, size: int) -> None:
    def values(step: int) -> list[str]:
        reader, found = CommandReader(), []
        for at in range(0, len(data), step):
            reader.feed(data[at : at + step])
            try:
                found += [repr(value) for value in reader]
            except ParseError as error:
                assert error.fatal
                found.append(repr(error))
        return found

    assert values(size) == values(len(data) or 1)


def test_no_command_is_left_out_of_the_round_trips() -> None:
    strategies = str(every_command)
    for name in commands.__all__:
        cls = getattr(commands, name)
        if issubclass(cls, commands.Command) and cls is not commands.Command:
            assert re.search(rf"\b{name}\b", strategies), name
