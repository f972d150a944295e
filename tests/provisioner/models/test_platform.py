"""The platform's files: what is wrong in them is told where it is written, and what to write instead."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lychgate.provisioner.models.platform import Platform, read_platform
from lychgate.provisioner.models.values import effective

from lychgate.model.errors import InputError

EXAMPLE = Path(__file__).parents[3] / "examples" / "platform"
APPLICATION = """\
owner: team
classification: cardholder
tenancy: [acme, globex]
workloads:
  api:
    image: sha256:{digest}
    uses: [ledger]
  nightly:
    kind: cron-job
    image: sha256:{digest}
    schedule: "30 2 * * *"
resources:
  ledger:
    kind: table
    partition: {{payment: S}}
  jobs: {{kind: queue}}
  paid: {{kind: topic, subscribers: [jobs]}}
""".format(digest="0" * 64)

# What is replaced by what in the application above, and the message.
WRONG = {
    "an unknown key": (
        "owner: team", "owner: team\nteam: us",
        "2:1: unknown key 'team'. expected classification, owner, resources, retiring, shared, tenancy or "
        "workloads",
    ),
    "a misspelt key of a workload": (
        "    uses: [ledger]", "    use: [ledger]",
        "7:5: unknown key 'use'. expected cache, command, environment, health, image, ingress, kind, "
        "port, settings or uses; did you mean 'uses'?",
    ),
    "a misspelt key of a table": (
        "partition: {payment: S}", "partition: {payment: S}\n    expire: at",
        "16:5: unknown key 'expire'. expected classification, environments, expires, indexes, kind, partition, "
        "retiring, settings, shared, sort or tenants; did you mean 'expires'?",
    ),
    "a missing key": ("owner: team\n", "", "1:1: 'owner' is missing"),
    "an unknown kind": (
        "kind: queue", "kind: que",
        "16:16: kind is 'que'. expected bucket, queue, topic, table, database or secret; did you mean 'queue'?",
    ),
    "no kind": ("jobs: {kind: queue}", "jobs: {fifo: true}", "16:9: jobs does not say its kind. expected a key `kind`"),
    "a use of what does not exist": (
        "uses: [ledger]", "uses: [ledgr]",
        "7:12: there is no workload or resource 'ledgr'. expected jobs, ledger or paid; did you mean 'ledger'?",
    ),
    "a mode that a thing does not have": (
        "uses: [ledger]", "uses: [ledger:reed]",
        "7:12: ledger cannot be used as 'reed'. expected ledger:use, ledger:read or ledger:write; did you mean 'read'?",
    ),
    "a use of an application that does not exist": (
        "uses: [ledger]", "uses: [notifi/mail]",
        "7:12: there is no application 'notifi'. expected notify, payments, reports or shop; did you mean 'notify'?",
    ),
    "a use of another application's resource": (
        "uses: [ledger]", "uses: [payments/ledger]",
        "7:12: there is no workload of payments 'ledger'. expected api, settle or tokens",
    ),
    "a use of what calls nobody": (
        "uses: [ledger]", "uses: [nightly]",
        "7:12: there is no workload or resource 'nightly'. expected jobs, ledger or paid",
    ),
    "an external that an environment does not know": (
        "uses: [ledger]", "uses: [external/acquire]",
        "7:12: there is no external of production 'acquire'. expected acquirer; did you mean 'acquirer'?",
    ),
    "a use of itself": (
        "uses: [ledger]", "uses: [api]", "7:12: api uses itself. expected another workload or a resource",
    ),
    "a thing used twice": (
        "uses: [ledger]", "uses: ['ledger:read', 'ledger:write']",
        "7:11: a thing is named twice. expected each once; its mode without a word is reading and writing",
    ),
    "a bad schedule": (
        "30 2 * * *", "30 25 * * *",
        "11:15: schedule is '30 25 * * *'. expected a hour of 0 to 23, `*`, a range or a step, where it says '25'",
    ),
    "a schedule of four fields": (
        "30 2 * * *", "30 2 * *",
        "11:15: schedule is '30 2 * *'. expected five fields: minute, hour, day of the month, month, day of the week",
    ),
    "a tag of an image": (
        f"    image: sha256:{'0' * 64}\n    uses", "    image: api:latest\n    uses",
        "6:12: image is 'api:latest'. expected text that matches ^sha256:[0-9a-f]{64}$",
    ),
    "two tenants of one name": (
        "[acme, globex]", "[acme, acme]", "3:17: the tenant 'acme' a second time. expected each tenant once",
    ),
    "a tenant that does not exist": (
        "[acme, globex]", "[acme, globx]",
        "3:17: there is no tenant 'globx'. expected acme, globex or initech; did you mean 'globex'?",
    ),
    "no tenancy": ("[acme, globex]", "many", "3:10: tenancy is 'many'. expected `single`, or a list of tenants"),
    "a name too long for AWS": (
        "  jobs: {kind: queue}", "  jobs: {kind: queue}\n  a-queue-with-a-very-long-name-indeed: {kind: queue}",
        "17:3: the key 'a-queue-with-a-very-long-name-indeed'. expected at most 30 character(s)",
    ),
    "a name that is no name": (
        "  jobs:", "  Jobs:", "16:3: the key 'Jobs'. expected text that matches ^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
    ),
    "a name that stands for two things": (
        "  jobs:", "  api: {kind: secret}\n  jobs:", "16:3: 'api' is a workload too. expected another name",
    ),
    "a subscriber that is no queue": (
        "subscribers: [jobs]", "subscribers: [ledger]",
        "17:37: there is no queue 'ledger'. expected jobs",
    ),
    "a FIFO queue behind a plain topic": (
        "{kind: queue}", "{kind: queue, fifo: true}",
        "17:37: jobs is a FIFO queue and the topic is not. expected `fifo: true` on both or on neither",
    ),
    "a key of two attributes": (
        "partition: {payment: S}", "partition: {payment: S, entry: S}",
        "15:16: partition is a mapping. expected at most 1 of them",
    ),
    "an attribute of two types": (
        "partition: {payment: S}", "partition: {payment: S}\n    sort: {payment: N}",
        "16:11: the attribute 'payment' is 'N' here and 'S' above. expected one type",
    ),
    "a shared queue": (
        "{kind: queue}", "{kind: queue, shared: true}",
        "16:31: a queue cannot be shared: AWS has no condition that keeps tenants apart inside of one. expected one "
        "for each tenant (leave `shared` out)",
    ),
    "an environment that does not exist": (
        "{kind: queue}", "{kind: queue, environments: [tset]}",
        "16:38: there is no environment 'tset'. expected production or test; did you mean 'test'?",
    ),
    "an environment twice": (
        "{kind: queue}", "{kind: queue, environments: [test, test]}", "16:44: 'test' a second time. expected each once",
    ),
    "a tenant that is none of the application's": (
        "{kind: queue}", "{kind: queue, tenants: [initech]}",
        "16:33: there is no tenant of shop 'initech'. expected acme or globex",
    ),
    "a shared thing for one tenant": (
        "partition: {payment: S}", "partition: {payment: S}\n    shared: true\n    tenants: [acme]",
        "17:5: a shared one is for all tenants. expected leave `tenants` out",
    ),
    "a setting out of range": (
        "{kind: queue}", "{kind: queue, settings: {retention_days: 15}}",
        "16:50: retention_days is 15. expected at most 14",
    ),
    "a setting over the limit of an environment": (
        "    uses: [ledger]", "    uses: [ledger]\n    settings: {max_replicas: 30}",
        "8:None: workload.max_replicas of api is 30 (application shop). expected at most 20, the limit of production\n"
        "applications/shop.yaml:8: workload.max_replicas of api is 30 (application shop). expected at most 8, the "
        "limit of test",
    ),
    "a setting below the minimum of production": (
        "    uses: [ledger]", "    uses: [ledger]\n    settings: {min_replicas: 1}",
        "8: workload.min_replicas of api is 1 (application shop). expected at least 2, the minimum of production",
    ),
    "more at least than at most": (
        "    uses: [ledger]", "    uses: [ledger]\n    settings: {min_replicas: 5, max_replicas: 4}",
        "8: workload.min_replicas of api is 5 (application shop). expected at most its max_replicas, which is 4 in "
        "production\napplications/shop.yaml:8: workload.min_replicas of api is 5 (application shop). expected at most "
        "its max_replicas, which is 4 in test",
    ),
    "a queue that is called as another's dead letters": (
        "  jobs: {kind: queue}", "  jobs: {kind: queue}\n  jobs-failed: {kind: queue}",
        "17:3: its queue would be called 'jobs-failed', as that of jobs. expected another name",
    ),
    "a secret that is called as a cache's password": (
        "    uses: [ledger]\n", "    uses: [ledger, api-cache]\n    cache: true\n",
        "7:20: there is no workload or resource 'api-cache'. expected jobs, ledger or paid",
    ),
    "a workload that is called as a cache": (
        "    uses: [ledger]\n",
        f"    uses: [ledger]\n    cache: true\n  api-cache: {{image: 'sha256:{'0' * 64}'}}\n",
        "9:3: its role would be called 'api-cache', as that of api. expected another name",
    ),
    "a database that is called as the pods' security group": (
        "  jobs: {kind: queue}", "  jobs: {kind: queue}\n  application: {kind: database}",
        "17:3: its security group would be called 'application', as that of the platform. expected another name",
    ),
    "a use of its own by the application's name": (
        "    uses: [ledger]", "    uses: [shop/nightly]",
        "7:12: shop/nightly names its own application. expected nightly, without the application",
    ),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLE, tmp_path / "platform")
    return tmp_path / "platform"


def refused(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_platform(folder, base=folder)
    return str(caught.value)


def test_the_example_is_right(folder: Path) -> None:
    platform = read_platform(folder)
    assert platform.applications["payments"].tenants == ["acme", "globex", "initech"]
    assert platform.applications["notify"].tenants == ["single"]


def test_the_application_that_is_spoilt_below_is_right(folder: Path) -> None:
    (folder / "applications" / "shop.yaml").write_text(APPLICATION)
    assert read_platform(folder).applications["shop"].workloads["api"].kind == "deployment"


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_application_ends_in_one_message(folder: Path, case: str) -> None:
    right, wrong, message = WRONG[case]
    assert APPLICATION.count(right) == 1, case
    (folder / "applications" / "shop.yaml").write_text(APPLICATION.replace(right, wrong))
    assert refused(folder) == "applications/shop.yaml:" + message.replace(":None", "")


def test_all_errors_of_all_files_are_told_at_once(folder: Path) -> None:
    (folder / "applications" / "shop.yaml").write_text("owner: team\n")
    (folder / "tenants.yaml").write_text("tenants: {}\n")
    assert refused(folder).splitlines() == [
        "applications/shop.yaml:1:1: 'classification' is missing",
        "applications/shop.yaml:1:1: 'tenancy' is missing",
        "tenants.yaml:1:10: tenants is a mapping. expected at least 1 of them",
    ]


def test_a_locked_key_is_not_overridden(folder: Path) -> None:
    file = folder / "applications" / "reports.yaml"
    text = file.read_text().replace("engine: postgresql}", "engine: postgresql, settings: {backup_days: 1}}")
    file.write_text(text)
    line = text[: text.index("backup_days")].count("\n") + 1
    assert refused(folder) == (
        f"applications/reports.yaml:{line}:60: database.backup_days is locked by the environment production layer. "
        "expected no word of it here: it cannot be overridden"
    )


def test_names_that_come_to_the_same_are_refused(folder: Path) -> None:
    workload = "  api:\n    image: sha256:" + "0" * 64 + "\n"
    two = workload.replace("api", "api-x", 1) + workload.replace("api", "x", 1)
    shop = folder / "applications" / "shop.yaml"
    shop.write_text(f"owner: team\nclassification: internal\ntenancy: [acme, acme-api]\nworkloads:\n{two}")
    tenants = folder / "tenants.yaml"
    tenants.write_text(tenants.read_text() + "  acme-api: {title: Other}\n")
    assert refused(folder) == (
        "applications/shop.yaml:1:1: 'shop-production-acme-api-x' would be the role of shop.production.acme and of "
        "shop.production.acme-api. expected another name"
    )


@pytest.mark.parametrize(
    ("kind", "ending", "longest"), [("database", "-monitoring", 64), ("queue", "-failed", 75), ("bucket", "", 50)]
)
def test_names_that_components_make_count_too(folder: Path, kind: str, ending: str, longest: int) -> None:
    """The longest name that fits is taken, and no character more."""
    tenant = "t" * 28
    tenants = folder / "tenants.yaml"
    tenants.write_text(tenants.read_text() + f"  {tenant}: {{title: Other}}\n")
    head = f"owner: team\nclassification: internal\ntenancy: [{tenant}]\nresources:\n"
    name = "n" * (longest - len(f"shop-production-{tenant}-{ending}"))
    shop = folder / "applications" / "shop.yaml"
    shop.write_text(f"{head}  {name}: {{kind: {kind}}}\n")
    assert read_platform(folder)
    shop.write_text(f"{head}  {name}n: {{kind: {kind}}}\n")
    assert "a name that is 1 shorter" in refused(folder)


def test_a_namespace_that_is_too_long_is_told(folder: Path) -> None:
    name = "a-very-long-application-name"
    (folder / "applications" / f"{name}.yaml").write_text(APPLICATION.replace("[acme, globex]", f"[{'t' * 29}]"))
    tenants = folder / "tenants.yaml"
    tenants.write_text(tenants.read_text() + f"  {'t' * 29}: {{title: Other}}\n")
    assert "its namespace becomes" in refused(folder)


def test_applications_that_use_each_other_are_refused(folder: Path) -> None:
    notify = folder / "applications" / "notify.yaml"
    notify.write_text(notify.read_text().replace("uses: [outbox,", "uses: [shop/api, outbox,"))
    shop = APPLICATION.replace("[acme, globex]", "single").replace("uses: [ledger]", "uses: [notify/mail]")
    (folder / "applications" / "shop.yaml").write_text(shop.replace("single", "single\nshared: true"))
    lines = refused(folder).splitlines()
    assert lines[0].startswith("applications/notify.yaml:6:1: notify uses shop, which uses it in its turn")
    assert lines[1].startswith("applications/shop.yaml:5:1: shop uses notify, which uses it in its turn")


def test_an_application_without_tenants_has_none_to_choose_from(folder: Path) -> None:
    shop = APPLICATION.replace("[acme, globex]", "single").replace("{kind: queue}", "{kind: queue, tenants: [single]}")
    (folder / "applications" / "shop.yaml").write_text(shop)
    assert "16:23: there are no tenants to choose from. expected leave `tenants` out" in refused(folder)


def test_what_stands_in_test_alone_is_not_held_to_the_limits_of_production(folder: Path) -> None:
    shop = folder / "applications" / "shop.yaml"
    more = "\n  tried: {kind: database%s, settings: {instances: 1}}"
    for where, production in (("", True), (", environments: [test]", False)):
        shop.write_text(APPLICATION.replace("{kind: queue}", "{kind: queue}" + more % where))
        if production:
            assert "database.instances of tried is 1" in refused(folder)
        else:
            assert read_platform(folder)


def test_a_layer_may_say_more_of_what_it_has_locked_itself(folder: Path) -> None:
    file = folder / "platform.yaml"
    file.write_text(file.read_text().replace("locked:\n", "locked:\n  - bucket.expire_days\n"))
    assert "bucket.expire_days is locked by the platform layer" in refused(folder)  # notify sets it
    notify = folder / "applications" / "notify.yaml"
    notify.write_text(notify.read_text().replace(", settings: {expire_days: 3650}", ""))
    assert read_platform(folder)


def test_a_limit_of_what_is_no_number_holds_nothing(folder: Path) -> None:
    file = folder / "environments" / "production.yaml"
    file.write_text(file.read_text().replace("limits:\n", "limits:\n  database.instance_class: 2\n"))
    assert "database.instance_class is no number. expected a setting that is one" in refused(folder)


def test_a_stand_in_for_aws_is_none_of_production(folder: Path) -> None:
    for name in ("test", "production"):
        file = folder / "environments" / f"{name}.yaml"
        file.write_text(f"endpoint: http://127.0.0.1:5000\n{file.read_text()}")
    expected = "environments/production.yaml:1:1: production is at AWS itself. expected no endpoint"
    assert refused(folder) == expected


def test_settings_layer(platform: Platform) -> None:
    settings = effective(platform, "payments", "production", "acme", "workload", "settle")
    told = {key: origin.layer for key, origin in settings.origins.items()}
    assert settings["max_replicas"] == 4
    assert told["max_replicas"] == "application payments"
    assert told["min_replicas"] == "environment production"
    assert told["target_cpu"] == "default"
    assert effective(platform, "payments", "production", "acme", "workload", "api").origins["max_replicas"].layer == (
        "tenant acme"
    )
    assert settings.origins["max_replicas"].place.startswith("applications/payments.yaml:")


def test_what_holds_other_data_is_kept_as_long_as_these_are(platform: Platform) -> None:
    receipts = effective(platform, "payments", "production", "acme", "bucket", "receipts")
    exports = effective(platform, "reports", "production", "acme", "bucket", "exports")
    assert (receipts["expire_days"], exports["expire_days"]) == (2555, 400)
    assert receipts.origins["expire_days"].layer == "platform (cardholder)"


@pytest.fixture
def platform(folder: Path) -> Platform:
    return read_platform(folder, base=folder)
