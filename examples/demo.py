"""What `./dev demo` runs: both example stacks through the command that everybody uses, and what to do next.

Ends with 0 if the one is clean and the other is stopped for exactly what `faulty/faults.yaml` lists.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = Path("lychgate-out")
EXPECTED = {"compliant": 0, "faulty": 1}
NEXT = """
What to do next:
  - Mend a finding in examples/faulty and judge it again: ./dev lychgate check examples/faulty
  - Judge a project of your own:                          ./dev lychgate check PATH
  - Ask why a rule is there, and how to satisfy it:       ./dev lychgate rules s3-bucket-without-customer-key
  - Put the same rules into Pulumi itself:                pulumi preview --policy-pack {root}/policies
  - Read on:                                              README.md
The verdicts as JSON, SARIF and JUnit are in {output}."""


def main() -> int:
    """Judge, compare with what is expected, say what to do next."""
    os.chdir(ROOT)
    command = Path(sys.executable).with_name("lychgate")
    as_expected = True
    for name, status in EXPECTED.items():
        arguments = ["check", f"examples/{name}", "--output", str(OUTPUT / name)]
        print(f"\n$ ./dev lychgate {' '.join(arguments)}\n", flush=True)
        done = subprocess.run([command, *arguments], check=False)
        as_expected = as_expected and done.returncode == status
        if done.returncode != status:
            print(f"\nexit status {done.returncode} where {status} was expected", file=sys.stderr)
    if not as_expected:
        return 1
    verdict = json.loads((OUTPUT / "faulty" / "verdict.json").read_text(encoding="utf-8"))
    planted, found = planted_faults(), faults_of(verdict)
    for layer, number in ((layer, sum(map(len, rules.values()))) for layer, rules in planted.items()):
        print(f"  {layer:<11} {number} planted faults")
    if planted != found:
        print("\nexamples/faulty/faults.yaml lists other faults than were found", file=sys.stderr)
        return 1
    print("Every one of them was found, and nothing else.")
    print(NEXT.format(root=ROOT, output=OUTPUT))
    return 0


def planted_faults() -> dict[str, dict[str, list[str]]]:
    """Layer -> rule -> names of the resources that break it, as `faulty/faults.yaml` says."""
    given = yaml.safe_load((ROOT / "examples" / "faulty" / "faults.yaml").read_text(encoding="utf-8"))
    return {layer: {rule: sorted(names) for rule, names in rules.items()} for layer, rules in given.items()}


def faults_of(verdict: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    """The same, as a verdict says."""
    found: dict[str, dict[str, list[str]]] = {}
    for one in verdict["judgements"]:
        if one["outcome"] == "fail":
            found.setdefault(one["layer"], {}).setdefault(one["rule"], []).append(one["name"])
    return {layer: {rule: sorted(names) for rule, names in rules.items()} for layer, rules in found.items()}


if __name__ == "__main__":
    sys.exit(main())
