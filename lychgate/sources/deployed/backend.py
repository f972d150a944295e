"""Where Pulumi keeps states without its service: a folder (`file://PATH`) or a bucket (`s3://BUCKET/PREFIX?region=...`).

The layout, from https://github.com/pulumi/pulumi/tree/master/pkg/backend/diy (store.go, meta.go, lock.go):
`.pulumi/meta.yaml` says `version: 1` where stacks stand in the folder of their project; without it, or with version 0,
`.pulumi/stacks/STACK.json` is the older layout. A stack's file may be compressed (`.json.gz`, `.json.zst`); where there
are several, the one written last counts. A lock is a file in `.pulumi/locks/organization/PROJECT/STACK/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson

from lychgate.model.document import parse
from lychgate.model.errors import InputError, shown
from lychgate.sources.deployed.checkpoint import MAX_BYTES, Deployed, read_checkpoint

NAME = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9_.-]{1,200}")
META, STACKS, LOCKS = ".pulumi/meta.yaml", ".pulumi/stacks", ".pulumi/locks"
ENDINGS = (".json", ".json.gz", ".json.zst")
SMALL = 100_000  # bytes that a lock or meta.yaml may have
S3_OPTIONS = (
    "region", "profile", "endpoint", "s3ForcePathStyle", "use_path_style", "disableSSL", "disable_https", "awssdk",
)  # fmt: skip


class BackendError(InputError):
    """A backend that does not answer, or refuses to: what stands in it is not known."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Another operation that holds a stack. What its file does not say is empty; `timestamp` is RFC 3339."""

    pid: int
    username: str
    hostname: str
    timestamp: str

    def __str__(self) -> str:
        return f"{self.username or '?'}@{self.hostname or '?'} (process {self.pid}) since {self.timestamp or '?'}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a backend, and when it was written (seconds since 1970)."""

    key: str
    modified: float


class Backend(Protocol):
    """The files of a backend, by keys such as `.pulumi/meta.yaml`."""

    url: str

    def read(self, key: str, most: int) -> bytes | None:
        """The content, cut after `most` + 1 bytes; None where there is no such file."""

    def files(self, folder: str) -> list[Entry]:
        """The files that stand in a folder, by name; none where there is no such folder."""


def read_file(path: Path) -> Deployed:
    """The state in a file: a stack's file of a backend, or what `pulumi stack export` wrote. Raises InputError."""
    data = FileBackend(path.parent, str(path)).read(path.name, MAX_BYTES)
    if data is None:
        raise InputError(str(path), found="there is no such file", expected="what `pulumi stack export` writes")
    return read_checkpoint(data, str(path))


def read_stack(url: str, project: str, stack: str) -> Deployed | None:
    """The state of a stack in a backend; None where the backend has no such stack.

    Raises InputError for a URL or state that cannot be used, BackendError where the backend cannot be read.
    """
    backend = open_backend(url)
    base = f"{STACKS}/{_place(backend, project, stack)}"
    folder, _, name = base.rpartition("/")
    names = {name + ending for ending in ENDINGS}
    found = [entry for entry in backend.files(folder) if entry.key.rpartition("/")[2] in names]
    if not found:
        return None
    latest = max(found, key=lambda entry: (entry.modified, entry.key))
    data = backend.read(latest.key, MAX_BYTES)
    return None if data is None else read_checkpoint(data, f"{backend.url}: {latest.key}")


def locks(url: str, project: str, stack: str) -> list[Lock]:
    """The operations that hold a stack now, the earliest first; a lock that cannot be read is one, too.

    Raises InputError for a URL that cannot be used, BackendError where the backend cannot be read.
    """
    backend = open_backend(url)
    place = _place(backend, project, stack)
    folder = f"{LOCKS}/organization/{place}" if "/" in place else f"{LOCKS}/{place}"
    entries = [entry for entry in backend.files(folder) if entry.key.endswith(".json")]
    contents = [backend.read(entry.key, SMALL) for entry in entries]
    return sorted((_lock(data) for data in contents if data is not None), key=lambda lock: (lock.timestamp, lock.pid))


def _lock(data: bytes) -> Lock:
    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError:
        told = None
    told = told if isinstance(told, dict) else {}
    pid = told.get("pid")
    texts = [told.get(name) for name in ("username", "hostname", "timestamp")]
    return Lock(pid if isinstance(pid, int) else 0, *(text if isinstance(text, str) else "" for text in texts))


def _place(backend: Backend, project: str, stack: str) -> str:
    """The stack below `.pulumi/stacks`: PROJECT/STACK, or STACK in the older layout."""
    for what, name in (("project", project), ("stack", stack)):
        if not NAME.fullmatch(name):
            raise InputError(
                backend.url, found=f"{shown(name)} is no name of a {what}", expected="letters, digits, _ . -"
            )
    return f"{project}/{stack}" if _version(backend) else stack


