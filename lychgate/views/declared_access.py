"""What the components of a program declare that they use, and what that allows to the identities in them.

A component says it by its input `access: [{target, mode}]`: platform and any other program alike. `target` is the name
of a thing in the component's stack (else of a shared one of the same application and environment), its ARN, id or URN;
`tenant` is whose share of a shared thing is meant, `key` the ARN of the key that encrypts a thing of elsewhere, `user`
the database user to connect as. What a mode allows stands in `lychgate.reasoning.uses`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Block, Unknown, UnknownRead
from lychgate.reasoning import uses
from lychgate.reasoning.iam import Policy, parse
from lychgate.reasoning.uses import Statement
from lychgate.views.attachments import ROLE
from lychgate.views.iam import WORKLOADS
from lychgate.views.iam_principals import Identity
from lychgate.views.kms import KEYS, NamedKey, named_key
from lychgate.views.owners import is_shared, owner_of
from lychgate.views.ownership_targets import DATABASE_IDS
from lychgate.views.ownership_types import FUNCTION
from lychgate.views.resource_policies import region_of
from lychgate.views.s3 import BUCKETS, Bucket

ACCESS = "access"
LABEL = "the declared access"
# The end of a secret's ARN is made up by AWS; a policy that is written before names it by six `?`.
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/permissions_grant-limited-resources.html
_SECRET = re.compile(r"(:secretsmanager:[\w-]+:\d{12}:secret:.+-)[A-Za-z0-9]{6}\Z")
_MOST = 500  # uses of one component: more than all policies of a role can hold
# A call of another workload, or of something outside of AWS, is no matter of IAM.
CALL, EXTERNAL = "call", "external/"
TYPES: dict[str, str] = {
    **dict.fromkeys(BUCKETS, "bucket"),
    "aws:dynamodb/table:Table": "table",
    "aws:sqs/queue:Queue": "queue",
    "aws:sns/topic:Topic": "topic",
    "aws:secretsmanager/secret:Secret": "secret",
    "aws:ssm/parameter:Parameter": "parameter",
    "aws:kinesis/stream:Stream": "stream",
    "aws:rds/cluster:Cluster": "database",
    "aws:rds/instance:Instance": "database",
    FUNCTION: "function",
    "aws:cloudwatch/logGroup:LogGroup": "log-group",
    "aws:ecr/repository:Repository": "repository",
    **dict.fromkeys(KEYS, "key"),
    ROLE: "role",
}
# Which property names the key that a thing is encrypted with; a bucket's may stand beside it.
_KEYED = {
    "table": "serverSideEncryption.kmsKeyArn",
    "queue": "kmsMasterKeyId",
    "topic": "kmsMasterKeyId",
    "secret": "kmsKeyId",
    "parameter": "keyId",
    "stream": "kmsKeyId",
}
_ARNS = {
    "bucket": r"arn:[\w-]+:s3:::[^/*?]+",
    "table": r"arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table/[^/*?]+",
    "queue": r"arn:[\w-]+:sqs:[\w-]+:\d{12}:[^*?]+",
    "topic": r"arn:[\w-]+:sns:[\w-]+:\d{12}:[^:*?]+",
    "secret": r"arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[^*]+",
    "parameter": r"arn:[\w-]+:ssm:[\w-]+:\d{12}:parameter/[^*?]+",
    "stream": r"arn:[\w-]+:kinesis:[\w-]+:\d{12}:stream/[^*?]+",
    "function": r"arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[^:*?]+",
    "log-group": r"arn:[\w-]+:logs:[\w-]+:\d{12}:log-group:[^:*?]+",
    "repository": r"arn:[\w-]+:ecr:[\w-]+:\d{12}:repository/[^*?]+",
    "key": r"arn:[\w-]+:kms:[\w-]+:\d{12}:key/[^*?]+",
    "role": r"arn:[\w-]+:iam::\d{12}:role/[^*?]+",
}


@dataclass(frozen=True, slots=True)
class Use:
    """One declared use: `thing` is the resource of the graph that is used, None for one of elsewhere. `statements` are
    what it takes, `more` what a policy may name beside without allowing more: whatever is below a table, of which only
    indexes have items; a secret without the end of its ARN."""

    component: Resource
    target: str
    mode: str
    thing: Resource | None
    statements: tuple[Statement, ...] = ()
    more: tuple[Statement, ...] = ()


@dataclass(slots=True)
class Declared:
    """What is declared for an identity. `unread` says of other uses why what they allow is not known: the uses that
    are, allow at least as much as `reference` says."""

    uses: list[Use] = field(default_factory=list)
    unread: list[UnknownRead] = field(default_factory=list)

    @property
    def statements(self) -> list[Statement]:
        """What the uses take, as statements of IAM."""
        return [statement for use in self.uses for statement in use.statements]

    @property
    def reference(self) -> Policy:
        """The most that policies for these uses may allow."""
        return policy_of([*self.statements, *(statement for use in self.uses for statement in use.more)])


def policy_of(statements: list[Statement]) -> Policy:
    """Statements as a policy, which may have none."""
    document = {"Version": "2012-10-17", "Statement": statements}
    return parse(document, LABEL) if statements else Policy((), label=LABEL)


def declared(identity: Identity) -> Declared | None:
    """What is declared for an identity; None where no component that it belongs to declares anything.

    It belongs to the components around it, and around the workloads and instance profiles that run as it. Of these the
    nearest counts that declares something, itself or by a component inside that has no identity or workload of its own.
    """
    return identity.once("declared access", lambda: _declared(identity))


def declares_anything(graph: Graph, stack: str) -> bool:
    """Whether a component of a stack declares what it uses."""
    return any(one.stack == stack for one in _index(graph).components)


def _declared(identity: Identity) -> Declared | None:
    index = _index(identity.graph)
    components: dict[str, Resource] = {}
    for holder in [identity.resource, *index.workloads.get(identity.resource.urn, ())]:
        components |= {one.urn: one for one in index.nearest(holder)}
    if not components:
        return None
    found = Declared()
    for component in components.values():
        for entry in _entries(component, found):
            try:
                use = _use(identity.resource, component, entry, identity.graph)
            except UnknownRead as unknown:
                found.unread.append(unknown)
            else:
                found.uses.append(use)
    return found


class _Index:
    """Which components declare something, and which hold those that they speak for."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.components = [
            # A pack cannot tell a component otherwise than by that it has no provider.
            one
            for one in graph.resources
            if (not one.custom or one.provider is None) and _declares(one.properties.get(ACCESS))
        ]
        speaking = graph.of_type(*_IDENTITIES, *WORKLOADS) if self.components else ()
        self.holding = {urn for one in speaking for urn in self._above(one)}
        self.inside: dict[str, list[Resource]] = {}
        for one in self.components:
            for urn in (one.urn, *(self._above(one) if one.urn not in self.holding else ())):
                self.inside.setdefault(urn, []).append(one)
        self.workloads: dict[str, list[Resource]] = {}
        for type_, name in WORKLOADS.items() if self.components else ():
            for workload in graph.of_type(type_):
                try:
                    role = graph.target(workload, name, ROLE)
                except UnknownRead:
                    continue  # whose it is cannot be told: it declares nothing for a role that has a word of its own
                if role is not None:
                    self.workloads.setdefault(role.urn, []).append(workload)

    def _above(self, resource: Resource) -> Iterator[str]:
        above = self.graph.by_urn.get(resource.parent or "")
        while above is not None and above.type != "pulumi:pulumi:Stack":
            yield above.urn
            above = self.graph.by_urn.get(above.parent or "")

    def nearest(self, resource: Resource) -> list[Resource]:
        """The components that speak for what stands where the resource does."""
        return next((found for urn in self._above(resource) if (found := self.inside.get(urn))), [])


