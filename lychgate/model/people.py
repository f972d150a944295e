"""People, who are named in several ways: by a user name, a whole name, an address."""

from __future__ import annotations

from collections.abc import Collection


def same_person(one: str, other: str) -> bool:
    """Whether two names are one: `@Ada` and `ada` are."""
    return _compared(one) == _compared(other)


def is_one_of(person: str, names: Collection[str]) -> bool:
    """Whether a person is among people who are told by names and addresses: ada is ada@example.com."""
    asked = _compared(person)
    known = {_compared(name) for name in names}
    return bool({asked, asked.partition("@")[0]} & (known | {one.partition("@")[0] for one in known}))


def _compared(name: str) -> str:
    return " ".join(name.removeprefix("@").casefold().split())
