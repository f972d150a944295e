"""The policy pack as the engine meets it: a process that prints its port, and answers over gRPC."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.rule import Rule
from lychgate.judging.ruleset import load_ruleset
from lychgate.model.values import UNKNOWN, Secret, Unknown
from lychgate.sources.program.wire import from_struct, to_struct

ROOT = Path(__file__).parents[2]
PACK = ROOT / "policies"
BUCKET, ENCRYPTION = (
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
)
REPOSITORY, LOG_GROUP, CLUSTER = (
    "aws:ecr/repository:Repository",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:rds/cluster:Cluster",
)
DESTROYED, TAGS = "s3-bucket-destroyed-with-its-objects", "ecr-repository-with-mutable-tags"
PROVIDER = "urn:pulumi:production::payments::pulumi:providers:aws::default_7_51_1"

# A pack that is ours and has one rule more, which crashes.
BROKEN = '''
from lychgate import PASS, rule
from lychgate.policies import pack
from lychgate.views.s3 import Bucket


@rule(
    id="s3-bucket-that-breaks-the-rule", title="A bucket breaks the rule", layer="operations", severity="low",
    judges=Bucket, scope="resource", rationale="It shows what happens.", remediation="None.",
    compliant=["pass", "pass"], violating=["pass", "pass"],
)
def s3_bucket_that_breaks_the_rule(bucket, case):
    """Always."""
    raise RuntimeError(f"no such thing: {bucket.read.text('bucket')}")


rules = pack.all_rules
pack.all_rules = lambda folders: {**rules(folders), s3_bucket_that_breaks_the_rule.id: s3_bucket_that_breaks_the_rule}
pack.serve()
'''


@contextmanager
def served(folder: Path = PACK, python: Path = Path(sys.executable)) -> Iterator[Any]:
    """The analyzer of a pack, in a process started as the engine starts it."""
    known = {"PULUMI_PROJECT": "payments", "PULUMI_STACK": "production", "PULUMI_DRY_RUN": "true"}
    environment = {"PATH": os.environ["PATH"], **known}
    command = [str(python), "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        yield analyzer_pb2_grpc.AnalyzerStub(grpc.insecure_channel(f"127.0.0.1:{_port(process)}"))
    finally:
        process.kill()
        process.communicate()


def _port(process: subprocess.Popen[str]) -> int:
    """The first line that the process prints."""
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdout is not None and process.stderr is not None
    threading.Thread(target=lambda stream: lines.put(stream.readline()), args=(process.stdout,), daemon=True).start()
    line = lines.get(timeout=60)
    assert line.strip().isdigit(), f"{line!r} is no port: {process.stderr.read()}"
    return int(line)


@pytest.fixture(scope="module")
def pack() -> Iterator[Any]:
    """A pack that no test configures."""
    with served() as stub:
        yield stub


@pytest.fixture(scope="module")
def configurable() -> Iterator[Any]:
    """A pack that each test configures anew."""
    with served() as stub:
        yield stub


def request_of(type_: str, properties: dict[str, Any], name: str = "receipts") -> analyzer_pb2.AnalyzeRequest:
    """What the engine asks about one resource."""
    return analyzer_pb2.AnalyzeRequest(type=type_, urn=_urn(type_, name), name=name, properties=to_struct(properties))


def analyze(pack: Any, type_: str, properties: dict[str, Any]) -> dict[str, Any]:
    """The diagnostics of one resource, by rule."""
    request = request_of(type_, properties)
    return {one.policyName: one for one in pack.Analyze(request).diagnostics}


def analyze_stack(pack: Any, *resources: analyzer_pb2.AnalyzerResource) -> dict[tuple[str, str], Any]:
    """The diagnostics of a stack, by rule and name."""
    found = pack.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=resources)).diagnostics
    return {(one.policyName, one.urn.rpartition("::")[2]): one for one in found}


def resource(
    type_: str, properties: dict[str, Any], name: str = "receipts", depends: Mapping[str, str] | None = None
) -> analyzer_pb2.AnalyzerResource:
    """A resource as AnalyzeStack gets it; `depends`: property -> URN."""
    made = analyzer_pb2.AnalyzerResource(type=type_, urn=_urn(type_, name), name=name, properties=to_struct(properties))
    made.provider.type, made.provider.urn, made.provider.name = "pulumi:providers:aws", PROVIDER, "default_7_51_1"
    for property_, urn in (depends or {}).items():
        made.dependencies.append(urn)
        made.propertyDependencies[property_].urns.append(urn)
    return made


def configure(pack: Any, **rules: Mapping[str, Any]) -> None:
    """Tell the pack levels and parameters, as the engine does with --policy-pack-config. Underscores are hyphens."""
    request = analyzer_pb2.ConfigureAnalyzerRequest()
    for name, given in rules.items():
        entry = request.policyConfig[name.replace("_", "-")]
        values = dict(given)
        entry.enforcementLevel = values.pop("level", analyzer_pb2.MANDATORY)
        entry.properties.CopyFrom(to_struct(values))
    pack.Configure(request)


def _urn(type_: str, name: str) -> str:
    return f"urn:pulumi:production::payments::{type_}::{name}"


# -- what it is -------------------------------------------------------------------------------------------------------


def test_it_shakes_hands_and_says_what_it_is(pack: Any) -> None:
    request = analyzer_pb2.AnalyzerHandshakeRequest(engine_address="127.0.0.1:1", program_directory=str(PACK))
    assert pack.Handshake(request) == analyzer_pb2.AnalyzerHandshakeResponse()
    info = pack.GetAnalyzerInfo(empty_pb2.Empty())
    assert (info.name, info.version, info.supportsConfig) == ("lychgate", "0.1.0", True)
    assert f"version: {info.version}" in (PACK / "PulumiPolicy.yaml").read_text()


@pytest.fixture(scope="module")
def told(pack: Any) -> dict[str, Any]:
    return {policy.name: policy for policy in pack.GetAnalyzerInfo(empty_pb2.Empty()).policies}


def test_every_rule_is_in_it_under_its_id(told: dict[str, Any]) -> None:
    assert told.keys() == built_in_rules().keys()


@pytest.mark.parametrize("rule", built_in_rules().values(), ids=lambda rule: rule.id)
def test_a_policy_has_what_pulumi_shows_beside_a_finding(rule: Rule, told: dict[str, Any]) -> None:
    policy, ruleset = told[rule.id], load_ruleset("production", built_in_rules())
    assert policy.description == rule.title
    assert policy.severity == analyzer_pb2.PolicySeverity.Value(f"POLICY_SEVERITY_{rule.severity.upper()}")
    assert policy.enforcementLevel == analyzer_pb2.EnforcementLevel.Value(ruleset.level(rule).upper())
    assert policy.remediation_steps == rule.remediation
    requirements = ruleset.requirements_of(rule.id)
    assert (policy.framework.name, policy.framework.version) == ("PCI DSS", "4.0.1")
    assert policy.framework.reference == ", ".join(requirements)
    assert policy.framework.specification == rule.rationale
    assert set(policy.tags) == {rule.layer, *(f"pci-{requirement}" for requirement in requirements)}
    properties = from_struct(policy.configSchema.properties)
    fields = rule.parameters.model_fields if rule.parameters else {}
    assert properties.keys() == {"unknown", *fields}
    assert all("description" in schema for schema in properties.values())


# -- one resource -----------------------------------------------------------------------------------------------------


def test_a_resource_that_breaks_a_rule_is_told_with_everything(pack: Any) -> None:
    found = analyze(pack, BUCKET, {"bucket": "receipts-1", "forceDestroy": True})
    assert found.keys() == {DESTROYED}
    one = found[DESTROYED]
    assert one.enforcementLevel == analyzer_pb2.MANDATORY
    assert one.severity == analyzer_pb2.POLICY_SEVERITY_HIGH
    assert (one.policyPackName, one.policyPackVersion, one.urn) == ("lychgate", "0.1.0", _urn(BUCKET, "receipts"))
    assert one.message.startswith(one.description)
    assert "forceDestroy is on" in one.message


def test_a_resource_that_keeps_the_rules_is_not_mentioned(pack: Any) -> None:
    assert analyze(pack, BUCKET, {"bucket": "receipts-1", "__defaults": ["forceDestroy"], "forceDestroy": False}) == {}
    assert analyze(pack, "random:index/randomPassword:RandomPassword", {"length": 3}) == {}


def test_what_is_unknown_is_an_advisory_finding_that_says_so(pack: Any) -> None:
    (one,) = analyze(pack, BUCKET, {"forceDestroy": UNKNOWN}).values()
    assert one.enforcementLevel == analyzer_pb2.ADVISORY
    assert "not determined: forceDestroy is known only after the deployment" in one.message


def test_what_does_not_apply_is_said_with_the_reason(pack: Any) -> None:
    found = pack.Analyze(request_of("aws:ec2/launchTemplate:LaunchTemplate", {"name": "nodes"})).not_applicable
    reasons = {one.policy_name: one.reason for one in found}
    assert reasons["ec2-instance-type-too-large"] == "something else says the type"


# -- the stack --------------------------------------------------------------------------------------------------------


def test_companions_count_and_are_found_by_dependency_while_ids_are_unknown(pack: Any) -> None:
    rule = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "arn:aws:kms:::key/1"}}
    bucket = resource(BUCKET, {"bucket": "receipts-1"})
    alone = analyze_stack(pack, bucket)
    assert alone["s3-bucket-without-customer-key", "receipts"].enforcementLevel == analyzer_pb2.MANDATORY
    encryption = resource(ENCRYPTION, {"bucket": UNKNOWN, "rules": [rule]}, depends={"bucket": bucket.urn})
    assert ("s3-bucket-without-customer-key", "receipts") not in analyze_stack(pack, encryption, bucket)


def test_in_a_preview_what_was_not_given_counts_as_not_given_though_the_provider_calls_it_unknown(pack: Any) -> None:
    pack.Analyze(request_of(BUCKET, {"bucket": "cards-1"}, "cards"))
    seen = resource(
        BUCKET, {"bucket": "cards-1", "serverSideEncryptionConfiguration": UNKNOWN, "arn": UNKNOWN}, "cards"
    )
    found = analyze_stack(pack, seen)["s3-bucket-without-customer-key", "cards"]
    assert found.enforcementLevel == analyzer_pb2.MANDATORY


def test_a_role_is_held_to_what_its_component_declares(pack: Any) -> None:
    service = resource("acme:platform:Service", {"access": [{"target": "receipts", "mode": "read"}]}, "api")
    service.ClearField("provider")  # a component has none
    bucket = resource(BUCKET, {"bucket": "acme-receipts", "arn": "arn:aws:s3:::acme-receipts"})
    role = resource("aws:iam/role:Role", {"name": "api", "arn": "arn:aws:iam::111122223333:role/api"}, "api")
    role.parent = service.urn
    rule = ("iam-role-exceeds-declared-access", "api")
    for action, level in (("s3:GetObject", None), ("s3:PutObject", analyzer_pb2.MANDATORY)):
        statement = {"Effect": "Allow", "Action": action, "Resource": "arn:aws:s3:::acme-receipts/*"}
        policy = {"role": "api", "policy": {"Version": "2012-10-17", "Statement": [statement]}}
        rights = resource("aws:iam/rolePolicy:RolePolicy", policy, "rights")
        found = analyze_stack(pack, service, bucket, role, rights).get(rule)
        assert (None if found is None else found.enforcementLevel) == level


def test_rules_about_one_resource_are_not_asked_again_for_the_stack(pack: Any) -> None:
    found = analyze_stack(pack, resource(BUCKET, {"bucket": "receipts-1", "forceDestroy": True}))
    assert (DESTROYED, "receipts") not in found


def test_a_rule_that_compares_stacks_cannot_be_decided_in_one(pack: Any) -> None:
    comparing = {rule.id for rule in built_in_rules().values() if rule.scope == "stacks"}
    assert comparing
    buckets = [resource(BUCKET, {"bucket": name, "tags": {"tenant": "acme"}}, name) for name in ("one", "two")]
    root = resource("pulumi:pulumi:Stack", {}, "payments-production")
    request = analyzer_pb2.AnalyzeStackRequest(resources=[root, *buckets])
    found = [one for one in pack.AnalyzeStack(request).diagnostics if one.policyName in comparing]
    assert len({one.policyName for one in found}) == len(found) > 0
    for one in found:
        assert (one.enforcementLevel, one.urn) == (analyzer_pb2.ADVISORY, root.urn)
        assert "siblings" in one.message
        assert "(one, two)" in one.message


# -- configuration ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "seen"),
    [("ADVISORY", "ADVISORY"), ("MANDATORY", "MANDATORY"), ("REMEDIATE", "MANDATORY"), ("DISABLED", None)],
)
def test_levels_are_configured(level: str, seen: str | None, configurable: Any) -> None:
    configure(configurable, **{DESTROYED: {"level": analyzer_pb2.EnforcementLevel.Value(level)}})
    found = analyze(configurable, BUCKET, {"forceDestroy": True})
    if seen is None:
        assert found == {}
    else:
        assert found[DESTROYED].enforcementLevel == analyzer_pb2.EnforcementLevel.Value(seen)


def test_unknown_values_fail_where_that_is_asked_for(configurable: Any) -> None:
    unknown = {"forceDestroy": UNKNOWN}
    configure(configurable, **{DESTROYED: {"unknown": "fail"}})
    assert analyze(configurable, BUCKET, unknown)[DESTROYED].enforcementLevel == analyzer_pb2.MANDATORY
    configure(configurable, **{DESTROYED: {"unknown": "fail", "level": analyzer_pb2.ADVISORY}})
    assert analyze(configurable, BUCKET, unknown)[DESTROYED].enforcementLevel == analyzer_pb2.ADVISORY
    configure(configurable, **{DESTROYED: {"unknown": "advisory"}})
    assert analyze(configurable, BUCKET, unknown)[DESTROYED].enforcementLevel == analyzer_pb2.ADVISORY


def test_parameters_are_configured(configurable: Any) -> None:
    rule, logs = "log-group-with-short-retention", {"retentionInDays": 400, "kmsKeyId": "arn:aws:kms:::key/1"}
    configure(configurable, **{rule: {}})
    assert rule not in analyze(configurable, LOG_GROUP, logs)
    configure(configurable, **{rule: {"days": 731}})
    assert "731" in analyze(configurable, LOG_GROUP, logs)[rule].message


@pytest.mark.parametrize(
    ("parameters", "words"),
    [({"days": "many"}, "days: Input should be a valid"), ({"dayz": 3}, "dayz: Extra inputs are not permitted")],
)
def test_a_wrong_parameter_is_one_clear_error(parameters: dict[str, Any], words: str, configurable: Any) -> None:
    with pytest.raises(grpc.RpcError) as error:
        configure(configurable, **{"log-group-with-short-retention": parameters})
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert error.value.details().startswith("log-group-with-short-retention: ")
    assert words in error.value.details()


# -- remediation ------------------------------------------------------------------------------------------------------


def remediate(pack: Any, type_: str, properties: dict[str, Any]) -> list[Any]:
    return list(pack.Remediate(request_of(type_, properties, "api")).remediations)


def test_nothing_is_rewritten_unless_the_level_says_so(pack: Any) -> None:
    assert remediate(pack, REPOSITORY, {"name": "api", "imageTagMutability": "MUTABLE"}) == []


def test_what_breaks_a_rule_is_rewritten_and_nothing_else(configurable: Any) -> None:
    configure(configurable, **{TAGS: {"level": analyzer_pb2.REMEDIATE}})
    given = {
        "imageTagMutability": "MUTABLE",
        "tags": Secret({"owner": "hunter2"}),
        "forceDelete": UNKNOWN,
    }
    (one,) = remediate(configurable, REPOSITORY, given)
    assert (one.policyName, one.policyPackName, one.policyPackVersion) == (TAGS, "lychgate", "0.1.0")
    better = from_struct(one.properties)
    assert better == {**given, "imageTagMutability": "IMMUTABLE"}
    assert isinstance(better["tags"], Secret)
    assert isinstance(better["forceDelete"], Unknown)
    assert remediate(configurable, REPOSITORY, better) == []


def test_several_remediations_of_one_resource_add_up(configurable: Any) -> None:
    scan = "ecr-repository-without-scan"
    configure(configurable, **{TAGS: {"level": analyzer_pb2.REMEDIATE}, scan: {"level": analyzer_pb2.REMEDIATE}})
    found = remediate(configurable, REPOSITORY, {"name": "api"})
    assert {one.policyName for one in found} == {TAGS, scan}
    last = from_struct(found[-1].properties)
    assert last["imageTagMutability"] == "IMMUTABLE"
    assert last["imageScanningConfiguration"] == {"scanOnPush": True}


# -- what could go wrong ----------------------------------------------------------------------------------------------


def test_a_secret_is_in_no_message(pack: Any) -> None:
    cluster = {
        "engine": "aurora-postgresql", "masterUsername": "admin", "masterPassword": Secret("hunter2"),
        "tags": {"owner": Secret("hunter2")}, "backupRetentionPeriod": Secret(1), "clusterIdentifier": "orders-hunter2",
    }  # fmt: skip
    told = str(analyze(pack, CLUSTER, cluster)) + str(analyze_stack(pack, resource(CLUSTER, cluster, "orders")))
    assert "deletionProtection" in told or "deletes it" in told
    assert "hunter2" not in told


def test_a_rule_that_crashes_blocks_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (tmp_path / "__main__.py").write_text(BROKEN)
    with served(tmp_path) as stub:
        found = analyze(stub, BUCKET, {"bucket": Secret("hunter2"), "forceDestroy": True})
    assert found.keys() == {DESTROYED, "s3-bucket-that-breaks-the-rule"}
    broken = found["s3-bucket-that-breaks-the-rule"]
    assert broken.enforcementLevel == analyzer_pb2.MANDATORY
    assert "the rule itself failed: RuntimeError" in broken.message
    assert "hunter2" not in broken.message


def test_its_own_small_environment_is_enough() -> None:
    python = PACK / ".venv" / "bin" / "python"
    if not python.exists():
        pytest.skip("policies/.venv does not exist (./dev setup makes it)")
    for name in ("typer", "rich", "pulumi_aws", "pulumi_kubernetes", "pytest"):
        assert subprocess.run([python, "-c", f"import {name}"], capture_output=True, check=False).returncode == 1
    with served(python=python) as stub:
        assert DESTROYED in analyze(stub, BUCKET, {"forceDestroy": True})


WAIVED = """
waivers:
  - rule: ecr-repository-with-mutable-tags
    stack: payments/production
    urn: "urn:pulumi:production::payments::aws:ecr/repository:Repository::{name}"
    owner: ada
    reason: The build comes.
    ticket: SEC-7
    approver: grace
    created: {first}
    expires: {last}
