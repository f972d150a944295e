"""lychgate.yaml's GitLab project: what is taken, and what is refused where it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from lychgate.model.errors import InputError
from lychgate.sources.settings import GitLabProject, may_have_token, read_settings


def written(folder: Path, text: str) -> GitLabProject | None:
    (folder / "lychgate.yaml").write_text(text)
    return read_settings(folder / "lychgate.yaml", None).gitlab


def test_a_project_by_path_or_number(tmp_path: Path) -> None:
    assert written(tmp_path, "") is None
    for project, found in (("pay/platform", "pay/platform"), ("a/b/c_d.e-f", "a/b/c_d.e-f"), ("7", "7"), ("'7'", "7")):
        text = f"gitlab: {{url: https://gitlab.example.com/, project: {project}}}\n"
        assert written(tmp_path, text) == GitLabProject("https://gitlab.example.com", found)
    text = "gitlab: {url: 'https://git.example.com:8443/git', project: 7, ca: certificates.pem}\n"
    assert written(tmp_path, text) == GitLabProject(
        "https://git.example.com:8443/git", "7", tmp_path / "certificates.pem"
    )


ADDRESS = "expected an address such as https://gitlab.example.com"
WHICH = "expected a project's number or its path, such as group/name"


@pytest.mark.parametrize(
    ("url", "project", "said"),
    [
        ("http://gitlab.example.com", "7", f"2:8: url is 'http://gitlab.example.com'. {ADDRESS}"),
        ("http://localhost", "7", f"2:8: url is 'http://localhost'. {ADDRESS}"),
        ("https://a:b@gitlab.example.com", "7", f"2:8: url is 'https://a:b@gitlab.example.com'. {ADDRESS}"),
        ("https://gitlab.example.com?x=y", "7", f"2:8: url is 'https://gitlab.example.com?x=y'. {ADDRESS}"),
        ("https://gitlab.example.com:ssh", "7", f"2:8: url is 'https://gitlab.example.com:ssh'. {ADDRESS}"),
        ("https://[::1", "7", f"2:8: url is 'https://[::1'. {ADDRESS}"),
        ("https://", "7", f"2:8: url is 'https://'. {ADDRESS}"),
        ("gitlab.example.com", "7", f"2:8: url is 'gitlab.example.com'. {ADDRESS}"),
        ("443", "7", "2:8: url is 443. expected text (in quotes, if it looks like a number)"),
        ("https://gitlab.example.com", "platform", f"3:12: project is 'platform'. {WHICH}"),
        ("https://gitlab.example.com", "pay/../platform", f"3:12: project is 'pay/../platform'. {WHICH}"),
        ("https://gitlab.example.com", "pay%2Fplatform", f"3:12: project is 'pay%2Fplatform'. {WHICH}"),
        ("https://gitlab.example.com", "true", f"3:12: project is true. {WHICH}"),
        ("https://gitlab.example.com", "-7", f"3:12: project is -7. {WHICH}"),
        ("https://gitlab.example.com", "7.5", f"3:12: project is 7.5. {WHICH}"),
        ("https://gitlab.example.com", "[]", f"3:12: project is a list. {WHICH}"),
    ],
)
def test_what_is_refused(tmp_path: Path, url: str, project: str, said: str) -> None:
    with pytest.raises(InputError) as wrong:
        written(tmp_path, f"gitlab:\n  url: {url}\n  project: {project}\n")
    assert str(wrong.value).removeprefix(f"{tmp_path}/lychgate.yaml:") == said


def test_both_must_be_said_and_nothing_else(tmp_path: Path) -> None:
    for text, said in (
        ("gitlab: {url: https://gitlab.example.com}\n", "1:9: 'project' is missing"),
        ("gitlab: {project: 7}\n", "1:9: 'url' is missing"),
        (
            "gitlab: {url: https://gitlab.example.com, project: 7, token: x}\n",
            "1:55: unknown key 'token'. expected ca, project or url",
        ),
    ):
        with pytest.raises(InputError) as wrong:
            written(tmp_path, text)
        assert str(wrong.value).removeprefix(f"{tmp_path}/lychgate.yaml:") == said


def test_a_token_is_sent_by_https_or_to_this_machine() -> None:
    assert all(map(may_have_token, ("https://gitlab.example.com", "http://127.0.0.1:8080", "http://[::1]:1")))
    assert not any(map(may_have_token, ("http://10.0.0.1", "http://[", "ftp://127.0.0.1", "127.0.0.1", "")))
