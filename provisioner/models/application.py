"""What a product team writes: `applications/NAME.yaml`. Only a resource that is tried out somewhere says where."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, get_args

from lychgate.provisioner.models.cron import check_schedule
from lychgate.provisioner.models.names import SHARED, SINGLE, Name
from lychgate.provisioner.models.settings import (
    BucketSettings,
    Classification,
    DatabaseSettings,
    Part,
    QueueSettings,
    SecretSettings,
    TableSettings,
    WorkloadSettings,
)
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

# A DynamoDB attribute's type in a key: text, number or bytes.
KeyType = Literal["S", "N", "B"]
Key = Annotated[dict[str, KeyType], Field(min_length=1, max_length=1)]
USE = re.compile(r"^(?:(?P<application>[a-z0-9-]+)/)?(?P<name>[a-z0-9-]+)(?::(?P<mode>[a-z]+))?$")
Use = Annotated[
    str,
    Field(
        pattern=USE.pattern.replace("?P<", "?<"), description="NAME, NAME:MODE, APPLICATION/WORKLOAD or external/NAME"
    ),
]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$", description="The digest of an image, never a tag")]
Variable = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]


class Health(Part):
    """Where a workload says that it is well, over HTTPS."""

    path: str = Field(default="/health", pattern=r"^/[!-~]*$")


class Ingress(Part):
    """How a workload is reached from outside the cluster: HOST.TENANT.ZONE, in the environment's zone."""

    host: Name
    path: str = Field(default="/", pattern=r"^/[!-~]*$")


class _Workload(Part):
    image: Digest
    command: list[str] = Field(default=[], description="What is run in place of the image's own")
    environment: dict[Variable, str] = Field(default={}, description="Variables of its process; nothing secret")
    uses: list[Use] = Field(default=[], description="What it has access to: `ledger`, `receipts:read`, `notify/mail`")
    cache: bool = Field(default=False, description="A light cache beside it")
    settings: WorkloadSettings = WorkloadSettings()


class Deployment(_Workload):
    """A workload without a memory of its own."""

    kind: Literal["deployment"] = "deployment"
    port: int = Field(default=8443, ge=1024, le=65535, description="Where it listens, over HTTPS")
    health: Health = Health()
    ingress: Ingress | None = None


class StatefulSet(_Workload):
    """A workload whose replicas have each a name and a volume (at `path`)."""

    kind: Literal["stateful-set"]
    port: int = Field(default=8443, ge=1024, le=65535, description="Where it listens, over HTTPS")
    health: Health = Health()
    ingress: Ingress | None = None
    path: str = Field(default="/data", pattern=r"^/[a-z0-9/-]+$", description="Where its volume is")


class CronJob(_Workload):
    """A workload that runs at set times (UTC unless `time_zone` names another), for `deadline_seconds` at most."""

    kind: Literal["cron-job"]
    schedule: Annotated[str, AfterValidator(check_schedule)] = Field(description="When it runs, as cron: `0 4 * * 1`")
    time_zone: str = Field(
        default="Etc/UTC", pattern=r"^[A-Za-z_]+(/[A-Za-z_+-]+)*$", description="By whose clock, such as Europe/Berlin"
    )
    deadline_seconds: int = Field(default=3600, ge=10, le=86_400, description="Seconds after which a run is ended")


class _Resource(Part):
    """`shared: true` makes one for all tenants of the application, kept apart by tenant inside. `retiring: true` takes
    off what protects it in production, so that a later sync may delete it. `environments` and `tenants` say where it
    stands; elsewhere, what `uses` it gets neither rights nor variables."""

    shared: bool = Field(default=False, description="One for all tenants, kept apart by tenant inside")
    retiring: bool = False
    classification: Classification | None = Field(
        default=None, description="What data it holds; else as the application"
    )
    environments: list[Name] = Field(default=[], description="Where it stands, such as `test` alone; else everywhere")
    tenants: list[Name] = Field(default=[], description="For which tenants it stands; else for all")

    def stands_in(self, environment: str, tenant: str) -> bool:
        """Whether the stack of a tenant, or the shared one, has it in an environment."""
        return self.shared == (tenant == SHARED) and self.serves(environment, tenant)

    def serves(self, environment: str, tenant: str) -> bool:
        """Whether a tenant has it in an environment, for itself or as a shared one."""
        return (not self.environments or environment in self.environments) and (
            not self.tenants or tenant in self.tenants
        )


