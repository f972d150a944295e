"""Who is a stranger to a resource policy, and what they cannot bring.

Everyone can send a request, but not from somebody else's account, organization, VPC or address. A condition on one of
these keys keeps strangers out as far as it asks for a value of our own. Source of the keys and of what counts as a
fixed value: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html ("The
meaning of public").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .callers import Callers
from .conditions import UndecidedError, as_network
from .domains import base
from .language import Condition, Policy, Principals, Qualifier, Statement
from .principals import Named, named

# What a stranger cannot choose, by the sort of text that names our own.
_BY_ACCOUNT = (
    "aws:sourceaccount",
    "aws:sourceowner",
    "aws:vpceaccount",
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
)
_BY_ARN = ("aws:sourcearn", "s3:dataaccesspointarn")
_BY_ORGANIZATION = ("aws:principalorgid", "aws:sourceorgid", "aws:vpceorgid")
_BY_PATH = ("aws:principalorgpaths", "aws:sourceorgpaths", "aws:vpceorgpaths")
_BY_NETWORK = ("aws:sourcevpc", "aws:sourcevpce")
_BY_ADDRESS = ("aws:sourceip", "aws:vpcsourceip")
_OTHERS = ("aws:userid",)
IDENTIFYING = frozenset({*_BY_ACCOUNT, *_BY_ARN, *_BY_ORGANIZATION, *_BY_PATH, *_BY_NETWORK, *_BY_ADDRESS, *_OTHERS})
_WIDEST = {4: 8, 6: 32}  # prefix lengths: a block that is larger is no limit
_ACCOUNT = re.compile(r"\d{12}\Z")


def strange_conditions(policies: Iterable[Policy], trusted: Sequence[str] | None) -> list[Condition]:
    """What holds of every stranger's request, as conditions.

    Without `trusted` each fixed value in the policies is taken for our own; else only what is listed: account ids,
    organization ids, VPCs and endpoints, address blocks, ARNs.
    """
    statements = [statement for policy in policies for statement in policy.statements]
    used = {condition.key for statement in statements for condition in statement.conditions} & IDENTIFYING
    found: list[Condition] = []
    for key in sorted(used):
        own = _fixed(statements, key) if trusted is None else [text for text in trusted if _is_for(key, text)]
        found += _never(key, own)
    return found


def _fixed(statements: Iterable[Statement], key: str) -> list[str]:
    """The values without wildcards and variables that conditions compare the key with."""
    found: dict[str, None] = {}
    for statement in statements:
        for condition in statement.conditions:
            if condition.key == key and condition.operator != "Null":
                plain = base(condition) in ("StringEquals", "StringEqualsIgnoreCase", "IpAddress")
                for text in condition.values:
                    if "${" not in text and (plain or not set("*?") & set(text)):
                        found[text] = None
    return [text for text in found if key not in _BY_ADDRESS or _limits(text)]


def _limits(text: str) -> bool:
    try:
        network = as_network(text)
    except UndecidedError:
        return False
    return network.is_private or network.prefixlen >= _WIDEST[network.version]


def _is_for(key: str, text: str) -> bool:
    """Whether a trusted text is of the sort that the key holds."""
    if key in _BY_ADDRESS:
        return "/" in text and not text.startswith(("arn:", "o-")) and _limits(text)
    if key in _BY_ARN:
        return text.startswith("arn:") or bool(_ACCOUNT.match(text))
    if key in _BY_ACCOUNT:
        return bool(_ACCOUNT.match(text))
    if key in _BY_ORGANIZATION or key in _BY_PATH:
        return text.startswith("o-")
    return text.startswith("vpc") if key in _BY_NETWORK else True


def _never(key: str, own: Sequence[str]) -> Iterable[Condition]:
    """That the key has none of our own values; absent it may be."""
    if not own:
        return
    if key in _BY_ADDRESS:
        yield Condition("NotIpAddress", key, tuple(own))
    elif key in _BY_PATH:
        every: Qualifier = "ForAllValues"
        paths = tuple(text if "/" in text else f"{text}/*" for text in own)
        yield Condition("StringNotLike", key, paths, every)
    elif key in _BY_ARN:
        arns = tuple(f"arn:*:*:*:{text}:*" if _ACCOUNT.match(text) else text for text in own)
        yield Condition("ArnNotLike", key, arns)
    else:
        yield Condition("StringNotEquals", key, tuple(own))


def _own_accounts(statements: Iterable[Statement]) -> set[str]:
    """The accounts that conditions name in full, as aws:PrincipalAccount or within aws:PrincipalArn."""
    texts = [
        (condition.key, text)
        for statement in statements
        for condition in statement.conditions
        for text in condition.values
    ]
    named_ = {text for key, text in texts if key == "aws:principalaccount"}
    named_ |= {text.split(":")[4] for key, text in texts if key == "aws:principalarn" and text.count(":") >= 5}
    return {text for text in named_ if _ACCOUNT.match(text)}


def strangers(callers: Callers, statements: Sequence[Statement], trusted: Sequence[str] | None) -> int:
    """The callers that are strangers, as a mask. Services of AWS act for whoever asks them: they are not counted."""
    accounts = _own_accounts(statements)
    entries = {
        entry
        for statement in statements
        if statement.principals is not None and not statement.principals.excluded
        for entry in statement.principals.entries
        if entry[1] != "*"
    }
    mask = 0
    for at, who in enumerate(callers.who):
        if trusted is None:
            ours = any(named(Principals((entry,)), who) is not Named.NOT for entry in entries)
            ours = ours or who.account in accounts
        else:
            ours = bool({who.account, who.arn, who.role} & set(trusted))
        mask |= (who.kind != "service" and not ours) << at
    return mask
