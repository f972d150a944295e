"""Whose credentials a sync has: AWS is asked, whatever the environment says."""

from __future__ import annotations

import os
from typing import Any

from lychgate.provisioner.sync.facts import fact

from lychgate.model.sync_request import Fact
from lychgate.model.values import Unknown


def account_found(region: str, endpoint: str | None = None) -> Fact[str]:
    """The account of the credentials (sts:GetCallerIdentity), at the environment's `endpoint` where it has one.

    Else the service itself is asked: an endpoint that AWS_ENDPOINT_URL or a profile names could answer anything.
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """

    def ask() -> Fact[str]:
        from botocore.config import Config  # type: ignore[import-untyped]

        config = Config(
            ignore_configured_endpoint_urls=True, connect_timeout=5, read_timeout=10, retries={"max_attempts": 2}
        )
        client = _session().client("sts", region_name=region, endpoint_url=endpoint, config=config)
        return str(client.get_caller_identity()["Account"])

    return fact("the account of the credentials", ask)


def region_found() -> Fact[str]:
    """The region that clients of this process have: AWS_REGION's, as most SDKs read it, AWS_DEFAULT_REGION's, as boto3
    does, or the profile's. https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html"""

    def ask() -> Fact[str]:
        named = os.environ.get("AWS_REGION") or _session().region_name
        return named or Unknown("no region is set (AWS_REGION, or the profile's)")

    return fact("the region of the credentials", ask)


def _session() -> Any:
    import boto3  # type: ignore[import-untyped]

    return boto3.session.Session()
