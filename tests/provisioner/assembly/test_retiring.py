"""What is about to be taken away loses its protection first, in production too: a finding, to be accepted or not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.platform import read_platform
from lychgate.provisioner.sync.capturing import Capturing, siblings

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.evaluation import evaluate
from lychgate.judging.ruleset import load_ruleset
from lychgate.model.graph import Graph

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_what_retires_is_not_protected_any_more(tmp_path: Path) -> None:
    folder = tmp_path / "platform"
    shutil.copytree(ROOT / "examples" / "platform", folder)
    (tmp_path / "lychgate.yaml").write_text("platform: platform\n")
    file = folder / "applications" / "reports.yaml"
    text = file.read_text().replace("tenancy: [acme, globex]", "tenancy: [acme, globex]\nretiring: [acme]")
    file.write_text(text.replace("{kind: database, engine: postgresql}", "{kind: database, retiring: true}"))
    platform = read_platform(folder)
    with Capturing(folder, tmp_path / "lychgate.yaml") as capturing:
        graphs = capturing.capture(siblings(Scope.of(platform, "reports", "production", "acme"))).graphs
    acme, globex = graphs["reports.production.acme"], graphs["reports.production.globex"]
    assert not [one.name for one in acme.resources if one.options.get("protect")]
    kept = {one.name for one in globex.resources if one.options.get("protect")}
    assert "history" in kept and "ledgers" not in kept

    rules = built_in_rules()
    found = evaluate(Graph.together(graphs.values()), rules.values(), load_ruleset("production", rules))
    told = {
        (one.resource.stack.rpartition(".")[2], one.resource.name, one.rule.id)
        for one in found
        if one.outcome == "fail"
    }
    rule = "rds-database-without-deletion-protection"
    assert told == {("acme", "history", rule), ("acme", "ledgers", rule), ("globex", "ledgers", rule)}
