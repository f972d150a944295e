"""The whole chain by `lychgate sync`: model, gate, the real engine, what is then at moto, state, drift, record."""

from __future__ import annotations

import hashlib
import signal
import subprocess
from pathlib import Path

import pytest

from tests.engine.groundwork import Groundwork
from tests.engine.harness import Engine
from tests.engine.syncing import ACME, GLOBEX, SHOP, Platform
from tests.reports.signing.key_files import key_files

SYNC = ("sync", "shop", "--environment", "test", "--tenant", "acme")
DRIFT = ("drift", "shop", "--environment", "test", "--tenant", "acme")
QUEUE, BUCKET = "shop-test-acme-orders", "shop-test-acme-receipts-444455556666"
pytestmark = [pytest.mark.engine, pytest.mark.moto, pytest.mark.slow]


@pytest.fixture
def platform(engine: Engine, base: Groundwork) -> Platform:
    return Platform.make(engine, base)


def retention(base: Groundwork) -> str:
    """How long the queue keeps messages, by the cloud's own word."""
    sqs = base.client("sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    found: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["MessageRetentionPeriod"]
    return found


def tagged(base: Groundwork, tenant: str) -> list[str]:
    """The ARNs of what carries the tenant's tag, and does not wait for its deletion."""
    filters = [{"Key": "application", "Values": ["shop"]}, {"Key": "tenant", "Values": [tenant]}]
    rows = base.client("resourcegroupstaggingapi").get_resources(TagFilters=filters)["ResourceTagMappingList"]
    return [row["ResourceARN"] for row in rows if ":kms:" not in row["ResourceARN"]]


def test_from_the_model_to_the_cloud_and_back(platform: Platform, base: Groundwork) -> None:
    said = platform.command(*SYNC).expect(0)
    assert "✓ sync-into-another-account  pass" in said and "applied  shop.test.acme" in said
    assert retention(base) == "345600"
    platform.command(*DRIFT).expect(0)
    (first,) = platform.records()
    assert first["applied"]["outcome"] == "applied" and first["after"]["decision"] == "clean"
    assert first["request"]["application"] == "shop" and first["difference"]["summary"].keys() == {"create"}
    made = [one["urn"] for one in first["applied"]["done"] if not one["type"].startswith("pulumi:providers:")]
    assert len(made) > 40 and sorted(made) == sorted(platform.log("create")) and not platform.locks()
    kept = platform.base / "platform" / "stacks" / f"Pulumi.{ACME}.yaml"
    assert kept.read_text().startswith("encryptionsalt: ")

    again = platform.command(*SYNC).expect(0)
    assert "nothing changes" in again, again
    assert platform.records()[-1]["applied"]["counts"].keys() == {"same"}

    platform.write(SHOP.replace("{kind: queue}", "{kind: queue, settings: {retention_days: 3}}"))
    changed = platform.command(*SYNC).expect(0)
    assert "~ orders  aws:sqs/queue:Queue  update" in changed
    assert retention(base) == "259200"
    assert [urn.rpartition("::")[2] for urn in platform.log("update")] == ["orders"]

    sqs = base.client("sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "60"})
    assert "messageRetentionSeconds" in platform.command(*DRIFT).expect(1)
    refused = platform.command(*SYNC).expect(1)
    assert "✗ drift-without-explanation  fail: 1 of 1" in refused and "orders (changed)" in refused
    assert retention(base) == "60" and platform.records()[-1]["applied"] is None
    platform.command(*SYNC, "--explain-drift", "orders=INC-42, by hand in the night").expect(0)
    assert retention(base) == "259200"
    assert platform.records()[-1]["request"]["explained"] == {"orders": "INC-42, by hand in the night"}
    platform.command(*DRIFT).expect(0)


def test_what_the_gate_refuses_touches_neither_cloud_nor_state(platform: Platform, base: Groundwork) -> None:
    file = platform.base / "platform" / "environments" / "test.yaml"
    file.write_text(file.read_text().replace("baseline: test", "baseline: production"))
    platform.write(SHOP + "  ledger: {kind: table, partition: {id: S}}\n")
    sync = platform.command(*SYNC)
    said = sync.expect(1)
    assert "dynamodb-table-without-deletion-protection brought by this change" in said
    assert "lychgate: shop.test.acme: not applied, nothing was touched" in sync.lines
    assert not base.client("dynamodb").list_tables()["TableNames"] and not platform.log() and platform.state() is None
    (kept,) = platform.records()
    assert kept["verdict"]["decision"] == "findings" and kept["applied"] is None


def test_an_environment_demands_a_signed_verdict(platform: Platform, base: Groundwork) -> None:
    """One of this commit, by the key in the platform's folder; what was signed before a change is none."""
    (keys := platform.base / "platform" / "keys").mkdir()
    private, public = key_files(platform.engine.work)
    Path(public).rename(keys / "gate.pub")
    file = platform.base / "platform" / "environments" / "test.yaml"
    file.write_text(file.read_text() + "signed_verdict: {keys: [keys/gate.pub]}\n")
    _commit(platform.base)
    rule = "sync-without-signed-verdict  "
    assert f"✗ {rule}fail: test is synced with a signed verdict" in platform.command(*SYNC).expect(1)
    gate = platform.engine.work / "gate"
    platform.command(*SYNC, "--plan", "--format", "json", "--output", str(gate)).expect(0)
    platform.command("sign", str(gate / "verdict.json"), "--sign-with", private).expect(0)
    signed = ("--verdict", str(gate / "verdict.intoto.json"))
    said = platform.command(*SYNC, *signed).expect(0)
    assert f"✓ {rule}pass" in said and "applied  shop.test.acme" in said and retention(base) == "345600"
    first, last = platform.records()
    assert first["request"]["signed_verdict"] is None and first["applied"] is None
    kept = last["request"]["signed_verdict"]
    assert kept["sha256"] == hashlib.sha256((gate / "verdict.intoto.json").read_bytes()).hexdigest()
    platform.write(SHOP.replace("{kind: queue}", "{kind: queue, settings: {retention_days: 3}}"))
    said = platform.command(*SYNC, *signed).expect(1)
    assert (
        f"✗ {rule}fail: verdict.intoto.json does not speak for this sync: it was made of other files (platform" in said
    )
    _commit(platform.base)
    assert "it is of the commit " in platform.command(*SYNC, *signed).expect(1) and retention(base) == "345600"


def _commit(folder: Path) -> None:
    git = ["git", "-C", str(folder), "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    for arguments in (["init", "--quiet", "--initial-branch=main"], ["add", "."], ["commit", "--quiet", "-m", "x"]):
        subprocess.run([*git, *arguments], check=True)


def test_a_failure_in_the_middle_and_the_sync_after_it(platform: Platform, base: Groundwork) -> None:
    said = platform.command(*SYNC, LYCHGATE_PROVIDER_FAILS="orders").expect(4)
    assert "✗ orders  aws:sqs/queue:Queue  create" in said and "failed  shop.test.acme" in said
    (kept,) = platform.records()
    assert kept["applied"]["outcome"] == "failed" and kept["applied"]["broken"][0]["name"] == "orders"
    made = {one["urn"] for one in kept["applied"]["done"]}
    assert made and made <= platform.urns() and not platform.locks()
    platform.command(*SYNC).expect(0)
    assert retention(base) and len(platform.log("create")) == len(set(platform.log("create")))  # nothing twice
    platform.command(*DRIFT).expect(0)


def test_ctrl_c_in_the_middle(platform: Platform) -> None:
    slow = {"LYCHGATE_PROVIDER_SLOW": "orders", "LYCHGATE_PROVIDER_SECONDS": "6"}
    running = platform.command(*SYNC, **slow).wait_for("  create receipts  aws:s3/bucket:Bucket")
    said = running.interrupt(signal.SIGINT, group=True).expect(4)
    assert "cancelled  shop.test.acme" in said and not platform.locks()
    assert not any(":Deployment::api" in urn for urn in platform.log("create"))  # which needs the queue
    state = platform.state()
    assert state is not None and not state.pending
    assert platform.records()[-1]["applied"]["outcome"] == "cancelled"
    platform.command(*SYNC).expect(0)


def test_what_has_changed_since_it_was_judged_is_not_applied(platform: Platform) -> None:
    running = platform.command(*SYNC).wait_for("preview ...")
    platform.write(SHOP + "  returns: {kind: queue}\n")
    why = "files have changed while they were judged: applications/shop.yaml"
    said = running.expect(1)
    assert f"  {why}" in said and "refused  shop.test.acme: nothing was done" in said
    assert not platform.log() and not platform.locks()
    (kept,) = platform.records()
    assert kept["applied"]["outcome"] == "refused" and why in kept["applied"]["reason"]


def test_the_second_of_two_syncs_is_refused_by_the_preflight(platform: Platform) -> None:
    slow = {"LYCHGATE_PROVIDER_SLOW": "orders", "LYCHGATE_PROVIDER_SECONDS": "25"}
    first = platform.command(*SYNC, **slow).wait_for("  create receipts  aws:s3/bucket:Bucket")
    assert "✗ sync-of-a-locked-stack  fail" in platform.command(*SYNC).expect(1)
    first.expect(0)


def test_a_tenant_is_taken_away_and_the_other_stays(platform: Platform, base: Groundwork) -> None:
    for tenant in ("acme", "globex"):
        platform.command("sync", "shop", "--environment", "test", "--tenant", tenant).expect(0)
    before = platform.urns(GLOBEX)
    platform.write(SHOP.replace("[acme, globex]", "[globex]"))
    said = platform.command(*SYNC, "--remove").expect(1)
    words = said.partition("Nobody has said ")[2].partition(": what")[0].split()
    assert {"orders", "receipts"} <= {*words[1::2]}
    assert BUCKET in {one["Name"] for one in base.client("s3").list_buckets()["Buckets"]}
    removed = platform.command(*SYNC, "--remove", *words).expect(0)
    assert "applied  shop.test.acme" in removed and not platform.urns(ACME) and platform.urns(GLOBEX) == before
    buckets = {one["Name"] for one in base.client("s3").list_buckets()["Buckets"]}
    assert BUCKET not in buckets and "shop-test-globex-receipts-444455556666" in buckets
    assert platform.records()[-1]["kind"] == "removal"
    assert tagged(base, "acme") == [] and len(tagged(base, "globex")) > 3
    roles = [role["RoleName"] for role in base.client("iam").list_roles()["Roles"]]
    assert not [name for name in roles if name.startswith("shop-test-acme")]
    platform.command("drift", "shop", "--environment", "test", "--tenant", "globex").expect(0)
    assert "nothing is deployed" in platform.command(*SYNC, "--remove").expect(1)
