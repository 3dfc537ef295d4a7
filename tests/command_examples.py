"""One of every class of command, for the tests that leave none out."""

from __future__ import annotations

import datetime

from mailproto.imap import commands, search

UTC = datetime.UTC

#: One of every class, with every field away from its default.
EXAMPLES: list[commands.Command] = [
    commands.Capability(tag="a"),
    commands.Noop(tag="a"),
    commands.Logout(tag="a"),
    commands.StartTls(tag="a"),
    commands.Authenticate("plain", b"\0user\0secret", tag="a"),
    commands.Authenticate("PLAIN", b"", tag="a"),
    commands.Login("user", "s3cret\r\n", tag="a"),
    commands.Enable(("condstore", "QRESYNC"), tag="a"),
    commands.Select("INBOX", True, tag="a"),
    commands.Examine("Sent", tag="a"),
    commands.Create("Sent", ("\\Sent", "\\Archive"), tag="a"),
    commands.Delete("x y", tag="a"),
    commands.Rename("a", "b", tag="a"),
    commands.Subscribe("a", tag="a"),
    commands.Unsubscribe("a", tag="a"),
    commands.List("", ("%", "*"), ("SUBSCRIBED",), ("CHILDREN", ("STATUS", ("MESSAGES",))), tag="a"),
    commands.Lsub("", "*", tag="a"),
    commands.Namespace(tag="a"),
    commands.Status("INBOX", ("messages", "UIDNEXT"), tag="a"),
    commands.Append(
        "INBOX",
        [
            commands.AppendMessage(
                b"A: b\r\n\r\nc\r\n", ("\\Seen", "kw"), datetime.datetime(2024, 2, 29, 1, tzinfo=UTC)
            ),
            b"",
        ],
        tag="a",
    ),
    commands.Idle(tag="a"),
    commands.Check(tag="a"),
    commands.Close(tag="a"),
    commands.Unselect(tag="a"),
    commands.Expunge(tag="a"),
    commands.Expunge("1:4", True, tag="a"),
    commands.Search(
        [
            search.Or(
                search.Key("seen"), search.Not(search.And([search.Text("FROM", "x"), search.Uid("1:*")]))
            )
        ],
        "UTF-8",
        True,
        ("MIN", "COUNT"),
        tag="a",
    ),
    commands.Fetch(
        "1:*", ("UID", commands.Section((1, 2), "HEADER.FIELDS", ("Subject",), (0, 10), True)), tag="a"
    ),
    commands.Fetch("1:*", "FLAGS", True, 17, True, tag="a"),
    commands.Store("1,3", "+flags", ("\\seen",), True, True, 0, tag="a"),
    commands.Copy("1", "b", True, tag="a"),
    commands.Move("1", "b", tag="a"),
    commands.Id({"name": "x", "version": None}, tag="a"),
    commands.Id(tag="a"),
    commands.Select(
        "INBOX",
        True,
        commands.Qresync(67890007, 90060115194045000, "41:211,214:541", "1:2,5", "10:12,20"),
        [commands.Parameter("objectid", ("MAILBOXID", "abc", (b"x y",))), commands.Parameter("x", "1:*")],
        tag="a",
    ),
    commands.Examine("a", qresync=commands.Qresync(1, 2, known_numbers="1", known_numbers_uids="7"), tag="a"),
    commands.Create("a", ("\\Sent",), [commands.Parameter("PARTITION", (b"ssd",))], tag="a"),
    commands.Rename("a", "b", [commands.Parameter("X")], tag="a"),
    commands.List(
        "",
        "*",
        ("RECURSIVEMATCH", "SUBSCRIBED", commands.Parameter("VENDOR-X", ("a", ("b",)))),
        (("METADATA", ("/shared/comment", "/private/x")), "MYRIGHTS", commands.Parameter("NEW")),
        tag="a",
    ),
    commands.Xlist("", "*", tag="a"),
    commands.Rlist("", "%", tag="a"),
    commands.Rlsub("x", "*", tag="a"),
    commands.Append(
        "INBOX",
        [
            commands.AppendMessage(b"a\0b", binary=True),
            commands.AppendMessage(b"c", ("\\Draft",), utf8=True),
            commands.AppendMessage(parts=[b"A: b\r\n\r\n", commands.CatenateUrl("/INBOX;UID=2"), b"x\0"]),
        ],
        tag="a",
    ),
    commands.Replace("*", "Drafts", commands.AppendMessage(b"x", ("\\Draft",)), True, tag="a"),
    commands.Search(
        [
            search.Fuzzy(search.Text("SUBJECT", "x")),
            search.Filter("mine"),
            search.ObjectId("EMAILID", "M6d99ac3275bb4e"),
            search.GmailId("X-GM-MSGID", 2**64 - 1),
            search.Text("X-GM-RAW", "has:attachment"),
            search.Date("SAVEDON", datetime.date(2024, 2, 29)),
            search.Key("SAVEDATESUPPORTED"),
        ],
        return_options=("SAVE", ("PARTIAL", (-1, -100)), "UPDATE", "CONTEXT", "RELEVANCY"),
        tag="a",
    ),
    commands.Sort(("REVERSE DATE", "displayfrom"), search.Key("ALL"), "US-ASCII", True, ("ALL",), tag="a"),
    commands.Sort("SUBJECT", search.Text("TEXT", "x"), tag="a"),
    commands.Thread("references", search.Key("ALL"), uid=True, tag="a"),
    commands.ESearch(
        search.Text("SUBJECT", "ü"),
        [commands.MailboxFilter("mailboxes", ("a", "b c")), commands.MailboxFilter("PERSONAL")],
        return_options=("COUNT",),
        scope_options=[commands.Parameter("DEPTH", "1")],
        tag="a",
    ),
    commands.ESearch(search.Key("ALL"), tag="a"),
    commands.CancelUpdate(("A1", "B2"), tag="a"),
    commands.Fetch(
        "1",
        (
            commands.BinarySection((1, 2), (0, 10), True),
            commands.BinarySection(),
            commands.BinarySize((2,)),
            "PREVIEW (LAZY)",
            "preview",
            "EMAILID",
            "X-GM-LABELS",
        ),
        True,
        7,
        True,
        (-1, -3),
        tag="a",
    ),
    commands.Fetch("1", "FLAGS", True, partial=(1, 10), tag="a"),
    commands.Store("1", "+X-GM-LABELS", labels=("\\Inbox", "Entwürfe", "a b"), silent=True, tag="a"),
    commands.SetAcl("INBOX", "fred", "+lrs", tag="a"),
    commands.DeleteAcl("INBOX", "-fred", tag="a"),
    commands.GetAcl("INBOX", tag="a"),
    commands.ListRights("INBOX", b"\xff", tag="a"),
    commands.MyRights("INBOX", tag="a"),
    commands.GetQuota("", tag="a"),
    commands.GetQuotaRoot("INBOX", tag="a"),
    commands.SetQuota("root", {"storage": 512, "MESSAGE": 2**63 - 1}, tag="a"),
    commands.GetMetadata("", "/shared/comment", tag="a"),
    commands.GetMetadata(
        "INBOX", ("/a", "/b c"), 1024, "infinity", [commands.Parameter("X", ("y",))], tag="a"
    ),
    commands.SetMetadata("INBOX", {"/a": "text", "/b": None, "/c": b"\0", "/d": b"NIL"}, tag="a"),
    commands.Notify(None, tag="a"),
    commands.Notify(
        [
            commands.EventGroup(
                commands.MailboxFilter("selected"),
                ("messagenew", "MessageExpunge", "X-Event"),
                ("UID", commands.Section(text="HEADER", peek=True)),
            ),
            commands.EventGroup(commands.MailboxFilter("SUBTREE", "Lists"), ("MessageNew", "MessageExpunge")),
            commands.EventGroup(commands.MailboxFilter("INBOXES")),
        ],
        True,
        tag="a",
    ),
    commands.GenUrlAuth([("imap://joe@example.com/INBOX/;uid=20;urlauth=anonymous", "internal")], tag="a"),
    commands.ResetKey(tag="a"),
    commands.ResetKey("INBOX", ("XSAMPLE",), tag="a"),
    commands.UrlFetch(("imap://a/b;urlauth=submit+fred:internal:91354a473744909de610943775f92038",), tag="a"),
    commands.Compress(tag="a"),
    commands.Unauthenticate(tag="a"),
    commands.Language(("de", "*"), tag="a"),
    commands.Language(tag="a"),
    commands.Comparator("i;unicode-casemap", tag="a"),
    commands.GetJmapAccess(tag="a"),
    commands.UidBatches(2000, (10, 20), tag="a"),
    commands.UidBatches(1, tag="a"),
]
