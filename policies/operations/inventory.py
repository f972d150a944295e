"""Whether it can be said what a data store holds, and whose it is."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.model.labels import OTHER_DATA
from lychgate.model.values import UnknownRead
from lychgate.views.stores import DataStore


@rule(
    id="data-store-without-classification",
    title="Nobody can tell which data a data store holds",
    layer="operations",
    severity="medium",
    judges=DataStore,
    rationale="""All places of account data have to be known and confirmed (PCI DSS 12.5.1, 12.5.2). A store without a
    classification counts as in scope, and the scope grows with everything that nobody has labelled.""",
    remediation="""Tag the store, its component, provider (defaultTags) or stack with `data-classification`: cardholder,
    sensitive, internal or public.""",
    compliant=[
        """
        import pulumi_aws as aws

        aws.s3.Bucket("receipts", tags={"data-classification": "cardholder"})
        """,
        """
        import pulumi
        import pulumi_aws as aws

        provider = aws.Provider("tagged", default_tags={"tags": {"data-classification": "internal"}})
        aws.sqs.Queue("jobs", opts=pulumi.ResourceOptions(provider=provider))
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.s3.Bucket("receipts", tags={"owner": "payments"})
        """,
        """
        import pulumi_aws as aws

        aws.dynamodb.Table("ledger", hash_key="id", attributes=[{"name": "id", "type": "S"}],
                           tags={"data-classification": ""})
        """,
        """
        import pulumi_aws as aws

        aws.ebs.Volume("disk", availability_zone="eu-west-1a", size=20)
        """,
    ],
)
def data_store_without_classification(store: DataStore, case: Case) -> Answer:
    """From any source of labels."""
    if store.labels.classification is not None:
        return PASS
    if "classification" in store.labels.unknown:
        raise UnknownRead(store.resource.urn, "tags", "known only after the deployment: they may say it")
    return fail("Nothing says which data it holds, so it counts as part of the cardholder data environment.")


WORDS = ("cardholder", *OTHER_DATA)


@rule(
    id="data-store-with-unknown-classification",
    title="The classification of a data store is no word that anybody knows",
    layer="operations",
    severity="medium",
    judges=DataStore,
    rationale="""Scope follows the classification (PCI DSS 12.5.2). What a misspelt word means is left to the
    reader: the store counts as in scope here, and drops out of every list that is made by the right word.""",
    remediation="Use one of: cardholder, sensitive, internal, public.",
    compliant=[
        """
        import pulumi_aws as aws

        aws.s3.Bucket("receipts", tags={"data-classification": "cardholder"})
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.s3.Bucket("receipts", tags={"data-classification": "cardholder-data"})
        """,
        """
        import pulumi_aws as aws

        aws.s3.Bucket("receipts", tags={"data-classification": "Cardholder"})
        """,
    ],
)
def data_store_with_unknown_classification(store: DataStore, case: Case) -> Answer:
    """Where there is one."""
    given = store.labels.classification
    if given is None or given in WORDS:
        return PASS
    return fail(
        f"The classification {given!r} is none of {', '.join(WORDS)}, so nobody can tell which data the store holds."
    )
