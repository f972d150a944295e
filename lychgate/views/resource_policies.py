"""Policies that stand on a resource (a bucket, queue, key, secret, function, role): who may do what with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import UnknownRead
from lychgate.reasoning.iam import Facts, Grant, Policy, PolicyError, Statement, catalogue, parse
from lychgate.reasoning.iam.rights import Prepared, Rights
from lychgate.views import exposure
from lychgate.views.attachments import ROLE
from lychgate.views.base import View, companions
from lychgate.views.exposure import AWS_OWN, Stranger, requirements_of
from lychgate.views.iam_principals import account_of
from lychgate.views.kms import KEYS
from lychgate.views.policy_carriers import CARRIERS, KEY_POLICY, Carrier
from lychgate.views.policy_text import read_policy

ORIGIN_ACCESS_IDENTITY = "aws:cloudfront/originAccessIdentity:OriginAccessIdentity"


class ResourcePolicy(View):
    """One policy of a resource: the document it carries itself, or a separate resource that gives it one.

    A role's trust policy is a `TrustPolicy`. `policies_on` finds all policies of a resource.
    """

    types = tuple(type_ for type_ in CARRIERS if type_ != ROLE)
    __slots__ = ()

    @classmethod
    def takes(cls, resource: Resource) -> bool:
        """Managed resources that carry a policy; every KMS key does."""
        if resource.external:
            return False
        return resource.type in KEYS or resource.properties.get(CARRIERS[resource.type].property) is not None

    @property
    def carrier(self) -> Carrier:
        """How its type carries a policy."""
        return CARRIERS[self.resource.type]

    @property
    def service(self) -> str:
        """The prefix of the service's actions: `s3`, `kms`, `sts` for a trust policy."""
        return self.carrier.service

    @property
    def target(self) -> Resource | None:
        """The resource that the policy is about; None where it is not part of the program. Raises UnknownRead."""
        carrier = self.carrier
        if not carrier.reference:
            return self.resource
        return self.graph.target(self.resource, carrier.reference, *carrier.targets)

    @property
    def target_name(self) -> str:
        """The target in a word for messages: its logical name, or what the policy calls it."""
        try:
            target = self.target
            written = self.resource.properties.get(self.carrier.reference)
        except UnknownRead:
            return self.name
        if target is not None:
            return target.name
        return written if isinstance(written, str) else self.name

    @property
    def policy(self) -> Policy | None:
        """What it says; None where it gives nothing (a key whose policy stands in a KeyPolicy, a function URL with
        authorization). Raises UnknownRead where it cannot be read."""
        return self.graph.once(("resource policy", self.resource.urn), self._policy)

    def _policy(self) -> Policy | None:
        carrier = self.carrier
        if carrier.make is not None:
            document = carrier.make(self.read)
            try:
                return None if document is None else parse(document, f"{self.what} {self.name}")
            except PolicyError as error:
                why = f"makes no policy that AWS accepts ({error})"
                raise UnknownRead(self.resource.urn, carrier.property, why) from error
        policy = read_policy(self.read, carrier.property, f"{self.what} {self.name}")
        if policy is None and self.resource.type in KEYS:
            separate = companions(self.graph, (KEY_POLICY,), "keyId", *KEYS).of(self.resource)
            return None if separate else _default_key_policy(self.account)
        return policy

    @property
    def what(self) -> str:
        """Its type in a word, for messages: `BucketPolicy`, or `policy of the Queue`."""
        word = self.resource.type.rpartition(":")[2]
        return word if self.carrier.reference else f"policy of the {word}"

    @property
    def account(self) -> str:
        """The account of the target, empty where nobody says."""
        return account_of(self.graph, self.resource)

    @property
    def own_accounts(self) -> frozenset[str]:
        """The accounts that are no strangers: the target's and those of the stacks that are judged."""
        return frozenset({self.account, *(stack.account for stack in self.graph.stacks.values())} - {""})

    def granted(
        self, actions: str | Iterable[str], resource: str | Iterable[str] = "*", facts: Facts | None = None
    ) -> list[Grant]:
        """What it grants to whom (`Grant.principals`), as `lychgate.reasoning.iam.grants` says. Raises UnknownRead."""
        prepared = self.prepared
        if prepared is None:
            return []
        rights = Rights([prepared])
        return [self._at_home(rights, grant) for grant in rights.granted(actions, resource, facts)]

    def _at_home(self, rights: Rights, grant: Grant) -> Grant:
        """The grant with a witness in its own region and account, where it holds there too: a policy that says `*` is
        proven by the resource of any."""
        home = account_of(self.graph, self.resource), region_of(self.graph, self.resource)
        resource = catalogue.moved(grant.resource, *home)
        if resource == grant.resource:
            return grant
        found = rights.granted(grant.action, resource)
        return replace(grant, resource=resource) if any(one.name == grant.name for one in found) else grant

    @property
    def prepared(self) -> Prepared | None:
        """The policy, prepared for questions. Raises UnknownRead."""
        policy = self.policy
        return (
            None
            if policy is None
            else self.graph.once(("resource policy, prepared", self.resource.urn), lambda: Prepared(policy))
        )

    def speaking_of(self, *actions: str) -> list[Statement]:
        """The Allow statements that mean one of the actions, Denies aside: fast, to find out what is worth asking."""
        prepared = self.prepared
        if prepared is None:
            return []
        found = (statement for action in actions for statement, _ in prepared.relevant(action))
        return list({statement.index: statement for statement in found}.values())

    @property
    def everyone(self) -> list[Grant]:
        """What it lets everyone do: principals that are everyone, by conditions that tie nobody down.

        A policy of an OpenSearch domain inside a VPC is not open to everyone, whatever it says.
        """
        return self.once("everyone", self._everyone)

    def _everyone(self) -> list[Grant]:
        if self.service == "es" and self._in_vpc():
            return []
        open_ = (
            grant
            for allow in self.allows
            if exposure.names_everyone(allow) and not exposure.tied_down(requirements_of(allow))
            for grant in self.grants_of(allow)
        )
        return exposure.everyone(open_)

    def _in_vpc(self) -> bool:
        target = self.target
        return target is not None and target.read.has("vpcOptions")

    def strangers(self, trusted: Iterable[str] = ()) -> list[Stranger]:
        """The principals of other accounts that it lets in, other than AWS's own and those of `trusted` accounts.

        A principal that has to come from a certain organization is no stranger. Raises UnknownRead where it names an
        account and nobody says which one this is.
        """
        known = {*self.own_accounts, *trusted, *AWS_OWN}
        found: list[Stranger] = []
        for allow in self.allows:
            named = dict(self._outsiders(allow, known))
            if not named or exposure.in_organization(requirements_of(allow)):
                continue
            if not self.own_accounts:
                why = f"names {next(iter(named))}, and nobody says which account this stack is deployed to"
                raise UnknownRead(self.resource.urn, self.carrier.property, why)
            for grant in self.grants_of(allow):
                if exposure.in_organization(grant.requirements):
                    continue
                principals = [*grant.principals, *sorted(exposure.tied_accounts(grant.requirements))]
                here = [principal for principal in principals if principal in named]
                found += [Stranger(one.removeprefix("AWS:"), named.pop(one), grant) for one in here]
        return found

    def _outsiders(self, allow: Statement, known: set[str]) -> Iterator[tuple[str, str]]:
        """Principals of the statement that stand outside the known accounts, as `Grant.principals` has them, with their
        account if it can be told; accounts that everyone is tied to stand for themselves."""
        for value in exposure.named_of(allow, "AWS"):
            if value != "*":
                account = exposure.principal_account(value) or self._account_of_id(value)
                if account not in known:
                    yield f"AWS:{value}", account
        for value in exposure.named_of(allow, "CanonicalUser"):
            if value not in _origin_identities(self.graph):
                yield f"CanonicalUser:{value}", ""
        if exposure.names_everyone(allow):
            for account in sorted(exposure.tied_accounts(requirements_of(allow)) - known):
                yield account, account

    def _account_of_id(self, value: str) -> str:
        """The account of a principal that is written as a unique id (`AROA...`), where the graph knows it."""
        found = self.graph.resolve(value)
        return account_of(self.graph, found) if found is not None else ""

    @property
    def allows(self) -> tuple[Statement, ...]:
        """Its Allow statements. Raises UnknownRead."""
        policy = self.policy
        return () if policy is None else tuple(one for one in policy.statements if one.effect == "Allow")

    def grants_of(self, allow: Statement) -> list[Grant]:
        """What one Allow statement grants after the policy's Denies, by each action it names."""
        policy = self.policy
        if policy is None:
            return []
        denies = (one for one in policy.statements if one.effect == "Deny")
        rights = Rights([Prepared(replace(policy, statements=(allow, *denies)))])
        return [self._at_home(rights, one) for one in rights.granted("*" if allow.not_action else allow.actions)]


