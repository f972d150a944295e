"""Where waivers stand, and who has written them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from lychgate.judging.rule import Rule
from lychgate.judging.ruleset import Ruleset
from lychgate.judging.waivers import Waivers, Written, load_waivers
from lychgate.model.errors import InputError
from lychgate.sources.authorship import authors_by_line, authors_in_commit
from lychgate.sources.git import top_of
from lychgate.sources.policy_ref import PolicyTree


def read_waivers(
    file: Path | None, ruleset: Ruleset, rules: Mapping[str, Rule], as_of: datetime, tree: PolicyTree | None
) -> Waivers:
    """The waivers of a file of the working tree, or of a commit's tree; none without a file. Raises InputError."""
    if file is None:
        return Waivers()
    if not os.path.lexists(file):
        raise InputError(str(file), found="there is no such waivers file", expected="one; `waivers: []` is none")
    return load_waivers(file, ruleset, rules, as_of, written(file, tree))


def written(file: Path, tree: PolicyTree | None) -> Written:
    """Who has written a file: of a commit what that says, whatever a merge request has in its place."""
    placed = tree.committed(file) if tree else None
    if tree is None or placed is None or tree.commit is None:
        return Written(shown(file), authors_by_line(file))
    top, inside = placed
    return Written(inside, authors_in_commit(top, tree.commit, inside))


def shown(file: Path) -> str:
    """A file as locations name it: its path in the repository, else its name."""
    top = top_of(file.resolve().parent)
    return file.resolve().relative_to(top.resolve()).as_posix() if top else file.name
