"""The platform's chart: what comes out for which values."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import kubernetes_validate
import pytest
from lychgate.provisioner.chart_rendering import CHART, ChartError, render

from tests.provisioner.chart_example import example

Described = dict[str, Any]
KUBERNETES = "1.34"
LABELS = ("app.kubernetes.io/name", "app.kubernetes.io/part-of", "app.kubernetes.io/managed-by")
OWNERS = {"environment": "production", "tenant": "acme", "data-classification": "cardholder"}
# What has no schema of Kubernetes' own: fields as their projects' definitions name them.
CUSTOM = {
    "SecretProviderClass": {"provider", "parameters", "secretObjects"},
    "SecurityGroupPolicy": {"podSelector", "securityGroups"},
    "Certificate": {
        *("secretName", "secretTemplate", "dnsNames", "duration", "renewBefore", "privateKey", "usages", "issuerRef"),
    },
}


@pytest.fixture(scope="module")
def objects() -> list[Described]:
    return render(example())


def one(objects: list[Described], kind: str, name: str) -> Described:
    (found,) = [it for it in objects if it["kind"] == kind and it["metadata"]["name"] == name]
    return found


def pods(described: Described) -> Described | None:
    """The pod template of an object."""
    spec = described.get("spec", {})
    template: Described | None = spec.get("jobTemplate", {"spec": spec})["spec"].get("template")
    return template


def templates(objects: list[Described]) -> Iterator[tuple[str, Described]]:
    for it in objects:
        if (template := pods(it)) is not None:
            yield it["metadata"]["name"], template


def test_the_example_has_every_kind(objects: list[Described]) -> None:
    assert {it["kind"] for it in objects} == {
        *("Namespace", "ResourceQuota", "LimitRange", "NetworkPolicy", "ServiceAccount", "ConfigMap", "Service"),
        *("Deployment", "StatefulSet", "CronJob", "Ingress", "HorizontalPodAutoscaler", "PodDisruptionBudget"),
        *CUSTOM,
    }
    assert objects[0]["kind"] == "Namespace"


def test_every_object_is_what_kubernetes_knows(objects: list[Described]) -> None:
    for it in objects:
        if it["kind"] in CUSTOM:
            assert set(it["spec"]) <= CUSTOM[it["kind"]]
        else:
            kubernetes_validate.validate(it, KUBERNETES, strict=True)


def test_everything_says_whose_it_is(objects: list[Described]) -> None:
    labelled = [it["metadata"] for it in objects] + [template["metadata"] for _, template in templates(objects)]
    labelled += [claim["metadata"] for claim in one(objects, "StatefulSet", "store")["spec"]["volumeClaimTemplates"]]
    labelled.append(one(objects, "CronJob", "report")["spec"]["jobTemplate"]["metadata"])
    for metadata in labelled:
        assert all(metadata["labels"].get(key) for key in LABELS), metadata
        assert metadata["labels"].items() >= OWNERS.items()


def test_all_is_in_the_stacks_namespace(objects: list[Described]) -> None:
    assert {it["metadata"].get("namespace") for it in objects[1:]} == {"payments-production-acme"}


# https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, field by field.
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
HOST = ("hostNetwork", "hostPID", "hostIPC", "hostUsers")


def unrestricted(template: Described) -> Iterator[str]:
    """What Pod Security's level `restricted` refuses of a pod."""
    spec, pod = template["spec"], template["spec"].get("securityContext", {})
    yield from (name for name in HOST if spec.get(name))
    yield from (f"volume {it['name']}" for it in spec.get("volumes", ()) if not set(it) - {"name"} <= VOLUMES)
    if pod.get("sysctls") or pod.get("windowsOptions") or pod.get("seLinuxOptions"):
        yield "sysctls, windowsOptions, seLinuxOptions"
    if any("apparmor" in key for key in template["metadata"].get("annotations", ())) or pod.get("appArmorProfile"):
        yield "apparmor"
    for container in [*spec["containers"], *spec.get("initContainers", ()), *spec.get("ephemeralContainers", ())]:
        own = container.get("securityContext", {})
        whole = {**pod, **own}
        refused = {
            "privileged": own.get("privileged", False),
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is not False,
            "runAsNonRoot": whole.get("runAsNonRoot") is not True,
            "runAsUser": whole.get("runAsUser") == 0,
            "seccompProfile": whole.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"),
            "capabilities": own.get("capabilities", {}).get("drop") != ["ALL"],
            "added capabilities": set(own.get("capabilities", {}).get("add", ())) - {"NET_BIND_SERVICE"},
            "hostPort": [port for port in container.get("ports", ()) if port.get("hostPort")],
            "procMount": own.get("procMount", "Default") != "Default",
            "probe or lifecycle host": re.search(r'"host": "[^"]', json.dumps(container)),
        }
        yield from (f"{container['name']}: {name}" for name, found in refused.items() if found)


