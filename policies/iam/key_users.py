"""Who may decrypt with the keys of cardholder data."""

from fnmatch import fnmatchcase
from textwrap import dedent

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.declared_access import declares_anything
from lychgate.views.iam_principals import Identity
from lychgate.views.key_users import DECRYPTS, KeyUser, declares, holders, holds_card_data
from lychgate.views.kms import Key

from .declared_access import SERVICE
from .examples import plain

SHOWN = 3  # in the message; the witness has all
UNSAID = "nobody says who may: declare what components use, or name the principals in the ruleset"


class Decrypting(BaseModel):
    """Who may decrypt beside those that declare a use of what a key encrypts."""

    model_config = ConfigDict(extra="forbid")

    principals: tuple[str, ...] = Field(
        (), description="ARNs, accounts or names of roles and users, with * and ?, such as arn:aws:iam::*:role/recovery"
    )


def keyed(program: str) -> str:
    """An example with the component `Service`, a key of cardholder data and a queue that it encrypts."""
    return plain(SERVICE + KEYED + dedent(program).strip("\n") + "\n")


KEYED = """

account = aws.get_caller_identity().account_id
region = aws.get_region().region


def card_key(*statements, name="cards"):
    policy = document(*({"Effect": "Allow", "Resource": "*", **one} for one in statements)) if statements else None
    return aws.kms.Key(name, tags={"data-classification": "cardholder"}, policy=policy)


def queue(key):
    return aws.sqs.Queue("orders", name="orders", kms_master_key_id=key.arn)


def via(service):
    return {"StringEquals": {"kms:ViaService": f"{service}.{region}.amazonaws.com"}}


root = {"Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*"}
uses = [{"target": "orders", "mode": "receive"}]
"""


