"""Find the `pulumi` command line, or build it once from its Go module.

A `pulumi` on PATH is used as it is, with its own language host. Otherwise, where Go is, the version that `cli/go.mod`
names is built into a cache outside the checkout and used from then on. `python -m tests.engine.toolchain` does it
ahead of the tests and prints the path.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULE = "github.com/pulumi/pulumi/pkg/v3"
COMMAND = f"{MODULE}/cmd/pulumi"
SDK = "github.com/pulumi/pulumi/sdk/v3"
# Files of the SDK's module that a Pulumi installation has beside the CLI: what runs a Python program, and the provider
# of dynamic resources. They are Pulumi's own, so they are copied into the cache and not into this repository.
SDK_FILES = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")
PROGRESS_SECONDS = 10.0

Say = Callable[[str], None]


class Unavailable(Exception):
    """There is no Pulumi engine here and none can be built; the message says why."""


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A Pulumi command line and the folders that must come first on PATH for it (plugins of ours among them)."""

    pulumi: Path
    path: tuple[Path, ...]


def toolchain(say: Say | None = None) -> Toolchain:
    """The engine to test with, built when necessary; `say` is told the progress of a build, a line at a time.

    Raises Unavailable when there is neither a complete `pulumi` on PATH nor a Go that can build one.
    """
    providers = HERE / "bin" / "providers"
    installed = shutil.which("pulumi")
    if installed and shutil.which("pulumi-language-python"):
        return Toolchain(Path(installed), (providers,))
    home = cache_folder()
    if not (home / "bin" / "pulumi").exists():
        build(home, say or _stderr)
    return Toolchain(home / "bin" / "pulumi", (home / "bin", HERE / "bin" / "host", providers))


def version() -> str:
    """The version of the CLI that `cli/go.mod` requires, such as `3.274.1`."""
    required = re.search(rf"^\s*{re.escape(MODULE)} v(\S+)", (HERE / "cli" / "go.mod").read_text(), re.MULTILINE)
    if required is None:
        raise Unavailable(f"tests/engine/cli/go.mod does not require {MODULE}")
    return required[1]


def cache_folder() -> Path:
    """Where the built CLI is kept: one folder per version, below XDG_CACHE_HOME."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "lychgate" / f"pulumi-v{version()}"


def build(home: Path, say: Say) -> None:
    """Build the CLI into `home`, all of it or nothing; a second process waits for the first. Raises Unavailable."""
    if shutil.which("go") is None:
        raise Unavailable("no `pulumi` with its Python language host on PATH, and no `go` to build one")
    home.parent.mkdir(parents=True, exist_ok=True)
    with _locked(home.with_name(home.name + ".lock"), say):
        if home.exists():
            return
        with tempfile.TemporaryDirectory(dir=home.parent, prefix=".building-") as scratch:
            made = Path(scratch) / home.name
            (made / "bin").mkdir(parents=True)
            say(f"building the Pulumi CLI v{version()} from its Go module into {home} (once, about five minutes)")
            _compile(made / "bin" / "pulumi", say)
            sdk = Path(_go("list", "-m", "-f", "{{.Dir}}", SDK))
            for name in SDK_FILES:
                target = made / "bin" / Path(name).name
                shutil.copyfile(sdk / name, target)
                target.chmod(0o755)
            made.rename(home)


def _compile(target: Path, say: Say) -> None:
    flags = f"-s -w -X {SDK}/go/common/version.Version={version()}"
    command = ["go", "build", "-v", "-buildvcs=false", "-o", str(target), "-ldflags", flags, COMMAND]
    started = time.monotonic()
    say("downloading the modules it is made of")
    total = len(_go("list", "-deps", COMMAND).splitlines())
    process = subprocess.Popen(
        command, cwd=HERE / "cli", env=_go_environment(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    assert process.stderr is not None
    lines: list[str] = []
    told = 0.0
    for line in process.stderr:  # -v prints one line for each package that had to be compiled
        lines.append(line)
        if (now := time.monotonic()) - told > PROGRESS_SECONDS:
            told = now
            say(f"building the Pulumi CLI: {len(lines)} of at most {total} packages, {now - started:.0f} s")
    if process.wait() != 0:
        raise Unavailable(f"`go build` of the Pulumi CLI failed: {_reason(''.join(lines))}")
    say(f"built the Pulumi CLI in {time.monotonic() - started:.0f} s")


def _go(*arguments: str) -> str:
    done = subprocess.run(
        ["go", *arguments], cwd=HERE / "cli", env=_go_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Unavailable(f"`go {arguments[0]} {arguments[1]}` for the Pulumi CLI failed: {_reason(done.stderr)}")
    return done.stdout.strip()


def _go_environment() -> dict[str, str]:
    return {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}


def _reason(output: str) -> str:
    return " / ".join(line.strip() for line in output.strip().splitlines()[-3:])


@contextmanager
def _locked(path: Path, say: Say) -> Iterator[None]:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process is building the Pulumi CLI; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _stderr(line: str) -> None:
    print(f"engine tests: {line}", file=sys.stderr, flush=True)


def main() -> int:
    """Build when necessary and print where the CLI is."""
    try:
        print(toolchain().pulumi)
    except Unavailable as why:
        _stderr(str(why))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
