"""Terraform's built-in functions as the Pulumi package `std` has them; those that are pure and a line or two.

Each follows https://github.com/pulumi/pulumi-std (provider/NAME.go): arguments by name in, the value of `result` out,
ValueError for what it refuses. What reads files, the clock or a random source is not here.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from lychgate.sources.program.policy_document import go_json

Arguments = dict[str, Any]
MAX_TEXT = 1_000_000


def cidrsubnet(network: str, newbits: int, netnum: int) -> str:
    """The subnet with this number among those that are `newbits` longer; a negative number counts from the end."""
    whole = ipaddress.ip_network(network, strict=False)
    longer = whole.prefixlen + newbits
    if newbits < 0 or longer > whole.max_prefixlen:
        raise ValueError(f"insufficient address space to extend prefix of {whole.prefixlen} by {newbits}")
    if not -(1 << newbits) <= netnum < 1 << newbits:
        raise ValueError(f"prefix extension of {newbits} does not accommodate a subnet numbered {netnum}")
    first = int(whole.network_address) + ((netnum % (1 << newbits)) << (whole.max_prefixlen - longer))
    return f"{type(whole.network_address)(first)}/{longer}"


def cidrsubnets(network: str, newbits: list[int]) -> list[str]:
    """Consecutive subnets of these lengths."""
    whole = ipaddress.ip_network(network, strict=False)
    free, found = int(whole.network_address), []
    for bits in newbits:
        longer = whole.prefixlen + bits
        if not 1 <= bits <= 32 or longer > whole.max_prefixlen:
            raise ValueError(f"a prefix of {whole.prefixlen} cannot be extended by {bits} bits")
        size = 1 << (whole.max_prefixlen - longer)
        start = -(-free // size) * size
        free = start + size
        if free > int(whole.broadcast_address) + 1:
            raise ValueError(f"not enough remaining address space for a subnet with a prefix of {longer} bits")
        found.append(f"{type(whole.network_address)(start)}/{longer}")
    return found


def cidrhost(network: str, host: int) -> str:
    """The address with this number in the network; negative counts from the end."""
    whole = ipaddress.ip_network(network, strict=False)
    if not -whole.num_addresses <= host < whole.num_addresses:
        raise ValueError(f"prefix of {whole.prefixlen} does not accommodate a host numbered {host}")
    return str(whole[host])


def cidrnetmask(network: str) -> str:
    """The netmask of an IPv4 network."""
    whole = ipaddress.ip_network(network, strict=False)
    if whole.version == 6:
        raise ValueError(f"IPv6 addresses cannot have a netmask: {network}")
    return str(whole.netmask)


def format_text(text: str, values: list[Any]) -> str:
    """Go's format for `%s`, `%d`, `%v` and `%%`, with zeros and a width for `%d`. Raises ValueError for other verbs."""
    rest = list(values)

    def one(found: re.Match[str]) -> str:
        if found[2] == "%":
            return "%"
        if not rest or int(found[1] or 0) > 1000:
            raise ValueError(f"{found[0]} in {text[:80]!r} has no value")
        value = rest.pop(0)
        if found[2] == "d" and isinstance(value, int) and not isinstance(value, bool):
            return f"%{found[1]}d" % value
        if found[2] != "d" and not found[1] and isinstance(value, str | bool | int):
            return str(value).lower() if isinstance(value, bool) else str(value)
        raise ValueError(f"{found[0]} for {type(value).__name__} is not supported here")

    made = re.sub(r"%(\d*)(.)", one, text, flags=re.DOTALL)
    if rest:
        raise ValueError(f"{text[:80]!r} takes fewer values than it is given")
    return made


def base64decode(text: str) -> str:
    """The text that was encoded."""
    return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True).decode()


def element(items: list[Any], index: int) -> Any:
    """The element at an index that wraps around."""
    if not items:
        raise ValueError("input list must not be empty when using the element function")
    return items[index % len(items)]


def slice_(items: list[Any], start: int | None, end: int | None) -> list[Any]:
    """The elements from one index up to another; negative counts from the end."""
    first, last = start or 0, len(items) if end is None else end
    first, last = (first + len(items) if first < 0 else first), (last + len(items) if last < 0 else last)
    if not 0 <= first <= len(items) or not 0 <= last <= len(items):
        raise ValueError("index out of range")
    return items[first:last]


def lookup(a: Arguments) -> Any:
    """The value of a key, else the default."""
    if a["key"] not in a["map"] and a.get("default") is None:
        raise ValueError("key not found in input map")
    return a["map"].get(a["key"], a.get("default"))


