"""What is known of condition keys: whether they hold one value or several, and of what type.

Global keys: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html ("Value type",
"Data type"). Keys of services: the catalogue.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from . import catalogue

Kind = Literal["text", "arn", "account", "bool", "number", "date", "ip"]

_MULTIVALUED = frozenset(
    {
        "aws:calledvia",
        "aws:principalorgpaths",
        "aws:principalservicenameslist",
        "aws:resourceorgpaths",
        "aws:sourceorgpaths",
        "aws:tagkeys",
        "aws:vpceorgpaths",
    }
)
_KINDS: dict[str, Kind] = {
    "aws:currenttime": "date",
    "aws:ec2instancesourceprivateipv4": "ip",
    "aws:epochtime": "date",
    "aws:multifactorauthage": "number",
    "aws:multifactorauthpresent": "bool",
    "aws:principalaccount": "account",
    "aws:principalarn": "arn",
    "aws:principalisawsservice": "bool",
    "aws:resourceaccount": "account",
    "aws:securetransport": "bool",
    "aws:sourceaccount": "account",
    "aws:sourcearn": "arn",
    "aws:sourceip": "ip",
    "aws:tokenissuetime": "date",
    "aws:viaawsservice": "bool",
    "aws:vpceaccount": "account",
    "aws:vpcsourceip": "ip",
}
_CATALOGUE: dict[str, Kind] = {"ARN": "arn", "Bool": "bool", "Numeric": "number", "Date": "date", "IPAddress": "ip"}
# What every signed request has; services, of which aws:PrincipalIsAWSService is true, have no identity policies.
SIGNED_KEYS = ("aws:principalaccount", "aws:principalarn", "aws:principalisawsservice", "aws:principaltype")
# Keys that follow from the caller: absent for strangers and services, "Availability" of the page above.
PRINCIPAL_KEYS = (
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principaltag/",
    "aws:userid",
    "aws:username",
    "aws:multifactorauthpresent",
    "aws:multifactorauthage",
    "aws:tokenissuetime",
)


@lru_cache(maxsize=4096)
def kind(key: str) -> Kind | None:
    """The type of the key (in lower case), None if nobody says."""
    if key.startswith("aws:"):
        return _KINDS.get(key)
    declared = catalogue.key_type(key)
    return _CATALOGUE.get(declared.removeprefix("ArrayOf")) if declared else None


@lru_cache(maxsize=4096)
def multivalued(key: str) -> bool | None:
    """Whether the key can hold several values, None if nobody says."""
    if key.startswith("aws:"):
        return key in _MULTIVALUED
    declared = catalogue.key_type(key)
    return None if declared is None else declared.startswith("ArrayOf")


def of_principal(key: str) -> bool:
    """Whether only authenticated principals of an account bring the key."""
    return key.startswith(PRINCIPAL_KEYS)
