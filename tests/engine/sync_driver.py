"""One sync in a process of its own, as the command line runs it: `python -m tests.engine.sync_driver REQUEST.json`.

Progress goes to stderr, a line for each resource; the last line of stdout is what came of it. `at_up` are files that
are written when the preview is done, for a program that is then another one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.names import parts_of
from lychgate.provisioner.models.platform import read_platform
from lychgate.provisioner.sync.applied import Stage, Step
from lychgate.provisioner.sync.applying import apply, remove

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.pack_config import pack_config
from lychgate.judging.ruleset import load_ruleset


def main() -> None:
    """Apply, or remove, as the request says."""
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    base = Path(request["base"])
    parts = parts_of(request["stack"])
    assert parts is not None
    scope = Scope(read_platform(base / "platform", base=base), *parts)

    def progress(stage: Stage, step: Step | None) -> None:
        if step is None:
            for name, text in (request["at_up"] if stage == "up" else {}).items():
                (base / name).write_text(text, encoding="utf-8")
        print(stage, f"{step.state} {step.operation} {step.name}" if step else "", file=sys.stderr, flush=True)

    if request["remove"]:
        applied = remove(scope, progress=progress)
    else:
        waived = [(rule, urn) for rule, urn in request["waived"]]
        packs = [Path(one) for one in request["packs"]] or None
        rules = {} if packs else built_in_rules()
        levels = {} if packs else pack_config(rules, load_ruleset(scope.environment.baseline, rules), waived)
        config = levels | request["pack_config"]
        applied = apply(
            scope,
            settings=base / "lychgate.yaml",
            pack_config=config,
            packs=packs,
            rules=rules,
            waived=waived,
            progress=progress,
        )
    print(json.dumps(applied.as_dict()))


if __name__ == "__main__":
    main()
