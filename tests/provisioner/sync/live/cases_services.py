"""Queues, topics, roles, networks and the rest: made as the components make them, and broken."""

from __future__ import annotations

import json
from typing import Any

from lychgate.model.graph import Resource
from tests.provisioner.sync.live.world import ACCOUNT, PAIRS, REGION, TAGS, TRUST, Case, World, made

NAME = "shop-production-acme-orders"
RULE = "aws:vpc/securityGroup{0}Rule:SecurityGroup{0}Rule"


def tls(arn: str, action: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [
        {"Sid": "OnlyWithTls", "Effect": "Deny", "Principal": "*", "Action": action, "Resource": arn,
         "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    ]}  # fmt: skip


def opened(document: dict[str, Any], **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "*", **more}
    return json.dumps({**document, "Statement": [*document["Statement"], statement]})


QUEUE_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{NAME}"
REDRIVE = {"deadLetterTargetArn": f"{QUEUE_ARN}-failed", "maxReceiveCount": 5}


def queue(world: World) -> tuple[Resource, ...]:
    key = world.key()
    world.sqs.create_queue(QueueName=f"{NAME}-failed")
    url = world.sqs.create_queue(QueueName=NAME, tags=TAGS, Attributes={
        "KmsMasterKeyId": key, "MessageRetentionPeriod": "345600", "VisibilityTimeout": "60",
        "RedrivePolicy": json.dumps(REDRIVE),
    })["QueueUrl"]  # fmt: skip
    properties = {"name": NAME, "kmsMasterKeyId": key, "messageRetentionSeconds": 345600,
                  "visibilityTimeoutSeconds": 60, "redrivePolicy": json.dumps(REDRIVE), "tags": TAGS}  # fmt: skip
    return (made("aws:sqs/queue:Queue", url, properties, arn=QUEUE_ARN),)


def set_queue(world: World, one: Resource, **attributes: str) -> None:
    world.sqs.set_queue_attributes(QueueUrl=one.id, Attributes=attributes)


def queue_policy(world: World) -> tuple[Resource, ...]:
    document = json.dumps(tls(QUEUE_ARN, "sqs:*"))
    url = world.sqs.create_queue(QueueName=NAME, Attributes={"Policy": document})["QueueUrl"]
    return (made("aws:sqs/queuePolicy:QueuePolicy", url, {"queueUrl": url, "policy": document}),)


def topic(world: World) -> tuple[Resource, ...]:
    key = world.key()
    arn = world.sns.create_topic(Name=NAME, Attributes={"KmsMasterKeyId": key}, Tags=PAIRS)["TopicArn"]
    return (made("aws:sns/topic:Topic", arn, {"name": NAME, "kmsMasterKeyId": key, "tags": TAGS}, arn=arn),)


def set_topic(world: World, arn: str, name: str, value: str) -> None:
    world.sns.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)


def topic_policy(world: World) -> tuple[Resource, ...]:
    arn = world.sns.create_topic(Name=NAME)["TopicArn"]
    document = json.dumps(tls(arn, "sns:Publish"))
    set_topic(world, arn, "Policy", document)
    return (made("aws:sns/topicPolicy:TopicPolicy", arn, {"arn": arn, "policy": document}),)


def subscription(world: World) -> tuple[Resource, ...]:
    world.sqs.create_queue(QueueName=NAME)
    arn = world.sns.create_topic(Name=NAME)["TopicArn"]
    found = world.sns.subscribe(
        TopicArn=arn, Protocol="sqs", Endpoint=QUEUE_ARN, Attributes={"RawMessageDelivery": "true"}
    )["SubscriptionArn"]
    properties = {"topic": arn, "protocol": "sqs", "endpoint": QUEUE_ARN, "rawMessageDelivery": True}
    return (made("aws:sns/topicSubscription:TopicSubscription", found, properties, arn=found),)


def repository(world: World) -> tuple[Resource, ...]:
    key = world.key()
    found = world.ecr.create_repository(
        repositoryName=NAME, imageTagMutability="IMMUTABLE", imageScanningConfiguration={"scanOnPush": True},
        encryptionConfiguration={"encryptionType": "KMS", "kmsKey": key}, tags=PAIRS,
    )["repository"]  # fmt: skip
    properties = {
        "name": NAME, "imageTagMutability": "IMMUTABLE", "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": key}], "tags": TAGS,
    }  # fmt: skip
    return (made("aws:ecr/repository:Repository", NAME, properties, arn=found["repositoryArn"]),)


