"""PCI DSS as data: all there, well-formed, and honest about what infrastructure code can say."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path

from lychgate.judging.framework import Framework, load_framework
from lychgate.judging.preflight import preflight_rules
from lychgate.judging.ruleset import read

FILE = Path(str(resources.files("lychgate.rulesets"))) / "pci-dss-4.0.1.yaml"

# How many requirements each section has directly below its second level, and deeper ones by name: the standard's shape.
THIRD_LEVEL = (
    "1.1:2 1.2:8 1.3:3 1.4:5 1.5:1 2.1:2 2.2:7 2.3:2 3.1:2 3.2:1 3.3:3 3.4:2 3.5:1 3.6:1 3.7:9 4.1:2 4.2:2 5.1:2 "
    "5.2:3 5.3:5 5.4:1 6.1:2 6.2:4 6.3:3 6.4:3 6.5:6 7.1:2 7.2:6 7.3:3 8.1:2 8.2:8 8.3:11 8.4:3 8.5:1 8.6:3 9.1:2 "
    "9.2:4 9.3:4 9.4:7 9.5:1 10.1:2 10.2:2 10.3:4 10.4:3 10.5:1 10.6:3 10.7:3 11.1:2 11.2:2 11.3:2 11.4:7 11.5:2 "
    "11.6:1 12.1:4 12.2:1 12.3:4 12.4:2 12.5:3 12.6:3 12.7:1 12.8:5 12.9:2 12.10:7 A1.1:4 A1.2:3"
)
DEEPER = (
    "3.3.1.1 3.3.1.2 3.3.1.3 3.5.1.1 3.5.1.2 3.5.1.3 3.6.1.1 3.6.1.2 3.6.1.3 3.6.1.4 4.2.1.1 4.2.1.2 5.2.3.1 5.3.2.1 "
    "6.2.3.1 7.2.5.1 8.3.10.1 9.2.1.1 9.3.1.1 9.4.1.1 9.4.1.2 9.4.5.1 9.5.1.1 9.5.1.2 9.5.1.2.1 9.5.1.3 10.2.1.1 "
    "10.2.1.2 10.2.1.3 10.2.1.4 10.2.1.5 10.2.1.6 10.2.1.7 10.4.1.1 10.4.2.1 11.3.1.1 11.3.1.2 11.3.1.3 11.3.2.1 "
    "11.5.1.1 12.4.2.1 12.5.2.1 12.6.3.1 12.6.3.2 12.10.4.1"
)
# Whose infrastructure part a rule can decide. Left out on purpose, although a rule could be written for a part of them:
# 7.2.1 asks for a defined model, which is a document; 8.3.1 covers the users of applications, whom the graph does not
# show; 2.2.2, 2.2.4, 3.6.1, 6.3.3, 10.3.3, 10.7.2 and A1.2.1 reach into machines, software or procedures.
# 2.2.6, 8.6.3, 10.2.1 and 10.3.1 are contributed to as long as rules judge only some of what they ask for.
DECIDED = (
    "1.2.5 1.2.6 1.3.1 1.3.2 1.4.1 1.4.2 1.4.4 2.2.3 2.2.7 3.7.1 3.7.4 4.2.1 6.4.1 6.4.2 6.5.3 6.5.4 7.2.2 "
    "7.2.5 7.3.1 7.3.2 7.3.3 8.3.2 8.3.6 8.3.7 8.3.9 8.6.1 8.6.2 10.2.1.1 10.2.1.2 10.2.1.3 10.2.1.4 "
    "10.2.1.5 10.2.1.6 10.2.1.7 10.3.2 10.3.4 10.5.1 12.5.1 A1.1.1 A1.1.2 A1.1.3"
)
# What v4.0 dated to the future as a whole (its summary of changes); where only one bullet was, the rest always bound.
FUTURE = (
    "3.3.2 3.4.2 3.5.1.1 3.5.1.2 4.2.1.1 5.2.3.1 5.3.2.1 5.3.3 5.4.1 6.3.2 6.4.2 6.4.3 7.2.4 7.2.5 7.2.5.1 8.3.6 "
    "8.3.10.1 8.4.2 8.5.1 8.6.1 8.6.2 8.6.3 9.5.1.2.1 10.4.1.1 10.4.2.1 10.7.2 10.7.3 11.3.1.1 11.3.1.2 11.4.7 "
    "11.5.1.1 11.6.1 12.3.1 12.3.3 12.3.4 12.5.2.1 12.5.3 12.6.2 12.6.3.1 12.6.3.2 12.10.4.1 12.10.7 A1.1.1 A1.1.4 "
    "A1.2.3"
)
# Preflight rules that prevent accidents, of which the standard says nothing.
WITHOUT_REQUIREMENT = {
    "data-store-lost-without-a-word", "setting-above-limit", "sync-for-another-applications-tenant",
    "sync-into-another-region", "sync-into-frozen-environment", "sync-into-unknown-environment",
}  # fmt: skip


@cache
def framework() -> Framework:
    return load_framework(read(FILE))


def ids(**facts: object) -> set[str]:
    """Ids of the requirements that have all these facts."""
    return {
        requirement.id
        for requirement in framework().requirements
        if all(getattr(requirement, name) == value for name, value in facts.items())
    }


def test_every_requirement_is_there_once() -> None:
    sections = (section.split(":") for section in THIRD_LEVEL.split())
    expected = [f"{name}.{number + 1}" for name, count in sections for number in range(int(count))] + DEEPER.split()
    assert sorted(requirement.id for requirement in framework().requirements) == sorted(expected)
    assert len(expected) == len(set(expected)) == 257


def test_requirements_stand_in_the_standards_order() -> None:
    def order(id_: str) -> list[int]:
        return [int(part) for part in id_.replace("A1", "13").split(".")]

    given = [requirement.id for requirement in framework().requirements]
    assert given == sorted(given, key=order)


def test_ids_are_well_formed() -> None:
    assert all(re.fullmatch(r"(A1|[1-9]|1[0-2])(\.\d{1,2}){2,4}", id_) for id_ in ids())


def test_what_rules_can_decide() -> None:
    assert ids(kind="decided") == set(DECIDED.split())


def test_each_preflight_rule_serves_a_requirement_or_is_known_to_serve_none() -> None:
    served = {rule for requirement in framework().requirements for rule in requirement.preflight}
    assert not served & WITHOUT_REQUIREMENT
    assert set(preflight_rules()) - WITHOUT_REQUIREMENT == served
    assert ids(kind="manual") <= ids(preflight=())
    for requirement in framework().requirements:
        assert list(requirement.preflight) == sorted(set(requirement.preflight)), requirement.id


def test_policies_physical_security_and_people_are_manual() -> None:
    manual = ids(kind="manual")
    assert {id_ for id_ in ids() if re.match(r"9\.|\d+\.1\.\d$|12\.(2|6|7|9)\.", id_)} <= manual
    # Reachability supports the segmentation tests and never replaces them.
    assert {"11.4.5", "11.4.6", "A1.1.4", "6.4.3", "11.6.1", "8.2.8"} <= manual


def test_stored_card_numbers_are_never_decided_by_encryption() -> None:
    assert {"3.5.1", "3.5.1.2"} <= ids(kind="contributed")


def test_former_best_practices() -> None:
    assert ids(best_practice_until=date(2025, 3, 31)) == set(FUTURE.split())
    assert ids() - ids(best_practice_until=None) == set(FUTURE.split())


def test_appendix_a1_is_a_profile() -> None:
    appendix = {id_ for id_ in ids() if id_.startswith("A1.")}
    assert ids(profile="multi-tenant-service-provider") == appendix
    assert ids(profile=None) == ids() - appendix


def test_texts_are_short_and_say_where_the_evidence_is() -> None:
    for requirement in framework().requirements:
        assert len(requirement.title) <= 60, requirement.id
        assert len(requirement.summary) <= 320, requirement.id
        assert requirement.evidence.startswith("Not in ") == (requirement.kind == "manual"), requirement.id
        assert all(text.endswith(".") for text in (requirement.summary, requirement.evidence)), requirement.id
        assert not requirement.title.endswith("."), requirement.id
