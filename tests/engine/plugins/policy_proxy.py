"""Stands between the engine and a policy pack until the pack can start, and passes on everything after that.

The real host does the same (pulumi/pulumi, sdk/policy_proxy.go): the engine's first calls bring the stack's
configuration, which the pack needs in its environment.
"""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

import grpc
from pulumi.runtime.proto import analyzer_pb2

from tests.engine.plugins.serving import SIZES


class PolicyProxy(grpc.GenericRpcHandler):
    """An analyzer that answers Handshake and ConfigureStack itself and sends all other calls to the attached pack."""

    def __init__(self) -> None:
        self._configured = threading.Event()
        self._ready = threading.Event()
        self._configuration = b""
        self._channel: grpc.Channel | None = None
        self._server = grpc.server(ThreadPoolExecutor(8), handlers=[self], options=SIZES)
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self.attached = False

    def __enter__(self) -> PolicyProxy:
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Let go of everybody who waits: the pack has ended, or the engine has."""
        self._configured.set()
        self._ready.set()
        self._server.stop(0)

    def wait_for_configuration(self) -> dict[str, str]:
        """The environment variables in which a pack expects project, stack and configuration."""
        self._configured.wait()
        given = analyzer_pb2.AnalyzerStackConfigureRequest.FromString(self._configuration)
        if not given.project:
            return {}
        return {
            "PULUMI_ORGANIZATION": given.organization or "organization",
            "PULUMI_PROJECT": given.project,
            "PULUMI_STACK": given.stack,
            "PULUMI_DRY_RUN": "true" if given.dry_run else "false",
            "PULUMI_CONFIG": json.dumps(dict(given.config)),
        }

    def attach(self, port: bytes) -> None:
        """Pass calls on to the pack that printed this port. Raises ValueError when what it printed is none."""
        self._channel = grpc.insecure_channel(f"127.0.0.1:{int(port)}", options=SIZES)
        if self._configuration:
            try:
                self._call("/pulumirpc.Analyzer/ConfigureStack", self._configuration)
            except grpc.RpcError as failed:
                if failed.code() is not grpc.StatusCode.UNIMPLEMENTED:  # as in packs of older SDKs
                    raise
        self.attached = True
        self._ready.set()

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        """The handler of a method: bytes in, bytes out."""
        method = details.method.rsplit("/", 1)[-1]
        if method == "Handshake":
            return grpc.unary_unary_rpc_method_handler(lambda request, context: b"")
        if method == "ConfigureStack":
            return grpc.unary_unary_rpc_method_handler(self._configure)
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._pass(details.method, request, context)
        )

    def _configure(self, request: bytes, context: Any) -> bytes:
        self._configuration = request
        self._configured.set()
        return b""

    def _pass(self, method: str, request: bytes, context: Any) -> bytes:
        self._configured.set()  # some commands ask about a pack without a stack
        self._ready.wait()
        if self._channel is None:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the policy pack did not start")
        try:
            return self._call(method, request)
        except grpc.RpcError as failed:
            context.abort(failed.code(), failed.details())
            raise  # never reached: abort raises

    def _call(self, method: str, request: bytes) -> bytes:
        assert self._channel is not None
        send: Any = self._channel.unary_unary(method)  # bytes in, bytes out, without serializers
        answer: bytes = send(request)
        return answer
