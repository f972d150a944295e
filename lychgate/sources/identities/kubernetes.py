"""Identities of Kubernetes objects: name, namespace, and the id "NAMESPACE/NAME" that Pulumi's provider gives them."""

from __future__ import annotations

from collections.abc import Mapping

from lychgate.sources.identities.identity import Identity
from lychgate.sources.identities.template import generate

# Cluster-scoped kinds: `kubectl api-resources --namespaced=false` of Kubernetes 1.34 and provider/pkg/kinds/kinds.go of
# pulumi-kubernetes, old API versions included.
_CLUSTER_SCOPED = frozenset(
    """
    APIService AuditSink CertificateSigningRequest ClusterCIDR ClusterRole ClusterRoleBinding ClusterTrustBundle
    ComponentStatus CSIDriver CSINode CustomResourceDefinition DeviceClass DeviceTaintRule FlowSchema IPAddress
    IngressClass MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration Namespace Node
    PersistentVolume PodSecurityPolicy PriorityClass PriorityLevelConfiguration ResourceSlice RuntimeClass
    SelfSubjectAccessReview SelfSubjectReview SelfSubjectRulesReview ServiceCIDR StorageClass StorageVersion
    StorageVersionMigration SubjectAccessReview TokenReview ValidatingAdmissionPolicy
    ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration VolumeAttachment VolumeAttributesClass
    """.split()  # noqa: SIM905 (a table reads better than 45 quoted words)
)
# API groups without a dot; every other group of Kubernetes itself ends in ".k8s.io", custom resources have their own.
_GROUPS = frozenset({"core", "apps", "batch", "autoscaling", "policy", "extensions", "meta"})


def identify_kubernetes(
    type_: str, urn: str, logical_name: str, inputs: Mapping[str, object], unknown_inputs: frozenset[str]
) -> Identity:
    """The identity of `kubernetes:GROUP/VERSION:KIND`; properties are "metadata.name" and "metadata.namespace".

    A provider's own default namespace is the caller's to put into `inputs`. A custom resource without a namespace may
    be cluster-scoped or not: its id is assumed to be its name.
    """
    group = type_.split(":")[1].split("/")[0]
    kind = type_.rpartition(":")[2].removesuffix("Patch")
    if group == "helm.sh" and kind == "Release":
        return _named(urn, logical_name, "", inputs, unknown_inputs, namespaced=True)
    if group in ("helm.sh", "yaml", "kustomize"):
        return Identity(f"{logical_name}-{generate(urn, 'hex', 8)}", assumed=frozenset({"id"}))
    metadata = inputs.get("metadata")
    given = metadata if isinstance(metadata, Mapping) else {}
    keys = frozenset({"name", "namespace", "generateName"})
    unknown = frozenset(key for key in keys if f"metadata.{key}" in unknown_inputs)
    if metadata is None and "metadata" in unknown_inputs:
        unknown = keys
    known_group = group in _GROUPS or group.endswith(".k8s.io")
    identity = _named(urn, logical_name, "metadata.", given, unknown, namespaced=is_namespaced(type_))
    if known_group or "namespace" in given:
        return identity
    return Identity(identity.id, properties=identity.properties, assumed=frozenset({"id"}))


def is_namespaced(type_: str) -> bool:
    """Whether an object of a kind of Kubernetes itself stands in a namespace."""
    group, kind = type_.split(":")[1].split("/")[0], type_.rpartition(":")[2].removesuffix("Patch")
    return kind not in _CLUSTER_SCOPED and (group in _GROUPS or group.endswith(".k8s.io"))


def _named(
    urn: str,
    logical_name: str,
    prefix: str,
    given: Mapping[str, object],
    unknown: frozenset[str],
    *,
    namespaced: bool,
) -> Identity:
    """Name and namespace where the program left them out: LOGICAL-8hex, and "default"."""
    properties: dict[str, object] = {}
    name = namespace = None
    if not unknown & {"name", "generateName"}:
        name = given.get("name") or _name(urn, logical_name, given)
        if not given.get("name"):
            properties[prefix + "name"] = name
    if "namespace" not in unknown:
        namespace = given.get("namespace") or ("default" if namespaced else "")
        if namespaced and not given.get("namespace"):
            properties[prefix + "namespace"] = namespace
    if name is None or namespace is None:
        return Identity(None, properties=properties)
    return Identity(f"{namespace}/{name}" if namespace else str(name), properties=properties)


def _name(urn: str, logical_name: str, given: Mapping[str, object]) -> str:
    """The API server completes generateName with five characters; else the provider makes the name."""
    generate_name = given.get("generateName")
    if isinstance(generate_name, str):
        return generate_name + generate(f"{urn}|generateName", "alnum", 5)
    return f"{logical_name}-{generate(f'{urn}|autoname', 'hex', 8)}"
