"""The record of a pruning: what went, so that what stays is still provable."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

LEAST_MONTHS = 12  # PCI DSS 10.5.1

_Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Sequence = Annotated[int, Field(ge=1, lt=2**53)]


class Range(BaseModel):
    """Records that went at once. `hash` is that of the last, to which the record after it chains."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    first: _Sequence
    last: _Sequence
    count: _Sequence
    hash: _Hash
    recorded_from: str
    recorded_to: str
    before: str = Field(description="all that was recorded before this moment went")
    months: int = Field(ge=LEAST_MONTHS, description="how many months are kept at least")
    at: str

    @property
    def whole(self) -> bool:
        """Whether its numbers agree."""
        return self.count == self.last - self.first + 1


class Pruned(BaseModel):
    """The document: this pruning, and those before it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    format: Literal[1] = 1
    kind: Literal["prune"] = "prune"
    gone: Range
    earlier: list[Range] = Field(default_factory=list)

    @property
    def ranges(self) -> list[Range]:
        """All that went, in order."""
        return [*self.earlier, self.gone]

    @property
    def whole(self) -> bool:
        """Whether the ranges follow on each other, from the first record on."""
        ends = [0, *(one.last for one in self.ranges)]
        return all(one.whole and one.first == end + 1 for one, end in zip(self.ranges, ends, strict=False))


def months_before(moment: datetime, months: int) -> datetime:
    """The same day some months earlier; the month's last, where it has no such day."""
    years, month = divmod(moment.month - 1 - months, 12)
    year = moment.year + years
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
