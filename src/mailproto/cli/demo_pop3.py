"""The demo's POP3 half: one maildrop, one session at a time; keep mode, then delete mode."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mailproto.cli.demo_show import octets
from mailproto.errors import CommandFailed

if TYPE_CHECKING:
    from mailproto.cli.demo import Place
    from mailproto.cli.demo_mail import SampleMail
    from mailproto.cli.demo_show import Comparison, Show


async def _refusal(place: Place) -> CommandFailed | None:
    """Why another device may not log in now; None when it may."""
    try:
        async with place.pop3(stls=True):
            return None
    except CommandFailed as error:
        return error


async def keep_mode(show: Show, place: Place, mail: SampleMail, compared: Comparison) -> None:
    """Part 4, first half: everything is downloaded and stays on the server."""
    show.part("4. POP3: download and keep, then download and delete")
    delivered = {hashlib.sha256(message).digest() for message in mail.messages}
    async with place.pop3() as laptop:
        show.step("keep: header first")
        count, total = await laptop.stat()
        head = await laptop.top(1, 0)
        show.check(
            b"\r\nSubject: " in head and head.rstrip().count(b"\r\n\r\n") == 0, "TOP gives just the header"
        )
        show.fact(f"TOP showed a header of {octets(len(head))} before any download")

        show.step("keep: list")
        before = laptop.bytes_received
        for number in range(1, count + 1):
            await laptop.top(number, 0)
        listed = laptop.bytes_received - before
        show.fact(f"{count} headers by TOP: {octets(listed)}")

        show.step("keep: a second session")
        refusal = await _refusal(place)
        show.check(
            refusal is not None and refusal.code == "IN-USE", "a second session is refused with [IN-USE]"
        )
        show.fact(f"refused while the first lasts: {refusal}")

        show.step("keep: download")
        before = laptop.bytes_received
        bodies = [await laptop.retr(number) for number in range(1, count + 1)]
        received = laptop.bytes_received - before
        show.check(sum(map(len, bodies)) == total, "STAT told the octets that came")
        show.check(
            all(hashlib.sha256(body).digest() in delivered for body in bodies),
            "every message is octet for octet what was delivered",
        )
        show.fact(f"{count} messages, {octets(received)}, octet for octet")
        await laptop.quit()
    async with place.pop3() as laptop:
        show.check(await laptop.stat() == (count, total), "the server kept every message")
        show.fact("the server kept them all")
        show.step("cut off")
        await laptop.dele(1)
        laptop.abort()
    async with place.pop3() as laptop:
        show.check(await laptop.stat() == (count, total), "a session cut off before QUIT deletes nothing")
        show.fact("a session cut off before QUIT deleted nothing")
        await laptop.quit()
    compared.fill(
        "Bytes to list 200 messages", f"{octets(listed)} (TOP, headers), or {octets(received)} in whole"
    )
    compared.fill("Devices at once", "1: the second was refused with [IN-USE]")
    compared.fill("Offline", f"always: everything is downloaded, {octets(received)}")


async def delete_mode(show: Show, place: Place, compared: Comparison) -> None:
    """Part 4, second half: everything is downloaded and then deleted on the server."""
    show.step("delete mode")
    async with place.pop3() as laptop:
        count, _ = await laptop.stat()
        for number in range(1, count + 1):
            await laptop.retr(number)
            await laptop.dele(number)
        await laptop.quit()
    async with place.imap() as phone:
        show.check((await phone.select("INBOX")).exists == 0, "the phone finds the maildrop empty")
    show.fact(f"{count} messages downloaded, then deleted at QUIT: the phone finds INBOX empty")
    compared.add(
        "Where mail is kept", "on the server, in folders", "on the laptop; the server keeps it or not"
    )
    compared.fill("What the other device sees", "nothing: mail that was taken is gone, folders are local")
