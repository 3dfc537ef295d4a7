"""Limits: the three sets of defaults."""

from mailproto import Limits


def test_each_set_is_stricter_than_the_one_before() -> None:
    client, server, before = Limits.client(), Limits.server(), Limits.before_login()
    for field in Limits.__dataclass_fields__:
        assert getattr(client, field) >= getattr(server, field) >= getattr(before, field)
