"""getPolicyDocument says what the provider says, to the byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lychgate.sources.program.policy_document import go_json, merge, policy_document, read_document

TEXT = """\
{
  "Version": "2012-10-17",
  "Id": "ledger",
  "Statement": [
    {
      "Sid": "Read",
      "Effect": "Allow",
      "Action": [
        "s3:ListBucket",
        "s3:GetObject"
      ],
      "Resource": "arn:aws:s3:::ledger/${aws:username}",
      "Principal": {
        "Service": "logs.amazonaws.com"
      },
      "Condition": {
        "StringLike": {
          "s3:prefix": [
            "b/",
            "",
            "a/"
          ]
        }
      }
    },
    {
      "Effect": "Deny",
      "NotAction": "s3:*",
      "NotResource": "*"
    }
  ]
}"""


def statements(*given: dict[str, Any], **arguments: Any) -> list[dict[str, Any]]:
    found = json.loads(policy_document({"statements": list(given), **arguments})["json"])
    return list(found["Statement"])


def principals(*groups: list[str], type_: str = "AWS") -> Any:
    one = {"actions": ["*"], "principals": [{"type": type_, "identifiers": group} for group in groups]}
    return statements(one)[0]["Principal"]


def root(digit: int, partition: str = "aws") -> str:
    return f"arn:{partition}:iam::{str(digit) * 12}:root"


def test_the_text_is_indented_by_two_and_its_keys_are_in_the_provider_s_order() -> None:
    result = policy_document(
        {
            "policyId": "ledger",
            "statements": [
                {
                    "sid": "Read",
                    "actions": ["s3:GetObject", "s3:ListBucket"],
                    "resources": ["arn:aws:s3:::ledger/&{aws:username}"],
                    "conditions": [{"test": "StringLike", "variable": "s3:prefix", "values": ["b/", "", "a/"]}],
                    "principals": [{"type": "Service", "identifiers": ["logs.amazonaws.com"]}],
                },
                {"effect": "Deny", "notActions": ["s3:*"], "notResources": ["*"]},
            ],
        }
    )
    assert result["json"] == TEXT
    assert result["minifiedJson"] == go_json(json.loads(result["json"]))
    assert result["id"] == "2378962001"
    assert result["version"] == "2012-10-17"
    assert result["policyId"] == "ledger"


def test_nothing_given_is_a_document_without_statements() -> None:
    assert policy_document({})["json"] == '{\n  "Version": "2012-10-17"\n}'
    assert (
        policy_document({"statements": [{}]})["minifiedJson"]
        == '{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}'
    )


def test_arguments_come_back_with_the_default_effect() -> None:
    result = policy_document({"statements": [{"actions": ["a:b"]}], "version": None})
    assert result["statements"] == [{"effect": "Allow", "actions": ["a:b"]}]
    assert result["version"] == "2012-10-17"


def test_actions_and_resources_are_sets_in_reverse_order() -> None:
    one = statements({"actions": ["b:1", "a:1", "c:1", "a:1"], "resources": ["x", "x"]})[0]
    assert (one["Action"], one["Resource"]) == (["c:1", "b:1", "a:1"], "x")


def test_a_variable_is_replaced_after_sorting_and_not_in_actions() -> None:
    one = statements({"actions": ["a:&{x}"], "resources": ["&{a}", "'b"], "notResources": ["&{c}"]})[0]
    assert one == {"Effect": "Allow", "Action": "a:&{x}", "Resource": ["'b", "${a}"], "NotResource": "${c}"}


@pytest.mark.parametrize(
    ("partition", "order"), [("aws", [3, 4, 2, 1]), ("aws-us-gov", [3, 2, 1, 4])], ids=["commercial", "government"]
)
def test_principals_of_one_type_stand_in_the_order_of_terraform_s_sets(partition: str, order: list[int]) -> None:
    """The orders are those that the provider's acceptance tests see."""
    groups = ([root(1, partition), root(2, partition)], [root(3, partition)], [root(4, partition)])
    assert principals(*groups) == {"AWS": [root(digit, partition) for digit in order]}
    assert principals(*reversed(groups)) == principals(*groups)


def test_one_principal_and_several_of_the_same_type_become_one_list() -> None:
    assert principals([root(1)], [root(2), root(3)]) == {"AWS": [root(1), root(3), root(2)]}


@pytest.mark.parametrize(
    ("type_", "identifiers", "expected"),
    [
        ("*", ["*"], "*"),
        ("AWS", ["*"], {"AWS": "*"}),
        ("*", ["*", "x"], {"*": ["x", "*"]}),
        ("Federated", ["cognito-identity.amazonaws.com"], {"Federated": "cognito-identity.amazonaws.com"}),
        ("CanonicalUser", ["79a59d", "79a59d"], {"CanonicalUser": "79a59d"}),
        ("AWS", [], {"AWS": []}),
    ],
)
def test_principals(type_: str, identifiers: list[str], expected: Any) -> None:
    assert principals(identifiers, type_=type_) == expected


