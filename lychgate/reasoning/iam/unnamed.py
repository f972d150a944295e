"""ARNs of resources that nobody named: what a statement allows there, it allows for whatever exists or will exist.

Every spelling comes out alike: `*`, `arn:aws:s3:::*`, NotResource, several statements, NotAction.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from . import catalogue
from .templates import Wild

_NAME = "\0"


def unnamed(action: str, seed: str, account: str = "", region: str = "") -> list[str]:
    """ARNs that the action works on, of the account and Region given (else AWS's usual example ones), with a name that
    no policy can know: it is made from `seed`. `*` for an action that has no resources."""
    name = "x" + hashlib.sha256(seed.encode()).hexdigest()[:15]
    return [text.replace(_NAME, name) for text in _shapes(action, account or "111122223333", region or "us-east-1")]


@lru_cache(maxsize=8192)
def _shapes(action: str, account: str, region: str) -> tuple[str, ...]:
    return tuple(_fill(shape, account, region) for shape in catalogue.shapes(action)) or ("*",)


def _fill(shape: tuple[str | Wild, ...], account: str, region: str) -> str:
    """An ARN of that shape; the catalogue's shapes have the usual partition, account and region."""
    text = "".join(token if isinstance(token, str) else _NAME if token is Wild.FIELD_ONE else "" for token in shape)
    partition = catalogue.partition_of(region)
    head, colon, rest = text.removeprefix("arn:aws:").partition(":")
    rest = rest.replace("us-east-1:", f"{region}:", 1).replace("111122223333", account, 1)
    return f"arn:{partition}:{head}{colon}{rest}"
