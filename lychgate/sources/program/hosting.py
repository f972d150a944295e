"""What the runs of one interpreter share, whoever answers them: threads, and what its SDK says of types.

Without gRPC, so that an interpreter can be started before that is loaded.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import grpc

# The SDK lets protobuf read 65,535 levels of nesting, each with a frame of C: more than a usual stack holds.
STACK = 128 << 20
THREADS = 16
MOST_TOLD = 20_000

_ONE_STARTS = threading.Lock()


@contextmanager
def deep_stacks() -> Iterator[None]:
    """Room for deep messages in the threads that are started meanwhile. The size holds for the whole process."""
    with _ONE_STARTS:
        before = threading.stack_size(STACK)
        try:
            yield
        finally:
            threading.stack_size(before)


def deep_threads() -> ThreadPoolExecutor:
    """A pool whose threads have room for deep messages: all are started here."""
    pool, all_started = ThreadPoolExecutor(THREADS), threading.Barrier(THREADS)
    try:
        with deep_stacks():
            for _ in range(THREADS):
                pool.submit(all_started.wait)
    except BaseException:  # an interrupt: those that wait for the others would wait for ever
        all_started.abort()
        raise
    return pool


class Shapes:
    """Which outputs each type has, as the SDK of one interpreter declares it (told by shapes.py in its programs)."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any] | None] = {}

    def get(self, token: str) -> dict[str, Any] | None:
        """Name of an output -> its shape; None where no SDK knows the type."""
        return self._known.get(token)

    def known(self) -> list[str]:
        """The types that need not be told again."""
        return list(self._known)

    def take(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        """The call by which the program tells one. What is no shape is none."""
        try:
            told = json.loads(request)
            shape = told["shape"]
            checked = {str(name): checked_shape(one) for name, one in shape.items()} if shape is not None else None
            if len(self._known) < MOST_TOLD:
                self._known[str(told["token"])] = checked
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
            import grpc

            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "this is no shape")
        return b""


def checked_shape(told: Any) -> dict[str, Any]:
    """A shape that can be relied upon (see shapes.py). Raises TypeError or KeyError for what is none."""
    shape = {"kind": str(told["kind"]), "optional": bool(told["optional"])}
    if shape["kind"] == "list":
        shape["of"] = checked_shape(told["of"])
    elif shape["kind"] == "object":
        shape["fields"] = {str(name): checked_shape(one) for name, one in told["fields"].items()}
    return shape
