"""The verdict for an assessor, on paper: PDF/A-2a and PDF/UA-1, set by Typst from `paper/report.typ`.

The template gets the verdict as data, and sets text as text. It can read no file but what lies in its own folder, and
has no font but Typst's own: the same verdict gives the same bytes anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import orjson
import typst
from lychgate.reports.paper_contents import contents
from lychgate.reports.reading import Record, moment

PAPER = Path(__file__).with_name("paper")
STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]


def render(verdict: Record, signers: Sequence[str] = ()) -> bytes:
    """The verdict as a PDF file. Its date is the verdict's; its cover names who is known to have signed the verdict."""
    return typst.compile(
        PAPER / "report.typ",
        root=PAPER,
        ignore_system_fonts=True,
        sys_inputs={"data": orjson.dumps(contents(verdict, signers)).decode()},
        pdf_standards=STANDARDS,
        timestamp=moment(verdict),
    )
