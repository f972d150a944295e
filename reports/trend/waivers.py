"""Waivers through their versions: how old they are, and how often they were renewed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from lychgate.reports.trend.trend import WaiverAge

_Key = tuple[str, str, str]  # rule, stack, URN
_TEXTS = ("rule", "stack", "urn", "owner", "approver", "ticket", "reason", "expires", "used")


@dataclass(slots=True)
class _Known:
    first: date
    last: str
    told: date | None = None
    renewed: int = 0


@dataclass
class Waivers:
    """All that were ever listed, one for each rule, stack and URN."""

    known: dict[_Key, _Known] = field(default_factory=dict)

    def remember(self, listed: Sequence[Mapping[str, Any]], at: datetime) -> None:
        """What a verdict lists for its stack."""
        for waiver in sorted(listed, key=_expires):
            told = _day(waiver.get("created"))
            known = self.known.setdefault(_key(waiver), _Known(at.date(), waiver["expires"]))
            if waiver["expires"] > known.last:
                known.last, known.renewed = waiver["expires"], known.renewed + 1
            if told and (known.told is None or told < known.told):
                known.told = told

    def ages(
        self, listed: Sequence[Mapping[str, Any]], severities: Mapping[str, str], day: date
    ) -> Iterator[WaiverAge]:
        """Those that the newest verdict of a stack lists, on a day. A renewal makes none younger."""
        newest = {_key(waiver): waiver for waiver in sorted(listed, key=_expires)}
        for key, waiver in newest.items():
            known, ends = self.known[key], _day(waiver["expires"])
            since = min(known.first, known.told or known.first)
            yield WaiverAge(
                **{name: waiver[name] for name in _TEXTS}, void=waiver.get("void"),
                severity=severities.get(waiver["rule"]), since=since.isoformat(), told=since == known.told,
                age=(day - since).days, left=(ends - day).days if ends else None, renewed=known.renewed,
            )  # fmt: skip


def _key(waiver: Mapping[str, Any]) -> _Key:
    return waiver["rule"], waiver["stack"], waiver["urn"]


def _expires(waiver: Mapping[str, Any]) -> str:
    expires: str = waiver["expires"]
    return expires


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
