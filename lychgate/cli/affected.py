"""`lychgate affected`: the stacks that a branch can change, from the files that it changes."""

from __future__ import annotations

from pathlib import Path

import orjson

from lychgate.cli.platforms import platform_of, settings_file
from lychgate.model.escaping import flat
from lychgate.pipeline.change import Change, Version, change_since
from lychgate.sources.policy_ref import PolicyTree

FEW, MOST = 3, 20


def run(since: str, settings: Path | None, json: bool) -> int:
    """Find and show. The exit status says that it was done."""
    change = change_of(since, settings)
    if json:
        print(orjson.dumps(_as_dict(change), option=orjson.OPT_INDENT_2).decode())
    else:
        _show(change)
    return 0


def change_of(since: str, settings: Path | None) -> Change:
    """The change of the working tree. Raises InputError."""

    def read(tree: PolicyTree | None) -> Version:
        found = platform_of(settings, None, tree, tree)
        return Version(found.file, found.settings, found.platform)

    return change_since(since, settings_file(settings).resolve().parent, read)


def _as_dict(change: Change) -> dict[str, object]:
    found = change.affected
    return {
        "since": change.since,
        "base": change.base,
        "commit": change.commit,
        "stacks": [one.as_dict() for one in found.stacks],
        "gone": [one.as_dict() for one in found.gone],
        "files": [{"path": flat(path), "kind": kind} for path, kind in found.files.items()],
    }


def _show(change: Change) -> None:
    found = change.affected
    for title, stacks in (("", found.stacks), ("gone: ", found.gone)):
        for one in stacks:
            more = f"; and {len(one.reasons) - FEW} more" if len(one.reasons) > FEW else ""
            print(f"{title}{one.name}  {flat('; '.join(one.reasons[:FEW]))}{more}")
    if not found.stacks and not found.gone:
        print("no stack is affected")
    if none := found.without_effect:
        more = f" and {len(none) - MOST} more" if len(none) > MOST else ""
        print(f"no stack is made of: {flat(', '.join(none[:MOST]))}{more}")
