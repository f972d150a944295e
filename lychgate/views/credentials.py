"""Passwords, tokens and keys: which of them stand in the program itself, and which reach it from elsewhere.

A value counts as written in the program if it is a known text that is neither an output that somebody else decides (a
generated password: symbolic in a capture, secret in a deployed state) nor from secret configuration. Nothing here tells
what a value is, only where it is from; so looking at it does not count as reading a secret.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Secret, Symbol, Unknown, UnknownRead, secret_texts
from lychgate.views.base import View
from lychgate.views.kubernetes_objects import tokens

# Property -> what it holds. The forms with `Wo` are write-only: they are not kept in the state, but in the program.
PASSWORDS: dict[str, tuple[str, ...]] = {
    "aws:rds/cluster:Cluster": ("masterPassword", "masterPasswordWo"),
    "aws:rds/instance:Instance": ("password", "passwordWo"),
    "aws:docdb/cluster:Cluster": ("masterPassword", "masterPasswordWo"),
    "aws:redshift/cluster:Cluster": ("masterPassword", "masterPasswordWo"),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("authToken", "authTokenWo"),
}
SECRET_VALUES: dict[str, tuple[str, ...]] = {
    "aws:secretsmanager/secretVersion:SecretVersion": ("secretString", "secretStringWo", "secretBinary"),
    "aws:ssm/parameter:Parameter": ("value", "valueWo", "insecureValue"),
    **dict.fromkeys(tokens("Secret", "core/v1"), ("stringData", "data")),
}
KEY_MATERIAL: dict[str, tuple[str, ...]] = {
    "aws:kms/externalKey:ExternalKey": ("keyMaterialBase64",),
    "aws:acm/certificate:Certificate": ("privateKey", "privateKeyWo"),
    "aws:iam/serverCertificate:ServerCertificate": ("privateKey",),
    "aws:apigateway/domainName:DomainName": ("certificatePrivateKey",),
}

# Names of fields that stand beside a password and are none.
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
HARMLESS = re.compile(
    r"(user(name)?|login|email|(db)?host(name)?|port|engine|(db)?name|database|schema|db(cluster|instance)identifier|region"
    r"|(master)?arn|id|account(id)?|ur[li]|endpoint|ssl(mode)?|type|description|version|(tls|ca)\.crt)"
)
NAMED = re.compile(
    r"((password|passwd|passphrase|secret|token)s?|(^|[_\-.])(pass|pwd|pat|dsn|credentials?|connection[_\-.]?strings?"
    r"|(api|access|private|secret|signing|encryption|auth)[_\-.]?keys?))([_\-.](values?|text|plain))?$",
    re.IGNORECASE,
)
# DB_SECRET is as often the name of a Secret as what is in it: `payments-db`. A secret of these kinds has no name.
OF_ITSELF = re.compile(
    r"(client|consumer|app|application|api|auth|oauth\d?|jwt|session|cookie|csrf|webhook|hook|signing|shared|hmac|hash"
    r"|salt|access|encryption|master|private|user|login|nextauth|totp|otp)[_\-.]?secrets?$",
    re.IGNORECASE,
)
OBJECT_NAME = re.compile(r"[a-z]+\d{0,3}([-.]([a-z]+\d{0,3}|\d{1,3}))+")
WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Tokens known by how they begin; https://github.com/gitleaks/gitleaks (config/gitleaks.toml) has collected them.
SHAPED = re.compile(
    "|".join(
        (
            r"(?:A3T[A-Z0-9]|AKIA|ASIA)[A-Z0-9]{16}\b",
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
            r"\b[sr]k_(?:live|prod)_[0-9a-zA-Z]{16,}",  # Stripe
            r"\bsk-(?:proj|svcacct|admin)-[\w-]{32,}",  # OpenAI
            r"\bsk-[0-9a-zA-Z]{20}T3BlbkFJ[0-9a-zA-Z]{20}",
            r"\bsk-ant-[a-z]+\d+-[\w-]{32,}",  # Anthropic
            r"\bgh[pousr]_[0-9a-zA-Z]{30,}|\bgithub_pat_\w{80,}",
            r"\bgl(?:pat|dt|ft|rt|ptt)-[\w-]{20,}",  # GitLab
            r"\bxox[abeprs]-[0-9a-zA-Z-]{10,}|\bxapp-\d-[0-9A-Z]+-\d+-[0-9a-z]+",  # Slack
            r"\bAIza[\w-]{35}",  # Google
            r"\bSG\.[\w=.-]{66}",  # SendGrid
            r"\bnpm_[0-9a-zA-Z]{36}|\bpypi-AgEIcHlwaS5vcmc[\w-]{50,}|\brubygems_[0-9a-f]{48}",
            r"\bhf_[a-zA-Z]{34}|\bpplx-[0-9a-zA-Z]{48}",  # Hugging Face, Perplexity
            r"\bdo[opr]_v1_[0-9a-f]{64}",  # DigitalOcean
            r"\bhv[bs]\.[\w-]{90,}|\b[0-9a-zA-Z]{14}\.atlasv1\.[\w=-]{60,}",  # Vault, Terraform Cloud
            r"\bpul-[0-9a-f]{40}|\bdapi[0-9a-f]{32}\b|\bdp\.pt\.[0-9a-zA-Z]{43}",  # Pulumi, Databricks, Doppler
            r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|\bsq0(?:atp|csp)-[\w-]{22,}",  # Shopify, Square
            # New Relic, Grafana; Postman, Linear, Sentry
            r"\bNRAK-[0-9A-Z]{27}|\bglsa_[0-9a-zA-Z]{32}_[0-9a-fA-F]{8}",
            r"\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}|\blin_api_[0-9a-zA-Z]{40}|\bsntryu_[0-9a-f]{64}",
        )
    )
)
IN_URL = re.compile(r"://[^:/@\s]*:([^@/\s]+)@")
# What stands for a credential that is kept elsewhere: an ARN, a reference, a variable that is filled in later.
REFERENCE = re.compile(r"arn:[\w-]+:|\{\{resolve:|\$\{[^}]+\}$|(ssm|secretsmanager|vault):|(/[\w.-]+){2,}$")
PLACEHOLDER = re.compile(
    r"(change|replace|fill|set)[-_ ]?(me|this|it)?([-_ ](in|later|by hand))?|placeholder|dummy|initial|todo|x+|\{\}",
    re.IGNORECASE,
)
SHORTEST = 4


def opened(value: Any) -> Any:
    """The value inside its secrets."""
    while isinstance(value, Secret):
        value = value.value
    return value


class Origins:
    """The texts that reach a property of a resource from elsewhere."""

    def __init__(self, graph: Graph, resource: Resource, name: str) -> None:
        found = set(_configured(graph, resource.stack))
        for urn in resource.property_dependencies.get(name, ()):
            source = graph.by_urn.get(urn)
            if source is not None:
                found.update(_decided(source.outputs), secret_texts(source.outputs))
        self.texts = frozenset(text for text in found if len(text) >= SHORTEST)

    def elsewhere(self, text: str) -> bool:
        """Whether something of the text is from elsewhere."""
        return isinstance(text, Symbol) or any(known in text for known in self.texts)


def _decided(value: Any) -> Iterator[str]:
    """The outputs that AWS or a provider decides."""
    if isinstance(value, Symbol):
        yield str(value)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _decided(item)
    elif isinstance(value, list):
        for item in value:
            yield from _decided(item)
    elif isinstance(value, Secret):
        yield from _decided(value.value)


def _configured(graph: Graph, stack: str) -> frozenset[str]:
    """The texts of a stack's secret configuration, those inside JSON too. A policy pack is not told which configuration
    is secret: there any configuration counts."""
    return graph.once(("configured secrets", stack), lambda: frozenset(_configuration(graph, stack)))


def _configuration(graph: Graph, stack: str) -> Iterator[str]:
    info = graph.stacks.get(stack)
    for value in info.config.values() if info else ():
        if not isinstance(value, Secret) and graph.complete:
            continue
        text = str(opened(value))
        yield text
        if text[:1] in "[{":
            try:
                yield from secret_texts(Secret(json.loads(text)))
            except ValueError:
                continue


def plain_key(graph: Graph, stack: str, text: str) -> str | None:
    """The key of the plain configuration that a written text, or the password of a URL in it, is the value of."""
    info = graph.stacks.get(stack)
    in_url = IN_URL.search(text)
    texts = {text, in_url.group(1) if in_url else text}
    plain = {key: value for key, value in (info.config if info else {}).items() if not isinstance(value, Secret)}
    return next((key for key, value in plain.items() if str(value) in texts), None)


def looks_like_credential(name: str) -> bool:
    """Whether a variable or field of this name holds a credential itself, not the name or ARN of one."""
    return bool(NAMED.search(WORDS.sub("_", name)))


def names_an_object(name: str, text: str) -> bool:
    """Whether the value of a variable that is called after a secret is the name of a Secret object: words of lower case
    with hyphens or dots, such as Kubernetes and Secrets Manager take."""
    spelled = WORDS.sub("_", name)
    is_secret = re.search(r"secrets?$", spelled, re.IGNORECASE) is not None
    return is_secret and not OF_ITSELF.search(spelled) and OBJECT_NAME.fullmatch(text) is not None


def written_in_text(text: str, origins: Origins) -> bool:
    """Whether the text itself shows a credential, whatever its name: in its shape, or as the password of a URL."""
    in_url = IN_URL.search(text)
    password = in_url.group(1) if in_url else ""
    if password and not origins.elsewhere(password) and not REFERENCE.match(password):
        return True
    shaped = SHAPED.search(text)
    return shaped is not None and not origins.elsewhere(shaped.group())


class _Holder(View):
    """A resource with properties that hold a credential, and nothing else."""

    holds: ClassVar[dict[str, tuple[str, ...]]] = {}
    __slots__ = ()

    @property
    def written(self) -> list[str]:
        """The properties whose credential is written in the program, which an unknown one is not."""
        found = []
        for name in self.holds[self.resource.type]:
            value = opened(self.resource.properties.get(name))
            if isinstance(value, str) and value and not Origins(self.graph, self.resource, name).elsewhere(value):
                found.append(name)
        return found

    @property
    def configured(self) -> dict[str, str]:
        """Those of them that come from plain configuration -> its key."""
        found = ((name, self._plain_key(name)) for name in self.written)
        return {name: key for name, key in found if key}

    def _plain_key(self, name: str) -> str | None:
        return plain_key(self.graph, self.resource.stack, str(opened(self.resource.properties.get(name))))


class PasswordHolder(_Holder):
    """A database or cache whose password a program can set."""

    types = tuple(PASSWORDS)
    holds = PASSWORDS
    __slots__ = ()


class KeyMaterial(_Holder):
    """A key or certificate whose secret part a program brings with it."""

    types = tuple(KEY_MATERIAL)
    holds = KEY_MATERIAL
    __slots__ = ()


class SecretValue(View):
    """A value that a program puts into a store of secrets: a version of a secret, a parameter of type SecureString, a
    Kubernetes Secret."""

    types = tuple(SECRET_VALUES)
    __slots__ = ()

    @classmethod
    def takes(cls, resource: Resource) -> bool:
        """Managed ones; of parameters those that are meant to be secret."""
        plain = resource.type == "aws:ssm/parameter:Parameter" and resource.properties.get("type") != "SecureString"
        return not resource.external and not plain

    @property
    def written(self) -> list[str]:
        """The properties, or fields of a JSON object in them, whose value is written in the program.

        Raises `UnknownRead` where there is none, but a value that is unknown as a whole.
        """
        return [place for place, _ in self._found()]

    @property
    def configured(self) -> dict[str, str]:
        """Those of them that come from plain configuration -> its key."""
        found = ((place, plain_key(self.graph, self.resource.stack, text)) for place, text in self._found())
        return {place: key for place, key in found if key}

    def _found(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        unread: UnknownRead | None = None
        for name, place, value in self._values():
            if isinstance(value, Unknown):
                unread = UnknownRead(self.resource.urn, place, value.why)
            elif isinstance(value, str) and value:
                found += self._written(name, place, value)
        if unread is not None and not found:
            raise unread
        return found

    def _values(self) -> Iterator[tuple[str, str, Any]]:
        """Property, place and value of each; a Kubernetes Secret has several in a property, some in base64."""
        for name in SECRET_VALUES[self.resource.type]:
            value = opened(self.resource.properties.get(name))
            if not isinstance(value, dict):
                yield name, name, value
                continue
            for key, item in value.items():
                text = opened(item)
                yield name, f"{name}.{key}", _decoded(text) if name == "data" and isinstance(text, str) else text

    def _written(self, name: str, place: str, text: str) -> Iterator[tuple[str, str]]:
        if name in self.resource.options.get("ignoreChanges", ()) and PLACEHOLDER.fullmatch(text):
            return
        origins = Origins(self.graph, self.resource, name)
        fields = _fields(text)
        if fields is None:
            whole = name == place or _is_value(place.partition(".")[2], text)
            if (whole and not origins.elsewhere(text)) or written_in_text(text, origins):
                yield place, text
            return
        for field, part in fields:
            if (_is_value(re.split(r"[.\[]", field)[-1], part) and not origins.elsewhere(part)) or written_in_text(
                part, origins
            ):
                yield f"{place} ({field})", part


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return text


def _is_value(name: str, text: str) -> bool:
    """Whether a field of this name in a secret holds what is secret, not what stands beside it."""
    if text.isdigit() or text.lower() in ("true", "false"):
        return looks_like_credential(name)
    return not HARMLESS.fullmatch(re.sub(r"[_-]", "", name.lower()))


def _fields(text: str) -> list[tuple[str, str]] | None:
    """The texts in a JSON object or list with their places; None for any other text."""
    if text[:1] not in "[{":
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return list(_leaves(value, ""))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    elif isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
        yield path, str(value)
