"""Where a stack's state is kept: whether that place encrypts, who holds the stack, what encrypts its secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.sync.capturing import PROJECT
from lychgate.provisioner.sync.facts import fact
from lychgate.provisioner.sync.planning import State

from lychgate.model.sync_request import Fact
from lychgate.model.values import Unknown
from lychgate.sources.deployed.backend import locks
from lychgate.sources.files import read_document

# https://cloud.google.com/storage/docs/encryption/default-keys
# https://learn.microsoft.com/azure/storage/common/storage-service-encryption
ALWAYS_ENCRYPTED = ("gs", "azblob")
STACKS = "stacks"  # where the settings of stacks are kept, in the platform's folder


def backend_override(environ: Mapping[str, str]) -> str | None:
    """The backend that Pulumi would use, were it not told another."""
    return environ.get("PULUMI_BACKEND_URL") or None


def backend_encrypted(url: str) -> Fact[bool]:
    """Whether a backend encrypts what it stores."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme == "s3":
        return fact("the encryption of the state's bucket", lambda: _bucket_encrypted(parts.netloc, parts.query))
    if scheme in ALWAYS_ENCRYPTED:
        return True
    if scheme == "file":
        return False
    return Unknown(f"whether a backend by {scheme or 'this address'} encrypts cannot be asked")


def _bucket_encrypted(bucket: str, query: str) -> bool:
    from botocore.config import Config  # type: ignore[import-untyped]
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

    client = _s3(dict(parse_qsl(query)), Config(connect_timeout=5, read_timeout=10, retries={"max_attempts": 2}))
    try:
        told = client.get_bucket_encryption(Bucket=bucket)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ServerSideEncryptionConfigurationNotFoundError":
            return False
        raise
    rules = told["ServerSideEncryptionConfiguration"]["Rules"]
    return any(rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm") for rule in rules)


def _s3(options: Mapping[str, str], config: Any) -> Any:
    import boto3  # type: ignore[import-untyped]

    endpoint = options.get("endpoint")
    if endpoint and "://" not in endpoint:
        endpoint = f"https://{endpoint}"
    session = boto3.session.Session(profile_name=options.get("profile"), region_name=options.get("region"))
    return session.client("s3", endpoint_url=endpoint, config=config)


def stack_locks(url: str, stack: str) -> Fact[tuple[str, ...]]:
    """The operations that hold the stack, in words."""
    return fact("the locks of the stack", lambda: tuple(str(lock) for lock in locks(url, PROJECT, stack)))


def secrets_providers(scope: Scope, state: State) -> Fact[tuple[str, ...]]:
    """What the stack's kept settings and its state name; none for a stack that is not there yet."""
    if state.unread:
        return Unknown(f"what encrypts the secrets in the state could not be read: {state.unread}")
    named = fact("what encrypts the stack's secrets", lambda: _kept(scope))
    if isinstance(named, Unknown):
        return named
    of_state = state.deployed.secrets_provider if state.deployed else ""
    return tuple(dict.fromkeys(one for one in (named, of_state) if one))


def _kept(scope: Scope) -> str:
    """What the stack's settings name, as Pulumi understands them: a salt without a key service is a passphrase's.

    https://github.com/pulumi/pulumi/blob/master/pkg/cmd/pulumi/stack/secrets.go
    """
    path = scope.platform.folder / STACKS / f"Pulumi.{scope.stack}.yaml"
    if not path.exists() and not path.is_symlink():
        return ""
    told = read_document(path, within=scope.platform.folder, empty=True).value
    told = told if isinstance(told, dict) else {}
    provider = str(told.get("secretsprovider") or "")
    if provider in ("", "default", "passphrase") and told.get("encryptionsalt"):
        return "passphrase"
    return provider
