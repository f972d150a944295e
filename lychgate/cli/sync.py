"""`lychgate sync`: what is to be deployed is compared with what is, judged, and brought about.

Here it starts, with little loaded: the interpreters that capture take longest to load theirs, and do so meanwhile.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lychgate.cli.interrupts import Interrupts
from lychgate.cli.platforms import Found, platform_of, scope_of
from lychgate.cli.report import check_formats
from lychgate.cli.terminal import Progress
from lychgate.model.errors import InputError
from lychgate.provisioner.sync.capturing import Capturing
from lychgate.sources.policy_ref import PolicyTree

FAILED = 4


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """What was asked on the command line."""

    application: str
    environment: str
    tenant: str | None
    plan: bool
    remove: bool
    may_lose: Sequence[str]
    explained: Sequence[str]
    state: Path | None
    settings: Path | None
    formats: Sequence[str]
    output: Path | None
    as_of: str | None
    policy_ref: str | None
    verdict: Path | None
    verbose: bool

    @property
    def told(self) -> bool:
        """Whether a person reads it, and not only a program its JSON."""
        return not self.formats or self.output is not None


def run(options: SyncOptions) -> int:
    """Gate, show, and without --plan bring about; the exit status of the contract."""
    check_formats(options)
    if options.state is not None and not options.plan:
        raise InputError("--state", found="what is deployed is read from the backend", expected="--plan beside it")
    if options.policy_ref is not None and not options.plan:
        raise InputError("--policy-ref", found="what is applied is one commit, whole", expected="--plan beside it")
    start = options.settings.parent if options.settings else Path.cwd()
    with Interrupts() as interrupts, PolicyTree(options.policy_ref, start) as tree:
        try:
            found = platform_of(options.settings, options.environment, tree)
            if options.remove:
                from lychgate.cli.sync_steps import remove

                return remove(options, found, interrupts)
            return _sync(options, found, tree, interrupts)
        except InputError as error:
            raise tree.renamed(error) from error
        except KeyboardInterrupt:
            print("lychgate: interrupted, nothing was touched", file=sys.stderr)
            return FAILED


def _sync(options: SyncOptions, found: Found, tree: PolicyTree, interrupts: Interrupts) -> int:
    scope = scope_of(found.platform, options.application, options.environment, options.tenant)
    with Capturing(found.platform.folder, found.file) as capturing, Progress("capturing") as progress:
        from lychgate.cli.sync_steps import finish, order_of
        from lychgate.provisioner.sync.syncing import gate_sync

        order = order_of(options, scope, found, tree)
        gate = gate_sync(order, capturing, progress.count)
    return finish(options, order, gate, interrupts)
