"""What acts as a role or keeps credentials, as the view finds it in programs."""

from __future__ import annotations

import pytest

from lychgate.model.graph import Graph
from lychgate.sources.program.programs import capture_texts
from lychgate.views.acting import Workloads
from lychgate.views.escalation import moves_of, principal_of, reach_of
from lychgate.views.iam_principals import Group, Role, User

HEAD = """
import json

import pulumi
import pulumi_aws as aws


def document(*statements):
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def role(name, service="ec2.amazonaws.com", **more):
    trust = document({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})
    return aws.iam.Role(name, name=name, assume_role_policy=trust, **more)


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


"""
WORKLOADS = """
function = role("function")
aws.lambda_.Function("f", role=function.arn, runtime="python3.12", handler="m.run", s3_bucket="code", s3_key="x.zip")
instance = role("instance")
profile = aws.iam.InstanceProfile("machine", role=instance.name)
aws.ec2.Instance("i", ami="ami-1", instance_type="t3.micro", iam_instance_profile=profile.name)
aws.ec2.LaunchTemplate("t", image_id="ami-1", iam_instance_profile={"arn": profile.arn})
task = role("task")
cluster = aws.ecs.Cluster("c", name="cards")
definition = aws.ecs.TaskDefinition("d", family="d", container_definitions="[]", task_role_arn=task.arn)
aws.ecs.Service("s", cluster=cluster.arn, task_definition=definition.arn)
runner = role("runner")
aws.apprunner.Service(
    "a",
    service_name="a",
    source_configuration={"image_repository": {"image_identifier": "x", "image_repository_type": "ECR"}},
    instance_configuration={"instance_role_arn": runner.arn},
)
job = role("job")
aws.batch.JobDefinition(
    "j", type="container", container_properties=job.arn.apply(lambda arn: json.dumps({"image": "x", "jobRoleArn": arn}))
)
pods = role("pods", "pods.eks.amazonaws.com")
eks = aws.eks.Cluster("k", role_arn=function.arn, vpc_config={"subnet_ids": ["subnet-1"]})
aws.eks.PodIdentityAssociation(
    "p", cluster_name=eks.name, namespace="shop", service_account="api", role_arn=pods.arn
)
saml = aws.iam.SamlProvider("idp", name="idp", saml_metadata_document="<xml/>")
aws.iam.Role(
    "people",
    name="people",
    assume_role_policy=document(
        {"Effect": "Allow", "Principal": {"Federated": saml.arn}, "Action": "sts:AssumeRoleWithSAML"}
    ),
)
glue = role("glue")
aws.glue.DevEndpoint("g", name="g", role_arn=glue.arn)
notebook = role("notebook")
aws.sagemaker.NotebookInstance("n", role_arn=notebook.arn, instance_type="ml.t3.medium")
stack = role("stack")
aws.cloudformation.Stack("x", iam_role_arn=stack.arn, template_body="{}")
user = aws.iam.User("u", name="u")
key = aws.iam.AccessKey("k", user=user.name)
aws.ssm.Parameter("kept", type="SecureString", value=key.secret)
"""


def capture(program: str) -> Graph:
    found = capture_texts({"program": HEAD + program})["program"]
    assert isinstance(found, Graph), found
    return found


def test_everything_that_acts_is_found_with_its_role() -> None:
    graph = capture(WORKLOADS)
    found = {one.kind: (one.holds or "").rpartition("::")[2] for one in Workloads(graph).all()}
    assert found == {
        "function": "function",
        "instance": "instance",
        "launch template": "instance",
        "task": "task",
        "web service": "runner",
        "job definition": "job",
        "cluster": "pods",
        "SAML provider": "people",
        "development endpoint": "glue",
        "notebook": "notebook",
        "stack": "stack",
        "parameter": "u",
    }
    task = next(one for one in Workloads(graph).all() if one.kind == "task")
    assert task.arn.endswith(":task/cards/*")


def test_a_principal_has_its_groups_policies_boundary_and_tags() -> None:
    graph = capture(
        """
limit = aws.iam.Policy("limit", name="limit", policy=document(allow("s3:*")))
own = aws.iam.Policy("own", name="own", policy=document(allow("sqs:*")))
worker = role("worker", permissions_boundary=limit.arn, tags={"Team": "web"})
aws.iam.RolePolicyAttachment("own", role=worker.name, policy_arn=own.arn)
ann = aws.iam.User("ann", name="ann")
devs = aws.iam.Group("devs", name="devs")
aws.iam.GroupMembership("devs", group=devs.name, users=[ann.name])
"""
    )
    worker = principal_of(Role.all(graph)[0])
    assert worker.boundary.endswith(":policy/limit")
    assert {one.rpartition("/")[2] for one in worker.attached} == {"own"}
    assert worker.tags == {"team": "web"}
    assert not worker.profiled
    ann = principal_of(User.all(graph)[0])
    assert ann.groups == {principal_of(Group.all(graph)[0]).arn}
    assert {arn.rpartition("/")[2] for arn in moves_of(graph).policies} == {"limit", "own", "IAMFullAccess"}


