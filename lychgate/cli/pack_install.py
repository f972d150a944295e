"""`lychgate pack install`: a folder that `--policy-pack` takes, with an environment of its own."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lychgate.cli.check import moment
from lychgate.cli.waiver_files import read_waivers
from lychgate.judging.discovery import all_rules
from lychgate.judging.ruleset import BASELINES, load_ruleset
from lychgate.model.errors import InputError
from lychgate.model.escaping import escape, flat
from lychgate.provisioner.sync.enforcing import pack_files
from lychgate.reports import replace

MARK = "# Written by `lychgate pack install`, which writes it anew: what is changed here by hand is lost.\n"
ENVIRONMENT, STAMP = ".venv", "lychgate-stamp.txt"
BESIDE = frozenset({ENVIRONMENT, "__pycache__"})
REFUSED = 4
SHOWN = 2000


@dataclass(frozen=True, slots=True)
class InstallOptions:
    """What was asked on the command line."""

    folder: Path
    ruleset: str
    rules: Sequence[Path]
    waivers: Path | None
    environment: bool


def run(options: InstallOptions) -> int:
    """Write what is missing or outdated, and say what."""
    wanted = {name: MARK + text for name, text in _files(options).items()}
    folder = Path.cwd() / options.folder
    _ours(folder, wanted.keys())
    new = not folder.exists()
    status = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [name for name, text in wanted.items() if _put(folder / name, text)]
        if options.environment:
            made, status = _environment(folder, wanted["requirements.txt"])
            written += [ENVIRONMENT] if made else []
    except OSError as error:
        raise InputError(str(folder), found=f"cannot be written: {error.strerror}", expected="a folder") from None
    except BaseException:
        if new:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    if status:
        if new:
            shutil.rmtree(folder, ignore_errors=True)
        return status
    print(f"{flat(str(folder))}: {'wrote ' + ', '.join(written) if written else 'up to date'}")
    return 0


def _files(options: InstallOptions) -> dict[str, str]:
    """The pack's files. Raises InputError for what the pack could not read when it is started."""
    rules = all_rules(options.rules)
    ruleset = load_ruleset(options.ruleset, rules)
    read_waivers(options.waivers, ruleset, rules, moment(None), None)
    said: dict[str, Any] = {}
    if options.ruleset != "production":
        said["ruleset"] = options.ruleset if options.ruleset in BASELINES else str(Path(options.ruleset).resolve())
    if options.rules:
        said["rules"] = [str(folder.resolve()) for folder in options.rules]
    if options.waivers:
        said["waivers"] = str(options.waivers.resolve())
    return {**pack_files(ENVIRONMENT, said), "requirements.txt": requirement() + "\n"}


def requirement() -> str:
    """What pip installs to have this very Lychgate: a release, or where this one was installed from (PEP 610). Of a
    checkout that is at work here, the checkout itself."""
    here = distribution("lychgate")
    direct = json.loads(here.read_text("direct_url.json") or "{}")
    if not direct:
        return f"lychgate[pack]=={here.version}"
    url = direct["url"]
    below = f"subdirectory={direct['subdirectory']}" if "subdirectory" in direct else ""
    if direct.get("dir_info", {}).get("editable"):
        return "-e " + shlex.quote(f"{unquote(urlsplit(url).path)}[pack]")
    if "vcs_info" in direct:
        url = f"{direct['vcs_info']['vcs']}+{url}@{direct['vcs_info']['commit_id']}"
    digest = direct.get("archive_info", {}).get("hashes", {}).get("sha256")
    more = "&".join(filter(None, (below, digest and f"sha256={digest}")))
    return f"lychgate[pack] @ {url}" + (f"#{more}" if more else "")


def _ours(folder: Path, names: Collection[str]) -> None:
    """Raises InputError where a folder holds what no install has written."""
    if not folder.exists():
        return
    expected = "a new folder, an empty one, or one that `lychgate pack install` has written"
    if not folder.is_dir():
        raise InputError(str(folder), found="it is no folder", expected=expected)
    for entry in sorted(folder.iterdir()):
        mine = entry.name in BESIDE and entry.is_dir() and not entry.is_symlink()
        if entry.name in names and entry.is_file() and not entry.is_symlink():
            mine = entry.read_bytes().startswith(MARK.encode())
        if not mine:
            raise InputError(str(folder), found=f"it holds {entry.name}, which is not ours", expected=expected)


def _put(path: Path, text: str) -> bool:
    """Write a file unless it says that already."""
    if path.exists() and path.read_bytes() == text.encode():
        return False
    replace(path, text.encode())
    return True


def _environment(folder: Path, requirements: str) -> tuple[bool, int]:
    """Make the environment, or bring it up to date; whether something was done, and 4 where pip refuses.

    The stamp is written last: without it an environment counts as not there.
    """
    home = folder / ENVIRONMENT
    python, stamp = home / "bin" / "python", home / STAMP
    wanted = "\n".join([requirements, sys.version, *(distribution("lychgate").requires or ())])
    if python.exists() and stamp.exists() and stamp.read_text("utf-8") == wanted:
        return False, 0
    print(f"lychgate: installing {flat(requirement())}", file=sys.stderr)
    stamp.unlink(missing_ok=True)
    steps = [
        [sys.executable, "-I", "-m", "venv", "--clear", str(home)],
        [str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"],
    ]
    for step in steps:
        done = subprocess.run(step, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(home, ignore_errors=True)
            said = (done.stderr or done.stdout).strip()[-SHOWN:]
            print(f"lychgate: the environment cannot be made: {escape(said)}", file=sys.stderr)
            return False, REFUSED
    replace(stamp, wanted.encode())
    return True, 0
