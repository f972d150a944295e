"""A project's folder by the Automation API, judged by the pack: `python local.py PROJECT PACK [CONFIG.json]`.

What is previewed under the pack is written to a plan, and what is deployed is that plan.
"""

import sys
import tempfile
from pathlib import Path

from pulumi import automation as auto


def main(project: str, pack: str, *configs: str) -> int:
    stack = auto.create_or_select_stack("dev", work_dir=project)
    policies = {"policy_packs": [pack], "policy_pack_configs": list(configs) or None}
    with tempfile.TemporaryDirectory() as folder:
        plan = str(Path(folder) / "plan.json")
        try:
            stack.preview(plan=plan, on_output=print, color="never", **policies)
        except auto.CommandError:  # what was found is printed by now
            print("stopped: nothing is deployed", file=sys.stderr)
            return 1
        stack.up(plan=plan, on_output=print, color="never", **policies)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