@rule(
    id="kms-card-key-decrypted-by-others",
    title="Somebody may decrypt with a key of cardholder data who is not named for it",
    layer="iam",
    severity="high",
    judges=Key,
    rationale="""Whoever may decrypt with the key reads the card data, wherever a copy of it lies. PCI DSS wants clear
    keys within reach of the fewest (3.6.1.3), and access by need (7.2.2): those that declare a use of what the key
    encrypts, and those whom the ruleset names. The key's policy, IAM where that leaves it to the account, and grants
    are looked at together.""",
    remediation="""Take the right from whoever is listed, declare the use of the store (`access` of its component,
    `uses` in an application), or name it in the parameter `principals`. In the key's policy name roles in place of
    `Principal: "*"` with `kms:CallerAccount`.""",
    parameters=Decrypting,
    compliant=[
        # Left to the account, whose roles declare the use; an administrator who cannot decrypt
        keyed(
            """
            admin = {
                "Principal": {"AWS": f"arn:aws:iam::{account}:role/deployer"},
                "Action": ["kms:Put*", "kms:Describe*", "kms:ScheduleKeyDeletion"],
            }
            key = card_key(admin, root)
            orders = queue(key)
            api = Service("api", uses)
            api.allow(allow("sqs:ReceiveMessage", orders.arn), allow("kms:Decrypt", key.arn, Condition=via("sqs")))
            other = Service("other", [])
            other.allow(allow("kms:Decrypt", "*", Condition=via("s3")), {**allow("kms:*", "*"), "Effect": "Deny"})
            """
        ),
        # Named in the key's policy and by a grant; a service of AWS
        keyed(
            """
            api = Service("api", [{"target": "cards", "mode": "use"}])
            logs = {
                "Principal": {"Service": f"logs.{region}.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            }
            key = card_key({"Principal": {"AWS": api.role.arn}, "Action": "kms:Decrypt"}, logs)
            aws.kms.Grant("api", key_id=key.key_id, grantee_principal=api.role.arn, operations=["Decrypt"])
            """
        ),
        # The key leaves its use by way of one service, the role's own policy by way of another; grants for AWS alone
        keyed(
            """
            key = card_key({**root, "Condition": via("dynamodb")})
            Service("declaring", [])
            worker = Service("worker", None)
            worker.allow(
                allow("kms:Decrypt", key.arn, Condition=via("s3")),
                allow("kms:CreateGrant", key.arn, Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}}),
            )
            """
        ),
    ],
    violating=[
        # A role beside those that declare the use
        keyed(
            """
            key = card_key()
            queue(key)
            Service("api", uses)
            worker = Service("worker", None)
            worker.allow(allow("kms:Decrypt", key.arn))
            """
        ),
        # It declares the use of something else; the key is unlabelled, what it encrypts is not
        keyed(
            """
            key = aws.kms.Key("data")
            aws.sqs.Queue("cards", kms_master_key_id=key.arn, tags={"data-classification": "cardholder"})
            worker = Service("worker", [{"target": "receipts", "mode": "read"}])
            worker.allow(allow("kms:Re*", "*"))
            """
        ),
        # The style of AWS's own keys: everyone of the account, by way of a service
        keyed(
            """
            tied = {"StringEquals": {"kms:ViaService": f"sqs.{region}.amazonaws.com", "kms:CallerAccount": account}}
            card_key({"Principal": {"AWS": "*"}, "Action": ["kms:Decrypt", "kms:GenerateD*"], "Condition": tied})
            """
        ),
        # Another account, as a whole
        keyed(
            """
            card_key(root, {"Principal": {"AWS": "444455556666"}, "Action": "kms:Decrypt"})
            """
        ),
        # By a grant, and by the right to make one
        keyed(
            """
            key = card_key()
            Service("api", [])
            worker = Service("worker", None)
            aws.kms.Grant("worker", key_id=key.arn, grantee_principal=worker.role.arn, operations=["Decrypt"])
            """
        ),
        keyed(
            """
            key = card_key()
            Service("api", [])
            worker = Service("worker", None)
            worker.allow(allow("kms:CreateGrant", key.arn))
            """
        ),
        # By a condition in place of a principal, and for a role of another program
        keyed(
            """
            Service("api", [])
            worker = Service("worker", None)
            tied = {"ArnLike": {"aws:PrincipalArn": worker.role.arn}}
            card_key(root, {"Principal": "*", "Action": "kms:Decrypt", "Condition": tied})
            """
        ),
        keyed(
            """
            Service("api", [])
            card_key()
            aws.iam.RolePolicy("existing", role="existing", policy=document(allow("kms:*", "*")))
            """
        ),
        # In a policy of its own, with NotAction, for a user by a group
        keyed(
            """
            Service("api", [])
            key = aws.kms.Key("cards", tags={"data-classification": "cardholder"})
            rest = {**root, "NotAction": "kms:Put*", "Effect": "Allow", "Resource": "*"}
            aws.kms.KeyPolicy("cards", key_id=key.id, policy=document({k: v for k, v in rest.items() if k != "Action"}))
            user, group = aws.iam.User("report"), aws.iam.Group("readers")
            aws.iam.UserGroupMembership("report", user=user.name, groups=[group.name])
            aws.iam.GroupPolicy("keys", group=group.name, policy=document(allow("kms:Decrypt", "arn:aws:kms:*")))
            """
        ),
    ],
)
def kms_card_key_decrypted_by_others(key: Key, case: Case) -> Answer:
    """Everyone who may, without those that declare it and those that are named."""
    if not holds_card_data(key):
        return not_applicable("neither the key nor what it encrypts is labelled as cardholder data")
    named: tuple[str, ...] = case.parameters.principals
    said = bool(named) or declares_anything(key.graph, key.resource.stack)

    def allowed(identity: Identity | None, arn: str) -> bool:
        name = arn.rpartition("/")[2]
        if any(fnmatchcase(text, pattern) for pattern in named for text in (arn, name)):
            return True
        return identity is not None and (not said or declares(identity, key))

    users, unread = holders(key, DECRYPTS, allowed)
    others = users if said else [one for one in users if one.arn == "*" or one.arn.isdigit()]
    if others:
        return _told(others)
    if unread:
        raise unread[0].why
    return PASS if said else not_applicable(UNSAID)


def _told(others: list[KeyUser]) -> Answer:
    one_each = {(one.words, one.statement, one.policy): one for one in reversed(others)}
    sentences = [one.sentence for one in reversed(one_each.values())]
    more = f"; and {len(sentences) - SHOWN} more" if len(sentences) > SHOWN else ""
    return fail(
        f"The key protects cardholder data, and somebody may decrypt with it who is not named for that: "
        f"{'; '.join(sentences[:SHOWN])}{more}.",
        {
            "users": [
                {"principal": one.arn, "action": one.action, "statement": one.statement, "policy": one.policy}
                for one in others
            ]
        },
    )