_IDENTITIES = (ROLE, "aws:iam/user:User")


def _index(graph: Graph) -> _Index:
    return graph.once("declared access", lambda: _Index(graph))


def _declares(value: Any) -> bool:
    """Whether an input called `access` is a declaration: a list, of objects with a target. Another component may mean
    something else by the word, such as `private`."""
    if isinstance(value, Unknown):
        return True
    return isinstance(value, list) and all(
        isinstance(one, Unknown) or (isinstance(one, Mapping) and "target" in one) for one in value
    )


def _entries(component: Resource, found: Declared) -> list[Block]:
    try:
        entries = component.read.blocks(ACCESS)
    except UnknownRead as unknown:
        found.unread.append(unknown)
        return []
    if len(entries) > _MOST:
        why = f"lists {len(entries)} uses, and {_MOST} are the most that are looked at"
        found.unread.append(UnknownRead(component.urn, ACCESS, why))
    return entries[:_MOST]


def _use(identity: Resource, component: Resource, entry: Block, graph: Graph) -> Use:
    """One entry, with what it allows to an identity. Raises UnknownRead."""
    target, mode = entry.value("target"), entry.text("mode")
    if mode == CALL or (isinstance(target, str) and target.startswith(EXTERNAL)):
        return Use(component, str(target), CALL, None)
    thing = _thing(graph, identity, component, entry, target, mode)
    kind, arn = (TYPES[thing.type], thing.outputs.get("arn")) if thing is not None else _elsewhere(entry, target)
    modes = uses.KINDS[kind].modes
    if mode is None or mode not in modes:
        raise UnknownRead(component.urn, entry.at("mode"), f"is {mode!r}, and a {kind} has {', '.join(modes)}")
    if not isinstance(arn, str):
        raise UnknownRead(component.urn, entry.at("target"), f"is {target}, whose ARN is not known yet")
    tenant = entry.text("tenant")
    if tenant is not None and not uses.KINDS[kind].tenant:
        raise UnknownRead(component.urn, entry.at("tenant"), f"is given for a {kind}, which has no shares of tenants")
    parts = uses.parts_of(arn)
    if tenant is not None:
        parts["objects"] = [f"{arn}/{tenant}/*"]
    if kind == "database":
        parts = _users(component, entry, thing, arn)
    key, region = _key(graph, component, entry, thing, kind)
    region = region or (arn.split(":")[3] if arn.count(":") >= 5 else "")
    more: list[Statement] = []
    if kind == "table" and thing is not None and not thing.external:
        more = uses.statements(kind, mode, {**parts, "items": [arn, f"{arn}/*"]}, tenant=tenant)
        parts["items"] = [arn, *(f"{arn}/index/{name}" for name in _indexes(thing))]
    if kind == "secret" and thing is not None and not thing.external:
        more = uses.statements(kind, mode, {**parts, "itself": [unfinished(arn)]})
    statements = uses.statements(kind, mode, parts, key=key, region=region, tenant=tenant)
    return Use(component, str(target), mode, thing, tuple(statements), tuple(more))


