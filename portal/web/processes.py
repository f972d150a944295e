"""Judging in a process of its own: the pages stay quick, and what takes too long, or is to end, is ended whole."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lychgate.portal.actions import Asked

from lychgate.model.errors import InputError

if TYPE_CHECKING:
    from lychgate.portal.drafts import Draft

LONGEST = 300.0  # seconds
PATIENCE = 15.0  # seconds in which a process that is told to end tidies up


class JudgingError(Exception):
    """A request could not be judged, by no fault of it; the text says why."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be judged: a request, the checkout, its commit, and the lychgate.yaml that was named."""

    asked: Asked
    start: Path
    commit: str
    settings: Path | None


Work = Callable[[Order, Connection], None]  # sends ("told", words), and in the end ("draft", ...) or ("error", ...)
Told = Callable[[str], None]
Judge: TypeAlias = "Callable[[Order, Told], Draft]"


class Processes:
    """Those that judge now."""

    def __init__(self, work: Work) -> None:
        """`work` is a function of a module: the process is a new interpreter, which imports it."""
        self._work = work
        self._context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
        self._lock = threading.Lock()
        self._running: set[BaseProcess] = set()
        self._closed = False

    def judge(self, order: Order, told: Told) -> Draft:
        """Judge a request. Raises InputError where it may not be, JudgingError."""
        here, there = self._context.Pipe(duplex=False)
        process = self._context.Process(target=self._work, args=(order, there), daemon=False)
        with self._lock:
            if self._closed:
                raise JudgingError("The server is ending.")
            process.start()
            self._running.add(process)
        there.close()
        answered = False
        try:
            draft = _answer(here, told)
            answered = True
            return draft
        finally:
            here.close()
            if not answered:
                process.terminate()
            _end(process)
            with self._lock:
                self._running.discard(process)

    def close(self) -> None:
        """End all of them."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        for process in running:
            process.terminate()


def _answer(here: Connection, told: Told) -> Draft:
    end = time.monotonic() + LONGEST
    while here.poll(max(0.0, end - time.monotonic())):
        try:
            what, content = here.recv()
        except EOFError:
            raise JudgingError("Judging has ended early: see the server's log.") from None
        if what == "told":
            told(content)
        elif what == "draft":
            draft: Draft = content
            return draft
        else:
            raise error_of(content)
    raise JudgingError(f"Judging took more than {LONGEST:.0f} seconds, and was ended.")


def _end(process: BaseProcess) -> None:
    """Wait until one has tidied up; in the end without its leave."""
    process.join(PATIENCE)
    if process.is_alive():
        process.terminate()
        process.join(PATIENCE)
    if process.is_alive():
        process.kill()
        process.join()


def told_of(error: InputError) -> list[dict[str, Any]]:
    """An error as it passes from one process to another."""
    names = ("file", "line", "column", "found", "expected", "hint")
    return [{name: getattr(one, name) for name in names} for one in (error, *error.more)]


def error_of(told: list[dict[str, Any]]) -> InputError:
    """The error again."""
    first, *rest = [InputError(**one) for one in told]
    return InputError(
        first.file, first.line, first.column, first.found, first.expected, first.hint, more=tuple(rest)
    )  # fmt: skip
