"""What the rules call open to everyone is what is proven to be: their examples, asked both ways."""

from __future__ import annotations

from lychgate.judging.discovery import built_in_rules
from lychgate.model.graph import Graph
from lychgate.reasoning.iam import open_to_strangers
from lychgate.sources.program.programs import capture_texts
from lychgate.views.resource_policies import ResourcePolicy, TrustPolicy

RULES = (
    "resource-policy-open-to-everyone",
    "resource-policy-open-to-foreign-account",
    "resource-policy-confused-deputy",
    "iam-role-trusted-by-everyone",
    "iam-role-trusts-foreign-account",
)


def test_a_policy_is_open_by_the_rules_where_it_is_by_proof() -> None:
    rules = built_in_rules()
    texts = {text for name in RULES for text in (*rules[name].compliant, *rules[name].violating)}
    asked = 0
    for graph in capture_texts({text: text for text in sorted(texts)}).values():
        assert isinstance(graph, Graph)
        for one in [*ResourcePolicy.all(graph), *TrustPolicy.all(graph)]:
            if one.policy is not None:
                asked += 1
                assert open_to_strangers(one.policy).answer == ("yes" if one.everyone else "no"), one
    assert asked > 40
