"""`lychgate waive`: an entry of the waivers file, written with all that such an entry must hold."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from lychgate.cli.check import moment
from lychgate.cli.waiver_files import shown
from lychgate.judging.discovery import all_rules
from lychgate.judging.rule import Rule
from lychgate.judging.ruleset import Ruleset, load_ruleset
from lychgate.judging.waivers import Written, waivers_of
from lychgate.model.document import Document, parse
from lychgate.model.errors import InputError, nearest
from lychgate.model.escaping import flat
from lychgate.model.people import is_one_of
from lychgate.reports import replace
from lychgate.reports.document import read as read_verdict
from lychgate.sources.files import read
from lychgate.sources.git import top_of, user_of
from lychgate.sources.settings import NAME, find, read_settings
from lychgate.sources.yaml_editing import edited

USUAL_DAYS = 30
URN = "urn:pulumi:STACK::PROJECT::TYPE::NAME"
WAIVABLE = ("fail", "unknown")


@dataclass(frozen=True, slots=True)
class WaiveOptions:
    """What was asked on the command line."""

    rule: str
    on: str
    reason: str
    ticket: str
    approver: str
    owner: str | None
    control: str | None
    expires: str | None
    days: int | None
    renew: bool
    verdict: Path | None
    stack: str | None
    waivers: Path | None
    settings: Path | None
    environment: str | None
    ruleset: str | None
    rules: Sequence[Path]
    as_of: str | None


def run(options: WaiveOptions) -> int:
    """Write the entry, or nothing. Raises InputError."""
    verdict = read_verdict(options.verdict) if options.verdict else None
    environment = options.environment or (verdict["run"]["environment"] if verdict else "production")
    settings = read_settings(options.settings or find(Path.cwd()), environment)
    file = options.waivers or settings.waivers
    if file is None:
        raise InputError(NAME, found="it names no waivers file", expected="`waivers: waivers.yaml`, or --waivers FILE")
    rules = all_rules(options.rules)
    baseline = options.ruleset or settings.ruleset or ("test" if environment == "test" else "production")
    ruleset = load_ruleset(baseline, rules)
    rule = _rule(options.rule, rules, ruleset)
    stack, urn = _finding(options, verdict) if verdict else _named(options)
    entry = _entry(options, ruleset, rule, stack, urn, file)
    line = _write(file, entry, options.renew, ruleset, rules, moment(options.as_of).date())
    name, last = flat(urn.rpartition("::")[2]), entry["expires"]
    print(f"{shown(file)}:{line}: {rule.id} on {name} is waived in {flat(stack)} until {last}")
    if settings.waivers is None:
        print(f"to do: `waivers: {shown(file)}` in {NAME}, or --waivers, for it to be read", file=sys.stderr)
    print(f"to do: have {flat(options.approver)} approve the change that brings it", file=sys.stderr)
    return 0


def _rule(name: str, rules: Mapping[str, Rule], ruleset: Ruleset) -> Rule:
    if name not in rules:
        hint = nearest(name, rules)
        raise InputError("RULE", found=f"unknown rule {name!r}", expected="one of `lychgate rules`", hint=hint)
    if ruleset.never_waive(name):
        raise InputError(
            "RULE", found=f"{name} must not be waived: the ruleset {ruleset.name} says never_waive", expected="the fix"
        )
    return rules[name]


def _named(options: WaiveOptions) -> tuple[str, str]:
    """Stack and URN as they were given."""
    parts = options.on.split("::")
    if len(parts) < 4 or not parts[0].startswith("urn:pulumi:"):
        found = f"{options.on!r} is no URN"
        raise InputError("--on", found=found, expected=f"{URN}, or a name with --verdict VERDICT.json")
    return options.stack or f"{parts[1]}/{parts[0].removeprefix('urn:pulumi:')}", options.on


def _finding(options: WaiveOptions, verdict: Mapping[str, Any]) -> tuple[str, str]:
    """Stack and URN of the one finding that is meant. Raises InputError where there is none, or several."""
    open_ = [
        one
        for one in verdict["judgements"]
        if one["rule"] == options.rule
        and (one["outcome"] in WAIVABLE or (options.renew and one["outcome"] == "waived"))
        and options.stack in (None, one["stack"])
    ]
    meant = {(one["stack"], one["urn"]) for one in open_ if options.on in (one["urn"], one["name"])}
    if len(meant) == 1:
        return meant.pop()
    if meant:
        several = ", ".join(sorted(flat(f"{urn} ({stack})") for stack, urn in meant))
        raise InputError("--on", found=f"{options.on!r} is several: {several}", expected="one URN, or --stack")
    names = sorted({flat(one["name"]) for one in open_})
    expected = f"one of {', '.join(names[:10])}" if names else "a finding that is open"
    found = f"{options.rule} has no open finding on {options.on!r} in {options.verdict}"
    raise InputError("--on", found=found, expected=expected, hint=nearest(options.on, names))


def _entry(options: WaiveOptions, ruleset: Ruleset, rule: Rule, stack: str, urn: str, file: Path) -> dict[str, Any]:
    """The entry, in the order of its keys. Raises InputError."""
    top = top_of(file.resolve().parent)
    author = user_of(top) if top else ()
    owner = options.owner or next(iter(author), None)
    if owner is None:
        raise InputError("--owner", found="Git knows no user.name here", expected="who asks for the waiver")
    if is_one_of(options.approver, (*author, owner)):
        found = f"{options.approver!r} is who asks for it"
        raise InputError("--approver", found=found, expected="a second person")
    first = moment(options.as_of).date()
    said = {
        "rule": rule.id, "stack": stack, "urn": urn, "owner": owner, "reason": options.reason,
        "compensating_control": options.control, "ticket": options.ticket, "approver": options.approver,
        "created": first, "expires": _last(options, ruleset, rule, first),
    }  # fmt: skip
    return {key: value for key, value in said.items() if value is not None}


def _last(options: WaiveOptions, ruleset: Ruleset, rule: Rule, first: date) -> date:
    """The last day: as asked, else USUAL_DAYS ahead, or as many as the rule's severity allows."""
    limit = ruleset.waiver_limits[rule.severity]
    if options.expires is not None:
        try:
            last = date.fromisoformat(options.expires)
        except ValueError:
            raise InputError(
                "--expires", found=f"{options.expires!r} is no date", expected="one such as 2027-01-31"
            ) from None
    else:
        last = first + timedelta(days=options.days or min(USUAL_DAYS, limit))
    days = (last - first).days
    if not 0 <= days <= limit or not limit:
        allowed = f"0 to {limit} days for a rule of severity {rule.severity}" if limit else "no waiver of this severity"
        raise InputError("--expires", found=f"{last} is {days} days from {first}", expected=allowed)
    return last


