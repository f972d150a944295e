"""Tenants apart by access: what an identity of one tenant can reach of another's."""

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.model.values import UnknownRead
from lychgate.reasoning.tenancy import Crossing
from lychgate.views.iam_principals import Role
from lychgate.views.ownership import crossed, edges, owned

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


def told(crossings: list[Crossing], graph_name: dict[str, str]) -> tuple[str, dict[str, object]]:
    """The first crossing in words, and as a witness."""
    first = crossings[0]
    steps = [
        f"{graph_name.get(edge.source, edge.source)} -> {graph_name.get(edge.target, edge.target)}"
        for edge in first.path
    ]
    words = "; ".join(f"{step} ({edge.detail})" for step, edge in zip(steps, first.path, strict=True))
    witness: dict[str, object] = {
        "path": [{"source": edge.source, "target": edge.target, "by": edge.detail} for edge in first.path],
        "from": first.source_value,
        "to": first.target_value,
        "crossings": len(crossings),
    }
    return words, witness


def names(role: Role) -> dict[str, str]:
    """URN -> logical name."""
    return role.graph.once("logical names", lambda: {one.urn: one.name for one in role.graph.resources})


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


def _judged(role: Role, dimension: str, kinds: tuple[str, ...]) -> Answer:
    everyone = owned(role.graph)
    if not any(getattr(one, dimension) for one in everyone):
        return not_applicable(f"nothing that is judged names a {dimension}")
    found = crossed(role.graph, dimension).get(role.resource.urn, [])  # type: ignore[arg-type]
    certain = [one for one in found if one.state == "yes" and one.path[-1].kind in kinds]
    if certain:
        words, witness = told(certain, names(role))
        whom = f"{certain[0].source_value} reaches {certain[0].target_value}"
        return fail(f"{dimension.capitalize()} {whom}: {words}.", witness)
    unread = edges(role.graph).unread.get(role.resource.urn)
    if unread is not None:
        raise unread
    open_ = [one for one in found if one.path[-1].kind in kinds]
    if open_:
        other = names(role).get(open_[0].path[-1].target, open_[0].path[-1].target)
        named = "the role names" if open_[0].source_value is None else f"{other} names"
        raise UnknownRead(
            role.resource.urn, "tags", f"leave open whether {other} is the same {dimension}'s: {named} none"
        )
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
