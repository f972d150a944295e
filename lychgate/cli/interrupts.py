"""Signals during a command that touches something: before that they end it, from then on what came of it is kept."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Until something is `begun`, SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt; from then on they are only told.

    What must answer them itself, such as an engine's command, takes their place as long as it runs. A signal that is
    ignored (`nohup`) stays so.
    """

    def __init__(self) -> None:
        self.begun = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                if (old := signal.getsignal(number)) is not signal.SIG_IGN:
                    self._before[number] = old
                    signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, old in self._before.items():
            signal.signal(number, old)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self.begun:
            raise KeyboardInterrupt
        with suppress(OSError, RuntimeError):  # a terminal that is gone; a line that is being written
            print("lychgate: what came of it is being recorded", file=sys.stderr, flush=True)
