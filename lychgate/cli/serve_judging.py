"""A request of the portal of one's own, judged in a process that is there for nothing else.

The server imports this too, by its name: what judges is loaded where it judges.
"""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from lychgate.cli.platforms import Found, file_of, platform_of
from lychgate.model.errors import InputError
from lychgate.sources.git import content_of
from lychgate.sources.policy_ref import PolicyTree

if TYPE_CHECKING:
    from lychgate.portal.actions import Asked
    from lychgate.portal.drafts import Draft
    from lychgate.portal.web.processes import Order


def work(order: Order, there: Connection) -> None:
    """Judge a request on files of the commit alone, and send what comes of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the server, which ends this one
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # what is underway tidies up
    from lychgate.portal.web.processes import told_of

    with suppress(BrokenPipeError), there:
        try:
            there.send(("draft", _draft(order, there)))
        except InputError as error:
            there.send(("error", told_of(error)))


def _draft(order: Order, there: Connection) -> Draft:
    from lychgate.cli.portal_judging import Place, drafted, judges_of

    with PolicyTree(order.commit, order.start) as tree:
        try:
            found = platform_of(order.settings, None, tree, tree)
            path = _file(order.asked, found)
            top, name = committed(tree, path)
            place = Place(path, name, order.commit, content_of(top, order.commit, name).decode("utf-8-sig"))
            judges = judges_of(found, tree)
            return drafted(order.asked, found, place, judges, told=lambda words: there.send(("told", words)))
        except InputError as error:
            raise tree.renamed(error) from None


def committed(tree: PolicyTree, path: Path) -> tuple[Path, str]:
    """The repository, and where in it a file of the commit is. Raises InputError where it is no file of it."""
    found = tree.committed(path)
    if found is None:
        raise InputError(str(path), found="it is no file of the commit", expected="one in the repository")
    return found


def _file(asked: Asked, found: Found) -> Path:
    """The file that a request changes. Raises InputError."""
    if asked.action.operation != "waive":
        return file_of(found, asked.application)
    if found.settings.waivers is None:
        raise InputError("lychgate.yaml", found="it names no file of waivers", expected="`waivers: waivers.yaml`")
    return found.settings.waivers
