"""Tenants and environments apart by security groups."""

from lychgate.policies.tenancy.access import told

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.reasoning.tenancy import Dimension
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
    unread = edges(group.graph).unread.get(group.resource.urn)
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
