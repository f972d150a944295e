"""Symbolic names of a capture -> what is deployed in their place.

A capture answers every output with a symbolic text, and the program puts these into other properties, alone or inside
of a text (a policy that holds an ARN). Before such a property is compared, they give way to the outputs that the same
resource has in the state. What a resource will be called that does not exist yet, or is replaced, nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lychgate.provisioner.sync.comparing import UNSURE

from lychgate.model.graph import NAMING, Graph, Resource
from lychgate.model.values import Secret, Symbol

SHORTEST = 6  # a shorter text is only taken for a name where it stands alone
HOLE = "[unknown]"
WORD = re.compile("[A-Za-z]*")  # such as `default`: names that are made up hold more than letters


class Symbols:
    """What is known of the names in a planned graph; resources are told in the order of their dependencies."""

    def __init__(self, planned: Graph) -> None:
        self._facts = {fact for stack in planned.stacks.values() for fact in (stack.account, stack.region)} | {""}
        self._real: dict[str, str] = {}
        self._starts: dict[str, list[str]] = {}

    def exists(self, planned: Resource, deployed: Resource) -> None:
        """A resource stays what it is: its deployed outputs take the place of its symbolic ones."""
        known = dict(_leaves(deployed.properties, ())) | dict(_leaves(deployed.outputs, ()))
        for place, text, given in _outputs(planned):
            there = deployed.id if place == ("id",) else known.get(place)
            if there is None and isinstance(text, Symbol):
                self._say(text, UNSURE)
            elif isinstance(there, str) and not given:
                self._say(text, there)  # the same text too: a shorter name may be its beginning
            elif there is not None and not isinstance(there, str) and isinstance(text, Symbol):
                self._say(text, UNSURE)

    def comes(self, planned: Resource) -> None:
        """A resource is new, or replaced: names that the program did not give are not known."""
        for place, text, given in _outputs(planned):
            name = place[-1] if len(place) == 1 else ""
            if not given and (isinstance(text, Symbol) or name == "id" or name in NAMING):
                self._say(text, HOLE)

    def real(self, text: str) -> str:
        """The text with deployed names in it."""
        alone = self._real.get(text)
        if alone is not None:
            return alone
        parts: list[str] = []
        start = index = 0
        while index <= len(text) - SHORTEST:
            found = self._found(text, index)
            if found:
                parts += [text[start:index], self._real[found]]
                start = index = index + len(found)
            else:
                index += 1
        return "".join([*parts, text[start:]]) if parts else text

    def _found(self, text: str, index: int) -> str | None:
        """The longest name that stands in a text at this place, and is no part of a longer word."""
        if text[index].isalnum() and text[max(index - 1, 0) : index].isalnum():
            return None
        candidates = self._starts.get(text[index : index + SHORTEST], ())
        fitting = [one for one in candidates if text.startswith(one, index)]
        ended = (one for one in fitting if not text[index + len(one) : index + len(one) + 1].isalnum())
        return max(ended, key=len, default=None)

    def _say(self, text: str, real: str) -> None:
        if text in self._facts or text in self._real or (WORD.fullmatch(text) and not isinstance(text, Symbol)):
            return
        text = str(text)
        self._real[text] = real
        if text.startswith("https://") and real.startswith("https://"):  # roles name an issuer without its scheme
            self._say(text.removeprefix("https://"), real.removeprefix("https://"))
        if len(text) >= SHORTEST:
            self._starts.setdefault(text[:SHORTEST], []).append(text)


def _outputs(resource: Resource) -> Iterator[tuple[tuple[str | int, ...], str, bool]]:
    """The texts among the outputs: where, what, and whether the program gave it itself."""
    given = {text for _, text in _leaves(resource.properties, ()) if isinstance(text, str)}
    for place, text in [*_leaves(resource.outputs, ()), (("id",), resource.id)]:
        if isinstance(text, str):
            yield place, text, text in given


def _leaves(value: Any, place: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    waiting: list[tuple[tuple[str | int, ...], Any]] = [(place, value)]
    while waiting:
        place, value = waiting.pop()
        while isinstance(value, Secret):
            value = value.value
        if isinstance(value, dict):
            waiting += [((*place, name), item) for name, item in value.items()]
        elif isinstance(value, list):
            waiting += [((*place, index), item) for index, item in enumerate(value)]
        else:
            yield place, value
