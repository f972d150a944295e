"""The known ways from one AWS principal to another, each with where it is described.

That is a page of pathfinding.cloud (a public catalogue of such paths) or of AWS's documentation, read for facts. A way
counts where every one of its actions is allowed on what it is done to.
"""

from __future__ import annotations

from dataclasses import dataclass

_PF = "https://pathfinding.cloud/paths/"
_AWS = "https://docs.aws.amazon.com/"


@dataclass(frozen=True, slots=True)
class Way:
    """One way: the actions that it takes, what that does in words, and its source.

    `on` is what the actions are done to: `role`, `user`, `group` or `policy`, the kind of a workload (see `Workload`),
    or, for a role that is passed, empty. `service` is whom the role is passed to.
    """

    actions: tuple[str, ...]
    says: str
    source: str
    on: str = ""
    service: str = ""

    def __str__(self) -> str:
        return " + ".join(self.actions)


def _page(name: str) -> str:
    return f"{_AWS}{name}.html" if "/" in name else f"{_PF}{name}"


def _passing(service: str, says: str, source: str, *actions: str) -> Way:
    return Way(actions, says, _page(source), "", f"{service}.amazonaws.com")


def _taking(on: str, says: str, source: str, *actions: str) -> Way:
    return Way(actions, says, _page(source), on)


ASSUME = Way(("sts:AssumeRole",), "assume it", _page("sts-001"), "role")
RETRUST = Way(("iam:UpdateAssumeRolePolicy",), "let itself into its trust policy", _page("iam-012"), "role")

# What makes its caller a user.
KEYS = (
    _taking("user", "make an access key for it", "iam-002", "iam:CreateAccessKey"),
    _taking("user", "set a console password for it", "iam-004", "iam:CreateLoginProfile"),
    _taking("user", "change its console password", "iam-006", "iam:UpdateLoginProfile"),
)

REWRITE = _taking("policy", "rewrite its policy", "iam-001", "iam:CreatePolicyVersion")
# What gives any right to a role, a user, a group, or whoever has a policy.
WRITING = (
    _taking("role", "write any policy into it", "iam-005", "iam:PutRolePolicy"),
    _taking("user", "write any policy into it", "iam-007", "iam:PutUserPolicy"),
    _taking("group", "write any policy into its group", "iam-011", "iam:PutGroupPolicy"),
    REWRITE,
)
# What gives the rights of one managed policy; with AdministratorAccess, all.
ATTACHING = (
    _taking("role", "attach a policy to it", "iam-009", "iam:AttachRolePolicy"),
    _taking("user", "attach a policy to it", "iam-008", "iam:AttachUserPolicy"),
    _taking("group", "attach a policy to its group", "iam-010", "iam:AttachGroupPolicy"),
)
JOIN = _taking("group", "put it into a group", "iam-013", "iam:AddUserToGroup")
# What takes a boundary away, or puts a wider one in its place.
UNBINDING = (
    _taking(
        "role",
        "take its boundary off",
        "IAM/latest/APIReference/API_DeleteRolePermissionsBoundary",
        "iam:DeleteRolePermissionsBoundary",
    ),
    _taking(
        "user",
        "take its boundary off",
        "IAM/latest/APIReference/API_DeleteUserPermissionsBoundary",
        "iam:DeleteUserPermissionsBoundary",
    ),
    _taking(
        "role",
        "widen its boundary",
        "IAM/latest/APIReference/API_PutRolePermissionsBoundary",
        "iam:PutRolePermissionsBoundary",
    ),
    _taking(
        "user",
        "widen its boundary",
        "IAM/latest/APIReference/API_PutUserPermissionsBoundary",
        "iam:PutUserPermissionsBoundary",
    ),
)
# What changes the tags that its requests have: aws:PrincipalTag.
RETAGGING = (
    _taking("role", "give it other tags", "IAM/latest/APIReference/API_TagRole", "iam:TagRole"),
    _taking("user", "give it other tags", "IAM/latest/APIReference/API_TagUser", "iam:TagUser"),
)
# What makes a principal of one's own: all on one name that nobody has.
MAKING = (
    _taking("role", "make a role of its own and write any policy into it", "IAM/latest/APIReference/API_CreateRole",
            "iam:CreateRole", "iam:PutRolePolicy"),
    _taking("role", "make a role of its own and attach AdministratorAccess", "IAM/latest/APIReference/API_CreateRole",
            "iam:CreateRole", "iam:AttachRolePolicy"),
    _taking("user", "make a user of its own and write any policy into it", "IAM/latest/APIReference/API_CreateUser",
            "iam:CreateUser", "iam:PutUserPolicy", "iam:CreateAccessKey"),
    _taking("user", "make a user of its own and attach AdministratorAccess", "IAM/latest/APIReference/API_CreateUser",
            "iam:CreateUser", "iam:AttachUserPolicy", "iam:CreateAccessKey"),
)  # fmt: skip
# What gives rights by way of IAM Identity Center; its administration is that of the account.
CENTER = (
    _taking("", "assign any permission set to somebody",
            "singlesignon/latest/APIReference/API_CreateAccountAssignment",
            "sso:CreateAccountAssignment"),
    _taking("", "write any policy into a permission set",
            "singlesignon/latest/APIReference/API_PutInlinePolicyToPermissionSet",
            "sso:PutInlinePolicyToPermissionSet"),
    _taking("", "attach any policy to a permission set",
            "singlesignon/latest/APIReference/API_AttachManagedPolicyToPermissionSet",
            "sso:AttachManagedPolicyToPermissionSet"),
)  # fmt: skip