@pytest.mark.parametrize(
    ("program", "doubt"),
    [
        ('aws.iam.RolePolicyAttachment("x", role=role("r").name, policy_arn="arn:aws:iam::111122223333:policy/other")',
         "not all that role r may do is known"),
        ('aws.iam.RolePolicyAttachment("x", role=role("r").name, policy_arn="arn:aws:iam::aws:policy/ReadOnlyAccess")',
         ""),
    ],
)  # fmt: skip
def test_what_another_program_says_is_a_doubt(program: str, doubt: str) -> None:
    graph = capture(program)
    doubts = reach_of(Role.all(graph)[0]).doubts
    assert doubts == [] if not doubt else doubts[0].startswith(doubt)


def test_a_boundary_of_another_program_makes_a_path_unsure() -> None:
    graph = capture(
        """
worker = role("worker", permissions_boundary="arn:aws:iam::111122223333:policy/other")
aws.iam.RolePolicy("all", role=worker.name, policy=document(allow("*")))
"""
    )
    reach = reach_of(Role.all(graph)[0])
    assert reach.administrator is not None
    assert "not known" in reach.unsure or "not part of" in reach.unsure


KEY = """
user = aws.iam.User("u", name="u")
aws.iam.UserPolicy("all", user=user.name, policy=document(allow("*")))
key = aws.iam.AccessKey("k", user=user.name)
secret = aws.secretsmanager.Secret("s", name="s")
ci = role("ci", "codebuild.amazonaws.com")
def may(*statements):
    aws.iam.RolePolicy("may", role=ci.name, policy=document(*statements))
"""
INSTANCES = """
ci = role("ci", "codebuild.amazonaws.com")
aws.iam.RolePolicy("may", role=ci.name, policy=document(allow("ssm:StartSession")))
admin = role("admin")
aws.iam.RolePolicy("all", role=admin.name, policy=document(allow("*")))
profile = aws.iam.InstanceProfile("p", role=admin.name)
"""
CLUSTER = """
ci = role("ci", "codebuild.amazonaws.com")
aws.iam.RolePolicy("may", role=ci.name, policy=document(allow("eks:*")))
def cluster(name):
    return aws.eks.Cluster(name, role_arn="arn:aws:iam::111122223333:role/eks", vpc_config={"subnet_ids": ["s-1"]})
def pod(federated):
    return document({"Effect": "Allow", "Principal": {"Federated": federated},
                     "Action": "sts:AssumeRoleWithWebIdentity"})
"""
TRUST = """
ci = role("ci", tags={"team": "web"})
aws.iam.RolePolicy("may", role=ci.name, policy=document(allow(["sts:AssumeRole", "sts:TagSession"])))
def admin(principal, condition):
    return aws.iam.Role("admin", name="admin", managed_policy_arns=["arn:aws:iam::aws:policy/AdministratorAccess"],
        assume_role_policy=document({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole",
                                     "Condition": condition}))
ROOT = "arn:aws:iam::111122223333:root"
def tagged(value):
    return {"StringEquals": {"aws:PrincipalTag/team": value}}
"""
# Names of programs, each with what comes before it, and whether the role `ci` becomes an administrator.
CHAINS = {
    "many parameters": (KEY, """
kept = aws.ssm.Parameter("kept", name="/kept", type="SecureString", value=key.secret)
may(allow(["ssm:GetParameters"], kept.arn))
""", True),
    "in a document": (KEY, """
aws.secretsmanager.SecretVersion("v", secret_id=secret.arn, secret_string=pulumi.Output.json_dumps({"k": key.secret}))
may(allow("secretsmanager:GetSecretValue", secret.arn))
""", True),
    "in the settings of a function": (KEY, """
function = aws.lambda_.Function("f", role=role("f", "lambda.amazonaws.com").arn, runtime="python3.12", handler="m.run",
    s3_bucket="code", s3_key="x.zip", environment={"variables": {"KEY": key.secret}})
may(allow("lambda:GetFunctionConfiguration", function.arn))
""", True),
    "a password": (KEY, """
password = aws.iam.UserLoginProfile("l", user=user.name)
kept = aws.ssm.Parameter("kept", name="/kept", type="SecureString", value=password.password)
may(allow("ssm:GetParameter", kept.arn))
""", True),
    "by the policy of the secret": (KEY, """
aws.secretsmanager.SecretVersion("v", secret_id=secret.arn, secret_string=key.secret)
aws.secretsmanager.SecretPolicy("p", secret_arn=secret.arn, policy=document(
    {"Effect": "Allow", "Principal": {"AWS": ci.unique_id}, "Action": "secretsmanager:GetSecretValue",
     "Resource": "*"}))
""", True),
    "instances of a template": (INSTANCES, """
aws.ec2.LaunchTemplate("t", image_id="ami-1", iam_instance_profile={"name": profile.name})
""", True),
    "instances of a configuration": (INSTANCES, """
aws.ec2.LaunchConfiguration("t", image_id="ami-1", instance_type="t3.micro", iam_instance_profile=profile.arn)
""", True),
    "nodes of a cluster": (INSTANCES, """
aws.eks.NodeGroup("g", cluster_name="k", node_role_arn=admin.arn, subnet_ids=["s-1"],
                  scaling_config={"minSize": 1, "maxSize": 1, "desiredSize": 1})
""", True),
    "pods of a cluster": (CLUSTER, """
cards = cluster("cards")
provider = aws.iam.OpenIdConnectProvider("o", url=cards.identities[0].oidcs[0].issuer, client_id_lists=["sts"])
aws.iam.Role("pod", assume_role_policy=pod(provider.arn),
             managed_policy_arns=["arn:aws:iam::aws:policy/AdministratorAccess"])
""", True),
    "pods of a cluster elsewhere": (CLUSTER, """
cluster("cards")
provider = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC"
aws.iam.Role("pod", assume_role_policy=pod(provider),
             managed_policy_arns=["arn:aws:iam::aws:policy/AdministratorAccess"])
""", True),
    "a role by its id": (TRUST, "admin(ci.unique_id, {})", True),
    "a tag it has": (TRUST, 'admin(ROOT, tagged("web"))', True),
    "a tag it has not": (TRUST, 'admin(ROOT, tagged("ops"))', False),
    "a tag that nobody has": (TRUST, 'admin(ROOT, {"StringLike": {"aws:PrincipalTag/unit": "*"}})', False),
    "a tag of the session": (TRUST.replace('ci = role("ci", tags={"team": "web"})', """
ci = aws.iam.Role("ci", name="ci", tags={"team": "web"}, assume_role_policy=document(
    {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
     "Action": ["sts:AssumeRole", "sts:TagSession"]}))
"""), 'admin(ROOT, tagged("ops"))', True),
    "a tag that it gives itself": (TRUST, """
aws.iam.RolePolicy("tag", role=ci.name, policy=document(allow("iam:TagRole", ci.arn)))
admin(ROOT, tagged("ops"))
""", True),
    "Identity Center of another account": ("", """
role("ci", managed_policy_arns=["arn:aws:iam::aws:policy/PowerUserAccess"])
""", False),
    "Identity Center of its account": ("", """
role("ci", managed_policy_arns=["arn:aws:iam::aws:policy/PowerUserAccess"])
aws.ssoadmin.PermissionSet("p", name="p", instance_arn="arn:aws:sso:::instance/ssoins-1")
""", True),
    "tags that it gives to a role that it assumes": (TRUST, """
app = aws.iam.Role("app", name="app", tags={"team": "web"}, assume_role_policy=document(
    {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "sts:AssumeRole"}))
aws.iam.RolePolicy("tag", role=ci.name, policy=document(allow(["iam:TagRole", "sts:AssumeRole"], app.arn)))
aws.iam.RolePolicy("app", role=app.name, policy=document(allow("*", Condition=tagged("ops"))))
""", True),
    "tags that it may not give to a role that it assumes": (TRUST, """
app = aws.iam.Role("app", name="app", tags={"team": "web"}, assume_role_policy=document(
    {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "sts:AssumeRole"}))
aws.iam.RolePolicy("tag", role=ci.name, policy=document(allow("sts:AssumeRole", app.arn)))
aws.iam.RolePolicy("app", role=app.name, policy=document(allow("*", Condition=tagged("ops"))))
""", False),
    "policies of AWS may be attached by a pattern": ("", """
ci = role("ci")
some = {"ArnLike": {"iam:PolicyARN": "arn:aws:iam::aws:policy/Power*"}}
aws.iam.RolePolicy("may", role=ci.name, policy=document(allow("iam:AttachRolePolicy", ci.arn, Condition=some)))
admin = role("admin", "lambda.amazonaws.com")
aws.iam.RolePolicy("all", role=admin.name, policy=document(allow("*")))
aws.lambda_.Function("f", role=admin.arn, runtime="python3.12", handler="m.run", s3_bucket="code", s3_key="x.zip")
""", True),
    "all policies but the administrator's may be attached": ("", """
ci = role("ci")
names = ["AdministratorAccess", "IAMFullAccess", "PowerUserAccess", "*Deny*"]
some = {"ArnLike": {"iam:PolicyARN": [f"arn:aws:iam::aws:policy/{name}" for name in names]}}
barred = {"Effect": "Deny", "Action": "iam:AttachRolePolicy", "Resource": "*", "Condition": some}
aws.iam.RolePolicy("may", role=ci.name, policy=document(allow("iam:AttachRolePolicy", ci.arn), barred))
admin = role("admin", "lambda.amazonaws.com")
aws.iam.RolePolicy("all", role=admin.name, policy=document(allow("*")))
aws.lambda_.Function("f", role=admin.arn, runtime="python3.12", handler="m.run", s3_bucket="code", s3_key="x.zip")
""", True),
    "only harmless policies of AWS may be attached": ("", """
ci = role("ci")
some = {"ArnLike": {"iam:PolicyARN": ["arn:aws:iam::aws:policy/*ReadOnlyAccess", "arn:aws:iam::111122223333:policy/*"]}}
aws.iam.RolePolicy("may", role=ci.name, policy=document(allow("iam:AttachRolePolicy", ci.arn, Condition=some)))
admin = role("admin", "lambda.amazonaws.com")
aws.iam.RolePolicy("all", role=admin.name, policy=document(allow("*")))
aws.lambda_.Function("f", role=admin.arn, runtime="python3.12", handler="m.run", s3_bucket="code", s3_key="x.zip")
""", False),
    "only a policy of AWS may be attached": ("", """
ci = role("ci")
only = {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/PowerUserAccess"}}
aws.iam.RolePolicy("may", role=ci.name, policy=document(allow("iam:AttachRolePolicy", ci.arn, Condition=only)))
admin = role("admin", "lambda.amazonaws.com")
aws.iam.RolePolicy("all", role=admin.name, policy=document(allow("*")))
aws.lambda_.Function("f", role=admin.arn, runtime="python3.12", handler="m.run", s3_bucket="code", s3_key="x.zip")
""", True),
}  # fmt: skip


