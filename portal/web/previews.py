"""Requests before they are submitted: what each would change, judged, and then exactly that submitted, or nothing."""

from __future__ import annotations

import hashlib
import re
import secrets
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import unified_diff
from typing import TYPE_CHECKING, Literal

from lychgate.portal.actions import Asked
from lychgate.portal.client import ServiceError
from lychgate.portal.web.checkout import Checkout, Head
from lychgate.portal.web.processes import Judge, JudgingError, Order
from lychgate.portal.web.sessions import User

from lychgate.model.errors import InputError
from lychgate.model.escaping import flat

if TYPE_CHECKING:  # what judges, and what asks GitLab, is loaded when something is asked for
    from lychgate.portal.drafts import Draft
    from lychgate.portal.merge_requests import MergeRequests

State = Literal["waiting", "judging", "judged", "refused", "failed", "submitting", "submitted"]
LASTS = 1800.0  # seconds in which a judged request can be submitted
MOST, MOST_WAITING, MOST_OF_ONE = 40, 8, 2  # each holds its verdicts


class BusyError(Exception):
    """Too much is under way."""


class StaleError(Exception):
    """What was judged is not what would be submitted any more."""


@dataclass(slots=True)
class Preview:
    """A request under way: `file` is that which it changes, `after` its text then; empty where judging says it."""

    asked: Asked
    user: User
    commit: str
    file: str
    before: str
    after: str
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    made: float = field(default_factory=time.monotonic)
    day: str = field(default_factory=lambda: _today())
    state: State = "waiting"
    step: str = ""
    draft: Draft | None = None
    errors: list[InputError] = field(default_factory=list)
    trouble: str = ""
    link: str = ""

    @property
    def digest(self) -> str:
        """Of all that is submitted: the commit that it stands on, the file, its new text."""
        return hashlib.sha256("\0".join((self.commit, self.file, self.after)).encode()).hexdigest()

    @property
    def under_way(self) -> bool:
        """Whether something is still to come by itself."""
        return self.state in ("waiting", "judging", "submitting")

    @property
    def patch(self) -> str:
        """The change as `git apply` takes it."""
        return patch_of(self.file, self.before, self.after) if self.after else ""


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


class Previews:
    """All that there are. `judge` judges one; a few are judged at once, the others wait."""

    def __init__(
        self, checkout: Checkout, judge: Judge, opens: Callable[[Head], MergeRequests | None], jobs: int = 1
    ) -> None:
        self._checkout, self._judge, self._opens = checkout, judge, opens
        self._pool = ThreadPoolExecutor(jobs, "judging")
        self._lock = threading.Lock()
        self._known: dict[str, Preview] = {}

    def begin(self, preview: Preview, order: Order) -> Preview:
        """Have one judged. Raises BusyError."""
        with self._lock:
            busy = [one for one in self._known.values() if one.under_way]
            if len(busy) >= MOST_WAITING:
                raise BusyError("Many requests are being judged: try again in a minute.")
            mine = [one for one in busy if one.user.person.id == preview.user.person.id]
            if len(mine) >= MOST_OF_ONE:
                raise BusyError("Two requests of yours are being judged already: wait for one of them.")
            for name in [name for name, one in self._known.items() if not one.under_way][: len(self._known) - MOST + 1]:
                del self._known[name]
            self._known[preview.id] = preview
        _log(preview, "is asked for")
        self._pool.submit(self._run, preview, order)
        return preview

    def find(self, name: str, user: User) -> Preview | None:
        """One of a user's own."""
        with self._lock:
            found = self._known.get(name)
        return found if found is not None and found.user.person.id == user.person.id else None

    def of(self, user: User) -> list[Preview]:
        """All of a user's own, the newest first."""
        with self._lock:
            return [one for one in reversed(self._known.values()) if one.user.person.id == user.person.id]

    def stale(self, preview: Preview) -> str:
        """Why one can be submitted no more; empty where it can. Raises InputError."""
        if self._checkout.commit() != preview.commit:
            return "The checkout is at another commit since: what was judged is not what would be changed."
        if time.monotonic() - preview.made > LASTS or preview.day != _today():
            return "It was judged too long ago: waivers may have ended since."
        return ""

    def submit(self, preview: Preview, digest: str) -> None:
        """Open the merge request: of what was judged, once. Raises StaleError, InputError, ServiceError."""
        from lychgate.portal.merge_requests import UsedError

        requests = self._opens(self._checkout.head())
        with self._lock:
            draft = preview.draft
            if preview.state != "judged" or draft is None or draft.status or requests is None:
                raise StaleError("It cannot be submitted.")
            if why := self.stale(preview) or ("" if digest == preview.digest else "It is another one by now."):
                raise StaleError(why)
            preview.state = "submitting"
        try:
            preview.link = _open(requests, draft, preview)
            preview.state = "submitted"
            _log(preview, f"is submitted: {preview.link}")
        except UsedError:
            raise StaleError("It was submitted already.") from None
        finally:
            if preview.state == "submitting":
                preview.state = "judged"

    def close(self) -> None:
        """Wait for what is ending; begin nothing more."""
        self._pool.shutdown(cancel_futures=True)

    def _run(self, preview: Preview, order: Order) -> None:
        def told(words: str) -> None:
            preview.step = words

        preview.state = "judging"
        try:
            draft = self._judge(order, told)
            if (preview.file, preview.after or draft.after) != (draft.file, draft.after):
                raise JudgingError("What was judged is not what was shown: ask again.")
            preview.after, preview.draft, preview.state = draft.after, draft, "judged"
        except InputError as error:
            preview.errors, preview.state = [error, *error.more], "refused"
        except JudgingError as error:
            preview.trouble, preview.state = str(error), "failed"
        except Exception as error:  # as in `main`: what it says may hold a secret
            print(f"{''.join(traceback.format_tb(error.__traceback__))}{type(error).__name__}", file=sys.stderr)
            preview.trouble, preview.state = "A defect of Lychgate: see the server's log.", "failed"


def _log(preview: Preview, words: str) -> None:
    """A line of the server's log: who asks for what."""
    asked, person = preview.asked, preview.user.person
    what = f"{asked.action.identifier} on {asked.run.entity}, run {asked.run.id}, of commit {preview.commit[:12]}"
    print(flat(f"lychgate: {what}, {words}; by {person.email} ({person.id})"), file=sys.stderr, flush=True)


def _open(requests: MergeRequests, draft: Draft, preview: Preview) -> str:
    proposed, person = draft.proposal(), preview.user.person
    target = requests.claim(proposed.branch, preview.commit)
    try:
        return requests.open(proposed, person.email, target, preview.user.name)
    except ServiceError:
        with suppress(ServiceError):
            requests.release(proposed.branch)
        raise


def patch_of(file: str, before: str, after: str) -> str:
    """A difference as `git apply` takes it. https://git-scm.com/docs/diff-format"""
    tab = "\t" if re.search(r"\s", file) else ""
    head = [f"diff --git a/{file} b/{file}\n"]
    made = unified_diff(_rows(before), _rows(after), f"a/{file}{tab}", f"b/{file}{tab}")
    return "".join(head + [row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n" for row in made])


def _rows(text: str) -> list[str]:
    """Lines as git counts them, each with its end."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)
