"""Tenants apart by access: what an identity of one tenant can reach of another's."""

from typing import Any

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.model.graph import Graph
from lychgate.model.values import UnknownRead
from lychgate.reasoning.tenancy import Crossing, Dimension, EdgeKind
from lychgate.views.iam_principals import Group, Identity, Role
from lychgate.views.ownership import Actor, crossed, edges, named, reached

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
OPEN = """
        aws.s3.BucketPolicy("open", bucket=globex.id, policy=pulumi.Output.json_dumps({"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Condition": %s,
                           "Resource": pulumi.Output.concat(globex.arn, "/*")}]}))
        """
DATA: tuple[EdgeKind, ...] = ("identity-grant", "resource-grant", "secret-ref", "mount", "key-use")


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
    title="A role, user or workload of one tenant can reach data of another tenant",
    layer="tenancy",
    severity="critical",
    judges=Actor,
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
        # Sessions have tags, and that of the tenant is held.
        bound = aws.iam.Role("bound", tags={"tenant": "acme"}, assume_role_policy=pulumi.Output.json_dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": reader.arn},
                                                    "Action": ["sts:AssumeRole", "sts:TagSession"],
                                                    "Condition": {"StringEquals": {
                                                        "aws:RequestTag/tenant": "acme"}}}]}))
        by_tag = {"StringEquals": {"aws:ResourceTag/tenant": "${aws:PrincipalTag/tenant}"}}
        allow(bound, "*", "bound", Condition=by_tag)
        """,
        TENANTS
        + """
        common = aws.s3.Bucket("rates", tags={"shared": "true"})
        allow(reader, [common.arn, pulumi.Output.concat(common.arn, "/*")])
        """,
        TENANTS
        + """
        # Case does not make another tenant of it.
        upper = aws.s3.Bucket("upper", tags={"Tenant": "ACME"})
        allow(reader, pulumi.Output.concat(upper.arn, "/*"))
        """,
        TENANTS
        + """
        # The tag is spelled out, and the other tenant's queue has another one.
        queue = aws.sqs.Queue("jobs", tags={"tenant": "globex"})
        aws.iam.RolePolicy("own", role=reader.id, policy=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sqs:*", "Resource": "*",
             "Condition": {"StringEquals": {"aws:ResourceTag/tenant": "acme"}}}]}))
        """,
        TENANTS + OPEN % '{"StringEquals": {"aws:PrincipalTag/tenant": "globex"}}',
        TENANTS
        + """
        # The key's own policy does not leave access to identity policies.
        owner = role("globex")
        key = aws.kms.Key("globex", tags={"tenant": "globex"}, policy=pulumi.Output.json_dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": owner.arn},
                                                    "Action": "kms:*", "Resource": "*"}]}))
        aws.iam.RolePolicy("keys", role=reader.id, policy=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}]}))
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
        # Tied by a tag, of which whoever assumes the role gives its session the value.
        chooser = aws.iam.Role("chooser", tags={"tenant": "acme"}, assume_role_policy=pulumi.Output.json_dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": reader.arn},
                                                    "Action": ["sts:AssumeRole", "sts:TagSession"]}]}))
        by_tag = {"StringEquals": {"aws:ResourceTag/tenant": "${aws:PrincipalTag/tenant}"}}
        allow(chooser, "*", "chooser", Condition=by_tag)
        """,
        TENANTS
        + """
        # Tied by a tag that the role may give itself.
        allow(reader, "*", Condition={"StringEquals": {"aws:ResourceTag/tenant": "${aws:PrincipalTag/tenant}"}})
        aws.iam.RolePolicy("tag", role=reader.id, policy=pulumi.Output.json_dumps({"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "iam:Tag*", "Resource": reader.arn}]}))
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
        # A user, by the group that it is in.
        group, user = aws.iam.Group("readers"), aws.iam.User("acme-batch", tags={"tenant": "acme"})
        aws.iam.UserGroupMembership("acme-batch", user=user.name, groups=[group.name])
        aws.iam.GroupPolicy("data", group=group.name, policy=pulumi.Output.json_dumps({"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:Get*",
                           "Resource": pulumi.Output.concat(globex.arn, "/*")}]}))
        """,
        TENANTS
        + """
        # A function of one tenant runs as a role that is declared as shared.
        broker = aws.iam.Role("broker", tags={"shared": "true"}, assume_role_policy=json.dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                    "Principal": {"Service": "lambda.amazonaws.com"}}]}))
        allow(broker, pulumi.Output.concat(globex.arn, "/*"), "broker")
        aws.lambda_.Function("acme-api", role=broker.arn, tags={"tenant": "acme"})
        """,
        TENANTS
        + """
        # The same on a machine, by an instance profile without a label.
        broker = role("shared", "ec2.amazonaws.com")
        allow(broker, pulumi.Output.concat(globex.arn, "/*"), "broker")
        profile = aws.iam.InstanceProfile("broker", role=broker.name)
        aws.ec2.Instance("acme-api", ami="ami-0a1b2c3d4e5f60718", instance_type="t4g.small",
                         iam_instance_profile=profile.name, tags={"tenant": "acme"})
        """,
        TENANTS
        + """
        # A service account in one tenant's namespace, whose tokens the shared role accepts.
        import pulumi_kubernetes as k8s

        issuer = "oidc.eks.eu-west-1.amazonaws.com/id/0A1B2C3D4E5F60718293A4B5C6D7E8F9"
        broker = aws.iam.Role("broker", tags={"tenant": "shared"}, assume_role_policy=json.dumps({
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
                "Principal": {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{issuer}"},
                "Condition": {"StringLike": {f"{issuer}:sub": "system:serviceaccount:*:api"}}}]}))
        allow(broker, pulumi.Output.concat(globex.arn, "/*"), "broker")
        k8s.core.v1.Namespace("acme", metadata={"name": "acme", "labels": {"tenant": "acme"}})
        k8s.core.v1.ServiceAccount("api", metadata={"name": "api", "namespace": "acme"})
        """,
        TENANTS
        + """
        # A secret of another tenant in a container, whichever role fetches it.
        secret = aws.secretsmanager.Secret("globex-db", tags={"tenant": "globex"})
        aws.ecs.TaskDefinition("acme-api", family="acme-api", tags={"tenant": "acme"},
            container_definitions=pulumi.Output.json_dumps([{"name": "api", "image": "api", "secrets": [
                {"name": "PASSWORD", "valueFrom": pulumi.Output.concat(secret.arn, ":password::")}]}]))
        """,
        TENANTS
        + """
        # SQL through the HTTP endpoint of another tenant's cluster.
        cluster = aws.rds.Cluster("globex", engine="aurora-postgresql", tags={"tenant": "globex"})
        aws.iam.RolePolicy("sql", role=reader.id, policy=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "rds-data:*", "Resource": "arn:aws:rds:*:111122223333:cluster:*"}]}))
        """,
        TENANTS
        + """
        # A login at another tenant's database.
        cluster = aws.rds.Cluster("globex", engine="aurora-postgresql", tags={"tenant": "globex"})
        aws.iam.RolePolicy("login", role=reader.id, policy=pulumi.Output.json_dumps({"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "rds-db:connect",
                           "Resource": "arn:aws:rds-db:*:*:dbuser:*/app"}]}))
        """,
        TENANTS
        + """
        # By an access point of the other tenant's bucket.
        point = aws.s3.AccessPoint("globex", bucket=globex.id)
        aws.iam.RolePolicy("point", role=reader.id, policy=pulumi.Output.json_dumps({"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:GetObject",
                           "Resource": pulumi.Output.concat(point.arn, "/object/*")}]}))
        """,
        TENANTS
        + """
        key = aws.kms.Key("globex", tags={"tenant": "globex"})
        aws.kms.Grant("acme", key_id=key.key_id, grantee_principal=reader.arn, operations=["Decrypt"])
        """,
        TENANTS
        + """
        # The policy of an index of another tenant's table.
        table = aws.dynamodb.Table("globex", hash_key="id", attributes=[{"name": "id", "type": "S"}],
                                   billing_mode="PAY_PER_REQUEST", tags={"tenant": "globex"})
        aws.iam.RolePolicy("index", role=reader.id, policy=pulumi.Output.json_dumps({"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "dynamodb:Query",
                           "Resource": pulumi.Output.concat(table.arn, "/index/by-date")}]}))
        """,
        TENANTS
        + """
        function = aws.lambda_.Function("globex", role="arn:aws:iam::111122223333:role/x", tags={"tenant": "globex"})
        aws.lambda_.Permission("acme", function=function.name, action="lambda:InvokeFunction", principal=reader.arn)
        """,
        TENANTS + OPEN % '{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/acme-*"}}',
        TENANTS + OPEN % '{"StringEquals": {"aws:PrincipalTag/tenant": ["globex", "acme"]}}',
        TENANTS + OPEN % '{"StringEquals": {"aws:PrincipalAccount": "111122223333"}}',
        TENANTS
        + """
        broker = role("shared", AWS=reader.arn)
        allow(broker, pulumi.Output.concat(globex.arn, "/*"), "broker")
        """,
    ],
)
def role_reaches_another_tenants_data(actor: Actor, case: Case) -> Answer:
    """Through its own policies, those of resources, and roles without a tenant in between; for a workload, through the
    role that it runs as."""
    return _judged(actor, "tenant", DATA)


def _judged(actor: Actor, dimension: Dimension, kinds: tuple[EdgeKind, ...]) -> Answer:
    graph, urn = actor.graph, actor.resource.urn
    if not named(graph, dimension):
        return not_applicable(f"nothing that is judged names a {dimension}")
    found = [one for one in crossed(graph, dimension).get(urn, []) if one.path[-1].kind in kinds]
    if actor.resource.type in Role.types and "assume-role" in kinds:  # whoever is let in is told of as well
        found += [one for one in reached(graph, dimension).get(urn, []) if one.state == "yes"]
    certain = [one for one in found if one.state == "yes"]
    if certain:
        words, witness = told(certain, graph)
        whom = f"{certain[0].source_value} reaches {certain[0].target_value}"
        return fail(f"{dimension.capitalize()} {whom}: {words}.", witness)
    unread = edges(graph).why_open(urn, (*kinds, "identity-grant"))
    if unread is not None:
        raise unread
    if found and actor.resource.type in Identity.types and actor.resource.type not in Group.types:
        other = graph.by_urn[found[0].path[-1].target].name
        silent = "the identity itself" if found[0].source_value is None else other
        why = f"not named by {silent}, so that {other}, which it reaches, may be another {dimension}'s"
        raise UnknownRead(urn, dimension, why)
    return PASS


@rule(
    id="role-assumable-by-another-tenant",
    title="A role of one tenant can be assumed by another tenant's identity",
    layer="tenancy",
    severity="critical",
    judges=Actor,
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
        # Everyone who meets a condition, and one of another tenant does.
        aws.iam.Role("globex-worker", tags={"tenant": "globex"}, assume_role_policy=json.dumps(
            {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole",
                 "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*-api"}}}]}))
        """,
        TENANTS
        + """
        # Another tenant's function runs as it.
        worker = role("globex", "lambda.amazonaws.com")
        aws.lambda_.Function("acme-api", role=worker.arn, tags={"tenant": "acme"})
        """,
        TENANTS
        + """
        # The service account of another tenant's namespace, by Pod Identity.
        import pulumi_kubernetes as k8s

        worker = role("globex", "pods.eks.amazonaws.com")
        k8s.core.v1.Namespace("acme", metadata={"name": "acme", "labels": {"tenant": "acme"}})
        aws.eks.PodIdentityAssociation("api", cluster_name="main", namespace="acme", service_account="api",
                                       role_arn=worker.arn)
        """,
        TENANTS
        + """
        # Whoever may rewrite the trust policy may assume the role.
        worker = role("globex", "lambda.amazonaws.com")
        aws.iam.RolePolicy("admin", role=reader.id, policy=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "iam:Update*", "Resource": "*"}]}))
        """,
        TENANTS
        + """
        other = role("globex", AWS="arn:aws:iam::111122223333:root")
        aws.iam.RolePolicy("assume", role=reader.id, policy=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sts:*", "Resource": "arn:aws:iam::111122223333:role/globex-*"}]}))
        """,
    ],
)
def role_assumable_by_another_tenant(actor: Actor, case: Case) -> Answer:
    """By trust that names it, or by trust of the account and a policy that says so."""
    return _judged(actor, "tenant", ("assume-role",))


