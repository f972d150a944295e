"""What faces the internet on purpose: web front ends without a firewall, API servers of clusters."""

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.reasoning.network import ANYWHERE
from lychgate.reasoning.network.addresses import block
from lychgate.reasoning.network.intervals import Intervals, union
from lychgate.views.eks import Cluster
from lychgate.views.network_exposure import is_world
from lychgate.views.network_fronts import WebFront

from .aws_examples import in_subnets, plain

BALANCER = """
web = aws.ec2.SecurityGroup(
    "web",
    vpc_id=vpc.id,
    ingress=[{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}],
)
balancer = aws.lb.LoadBalancer("web", subnets=[public.id], security_groups=[web.id])
aws.lb.Listener(
    "web",
    load_balancer_arn=balancer.arn,
    port=443,
    protocol="HTTPS",
    default_actions=[{"type": "fixed-response", "fixed_response": {"content_type": "text/plain"}}],
)
seen = {"cloudwatch_metrics_enabled": True, "metric_name": "web", "sampled_requests_enabled": True}


def managed(override, name="AWSManagedRulesCommonRuleSet"):
    return {
        "name": name,
        "priority": 1,
        "override_action": {override: {}},
        "statement": {"managed_rule_group_statement": {"name": name, "vendor_name": "AWS"}},
        "visibility_config": seen,
    }


def firewall(**more):
    return aws.wafv2.WebAcl(
        "web", scope="REGIONAL", default_action={"allow": {}}, visibility_config=seen, **more
    )

"""
DISTRIBUTION = """
def distribution(name, origin, **more):
    return aws.cloudfront.Distribution(
        name,
        enabled=True,
        origins=[{"origin_id": "origin", "domain_name": origin}],
        default_cache_behavior={
            "target_origin_id": "origin",
            "viewer_protocol_policy": "redirect-to-https",
            "allowed_methods": ["GET", "HEAD"],
            "cached_methods": ["GET", "HEAD"],
        },
        restrictions={"geo_restriction": {"restriction_type": "none"}},
        viewer_certificate={"cloudfront_default_certificate": True},
        **more,
    )

"""
ACL_ARN = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/web/1234abcd-12ab-34cd-56ef-1234567890ab"


def behind_balancer(program: str) -> str:
    """The program after a load balancer `balancer` on the internet, and `firewall(...)`, which makes a web ACL."""
    return in_subnets(BALANCER) + in_subnets(program).removeprefix(in_subnets(""))


def distributed(program: str) -> str:
    """The program after `distribution(name, origin, ...)`."""
    return plain(DISTRIBUTION) + plain(program).removeprefix(plain(""))


