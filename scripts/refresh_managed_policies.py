"""Write lychgate/views/managed_policies.json: what the AWS managed policies say that programs usually attach.

AWS publishes them at https://docs.aws.amazon.com/aws-managed-policy/latest/reference/; the texts are taken from a
checkout of github.com/zoph-io/MAMIP, which records what iam:GetPolicyVersion returns. Statement ids are left out.

    python scripts/refresh_managed_policies.py PATH-OF-THE-REPOSITORY
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "lychgate" / "views" / "managed_policies.json"
JOB_FUNCTIONS = """
    AdministratorAccess PowerUserAccess
    ReadOnlyAccess ViewOnlyAccess SecurityAudit IAMFullAccess IAMReadOnlyAccess IAMUserChangePassword
    IAMUserSSHKeys SystemAdministrator DatabaseAdministrator NetworkAdministrator DataScientist SupportUser Billing
    AWSDenyAll AWSCompromisedKeyQuarantineV2 AWSCompromisedKeyQuarantineV3 AWSKeyManagementServicePowerUser
"""
WORKLOADS = """
    AWSLambdaBasicExecutionRole AWSLambdaVPCAccessExecutionRole AWSLambdaENIManagementAccess AWSLambdaExecute
    AWSLambdaDynamoDBExecutionRole AWSLambdaInvocation-DynamoDB AWSLambdaKinesisExecutionRole AWSLambdaMSKExecutionRole
    AWSLambdaSQSQueueExecutionRole AWSLambdaRole CloudWatchLambdaInsightsExecutionRolePolicy
    AmazonECSTaskExecutionRolePolicy AmazonEC2ContainerServiceforEC2Role AmazonEC2ContainerServiceRole
    AmazonEC2ContainerServiceEventsRole AmazonECSInfrastructureRolePolicyForVolumes
    AmazonEKSClusterPolicy AmazonEKSWorkerNodePolicy AmazonEKSWorkerNodeMinimalPolicy AmazonEKS_CNI_Policy
    AmazonEKSServicePolicy AmazonEKSVPCResourceController AmazonEKSFargatePodExecutionRolePolicy
    AmazonEKSComputePolicy AmazonEKSBlockStoragePolicy AmazonEKSLoadBalancingPolicy AmazonEKSNetworkingPolicy
    AmazonEBSCSIDriverPolicy AmazonEFSCSIDriverPolicy
    AmazonEC2ContainerRegistryReadOnly AmazonEC2ContainerRegistryPullOnly AmazonEC2ContainerRegistryPowerUser
    AmazonSSMManagedInstanceCore AmazonSSMManagedEC2InstanceDefaultPolicy AmazonEC2RoleforSSM
    AmazonSSMPatchAssociation CloudWatchAgentServerPolicy CloudWatchAgentAdminPolicy
    AWSXRayDaemonWriteAccess AWSXrayWriteOnlyAccess AWSXrayReadOnlyAccess AWSXrayFullAccess
    AmazonRDSEnhancedMonitoringRole AmazonRDSDirectoryServiceAccess AmazonDMSVPCManagementRole
    AmazonDMSCloudWatchLogsRole AmazonAPIGatewayPushToCloudWatchLogs AWSAppSyncPushToCloudWatchLogs
    AmazonAPIGatewayInvokeFullAccess AWSBackupServiceRolePolicyForBackup AWSBackupServiceRolePolicyForRestores
    AWS_ConfigRole AWSGlueServiceRole AWSBatchServiceRole AmazonEC2SpotFleetTaggingRole
    AWSElasticBeanstalkWebTier AWSElasticBeanstalkWorkerTier AWSElasticBeanstalkMulticontainerDocker
    AWSElasticBeanstalkEnhancedHealth AWSCodeDeployRole AWSCodeDeployRoleForECS AWSCodeDeployRoleForLambda
    AWSCodeBuildDeveloperAccess AmazonMSKConnectReadOnlyAccess AmazonPrometheusRemoteWriteAccess
    AmazonKinesisFirehoseReadOnlyAccess AWSIoTLogging AWSIoTRuleActions AmazonSESFullAccess
    AmazonVPCReadOnlyAccess ElasticLoadBalancingReadOnly AutoScalingNotificationAccessRole
    AmazonAppStreamServiceAccess AmazonGrafanaCloudWatchAccess AWSAppRunnerServicePolicyForECRAccess
    AWSTransferLoggingAccess AmazonTimestreamReadOnlyAccess AWSStepFunctionsConsoleFullAccess
    AmazonRoute53AutoNamingFullAccess SecretsManagerReadWrite AmazonCognitoPowerUser
