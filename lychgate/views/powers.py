"""What an identity may do to resources that nobody named: to whatever exists, or will exist, in the account.

The question is asked for a resource with a name that no policy can know (made from the identity's URN), in the
account and region of the identity's stack. Every spelling comes out alike: `*`, `arn:aws:s3:::*`, NotResource, several
statements, NotAction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache, partial

from lychgate.model.values import UnknownRead
from lychgate.reasoning.iam import Grant
from lychgate.reasoning.iam import unnamed as arns
from lychgate.reasoning.iam.rights import service_of
from lychgate.views.exposure import spelled_out, tied
from lychgate.views.iam_principals import Identity

# A grant tied to one of these reaches certain resources only, whatever its Resource says.
_CONFINING = (
    "aws:resourcetag/",
    "iam:resourcetag/",
    "secretsmanager:resourcetag/",
    "ssm:resourcetag/",
    "s3:existingobjecttag/",
    "kms:encryptioncontext:",
    "kms:resourcealiases",
    "kms:requestalias",
    "kms:viaservice",
    "dynamodb:leadingkeys",
)
_OF_CALLER = ("aws:principal", "aws:userid", "aws:username")
_LIMITING = ("iam:permissionsboundary", "iam:policyarn")  # these confine only by a value that is spelled out


def anywhere(identity: Identity, action: str) -> list[Grant]:
    """The grants of the action on a resource that nobody named, by no condition that confines them.

    Raises UnknownRead where there is none among what can be read, but there may be one in what cannot.
    """
    if not _worth_asking(identity, (action,)):
        return []
    return identity.once(f"anywhere {action}", partial(_anywhere, identity, action))


def all_anywhere(
    identity: Identity, actions: Iterable[str], ignoring: Collection[str] = ()
) -> tuple[list[Grant], list[UnknownRead]]:
    """The grants of those actions that are granted `anywhere`, one each, and for each that cannot be known why.

    `ignoring` are labels of policies whose grants do not count.
    """
    found: list[Grant] = []
    unknown: list[UnknownRead] = []
    for action in _worth_asking(identity, tuple(actions)):
        try:
            grants = identity.once(f"anywhere {action}", partial(_anywhere, identity, action))
        except UnknownRead as unread:
            unknown.append(unread)
        else:
            found += [grant for grant in grants if grant.policy not in ignoring][:1]
    return found, unknown


def _worth_asking(identity: Identity, actions: tuple[str, ...]) -> Collection[str]:
    """The actions that a policy speaks of. Nearly all questions are about others, so that has to be fast."""
    if not identity.known:
        return actions
    rights = identity.rights
    anything = "" in rights.services
    return [
        action
        for service, group in _by_service(actions).items()
        if anything or service in rights.services
        for action in group
        if rights.mentions(action)
    ]


@lru_cache(maxsize=256)
def _by_service(actions: tuple[str, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for action in actions:
        found.setdefault(service_of(action), []).append(action)
    return found


def _anywhere(identity: Identity, action: str) -> list[Grant]:
    return [grant for grant in identity.granted(action, unnamed(identity, action)) if not confined(grant)]


def confined(grant: Grant) -> bool:
    """Whether a condition, or a variable that the caller cannot choose, ties the grant to certain resources."""
    if any(key.startswith(_OF_CALLER) for key in grant.variables):
        return True
    for requirement in grant.requirements:
        key = requirement.condition.key
        if key.startswith(_CONFINING) and grant.pinned(key):
            return True
        if key in _LIMITING and tied(grant.requirements, key, spelled_out):
            return True
    return False


def unnamed(identity: Identity, action: str) -> list[str]:
    """ARNs that the action works on, in the account and Region of the identity's stack, with a name that nobody gave;
    `*` for an action that has no resources."""
    stack = identity.graph.stacks.get(identity.resource.stack)
    region = stack.region if stack is not None else ""
    return arns.unnamed(action, identity.resource.urn, identity.account, region)
