"""Pictures of `lychgate serve` for README.md, taken anew from the example platform: a few minutes.

    .venv/bin/python scripts/take_portal_screenshots.py [FOLDER]

In a checkout of its own, with one credential in the open and one waiver, verdicts are made and recorded; then a queue
is asked for in Chromium.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LYCHGATE = Path(sys.executable).with_name("lychgate")
INTO = ROOT / "portal" / "web" / "screenshots"
RULE = "kubernetes-credential-in-plain-text"
SIZE = {"width": 1200, "height": 800}
TENANTS = {"payments": ["--tenant", "acme"], "reports": ["--tenant", "acme"], "notify": []}
JUDGED = ("payments.test", "payments.production", "notify.test", "notify.production", "reports.test")


def main(into: Path) -> None:
    """Take them all."""
    with TemporaryDirectory() as name:
        checkout = Path(name) / "checkout"
        prepare(checkout)
        with serving(checkout) as address:
            take(address, into)


def prepare(checkout: Path) -> None:
    """The example platform in a repository of its own, judged and recorded."""
    shutil.copytree(ROOT / "examples" / "platform", checkout / "platform", ignore=shutil.ignore_patterns("recorded"))
    (checkout / "lychgate.yaml").write_text("platform: platform\nwaivers: waivers.yaml\n")
    notify = checkout / "platform" / "applications" / "notify.yaml"
    said = "    environment: {DB_PASSWORD: hunter2hunter2}\n    uses: [outbox"
    notify.write_text(notify.read_text().replace("    uses: [outbox", said))
    waivers = checkout / "waivers.yaml"
    waivers.write_text("# What is accepted, and until when.\nwaivers: []\n")
    git(checkout, "init", "-q", "-b", "main")
    git(checkout, "config", "user.name", "Ada Lovelace")
    git(checkout, "config", "user.email", "ada@example.com")
    commit(checkout)
    verdict = judged(checkout, "notify", "test")
    found = next(one for one in verdict["judgements"] if one["rule"] == RULE and one["outcome"] == "fail")
    days = [date.today() + timedelta(days=one) for one in (-2, 12)]
    entry = f"""
  - rule: {RULE}
    stack: {found["stack"]}
    urn: "{found["urn"]}"
    owner: ada@example.com
    reason: The password comes as a mount with the next release.
    ticket: SEC-12
    approver: grace@example.com
    created: {days[0]}
    expires: {days[1]}
"""
    waivers.write_text(f"# What is accepted, and until when.\nwaivers:{entry}")
    commit(checkout)
    for one in JUDGED:
        judged(checkout, *one.split("."))
        run(checkout, "evidence", "import", "--branch", "main", "--requester", "ada@example.com", "gate/verdict.json")


def judged(checkout: Path, application: str, environment: str) -> dict[str, Any]:
    """The verdict on an application's stacks in an environment."""
    state = checkout.parent / "nothing.json"
    state.write_text('{"version": 3, "deployment": {"resources": []}}')
    arguments = ["sync", application, "--environment", environment, *TENANTS[application], "--plan", "--state", state]
    run(checkout, *arguments, "--output", "gate", "--format", "json", expected=(0, 1))
    found: dict[str, Any] = json.loads((checkout / "gate" / "verdict.json").read_text())
    return found


def run(checkout: Path, *arguments: str | Path, expected: tuple[int, ...] = (0,)) -> None:
    """Run lychgate."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LYCHGATE")}
    done = subprocess.run([LYCHGATE, *arguments], cwd=checkout, env=environment, capture_output=True, text=True)
    if done.returncode not in expected:
        raise SystemExit(f"{' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}{done.stderr}")


def commit(checkout: Path) -> None:
    """All that there is."""
    git(checkout, "add", "platform", "waivers.yaml", "lychgate.yaml")
    git(checkout, "commit", "-q", "-m", "The platform")


def git(checkout: Path, *arguments: str) -> None:
    """Run git."""
    subprocess.run(["git", *arguments], cwd=checkout, check=True)


@contextmanager
def serving(checkout: Path) -> Iterator[str]:
    """The address that a server prints."""
    with subprocess.Popen(
        [LYCHGATE, "serve", "--port", "0"], cwd=checkout, stdout=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as server:  # fmt: skip
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.send_signal(signal.SIGINT)


def take(address: str, into: Path) -> None:
    """Open the pages, ask for a queue, and keep what is seen."""
    from playwright.sync_api import sync_playwright

    into.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_context(viewport=SIZE, color_scheme="light", reduced_motion="reduce").new_page()  # type: ignore[arg-type]
        page.goto(address)
        page.screenshot(path=into / "platform.png")
        page.get_by_role("link", name="notify", exact=True).click()
        page.get_by_role("link", name="queue", exact=True).click()
        page.get_by_label("Name").fill("bounces")
        page.get_by_label("Retention days").fill("7")
        page.screenshot(path=into / "form.png", full_page=True)
        page.get_by_role("button", name="Show the difference").click()
        page.locator(".verdict.clean").wait_for(timeout=180_000)
        page.screenshot(path=into / "request.png", full_page=True)
        page.get_by_role("link", name="Waivers").click()
        page.set_viewport_size({**SIZE, "height": 300})
        page.screenshot(path=into / "waivers.png")
        browser.close()
    for file in sorted(into.glob("*.png")):
        print(f"{file}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else INTO)
