"""For each kind of thing: its form, filled in as a browser does, leads to the same edit as the same request in Port."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from lychgate.portal.actions import ACTIONS, asked_of
from lychgate.portal.editing import changed
from lychgate.portal.kinds import KINDS

from lychgate.model.document import parse
from tests.portal.conftest import run_of
from tests.portal.test_editing import CASES, IMAGE, PLATFORM, difference
from tests.portal.web.conftest import Site, text_of

PATHS = {"create": "new", "update": "change", "delete": "delete"}


class Controls(HTMLParser):
    """The controls of a page's form that asks for something, with what a browser would send."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.facts: dict[str, dict[str, str | None]] = {}
        self.labels: set[str] = set()
        self._asks, self._area, self._select = False, "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        name = told.get("name") or ""
        if tag == "form":
            self._asks = told.get("class") == "ask"
        elif tag == "label":
            self.labels.add(told["for"] or "")
        elif self._asks and tag in ("input", "select", "textarea"):
            self.values[name] = told.get("value") or ""
            self.facts[name] = told
            self._area, self._select = (name if tag == "textarea" else ""), name
        elif self._asks and tag == "option" and "selected" in told:
            self.values[self._select] = told.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.values[self._area] = self.values[self._area].removeprefix("\n")
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data


def typed(value: Any) -> str:
    """A value as somebody would type it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "\r\n".join(value)
    if isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
        return "\r\n".join(f"{key}={one}" for key, one in value.items())
    if isinstance(value, dict):
        return "\r\n".join(f"{key}: {one}".replace("'", "") for key, one in value.items())
    return str(value)


def place(case: str) -> tuple[str, dict[str, Any]]:
    """The address of a case's form, and what is filled in."""
    _, entity, inputs, _ = CASES[case]
    operation, kind = case.split(" ")[:2]
    application, _, thing = entity.partition(".")
    return f"/applications/{application}/{PATHS[operation]}/{thing or kind}", inputs


@pytest.mark.parametrize("case", CASES)
def test_a_form_leads_to_the_edit_that_port_leads_to(case: str, site: Site) -> None:
    path, inputs = place(case)
    controls = Controls(site.get(path))
    assert set(inputs) <= set(controls.values)
    assert set(controls.values) - {"csrf", "from"} <= controls.labels
    fields = controls.values | {name: typed(value) for name, value in inputs.items()}
    where = site.ask(path, fields)
    preview = site.preview(where)
    action, entity, _, lines = CASES[case]
    ordered = {name: inputs[name] for name in ACTIONS[action].inputs if name in inputs}
    asked = asked_of(run_of(action, entity, ordered), PLATFORM)
    assert preview.after == changed(preview.before, "f", asked)
    assert sorted(difference(preview.before, preview.after)) == sorted(lines)  # the order of keys is the form's
    assert preview.state == "judged"
    page = text_of(site.get(where))
    assert "It may be submitted" in page and preview.digest in page


@pytest.mark.parametrize(
    ("application", "told"), [("reports", ["production, test", "acme, globex"]), ("notify", ["production, test"])]
)
def test_a_form_says_which_places_there_are(application: str, told: list[str], site: Site) -> None:
    """No tenants where there are none to choose from."""
    page = text_of(site.get(f"/applications/{application}/new/queue"))
    assert re.findall(r"Any of ([^.]+)\.", page) == told


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_has_what_the_model_says_of_each_field(kind: str, site: Site) -> None:
    controls = Controls(site.get(f"/applications/payments/new/{kind}"))
    inputs = KINDS[kind].inputs
    assert set(controls.values) == {"csrf", "from", "name", *inputs}
    for name, one in inputs.items():
        told = controls.facts[name]
        assert ("required" in told) == one.required
        if one.schema["type"] in ("integer", "number"):
            for limit, attribute in (("minimum", "min"), ("maximum", "max")):
                assert told.get(attribute) == (str(one.schema[limit]) if limit in one.schema else None)


def test_what_is_wrong_is_said_beside_its_field(site: Site) -> None:
    fields = {"name": "Big!", "settings_retention_days": "99", "shared": "maybe", "fifo": "true"}
    answer = site.post("/applications/payments/new/queue", fields)
    assert answer.status_code == 422
    page = answer.text
    for name in ("name", "settings_retention_days", "shared"):
        assert f'id="{name}-error"' in page and f'href="#{name}"' in page
    assert 'id="fifo-error"' not in page
    assert 'value="Big!"' in page and 'value="99"' in page
    assert site.orders == []


