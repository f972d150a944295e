"""What the examples of IAM rules have in common: imports, a policy document, a role that a service assumes."""

from textwrap import dedent

_PLAIN = """\
import json

import pulumi
import pulumi_aws as aws


def document(*statements):
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trusts(service):
    return document({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


"""
_ROLE = 'role = aws.iam.Role("worker", assume_role_policy=trusts("lambda.amazonaws.com"))\n'


def plain(program: str) -> str:
    """The program after imports, `document(...)` and `trusts(...)`."""
    return _PLAIN + dedent(program).lstrip("\n")


def with_role(program: str) -> str:
    """The same with a `role` that has no policies yet."""
    return _PLAIN + _ROLE + dedent(program).lstrip("\n")
