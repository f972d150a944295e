"""Running an untrusted program so that it can pass no secret out, change nothing, and be ended whole.

`start` starts it; what it may see is said by `view` and `interpreter_folders`; `launcher` holds what runs outside
Lychgate's own process. How: Linux namespaces, a root folder of read-only mounts, a filter of system calls, resource
limits; where a system refuses namespaces, Landlock and the filter, and the handle says what stays open.
"""

from lychgate.sources.sandbox.box import Isolate, IsolationError, Limits, how_to_permit, start
from lychgate.sources.sandbox.child import Isolation, Sandboxed
from lychgate.sources.sandbox.paths import View, interpreter_folders, view

__all__ = [
    "Isolate",
    "Isolation",
    "IsolationError",
    "Limits",
    "Sandboxed",
    "View",
    "how_to_permit",
    "interpreter_folders",
    "start",
    "view",
]