def test_pod_security_restricted_admits_every_pod(objects: list[Described]) -> None:
    found = {name: list(unrestricted(template)) for name, template in templates(objects)}
    assert found == {"api": [], "api-cache": [], "worker": [], "store": [], "report": []}
    labels = objects[0]["metadata"]["labels"]
    assert {labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "warn", "audit")} == {"restricted"}


def test_the_check_of_restricted_sees_what_is_refused() -> None:
    bad = {"metadata": {}, "spec": {"hostNetwork": True, "volumes": [{"name": "v", "hostPath": {}}]}}
    bad["spec"]["containers"] = [{"name": "c", "securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}]
    assert len(list(unrestricted(bad))) == 2 + 5


def test_containers_are_bounded_and_cannot_change_their_program(objects: list[Described]) -> None:
    for _, template in templates(objects):
        assert template["spec"]["automountServiceAccountToken"] is False
        for container in template["spec"]["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            for part in ("requests", "limits"):
                assert set(container["resources"][part]) == {"cpu", "memory", "ephemeral-storage"}
        assert all(it["emptyDir"]["sizeLimit"] for it in template["spec"]["volumes"] if "emptyDir" in it)


def flows(objects: list[Described]) -> dict[str, tuple[list[str], list[str]]]:
    """The flows that each network policy opens, by their other end and port: inwards and outwards."""

    def ends(rules: list[Described], side: str) -> list[str]:
        return [f"{_end(end)}:{port['port']}" for rule in rules for end in rule[side] for port in rule["ports"]]

    policies = [it for it in objects if it["kind"] == "NetworkPolicy"]
    assert all(
        it["spec"]["policyTypes"] == ["Ingress", "Egress"] for it in policies if it["metadata"]["name"] != "names"
    )
    return {
        it["metadata"]["name"]: (ends(it["spec"].get("ingress", []), "from"), ends(it["spec"].get("egress", []), "to"))
        for it in policies
    }


def _end(end: Described) -> str:
    if "ipBlock" in end:
        return str(end["ipBlock"]["cidr"])
    (name,) = end["podSelector"]["matchLabels"].values()
    (namespace,) = end.get("namespaceSelector", {"matchLabels": {"": ""}})["matchLabels"].values()
    return f"{namespace}/{name}" if namespace else str(name)


def test_only_declared_flows_are_open(objects: list[Described]) -> None:
    dns = ["kube-system/kube-dns:53"] * 2
    relic, endpoints = "185.221.84.0/22:443", "10.20.0.0/22:443"
    assert flows(objects) == {
        "shut": ([], []),
        "names": ([], dns),
        "api": (
            ["worker:8443", "checkout-production-acme/web:8443", "ingress/ingress-nginx:8443"],
            [
                *("store:9200", "shared-production/rates:8443", "10.20.8.0/22:5432", "198.51.100.0/28:443"),
                *(endpoints, "169.254.170.23/32:80", relic, "api-cache:6379"),
            ],
        ),
        "api-cache": (["api:6379"], []),
        "worker": ([], ["api:8443", endpoints, relic]),
        "store": (["api:9200"], []),
        "report": ([], [endpoints, relic]),
    }
    assert one(objects, "NetworkPolicy", "shut")["spec"]["podSelector"] == {}


def test_a_flow_within_the_stack_may_be_declared_at_either_end() -> None:
    values = example()
    del values["workloads"]["worker"]["calls"]
    values["workloads"]["api"]["callers"]["workloads"] = ["worker"]
    assert flows(render(values)) == flows(render(example()))


def test_secrets_are_mounted_and_only_named(objects: list[Described]) -> None:
    described = one(objects, "SecretProviderClass", "api")["spec"]
    mounted = json.loads(described["parameters"]["objects"])
    assert described["parameters"]["usePodIdentity"] == "true"
    assert [it["objectName"].rsplit("-", 2)[-2] for it in mounted] == ["acquirer", "legacy", "newrelic", "cache"]
    assert mounted[0]["jmesPath"] == [
        {"path": "credential", "objectAlias": "acquirer"},
        {"path": "merchant", "objectAlias": "merchant"},
    ]
    (copied,) = described["secretObjects"]
    assert [it["key"] for it in copied["data"]] == ["legacy", "new-relic-license"]
    assert "usePodIdentity" not in one(objects, "SecretProviderClass", "worker")["spec"]["parameters"]
    assert not [it for it in objects if it["kind"] == "Secret"]


def test_telemetry_says_whose_it_is_and_takes_the_key_from_a_secret(objects: list[Described]) -> None:
    told = one(objects, "ConfigMap", "api")["data"]
    assert told["OTEL_EXPORTER_OTLP_ENDPOINT"] == "https://otlp.eu01.nr-data.net"
    assert "service.name=payments-production-acme-api,service.namespace=payments" in told["OTEL_RESOURCE_ATTRIBUTES"]
    assert not [key for key in one(objects, "ConfigMap", "store")["data"] if key.startswith("OTEL")]
    (container,) = dict(templates(objects))["api"]["spec"]["containers"]
    environment = {it["name"]: it for it in container["env"]}
    assert environment["NEW_RELIC_LICENSE_KEY"]["valueFrom"]["secretKeyRef"]["key"] == "new-relic-license"
    assert environment["OTEL_EXPORTER_OTLP_HEADERS"]["value"] == "api-key=$(NEW_RELIC_LICENSE_KEY)"


def test_a_changed_setting_changes_the_pods(objects: list[Described]) -> None:
    values = example()
    values["workloads"]["api"]["environment"]["LOG_LEVEL"] = "debug"
    changed = render(values)
    for name, same in (("api", False), ("worker", True)):
        sums = [
            dict(templates(found))[name]["metadata"]["annotations"]["checksum/config"] for found in (objects, changed)
        ]
        assert (sums[0] == sums[1]) is same


def test_the_cache_speaks_tls_only_and_keeps_nothing(objects: list[Described]) -> None:
    settings = one(objects, "ConfigMap", "api-cache")["data"]["valkey.conf"].splitlines()
    assert {"port 0", "tls-port 6379", 'save ""', "appendonly no", "maxmemory 128mb"} <= set(settings)
    assert one(objects, "ConfigMap", "api")["data"]["CACHE_URL"] == "rediss://api-cache:6379"


def test_production_stands_the_loss_of_a_zone_and_a_test_environment_is_small() -> None:
    values = example()
    for name in ("api", "worker"):
        for key in ("autoscaling", "replicas"):
            values["workloads"][name].pop(key, None)
    for production, count in ((True, 2), (False, 1)):
        values["context"]["production"] = production
        found = [one(render(values), "Deployment", name) for name in ("api", "api-cache", "worker")]
        assert {it["spec"]["replicas"] for it in found} == {count}
        assert all(("topologySpreadConstraints" in it["spec"]["template"]["spec"]) is production for it in found)


def test_nothing_of_one_tenant_is_in_anothers_objects(objects: list[Described]) -> None:
    theirs = json.dumps(render(example("globex")))
    assert "acme" in json.dumps(objects) and "acme" not in theirs


def test_texts_of_users_arrive_as_they_are() -> None:
    values = example()
    odd = {
        "A": "yes",
        "B": "0x10",
        "C": "1e3",
        "D": "{{ .Values }}",
        "E": "a: b # c",
        "F": "ü\t\u2028\n",
        "G": "",
        "H": "&a *b",
    }
    values["workloads"]["worker"]["environment"] = odd
    assert one(render(values), "ConfigMap", "worker")["data"].items() >= odd.items()


def changed(change: Callable[[Any, Any], object]) -> dict[str, Any]:
    values = copy.deepcopy(example())
    change(values, values["workloads"])
    return values


WRONG: list[tuple[str, Callable[[Any, Any], object], str]] = [
    (
        "unknown",
        lambda v, w: w["api"].update(hostNetwork=True),
        "'/workloads/api': additional properties 'hostNetwork'",
    ),
    (
        "tag",
        lambda v, w: w["api"].update(image="api:1"),
        "'/workloads/api/image': 'api:1' is not an image by its digest",
    ),
    (
        "open",
        lambda v, w: w["api"]["calls"]["addresses"].append({"cidr": "0.0.0.0/0", "port": 443}),
        "'0.0.0.0/0' is not addr",
    ),
    ("missing", lambda v, w: v.pop("context"), "missing property 'context'"),
    (
        "type",
        lambda v, w: w["api"]["service"].update(port="8443"),
        "'/workloads/api/service/port': got string, want integer",
    ),
    ("name", lambda v, w: w.update({"Api_2": w["worker"]}), "Api_2"),
    (
        "host path",
        lambda v, w: w["api"]["volumes"][0].update(hostPath="/"),
        "additional properties 'hostPath' not allowed",
    ),
    ("both", lambda v, w: w["api"]["identity"].update(roleArn="arn:aws:iam::1:role/a"), "'/workloads/api/identity'"),
    ("schedule", lambda v, w: w["report"].pop("schedule"), "workloads.report is a CronJob and needs `schedule`"),
    (
        "served job",
        lambda v, w: w["report"].update(service={"port": 1}),
        "workloads.report is a CronJob and cannot have",
    ),
    ("no health", lambda v, w: w["worker"].pop("health"), "it needs `health.command`"),
    ("stranger", lambda v, w: w["worker"]["calls"]["workloads"].append("web"), "workloads.worker.calls names web"),
    ("deaf", lambda v, w: w["api"]["calls"]["workloads"].append("worker"), "names worker, which has no `service`"),
    ("plain", lambda v, w: w["api"]["service"].update(scheme="HTTP"), "`service.scheme` must be HTTPS"),
    ("nobody", lambda v, w: w["worker"].pop("identity"), "needs an `identity` that fetches them"),
    ("same file", lambda v, w: w["api"]["secrets"][0].update(file="legacy"), "two secrets as the file legacy"),
    ("twice", lambda v, w: w.update({"shut": w["worker"]}), "two objects would be the NetworkPolicy shut"),
]


@pytest.mark.parametrize(("change", "message"), [it[1:] for it in WRONG], ids=[it[0] for it in WRONG])
def test_wrong_values_are_told_in_one_line(change: Callable[[Any, Any], object], message: str) -> None:
    with pytest.raises(ChartError) as told:
        render(changed(change))
    text = str(told.value)
    assert message in text and "\n" not in text and text.startswith("the chart's values: ")
    assert "lychgate-output" not in text and "executing" not in text


def test_the_schema_leaves_nothing_open() -> None:
    def walk(schema: Any, path: str) -> Iterator[str]:
        if isinstance(schema, dict):
            if schema.get("type") == "object" and "additionalProperties" not in schema:
                yield path
            for key, value in schema.items():
                yield from walk(value, f"{path}/{key}")

    schema = json.loads((CHART / "values.schema.json").read_text())
    assert list(walk(schema, "")) == []
    described = [*schema["properties"].values(), *schema["definitions"]["workload"]["properties"].values()]
    assert all("description" in it or "$ref" in it for it in described)
