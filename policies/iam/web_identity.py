"""Roles for the workloads of an identity provider: GitHub, GitLab, the pods of an EKS cluster."""

import re

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.reasoning.iam.pins import Requirement
from lychgate.views.exposure import Template, head, named_of, requirements_of, spelled_out, tied
from lychgate.views.iam import client_ids
from lychgate.views.resource_policies import TrustPolicy

from .examples import plain
from .grants import lets

# What the subject of a token has to be tied to, at least, by the start of its issuer. The part before the first
# wildcard must match.
# https://docs.github.com/actions/concepts/security/openid-connect,
# https://docs.gitlab.com/ci/secrets/id_token_authentication/,
# https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
GITHUB = re.compile(r"repo:[^/:]+/[^/:]+:|repository(_id)?:[^:]+(:|\Z)|job_workflow_ref:[^/]+/[^/]+/")
SUBJECTS = (
    (re.compile(r".*\bgithub"), GITHUB),
    (re.compile(r".*\bgitlab"), re.compile(r"project_path:[^/:]+/[^/:]+[/:]|project_id:\d+:")),
    (re.compile(r"oidc\.eks\."), re.compile(r"system:serviceaccount:[^:]+:[^:]+")),
)
OTHER = re.compile(r"[^:/|]+[:/|].")
# Amazon Cognito and the web identity providers that IAM knows by name have no subject to tie: the audience is the pool
# or application. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
AUDIENCE_ONLY = {
    "cognito-identity.amazonaws.com": "aud",
    "accounts.google.com": "aud",
    "www.amazon.com": "app_id",
    "graph.facebook.com": "app_id",
}


