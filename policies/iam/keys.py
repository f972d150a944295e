"""Who administers a KMS key and who uses it."""

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.reasoning.iam import Grant
from lychgate.views.resource_policies import KeyPolicy

from .examples import plain
from .grants import NOTHING

ADMINISTERS = ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CreateGrant")
USES = ("kms:Decrypt", "kms:GenerateDataKey", "kms:Sign")


@rule(
    id="kms-key-without-separated-duties",
    title="A key's policy lets the same principal administer the key and use it",
    layer="iam",
    severity="high",
    judges=KeyPolicy,
    rationale="""Whoever may change a key's policy or delete the key should not be able to decrypt with it:
    otherwise one taken-over identity reads the data and hides it. PCI DSS wants keys guarded by few custodians
    (3.6.1, 3.6.1.3).""",
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
    ],
    violating=[
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
    """One principal of the key policy in both lists; the account's root delegates to IAM and counts for neither."""
    if policy.policy is None:
        return not_applicable(NOTHING)
    if not _named(policy, ADMINISTERS) & _named(policy, USES):
        return PASS
    administers = _principals(policy, policy.granted(ADMINISTERS))
    uses = _principals(policy, policy.granted(USES))
    both = administers.keys() & uses.keys()
    if not both:
        return PASS
    who = min(both)
    first, second = administers[who], uses[who]
    return fail(
        f"The {policy.what} lets {who.partition(':')[2]} both administer the key ({first.action}, {first.name}) and "
        f"use it ({second.action}, {second.name}): one identity can read the data and lock everyone else out.",
        {"principals": sorted(both), "administers": first.action, "uses": second.action},
    )


def _named(policy: KeyPolicy, actions: tuple[str, ...]) -> set[tuple[str, str]]:
    """The principals of the statements that mean one of the actions."""
    found: set[tuple[str, str]] = set()
    for statement in policy.speaking_of(*actions):
        if statement.principals is not None:
            found |= {("everyone", "")} if statement.principals.excluded else set(statement.principals.entries)
    own = policy.own_accounts
    return found - {("AWS", text) for account in own for text in (account, f"arn:aws:iam::{account}:root")}


def _principals(policy: KeyPolicy, grants: list[Grant]) -> dict[str, Grant]:
    """The principals that a key policy names, each with a grant of its own, without the account's root."""
    own = policy.own_accounts
    roots = {f"AWS:{account}" for account in own} | {f"AWS:arn:aws:iam::{account}:root" for account in own}
    found: dict[str, Grant] = {}
    for grant in grants:
        for principal in grant.principals:
            if (
                principal not in roots
                and not principal.endswith(":root")
                and principal.startswith(("AWS:", "everyone"))
            ):
                found.setdefault(principal, grant)
    return found
