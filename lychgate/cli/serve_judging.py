"""A request of the portal of one's own, judged in a process that is there for nothing else."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from lychgate.cli.platforms import Found, platform_of
from lychgate.cli.portal_judging import Place, drafted, judges_of
from lychgate.model.errors import InputError
from lychgate.portal.web.processes import Order, told_of
from lychgate.sources.git import content_of
from lychgate.sources.policy_ref import PolicyTree


def work(order: Order, there: Connection) -> None:
    """Judge a request on files of the commit alone, and send what comes of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the server, which ends this one
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # what is underway tidies up
    with suppress(BrokenPipeError), there, PolicyTree(order.commit, order.start) as tree:
        try:
            found = platform_of(order.settings, None, tree, tree)
            place = _place(order, found, tree)
            judges = judges_of(found, tree)
            draft = drafted(order.asked, found, place, judges, told=lambda words: there.send(("told", words)))
        except InputError as error:
            there.send(("error", told_of(tree.renamed(error))))
        else:
            there.send(("draft", draft))


def _place(order: Order, found: Found, tree: PolicyTree) -> Place:
    """The file that a request changes, as the commit has it. Raises InputError."""
    if order.asked.action.operation == "waive":
        path = found.settings.waivers
        if path is None:
            raise InputError("lychgate.yaml", found="it names no file of waivers", expected="`waivers: waivers.yaml`")
    else:
        document = found.platform.documents[f"applications/{order.asked.application}"]
        path = found.platform.folder / "applications" / Path(document.file).name
    top_and_name = tree.committed(path)
    if top_and_name is None:
        raise InputError(str(path), found="it is no file of the commit", expected="one in the repository")
    top, name = top_and_name
    return Place(path, name, order.commit, content_of(top, order.commit, name).decode("utf-8-sig"))
