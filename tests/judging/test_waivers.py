"""Waivers: what they match, when they expire, and each error at its line and column."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.ruleset import load_ruleset
from lychgate.judging.waivers import Waivers, Written, load_waivers, waivers_of
from lychgate.model.document import parse
from lychgate.model.errors import InputError
from lychgate.model.outcome import Layer, Severity


@dataclass(frozen=True)
class Facts:
    id: str
    layer: Layer = "encryption"
    severity: Severity = "high"
    parameters: type[BaseModel] | None = None


KEY, PLAIN = Facts("s3-bucket-without-customer-key"), Facts("secret-in-plain-text", severity="critical")
RULES: dict[str, Any] = built_in_rules() | {rule.id: rule for rule in (KEY, PLAIN)}
URN = "urn:pulumi:prod::shop::platform:store:Store$aws:s3/bucket:Bucket::receipts"
DAY = date(2026, 12, 1)
RULESET = load_ruleset("production", RULES)
ENTRY = {
    "rule": KEY.id,
    "stack": "prod",
    "urn": f'"{URN}"',
    "owner": "ada",
    "reason": "The key comes with the next release.",
    "ticket": "SHOP-12",
    "approver": "grace",
    "expires": "2027-01-31",
}


def entry(**changes: str | None) -> str:
    """One waiver as YAML, a key on each line; None leaves a key out."""
    lines = [f"{key}: {value}" for key, value in (ENTRY | changes).items() if value is not None]
    return "  - " + "\n    ".join(lines) + "\n"


def waivers(folder: Path, *entries: str, as_of: date = DAY) -> Waivers:
    (folder / "mine.yaml").write_text(
        "name: mine\ndescription: ours\nrules: {secret-in-plain-text: {never_waive: true}}\nwaiver_limits: {low: 0}\n"
    )
    (folder / "waivers.yaml").write_text("waivers:\n" + "".join(entries))
    return load_waivers(folder / "waivers.yaml", load_ruleset(folder / "mine.yaml", RULES), RULES, as_of)


def complaint(folder: Path, *entries: str) -> str:
    with pytest.raises(InputError) as caught:
        waivers(folder, *entries)
    return str(caught.value).replace(f"{folder}/", "")


def test_a_waiver_covers_one_finding_of_one_stack(tmp_path: Path) -> None:
    found = waivers(tmp_path, entry(compensating_control="The bucket is private."))
    assert found.match(KEY.id, "test", URN) is None
    assert found.match(PLAIN.id, "prod", URN) is None
    assert found.match(KEY.id, "prod", URN + "-archive") is None
    assert found.unused() == found.all
    waiver = found.match(KEY.id, "prod", URN)
    assert waiver is not None
    assert (waiver.ticket, waiver.state, waiver.expired, waiver.line) == ("SHOP-12", "active", False, 2)
    assert waiver.compensating_control == "The bucket is private."
    assert found.unused() == ()


def test_a_pattern_varies_within_one_type(tmp_path: Path) -> None:
    found = waivers(tmp_path, entry(urn='"urn:pulumi:*::shop::*aws:s3/bucket:Bucket::tenant-*-logs"'))
    assert found.match(KEY.id, "prod", "urn:pulumi:prod::shop::aws:s3/bucket:Bucket::tenant-a-logs")
    assert found.match(KEY.id, "prod", "urn:pulumi:prod::shop::a:b:C$aws:s3/bucket:Bucket::tenant-b-logs")
    assert not found.match(KEY.id, "prod", "urn:pulumi:prod::shop::aws:s3/bucket:Bucket::tenant-a-data")
    assert not found.match(KEY.id, "prod", "urn:pulumi:prod::shop::aws:s3/bucket:BucketXtenant-a-logs")


@pytest.mark.parametrize(
    ("as_of", "expired"),
    [
        (date(2027, 1, 31), False),
        (date(2027, 2, 1), True),
        (datetime(2027, 1, 31, 23, 59, tzinfo=UTC), False),
        (datetime.fromisoformat("2027-01-31T23:00:00-05:00"), True),
    ],
)
def test_a_waiver_holds_through_its_last_day(tmp_path: Path, as_of: date, expired: bool) -> None:
    waiver = waivers(tmp_path, entry(created="2026-12-01"), as_of=as_of).match(KEY.id, "prod", URN)
    assert waiver is not None
    assert waiver.expired is expired


@pytest.mark.parametrize(
    "urn", ["*", "urn:pulumi:prod::shop::*::receipts", "urn:pulumi:prod::shop::aws:s3/bucket:Bucket::*a*"]
)
def test_a_pattern_that_is_too_wide_waives_nothing(tmp_path: Path, urn: str) -> None:
    found = waivers(tmp_path, entry(urn=f'"{urn}"'))
    assert found.match(KEY.id, "prod", URN) is None
    assert [(one.state, one.why) for one in found.all] == [("void", "its pattern is too wide")]


AUTHORS = dict.fromkeys(range(1, 20), ("Ada Lovelace", "ada@example.com"))


@pytest.mark.parametrize("name", ["Ada Lovelace", "ada", '"@Ada"', "ADA@example.com", '"Ada  Lovelace"'])
def test_nobody_approves_what_they_have_written(tmp_path: Path, name: str) -> None:
    text = "waivers:\n" + entry(owner="grace", approver=name)
    found = waivers_of(parse(text.encode(), "w.yaml"), RULESET, RULES, DAY, Written("w.yaml", AUTHORS))
    assert [(one.state, one.why) for one in found.all] == [("void", "its approver has written it")]
    assert found.match(KEY.id, "prod", URN) is None


def test_who_has_written_one_line_has_written_it(tmp_path: Path) -> None:
    text = "waivers:\n" + entry()
    authors = AUTHORS | {9: ("Grace Hopper", "grace@example.com")}
    (one,) = waivers_of(parse(text.encode(), "w.yaml"), RULESET, RULES, DAY, Written("w.yaml", authors)).all
    assert (one.state, one.authors) == (
        "void",
        ("Ada Lovelace", "Grace Hopper", "ada@example.com", "grace@example.com"),
    )


@pytest.mark.parametrize(
    ("reason", "line"),
    [('"The key\n      comes."', 7), ("The key\n      comes.", 7), (">-\n      The key\n      comes.", 8)],
)
def test_every_line_of_a_value_counts(reason: str, line: int) -> None:
    text = "waivers:\n" + entry(reason=reason)
    for at, state in ((line, "void"), (line + 1, "active")):  # after the value stands the ticket
        authors = AUTHORS | {at: ("Grace Hopper", "grace@example.com")}
        (one,) = waivers_of(parse(text.encode(), "w.yaml"), RULESET, RULES, DAY, Written("w.yaml", authors)).all
        assert (one.state, at) == (state, at)


def test_a_line_of_somebody_unknown_leaves_the_authors_unknown(tmp_path: Path) -> None:
    text = "waivers:\n" + entry()
    authors = {line: names for line, names in AUTHORS.items() if line != 6}
    (one,) = waivers_of(parse(text.encode(), "w.yaml"), RULESET, RULES, DAY, Written("w.yaml", authors)).all
    assert (one.state, one.authors) == ("active", None)


def test_a_renewed_waiver_wins_over_the_expired_one(tmp_path: Path) -> None:
    old, new = entry(expires="2026-11-30", ticket="OLD"), entry(ticket="NEW")
    found = waivers(tmp_path, old, new)
    waiver = found.match(KEY.id, "prod", URN)
    assert waiver is not None
    assert waiver.ticket == "NEW"
    assert [unused.ticket for unused in found.unused()] == ["OLD"]


def test_a_waiver_of_tomorrow_does_not_hold_today(tmp_path: Path) -> None:
    found = waivers(tmp_path, entry(created="2026-12-02"))
    assert found.match(KEY.id, "prod", URN) is None
    assert [waiver.state for waiver in found.unused()] == ["not yet"]


def test_no_waivers() -> None:
    assert Waivers().match(KEY.id, "prod", URN) is None
    assert Waivers().unused() == ()


ERRORS: dict[str, tuple[dict[str, str | None], str]] = {
    "rule": (
        {"rule": "s3-bucket-without-customer-kye"},
        "waivers.yaml:2:11: unknown rule 's3-bucket-without-customer-kye'. expected the id of a rule (`lychgate rules` "
        "lists them); did you mean 's3-bucket-without-customer-key'?",
    ),
    "never waived": (
        {"rule": PLAIN.id},
        "waivers.yaml:2:11: secret-in-plain-text must not be waived. expected no waiver: "
        "the ruleset mine says never_waive",
    ),
    "own approval": (
        {"approver": '"@Ada"'},
        "waivers.yaml:8:15: the approver '@Ada' is also the owner. expected a second person",
    ),
    "too long": (
        {"expires": "2027-03-02"},
        "waivers.yaml:9:14: the waiver lasts 91 days, from 2026-12-01 to 2027-03-02. expected at most 90 days "
        "for a rule of severity high",
    ),
    "too long from its creation": (
        {"created": "2026-09-01"},
        "waivers.yaml:9:14: the waiver lasts 152 days, from 2026-09-01 to 2027-01-31. expected at most 90 days "
        "for a rule of severity high",
    ),
    "ends before it begins": (
        {"created": "2027-02-01"},
        "waivers.yaml:9:14: the waiver ends on 2027-01-31, before it begins. expected a day after 2027-02-01",
    ),
    "every stack": ({"stack": '"*"'}, "waivers.yaml:3:12: the pattern '*'. expected the name of one stack"),
    "date": (
        {"expires": "31.01.2027"},
        "waivers.yaml:9:14: expires is '31.01.2027'. expected a date such as 2027-01-31",
    ),
    "no reason": ({"reason": '" "'}, "waivers.yaml:6:13: reason is ' '. expected at least 1 character(s)"),
    "no owner": ({"owner": None}, "waivers.yaml:2:5: 'owner' is missing"),
    "number": (
        {"ticket": "12"},
        "waivers.yaml:7:13: ticket is 12. expected text (in quotes, if it looks like a number)",
    ),
    "key": (
        {"expiry": "2027-01-31"},
        "waivers.yaml:10:5: unknown key 'expiry'. expected approver, compensating_control, created, expires, owner, "
        "reason, rule, stack, ticket or urn; did you mean 'expires'?",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_an_error_says_where_and_what_instead(tmp_path: Path, case: str) -> None:
    changes, expected = ERRORS[case]
    assert complaint(tmp_path, entry(**changes)) == expected


def test_all_errors_are_said_at_once(tmp_path: Path) -> None:
    said = complaint(tmp_path, entry(approver="ada"), entry(), entry(stack='"*"'))
    assert [line.split(" ")[0] for line in said.splitlines()] == ["waivers.yaml:8:15:", "waivers.yaml:19:12:"]


def test_an_expired_waiver_is_no_error_of_input(tmp_path: Path) -> None:
    waiver = waivers(tmp_path, entry(expires="2020-01-01")).match(KEY.id, "prod", URN)
    assert waiver is not None
    assert waiver.expired


def test_an_expired_waiver_was_not_allowed_to_be_longer_either(tmp_path: Path) -> None:
    said = complaint(tmp_path, entry(created="2018-01-01", expires="2020-01-01"))
    assert said.startswith("waivers.yaml:9:14: the waiver lasts 730 days")


def test_a_file_without_a_list(tmp_path: Path) -> None:
    assert complaint(tmp_path) == "waivers.yaml:1:9: waivers is empty. expected a list"
