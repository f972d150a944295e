"""The names that things get in AWS and in the cluster: short enough for each, and each of one thing only."""

from __future__ import annotations

from collections.abc import Iterator

from lychgate.provisioner.models.names import SHARED, prefix
from lychgate.provisioner.models.platform import Platform

from lychgate.model.errors import InputError

# Where a name must be the only one, how long it may be, and what the service adds to it beside.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html (63, with `-` and the account's 12)
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html (80, with `.fifo`)
# https://docs.aws.amazon.com/general/latest/gr/sns.html (256, with `.fifo`)
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/CHAP_Limits.html (63, with `-12` or `-final`)
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
# https://docs.aws.amazon.com/vpc/latest/userguide/security-groups.html
# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
LONGEST = {
    "bucket": 50,
    "queue": 75,
    "topic": 251,
    "table": 255,
    "database": 57,
    "secret": 512,
    "role": 64,
    "security group": 255,
    "namespace": 63,
}
Names = dict[tuple[str, str], tuple[str, str]]  # where and which name -> part of the file and the entry that has it


def names_of(platform: Platform, application: str) -> Iterator[tuple[str, str, tuple[str, str]]]:
    """Where, which ending, and for which entry: the names that components give to an application's entries."""
    spec = platform.applications[application]
    for name, workload in spec.workloads.items():
        yield "role", name, ("workloads", name)
        if workload.cache:
            yield "role", f"{name}-cache", ("workloads", name)
            yield "secret", f"{name}-cache", ("workloads", name)
    for name, resource in spec.resources.items():
        entry = ("resources", name)
        yield str(resource.kind), name, entry
        if resource.kind == "queue":
            yield "queue", f"{name}-failed", entry
        if resource.kind == "database":
            yield "role", f"{name}-monitoring", entry
            yield "security group", name, entry


def check_names(platform: Platform, application: str) -> Iterator[InputError]:
    """Names of one application that are too long, or of two things."""
    document = platform.documents[f"applications/{application}"]
    seen: Names = {("security group", "application"): ("", "")}
    for where, ending, entry in names_of(platform, application):
        other = seen.setdefault((where, ending), entry)
        if other != entry:
            found = f"its {where} would be called {ending!r}, as that of {other[-1] or 'the platform'}"
            yield document.error(entry, found, "another name", key=True)
        yield from _length(platform, application, where, ending, entry)
    yield from _length(platform, application, "namespace", "", ("tenancy",))


def _length(
    platform: Platform, application: str, where: str, ending: str, entry: tuple[str, ...]
) -> Iterator[InputError]:
    document = platform.documents[f"applications/{application}"]
    for environment in platform.environments:
        for tenant in [*platform.applications[application].tenants, SHARED]:
            physical = "-".join(part for part in (prefix(application, environment, tenant), ending) if part)
            if (over := len(physical) - LONGEST[where]) > 0:
                found = f"its {where} becomes {physical!r}, which is {len(physical)} characters"
                expected = f"at most {LONGEST[where]}: a name that is {over} shorter"
                yield document.error(entry, found, expected, key=True)
                return


def collisions(platform: Platform) -> Iterator[InputError]:
    """Names of two stacks that come to the same, as `pay` with `ments-eu` and `pay-ments` with `eu` would."""
    seen: dict[tuple[str, str], tuple[str, str, str]] = {}
    for name in platform.applications:
        entries = [("namespace", ""), *((where, ending) for where, ending, _ in names_of(platform, name))]
        for environment in platform.environments:
            for tenant in [*platform.applications[name].tenants, SHARED]:
                for where, ending in entries:
                    physical = "-".join(part for part in (prefix(name, environment, tenant), ending) if part)
                    mine = (name, environment, tenant)
                    other = seen.setdefault((where, physical), mine)
                    if other != mine:
                        found = f"{physical!r} would be the {where} of {'.'.join(other)} and of {'.'.join(mine)}"
                        yield InputError(platform.documents[f"applications/{name}"].file, 1, 1, found, "another name")
                        return
