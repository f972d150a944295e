"""The threads of an interpreter's runs."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lychgate.sources.program.hosting import deep_threads


def test_an_interrupt_while_they_start_leaves_none_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    submit, pools = ThreadPoolExecutor.submit, []

    def interrupted(pool: ThreadPoolExecutor, *call: Any) -> Any:
        pools.append(pool)
        if len(pools) == 3:
            raise KeyboardInterrupt
        return submit(pool, *call)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        deep_threads()
    pools[0].shutdown(wait=True)  # would never end
    assert threading.active_count() < 16
