"""What may be asked about: a resource of the graph, or whatever an ARN means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from lychgate.model.graph import Graph, Resource
from lychgate.reasoning.iam import Language, catalogue, overlap, resources_language
from lychgate.reasoning.iam.patterns import Pattern
from lychgate.views.exposure import principal_account
from lychgate.views.iam_principals import account_of
from lychgate.views.ownership_types import BELOW


@dataclass(frozen=True, slots=True)
class Thing:
    """What is asked about: a resource of the graph with what stands below it, or an ARN: below a resource of the graph,
    or (`resource` None) of which the graph knows none or several.

    `arns` are the patterns that mean it, `account` the one that it stands in, empty where nobody says.
    """

    name: str
    arns: tuple[str, ...]
    resource: Resource | None = None
    account: str = ""

    def for_action(self, action: str) -> tuple[str, ...]:
        """The patterns that the action works on (a bucket, or its objects); all where the catalogue does not tell."""
        shapes = catalogue.shapes(action)
        if not shapes:
            return self.arns
        found = tuple(arn for arn in self.arns if any(_fits(arn, shape) for shape in shapes))
        others = () if found else catalogue.shapes(action, optional=True)
        return found or tuple(arn for arn in self.arns if any(_fits(arn, shape) for shape in others))

    @property
    def service(self) -> str:
        """The service that its ARN names, empty where it names none."""
        fields = self.arns[0].split(":", 3)
        return fields[2] if len(fields) == 4 else ""

    @property
    def elsewhere(self) -> bool:
        """Whether it is no part of the program, or not all of it: policies may stand on it that nobody knows."""
        return self.resource is None or self.resource.external


def thing_of(graph: Graph, text: str) -> Thing:
    """What a text means: a URN, an ARN (wildcards: any of these), or the name of a resource that has an ARN.

    Raises LookupError with the candidates where a name means several, or none.
    """
    if text.startswith("arn:") and text.count(":") < 5 and not any(sign in text for sign in "*?"):
        raise LookupError([one.urn for one in with_arn(graph)])
    if text == "*" or (text.startswith("arn:") and graph.resolve(text) is None):
        above = over(graph, text)
        account = principal_account(text)
        account = account if account.isdecimal() else "" if above is None else account_of(graph, above)
        return Thing(text, (text,), above, account)
    exact = graph.by_urn.get(text) or (graph.resolve(text) if text.startswith("arn:") else None)
    found = [exact] if exact is not None else [one for one in with_arn(graph) if text in _names(one)]
    if len(found) != 1 or _arn(found[0]) is None:
        raise LookupError([one.urn for one in found] or [one.urn for one in with_arn(graph)])
    return thing_at(graph, found[0])


def over(graph: Graph, arn: str) -> Resource | None:
    """The resource of the graph that an ARN names, or what it names stands below of."""
    if arn == "*":
        return None
    owns = ((one, _arn(one) or "") for one in with_arn(graph))
    return next((one for one, own in owns if arn == own or arn.startswith((f"{own}/", f"{own}:"))), None)


def _arn(resource: Resource) -> str | None:
    arn = resource.outputs.get("arn")
    return arn if isinstance(arn, str) else None


def with_arn(graph: Graph) -> list[Resource]:
    """The resources that have an ARN."""
    return graph.once("resources with ARN", lambda: [one for one in graph.resources if _arn(one) is not None])


def _names(resource: Resource) -> set[str]:
    arn = _arn(resource) or ""
    given = (resource.name, arn.rpartition(":")[2], arn.rpartition("/")[2], resource.outputs.get("id"))
    return {name for name in given if isinstance(name, str)}


def thing_at(graph: Graph, resource: Resource) -> Thing:
    """A resource with what stands below it."""
    arn = _arn(resource) or ""
    below = BELOW.get(arn.split(":")[2] if arn.count(":") >= 5 else "", "")
    arns = (arn, arn + below) if below else (arn,)
    return Thing(f"{resource.type.rpartition(':')[2]} {resource.name}", arns, resource, account_of(graph, resource))


@lru_cache(maxsize=65536)
def _fits(arn: str, shape: Pattern) -> bool:
    """Whether an action works on what the ARN means; shapes have AWS's usual partition, Region and account."""
    fields = arn.split(":", 5)
    if len(fields) < 6:
        return True
    if any(sign in fields[2] for sign in "*?"):
        fields[2] = "".join(token for token in shape if isinstance(token, str)).split(":")[2]
    usual = ("arn", "aws", fields[2], fields[3] and "us-east-1", fields[4] and "111122223333", fields[5])
    return any(_fit(text, shape) for text in _spellings(":".join(usual)))


def _spellings(text: str) -> Iterator[str]:
    """A log group is written with and without `:*`, which is also any of its streams.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html
    """
    bare = text.removesuffix(":*") if text.startswith("arn:aws:logs:") else text
    yield bare
    if bare != text:
        yield f"{bare}:log-stream:x"


def _fit(text: str, shape: Pattern) -> bool:
    one = text.replace("*", "x").replace("?", "x")
    if Language([shape]).matches(one) and catalogue.fits(one, shape):
        return True
    if one == text or (":s3:::" in text and "/" in text and "/" not in shape):
        return False
    return overlap(resources_language((text,)), Language([shape])) is not None
