"""AWS IAM answered from what policies mean: a pure library, standard library and orjson only.

Read a policy. Text gives errors with line and column, a dict with the JSON path (`PolicyError`)::

    policy = parse(text_or_dict, label="inline policy of role api")
    policy.statements[0].actions, .not_action, .resources, .principals, .conditions   # frozen records, `language`

Which statements grant something? The question of rules. `actions` and `resource` may have wildcards ("any of
these")::

    for grant in grants([policy, bucket_policy], ["s3:GetObject", "s3:Put*"], "arn:aws:s3:::acme-receipts/*"):
        grant.policy, grant.name, grant.statement        # where it stands
        grant.action, grant.resource                     # a witness: a real action, an ARN
        grant.action_pattern, grant.resource_pattern     # the entries as written
        grant.principals                                 # ("AWS:*",) of a resource policy, () of an identity policy
        grant.conditions, grant.unconditional            # what still restricts it
        grant.pinned("aws:PrincipalOrgID", "o-abc123")   # no request without that value gets through
        grant.pinned("aws:PrincipalTag/tenant", "${aws:ResourceTag/tenant}")
        grant.pinned("sts:ExternalId")                   # pinned to something that is not all wildcard
        grant.variables                                  # keys that are part of the granted resource

`facts={"aws:SecureTransport": "true", "aws:SourceVpce": None}` settles conditions (None: the key is absent),
`principal=ARN` asks for one caller. A grant with conditions is a grant. A Deny removes one only where it applies for
certain: to all that was asked, to everyone it names, without open conditions. NotAction, NotResource and NotPrincipal
are exact.

Is one request allowed? All layers, as AWS evaluates them::

    decision = allows(
        Request("s3:GetObject", "arn:aws:s3:::acme-receipts/1", "arn:aws:iam::111122223333:role/api",
        {"aws:SourceVpce": "vpce-1"}), identity=[...], resource=bucket_policy, boundary=None, session=None,
        scps=[[root_scp], [ou_scp]], rcps=[],
    )
    decision.decision     # allow | explicit-deny | implicit-deny | unknown
    decision.statement, decision.policy, decision.layer, decision.reason, decision.notes

Do patterns meet? `overlap(a, b)` is a text in both or None, `contains(wide, narrow)`, `find(inside, outside)`, on
`Language` objects: `actions_language(("s3:Get*",))` (lower case), `resources_language(("arn:aws:s3:::a*",))`.
TooComplexError means that the question was too large: unknown, never no.

What exists? `catalogue.expand("s3:Get*")` lists real actions with `level` and `resource_types`;
`catalogue.action(name)`.
"""

from . import catalogue
from .conditions import Context, UndecidedError, holds
from .documents import PolicyError
from .evaluation import Decision, Request, allows
from .grants import Grant, grants
from .language import Condition, Policy, Principals, Statement, parse
from .matching import (
    ANYTHING,
    NOTHING,
    Language,
    TooComplexError,
    actions_language,
    contains,
    find,
    overlap,
    resources_language,
)

__all__ = [
    "ANYTHING",
    "NOTHING",
    "Condition",
    "Context",
    "Decision",
    "Grant",
    "Language",
    "Policy",
    "PolicyError",
    "Principals",
    "Request",
    "Statement",
    "TooComplexError",
    "UndecidedError",
    "actions_language",
    "allows",
    "catalogue",
    "contains",
    "find",
    "grants",
    "holds",
    "overlap",
    "parse",
    "resources_language",
]
