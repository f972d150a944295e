"""lychgate.yaml: what the invoker (never the judged program) says of labels, environments, existing things, secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from lychgate.model.document import Document
from lychgate.model.errors import InputError
from lychgate.model.labels import DEFAULT_KEYS, LabelSettings
from lychgate.model.validation import load
from lychgate.sources.files import read, read_document
from lychgate.sources.program.functions import Fixture

NAME = "lychgate.yaml"
Dimension = Literal["application", "environment", "tenant", "classification"]

ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?")
# https://docs.gitlab.com/user/reserved_names/#limitations-on-usernames-project-and-group-names-and-slugs
PROJECT = re.compile(r"[1-9][0-9]*|[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Invoke(_Part):
    """What a function call answers: all of `arguments` must be among the call's."""

    token: str = Field(pattern=r"^[\w.-]+:[\w./-]*:\w+$")
    arguments: dict[str, Any] = {}
    result: dict[str, Any]


class Selector(_Part):
    """Labels for the resources whose URN matches a pattern (`*` and `?`)."""

    urn: str = Field(min_length=1)
    labels: dict[Dimension, str]


class Environment(_Part):
    """Where an environment stands."""

    account: str = Field(pattern=r"^\d{12}$")
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")


def may_have_token(url: str) -> bool:
    """Whether a token may be sent there: by HTTPS, or to this machine itself."""
    try:
        parts = urlsplit(url)
        if parts.scheme == "https":
            return True
        return parts.scheme == "http" and ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


class GitLabSetting(_Part):
    """The project on GitLab that the platform is kept in. `ca` is a file of certificates, beside this one."""

    url: str
    project: str
    ca: str | None = None

    @field_validator("url")
    @classmethod
    def _an_address(cls, url: str) -> str:
        try:
            well_formed = ADDRESS.fullmatch(url) and urlsplit(url).hostname and urlsplit(url).port != 0
        except ValueError:  # a port that is none, brackets that do not close
            well_formed = False
        if not well_formed or not may_have_token(url):
            raise ValueError("an address such as https://gitlab.example.com")
        return url.rstrip("/")

    @field_validator("project", mode="before")
    @classmethod
    def _a_project(cls, project: Any) -> Any:
        text = str(project) if isinstance(project, int | str) and not isinstance(project, bool) else ""
        if not PROJECT.fullmatch(text):
            raise ValueError("a project's number or its path, such as group/name")
        return text


class SettingsFile(_Part):
    """The file. `stack_references` names a JSON file of outputs per stack, beside this file; `secrets` are typed
    stand-ins for `secure:` configuration; `waivers` and `ruleset` are the defaults of the options of that name;
    `platform` is the folder of applications, environments and tenants that `lychgate sync` is about; `gitlab` is who it
    asks for approvals and protected branches."""

    labels: dict[Dimension, list[str]] = {}
    selectors: list[Selector] = []
    environments: dict[str, Environment] = {}
    invokes: list[Invoke] = []
    stack_references: dict[str, str] = {}
    secrets: dict[str, Any] = {}
    waivers: str | None = None
    ruleset: str | None = None
    platform: str | None = None
    gitlab: GitLabSetting | None = None


@dataclass(frozen=True, slots=True)
class GitLabProject:
    """A project on GitLab: its address, its number or path, and the certificates to trust where not the usual ones."""

    url: str
    project: str
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """lychgate.yaml as capture and judging use it; `origin` is where it was read, empty where there is none."""

    labels: LabelSettings = field(default_factory=LabelSettings)
    environments: Mapping[str, Environment] = field(default_factory=dict)
    fixtures: tuple[Fixture, ...] = ()
    stack_references: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict)
    waivers: Path | None = None
    ruleset: str | Path | None = None
    platform: Path | None = None
    gitlab: GitLabProject | None = None
    origin: str = ""


def find(start: Path, root: Path | None = None) -> Path | None:
    """The lychgate.yaml that is nearest above a folder; with `root`, not above that one."""
    start = start.resolve()
    above = (folder for folder in (start, *start.parents) if root is None or folder.is_relative_to(root))
    return next((found for folder in above if (found := folder / NAME).is_file()), None)


def read_settings(path: Path | None, environment: str | None) -> Settings:
    """The settings of a file; the defaults where there is none. Raises InputError."""
    if path is None:
        return Settings(labels=LabelSettings(environment=environment))
    document = read_document(path, empty=True)
    content = load(document, SettingsFile)
    keys = DEFAULT_KEYS | {name: tuple(key.lower() for key in given) for name, given in content.labels.items()}
    selectors = tuple((entry.urn, {str(k): v for k, v in entry.labels.items()}) for entry in content.selectors)
    return Settings(
        labels=LabelSettings(keys, selectors, environment),
        environments=content.environments,
        fixtures=tuple(Fixture(entry.token, entry.arguments, entry.result) for entry in content.invokes),
        stack_references={
            name: _outputs(path.parent / file, document, name) for name, file in content.stack_references.items()
        },
        secrets=content.secrets,
        waivers=path.parent / content.waivers if content.waivers else None,
        ruleset=path.parent / content.ruleset if content.ruleset and "/" in content.ruleset else content.ruleset,
        platform=path.parent / content.platform if content.platform else None,
        gitlab=_project(path.parent, content.gitlab) if content.gitlab else None,
        origin=document.file,
    )


def _project(folder: Path, told: GitLabSetting) -> GitLabProject:
    return GitLabProject(told.url, told.project, folder / told.ca if told.ca else None)


def _outputs(path: Path, document: Document, name: str) -> dict[str, Any]:
    try:
        outputs = json.loads(read(path))
    except InputError as error:
        found, expected = f"{path}: {error.found}", "a JSON file of the stack's outputs"
        raise document.error(("stack_references", name), found, expected) from None
    except (ValueError, RecursionError) as error:
        raise document.error(("stack_references", name), f"{path} is not JSON: {error}") from None
    if not isinstance(outputs, dict):
        raise document.error(("stack_references", name), f"{path} is not an object", "output names and their values")
    return outputs
