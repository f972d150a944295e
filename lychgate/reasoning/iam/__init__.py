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

Over all requests, by proof? `compare` tells which is wider, with a request that only one allows; `within`, `meets`,
`allows_anything`, `open_to_strangers` answer `yes`, `no` or `unknown`, with a `Witness` that the evaluator confirmed::

    found = compare(parse(a), parse(b))
    found.relation                      # equivalent | narrower | wider | incomparable | unknown (A seen from B)
    found.only_a, found.only_b          # Witness(request, real, statement, policy) or None
    within([inline, managed], boundary).answer
    within(access(identity, boundary, scp), reference)      # several layers, each has to allow
    open_to_strangers(bucket_policy)                        # public, as S3 means it
    open_to_strangers(bucket_policy, trusted=["111122223333", "o-abc123", "vpce-1", "203.0.113.0/24"])

Would AWS take it? `limits.problems(document, "inline role")` tells size and elements that do not fit the place.

What exists? `catalogue.expand("s3:Get*")` lists real actions with `level` and `resource_types`;
`catalogue.action(name)`.
"""

from . import catalogue, limits
from .conditions import Context, UndecidedError, holds
from .documents import PolicyError
from .evaluation import Decision, Request, allows
from .grants import Facts, Grant, grants
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
from .proof import (
    Access,
    Answer,
    Comparison,
    access,
    allows_anything,
    compare,
    meets,
    open_to_strangers,
    within,
)
from .witnesses import Witness

__all__ = [
    "ANYTHING",
    "NOTHING",
    "Access",
    "Answer",
    "Comparison",
    "Condition",
    "Context",
    "Decision",
    "Facts",
    "Grant",
    "Language",
    "Policy",
    "PolicyError",
    "Principals",
    "Request",
    "Statement",
    "TooComplexError",
    "UndecidedError",
    "Witness",
    "access",
    "actions_language",
    "allows",
    "allows_anything",
    "catalogue",
    "compare",
    "contains",
    "find",
    "grants",
    "holds",
    "limits",
    "meets",
    "open_to_strangers",
    "overlap",
    "parse",
    "resources_language",
    "within",
]
