"""Measure everything and print one table. `python -m benchmarks NAME...` measures only what is named."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table

from benchmarks import capture, declared, iam, judging, merge_request, network, pack, principals, reports, start, watch
from benchmarks.measuring import Row

PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "start": start.rows,
    "capture": capture.rows,
    "judging": judging.rows,
    "network": network.rows,
    "pack": pack.rows,
    "iam": iam.rows,
    "declared": declared.rows,
    "principals": principals.rows,
    "reports": reports.rows,
    "watch": watch.rows,
    "merge_request": merge_request.rows,
}


def main() -> None:
    wanted = sys.argv[1:] or list(PARTS)
    table = Table("what", "time", "beside", "its time", "ratio", "aim")
    console = Console()
    with console.status("measuring") as status:
        for name in wanted:
            for row in PARTS[name]():
                status.update(f"measuring: {row.what}")
                table.add_row(*row.cells())
    console.print(table)


main()
