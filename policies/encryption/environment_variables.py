"""Credentials that are shown to everybody who may look at the configuration of code."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.environments import Environment


@rule(
    id="credential-in-environment-variable",
    title="Code gets a credential in a plain environment variable, or an ECS task in a command",
    layer="encryption",
    severity="high",
    judges=Environment,
    rationale="""Environment variables and commands are shown by the console, by `GetFunctionConfiguration`,
    `DescribeTaskDefinition` and `kubectl describe`, and in many a crash report: far more people can read the credential
    than need it. PCI DSS forbids hard-coded passwords of system accounts.""",
    remediation="""Keep the value in a secret store. An ECS task gets it by `secrets` with `valueFrom`, a Kubernetes
    container by `valueFrom.secretKeyRef`; a function gets the secret's ARN, and reads it with its role when it
    starts.""",
    compliant=[
        """
        import pulumi_aws as aws

        secret = aws.secretsmanager.Secret("database")
        role = aws.iam.Role("api", assume_role_policy="{}")
        aws.lambda_.Function(
            "api",
            role=role.arn,
            environment={
                "variables": {
                    "DB_SECRET_ARN": secret.arn,
                    "DB_SECRET": secret.name,
                    "API_TOKEN": "{{resolve:secretsmanager:partner:SecretString:token}}",
                    "TLS_SECRET_NAME": "payments-tls",
                    "TOKEN_LIFETIME": "3600",
                    "LOG_LEVEL": "info",
                }
            },
        )
        """,
        """
        import pulumi
        import pulumi_aws as aws

        secret = aws.secretsmanager.Secret("database")
        aws.ecs.TaskDefinition(
            "api",
            family="api",
            container_definitions=pulumi.Output.json_dumps(
                [
                    {
                        "name": "api",
                        "image": "example/api@sha256:0000000000000000000000000000000000000000000000000000000000000000",
                        "environment": [{"name": "DB_HOST", "value": "db.example.internal"}],
                        "secrets": [{"name": "DB_PASSWORD", "valueFrom": secret.arn}],
                        "command": ["sh", "-c", "exec redis-server --requirepass $DB_PASSWORD"],
                        "healthCheck": {"command": ["CMD-SHELL", "redis-cli --pass ${DB_PASSWORD} ping"]},
                    }
                ]
            ),
        )
        """,
        """
        import pulumi_kubernetes as k8s

        labels = {"app": "api"}
        k8s.apps.v1.Deployment(
            "api",
            spec={
                "selector": {"match_labels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "containers": [
                            {
                                "name": "api",
                                "image": "example/api",
                                "env": [
                                    {"name": "LOG_LEVEL", "value": "info"},
                                    {
                                        "name": "DB_PASSWORD",
                                        "value_from": {"secret_key_ref": {"name": "database", "key": "password"}},
                                    },
                                ],
                            }
                        ]
                    },
                },
            },
        )
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        role = aws.iam.Role("api", assume_role_policy="{}")
        aws.lambda_.Function("api", role=role.arn, environment={"variables": {"dbPassword": "correct-horse-battery"}})
        """,
        """
        import pulumi_aws as aws

        # Several at once.
        role = aws.iam.Role("api", assume_role_policy="{}")
        keys = "correct-horse-battery,staple-correct-horse"
        aws.lambda_.Function("api", role=role.arn, environment={"variables": {"OPENAI_API_KEYS": keys}})
        """,
        """
        import pulumi_aws as aws

        # A harmless name, with a password in the URL.
        role = aws.iam.Role("api", assume_role_policy="{}")
        aws.lambda_.Function(
            "api",
            role=role.arn,
            environment=aws.lambda_.FunctionEnvironmentArgs(
                variables={"DATABASE_URL": "postgres://api:correct-horse@db.example.internal/cards"}
            ),
        )
        """,
        """
        import pulumi_aws as aws

        # Generated, not written, and still for everybody to see.
        user = aws.iam.AccessKey("legacy", user="legacy")
        role = aws.iam.Role("api", assume_role_policy="{}")
        aws.lambda_.Function(
            "api", role=role.arn, environment={"variables": {"AWS_SECRET_ACCESS_KEY": user.secret}}
        )
        """,
        """
        import json

        import pulumi_aws as aws

        aws.ecs.TaskDefinition(
            "api",
            family="api",
            container_definitions=json.dumps(
                [
                    {"name": "proxy", "image": "example/proxy"},
                    {
                        "name": "api",
                        "image": "example/api",
                        "environment": [{"name": "STRIPE_API_KEY", "value": "correct-horse-battery"}],
                    },
                ]
            ),
        )
        """,
        """
        import json

        import pulumi_aws as aws

        # In a command.
        aws.ecs.TaskDefinition(
            "cache",
            family="cache",
            container_definitions=json.dumps(
                [{"name": "cache", "command": ["redis-server", "--requirepass", "correct-horse-battery"]}]
            ),
        )
        """,
        """
        import json

        import pulumi_aws as aws

        # In a command of a shell.
        aws.ecs.TaskDefinition(
            "cache",
            family="cache",
            container_definitions=json.dumps(
                [{"name": "cache", "command": ["sh", "-c", "redis-server --requirepass 'correct-horse'"]}]
            ),
        )
        """,
        """
        import pulumi_kubernetes as k8s

        # In a container that only prepares the others.
        k8s.batch.v1.CronJob(
            "report",
            spec={
                "schedule": "0 3 * * *",
                "job_template": {
                    "spec": {
                        "template": {
                            "spec": {
                                "restart_policy": "Never",
                                "init_containers": [
                                    {
                                        "name": "migrate",
                                        "image": "example/migrate",
                                        "env": [{"name": "PGPASSWORD", "value": "correct-horse-battery"}],
                                    }
                                ],
                                "containers": [{"name": "report", "image": "example/report"}],
                            }
                        }
                    }
                },
            },
        )
        """,
    ],
)
def credential_in_environment_variable(code: Environment, case: Case) -> Answer:
    """A variable that is marked secret, is so named, or looks like a credential; an option of a command likewise."""
    variables, commands = code.credentials, code.commands
    places = [f"the environment variable {', '.join(variables)}"] if variables else []
    places += [f"a command ({', '.join(commands)})"] if commands else []
    if not places:
        return PASS
    return fail(f"{code.name} gets a credential in {' and in '.join(places)}, where many can read it.")
