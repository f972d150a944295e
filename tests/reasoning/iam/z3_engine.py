"""A second engine: raw policy documents as z3 formulas. It shares no code with the library that it is held against.

The meaning of every element is written down again here from AWS's documentation, over one symbolic request.
Multivalued keys have a few slots, each present or not; the generator stays under that number.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import z3  # type: ignore[import-untyped]

SLOTS = 4
TEXT = z3.StringSort()
ANY_CHAR = z3.AllChar(z3.ReSort(TEXT))
ANY = z3.Star(ANY_CHAR)
NO_COLON = z3.Union(z3.Range(chr(0), "9"), z3.Range(";", "~"))
SOME = z3.Plus(NO_COLON)
ARN = z3.Concat(
    z3.Re("arn:"), SOME, z3.Re(":"), SOME, z3.Re(":"), z3.Star(NO_COLON), z3.Re(":"), z3.Star(NO_COLON), z3.Re(":"),
    z3.Plus(ANY_CHAR),
)  # fmt: skip
Kinds = Mapping[str, str]


def sequence(parts: Sequence[Any]) -> Any:
    parts = list(parts) or [z3.Re("")]
    return parts[0] if len(parts) == 1 else z3.Concat(*parts)


def glob(text: str, one: Any = ANY_CHAR) -> Any:
    many = z3.Star(one)
    return sequence([many if char == "*" else one if char == "?" else z3.Re(char) for char in text])


def resource_glob(text: str) -> Any:
    """A star at the end of a field may cross colons, other wildcards stay in the first five fields."""
    if text == "*":
        return ANY
    fields = text.split(":", 5)
    found = []
    for number, field in enumerate(fields):
        if number == 5:
            found.append(glob(field))
        elif field.endswith("*"):
            found.append(sequence([glob(field[:-1], NO_COLON), ANY]))
        else:
            found.append(glob(field, NO_COLON))
        found.append(z3.Re(":"))
    missing = [part for _ in range(6 - len(fields)) for part in (z3.Re(":"), ANY)]
    return sequence([*found[:-1], *missing])


def arn_glob(text: str) -> Any:
    fields = text.split(":", 5)
    found = [z3.Re(":")] * 11
    found[::2] = [glob(field, NO_COLON) for field in fields[:5]] + [glob(fields[5])]
    return sequence(found)


def any_case(text: str) -> Any:
    return sequence([z3.Union(z3.Re(char.lower()), z3.Re(char.upper())) for char in text])


class Engine:
    """One symbolic request. `kinds` says for each key (in lower case) what it holds."""

    def __init__(self, kinds: Kinds) -> None:
        self.kinds = kinds
        self.action, self.resource = z3.String("action"), z3.String("resource")
        self.present = {key: z3.Bool(f"has {key}") for key in kinds}
        self.values = {key: self._value(key, kind) for key, kind in kinds.items()}
        self.slots = {
            key: [(z3.Bool(f"has {key} {slot}"), z3.String(f"{key} {slot}")) for slot in range(SLOTS)]
            for key, kind in kinds.items()
            if kind == "texts"
        }

    def _value(self, key: str, kind: str) -> Any:
        make = {"bool": z3.Bool, "number": z3.Real, "date": z3.Real, "ip": z3.Int}.get(kind, z3.String)
        return make(f"value {key}")

    def domain(self) -> Any:
        """What every request is like."""
        found = [
            z3.InRe(self.action, z3.Concat(SOME, z3.Re(":"), SOME)),
            z3.Or(self.resource == "*", z3.InRe(self.resource, ARN)),
        ]
        for key, kind in self.kinds.items():
            if kind == "arn":
                found.append(z3.InRe(self.values[key], ARN))
            elif kind == "ip":
                found += [self.values[key] >= 0, self.values[key] <= 2**32]  # the last stands for all of IPv6
            elif kind == "texts":
                found.append(self.present[key] == z3.Or(*(z3.And(has, text != "") for has, text in self.slots[key])))
        return z3.And(*found)

    def allowed(self, *documents: Mapping[str, Any]) -> Any:
        statements = [statement for document in documents for statement in document["Statement"]]
        matched = {
            effect: [self.statement(s) for s in statements if s["Effect"] == effect] for effect in ("Allow", "Deny")
        }
        return z3.And(z3.Or(*matched["Allow"]), z3.Not(z3.Or(*matched["Deny"])))

    def statement(self, statement: Mapping[str, Any]) -> Any:
        found = []
        for element, subject, make in (
            ("Action", self.action, lambda text: glob(text.lower())),
            ("Resource", self.resource, resource_glob),
        ):
            for name in (element, f"Not{element}"):
                if name in statement:
                    matched = z3.Or(*(self._resource(text, subject, make) for text in statement[name]))
                    found.append(matched if name == element else z3.Not(matched))
        for operator, block in statement.get("Condition", {}).items():
            found += [self.condition(operator, key.lower(), values) for key, values in block.items()]
        return z3.And(*found)

    def _resource(self, text: str, subject: Any, make: Any) -> Any:
        if "${" not in text:
            return z3.InRe(subject, make(text))
        before, key, after = self._variable(text)
        # the generator writes nothing but plain text around the variable, or a star at the end
        value = z3.Concat(z3.StringVal(before), self.values[key])
        if after.endswith("*"):
            held = z3.PrefixOf(z3.Concat(value, z3.StringVal(after[:-1])), subject)
        else:
            held = subject == z3.Concat(value, z3.StringVal(after))
        return z3.And(self.present[key], held)

    def _variable(self, text: str) -> tuple[str, str, str]:
        before, _, rest = text.partition("${")
        key, _, after = rest.partition("}")
        return before, key.lower(), after

    def condition(self, operator: str, key: str, values: Sequence[str]) -> Any:
        qualifier, _, name = operator.rpartition(":")
        optional = name.endswith("IfExists")
        name = name.removesuffix("IfExists")
        if name == "Null":
            return z3.Or(*(self.present[key] == (value == "false") for value in values))
        negated = "Not" in name
        name = name.replace("Not", "", 1)

        def test(value: Any) -> Any:
            held = z3.Or(*(self.compare(name, text, value) for text in values))
            return z3.Not(held) if negated else held

        if not qualifier:
            if optional or negated:
                return z3.Or(z3.Not(self.present[key]), test(self.values[key]))
            return z3.And(self.present[key], test(self.values[key]))
        real = [(z3.And(has, value != ""), value) for has, value in self.slots[key]]
        if qualifier == "ForAllValues":
            return z3.And(*(z3.Implies(has, test(value)) for has, value in real))
        return z3.Or(*(z3.And(has, test(value)) for has, value in real))

    def compare(self, name: str, text: str, value: Any) -> Any:
        if name.startswith(("Numeric", "Date")):
            wanted = z3.RealVal(text if name.startswith("Numeric") else str(moment(text)))
            order = name.removeprefix("Numeric").removeprefix("Date")
            return {
                "Equals": value == wanted,
                "LessThan": value < wanted,
                "LessThanEquals": value <= wanted,
                "GreaterThan": value > wanted,
                "GreaterThanEquals": value >= wanted,
            }[order]
        if name == "Bool":
            return value == z3.BoolVal(text.lower() == "true")
        if name == "IpAddress":
            network = ipaddress.ip_network(text, strict=False)
            return z3.And(value >= int(network.network_address), value <= int(network.broadcast_address))
        if "${" in text:
            before, key, after = self._variable(text)
            return (
                self._resource(text, value, None)
                if before or after
                else z3.And(self.present[key], value == self.values[key])
            )
        if name == "StringEquals":
            return value == z3.StringVal(text)
        if name == "StringEqualsIgnoreCase":
            return z3.InRe(value, any_case(text))
        return z3.InRe(value, glob(text) if name == "StringLike" else arn_glob(text))

    def is_request(self, action: str, resource: str, context: Mapping[str, str | Sequence[str]]) -> Any:
        """That the symbolic request is this one. What the context does not name is absent."""
        found = [self.action == z3.StringVal(action.lower()), self.resource == z3.StringVal(resource)]
        given = {key.lower(): value for key, value in context.items()}
        for key, kind in self.kinds.items():
            value = given.get(key)
            if kind == "texts":
                texts = [] if value is None else [value] if isinstance(value, str) else list(value)
                assert len(texts) <= SLOTS
                found.append(self.present[key] == any(texts))
                for slot, (has, held) in enumerate(self.slots[key]):
                    found.append(has == (slot < len(texts)))
                    found += [held == z3.StringVal(texts[slot])] if slot < len(texts) else []
            else:
                found.append(self.present[key] == (value is not None))
                found += [self.values[key] == literal(kind, value)] if isinstance(value, str) else []
        return z3.And(*found)


def literal(kind: str, value: str) -> Any:
    if kind == "bool":
        return z3.BoolVal(value == "true")
    if kind == "number":
        return z3.RealVal(value)
    if kind == "date":
        return z3.RealVal(str(moment(value)))
    if kind == "ip":
        address = ipaddress.ip_address(value)
        return z3.IntVal(int(address) if address.version == 4 else 2**32)
    return z3.StringVal(value)


def moment(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def solve(*formulas: Any, milliseconds: int = 3000) -> str:
    """`sat`, `unsat` or `unknown`."""
    solver = z3.Solver()
    solver.set("timeout", milliseconds)
    solver.add(*formulas)
    return str(solver.check())
