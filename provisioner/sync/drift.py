"""Drift: what is deployed, by Pulumi's state, against what the account says.

Only what the program says is compared, since that is what a sync brings about again; beside that, whatever is part of a
resource without being in any state (rules of security groups, policies of roles, subscriptions) or carries the stack's
tags. Nothing that could not be read is taken for unchanged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lychgate.provisioner.sync.contrasting import Contrast, path, said_by
from lychgate.provisioner.sync.drift_records import Drift, Drifted, ResourceDrift
from lychgate.provisioner.sync.live.calling import Account, Unread
from lychgate.provisioner.sync.live.readers import NOT_KEPT, RELIED_ON
from lychgate.provisioner.sync.live.reading import Live, managed, read_live

from lychgate.model.errors import InputError
from lychgate.model.graph import Graph, Resource
from lychgate.model.redaction import Redactor
from lychgate.model.values import Secret, Unknown


def session(region: str) -> Any:
    """A `boto3.session.Session` of whoever calls. Raises InputError where boto3 is not installed."""
    try:
        import boto3  # type: ignore[import-untyped]
    except ImportError:
        expected = "`pip install 'lychgate[sync]'`"
        raise InputError("drift", found="boto3 is not installed, which reads the account", expected=expected) from None
    return boto3.session.Session(region_name=region)


def check_drift(
    deployed: Graph,
    session: Any,
    endpoint: str | None = None,
    progress: Callable[[int], None] = lambda count: None,
    others: Iterable[Graph] = (),
) -> Drift:
    """Compare the state of a stack with the account of a `boto3.session.Session`, by reading calls only.

    `endpoint` is another place than AWS's own, for every service. `others` are the states of the stacks beside it: what
    they have opened in this one's security groups, for instance, is then known. `progress` is told how many resources
    have been read. Raises AccountError (an InputError) where the credentials are missing or of another account.
    """
    others = list(others)
    return drift(deployed, read_live(deployed, Account(session, endpoint), others, progress))


def drift(deployed: Graph, live: Live) -> Drift:
    """The same with what was read already. A resource that `live` says nothing of is unread."""
    elsewhere = Counter(
        one.type.partition(":")[0]
        for one in deployed.resources
        if one.custom and not one.external and not one.type.startswith(("aws:", "pulumi:"))
    )
    silent = Unread("", "was not asked for")
    rows = [_resource(one, live.answers.get(one.urn, silent)) for one in managed(deployed)]
    rows.sort(key=lambda one: one.urn)
    return Drift(
        tuple(rows), live.unmanaged, live.not_searched, dict(elsewhere), (), live.account, deployed,
        Redactor.of(deployed),
    )  # fmt: skip


def _resource(resource: Resource, answer: Mapping[str, Any] | Unread | None) -> ResourceDrift:
    said = _said(resource)
    ident = resource.id if isinstance(resource.id, str) else ""
    about = (resource.urn, resource.type, resource.name, ident)
    if answer is None:
        return ResourceDrift(*about, "missing", location=resource.location)
    if isinstance(answer, Unread):
        overlay = {name: Unknown(f"could not be read ({answer})") for name in said}
        return ResourceDrift(*about, "unread", unread=(answer,), location=resource.location, overlay=overlay)
    contrast = Contrast()
    contrast.properties(said, answer)
    unread = tuple(dict.fromkeys(one for _, one in contrast.unread))
    return ResourceDrift(
        *about,
        "changed" if contrast.found else "unread" if unread else "same",
        tuple(Drifted(*one) for one in contrast.found),
        unread,
        tuple(sorted({path(steps) for steps in contrast.unsure})),
        resource.location,
        _overlay(resource, contrast, answer),
    )


def _said(resource: Resource) -> dict[str, Any]:
    """What is compared: what the program says and AWS keeps, and the defaults that the components rely on."""
    ignored = {one.partition(".")[0].partition("[")[0] for one in resource.options.get("ignoreChanges", ())}
    said = {**RELIED_ON.get(resource.type, {}), **said_by(resource.properties)}
    return {name: value for name, value in said.items() if name not in NOT_KEPT and name not in ignored}


def _overlay(resource: Resource, contrast: Contrast, live: Mapping[str, Any]) -> dict[str, Any]:
    """The live values of the properties that differ, as the rules would read them in the program."""
    found: dict[str, Any] = {}
    for steps, unread in contrast.unread:
        found[str(steps[0])] = Unknown(f"could not be read ({unread})")
    for steps, _, _ in contrast.found:
        name = str(steps[0])
        value = live.get(name)
        found[name] = Secret(value) if isinstance(resource.properties.get(name), Secret) else value
    return found
