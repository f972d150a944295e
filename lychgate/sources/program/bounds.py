"""What a program may send: names and types as the engine takes them, and no more in all than any real program does."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from typing import Any

from lychgate.model.graph import Location

# What a custom resource's type looks like; the engine takes any text as the type of a component.
TYPE = re.compile(r"[^\s:$]+:[^\s:$]*:[^\s:$]+")
COMPONENT = re.compile(r"(?!.*::)[^\s$]+")
LONGEST_NAME = 1000
MOST_BYTES = 256 << 20
CALLS_PER_RESOURCE = 50


class Refused(Exception):
    """A call of the program that cannot be served; the text is what its author reads."""


class Twice(Refused):
    """Two resources with one URN. The calls of a program overtake each other: told by line, not by arrival."""

    def __init__(self, urn: str, places: Iterable[Location]) -> None:
        told = sorted(places, key=lambda place: (place.file, place.line))
        where = " and ".join(map(str, told)) or "no place known"
        super().__init__(f"two resources have the URN {urn}: {where}; give each its own name")
        self.place = told[-1] if told else None


class TooMuch(Refused):
    """The program asks for more than any real one does: it is stopped."""


class Budget:
    """What one program may ask for in all: `limit` resources, and calls and bytes in proportion."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.calls = self.bytes = 0
        self.closed = False
        self._lock = threading.Lock()

    def spend(self, request: Any) -> None:
        """Count a call. Raises TooMuch; Refused when the program has ended (it may have left a process behind)."""
        most = CALLS_PER_RESOURCE * (self.limit + 1000)
        with self._lock:
            self.check_open()
            self.calls += 1
            self.bytes += request.ByteSize()
        if self.calls > most:
            raise TooMuch(f"the program makes more than {most} calls; raise --max-resources if it should")
        if self.bytes > MOST_BYTES:
            raise TooMuch(f"the program's properties are larger than {MOST_BYTES >> 20} MiB in all")

    def check_open(self) -> None:
        """Raise Refused when the program has ended."""
        if self.closed:
            raise Refused("the program has ended")

    def check_room(self, count: int, verb: str) -> None:
        """Raise TooMuch where there are as many of something already as may be."""
        if count >= self.limit:
            raise TooMuch(too_many(self.limit, verb))


def too_many(limit: int, verb: str = "registers") -> str:
    """What a program's author reads who has made too many resources."""
    return f"the program {verb} more than {limit} resources; raise --max-resources if it should"


def check_name(request: Any, component: bool = False) -> None:
    """Raise Refused for a name or type that the engine would refuse, or that no real program has."""
    if not (COMPONENT if component else TYPE).fullmatch(request.type):
        raise Refused(f"{request.type[:200]!r} is no resource type: expected package:module:Type")
    if not request.name:
        raise Refused(f"a {request.type[:200]} has no name")
    if len(request.name) > LONGEST_NAME or len(request.type) > LONGEST_NAME:
        raise Refused(f"the name or type of a resource is longer than {LONGEST_NAME} characters")
