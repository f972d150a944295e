"""ARNs, partitions, and where a resource stands.

Format: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arn:
    """One ARN in its six parts; `region` and `account` are empty where the service has none."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @property
    def path(self) -> str:
        """The resource without its kind: what follows the first "/" or ":" ("role/team/a" gives "team/a")."""
        resource = self.resource.lstrip("/")
        cuts = [cut for cut in (resource.find("/"), resource.find(":")) if cut >= 0]
        return resource[min(cuts) + 1 :] if cuts else resource

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def parse_arn(text: str) -> Arn | None:
    """The ARN in `text`, or None where it is none: six parts, and neither partition, service nor resource empty."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not (parts[1] and parts[2] and parts[5]):
        return None
    return Arn(*parts[1:])


# Region prefix -> (partition, DNS suffix): https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/
# partitions.html and the partitions file of the AWS SDKs (botocore/data/partitions.json).
_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-iso-", "aws-iso"),
    ("eusc-", "aws-eusc"),
)
_SUFFIXES = {
    "aws-cn": "amazonaws.com.cn",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-eusc": "amazonaws.eu",
}


def partition_of(region: str) -> str:
    """The partition a region belongs to; "aws" for every region of the commercial partition, also a new one."""
    return next((partition for prefix, partition in _PARTITIONS if region.startswith(prefix)), "aws")


def dns_suffix(partition: str) -> str:
    """The domain that a partition's service endpoints end in ("amazonaws.com")."""
    return _SUFFIXES.get(partition, "amazonaws.com")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a provider puts resources: account id (12 digits), region and partition."""

    account: str
    region: str
    partition: str

    @classmethod
    def of(cls, account: str, region: str) -> Place:
        """The place with the partition that the region belongs to."""
        return cls(account, region, partition_of(region))
