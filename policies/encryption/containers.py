"""Encryption around containers: images in Amazon ECR, Secrets in Amazon EKS."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.ecr import Repository
from lychgate.views.eks import Cluster
from lychgate.views.kms import whose


@rule(
    id="ecr-repository-without-customer-key",
    title="An ECR repository is not encrypted with a customer managed key",
    layer="encryption",
    severity="low",
    judges=Repository,
    rationale="""Images carry the whole application, at times with keys that nobody meant to put in. Under a customer
    managed key pulling them needs a permission of yours and can be cut off; encryption cannot be changed later.""",
    remediation="""Set `encryptionConfigurations` to `encryptionType: KMS` with `kmsKey` of a key of your own, when the
    repository is created.""",
    compliant=[
        """
        import pulumi_aws as aws

        key = aws.kms.Key("images")
        aws.ecr.Repository("api", encryption_configurations=[{"encryption_type": "KMS", "kms_key": key.arn}])
        """,
        """
        import pulumi_aws as aws

        key = aws.kms.Key("images")
        aws.ecr.Repository(
            "api",
            encryption_configurations=[
                aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS_DSSE", kms_key=key.arn)
            ],
        )
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.ecr.Repository("api")
        """,
        """
        import pulumi_aws as aws

        aws.ecr.Repository("api", encryption_configurations=[{"encryption_type": "KMS"}])
        """,
        """
        import pulumi_aws as aws

        # A key is named, and AES256 does not use it.
        key = aws.kms.Key("images")
        aws.ecr.Repository("api", encryption_configurations=[{"kms_key": key.arn}])
        """,
    ],
)
def ecr_repository_without_customer_key(repository: Repository, case: Case) -> Answer:
    """KMS, with a customer's key."""
    if repository.key is not None and repository.key.customer:
        return PASS
    kind = repository.encryption_type
    how = whose(repository.key, "AWS's managed key alias/aws/ecr") if kind.startswith("KMS") else f"{kind} (SSE-S3)"
    return fail(
        f"Images in the repository {repository.name} are encrypted with {how}, which nobody but AWS can disable."
    )


@rule(
    id="eks-secrets-without-customer-key",
    title="An EKS cluster does not encrypt its Secrets with a customer managed key",
    layer="encryption",
    severity="high",
    judges=Cluster,
    rationale="""Kubernetes Secrets hold the passwords of everything that runs in the cluster. Without a key of yours
    they lie in etcd under a key that AWS owns (before Kubernetes 1.28 under the disk's only), and no key can cut them
    off.""",
    remediation="Set `encryptionConfig` with `resources: [secrets]` and `provider.keyArn` of a key of your own.",
    compliant=[
        """
        import pulumi_aws as aws

        key = aws.kms.Key("cluster")
        role = aws.iam.Role("cluster", assume_role_policy="{}")
        aws.eks.Cluster(
            "main",
            role_arn=role.arn,
            vpc_config={"subnet_ids": ["subnet-1", "subnet-2"]},
            encryption_config={"provider": {"key_arn": key.arn}, "resources": ["secrets"]},
        )
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        role = aws.iam.Role("cluster", assume_role_policy="{}")
        aws.eks.Cluster("main", role_arn=role.arn, vpc_config={"subnet_ids": ["subnet-1", "subnet-2"]})
        """,
        """
        import pulumi_aws as aws

        # The wrong kind of resource is named.
        key = aws.kms.Key("cluster")
        role = aws.iam.Role("cluster", assume_role_policy="{}")
        aws.eks.Cluster(
            "main",
            role_arn=role.arn,
            vpc_config=aws.eks.ClusterVpcConfigArgs(subnet_ids=["subnet-1", "subnet-2"]),
            encryption_config=aws.eks.ClusterEncryptionConfigArgs(
                provider=aws.eks.ClusterEncryptionConfigProviderArgs(key_arn=key.arn), resources=["configmaps"]
            ),
        )
        """,
    ],
)
def eks_secrets_without_customer_key(cluster: Cluster, case: Case) -> Answer:
    """Secrets, with a customer's key."""
    if cluster.key is not None and cluster.key.customer:
        return PASS
    how = whose(cluster.key, "no key of yours")
    return fail(
        f"The Secrets of the cluster {cluster.name} are encrypted with {how}: access cannot be cut off by a key."
    )