def _version(backend: Backend) -> int:
    data = backend.read(META, SMALL)
    if data is None:
        older = any(entry.key.endswith(ENDINGS) for entry in backend.files(STACKS))
        return 0 if older else 1
    told = parse(data, f"{backend.url}: {META}").value
    version = told.get("version") if isinstance(told, dict) else None
    if version not in (0, 1):
        raise InputError(f"{backend.url}: {META}", found=f"version is {shown(version)}", expected="version 0 or 1")
    return int(version)


def open_backend(url: str) -> Backend:
    """The backend of a URL. Nothing is read yet. Raises InputError for one that is not supported."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        path = Path(unquote(url.removeprefix("file://").partition("?")[0])).expanduser()
        return FileBackend(path, url)
    if parts.scheme == "s3" and parts.netloc:
        return S3Backend(parts.netloc, parts.path.strip("/"), dict(parse_qsl(parts.query)), url)
    expected = (
        "file://PATH or s3://BUCKET/PREFIX?region=...; of another backend, the file that `pulumi stack export` writes"
    )
    raise InputError(shown(url), found="it is no backend that can be read here", expected=expected)


class FileBackend:
    """A backend in a folder."""

    def __init__(self, root: Path, url: str) -> None:
        self.root, self.url = root, url

    def read(self, key: str, most: int) -> bytes | None:
        """See `Backend`."""
        path = self.root / key
        with self._errors():
            if not path.exists():
                return None
            if not path.is_file():  # a pipe would be waited for
                raise BackendError(str(path), found="it is no file", expected="a file")
            with path.open("rb") as stream:
                return stream.read(most + 1)

    def files(self, folder: str) -> list[Entry]:
        """See `Backend`."""
        with self._errors():
            if not (self.root / folder).is_dir():
                return []
            found = [path for path in (self.root / folder).iterdir() if path.is_file()]
            return sorted(
                (Entry(f"{folder}/{path.name}", path.stat().st_mtime) for path in found), key=lambda one: one.key
            )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            found = f"cannot be read: {error.strerror or error}"
            raise BackendError(self.url, found=found, expected="a folder that may be read") from None


class S3Backend:
    """A backend in a bucket. Credentials are boto3's affair: environment, profile, or the role of the machine."""

    def __init__(self, bucket: str, prefix: str, options: dict[str, str], url: str) -> None:
        strange = sorted(set(options) - set(S3_OPTIONS))
        if strange:
            raise InputError(url, found=f"unknown parameter {shown(strange[0])}", expected=", ".join(S3_OPTIONS[:4]))
        self.bucket, self.url = bucket, url.partition("?")[0]
        self._prefix = f"{prefix}/" if prefix else ""
        with self._errors():
            self._client = _client(options)

    def read(self, key: str, most: int) -> bytes | None:
        """See `Backend`."""
        with self._errors():
            try:
                answer = self._client.get_object(Bucket=self.bucket, Key=self._prefix + key)
            except self._client.exceptions.NoSuchKey:
                return None
            data: bytes = answer["Body"].read(most + 1)
            return data

    def files(self, folder: str) -> list[Entry]:
        """See `Backend`."""
        start = f"{self._prefix}{folder}/"
        with self._errors():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=start, Delimiter="/"
            )
            return [
                Entry(one["Key"].removeprefix(self._prefix), one["LastModified"].timestamp())
                for page in pages
                for one in page.get("Contents", ())
            ]

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
        except ModuleNotFoundError:
            expected = "boto3 (`pip install lychgate[sync]`)"
            raise InputError(self.url, found="a state in S3 is read with boto3", expected=expected) from None
        try:
            yield
        except ClientError as error:
            found = f"S3 refuses: {error.response.get('Error', {}).get('Code', 'without saying why')}"
            raise BackendError(self.url, found=found, expected="s3:ListBucket and s3:GetObject there") from None
        except BotoCoreError as error:
            raise BackendError(
                self.url, found=f"S3 cannot be asked: {error}", expected="credentials and a region"
            ) from None


def _client(options: dict[str, str]) -> Any:
    """A client of S3 by the parameters that Pulumi's URLs have."""
    import boto3  # type: ignore[import-untyped]
    from botocore.config import Config  # type: ignore[import-untyped]

    path_style = _yes(options, "s3ForcePathStyle") or _yes(options, "use_path_style")
    secure = not (_yes(options, "disableSSL") or _yes(options, "disable_https"))
    endpoint = options.get("endpoint")
    if endpoint and "://" not in endpoint:
        endpoint = f"{'https' if secure else 'http'}://{endpoint}"
    style = {"addressing_style": "path"} if path_style else {}
    config = Config(s3=style, connect_timeout=10, read_timeout=60, retries={"max_attempts": 3})
    session = boto3.session.Session(profile_name=options.get("profile"), region_name=options.get("region"))
    return session.client("s3", endpoint_url=endpoint, use_ssl=secure, config=config)


def _yes(options: dict[str, str], name: str) -> bool:
    return options.get(name, "").lower() in ("true", "1", "t")