def replace(text: str, search: str, by: str) -> str:
    """Every occurrence replaced. Raises ValueError for a search between slashes, which is a pattern of Go's."""
    if len(search) > 1 and search[0] == search[-1] == "/":
        raise ValueError("a regular expression is not supported here")
    if len(by) * (text.count(search) if search else len(text) + 1) > MAX_TEXT:
        raise ValueError(f"a text longer than {MAX_TEXT:,} characters")
    return text.replace(search, by)


def flatten(items: list[Any]) -> list[Any]:
    """The elements of nested lists, in order."""
    return [leaf for item in items for leaf in (flatten(item) if isinstance(item, list) else [item])]


def zipmap(keys: list[str], values: list[Any]) -> dict[str, Any]:
    """A map of keys to values at the same places."""
    if len(keys) != len(values):
        raise ValueError("keys and values must be the same length")
    return dict(zip(keys, values, strict=True))


def _unique(items: list[Any]) -> list[Any]:
    found: dict[str, Any] = {}
    for item in items:
        found.setdefault(go_json(item), item)
    return list(found.values())


def _digest(name: str) -> Callable[[Arguments], str]:
    return lambda a: hashlib.new(name, a["input"].encode()).hexdigest()


def _digest64(name: str) -> Callable[[Arguments], str]:
    return lambda a: base64.b64encode(hashlib.new(name, a["input"].encode()).digest()).decode()


PURE: dict[str, Callable[[Arguments], Any]] = {
    "base64decode": lambda a: base64decode(a["input"]),
    "base64encode": lambda a: base64.b64encode(a["input"].encode()).decode(),
    "base64sha256": _digest64("sha256"),
    "base64sha512": _digest64("sha512"),
    "chomp": lambda a: a["input"].rstrip("\r\n"),
    "cidrhost": lambda a: cidrhost(a["input"], a["host"]),
    "cidrnetmask": lambda a: cidrnetmask(a["input"]),
    "cidrsubnet": lambda a: cidrsubnet(a["input"], a["newbits"], a["netnum"]),
    "cidrsubnets": lambda a: cidrsubnets(a["input"], a["newbits"]),
    "compact": lambda a: [item for item in a["input"] if item not in (None, "")],
    "concat": lambda a: [item for items in a["input"] for item in items],
    "contains": lambda a: a["element"] in a["input"],
    "distinct": lambda a: _unique(a["input"]),
    "element": lambda a: element(a["input"], a["index"]),
    "endswith": lambda a: a["input"].endswith(a["suffix"]),
    "flatten": lambda a: flatten(a["input"]),
    "format": lambda a: format_text(a["input"], a.get("args") or []),
    "index": lambda a: a["input"].index(a["element"]),
    "join": lambda a: a["separator"].join(a["input"]),
    "jsondecode": lambda a: json.loads(a["input"]),
    "jsonencode": lambda a: go_json(_sorted_keys(a["input"])),
    "keys": lambda a: sorted(a["input"]),
    "length": lambda a: len(a["input"].encode() if isinstance(a["input"], str) else a["input"]),
    "lookup": lookup,
    "lower": lambda a: a["input"].lower(),
    "max": lambda a: max(a["input"]),
    "md5": _digest("md5"),
    "merge": lambda a: {key: value for one in a["input"] for key, value in one.items()},
    "min": lambda a: min(a["input"]),
    "replace": lambda a: replace(a["text"], a["search"], a["replace"]),
    "reverse": lambda a: a["input"][::-1],
    "sha1": _digest("sha1"),
    "sha256": _digest("sha256"),
    "sha512": _digest("sha512"),
    "slice": lambda a: slice_(a["list"], a.get("from"), a.get("to")),
    "sort": lambda a: sorted(a["input"]),
    "split": lambda a: a["text"].split(a["separator"]),
    "startswith": lambda a: a["input"].startswith(a["prefix"]),
    "trim": lambda a: a["input"].strip(a["cutset"]),
    "trimprefix": lambda a: a["input"].removeprefix(a["prefix"]),
    "trimspace": lambda a: a["input"].strip(),
    "trimsuffix": lambda a: a["input"].removesuffix(a["suffix"]),
    "upper": lambda a: a["input"].upper(),
    "urlencode": lambda a: quote_plus(a["input"], safe="~"),
    "values": lambda a: [a["input"][key] for key in sorted(a["input"])],
    "zipmap": lambda a: zipmap(a["keys"], a["values"]),
}


def _sorted_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted_keys(item) for key, item in sorted(value.items())}
    return [_sorted_keys(item) for item in value] if isinstance(value, list) else value
