"""Roles that several workloads share."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.iam import workloads_of
from lychgate.views.iam_principals import Role

from .examples import plain


@rule(
    id="iam-role-shared-by-workloads",
    title="Several workloads run as the same role",
    layer="iam",
    severity="medium",
    judges=Role,
    rationale="""A shared role has the rights of all its workloads together, so each has more than it needs, and the
    audit log does not tell them apart (PCI DSS 7.2.5, 8.2.2).""",
    remediation="""Make one role for each function, task or service account, with the rights that this one needs.""",
    compliant=[
        plain(
            """
            def function(name, role):
                return aws.lambda_.Function(
                    name,
                    role=role.arn,
                    runtime="python3.12",
                    handler="index.handler",
                    code=pulumi.AssetArchive({"index.py": pulumi.StringAsset("def handler(event, context): ...")}),
                )


            for name in ("orders", "receipts"):
                function(name, aws.iam.Role(name, assume_role_policy=trusts("lambda.amazonaws.com")))
            """
        ),
        # The same service account on two clusters, said twice; a task's execution role is no workload's own
        plain(
            """
            worker = aws.iam.Role("worker", assume_role_policy=trusts("pods.eks.amazonaws.com"))
            for cluster in ("blue", "green"):
                aws.eks.PodIdentityAssociation(
                    cluster,
                    cluster_name=cluster,
                    namespace="payments",
                    service_account="worker",
                    role_arn=worker.arn,
                )
            execution = aws.iam.Role("execution", assume_role_policy=trusts("ecs-tasks.amazonaws.com"))
            for name in ("api", "batch"):
                aws.ecs.TaskDefinition(
                    name,
                    family=name,
                    container_definitions="[]",
                    execution_role_arn=execution.arn,
                    task_role_arn=aws.iam.Role(name, assume_role_policy=trusts("ecs-tasks.amazonaws.com")).arn,
                )
            """
        ),
    ],
    violating=[
        plain(
            """
            role = aws.iam.Role("lambda", assume_role_policy=trusts("lambda.amazonaws.com"))
            for name in ("orders", "receipts"):
                aws.lambda_.Function(
                    name,
                    role=role.arn,
                    runtime="python3.12",
                    handler="index.handler",
                    code=pulumi.AssetArchive({"index.py": pulumi.StringAsset("def handler(event, context): ...")}),
                )
            """
        ),
        # A task and an instance profile
        plain(
            """
            role = aws.iam.Role("app", assume_role_policy=trusts("ecs-tasks.amazonaws.com"))
            aws.iam.InstanceProfile("app", role=role.name)
            aws.ecs.TaskDefinition("app", family="app", container_definitions="[]", task_role_arn=role.arn)
            """
        ),
        # Two service accounts, one by its annotation and one by Pod Identity
        plain(
            """
            import pulumi_kubernetes as kubernetes

            role = aws.iam.Role("pods", assume_role_policy=trusts("pods.eks.amazonaws.com"))
            kubernetes.core.v1.ServiceAccount(
                "api",
                metadata={
                    "name": "api",
                    "namespace": "payments",
                    "annotations": {"eks.amazonaws.com/role-arn": role.arn},
                },
            )
            aws.eks.PodIdentityAssociation(
                "batch", cluster_name="blue", namespace="payments", service_account="batch", role_arn=role.arn
            )
            """
        ),
        # Two service accounts in the trust policy
        plain(
            """
            issuer = "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
            aws.iam.Role(
                "pods",
                assume_role_policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{issuer}"},
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Condition": {
                            "StringEquals": {
                                f"{issuer}:sub": [
                                    "system:serviceaccount:payments:api",
                                    "system:serviceaccount:payments:batch",
                                ],
                                f"{issuer}:aud": "sts.amazonaws.com",
                            }
                        },
                    }
                ),
            )
            """
        ),
    ],
)
def iam_role_shared_by_workloads(role: Role, case: Case) -> Answer:
    """Two things that run as the role and are not the same workload twice."""
    workloads = sorted(workloads_of(role).values())
    if len(workloads) < 2:
        return PASS
    return fail(
        f"{len(workloads)} workloads run as the role: {', '.join(workloads)}. Each has the rights of the others too.",
        {"workloads": workloads},
    )