def unfinished(arn: str) -> str:
    """The ARN of a secret with `?` in the place of what AWS makes up; any other ARN as it is."""
    return _SECRET.sub(r"\1??????", arn)


def _indexes(table: Resource) -> list[str]:
    """The indexes of a table. Raises UnknownRead."""
    lists = ("globalSecondaryIndexes", "localSecondaryIndexes")
    return [block.text("name") or "" for name in lists for block in table.read.blocks(name)]


def _thing(
    graph: Graph, identity: Resource, component: Resource, entry: Block, target: Any, mode: str | None
) -> Resource | None:
    """The resource that a target names; None for an ARN of elsewhere. Raises UnknownRead."""
    found = graph.resolve(target, stack=component.stack)
    if found is not None and found.type in TYPES:
        return found
    if isinstance(target, str) and (target.startswith("arn:") or target in uses.KINDS):
        return None
    every = _named(graph).get(str(target), ())
    named = [one for one in every if one.stack == component.stack]
    named = named or [one for one in every if _shared_with(graph, one, identity)]
    named = named or [
        one for type_ in TYPES if (one := graph.resolve(target, type_, stack=component.stack)) is not None
    ]
    fitting = [one for one in named if mode in uses.KINDS[TYPES[one.type]].modes] or named
    if not fitting:
        raise UnknownRead(component.urn, entry.at("target"), f"is {target}, which is not among what is judged")
    if len(fitting) > 1:
        kinds = " and a ".join(sorted(TYPES[one.type] for one in fitting))
        raise UnknownRead(component.urn, entry.at("target"), f"is {target}, which names a {kinds}: write a URN or ARN")
    return fitting[0]


