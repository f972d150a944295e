"""What strangers may send: refused with the reason, told to the run where it is one, and nothing is changed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from lychgate.portal.actions import ACTIONS
from lychgate.portal.runs import run_id

from lychgate.cli.portal_request import RequestOptions, run
from lychgate.model.errors import InputError
from lychgate.model.escaping import escape
from tests.cli.conftest import snapshot
from tests.portal.conftest import World

ID = "r_QOz6WoOB1Q2lmhZZ"
IMAGE = f"sha256:{'0' * 64}"
QUEUE, TABLE, WEB = "lychgate_create_queue", "lychgate_create_table", "lychgate_create_deployment"
FINGERPRINT = "701a8fa085f8319c3162b2df08ae48f8"


@dataclass(frozen=True)
class Hostile:
    """A run as Port has it, and what the refusal says."""

    says: str
    action: str = QUEUE
    entity: Any = "payments"
    inputs: dict[str, Any] = field(default_factory=lambda: {"name": "refunds"})
    by: str = "auth0|ada"
    run: dict[str, Any] = field(default_factory=dict)
    approved: tuple[str, ...] = ()


def web(**inputs: Any) -> dict[str, Any]:
    return {"name": "web", "image": IMAGE, **inputs}


HOSTILE = {
    "another team's application": Hostile("'grace@example.com' does not belong to team-payments", by="auth0|grace"),
    "a team that looks alike": Hostile("'eve@example.com' does not belong to team-payments", by="auth0|eve"),
    "a team that is called the same": Hostile("'mallory@example.com' does not belong to", by="auth0|mallory"),
    "a team in capitals": Hostile("'trent@example.com' does not belong to team-payments", by="auth0|trent"),
    "a forged user": Hostile("'auth0|nobody' is no user of Port", by="auth0|nobody"),
    "a client in place of a person": Hostile("is no user of Port", by="h2Mf13aRSCYQCUPIcqufoP4XRLwAt8Od@clients"),
    "a user who has left": Hostile("the user 'carol@example.com' is not active", by="auth0|carol"),
    "an id that two users bear": Hostile("'auth0|twice' is no user of Port", by="auth0|twice"),
    "in somebody else's name": Hostile("in the name of somebody else", run={"impersonatedBy": "auth0|grace"}),
    "an unknown application": Hostile("there is no application 'invoices'", entity="invoices"),
    "path traversal as application": Hostile("the entity '../../etc/passwd'", entity="../../etc/passwd"),
    "a folder as application": Hostile("the entity 'payments/../notify'", entity="payments/../notify"),
    "an application with a line more": Hostile(r"the entity 'payments\n'", entity="payments\n"),
    "no application": Hostile("the entity ''", entity=""),
    "an application that is a mapping": Hostile("the entity ''", entity={"identifier": "payments"}),
    "path traversal as name": Hostile("the key '../../x'", inputs={"name": "../../x"}),
    "YAML as name": Hostile(r"the character '\n'", inputs={"name": "x: {kind: bucket}\n  y"}),
    "YAML in one line as name": Hostile("the key 'x: {kind: bucket}, y'", inputs={"name": "x: {kind: bucket}, y"}),
    "a name that looks alike": Hostile("the key 'qu\u0435ue'", inputs={"name": "qu\u0435ue"}),
    "a name that is turned round": Hostile(r"the character '\u202e'", inputs={"name": "a\u202eb"}),
    "a name that is another's": Hostile("something of the name 'receipts'", inputs={"name": "receipts"}),
    "a name that is a workload's": Hostile("something of the name 'api'", inputs={"name": "api"}),
    "a name that is too long": Hostile("name is 'aaaa", inputs={"name": "a" * 31}),
    "no name": Hostile("name is missing", inputs={}),
    "a template expression": Hostile("the template '{{ .Values.a }}'", WEB, inputs=web(command=["{{ .Values.a }}"])),
    "a variable of the pipeline": Hostile("the template '${PORT_C", WEB, inputs=web(environment={"A": "${PORT_C}"})),
    "a command of a shell": Hostile("the template '$(id)'", WEB, inputs=web(command=["$(id)"])),
    "a line more in a schedule": Hostile(
        r"the character '\n'", "lychgate_create_cron_job", inputs=web(schedule="0 4 * * *\nowner: eve")
    ),
    "no inputs at all": Hostile("it has no inputs", inputs=None),  # type: ignore[arg-type]
    "an oversized body": Hostile("its inputs are too large", inputs={"name": "a", "classification": "a" * 70_000}),
    "an oversized text": Hostile("environment: the text is too long", WEB, inputs=web(environment={"A": "a" * 3_000})),
    "a field that is not declared": Hostile("the input 'owner'", inputs={"name": "refunds", "owner": "team-eve"}),
    "a field that a deletion sets": Hostile("the input 'retiring'", inputs={"name": "refunds", "retiring": True}),
    "a field of another kind": Hostile("the input 'partition'", inputs={"name": "refunds", "partition": {"a": "S"}}),
    "a kind of one's own": Hostile("the input 'kind'", inputs={"name": "refunds", "kind": "secret"}),
    "a prototype": Hostile("the input '__proto__'", inputs={"name": "refunds", "__proto__": {}}),
    "a text for a number": Hostile("is '7'", inputs={"name": "refunds", "settings_retention_days": "7"}),
    "a truth for a number": Hostile("is true", inputs={"name": "refunds", "settings_retention_days": True}),
    "a fraction for a whole number": Hostile("is 7.5", inputs={"name": "refunds", "settings_retention_days": 7.5}),
    "a number for a truth": Hostile("fifo is 1", inputs={"name": "refunds", "fifo": 1}),
    "a mapping for a text": Hostile("name is a mapping", inputs={"name": {"identifier": "refunds"}}),
    "more than the model allows": Hostile("is 99", inputs={"name": "refunds", "settings_retention_days": 99}),
    "a key of a type that is none": Hostile("is 'X'", TABLE, inputs={"name": "refunds", "partition": {"a": "X"}}),
    "a key that is deep": Hostile("is a mapping", TABLE, inputs={"name": "a", "partition": {"a": {"b": {}}}}),
    "more than an environment allows": Hostile(
        "at most 20, the limit of production|at most 8, the limit of test", WEB, inputs=web(settings_max_replicas=50)
    ),
    "what the platform has locked": Hostile(
        "secret.rotation_days is locked", "lychgate_update_secret", "payments.acquirer", {"settings_rotation_days": 999}
    ),
    "a secret of another application": Hostile(
        "there is no workload of payments 'acquirer'", WEB, "notify", web(uses=["payments/acquirer"])
    ),
    "an image by its tag": Hostile("image is 'latest'", WEB, inputs={"name": "web", "image": "latest"}),
    "an update of another kind": Hostile(
        "payments has no queue 'receipts'", "lychgate_update_queue", "payments.receipts", {"fifo": True}
    ),
    "an update of what is another's": Hostile(
        "payments has no queue 'outbox'", "lychgate_update_queue", "payments.outbox", {"fifo": True}
    ),
    "an update of nothing": Hostile("no input", "lychgate_update_queue", "payments.settlement", {}),
    "an update that changes nothing": Hostile(
        "paid is so already", "lychgate_update_topic", "payments.paid", {"subscribers": ["settlement"]}
    ),
    "a deletion without its name": Hostile(
        "confirm is missing", "lychgate_delete_table", "payments.ledger", {}
    ),
    "a deletion with another name": Hostile(
        "confirm is 'rates'", "lychgate_delete_table", "payments.ledger", {"confirm": "rates"}
    ),
    "a deletion with a nod": Hostile(
        "confirm is true", "lychgate_delete_table", "payments.ledger", {"confirm": True}
    ),
    "a deletion of another's": Hostile(
        "does not belong to team-payments", "lychgate_delete_table", "payments.ledger", {"confirm": "ledger"},
        "auth0|grace",
    ),
    "an action that is none": Hostile("the action 'lychgate_create_user'", "lychgate_create_user"),
    "an action of somebody else": Hostile("the action 'delete_everything'", "delete_everything"),
    "an environment that is none": Hostile(
        "there is no environment 'staging'", "lychgate_sync", "payments.staging.acme", {}
    ),
    "production by the action for test": Hostile(
        "lychgate_sync is not for production", "lychgate_sync", "payments.production.acme", {}
    ),
    "a tenant of another application": Hostile(
        "there is no tenant of reports", "lychgate_sync", "reports.test.initech", {}
    ),
    "production without a second person": Hostile(
        "nobody else has approved it", "lychgate_sync_production", "payments.production.acme", {}
    ),
    "production approved by oneself": Hostile(
        "nobody else has approved it", "lychgate_sync_production", "payments.production.acme", {},
        run={"requiredApproval": {"type": "ANY"}}, approved=("auth0|ada",),
    ),
    "production of an action that lost its approval": Hostile(
        "nobody else has approved it", "lychgate_sync_production", "payments.production.acme", {},
        approved=("auth0|grace",),
    ),
    "a waiver without a second person": Hostile(
        "nobody else has approved it", "lychgate_waive", f"payments.test.acme.{FINGERPRINT}",
        {"reason": "a", "ticket": "S-1"},
    ),
    "a waiver of a path": Hostile(
        "the entity", "lychgate_waive", "payments.test.acme.../../x", {"reason": "a", "ticket": "S-1"},
    ),
    "a waiver for ever": Hostile(
        "days is 9999", "lychgate_waive", f"payments.test.acme.{FINGERPRINT}",
        {"reason": "a", "ticket": "S-1", "days": 9999}, run={"requiredApproval": True}, approved=("auth0|grace",),
    ),
}  # fmt: skip
ENDED = {
    "a run that succeeded": {"status": "SUCCESS", "endedAt": "2026-11-01T00:00:00Z"},
    "a run that failed": {"status": "FAILURE"},
    "a run that waits for approval": {"status": "WAITING_FOR_APPROVAL"},
    "a run that was declined": {"status": "DECLINED"},
    "a run that ended": {"endedAt": "2026-11-01T00:00:00Z"},
    "a run of another id": {"id": "r_another1"},
}


def lay(world: World, hostile: Hostile) -> None:
    users = world.port
    users.user("eve", "team-p\u0430yments")  # the Cyrillic letter
    users.user("mallory", "team-payments", teamsIdentifiers=["team-mallory"])
    users.user("trent", "Team-Payments", "team-payments ")
    users.user("carol", "team-payments", status="DISABLED")
    users.user("twin", "team-payments", id="auth0|twice")
    users.user("other", "team-payments", id="auth0|twice")
    users.run(ID, hostile.action, hostile.entity, hostile.inputs, hostile.by, **hostile.run)
    users.approvers[ID] = [{"userId": one, "state": "APPROVED", "description": ""} for one in hostile.approved]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_run_is_refused_and_changes_nothing(name: str, world: World) -> None:
    hostile = HOSTILE[name]
    lay(world, hostile)
    before = snapshot(world.root)
    with pytest.raises(InputError, match="|".join(map(re.escape, hostile.says.split("|")))) as refused:
        run(RequestOptions(world.payload(ID), None, world.port.url, None))
    assert snapshot(world.root) == before
    assert not world.gitlab.branches and not world.gitlab.commits and not world.gitlab.requests
    told = world.port.runs[ID]
    if hostile.action not in ACTIONS:  # somebody else's run, that is not ours to end
        assert told["status"] == "IN_PROGRESS" and not world.port.writes
    else:
        assert (told["status"], told["statusLabel"], told["summary"]) == (
            "FAILURE", "refused", escape(str(refused.value))
        )  # fmt: skip


@pytest.mark.parametrize("name", ENDED)
def test_a_run_that_is_not_in_progress_is_refused(name: str, world: World) -> None:
    lay(world, Hostile(""))
    world.port.runs[ID] |= ENDED[name]
    with pytest.raises(InputError, match=f"run {ID}: "):
        run(RequestOptions(world.payload(ID), None, world.port.url, None))
    assert not world.port.writes and not world.gitlab.branches


def test_the_payload_is_only_where_the_run_is_named(world: World) -> None:
    lay(world, Hostile("", by="auth0|grace"))
    file = world.payload(ID)
    message = {
        "context": {"runId": ID, "entity": "notify"}, "trigger": {"by": {"user": {"email": "ada@example.com"}}},
        "payload": {"properties": {"name": "mine"}, "action": {"identifier": "lychgate_sync"}},
    }  # fmt: skip
    file.write_text(json.dumps(message))
    with pytest.raises(InputError, match=r"'grace@example\.com' does not belong to team-payments"):
        run(RequestOptions(file, None, world.port.url, None))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("[]", "no ids of a run"),
        ('{"context": {"runId": "../users"}}', r"the id '\.\./users'"),
        ('{"context": {"runId": "r_1234?version=v1"}}', "the id 'r_1234"),
        ('{"context": {"runId": "r_1234\\n"}}', "the id 'r_1234"),
        ('{"context": {"runId": "r_\u0430bcd"}}', "the id 'r_"),
        ('{"context": {"runId": ["r_1234"]}}', "the id "),
        ('{"context": {"runId": "r_1234"}, "port_payload": {"context": {"runId": "r_5678"}}}', "2 ids of a run"),
        (f'{{"context": {{"runId": "r_1234"}}, "more": "{"a" * 11_000_000}"}}', "too large|not JSON"),
    ],
)
def test_a_payload_that_names_no_run_is_refused(content: str, found: str, tmp_path: Path) -> None:
    file = tmp_path / "payload.json"
    file.write_text(content)
    with pytest.raises(InputError, match=found):
        run_id(file)


@pytest.mark.parametrize(
    "content",
    [
        {"context": {"runId": ID}},
        {"ref": "main", "variables": {"name": "a"}, "port_payload": {"context": {"runId": ID}}},
        {"ref": "main", "variables": {"LYCHGATE_RUN": ID}},
    ],
)
def test_a_run_is_named_where_port_and_its_agent_name_it(content: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "payload.json"
    file.write_text(json.dumps(content))
    assert run_id(file) == ID