class TrustPolicy(ResourcePolicy):
    """The trust policy of a role: who may assume it."""

    types = (ROLE,)
    __slots__ = ()

    @classmethod
    def takes(cls, resource: Resource) -> bool:
        """Every managed role."""
        return not resource.external

    @property
    def what(self) -> str:
        """`trust policy of role`."""
        return "trust policy of role"


class KeyPolicy(ResourcePolicy):
    """A policy of a KMS key: its own, AWS's default one, or a KeyPolicy."""

    types = (*KEYS, KEY_POLICY)
    __slots__ = ()


def region_of(graph: Graph, resource: Resource) -> str:
    """The region that a resource is made in: its own, else its stack's; empty where nobody says."""
    own = resource.properties.get("region")
    stack = graph.stacks.get(resource.stack)
    return own if isinstance(own, str) and own else stack.region if stack is not None else ""


def policies_on(graph: Graph, resource: Resource) -> list[ResourcePolicy]:
    """The policies of a resource, wherever they are written: on itself or in separate resources.

    Raises UnknownRead where there is one whose target is not known and that might be this resource's.
    """
    for policy, unknown in unplaced(graph):
        if resource.type in policy.carrier.targets:
            raise UnknownRead(policy.resource.urn, f"{policy.name}.{unknown.path}", unknown.why)
    return _index(graph).placed.get(resource.urn, [])