ENVIRONMENTS = TENANTS.replace('{"tenant": tenant}', '{"environment": tenant}')


@rule(
    id="role-reaches-another-environment",
    title="A role, user or workload of one environment can reach data or roles of another",
    layer="tenancy",
    severity="critical",
    judges=Actor,
    scope="stacks",
    rationale="""Test must be apart from production, and access control must enforce it (PCI DSS 6.5.3, 6.5.4). A
    role of test that
    reaches production makes every test credential one of production.""",
    remediation="""Keep environments in accounts of their own, or name the environment's own resources in policies
    and trust.""",
    compliant=[
        ENVIRONMENTS.replace("acme", "test").replace("globex", "production")
        + 'allow(reader, pulumi.Output.concat(test.arn, "/*"))',
        ENVIRONMENTS.replace("acme", "prod").replace("globex", "production")
        + 'allow(reader, pulumi.Output.concat(production.arn, "/*"))',
    ],
    violating=[
        ENVIRONMENTS.replace("acme", "test").replace("globex", "production")
        + """
        # What all tenants of production share is production's all the same.
        common = aws.s3.Bucket("common", tags={"environment": "production", "shared": "true"})
        allow(reader, pulumi.Output.concat(common.arn, "/*"))
        """,
        ENVIRONMENTS.replace("acme", "test").replace("globex", "production")
        + """
        # Tied to the tenant, and both environments have it.
        queue = aws.sqs.Queue("jobs", tags={"environment": "production", "tenant": "acme"})
        batch = aws.iam.Role("batch", tags={"environment": "test", "tenant": "acme"}, assume_role_policy=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                     "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}))
        aws.iam.RolePolicy("own", role=batch.id, policy=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sqs:*", "Resource": "*",
             "Condition": {"StringEquals": {"aws:ResourceTag/tenant": "${aws:PrincipalTag/tenant}"}}}]}))
        """,
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
def role_reaches_another_environment(actor: Actor, case: Case) -> Answer:
    """Data and roles alike."""
    return _judged(actor, "environment", (*DATA, "assume-role"))
