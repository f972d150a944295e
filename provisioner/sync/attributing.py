"""Which rules and requirements a drift breaks: the deployed graph is judged, then the same with what is live in it.

Each drift is judged alone, so that what breaks is told of what broke it, even where the rule judges another resource (a
bucket, for its public access block; a database, for a rule of a security group). What only all of them together break
has no single cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from lychgate.provisioner.sync.drift_records import Broken, Drift, ResourceDrift
from lychgate.provisioner.sync.live.tagged import Unmanaged

from lychgate.judging.evaluation import Judgement, Settings, evaluate
from lychgate.judging.rule import Rule
from lychgate.model.graph import Graph, Resource

# What it means that a setting was taken away, where that is not what S3 gives a new bucket:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html and
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
TAKEN_AWAY: Mapping[str, Mapping[str, Any]] = {
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {
        "blockPublicAcls": False,
        "blockPublicPolicy": False,
        "ignorePublicAcls": False,
        "restrictPublicBuckets": False,
    },
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": {"rule": {"objectOwnership": "ObjectWriter"}},
}
WORSE = ("fail", "error", "unknown")
Key = tuple[str, str]


class Requirements(Settings, Protocol):
    """What is needed of a ruleset."""

    def requirements_of(self, rule_id: str) -> tuple[str, ...]:
        """Ids of the requirements that a rule serves."""


def attributed(drift: Drift, rules: Iterable[Rule], ruleset: Requirements) -> Drift:
    """The drift with the rules and requirements that it breaks. A rule that could not be decided any more, because its
    properties could not be read, is among them as `unknown`."""
    rules = list(rules)
    causes = _causes(drift)
    if not causes:
        return drift
    before = _outcomes(evaluate(drift.deployed, rules, ruleset))
    found: dict[Key, list[Broken]] = {}
    for cause, one in causes:
        for key, judgement in _worse(before, evaluate(_alone(drift, one), rules, ruleset)):
            found.setdefault(key, []).append(_broken(cause, judgement, ruleset))
    if len(causes) > 1:
        for key, judgement in _worse(before, evaluate(as_live(drift), rules, ruleset)):
            found.setdefault(key, [_broken("", judgement, ruleset)])
    rows = sorted((one for each in found.values() for one in each), key=lambda one: (one.cause, one.rule, one.urn))
    return replace(drift, broken=tuple(rows))


def as_live(drift: Drift) -> Graph:
    """The deployed graph with what is live in the place of what was deployed: what could not be read is unknown, and
    parts of resources that no state knows are among them."""
    return _graph(drift, drift.resources, drift.unmanaged)


def _causes(drift: Drift) -> list[tuple[str, ResourceDrift | Unmanaged]]:
    rows: list[tuple[str, ResourceDrift | Unmanaged]] = [
        (one.urn, one) for one in drift.resources if one.state != "same"
    ]
    return rows + [(one.id, one) for one in drift.unmanaged if one.owner]


def _alone(drift: Drift, one: ResourceDrift | Unmanaged) -> Graph:
    return _graph(drift, (one,), ()) if isinstance(one, ResourceDrift) else _graph(drift, (), (one,))


def _graph(drift: Drift, changed: Iterable[ResourceDrift], unmanaged: Iterable[Unmanaged]) -> Graph:
    by_urn = {one.urn: one for one in changed}
    deployed = drift.deployed
    rows = [_live(one, by_urn.get(one.urn)) for one in deployed.resources]
    kept = [one for one in rows if one is not None]
    kept += [_part(deployed.by_urn[one.owner], one) for one in unmanaged if one.owner]
    return Graph(
        kept, deployed.stacks.values(), deployed.lookups, deployed.not_inspected, deployed.complete, deployed.settings
    )


def _live(resource: Resource, changed: ResourceDrift | None) -> Resource | None:
    """None for what does not exist any more."""
    if changed is None or changed.state == "same":
        return resource
    if changed.state == "missing":
        off = TAKEN_AWAY.get(resource.type)
        return replace(resource, properties={**resource.properties, **off}) if off else None
    properties = {
        name: value for name, value in {**resource.properties, **changed.overlay}.items() if value is not None
    }
    return replace(resource, properties=properties)


def _part(owner: Resource, one: Unmanaged) -> Resource:
    """What is part of a resource, as if a program had made it."""
    head = "::".join(owner.urn.split("::", 2)[:2])
    return Resource(
        f"{head}::{one.type}::{one.id}", one.type, one.id, dict(one.properties), parent=owner.parent,
        dependencies=(owner.urn,), location=owner.location, stack=owner.stack, id=one.id,
    )  # fmt: skip


def _outcomes(judgements: Iterable[Judgement]) -> Mapping[Key, str]:
    return {(one.rule.id, one.resource.urn): one.outcome for one in judgements}


def _worse(before: Mapping[Key, str], after: Iterable[Judgement]) -> Iterable[tuple[Key, Judgement]]:
    """What passed, was not judged or was not decided, and fails now; what passed, and cannot be decided now."""
    for one in after:
        key = (one.rule.id, one.resource.urn)
        then: Any = before.get(key, "pass")
        if (one.outcome in WORSE and then not in WORSE) or (one.outcome == "fail" and then in ("unknown", "error")):
            yield key, one


def _broken(cause: str, one: Judgement, ruleset: Requirements) -> Broken:
    return Broken(
        cause, one.rule.id, one.rule.severity, one.outcome, one.resource.urn, one.answer.message or "",
        ruleset.requirements_of(one.rule.id),
    )  # fmt: skip
