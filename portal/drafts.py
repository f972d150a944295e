"""A request once it was judged: what it changes, and whether that may be proposed."""

from __future__ import annotations

from dataclasses import dataclass

from lychgate.portal.actions import Asked
from lychgate.portal.merge_requests import Proposal, proposal, retires
from lychgate.portal.verdicts import Judged

FINDINGS, UNDETERMINED = 1, 3


@dataclass(frozen=True, slots=True)
class Draft:
    """A file, by its path in the repository, as it was and as a request has it, and the verdicts on that."""

    asked: Asked
    file: str
    before: str
    after: str
    judged: Judged

    @property
    def status(self) -> int:
        """0 where it may be proposed, else as a command ends. What a deletion of data brings is to be accepted."""
        if self.judged.undetermined or (self.judged.findings and not self.retires):
            return FINDINGS if self.judged.findings else UNDETERMINED
        return 0

    @property
    def retires(self) -> bool:
        """Whether it is the first of the two steps in which data is deleted."""
        return retires(self.asked, self.after)

    @property
    def brings(self) -> str:
        """What it brings that stops a deployment, in words."""
        return f"{self.judged.findings} findings, {self.judged.undetermined} undetermined"

    def proposal(self) -> Proposal:
        """The merge request that it would be."""
        return proposal(self.asked, self.file, self.before, self.after, self.judged)
