"""What every store must find; see :mod:`.checks`."""

from __future__ import annotations

import datetime

from mailproto.imap import search as key
from mailproto.store import errors
from mailproto.store.api import NewMessage, SearchView
from mailproto.store.checks_base import OpenStore, fill, message, new_mail, refused


class SearchChecks:
    """SEARCH."""

    # Searching

    async def test_search_by_columns(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        day = datetime.datetime(2024, 5, 5, 23, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=-8)))
        old = datetime.datetime(1950, 1, 1, 0, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))
        result = await mail.append(
            "INBOX",
            [
                NewMessage(message("one"), ("\\Seen", "$Label"), day),
                NewMessage(message("two"), ("\\Flagged", "Label"), old),
                NewMessage(message("three" * 100), (), None),
                NewMessage(b"no header at all", ("\\Deleted", "\\Draft", "\\Answered"), None),
            ],
        )
        view = SearchView([1, 2, 3, 4], recent=[3, 4], saved=[2, 9])

        async def found(criteria: key.SearchKey) -> list[int]:
            return (await mail.search(result.mailbox, criteria, view)).uids

        date = datetime.date
        for criteria, expected in (
            (key.Key("ALL"), [1, 2, 3, 4]),
            (key.Key("SEEN"), [1]),
            (key.Key("UNSEEN"), [2, 3, 4]),
            (key.Key("NEW"), [3, 4]),
            (key.Key("OLD"), [1, 2]),
            (key.Key("RECENT"), [3, 4]),
            (key.Key("FLAGGED"), [2]),
            (key.Key("UNDELETED"), [1, 2, 3]),
            (key.Key("DRAFT"), [4]),
            (key.Key("UNANSWERED"), [1, 2, 3]),
            (key.Keyword("$label"), [1]),
            (key.Keyword("label", negated=True), [1, 3, 4]),
            (key.Size("LARGER", 400), [3]),
            (key.Size("SMALLER", 17), [4]),
            (key.Date("ON", date(2024, 5, 5)), [1]),
            (key.Date("BEFORE", date(2024, 5, 5)), [2]),
            (key.Date("SINCE", date(2024, 5, 5)), [1, 3, 4]),
            (key.Date("ON", date(1950, 1, 1)), [2]),
            (key.Date("SENTON", date(1994, 2, 7)), [1, 2, 3]),
            (key.Date("SENTBEFORE", date(1994, 2, 8)), [1, 2, 3]),
            (key.Date("SENTSINCE", date(1994, 2, 8)), []),
            (key.Within("YOUNGER", 3600), [3, 4]),
            (key.Within("OLDER", 3600), [1, 2]),
            (key.Sequence("2:3"), [2, 3]),
            (key.Sequence("*"), [4]),
            (key.Sequence("3:*,1"), [1, 3, 4]),
            (key.Sequence("$"), [2]),
            (key.Uid("4:*"), [4]),
            (key.Uid("99:*"), [4]),
            (key.Uid("2,77"), [2]),
            (key.ModSeq(10**9), []),
            (key.Not(key.Key("SEEN")), [2, 3, 4]),
            (key.Or(key.Key("SEEN"), key.Key("FLAGGED")), [1, 2]),
            (key.And([key.Key("UNSEEN"), key.Sequence("1:3"), key.Not(key.Key("FLAGGED"))]), [3]),
        ):
            assert await found(criteria) == expected, criteria
        matches = await mail.search(result.mailbox, key.ModSeq(1), view)
        assert matches.highestmodseq == (await mail.mailbox("INBOX")).highestmodseq
        assert (await mail.search(result.mailbox, key.Key("ALL"), SearchView([2]))).uids == [2]
        assert (await mail.search(result.mailbox, key.Sequence("1:*"), SearchView([]))).uids == []

    async def test_search_by_text(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        base64 = (
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
            "MIME-Version: 1.0\r\n"
        )
        multipart = (
            "--x\r\nContent-Type: text/html; charset=iso-8859-1\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>Stra=DFe na=\r\nch Hause</p>\r\n"
            "--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?inneres_=C3=84?=\r\n\r\nsecret\r\n"
            "--x\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            "bmVlZGxl\r\n--x--\r\n"
        )
        inbox = (
            await mail.append(
                "INBOX",
                [
                    NewMessage(
                        message("=?ISO-8859-1?Q?Caf=E9_au?= =?utf-8?b?IGxhaXQ=?=", "plain needle\r\n")
                    ),
                    NewMessage(message("folded\r\n subject line", "w4Vrw6V0DQo=\r\n", base64)),
                    NewMessage(
                        message(
                            "mixed",
                            multipart,
                            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\nX-Empty:\r\n",
                        )
                    ),
                    NewMessage(b"\xff\xfe not MIME \x00 at all\r\nin a haystack"),
                ],
            )
        ).mailbox
        view = SearchView([1, 2, 3, 4])
        for criteria, expected in (
            (key.Text("SUBJECT", "CAFÉ AU LAIT"), [1]),
            (key.Text("SUBJECT", "folded subject"), [2]),
            (key.Text("FROM", "ANN@example"), [1, 2, 3]),
            (key.Text("TO", "bob"), [1, 2, 3]),
            (key.Text("CC", "bob"), []),
            (key.Text("BCC", ""), []),
            (key.Text("BODY", "needle"), [1]),
            (key.Text("BODY", "ÅKÅT"), [2]),
            (key.Text("BODY", "Åkåt"), [2]),
            (key.Text("BODY", "DhWvD"), []),
            (key.Text("BODY", "strasse nach hause"), [3]),
            (key.Text("BODY", "inneres ä"), [3]),
            (key.Text("BODY", "caf"), []),
            (key.Text("TEXT", "café"), [1]),
            (key.Text("TEXT", "needle"), [1]),
            (key.Text("TEXT", "haystack"), [4]),
            (key.Text("TEXT", "subject: mixed"), [3]),
            (key.Text("BODY", ""), [1, 2, 3, 4]),
            (key.Header("message-id", "<1@"), [1, 2, 3]),
            (key.Header("X-Empty", ""), [3]),
            (key.Header("X-Absent", ""), []),
            (key.And([key.Text("BODY", "secret"), key.Key("UNSEEN")]), [3]),
            (key.Not(key.Text("SUBJECT", "mixed")), [1, 2, 4]),
        ):
            assert (await mail.search(inbox, criteria, view)).uids == expected, criteria

    async def test_search_takes_deep_and_refuses_huge_criteria(self, open_store: OpenStore) -> None:
        mail = await new_mail(await open_store())
        inbox, uids = await fill(mail, 2)
        deep: key.SearchKey = key.Key("SEEN")
        for _ in range(900):
            deep = key.Not(deep)
        assert (await mail.search(inbox, deep, SearchView(uids))).uids == []
        with refused(errors.LimitReached):
            await mail.search(inbox, key.And([key.Key("ALL")] * 5000), SearchView(uids))
