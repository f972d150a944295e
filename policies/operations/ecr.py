"""Images in Amazon ECR."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.ecr import Repository

REPOSITORY = """
        import pulumi_aws as aws

        aws.ecr.Repository("orders", %s)
        """


@rule(
    id="ecr-repository-with-mutable-tags",
    title="A tag of an ECR repository can be moved to another image",
    layer="operations",
    severity="medium",
    judges=Repository,
    scope="resource",
    rationale="""What was reviewed and scanned under a tag can be replaced under the same tag. Nobody can then say
    which image
    ran (PCI DSS 11.5.2, 6.5.1).""",
    remediation="Set imageTagMutability to `IMMUTABLE`.",
    compliant=[REPOSITORY % 'image_tag_mutability="IMMUTABLE"'],
    violating=[REPOSITORY % "", REPOSITORY % 'image_tag_mutability="MUTABLE"'],
    remedy=lambda properties, parameters: {**properties, "imageTagMutability": "IMMUTABLE"},
)
def ecr_repository_with_mutable_tags(repository: Repository, case: Case) -> Answer:
    """Mutable by default."""
    return PASS if repository.tags_immutable else fail("A tag can be moved to an image that nobody has reviewed.")


@rule(
    id="ecr-repository-without-scan",
    title="Images of an ECR repository are not scanned when they are pushed",
    layer="operations",
    severity="medium",
    judges=Repository,
    scope="resource",
    rationale="""Known vulnerabilities have to be found and ranked (PCI DSS 6.3.1, 11.3.1). A repository scans
    nothing unless
    it, or the registry's enhanced scanning, is told to.""",
    remediation="""Set imageScanningConfiguration.scanOnPush to true; where Amazon Inspector scans the registry,
    waive this
    rule with that reason.""",
    compliant=[REPOSITORY % 'image_scanning_configuration={"scan_on_push": True}'],
    violating=[REPOSITORY % "", REPOSITORY % 'image_scanning_configuration={"scan_on_push": False}'],
    remedy=lambda properties, parameters: {**properties, "imageScanningConfiguration": {"scanOnPush": True}},
)
def ecr_repository_without_scan(repository: Repository, case: Case) -> Answer:
    """Off by default."""
    return PASS if repository.scan_on_push else fail("Images come into use without a scan for known vulnerabilities.")