"""


@pytest.mark.parametrize("days", [5, -5])
def test_what_is_waived_is_advisory_and_left_alone_until_its_last_day(days: int, tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    dates = {"first": today - timedelta(days=9), "last": today + timedelta(days=days)}
    (tmp_path / "waivers.yaml").write_text(WAIVED.format(name="receipts", **dates))
    own = f"name: m\ndescription: d\nextends: production\nrules:\n  {TAGS}: remediate\n"
    (tmp_path / "mine.yaml").write_text(own)
    said = f"ruleset={str(tmp_path / 'mine.yaml')!r}, waivers={str(tmp_path / 'waivers.yaml')!r}"
    (tmp_path / "__main__.py").write_text(f"from lychgate.policies.pack import serve\n\nserve({said})\n")
    (tmp_path / "PulumiPolicy.yaml").write_text("name: lychgate\nruntime: python\n")
    with served(tmp_path) as pack:
        found = analyze(pack, REPOSITORY, {"imageTagMutability": "MUTABLE"})[TAGS]
        other = request_of(REPOSITORY, {"imageTagMutability": "MUTABLE"}, "other")
        here = request_of(REPOSITORY, {"imageTagMutability": "MUTABLE"})
        rewritten = [bool(pack.Remediate(one).remediations) for one in (here, other)]
    if days > 0:
        assert found.enforcementLevel == analyzer_pb2.ADVISORY and "SEC-7, approved by grace" in found.message
    else:
        assert found.enforcementLevel == analyzer_pb2.MANDATORY and "SEC-7 expired on" in found.message
    assert rewritten == [days < 0, True]


def test_a_pack_that_cannot_read_its_waivers_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "waivers.yaml").write_text("waivers: 7\n")
    said = f"waivers={str(tmp_path / 'waivers.yaml')!r}"
    (tmp_path / "__main__.py").write_text(f"from lychgate.policies.pack import serve\n\nserve({said})\n")
    (tmp_path / "PulumiPolicy.yaml").write_text("name: lychgate\nruntime: python\n")
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(tmp_path)]
    known = {"PULUMI_PROJECT": "payments", "PULUMI_STACK": "production", "PULUMI_DRY_RUN": "true"}
    environment = {"PATH": os.environ["PATH"], **known}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert done.returncode != 0 and done.stdout == ""
    assert "waivers.yaml:1" in done.stderr and "Traceback" not in done.stderr
