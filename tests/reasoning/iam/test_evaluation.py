from __future__ import annotations

import pytest

from lychgate.reasoning.iam import Decision, Policy, Request, allows

from .helpers import ACCOUNT, OTHER, ROLE, SESSION, USER, allow, deny, policy

BUCKET = "arn:aws:s3:::b/k"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
TARGET = f"arn:aws:iam::{ACCOUNT}:role/target"
GET = policy(allow("s3:GetObject"), label="identity")


def bucket(principal: object, **more: object) -> Policy:
    return policy(allow("s3:GetObject", principal=principal, **more), label="bucket policy")


def ask(principal: str, action: str = "s3:GetObject", resource: str = BUCKET, owner: str = ACCOUNT) -> Request:
    return Request(action, resource, principal, resource_account=owner)


def test_the_answer_names_the_statement() -> None:
    found = allows(ask(USER), identity=[policy(allow("s3:Put*"), allow("s3:Get*", sid="Read"), label="inline")])
    assert found == Decision("allow", "inline allows it", "Read", "inline", "identity", found.notes)
    found = allows(ask(USER), identity=[GET, policy(deny(sid="Never"), label="group")])
    assert (found.decision, found.statement, found.policy, found.layer) == (
        "explicit-deny",
        "Never",
        "group",
        "identity",
    )
    assert allows(ask(USER)).decision == "implicit-deny"


@pytest.mark.parametrize("layer", ["identity", "resource", "boundary", "session", "scps", "rcps"])
def test_an_explicit_deny_wins_wherever_it_stands(layer: str) -> None:
    everything = policy(allow("*", principal="*") if layer in ("resource", "rcps") else allow("*"))
    refusal = policy(deny("*", principal="*") if layer in ("resource", "rcps") else deny("*"), label=layer)
    layers = {"identity": [GET], layer: [everything, refusal]}
    found = allows(ask(USER), **layers)
    assert (found.decision, found.policy) == ("explicit-deny", layer)


@pytest.mark.parametrize(
    ("caller", "principal", "bounded"),
    [
        # Same account, only the resource policy allows: reference_policies_evaluation-logic_policy-eval-basics.html
        (USER, USER, "allow"),  # the ARN of a user is not limited by an implicit deny in the boundary
        (ROLE, ROLE, "implicit-deny"),  # the ARN of the role is
        (SESSION, ROLE, "implicit-deny"),
        (SESSION, SESSION, "allow"),  # the ARN of the session is not
    ],
)
def test_a_resource_policy_alone(caller: str, principal: str, bounded: str) -> None:
    resource = bucket({"AWS": principal})
    assert allows(ask(caller), resource=resource).decision == "allow"
    assert allows(ask(caller), resource=resource, boundary=policy(allow("ec2:*"))).decision == bounded


def test_everyone_is_granted_beyond_the_limits_of_a_user_and_undecided_for_a_session() -> None:
    limit = policy(allow("ec2:*"))
    assert allows(ask(USER), resource=bucket("*"), boundary=limit).decision == "allow"
    assert allows(ask(SESSION), resource=bucket("*"), boundary=limit).decision == "unknown"
    assert allows(ask(SESSION), resource=bucket("*"), session=limit).decision == "unknown"
    assert allows(ask(SESSION), resource=bucket("*"), session=policy(allow("*"))).decision == "allow"


