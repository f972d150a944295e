"""Buckets, tables, secrets and keys: made as the components make them, and broken."""

from __future__ import annotations

import json
from typing import Any

from lychgate.model.graph import Resource
from tests.provisioner.sync.live.world import ACCOUNT, PAIRS, REGION, TAGS, Case, World, made

NAME = "shop-production-acme-receipts"
OTHER = {"Key": "tenant", "Value": "other"}
TLS = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "OnlyWithTls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
         "Resource": [f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"],
         "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    ],
}  # fmt: skip


def create_bucket(world: World) -> None:
    world.s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": REGION})
    world.s3.put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": PAIRS})


def companion(kind: str, **properties: Any) -> Resource:
    type_ = f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}"
    return made(type_, NAME, {"bucket": NAME, **properties})


def bucket(world: World) -> tuple[Resource, ...]:
    create_bucket(world)
    return (made("aws:s3/bucket:Bucket", NAME, {"bucket": NAME, "tags": TAGS}, arn=f"arn:aws:s3:::{NAME}"),)


def put_encryption(world: World, algorithm: str, key: str | None) -> None:
    default = {"SSEAlgorithm": algorithm, **({"KMSMasterKeyID": key} if key else {})}
    rules = [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": key is not None}]
    world.s3.put_bucket_encryption(Bucket=NAME, ServerSideEncryptionConfiguration={"Rules": rules})


def encryption(world: World) -> tuple[Resource, ...]:
    create_bucket(world)
    key = world.key()
    put_encryption(world, "aws:kms", key)
    default = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}
    rules = [{"__defaults": [], "applyServerSideEncryptionByDefault": default, "bucketKeyEnabled": True}]
    return (companion("BucketServerSideEncryptionConfiguration", rules=rules),)


BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def put_block(world: World, **more: bool) -> None:
    block = {**{name[0].upper() + name[1:]: True for name in BLOCKS}, **more}
    world.s3.put_public_access_block(Bucket=NAME, PublicAccessBlockConfiguration=block)


def block(world: World) -> tuple[Resource, ...]:
    create_bucket(world)
    put_block(world)
    return (companion("BucketPublicAccessBlock", **dict.fromkeys(BLOCKS, True)),)


def put_ownership(world: World, who: str) -> None:
    world.s3.put_bucket_ownership_controls(Bucket=NAME, OwnershipControls={"Rules": [{"ObjectOwnership": who}]})


def ownership(world: World) -> tuple[Resource, ...]:
    create_bucket(world)
    put_ownership(world, "BucketOwnerEnforced")
    return (companion("BucketOwnershipControls", rule={"objectOwnership": "BucketOwnerEnforced"}),)


def policy(world: World) -> tuple[Resource, ...]:
    create_bucket(world)
    world.s3.put_bucket_policy(Bucket=NAME, Policy=json.dumps(TLS))
    return (companion("BucketPolicy", policy=json.dumps(TLS, indent=1)),)