@rule(
    id="iam-role-trusts-any-web-identity",
    title="A role is open to any workload of an identity provider",
    layer="iam",
    severity="critical",
    judges=TrustPolicy,
    rationale="""An identity provider such as GitHub or an EKS cluster vouches for everyone on it. Unless the trust
    policy ties the token's subject, every repository or every pod gets the role's rights (PCI DSS 7.2.5, 8.6.1).""",
    remediation="""Tie both claims: `StringEquals: {"ISSUER:aud": "sts.amazonaws.com", "ISSUER:sub":
    "repo:acme/payments:ref:refs/heads/main"}`, or `system:serviceaccount:NAMESPACE:NAME` for EKS.""",
    compliant=[
        plain(
            """
            github = aws.iam.OpenIdConnectProvider(
                "github", url="https://token.actions.githubusercontent.com", client_id_lists=["sts.amazonaws.com"]
            )
            issuer = "token.actions.githubusercontent.com"
            aws.iam.Role(
                "deploy",
                assume_role_policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"Federated": github.arn},
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Condition": {
                            "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"},
                            "StringLike": {f"{issuer}:sub": "repo:acme/payments:*"},
                        },
                    }
                ),
            )
            """
        ),
        # IRSA with the issuer of a cluster; the provider has one client id, so the audience is settled
        plain(
            """
            cluster = aws.eks.Cluster(
                "payments",
                role_arn="arn:aws:iam::111122223333:role/eks",
                vpc_config={"subnet_ids": ["subnet-0a", "subnet-0b"]},
            )
            oidc = aws.iam.OpenIdConnectProvider(
                "payments", url=cluster.identities[0].oidcs[0].issuer, client_id_lists=["sts.amazonaws.com"]
            )
            aws.iam.Role(
                "worker",
                assume_role_policy=aws.iam.get_policy_document_output(
                    statements=[
                        {
                            "actions": ["sts:AssumeRoleWithWebIdentity"],
                            "principals": [{"type": "Federated", "identifiers": [oidc.arn]}],
                            "conditions": [
                                {
                                    "test": "StringEquals",
                                    "variable": oidc.url.apply(lambda url: url.removeprefix("https://") + ":sub"),
                                    "values": ["system:serviceaccount:payments:worker"],
                                }
                            ],
                        }
                    ]
                ).json,
            )
            """
        ),
    ],
    violating=[
        # The audience alone: everyone on GitHub
        plain(
            """
            aws.iam.Role(
                "deploy",
                assume_role_policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {
                            "Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
                        },
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Condition": {
                            "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}
                        },
                    }
                ),
            )
            """
        ),
        # Any repository of the organization, by a set operator that an absent subject passes
        plain(
            """
            issuer = "token.actions.githubusercontent.com"
            aws.iam.Role(
                "deploy",
                assume_role_policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{issuer}"},
                        "Action": "sts:AssumeRoleWith*",
                        "Condition": {
                            "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"},
                            "ForAllValues:StringLike": {f"{issuer}:sub": "repo:acme/payments:*"},
                        },
                    },
                    {
                        "Effect": "Allow",
                        "Principal": {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{issuer}"},
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Condition": {
                            "StringLike": {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": "repo:acme/*"}
                        },
                    },
                ),
            )
            """
        ),
        # Every pod of every namespace
        plain(
            """
            issuer = "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
            aws.iam.Role(
                "worker",
                assume_role_policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{issuer}"},
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Condition": {
                            "StringLike": {f"{issuer}:sub": "system:serviceaccount:*:*"},
                            "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"},
                        },
                    }
                ),
            )
            """
        ),
        # A whole group of GitLab, and an audience that is not said
        plain(
            """
            issuer = "gitlab.example.com"
            provider = aws.iam.OpenIdConnectProvider(
                "gitlab", url=f"https://{issuer}", client_id_lists=["https://gitlab.example.com", "other"]
            )
            aws.iam.Role(
                "deploy",
                assume_role_policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"Federated": provider.arn},
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Condition": {"StringLike": {f"{issuer}:sub": "project_path:*:ref_type:branch:ref:main"}},
                    }
                ),
            )
            """
        ),
        # A subject that is exact, but the audience is whatever the provider accepts
        plain(
            """
            issuer = "gitlab.example.com"
            provider = aws.iam.OpenIdConnectProvider(
                "gitlab", url=f"https://{issuer}", client_id_lists=["vault", "aws"]
            )
            aws.iam.Role(
                "deploy",
                assume_role_policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"Federated": provider.arn},
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Condition": {
                            "StringEquals": {
                                f"{issuer}:sub": "project_path:acme/payments:ref_type:branch:ref:main"
                            },
                            "StringNotEquals": {f"{issuer}:aud": "vault"},
                        },
                    }
                ),
            )
            """
        ),
    ],
)
def iam_role_trusts_any_web_identity(trust: TrustPolicy, case: Case) -> Answer:
    """Subject and audience, for each provider that a statement names."""
    for allow in trust.speaking_of("sts:AssumeRoleWithWebIdentity"):
        for provider in named_of(allow, "Federated"):
            if ":saml-provider/" in provider or provider == "*" or not _open(trust, requirements_of(allow), provider):
                continue
            for grant in trust.grants_of(allow):  # a Deny may tie what the statement does not
                problem = _open(trust, grant.requirements, provider)
                if problem and f"Federated:{provider}" in grant.principals:
                    return fail(
                        f"The trust policy {problem}, so that every workload there gets the role's rights: "
                        f"{lets(trust, f'whomever {_issuer(provider)} vouches for', grant)}.",
                        {"provider": provider, "conditions": [str(condition) for condition in grant.conditions]},
                    )
    return PASS


def _issuer(provider: str) -> str:
    """The issuer that an OpenID Connect provider's ARN ends with; other providers have no ARN."""
    return provider.partition(":oidc-provider/")[2] or provider


def _open(trust: TrustPolicy, requirements: tuple[Requirement, ...], provider: str) -> str:
    """What is not tied down, empty where all is."""
    issuer = _issuer(provider)
    claim = AUDIENCE_ONLY.get(issuer, "aud")
    audience = tied(requirements, f"{issuer}:{claim}", spelled_out)
    if issuer in AUDIENCE_ONLY:
        return "" if audience else f"does not tie `{issuer}:{claim}`"
    needed = next((subject for name, subject in SUBJECTS if name.match(issuer)), OTHER)

    def certain(value: Template) -> bool:
        # Whoever owns a repository on GitHub chooses what else its subject says.
        return bool(needed.match(head(value))) or (needed is not GITHUB and spelled_out(value))

    if not tied(requirements, f"{issuer}:sub", certain):
        return f"does not tie the token's subject (`{issuer}:sub`) to one repository, project or service account"
    if not audience and len(client_ids(trust.graph, provider)) != 1:
        return f"does not tie the token's audience (`{issuer}:aud`)"
    return ""
