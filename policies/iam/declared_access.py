"""Roles within what the components that they belong to declare."""

from textwrap import dedent

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.reasoning.iam import access
from lychgate.views.declared_access import Declared, declared
from lychgate.views.effective import beyond
from lychgate.views.iam_principals import Role

from .examples import plain
from .grants import may, requests

SHOWN = 3  # of the surplus, in the message; the witness has all of it

SERVICE = """
class Service(pulumi.ComponentResource):
    def __init__(self, name, access, parent=None):
        opts = pulumi.ResourceOptions(parent=parent)
        super().__init__("acme:platform:Service", name, {"access": access} if access is not None else None, opts)
        self.role = aws.iam.Role(
            name,
            name=f"payments-{name}",
            assume_role_policy=trusts("ecs-tasks.amazonaws.com"),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def allow(self, *statements):
        aws.iam.RolePolicy(
            f"{self._name}-rights",
            role=self.role.id,
            policy=document(*statements),
            opts=pulumi.ResourceOptions(parent=self),
        )


def allow(action, *resources, **more):
    return {"Sid": "Data", "Effect": "Allow", "Action": action, "Resource": list(resources), **more}


receipts = aws.s3.Bucket("receipts", bucket="acme-receipts")
objects = pulumi.Output.concat(receipts.arn, "/*")
"""
READS = 'api = Service("api", [{"target": "receipts", "mode": "read"}])\n'


def service(program: str) -> str:
    """An example with a component `Service` that declares its access, and a bucket."""
    return plain(SERVICE + "\n\n" + dedent(program).strip("\n") + "\n")


def reads(program: str) -> str:
    """The same with the service `api`, which reads the bucket."""
    return plain(SERVICE + "\n\n" + READS + dedent(program).strip("\n") + "\n")


