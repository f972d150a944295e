"""The same isolation for a user who has no rights at all: what most people, and most runners, are."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from lychgate.sources.sandbox.launcher import kernel
from tests.sources.sandbox.conftest import World, alive, needs_isolation
from tests.sources.sandbox.test_fallback import ATTACK, ROOT, START, heard

NOBODY = 65534
AS_NOBODY = "from tests.sources.sandbox.test_without_rights import become_nobody\nbecome_nobody()\n"


@needs_isolation
@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run without rights already")
@pytest.mark.parametrize("refused", [[], ["unshare"]])
def test_as_nobody(world: World, marker: str, refused: list[str]) -> None:
    world.write(ATTACK)
    folder = Path(tempfile.mkdtemp())
    try:
        project = shutil.copytree(world.project, folder / "project")
        for path in (folder, project, *project.iterdir()):
            os.chown(path, NOBODY, NOBODY)
        arguments = [str(world.home), str(os.getpid()), "9", marker]
        settings = json.dumps([refused, str(project), "auto" if refused else "require", *arguments])
        command = [sys.executable, "-c", AS_NOBODY + START, settings]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    finally:
        shutil.rmtree(folder)
    assert result.returncode == 0, result.stderr
    fallen = heard(result.stdout)
    assert sorted(fallen.done) == ["home", "project", "subprocess", "temporary", "user"], fallen.told
    assert fallen.told["filesystem"] and fallen.told["processes"]
    assert bool(fallen.told["missing"]) == bool(refused)
    assert not alive(marker, patience=0)


def become_nobody() -> None:
    """Give up root; before, in a mount namespace, lay Python and this checkout open that may lie in root's home."""
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    needed = [sys.base_prefix, str(ROOT)]
    closed = {str(parent) for path in needed for parent in Path(path).parents if not parent.stat().st_mode & 0o001}
    trees = [(path, kernel.call(kernel.OPEN_TREE, -100, path.encode(), 0x8001)) for path in needed]
    for parent in sorted(closed)[:1]:
        kernel.mount("tmpfs", parent, "tmpfs", 0, "mode=755")
        for path, tree in trees:
            if path.startswith(parent + "/"):
                os.makedirs(path)
                kernel.call(kernel.MOVE_MOUNT, tree, b"", -100, path.encode(), 4)
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