SELECTION = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 50}
KEEP = {"rules": [{"rulePriority": 1, "action": {"type": "expire"}, "selection": SELECTION}]}


def image_lifecycle(world: World) -> tuple[Resource, ...]:
    world.ecr.create_repository(repositoryName=NAME)
    world.ecr.put_lifecycle_policy(repositoryName=NAME, lifecyclePolicyText=json.dumps(KEEP))
    properties = {"repository": NAME, "policy": json.dumps(KEEP, indent=2)}
    return (made("aws:ecr/lifecyclePolicy:LifecyclePolicy", NAME, properties),)


def keep_fewer(world: World, _: Resource) -> None:
    text = json.dumps(KEEP).replace("50", "5")
    world.ecr.put_lifecycle_policy(repositoryName=NAME, lifecyclePolicyText=text)


PULL = {"Version": "2012-10-17", "Statement": [
    {"Sid": "Pull", "Effect": "Allow", "Principal": {"AWS": [f"arn:aws:iam::{ACCOUNT}:root"]},
     "Action": ["ecr:BatchGetImage"]}
]}  # fmt: skip


def repository_policy(world: World) -> tuple[Resource, ...]:
    world.ecr.create_repository(repositoryName=NAME)
    world.ecr.set_repository_policy(repositoryName=NAME, policyText=json.dumps(PULL))
    properties = {"repository": NAME, "policy": json.dumps(PULL)}
    return (made("aws:ecr/repositoryPolicy:RepositoryPolicy", NAME, properties),)


ROLE = "shop-production-acme-api"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"]}]}


def role(world: World) -> tuple[Resource, ...]:
    world.iam.create_policy(PolicyName="boundary", PolicyDocument=json.dumps(READ))
    arn = world.iam.create_role(
        RoleName=ROLE, AssumeRolePolicyDocument=TRUST, Description="Of api", PermissionsBoundary=BOUNDARY, Tags=PAIRS
    )["Role"]["Arn"]
    properties = {"name": ROLE, "description": "Of api", "assumeRolePolicy": TRUST, "permissionsBoundary": BOUNDARY,
                  "tags": TAGS}  # fmt: skip
    return (made("aws:iam/role:Role", ROLE, properties, arn=arn),)


def trust_everyone(world: World, _: Resource) -> None:
    document = opened(json.loads(TRUST), Action="sts:AssumeRole")
    world.iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=document)


def role_policy(world: World) -> tuple[Resource, ...]:
    world.role()
    world.iam.put_role_policy(RoleName=ROLE, PolicyName=ROLE, PolicyDocument=json.dumps(READ))
    properties = {"role": ROLE, "name": ROLE, "policy": json.dumps(READ)}
    return (made("aws:iam/rolePolicy:RolePolicy", f"{ROLE}:{ROLE}", properties),)


def attachment(world: World) -> tuple[Resource, ...]:
    world.role()
    arn = world.iam.create_policy(PolicyName="read", PolicyDocument=json.dumps(READ))["Policy"]["Arn"]
    world.iam.attach_role_policy(RoleName=ROLE, PolicyArn=arn)
    properties = {"role": ROLE, "policyArn": arn}
    return (made("aws:iam/rolePolicyAttachment:RolePolicyAttachment", f"{ROLE}-2026", properties),)


def group(world: World) -> tuple[Resource, ...]:
    vpc, _ = world.network()
    ident = world.group(vpc)
    properties = {"name": "api", "description": "A group", "vpcId": vpc, "tags": TAGS}
    arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{ident}"
    return (made("aws:ec2/securityGroup:SecurityGroup", ident, properties, arn=arn),)


def connect(world: World, group: str, **to: Any) -> list[Any]:
    return [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, **to}]


