"""Credentials in the words of a command, which whoever may look at a workload can read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lychgate.views.credentials import (
    REFERENCE,
    Origins,
    looks_like_credential,
    names_an_object,
    opened,
    written_in_text,
)

OPTION = re.compile(r"--?([A-Za-z][\w.\-]*)(?:=(.+))?")
# What is filled in by somebody else: a template, a variable, a switch, a file.
FILLED_IN = re.compile(r"[\[{<$%].*|true|false|null|none|yes|no|on|off|[\d.]+|/.*", re.IGNORECASE)
# Options of Redis and Valkey that take a password, and are not called so.
PASSWORD_OPTIONS = ("requirepass", "masterauth")


def holds(name: str, value: str) -> bool:
    """Whether what is called so is a credential itself, not where it is to be found."""
    named = looks_like_credential(name) or name in PASSWORD_OPTIONS
    if not value or not named or names_an_object(name, value):
        return False
    return not REFERENCE.match(value) and not FILLED_IN.fullmatch(value)


def in_words(words: Any, origins: Origins) -> Iterator[str]:
    """The credentials in a command: by the name of the option before them, or by their shape."""
    texts = [str(opened(word)) if isinstance(opened(word), str) else "" for word in words]
    for word, following in zip(texts, [*texts[1:], ""], strict=False):
        option = OPTION.fullmatch(word)
        if option:
            value = option[2] or ("" if following.startswith("-") else following)
            if holds(option[1], value):
                yield f"--{option[1]}"
            elif option[2] and written_in_text(option[2], origins):
                yield "a credential"
        elif written_in_text(word, origins):
            yield "a credential"
        elif " " in word:  # what a shell is told to run
            yield from in_words([part.strip("'\"") for part in word.split()], origins)
