"""What a resource is called before it exists; the tables of single types stand in identities.yaml beside this."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Set
from pathlib import Path
from typing import Any

import pulumi_aws
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

import lychgate.sources.identities.aws as aws_module
from lychgate.sources.identities import Arn, Identity, Place, identify, parse_arn, partition_of
from lychgate.sources.identities.template import compile_template

HERE = Place.of("123456789012", "eu-west-1")
ACCOUNT = HERE.account
NAMED = {"name": "orders"}
CLASSES = {
    "hex": "0-9a-f",
    "alnum": "a-z0-9",
    "upper": "A-Z0-9",
    "base62x": "A-Za-z0-9",
    "digit": "0-9",
    "letter": "a-z",
}
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}"


def read_table() -> dict[str, list[list[Any]]]:
    """The table with the place put in."""
    text = Path(__file__).with_name("identities.yaml").read_text()
    table: dict[str, list[list[Any]]] = YAML(typ="safe").load(
        text.replace("<region>", HERE.region).replace("<account>", ACCOUNT)
    )
    return table


TABLE = read_table()


def rows(part: str) -> list[Any]:
    """The rows of a part as parameters, each under its type."""
    return [pytest.param(*row, id=f"{row[0]}-{i}") for i, row in enumerate(TABLE[part])]


class Everything(Set[str]):
    """The outputs of a type that has every output."""

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 1


def name_of(
    type_: str,
    inputs: dict[str, Any] | None = None,
    *,
    logical: str = "thing",
    place: Place = HERE,
    outputs: Set[str] | None = None,
    unknown: frozenset[str] = frozenset(),
) -> Identity:
    urn = f"urn:pulumi:dev::shop::{type_}::{logical}"
    return identify(type_, urn, logical, inputs or {}, Everything() if outputs is None else outputs, place, unknown)


def fits(wanted: str | None, found: object) -> bool:
    """Whether something found is the text wanted, in which <uuid>, <hex17> and the like are generated parts."""
    if wanted is None or not isinstance(found, str):
        return wanted is found
    pattern = re.escape(wanted).replace("<uuid>", UUID)
    pattern = re.sub(r"<(\w+?)(\d+)>", lambda match: f"[{CLASSES[match[1]]}]{{{match[2]}}}", pattern)
    return re.fullmatch(pattern, found) is not None


@pytest.mark.parametrize(("type_", "inputs", "arn", "id_"), rows("arns"))
def test_arn_and_id(type_: str, inputs: dict[str, Any], arn: str | None, id_: str | None) -> None:
    outputs = {"arn"} if arn else set()
    found = name_of(f"aws:{type_}", inputs, outputs=outputs)
    assert fits(arn, found.arn), found.arn
    assert found.id == found.arn if id_ == "=" else fits(id_, found.id), found.id
    assert not found.assumed
    assert found.properties.get("arn") == (found.arn if outputs else None)


@pytest.mark.parametrize(("type_", "inputs", "output", "value"), rows("outputs"))
def test_other_outputs(type_: str, inputs: dict[str, Any], output: str, value: object) -> None:
    found = name_of(f"aws:{type_}", inputs).properties.get(output)
    assert fits(value, found) if isinstance(value, str) else found == value, found


@pytest.mark.parametrize(("type_", "logical", "inputs", "property_", "name"), rows("names"))
def test_names_that_the_program_leaves_out(
    type_: str, logical: str, inputs: dict[str, Any], property_: str, name: str
) -> None:
    found = name_of(f"aws:{type_}", inputs, logical=logical)
    assert fits(name, found.properties[property_]), found.properties[property_]
    assert found.problem is None


def test_an_eks_cluster_has_one_id_in_its_endpoint_and_its_issuer() -> None:
    outputs = name_of("aws:eks/cluster:Cluster").properties
    endpoint = str(outputs["endpoint"])
    found = re.fullmatch(r"https://([A-Z0-9]{32})\.gr7\.eu-west-1\.eks\.amazonaws\.com", endpoint)
    assert found
    issuer = f"https://oidc.eks.eu-west-1.amazonaws.com/id/{found[1]}"
    assert outputs["identities"] == [{"oidcs": [{"issuer": issuer}]}]


def test_the_same_urn_gives_the_same_and_another_gives_another() -> None:
    type_ = "aws:ec2/vpc:Vpc"
    assert name_of(type_) == name_of(type_)
    assert name_of(type_).id != name_of(type_, logical="other").id
    ids = name_of(type_).properties
    parts = ("defaultNetworkAclId", "defaultSecurityGroupId", "mainRouteTableId")
    assert len({str(ids[part]).rpartition("-")[2] for part in parts}) == len(parts)


@pytest.mark.parametrize(
    ("region", "partition", "bucket_host", "queue_host"),
    [
        ("cn-north-1", "aws-cn", "b.s3.cn-north-1.amazonaws.com.cn", "sqs.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "b.s3.us-gov-west-1.amazonaws.com", "sqs.us-gov-west-1.amazonaws.com"),
        ("eusc-de-east-1", "aws-eusc", "b.s3.eusc-de-east-1.amazonaws.eu", "sqs.eusc-de-east-1.amazonaws.eu"),
        ("us-isob-east-1", "aws-iso-b", "b.s3.us-isob-east-1.sc2s.sgov.gov", "sqs.us-isob-east-1.sc2s.sgov.gov"),
    ],
)
def test_other_partitions(region: str, partition: str, bucket_host: str, queue_host: str) -> None:
    place = Place.of(ACCOUNT, region)
    assert place.partition == partition == partition_of(region)
    bucket = name_of("aws:s3/bucket:Bucket", {"bucket": "b"}, place=place)
    assert bucket.arn == f"arn:{partition}:s3:::b"
    assert bucket.properties["bucketRegionalDomainName"] == bucket_host
    queue = name_of("aws:sqs/queue:Queue", NAMED, place=place)
    assert (queue.id, queue.arn) == (
        f"https://{queue_host}/{ACCOUNT}/orders",
        f"arn:{partition}:sqs:{region}:{ACCOUNT}:orders",
    )
    assert name_of("aws:iam/role:Role", {"name": "r"}, place=place).arn == f"arn:{partition}:iam::{ACCOUNT}:role/r"


def test_a_given_name_is_not_made_again() -> None:
    assert "name" not in name_of("aws:iam/role:Role", {"name": "r"}).properties


@pytest.mark.parametrize("type_", ["route53/record:Record", "directoryservice/directory:Directory"])
def test_types_that_the_provider_does_not_autoname(type_: str) -> None:
    assert "name" not in name_of(f"aws:{type_}").properties


def test_a_name_that_the_provider_would_refuse_is_told() -> None:
    found = name_of("aws:iam/role:Role", logical="r" * 60)
    assert found.problem is not None
    assert "longer than 64 characters" in found.problem


@pytest.mark.parametrize(("type_", "inputs", "unknown", "arn", "id_"), rows("unknowns"))
def test_what_depends_on_an_unknown_input_is_not_invented(
    type_: str, inputs: dict[str, Any], unknown: list[str], arn: str | None, id_: str | None
) -> None:
    found = name_of(f"aws:{type_}", inputs, unknown=frozenset(unknown))
    assert fits(id_, found.id), found.id
    assert fits(arn, found.arn), found.arn
    assert not set(unknown) & found.properties.keys()


def test_an_unknown_input_does_not_hide_what_does_not_depend_on_it() -> None:
    found = name_of("aws:s3/bucket:Bucket", {"bucket": "b"}, unknown=frozenset({"region", "website"}))
    assert found.properties["bucketDomainName"] == "b.s3.amazonaws.com"
    assert not {"bucketRegionalDomainName", "websiteEndpoint", "region"} & found.properties.keys()


def test_only_the_outputs_of_the_type_are_returned() -> None:
    assert name_of("aws:sqs/queue:Queue", NAMED, outputs={"url"}).properties.keys() == {"url"}


def test_a_type_that_the_data_does_not_know_has_the_usual_form_and_says_so() -> None:
    found = name_of("aws:lb/futureThing:FutureThing", outputs={"arn", "name"})
    assert fits(f"arn:aws:elasticloadbalancing:eu-west-1:{ACCOUNT}:future-thing/thing-<hex7>", found.arn)
    assert fits("thing-<hex7>", found.id)
    assert found.assumed == {"arn", "id"}
    unknown = name_of("aws:lb/futureThing:FutureThing", outputs={"arn", "name"}, unknown=frozenset({"name"}))
    assert (unknown.arn, unknown.id) == (None, None)


def test_other_packages_get_an_id_that_is_assumed() -> None:
    found = name_of("random:index/randomPet:RandomPet")
    assert fits("thing-<hex7>", found.id)
    assert found.assumed == {"id"}


# Kubernetes: https://www.pulumi.com/registry/packages/kubernetes/ (names and ids)
@pytest.mark.parametrize(
    ("type_", "metadata", "id_", "properties"),
    [
        ("apps/v1:Deployment", {"name": "web", "namespace": "shop"}, "shop/web", {}),
        ("apps/v1:Deployment", {"name": "web"}, "default/web", {"metadata.namespace": "default"}),
        ("core/v1:Namespace", {"name": "shop"}, "shop", {}),
        ("rbac.authorization.k8s.io/v1:ClusterRole", {"name": "r"}, "r", {}),
        ("rbac.authorization.k8s.io/v1:Role", {"name": "r"}, "default/r", {"metadata.namespace": "default"}),
        ("core/v1:ConfigMapPatch", {"name": "c"}, "default/c", {"metadata.namespace": "default"}),
        ("example.com/v1:Widget", {"name": "w", "namespace": "shop"}, "shop/w", {}),
    ],
)
def test_kubernetes_objects(type_: str, metadata: dict[str, str], id_: str, properties: dict[str, str]) -> None:
    found = name_of(f"kubernetes:{type_}", {"metadata": metadata})
    assert (found.id, found.properties, found.arn, found.assumed) == (id_, properties, None, frozenset())


def test_kubernetes_objects_without_a_name() -> None:
    found = name_of("kubernetes:core/v1:Service", logical="web")
    assert fits("web-<hex8>", found.properties["metadata.name"])
    assert found.id == f"default/{found.properties['metadata.name']}"
    made = name_of("kubernetes:batch/v1:Job", {"metadata": {"generateName": "run-", "namespace": "shop"}})
    assert fits("shop/run-<alnum5>", made.id)
    release = name_of("kubernetes:helm.sh/v3:Release", {"namespace": "shop"}, logical="db")
    assert fits("shop/db-<hex8>", release.id)
    assert release.properties.keys() == {"name"}


def test_kubernetes_objects_with_unknown_parts() -> None:
    def unknown(inputs: dict[str, Any], *names: str) -> Identity:
        return name_of("kubernetes:core/v1:Service", inputs, unknown=frozenset(names))

    assert unknown({}, "metadata") == Identity(None)
    assert unknown({"metadata": {"namespace": "shop"}}, "metadata", "metadata.name").id is None
    assert unknown({"metadata": {"name": "web"}}, "metadata", "metadata.labels").id == "default/web"


def test_a_custom_resource_without_a_namespace_may_be_of_the_whole_cluster() -> None:
    found = name_of("kubernetes:example.com/v1:Widget", {"metadata": {"name": "w"}})
    assert found.id == "w"
    assert found.assumed == {"id"}
    assert not found.properties


@pytest.mark.parametrize(
    ("text", "arn", "path"),
    [
        ("arn:aws:iam::1:role/a/b", Arn("aws", "iam", "", "1", "role/a/b"), "a/b"),
        ("arn:aws:s3:::bucket/key:x", Arn("aws", "s3", "", "", "bucket/key:x"), "key:x"),
        ("arn:aws-cn:sns:cn-north-1:1:t", Arn("aws-cn", "sns", "cn-north-1", "1", "t"), "t"),
        ("arn:aws:logs:r:1:log-group:/a/b:*", Arn("aws", "logs", "r", "1", "log-group:/a/b:*"), "/a/b:*"),
        ("arn:aws:apigateway:r::/restapis/x", Arn("aws", "apigateway", "r", "", "/restapis/x"), "x"),
    ],
)
def test_an_arn_and_its_parts(text: str, arn: Arn, path: str) -> None:
    assert parse_arn(text) == arn
    assert (str(arn), arn.path) == (text, path)


@pytest.mark.parametrize("text", ["", "arn", "arn:aws:s3", "arn:aws:s3:::", "arn::s3:::b", "urn:aws:s3:::b", "b"])
def test_what_is_no_arn(text: str) -> None:
    assert parse_arn(text) is None


PART = st.text(st.characters(blacklist_characters=":", blacklist_categories=["Cs"]), min_size=1, max_size=12)


@given(PART, PART, PART | st.just(""), PART | st.just(""), st.text(min_size=1, max_size=20))
def test_every_arn_is_read_back_as_it_was_written(
    partition: str, service: str, region: str, account: str, resource: str
) -> None:
    arn = Arn(partition, service, region, account, resource)
    assert parse_arn(str(arn)) == arn


def test_templates_that_are_none_are_refused() -> None:
    for text in ("{", "a}b", "{#rune7}", "{a b}"):
        with pytest.raises(ValueError):
            compile_template(text, "p", {})
    with pytest.raises(KeyError):
        compile_template("{a:noSuchFunction}", "p", {})


def test_every_type_of_the_data_can_be_identified_and_names_its_source() -> None:
    data = json.loads(Path(aws_module.__file__).with_name("aws.json").read_text())
    for token, entry in data["types"].items():
        given = dict.fromkeys(_inputs_in(entry), "text")
        found = name_of(token, given, outputs={"arn"} if entry.get("arn") else set())
        if entry.get("arn"):
            assert entry.get("kind") or entry.get("source"), token
            # A part that depends on a closed set of words (a scope, a load balancer's kind) is not served by any text.
            assert found.arn is None or parse_arn(found.arn) or found.arn.startswith("text"), (token, found.arn)
        assert found.id is not None or entry.get("id", "") is None or isinstance(entry["id"], dict), token
        assert found == name_of(token, given, outputs={"arn"} if entry.get("arn") else set()), token


def _inputs_in(entry: dict[str, Any]) -> set[str]:
    """The properties that an entry's templates use and do not make."""
    used = set(re.findall(r"\{([A-Za-z]\w*)", json.dumps(entry)))
    return used - {"id", "arn", "_"} - set(entry.get("out", {}))


def test_the_data_covers_the_installed_sdk() -> None:
    """A newer pulumi_aws asks for scripts/refresh_arns.py."""
    data = json.loads(Path(aws_module.__file__).with_name("aws.json").read_text())
    listed = set(re.findall(r'"(aws:\w+/\w+:\w+)": "\w+"', Path(str(pulumi_aws.__file__)).read_text()))
    assert listed == set(data["types"])
    with_arn = [entry for entry in data["types"].values() if entry.get("arn")]
    assert len(with_arn) > 830
    assert sum("id" in entry.get("assumed", ()) for entry in data["types"].values()) < 300
