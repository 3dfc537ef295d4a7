"""Passwords."""

import statistics
import time
from collections.abc import AsyncIterator
from pathlib import Path

import argon2
import pytest

from mailproto.store import errors
from mailproto.store.accounts import MAX_PASSWORD, Accounts
from mailproto.store.sqlite import SqliteStore

QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with await SqliteStore.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
async def accounts(store: SqliteStore) -> AsyncIterator[Accounts]:
    made = Accounts(store, QUICK)
    yield made
    made.close()


async def test_the_right_password_and_wrong_ones(accounts: Accounts) -> None:
    made = await accounts.add("ann", "correct horse")
    assert await accounts.verify("ann", "correct horse") == made
    for wrong in ("", "correct hors", "correct horse ", "Correct horse", "x" * 5000, "\ud800", "a\0b"):
        assert await accounts.verify("ann", wrong) is None
    assert await accounts.verify("nobody", "correct horse") is None
    assert await accounts.verify("nobody", "nobody's password") is None
    assert await accounts.verify("\ud800", "x") is None
    assert "correct" not in made.password_hash and made.password_hash.startswith("$argon2id$")


async def test_changing_listing_deleting(accounts: Accounts) -> None:
    await accounts.add("ann", "one")
    await accounts.set_password("ann", "two")
    assert await accounts.verify("ann", "one") is None
    assert await accounts.verify("ann", "two") is not None
    assert [account.name for account in await accounts.list()] == ["ann"]
    with pytest.raises(errors.AccountExists):
        await accounts.add("ann", "three")
    with pytest.raises(errors.NoSuchAccount):
        await accounts.set_password("bob", "x")
    await accounts.delete("ann")
    assert await accounts.verify("ann", "two") is None
    with pytest.raises(errors.NoSuchAccount):
        await accounts.delete("ann")


async def test_passwords_that_are_refused(accounts: Accounts) -> None:
    for bad in ("", "x" * (MAX_PASSWORD + 1), "\ud800"):
        with pytest.raises(ValueError, match="password"):
            await accounts.add("ann", bad)
    await accounts.add("ann", "x" * MAX_PASSWORD)
    assert await accounts.verify("ann", "x" * MAX_PASSWORD) is not None


async def test_one_password_in_two_unicode_forms(accounts: Accounts) -> None:
    await accounts.add("ann", "pässword")
    assert await accounts.verify("ann", "pa\u0308ssword") is not None


async def test_a_hash_is_renewed_when_the_parameters_change(store: SqliteStore, accounts: Accounts) -> None:
    await accounts.add("ann", "secret")
    before = (await store.account("ann")).password_hash
    assert await accounts.verify("ann", "secret") is not None
    assert (await store.account("ann")).password_hash == before
    stronger = Accounts(store, argon2.PasswordHasher(time_cost=2, memory_cost=128, parallelism=1))
    assert await stronger.verify("ann", "wrong") is None
    assert (await store.account("ann")).password_hash == before
    assert await stronger.verify("ann", "secret") is not None
    after = (await store.account("ann")).password_hash
    assert after != before and "t=2" in after
    assert await stronger.verify("ann", "secret") is not None
    stronger.close()


async def test_a_hash_that_is_none_refuses(store: SqliteStore, accounts: Accounts) -> None:
    await store.create_account("ann", "not a hash")
    assert await accounts.verify("ann", "not a hash") is None


async def test_an_unknown_account_takes_as_long_as_a_wrong_password(store: SqliteStore) -> None:
    accounts = Accounts(store, argon2.PasswordHasher(time_cost=3, memory_cost=8192, parallelism=1))
    await accounts.add("ann", "secret")
    await accounts.verify("nobody", "x")
    times: dict[str, list[float]] = {"ann": [], "nobody": []}
    for _ in range(9):
        for name, taken in times.items():
            started = time.perf_counter()
            assert await accounts.verify(name, "wrong") is None
            taken.append(time.perf_counter() - started)
    known, unknown = statistics.median(times["ann"]), statistics.median(times["nobody"])
    assert unknown > known / 2, "an unknown name is answered faster: names can be probed for"
    accounts.close()
