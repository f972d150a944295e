"""Ways by which principals become others, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from lychgate.reasoning.escalation import EVERY_WAY, Moves, Principal, Reach, Workload
from lychgate.reasoning.iam import catalogue, parse
from lychgate.reasoning.iam.rights import Prepared

from .helpers import ACCOUNT, ROOT, SERVICE, allow, arn, deny, document, group, role, trusting, user

ADMIN = allow("*")


def reach(start: Principal, *others: Principal, workloads: tuple[Workload, ...] = (), **policies: Prepared) -> Reach:
    known = {arn("policy", name): one for name, one in policies.items()}
    return Reach(Moves([start, *others], workloads, known), start)


def steps(found: Reach) -> list[str]:
    return [str(step.way) for step in found.administrator or ()]


def names(found: Reach) -> set[str]:
    return {principal.name for principal, _ in found.others}


def test_every_way_names_actions_that_exist_and_its_source() -> None:
    for way in EVERY_WAY:
        assert way.source.startswith("https://"), way
        assert all(catalogue.action(action) for action in way.actions), way
    assert len(EVERY_WAY) > 80


def test_an_administrator_is_one_by_itself() -> None:
    found = reach(role("admin", ADMIN))
    assert len(found.administrator or ()) == 1


def test_nobody_becomes_what_it_has_no_right_to() -> None:
    found = reach(role("app", allow("s3:*")), role("admin", ADMIN))
    assert found.administrator is None
    assert not names(found)
    assert not found.doubts


@pytest.mark.parametrize(
    ("trust", "own", "admitted"),
    [
        ({"AWS": ROOT}, [allow("sts:AssumeRole", arn("role", "admin"))], True),
        ({"AWS": ROOT}, [], False),
        ({"AWS": arn("role", "ci")}, [], True),  # by name, the trust policy is enough
        ({"AWS": arn("role", "ci")}, [deny("sts:AssumeRole")], False),
        ({"AWS": arn("role", "other")}, [allow("sts:*")], False),
        ({"AWS": "*"}, [], True),
        ({"AWS": ACCOUNT}, [allow("sts:*", arn("role", "adm??"))], True),
        ({"AWS": "444455556666"}, [allow("sts:*")], False),
        ({"Service": "ec2.amazonaws.com"}, [allow("sts:*")], False),
    ],
)
def test_assume_role_takes_both_sides_or_a_name(
    trust: dict[str, str], own: list[dict[str, str]], admitted: bool
) -> None:
    found = reach(role("ci", *own), role("admin", ADMIN, trust=trusting(trust)))
    assert (found.administrator is not None) is admitted


def test_another_accounts_role_takes_both_sides_even_by_name() -> None:
    ci = role("ci", account="444455556666")
    admin = role("admin", ADMIN, trust=trusting({"AWS": ci.arn}))
    assert reach(ci, admin).administrator is None
    ci = role("ci", allow("sts:AssumeRole", admin.arn), account="444455556666")
    assert steps(reach(ci, admin))[0] == "sts:AssumeRole"


def test_another_accounts_principals_cannot_be_written_to() -> None:
    ci = role("ci", allow("iam:*", arn("role", "admin")), account="444455556666")
    assert reach(ci, role("admin", ADMIN)).administrator is None


def test_a_boundary_limits_who_is_named_by_the_trust_policy() -> None:
    bounded = role("ci", boundary=document(allow("s3:*")))
    assert reach(bounded, role("admin", ADMIN, trust=trusting({"AWS": bounded.arn}))).administrator is None
    bounded = role("ci", boundary=document(allow(["s3:*", "sts:AssumeRole"])))
    assert reach(bounded, role("admin", ADMIN, trust=trusting({"AWS": bounded.arn}))).administrator is not None


def test_conditions_on_the_caller_are_held_against_the_caller() -> None:
    trust = trusting({"AWS": ROOT}, Condition={"ArnLike": {"aws:PrincipalArn": arn("role", "deploy-*")}})
    admin = role("admin", ADMIN, trust=trust)
    assert reach(role("ci", allow("sts:*")), admin).administrator is None
    assert reach(role("deploy-1", allow("sts:*")), admin).administrator is not None


def test_conditions_that_the_caller_meets_by_itself_do_not_protect() -> None:
    trust = trusting({"AWS": ROOT}, Condition={"StringEquals": {"sts:ExternalId": "x"}})
    assert reach(role("ci", allow("sts:*")), role("admin", ADMIN, trust=trust)).administrator is not None


@pytest.mark.parametrize("action", ["iam:PutRolePolicy", "iam:AttachRolePolicy"])
def test_who_may_write_into_a_role_needs_to_become_it(action: str) -> None:
    target = role("app", trust=trusting({"AWS": ROOT}))
    assert reach(role("ci", allow(action, target.arn)), target).administrator is None
    found = reach(role("ci", allow([action, "sts:AssumeRole"], target.arn)), target)
    assert set(steps(found)) == {action, "sts:AssumeRole"}


def test_who_may_write_into_itself_is_an_administrator() -> None:
    assert steps(reach(role("ci", allow("iam:PutRolePolicy", arn("role", "ci"))))) == ["iam:PutRolePolicy"]
    assert steps(reach(user("ann", allow("iam:AttachUserPolicy", arn("user", "ann"))))) == ["iam:AttachUserPolicy"]


def test_two_things_from_two_principals_come_together() -> None:
    """One role may write, the other may assume: together they are enough."""
    target = role("app", trust=trusting({"AWS": arn("role", "b")}))
    writer = role("a", allow("iam:PutRolePolicy", target.arn), trust=trusting({"AWS": arn("role", "ci")}))
    other = role("b", trust=trusting({"AWS": arn("role", "ci")}))
    found = reach(role("ci"), writer, other, target)
    assert [(step.source.name, str(step.way)) for step in found.administrator or ()] == [
        ("role ci", "sts:AssumeRole"),
        ("role b", "sts:AssumeRole"),
        ("role ci", "sts:AssumeRole"),
        ("role a", "iam:PutRolePolicy"),
    ]


def test_a_boundary_bounds_what_is_written() -> None:
    limit = document(allow(["s3:*", "lambda:UpdateFunctionCode"]))
    target = role("app", trust=trusting({"AWS": ROOT}), boundary=limit)
    ci = role("ci", allow(["iam:PutRolePolicy", "sts:AssumeRole"], target.arn))
    admin = role("admin", ADMIN)
    function = Workload("function api", "function", "arn:aws:lambda:eu-central-1:111122223333:function:api", "admin")
    assert reach(ci, target, admin).administrator is None
    found = reach(ci, target, admin, workloads=(function,))  # the boundary has the way on
    assert steps(found)[:3] == ["sts:AssumeRole", "iam:PutRolePolicy", "lambda:UpdateFunctionCode"]


@pytest.mark.parametrize(
    "way", [["iam:DeleteRolePermissionsBoundary"], ["iam:PutRolePermissionsBoundary"], ["iam:CreatePolicyVersion"]]
)
def test_a_boundary_that_may_be_taken_off_bounds_nothing(way: list[str]) -> None:
    target = role("app", trust=trusting({"AWS": ROOT}), boundary=document(allow("s3:*")))
    where = [target.arn, target.boundary]
    ci = role("ci", allow(["iam:PutRolePolicy", "sts:AssumeRole", *way], where))
    assert way[0] in steps(reach(ci, target))


def test_a_boundary_can_only_be_replaced_by_what_the_condition_says() -> None:
    target = role("app", trust=trusting({"AWS": ROOT}), boundary=document(allow("s3:*")))
    pinned = {"StringEquals": {"iam:PermissionsBoundary": target.boundary}}
    ci = role(
        "ci",
        allow(["iam:PutRolePolicy", "sts:AssumeRole"], target.arn),
        allow("iam:PutRolePermissionsBoundary", "*", Condition=pinned),
    )
    assert reach(ci, target).administrator is None


def test_unbound_is_what_its_own_policies_say() -> None:
    target = role("app", ADMIN, trust=trusting({"AWS": ROOT}), boundary=document(allow("s3:*")))
    ci = role("ci", allow(["iam:DeleteRolePermissionsBoundary", "sts:AssumeRole"], target.arn))
    assert "iam:DeleteRolePermissionsBoundary" in steps(reach(ci, target))
    assert reach(role("ci", allow("sts:AssumeRole", target.arn)), target).administrator is None


def test_writing_only_where_a_boundary_is_set_is_held_against_the_target() -> None:
    limit = document(allow("s3:*"))
    bounded, free = (
        role("bounded", trust=trusting({"AWS": ROOT}), boundary=limit),
        role("free", trust=trusting({"AWS": ROOT})),
    )
    only = {"StringEquals": {"iam:PermissionsBoundary": bounded.boundary}}
    ci = role("ci", allow("iam:PutRolePolicy", "*", Condition=only), allow("sts:AssumeRole"))
    assert reach(ci, bounded, free).administrator is None
    loose = {"StringEqualsIfExists": {"iam:PermissionsBoundary": bounded.boundary}}
    ci = role("ci", allow("iam:PutRolePolicy", "*", Condition=loose), allow("sts:AssumeRole"))
    assert reach(ci, bounded, free).administrator is not None


def test_tags_of_the_target_are_held_against_the_target() -> None:
    only = {"StringEquals": {"aws:ResourceTag/team": "web"}}
    ci = role("ci", allow("sts:AssumeRole", "*", Condition=only))
    theirs = role("admin", ADMIN, trust=trusting({"AWS": ROOT}), tags={"team": "platform"})
    assert reach(ci, theirs).administrator is None
    ours = role("admin", ADMIN, trust=trusting({"AWS": ROOT}), tags={"team": "web"})
    assert reach(ci, ours).administrator is not None
    nobody = role("admin", ADMIN, trust=trusting({"AWS": ROOT}), tags=None)
    assert reach(ci, nobody).administrator is not None


def test_a_policy_that_somebody_has_may_be_rewritten() -> None:
    target = role("app", trust=trusting({"AWS": arn("role", "ci")}), attached=frozenset({arn("policy", "app")}))
    found = reach(role("ci", allow("iam:CreatePolicyVersion", arn("policy", "app"))), target)
    assert set(steps(found)) == {"iam:CreatePolicyVersion", "sts:AssumeRole"}


def test_only_certain_policies_may_be_attached() -> None:
    only = {"ArnEquals": {"iam:PolicyARN": arn("policy", "deploy")}}
    target = role("app", trust=trusting({"AWS": ROOT}))
    ci = role("ci", allow("iam:AttachRolePolicy", "*", Condition=only), allow("sts:AssumeRole", target.arn))
    harmless = Prepared(parse(document(allow("s3:*")), "Policy deploy"))
    found = reach(ci, target, deploy=harmless)
    assert found.administrator is None
    assert "role app with Policy deploy" in names(found)
    harmful = Prepared(parse(document(allow("iam:*")), "Policy deploy"))
    assert reach(ci, target, deploy=harmful).administrator is not None


def test_users_are_taken_by_keys_and_passwords_and_groups_are_joined() -> None:
    admins = group("admins", ADMIN)
    ann = user("ann")
    for action in ("iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile"):
        found = reach(role("ci", allow(action, ann.arn), allow("iam:AddUserToGroup", admins.arn)), ann, admins)
        assert {action, "iam:AddUserToGroup"} <= set(steps(found)), action
    assert reach(role("ci", allow("iam:AddUserToGroup", admins.arn)), ann, admins).administrator is None
    joined = reach(user("bob", allow("iam:AddUserToGroup", admins.arn)), admins)
    assert steps(joined)[0] == "iam:AddUserToGroup"
    bounded = user("bob", allow("iam:AddUserToGroup", admins.arn), boundary=document(allow("iam:AddUserToGroup")))
    assert reach(bounded, admins).administrator is None


def test_a_group_is_written_to_for_its_members() -> None:
    devs = group("devs")
    ann = user("ann", allow("iam:PutGroupPolicy", devs.arn), groups=frozenset({devs.arn}))
    assert steps(reach(ann, devs)) == ["iam:PutGroupPolicy"]
    assert reach(user("bob", allow("iam:PutGroupPolicy", devs.arn)), devs).administrator is None


@pytest.mark.parametrize(
    ("own", "passes"),
    [
        ([allow("iam:PassRole", arn("role", "admin")), allow(["lambda:CreateFunction", "lambda:Invoke*"])], True),
        ([allow("iam:PassRole", arn("role", "admin")), allow("lambda:CreateFunction")], False),  # and nothing runs it
        ([allow("iam:PassRole", arn("role", "other")), allow("lambda:*")], False),
        ([allow("iam:PassRole"), allow("ecs:*")], False),  # the role trusts no tasks
        ([allow("iam:PassRole"), allow("ec2:RunInstances")], True),
        ([allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}),
          allow("lambda:*")], False),
        ([allow("iam:PassRole", Condition={"StringLike": {"iam:PassedToService": "l*"}}), allow("lambda:*")], True),
        ([allow("*:*"), deny("iam:*"), deny("sts:*"), deny("sso:*")], False),
    ],
)  # fmt: skip
def test_a_role_is_passed_to_a_service_that_it_trusts(own: list[dict[str, object]], passes: bool) -> None:
    found = reach(role("ci", *own), role("admin", ADMIN, trust=SERVICE))
    assert (found.administrator is not None) is passes


def test_an_instance_takes_a_profile() -> None:
    admin = role("admin", ADMIN, profiled=False)
    assert reach(role("ci", allow(["iam:PassRole", "ec2:RunInstances"])), admin).administrator is None
    ci = role("ci", allow(["iam:PassRole", "ec2:RunInstances", "iam:AddRoleToInstanceProfile"]))
    assert reach(ci, admin).administrator is not None


def test_send_command_takes_a_document_that_runs_commands() -> None:
    machine = Workload("instance db", "instance", "arn:aws:ec2:eu-central-1:111122223333:instance/i-1", "admin")
    own = "arn:aws:ssm:eu-central-1:111122223333:document/restart-agent"
    ci = role("ci", allow("ssm:SendCommand", [machine.arn, own]))
    assert reach(ci, role("admin", ADMIN), workloads=(machine,)).administrator is None
    shell = "arn:aws:ssm:*::document/AWS-RunShellScript"
    ci = role("ci", allow("ssm:SendCommand", [machine.arn, shell]))
    assert reach(ci, role("admin", ADMIN), workloads=(machine,)).administrator is not None


def test_a_workload_of_unknown_role_is_a_doubt_only_for_who_may_take_it() -> None:
    function = Workload("function api", "function", "arn:aws:lambda:eu-central-1:111122223333:function:api", None)
    assert reach(role("ci", allow("lambda:Update*")), workloads=(function,)).doubts
    assert not reach(role("ci", allow("lambda:Get*")), workloads=(function,)).doubts


def test_a_role_of_its_own_is_all_or_what_a_boundary_allows() -> None:
    both = ["iam:CreateRole", "iam:PutRolePolicy"]
    made = reach(role("ci", allow(both, arn("role", "app-*"))))  # its trust policy lets in whom it says
    assert [step.kind for step in made.administrator or ()] == ["become"]
    assert str((made.administrator or ())[0]).endswith(", and so get every right of the account")
    assert reach(role("ci", allow(both[0], arn("role", "app-*")), allow(both[1], "*"))).administrator is not None
    apart = [allow(both[0], arn("role", "app-*")), allow(both[1], arn("role", "job-*"))]
    assert reach(role("ci", *apart)).administrator is None
    there = role("app")
    assert reach(role("ci", allow(both, there.arn)), there).administrator is None  # the role is there already
    assert reach(role("ci", allow(both, "arn:aws:iam::*:role/app"))).administrator is not None
    assert reach(role("ci", allow(both))).administrator is not None
    pinned = {"StringEquals": {"iam:PermissionsBoundary": arn("policy", "limit")}}
    ci = role("ci", allow(both, "*", Condition=pinned))
    limit = Prepared(parse(document(allow("s3:*")), "Policy limit"))
    found = reach(ci, limit=limit)
    assert found.administrator is None
    assert names(found) == {"a new role with all that Policy limit allows"}
    wide = Prepared(parse(document(allow("*")), "Policy limit"))
    assert reach(ci, limit=wide).administrator is not None


def test_what_cannot_be_read_is_a_doubt() -> None:
    found = reach(role("ci", unread="its policy is not known"))
    assert found.administrator is None
    assert found.doubts == ["not all that role ci may do is known: its policy is not known"]
    found = reach(role("ci", allow("sts:AssumeRole")), role("admin", ADMIN, trust=None))
    assert found.doubts == ["the trust policy of role admin cannot be read"]


def test_a_boundary_that_cannot_be_read_makes_the_path_unsure() -> None:
    assert reach(role("ci", ADMIN, unsure="of another program")).unsure == "of another program"


def test_the_steps_read_as_sentences() -> None:
    target = role("app", trust=trusting({"AWS": ROOT}))
    found = reach(role("ci", allow(["iam:PutRolePolicy", "sts:AssumeRole"], target.arn)), target)
    assert [str(step) for step in found.administrator or ()] == [
        "role ci may sts:AssumeRole on arn:aws:iam::111122223333:role/app, through statement 1 of trust policy of role "
        "app and statement 1 of policy of ci, and so act as role app",
        "role ci may iam:PutRolePolicy on arn:aws:iam::111122223333:role/app, through statement 1 of policy of ci, and "
        "so give any right to role app",
    ]


def test_a_session_that_is_named_is_one_of_its_role() -> None:
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/deploy"
    admin = role("admin", ADMIN, trust=trusting({"AWS": session}))
    assert reach(role("ci"), admin).administrator is not None
    assert reach(role("ci", boundary=document(allow("s3:*"))), admin).administrator is not None  # AWS's rule
    assert reach(role("ci", deny("sts:*")), admin).administrator is None
    assert reach(role("ci2"), admin).administrator is None
    assert reach(user("ci"), admin).administrator is None


def test_tags_that_it_may_set_are_no_limit() -> None:
    only = {"StringEquals": {"aws:ResourceTag/team": "web"}}
    admin = role("admin", ADMIN, trust=trusting({"AWS": ROOT}), tags={"team": "platform"})
    ci = role("ci", allow("sts:AssumeRole", "*", Condition=only), allow("iam:TagRole", admin.arn))
    assert str((reach(ci, admin).administrator or ())[0]).startswith("role ci may iam:TagRole and sts:AssumeRole on")
    ci = role("ci", allow(["sts:AssumeRole", "iam:TagRole"], "*", Condition=only))
    assert reach(ci, admin).administrator is None
    function = Workload("function f", "function", "arn:aws:lambda:eu-west-1:111122223333:function:f", "admin", {})
    ci = role("ci", allow("lambda:UpdateFunctionCode", "*", Condition=only), allow("lambda:TagResource"))
    assert reach(ci, admin, workloads=(function,)).administrator is not None


SECRET = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:key-Ab12Cd"


@pytest.mark.parametrize(
    ("policy", "own", "taken"),
    [
        ([], [], False),
        ([allow("secretsmanager:GetSecretValue", Principal={"AWS": arn("role", "ci")})], [], True),
        ([allow("secretsmanager:GetSecretValue", Principal={"AWS": ROOT})], [], False),
        ([allow("secretsmanager:GetSecretValue", Principal={"AWS": "*"})], [], True),
        ([deny("secretsmanager:*", Principal="*")], [allow("secretsmanager:*")], False),
    ],
)
def test_the_policy_of_a_workload_counts(policy: list[Any], own: list[Any], taken: bool) -> None:
    policies = (Prepared(parse(document(*policy), "SecretPolicy")),) if policy else ()
    kept = Workload("secret key", "secret", SECRET, "ann", policies=policies)
    assert (reach(role("ci", *own), user("ann", ADMIN), workloads=(kept,)).administrator is not None) is taken


def test_what_is_kept_for_another_account_takes_both_sides() -> None:
    policy = document(allow("secretsmanager:GetSecretValue", Principal={"AWS": "444455556666"}))
    kept = Workload("secret key", "secret", SECRET, "ann", policies=(Prepared(parse(policy, "SecretPolicy")),))
    ann = user("ann", ADMIN)
    assert reach(role("ci", account="444455556666"), ann, workloads=(kept,)).administrator is None
    ci = role("ci", allow("secretsmanager:GetSecretValue", SECRET), account="444455556666")
    found = reach(ci, ann, workloads=(kept,))
    assert set(found.administrators) == {ACCOUNT}  # not its own


def test_each_account_has_its_own_administrators() -> None:
    far = role("far", ADMIN, trust=trusting({"AWS": ROOT}), account="444455556666")
    near = role("near", ADMIN, trust=trusting({"AWS": arn("role", "ci")}))
    found = reach(role("ci", allow("sts:AssumeRole", far.arn)), far, near)
    assert set(found.administrators) == {ACCOUNT, "444455556666"}


def test_an_identity_pool_is_given_a_role_that_trusts_it() -> None:
    pool = {"Effect": "Allow", "Principal": {"Federated": "cognito-identity.amazonaws.com"},
            "Action": "sts:AssumeRoleWithWebIdentity"}  # fmt: skip
    ci = role("ci", allow(["iam:PassRole", "cognito-identity:SetIdentityPoolRoles"]))
    assert reach(ci, role("admin", ADMIN, trust=document(pool))).administrator is not None
    assert reach(ci, role("admin", ADMIN)).administrator is None


FRESH = arn("role", "app-*")
PINNED = {"StringEquals": {"iam:PermissionsBoundary": arn("policy", "limit")}}
OWN = {"ArnLike": {"iam:PolicyARN": "arn:aws:iam::*:policy/app-*"}}


@pytest.mark.parametrize(
    ("own", "all_of_it"),
    [
        ([allow(["iam:CreateRole", "iam:PutRolePolicy"], FRESH, Condition=PINNED)], False),
        # the boundary has to be given, and may be taken off, widened or rewritten
        ([allow("iam:CreateRole", FRESH, Condition=PINNED),
          allow(["iam:PutRolePolicy", "iam:DeleteRolePermissionsBoundary"], FRESH)], True),
        ([allow("iam:CreateRole", FRESH, Condition=PINNED),
          allow(["iam:PutRolePolicy", "iam:DeleteRolePermissionsBoundary"], arn("role", "job-*"))], False),
        ([allow("iam:CreateRole", FRESH, Condition=PINNED),
          allow(["iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"], FRESH)], True),
        ([allow(["iam:CreateRole", "iam:PutRolePolicy"], FRESH, Condition=PINNED),
          allow("iam:CreatePolicyVersion", arn("policy", "limit"))], True),
        ([allow(["iam:CreateRole", "iam:PutRolePolicy"], FRESH, Condition=PINNED),
          allow("iam:CreatePolicyVersion", arn("policy", "harmless"))], False),
        # only policies under a prefix may be attached, and it makes one
        ([allow("iam:CreateRole", FRESH), allow("iam:AttachRolePolicy", FRESH, Condition=OWN)], False),
        ([allow("iam:CreateRole", FRESH), allow("iam:AttachRolePolicy", FRESH, Condition=OWN),
          allow("iam:CreatePolicy", arn("policy", "app-*"))], True),
        ([allow("iam:AttachRolePolicy", arn("role", "ci"), Condition=OWN), allow("iam:CreatePolicy")], True),
        ([allow("iam:AttachRolePolicy", arn("role", "ci"), Condition=OWN),
          allow("iam:CreatePolicy", arn("policy", "job-*"))], False),
    ],
)  # fmt: skip
def test_limits_on_what_it_makes_hold_as_far_as_it_cannot_lift_them(own: list[Any], all_of_it: bool) -> None:
    policies = {name: Prepared(parse(document(allow("s3:*")), f"Policy {name}")) for name in ("limit", "harmless")}
    assert (reach(role("ci", *own), **policies).administrator is not None) is all_of_it


def test_a_policy_that_is_there_may_be_attached_to_a_role_of_its_own() -> None:
    strong = Prepared(parse(document(allow("iam:*")), "Policy app-all"))
    ci = role("ci", allow("iam:CreateRole", FRESH), allow("iam:AttachRolePolicy", FRESH, Condition=OWN))
    found = reach(ci, **{"app-all": strong})
    assert names(found) == {"a new role with all that Policy app-all allows"}
    assert found.administrator is not None


def test_identity_center_is_that_of_who_administers_it() -> None:
    power = {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"}
    assert reach(role("ci", power)).administrator is None
    assert reach(role("ci", allow("sso:*"))).administrator is not None
    ci = role("ci", power)
    assert Reach(Moves([ci], center=True), ci).administrator is not None
