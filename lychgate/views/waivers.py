"""Waivers as what is judged: each entry of the waivers file that is about a judged stack stands as a resource."""

from __future__ import annotations

from collections.abc import Sequence

from lychgate.views.base import View

WAIVER = "lychgate:waivers:Waiver"


class WaiverView(View):
    """A waiver and what became of it in this run; `judging.waiver_graph` says what its properties are."""

    types = (WAIVER,)

    @property
    def ticket(self) -> str:
        """Its ticket."""
        return self.read.text("ticket") or self.name

    @property
    def rule(self) -> str:
        """The id of the rule that is waived."""
        return self.read.text("rule") or ""

    @property
    def approver(self) -> str:
        """Who has approved it."""
        return self.read.text("approver") or ""

    @property
    def expires(self) -> str:
        """Its last day."""
        return self.read.text("expires") or ""

    @property
    def state(self) -> str:
        """`active`, `expired`, `not yet` or `void`, as of the moment that is judged."""
        return self.read.text("state") or ""

    @property
    def is_narrow(self) -> bool:
        """Whether its URN is exact, or a pattern that fixes a type and a part of a name."""
        return self.read.flag("narrow", True)

    @property
    def covers(self) -> int:
        """How many findings it was needed for, expired or not."""
        return int(self.read.number("covers") or 0)

    @property
    def not_needed(self) -> str:
        """Why nothing needs it, where that is so."""
        return self.read.text("notNeeded") or ""

    @property
    def authors(self) -> Sequence[str] | None:
        """Names and addresses of who has written it last; None where nobody can tell."""
        return self.read.texts("authors") if self.read.has("authors") else None
