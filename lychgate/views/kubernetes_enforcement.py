"""Whether an EKS cluster enforces NetworkPolicies: its network plugin does so only where it is told to.

The add-on: https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html. Auto Mode:
https://docs.aws.amazon.com/eks/latest/userguide/auto-net-pol.html.
"""

from __future__ import annotations

import re

from lychgate.model.values import UnknownRead
from lychgate.views.base import companions
from lychgate.views.eks import CLUSTERS, Cluster
from lychgate.views.kubernetes import CONFIG_MAPS, entries, entry
from lychgate.views.kubernetes_objects import kind_of, object_name, read_of

ADDONS = ("aws:eks/addon:Addon",)
SWITCH = re.compile(r"""enableNetworkPolicy["']?\s*:\s*["']?true""")  # in JSON or YAML
# Kinds that come with another network plugin.
OTHER_PLUGINS = ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "GlobalNetworkPolicy", "Installation")


class EnforcingCluster(Cluster):
    """A cluster, for whether its network plugin enforces NetworkPolicies."""

    types = CLUSTERS
    __slots__ = ()

    @property
    def automatic(self) -> bool:
        """Whether EKS Auto Mode runs its nodes and network."""
        return self.read.block("computeConfig").flag("enabled")

    @property
    def enforces(self) -> bool:
        """Whether NetworkPolicies are enforced. Raises `UnknownRead` where another network plugin may be there."""
        if self._by_addon() or (self.automatic and self._by_config_map()):
            return True
        hidden = next((one for one in self.graph.not_inspected if one.type.startswith("kubernetes:")), None)
        if hidden is not None:
            raise UnknownRead(hidden.urn, "its objects", "may hold another network plugin, and are not inspected")
        for type_, found in self.graph.by_type.items():
            if type_.startswith("kubernetes:helm.sh") or kind_of(type_) in OTHER_PLUGINS:
                raise UnknownRead(found[0].urn, found[0].name, "may bring another network plugin, which is not read")
        return False

    def _by_addon(self) -> bool:
        addons = companions(self.graph, ADDONS, "clusterName", *CLUSTERS).of(self.resource)
        values = (one.read.text("configurationValues") for one in addons if one.read.text("addonName") == "vpc-cni")
        return any(SWITCH.search(text or "") for text in values)

    def _by_config_map(self) -> bool:
        for one in self.graph.of_type(*CONFIG_MAPS):
            if object_name(one) == "amazon-vpc-cni":
                read = read_of(self.graph, one)
                if entries(read, "data") and entry(read.block("data"), "enable-network-policy-controller") == "true":
                    return True
        return False
