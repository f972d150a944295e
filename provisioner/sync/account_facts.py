"""Whose credentials a sync has: AWS is asked, whatever the environment says."""

from __future__ import annotations

import os
from typing import Any

from lychgate.provisioner.sync.facts import fact

from lychgate.model.sync_request import Fact
from lychgate.model.values import Unknown


def account_found(region: str, endpoint: str | None = None) -> Fact[str]:
    """The account of the credentials (sts:GetCallerIdentity), at the environment's `endpoint` where it has one.

    Else the service itself is asked. Where AWS_ENDPOINT_URL or a profile leads elsewhere the account is not known: what
    reads it for drift, and Pulumi's provider, would be answered there, by anything.
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """

    def ask() -> Fact[str]:
        from botocore.config import Config  # type: ignore[import-untyped]

        if endpoint is None and (named := _elsewhere(_session())):
            return Unknown(f"{named} leads to another place than AWS, which only an environment's `endpoint` may do")
        config = Config(
            ignore_configured_endpoint_urls=True, connect_timeout=5, read_timeout=10, retries={"max_attempts": 2}
        )
        client = _session().client("sts", region_name=region, endpoint_url=endpoint, config=config)
        return str(client.get_caller_identity()["Account"])

    return fact("the account of the credentials", ask)


def region_found() -> Fact[str]:
    """The region that clients of this process have: AWS_REGION's, as most SDKs read it, and AWS_DEFAULT_REGION's or the
    profile's, as boto3 does: one where both name one.
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html"""

    def ask() -> Fact[str]:
        named, default = os.environ.get("AWS_REGION"), _session().region_name
        if named and default and named != default:
            return Unknown(f"AWS_REGION is {named}, and AWS_DEFAULT_REGION or the profile says {default}")
        return named or default or Unknown("no region is set (AWS_REGION, or the profile's)")

    return fact("the region of the credentials", ask)


def _elsewhere(session: Any) -> str:
    """What leads clients to another place than AWS's own: a variable, or the profile; empty where nothing does."""
    profile = session._session.get_scoped_config()
    ignored = os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") or profile.get("ignore_configured_endpoint_urls")
    if str(ignored).lower() == "true":
        return ""
    found = [name for name, value in sorted(os.environ.items()) if name.startswith("AWS_ENDPOINT_URL") and value]
    if not found and ("endpoint_url" in profile or "services" in profile):
        return f"the profile {session.profile_name}"
    return found[0] if found else ""


def _session() -> Any:
    import boto3  # type: ignore[import-untyped]

    return boto3.session.Session()
