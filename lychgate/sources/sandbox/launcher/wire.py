"""Messages between Lychgate and its launcher, over a socket pair: a length, then a marshalled value.

marshal is safe here: both ends are the same interpreter's, and the untrusted program holds neither end.
"""

from __future__ import annotations

import marshal
import os

TYPE_CHECKING = False  # as typing's, without the price of importing it
if TYPE_CHECKING:
    from typing import Any

_LENGTH = 4


def send(descriptor: int, message: Any) -> None:
    """Write one message; raises OSError when the other end is gone."""
    data = marshal.dumps(message)
    rest = memoryview(len(data).to_bytes(_LENGTH, "little") + data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def receive(descriptor: int) -> object:
    """Read one message; None when the other end is gone."""
    header = _read(descriptor, _LENGTH)
    body = _read(descriptor, int.from_bytes(header, "little")) if len(header) == _LENGTH else b""
    return marshal.loads(body) if body else None


def _read(descriptor: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        try:
            piece = os.read(descriptor, size - len(data))
        except ConnectionResetError:
            return b""
        if not piece:
            return b""
        data += piece
    return data
