"""What a resource says of itself about being public: addresses of data stores, a subnet's, an API server's."""

from __future__ import annotations

from typing import Any

from lychgate.views import network_types as types
from lychgate.views.base import View

SEARCH = (types.SEARCH_DOMAIN, types.OLD_SEARCH_DOMAIN)
# Types with `publiclyAccessible`; the provider's default is false for each.
FLAGGED = (
    types.DATABASE_CLUSTER,
    types.DATABASE_INSTANCE,
    types.CLUSTER_MEMBER,
    types.GRAPH_MEMBER,
    types.WAREHOUSE,
    types.WAREHOUSE_WORKGROUP,
    types.REPLICATION_INSTANCE,
    types.BROKER,
)


class PublicStore(View):
    """A data store, or an instance of one, that may be given a public address."""

    types = (*FLAGGED, *SEARCH, types.KAFKA)
    __slots__ = ()

    @property
    def public(self) -> bool:
        """Whether it asks for a public address, or (a search domain) stands outside of every VPC."""
        if self.resource.type in SEARCH:
            return not self.read.has("vpcOptions")
        if self.resource.type == types.KAFKA:
            access = self.read.block("brokerNodeGroupInfo").block("connectivityInfo").block("publicAccess")
            return access.text("type") not in (None, "DISABLED")
        return self.read.flag("publiclyAccessible")

    @property
    def why(self) -> str:
        """The setting that makes it public."""
        if self.resource.type in SEARCH:
            return "it has no vpcOptions, so its endpoint is a public one"
        if self.resource.type == types.KAFKA:
            return "brokerNodeGroupInfo.connectivityInfo.publicAccess is not DISABLED"
        return "publiclyAccessible is true"

    @staticmethod
    def made_private(properties: dict[str, Any], parameters: Any) -> dict[str, Any] | None:
        """The properties with `publiclyAccessible` off; None where the way is another one."""
        return {**properties, "publiclyAccessible": False} if "publiclyAccessible" in properties else None
