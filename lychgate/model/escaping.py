"""Text that somebody else wrote, made harmless where a person reads it."""

from __future__ import annotations

import re

# Control characters, marks of direction, what is not seen, and halves of characters; lines and tabs are kept.
CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def escape(text: str) -> str:
    """Text of a judged program, harmless on a terminal: control characters and direction marks are written out."""
    return CONTROL.sub(lambda found: found.group().encode("unicode-escape", "surrogatepass").decode(), text)


def flat(text: str) -> str:
    """The same for what may not begin a line of its own, such as a name."""
    return escape(text).replace("\n", "\\n").replace("\t", "\\t")
