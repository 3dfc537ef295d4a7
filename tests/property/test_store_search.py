"""Random search criteria against the plainest evaluation of them; and any text as the name of a mailbox."""

import asyncio
import contextlib
import datetime
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailproto.imap import search as key
from mailproto.store import errors
from mailproto.store.api import Mail, MessageInfo, NewMessage, SearchView
from mailproto.store.checks import message, new_mail
from mailproto.store.sqlite import SqliteStore

EXPUNGED = 4
COUNT = 9
RECENT = (8, 9)
FLAGS: list[tuple[str, ...]] = [
    (), ("\\Seen",), ("\\Seen", "$Label"), ("\\Deleted",), ("Label",), ("\\Flagged", "\\Answered"),
    ("\\Draft", "$label"), (), ("\\Seen",),
]  # fmt: skip
DAYS = [datetime.date(2024, 1, day) for day in (1, 1, 2, 3, 3, 5, 7, 8, 9)]

sets = st.lists(
    st.tuples(st.integers(1, COUNT + 2), st.one_of(st.integers(1, COUNT + 2), st.just("*"))),
    min_size=1,
    max_size=3,
).map(lambda runs: ",".join(f"{low}:{high}" for low, high in runs))
leaves = st.one_of(
    # the server tells of SAVEDATESUPPORTED before a store sees it
    st.sampled_from(sorted(key.KEYS - {"SAVEDATESUPPORTED"})).map(key.Key),
    st.builds(key.Keyword, st.sampled_from(("$LABEL", "label", "other")), st.booleans()),
    st.builds(key.Date, st.sampled_from(("BEFORE", "ON", "SINCE")), st.sampled_from(DAYS)),
    st.builds(key.Size, st.sampled_from(("LARGER", "SMALLER")), st.integers(200, 260)),
    st.builds(key.Sequence, sets),
    st.builds(key.Uid, sets),
    st.builds(key.Text, st.just("SUBJECT"), st.sampled_from(("number 1", "NUMBER", "number 5x"))),
    st.builds(key.Text, st.just("BODY"), st.sampled_from(("xx", "xxxxx", "y"))),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(key.Not, inner),
        st.builds(key.Or, inner, inner),
        st.lists(inner, min_size=1, max_size=3).map(key.And),
    ),
    max_leaves=8,
)


def data_of(number: int) -> bytes:
    return message(f"number {number}", "x" * number + "\r\n")


def in_set(written: bytes, number: int, most: int) -> bool:
    for run in written.decode().split(","):
        ends = [most if end == "*" else int(end) for end in run.split(":")]
        if min(ends) <= number <= max(ends):
            return True
    return False


def plain(criteria: key.SearchKey, info: MessageInfo, seq: int, view: list[int]) -> bool:
    """What the RFC says of one message, word by word."""
    flags = {flag.lower() for flag in info.flags}
    match criteria:
        case key.Not():
            return not plain(criteria.key, info, seq, view)
        case key.Or():
            return plain(criteria.left, info, seq, view) or plain(criteria.right, info, seq, view)
        case key.And():
            return all(plain(inner, info, seq, view) for inner in criteria.keys)
        case key.Keyword():
            return (criteria.flag.lower() in flags) != criteria.negated
        case key.Date():
            day = info.internal_date.date()
            return {"BEFORE": day < criteria.date, "ON": day == criteria.date, "SINCE": day >= criteria.date}[
                criteria.name
            ]
        case key.Size():
            return info.size > criteria.octets if criteria.name == "LARGER" else info.size < criteria.octets
        case key.Sequence():
            return in_set(bytes(criteria.set), seq, len(view))
        case key.Uid():
            return in_set(bytes(criteria.set), info.uid, view[-1])
        case key.Text(name="SUBJECT"):
            return criteria.value.decode().lower() in f"number {info.uid}"
        case key.Text():
            return criteria.value.decode() in "x" * info.uid
    assert isinstance(criteria, key.Key)
    recent = info.uid in RECENT
    if criteria.name in ("ALL", "RECENT", "OLD", "NEW"):
        return {"ALL": True, "RECENT": recent, "OLD": not recent, "NEW": recent and "\\seen" not in flags}[
            criteria.name
        ]
    name = criteria.name.removeprefix("UN")
    return (f"\\{name.lower()}" in flags) == (name == criteria.name)


def with_mail(work: Callable[[Mail], Awaitable[None]]) -> None:
    async def run(folder: Path) -> None:
        async with await SqliteStore.open(folder) as store:
            await work(await new_mail(store))

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(trees, min_size=8, max_size=8))
def test_searches_find_what_the_words_say(many: list[key.SearchKey]) -> None:
    async def work(mail: Mail) -> None:
        new = [
            NewMessage(
                data_of(number),
                FLAGS[number - 1],
                datetime.datetime.combine(DAYS[number - 1], datetime.time(23, 59), datetime.UTC),
            )
            for number in range(1, COUNT + 1)
        ]
        inbox = (await mail.append("INBOX", new)).mailbox
        await mail.set_flags(inbox, [EXPUNGED], "+FLAGS", ["\\Deleted"])
        assert await mail.expunge(inbox, [EXPUNGED]) == [EXPUNGED]
        infos = await mail.messages(inbox)
        view = [info.uid for info in infos]
        for criteria in many:
            expected = [info.uid for seq, info in enumerate(infos, 1) if plain(criteria, info, seq, view)]
            found = await mail.search(inbox, criteria, SearchView(view, RECENT))
            assert found.uids == expected, criteria
            assert found.highestmodseq == max(
                (info.modseq for info in infos if info.uid in expected), default=0
            )

    with_mail(work)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.text(max_size=12) | st.text("aA/.%*~&-INBOXinbox\0\n", max_size=12), max_size=10, unique=True)
)
@example(["../..", "inbox", "INBOX/", "inBOX/x", "\ud800", "a/\udcff", "a" * 2000])
def test_any_text_as_a_mailbox_name(names: list[str]) -> None:
    async def work(mail: Mail) -> None:
        made: set[str] = set()
        for name in names:
            try:
                info = await mail.create(name)
            except (errors.InvalidName, errors.LimitReached):
                for attempt in (
                    mail.select(name),
                    mail.delete(name),
                    mail.mailbox(name),
                    mail.unsubscribe(name),
                ):
                    with contextlib.suppress(errors.NoSuchMailbox, errors.NotPermitted):
                        await attempt
                continue
            except errors.MailboxExists:
                assert (await mail.mailbox(name.removesuffix("/"))).exists
                continue
            made.add(info.name)
            assert (await mail.mailbox(info.name)) == info
        listed = {info.name for info in await mail.list_mailboxes()}
        assert made <= listed
        assert {name for name in listed if name.upper() == "INBOX"} == {"INBOX"}
        for name in sorted(made, reverse=True):  # what is below before what is above
            if name != "INBOX":
                await mail.delete(name)
        assert made & {info.name for info in await mail.list_mailboxes()} <= {"INBOX"}

    with_mail(work)