@rule(
    id="iam-role-exceeds-declared-access",
    title="A role may do more than its component declares that it uses",
    layer="iam",
    severity="high",
    judges=Role,
    rationale="""What an application uses is declared beside it, so a right beyond that serves nobody but whoever takes
    the role over. PCI DSS wants the least privileges that an application needs (7.2.5). Proven over all requests,
    whatever the spelling.""",
    remediation="""Take out of the policies what is listed, or declare the use: `access: [{target: receipts, mode:
    read}]` of the component (`uses` in an application of the platform). `lychgate iam least-privilege ROLE SOURCE`
    prints the policy that is enough.""",
    compliant=[
        # Both entries in one statement, as many write it: nobody can get a bucket or list an object.
        reads("""api.allow(allow(["s3:GetObject", "s3:ListBucket"], receipts.arn, objects))"""),
        # Narrower in another spelling: a wildcard that means one action, a condition, a Deny, a boundary
        reads(
            """
            endpoint = {"StringEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}}
            api.allow(allow("s3:GetObjec?", objects, Condition=endpoint))
            wide = aws.iam.Policy(
                "wide",
                policy=document(
                    allow("s3:*", "*"),
                    {"Effect": "Deny", "NotAction": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"},
                    {"Effect": "Deny", "Action": "s3:*", "NotResource": [receipts.arn, objects]},
                ),
            )
            aws.iam.RolePolicyAttachment("wide", role=api.role.name, policy_arn=wide.arn)
            bounded = aws.iam.Policy("bounded", policy=document(allow("s3:GetObject", objects)))
            worker = pulumi.ComponentResource(
                "acme:platform:Worker", "worker", {"access": [{"target": receipts.arn, "mode": "read"}]}
            )
            role = aws.iam.Role(
                "worker",
                assume_role_policy=trusts("ec2.amazonaws.com"),
                permissions_boundary=bounded.arn,
                managed_policy_arns=["arn:aws:iam::aws:policy/AmazonS3FullAccess"],
                opts=pulumi.ResourceOptions(parent=worker),
            )
            """
        ),
        # The key by way of the service, a table with its index, an existing secret with its key, what says nothing
        service(
            """
            key = aws.kms.Key("data")
            ledger = aws.dynamodb.Table(
                "ledger",
                billing_mode="PAY_PER_REQUEST",
                hash_key="id",
                attributes=[{"name": "id", "type": "S"}],
                server_side_encryption={"enabled": True, "kms_key_arn": key.arn},
            )
            via = f"dynamodb.{aws.get_region().region}.amazonaws.com"
            secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:license-a1B2c3"
            outside = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
            api = Service(
                "api",
                [
                    {"target": "ledger", "mode": "use"},
                    {"target": secret, "mode": "read", "key": outside},
                    {"target": "external/acquirer", "mode": "call"},
                ],
            )
            api.allow(
                allow(["dynamodb:GetItem", "dynamodb:Query"], ledger.arn, pulumi.Output.concat(ledger.arn, "/index/*")),
                allow("kms:Decrypt", key.arn, Condition={"StringEquals": {"kms:ViaService": via}}),
                allow("secretsmanager:*Secret*", secret),
                {"Effect": "Deny", "NotAction": ["kms:*", "dynamodb:*", "*:GetSecretValue"], "Resource": "*"},
            )
            silent = Service("silent", None)
            silent.allow(allow("s3:GetObject", "arn:aws:s3:::x/*"))
            """
        ),
    ],
    violating=[
        # Another bucket
        reads("""api.allow(allow("s3:GetObject", "arn:aws:s3:::globex-receipts/*"))"""),
        # Versions, tags and rights of objects; the bucket's policy
        reads("""api.allow(allow("s3:GetObject*", objects))"""),
        reads("""api.allow(allow("S3:Get*", receipts.arn, objects))"""),
        # NotAction on what is declared, and a name that begins alike
        reads("""api.allow({"Effect": "Allow", "NotAction": "s3:Delete*", "Resource": objects})"""),
        reads("""api.allow(allow("s3:GetObject", "arn:aws:s3:::acme-receipts*/*"))"""),
        # By a list of attachments, on a second role of the same component
        reads(
            """
            second = aws.iam.Role(
                "second",
                assume_role_policy=trusts("ecs-tasks.amazonaws.com"),
                opts=pulumi.ResourceOptions(parent=api),
            )
            more = aws.iam.Policy("more", policy=document(allow("s3:PutObject", objects)))
            aws.iam.RolePolicyAttachmentsExclusive("second", role_name=second.name, policy_arns=[more.arn])
            """
        ),
        # By the bucket's own policy, which names the role
        reads(
            """
            aws.s3.BucketPolicy(
                "receipts",
                bucket=receipts.id,
                policy=document({**allow("s3:PutObject", objects), "Principal": {"AWS": api.role.arn}}),
            )
            """
        ),
        # By a role that trusts it
        reads(
            """
            trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": api.role.arn}}
            aws.iam.Role("operator", assume_role_policy=document(trust))
            """
        ),
        # By the bucket's policy again, with a condition in place of a principal
        reads(
            """
            tied = {"ArnEquals": {"aws:PrincipalArn": api.role.arn}}
            aws.s3.BucketPolicy(
                "receipts",
                bucket=receipts.id,
                policy=document({**allow("s3:PutObject", objects), "Principal": "*", "Condition": tied}),
            )
            """
        ),
        # A condition that passes where the key is absent, and a Deny that protects something else
        reads(
            """
            absent = {"StringEqualsIfExists": {"aws:ResourceTag/application": "payments"}}
            api.allow(
                allow("s3:PutObject", "*", Condition=absent),
                {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::other/*"},
            )
            """
        ),
        # Declared by a component inside, for a role that an instance profile hands on
        service(
            """
            role = aws.iam.Role("machine", assume_role_policy=trusts("ec2.amazonaws.com"))
            outer = pulumi.ComponentResource("acme:platform:Machines", "machines")
            pulumi.ComponentResource(
                "acme:platform:Reader",
                "reader",
                {"access": [{"target": "receipts", "mode": "read"}]},
                pulumi.ResourceOptions(parent=outer),
            )
            aws.iam.InstanceProfile("machine", role=role.name, opts=pulumi.ResourceOptions(parent=outer))
            aws.iam.RolePolicy("machine", role=role.id, policy=document(allow("s3:DeleteObject", objects)))
            """
        ),
        # Nothing is declared, and said so; the key without the service
        service(
            """
            api = Service("api", [])
            api.allow(allow("s3:GetObject", objects))
            """
        ),
        service(
            """
            key = aws.kms.Key("data")
            queue = aws.sqs.Queue("orders", kms_master_key_id=key.arn)
            api = Service("api", [{"target": "orders", "mode": "receive"}])
            api.allow(allow("sqs:ReceiveMessage", queue.arn), allow("kms:Decrypt", key.arn))
            """
        ),
    ],
)
def iam_role_exceeds_declared_access(role: Role, case: Case) -> Answer:
    """By its policies within its boundary, and by policies of resources that name it."""
    uses = declared(role)
    if uses is None:
        return not_applicable("no component declares what it uses")
    things = [use.thing for use in uses.uses if use.thing is not None]
    found = beyond(role, access(uses.reference), things).witnesses
    if not found:
        return PASS
    if uses.unread:
        raise uses.unread[0]
    listed = "; ".join(may(role, one) for one in found[:SHOWN])
    more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return fail(
        f"The role may do more than is declared ({_said(uses)}): {listed}{more}.",
        {"declared": [{"target": one.target, "mode": one.mode} for one in uses.uses], "surplus": requests(role, found)},
    )


def _said(uses: Declared) -> str:
    return ", ".join(f"{one.target}:{one.mode}" for one in uses.uses) or "nothing"