@pytest.mark.parametrize(
    ("path", "fields", "name", "words"),
    [
        ("new/topic", {"name": "t", "subscribers": "nothing"}, "subscribers", "nothing"),
        ("new/deployment", {"name": "w", "image": IMAGE, "uses": "ledger\nnowhere"}, "uses", "nowhere"),
        ("new/deployment", {"name": "w", "image": "nginx:latest"}, "image", "never a tag"),
        ("new/deployment", {"name": "w", "image": IMAGE, "environment": "a b"}, "environment", "NAME=VALUE"),
        ("new/table", {"name": "t", "partition": "a=X"}, "partition", "'X'"),
        ("new/table", {"name": "t", "partition": "a=S", "indexes": "by-x: {partition: [}"}, "indexes", "Expected"),
        ("new/queue", {"name": "ledger"}, "", "has something of the name 'ledger' already"),
        ("new/queue", {"name": "a" * 31}, "name", "Expected"),
        ("change/ledger", {"partition": ""}, "partition", "a value that is set stays set"),
        ("delete/ledger", {"confirm": "receipts"}, "", "confirm"),
        ("new/queue", {"name": "a\u202eb"}, "name", "Expected"),
        ("new/secret", {"name": "${x}"}, "name", "template"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_refused_with_its_reason(
    site: Site, path: str, fields: dict[str, str], name: str, words: str
) -> None:
    address = f"/applications/payments/{path}"
    answer = site.post(address, Controls(site.get(address)).values | fields)
    assert answer.status_code == 422, answer.headers
    assert words.lower() in text_of(answer.text).lower()
    assert name == "" or f'id="{name}-error"' in answer.text
    assert "\u202e" not in answer.text and site.orders == []


def test_a_form_that_is_sent_unchanged_changes_nothing(site: Site) -> None:
    for thing in ("api", "ledger", "rates", "paid", "tokens"):
        path = f"/applications/payments/change/{thing}"
        answer = site.post(path, Controls(site.get(path)).values)
        assert answer.status_code == 422 and "Nothing is changed yet." in answer.text, thing


def test_a_form_of_an_earlier_commit_takes_nothing_back_unseen(site: Site) -> None:
    path = "/applications/notify/change/templates"
    opened = Controls(site.get(path)).values
    file = site.world.folder / "applications" / "notify.yaml"
    file.write_text(file.read_text().replace("expire_days: 3650", "expire_days: 30"))
    site.world.git("commit", "-q", "-a", "-m", "by somebody else")
    answer = site.post(path, opened | {"classification": "public"})
    assert answer.status_code == 422 and "of another commit since this form was opened" in answer.text
    site.ask(path, Controls(answer.text).values)
    assert len(site.orders) == 1


def test_a_deletion_says_what_is_lost(site: Site) -> None:
    assert "It goes in two steps" in text_of(site.get("/applications/payments/delete/ledger"))
    assert "two steps" not in text_of(site.get("/applications/payments/delete/settle"))
    file = site.world.folder / "applications" / "notify.yaml"
    file.write_text(file.read_text().replace("{kind: queue, fifo: true}", "{kind: queue, fifo: true, retiring: true}"))
    site.world.git("commit", "-q", "-a", "-m", "retiring")
    assert "is retiring already" in text_of(site.get("/applications/notify/delete/outbox"))


def test_text_that_is_typed_stays_text(site: Site) -> None:
    fields = {"name": '"><script>alert(1)</script>', "settings_retention_days": "</textarea><img src=x>"}
    page = site.post("/applications/payments/new/queue", fields).text
    assert "<script>alert" not in page and "<img" not in page
    where = site.ask(
        "/applications/payments/change/api",
        Controls(site.get("/applications/payments/change/api")).values | {"environment": "A=</pre><img src=x>"},
    )
    page = site.get(where)
    assert "<img" not in page and "&lt;/pre&gt;&lt;img" in page


@pytest.mark.parametrize(
    "path", ["new/lambda", "change/nothing", "rename/ledger", "new/table%2f..", "change/%00", "new/"]
)
def test_what_there_is_not_has_no_form(site: Site, path: str) -> None:
    site.get(f"/applications/payments/{path}", 404)


def test_a_yaml_text_of_a_form_is_only_its_value(site: Site) -> None:
    """Nothing typed into a field sets another key of the file."""
    fields = {"name": "t", "partition": "a=S", "indexes": "by-x: {partition: {b: S}}\nowner: mallory"}
    answer = site.post("/applications/payments/new/table", fields)
    assert answer.status_code == 422
    fields["indexes"] = "by-x: {partition: {b: S}}\n"
    site.ask("/applications/payments/new/table", fields)
    asked = site.orders[0].asked
    assert asked.inputs["indexes"] == {"by-x": {"partition": {"b": "S"}}}
    assert parse(site.world.application("payments").encode(), "f").value["owner"] == "team-payments"
