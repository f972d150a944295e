"""CSV (RFC 4180, UTF-8 without a byte order mark): the population of every requirement, a line per judgement.

A cell that a spreadsheet would calculate gets an apostrophe in front; so does what follows a semicolon inside of one,
where spreadsheets of half the world begin a new cell: https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import csv
import io
import re

from lychgate.reports.reading import Record
from lychgate.reports.tables import COLUMNS, Cells, formula, rows, text

_AFTER = re.compile(r";(?=[\s'\"]*[=+\-@\uff1d\uff0b\uff0d\uff20])")


def render(verdict: Record) -> bytes:
    """The populations, with a header."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    cells = Cells(_cell)
    writer.writerows([cells[value] for value in row] for row in rows(verdict))
    return stream.getvalue().encode()


def _cell(value: str) -> str:
    value = _AFTER.sub(";'", text(value))
    return f"'{value}" if formula(value) else value
