"""A Pulumi program as a source: it is run in its own process against Lychgate's own monitor, and every registration is
answered with symbolic values, so that the graph is complete before anything exists.

`project` reads Pulumi.yaml and the configuration, `host` is what runs in the program's interpreter, `monitor` answers
its calls (`answers` makes the symbolic values, `functions` computes pure functions), `capture` holds them together.
"""

import os

# gRPC's C core writes its own log to stderr, where it means nothing to a user.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
