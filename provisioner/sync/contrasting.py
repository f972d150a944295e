"""What a program says of a property against what is live: the same thing in another writing is no drift.

Objects and lists are compared whole, beside a few defaults that AWS fills in. Sets have no order: lists of texts are
compared as such, lists of objects by their `name` or `id`. A policy is compared by its statements, as IAM reads them:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from lychgate.provisioner.sync.comparing import ABSENT, ADDED, DEFAULTS, Steps, document, path_of
from lychgate.provisioner.sync.live.calling import Unread

from lychgate.model.values import Secret, Unknown, contains_unknown

EMPTY: tuple[Any, ...] = ([], {}, "")
# Inside of an object, where the program says nothing: what AWS answers then.
FILLED_IN = {"mfaDelete": "Disabled", "recoveryPeriodInDays": 35, "bucketKeyEnabled": False}
KMS_KEY = re.compile(r"arn:[^:]+:kms:[^:]*:\d*:key/(.+)")
ACCOUNT = re.compile(r"\d{12}")
LISTS = ("Action", "NotAction", "Resource", "NotResource")


@dataclass(slots=True)
class Contrast:
    """What a comparison has found: places that differ (deployed, live), places that could not be compared, and those
    that could not be read."""

    found: list[tuple[Steps, Any, Any]] = field(default_factory=list)
    unsure: list[Steps] = field(default_factory=list)
    unread: list[tuple[Steps, Unread]] = field(default_factory=list)

    def properties(self, said: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        """Compare what a program says of a resource. What a reader does not know of cannot be compared."""
        for name in sorted(said):
            if name not in live:
                self.unsure.append((name,))
            else:
                self.value((name,), said[name], live[name])

    def value(self, steps: Steps, said: Any, live: Any) -> None:
        """Compare what stands at one place."""
        said, live = ABSENT if said is None else said, ABSENT if live is None else live
        if isinstance(live, Unread):
            self.unread.append((steps, live))
        elif isinstance(said, Secret):
            self._secret(steps, said, live)
        elif isinstance(said, Unknown):
            self.unsure.append(steps)
        elif (documents := _documents(said, live)) is not None:
            self._document(steps, *documents)
        elif isinstance(said, dict) and isinstance(live, dict):
            self._object(steps, said, live)
        elif isinstance(said, list) and isinstance(live, list):
            self._list(steps, said, live)
        elif not _alike(said, live):
            self.found.append((steps, said, live))

    def _secret(self, steps: Steps, said: Secret, live: Any) -> None:
        """What differs inside a secret is told as one change of the whole, and never shown."""
        inside = Contrast()
        inside.value(steps, said.value, live)
        if inside.found:
            self.found.append((steps, said, live if live is ABSENT else Secret(live)))
        elif inside.unsure or contains_unknown(said):
            self.unsure.append(steps)

    def _object(self, steps: Steps, said: dict[str, Any], live: dict[str, Any]) -> None:
        given = own(said)
        for name in sorted(given.keys() | live.keys()):
            wanted, there = given.get(name), live.get(name)
            if wanted is None and steps[-1] != "tags" and there in (None, False, FILLED_IN.get(name)):
                continue
            self.value((*steps, name), wanted, there)

    def _list(self, steps: Steps, said: list[Any], live: list[Any]) -> None:
        if all(not isinstance(one, dict | list | Secret | Unknown) for one in [*said, *live]):
            if sorted(map(_key_id, said)) != sorted(map(_key_id, live)):
                self.found.append((steps, said, live))
            return
        for index, (wanted, there) in enumerate(_pairs(said, live)):
            self.value((*steps, index), wanted, there)

    def _document(self, steps: Steps, said: Any, live: Any) -> None:
        if not (isinstance(said, dict) and isinstance(live, dict) and ("Statement" in said or "Statement" in live)):
            self._json(steps, said, live)
            return
        if said.get("Version") != live.get("Version"):
            self.value((*steps, "Version"), said.get("Version"), live.get("Version"))
        wanted, there = _statements(said), _statements(live)
        gone = [one for key, one in wanted.items() if key not in there]
        new = [one for key, one in there.items() if key not in wanted]
        if gone or new:
            self.found.append(((*steps, "Statement"), gone or ABSENT, new or ABSENT))

    def _json(self, steps: Steps, said: Any, live: Any) -> None:
        """Any other document: every part of it counts."""
        if isinstance(said, dict) and isinstance(live, dict):
            for name in sorted(said.keys() | live.keys()):
                self._json((*steps, name), said.get(name, ABSENT), live.get(name, ABSENT))
        elif isinstance(said, list) and isinstance(live, list) and not all(isinstance(one, str) for one in said):
            for index in range(max(len(said), len(live))):
                self._json((*steps, index), *(one[index] if index < len(one) else ABSENT for one in (said, live)))
        elif isinstance(said, list) and isinstance(live, list):
            self._list(steps, said, live)
        elif not _alike(said, live):
            self.found.append((steps, said, live))


def said_by(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What a program says, of the inputs in a state: without what the provider and the engine have added."""
    return {name: value for name, value in own(properties).items() if name not in ADDED and value is not None}


