"""What stands in the account without being in the state, the rules that it breaks, and how both are shown."""

from __future__ import annotations

import io
import json

import pytest
from lychgate.provisioner.sync.attributing import as_live, attributed
from lychgate.provisioner.sync.drift import drift
from lychgate.provisioner.sync.drift_records import Drift
from lychgate.provisioner.sync.drift_showing import show
from lychgate.provisioner.sync.live.calling import Unread
from lychgate.provisioner.sync.live.reading import Live
from rich.console import Console

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.ruleset import load_ruleset
from tests.provisioner.sync.live import cases_services, cases_storage
from tests.provisioner.sync.live.world import PAIRS, TAGS, World, made, state

pytestmark = pytest.mark.moto
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"


def printed(found: Drift, **options: bool) -> str:
    out = io.StringIO()
    show(found, console=Console(file=out, highlight=False, soft_wrap=True), **options)
    return out.getvalue()


def judged(found: Drift) -> Drift:
    rules = built_in_rules()
    return attributed(found, rules.values(), load_ruleset("production", rules))


def test_a_rule_that_opens_a_group_by_hand_is_found_and_breaks_rules(world: World) -> None:
    (group,) = cases_services.group(world)
    ranges = [{"CidrIp": "0.0.0.0/0"}]
    world.ec2.authorize_security_group_ingress(
        GroupId=group.id, IpPermissions=cases_services.connect(world, group.id, IpRanges=ranges)
    )
    found = judged(world.drift(group))
    (one,) = found.unmanaged
    assert one.type == cases_services.RULE.format("Ingress") and one.owner == group.urn
    assert one.properties["cidrIpv4"] == "0.0.0.0/0" and found.drifted == []
    broken = [row for row in found.broken if row.cause == one.id and row.outcome == "fail"]
    assert any("1.3.1" in row.requirements or "1.4.2" in row.requirements for row in broken), found.broken
    assert f"{one.id}  {one.type}  not managed  part of it" in printed(found)


def test_what_another_stack_opened_is_known(world: World) -> None:
    rule, inner, outer = cases_services.ingress(world)
    assert [one.id for one in world.drift(inner, outer).unmanaged] == [rule.id]
    assert world.drift(inner, outer, others=(state(rule),)).unmanaged == ()


def test_policies_of_a_role_that_nobody_declared(world: World) -> None:
    (role,) = cases_services.role(world)
    world.iam.put_role_policy(RoleName=role.id, PolicyName="extra", PolicyDocument=json.dumps(cases_services.READ))
    world.iam.attach_role_policy(RoleName=role.id, PolicyArn=cases_services.BOUNDARY)
    found = {one.type.rpartition(":")[2]: one.id for one in world.drift(role).unmanaged}
    assert found == {
        "RolePolicy": f"{role.id}:extra",
        "RolePolicyAttachment": f"{role.id}/{cases_services.BOUNDARY}",
    }


def test_subscriptions_and_policies_of_resources(world: World) -> None:
    (topic,) = cases_services.topic(world)
    world.sns.subscribe(TopicArn=topic.id, Protocol="sqs", Endpoint=cases_services.QUEUE_ARN)
    (secret,) = cases_storage.secret(world)
    document = json.dumps(cases_services.PULL)
    world.secretsmanager.put_resource_policy(SecretId=secret.id, ResourcePolicy=document)
    (repository,) = cases_services.repository(world)
    world.ecr.set_repository_policy(repositoryName=repository.id, policyText=document)
    secret.urn, repository.urn = f"{secret.urn}-secret", f"{repository.urn}-images"
    assert {one.type.rpartition(":")[2] for one in world.drift(topic, secret, repository).unmanaged} == {
        "TopicSubscription", "SecretPolicy", "RepositoryPolicy",
    }  # fmt: skip


def test_what_carries_the_stacks_tags_is_found(world: World) -> None:
    (table,) = cases_storage.table(world)
    world.s3.create_bucket(Bucket="by-hand", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    world.s3.put_bucket_tagging(Bucket="by-hand", Tagging={"TagSet": PAIRS})
    others = [{"Key": key, "Value": f"{value}2"} for key, value in TAGS.items()]
    world.s3.create_bucket(Bucket="of-others", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    world.s3.put_bucket_tagging(Bucket="of-others", Tagging={"TagSet": others})
    tags = [{"TagKey": key, "TagValue": value} for key, value in TAGS.items()]
    world.kms.schedule_key_deletion(KeyId=world.kms.create_key(Tags=tags)["KeyMetadata"]["KeyId"])
    world.secretsmanager.create_secret(Name="going", SecretString="x", Tags=PAIRS)
    world.secretsmanager.delete_secret(SecretId="going", RecoveryWindowInDays=7)
    world.role()
    found = world.drift(table)
    assert [(one.type, one.id.rpartition(":")[2]) for one in found.unmanaged] == [
        ("iam:role", "role/shop-production-acme-api"), ("s3", "by-hand"),
    ]  # fmt: skip
    assert found.found and found.complete and found.counts == {"same": 1}


def test_rules_and_requirements_of_what_drifted(world: World) -> None:
    (bucket,) = cases_storage.bucket(world)
    block = cases_storage.companion("BucketPublicAccessBlock", **dict.fromkeys(cases_storage.BLOCKS, True))
    cases_storage.put_block(world)
    assert judged(world.drift(bucket, block)).broken == ()
    cases_storage.put_block(world, BlockPublicPolicy=False, RestrictPublicBuckets=False)
    found = judged(world.drift(bucket, block))
    causes = {(one.cause, one.rule, one.outcome) for one in found.broken}
    assert causes and {cause for cause, _, _ in causes} == {block.urn}
    failed = [one for one in found.broken if one.outcome == "fail"]
    assert failed and any(one.requirements for one in failed)
    text = printed(found)
    assert "blockPublicPolicy: true deployed, false live" in text and "breaks " in text and "\x1b" not in text
    world.s3.delete_public_access_block(Bucket=cases_storage.NAME)
    gone = judged(world.drift(bucket, block))
    assert gone.counts == {"missing": 1, "same": 1} and any(one.outcome == "fail" for one in gone.broken)


def test_what_could_not_be_read_leaves_rules_undetermined() -> None:
    bucket = made("aws:s3/bucket:Bucket", "b", {"bucket": "b", "tags": TAGS}, arn="arn:aws:s3:::b")
    blocks = dict.fromkeys(cases_storage.BLOCKS, True)
    block = made(BLOCK, "b", {"bucket": "b", **blocks})
    live = {bucket.urn: {"bucket": "b", "tags": TAGS}, block.urn: Unread("s3:GetPublicAccessBlock", "AccessDenied")}
    found = judged(drift(state(bucket, block), Live(live)))
    assert {one.outcome for one in found.broken} == {"unknown"}
    assert as_live(found).by_urn[bucket.urn].properties == bucket.properties
    text = printed(found)
    assert "not read: s3:GetPublicAccessBlock: AccessDenied" in text and "no drift" not in text
    assert "leaves undetermined" in text and "not everything could be read" in text


def test_strange_text_is_harmless_on_a_terminal() -> None:
    one = made("aws:sqs/queue:Queue", "u", {"name": "a\x1b[31m"}, name="x\x1b]0;y\x07")
    text = printed(drift(state(one), Live({one.urn: {"name": "b\u202e"}})))
    assert "\x1b" not in text and "\u202e" not in text and "\x07" not in text
