"""Tenants and environments apart by security groups."""

from lychgate.policies.tenancy.access import told

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.reasoning.tenancy import Dimension
from lychgate.views.owners import owner_of
from lychgate.views.ownership import SecurityGroup, edges, named, reached

GROUPS = """
        import pulumi_aws as aws

        def group(name, **more):
            tags = {"tenant": name.split("-")[0]}
            return aws.ec2.SecurityGroup(name, vpc_id="vpc-0a1b2c3d4e5f60718", tags=tags, **more)

        acme = group("acme-app")
        """


def _admits(group: SecurityGroup, dimension: Dimension) -> Answer:
    if not named(group.graph, dimension):
        return not_applicable(f"nothing that is judged names a {dimension}")
    found = [one for one in reached(group.graph, dimension).get(group.resource.urn, []) if one.state == "yes"]
    found = [one for one in found if one.path[-1].kind == "security-group"]
    if found:
        words, witness = told(found, group.graph)
        return fail(f"{dimension.capitalize()} {found[0].source_value} gets in: {words}.", witness)
    unread = edges(group.graph).why_open(group.resource.urn, ("security-group",))
    if unread is not None:
        raise unread
    return PASS


@rule(
    id="security-group-admits-another-tenant",
    title="A security group of one tenant lets another tenant's in",
    layer="tenancy",
    severity="high",
    judges=SecurityGroup,
    scope="stacks",
    rationale="""A customer can only use resources that are its own (PCI DSS A1.1.3). A rule that names another
    tenant's group is a
    way in for everything that runs there.""",
    remediation="Remove the rule, or let the tenants meet only in front of a shared service (tag `shared: true`).",
    compliant=[
        GROUPS + 'group("acme-db", ingress=[{"protocol": "tcp", "from_port": 5432, "to_port": 5432, '
        '"security_groups": [acme.id]}])',
    ],
    violating=[
        GROUPS + 'group("globex-db", ingress=[{"protocol": "tcp", "from_port": 5432, "to_port": 5432, '
        '"security_groups": [acme.id]}])',
        GROUPS
        + """
        globex = group("globex-db")
        aws.ec2.SecurityGroupRule("in", type="ingress", protocol="tcp", from_port=5432, to_port=5432,
                                  security_group_id=globex.id, source_security_group_id=acme.id)
        """,
        GROUPS
        + """
        globex = group("globex-db")
        aws.vpc.SecurityGroupIngressRule("in", ip_protocol="-1", security_group_id=globex.id,
                                         referenced_security_group_id=acme.id)
        """,
    ],
)
def security_group_admits_another_tenant(group: SecurityGroup, case: Case) -> Answer:
    """Inline and separate rules."""
    return _admits(group, "tenant")


@rule(
    id="security-group-used-by-several-tenants",
    title="One security group holds resources of several tenants",
    layer="tenancy",
    severity="medium",
    judges=SecurityGroup,
    scope="stacks",
    rationale="""Whoever a group lets in reaches everything that stands in it (PCI DSS A1.1.3). A group that several
    tenants share makes one opening an opening to all of them, and a rule that admits the group admits all of them.""",
    remediation="Give each tenant a group of its own; one that is shared on purpose carries the tag `shared: true`.",
    compliant=[
        GROUPS
        + """
        aws.ec2.Instance("acme-api", ami="ami-0a1b2c3d4e5f60718", instance_type="t4g.small",
                         vpc_security_group_ids=[acme.id], tags={"tenant": "acme"})
        """,
        """
        import pulumi_aws as aws

        common = aws.ec2.SecurityGroup("endpoints", vpc_id="vpc-0a1b2c3d4e5f60718", tags={"shared": "true"})
        for tenant in ("acme", "globex"):
            aws.lb.LoadBalancer(f"{tenant}-api", security_groups=[common.id], tags={"tenant": tenant})
        """,
    ],
    violating=[
        GROUPS
        + """
        # A database of one tenant stands in the group of another.
        aws.rds.Instance("globex", engine="postgres", instance_class="db.t4g.medium", allocated_storage=20,
                         username="app", manage_master_user_password=True, vpc_security_group_ids=[acme.id],
                         tags={"tenant": "globex"})
        """,
        """
        import pulumi_aws as aws

        common = aws.ec2.SecurityGroup("data", vpc_id="vpc-0a1b2c3d4e5f60718")
        aws.elasticache.ReplicationGroup("acme", description="cache", security_group_ids=[common.id],
                                         tags={"tenant": "acme"})
        aws.lambda_.Function("globex", role="arn:aws:iam::111122223333:role/x", tags={"tenant": "globex"},
                             vpc_config={"subnet_ids": ["subnet-1"], "security_group_ids": [common.id]})
        """,
    ],
)
def security_group_used_by_several_tenants(group: SecurityGroup, case: Case) -> Answer:
    """By the tenants of what stands in it, and its own; a group that is declared shared may."""
    if not named(group.graph, "tenant"):
        return not_applicable("nothing that is judged names a tenant")
    own = owner_of(group.graph, group.resource, "tenant")
    if own.shared:
        return PASS
    users = {one.name: owner_of(group.graph, one, "tenant").owner("tenant") for one in group.users}
    tenants = sorted({tenant for tenant in (*users.values(), own.tenant) if tenant})
    if len(tenants) < 2:
        return PASS
    return fail(f"It holds resources of {', '.join(tenants)} ({', '.join(sorted(users))}).", {"users": sorted(users)})


STAGES = GROUPS.replace('"tenant"', '"environment"')


@rule(
    id="security-group-admits-another-environment",
    title="A security group of one environment lets another environment's in",
    layer="tenancy",
    severity="high",
    judges=SecurityGroup,
    scope="stacks",
    rationale="""Test must be apart from production (PCI DSS 6.5.3). A rule that names a group of the other one joins
    the two
    networks.""",
    remediation="Remove the rule: what both need belongs behind an interface that is made for it.",
    compliant=[
        STAGES.replace("acme", "test") + 'group("test-db", ingress=[{"protocol": "tcp", "from_port": 5432, '
        '"to_port": 5432, "security_groups": [test.id]}])',
    ],
    violating=[
        STAGES.replace("acme", "test") + 'group("production-db", ingress=[{"protocol": "tcp", "from_port": 5432, '
        '"to_port": 5432, "security_groups": [test.id]}])',
    ],
)
def security_group_admits_another_environment(group: SecurityGroup, case: Case) -> Answer:
    """Inline and separate rules."""
    return _admits(group, "environment")
