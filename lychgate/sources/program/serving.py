"""The server that a program talks to, and what the program tells of itself there (see shapes.py)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from pulumi.runtime.proto import engine_pb2_grpc, resource_pb2_grpc

from lychgate.model.values import Secret
from lychgate.sources.program.hosting import MOST_TOLD, Shapes, deep_stacks
from lychgate.sources.program.monitor import Monitor

MESSAGE_LIMIT = 64 << 20
CHANNEL = [
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
]
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
    with deep_stacks():
        server.start()  # its own thread reads what arrives
    try:
        yield
    finally:
        server.stop(None)


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
