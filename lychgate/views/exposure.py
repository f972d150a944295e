"""Who gets in by a statement of a resource or trust policy: everyone, another account, whoever meets a condition.

What ties a statement for everyone down follows Amazon S3's definition of a policy that is not public ("The meaning of
'public'", https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html): a fixed
caller, account, organization, endpoint, VPC or source, or addresses no broader than /8 (IPv6: /32).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from lychgate.reasoning.iam import Grant, Statement, UndecidedError
from lychgate.reasoning.iam.conditions import as_network
from lychgate.reasoning.iam.pins import Requirement, accepted_values
from lychgate.reasoning.iam.templates import Piece, Variable

Template = tuple[Piece, ...]

# Keys whose value names one organization, account, VPC, endpoint or caller: it has to be spelled out.
ORGANIZATION = ("aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:SourceOrgID", "aws:SourceOrgPaths")
ACCOUNT = (
    "aws:PrincipalAccount",
    "aws:SourceAccount",
    "aws:SourceOwner",
    "kms:CallerAccount",
    "s3:DataAccessPointAccount",
)
PLACE = ("aws:SourceVpc", "aws:SourceVpce", "s3:x-amz-server-side-encryption-aws-kms-key-id")
WORD = {"s3:AccessPointNetworkOrigin": "VPC", "elasticfilesystem:AccessedViaMountTarget": "true"}
ARN = ("aws:PrincipalArn", "aws:SourceArn", "s3:DataAccessPointArn")
_ARN_OF_ACCOUNT = re.compile(r"arn:[\w-]+:[\w-]+:[^:]*:(\d{12}):")
_ARN_OF_BUCKET = re.compile(r"arn:[\w-]+:s3:::.")
_ACCOUNT = re.compile(r"\d{12}\Z")
_UNIQUE_ID = re.compile(r"[A-Z0-9]{16,}")  # of a role or user, before the name of the session
# Load balancers of the older regions write their logs with these accounts of AWS's own:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
_LOAD_BALANCERS = (
    "098369216593 754344448648 582318560864 600734575887 383597477331 718504428378 114774131450 783225319266 "
    "589379963580 985666609251 638102146993 037604701340 054676820928 897822967062 635631232127 156460612806 "
    "652711504416 009996457667 076674570225 507241528517 127311923021 033677994240 190560391635 048591011584 "
    "027434742980 797873946194"
)
AWS_OWN = frozenset(_LOAD_BALANCERS.split()) | {"cloudfront"}


def requirements_of(statement: Statement) -> tuple[Requirement, ...]:
    """What the statement's own conditions demand. A `Grant` knows what Denies demand beside."""
    return tuple(Requirement(condition, statement.variables) for condition in statement.conditions)


def ties(requirements: Sequence[Requirement], key: str) -> Iterator[tuple[Template, ...]]:
    """Each set of values that the key is tied to."""
    present = [one for one in requirements if one.condition.operator == "Null"]
    for one in requirements:
        if one.condition.operator != "Null":
            values = accepted_values([one, *present], key)
            if values is not None:
                yield values


def tied(requirements: Sequence[Requirement], key: str, accepts: Callable[[Template], bool]) -> bool:
    """Whether the key is tied to values that are all accepted."""
    return any(all(accepts(value) for value in values) for values in ties(requirements, key))


def spelled_out(value: Template) -> bool:
    """Whether a value has neither a wildcard nor a variable of the caller's (`${aws:ResourceOrgID}` is the owner's)."""
    return all(
        isinstance(part, str) or (isinstance(part, Variable) and part.key.startswith("aws:resource")) for part in value
    )


def head(value: Template) -> str:
    """The text before the first wildcard or variable."""
    found = ""
    for part in value:
        if not isinstance(part, str):
            break
        found += part
    return found


def arn_account(value: Template) -> str:
    """The account that an ARN pattern is tied to, empty if it is not tied to one."""
    match = _ARN_OF_ACCOUNT.match(head(value))
    return match.group(1) if match else ""