def ingress(world: World) -> tuple[Resource, ...]:
    vpc, _ = world.network()
    inner, outer = world.group(vpc), world.group(vpc, "outer")
    pair = {"GroupId": outer}  # moto keeps no description of a group
    found = world.ec2.authorize_security_group_ingress(
        GroupId=inner, IpPermissions=connect(world, inner, UserIdGroupPairs=[pair]),
        TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": PAIRS}],
    )["SecurityGroupRules"][0]["SecurityGroupRuleId"]  # fmt: skip
    properties = {"securityGroupId": inner, "referencedSecurityGroupId": outer, "ipProtocol": "tcp", "fromPort": 5432,
                  "toPort": 5432, "tags": TAGS}  # fmt: skip
    return (
        made(RULE.format("Ingress"), found, properties),
        made("aws:ec2/securityGroup:SecurityGroup", inner, {"name": "api"}, name="inner"),
        made("aws:ec2/securityGroup:SecurityGroup", outer, {"name": "outer"}, name="outer"),
    )


def egress(world: World) -> tuple[Resource, ...]:
    vpc, _ = world.network()
    ident = world.group(vpc)
    ranges = [{"CidrIp": "10.1.0.0/16", "Description": "out"}]
    found = world.ec2.authorize_security_group_egress(
        GroupId=ident, IpPermissions=connect(world, ident, IpRanges=ranges)
    )["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    properties = {"securityGroupId": ident, "cidrIpv4": "10.1.0.0/16", "ipProtocol": "tcp", "fromPort": 5432,
                  "toPort": 5432, "description": "out"}  # fmt: skip
    return (
        made(RULE.format("Egress"), found, properties),
        made("aws:ec2/securityGroup:SecurityGroup", ident, {"name": "api"}, name="inner"),
    )


def widen(world: World, one: Resource) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIpv4": "0.0.0.0/0", "Description": "out"}
    world.ec2.modify_security_group_rules(
        GroupId=one.properties["securityGroupId"],
        SecurityGroupRules=[{"SecurityGroupRuleId": one.id, "SecurityGroupRule": rule}],
    )


def revoke(world: World, one: Resource, direction: str) -> None:
    call = getattr(world.ec2, f"revoke_security_group_{direction}")
    call(GroupId=one.properties["securityGroupId"], SecurityGroupRuleIds=[one.id])


def log_group(world: World) -> tuple[Resource, ...]:
    key = world.key()
    world.logs.create_log_group(logGroupName=NAME, kmsKeyId=key, tags=TAGS)
    world.logs.put_retention_policy(logGroupName=NAME, retentionInDays=400)
    world.logs.create_log_group(logGroupName=f"{NAME}-more")
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{NAME}"
    properties = {"name": NAME, "kmsKeyId": key, "retentionInDays": 400, "tags": TAGS}
    return (made("aws:cloudwatch/logGroup:LogGroup", NAME, properties, arn=arn),)


def another_log_group(world: World, _: Resource) -> None:
    """moto has no AssociateKmsKey."""
    world.logs.delete_log_group(logGroupName=NAME)
    world.logs.create_log_group(logGroupName=NAME, kmsKeyId=world.key(), tags=TAGS)
    world.logs.put_retention_policy(logGroupName=NAME, retentionInDays=400)


