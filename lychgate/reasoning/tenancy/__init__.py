"""Where one tenant, environment or application leads into another: crossings along edges of access and influence.

::

    owned = [Owned("role-a", tenant="a"), Owned("ci", shared=True), Owned("bucket-b", tenant="b")]
    edges = [Edge("role-a", "ci", "assume-role", "trust policy"), Edge("ci", "bucket-b", "identity-grant",
    "s3:GetObject")] for crossing in crossings(owned, edges, "tenant"):
        crossing.state                         # "yes", or "unknown" where a label is missing
        crossing.source_value, crossing.target_value    # "a", "b" (None: not labelled)
        [str(edge) for edge in crossing.path]  # the witness, shortest

**Direction.** An edge goes from who gains or acts to what is reached or driven: role -> bucket for a grant (whether it
stands in the role's policy or in the bucket's), role -> role for assume-role, group -> group for a security group rule
(who may connect -> who is connected to), workload -> secret, volume or key that it uses, stack -> stack whose outputs
it reads, bucket -> bucket for replication, source -> function for an event target.

**What crosses.** A direct edge between two resources of different owners. Also a path through resources that have no
owner (shared or unlabelled) where each of these *acts*: it uses rights of its own (a role, function, pod, CI runner,
security group), so whoever can make it act borrows them. What only *stores* (bucket, queue, table, key, secret, volume)
ends a path: that two tenants both use a shared bucket is what sharing it declares, and that the shared bucket is then
replicated, or a shared topic delivers to a tenant's queue, moves what was declared common. A resource acts when it is
the source of any edge of a kind in ACTING_KINDS, which a store never is; `Owned.acts` overrides that.

Direct crossings are all listed. Of the paths, every resource that is the source or the target of any has a shortest
one, and so has every pair of owners: judging single resources by the list is safe.

**Shared** resources cross nothing by themselves, in neither direction, even when they also carry a label.

**Unlabelled** resources: an edge that touches one is an *unknown* crossing, since its other end may be of any owner. A
path from one owner to another through unlabelled resources that act is certain all the same: whichever owner the
missing label would name, or if it were shared, the path crosses somewhere.
"""

from lychgate.reasoning.tenancy.crossings import ACTING_KINDS, Crossing, Dimension, Edge, EdgeKind, Owned, crossings

__all__ = ["ACTING_KINDS", "Crossing", "Dimension", "Edge", "EdgeKind", "Owned", "crossings"]
