"""Answers of `lychgate iam`, as data and in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lychgate.model.document import MAX_BYTES
from lychgate.model.errors import InputError, nearest, shown
from lychgate.model.escaping import flat
from lychgate.reasoning.iam import Policy, PolicyError, Request, Witness, allows, compare, parse
from lychgate.reasoning.iam.documents import Reader, show_path
from lychgate.sources.files import read

Answer = tuple[dict[str, Any], str]
ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
REQUEST = {"principal", "action", "resource", "resource_account", "context"}
LAYERS = {"identity": True, "resource": False, "boundary": False, "session": False, "scps": True, "rcps": True}
WORDS = {
    "equivalent": "A and B allow the same",
    "narrower": "A is narrower: B allows all that A does, and more",
    "wider": "A is wider: it allows all that B does, and more",
    "incomparable": "neither is within the other",
    "unknown": "it cannot be told",
}


def comparison(first: Path, second: Path) -> Answer:
    """Which of two policies allows more. Raises InputError."""
    found = compare(_policy(first, "A"), _policy(second, "B"))
    witnesses = [(name, one) for name, one in (("A", found.only_a), ("B", found.only_b)) if one is not None]
    told = {
        "relation": found.relation,
        "witnesses": [{"allowed_by": name, **_witness(one)} for name, one in witnesses],
        "reason": found.reason,
    }
    lines = [WORDS[found.relation] + (f": {flat(found.reason)}" if found.reason else "")]
    for name, one in witnesses:
        lines.append(f"only {name} allows, through {_named(one.statement)}:")
        lines += _words(one.request)
    return told, "\n".join(lines)


def decision(file: Path) -> Answer:
    """What comes of one request. Raises InputError."""
    case = _Case(file)
    layers = {name: case.policies(name, many) for name, many in LAYERS.items() if case.has(name)}
    found = allows(case.request(), **layers)
    names = ("decision", "statement", "policy", "layer", "reason")
    told = {name: getattr(found, name) for name in names} | {"notes": list(found.notes)}
    through = f" through {_named(found.statement)} of {flat(str(found.policy))}" if found.statement else ""
    lines = [f"{found.decision}{through}: {flat(found.reason)}", *(f"note: {flat(note)}" for note in found.notes)]
    return told, "\n".join(lines)


def _named(statement: str) -> str:
    """A statement by its Sid or, as it is called without one, by its number."""
    return flat(statement if statement.startswith("statement ") else f"statement {statement}")


def _witness(one: Witness) -> dict[str, Any]:
    request = one.request
    return {
        "request": {
            "principal": request.principal,
            "action": request.action,
            "resource": request.resource,
            "resource_account": request.resource_account,
            "context": dict(request.context),
        },
        "statement": one.statement,
        "real_action": one.real,
    }


def _words(request: Request) -> list[str]:
    said = [f"  {flat(request.principal)} asks for {flat(request.action)} on {flat(request.resource)}"]
    said += [f"  of account {request.resource_account}"] if request.resource_account else []
    return [*said, *(f"  with {flat(key)} = {flat(str(value))}" for key, value in request.context.items())]


def _text(file: Path) -> str:
    data = read(file)
    if len(data) > MAX_BYTES:
        raise InputError(str(file), found="the file is too large", expected=f"at most {MAX_BYTES:,} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(str(file), found="it is not UTF-8", expected="a JSON document") from None


def _policy(file: Path, label: str) -> Policy:
    try:
        return parse(_text(file), label)
    except PolicyError as error:
        raise _at(file, error) from None


def _at(file: Path, error: PolicyError) -> InputError:
    where = f"{error.path}: " if error.path != "$" else ""
    return InputError(str(file), error.line, error.column, f"{where}{error.problem}")


class _Case:
    """A case as it is written, and the way back to its lines."""

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            self.reader = Reader(_text(file))
        except PolicyError as error:
            raise _at(file, error) from None
        self.value = self._mapping((), {"request", *LAYERS})
        if "request" not in self.value:
            raise self.wrong((), "'request' is missing", "{request: {principal, action, resource}, identity: [...]}")

    def wrong(self, path: tuple[str | int, ...], found: str, expected: str = "", hint: str | None = None) -> InputError:
        where = f"{show_path(path)}: " if path else ""
        return InputError(str(self.file), *self.reader.place(path), f"{where}{found}", expected, hint)

    def has(self, name: str) -> bool:
        """Whether a layer is given: null is none."""
        return self.value.get(name) is not None

    def request(self) -> Request:
        """The request. Raises InputError."""
        given = self._mapping(("request",), REQUEST)
        for name in ("principal", "action", "resource"):
            if not isinstance(given.get(name), str) or not given[name]:
                raise self.wrong(("request", name), f"{name} is {shown(given.get(name))}", "a text")
        if not ACTION.fullmatch(given["action"]):
            raise self.wrong(("request", "action"), f"the action {shown(given['action'])}", "one action: s3:GetObject")
        owner = given.get("resource_account")
        if owner is not None and not (isinstance(owner, str) and re.fullmatch(r"\d{12}", owner)):
            raise self.wrong(
                ("request", "resource_account"), f"it is {shown(owner)}", "an account: twelve digits, as text"
            )
        return Request(given["action"], given["resource"], given["principal"], self._context(), owner)

    def _context(self) -> dict[str, str | list[str]]:
        if self.value["request"].get("context") is None:
            return {}
        found: dict[str, str | list[str]] = {}
        for key, value in self._mapping(("request", "context")).items():
            path = ("request", "context", key)
            if key.lower() in {known.lower() for known in found}:
                raise self.wrong(path, f"the key {shown(key)} stands there twice: keys know no case", "each key once")
            several = [self._value(path, one) for one in value] if isinstance(value, list) else None
            found[key] = self._value(path, value) if several is None else several
        return found

    def _value(self, path: tuple[str | int, ...], value: Any) -> str:
        """A value as AWS has it, which is text: true and numbers are written so."""
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str | int | float):
            return str(value)
        raise self.wrong(path, f"its value is {shown(value)}", "a text, or a list of texts")

    def policies(self, name: str, many: bool) -> Any:
        """A layer: a document, or a list of them; those of SCPs and RCPs may be in lists of their own, one a level."""
        given = self.value[name]
        if not isinstance(given, list):
            if many:
                raise self.wrong((name,), f"{name} is {shown(given)}", "a list of policy documents")
            return self._document((name,), given, name)
        levels = name in ("scps", "rcps")
        found: list[Any] = []
        for index, one in enumerate(given):
            if isinstance(one, list) and levels:
                inner = enumerate(one)
                found.append([self._document((name, index, at), each, f"{name}[{index}][{at}]") for at, each in inner])
            else:
                found.append(self._document((name, index), one, f"{name}[{index}]"))
        return found

    def _document(self, path: tuple[str | int, ...], given: Any, label: str) -> Policy:
        if not isinstance(given, dict):
            raise self.wrong(path, f"it is {shown(given)}", "a policy document")
        try:
            return parse(given, label)
        except PolicyError as error:
            inner = tuple(int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]$]+", error.path))
            raise self.wrong((*path, *inner), error.problem) from None

    def _mapping(self, path: tuple[str | int, ...], known: set[str] | None = None) -> dict[str, Any]:
        value: Any = self.reader.value
        for step in path:
            value = value[step]
        if not isinstance(value, Mapping):
            raise self.wrong(path, f"it is {shown(value)}", "an object")
        for key in value if known else ():
            if known and key not in known:
                hint = nearest(key, known)
                raise self.wrong((*path, key), f"unknown key {shown(key)}", f"one of {', '.join(sorted(known))}", hint)
        return dict(value)
