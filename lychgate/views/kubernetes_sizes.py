"""How many pods, how large volumes and how long Jobs may become."""

from __future__ import annotations

from lychgate.views.kubernetes import CLAIMS, KubernetesObject, quantity
from lychgate.views.kubernetes_objects import kind_of
from lychgate.views.kubernetes_workloads import (
    AUTOSCALERS,
    CRON_JOBS,
    JOBS,
    REPLICATED,
    STATEFUL_SETS,
    Autoscaler,
    Workload,
)


class Scaled(KubernetesObject):
    """What says how many pods there may be: a workload with replicas, a Job, an autoscaler."""

    types = (*REPLICATED, *JOBS, *CRON_JOBS, *AUTOSCALERS)
    __slots__ = ()

    @property
    def most(self) -> tuple[float, str]:
        """The most pods that it asks for, and the property that says so."""
        kind = kind_of(self.resource.type)
        if kind == "HorizontalPodAutoscaler":
            return Autoscaler.of(self.graph, self.resource).most or 0, "spec.maxReplicas"
        path = {"Job": "spec.parallelism", "CronJob": "spec.jobTemplate.spec.parallelism"}.get(kind, "spec.replicas")
        return self.read.number(path, 1) or 0, path


class Stored(KubernetesObject):
    """What asks for volumes: a claim, or a StatefulSet with templates of claims."""

    types = (*CLAIMS, *STATEFUL_SETS)
    __slots__ = ()

    @property
    def sizes(self) -> list[float]:
        """The size of each claim, in bytes."""
        claims = [self.read] if self.resource.type in CLAIMS else self.read.blocks("spec.volumeClaimTemplates")
        sizes = (quantity(one.block("spec.resources.requests"), "storage") for one in claims)
        return [size for size in sizes if size is not None]


class Ended(Workload):
    """What is meant to end: a Job, also one of a CronJob."""

    types = (*JOBS, *CRON_JOBS)
    __slots__ = ()

    @property
    def bounded(self) -> bool:
        """Whether it is ended after some time, whatever it does."""
        path = "spec.jobTemplate.spec." if self.kind == "CronJob" else "spec."
        return self.read.has(f"{path}activeDeadlineSeconds") or self.pod.has("activeDeadlineSeconds")
