"""A stack brought about, or taken away, by the real engine: previewed, judged, and then exactly that applied.

Needs the `pulumi` command. Everything here imports Pulumi's Automation API: import this module only to apply.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.sync.applied import Applied, Outcome, Progress, Stage, Step
from lychgate.provisioner.sync.capturing import PROJECT
from lychgate.provisioner.sync.enforcing import own_pack
from lychgate.provisioner.sync.engine import Cancelled, Command, Folder
from lychgate.provisioner.sync.events import Events
from pulumi.automation import LocalWorkspace, Stack
from pulumi.automation.errors import CommandError, StackNotFoundError

from lychgate.judging.rule import Rule
from lychgate.model.errors import InputError
from lychgate.model.redaction import Redactor
from lychgate.sources.deployed.backend import BackendError, Lock, locks

MOST = 4000  # characters of a reason


def silent(stage: Stage, step: object) -> None:
    """A progress that nobody sees."""


def apply(
    scope: Scope,
    *,
    settings: Path,
    pack_config: Mapping[str, Any],
    packs: Sequence[Path] | None = None,
    rules: Mapping[str, Rule] | None = None,
    waived: Collection[tuple[str, str]] = (),
    mend: bool = False,
    against: Callable[[Sequence[Step]], str] = lambda steps: "",
    progress: Progress = silent,
    redact: Callable[[str], str] | None = None,
    backend: str | None = None,
    secrets_provider: str | None = None,
) -> Applied:
    """Preview a stack with the policy packs, and if nothing is against it apply what was previewed, and only that.

    `settings` is the lychgate.yaml that names the platform; `packs` are folders (Lychgate's own rules where None), all
    of which get `pack_config`. `mend` brings what somebody else has changed back to what was deployed, which needs
    every resource read. `against` is asked after the preview, told of the engine's steps, why nothing may be applied
    after all. `rules` tell the severity of findings, `waived` is rule and URN of what waivers cover.
    `backend` and `secrets_provider` replace those of the environment. SIGINT and SIGTERM cancel. Raises InputError
    where it cannot even begin: without `pulumi`, for one.
    """
    folder = scope.platform.folder.resolve()
    config = {"platform:folder": str(folder), "platform:base": str(settings.resolve().parent)}
    with _run(scope, rules, waived, progress, redact, backend, secrets_provider) as run:
        try:
            run.open(create=True, config=config)
            return run.apply(packs, pack_config, mend, against)
        except (CommandError, Cancelled) as error:
            return run.stopped(error)
        finally:
            run.close()


def remove(
    scope: Scope,
    *,
    against: Callable[[], str] = lambda: "",
    progress: Progress = silent,
    redact: Callable[[str], str] | None = None,
    backend: str | None = None,
    secrets_provider: str | None = None,
) -> Applied:
    """Delete all resources of a stack. The stack itself stays, empty: its history is evidence.

    Policy packs do not run here: `removing` judges before, and `against` says why that does not hold any more. The
    application or tenant may be gone from the platform's files already. SIGINT and SIGTERM cancel. Raises InputError
    where it cannot even begin.
    """
    with _run(scope, None, (), progress, redact, backend, secrets_provider) as run:
        try:
            run.open(create=False, config={})
            return run.destroy(against)
        except StackNotFoundError:
            raise InputError(scope.stack, found="there is no such stack", expected="one that was deployed") from None
        except (CommandError, Cancelled) as error:
            return run.stopped(error)
        finally:
            run.close()


@contextmanager
def _run(
    scope: Scope,
    rules: Mapping[str, Rule] | None,
    waived: Collection[tuple[str, str]],
    progress: Progress,
    redact: Callable[[str], str] | None,
    backend: str | None,
    secrets_provider: str | None,
) -> Iterator[_Run]:
    state = scope.environment.state
    provider = secrets_provider or state.secrets_provider
    command = Command()
    severities = {rule.id: rule.severity for rule in (rules or {}).values()}
    events = Events(progress, redact or Redactor(()), severities, waived)
    with tempfile.TemporaryDirectory(prefix="lychgate-sync-") as name, command.interruptible():
        folder = Folder(Path(name), scope, provider)
        folder.prepare()
        yield _Run(scope, command, folder, events, backend or state.backend)


class _Run:
    """One apply or removal under way."""

    def __init__(self, scope: Scope, command: Command, folder: Folder, events: Events, backend: str) -> None:
        self.scope, self.command, self.folder, self.events, self.backend = scope, command, folder, events, backend
        self.id = uuid.uuid4().hex
        self.started = datetime.now(UTC).isoformat(timespec="seconds")
        self.seconds: dict[str, float] = {}
        self.workspace = LocalWorkspace(
            work_dir=str(folder.path),
            env_vars=self._variables(),
            secrets_provider=folder.provider,
            pulumi_command=command,
        )
        self.stack: Stack | None = None

    def _variables(self) -> dict[str, str]:
        found = {
            "PULUMI_BACKEND_URL": self.backend,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # Where nobody kept the stack's settings: what encrypts its secrets stands in its state as well.
            "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
        }
        return found if sys.prefix != sys.base_prefix else found | {"PULUMI_PYTHON_CMD": sys.executable}

    def open(self, *, create: bool, config: Mapping[str, str]) -> None:
        """Select the stack, and write its configuration. Raises CommandError, Cancelled."""
        make = Stack.create_or_select if create else Stack.select
        self.stack = make(self.scope.stack, self.workspace)
        self.folder.keep()
        self.folder.configure(config)

    def close(self) -> None:
        """Keep what the stack's settings must keep, and leave no lock behind. What cannot be done here hides nothing
        of what was done before: the settings stood where they must when the stack was opened."""
        with suppress(InputError):
            self.folder.keep()
        if not self.command.interrupts or self.stack is None:
            return
        held = self._locks()
        if held and all(lock.pid == self.command.pid for lock in held):
            self.command.interrupts = 0
            with suppress(CommandError, Cancelled):
                self.stack.cancel()

    def _locks(self) -> list[Lock]:
        try:
            return locks(self.backend, PROJECT, self.scope.stack)
        except (InputError, BackendError):  # Pulumi knows more backends than we, and speaks for itself
            return []

    def apply(
        self,
        packs: Sequence[Path] | None,
        pack_config: Mapping[str, Any],
        mend: bool,
        against: Callable[[Sequence[Step]], str],
    ) -> Applied:
        """Preview, and what was previewed. Raises CommandError, Cancelled."""
        stack = self.stack
        assert stack is not None
        if held := self._locks():
            return self._result("failed", f"another operation holds the stack: {', '.join(map(str, held))}")
        chosen = [own_pack(self.folder.path / "pack")] if packs is None else packs
        config = _private(self.folder.path / "pack.json", json.dumps(pack_config))
        plan = _private(self.folder.path / "plan.json", "")
        options: dict[str, Any] = {
            "policy_packs": [str(one.resolve()) for one in chosen],
            "policy_pack_configs": [str(config)] * len(chosen),
            "plan": str(plan),
            "message": f"lychgate sync {self.id}",
            "color": "never",
            "on_event": self.events,
            "suppress_outputs": True,
            **({"refresh": True} if mend else {}),
        }
        with self._stage("preview"):
            stack.preview(**options)
        if self.events.blocking:
            return self._result("refused", self._policies())
        if why := against(self.events.begun):
            return self._result("refused", why)
        with self._stage("up"):
            stack.up(show_secrets=False, **options)
        return self._brought_about()

    def _brought_about(self) -> Applied:
        """Applied, but for what only `up` could find by a rule that is waived elsewhere: the pack advises there."""
        return self._result("failed", self._policies()) if self.events.blocking else self._result("applied")

    def destroy(self, against: Callable[[], str]) -> Applied:
        """Delete everything. Raises CommandError, Cancelled."""
        stack = self.stack
        assert stack is not None
        if held := self._locks():
            return self._result("failed", f"another operation holds the stack: {', '.join(map(str, held))}")
        if why := against():
            return self._result("refused", why)
        message = f"lychgate sync --remove {self.id}"
        with self._stage("destroy"):
            stack.destroy(
                message=message, color="never", on_event=self.events, suppress_outputs=True, show_secrets=False
            )
        return self._result("applied")

    @contextmanager
    def _stage(self, stage: Stage) -> Iterator[None]:
        self.events.begin(stage)
        begun = time.monotonic()
        try:
            yield
        finally:
            self.seconds[stage] = time.monotonic() - begun

    def stopped(self, error: Exception) -> Applied:
        """What came of it where a command failed, or somebody interrupted."""
        stage = self.events.stage
        if stage in self.seconds and stage != "preview" and self.command.codes.get(stage) == 0:
            return self._brought_about()  # only what was asked afterwards failed
        if self.command.interrupts:
            return self._result("cancelled", "interrupted")
        if stage == "preview" and self.events.blocking:
            return self._result("refused", self._policies())
        said = [*([self._policies()] if self.events.blocking else []), *self.events.errors]
        if not said and self.command.result is not None:
            said = [self.events.redact(self.command.result.stderr.strip() or str(error))]
        return self._result("failed", "\n".join(said)[:MOST])

    def _policies(self) -> str:
        found = sorted({one.rule for one in self.events.blocking})
        return f"mandatory findings of the policy pack: {', '.join(found)}"

    def _result(self, outcome: Outcome, reason: str = "") -> Applied:
        events = self.events
        real = events.stage != "preview"
        return Applied(
            self.scope.stack,
            self.id,
            outcome,
            reason,
            engine=str(self.command.version or ""),
            started=self.started,
            counts=events.totals() if real else {},
            findings=tuple(events.findings.values()),
            done=events.done() if real else (),
            broken=events.broken() if real else (),
            unfinished=events.unfinished() if real else (),
            seconds=dict(self.seconds),
        )


def _private(path: Path, text: str) -> Path:
    """A file that only its owner reads: a plan holds what the program gives to resources."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path
