"""What the executables in `tests/engine/bin` run: `python tests/engine/plugins NAME [ENGINE_ADDRESS ...]`."""

import os
import sys
from pathlib import Path

# In place of this folder, which Python put first because it was named on the command line.
sys.path[0] = str(Path(__file__).resolve().parents[3])
os.environ.pop("LYCHGATE_PYTHON", None)  # meant for this process, not for the programs that it starts


def main() -> None:
    """Serve as the plugin that the executable is named after."""
    from pulumi.runtime.proto import language_pb2_grpc, provider_pb2_grpc

    from tests.engine.plugins.serving import serve

    name = sys.argv[1]
    if name == "pulumi-language-python":
        from tests.engine.plugins.language_host import Host

        host = Host(engine=sys.argv[-1] if len(sys.argv) > 2 else "")
        serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server))
    else:
        from tests.engine.plugins.provider import provider

        servicer = provider(name.removeprefix("pulumi-resource-"))
        serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server))


if __name__ == "__main__":
    main()
