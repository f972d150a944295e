"""An inline program of the Automation API that the pack judges: `python inline.py PACK [CONFIG.json]`.

What is previewed under the pack is written to a plan, and what is deployed is that plan: `up` alone would ask the rules
about whole stacks when the resources are there.
"""

import json
import sys
import tempfile
from pathlib import Path

import pulumi_aws as aws
from pulumi import automation as auto

LABELS = {"application": "shop", "environment": "production", "tenant": "acme", "data-classification": "internal"}


def program() -> None:
    key = aws.kms.Key("key", enable_key_rotation=True, tags=LABELS)
    repository = aws.ecr.Repository(
        "api",
        image_tag_mutability="MUTABLE",  # the finding; the fix: IMMUTABLE
        image_scanning_configuration={"scan_on_push": True},
        encryption_configurations=[{"encryption_type": "KMS", "kms_key": key.arn}],
        tags=LABELS,
    )
    expiry = {
        "rulePriority": 1,
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 50},
    }
    rules = [{**expiry, "action": {"type": "expire"}}]
    aws.ecr.LifecyclePolicy("api", repository=repository.name, policy=json.dumps({"rules": rules}))


def main(pack: str, *configs: str) -> int:
    stack = auto.create_or_select_stack("dev", "shop-inline", program)
    stack.set_config("aws:region", auto.ConfigValue("eu-central-1"))
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