def own(values: Mapping[str, Any]) -> dict[str, Any]:
    """An object of a state without the provider's defaults."""
    defaults = values.get(DEFAULTS)
    left = {*defaults, DEFAULTS} if isinstance(defaults, list) else {DEFAULTS}
    return {name: value for name, value in values.items() if name not in left}


def path(steps: Steps) -> str:
    """The place as Pulumi writes it."""
    return path_of(steps)


def _pairs(said: list[Any], live: list[Any]) -> Iterator[tuple[Any, Any]]:
    """The objects of two lists that belong together: by name or id, else by their place."""
    name = next((one for one in ("name", "id") if all(_named(row, one) for row in [*said, *live])), None)
    if name is None:
        for index in range(max(len(said), len(live))):
            yield tuple(rows[index] if index < len(rows) else ABSENT for rows in (said, live))  # type: ignore[misc]
        return
    there = {row[name]: row for row in live}
    for row in said:
        yield row, there.pop(row[name], ABSENT)
    for row in there.values():
        yield ABSENT, row


def _named(row: Any, name: str) -> bool:
    return isinstance(row, dict) and isinstance(row.get(name), str)


def _alike(said: Any, live: Any) -> bool:
    """Whether AWS takes both for the same: it does not tell "1" from 1, an empty thing from none, a key from its id."""
    if ABSENT in (said, live):
        return all(one is ABSENT or one in EMPTY for one in (said, live))
    if said == live and isinstance(said, bool) == isinstance(live, bool):
        return True
    if isinstance(said, dict | list) or isinstance(live, dict | list):
        return False
    return _key_id(said) == _key_id(live)


def _key_id(value: Any) -> str:
    """A plain value as text; of the ARN of a key its id, which some services answer with."""
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    if isinstance(value, float) and value.is_integer():
        text = str(int(value))
    found = KMS_KEY.fullmatch(text)
    return found[1] if found else text


def _documents(said: Any, live: Any) -> tuple[Any, Any] | None:
    """Both as JSON documents, where at least what was said is one in a text."""
    if not isinstance(said, str):
        return None
    first, second = document(said), document(live)
    return None if first is None or second is None else (first, second)


def _statements(document: dict[str, Any]) -> dict[bytes, Any]:
    """The statements of a policy, by what they mean."""
    listed = document.get("Statement") or []
    rows = listed if isinstance(listed, list) else [listed]
    return {orjson.dumps(_meaning(one), option=orjson.OPT_SORT_KEYS): one for one in rows}


def _meaning(statement: Any) -> Any:
    if not isinstance(statement, dict):
        return statement
    found = dict(statement)
    for name in LISTS:
        if name in found:
            found[name] = _texts(found[name], lower=name.endswith("Action"))
    for name in ("Principal", "NotPrincipal"):
        if name in found:
            found[name] = _principals(found[name])
    conditions = found.get("Condition")
    if isinstance(conditions, dict) and all(isinstance(keys, dict) for keys in conditions.values()):
        found["Condition"] = {
            operator: {key.lower(): _texts(value) for key, value in keys.items()}
            for operator, keys in conditions.items()
        }
    return found


def _principals(found: Any) -> Any:
    principal = {"AWS": "*"} if found == "*" else found
    if not isinstance(principal, dict):
        return found
    return {kind: sorted({_principal(one) for one in _texts(who)}) for kind, who in principal.items()}


def _texts(value: Any, lower: bool = False) -> list[str]:
    rows = {_plain(one) for one in (value if isinstance(value, list) else [value])}
    return sorted({one.lower() for one in rows} if lower else rows)


def _plain(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _principal(name: str) -> str:
    """An account is its number or its root's ARN."""
    return f"arn:aws:iam::{name}:root" if ACCOUNT.fullmatch(name) else name