def _named(graph: Graph) -> dict[str, list[Resource]]:
    def index() -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for one in graph.of_type(*TYPES):
            found.setdefault(one.name, []).append(one)
        return found

    return graph.once("things by name", index)


def _shared_with(graph: Graph, thing: Resource, identity: Resource) -> bool:
    """Whether a thing of another stack is what the tenants of the identity's own application share."""
    one, other = (owner_of(graph, each, "tenant") for each in (thing, identity))
    alike = (one.application, one.environment) == (other.application, other.environment)
    return alike and one.application is not None and is_shared(graph, thing)


def _elsewhere(entry: Block, target: Any) -> tuple[str, str]:
    """Kind and ARN of what is not in the graph. Raises UnknownRead."""
    if target == "tracing":
        return "tracing", "*"
    for kind, pattern in _ARNS.items():
        if isinstance(target, str) and re.fullmatch(pattern, target):
            return kind, target
    raise UnknownRead(entry.urn, entry.at("target"), f"is {target}, and what kind of thing that is cannot be told")


def _users(component: Resource, entry: Block, thing: Resource | None, arn: str) -> dict[str, list[str]]:
    """A database's users, as IAM names them. Raises UnknownRead."""
    name = thing.outputs.get(DATABASE_IDS[thing.type]) if thing is not None else None
    if not isinstance(name, str):
        raise UnknownRead(component.urn, entry.at("target"), "is a database whose id is not known yet")
    fields = arn.split(":")
    users = f"{fields[0]}:{fields[1]}:rds-db:{fields[3]}:{fields[4]}:dbuser:{name}"
    given = entry.text("user")
    return {"writer": [f"{users}/{given or uses.WRITER}"], "reader": [f"{users}/{given or uses.READER}"]}


def _key(graph: Graph, component: Resource, entry: Block, thing: Resource | None, kind: str) -> tuple[str | None, str]:
    """The ARN of the customer managed key that encrypts a thing, None without one, and the region. Raises
    UnknownRead."""
    if thing is None:
        given = entry.text("key")
        return given or None, given.split(":")[3] if given and given.count(":") >= 5 else ""
    key = key_of(graph, thing)
    region = region_of(graph, thing)
    if key is None or not key.customer:
        return None, region
    arn = key.resource.outputs.get("arn") if key.resource is not None else key.written
    if not isinstance(arn, str) or not arn.startswith("arn:") or ":alias/" in arn:
        raise UnknownRead(thing.urn, _KEYED.get(kind, "key"), f"is {key.written}: the ARN of that key is not known")
    return arn, region


def key_of(graph: Graph, thing: Resource) -> NamedKey | None:
    """The key that encrypts the data of a thing of `TYPES`, where one is named. Raises UnknownRead."""
    kind = TYPES[thing.type]
    if thing.external:
        return None
    if kind == "bucket":
        return Bucket.of(graph, thing).encryption.key
    path = _KEYED.get(kind)
    if path is None:
        return None
    *outer, leaf = path.split(".")
    block = thing.read.block(outer[0]) if outer else thing.read
    return named_key(graph, thing, block, leaf)
