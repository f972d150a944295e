"""Encryption of the volumes that Kubernetes makes."""

from lychgate.policies.encryption.storage import AccountDefault

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.kubernetes import StorageClass
from lychgate.views.storage import ENCRYPTION_BY_DEFAULT

CLASS = """
        import pulumi_kubernetes as k8s

        k8s.storage.v1.StorageClass("fast", provisioner="%s", parameters={%s})
        """
# Those that make EBS volumes; file systems and other clouds decide elsewhere.
EBS = ("ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "kubernetes.io/aws-ebs")


@rule(
    id="kubernetes-storage-class-unencrypted",
    title="A storage class makes volumes that are not encrypted",
    layer="encryption",
    severity="high",
    judges=StorageClass,
    parameters=AccountDefault,
    rationale="""Every volume of the class, and every snapshot of it, lies in the clear. For PCI DSS encryption of a
    disk alone does not make card numbers unreadable, but whatever holds them needs it at least.""",
    remediation="""Set the parameter `encrypted: "true"`, with `kmsKeyId` for a key of your own.""",
    compliant=[
        CLASS % ("ebs.csi.aws.com", '"type": "gp3", "encrypted": "true"'),
        CLASS % ("kubernetes.io/aws-ebs", '"Encrypted": "true"'),
        CLASS % ("ebs.csi.aws.com", '"type": "gp3"')
        + """
        import pulumi_aws as aws

        # The account encrypts every new volume.
        aws.ebs.EncryptionByDefault("all")
        """,
    ],
    violating=[
        CLASS % ("ebs.csi.aws.com", '"type": "gp3"'),
        CLASS % ("ebs.csi.eks.amazonaws.com", '"encrypted": "false"'),
        # A key is named, and nothing says to use it.
        CLASS % ("ebs.csi.aws.com", '"kmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"'),
    ],
)
def kubernetes_storage_class_unencrypted(storage: StorageClass, case: Case) -> Answer:
    """Of EBS: by its own parameter, or by the account."""
    if storage.provisioner not in EBS:
        return not_applicable(f"{storage.provisioner} is not the driver of EBS")
    if (storage.parameter("encrypted") or "").lower() == "true" or case.parameters.account_encrypts:
        return PASS
    by_default = [one for one in case.graph.of_type(*ENCRYPTION_BY_DEFAULT) if one.stack == storage.resource.stack]
    if any(one.read.flag("enabled", True) for one in by_default):
        return PASS
    if storage.partial:
        return storage.otherwise
    return fail(f"Volumes of the class {storage.name} are not encrypted: its parameter `encrypted` is not true.")
