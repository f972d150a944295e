"""What the examples of rules cannot show of the IAM views: previews with unknowns, broken policies, exclusive lists."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lychgate.model.graph import Graph, Resource, StackInfo
from lychgate.model.values import Secret, Symbol, Unknown, UnknownRead, reading
from lychgate.reasoning.iam import grants
from lychgate.views.attachments import GROUP, POLICY, POLICY_ATTACHMENT, ROLE, USER
from lychgate.views.iam_principals import Elsewhere, Identity, Role, User
from lychgate.views.powers import anywhere
from lychgate.views.resource_policies import KeyPolicy, ResourcePolicy, TrustPolicy, policies_on

ACCOUNT = "111122223333"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:production::example::{type_}::{name}"


def make(type_: str, name: str, depends: dict[str, tuple[str, ...]] | None = None, **properties: Any) -> Resource:
    """A resource with what AWS would call it, as a capture knows it."""
    outputs: dict[str, Any] = {"name": name}
    identity = name
    if type_ in (ROLE, USER, GROUP, POLICY):
        outputs["arn"] = f"arn:aws:iam::{ACCOUNT}:{type_.rpartition(':')[2].lower()}/{name}"
        identity = outputs["arn"] if type_ == POLICY else name
    return Resource(
        urn(type_, name),
        type_,
        name,
        properties,
        stack="example/production",
        id=identity,
        outputs=outputs,
        property_dependencies=depends or {},
    )


def graph(*resources: Resource) -> Graph:
    return Graph(
        resources, [StackInfo("example/production", "example", "production", account=ACCOUNT, region="eu-west-1")]
    )


def role_of(found: Graph, name: str = "worker") -> Role:
    return next(role for role in Role.all(found) if role.name == name)


def test_every_form_of_policy_belongs_to_the_role() -> None:
    found = graph(
        make(
            ROLE,
            "worker",
            inlinePolicies=[{"name": "own", "policy": document(allow("a:Inline"))}],
            managedPolicyArns=[f"arn:aws:iam::{ACCOUNT}:policy/listed"],
        ),
        make(ROLE_POLICY, "separate", role="worker", policy=document(allow("a:Separate"))),
        make(POLICY, "listed", policy=document(allow("a:Listed"))),
        make(POLICY, "attached", policy=document(allow("a:Attached"))),
        make(ATTACHMENT, "attached", role="worker", policyArn=f"arn:aws:iam::{ACCOUNT}:policy/attached"),
        make(POLICY, "shared", policy=document(allow("a:Shared"))),
        make(POLICY_ATTACHMENT, "shared", roles=["other", "worker"], policyArn=f"arn:aws:iam::{ACCOUNT}:policy/shared"),
        make(
            "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
            "exclusive",
            roleName="worker",
            policyArns=[ADMIN],
        ),
    )
    policies = role_of(found).policies
    for action in ("Inline", "Separate", "Listed", "Attached", "Shared", "Anything"):
        assert grants(policies, f"a:{action}"), action
    assert [identity.name for identity in Identity.all(found)] == ["worker"]


def test_labels_say_where_a_policy_stands() -> None:
    found = graph(
        make(ROLE, "worker", inlinePolicies=[{"name": "own", "policy": document(allow("a:B"))}]),
        make(ROLE_POLICY, "separate", role="worker", policy=document(allow("a:B"))),
        make(ATTACHMENT, "admin", role="worker", policyArn=ADMIN),
    )
    assert [policy.label for policy in role_of(found).policies] == [
        "inline policy own of worker",
        "RolePolicy separate",
        "AWS managed policy AdministratorAccess",
    ]


def test_a_policy_with_an_unknown_inside_names_it() -> None:
    found = graph(
        make(ROLE, "worker"),
        make(ROLE_POLICY, "text", role="worker", policy=Unknown("known only after the deployment")),
        make(ROLE_POLICY, "part", role="worker", policy={"Statement": [allow("a:B", Unknown())]}),
    )
    with pytest.raises(UnknownRead) as raised:
        _ = role_of(found).policies
    assert raised.value.urn == urn(ROLE_POLICY, "text")
    assert [(one.urn.rpartition("::")[2], one.path) for one in role_of(found).unread] == [
        ("text", "policy"),
        ("part", "policy.Statement[0].Resource"),
    ]


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ("{not json", "is no policy that AWS accepts (1:2"),
        ('{"Statement": [{"Effect": "Allow", "Acton": "*", "Resource": "*"}]}', "did you mean 'Action'?"),
        ('{"Statement": [], "Statement": []}', "is given twice"),
        ("[" * 100_000, "nested more than"),
        (["*"], "is no policy document"),
        (Symbol.of("x-1.policy", urn(ROLE, "x"), "policy"), "is decided when x is deployed"),
    ],
)
def test_what_is_no_policy_is_unknown_with_the_reason(policy: Any, says: str) -> None:
    found = graph(make(ROLE, "worker"), make(ROLE_POLICY, "broken", role="worker", policy=policy))
    with pytest.raises(UnknownRead) as raised:
        _ = role_of(found).policies
    assert says in raised.value.why
    assert raised.value.path == "policy"


def test_a_grant_is_found_although_another_policy_is_unknown() -> None:
    found = graph(
        make(ROLE, "worker"),
        make(ROLE_POLICY, "unknown", role="worker", policy=Unknown()),
        make(ROLE_POLICY, "known", role="worker", policy=document(allow("s3:*"))),
    )
    assert role_of(found).granted("s3:GetObject")
    with pytest.raises(UnknownRead):
        role_of(found).granted("kms:Decrypt")


def test_an_aws_policy_of_unknown_content_is_unknown_by_its_name() -> None:
    arn = "arn:aws:iam::aws:policy/service-role/SomethingNew"
    found = graph(make(ROLE, "worker"), make(ATTACHMENT, "new", role="worker", policyArn=arn))
    with pytest.raises(UnknownRead, match="SomethingNew"):
        role_of(found).granted("kms:Decrypt")
    assert role_of(found).aws_managed == ["SomethingNew"]


def test_in_a_preview_dependencies_place_what_is_unknown() -> None:
    found = graph(
        make(
            ROLE,
            "worker",
            managedPolicyArns=[Unknown(), ADMIN],
            depends={"managedPolicyArns": (urn(POLICY, "listed"),)},
        ),
        make(POLICY, "listed", policy=document(allow("a:Listed"))),
        make(POLICY, "attached", policy=document(allow("a:Attached"))),
        make(
            ATTACHMENT,
            "attached",
            role=Unknown(),
            policyArn=Unknown(),
            depends={"role": (urn(ROLE, "worker"),), "policyArn": (urn(POLICY, "attached"),)},
        ),
    )
    assert len(role_of(found).policies) == 3
    assert not Elsewhere.all(found)


def test_a_list_with_more_unknowns_than_dependencies_stays_unknown() -> None:
    found = graph(
        make(
            ROLE, "worker", managedPolicyArns=[Unknown(), Unknown()], depends={"managedPolicyArns": (urn(POLICY, "p"),)}
        ),
        make(POLICY, "p", policy=document(allow("a:B"))),
    )
    assert role_of(found).granted("a:B")
    with pytest.raises(UnknownRead):
        role_of(found).granted("a:C")


def test_a_policy_for_nobody_knows_whom_could_be_anyones() -> None:
    found = graph(
        make(ROLE, "worker"),
        make(ROLE_POLICY, "lost", role=Unknown(), policy=document(allow("s3:*"))),
    )
    assert role_of(found).granted("kms:Decrypt") == []
    with pytest.raises(UnknownRead, match=r"lost\.role"):
        role_of(found).granted("s3:GetObject")
    assert [identity.name for identity in Identity.all(found)] == ["worker", "lost"]


def test_a_boundary_that_cannot_be_read_leaves_open_only_what_it_could_take_away() -> None:
    found = graph(
        make(ROLE, "worker", permissionsBoundary="arn:aws:iam::999999999999:policy/elsewhere"),
        make(ROLE_POLICY, "p", role="worker", policy=document(allow("s3:*"))),
    )
    assert role_of(found).granted("kms:Decrypt") == []
    with pytest.raises(UnknownRead, match="elsewhere"):
        role_of(found).granted("s3:GetObject")


@pytest.mark.parametrize(
    ("boundary", "granted"),
    [
        ([allow("s3:Get*"), allow("kms:*")], True),
        ([allow("s3:Get*", "arn:aws:s3:::other/*")], False),
        ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], False),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::acme/*"}], False),
        ([allow("*"), {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}], False),
    ],
)
def test_a_boundary_cuts_what_policies_grant(boundary: list[dict[str, Any]], granted: bool) -> None:
    found = graph(
        make(ROLE, "worker", permissionsBoundary=f"arn:aws:iam::{ACCOUNT}:policy/boundary"),
        make(POLICY, "boundary", policy=document(*boundary)),
        make(ROLE_POLICY, "all", role="worker", policy=document(allow("*"))),
    )
    assert bool(role_of(found).granted("s3:GetObject", "arn:aws:s3:::acme/1")) is granted
    assert [identity.name for identity in Identity.all(found)] == ["worker"]


def test_conditions_of_a_boundary_stay_with_the_grant() -> None:
    condition = {"StringEquals": {"aws:ResourceTag/tenant": "a"}}
    found = graph(
        make(ROLE, "worker", permissionsBoundary=f"arn:aws:iam::{ACCOUNT}:policy/boundary"),
        make(POLICY, "boundary", policy=document(allow("s3:*", Condition=condition))),
        make(ROLE_POLICY, "all", role="worker", policy=document(allow("*"))),
    )
    (grant,) = role_of(found).granted("s3:GetObject")
    assert not grant.unconditional and grant.pinned("aws:ResourceTag/tenant", "a")
    assert anywhere(role_of(found), "s3:GetObject") == []


def test_a_deny_that_an_exclusive_list_takes_away_protects_nothing() -> None:
    deny = document({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
    found = graph(
        make(ROLE, "worker"),
        make(ROLE_POLICY, "all", role="worker", policy=document(allow("s3:*"))),
        make(ROLE_POLICY, "deny", role="worker", policy=deny),
        make("aws:iam/rolePoliciesExclusive:RolePoliciesExclusive", "only", roleName="worker", policyNames=["all"]),
    )
    assert role_of(found).granted("s3:GetObject")


def test_a_user_has_the_policies_of_its_groups() -> None:
    found = graph(
        make(USER, "ana"),
        make(GROUP, "support"),
        make("aws:iam/groupPolicy:GroupPolicy", "support", group="support", policy=document(allow("support:*"))),
        make("aws:iam/userGroupMembership:UserGroupMembership", "ana", user="ana", groups=["support", "elsewhere"]),
    )
    (user,) = User.all(found)
    assert user.granted("support:CreateCase") and not user.direct
    with pytest.raises(UnknownRead, match="elsewhere"):
        user.granted("s3:GetObject")


def test_reading_a_secret_policy_is_noticed_each_time() -> None:
    found = graph(
        make(ROLE, "worker"),
        make(ROLE_POLICY, "secret", role="worker", policy=Secret(document(allow("s3:*")))),
    )
    for _ in range(2):
        reading.begin()
        assert role_of(found).policies
        assert reading.secrets == {"policy"}
    reading.begin()


def bucket_policy(name: str, bucket: Any, *statements: dict[str, Any]) -> Resource:
    return make("aws:s3/bucketPolicy:BucketPolicy", name, bucket=bucket, policy=document(*statements))


def test_policies_on_a_resource_are_found_wherever_they_stand() -> None:
    everyone = allow("s3:GetObject", Principal="*")
    found = graph(
        make("aws:s3/bucket:Bucket", "acme", policy=document(everyone)),
        bucket_policy("acme", "acme", everyone),
        bucket_policy("other", "someone-elses", everyone),
    )
    bucket = found.by_urn[urn("aws:s3/bucket:Bucket", "acme")]
    assert [policy.what for policy in policies_on(found, bucket)] == ["policy of the Bucket", "BucketPolicy"]
    assert len(ResourcePolicy.all(found)) == 3


def test_a_policy_for_an_unknown_bucket_could_be_any_buckets() -> None:
    found = graph(
        make("aws:s3/bucket:Bucket", "acme"),
        make("aws:sqs/queue:Queue", "orders"),
        bucket_policy("lost", Unknown(), allow("s3:*", Principal="*")),
    )
    with pytest.raises(UnknownRead, match=r"lost\.bucket"):
        policies_on(found, found.by_urn[urn("aws:s3/bucket:Bucket", "acme")])
    assert policies_on(found, found.by_urn[urn("aws:sqs/queue:Queue", "orders")]) == []


def test_a_key_without_a_policy_has_the_default_one_unless_another_resource_gives_it_one() -> None:
    key, other = "aws:kms/key:Key", "aws:kms/keyPolicy:KeyPolicy"
    found = graph(
        make(key, "plain"),
        make(key, "elsewhere"),
        make(other, "elsewhere", keyId="elsewhere", policy=document(allow("kms:*", Principal={"AWS": ACCOUNT}))),
    )
    policies = {policy.name + policy.what: policy.policy for policy in KeyPolicy.all(found)}
    default = policies["plainpolicy of the Key"]
    assert default is not None
    assert default.statements[0].principals is not None
    assert default.statements[0].principals.entries == (("AWS", f"arn:aws:iam::{ACCOUNT}:root"),)
    assert policies["elsewherepolicy of the Key"] is None


def test_a_stranger_is_unknown_where_nobody_says_which_account_is_ours() -> None:
    role = make(
        ROLE,
        "worker",
        assumeRolePolicy=document(
            {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}
        ),
    )
    role.outputs.clear()
    found = Graph([role], [StackInfo("example/production", "example", "production")])
    (trust,) = TrustPolicy.all(found)
    with pytest.raises(UnknownRead, match="which account"):
        trust.strangers()


def test_accounts_of_stacks_that_are_judged_together_are_no_strangers() -> None:
    trust_ = document({"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"})
    stacks = [
        StackInfo("example/production", "example", "production", account=ACCOUNT),
        StackInfo("other/production", "other", "production", account="444455556666"),
    ]
    (trust,) = TrustPolicy.all(Graph([make(ROLE, "worker", assumeRolePolicy=trust_)], stacks))
    assert trust.strangers() == []


def test_the_same_name_in_two_stacks_is_two_roles() -> None:
    def stack(name: str, *resources: Resource) -> Graph:
        there = [replace(one, stack=name, urn=one.urn.replace("example", name)) for one in resources]
        return Graph(there, [StackInfo(name, name, "production", account=ACCOUNT)])

    first = stack("one", make(ROLE, "worker"), make(ROLE_POLICY, "p", role="worker", policy=document(allow("a:One"))))
    second = stack("two", make(ROLE, "worker"), make(ROLE_POLICY, "p", role="worker", policy=document(allow("a:Two"))))
    roles = {role.resource.stack: role for role in Role.all(Graph.together([first, second]))}
    assert roles["one"].granted("a:One") and not roles["one"].granted("a:Two")
    assert roles["two"].granted("a:Two") and not roles["two"].granted("a:One")


@pytest.mark.parametrize(
    ("resource", "anywhere_"),
    [
        ("*", True),
        ("arn:aws:s3:::*", True),
        ("arn:*:s3:::?*", True),
        ("arn:aws*:*:*:*:*", True),
        ("arn:aws:s3:::*/*", True),
        ("arn:aws:s3:::acme-*", False),
        ("arn:aws:s3:::*-logs/*", False),
        ("arn:aws:s3:::${aws:PrincipalTag/tenant}/*", False),
        ("arn:aws:s3:::${aws:Referer}/*", True),
        ("arn:aws:dynamodb:*:*:*", False),
    ],
)
def test_a_resource_that_nobody_named(resource: str, anywhere_: bool) -> None:
    found = graph(
        make(ROLE, "worker"), make(ROLE_POLICY, "p", role="worker", policy=document(allow("s3:Get*", resource)))
    )
    assert bool(anywhere(role_of(found), "s3:GetObject")) is anywhere_


def test_a_deny_for_one_stranger_leaves_the_other() -> None:
    found = graph(
        make("aws:s3/bucket:Bucket", "acme"),
        bucket_policy(
            "acme",
            "acme",
            allow("s3:GetObject", Principal={"AWS": ["444455556666", "777788889999"]}),
            {"Effect": "Deny", "Principal": {"AWS": "444455556666"}, "Action": "s3:*", "Resource": "*"},
        ),
    )
    (policy,) = ResourcePolicy.all(found)
    assert [stranger.account for stranger in policy.strangers()] == ["777788889999"]


def test_a_deny_for_everyone_leaves_who_is_not_everyone() -> None:
    found = graph(
        make("aws:s3/bucket:Bucket", "acme"),
        bucket_policy("acme", "acme", allow("s3:GetObject", Principal={"AWS": ["*", "777788889999"]})),
    )
    (policy,) = ResourcePolicy.all(found)
    assert len(policy.everyone) == 1 and len(policy.strangers()) == 1


def test_a_witness_of_a_resource_policy_is_of_its_own_region_and_account() -> None:
    """Where the policy holds there: `*` does, an ARN of another region does not."""
    everyone = {"Principal": "*"}
    queue = make("aws:sqs/queue:Queue", "orders", policy=document(allow("sqs:*", **everyone)))
    fixed = make(
        "aws:sqs/queue:Queue",
        "old",
        policy=document(allow("sqs:*", "arn:aws:sqs:us-east-1:111122223333:old", **everyone)),
    )
    found = Graph(
        [queue, fixed], [StackInfo("example/production", "example", "production", {}, "444455556666", "us-east-2")]
    )
    first, second = ResourcePolicy.all(found)
    assert all(one.resource.startswith("arn:aws:sqs:us-east-2:444455556666:") for one in first.everyone)
    assert [one.resource for one in second.everyone] == ["arn:aws:sqs:us-east-1:111122223333:old"]
    assert first.granted("sqs:SendMessage")[0].resource.startswith("arn:aws:sqs:us-east-2:444455556666:")