@rule(
    id="web-front-without-firewall",
    title="A public web front end has no web application firewall that stops anything",
    layer="network",
    severity="medium",
    judges=WebFront,
    rationale="""Attacks on the application itself pass every security group, since they come on the port that is open
    for everyone. PCI DSS wants an automated solution in front of public web applications that detects and prevents
    web attacks.""",
    remediation="""Associate an AWS WAF web ACL (`aws.wafv2.WebAclAssociation`, or `web_acl_id` of a distribution) whose
    rules block, such as AWS's managed rule groups with `override_action: none`. An HTTP API needs a distribution with
    a web ACL in front of it.""",
    compliant=[
        behind_balancer(
            """
            acl = firewall(rules=[managed("none")])
            aws.wafv2.WebAclAssociation("web", resource_arn=balancer.arn, web_acl_arn=acl.arn)
            """
        ),
        behind_balancer(
            """
            # The association comes with a list of rules that is attached to the ACL.
            acl = firewall()
            aws.wafv2.WebAclRuleGroupAssociation(
                "web",
                web_acl_arn=acl.arn,
                rule_name="common",
                priority=1,
                managed_rule_group={"name": "AWSManagedRulesCommonRuleSet", "vendor_name": "AWS"},
            )
            aws.wafv2.WebAclAssociation("web", resource_arn=balancer.arn, web_acl_arn=acl.arn)
            """
        ),
        distributed(
            f"""
            api = aws.apigatewayv2.Api("orders", protocol_type="HTTP")
            aws.apigatewayv2.Stage("orders", api_id=api.id, auto_deploy=True)
            origin = api.api_endpoint.apply(lambda url: url.removeprefix("https://"))
            distribution("orders", origin, web_acl_id="{ACL_ARN}")
            quick = aws.apigatewayv2.Api("quick", protocol_type="HTTP", target="https://quick.example.com")
            distribution(
                "quick", quick.api_endpoint.apply(lambda url: url.removeprefix("https://")), web_acl_id="{ACL_ARN}"
            )
            """
        ),
        in_subnets(
            """
            # CloudFront is the only one that reaches it, and has the web ACL.
            edge = aws.ec2.get_managed_prefix_list(name="com.amazonaws.global.cloudfront.origin-facing")
            web = aws.ec2.SecurityGroup(
                "web",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 443, "to_port": 443, "prefix_list_ids": [edge.id]}],
            )
            behind = aws.lb.LoadBalancer("behind", subnets=[public.id], security_groups=[web.id])
            aws.lb.Listener(
                "behind",
                load_balancer_arn=behind.arn,
                port=443,
                protocol="HTTPS",
                default_actions=[{"type": "fixed-response", "fixed_response": {"content_type": "text/plain"}}],
            )
            internal = aws.lb.LoadBalancer("internal", internal=True, subnets=[private.id])
            front = aws.lb.LoadBalancer("front", subnets=[public.id], security_groups=[web.id])
            acl_arn = "arn:aws:wafv2:us-east-1:111122223333:regional/webacl/web/1234abcd"
            api = aws.apigateway.RestApi("orders")
            stage = aws.apigateway.Stage("orders", rest_api=api.id, deployment="abc123", stage_name="v1")
            aws.wafv2.WebAclAssociation("orders", resource_arn=stage.arn, web_acl_arn=acl_arn)
            """
        ),
    ],
    violating=[
        behind_balancer(
            """
            # A web ACL is made, and associated with nothing.
            firewall(rules=[managed("none")])
            """
        ),
        behind_balancer(
            """
            # It only counts.
            acl = firewall(rules=[managed("count")])
            aws.wafv2.WebAclAssociation("web", resource_arn=balancer.arn, web_acl_arn=acl.arn)
            """
        ),
        behind_balancer(
            """
            # It has no rules and lets everything through.
            aws.wafv2.WebAclAssociation("web", resource_arn=balancer.arn, web_acl_arn=firewall().arn)
            """
        ),
        distributed(
            """
            distribution("site", "site.s3.us-east-1.amazonaws.com")
            """
        ),
        plain(
            """
            api = aws.apigateway.RestApi("orders", endpoint_configuration={"types": "REGIONAL"})
            aws.apigateway.Stage("orders", rest_api=api.id, deployment="abc123", stage_name="v1")
            aws.appsync.GraphQLApi("catalogue", authentication_type="API_KEY")
            """
        ),
        distributed(
            """
            # Made with a target, the API has a stage that is public at once.
            aws.apigatewayv2.Api("orders", protocol_type="HTTP", route_key="GET /", target="https://orders.example.com")
            """
        ),
        distributed(
            """
            # The distribution in front of the HTTP API has no web ACL either.
            api = aws.apigatewayv2.Api("orders", protocol_type="HTTP")
            aws.apigatewayv2.Stage("orders", api_id=api.id, auto_deploy=True)
            distribution("orders", api.api_endpoint.apply(lambda url: url.removeprefix("https://")))
            """
        ),
    ],
)
def web_front_without_firewall(front: WebFront, case: Case) -> Answer:
    """A web ACL that refuses something, where the internet gets in."""
    if not front.labels.in_scope:
        return not_applicable("It is not part of the cardholder data environment.")
    private = front.private
    if private:
        return not_applicable(private)
    acls = front.firewalls
    if not acls:
        way = "" if front.takes_firewall else ", nor a distribution with one (AWS WAF does not take HTTP APIs)"
        return fail(f"The {front.label} serves the web to the internet and has no web ACL in front of it{way}.")
    idle = [acl.name for acl in acls if acl is not None and not acl.stops]
    if len(idle) == len(acls):
        return fail(f"The web ACL {idle[0]} in front of the {front.label} stops nothing: it has no rule that blocks.")
    return PASS


@rule(
    id="eks-endpoint-open-to-the-world",
    title="The API server of an EKS cluster answers the whole internet",
    layer="network",
    severity="high",
    judges=Cluster,
    scope="resource",
    rationale="""A stolen token or a flaw of the API server is all that is needed to take a cluster that everyone can
    talk to. PCI DSS lets only public-facing parts be reached from untrusted networks, and an API server is none.""",
    remediation="""Set `endpoint_public_access` to false and `endpoint_private_access` to true, or list the addresses of
    office, VPN and CI in `public_access_cidrs`.""",
    compliant=[
        plain(
            """
            role = "arn:aws:iam::111122223333:role/eks"
            aws.eks.Cluster(
                "private",
                role_arn=role,
                vpc_config={
                    "subnet_ids": ["subnet-1"],
                    "endpoint_public_access": False,
                    "endpoint_private_access": True,
                },
            )
            aws.eks.Cluster(
                "office",
                role_arn=role,
                vpc_config={"subnet_ids": ["subnet-1"], "public_access_cidrs": ["198.51.100.0/24"]},
            )
            """
        ),
    ],
    violating=[
        plain(
            """
            # Nothing is said: public, for everyone.
            aws.eks.Cluster(
                "main",
                role_arn="arn:aws:iam::111122223333:role/eks",
                vpc_config={"subnet_ids": ["subnet-1"], "endpoint_private_access": True},
            )
            """
        ),
        plain(
            """
            # The world in halves.
            aws.eks.Cluster(
                "main",
                role_arn="arn:aws:iam::111122223333:role/eks",
                vpc_config={
                    "subnet_ids": ["subnet-1"],
                    "endpoint_public_access": True,
                    "public_access_cidrs": ["0.0.0.0/1", "128.0.0.0/1"],
                },
            )
            """
        ),
    ],
)
def eks_endpoint_open_to_the_world(cluster: Cluster, case: Case) -> Answer:
    """More addresses than one owner has."""
    if not cluster.public_endpoint:
        return PASS
    listed = cluster.public_cidrs
    addresses: Intervals = ()
    for cidr in listed:
        try:
            addresses = union(addresses, block(cidr))
        except ValueError:
            addresses = ANYWHERE
    if not is_world(addresses):
        return PASS
    return fail(
        f"The API server of {cluster.name} answers {', '.join(listed[:4])}: everyone on the internet can try it."
    )
