"""Plain records of pods and NetworkPolicies (Kubernetes API, networking.k8s.io/v1), and label selectors.

As in `records.py`, an `Unknown` stands in a value's place, and in a list for "perhaps more".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lychgate.reasoning.network.answers import Unknown

Labels = Mapping[str, str | Unknown] | Unknown
Direction = Literal["ingress", "egress"]

# The control plane sets this label on every namespace (Kubernetes documentation, "Well-known labels").
NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace and its labels; the label with its own name need not be given."""

    name: str
    labels: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """A named port of a pod's container."""

    name: str
    protocol: str
    port: int | Unknown


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod, or all pods of a workload. `ports` are the named container ports; `addresses` as CIDR, () when not
    known."""

    id: str
    namespace: str
    labels: Labels = field(default_factory=dict)
    ports: tuple[ContainerPort, ...] | Unknown = ()
    addresses: tuple[str, ...] = ()
    host_network: bool | Unknown = False


@dataclass(frozen=True, slots=True)
class Requirement:
    """One of a selector's matchExpressions."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: tuple[str | Unknown, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """A label selector; empty, it selects everything."""

    match_labels: Mapping[str, str | Unknown] | Unknown = field(default_factory=dict)
    match_expressions: tuple[Requirement | Unknown, ...] = ()


@dataclass(frozen=True, slots=True)
class IpBlock:
    """Addresses, without some of them."""

    cidr: str | Unknown
    excepted: tuple[str | Unknown, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyPeer:
    """One entry of `from` or `to`. Both selectors in one entry must match; None means the field is absent."""

    pod_selector: LabelSelector | Unknown | None = None
    namespace_selector: LabelSelector | Unknown | None = None
    ip_block: IpBlock | Unknown | None = None


@dataclass(frozen=True, slots=True)
class PolicyPort:
    """One entry of `ports`: port None is every port, a text the name of a container port of the receiving pod."""

    protocol: str | Unknown = "TCP"
    port: int | str | Unknown | None = None
    end_port: int | Unknown | None = None


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One ingress or egress rule. No peers (or absent) is everybody, no ports (or absent) is every port."""

    peers: tuple[PolicyPeer | Unknown, ...] = ()
    ports: tuple[PolicyPort | Unknown, ...] = ()


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """A NetworkPolicy. `ingress` and `egress` () or absent allow nothing; `policy_types` None when not given.

    Without policy_types a policy always concerns ingress, and egress if it has at least one egress rule (Kubernetes,
    pkg/apis/networking/v1/defaults.go, SetDefaults_NetworkPolicy): an empty `egress: []` alone does not isolate.
    """

    id: str
    namespace: str
    pod_selector: LabelSelector | Unknown = field(default_factory=LabelSelector)
    ingress: tuple[PolicyRule | Unknown, ...] = ()
    egress: tuple[PolicyRule | Unknown, ...] = ()
    policy_types: tuple[str | Unknown, ...] | Unknown | None = None


def both(left: bool | Unknown, right: bool | Unknown) -> bool | Unknown:
    """Three-valued and."""
    if left is False or right is False:
        return False
    return right if left is True else left


def selects(selector: LabelSelector | Unknown, labels: Labels, name: str | None = None) -> bool | Unknown:
    """Whether a selector matches labels; `name` is the namespace's, for the label that every namespace has."""
    if isinstance(selector, Unknown):
        return selector
    if isinstance(selector.match_labels, Unknown):
        return selector.match_labels
    result: bool | Unknown = True
    for key, value in selector.match_labels.items():
        result = both(result, _meets(Requirement(key, "In", (value,)), labels, name))
    for item in selector.match_expressions:
        result = both(result, item if isinstance(item, Unknown) else _meets(item, labels, name))
    return result


def _meets(wanted: Requirement, labels: Labels, name: str | None) -> bool | Unknown:
    if name is not None and wanted.key == NAMESPACE_NAME_LABEL:
        labels = {NAMESPACE_NAME_LABEL: name}
    if isinstance(labels, Unknown):
        return labels
    present = wanted.key in labels
    if wanted.operator in ("Exists", "DoesNotExist"):
        return present is (wanted.operator == "Exists")
    if not present:
        return wanted.operator == "NotIn"
    among = _among(labels[wanted.key], wanted.values)
    return among if isinstance(among, Unknown) else among is (wanted.operator == "In")


def _among(value: str | Unknown, values: tuple[str | Unknown, ...]) -> bool | Unknown:
    if isinstance(value, Unknown):
        return value
    if value in values:
        return True
    return next((item for item in values if isinstance(item, Unknown)), False)


def concerns(policy: NetworkPolicy, direction: Direction) -> bool | Unknown:
    """Whether a policy concerns a direction: by its policy types, else by its rules."""
    types = policy.policy_types
    if isinstance(types, Unknown):
        return types
    if not types:
        # Rules that are not known may be none at all.
        doubt = next((rule for rule in policy.egress if isinstance(rule, Unknown)), None)
        sure = direction == "ingress" or any(isinstance(rule, PolicyRule) for rule in policy.egress)
        return True if sure else doubt or False
    if direction.capitalize() in types:
        return True
    return next((item for item in types if isinstance(item, Unknown)), False)
