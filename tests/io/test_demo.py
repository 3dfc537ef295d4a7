"""``mailproto demo``: it holds, and it notices when something does not."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys

import pytest

from mailproto.cli import demo, demo_show, run
from mailproto.cli.demo_mail import SampleMail


def test_the_demo_holds_and_is_plain_in_a_pipe() -> None:
    command = [sys.executable, "-m", "mailproto.cli", "demo"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    for claim in (
        "200 envelopes",
        "the server found 5 messages",
        "the laptop was told after",
        "3 messages by MOVE",
        "first copy: 199 messages",
        "again: nothing new",
        "1 flag changed, 1 message removed",
        "refused while the first lasts",
        "cut off before QUIT deleted nothing",
        "the phone finds INBOX empty",
        "IMAP beside POP3",
    ):
        assert claim in done.stdout, claim
    # Every line of the list says ok; a claim that fails would have ended it.
    facts = [line for line in done.stdout.splitlines() if line.startswith("  ")]
    assert len(facts) >= 20
    assert all(line.startswith("  ok  ") for line in facts)


def test_a_claim_that_does_not_hold_ends_it_with_1_and_says_which(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver = demo.deliver

    async def lose_one(place: demo.Place, mail: SampleMail) -> None:
        await deliver(place, dataclasses.replace(mail, messages=mail.messages[:-1]))

    monkeypatch.setattr(demo, "deliver", lose_one)
    assert run(["demo"]) == 1
    error = capsys.readouterr().err
    assert re.fullmatch(r"mailproto: the demo failed at 'login': it does not hold that .*\n", error), error


def test_sizes_for_people() -> None:
    assert [demo_show.octets(n) for n in (0, 999, 1000, 26_447_480)] == ["0 B", "999 B", "1.0 kB", "26.4 MB"]
