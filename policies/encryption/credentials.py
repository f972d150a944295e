"""Credentials that are written in the program."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.credentials import KeyMaterial, PasswordHolder, SecretValue


def whence(one: KeyMaterial | PasswordHolder | SecretValue) -> str:
    """Where what is written stands, in words: in the program, or in plain configuration."""
    configured = one.configured
    literal = ", ".join(place for place in one.written if place not in configured)
    keys = dict.fromkeys(configured.values())
    parts = [f"{literal} of {one.name} is written in the program"] if literal else []
    if configured:
        parts.append(
            f"{', '.join(configured)} of {one.name} comes from plain configuration, which is written down as it is "
            f"(make it secret: {', '.join(f'`pulumi config set --secret {key}`' for key in keys)})"
        )
    return ", and ".join(parts)


@rule(
    id="secret-value-in-program",
    title="The value of a secret is written in the program",
    layer="encryption",
    severity="critical",
    judges=SecretValue,
    rationale="""Whoever can read the repository or its history knows the secret, and nobody can take that back. PCI DSS
    forbids passwords in source code and configuration files.""",
    remediation="""Generate the value with `random.RandomPassword`, take it from secret configuration (`pulumi config
    set --secret`, `config.require_secret`), or write only the secret and let its owner put the value in.""",
    compliant=[
        """
        import pulumi
        import pulumi_aws as aws

        secret = aws.secretsmanager.Secret("database")
        key = aws.iam.AccessKey("legacy", user="legacy")
        aws.secretsmanager.SecretVersion("database", secret_id=secret.id, secret_string=key.secret)
        """,
        """
        import pulumi
        import pulumi_aws as aws

        # What stands beside the password may be known.
        secret = aws.secretsmanager.Secret("legacy")
        key = aws.iam.AccessKey("legacy", user="legacy")
        aws.secretsmanager.SecretVersion(
            "legacy",
            secret_id=secret.id,
            secret_string=pulumi.Output.json_dumps(
                {"username": "legacy", "engine": "postgres", "port": 5432, "password": key.secret}
            ),
        )
        """,
        """
        import pulumi_aws as aws
        import pulumi_kubernetes as k8s

        # A Kubernetes Secret whose password comes from elsewhere.
        key = aws.iam.AccessKey("legacy", user="legacy")
        k8s.core.v1.Secret("legacy", string_data={"username": "legacy", "password": key.secret})
        """,
        """
        import pulumi
        import pulumi_aws as aws

        # A placeholder that its owner replaces.
        secret = aws.secretsmanager.Secret("partner")
        aws.secretsmanager.SecretVersion(
            "partner",
            secret_id=secret.id,
            secret_string="CHANGE_ME",
            opts=pulumi.ResourceOptions(ignore_changes=["secretString"]),
        )
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        secret = aws.secretsmanager.Secret("database")
        aws.secretsmanager.SecretVersion("database", secret_id=secret.id, secret_string="correct-horse-battery")
        """,
        """
        import pulumi
        import pulumi_aws as aws

        # Marked as secret, and in the program all the same.
        secret = aws.secretsmanager.Secret("database")
        aws.secretsmanager.SecretVersion(
            "database",
            secret_id=secret.id,
            secret_string=pulumi.Output.secret("correct-horse-battery"),
            opts=pulumi.ResourceOptions(ignore_changes=["secretString"]),
        )
        """,
        """
        import pulumi
        import pulumi_aws as aws

        # Something in the text is an output; the password is not.
        secret = aws.secretsmanager.Secret("database")
        cluster = aws.rds.Cluster("cards", engine="aurora-postgresql", manage_master_user_password=True)
        aws.secretsmanager.SecretVersion(
            "database",
            secret_id=secret.id,
            secret_string=pulumi.Output.json_dumps({"host": cluster.endpoint, "password": "correct-horse-battery"}),
        )
        """,
        """
        import pulumi
        import pulumi_aws as aws

        secret = aws.secretsmanager.Secret("database")
        cluster = aws.rds.Cluster("cards", engine="aurora-postgresql", manage_master_user_password=True)
        aws.secretsmanager.SecretVersion(
            "database",
            secret_id=secret.id,
            secret_string=pulumi.Output.concat("postgres://app:correct-horse@", cluster.endpoint, ":5432/cards"),
        )
        """,
        """
        import pulumi_aws as aws

        aws.ssm.Parameter("database", type="SecureString", value="correct-horse-battery")
        """,
        """
        import base64

        import pulumi_kubernetes as k8s

        # Base64 hides nothing.
        k8s.core.v1.Secret(
            "database",
            data={
                "username": base64.b64encode(b"app").decode(),
                "password": base64.b64encode(b"correct-horse-battery").decode(),
            },
        )
        """,
        """
        import pulumi_kubernetes as k8s

        k8s.core.v1.Secret("database", string_data={"uri": "postgres://app:correct-horse@db.example.internal/cards"})
        """,
    ],
)
def secret_value_in_program(value: SecretValue, case: Case) -> Answer:
    """A known text that is no output and not from secret configuration."""
    if not value.written:
        return PASS
    return fail(
        f"{whence(value)}. Everybody who can read the repository knows the value, so it has to be replaced as well."
    )


@rule(
    id="database-password-in-program",
    title="The password of a database is written in the program",
    layer="encryption",
    severity="critical",
    judges=PasswordHolder,
    rationale="""Whoever can read the repository or its history can log in as the database's owner, and the password is
    never changed. PCI DSS forbids passwords of system accounts in source code and configuration files.""",
    remediation="""For RDS and Redshift set `manageMasterUserPassword` (`manageMasterPassword`) and leave the password
    out: AWS generates, keeps and rotates it. Else generate it, or take it from secret configuration (`pulumi config set
    --secret`, `config.require_secret`).""",
    compliant=[
        """
        import pulumi_aws as aws

        aws.rds.Cluster("cards", engine="aurora-postgresql", master_username="cards", manage_master_user_password=True)
        """,
        """
        import pulumi_aws as aws

        # A password that is decided elsewhere.
        key = aws.iam.AccessKey("legacy", user="legacy")
        aws.rds.Instance("cards", engine="mysql", instance_class="db.t4g.micro", username="cards", password=key.secret)
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.rds.Cluster(
            "cards", engine="aurora-postgresql", master_username="cards", master_password="correct-horse-battery"
        )
        """,
        """
        import pulumi
        import pulumi_aws as aws

        # A password from plain configuration stands in a file of the repository; this one has a default as well.
        password = pulumi.Config().get("password") or "correct-horse-battery"
        aws.rds.Instance("cards", engine="mysql", instance_class="db.t4g.micro", username="cards", password=password)
        """,
        """
        import pulumi_aws as aws

        # Write-only arguments keep it out of the state, not out of the program.
        aws.rds.Instance(
            "cards",
            engine="postgres",
            instance_class="db.t4g.micro",
            username="cards",
            password_wo="correct-horse-battery",
            password_wo_version=1,
        )
        """,
        """
        import pulumi_aws as aws

        aws.elasticache.ReplicationGroup(
            "sessions", description="sessions", transit_encryption_enabled=True, auth_token="correct-horse-battery"
        )
        """,
    ],
)
def database_password_in_program(database: PasswordHolder, case: Case) -> Answer:
    """A known text that is no output and not from secret configuration."""
    if not database.written:
        return PASS
    return fail(f"{whence(database)}: who reads it can log in.")


@rule(
    id="key-material-in-program",
    title="The secret part of a key or certificate is written in the program",
    layer="encryption",
    severity="critical",
    judges=KeyMaterial,
    rationale="""Whoever can read the repository can decrypt what the key protects, or pass for the server that the
    certificate names. PCI DSS asks that keys are handed over and kept only in safe forms, with few who can see them in
    clear.""",
    remediation="""Let KMS make the key and ACM the certificate. Material that has to be imported comes from a secret
    store or secret configuration, or is imported by hand.""",
    compliant=[
        """
        import pulumi_aws as aws

        aws.acm.Certificate("front", domain_name="shop.example.com", validation_method="DNS")
        """,
        """
        import pulumi_aws as aws

        # The material is imported by hand, later.
        aws.kms.ExternalKey("partner", description="key of a partner")
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.kms.ExternalKey("partner", key_material_base64="c2l4dGVlbiBieXRlcyBhbmQgc2l4dGVlbiBtb3JlIQ==")
        """,
        """
        import pulumi
        import pulumi_aws as aws

        pem = "-----BEGIN PRIVATE KEY-----\\nnot a real one\\n-----END PRIVATE KEY-----"
        aws.acm.Certificate("front", certificate_body="front", private_key=pulumi.Output.secret(pem))
        """,
    ],
)
def key_material_in_program(material: KeyMaterial, case: Case) -> Answer:
    """A known text that is no output and not from secret configuration."""
    if not material.written:
        return PASS
    return fail(f"{whence(material)}: everybody who can read the repository has the key.")
