"""A request to change the platform, from what is asked to a draft: the file edited, and what that makes judged."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from lychgate.cli.check import moment
from lychgate.cli.platforms import Found
from lychgate.cli.waiver_files import read_waivers
from lychgate.judging.discovery import built_in_rules
from lychgate.judging.verdict import RunFacts
from lychgate.portal.actions import Asked
from lychgate.portal.drafts import Draft
from lychgate.portal.editing import changed
from lychgate.portal.verdicts import Judged, Judges, Told, edited_copy, judge, verdict_of
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.sync.capturing import Capturing
from lychgate.reports import renderer
from lychgate.sources.policy_ref import PolicyTree


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file that is edited stands: its path, that in the repository, the commit, and its text there."""

    path: Path
    name: str
    commit: str
    text: str


def judges_of(found: Found, tree: PolicyTree | None = None) -> Judges:
    """What a request is judged by: the waivers as they are, or as a commit has them."""
    rules, as_of, settings = built_in_rules(), moment(None), found.settings
    facts = RunFacts(as_of, "", True, version("lychgate"), policy_ref=tree.commit if tree else None)
    return Judges(
        rules, lambda ruleset: read_waivers(settings.waivers, ruleset, rules, as_of, tree), settings.labels, facts
    )


def drafted(
    asked: Asked,
    found: Found,
    place: Place,
    judges: Judges,
    valid: Callable[[], None] = lambda: None,
    told: Told = lambda environment: None,
) -> Draft:
    """What a request makes of a file of the platform, judged. `valid` is called once that is what it may be, `told`
    with what is judged next. Raises InputError."""
    if asked.action.operation == "waive":
        text, judged = _waiver(asked, found, judges, place)
    else:
        text = changed(place.text, place.name, asked)
        with edited_copy(found.file, found.platform.folder, place.path, text) as after:
            valid()
            judged = judge(asked.application, after, found.platform, judges, told)
    return Draft(asked, place.name, place.text, text, judged)


def _waiver(asked: Asked, found: Found, judges: Judges, place: Place) -> tuple[str, Judged]:
    """The waivers file with an entry for a finding that is open now, and the verdict that has it."""
    from lychgate.cli.waive import WaiveOptions
    from lychgate.cli.waive import run as waive

    environment, tenant = asked.stack
    scope = Scope.of(found.platform, asked.application, environment, tenant)
    with Capturing(found.platform.folder, found.file) as capturing:
        verdict = verdict_of(scope, capturing, judges)
    meant = [
        one
        for one in verdict["judgements"]
        if one["fingerprint"] == asked.fingerprint and one["stack"].rpartition("/")[2] == scope.stack
    ]
    if len(meant) != 1:
        raise asked.refused(f"{scope.stack} has no finding {asked.fingerprint}", "one that is open")
    said = asked.inputs
    with TemporaryDirectory(prefix="lychgate-portal-") as name:
        file, copy = Path(name) / "verdict.json", Path(name) / place.path.name
        file.write_bytes(renderer("json")(verdict))
        copy.write_text(place.text, encoding="utf-8", newline="")
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            waive(
                WaiveOptions(
                    rule=meant[0]["rule"], on=meant[0]["urn"], reason=said["reason"], ticket=said["ticket"],
                    approver=asked.approver, owner=asked.run.by.email,
                    control=said.get("compensating_control"), expires=None, days=said.get("days"), renew=False,
                    verdict=file, stack=meant[0]["stack"], waivers=copy, settings=found.file, environment=environment,
                    ruleset=scope.environment.baseline, rules=(), as_of=None,
                )
            )  # fmt: skip
        return copy.read_text(encoding="utf-8"), Judged({environment: verdict}, 0, 0)
