"""Tenants apart by access: what an identity of one tenant can reach of another's."""

from typing import Any

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.model.graph import Graph
from lychgate.model.values import UnknownRead
from lychgate.reasoning.tenancy import Crossing, Dimension
from lychgate.views.iam_principals import Role
from lychgate.views.ownership import crossed, edges, named

TENANTS = """
        import json
        import pulumi
        import pulumi_aws as aws

        def bucket(tenant):
            return aws.s3.Bucket(f"{tenant}-receipts", bucket=f"{tenant}-receipts", tags={"tenant": tenant})

        def role(tenant, service="ecs-tasks.amazonaws.com", **trusted):
            principal = trusted or {"Service": service}
            trust = {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
            return aws.iam.Role(f"{tenant}-api", name=f"{tenant}-api", tags={"tenant": tenant},
                                assume_role_policy=pulumi.Output.json_dumps(trust))

        def allow(role, resource, name="data", **more):
            aws.iam.RolePolicy(f"{name}-policy", role=role.id, policy=pulumi.Output.json_dumps(
                {"Version": "2012-10-17", "Statement": [
                    {"Sid": "Data", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"],
                     "Resource": resource, **more}]}))

        acme, globex = bucket("acme"), bucket("globex")
        reader = role("acme")
        """
DATA = ("identity-grant", "resource-grant", "secret-ref", "key-use")


def told(crossings: list[Crossing], graph: Graph) -> tuple[str, dict[str, Any]]:
    """The first crossing in words, and as a witness."""
    first = crossings[0]
    steps = (f"{graph.by_urn[one.source].name} -> {graph.by_urn[one.target].name} ({one.detail})" for one in first.path)
    witness: dict[str, Any] = {
        "path": [{"source": edge.source, "target": edge.target, "by": edge.detail} for edge in first.path],
        "from": first.source_value,
        "to": first.target_value,
        "crossings": len(crossings),
    }
    return "; ".join(steps), witness


@rule(
    id="role-reaches-another-tenants-data",
    title="A role of one tenant can reach data of another tenant",
    layer="tenancy",
    severity="critical",
    judges=Role,
    scope="stacks",
    rationale="""A customer must reach nothing but its own cardholder data (PCI DSS A1.1.2). A wildcard that also
    means another
    tenant's bucket is enough for one customer's breach to become everybody's.""",
    remediation="""Name the tenant's own resources in the policy, or tie it with the condition
    `aws:ResourceTag/tenant` = `${aws:PrincipalTag/tenant}`; mark what all tenants use with the tag `shared: true`.""",
    compliant=[
        TENANTS + 'allow(reader, pulumi.Output.concat(acme.arn, "/*"))',
        TENANTS
        + """
        allow(reader, "*", Condition={"StringEquals": {"aws:ResourceTag/tenant": "${aws:PrincipalTag/tenant}"}})
        """,
        TENANTS
        + """
        common = aws.s3.Bucket("rates", tags={"shared": "true"})
        allow(reader, [common.arn, pulumi.Output.concat(common.arn, "/*")])
        """,
        TENANTS
        + """
        allow(reader, "arn:aws:s3:::*", "all")
        aws.iam.RolePolicy("fence", role=reader.id, policy=pulumi.Output.json_dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*",
                "NotResource": [acme.arn, pulumi.Output.concat(acme.arn, "/*")]}]}))
        """,
    ],
    violating=[
        TENANTS + 'allow(reader, pulumi.Output.concat(globex.arn, "/*"))',
        TENANTS + 'allow(reader, "arn:aws:s3:::*")',
        TENANTS + 'allow(reader, "arn:aws:s3:::*-receipts/*")',
        TENANTS
        + """
        allow(reader, "*", Condition={"StringEqualsIfExists": {"aws:ResourceTag/tenant": "${aws:PrincipalTag/tenant}"}})
        """,
        TENANTS
        + """
        policy = aws.iam.Policy("data", policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "NotAction": "iam:*", "Resource": pulumi.Output.concat(globex.arn, "/?*")}}))
        aws.iam.RolePolicyAttachment("data", role=reader.name, policy_arn=policy.arn)
        """,
        TENANTS
        + """
        aws.s3.BucketPolicy("open", bucket=globex.id, policy=pulumi.Output.json_dumps({"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": reader.arn}, "Action": "s3:GetObject",
                           "Resource": pulumi.Output.concat(globex.arn, "/*")}]}))
        """,
        TENANTS
        + """
        broker = role("shared", AWS=reader.arn)
        allow(broker, pulumi.Output.concat(globex.arn, "/*"), "broker")
        """,
    ],
)
def role_reaches_another_tenants_data(role: Role, case: Case) -> Answer:
    """Through its own policies, those of resources, and roles without a tenant in between."""
    return _judged(role, "tenant", DATA)


