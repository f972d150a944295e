"""Who administers a KMS key and who uses it."""

from itertools import product

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.model.values import UnknownRead
from lychgate.views.key_users import KeyUser, Open, holders, named_by
from lychgate.views.kms import KEYS, Key
from lychgate.views.resource_policies import KeyPolicy

from .examples import plain
from .grants import NOTHING

ADMINISTERS = ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CreateGrant")
USES = ("kms:Decrypt", "kms:GenerateDataKey", "kms:Sign")


@rule(
    id="kms-key-without-separated-duties",
    title="The same principal may administer a key and use it",
    layer="iam",
    severity="high",
    judges=KeyPolicy,
    rationale="""Whoever may change a key's policy or delete the key should not be able to decrypt with it: otherwise
    one taken-over identity reads the data and hides it. PCI DSS wants keys guarded by few custodians (3.6.1, 3.6.1.3).
    The key's policy, grants, and IAM where the policy leaves it to the account, are looked at together.""",
    remediation="""Use two statements: administration (`kms:PutKeyPolicy`, `kms:ScheduleKeyDeletion`, ...) for the
    deployment's role, use (`kms:Decrypt`, `kms:GenerateDataKey*`) for the workload's role. Only the account's root
    may have `kms:*`.""",
    compliant=[
        plain(
            """
            aws.kms.Key("default")
            admin = aws.iam.Role("key-admin", assume_role_policy=trusts("ec2.amazonaws.com"))
            worker = aws.iam.Role("worker", assume_role_policy=trusts("ec2.amazonaws.com"))
            account = aws.get_caller_identity().account_id
            aws.kms.Key(
                "cards",
                policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                        "Action": "kms:*",
                        "Resource": "*",
                    },
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": admin.arn},
                        "Action": ["kms:Put*", "kms:Schedule*", "kms:Describe*", "kms:Enable*"],
                        "Resource": "*",
                    },
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": worker.arn},
                        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                        "Resource": "*",
                    },
                ),
            )
            """
        ),
        # A Deny that takes the use away from the administrator
        plain(
            """
            admin = aws.iam.Role("key-admin", assume_role_policy=trusts("ec2.amazonaws.com"))
            key = aws.kms.Key("cards")
            aws.kms.KeyPolicy(
                "cards",
                key_id=key.id,
                policy=document(
                    {"Effect": "Allow", "Principal": {"AWS": admin.arn}, "Action": "kms:*", "Resource": "*"},
                    {
                        "Effect": "Deny",
                        "Principal": {"AWS": admin.arn},
                        "Action": ["kms:Decrypt", "kms:GenerateDataKey*", "kms:Sign", "kms:ReEncrypt*"],
                        "Resource": "*",
                    },
                ),
            )
            """
        ),
        # Left to the account: one role administers, another one uses, and grants are made for services of AWS alone.
        plain(
            """
            key = aws.kms.Key("cards")
            for_aws = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
            for name, statements in {
                "admin": [{"Action": ["kms:Put*", "kms:ScheduleKeyDeletion"]}],
                "worker": [
                    {"Action": ["kms:Decrypt", "kms:GenerateDataKey*"]},
                    {"Action": "kms:CreateGrant", "Condition": for_aws},
                ],
            }.items():
                role = aws.iam.Role(name, assume_role_policy=trusts("ec2.amazonaws.com"))
                allows = [{"Effect": "Allow", "Resource": key.arn, **one} for one in statements]
                aws.iam.RolePolicy(name, role=role.id, policy=document(*allows))
            """
        ),
    ],
    violating=[
        # Left to the account, and a role of it may both
        plain(
            """
            aws.kms.Key("cards")
            role = aws.iam.Role("operator", assume_role_policy=trusts("ec2.amazonaws.com"))
            allow = {"Effect": "Allow", "NotAction": "kms:CreateGrant", "Resource": "arn:aws:kms:*:*:key/*"}
            aws.iam.RolePolicy("operator", role=role.id, policy=document(allow))
            """
        ),
        # The use is given to everyone, by a condition that names the administrator
        plain(
            """
            admin = aws.iam.Role("key-admin", assume_role_policy=trusts("ec2.amazonaws.com"))
            tied = {"ArnEquals": {"aws:PrincipalArn": admin.arn}}
            allow = {"Effect": "Allow", "Resource": "*"}
            aws.kms.Key(
                "cards",
                policy=document(
                    {**allow, "Principal": {"AWS": admin.arn}, "Action": "kms:PutKeyPolicy"},
                    {**allow, "Principal": "*", "Action": "kms:Decrypt", "Condition": tied},
                ),
            )
            """
        ),
        # The policy names it as administrator, a grant gives it the use
        plain(
            """
            admin = aws.iam.Role("key-admin", assume_role_policy=trusts("ec2.amazonaws.com"))
            allow = {"Effect": "Allow", "Resource": "*", "Principal": {"AWS": admin.arn}}
            key = aws.kms.Key("cards", policy=document({**allow, "Action": "kms:Put*"}))
            aws.kms.Grant("admin", key_id=key.key_id, grantee_principal=admin.arn, operations=["Decrypt"])
            """
        ),
        plain(
            """
            worker = aws.iam.Role("worker", assume_role_policy=trusts("ec2.amazonaws.com"))
            aws.kms.Key(
                "cards",
                policy=document(
                    {"Effect": "Allow", "Principal": {"AWS": worker.arn}, "Action": "kms:*", "Resource": "*"}
                ),
            )
            """
        ),
        # Split over statements, by NotAction, in a policy of its own
        plain(
            """
            worker = aws.iam.Role("worker", assume_role_policy=trusts("ec2.amazonaws.com"))
            key = aws.kms.Key("cards")
            aws.kms.KeyPolicy(
                "cards",
                key_id=key.arn,
                policy=aws.iam.get_policy_document_output(
                    statements=[
                        {
                            "actions": ["kms:Decr?pt"],
                            "resources": ["*"],
                            "principals": [{"type": "AWS", "identifiers": [worker.arn]}],
                        },
                        aws.iam.GetPolicyDocumentStatementArgs(
                            not_actions=["kms:Decrypt", "kms:GenerateDataKey"],
                            resources=["*"],
                            principals=[{"type": "AWS", "identifiers": [worker.arn]}],
                        ),
                    ]
                ).json,
            )
            """
        ),
        # A Deny of something else
        plain(
            """
            account = aws.get_caller_identity().account_id
            aws.kms.ReplicaKey(
                "cards",
                primary_key_arn=f"arn:aws:kms:eu-west-1:{account}:key/mrk-1234abcd12ab34cd56ef1234567890ab",
                policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {
                            "AWS": [f"arn:aws:iam::{account}:role/worker", f"arn:aws:iam::{account}:root"]
                        },
                        "Action": "kms:*",
                        "Resource": "*",
                    },
                    {
                        "Effect": "Deny",
                        "Principal": {"AWS": f"arn:aws:iam::{account}:role/worker"},
                        "Action": "kms:Decrypt",
                        "Resource": "*",
                        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}},
                    },
                ),
            )
            """
        ),
    ],
)
def kms_key_without_separated_duties(policy: KeyPolicy, case: Case) -> Answer:
    """One that both may, by the policy, by grants, or by IAM where the policy leaves it to the account."""
    if policy.policy is None:
        return not_applicable(NOTHING)
    administers, unread = _holders(policy, ADMINISTERS)
    uses, more = _holders(policy, USES) if administers or unread else ([], [])
    for first in administers:
        second = next((one for one in uses if one.arn == first.arn or "*" in (one.arn, first.arn)), None)
        if second is not None:
            return fail(
                f"One identity can read the data and lock everyone else out: {first.sentence}, and {second.sentence}.",
                {"principal": first.arn, "administers": first.action, "uses": second.action},
            )
    admins: list[KeyUser | Open] = [*administers, *unread]
    users: list[KeyUser | Open] = [*uses, *more]
    for one, other in product(admins, users):
        why = _open(one) or _open(other)
        if why is not None and (one.arn == other.arn or not {"*", ""}.isdisjoint((one.arn, other.arn))):
            raise why
    return PASS


def _holders(policy: KeyPolicy, actions: tuple[str, ...]) -> tuple[list[KeyUser], list[Open]]:
    """Who may do one of the actions with the key; where it is of another program, whom the policy names."""
    key = policy.target
    if key is None or key.external or key.type not in KEYS:
        return list(named_by(policy, actions)), []
    return holders(Key.of(policy.graph, key), actions, lambda identity, arn: False)


def _open(one: KeyUser | Open) -> UnknownRead | None:
    return one.why if isinstance(one, Open) else None