# What starts something that acts as a role which is passed to it.
PASSING = (
    _passing("ec2", "start an instance with it", "ec2-001", "ec2:RunInstances"),
    _passing("ec2", "ask for a spot instance with it", "ec2-003", "ec2:RequestSpotInstances"),
    _passing("ec2", "ask for a fleet of spot instances with it", "AWSEC2/latest/APIReference/API_RequestSpotFleet",
             "ec2:RequestSpotFleet"),
    _passing("ec2", "start a fleet of instances with it", "AWSEC2/latest/APIReference/API_CreateFleet",
             "ec2:CreateLaunchTemplate", "ec2:CreateFleet"),
    _passing("ec2", "build an image on an instance with it", "imagebuilder-001",
             "imagebuilder:CreateComponent", "imagebuilder:CreateImageRecipe",
             "imagebuilder:CreateInfrastructureConfiguration", "imagebuilder:CreateImage"),
    _passing("ec2", "give it to an instance that runs", "AWSEC2/latest/APIReference/API_AssociateIamInstanceProfile",
             "ec2:AssociateIamInstanceProfile"),
    _passing("ec2", "give it to an instance in place of its own",
             "AWSEC2/latest/APIReference/API_ReplaceIamInstanceProfileAssociation",
             "ec2:ReplaceIamInstanceProfileAssociation"),
    _passing("ec2", "start a group of instances with it",
             "autoscaling/ec2/APIReference/API_CreateAutoScalingGroup",
             "autoscaling:CreateLaunchConfiguration", "autoscaling:CreateAutoScalingGroup"),
    _passing("ec2", "start a group of instances with it",
             "autoscaling/ec2/APIReference/API_CreateAutoScalingGroup",
             "ec2:CreateLaunchTemplate", "autoscaling:CreateAutoScalingGroup"),
    _passing("lambda", "run a function as it", "lambda-001", "lambda:CreateFunction", "lambda:InvokeFunction"),
    _passing("lambda", "run a function as it", "lambda-002",
             "lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
    _passing("lambda", "run a function as it", "lambda-006", "lambda:CreateFunction", "lambda:AddPermission"),
    _passing("lambda", "run a function as it", "lambda/latest/api/API_CreateFunctionUrlConfig",
             "lambda:CreateFunction", "lambda:CreateFunctionUrlConfig"),
    _passing("lambda", "give it to a function, with a layer of its own",
             "lambda/latest/api/API_UpdateFunctionConfiguration", "lambda:UpdateFunctionConfiguration"),
    _passing("ecs-tasks", "run a task as it", "ecs-004", "ecs:RegisterTaskDefinition", "ecs:RunTask"),
    _passing("ecs-tasks", "run a service as it", "ecs-003", "ecs:RegisterTaskDefinition", "ecs:CreateService"),
    _passing("ecs-tasks", "run a service as it", "AmazonECS/latest/APIReference/API_UpdateService",
             "ecs:RegisterTaskDefinition", "ecs:UpdateService"),
    _passing("ecs-tasks", "start a task as it", "ecs-005", "ecs:RegisterTaskDefinition", "ecs:StartTask"),
    _passing("ecs-tasks", "run a task as it, by an override", "ecs-008", "ecs:RunTask"),
    _passing("ecs-tasks", "start a task as it, by an override", "ecs-009", "ecs:StartTask"),
    _passing("ecs-tasks", "run a job as it", "batch-001", "batch:RegisterJobDefinition", "batch:SubmitJob"),
    _passing("cloudformation", "deploy a stack as it", "cloudformation-001", "cloudformation:CreateStack"),
    _passing("cloudformation", "deploy a stack as it", "AWSCloudFormation/latest/APIReference/API_UpdateStack",
             "cloudformation:UpdateStack"),
    _passing("cloudformation", "deploy a stack as it", "cloudformation-005",
             "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
    _passing("cloudformation", "deploy a stack set as it", "cloudformation-003",
             "cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"),
    _passing("cloudformation", "deploy a stack set as it", "cloudformation-004", "cloudformation:UpdateStackSet"),
    _passing("codebuild", "run a build as it", "codebuild-001", "codebuild:CreateProject", "codebuild:StartBuild"),
    _passing("codebuild", "run a build as it", "codebuild-004", "codebuild:CreateProject", "codebuild:StartBuildBatch"),
    _passing("codebuild", "run a build as it", "codebuild/latest/APIReference/API_UpdateProject",
             "codebuild:UpdateProject", "codebuild:StartBuild"),
    _passing("codepipeline", "run a pipeline as it", "codepipeline/latest/APIReference/API_CreatePipeline",
             "codepipeline:CreatePipeline"),
    _passing("glue", "log in to an endpoint as it", "glue-001", "glue:CreateDevEndpoint"),
    _passing("glue", "run a job as it", "glue-003", "glue:CreateJob", "glue:StartJobRun"),
    _passing("glue", "run a job as it", "glue-004", "glue:CreateJob", "glue:CreateTrigger"),
    _passing("glue", "run a job as it", "glue-005", "glue:UpdateJob", "glue:StartJobRun"),
    _passing("glue", "run a job as it", "glue-006", "glue:UpdateJob", "glue:CreateTrigger"),
    _passing("glue", "open a session as it", "glue-007", "glue:CreateSession", "glue:RunStatement"),
    _passing("datapipeline", "run a pipeline as it", "datapipeline-001", "datapipeline:CreatePipeline",
             "datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline"),
    _passing("sagemaker", "open a notebook as it", "sagemaker-001", "sagemaker:CreateNotebookInstance",
             "sagemaker:CreatePresignedNotebookInstanceUrl"),
    _passing("sagemaker", "run a training job as it", "sagemaker-002", "sagemaker:CreateTrainingJob"),
    _passing("sagemaker", "run a processing job as it", "sagemaker-003", "sagemaker:CreateProcessingJob"),
    _passing("states", "run a state machine as it", "step-functions/latest/apireference/API_CreateStateMachine",
             "states:CreateStateMachine", "states:StartExecution"),
    _passing("states", "run a state machine as it", "step-functions/latest/apireference/API_UpdateStateMachine",
             "states:UpdateStateMachine", "states:StartExecution"),
    _passing("states", "try a step as it, which calls any API", "step-functions/latest/apireference/API_TestState",
             "states:TestState"),
    _passing("scheduler", "call any API as it by a schedule", "scheduler/latest/APIReference/API_CreateSchedule",
             "scheduler:CreateSchedule"),
    _passing("ssm", "run an automation as it", "systems-manager/latest/APIReference/API_StartAutomationExecution",
             "ssm:StartAutomationExecution"),
    _passing("tasks.apprunner", "run a service as it", "apprunner-001", "apprunner:CreateService"),
    _passing("bedrock-agentcore", "run code as it", "bedrock-001", "bedrock-agentcore:CreateCodeInterpreter",
             "bedrock-agentcore:StartCodeInterpreterSession", "bedrock-agentcore:InvokeCodeInterpreter"),
    _passing("bedrock-agentcore", "run commands as it", "bedrock-003", "bedrock-agentcore:CreateAgentRuntime",
             "bedrock-agentcore:InvokeAgentRuntimeCommand"),
    _passing("bedrock-agentcore", "drive a browser as it",
             "bedrock-agentcore/latest/devguide/security-credentials-management", "bedrock-agentcore:CreateBrowser",
             "bedrock-agentcore:StartBrowserSession", "bedrock-agentcore:ConnectBrowserAutomationStream"),
    _passing("ec2", "run a cluster on instances with it", "emr-001", "elasticmapreduce:RunJobFlow"),
    _passing("elasticmapreduce", "run a cluster as it", "emr-001", "elasticmapreduce:RunJobFlow"),
    _passing("emr-serverless", "run a job as it", "emrserverless-001",
             "emr-serverless:CreateApplication", "emr-serverless:StartJobRun"),
    _passing("braket", "run a job as it", "braket-001", "braket:CreateJob"),
    _passing("gamelift", "run a fleet as it", "gamelift-001", "gamelift:CreateBuild", "gamelift:CreateFleet"),
    _passing("kinesisanalytics", "run an application as it", "kinesisanalytics-001",
             "kinesisanalytics:CreateApplication", "kinesisanalytics:StartApplication"),
    _passing("omics", "run a workflow as it", "omics-001", "omics:CreateWorkflow", "omics:StartRun"),
    _passing("cognito-identity", "give it to whoever asks an identity pool", "cognitoidentity-001",
             "cognito-identity:SetIdentityPoolRoles"),
    _passing("pods.eks", "give it to a service account", "eks/latest/APIReference/API_CreatePodIdentityAssociation",
             "eks:CreatePodIdentityAssociation"),
    _passing("pods.eks", "give it to a service account in place of its own",
             "eks/latest/APIReference/API_UpdatePodIdentityAssociation", "eks:UpdatePodIdentityAssociation"),
    _passing("rolesanywhere", "sign in as it with a certificate of its own",
             "rolesanywhere/latest/APIReference/API_CreateTrustAnchor",
             "rolesanywhere:CreateTrustAnchor", "rolesanywhere:CreateProfile"),
)  # fmt: skip

# What makes something that runs act for its caller, as the role that it has already.
TAKING = (
    _taking("function", "put its own code into it", "lambda-003", "lambda:UpdateFunctionCode"),
    _taking("function", "let itself into its policy, to put its own code into it",
            "lambda/latest/api/API_AddPermission", "lambda:AddPermission"),
    _taking("function", "put a layer of its own into it", "lambda/latest/api/API_UpdateFunctionConfiguration",
            "lambda:UpdateFunctionConfiguration"),
    _taking("instance", "run commands on it", "ssm-002", "ssm:SendCommand"),
    _taking("instance", "open a shell on it", "ssm-001", "ssm:StartSession"),
    _taking("instance", "run commands on it", "systems-manager/latest/APIReference/API_CreateAssociation",
            "ssm:CreateAssociation"),
    _taking("instance", "log in with a key of its own", "ec2instanceconnect-003",
            "ec2-instance-connect:SendSSHPublicKey"),
    _taking("instance", "log in to its serial console with a key of its own",
            "ec2-instance-connect/latest/APIReference/API_SendSerialConsoleSSHPublicKey",
            "ec2-instance-connect:SendSerialConsoleSSHPublicKey"),
    _taking("instance", "change what it runs when it starts", "ec2-002",
            "ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"),
    _taking("launch template", "change what its instances run", "ec2-004",
            "ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate"),
    _taking("build project", "build with commands of its own", "codebuild-002", "codebuild:StartBuild"),
    _taking("build project", "build with commands of its own", "codebuild-003", "codebuild:StartBuildBatch"),
    _taking("development endpoint", "log in with a key of its own", "glue-002", "glue:UpdateDevEndpoint"),
    _taking("notebook", "open it", "sagemaker-004", "sagemaker:CreatePresignedNotebookInstanceUrl"),
    _taking("notebook", "change what it runs when it starts", "sagemaker-005",
            "sagemaker:StopNotebookInstance", "sagemaker:UpdateNotebookInstance", "sagemaker:StartNotebookInstance"),
    _taking("stack", "update it with a template of its own", "cloudformation-002", "cloudformation:UpdateStack"),
    _taking("stack", "change it with a template of its own", "cloudformation-005",
            "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
    _taking("web service", "put its own image into it", "apprunner-002", "apprunner:UpdateService"),
    _taking("task", "run commands in it", "ecs-006", "ecs:ExecuteCommand"),
    _taking("job definition", "run it with a command of its own", "batch-002", "batch:SubmitJob"),
    _taking("code interpreter", "run code in it", "bedrock-002",
            "bedrock-agentcore:StartCodeInterpreterSession", "bedrock-agentcore:InvokeCodeInterpreter"),
    _taking("agent runtime", "run commands in it", "bedrock-agentcore/latest/devguide/runtime-permissions",
            "bedrock-agentcore:InvokeAgentRuntimeCommand"),
    _taking("browser", "drive it", "bedrock-agentcore/latest/devguide/security-credentials-management",
            "bedrock-agentcore:StartBrowserSession", "bedrock-agentcore:ConnectBrowserAutomationStream"),
    _taking("cluster", "make itself an administrator of it", "eks/latest/userguide/access-entries",
            "eks:CreateAccessEntry", "eks:AssociateAccessPolicy"),
    _taking("SAML provider", "sign in with assertions of its own", "IAM/latest/APIReference/API_UpdateSAMLProvider",
            "iam:UpdateSAMLProvider"),
    _taking("secret", "let itself into its policy, to read the access key that is kept in it",
            "secretsmanager/latest/apireference/API_PutResourcePolicy", "secretsmanager:PutResourcePolicy"),
    _taking("secret", "read the access key that is kept in it",
            "secretsmanager/latest/apireference/API_GetSecretValue", "secretsmanager:GetSecretValue"),
    *(_taking("parameter", "read the access key that is kept in it",
              f"systems-manager/latest/APIReference/API_{name}", f"ssm:{name}")
      for name in ("GetParameter", "GetParameters", "GetParametersByPath", "GetParameterHistory")),
    *(_taking("settings of a function", "read the access key among them", f"lambda/latest/api/API_{name}",
              f"lambda:{name}") for name in ("GetFunctionConfiguration", "GetFunction", "ListFunctions")),
    _taking("settings of a build project", "read the access key among them",
            "codebuild/latest/APIReference/API_BatchGetProjects", "codebuild:BatchGetProjects"),
    _taking("task definition", "read the access key in it",
            "AmazonECS/latest/APIReference/API_DescribeTaskDefinition", "ecs:DescribeTaskDefinition"),
)  # fmt: skip
# Where SendCommand is limited to documents, one that runs what its caller says has to be among them.
COMMAND_DOCUMENTS = ("AWS-RunShellScript", "AWS-RunPowerShellScript", "AWS-RunRemoteScript", "AWS-RunDocument")

# What sets the tags of something, on which conditions may be.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
TAGGING = {
    "role": "iam:TagRole",
    "user": "iam:TagUser",
    "function": "lambda:TagResource",
    "instance": "ec2:CreateTags",
    "launch template": "ec2:CreateTags",
    "build project": "codebuild:UpdateProject",
    "development endpoint": "glue:TagResource",
    "notebook": "sagemaker:AddTags",
    "web service": "apprunner:TagResource",
    "task": "ecs:TagResource",
    "job definition": "batch:TagResource",
    "code interpreter": "bedrock-agentcore:TagResource",
    "agent runtime": "bedrock-agentcore:TagResource",
    "browser": "bedrock-agentcore:TagResource",
    "cluster": "eks:TagResource",
    "SAML provider": "iam:TagSAMLProvider",
    "secret": "secretsmanager:TagResource",
    "parameter": "ssm:AddTagsToResource",
}

# Actions whose requests tell the boundary of the role or user that they are about.
BOUNDED = frozenset(
    f"iam:{verb}{kind}{what}"
    for kind in ("Role", "User")
    for verb, what in (("Attach", "Policy"), ("Put", "Policy"), ("Create", ""), ("Put", "PermissionsBoundary"),
                       ("Delete", "PermissionsBoundary"))
)  # fmt: skip
ADMINISTRATOR_ACCESS = "arn:aws:iam::aws:policy/AdministratorAccess"
EVERY_WAY = (
    ASSUME,
    RETRUST,
    *KEYS,
    *WRITING,
    *ATTACHING,
    JOIN,
    *UNBINDING,
    *RETAGGING,
    *MAKING,
    *CENTER,
    *PASSING,
    *TAKING,
)
