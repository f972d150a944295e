"""Where the state is kept: the environment's own place, encrypted, not a folder, and nobody else at work on it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlsplit

from lychgate.policies.preflight.examples import PRODUCTION, TEST

from lychgate.judging.preflight import preflight
from lychgate.model.outcome import PASS, Answer, fail, not_applicable
from lychgate.model.sync_request import SyncRequest, known

REMOTE = ("s3", "gs", "azblob", "https")
YES = ("1", "t", "true")
KEY_SERVICES = ("awskms", "azurekeyvault", "gcpkms", "hashivault")


@preflight(
    id="production-state-kept-locally",
    title="The state of production is kept on one machine",
    rationale="""
        A folder is lost with its machine, and whoever can log in there can read and rewrite what Pulumi believes to be
        deployed.
    """,
    remediation="Name a bucket in `state.backend` of the environment: `s3://BUCKET`.",
    applying=True,
    compliant=[PRODUCTION, TEST],
    violating=[
        replace(PRODUCTION, backend="file:///srv/state"),
        replace(PRODUCTION, backend="FILE://~"),
        replace(PRODUCTION, backend="s3://state?endpoint=localhost:9000"),
        replace(PRODUCTION, backend_override="file:///tmp"),
    ],
)
def production_state_kept_locally(sync: SyncRequest) -> Answer:
    """Neither the environment's backend nor one that the process was told to use is on this machine."""
    if not known(sync.production):
        return not_applicable("is not production")
    for url in (known(sync.backend), known(sync.backend_override)):
        if url is not None and _is_local(url):
            return fail(f"The state would be kept on this machine: {_without_options(url)}.")
    return PASS


@preflight(
    id="state-in-another-backend",
    title="The process is told to keep the state in another place than the environment's",
    rationale="""
        With a state of another place Pulumi does not know what exists, makes it again, and leaves the record of it
        where nobody looks.
    """,
    remediation="Unset PULUMI_BACKEND_URL: the environment's `state.backend` is used.",
    applying=True,
    compliant=[PRODUCTION, replace(PRODUCTION, backend_override="s3://platform-production-state/")],
    violating=[
        replace(PRODUCTION, backend_override="s3://platform-test-state"),
        replace(PRODUCTION, backend_override="s3://platform-production-state?endpoint=minio.example.com"),
        replace(TEST, backend_override="file://~"),
    ],
)
def state_in_another_backend(sync: SyncRequest) -> Answer:
    """PULUMI_BACKEND_URL says nothing, or the same."""
    override, backend = known(sync.backend_override), known(sync.backend)
    if override is None or override.rstrip("/") == backend.rstrip("/"):
        return PASS
    return fail(
        f"PULUMI_BACKEND_URL leads to {_without_options(override)}, where the environment's state is in "
        f"{_without_options(backend)}{_options_differ(override, backend)}."
    )


@preflight(
    id="state-without-encryption",
    title="The state is kept or sent without encryption",
    rationale="The state holds every input of every resource: whoever reads it knows the whole environment.",
    remediation="Switch on default encryption of the bucket, and take `disableSSL` and `http://` out of the URL.",
    applying=True,
    compliant=[PRODUCTION, TEST],
    violating=[
        replace(PRODUCTION, backend_encrypted=False),
        replace(PRODUCTION, backend="s3://state?disableSSL=true"),
        replace(TEST, backend="s3://platform-test-state"),
    ],
)
def state_without_encryption(sync: SyncRequest) -> Answer:
    """The place encrypts what is stored, and is reached by TLS. A folder before production is left aside."""
    backend = known(sync.backend)
    if _is_local(backend) and not known(sync.production):
        return not_applicable("the state stays on this machine")
    if _is_plain(backend):
        return fail(f"The state is sent to {_without_options(backend)} without TLS.")
    if known(sync.backend_encrypted):
        return PASS
    return fail(f"The state in {_without_options(backend)} is not encrypted.")