def open_policy(world: World, _: Resource) -> None:
    more = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{NAME}/*"}
    world.s3.put_bucket_policy(Bucket=NAME, Policy=json.dumps({**TLS, "Statement": [*TLS["Statement"], more]}))


def versioning(world: World) -> tuple[Resource, ...]:
    create_bucket(world)
    world.s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    return (companion("BucketVersioning", versioningConfiguration={"status": "Enabled"}),)


def put_logging(world: World, prefix: str) -> None:
    world.s3.put_bucket_logging(
        Bucket=NAME, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": NAME, "TargetPrefix": prefix}}
    )


def logging(world: World) -> tuple[Resource, ...]:
    create_bucket(world)
    grants = [{"Grantee": {"URI": "http://acs.amazonaws.com/groups/s3/LogDelivery", "Type": "Group"},
               "Permission": permission} for permission in ("READ_ACP", "WRITE")]  # fmt: skip
    owner = {"ID": "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"}
    world.s3.put_bucket_acl(Bucket=NAME, AccessControlPolicy={"Grants": grants, "Owner": owner})
    put_logging(world, f"{NAME}/")
    return (companion("BucketLogging", targetBucket=NAME, targetPrefix=f"{NAME}/"),)


def put_lifecycle(world: World, **more: Any) -> None:
    rule = {
        "ID": "keep", "Status": "Enabled", "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        "Transitions": [{"Days": 90, "StorageClass": "STANDARD_IA"}], **more,
    }  # fmt: skip
    world.s3.put_bucket_lifecycle_configuration(Bucket=NAME, LifecycleConfiguration={"Rules": [rule]})


def lifecycle(world: World) -> tuple[Resource, ...]:
    create_bucket(world)
    put_lifecycle(world)
    rule = {
        "id": "keep", "status": "Enabled", "filter": {"prefix": ""},
        "noncurrentVersionExpiration": {"noncurrentDays": 90},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
        "transitions": [{"days": 90, "storageClass": "STANDARD_IA"}],
    }  # fmt: skip
    return (companion("BucketLifecycleConfiguration", rules=[rule]),)


def table(world: World) -> tuple[Resource, ...]:
    """Without the most request units, which moto does not keep: test_stubs.py has them."""
    key = world.key()
    index = {
        "IndexName": "by-day", "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }  # fmt: skip
    found = world.dynamodb.create_table(
        TableName=NAME, BillingMode="PAY_PER_REQUEST", GlobalSecondaryIndexes=[index],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("sk", "pk", "day")],
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
        DeletionProtectionEnabled=True, Tags=PAIRS,
    )["TableDescription"]  # fmt: skip
    put_backups(world, True)
    world.dynamodb.update_time_to_live(
        TableName=NAME, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    properties = {
        "name": NAME, "billingMode": "PAY_PER_REQUEST", "hashKey": "pk", "rangeKey": "sk",
        "attributes": [{"name": name, "type": "S"} for name in ("day", "pk", "sk")],
        "globalSecondaryIndexes": [{"name": "by-day", "hashKey": "day", "projectionType": "ALL"}],
        "ttl": {"attributeName": "until", "enabled": True},
        "serverSideEncryption": {"enabled": True, "kmsKeyArn": key}, "pointInTimeRecovery": {"enabled": True},
        "deletionProtectionEnabled": True, "tags": TAGS,
    }  # fmt: skip
    return (made("aws:dynamodb/table:Table", NAME, properties, arn=found["TableArn"]),)


def put_backups(world: World, enabled: bool) -> None:
    world.dynamodb.update_continuous_backups(
        TableName=NAME, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled}
    )


def remove_table(world: World, _: Resource) -> None:
    world.dynamodb.update_table(TableName=NAME, DeletionProtectionEnabled=False)
    world.dynamodb.delete_table(TableName=NAME)


KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Administration", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
         "Action": ["kms:PutKeyPolicy", "kms:Create*"], "Resource": "*"}
    ],
}  # fmt: skip


def key(world: World) -> tuple[Resource, ...]:
    tags = [{"TagKey": name, "TagValue": value} for name, value in TAGS.items()]
    found = world.kms.create_key(Policy=json.dumps(KEY_POLICY), Description="Data of shop", Tags=tags)["KeyMetadata"]
    world.kms.enable_key_rotation(KeyId=found["KeyId"])
    properties = {"description": "Data of shop", "enableKeyRotation": True, "deletionWindowInDays": 30,
                  "policy": json.dumps(KEY_POLICY), "tags": TAGS}  # fmt: skip
    return (made("aws:kms/key:Key", found["KeyId"], properties, arn=found["Arn"]),)


def open_key(world: World, one: Resource) -> None:
    everyone = {**KEY_POLICY["Statement"][0], "Principal": {"AWS": "*"}}  # type: ignore[dict-item, index]
    document = json.dumps({**KEY_POLICY, "Statement": [everyone]})
    world.kms.put_key_policy(KeyId=one.id, PolicyName="default", Policy=document)


def alias(world: World) -> tuple[Resource, ...]:
    ident = world.key().rpartition("/")[2]
    world.kms.create_alias(AliasName="alias/shop", TargetKeyId=ident)
    return (made("aws:kms/alias:Alias", "alias/shop", {"name": "alias/shop", "targetKeyId": ident}),)


def secret(world: World) -> tuple[Resource, ...]:
    key = world.key()
    arn = world.secretsmanager.create_secret(Name=NAME, KmsKeyId=key, Description="Of shop", Tags=PAIRS)["ARN"]
    properties = {"name": NAME, "description": "Of shop", "kmsKeyId": key, "recoveryWindowInDays": 30, "tags": TAGS}
    return (made("aws:secretsmanager/secret:Secret", arn, properties, arn=arn),)


def function(world: World) -> str:
    import io
    import zipfile

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("f.py", "def f(event, context): ...")
    return str(
        world.awslambda.create_function(
            FunctionName="rotate", Runtime="python3.12", Role=world.role("rotator")["Arn"], Handler="f.f",
            Code={"ZipFile": archive.getvalue()},
        )["FunctionArn"]
    )  # fmt: skip


def rotation(world: World) -> tuple[Resource, ...]:
    arn = world.secretsmanager.create_secret(Name=NAME, SecretString="x")["ARN"]
    rotator = function(world)
    rotate(world, arn, rotator, 30)
    properties = {"secretId": arn, "rotationLambdaArn": rotator, "rotateImmediately": False,
                  "rotationRules": {"automaticallyAfterDays": 30}}  # fmt: skip
    return (made("aws:secretsmanager/secretRotation:SecretRotation", arn, properties),)


def rotate(world: World, arn: str, rotator: str, days: int) -> None:
    world.secretsmanager.rotate_secret(
        SecretId=arn, RotationLambdaARN=rotator, RotateImmediately=False,
        RotationRules={"AutomaticallyAfterDays": days},
    )  # fmt: skip


def permission(world: World) -> tuple[Resource, ...]:
    rotator = function(world)
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:x"
    permit(world, rotator, arn)
    properties = {"function": rotator, "action": "lambda:InvokeFunction", "statementId": "secrets",
                  "principal": "secretsmanager.amazonaws.com", "sourceAccount": ACCOUNT, "sourceArn": arn}  # fmt: skip
    return (made("aws:lambda/permission:Permission", "secrets", properties),)


def permit(world: World, rotator: str, arn: str) -> None:
    world.awslambda.add_permission(
        FunctionName=rotator, StatementId="secrets", Action="lambda:InvokeFunction", SourceArn=arn,
        Principal="secretsmanager.amazonaws.com", SourceAccount=ACCOUNT,
    )  # fmt: skip


def permit_another(world: World, one: Resource) -> None:
    world.awslambda.remove_permission(FunctionName="rotate", StatementId="secrets")
    permit(world, "rotate", one.properties["sourceArn"] + "-other")


CASES = (
    Case("aws:s3/bucket:Bucket", bucket, (
        (lambda w, _: w.s3.put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": [*PAIRS[:2], OTHER]}), ("tags.tenant",)),
        (lambda w, _: w.s3.delete_bucket_tagging(Bucket=NAME), ("tags.application", "tags.environment", "tags.tenant")),
        (lambda w, _: w.s3.delete_bucket(Bucket=NAME), None),
    )),
    Case("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", encryption, (
        (lambda w, _: put_encryption(w, "aws:kms", w.key()),
         ("rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId",)),
        # What S3 itself does after DeleteBucketEncryption; moto has nothing then.
        (lambda w, _: put_encryption(w, "AES256", None),
         ("rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId",
          "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm", "rules[0].bucketKeyEnabled")),
    )),
    Case("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", block, (
        (lambda w, _: put_block(w, BlockPublicPolicy=False), ("blockPublicPolicy",)),
        (lambda w, _: w.s3.delete_public_access_block(Bucket=NAME), None),
    )),
    Case("aws:s3/bucketOwnershipControls:BucketOwnershipControls", ownership, (
        (lambda w, _: put_ownership(w, "ObjectWriter"), ("rule.objectOwnership",)),
        (lambda w, _: w.s3.delete_bucket_ownership_controls(Bucket=NAME), None),
    )),
    Case("aws:s3/bucketPolicy:BucketPolicy", policy, (
        (open_policy, ("policy.Statement",)),
        (lambda w, _: w.s3.delete_bucket_policy(Bucket=NAME), None),
    )),
    Case("aws:s3/bucketVersioning:BucketVersioning", versioning, (
        (lambda w, _: w.s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Suspended"}),
         ("versioningConfiguration.status",)),
    )),
    Case("aws:s3/bucketLogging:BucketLogging", logging, (
        (lambda w, _: put_logging(w, "elsewhere/"), ("targetPrefix",)),
        (lambda w, _: w.s3.put_bucket_logging(Bucket=NAME, BucketLoggingStatus={}), None),
    )),
    Case("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", lifecycle, (
        (lambda w, _: put_lifecycle(w, Status="Disabled"), ("rules[0].status",)),
        (lambda w, _: put_lifecycle(w, Expiration={"Days": 3}), ("rules[0].expiration",)),
        (lambda w, _: w.s3.delete_bucket_lifecycle(Bucket=NAME), None),
    )),
    Case("aws:dynamodb/table:Table", table, (
        (lambda w, _: put_backups(w, False), ("pointInTimeRecovery.enabled",)),
        (lambda w, _: w.dynamodb.update_table(TableName=NAME, DeletionProtectionEnabled=False),
         ("deletionProtectionEnabled",)),
        (lambda w, one: w.dynamodb.untag_resource(ResourceArn=one.outputs["arn"], TagKeys=["tenant"]),
         ("tags.tenant",)),
        (remove_table, None),
    )),
    Case("aws:kms/key:Key", key, (
        (lambda w, one: w.kms.disable_key_rotation(KeyId=one.id), ("enableKeyRotation",)),
        (lambda w, one: w.kms.disable_key(KeyId=one.id), ("isEnabled",)),
        (open_key, ("policy.Statement",)),
        (lambda w, one: w.kms.schedule_key_deletion(KeyId=one.id, PendingWindowInDays=7), None),
    )),
    Case("aws:kms/alias:Alias", alias, (
        (lambda w, _: w.kms.update_alias(AliasName="alias/shop", TargetKeyId=w.key().rpartition("/")[2]),
         ("targetKeyId",)),
        (lambda w, _: w.kms.delete_alias(AliasName="alias/shop"), None),
    )),
    Case("aws:secretsmanager/secret:Secret", secret, (
        (lambda w, one: w.secretsmanager.update_secret(SecretId=one.id, KmsKeyId="alias/aws/secretsmanager"),
         ("kmsKeyId",)),
        (lambda w, one: w.secretsmanager.delete_secret(SecretId=one.id, RecoveryWindowInDays=7), None),
    )),
    Case("aws:secretsmanager/secretRotation:SecretRotation", rotation, (
        (lambda w, one: rotate(w, one.id, one.properties["rotationLambdaArn"], 365),
         ("rotationRules.automaticallyAfterDays",)),
        (lambda w, one: w.secretsmanager.cancel_rotate_secret(SecretId=one.id), None),
    )),
    Case("aws:lambda/permission:Permission", permission, (
        (permit_another, ("sourceArn",)),
        (lambda w, _: w.awslambda.remove_permission(FunctionName="rotate", StatementId="secrets"), None),
    )),
)  # fmt: skip
