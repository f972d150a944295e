"""For each kind of thing: create, update and delete lead to the right text, and to a platform that is valid."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lychgate.portal.actions import ACTIONS, asked_of
from lychgate.portal.editing import changed
from lychgate.portal.kinds import KINDS, Input
from lychgate.portal.verdicts import Judged, edited_copy, judge
from lychgate.provisioner.models.platform import Platform, read_platform

from lychgate.cli.platforms import platform_of
from lychgate.cli.portal_judging import judges_of
from lychgate.model.document import parse
from lychgate.model.errors import InputError
from tests.portal.conftest import ADA, EXAMPLE, run_of

SETTINGS = EXAMPLE.parents[1] / "lychgate.yaml"
PLATFORM = read_platform(EXAMPLE)
IMAGE = f"sha256:{'0' * 64}"

CASES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "create bucket": (
        "lychgate_create_bucket", "payments",
        {"name": "disputes", "settings_archive_days": 90, "shared": False, "classification": "sensitive"},
        "+  disputes: {kind: bucket, settings: {archive_days: 90}, classification: sensitive}",
    ),
    "create queue": (
        "lychgate_create_queue", "payments", {"name": "refunds", "fifo": True, "settings_retention_days": 7},
        "+  refunds: {kind: queue, fifo: true, settings: {retention_days: 7}}",
    ),
    "create queue of one tenant": (
        "lychgate_create_queue", "payments", {"name": "tried", "environments": ["test"], "tenants": ["acme"]},
        "+  tried: {kind: queue, environments: [test], tenants: [acme]}",
    ),
    "create topic": (
        "lychgate_create_topic", "payments", {"name": "refused", "subscribers": ["settlement"]},
        "+  refused: {kind: topic, subscribers: [settlement]}",
    ),
    "create table": (
        "lychgate_create_table", "payments",
        {"name": "reversals", "partition": {"refund": "S"}, "sort": {"at": "N"}, "expires": "gone",
         "indexes": {"by-payment": {"partition": {"payment": "S"}}}, "settings_max_read_units": 100},
        "+  reversals:\n+    kind: table\n+    partition: {refund: S}\n+    sort: {at: \"N\"}\n+    expires: gone\n"
        "+    indexes: {by-payment: {partition: {payment: S}}}\n+    settings: {max_read_units: 100}",
    ),
    "create database": (
        "lychgate_create_database", "reports", {"name": "totals", "engine": "mysql", "settings_min_capacity": 1.5},
        "+  totals: {kind: database, engine: mysql, settings: {min_capacity: 1.5}}",
    ),
    "create secret": ("lychgate_create_secret", "payments", {"name": "scheme"}, "+  scheme: {kind: secret}"),
    "create deployment": (
        "lychgate_create_deployment", "payments",
        {"name": "web", "image": IMAGE, "environment": {"ASK": "yes", "WHO": "a: b #c"}, "uses": ["receipts:read"],
         "ingress_host": "pay", "port": 8443, "settings_max_replicas": 5},
        f"+  web:\n+    kind: deployment\n+    image: {IMAGE}\n"
        '+    environment: {ASK: "yes", WHO: "a: b #c"}\n+    uses: [receipts:read]\n+    ingress: {host: pay}\n'
        "+    settings: {max_replicas: 5}",
    ),
    "create stateful-set": (
        "lychgate_create_stateful_set", "payments", {"name": "keys", "image": IMAGE, "path": "/keys"},
        f"+  keys:\n+    kind: stateful-set\n+    image: {IMAGE}\n+    path: /keys",
    ),
    "create cron-job": (
        "lychgate_create_cron_job", "reports",
        {"name": "weekly", "image": IMAGE, "schedule": "0 4 * * 1", "command": ["sum", "--all"]},
        f"+  weekly:\n+    kind: cron-job\n+    image: {IMAGE}\n"
        '+    schedule: "0 4 * * 1"\n+    command: [sum, "--all"]',
    ),
    "update bucket": (
        "lychgate_update_bucket", "notify.templates", {"settings_expire_days": 365, "settings_archive_days": 30},
        "-  templates: {kind: bucket, settings: {expire_days: 3650}}\n"
        "+  templates: {kind: bucket, settings: {expire_days: 365, archive_days: 30}}",
    ),
    "update queue": (
        "lychgate_update_queue", "notify.outbox", {"settings_retention_days": 3},
        "-  outbox: {kind: queue, fifo: true}\n+  outbox: {kind: queue, fifo: true, settings: {retention_days: 3}}",
    ),
    "update topic": (
        "lychgate_update_topic", "payments.paid", {"subscribers": []},
        "-  paid: {kind: topic, subscribers: [settlement]}\n+  paid: {kind: topic, subscribers: []}",
    ),
    "update table": (
        "lychgate_update_table", "payments.sessions", {"expires": "gone"}, "-    expires: expires\n+    expires: gone",
    ),
    "update database": (
        "lychgate_update_database", "reports.history", {"settings_instances": 3}, "+    settings: {instances: 3}",
    ),
    "update secret": (
        "lychgate_update_secret", "payments.acquirer", {"classification": "sensitive"},
        "-  acquirer: {kind: secret}\n+  acquirer: {kind: secret, classification: sensitive}",
    ),
    "update deployment": (
        "lychgate_update_deployment", "payments.settle", {"settings_max_replicas": 5, "image": IMAGE},
        "-    image: sha256:9a8b7c6d5e4f30211203f4e5d6c7b8a9908172635445362718091a2b3c4d5e6f\n"
        f"+    image: {IMAGE}\n-    settings: {{max_replicas: 4}}\n+    settings: {{max_replicas: 5}}",
    ),
    "update stateful-set": (
        "lychgate_update_stateful_set", "payments.tokens", {"uses": []}, "-    uses: [ledger:read]\n+    uses: []",
    ),
    "update cron-job": (
        "lychgate_update_cron_job", "reports.nightly", {"deadline_seconds": 60}, "+    deadline_seconds: 60",
    ),
    "delete bucket": (
        "lychgate_delete_bucket", "payments.receipts", {"confirm": "receipts"},
        "-  receipts: {kind: bucket}\n+  receipts: {kind: bucket, retiring: true}",
    ),
    "delete queue": (
        "lychgate_delete_queue", "notify.outbox", {"confirm": "outbox"},
        "-  outbox: {kind: queue, fifo: true}\n+  outbox: {kind: queue, fifo: true, retiring: true}",
    ),
    "delete topic": (
        "lychgate_delete_topic", "payments.paid", {"confirm": "paid"},
        "-  paid: {kind: topic, subscribers: [settlement]}\n"
        "+  paid: {kind: topic, subscribers: [settlement], retiring: true}",
    ),
    "delete table": ("lychgate_delete_table", "payments.rates", {"confirm": "rates"}, "+    retiring: true"),
    "delete database": ("lychgate_delete_database", "reports.history", {"confirm": "history"}, "+    retiring: true"),
    "delete secret": (
        "lychgate_delete_secret", "payments.acquirer", {"confirm": "acquirer"},
        "-  acquirer: {kind: secret}\n+  acquirer: {kind: secret, retiring: true}",
    ),
    "delete deployment": (
        "lychgate_delete_deployment", "payments.settle", {"confirm": "settle"},
        "-  settle:\n-    image: sha256:9a8b7c6d5e4f30211203f4e5d6c7b8a9908172635445362718091a2b3c4d5e6f\n"
        "-    uses: [settlement:receive, settlements, ledger:read]\n-    settings: {max_replicas: 4}",
    ),
    "delete stateful-set": (
        "lychgate_delete_stateful_set", "payments.tokens", {"confirm": "tokens"},
        "-  tokens:\n-    kind: stateful-set\n"
        "-    image: sha256:1f2e3d4c5b6a79880796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0\n"
        "-    path: /data\n-    uses: [ledger:read]",
    ),
    "delete cron-job": (
        "lychgate_delete_cron_job", "reports.archive", {"confirm": "archive"},
        "-  archive:\n-    kind: cron-job\n"
        "-    image: sha256:7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5\n"
        '-    schedule: "0 4 * * 0"\n-    command: [archive]\n-    uses: [history:read, exports]',
    ),
}  # fmt: skip


def file_of(application: str) -> Path:
    return EXAMPLE / "applications" / f"{application}.yaml"


def difference(before: str, after: str) -> str:
    lines = list(unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
    return "\n".join(one for one in lines if not one.startswith("@@"))


def valid(application: str, text: str) -> Platform:
    with edited_copy(SETTINGS, EXAMPLE, file_of(application), text) as (_, platform):
        return platform


def test_there_is_a_case_for_each_operation_on_each_kind() -> None:
    assert {case for case in CASES if " of " not in case} == {
        f"{operation} {kind}" for operation in ("create", "update", "delete") for kind in KINDS
    }


@pytest.mark.parametrize("case", CASES)
def test_a_request_changes_only_the_lines_that_it_is_about(case: str) -> None:
    action, entity, inputs, lines = CASES[case]
    asked = asked_of(run_of(action, entity, inputs), PLATFORM)
    before = file_of(asked.application).read_text()
    after = changed(before, "payments.yaml", asked)
    assert difference(before, after) == lines
    valid(asked.application, after)


def test_what_is_retiring_is_taken_out_with_its_last_word() -> None:
    asked = asked_of(run_of("lychgate_delete_queue", "payments.settlement", {"confirm": "settlement"}), PLATFORM)
    before = "owner: a\nresources:\n  # of the night\n  settlement: {kind: queue, retiring: true} # old\n"
    assert changed(before, "f", asked) == "owner: a\n"
    more = before + "\n  # of the day\n  paid:\n    kind: topic   # stays\n\n# the end\n"
    after = (
        "owner: a\nresources:\n  # of the night\n\n  # of the day\n  paid:\n    kind: topic   # stays\n\n# the end\n"
    )
    assert changed(more, "f", asked) == after


def test_a_deletion_of_what_a_workload_uses_is_refused_by_the_platform() -> None:
    text = file_of("notify").read_text().replace("{kind: queue, fifo: true}", "{kind: queue, retiring: true}")
    asked = asked_of(run_of("lychgate_delete_queue", "notify.outbox", {"confirm": "outbox"}), PLATFORM)
    with pytest.raises(InputError, match=r"notify\.yaml:9:12: there is no .*'outbox'"):
        valid("notify", changed(text, "f", asked))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "owner: a\nresources: {one: {kind: bucket}}\n",
            "owner: a\nresources: {one: {kind: bucket}, refunds: {kind: queue}}\n",
        ),
        ("owner: a", "owner: a\nresources:\n  refunds: {kind: queue}\n"),
        (
            "owner: a\nresources:\n    one: # first\n        kind: bucket\n\n# after\nshared: false\n",
            "owner: a\nresources:\n    one: # first\n        kind: bucket\n    refunds: {kind: queue}\n\n# after\n"
            "shared: false\n",
        ),
        ("owner: a\nresources:\n", "owner: a\nresources:\n  refunds: {kind: queue}\n"),
    ],
)
def test_a_thing_is_put_where_the_others_stand(text: str, expected: str) -> None:
    asked = asked_of(run_of("lychgate_create_queue", "payments", {"name": "refunds"}), PLATFORM)
    assert changed(text, "f", asked) == expected


@pytest.mark.parametrize(
    ("there", "inputs", "line"),
    [
        ("tenants: [acme]", {"tenants": ["acme", "globex"]}, "tenants: [acme, globex]"),
        ("environments: [test], tenants: [acme]", {"environments": [], "tenants": []}, "environments: [], tenants: []"),
        ("retiring: true", {"environments": ["test"]}, "retiring: true, environments: [test]"),
        ("retiring: true", {"shared": True}, "retiring: true, shared: true"),
        ("classification: internal", {"shared": False}, "classification: internal, shared: false"),
    ],
)  # fmt: skip
def test_a_thing_comes_to_stand_in_more_places(there: str, inputs: dict[str, Any], line: str) -> None:
    asked = asked_of(run_of("lychgate_update_bucket", "payments.receipts", inputs), PLATFORM)
    before = f"owner: a\nresources:\n  receipts: {{kind: bucket, {there}}}\n"
    assert changed(before, "f", asked) == before.replace(there, line)


@pytest.mark.parametrize(
    ("there", "inputs"),
    [
        ("classification: internal", {"environments": ["test"]}),
        ("classification: internal", {"tenants": ["acme"]}),
        ("tenants: [acme]", {"tenants": ["globex"]}),
        ("tenants: [acme, globex]", {"tenants": ["acme"]}),
        ("classification: internal", {"shared": True}),
        ("shared: true", {"shared": False}),
    ],
)
def test_a_change_deletes_nothing(there: str, inputs: dict[str, Any]) -> None:
    asked = asked_of(run_of("lychgate_update_bucket", "payments.receipts", inputs), PLATFORM)
    with pytest.raises(InputError, match="what it holds there is deleted"):
        changed(f"owner: a\nresources:\n  receipts: {{kind: bucket, {there}}}\n", "f", asked)


def test_lines_that_end_otherwise_are_edited_all_the_same() -> None:
    asked = asked_of(run_of("lychgate_create_queue", "payments", {"name": "refunds"}), PLATFORM)
    made = changed("owner: a\r\nresources:\r\n  one: {kind: bucket}\r\n", "f", asked)
    assert parse(made.encode(), "f").value["resources"] == {"one": {"kind": "bucket"}, "refunds": {"kind": "queue"}}


def all_of(application: str, *operations: str) -> Judged:
    """What all cases of an application make of it, one after another, judged in both environments."""
    text = file_of(application).read_text()
    for case, (action, entity, inputs, _) in CASES.items():
        if entity.partition(".")[0] == application and case.startswith(operations):
            text = changed(text, "f", asked_of(run_of(action, entity, inputs), PLATFORM))
    found = platform_of(SETTINGS, None)
    with edited_copy(SETTINGS, EXAMPLE, file_of(application), text) as after:
        return judge(application, after, found.platform, judges_of(found))


@pytest.mark.slow
@pytest.mark.parametrize("application", ["notify", "payments", "reports"])
def test_what_is_created_and_updated_is_clean(application: str) -> None:
    judged = all_of(application, "create", "update")
    assert {name: one["decision"] for name, one in judged.verdicts.items()} == {"production": "clean", "test": "clean"}
    assert (judged.findings, judged.undetermined) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("application", "things"), [("notify", set()), ("payments", {"rates"}), ("reports", {"history"})]
)
def test_what_is_deleted_is_only_accepted_to_be_protected_no_longer(application: str, things: set[str]) -> None:
    """By the line that says it is retiring, for which the guard asks for a second person."""
    judged = all_of(application, "delete")
    assert judged.verdicts["test"]["decision"] == "clean" and judged.undetermined == 0
    assert judged.verdicts["production"]["decision"] == "clean" and judged.findings == 0
    accepted = {
        (one["rule"].partition("-without-")[2], one["name"])
        for one in judged.verdicts["production"]["judgements"]
        if one["outcome"] == "waived"
    }
    assert accepted == {("deletion-protection", name) for name in things}


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=30)


def values(one: Input) -> st.SearchStrategy[Any]:
    """Values that a form might give: right ones, and wrong ones."""
    schema = one.schema
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if one.type == "number":
        right = st.integers(int(schema.get("minimum", 0)) + 1, int(schema.get("maximum", 100)))
        return st.one_of(right, right, right, st.floats(0, 100))
    usual = st.sampled_from(["a", "acquirer", "ledger:read", "yes", "1e3", "0 4 * * *", "- a", "a: b"])
    words = st.one_of(TEXTS, usual)
    if "pattern" in schema:
        right_words = st.from_regex(schema["pattern"].replace("?<", "?P<"), fullmatch=True)
        words = st.one_of(right_words, right_words, right_words, words)
    return {
        "string": words,
        "boolean": st.booleans(),
        "array": st.lists(words, max_size=3),
        "object": st.dictionaries(words, st.one_of(words, st.sampled_from(["S", "N"])), max_size=2),
    }[one.type]


@st.composite
def runs(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    """An action on something of the example, with some of its inputs."""
    action = draw(st.sampled_from([one for one in ACTIONS.values() if one.kind]))
    assert action.kind is not None
    there = [
        (application, name)
        for application, spec in sorted(PLATFORM.applications.items())
        for name, one in {**spec.workloads, **spec.resources}.items()
        if one.kind == action.kind.name
    ]
    application, name = draw(st.sampled_from(there))
    optional = [key for key in action.inputs if key not in action.required]
    some = draw(st.lists(st.sampled_from(optional), min_size=1, max_size=3)) if optional else []
    wanted = [one for key, one in action.inputs.items() if key in action.required or key in some]
    inputs = {one.name: draw(values(one)) for one in wanted}
    if action.operation == "delete":
        inputs["confirm"] = name
    return action.identifier, application if action.operation == "create" else f"{application}.{name}", inputs


@settings(max_examples=60)
@given(runs())
def test_what_is_accepted_leaves_a_valid_platform_and_changes_one_file(made: tuple[str, str, dict[str, Any]]) -> None:
    action, entity, inputs = made
    application = entity.partition(".")[0]
    before = file_of(application).read_text()
    try:
        text = changed(before, str(file_of(application)), asked_of(run_of(action, entity, inputs, ADA), PLATFORM))
        with edited_copy(SETTINGS, EXAMPLE, file_of(application), text) as (copy, platform):
            for file in EXAMPLE.rglob("*.yaml"):
                copied = copy.parent / file.relative_to(SETTINGS.parent)
                assert (copied.read_text() == file.read_text()) == (file != file_of(application))
            old, new = PLATFORM.applications[application], platform.applications[application]
    except InputError as error:
        assert str(error)
        return
    name = entity.partition(".")[2] or inputs["name"]
    for part in ("workloads", "resources"):
        others = {key: one for key, one in getattr(old, part).items() if key != name}
        assert {key: one for key, one in getattr(new, part).items() if key != name} == others
    rest = {"workloads", "resources"}
    assert new.model_dump(exclude=rest) == old.model_dump(exclude=rest)
    assert parse(text.encode(), "f").value != parse(before.encode(), "f").value
