"""Find the official `helm`, or build it once from its Go module, as toolchain.py does with `pulumi`.

`python -m tests.engine.helm_toolchain` does it ahead of the tests and prints the path.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.engine.toolchain import Say, Unavailable, _go_environment, _locked, _reason, _stderr

HERE = Path(__file__).resolve().parent / "helm"
MODULE = "helm.sh/helm/v4"


def helm(say: Say = _stderr) -> Path:
    """The command: the one on PATH, else the one of `helm/go.mod`. Raises Unavailable where there is no Go either."""
    if installed := shutil.which("helm"):
        return Path(installed)
    found = re.search(rf"^\s*{re.escape(MODULE)} (v\S+)", (HERE / "go.mod").read_text(), re.MULTILINE)
    assert found is not None
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "lychgate" / f"helm-{found[1]}"
    if not (home / "helm").exists():
        build(home, say)
    return home / "helm"


def build(home: Path, say: Say) -> None:
    """Build the command into `home`, all of it or nothing; a second process waits for the first. Raises Unavailable."""
    if shutil.which("go") is None:
        raise Unavailable("no `helm` on PATH, and no `go` to build one")
    home.parent.mkdir(parents=True, exist_ok=True)
    with _locked(home.with_name(home.name + ".lock"), say):
        if home.exists():
            return
        with tempfile.TemporaryDirectory(dir=home.parent, prefix=".building-") as scratch:
            made = Path(scratch) / home.name
            say(f"building Helm from its Go module into {home} (once, about three minutes)")
            flags = ["-buildvcs=false", "-ldflags", "-s -w", "-o", str(made / "helm")]
            done = subprocess.run(
                ["go", "build", *flags, f"{MODULE}/cmd/helm"],
                cwd=HERE,
                env=_go_environment(),
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                raise Unavailable(f"`go build` of Helm failed: {_reason(done.stderr)}")
            made.rename(home)


def main() -> int:
    """Build when necessary and print where the command is."""
    try:
        print(helm())
    except Unavailable as why:
        _stderr(str(why))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
