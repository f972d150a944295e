"""Roles for people who sign in by SAML."""

import re
from collections.abc import Iterable

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.reasoning.iam.pins import Requirement
from lychgate.reasoning.iam.templates import Wild
from lychgate.views.exposure import Template, named_of, requirements_of, tied
from lychgate.views.resource_policies import TrustPolicy

from .examples import plain
from .grants import conditions, lets

ACTION, AUDIENCE = "sts:AssumeRoleWithSAML", "SAML:aud"
# Where AWS takes assertions: the endpoint of a region may be left open, the domain may not.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_saml.html,
# https://docs.aws.amazon.com/general/latest/gr/signin-service.html
ENDPOINT = re.compile(
    r"https://(\*\.|[a-z0-9-]+\.)?signin\.(aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)/saml(/acs/[\w-]+)?"
)


@rule(
    id="iam-role-trusts-any-saml-audience",
    title="A role takes SAML assertions that were not made for AWS",
    layer="iam",
    severity="medium",
    judges=TrustPolicy,
    rationale="""An identity provider makes assertions for all the applications of its organisation. Unless the trust
    policy ties the recipient, one that was made for another application, and that its operators see, is good for the
    role as well. PCI DSS wants access refused unless it is given (7.3.3).""",
    remediation="""Add `Condition: {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}` to the
    statement for `sts:AssumeRoleWithSAML`.""",
    compliant=[
        plain(
            """
            people = aws.iam.SamlProvider("people", saml_metadata_document="<EntityDescriptor/>")
            for name, condition in {
                "analyst": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
                "anywhere": {"StringLike": {"saml:AUD": "https://*.signin.aws.amazon.com/saml"}},
            }.items():
                aws.iam.Role(
                    name,
                    assume_role_policy=document(
                        {
                            "Effect": "Allow",
                            "Principal": {"Federated": people.arn},
                            "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
                            "Condition": condition,
                        }
                    ),
                )
            aws.iam.Role("worker", assume_role_policy=trusts("ecs-tasks.amazonaws.com"))
            """
        ),
        # What the statement does not tie, a Deny does.
        plain(
            """
            provider = "arn:aws:iam::111122223333:saml-provider/people"
            aws.iam.Role(
                "analyst",
                assume_role_policy=document(
                    {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithSAML"},
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "sts:*",
                        "Condition": {"StringNotEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
                    },
                ),
            )
            """
        ),
    ],
    violating=[
        plain(
            """
            aws.iam.Role(
                "analyst",
                assume_role_policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/people"},
                        "Action": "sts:AssumeRoleWithSAML",
                    }
                ),
            )
            """
        ),
        # An absent key passes; anything; another claim; a domain of somebody else's
        *(
            plain(
                f"""
            aws.iam.Role(
                "analyst",
                assume_role_policy=document(
                    {{
                        "Effect": "Allow",
                        "Principal": {{"Federated": "arn:aws:iam::111122223333:saml-provider/people"}},
                        "Action": "sts:*",
                        "Condition": {condition},
                    }}
                ),
            )
            """
            )
            for condition in (
                '{"StringEqualsIfExists": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}',
                '{"StringLike": {"SAML:aud": "https://*"}}',
                '{"StringEquals": {"SAML:iss": "https://login.acme.example"}}',
                '{"StringNotEquals": {"SAML:aud": "https://vpn.acme.example"}}',
                '{"StringLike": {"SAML:aud": ["https://signin.aws.amazon.com/saml", "https://*.amazon.com/saml"]}}',
            )
        ),
    ],
)
def iam_role_trusts_any_saml_audience(trust: TrustPolicy, case: Case) -> Answer:
    """The recipient, for each provider that a statement names; a Deny may tie what the statement does not."""
    allows = [one for one in trust.speaking_of(ACTION) if _providers(named_of(one, "Federated"))]
    if all(_for_aws(requirements_of(one)) for one in allows):
        return PASS
    for grant in trust.granted(ACTION):
        providers = _providers(grant.principals)
        if providers and not _for_aws(grant.requirements):
            who = f"whoever has an assertion of {providers[0].rpartition('/')[2]}, made for whatever application,"
            return fail(
                f"The trust policy does not tie the recipient of an assertion (`{AUDIENCE}`): "
                f"{lets(trust, who, grant)}{conditions(grant)}.",
                {"provider": providers[0], "conditions": [str(condition) for condition in grant.conditions]},
            )
    return PASS


def _providers(principals: Iterable[str]) -> list[str]:
    """The ARNs of SAML providers among principals as `Grant.principals` has them."""
    return [one.removeprefix("Federated:") for one in principals if ":saml-provider/" in one]


def _for_aws(requirements: tuple[Requirement, ...]) -> bool:
    return tied(requirements, AUDIENCE, _endpoint)


def _endpoint(value: Template) -> bool:
    text = "".join(part if isinstance(part, str) else "*" if part is Wild.MANY else "?" for part in value)
    return ENDPOINT.fullmatch(text) is not None
