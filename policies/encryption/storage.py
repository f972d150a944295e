"""Encryption of disks and file systems: Amazon EBS, EC2 instances and Amazon EFS."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.kms import whose
from lychgate.views.storage import FileSystem, Machine, Volume


class AccountDefault(BaseModel):
    """What the account does with new EBS volumes."""

    model_config = ConfigDict(extra="forbid")

    account_encrypts: bool = Field(
        default=False,
        description="whether the account encrypts every new EBS volume, by a setting outside of these stacks",
    )


@rule(
    id="ebs-volume-unencrypted",
    title="An EBS volume is not encrypted",
    layer="encryption",
    severity="high",
    judges=Volume,
    parameters=AccountDefault,
    rationale="""The volume and every snapshot of it lie in the clear, and can be shared and copied that way. For PCI
    DSS encryption of a disk alone does not make card numbers unreadable, but whatever holds them needs it at least.""",
    remediation="""Set `encrypted` to true, with `kmsKeyId` of a key of your own, or switch on encryption for the
    account with `ebs.EncryptionByDefault`.""",
    compliant=[
        """
        import pulumi_aws as aws

        aws.ebs.Volume("data", availability_zone="eu-west-1a", size=100, encrypted=True)
        """,
        """
        import pulumi_aws as aws

        # The account encrypts every new volume; said after the volume, it holds all the same.
        aws.ebs.Volume("data", availability_zone="eu-west-1a", size=100)
        aws.ebs.EncryptionByDefault("all")
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.ebs.Volume("data", availability_zone="eu-west-1a", size=100)
        """,
        """
        import pulumi_aws as aws

        # Switched on in another region.
        aws.ebs.EncryptionByDefault("frankfurt", region="eu-central-1")
        aws.ebs.Volume("data", availability_zone="eu-west-1a", size=100, encrypted=False)
        """,
        """
        import pulumi_aws as aws

        aws.ebs.EncryptionByDefault("off", enabled=False)
        aws.ebs.Volume("data", availability_zone="eu-west-1a", size=100)
        """,
    ],
)
def ebs_volume_unencrypted(volume: Volume, case: Case) -> Answer:
    """By itself, or by the account."""
    if case.parameters.account_encrypts or volume.encrypted:
        return PASS
    return fail(f"The volume {volume.name} is not encrypted, and so no snapshot of it will be.")


@rule(
    id="ec2-disk-unencrypted",
    title="Nothing says that the disks of an EC2 instance are encrypted",
    layer="encryption",
    severity="high",
    judges=Machine,
    parameters=AccountDefault,
    rationale="""Root and data disks hold logs, swap and temporary files with whatever passes through memory; unless it
    is asked for they lie in the clear, as do their snapshots.""",
    remediation="""Set `encrypted` to true in `rootBlockDevice` and every other disk (of a launch template in each
    `blockDeviceMappings`, the root's too), or switch on encryption for the account with `ebs.EncryptionByDefault`. Give
    a group of EKS nodes a launch template of your own.""",
    compliant=[
        """
        import pulumi_aws as aws

        aws.ec2.Instance(
            "bastion", ami="ami-1", instance_type="t4g.micro", root_block_device={"encrypted": True, "volume_size": 20}
        )
        """,
        """
        import pulumi_aws as aws

        aws.ebs.EncryptionByDefault("all", enabled=True)
        aws.ec2.LaunchTemplate("nodes", image_id="ami-1", instance_type="m7g.large")
        """,
        """
        import pulumi_aws as aws

        # Nodes as the account has it; the next ones by a launch template.
        aws.ebs.EncryptionByDefault("all")
        aws.eks.NodeGroup(
            "nodes",
            cluster_name="main",
            node_role_arn="arn:aws:iam::111122223333:role/nodes",
            subnet_ids=["subnet-1"],
            scaling_config={"min_size": 1, "max_size": 3, "desired_size": 1},
        )
        """,
        """
        import pulumi_aws as aws

        disk = {"device_name": "/dev/xvda", "ebs": {"encrypted": "true", "volume_size": 50}}
        template = aws.ec2.LaunchTemplate("nodes", instance_type="m7g.large", block_device_mappings=[disk])
        aws.eks.NodeGroup(
            "nodes",
            cluster_name="main",
            node_role_arn="arn:aws:iam::111122223333:role/nodes",
            subnet_ids=["subnet-1"],
            scaling_config={"min_size": 1, "max_size": 3, "desired_size": 1},
            launch_template={"id": template.id, "version": "1"},
        )
        """,
        """
        import pulumi_aws as aws

        # Launch templates spell booleans as texts.
        aws.ec2.LaunchTemplate(
            "nodes",
            image_id="ami-1",
            block_device_mappings=[{"device_name": "/dev/xvda", "ebs": {"encrypted": "true", "volume_size": 50}}],
        )
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.ec2.Instance("bastion", ami="ami-1", instance_type="t4g.micro")
        """,
        """
        import pulumi_aws as aws

        # EKS's own template for nodes has default values.
        aws.eks.NodeGroup(
            "nodes",
            cluster_name="main",
            node_role_arn="arn:aws:iam::111122223333:role/nodes",
            subnet_ids=["subnet-1"],
            disk_size=50,
            scaling_config={"min_size": 1, "max_size": 3, "desired_size": 1},
        )
        """,
        """
        import pulumi_aws as aws

        # The root disk is encrypted, the one with the data is not.
        aws.ec2.Instance(
            "db",
            ami="ami-1",
            instance_type="m7g.large",
            root_block_device={"encrypted": True},
            ebs_block_devices=[{"device_name": "/dev/sdf", "volume_size": 500}],
        )
        """,
        """
        import pulumi_aws as aws

        aws.ec2.LaunchTemplate(
            "nodes",
            image_id="ami-1",
            block_device_mappings=[{"device_name": "/dev/xvda", "ebs": {"volume_size": 50}}],
        )
        """,
    ],
)
def ec2_disk_unencrypted(machine: Machine, case: Case) -> Answer:
    """Every disk, said or not."""
    if case.parameters.account_encrypts:
        return PASS
    disks = machine.unencrypted_disks
    if not disks:
        return PASS
    return fail(
        f"Nothing asks for encryption of {', '.join(disks)} of {machine.name}: what it holds lies in the clear."
    )


def _encrypt(properties: dict[str, Any], parameters: None) -> dict[str, Any] | None:
    return {**properties, "encrypted": True}


@rule(
    id="efs-file-system-unencrypted",
    title="An EFS file system is not encrypted",
    layer="encryption",
    severity="high",
    judges=FileSystem,
    scope="resource",
    remedy=_encrypt,
    rationale="""Files lie in the clear on the service's disks and in backups, and encryption cannot be switched on
    later. For PCI DSS encryption of a disk alone does not make card numbers unreadable, but whatever holds them needs
    it at least.""",
    remediation="Set `encrypted` to true, with `kmsKeyId` of a key of your own.",
    compliant=[
        """
        import pulumi_aws as aws

        aws.efs.FileSystem("shared", encrypted=True)
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.efs.FileSystem("shared")
        """,
        """
        import pulumi_aws as aws

        aws.efs.FileSystem("shared", encrypted=False, performance_mode="generalPurpose")
        """,
    ],
)
def efs_file_system_unencrypted(files: FileSystem, case: Case) -> Answer:
    """Off by default."""
    return PASS if files.encrypted else fail(f"The file system {files.name} is not encrypted: `encrypted` is off.")


@rule(
    id="efs-file-system-without-customer-key",
    title="An EFS file system is not encrypted with a customer managed key",
    layer="encryption",
    severity="medium",
    judges=FileSystem,
    rationale="""Under AWS's managed key whoever may mount the file system reads it, and access cannot be cut off by
    disabling a key. A customer managed key has its own policy, rotation and audit trail.""",
    remediation="Set `kmsKeyId` to the ARN of a key of your own (not `alias/aws/elasticfilesystem`).",
    compliant=[
        """
        import pulumi_aws as aws

        key = aws.kms.Key("files")
        aws.efs.FileSystem("shared", encrypted=True, kms_key_id=key.arn)
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.efs.FileSystem("shared", encrypted=True)
        """,
        """
        import pulumi_aws as aws

        # Nobody uses the key.
        key = aws.kms.Key("files")
        aws.efs.FileSystem("shared", encrypted=False, kms_key_id=key.arn)
        """,
    ],
)
def efs_file_system_without_customer_key(files: FileSystem, case: Case) -> Answer:
    """A customer's key is named, and used."""
    if files.encrypted and files.key is not None and files.key.customer:
        return PASS
    if not files.encrypted:
        return fail(f"The file system {files.name} is not encrypted at all, whatever `kmsKeyId` says.")
    how = whose(files.key, "AWS's managed key alias/aws/elasticfilesystem")
    return fail(f"The file system {files.name} is encrypted with {how}: access cannot be cut off by disabling a key.")
