"""How a time is taken: the best of several runs, since a shared machine only ever makes them longer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table; times in seconds."""

    what: str
    seconds: float
    beside: str
    floor: float
    aim: str = ""

    def cells(self) -> tuple[str, str, str, str, str, str]:
        ratio = f"{self.seconds / self.floor:.2f}" if self.floor else ""
        return self.what, shown(self.seconds), self.beside, shown(self.floor) if self.floor else "", ratio, self.aim


def shown(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms" if seconds < 1 else f"{seconds:.2f} s"


def best(run: Callable[[], object], times: int = 3, enough: float = 0.5) -> float:
    """The best of some runs: what takes a moment is run until `enough` seconds are spent."""
    taken = [once(run) for _ in range(times)]
    while sum(taken) < enough:
        taken.append(once(run))
    return min(taken)


def once(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started
