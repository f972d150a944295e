"""Whose cost it is."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.model.values import UnknownRead
from lychgate.views.stores import DataStore


@rule(
    id="data-store-without-cost-labels",
    title="The cost of a data store belongs to nobody",
    layer="cost",
    severity="low",
    judges=DataStore,
    rationale="""Cost can be assigned, and budgets kept, only for what names its application and environment. What
    nobody owns is
    never switched off.""",
    remediation="Tag the store, its component, provider or stack with `application` and `environment`.",
    compliant=[
        """
        import pulumi_aws as aws

        aws.sqs.Queue("jobs", tags={"application": "payments", "environment": "production"})
        """,
        """
        import pulumi
        import pulumi_aws as aws

        tags = {"app": "payments", "env": "production"}
        provider = aws.Provider("tagged", default_tags={"tags": tags})
        aws.sqs.Queue("jobs", opts=pulumi.ResourceOptions(provider=provider))
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.sqs.Queue("jobs", tags={"application": "payments"})
        """,
        """
        import pulumi_aws as aws

        aws.s3.Bucket("receipts")
        """,
    ],
)
def data_store_without_cost_labels(store: DataStore, case: Case) -> Answer:
    """Both labels, from any source."""
    missing = [name for name in ("application", "environment") if getattr(store.labels, name) is None]
    if missing and store.labels.unknown.issuperset(missing):
        raise UnknownRead(store.resource.urn, "tags", "known only after the deployment: they may say it")
    return fail(f"It names no {' and no '.join(missing)}, so nobody answers for its cost.") if missing else PASS