def _write(
    file: Path,
    entry: dict[str, Any],
    renew: bool,
    ruleset: Ruleset,
    rules: Mapping[str, Rule],
    day: date,
) -> int:
    """Put the entry into the file, which must be right before and after; its line."""
    data = read(file) if file.exists() else b""
    before = parse(data, str(file), empty=True)
    if data.strip():
        waivers_of(before, ruleset, rules, day, Written(str(file)))
    index = _place(before, entry, renew)

    def change(content: Any) -> None:
        if not content.get("waivers"):
            content["waivers"] = []
        waivers = content["waivers"]
        if index < len(waivers):
            waivers[index].update(entry)
        else:
            waivers.append(dict(entry))

    made = edited(data.decode("utf-8-sig"), str(file), change)
    document = parse(made.encode(), str(file))
    try:
        result = waivers_of(document, ruleset, rules, day, Written(str(file))).all[index]
    except InputError as error:
        raise InputError("the waiver", found=error.found, expected=error.expected) from None
    if result.why:
        expected = "an exact URN, or its type and at least three letters of its name in a row"
        raise InputError("--on", found=f"it would waive nothing: {result.why}", expected=expected)
    try:
        replace(file, made.encode())
    except OSError as error:
        raise InputError(str(file), found=f"cannot be written: {error.strerror}", expected="a file") from None
    return document.position(("waivers", index))[0]


def _place(document: Document, entry: Mapping[str, Any], renew: bool) -> int:
    """Where the entry belongs in the list: at the end, or in the place of the one that is renewed."""
    waivers = document.value.get("waivers", [])
    for index, one in enumerate(waivers):
        if all(one[key] == entry[key] for key in ("rule", "stack", "urn")):
            if renew:
                return index
            raise document.error(("waivers", index), f"there is one already, until {one['expires']}", "--renew")
    if renew:
        wanted = "a waiver of this rule, stack and URN"
        raise InputError(document.file, found="there is none to renew", expected=wanted)
    return len(waivers)