@preflight(
    id="production-secrets-behind-a-passphrase",
    title="The secrets in the state of production are encrypted by a passphrase",
    rationale="""
        A passphrase is shared by all who deploy, is in no log when it is used, and still opens every old state after it
        was changed.
    """,
    remediation="Name a KMS key in the environment's `state.secrets_provider`: `awskms://...`.",
    applying=False,
    compliant=[PRODUCTION, TEST],
    violating=[
        replace(PRODUCTION, secrets_provider="passphrase"),
        replace(PRODUCTION, secrets_provider="default"),
        replace(PRODUCTION, secrets_provider="awskms"),
    ],
)
def production_secrets_behind_a_passphrase(sync: SyncRequest) -> Answer:
    """The environment names a key management service.

    https://www.pulumi.com/docs/iac/concepts/secrets/#available-encryption-providers
    """
    if not known(sync.production):
        return not_applicable("is not production")
    provider = known(sync.secrets_provider)
    service, separator, key = provider.partition("://")
    if service in KEY_SERVICES and separator and key:
        return PASS
    return fail(f"The environment's secrets provider is {service}, which is no key of a key management service.")


@preflight(
    id="secrets-by-another-provider",
    title="The stack's secrets are encrypted by something else than the environment says",
    rationale="""
        What a stack was made with stays: a passphrase, or another environment's key, opens its secrets whatever the
        environment's file says by now.
    """,
    remediation="Run `pulumi stack change-secrets-provider` with the environment's `state.secrets_provider`.",
    applying=True,
    compliant=[PRODUCTION, TEST, replace(PRODUCTION, secrets_providers=())],
    violating=[
        replace(PRODUCTION, secrets_providers=("passphrase",)),
        replace(PRODUCTION, secrets_providers=("awskms://alias/platform-state?region=eu-central-1", "passphrase")),
        replace(PRODUCTION, secrets_providers=("awskms://alias/other",)),
    ],
)
def secrets_by_another_provider(sync: SyncRequest) -> Answer:
    """The stack's file and its state name the environment's provider, or none yet."""
    wanted = known(sync.secrets_provider)
    for found in known(sync.secrets_providers):
        if found != wanted:
            return fail(f"The stack's secrets provider is {found}, where the environment's is {wanted}.")
    return PASS


@preflight(
    id="sync-of-a-locked-stack",
    title="Another operation holds the stack",
    rationale="Two syncs of one stack at a time leave a state that is true of neither.",
    remediation="Wait until it is done; `pulumi cancel` takes away the lock of one that has died.",
    applying=True,
    compliant=[PRODUCTION],
    violating=[replace(PRODUCTION, locks=("grace@runner-3 (process 411) since 2026-11-02T11:58:00Z",))],
)
def sync_of_a_locked_stack(sync: SyncRequest) -> Answer:
    """No lock stands in the backend."""
    locks = known(sync.locks)
    return fail(f"{known(sync.stack)} is held by {'; '.join(locks)}.") if locks else PASS


def _is_local(url: str) -> bool:
    """Whether a backend is on this machine: a folder, or an address that leads back to it."""
    parts = urlsplit(url)
    if parts.scheme.lower() not in REMOTE:
        return True
    hosts = [parts.hostname or ""] if parts.scheme.lower() == "https" else []
    return any(_loops_back(host) for host in (*hosts, *_endpoints(url)))


def _endpoints(url: str) -> list[str]:
    values = [value for name, value in _options(url) if name == "endpoint"]
    return [urlsplit(value if "://" in value else f"//{value}").hostname or "" for value in values]


def _loops_back(host: str) -> bool:
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith((".localhost", ".local")) or not name:
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _is_plain(url: str) -> bool:
    """Whether the URL switches TLS off."""
    if urlsplit(url).scheme.lower() == "http":
        return True
    return any(
        (name.lower() in ("disablessl", "disable_https") and value.lower() in YES)
        or (name == "endpoint" and value.lower().startswith("http://"))
        for name, value in _options(url)
    )


def _options(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query)


def _options_differ(one: str, other: str) -> str:
    same = _without_options(one).rstrip("/") == _without_options(other).rstrip("/")
    return " with other options" if same else ""


def _without_options(url: str) -> str:
    """A URL as a message shows it: without a password, and what stands behind `?`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
