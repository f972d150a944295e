"""The Kubernetes provider's part: automatic names and namespaces on Check; uid once an object exists.

Behaviour: pulumi-kubernetes v4, provider/pkg/metadata/naming.go and `Check` in provider/pkg/provider/provider.go.
"""

from __future__ import annotations

import uuid

import yaml

from tests.engine.plugins.package import Package, Proposal
from tests.engine.plugins.wire import UNKNOWN, Properties, is_plain_object

AUTONAMED = "pulumi.com/autonamed"
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
# Kinds without a namespace (`kubectl api-resources --namespaced=false`).
_CLUSTER_KINDS = frozenset({
    "APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding",
    "CustomResourceDefinition", "FlowSchema", "IngressClass", "MutatingWebhookConfiguration", "Namespace", "Node",
    "PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "RuntimeClass", "StorageClass",
    "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
    "VolumeAttachment",
})  # fmt: skip


class Kubernetes(Package):
    """As `pulumi-resource-kubernetes` v4 behaves towards the engine, without a cluster behind it."""

    accepts_secrets = True

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.namespace = "default"

    def configure(self, config: Properties) -> None:
        self.namespace = config.get("namespace") or self.namespace

    def check(self, proposal: Proposal) -> Properties:
        inputs = dict(proposal.inputs)
        metadata = inputs.get("metadata", {})
        if not is_plain_object(metadata):  # unknown or secret as a whole
            return inputs
        metadata = dict(metadata)
        if not metadata.get("name") and not metadata.get("generateName"):
            old = proposal.old_inputs.get("metadata", {})
            autonamed = is_plain_object(old) and (old.get("annotations") or {}).get(AUTONAMED) == "true"
            new = proposal.proposed_name or proposal.unique(f"{proposal.name}-", 8, _LETTERS)
            metadata["name"] = old["name"] if autonamed else new
            metadata["annotations"] = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}
        if inputs.get("kind") not in _CLUSTER_KINDS:
            metadata.setdefault("namespace", self.namespace)
        return {**inputs, "metadata": metadata}

    def preview(self, type_: str, inputs: Properties) -> Properties:
        return dict(inputs)  # what a dry run of the API server says of the rest is left out

    def outputs(self, type_: str, ident: str, inputs: Properties) -> Properties:
        metadata = inputs.get("metadata", {})
        if not is_plain_object(metadata):
            return dict(inputs)
        name = ident.split("/")[-1]
        made = {"metadata": {"name": name, "uid": str(uuid.uuid5(uuid.NAMESPACE_URL, ident)), **metadata}}
        if inputs.get("kind") == "Service":  # which the provider waits for
            made["status"] = {"loadBalancer": {"ingress": [{"hostname": f"{name}.elb.example.com"}]}}
        return {**inputs, **made}

    def identify(self, type_: str, name: str, inputs: Properties) -> str:
        metadata = inputs.get("metadata", {})
        if not is_plain_object(metadata) or not isinstance(metadata.get("name"), str):
            return super().identify(type_, name, inputs)
        namespace = metadata.get("namespace")
        return f"{namespace}/{metadata['name']}" if namespace else str(metadata["name"])

    def invoke(self, token: str, arguments: Properties) -> Properties:
        if token == "kubernetes:yaml:decode":
            if arguments.get("text") == UNKNOWN:
                return {"result": UNKNOWN}
            return {"result": [document for document in yaml.safe_load_all(arguments["text"]) if document]}
        return super().invoke(token, arguments)
