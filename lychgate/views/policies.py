"""The policy documents of a resource: its own property and the separate resources that attach one."""

from __future__ import annotations

from lychgate.model.graph import Resource
from lychgate.model.values import UnknownRead
from lychgate.reasoning.iam import Policy, PolicyError, parse
from lychgate.views.base import View, companions


def policy_of(resource: Resource, name: str, label: str) -> Policy | None:
    """The policy in a property; None where it is not given or empty.

    Raises `UnknownRead` where it is not known, or is no policy that AWS would take.
    """
    document = resource.read.document(name)
    if document is None or document == "":
        return None
    try:
        return parse(document, label)
    except PolicyError as error:
        raise UnknownRead(resource.urn, name, f"is not a valid policy ({error})") from error


def policies_of(view: View, inline: str, types: tuple[str, ...], reference: str) -> list[Policy]:
    """All policies of a resource: the inline one, and those of companions that name it in `reference`."""
    found = []
    if view.read.has(inline):
        found.append(policy_of(view.resource, inline, f"the policy of {view.name}"))
        separate = companions(view.graph, types, reference, *view.types).certain(view.resource)
    else:
        separate = companions(view.graph, types, reference, *view.types).of(view.resource)
    found += [policy_of(one, "policy", f"the policy {one.name} of {view.name}") for one in separate]
    return [policy for policy in found if policy is not None]