def test_an_account_only_delegates() -> None:
    for principal in (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"):
        assert allows(ask(USER), resource=bucket({"AWS": principal})).decision == "implicit-deny"
        assert allows(ask(USER), resource=bucket({"AWS": principal}), identity=[GET]).decision == "allow"


def test_across_accounts_both_sides_allow() -> None:
    for principal in (USER, ACCOUNT, "*"):
        resource = bucket({"AWS": principal})
        assert allows(ask(USER, owner=OTHER), identity=[GET], resource=resource).decision == "allow"
        assert allows(ask(USER, owner=OTHER), resource=resource).decision == "implicit-deny"
    assert allows(ask(USER, owner=OTHER), identity=[GET]).decision == "implicit-deny"
    assert allows(ask(USER, owner=OTHER), identity=[GET], resource=bucket({"AWS": ROLE})).decision == "implicit-deny"


def test_boundary_and_session_only_limit() -> None:
    wide = policy(allow("*"))
    narrow = policy(allow("ec2:*"))
    assert allows(ask(USER), identity=[GET], boundary=wide).decision == "allow"
    assert allows(ask(USER), identity=[GET], boundary=narrow).decision == "implicit-deny"
    assert allows(ask(SESSION), identity=[GET], session=narrow).decision == "implicit-deny"
    assert allows(ask(SESSION), identity=[GET], session=wide, boundary=wide).decision == "allow"
    assert allows(ask(USER), boundary=wide, session=wide).decision == "implicit-deny"


def test_every_level_of_scps_has_to_allow() -> None:
    full, reading = policy(allow("*"), label="full"), policy(allow("s3:Get*"), label="reading")
    assert allows(ask(USER), identity=[GET], scps=[[full], [reading]]).decision == "allow"
    assert (
        allows(ask(USER, "s3:PutObject"), identity=[policy(allow())], scps=[[full], [reading]]).decision
        == "implicit-deny"
    )
    assert allows(ask(USER, "s3:PutObject"), identity=[policy(allow())], scps=[full, reading]).decision == "allow"


def test_scps_do_not_bind_services_and_service_linked_roles() -> None:
    never = policy(deny("*"))
    resource = bucket({"Service": "logging.s3.amazonaws.com"})
    assert allows(ask("logging.s3.amazonaws.com"), resource=resource, scps=[never]).decision == "allow"
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
    rcp = policy(deny("*", principal="*"))
    assert allows(ask(linked), identity=[GET], scps=[never], rcps=[rcp]).decision == "allow"
    assert allows(ask(USER), identity=[GET], rcps=[rcp]).decision == "explicit-deny"


def test_root_may_do_everything_in_its_account_but_not_what_is_denied() -> None:
    root = f"arn:aws:iam::{ACCOUNT}:root"
    assert allows(ask(root)).decision == "allow"
    assert allows(ask(root, owner=OTHER)).decision == "implicit-deny"
    assert allows(ask(root), resource=policy(deny(principal="*"))).decision == "explicit-deny"
    assert allows(ask(root), scps=[policy(deny())]).decision == "explicit-deny"
    assert (
        allows(ask(root, "kms:Decrypt", KEY), resource=policy(allow("kms:*", principal={"AWS": USER}))).decision
        == "implicit-deny"
    )


def test_strangers_need_everyone() -> None:
    assert allows(ask("*"), resource=bucket("*")).decision == "allow"
    assert allows(ask("*"), resource=bucket({"AWS": "*"})).decision == "allow"
    assert allows(ask("*"), resource=bucket({"AWS": OTHER})).decision == "implicit-deny"
    assert allows(ask("*"), identity=[GET]).decision == "implicit-deny"


def test_keys_trust_only_whom_their_policy_names() -> None:
    # kms/latest/developerguide/key-policy-default.html
    decrypt = policy(allow("kms:Decrypt"), label="identity")
    delegating = policy(allow("kms:*", principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), label="key policy")
    naming = policy(allow("kms:*", principal={"AWS": ROLE}), label="key policy")
    assert allows(ask(USER, "kms:Decrypt", KEY), identity=[decrypt], resource=delegating).decision == "allow"
    assert allows(ask(USER, "kms:Decrypt", KEY), resource=delegating).decision == "implicit-deny"
    assert allows(ask(USER, "kms:Decrypt", KEY), identity=[decrypt], resource=naming).decision == "implicit-deny"
    assert allows(ask(SESSION, "kms:Decrypt", KEY), resource=naming).decision == "allow"
    assert allows(ask(USER, "kms:Decrypt", KEY), identity=[decrypt]).decision == "unknown"
    assert "grants" in allows(ask(USER, "kms:Decrypt", KEY)).notes[0]


def test_role_trust() -> None:
    assume = policy(allow("sts:AssumeRole"), label="identity")
    named = policy(allow("sts:AssumeRole", None, principal={"AWS": USER}), label="trust")
    account = policy(allow("sts:AssumeRole", None, principal={"AWS": ACCOUNT}), label="trust")
    assert allows(ask(USER, "sts:AssumeRole", TARGET), resource=named).decision == "allow"
    assert allows(ask(USER, "sts:AssumeRole", TARGET), resource=account).decision == "implicit-deny"
    assert allows(ask(USER, "sts:AssumeRole", TARGET), resource=account, identity=[assume]).decision == "allow"
    assert allows(ask(ROLE, "sts:AssumeRole", TARGET), resource=named, identity=[assume]).decision == "implicit-deny"
    service = policy(allow("sts:AssumeRole", None, principal={"Service": "lambda.amazonaws.com"}))
    assert allows(ask("lambda.amazonaws.com", "sts:AssumeRole", TARGET), resource=service).decision == "allow"
    assert allows(ask("ec2.amazonaws.com", "sts:AssumeRole", TARGET), resource=service).decision == "implicit-deny"


def test_web_identity() -> None:
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    sub = "token.actions.githubusercontent.com:sub"
    trust = policy(
        allow(
            "sts:AssumeRoleWithWebIdentity",
            None,
            principal={"Federated": provider},
            condition={"StringLike": {sub: "repo:acme/app:*"}},
        )
    )
    good = Request("sts:AssumeRoleWithWebIdentity", TARGET, provider, {sub: "repo:acme/app:ref:refs/heads/main"})
    bad = Request("sts:AssumeRoleWithWebIdentity", TARGET, provider, {sub: "repo:acme-evil/app:x"})
    assert allows(good, resource=trust).decision == "allow"
    assert allows(bad, resource=trust).decision == "implicit-deny"


def test_a_role_is_named_with_or_without_its_path() -> None:
    resource = bucket({"AWS": f"arn:aws:iam::{ACCOUNT}:role/teams/blue/api"})
    assert allows(ask(SESSION), resource=resource).decision == "allow"
    assert allows(ask(f"arn:aws:sts::{OTHER}:assumed-role/api/x"), resource=resource).decision == "implicit-deny"


NOBODY_BUT = {"AWS": [USER, f"arn:aws:iam::{ACCOUNT}:root"]}


def test_not_principal_exempts_only_who_is_listed_in_full() -> None:
    resource = policy(deny(not_principal=NOBODY_BUT), label="bucket policy")
    assert allows(ask(USER), identity=[GET], resource=resource).decision == "allow"
    assert allows(ask(f"arn:aws:iam::{OTHER}:user/x"), identity=[GET], resource=resource).decision == "explicit-deny"
    half = policy(deny(not_principal={"AWS": USER}), label="bucket policy")
    assert allows(ask(USER), identity=[GET], resource=half).decision == "unknown"
    assert allows(ask(USER), identity=[GET], resource=resource, boundary=policy(allow("*"))).decision == "explicit-deny"


def test_an_undecided_deny_makes_an_allow_unknown_and_a_refusal_stays_one() -> None:
    doubtful = policy(deny(condition={"NumericLessThan": {"s3:max-keys": "ten"}}), label="doubtful")
    request = Request("s3:GetObject", BUCKET, USER, {"s3:max-keys": "5"}, ACCOUNT)
    assert allows(request, identity=[GET, doubtful]).decision == "unknown"
    assert allows(request, identity=[doubtful]).decision == "implicit-deny"


def test_keys_that_aws_always_sets_follow_from_the_principal() -> None:
    home = policy(allow("s3:GetObject", "arn:aws:s3:::home/${aws:username}/*"))
    assert allows(ask(USER, resource="arn:aws:s3:::home/ana/x"), identity=[home]).decision == "allow"
    assert allows(ask(USER, resource="arn:aws:s3:::home/bob/x"), identity=[home]).decision == "implicit-deny"
    assert allows(ask(ROLE, resource="arn:aws:s3:::home/ana/x"), identity=[home]).decision == "implicit-deny"
    own = policy(allow(condition={"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}))
    assert allows(ask(USER), identity=[own]).decision == "allow"
    named = policy(allow(condition={"ArnEquals": {"aws:PrincipalArn": ROLE}}))
    assert allows(ask(SESSION), identity=[named]).decision == "allow"
