"""Round trips: whatever a response may hold, it is read back from its wire form."""

from __future__ import annotations

import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mailproto import IncompleteError, ParseError
from mailproto.imap import Address, BodyStructure, Envelope, SequenceSet, parse_response, responses

octets = st.binary(max_size=40)
nstrings = st.none() | octets
atoms = st.text("abcdefgXYZ0123456789-+.$", min_size=1, max_size=12).filter(
    lambda s: not s.isdigit() and s.upper() != "NIL"
)
tags = atoms.filter(lambda s: "+" not in s)  # RFC 3501 section 9: any ASTRING-CHAR except "+"
numbers = st.integers(1, 2**32 - 1)
texts = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=("Cs",)), max_size=40)
trees = st.recursive(
    st.none() | st.integers(0, 10**17) | atoms | octets, lambda inner: st.lists(inner, max_size=3).map(tuple)
)
sets = st.lists(numbers, min_size=1, max_size=6).map(SequenceSet)
# as many messages in the one set of a COPYUID as in the other
copied = st.builds(
    lambda uidvalidity, pairs: responses.CopyUid(uidvalidity, *map(SequenceSet, zip(*pairs, strict=True))),
    numbers,
    st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6),
)
flags = st.lists(atoms | st.sampled_from(["\\Seen", "\\Deleted"]), max_size=4)
mailboxes = st.text(max_size=12).filter(
    lambda s: not any("\ud800" <= c <= "\udfff" for c in s) and "\0" not in s
)
addresses = st.builds(Address, nstrings, nstrings, nstrings, nstrings)
lists = st.none() | st.lists(addresses, min_size=1, max_size=3)
envelopes = st.builds(Envelope, nstrings, nstrings, *[lists] * 6, nstrings, nstrings)
params = st.lists(st.tuples(octets, octets), max_size=3)
extension: dict[str, Any] = {
    "disposition": st.none() | st.tuples(octets, params),
    "language": st.none() | st.lists(octets, min_size=1, max_size=2),
    "location": nstrings,
}
leaves = st.builds(
    BodyStructure,
    type=st.just(b"IMAGE"),
    subtype=octets,
    params=params,
    id=nstrings,
    description=nstrings,
    encoding=octets,
    size=st.integers(0, 2**40),
    md5=nstrings,
    **extension,
) | st.builds(BodyStructure, type=st.just(b"text"), subtype=octets, lines=st.integers(0, 999), size=numbers)
bodies = st.recursive(
    leaves,
    lambda inner: (
        st.builds(
            BodyStructure,
            subtype=octets,
            params=params,
            parts=st.lists(inner, min_size=1, max_size=3),
            **extension,
        )
        | st.builds(
            BodyStructure,
            type=st.just(b"MESSAGE"),
            subtype=st.just(b"RFC822"),
            envelope=envelopes,
            body=inner,
            lines=numbers,
        )
    ),
    max_leaves=6,
)
zones = st.integers(-14 * 60, 14 * 60).map(lambda m: datetime.timezone(datetime.timedelta(minutes=m)))
moments = st.datetimes(
    datetime.datetime(1970, 1, 2), datetime.datetime(2100, 1, 1), timezones=zones, allow_imaginary=False
).map(lambda d: d.replace(microsecond=0))
sections = st.dictionaries(
    st.sampled_from(
        ["BODY[]", "BODY[1.2.MIME]", "BODY[HEADER.FIELDS (SUBJECT TO)]<7>", "BINARY[3]", "RFC822.TEXT"]
    ),
    nstrings,
    max_size=3,
)
object_ids = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True)
fetches = st.builds(
    responses.Fetch,
    numbers,
    uid=st.none() | numbers,
    flags=st.none() | flags,
    modseq=st.none() | st.integers(1, 2**63 - 1),
    internal_date=st.none() | moments,
    size=st.none() | st.integers(0, 2**63 - 1),
    envelope=st.none() | envelopes,
    body_structure=st.none() | bodies,
    sections=sections,
    preview=st.none() | octets,
    save_date=st.none() | moments,
    email_id=st.none() | object_ids,
    thread_id=st.none() | object_ids,
    gm_msgid=st.none() | st.integers(0, 2**64 - 1),
    gm_thrid=st.none() | st.integers(0, 2**64 - 1),
    gm_labels=st.none()
    | st.lists(st.sampled_from(["\\Inbox", "Wichtig", "ä ö", "a]b", "NIL", ""]), max_size=3),
    others=st.dictionaries(st.sampled_from(["X-OWN", "DIGEST"]), trees, max_size=2)
    | st.just({"SAVEDATE": None})
    | st.just({"THREADID": None, "PREVIEW": None})
    | st.just({"BINARY.SIZE[1.2]": 7}),
)
quoted_texts = st.text(
    st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), min_size=1, max_size=12
)
codes = (
    st.builds(responses.ResponseCode, st.sampled_from(["ALERT", "READ-ONLY"]))
    | st.builds(responses.ResponseCode, st.sampled_from(["UIDNEXT", "UNSEEN"]), st.integers(1, 2**32 - 1))
    | st.builds(responses.ResponseCode, st.just("HIGHESTMODSEQ"), st.integers(1, 2**63 - 1))
    | st.builds(responses.ResponseCode, st.just("NOUPDATE"), quoted_texts)
    | st.builds(responses.ResponseCode, st.just("UNDEFINED-FILTER"), quoted_texts)
    | st.builds(responses.ResponseCode, st.just("MAILBOXID"), object_ids)
    | st.builds(
        responses.ResponseCode, st.just("BADEVENT"), st.lists(atoms, min_size=1, max_size=3).map(tuple)
    )
    | st.builds(
        responses.ResponseCode,
        st.just("URLMECH"),
        st.builds(
            lambda data: (responses.UrlMechanism("INTERNAL"), responses.UrlMechanism("X", data)),
            st.none() | st.binary(max_size=9),
        ),
    )
    | st.builds(
        responses.ResponseCode,
        st.just("INPROGRESS"),
        st.builds(responses.InProgress, st.none() | st.just("A1"), st.none() | numbers, st.none() | numbers),
    )
    | st.builds(
        responses.ResponseCode,
        st.just("MESSAGELIMIT"),
        st.builds(responses.MessageLimit, numbers, st.none() | numbers),
    )
    | st.builds(
        responses.ResponseCode,
        st.just("METADATA"),
        st.builds(responses.MetadataRefused, st.just("MAXSIZE"), st.integers(0, 2**63 - 1))
        | st.builds(responses.MetadataRefused, st.just("TOOMANY")),
    )
    | st.builds(responses.ResponseCode, st.just("NEWNAME"), st.tuples(quoted_texts, quoted_texts))
    | st.builds(
        responses.ResponseCode, st.just("CAPABILITY"), st.lists(atoms, min_size=1, max_size=3).map(tuple)
    )
    | st.builds(responses.ResponseCode, st.just("BADCHARSET"), st.lists(octets, max_size=3).map(tuple))
    | st.builds(responses.ResponseCode, st.just("APPENDUID"), st.builds(responses.AppendUid, numbers, sets))
    | st.builds(responses.ResponseCode, st.just("COPYUID"), copied)
    | st.builds(responses.ResponseCode, st.just("MODIFIED"), sets)
)
any_text = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
rights = st.text("abcdexyz019", max_size=8)
spans = st.tuples(numbers, numbers) | st.tuples(numbers, numbers).map(lambda ends: (-ends[0], -ends[1]))
updates = st.builds(
    responses.ContextUpdate,
    st.sampled_from(["ADDTO", "REMOVEFROM"]),
    st.lists(st.tuples(st.integers(0, 2**32 - 1), sets), min_size=1, max_size=2),
)
namespaces = st.none() | st.lists(
    st.builds(
        responses.NamespaceEntry,
        mailboxes,
        st.none() | st.sampled_from(list('/."\\')),
        st.lists(st.tuples(any_text, trees), max_size=2),
    ),
    min_size=1,
    max_size=2,
)
url_items = st.lists(
    st.tuples(st.sampled_from(["BODY", "BINARY"]), nstrings)
    | st.tuples(atoms.map(lambda s: "X-" + s), trees),
    min_size=1,
    max_size=3,
).map(tuple)