def unplaced(graph: Graph) -> list[tuple[ResourcePolicy, UnknownRead]]:
    """The policies whose resource is not known, each with the reason."""
    return _index(graph).unplaced


def _index(graph: Graph) -> Index:
    return graph.once("resource policies", lambda: Index(graph))


class Index:
    """The resource policies of a graph by the URN of their target, and those whose target is not known."""

    def __init__(self, graph: Graph) -> None:
        self.placed: dict[str, list[ResourcePolicy]] = {}
        self.unplaced: list[tuple[ResourcePolicy, UnknownRead]] = []
        for policy in [*ResourcePolicy.all(graph), *TrustPolicy.all(graph)]:
            try:
                target = policy.target
            except UnknownRead as unknown:
                self.unplaced.append((policy, unknown))
                continue
            if target is not None:
                self.placed.setdefault(target.urn, []).append(policy)


def _default_key_policy(account: str) -> Policy:
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account or '000000000000'}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return parse({"Version": "2012-10-17", "Statement": [statement]}, "the default key policy")


def _origin_identities(graph: Graph) -> frozenset[str]:
    """The canonical users that are origin access identities of the program's CloudFront distributions."""
    return graph.once(
        "origin access identities",
        lambda: frozenset(str(one.outputs.get("s3CanonicalUserId")) for one in graph.of_type(ORIGIN_ACCESS_IDENTITY)),
    )