"""
SERVICES = """
    AmazonS3FullAccess AmazonS3ReadOnlyAccess AmazonDynamoDBFullAccess AmazonDynamoDBFullAccess_v2
    AmazonDynamoDBReadOnlyAccess AmazonSQSFullAccess AmazonSQSReadOnlyAccess AmazonSNSFullAccess
    AmazonSNSReadOnlyAccess AmazonRDSFullAccess AmazonRDSReadOnlyAccess AmazonRDSDataFullAccess
    AmazonEC2FullAccess AmazonEC2ReadOnlyAccess AmazonVPCFullAccess AWSLambda_FullAccess AWSLambda_ReadOnlyAccess
    AmazonECS_FullAccess AmazonEC2ContainerRegistryFullAccess AmazonElasticFileSystemFullAccess
    AmazonElasticFileSystemReadOnlyAccess AmazonElasticFileSystemClientReadWriteAccess
    AmazonElasticFileSystemClientFullAccess
    AmazonElastiCacheFullAccess AmazonElastiCacheReadOnlyAccess AmazonRedshiftFullAccess AmazonRedshiftReadOnlyAccess
    AmazonOpenSearchServiceFullAccess AmazonOpenSearchServiceReadOnlyAccess AmazonESFullAccess AmazonESReadOnlyAccess
    AmazonKinesisFullAccess AmazonKinesisReadOnlyAccess AmazonKinesisFirehoseFullAccess AmazonMSKFullAccess
    AmazonMSKReadOnlyAccess AmazonMQFullAccess AmazonAthenaFullAccess AmazonBedrockFullAccess
    AWSGlueConsoleFullAccess AWSStepFunctionsFullAccess AmazonEventBridgeFullAccess
    AmazonEventBridgeReadOnlyAccess AmazonSSMFullAccess AmazonSSMReadOnlyAccess AmazonRoute53FullAccess
    AmazonRoute53ReadOnlyAccess CloudFrontFullAccess CloudFrontReadOnlyAccess CloudWatchFullAccess
    CloudWatchFullAccessV2
    CloudWatchReadOnlyAccess CloudWatchLogsFullAccess CloudWatchLogsReadOnlyAccess CloudWatchEventsFullAccess
    AWSCloudTrail_FullAccess AWSCloudTrail_ReadOnlyAccess AWSCloudFormationFullAccess AWSCloudFormationReadOnlyAccess
    AWSCertificateManagerFullAccess AWSCertificateManagerReadOnly ElasticLoadBalancingFullAccess AutoScalingFullAccess
    AmazonCognitoReadOnly AmazonAPIGatewayAdministrator AWSCodeBuildAdminAccess AWSCodePipeline_FullAccess
    AWSCodeDeployFullAccess AWSCodeCommitFullAccess AmazonDocDBFullAccess NeptuneFullAccess AmazonKeyspacesFullAccess
    AmazonKeyspacesReadOnlyAccess AWSWAFFullAccess AWSBackupFullAccess AWSOrganizationsFullAccess
    AWSOrganizationsReadOnlyAccess AWSSecurityHubFullAccess AmazonGuardDutyFullAccess AmazonInspector2FullAccess
"""


def document(repository: str, name: str) -> dict[str, Any]:
    """The policy of that name, without statement ids."""
    command = ["git", "-C", repository, "show", f"HEAD:policies/{name}"]
    raw = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    version = raw["PolicyVersion"]
    statements = version["Document"]["Statement"]
    if isinstance(statements, dict):
        statements = [statements]
    return {
        "Version": version["Document"]["Version"],
        "Statement": [{key: value for key, value in one.items() if key != "Sid"} for one in statements],
    }


def main() -> None:
    """Read the checkout, write ours."""
    repository = sys.argv[1]
    day = subprocess.run(
        ["git", "-C", repository, "log", "-1", "--format=%cs"], capture_output=True, text=True, check=True
    ).stdout.strip()
    lines = []
    for name in sorted({*JOB_FUNCTIONS.split(), *WORKLOADS.split(), *SERVICES.split()}):
        try:
            found = document(repository, name)
        except (subprocess.CalledProcessError, ValueError):
            print(f"{name}: not there, left out")
            continue
        lines.append(f"  {json.dumps(name)}: {json.dumps(found, separators=(',', ':'))}")
    source = f"AWS Managed Policy Reference, as recorded by github.com/zoph-io/MAMIP on {day}"
    head = json.dumps({"source": source})[:-1]
    TARGET.write_text(head + ', "policies": {\n' + ",\n".join(lines) + "\n}}\n", "utf-8")
    print(f"{TARGET}: {len(lines)} policies")


if __name__ == "__main__":
    main()
