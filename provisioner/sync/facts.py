"""Facts of a sync from outside services: each is had, or is unknown for a reason in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lychgate.model.errors import InputError
from lychgate.model.sync_request import Fact
from lychgate.model.values import Unknown

T = TypeVar("T")
MOST = 300  # characters of what a service says


def fact(what: str, ask: Callable[[], Fact[T]]) -> Fact[T]:
    """What `ask` answers; unknown, with what went wrong, where it fails in any way."""
    try:
        return ask()
    except InputError as error:
        return Unknown(f"{what} could not be had: {_short(error.found)}")
    except Exception as error:  # whatever a client throws: not knowing stops the sync, and says why
        return Unknown(f"{what} could not be had: {type(error).__name__}: {_short(str(error))}")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST else f"{line[:MOST]} ..."
