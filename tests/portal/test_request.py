"""A request from a run in Port to the merge request, with both servers, and the outcome back."""

from __future__ import annotations

from pathlib import Path

from lychgate.cli.portal_request import RequestOptions, run
from tests.portal.conftest import World

ID = "r_QOz6WoOB1Q2lmhZZ"


def asked(
    world: World, action: str, entity: str, inputs: dict[str, object], by: str = "auth0|ada", **more: object
) -> None:
    world.port.run(ID, action, entity, inputs, by, **more)


def request(world: World, into: Path | None = None) -> int:
    return run(RequestOptions(world.payload(ID), into, world.port.url, None))


def test_a_queue_becomes_a_merge_request_in_the_name_of_who_asked(world: World) -> None:
    asked(world, "lychgate_create_queue", "notify", {"name": "bounces", "settings_retention_days": 7})
    before = world.application("notify")
    assert request(world) == 0
    assert world.gitlab.branches == {f"portal/{ID}": world.git("rev-parse", "HEAD")}
    (commit,) = world.gitlab.commits
    assert (commit["author_email"], commit["branch"]) == ("ada@example.com", f"portal/{ID}")
    (action,) = commit["actions"]
    assert (action["action"], action["file_path"]) == ("update", "platform/applications/notify.yaml")
    assert action["content"] == f"{before}  bounces: {{kind: queue, settings: {{retention_days: 7}}}}\n"
    (opened,) = world.gitlab.requests
    assert (opened["target_branch"], opened["title"]) == ("main", "notify: add queue bounces")
    assert "Asked for by `ada@example.com` in Port" in opened["description"]
    assert "## Lychgate: clean" in opened["description"]
    told = world.port.runs[ID]
    assert (told["status"], told["statusLabel"], told["link"]) == ("SUCCESS", "merge request opened", opened["web_url"])
    assert world.port.logs[ID] == ["platform/applications/notify.yaml is valid; judging what it makes of notify"]
    assert world.application("notify") == before and world.git("status", "--porcelain") == ""
