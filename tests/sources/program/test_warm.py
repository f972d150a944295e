"""Captures that follow one another: what is kept, and what must not be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lychgate.model.graph import Graph
from lychgate.sources.program.capture import Setting
from lychgate.sources.program.project import read_project
from lychgate.sources.program.stacks import Stack, capture_together
from lychgate.sources.program.warm import Warm, modules
from lychgate.sources.sandbox import Limits
from lychgate.sources.settings import Settings

BUCKET = "import os, pulumi, pulumi_aws as aws\naws.s3.Bucket('{name}')\n"
EXPORT = "import os, pulumi\npulumi.export('name', '{name}')\npulumi.export('run', os.urandom(8).hex())\n"
REFERS = (
    "import os, pulumi, pulumi_aws as aws\n"
    "name = pulumi.StackReference('organization/base/dev').get_output('name')\n"
    "aws.s3.Bucket('data', bucket=name, tags={'run': os.urandom(8).hex()})\n"
)


@pytest.fixture
def top(tmp_path: Path) -> Path:
    for name in ("base", "app"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
    (tmp_path / "base/__main__.py").write_text(EXPORT.format(name="one"))
    (tmp_path / "app/__main__.py").write_text(REFERS)
    return tmp_path


def captured(top: Path, warm: Warm, *names: str) -> Graph:
    projects = [read_project(top / name) for name in names]
    warm.prepare(projects)
    stacks = [Stack(project, "dev", {}) for project in projects]
    return capture_together(stacks, Setting(), Settings(), "auto", Limits(), warm)[0]


def run_of(graph: Graph) -> tuple[str, str]:
    """What only a new run changes, of both programs."""
    (bucket,) = graph.of_type("aws:s3/bucket:Bucket")
    return str(graph.stacks["base/dev"].outputs["run"]), str(bucket.properties["tags"]["run"])


def wholly_isolated(top: Path) -> bool:
    with Warm("auto", Limits()) as warm, warm.host(read_project(top / "base")) as host:
        return not host.process.isolation.missing


def test_only_what_can_have_changed_is_captured_again(top: Path) -> None:
    if not wholly_isolated(top):
        pytest.skip("programs cannot be isolated here, so nothing is kept")
    with Warm("auto", Limits()) as warm:
        base, app = run_of(captured(top, warm, "base", "app"))
        assert run_of(captured(top, warm, "base", "app")) == (base, app)

        (top / "app/__main__.py").write_text(REFERS + "# more\n")
        same, other = run_of(captured(top, warm, "base", "app"))
        assert same == base and other != app

        (top / "base/__main__.py").write_text(EXPORT.format(name="two"))
        graph = captured(top, warm, "base", "app")
        new_base, new_app = run_of(graph)
        assert new_base != base and new_app != other  # app was told another name
        (bucket,) = graph.of_type("aws:s3/bucket:Bucket")
        assert bucket.properties["bucket"] == "two"

        warm.forget()
        assert run_of(captured(top, warm, "base", "app"))[0] != new_base


def test_what_could_see_more_than_its_folder_is_not_kept(top: Path) -> None:
    with Warm("off", Limits()) as warm:
        first = captured(top, warm, "base").stacks["base/dev"].outputs["run"]
        assert captured(top, warm, "base").stacks["base/dev"].outputs["run"] != first
    (top / "base/.git").mkdir()
    with Warm("auto", Limits()) as warm:
        first = captured(top, warm, "base").stacks["base/dev"].outputs["run"]
        assert captured(top, warm, "base").stacks["base/dev"].outputs["run"] != first


def test_no_program_meets_what_another_has_left(top: Path) -> None:
    """An interpreter waits, and still each program has a sandbox of its own."""
    leave = "import os, pulumi\npulumi.export('left', os.path.exists('/tmp/left'))\nopen('/tmp/left', 'w').close()\n"
    with Warm("auto", Limits()) as warm:
        for text in (leave, leave + "#\n"):
            (top / "base/__main__.py").write_text(text)
            project = read_project(top / "base")
            with warm.host(project) as host:
                isolated = host.process.isolation.filesystem
            assert not isolated or captured(top, warm, "base").stacks["base/dev"].outputs["left"] is False


def test_one_that_has_died_while_waiting_is_replaced(top: Path) -> None:
    with Warm("auto", Limits()) as warm:
        project = read_project(top / "base")
        warm.prepare([project])
        ((waiting,),) = warm._waiting.values()
        waiting.result().process.kill()
        assert captured(top, warm, "base").stacks["base/dev"].outputs["name"] == "one"


def test_none_is_left_behind(top: Path) -> None:
    with Warm("auto", Limits()) as warm:
        warm.prepare([read_project(top / "base"), read_project(top / "app")])
        hosts = [future.result() for futures in warm._waiting.values() for future in futures]
        assert len(hosts) == 2
    assert all(host.process.poll() is not None and not host.shared.exists() for host in hosts)


def test_modules_are_guessed_and_never_believed(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "import pulumi_aws as aws\nimport pulumi_kubernetes\nfrom pulumi_tls import x, Y\nimport os, evil\n"
        "aws.s3.Bucket('a')\npulumi_kubernetes.core.v1.Pod('p')\n"
    )
    (tmp_path / "b.py").write_bytes(b"\xff\x00" + b"(" * 100_000)
    os.symlink("/dev/zero", tmp_path / "c.py")
    found = modules(tmp_path)
    assert {"pulumi_aws", "pulumi_aws.s3", "pulumi_kubernetes", "pulumi_kubernetes.core.v1", "pulumi_tls.x"} <= found
    assert all(name.startswith("pulumi_") for name in found)
