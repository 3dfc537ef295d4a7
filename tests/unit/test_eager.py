"""server/eager.py: coroutines that mostly do not wait."""

from __future__ import annotations

import asyncio

import pytest

from mailproto.server.eager import eagerly


async def test_one_that_never_waits_is_done_at_once():
    seen = []

    async def work() -> None:
        await asyncio.sleep(0) if False else None
        seen.append(1)

    assert eagerly(work()) is None
    assert seen == [1]


async def test_one_that_waits_goes_on_when_awaited():
    gate = asyncio.get_running_loop().create_future()
    seen = []

    async def work() -> None:
        seen.append("before")
        seen.append(await gate)
        await asyncio.sleep(0)
        seen.append("after")

    rest = eagerly(work())
    assert seen == ["before"] and rest is not None

    async def wait() -> None:
        await rest

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    gate.set_result("result")
    await task
    assert seen == ["before", "result", "after"]


async def test_errors_come_out_where_they_belong():
    async def at_once() -> None:
        raise ValueError("early")

    with pytest.raises(ValueError, match="early"):
        eagerly(at_once())
    gate = asyncio.get_running_loop().create_future()

    async def later() -> None:
        try:
            await gate
        except LookupError:
            raise ValueError("late") from None

    rest = eagerly(later())
    gate.set_exception(LookupError())
    with pytest.raises(ValueError, match="late"):
        await rest


async def test_cancelling_reaches_the_coroutine():
    cleaned = []

    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cleaned.append(1)

    async def wait() -> None:
        await rest

    rest = eagerly(work())
    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned == [1]
