"""What a product team writes: `applications/NAME.yaml`. Nothing in it names an environment."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, get_args

from lychgate.provisioner.models.cron import check_schedule
from lychgate.provisioner.models.names import SINGLE, Name
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
    command: list[str] = []
    environment: dict[Variable, str] = {}
    uses: list[Use] = []
    cache: bool = False
    settings: WorkloadSettings = WorkloadSettings()


class Deployment(_Workload):
    """A workload without a memory of its own."""

    kind: Literal["deployment"] = "deployment"
    port: int = Field(default=8443, ge=1024, le=65535)
    health: Health = Health()
    ingress: Ingress | None = None


class StatefulSet(_Workload):
    """A workload whose replicas have each a name and a volume (at `path`)."""

    kind: Literal["stateful-set"]
    port: int = Field(default=8443, ge=1024, le=65535)
    health: Health = Health()
    ingress: Ingress | None = None
    path: str = Field(default="/data", pattern=r"^/[a-z0-9/-]+$")


class CronJob(_Workload):
    """A workload that runs at set times (UTC unless `time_zone` names another), for `deadline_seconds` at most."""

    kind: Literal["cron-job"]
    schedule: Annotated[str, AfterValidator(check_schedule)]
    time_zone: str = Field(default="Etc/UTC", pattern=r"^[A-Za-z_]+(/[A-Za-z_+-]+)*$")
    deadline_seconds: int = Field(default=3600, ge=10, le=86_400)


class _Resource(Part):
    """`shared: true` makes one for all tenants of the application, kept apart by tenant inside. `retiring: true` takes
    off what protects it in production, so that a later sync may delete it."""

    shared: bool = False
    retiring: bool = False
    classification: Classification | None = None


class Bucket(_Resource):
    """S3 objects."""

    kind: Literal["bucket"]
    settings: BucketSettings = BucketSettings()


class Queue(_Resource):
    """An SQS queue, with a dead-letter queue beside it."""

    kind: Literal["queue"]
    fifo: bool = False
    settings: QueueSettings = QueueSettings()


class Topic(_Resource):
    """An SNS topic, and the queues of the application that it delivers to."""

    kind: Literal["topic"]
    fifo: bool = False
    subscribers: list[Name] = []


class Index(Part):
    """A global secondary index of a table."""

    partition: Key
    sort: Key | None = None


class Table(_Resource):
    """A DynamoDB table: `partition: {payment: S}`; `expires` names the attribute that says when an item is gone."""

    kind: Literal["table"]
    partition: Key
    sort: Key | None = None
    indexes: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{3,255}$")], Index] = {}
    expires: str | None = Field(default=None, min_length=1, max_length=255)
    settings: TableSettings = TableSettings()


class Database(_Resource):
    """An Aurora cluster: serverless, or of provisioned instances."""

    kind: Literal["database"]
    engine: Literal["postgresql", "mysql"] = "postgresql"
    capacity: Literal["serverless", "provisioned"] = "serverless"
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
