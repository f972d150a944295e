"""Credentials in the open parts of a Kubernetes program."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.kubernetes_credentials import PlainText

CONFIG = """
        import pulumi_kubernetes as k8s

        k8s.core.v1.ConfigMap("api", data={%s})
        """
COMMAND = """
        import pulumi_kubernetes as k8s

        k8s.core.v1.Pod("api", spec={"containers": [{"name": "api", "image": "example/api", %s}]})
        """


@rule(
    id="kubernetes-credential-in-plain-text",
    title="A ConfigMap or a container's command holds a credential",
    layer="encryption",
    severity="high",
    judges=PlainText,
    rationale="""ConfigMaps and commands are not encrypted in etcd and are shown to everybody who may view a namespace,
    and commands to every process of the node. PCI DSS forbids passwords of system accounts in configuration and
    properties files.""",
    remediation="""Put the credential into a Secret (better: into a secret store that the pod reads), and name it by
    `valueFrom.secretKeyRef` or mount it as a file.""",
    compliant=[
        CONFIG % '"log_level": "info", "DB_PASSWORD_FILE": "/run/secrets/database/password", "token_lifetime": "3600"',
        CONFIG % '"application.properties": "db.user=api\\ndb.password=${DB_PASSWORD}\\n"',
        COMMAND % '"command": ["/bin/api"], "args": ["--db-password=$(DB_PASSWORD)", "--token-file", "/run/token"]',
    ],
    violating=[
        CONFIG % '"DB_PASSWORD": "correct-horse-battery"',
        CONFIG % '"application.yaml": "db:\\n  user: api\\n  password: correct-horse-battery\\n"',
        CONFIG % '"DATABASE_URL": "postgres://api:correct-horse@db.example.internal/cards"',
        COMMAND % '"args": ["--db-password=correct-horse-battery"]',
        COMMAND % '"command": ["/bin/api", "--api-token", "correct-horse-battery"]',
        COMMAND % '"command": ["sh", "-c", "exec api --database postgres://api:correct-horse@db/cards"]',
        """
        import pulumi
        import pulumi_aws as aws
        import pulumi_kubernetes as k8s

        # Generated and marked as secret, and put where nothing is.
        key = aws.iam.AccessKey("legacy", user="legacy")
        k8s.core.v1.ConfigMap("api", data={"settings": pulumi.Output.concat("secret_key=", key.secret)})
        """,
    ],
)
def kubernetes_credential_in_plain_text(place: PlainText, case: Case) -> Answer:
    """By the name of the entry, line or option, or by its shape."""
    if not place.credentials:
        return PASS
    return fail(f"{place.name} holds a credential in the open: {', '.join(place.credentials)}.")