def upper_name(resource: tuple[str, int, int]) -> str:
    return resource[0].upper()


@st.composite
def nodes(draw: st.DrawFn) -> list[tuple[int, int | None]]:
    """Threads: each message at most one deeper than the one before, a missing one before a deeper one."""
    made: list[tuple[int, int | None]] = []
    depth = 0
    for down, missing in draw(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=12)):
        depth = max(depth - down + 1, 0) if made else 0
        made.append((depth, None if missing else draw(numbers)))
    for at, (depth, number) in enumerate(made):
        if number is None and (at + 1 == len(made) or made[at + 1][0] <= depth):
            made[at] = (depth, 1)
    return made


plain_texts = texts.filter(lambda s: not s.startswith("["))
values = (
    st.builds(responses.StatusResponse, st.none() | tags, st.sampled_from(["OK", "NO", "BAD"]), codes, texts)
    | st.builds(
        responses.StatusResponse, st.none(), st.sampled_from(["BYE", "PREAUTH"]), st.none(), plain_texts
    )
    | st.builds(responses.Continuation, plain_texts)
    | st.builds(responses.Capability, st.lists(atoms, max_size=4))
    | st.builds(responses.Exists, st.integers(0, 2**32 - 1))
    | st.builds(responses.Expunge, numbers)
    | st.builds(responses.Vanished, sets, st.booleans())
    | st.builds(responses.MailboxFlags, flags)
    | st.builds(responses.MailboxStatus, mailboxes, st.dictionaries(atoms.map(str.upper), trees, max_size=3))
    | st.builds(responses.SearchResult, st.lists(numbers, max_size=9), st.none() | st.integers(0, 2**63 - 1))
    | st.builds(responses.SortResult, st.lists(numbers, max_size=9), st.none() | st.integers(0, 2**63 - 1))
    | st.builds(
        responses.ESearch,
        st.none() | any_text,
        st.booleans(),
        st.none() | sets,
        count=st.none() | numbers,
        modseq=st.none() | st.integers(0, 2**63 - 1),
        partial=st.none() | st.tuples(spans, st.none() | sets),
        mailbox=st.none() | mailboxes,
        uidvalidity=st.none() | numbers,
        updates=st.lists(updates, max_size=3),
        relevancy=st.none() | st.lists(st.integers(1, 100), max_size=3),
        others=st.lists(
            st.tuples(atoms.map(lambda s: "X-" + s.upper()), trees),
            max_size=2,
            unique_by=lambda item: item[0].upper(),
        ),
        correlators=st.lists(  # one twice is read with a defect
            st.tuples(atoms.map(lambda s: "X-" + s.upper()), trees),
            max_size=2,
            unique_by=lambda pair: pair[0],
        ),
    )
    | st.builds(responses.ThreadResult, nodes())
    | st.builds(
        responses.Quota,
        octets,
        st.lists(st.tuples(any_text, st.integers(0, 2**63 - 1), numbers), max_size=3, unique_by=upper_name),
    )
    | st.builds(responses.QuotaRoot, mailboxes, st.lists(octets, max_size=3))
    | st.builds(responses.Acl, mailboxes, st.dictionaries(octets, rights, max_size=3))
    | st.builds(responses.ListRights, mailboxes, octets, rights, st.lists(rights, max_size=3))
    | st.builds(responses.MyRights, mailboxes, rights)
    | st.builds(responses.Metadata, mailboxes, st.dictionaries(any_text, nstrings, max_size=3))
    | st.builds(
        responses.Metadata, mailboxes, entries=st.lists(any_text, min_size=1, max_size=3, unique=True)
    )
    | st.builds(responses.Language, st.lists(any_text, min_size=1, max_size=3))
    | st.builds(responses.Comparator, any_text, st.lists(any_text, max_size=3))
    | st.builds(responses.JmapAccess, octets)
    | st.builds(responses.UidBatches, any_text, st.lists(st.tuples(numbers, numbers), max_size=3))
    | st.builds(responses.GenUrlAuth, st.lists(octets, min_size=1, max_size=3))
    | st.builds(responses.UrlFetch, st.lists(st.tuples(octets, nstrings | url_items), min_size=1, max_size=3))
    | st.builds(responses.Namespace, namespaces, namespaces, namespaces)
    | st.builds(
        responses.MailboxStatus,
        mailboxes,
        st.fixed_dictionaries({"MAILBOXID": object_ids, "APPENDLIMIT": st.none() | numbers, "SIZE": numbers}),
    )
    | st.builds(
        responses.MailboxList,
        st.sampled_from(["LIST", "LSUB", "XLIST"]),
        st.lists(st.sampled_from(["\\Noselect", "\\HasChildren", "\\X"]), max_size=3),
        st.none() | st.sampled_from(list('/."\\')),
        mailboxes,
        st.lists(
            st.tuples(st.just("CHILDINFO"), st.lists(any_text, max_size=2))
            | st.tuples(st.just("OLDNAME"), mailboxes)
            | st.tuples(any_text.filter(lambda s: s.upper() not in ("", "CHILDINFO", "OLDNAME")), trees),
            max_size=2,
        ),
    )
    | st.builds(responses.Id, st.none() | st.lists(st.tuples(octets, nstrings), max_size=3))
    | st.builds(
        responses.UnknownResponse,
        atoms.map(lambda s: "X" + s.upper()),
        st.none() | numbers,
        st.tuples(trees, trees),
    )
    | fetches
)


@given(values)
def test_what_is_written_is_read_back(value: Any) -> None:
    wire = bytes(value)
    again = parse_response(
        wire, strict=not wire.endswith(b"FETCH ()\r\n")
    )  # a row without an item is a defect
    assert again == value
    assert bytes(again) == wire
    assert hash(again) == hash(value)
    assert b"".join(value.encode()) == wire
    assert type(value.to_dict()) is dict


@given(
    st.binary(max_size=60),
    st.sampled_from([b"* ", b"* OK ", b"* 1 FETCH (", b"* LIST ", b"* STATUS x (", b""]),
)
def test_no_bytes_break_the_reader(data: bytes, start: bytes) -> None:
    try:
        value = parse_response(start + data + b"\r\n")
    except (ParseError, IncompleteError):
        return
    _ = value.defects
    repr(value)
    value.to_dict()


@given(st.sampled_from(["subject", "message_id"]), octets)
def test_no_string_splits_a_response(field: str, text: bytes) -> None:
    row = responses.Fetch(1, envelope=Envelope(**{field: b'")\r\n* BYE (' + text}))
    again = parse_response(bytes(row))
    assert getattr(again.envelope, field) == b'")\r\n* BYE (' + text
