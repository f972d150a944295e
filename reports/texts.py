"""Text of a judged program, made harmless for where a report puts it: a line, XML, Markdown.

Everything in a verdict is treated so, rules' own texts too: a verdict file is data that somebody else has written.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lychgate.model.escaping import escape, flat

# What XML 1.0 cannot hold: https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# A word with what is in backquotes inside, which may hold spaces.
_WORD = re.compile(r"(?:[^\s`]|`[^`]*`|`)+")
_PARTS = re.compile(r"([(\"']*)(.*?)((?:(?<=`)'s)?[.,;:?)\"']*)", re.DOTALL)
_QUOTED = re.compile(r"`([^`]+)`")
# What Markdown and GitLab read as nothing but words and numbers; a commit's id would be a link.
_PLAIN = re.compile(r"(?:[^\W_]+(?:[-'][^\W_]+)*|[0-9]+(?:\.[0-9]+)+|(?:[A-Za-z]\.)+[A-Za-z]|-|->|=)?")
_COMMIT = re.compile(r"[0-9a-f]{7,40}", re.IGNORECASE)


def cut(text: str, longest: int) -> str:
    """The beginning of a text, with `...` where something is left out."""
    return text if len(text) <= longest else text[: longest - 3] + "..."


def line(text: str, longest: int = 1000) -> str:
    """A text in one line, without control characters, never empty."""
    return cut(flat(" ".join(text.split())), longest) or "-"


def xml(text: str) -> str:
    """Text that XML can hold."""
    return _NOT_XML.sub("\ufffd", escape(text))


def code(text: str, longest: int = 300) -> str:
    """A text as a code span of Markdown: GitLab reads no mention, reference, link or command in one."""
    text = line(text, longest)
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


@lru_cache(maxsize=4096)  # the texts of a rule come back with each of its findings
def prose(text: str, longest: int = 1000) -> str:
    """A text as one line of Markdown, in which every word that is more than a word is a code span.

    So nothing in it can be markup, HTML, a mention, a reference, a link or an image; the code spans that it has stay.
    """
    return " ".join(_word(word) for word in _WORD.findall(line(text, longest)))


def _word(word: str) -> str:
    """A word as it is, or what is between the punctuation around it as a code span."""
    parts = _PARTS.fullmatch(word)
    before, inside, after = parts.groups() if parts else ("", word, "")
    if after.startswith(")") and inside.count("(") > inside.count(")"):
        inside, after = f"{inside})", after[1:]
    if _PLAIN.fullmatch(inside) and not _COMMIT.fullmatch(inside):
        return word
    quoted = _QUOTED.fullmatch(inside)
    return f"{before}{code(quoted[1] if quoted else inside)}{after}"