class Bucket(_Resource):
    """S3 objects."""

    kind: Literal["bucket"]
    settings: BucketSettings = BucketSettings()


class Queue(_Resource):
    """An SQS queue, with a dead-letter queue beside it."""

    kind: Literal["queue"]
    fifo: bool = Field(default=False, description="In order, and each message once")
    settings: QueueSettings = QueueSettings()


class Topic(_Resource):
    """An SNS topic, and the queues of the application that it delivers to."""

    kind: Literal["topic"]
    fifo: bool = Field(default=False, description="In order, and each message once")
    subscribers: list[Name] = Field(default=[], description="Queues of the application that it delivers to")


class Index(Part):
    """A global secondary index of a table."""

    partition: Key
    sort: Key | None = None


class Table(_Resource):
    """A DynamoDB table: `partition: {payment: S}`; `expires` names the attribute that says when an item is gone."""

    kind: Literal["table"]
    partition: Key = Field(description="The attribute of the key, and its type: S, N or B")
    sort: Key | None = Field(default=None, description="A second attribute of the key, by which items are in order")
    indexes: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{3,255}$")], Index] = Field(
        default={}, description="Global secondary indexes, such as `by-day: {partition: {day: S}}`"
    )
    expires: str | None = Field(
        default=None, min_length=1, max_length=255, description="The attribute that says when an item is gone"
    )
    settings: TableSettings = TableSettings()


class Database(_Resource):
    """An Aurora cluster: serverless, or of provisioned instances."""

    kind: Literal["database"]
    engine: Literal["postgresql", "mysql"] = Field(default="postgresql", description="What it speaks")
    capacity: Literal["serverless", "provisioned"] = Field(default="serverless", description="How it is sized")
    settings: DatabaseSettings = DatabaseSettings()


class Secret(_Resource):
    """A secret whose value people or its rotation put there; it never stands in a file."""

    kind: Literal["secret"]
    settings: SecretSettings = SecretSettings()


Workload = Annotated[Deployment | StatefulSet | CronJob, Field(discriminator="kind")]
Resource = Annotated[Bucket | Queue | Topic | Table | Database | Secret, Field(discriminator="kind")]
WORKLOADS = get_args(get_args(Workload)[0])
RESOURCES = get_args(get_args(Resource)[0])


def _tenants(value: Any) -> Any:
    if value == SINGLE:
        return [SINGLE]
    if not isinstance(value, list):
        raise ValueError("`single`, or a list of tenants")
    return value


Tenancy = Annotated[
    list[Name],
    Field(min_length=1),
    BeforeValidator(_tenants),
    WithJsonSchema({"anyOf": [{"const": SINGLE}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]


class Application(Part):
    """An application: whose it is, what data it holds, for which tenants it runs, and what it is made of.

    `tenancy` is `single`, or the list of tenants that each get a stack of their own. `shared: true` lets a single
    application serve the workloads of others, whatever their tenants. `retiring` are tenants (`single` and `shared`
    count as such) whose stacks are about to be taken away: what protects them in production is taken off.
    """

    owner: str = Field(pattern=r"^[a-z0-9][a-z0-9@._-]*$", max_length=100)
    classification: Classification
    tenancy: Tenancy
    shared: bool = False
    retiring: list[str] = []
    workloads: dict[Name, Workload] = {}
    resources: dict[Name, Resource] = {}

    @model_validator(mode="before")
    @classmethod
    def _deployments_by_default(cls, value: Any) -> Any:
        """A workload that does not say what it is is a deployment."""
        workloads = value.get("workloads") if isinstance(value, dict) else None
        if not isinstance(workloads, dict):
            return value
        said = {name: {"kind": "deployment"} | one if isinstance(one, dict) else one for name, one in workloads.items()}
        return value | {"workloads": said}

    @property
    def tenants(self) -> list[str]:
        """The tenants; `single` where there is only one."""
        return self.tenancy
