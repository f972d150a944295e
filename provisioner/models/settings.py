"""Settings: sizes, counts and times per kind of thing, which layers set: default, platform, environment, tenant,
application. A lower layer overrides a higher one, but never a key that a higher one has locked.

The default layer (defaults.yaml) is the smallest that is sound; what production needs more of stands in its
environment's file. A key that a layer does not give is None there.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Classification = Literal["cardholder", "sensitive", "internal", "public"]
CLASSIFICATIONS: tuple[Classification, ...] = get_args(Classification)
# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
Cpu = Annotated[str, Field(pattern=r"^([1-9]\d*m|[1-9]\d*)$", description="CPU: `250m` is a quarter of a core")]
Memory = Annotated[str, Field(pattern=r"^[1-9]\d*(Mi|Gi)$", description="Memory, in Mi or Gi")]


class Part(BaseModel):
    """A part of what people write: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WorkloadSettings(Part):
    """Replicas, and what one of them may take. `target_cpu` is the percentage at which more are started."""

    min_replicas: int | None = Field(default=None, ge=1, le=100)
    max_replicas: int | None = Field(default=None, ge=1, le=100)
    target_cpu: int | None = Field(default=None, ge=10, le=95)
    cpu: Cpu | None = None
    cpu_limit: Cpu | None = None
    memory: Memory | None = None
    scratch: Memory | None = None
    storage: Memory | None = None


class CacheSettings(Part):
    """The light cache beside a workload."""

    memory: Memory | None = None


class BucketSettings(Part):
    """Days until objects move to cheaper storage, and until they are gone."""

    archive_days: int | None = Field(default=None, ge=30, le=3650)
    expire_days: int | None = Field(default=None, ge=1, le=3650)


class QueueSettings(Part):
    """Days a message is kept, seconds a consumer has for it, and how often it is tried before it is set aside."""

    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
    retention_days: int | None = Field(default=None, ge=1, le=14)
    visibility_seconds: int | None = Field(default=None, ge=1, le=43_200)
    max_receives: int | None = Field(default=None, ge=1, le=1000)


class TableSettings(Part):
    """The most request units per second that an on-demand table may take: a guard against surprises."""

    max_read_units: int | None = Field(default=None, ge=1, le=40_000)
    max_write_units: int | None = Field(default=None, ge=1, le=40_000)


class DatabaseSettings(Part):
    """Aurora: capacity units of serverless v2 (0.5 to 256, 2 GiB of memory each), or the class of an instance; how many
    instances; days of backups (1 to 35)."""

    min_capacity: float | None = Field(default=None, ge=0.5, le=256)
    max_capacity: float | None = Field(default=None, ge=1, le=256)
    instance_class: str | None = Field(default=None, pattern=r"^db\.[a-z0-9-]+\.[a-z0-9]+$")
    instances: int | None = Field(default=None, ge=1, le=16)
    backup_days: int | None = Field(default=None, ge=1, le=35)


class SecretSettings(Part):
    """Days between two rotations."""

    rotation_days: int | None = Field(default=None, ge=1, le=1000)


class RepositorySettings(Part):
    """How many images are kept."""

    keep_images: int | None = Field(default=None, ge=5, le=1000)


class LogSettings(Part):
    """Days that logs are kept: one of the numbers that CloudWatch takes.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    """

    retention_days: (
        Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557] | None
    ) = None


class QuotaSettings(Part):
    """The most that a namespace may take in all."""

    cpu: Cpu | None = None
    memory: Memory | None = None
    pods: int | None = Field(default=None, ge=1, le=500)


class Values(Part):
    """Settings that a layer gives, by kind."""

    workload: WorkloadSettings = WorkloadSettings()
    cache: CacheSettings = CacheSettings()
    bucket: BucketSettings = BucketSettings()
    queue: QueueSettings = QueueSettings()
    table: TableSettings = TableSettings()
    database: DatabaseSettings = DatabaseSettings()
    secret: SecretSettings = SecretSettings()
    repository: RepositorySettings = RepositorySettings()
    logs: LogSettings = LogSettings()
    quota: QuotaSettings = QuotaSettings()


KINDS: tuple[str, ...] = tuple(Values.model_fields)
# Every key that a layer may set, as `locked` and `limits` name them.
KEYS = tuple(
    f"{kind}.{key}"
    for kind, field in Values.model_fields.items()
    for key in field.annotation.model_fields  # type: ignore[union-attr]
)


class Layer(Part):
    """What a layer says: for all, and for what holds a class of data (which counts first)."""

    values: Values = Values()
    by_classification: dict[Classification, Values] = {}
