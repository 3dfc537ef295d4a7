"""Random work on a store against a model of a few lines, and a client that follows by changes alone."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailproto.store.api import Mail, NewMessage
from mailproto.store.checks import message, new_mail
from mailproto.store.names import FlagTuples, join_keywords, split_flags
from mailproto.store.sqlite import SqliteStore

FLAGS = ("\\Seen", "\\Deleted", "\\Flagged", "one", "Two")
BOXES = ("INBOX", "other")

uids = st.none() | st.lists(st.integers(1, 12), unique=True, max_size=6).map(sorted)
steps = st.one_of(
    st.tuples(st.just("append"), st.sampled_from(BOXES), st.sets(st.sampled_from(FLAGS)), st.integers(1, 3)),
    st.tuples(
        st.just("flags"),
        st.sampled_from(BOXES),
        uids,
        st.sampled_from(("FLAGS", "+FLAGS", "-FLAGS")),
        st.sets(st.sampled_from(FLAGS)),
        st.none() | st.integers(0, 6),
    ),
    st.tuples(st.sampled_from(("copy", "move")), st.sampled_from(BOXES), uids, st.sampled_from(BOXES)),
    st.tuples(st.just("expunge"), st.sampled_from(BOXES), uids),
)


class Model:
    """Mailboxes as a dict of UID to (flags, which message), and the next UID."""

    def __init__(self) -> None:
        self.boxes: dict[str, dict[int, tuple[frozenset[str], int]]] = {name: {} for name in BOXES}
        self.uidnext = dict.fromkeys(BOXES, 1)

    def add(self, name: str, entry: tuple[frozenset[str], int]) -> int:
        uid = self.uidnext[name]
        self.uidnext[name] += 1
        self.boxes[name][uid] = entry
        return uid


class Follower:
    """A client that asks for changes only."""

    def __init__(self) -> None:
        self.modseq = 0
        self.seen: dict[int, tuple[str, ...]] = {}

    async def catch_up(self, mail: Mail, mailbox: int) -> None:
        changes = await mail.changes(mailbox, self.modseq)
        for uid in changes.expunged:
            self.seen.pop(uid, None)
        self.seen.update((info.uid, info.flags) for info in changes.messages)
        self.modseq = changes.highestmodseq


async def step(mail: Mail, ids: dict[str, int], model: Model, what: tuple[Any, ...], number: int) -> None:
    name = what[1]
    box = model.boxes[name]
    if what[0] == "append":
        data = [NewMessage(message(f"{number}"), tuple(what[2]))] * what[3]
        result = await mail.append(name, data)
        assert result.uids == tuple(model.add(name, (frozenset(what[2]), number)) for _ in data)
        return
    asked = list(box) if what[2] is None else what[2]
    there = [uid for uid in asked if uid in box]
    if what[0] == "flags":
        _, _, _, operation, flags, unchanged_since = what
        modseqs = {info.uid: info.modseq for info in await mail.messages(ids[name])}
        result = await mail.set_flags(ids[name], asked, operation, flags, unchanged_since=unchanged_since)
        assert result.missing == [uid for uid in asked if uid not in box]
        late = [uid for uid in there if unchanged_since is not None and modseqs[uid] > unchanged_since]
        assert result.modified == late
        for uid in set(there) - set(late):
            old, entry = box[uid]
            new = {"FLAGS": flags, "+FLAGS": old | flags, "-FLAGS": old - flags}[operation]
            box[uid] = (frozenset(new), entry)
        assert {info.uid: frozenset(info.flags) for info in result.messages} == {
            uid: box[uid][0] for uid in there if uid not in late
        }
    elif what[0] == "expunge":
        gone = [uid for uid in there if "\\Deleted" in box[uid][0]]
        assert await mail.expunge(ids[name], what[2]) == gone
        for uid in gone:
            del box[uid]
    else:
        copied = await (mail.copy if what[0] == "copy" else mail.move)(ids[name], asked, what[3])
        assert copied.source == tuple(there)
        assert copied.destination == tuple(model.add(what[3], box[uid]) for uid in there)
        if what[0] == "move":
            for uid in there:
                del box[uid]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(steps, st.booleans()), max_size=14))
def test_a_store_does_what_the_model_does(work: list[tuple[tuple[Any, ...], bool]]) -> None:
    async def run(folder: Path) -> None:
        async with await SqliteStore.open(folder) as store:
            mail = await new_mail(store)
            await mail.create("other")
            ids = {name: (await mail.mailbox(name)).id for name in BOXES}
            model = Model()
            followers = {name: Follower() for name in BOXES}
            for number, (what, look) in enumerate(work):
                await step(mail, ids, model, what, number)
                if look:
                    await followers["INBOX"].catch_up(mail, ids["INBOX"])
            for name in BOXES:
                infos = await mail.messages(ids[name])
                expected = model.boxes[name]
                assert {info.uid: frozenset(info.flags) for info in infos} == {
                    uid: flags for uid, (flags, _) in expected.items()
                }
                for info in infos:
                    assert await mail.read(info.content) == message(f"{expected[info.uid][1]}")
                known = await mail.mailbox(name)
                assert known.uidnext == model.uidnext[name]
                assert known.messages == len(infos)
                assert known.unseen == sum("\\Seen" not in info.flags for info in infos)
                assert known.deleted == sum("\\Deleted" in info.flags for info in infos)
                assert known.octets == sum(info.size for info in infos)
                await followers[name].catch_up(mail, ids[name])
                assert followers[name].seen == {info.uid: info.flags for info in infos}
                assert followers[name].modseq == known.highestmodseq

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


@given(st.lists(st.sampled_from([*FLAGS, "\\seen", "TWO", "\\Recent", "\\ANSWERED"]), max_size=6))
def test_flags_are_kept_in_one_form(flags: list[str]) -> None:
    bits, keywords = split_flags(flags)
    kept = FlagTuples()[bits, join_keywords(keywords)]
    assert {flag.lower() for flag in kept} == {flag.lower() for flag in flags} - {"\\recent"}
    assert len(kept) == len({flag.lower() for flag in kept})
    assert split_flags(kept) == (bits, tuple(sorted(keywords, key=str.lower)))


def test_remembered_flags_are_bounded() -> None:
    tuples = FlagTuples()
    for number in range(3 * FlagTuples.BOUND):
        assert tuples[8, f"k{number}"] == ("\\Seen", f"k{number}")
    assert len(tuples) <= FlagTuples.BOUND