def test_a_wildcard_among_other_principals_stays_an_object() -> None:
    given = [{"type": "*", "identifiers": ["*"]}, {"type": "Service", "identifiers": ["s3.amazonaws.com"]}]
    one = statements({"actions": ["a:b"], "notPrincipals": given})[0]
    assert list(one["NotPrincipal"].items()) == [("*", "*"), ("Service", "s3.amazonaws.com")]


def test_conditions_of_one_test_and_variable_are_joined() -> None:
    def condition(test: str, variable: str, *values: str) -> dict[str, Any]:
        return {"test": test, "variable": variable, "values": list(values)}

    one = statements(
        {
            "actions": ["kms:Decrypt"],
            "conditions": [
                condition("StringEquals", "aws:PrincipalOrgID", "o-2"),
                condition("StringEquals", "aws:PrincipalOrgID", "o-1"),
                condition("Bool", "aws:SecureTransport", "true"),
                condition("StringEquals", "aws:PrincipalTag/team", "pay", "pay"),
                condition("Bool", "aws:SecureTransport", "true"),
                condition("Null", "aws:x"),
                condition("StringLike", "aws:userid", "&{aws:username}"),
            ],
        }
    )[0]["Condition"]
    assert sorted(one["StringEquals"].pop("aws:PrincipalOrgID")) == ["o-1", "o-2"]
    assert one == {
        "Bool": {"aws:SecureTransport": "true"},
        "Null": {"aws:x": []},
        "StringEquals": {"aws:PrincipalTag/team": ["pay", "pay"]},
        "StringLike": {"aws:userid": "${aws:username}"},
    }
    assert list(one) == ["Bool", "Null", "StringEquals", "StringLike"]


def test_html_s_characters_are_escaped_as_go_does() -> None:
    text = policy_document({"statements": [{"actions": ["a:<&>\u2028é\n\x01"]}]})["minifiedJson"]
    assert '"Action":"a:\\u003c\\u0026\\u003e\\u2028é\\n\\u0001"' in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"statements": [{"sid": "A"}, {"sid": "A"}]}, r"^duplicate Sid \(A\)\. Remove the Sid"),
        ({"statements": [{"sid": "read-all"}]}, "must only include alphanumeric characters"),
        ({"statements": [{"effect": "allow"}]}, "expected effect to be one of Allow, Deny, got allow"),
        ({"version": "2012-10-18"}, "version must be one of 2008-10-17, 2012-10-17, got 2012-10-18"),
        (
            {"version": "2008-10-17", "statements": [{"resources": ["&{a}"]}]},
            r"found &\{ sequence in \(&\{a\}\), which is not",
        ),
        (
            {"version": "2008-10-17", "statements": [{"principals": [{"type": "AWS", "identifiers": ["&{a}"]}]}]},
            "not supported in document version 2008-10-17",
        ),
        ({"sourcePolicyDocuments": ["{"]}, "^merging source document 0: "),
        ({"overridePolicyDocuments": ["{}", "[]"]}, "^merging override document 1: the document is no JSON object"),
        ({"sourcePolicyDocuments": ['{"Statement": {"Effect": "Allow"}}']}, "Statement is no list"),
        ({"sourcePolicyDocuments": ['{"Statement": [{"Sid": 1}]}']}, "Sid is no text"),
        ({"sourcePolicyDocuments": ['{"Statement": [{"Principal": null}]}']}, "neither a text nor an object"),
        (
            {"sourcePolicyDocuments": ['{"Statement": [{"Principal": {"AWS": [1]}}]}']},
            "a principal of type AWS is no text",
        ),
        ({"sourcePolicyDocuments": ["[" * 100_000]}, "^merging source document 0: "),
    ],
)
def test_what_the_provider_refuses(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        policy_document(arguments)


def test_version_2008_without_variables_is_kept() -> None:
    assert json.loads(policy_document({"version": "2008-10-17"})["json"]) == {"Version": "2008-10-17"}


# -- documents merged -------------------------------------------------------------------------------------------------


def document(*sids: str, effect: str = "Allow", action: str = "a:b", **more: str) -> str:
    given = [{"sid": sid, "effect": effect, "actions": [action]} for sid in sids]
    return str(policy_document({"statements": given, **more})["json"])


def shown(arguments: dict[str, Any]) -> list[tuple[str, str, str]]:
    found = json.loads(policy_document(arguments)["json"])["Statement"]
    return [(one.get("Sid", ""), one["Effect"], one["Action"]) for one in found]


def test_source_documents_come_first_and_own_statements_replace_theirs() -> None:
    sources = [document("", "One", action="s:1"), document("Two", action="s:2"), document("", action="s:3")]
    own = [{"sid": "Two", "actions": ["own:2"]}, {"actions": ["own:3"]}]
    assert shown({"sourcePolicyDocuments": sources, "statements": own}) == [
        ("", "Allow", "s:1"), ("One", "Allow", "s:1"), ("Two", "Allow", "own:2"),
        ("", "Allow", "s:3"), ("", "Allow", "own:3"),
    ]  # fmt: skip


def test_override_documents_replace_in_turn_and_append_the_rest() -> None:
    overrides = [
        document("", "X", action="o:1"),
        document("Y", effect="Deny", action="o:2"),
        document("X", effect="Deny"),
    ]
    assert shown({"statements": [{"sid": "Y", "actions": ["own:1"]}], "overridePolicyDocuments": overrides}) == [
        ("Y", "Deny", "o:2"), ("", "Allow", "o:1"), ("X", "Deny", "a:b"),
    ]  # fmt: skip


def test_a_sid_in_two_source_documents_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"merging source document 2: duplicate Sid \(Same\) in source_policy_documents"
    ):
        policy_document({"sourcePolicyDocuments": [document("", "Same"), document("Other"), document("Same")]})


