"""`lychgate new-rule`: the scaffold is the style guide."""

from __future__ import annotations

from pathlib import Path

from lychgate.judging.rule import SLUG
from lychgate.model.errors import InputError, either, nearest
from lychgate.model.outcome import LAYERS
from lychgate.reports import replace

TEMPLATE = '''"""{title}."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.s3 import Bucket


@rule(
    id="{slug}",
    title="{title}",
    layer="{layer}",
    severity="medium",
    judges=Bucket,  # the view of the service that the rule is about (lychgate/views)
    rationale="""Say in two sentences why it matters to whoever runs the service, and to card data.""",
    remediation="""Say what to write instead, with the names of the properties.""",
    compliant=[
        """
        import pulumi_aws as aws

        bucket = aws.s3.Bucket("receipts")
        aws.s3.BucketVersioning("receipts", bucket=bucket.id, versioning_configuration={{"status": "Enabled"}})
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.s3.Bucket("receipts")
        """,
    ],
)
def {name}(bucket: Bucket, case: Case) -> Answer:
    """What is looked at. A property that is unknown makes the answer unknown by itself."""
    if bucket.versioned:
        return PASS
    return fail("Say what is wrong and where, in the words of a service's developer.")
'''


def scaffold(slug: str, layer: str, folder: Path) -> int:
    """Write the rule's file. Raises InputError where a name is wrong or taken."""
    if not SLUG.fullmatch(slug):
        raise InputError(
            "new-rule",
            found=f"{slug!r} is no slug",
            expected="lower-case words with dashes, such as queue-without-owner",
        )
    if layer not in LAYERS:
        raise InputError(
            "--layer", found=f"unknown layer {layer!r}", expected=either(LAYERS), hint=nearest(layer, LAYERS)
        )
    name = slug.replace("-", "_")
    path = folder / f"{name}.py"
    if path.exists():
        raise InputError(str(path), found="exists already", expected="another name")
    folder.mkdir(parents=True, exist_ok=True)
    title = slug.replace("-", " ").capitalize()
    replace(path, TEMPLATE.format(slug=slug, layer=layer, name=name, title=title).encode())
    print(f"wrote {path}: fill it in, then run its examples: lychgate rules {slug} --check --rules {folder}")
    return 0