def _names_source(value: Template) -> bool:
    return bool(arn_account(value)) or (bool(_ARN_OF_BUCKET.match(head(value))) and spelled_out(value))


def _narrow(value: Template) -> bool:
    """Whether a block of addresses is narrow enough."""
    if not all(isinstance(part, str) for part in value):
        return False
    try:
        network = as_network(head(value))
    except UndecidedError:
        return False
    return network.prefixlen >= (8 if isinstance(network, ipaddress.IPv4Network) else 32)


def tied_down(requirements: Sequence[Requirement]) -> bool:
    """Whether what is open to everyone by its principal is open to somebody certain only, by its conditions."""
    return (
        any(tied(requirements, key, spelled_out) for key in (*ORGANIZATION, *ACCOUNT, *PLACE))
        or any(tied(requirements, key, _names_source) for key in ARN)
        or any(tied(requirements, key, tuple(word).__eq__) for key, word in WORD.items())
        or tied(requirements, "aws:userid", lambda value: bool(_UNIQUE_ID.match(head(value))))
        or tied(requirements, "aws:SourceIp", _narrow)
    )


def in_organization(requirements: Sequence[Requirement]) -> bool:
    """Whether only callers of one organization get in."""
    return any(tied(requirements, key, spelled_out) for key in ORGANIZATION)


def from_source(requirements: Sequence[Requirement]) -> bool:
    """Whether a service gets in only for a certain source: its ARN, account, organization, or the log groups of an
    account (CloudWatch Logs gives their ARN as KMS encryption context)."""
    keys = (*ORGANIZATION, "aws:SourceAccount", "aws:SourceOwner", "kms:CallerAccount")
    arns = ("aws:SourceArn", "kms:EncryptionContext:aws:logs:arn")
    return any(tied(requirements, key, spelled_out) for key in keys) or any(
        tied(requirements, key, _names_source) for key in arns
    )


def tied_accounts(requirements: Sequence[Requirement]) -> set[str]:
    """The accounts that conditions tie the caller to; empty where they tie it to none."""
    for key in ("aws:PrincipalAccount", "aws:SourceAccount", "aws:SourceOwner", "kms:CallerAccount"):
        for values in ties(requirements, key):
            if all(spelled_out(value) for value in values):
                return {text for text in map(head, values) if _ACCOUNT.match(text)}
    for key in ("aws:PrincipalArn", "aws:SourceArn"):
        for values in ties(requirements, key):
            if all(arn_account(value) for value in values):
                return {arn_account(value) for value in values}
    return set()


def principal_account(value: str) -> str:
    """The account of a principal as a policy writes it: an account id or an ARN; empty where it tells none.

    `cloudfront` for an origin access identity (`arn:aws:iam::cloudfront:user/...`).
    """
    if _ACCOUNT.match(value):
        return value
    fields = value.split(":")
    return fields[4] if len(fields) >= 6 and fields[0] == "arn" else ""


def names_everyone(statement: Statement) -> bool:
    """Whether the principal is everyone, or everyone but some (an Allow with NotPrincipal)."""
    principals = statement.principals
    if principals is None:
        return False
    return principals.excluded or any(value == "*" and kind != "CanonicalUser" for kind, value in principals.entries)


def named_of(statement: Statement, kind: str) -> list[str]:
    """The principals of one kind (`AWS`, `Service`, `Federated`, `CanonicalUser`) that the statement names."""
    principals = statement.principals
    if principals is None or principals.excluded:
        return []
    return [value for kind_, value in principals.entries if kind_ == kind]


@dataclass(frozen=True, slots=True)
class Stranger:
    """A principal of another account that gets in; `account` is empty where nobody can tell it."""

    principal: str
    account: str
    grant: Grant


def everyone(grants: Iterable[Grant]) -> list[Grant]:
    """The grants that let everyone in: also after Denies, and whatever they demand."""
    return [one for one in grants if any(map(_is_everyone, one.principals)) and not tied_down(one.requirements)]


def _is_everyone(principal: str) -> bool:
    return principal.startswith("everyone but ") or (principal.endswith(":*") and principal != "CanonicalUser:*")