def test_the_older_arguments_come_before_and_after_the_newer() -> None:
    arguments = {
        "sourceJson": document("A", action="source:json"),
        "sourcePolicyDocuments": [document("B", action="source:list")],
        "overridePolicyDocuments": [document("A", action="override:list")],
        "overrideJson": document("A", "B", action="override:json"),
    }
    assert shown(arguments) == [("A", "Allow", "override:json"), ("B", "Allow", "override:json")]
    with pytest.raises(ValueError, match=r"duplicate Sid \(A\)"):
        policy_document({"sourceJson": document("A"), "sourcePolicyDocuments": [document("A")]})
    assert shown({"sourceJson": "", "statements": [{"actions": ["a:b"]}]}) == [("", "Allow", "a:b")]


def test_the_later_version_and_the_last_id_win() -> None:
    older = document("A", version="2008-10-17", policyId="older")
    found = json.loads(policy_document({"sourcePolicyDocuments": [older], "overridePolicyDocuments": [older]})["json"])
    assert (found["Version"], found["Id"]) == ("2012-10-17", "older")
    own = policy_document({"sourcePolicyDocuments": [document("A", policyId="a")], "policyId": "b"})
    assert json.loads(own["json"])["Id"] == "b"


def test_a_document_is_read_as_go_reads_it() -> None:
    text = json.dumps(
        {
            "version": "2012-10-17",
            "Comment": "dropped",
            "statement": [
                {
                    "sid": "",
                    "EFFECT": "Allow",
                    "Action": ["one:only"],
                    "Resource": [],
                    "Principal": "someone",
                    "NotPrincipal": {},
                    "Condition": {"Bool": {"a": True, "b": 1}, "Null": {"c": ["x"], "d": "y"}},
                }
            ],
        }
    )
    assert read_document(text, "") == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["one:only"],
                "Resource": [],
                "Principal": "*",
                "Condition": {"Bool": {"a": "true"}, "Null": {"c": "x", "d": "y"}},
            }
        ],
    }


NAMES = st.sampled_from(["", "", "A", "B", "C", "D"])


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    sids: list[str] = draw(
        st.lists(NAMES, max_size=5).map(
            lambda found: [*dict.fromkeys(filter(None, found)), *[s for s in found if not s]]
        )
    )
    marks = draw(st.lists(st.integers(0, 99), min_size=len(sids), max_size=len(sids)))
    made = [{"Sid": sid, "Effect": "Allow", "Action": f"a:{mark}"} for sid, mark in zip(sids, marks, strict=True)]
    return {"Version": draw(st.sampled_from(["2008-10-17", "2012-10-17"])), "Statement": made}


@given(st.lists(documents(), min_size=1, max_size=4))
def test_merging(given: list[dict[str, Any]]) -> None:
    merged: dict[str, Any] = {}
    for one in given:
        merge(merged, one)
    every = [statement for one in given for statement in one["Statement"]]
    named = {statement["Sid"]: statement for statement in every if statement["Sid"]}
    found = merged["Statement"]
    assert merged["Version"] == max(one["Version"] for one in given)
    assert [s for s in found if not s["Sid"]] == [s for s in every if not s["Sid"]], "those without a sid are all kept"
    assert {s["Sid"]: s for s in found if s["Sid"]} == named, "of those with a sid, the last"
    assert [s["Sid"] for s in found if s["Sid"]] == list(dict.fromkeys(s["Sid"] for s in every if s["Sid"])), (
        "first place"
    )


@given(st.lists(documents(), max_size=3))
def test_overriding_with_the_result_changes_nothing(given: list[dict[str, Any]]) -> None:
    texts = [json.dumps(one) for one in given]
    once = policy_document({"overridePolicyDocuments": texts})
    named = json.dumps({"Statement": [s for s in json.loads(once["json"]).get("Statement", []) if s.get("Sid")]})
    assert policy_document({"overridePolicyDocuments": [*texts, named]})["json"] == once["json"]
