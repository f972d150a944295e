"""Which credentials are written in the program, and which reach it from elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lychgate.model.graph import Graph, Resource, StackInfo
from lychgate.model.values import UNKNOWN, Secret, Symbol, UnknownRead, reading
from lychgate.views.credentials import PasswordHolder, SecretValue, looks_like_credential
from lychgate.views.environments import Environment
from tests.views.helpers import STACK, resource

VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
CLUSTER = "aws:rds/cluster:Cluster"
FUNCTION = "aws:lambda/function:Function"


def graph(*resources: Resource, complete: bool = True, config: dict[str, Any] | None = None) -> Graph:
    return Graph(resources, [StackInfo(STACK, "shop", "production", config or {})], complete=complete)


def written(
    value: Any,
    *others: Resource,
    complete: bool = True,
    options: dict[str, Any] | None = None,
    config: dict[str, Any] | None = None,
) -> list[str]:
    one = resource(
        VERSION,
        "database",
        {"secretString": value},
        options=options or {},
        property_dependencies={"secretString": tuple(other.urn for other in others)},
    )
    return SecretValue.of(graph(one, *others, complete=complete, config=config), one).written


def generated(secret: Any) -> Resource:
    return resource("random:index/randomPassword:RandomPassword", "password", outputs={"result": secret})


def test_a_literal_is_written_and_looking_reads_no_secret() -> None:
    reading.begin()
    assert written(Secret("correct-horse")) == ["secretString"]
    assert not reading.secrets


def test_a_generated_password_is_not() -> None:
    symbol = Symbol.of("password-1234.result", "urn:pulumi:x", "result")
    assert written(Secret(symbol), generated(symbol)) == []
    text = json.dumps({"username": "app", "password": str(symbol)})
    assert written(Secret(text), generated(symbol)) == []


def test_in_a_deployed_state_the_secret_output_of_a_dependency_tells() -> None:
    assert written(Secret("s3cr3t-and-long"), generated(Secret("s3cr3t-and-long")), complete=False) == []
    assert written(Secret("correct-horse"), generated(Secret("s3cr3t-and-long")), complete=False) == ["secretString"]


def test_secret_configuration_is_elsewhere_and_plain_configuration_is_not() -> None:
    assert written(Secret("hunter-2-hunter"), config={"shop:password": Secret("hunter-2-hunter")}) == []
    assert written(Secret("hunter-2-hunter"), config={"shop:keys": Secret('{"live": "hunter-2-hunter"}')}) == []
    assert written(Secret("hunter-2-hunter"), config={"shop:password": "hunter-2-hunter"}) == ["secretString"]


def test_what_comes_from_plain_configuration_is_told() -> None:
    """By its key, also inside a text."""
    config = {"shop:password": "hunter-2-hunter", "shop:stage": "live", "shop:other": Secret("hunter-2-hunter-2")}
    values = {"password": "hunter-2-hunter", "url": "postgres://app:hunter-2-hunter@live", "token": "correct-horse"}
    one = resource(VERSION, "database", {"secretString": json.dumps(values)})
    told = SecretValue.of(graph(one, config=config), one).configured
    assert told == {"secretString (password)": "shop:password", "secretString (url)": "shop:password"}
    cluster = resource(CLUSTER, "cards", {"masterPassword": Secret("hunter-2-hunter")})
    assert PasswordHolder.of(graph(cluster, config=config), cluster).configured == {"masterPassword": "shop:password"}
    assert PasswordHolder.of(graph(cluster), cluster).configured == {}


def test_a_policy_pack_cannot_tell_plain_configuration_from_secret_one() -> None:
    assert written(Secret("hunter-2-hunter"), complete=False, config={"shop:password": "hunter-2-hunter"}) == []


def test_an_unknown_value_may_hold_a_literal() -> None:
    with pytest.raises(UnknownRead, match="secretString"):
        written(UNKNOWN)
    with pytest.raises(UnknownRead, match="secretString"):
        written(Secret(UNKNOWN))


def test_fields_beside_the_password_may_be_known() -> None:
    value = {"username": "app", "host": "db", "port": 5432, "sslMode": True, "db_name": "cards", "password": "horse"}
    assert written(json.dumps(value)) == ["secretString (password)"]
    assert written(json.dumps({"a": [{"pin": "x-0000"}]})) == ["secretString (a[0].pin)"]


def test_a_placeholder_counts_only_where_the_program_leaves_it_alone() -> None:
    assert written("CHANGE_ME", options={"ignoreChanges": ["secretString"]}) == []
    assert written("CHANGE_ME") == ["secretString"]
    assert written("correct-horse", options={"ignoreChanges": ["secretString"]}) == ["secretString"]


def test_an_unknown_password_of_a_database_is_not_written() -> None:
    cluster = resource(CLUSTER, "cards", {"masterPassword": Secret(UNKNOWN)})
    assert PasswordHolder.of(graph(cluster), cluster).written == []
    cluster = resource(CLUSTER, "cards", {"masterPassword": Secret("correct-horse")})
    assert PasswordHolder.of(graph(cluster), cluster).written == ["masterPassword"]


def credentials(variables: Any, *beside: Any) -> list[str]:
    function = resource(FUNCTION, "api", {"environment": {"variables": variables}})
    return Environment.of(graph(function, *beside), function).credentials


@pytest.mark.parametrize(
    "name",
    [
        "DB_PASSWORD",
        "PGPASSWORD",
        "dbPassword",
        "API_KEY",
        "apiKey",
        "JWT_TOKEN",
        "clientSecret",
        "MYSQL_PWD",
        "GITHUB_PAT",
    ],
)
def test_names_of_credentials(name: str) -> None:
    assert looks_like_credential(name)


@pytest.mark.parametrize(
    "name",
    ["SECRET_NAME", "DB_SECRET_ARN", "TOKEN_URL", "PASSWORD_MIN_LENGTH", "MONKEY", "BYPASS", "tokenizer", "KEY_ID"],
)
def test_names_of_other_things(name: str) -> None:
    assert not looks_like_credential(name)


def test_variables() -> None:
    fine = {
        "DB_SECRET": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-1",
        "DB_PASSWORD": "/shop/production/db-password",
        "API_TOKEN": "",
        "USE_TOKEN": "true",
        "REGION": UNKNOWN,
        "URL": "https://user@example.com/",
    }
    assert credentials(fine) == []
    assert credentials({"ANY": Secret("something")}) == ["ANY"]
    assert credentials({"ANY": Secret("arn:aws:secretsmanager:eu-west-1:1:secret:db")}) == []
    assert credentials({"URL": "amqp://user:horse@example.com/"}) == ["URL"]
    assert credentials({"ID": "AKIA" + "ABCDEFGH" * 2}) == ["ID"]
    with pytest.raises(UnknownRead, match="DB_PASSWORD"):
        credentials({"DB_PASSWORD": UNKNOWN})
    with pytest.raises(UnknownRead, match="variables"):
        credentials(UNKNOWN)


@pytest.mark.parametrize("name", ["OPENAI_API_KEYS", "apiKeys", "DB_PASSWORDS", "ACCESS_TOKENS", "SIGNING_SECRETS"])
def test_names_of_several_credentials(name: str) -> None:
    assert credentials({name: "correct-Horse"}) == [name]


@pytest.mark.parametrize(
    "token",
    [
        "sk-proj-" + "aB3_dE6-" * 8,
        "sk-ant-api03-" + "aB3_dE6-" * 8,
        "glrt-" + "aB3dE6gH9j" * 2,
        "AIza" + "aB3dE6g" * 5,
        "npm_" + "aB3dE6" * 6,
        "github_pat_" + "aB3d" * 21,
    ],
)
def test_tokens_that_are_known_by_how_they_begin(token: str) -> None:
    assert credentials({"SETTING": token}) == ["SETTING"]
    assert credentials({"SETTING": f"--key={token}"}) == ["SETTING"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TS_KUBE_SECRET", "tailscale-state"),
        ("DB_SECRET", "payments-db"),
        ("TLS_SECRETS", "api.example-tls-2"),
        ("tlsSecret", "web-tls"),
        ("DB_SECRET", "correct-horse-battery-staple"),
    ],
)
def test_a_word_that_may_be_the_name_of_a_secret_is_not_decided(name: str, value: str) -> None:
    with pytest.raises(UnknownRead, match=f"{name}.*may be the name of a Secret, or the secret itself"):
        credentials({name: value})
    assert credentials({name: value, "API_TOKEN": "some-words"}) == ["API_TOKEN"], "what is certain is said"


def test_a_secret_may_be_called_by_its_name() -> None:
    known = resource("kubernetes:core/v1:Secret", "db", {"metadata": {"name": "payments-db"}})
    assert credentials({"DB_SECRET": "payments-db"}, known) == []
    assert credentials({"DB_SECRET_NAME": "payments-db"}) == []
    values = {"DB_SECRET": "hunter2", "CLIENT_SECRET": "ab1-cd2", "API_TOKEN": "some-words", "JWT_SECRET": "my-secret",
              "OLD_SECRET": "Correct-Horse", "NEW_SECRET": "wJalr-7MDENG/bPx"}  # fmt: skip
    assert credentials(values) == list(values)
    drawn = {"DB_SECRET": "ab2e1c3a-77d0-4c1e-8f61-2d0b7a9e5c44", "APP1_DB_SECRET": "9b2e1c3a-77d0"}
    assert credentials(drawn) == list(drawn)


def kubernetes(data: Any) -> list[str]:
    one = resource("kubernetes:core/v1:Secret", "database", {"stringData": data})
    return SecretValue.of(graph(one), one).written


def test_kubernetes_secrets() -> None:
    assert kubernetes(Secret({"username": "app", "password": "horse", "tls.crt": "public"})) == ["stringData.password"]
    assert kubernetes({"password": UNKNOWN, "token": "horse"}) == ["stringData.token"]
    assert kubernetes({"config.json": '{"pass": "horse"}'}) == ["stringData.config.json (pass)"]
    with pytest.raises(UnknownRead, match=r"stringData\.password"):
        kubernetes({"password": Secret(UNKNOWN), "username": "app"})
