"""A verdict beside an earlier one: what the change brings, what was there, and what is no longer found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

FAILED = ("fail", "error")
FOUND = (*FAILED, "unknown", "waived")


class Earlier(NamedTuple):
    """What was found before."""

    fingerprint: str
    rule: str
    urn: str
    type: str
    name: str
    stack: str
    severity: str
    level: str
    message: str
    was: str


def of_verdict(verdict: Mapping[str, Any]) -> Iterator[Earlier]:
    """What was found in a verdict."""
    for one in verdict["judgements"]:
        if one["outcome"] in FOUND:
            yield Earlier(**{name: one[name] for name in Earlier._fields if name != "was"}, was=one["outcome"])


def compare(
    verdict: dict[str, Any],
    earlier: Iterable[Earlier],
    stacks: Iterable[str],
    told: dict[str, Any],
    by_words: bool = True,
) -> None:
    """Write into a verdict what is new, what was there, what is no longer found; `told` is what it was compared with.

    Only of `stacks`, which the earlier one was about: of others it says nothing. What could not be determined and fails
    now was not found before. With `by_words` nor was what fails in other words, as a door that was open to a few and is
    open to all; what is deployed is said in other words anyway, for there all values are known.
    """
    known = set(stacks)
    before = {one.fingerprint: one for one in earlier if one.stack in known}
    now = {one["fingerprint"]: one for one in verdict["judgements"]}
    for one in verdict["judgements"]:
        if one["outcome"] in FOUND and one["stack"] in known:
            was = before.get(one["fingerprint"])
            one["introduced"] = was is None or (one["outcome"] in FAILED and not _same(one, was, by_words))
    rules = {rule["id"] for rule in verdict["rules"]}
    judged = {stack["name"] for stack in verdict["stacks"]}
    there = {(one["stack"], one["urn"]) for one in verdict["resources"]}
    gone = []
    for fingerprint, one in before.items():
        how = _how(one, now.get(fingerprint), rules, there) if one.stack in judged else ""
        if how:
            gone.append({name: value for name, value in one._asdict().items() if name != "fingerprint"} | {"how": how})
    verdict["compared"] = told
    verdict["mended"] = sorted(gone, key=lambda one: (one["rule"], one["urn"]))


def _same(now: Mapping[str, Any], earlier: Earlier, by_words: bool) -> bool:
    """Whether a failure is what was found before; that its waiver has ended since is said at the end of it."""
    if earlier.was == "unknown":
        return False
    ended = now["waiver"] is not None and now["message"].startswith(f"{earlier.message} (its waiver ")
    return not by_words or ended or now["message"] == earlier.message


def _how(earlier: Earlier, now: Mapping[str, Any] | None, rules: set[str], there: set[tuple[str, str]]) -> str:
    """Why an earlier finding is none now; empty where it still is one, waived or not."""
    if now is not None and now["outcome"] == "waived":
        return "" if earlier.was == "waived" else "waived"
    if now is not None:
        return "" if now["outcome"] in FOUND else "passes"
    if earlier.rule not in rules:
        return "rule not in use"
    return "not judged" if (earlier.stack, earlier.urn) in there else "resource gone"
