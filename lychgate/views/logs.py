"""Amazon CloudWatch Logs: log groups.

A log group is always encrypted, with a key of the service where none is named, and keeps its events for ever where no
retention is said (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html,
WhatIsCloudWatchLogs.html).
"""

from __future__ import annotations

from lychgate.views.base import View
from lychgate.views.kms import NamedKey, named_key

LOG_GROUPS = ("aws:cloudwatch/logGroup:LogGroup",)


class LogGroup(View):
    """A log group."""

    types = LOG_GROUPS
    __slots__ = ()

    @property
    def key(self) -> NamedKey | None:
        """The KMS key that is named; None where the service's own key is used."""
        return self.once("key", lambda: named_key(self.graph, self.resource, self.read, "kmsKeyId"))

    @property
    def retention_days(self) -> float | None:
        """How long events are kept; None for ever. A group of class DELIVERY keeps them two days, whatever is said."""
        if self.group_class == "DELIVERY":
            return 2
        return self.read.number("retentionInDays") or None

    @property
    def group_class(self) -> str:
        """`STANDARD` (the default), `INFREQUENT_ACCESS` or `DELIVERY`."""
        return self.read.text("logGroupClass") or "STANDARD"

    @property
    def kept(self) -> bool:
        """Whether the group stays when it leaves the program, or cannot be deleted."""
        return self.read.flag("skipDestroy") or self.read.flag("deletionProtectionEnabled")
