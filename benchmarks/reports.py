"""Every format of a verdict on 10,000 resources, beside writing the same verdict as JSON; and the page, opened."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from lychgate.reports import FORMATS, renderer

from benchmarks.measuring import Row, best, once
from benchmarks.verdicts import verdict

SIZE = 10_000
AIMS = {"pdf": "15 s"}
READY = "document.documentElement.dataset.ready === 'true'"


def rows() -> Iterator[Row]:
    made = verdict(SIZE)
    floor = best(lambda: orjson.dumps(made))
    for name in FORMATS:
        taken = once(lambda name=name: renderer(name)(made))
        yield Row(f"{name}, {SIZE:,} resources", taken, "orjson writes the same verdict", floor, AIMS.get(name, ""))
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium:
        yield from _opened(chromium, renderer("html")(made))


def _opened(chromium: str, page: bytes) -> Iterator[Row]:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file, empty = Path(folder) / "report.html", Path(folder) / "empty.html"
        file.write_bytes(page)
        empty.write_text("<!DOCTYPE html><script>document.documentElement.dataset.ready = 'true'</script>")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

        def open_(which: Path) -> None:
            opened: Any = browser.new_page()
            opened.goto(which.as_uri())
            opened.wait_for_function(READY)
            opened.close()

        floor = best(lambda: open_(empty))
        yield Row(f"the page opens, {SIZE:,} resources", best(lambda: open_(file)), "an empty page", floor, "2 s")
        browser.close()
