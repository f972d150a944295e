"""The server that a program talks to, and what the program tells of itself there (see shapes.py)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from pulumi.runtime.proto import engine_pb2_grpc, resource_pb2_grpc

from lychgate.model.values import Secret
from lychgate.sources.program.monitor import Monitor

MESSAGE_LIMIT = 64 << 20
CHANNEL = [
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
]
# The SDK lets protobuf read 65,535 levels of nesting, each with a frame of C: more than a usual stack holds.
STACK = 128 << 20
THREADS = 16
MOST_TOLD = 20_000
LONGEST_SECRET = 1 << 20


@contextmanager
def serving(monitor: Monitor, shapes: Shapes, told: Secrets, address: str, pool: ThreadPoolExecutor) -> Iterator[None]:
    """Answer a program at an address of gRPC's, with the threads of `deep_threads`."""
    server = grpc.server(pool, options=CHANNEL)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
    engine_pb2_grpc.add_EngineServicer_to_server(monitor, server)
    methods: dict[str, Any] = {
        "Describe": grpc.unary_unary_rpc_method_handler(shapes.take),
        "Secret": grpc.unary_unary_rpc_method_handler(told.take),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("lychgate.Capture", methods),))
    server.add_insecure_port(address)
    with _deep_stacks():
        server.start()  # its own thread reads what arrives
    try:
        yield
    finally:
        server.stop(None)


_ONE_STARTS = threading.Lock()


@contextmanager
def _deep_stacks() -> Iterator[None]:
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
    with _deep_stacks():
        for _ in range(THREADS):
            pool.submit(all_started.wait)
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


class Secrets:
    """What the program makes a secret of (told by shapes.py): known even where it fails before it registers it."""

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}

    def all(self) -> tuple[Secret, ...]:
        """What was told so far."""
        return tuple(map(Secret, list(self._texts)))

    def take(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        """The call by which the program tells one."""
        text = request.decode(errors="replace")
        if text and len(text) <= LONGEST_SECRET and len(self._texts) < MOST_TOLD:
            self._texts[text] = None
        return b""
