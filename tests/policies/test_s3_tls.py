"""What a bucket policy has to say so that no request comes through without TLS."""

from __future__ import annotations

from typing import Any

import pytest
from lychgate.policies.encryption.s3_transport import without_tls

from lychgate.reasoning.iam import parse

ARN = "arn:aws:s3:::acme"
INSECURE = {"Bool": {"aws:SecureTransport": "false"}}


def deny(**changes: Any) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [ARN, f"{ARN}/*"],
        "Condition": INSECURE,
    }
    return {name: value for name, value in {**statement, **changes}.items() if value is not None}


def through(*statements: dict[str, Any]) -> tuple[str, str] | None:
    return without_tls(ARN, parse({"Version": "2012-10-17", "Statement": list(statements)}))


@pytest.mark.parametrize(
    "statement",
    [
        deny(),
        deny(Resource="*"),
        deny(Resource="arn:aws:s3:::*"),
        deny(Resource="arn:aws:s3:::acme*"),
        deny(Resource="arn:aws:s3:::a*"),
        deny(Action=["s3:Get*", "s3:*"]),
        deny(NotAction="iam:*", Action=None),
        deny(NotResource="arn:aws:s3:::other/*", Resource=None),
        deny(Condition={"Bool": {"aws:SecureTransport": "false", "aws:PrincipalIsAWSService": "false"}}),
        deny(Condition={"StringEquals": {"aws:SecureTransport": "false"}}),
        deny(Condition={"BoolIfExists": {"AWS:securetransport": ["false"]}}),
        deny(Condition=None),
    ],
)
def test_denied(statement: dict[str, Any]) -> None:
    assert through(statement) is None


@pytest.mark.parametrize(
    "statement",
    [
        deny(Resource=ARN),
        deny(Resource=f"{ARN}/*"),
        deny(Resource=[ARN, f"{ARN}/private/*"]),
        deny(Resource=["arn:aws:s3:::acme-logs", "arn:aws:s3:::acme-logs/*"]),
        deny(Resource="arn:aws:s3:::ac*e"),
        deny(Resource=[ARN, "arn:aws:s3:::ac*e/private*"]),
        deny(NotResource="arn:aws:s3:::ac*/public/*", Resource=None),
        deny(NotResource=f"{ARN}/public/*", Resource=None),
        deny(Resource=[ARN, f"{ARN}/${{aws:username}}/*"]),
        deny(Action=["s3:Get*", "s3:Put*", "s3:List*", "s3:Delete*"]),
        deny(NotAction="s3:GetObject", Action=None),
        deny(Principal={"AWS": "arn:aws:iam::111122223333:root"}),
        deny(Principal={"Service": "*"}),
        deny(NotPrincipal={"AWS": "arn:aws:iam::111122223333:role/admin"}, Principal=None),
        deny(Condition={"Bool": {"aws:SecureTransport": "true"}}),
        deny(Condition={"Null": {"aws:SecureTransport": "true"}}),
        deny(Condition={"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
        deny(Condition={**INSECURE, "IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}),
        {**deny(), "Effect": "Allow"},
    ],
)
def test_let_through(statement: dict[str, Any]) -> None:
    assert through(statement) is not None


def test_statements_cover_together_and_the_request_is_told_with_the_buckets_name() -> None:
    assert through(deny(Resource=ARN), deny(Resource=f"{ARN}/*", Sid="objects")) is None
    assert through(deny(Resource=ARN)) == ("s3:GetObject", "arn:aws:s3:::acme/x")
