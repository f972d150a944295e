"""Identities that become an administrator through others, in any number of steps."""

from textwrap import dedent

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.model.values import UnknownRead
from lychgate.reasoning.escalation import Reach, Step
from lychgate.views.escalation import reach_of, record
from lychgate.views.iam_principals import Identity
from lychgate.views.powers import confined

from .escalation import WAYS
from .examples import plain

_BASE = """
ROOT = {"AWS": "arn:aws:iam::111122223333:root"}


def role(name, principal, *statements, **more):
    trust = document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})
    made = aws.iam.Role(name, name=name, assume_role_policy=trust, **more)
    if statements:
        aws.iam.RolePolicy(f"{name}-rights", role=made.name, policy=document(*statements))
    return made


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


"""
_ADMIN = 'admin = role("admin", {"Service": "lambda.amazonaws.com"}, allow("*"))\n'


def _example(program: str) -> str:
    return plain(_BASE + program)


def _admin(program: str) -> str:
    return plain(_BASE + _ADMIN + dedent(program).lstrip("\n"))


class Administrators(BaseModel):
    """Who may become an administrator."""

    model_config = ConfigDict(extra="forbid")

    accepted: tuple[str, ...] = Field(
        (), description="names of roles, users and groups that administrate the account by design"
    )


@rule(
    id="iam-path-to-administrator",
    title="A role, user or group can become an administrator through others",
    layer="iam",
    severity="critical",
    judges=Identity,
    rationale="""Whoever takes over the first principal of a chain has what the last one has: every right of the
    account, all cardholder data and its keys. No single policy shows it: each step looks harmless (PCI DSS 7.2.1,
    7.2.2, 7.2.5). What is found is the shortest chain, by what policies allow and whom roles trust.""",
    remediation="""Break one of the steps that are listed: name roles in `sts:AssumeRole` and `iam:PassRole`, with
    `iam:PassedToService`; name functions, projects and instances in what changes them; trust roles, not the account.
    Let roles be made only with a boundary that is demanded (`iam:PermissionsBoundary`) and cannot be taken off.
    What administrates by design is named by the parameter `accepted`.""",
    parameters=Administrators,
    compliant=[
        # Who may assume a role of few rights, and pass one to a service that it does not trust
        _admin(
            """
            reader = role("reader", ROOT, allow("s3:GetObject", "arn:aws:s3:::acme-reports/*"))
            role(
                "deploy",
                {"Service": "codebuild.amazonaws.com"},
                allow("sts:AssumeRole", reader.arn),
                allow("iam:PassRole", admin.arn),
                allow("ecs:*"),
            )
            """
        ),
        # Two halves that never come together: one may write into a role, but cannot become it, nor can it another
        _admin(
            """
            target = role("target", {"Service": "ec2.amazonaws.com"})
            role("writer", {"Service": "ec2.amazonaws.com"}, allow("iam:PutRolePolicy", target.arn))
            role("builder", ROOT, allow("codebuild:StartBuild"))
            """
        ),
        # What is one's own
        _example(
            """user = aws.iam.User("operator", name="operator")
own = allow(["iam:CreateAccessKey", "iam:UpdateLoginProfile"], "arn:aws:iam::*:user/${aws:username}")
aws.iam.UserPolicy("own", user=user.name, policy=document(own))
"""
        ),
        # What is written stays within the boundary
        _admin(
            """
            boundary = aws.iam.Policy("boundary", policy=document(allow(["s3:*", "sqs:*"])))
            worker = role("worker", ROOT, permissions_boundary=boundary.arn)
            only = {"StringEquals": {"iam:PermissionsBoundary": boundary.arn}}
            role(
                "deploy",
                {"Service": "codebuild.amazonaws.com"},
                allow(["iam:PutRolePolicy", "iam:CreateRole"], Condition=only),
                allow("sts:AssumeRole", worker.arn),
            )
            """
        ),
    ],
    violating=[
        # By its name in the trust policy alone: it has no policy at all
        _example(
            """ci = role("ci", {"Service": "codebuild.amazonaws.com"})
role("admin", ci.arn.apply(lambda arn: {"AWS": arn}), allow("*"))
"""
        ),
        # Passed to a function of its own
        _admin(
            """
            role(
                "deploy",
                {"Service": "codebuild.amazonaws.com"},
                allow("iam:PassRole", "arn:aws:iam::*:role/adm*"),
                allow(["lambda:CreateFunction", "lambda:Invoke*"]),
            )
            """
        ),
        # The code of a function that an administrator's role runs
        _admin(
            """
            function = aws.lambda_.Function(
                "janitor", name="janitor", role=admin.arn, runtime="python3.12", handler="main.run", s3_bucket="code",
                s3_key="janitor.zip",
            )
            role("release", {"Service": "codebuild.amazonaws.com"}, allow("lambda:UpdateFunctionCode", function.arn))
            """
        ),
        # Over three roles, none of which has much
        _admin(
            """
            project = aws.codebuild.Project(
                "release",
                name="release",
                service_role=admin.arn,
                source={"type": "NO_SOURCE"},
                artifacts={"type": "NO_ARTIFACTS"},
                environment={"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0",
                             "computeType": "BUILD_GENERAL1_SMALL"},
            )
            middle = role("middle", ROOT, allow("codebuild:StartBuild*", project.arn))
            role("app", {"Service": "ec2.amazonaws.com"}, allow("sts:AssumeRole", middle.arn))
            """
        ),
        # A boundary that may be rewritten holds nothing
        _admin(
            """
            boundary = aws.iam.Policy("boundary", name="boundary", policy=document(allow("s3:*")))
            worker = role("worker", ROOT, permissions_boundary=boundary.arn)
            role(
                "deploy",
                {"Service": "codebuild.amazonaws.com"},
                allow(["iam:PutRolePolicy", "sts:AssumeRole"], worker.arn),
                allow("iam:CreatePolicyVersion", boundary.arn),
            )
            """
        ),
        # A role of its own, under a prefix: whom it trusts is for its maker to say
        _example(
            """role(
    "deploy",
    {"Service": "codebuild.amazonaws.com"},
    allow(["iam:CreateRole", "iam:PutRolePolicy"], "arn:aws:iam::*:role/app-*"),
)
"""
        ),
        # The access key of a user with many rights, kept in a secret
        _example(
            """
user = aws.iam.User("operator", name="operator")
aws.iam.UserPolicy("operator", user=user.name, policy=document(allow("iam:*")))
key = aws.iam.AccessKey("operator", user=user.name)
secret = aws.secretsmanager.Secret("operator", name="operator-key")
aws.secretsmanager.SecretVersion("operator", secret_id=secret.id, secret_string=key.secret)
role("app", {"Service": "ec2.amazonaws.com"}, allow("secretsmanager:GetSecretValue", secret.arn))
"""
        ),
    ],
)
def iam_path_to_administrator(identity: Identity, case: Case) -> Answer:
    """A chain of steps; who has every right by itself, by a right that `iam-policy-allow-all` or
    `iam-policy-privilege-escalation` finds, is left to these."""
    if not {identity.name, identity.arn.rpartition("/")[2]}.isdisjoint(case.parameters.accepted):
        return PASS
    reach = reach_of(identity)
    chain = reach.administrator
    if chain is None:
        if reach.doubts:
            raise UnknownRead(identity.resource.urn, "policy", f"leads on to what is not known: {reach.doubts[0]}")
        return PASS
    if all(_by_itself(step, reach) for step in chain):
        return PASS
    if reach.unsure:
        raise UnknownRead(identity.resource.urn, "permissionsBoundary", reach.unsure)
    steps = ". Then ".join(str(step) for step in chain)
    count = "one step" if len(chain) == 1 else f"{len(chain)} steps"
    return fail(
        f"The {identity.what} gets every right of the account in {count}: {steps}.",
        {"path": [record(step) for step in chain]},
    )


def _by_itself(step: Step, reach: Reach) -> bool:
    if step.source is not reach.start or WAYS.keys().isdisjoint(step.way.actions) or any(map(confined, step.grants)):
        return False
    return step.kind == "administrate" or step.target is reach.start
