"""One command for each of several stacks: each after those that it refers to, several at a time.

Where one fails, those that refer to it are left out, and all others go on.
"""

from __future__ import annotations

import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from graphlib import TopologicalSorter
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = "interrupted before it began"


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of one stack: exit status, all that was printed, seconds; or with None why it was not begun."""

    stack: str
    status: int | None
    text: str
    seconds: float = 0.0


class Rollout:
    """Commands under way. An interrupt is passed on to each, once for each that comes, and begins no other."""

    def __init__(self, commands: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]) -> None:
        """`commands` by stack, and the stacks that one refers to."""
        self._commands = commands
        self._after = {name: [one for one in after.get(name, ()) if one in commands] for name in commands}
        self._running: set[subprocess.Popen[bytes]] = set()
        self._starting = threading.Lock()
        self.stopped = False

    def run(self, jobs: int, tell: Callable[[Ended], None]) -> list[Ended]:
        """Run all, and tell of each when it has ended; in that order."""
        before = {number: signal.signal(number, self._stop) for number in STOPPING if _heard(number)}
        try:
            with ThreadPoolExecutor(jobs) as pool:
                return list(self._run(pool, tell))
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _run(self, pool: ThreadPoolExecutor, tell: Callable[[Ended], None]) -> list[Ended]:
        order = TopologicalSorter(self._after)
        order.prepare()
        ended, underway = dict[str, Ended](), dict[Future[Ended], str]()
        while order.is_active():
            for name in sorted(order.get_ready()):
                if lost := [one for one in self._after[name] if ended[one].status != 0]:
                    ended[name] = Ended(name, None, f"it refers to {', '.join(lost)}")
                    tell(ended[name])
                    order.done(name)
                else:
                    underway[pool.submit(self._one, name)] = name
            for future in wait(underway, return_when=FIRST_COMPLETED).done if underway else ():
                name = underway.pop(future)
                ended[name] = future.result()
                tell(ended[name])
                order.done(name)
        return list(ended.values())

    def _one(self, name: str) -> Ended:
        started = time.monotonic()
        with tempfile.TemporaryFile() as said:
            with self._starting:
                if self.stopped:
                    return Ended(name, None, INTERRUPTED)
                process = subprocess.Popen(
                    self._commands[name], stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
                    start_new_session=True,
                )  # fmt: skip
                self._running.add(process)
            status = process.wait()
            self._running.discard(process)
            said.seek(0)
            text = said.read().decode(errors="replace")
        return Ended(name, status, text, time.monotonic() - started)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """It runs in the main thread, which starts nothing itself: so it waits at most for one process to begin."""
        with self._starting:
            self.stopped = True
        for process in list(self._running):
            process.send_signal(signal.SIGINT)


def _heard(number: signal.Signals) -> bool:
    return threading.current_thread() is threading.main_thread() and signal.getsignal(number) is not signal.SIG_IGN
