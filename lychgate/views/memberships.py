"""Which IAM users are in which groups."""

from __future__ import annotations

from dataclasses import dataclass, field

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import UnknownRead
from lychgate.views.attachments import GROUP, USER, references

GROUP_MEMBERSHIP = "aws:iam/groupMembership:GroupMembership"
USER_GROUP_MEMBERSHIP = "aws:iam/userGroupMembership:UserGroupMembership"


@dataclass(slots=True)
class Memberships:
    """The groups of each user by the user's URN, and why others are not known; `unplaced` are memberships of users that
    are not known, with the reason and the groups (none: not known either, or none of the program)."""

    of: dict[str, tuple[list[Resource], list[UnknownRead]]] = field(default_factory=dict)
    unplaced: list[tuple[UnknownRead, list[Resource]]] = field(default_factory=list)

    def read(self, graph: Graph, by: Resource, groups_name: str, users_name: str) -> None:
        """What one resource says."""
        named, unknown = references(graph, by, groups_name, GROUP)
        users, missing = references(graph, by, users_name, USER)
        own = [group for _, group in named if group is not None and not group.external]
        why = "names {}, a group that is not part of the program: what it allows is not known here"
        outside = [UnknownRead(by.urn, groups_name, why.format(name)) for name, group in named if group not in own]
        for user in (user for _, user in users if user is not None):
            groups, unread = self.of.setdefault(user.urn, ([], []))
            groups += own
            unread += [*outside, *([] if unknown is None else [unknown])]
        if missing is not None:
            known = own if unknown is None and not outside else []
            self.unplaced.append((UnknownRead(by.urn, f"{by.name}.{missing.path}", missing.why), known))


def memberships(graph: Graph) -> Memberships:
    """All memberships of a graph."""

    def make() -> Memberships:
        found = Memberships()
        for resource in graph.of_type(GROUP_MEMBERSHIP):
            found.read(graph, resource, "group", "users")
        for resource in graph.of_type(USER_GROUP_MEMBERSHIP):
            found.read(graph, resource, "groups", "user")
        return found

    return graph.once("iam group members", make)