def _judged(role: Role, dimension: Dimension, kinds: tuple[str, ...]) -> Answer:
    if not named(role.graph, dimension):
        return not_applicable(f"nothing that is judged names a {dimension}")
    found = [one for one in crossed(role.graph, dimension).get(role.resource.urn, []) if one.path[-1].kind in kinds]
    certain = [one for one in found if one.state == "yes"]
    if certain:
        words, witness = told(certain, role.graph)
        whom = f"{certain[0].source_value} reaches {certain[0].target_value}"
        return fail(f"{dimension.capitalize()} {whom}: {words}.", witness)
    unread = edges(role.graph).unread.get(role.resource.urn)
    if unread is not None:
        raise unread
    if found:
        other = role.graph.by_urn[found[0].path[-1].target].name
        who = "the role names" if found[0].source_value is None else f"{other} names"
        why = f"leave open whether {other} is the same {dimension}'s: {who} none"
        raise UnknownRead(role.resource.urn, "tags", why)
    return PASS


@rule(
    id="role-assumable-by-another-tenant",
    title="A role of one tenant can be assumed by another tenant's identity",
    layer="tenancy",
    severity="critical",
    judges=Role,
    scope="stacks",
    rationale="""Whoever can assume a role has all that it has. Between tenants that is no separation at all (PCI DSS
    A1.1.1).""",
    remediation="Name only the tenant's own principals in the trust policy, and its own roles in sts:AssumeRole.",
    compliant=[
        TENANTS
        + """
        worker = aws.iam.Role("acme-worker", tags={"tenant": "acme"}, assume_role_policy=pulumi.Output.json_dumps(
            {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": reader.arn}, "Action": "sts:AssumeRole"}]}))
        """,
    ],
    violating=[
        TENANTS
        + """
        worker = aws.iam.Role("globex-worker", tags={"tenant": "globex"}, assume_role_policy=pulumi.Output.json_dumps(
            {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": reader.arn}, "Action": "sts:AssumeRole"}]}))
        """,
        TENANTS
        + """
        other = role("globex", AWS="arn:aws:iam::111122223333:root")
        aws.iam.RolePolicy("assume", role=reader.id, policy=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sts:*", "Resource": "arn:aws:iam::111122223333:role/globex-*"}]}))
        """,
    ],
)
def role_assumable_by_another_tenant(role: Role, case: Case) -> Answer:
    """By trust that names it, or by trust of the account and a policy that says so."""
    return _judged(role, "tenant", ("assume-role",))


ENVIRONMENTS = TENANTS.replace('{"tenant": tenant}', '{"environment": tenant}')


@rule(
    id="role-reaches-another-environment",
    title="A role of one environment can reach data or roles of another",
    layer="tenancy",
    severity="critical",
    judges=Role,
    scope="stacks",
    rationale="""Test must be apart from production, and access control must enforce it (PCI DSS 6.5.3, 6.5.4). A
    role of test that
    reaches production makes every test credential one of production.""",
    remediation="""Keep environments in accounts of their own, or name the environment's own resources in policies
    and trust.""",
    compliant=[
        ENVIRONMENTS.replace("acme", "test").replace("globex", "production")
        + 'allow(reader, pulumi.Output.concat(test.arn, "/*"))',
    ],
    violating=[
        ENVIRONMENTS.replace("acme", "test").replace("globex", "production")
        + 'allow(reader, pulumi.Output.concat(production.arn, "/*"))',
        ENVIRONMENTS.replace("acme", "test").replace("globex", "production")
        + """
        deploy = aws.iam.Role("deploy", tags={"environment": "production"}, assume_role_policy=pulumi.Output.json_dumps(
            {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": reader.arn}, "Action": "sts:AssumeRole"}]}))
        """,
    ],
)
def role_reaches_another_environment(role: Role, case: Case) -> Answer:
    """Data and roles alike."""
    return _judged(role, "environment", (*DATA, "assume-role"))
