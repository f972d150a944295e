"""What components refuse: modes, numbers, names and tenants that a service or the platform does not take."""

from __future__ import annotations

import re
from collections.abc import Sequence

# What stands in conditions as a tenant must hold none of IAM's wildcards and variables.
_TENANT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def known_mode(kind: str, mode: str, modes: Sequence[str]) -> None:
    """Raises ValueError, naming the valid modes, where a thing cannot be used in this one."""
    if mode not in modes:
        raise ValueError(f"a {kind} cannot be used in mode {mode!r}: {', '.join(modes)}")


def within(what: str, value: float, low: float, high: float) -> None:
    """Raises ValueError where a number is outside what the service takes."""
    if not low <= value <= high:
        raise ValueError(f"{what} is {value:g}: it must be {low:g} to {high:g}")


def short_enough(what: str, name: str, longest: int) -> str:
    """The name. Raises ValueError where it is longer than the service takes."""
    if len(name) > longest:
        raise ValueError(f"the {what} {name!r} has {len(name)} characters: {longest} are the most")
    return name


def sharing_tenant(kind: str, name: str, tenant: str, shared_by: Sequence[str]) -> None:
    """Raises ValueError where a thing is not shared with the tenant."""
    if tenant not in shared_by:
        with_whom = f"shared by {', '.join(shared_by)}" if shared_by else "not shared"
        raise ValueError(f"the {kind} {name} is {with_whom}: not by {tenant!r}")
    if not _TENANT.fullmatch(tenant):
        raise ValueError(f"the tenant {tenant!r} cannot stand in a condition: lower-case letters, digits and hyphens")


def never_by_tenant(kind: str, name: str, tenant: str | None) -> None:
    """Raises ValueError where one tenant's part of a thing is asked for, and AWS cannot tell such parts apart."""
    if tenant is not None:
        raise ValueError(
            f"the {kind} {name} cannot be shared between tenants safely: AWS has no condition that keeps {tenant!r} "
            "to its own part. Give each tenant one of its own."
        )


def shared_tags(tags: dict[str, str], shared_by: Sequence[str]) -> dict[str, str]:
    """The tags of a thing; what several tenants share is of no tenant, and says so."""
    return {**tags, "tenant": "shared", "shared": "true"} if shared_by else tags