@pytest.fixture(scope="module")
def chains() -> dict[str, Graph]:
    captured = capture_texts({name: HEAD + before + program for name, (before, program, _) in CHAINS.items()})
    assert all(isinstance(one, Graph) for one in captured.values()), captured
    return captured  # type: ignore[return-value]


@pytest.mark.parametrize("name", CHAINS)
def test_chains_of_programs(chains: dict[str, Graph], name: str) -> None:
    ci = next(one for one in Role.all(chains[name]) if one.name == "ci")
    reach = reach_of(ci)
    assert (reach.administrator is not None) is CHAINS[name][2]
    assert reach.doubts == []


def test_pods_of_another_cluster_are_not_taken() -> None:
    graph = capture(
        CLUSTER
        + """
cards, web = cluster("cards"), cluster("web")
provider = aws.iam.OpenIdConnectProvider("o", url=cards.identities[0].oidcs[0].issuer, client_id_lists=["sts"])
aws.iam.Role("pod", name="pod", assume_role_policy=pod(provider.arn))
"""
    )
    assert [one.name for one in Workloads(graph).all()] == ["cluster cards"]


def test_what_is_ones_own_is_no_step() -> None:
    """As in AWS's example: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_iam_credentials_console.html"""
    graph = capture(
        """
own = document(allow(["iam:CreateAccessKey", "iam:UpdateLoginProfile"], "arn:aws:iam::*:user/${aws:username}"))
ann, bob = aws.iam.User("ann", name="ann"), aws.iam.User("bob", name="bob", path="/team/")
group = aws.iam.Group("people", name="people")
aws.iam.GroupMembership("people", group=group.name, users=[ann.name, bob.name])
aws.iam.GroupPolicy("own", group=group.name, policy=own)
aws.iam.UserPolicy("all", user=bob.name, policy=document(allow("*")))
"""
    )
    for identity in (User.all(graph)[0], Group.all(graph)[0]):
        assert reach_of(identity).administrator is None
        assert list(reach_of(identity).others) == []