CASES = (
    Case("aws:sqs/queue:Queue", queue, (
        (lambda w, one: set_queue(w, one, KmsMasterKeyId=""), ("kmsMasterKeyId",)),
        (lambda w, one: set_queue(w, one, VisibilityTimeout="5"), ("visibilityTimeoutSeconds",)),
        (lambda w, one: set_queue(w, one, RedrivePolicy=json.dumps(REDRIVE | {"maxReceiveCount": 9})),
         ("redrivePolicy.maxReceiveCount",)),
        (lambda w, one: w.sqs.untag_queue(QueueUrl=one.id, TagKeys=["tenant"]), ("tags.tenant",)),
        (lambda w, one: w.sqs.delete_queue(QueueUrl=one.id), None),
    )),
    Case("aws:sqs/queuePolicy:QueuePolicy", queue_policy, (
        (lambda w, one: set_queue(w, one, Policy=opened(tls(QUEUE_ARN, "sqs:*"), Action="sqs:SendMessage",
                                                        Resource=QUEUE_ARN)), ("policy.Statement",)),
        (lambda w, one: set_queue(w, one, Policy=""), None),
    )),
    Case("aws:sns/topic:Topic", topic, (
        (lambda w, one: set_topic(w, one.id, "KmsMasterKeyId", "alias/aws/sns"), ("kmsMasterKeyId",)),
        (lambda w, one: w.sns.untag_resource(ResourceArn=one.id, TagKeys=["tenant"]), ("tags.tenant",)),
        (lambda w, one: w.sns.delete_topic(TopicArn=one.id), None),
    )),
    Case("aws:sns/topicPolicy:TopicPolicy", topic_policy, (
        (lambda w, one: set_topic(w, one.id, "Policy", opened(tls(one.id, "sns:Publish"), Action="sns:Publish",
                                                              Resource=one.id)), ("policy.Statement",)),
    )),
    Case("aws:sns/topicSubscription:TopicSubscription", subscription, (
        (lambda w, one: w.sns.set_subscription_attributes(
            SubscriptionArn=one.id, AttributeName="RawMessageDelivery", AttributeValue="false"),
         ("rawMessageDelivery",)),
        (lambda w, one: w.sns.unsubscribe(SubscriptionArn=one.id), None),
    )),
    Case("aws:ecr/repository:Repository", repository, (
        (lambda w, _: w.ecr.put_image_tag_mutability(repositoryName=NAME, imageTagMutability="MUTABLE"),
         ("imageTagMutability",)),
        (lambda w, _: w.ecr.put_image_scanning_configuration(
            repositoryName=NAME, imageScanningConfiguration={"scanOnPush": False}),
         ("imageScanningConfiguration.scanOnPush",)),
        (lambda w, _: w.ecr.delete_repository(repositoryName=NAME), None),
    )),
    Case("aws:ecr/lifecyclePolicy:LifecyclePolicy", image_lifecycle, (
        (keep_fewer, ("policy.rules[0].selection.countNumber",)),
        (lambda w, _: w.ecr.delete_lifecycle_policy(repositoryName=NAME), None),
    )),
    Case("aws:ecr/repositoryPolicy:RepositoryPolicy", repository_policy, (
        (lambda w, _: w.ecr.set_repository_policy(repositoryName=NAME, policyText=opened(PULL, Action="ecr:*")),
         ("policy.Statement",)),
        (lambda w, _: w.ecr.delete_repository_policy(repositoryName=NAME), None),
    )),
    Case("aws:iam/role:Role", role, (
        (lambda w, _: w.iam.delete_role_permissions_boundary(RoleName=ROLE), ("permissionsBoundary",)),
        (trust_everyone, ("assumeRolePolicy.Statement",)),
        (lambda w, _: w.iam.delete_role(RoleName=ROLE), None),
    )),
    Case("aws:iam/rolePolicy:RolePolicy", role_policy, (
        (lambda w, _: w.iam.put_role_policy(RoleName=ROLE, PolicyName=ROLE, PolicyDocument=json.dumps(READ).replace(
            "s3:GetObject", "s3:*")), ("policy.Statement",)),
        (lambda w, _: w.iam.delete_role_policy(RoleName=ROLE, PolicyName=ROLE), None),
    )),
    Case("aws:iam/rolePolicyAttachment:RolePolicyAttachment", attachment, (
        (lambda w, one: w.iam.detach_role_policy(RoleName=ROLE, PolicyArn=one.properties["policyArn"]), None),
    )),
    Case("aws:ec2/securityGroup:SecurityGroup", group, (
        (lambda w, one: w.ec2.delete_tags(Resources=[one.id], Tags=[{"Key": "tenant"}]), ("tags.tenant",)),
        (lambda w, one: w.ec2.delete_security_group(GroupId=one.id), None),
    )),
    Case(RULE.format("Ingress"), ingress, ((lambda w, one: revoke(w, one, "ingress"), None),)),
    Case(RULE.format("Egress"), egress, (
        (widen, ("cidrIpv4",)),
        (lambda w, one: revoke(w, one, "egress"), None),
    )),
    Case("aws:cloudwatch/logGroup:LogGroup", log_group, (
        (lambda w, _: w.logs.delete_retention_policy(logGroupName=NAME), ("retentionInDays",)),
        (another_log_group, ("kmsKeyId",)),
        (lambda w, _: w.logs.delete_log_group(logGroupName=NAME), None),
    )),
)  # fmt: skip
