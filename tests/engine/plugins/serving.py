"""How a plugin of Pulumi serves: a gRPC server on a free port of this machine, which is printed."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

import grpc

# Bytes of one message: the engine's own limit (pulumi/pulumi, sdk/go/common/util/rpcutil).
_LIMIT = 400 << 20
SIZES = [("grpc.max_receive_message_length", _LIMIT), ("grpc.max_send_message_length", _LIMIT)]


def serve(register: Callable[[grpc.Server], None]) -> None:
    """Print the port, then answer until the engine ends this process: an interrupt is how it asks for that."""
    server = grpc.server(ThreadPoolExecutor(16), options=SIZES)
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()

    def stop(number: int, frame: FrameType | None) -> None:
        server.stop(None)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    print(port, flush=True)
    server.wait_for_termination()
