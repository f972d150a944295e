"""Whether it can be told whose a resource is."""

import re

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.model.graph import Resource
from lychgate.model.labels import INVOKER, Labels
from lychgate.model.values import UnknownRead
from lychgate.views.labels import labels_of
from lychgate.views.owners import environment_word, is_shared, owned
from lychgate.views.ownership import Labelled, StackReference


@rule(
    id="labels-that-disagree",
    title="It cannot be told whose a resource is: its labels disagree",
    layer="tenancy",
    severity="medium",
    judges=Labelled,
    scope="stack",
    rationale="""Separation of tenants and environments is judged, and enforced, by labels (PCI DSS A1.1.2, 6.5.3,
    12.5.2). Where
    two sources say different things, one of them is wrong.""",
    remediation="Say it once: on the resource, its provider (defaultTags), namespace, component or stack.",
    compliant=[
        """
        import pulumi
        import pulumi_aws as aws

        provider = aws.Provider("tagged", default_tags={"tags": {"tenant": "acme", "environment": "production"}})
        aws.s3.Bucket("receipts", tags={"tenant": "acme"}, opts=pulumi.ResourceOptions(provider=provider))
        """,
    ],
    violating=[
        """
        import pulumi
        import pulumi_aws as aws

        provider = aws.Provider("tagged", default_tags={"tags": {"tenant": "acme"}})
        aws.s3.Bucket("receipts", tags={"tenant": "globex"}, opts=pulumi.ResourceOptions(provider=provider))
        """,
        """
        import pulumi_kubernetes as k8s

        k8s.core.v1.Namespace("acme", metadata={"name": "acme", "labels": {"tenant": "acme"}})
        k8s.core.v1.ServiceAccount("api", metadata={"namespace": "acme", "labels": {"tenant": "globex"}})
        """,
        """
        import pulumi
        import pulumi_aws as aws

        class Service(pulumi.ComponentResource):
            def __init__(self, name, tenant):
                super().__init__("shop:index:Service", name, {"tenant": tenant})
                aws.sqs.Queue(name, tags={"tenant": "globex"}, opts=pulumi.ResourceOptions(parent=self))

        Service("jobs", "acme")
        """,
        """
        import pulumi_aws as aws

        # Declared as shared, it is kept apart from nobody.
        aws.s3.Bucket("receipts", tags={"tenant": "acme", "shared": "true"})
        """,
    ],
)
def labels_that_disagree(labelled: Labelled, case: Case) -> Answer:
    """Every dimension, every source."""
    conflicts = labelled.labels.conflicts
    if not conflicts:
        return _both(labelled)
    one = conflicts[0]
    said = f"the {one.dimension} is {one.value} by {one.source}, and {one.other} by {one.other_source}"
    return fail(f"{said[:1].upper()}{said[1:]}.", {"conflicts": len(conflicts)})


def _both(labelled: Labelled) -> Answer:
    """Whether it is one tenant's and declared to serve all at once: the second takes it out of the rules of the
    first."""
    labels = labelled.labels
    if labels.tenant in (None, "shared") or not is_shared(labelled.graph, labelled.resource):
        return PASS
    source = labels.sources["tenant"]
    return fail(
        f"It is declared as shared, and {source} says{'' if source.startswith('its') else ' that it is'} tenant "
        f"{labels.tenant}: what is shared is kept apart from nobody."
    )


@rule(
    id="resource-without-tenant",
    title="It cannot be told which tenant a resource belongs to",
    layer="tenancy",
    severity="medium",
    judges=Labelled,
    scope="stacks",
    rationale="""Where several tenants are served, every resource is one tenant's or declared as shared (PCI DSS
    A1.1.2, A1.1.3).
    What is neither can be reached by all of them without a rule noticing.""",
    remediation="Label it with `tenant`, or with `shared: true` if it serves all.",
    compliant=[
        """
        import pulumi_aws as aws

        aws.s3.Bucket("acme", tags={"tenant": "acme"})
        aws.s3.Bucket("globex", tags={"tenant": "globex"})
        aws.s3.Bucket("rates", tags={"shared": "true"})
        """,
        """
        import pulumi_aws as aws

        aws.s3.Bucket("acme", tags={"tenant": "acme"})
        aws.s3.Bucket("other")
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.s3.Bucket("acme", tags={"tenant": "acme"})
        aws.s3.Bucket("globex", tags={"tenant": "globex"})
        aws.s3.Bucket("rates")
        """,
        """
        import pulumi_aws as aws

        aws.s3.Bucket("acme", tags={"tenant": "acme"})
        aws.s3.Bucket("globex", tags={"tenant": "globex"})
        aws.s3.Bucket("rates", tags={"shared": "false"})
        """,
    ],
)
def resource_without_tenant(labelled: Labelled, case: Case) -> Answer:
    """Asked only where several tenants are served."""
    graph = labelled.graph
    tenants = graph.once(
        "tenants", lambda: {one.tenant for one in owned(graph, "tenant") if one.tenant and not one.shared}
    )
    owner = labelled.owner
    if owner.tenant or owner.shared:
        return PASS
    if len(tenants) < 2:
        return PASS if tenants else not_applicable("nothing that is judged names a tenant")
    if "tenant" in labelled.labels.unknown:
        raise UnknownRead(labelled.resource.urn, "tags", "known only after the deployment: they may name the tenant")
    return fail(f"It belongs to none of {', '.join(sorted(tenants))}, and is not declared as shared.")


@rule(
    id="stack-reads-another-environment",
    title="A stack reads the outputs of another environment's stack",
    layer="tenancy",
    severity="high",
    judges=StackReference,
    scope="stack",
    rationale="""Outputs carry endpoints, key ids and passwords. A stack of test that reads production's, or the
    other way round,
    is not apart from it (PCI DSS 6.5.3).""",
    remediation="Refer to the stack of the same environment, for example by pulumi.get_stack().",
    compliant=[
        """
        import pulumi

        pulumi.StackReference("network", stack_name=f"acme/network/{pulumi.get_stack()}")
        """,
    ],
    violating=[
        """
        import pulumi

        pulumi.StackReference("acme/network/test")
        """,
        """
        import pulumi

        pulumi.StackReference("network", stack_name="acme/network/payments.staging.acme")
        """,
    ],
)
def stack_reads_another_environment(reference: StackReference, case: Case) -> Answer:
    """By what each stack says of its environment, else by the words of its name.

    A stack is called after its environment (`production`) or APP.ENV.TENANT; a name without such a word says nothing.
    What the invoker says counts for the stack that reads, where its name says nothing and the other is not judged too.
    """
    labels = reference.labels
    other = _judged(reference)
    theirs = (_said(labels_of(reference.graph, other)) if other else None) or _environment(reference.refers_to)
    own = _said(labels) or _environment(reference.resource.stack) or (None if other else labels.environment)
    if own is None or theirs is None:
        return not_applicable("the names of the stacks do not say which environment they are of")
    if _same(own, theirs):
        return PASS
    return fail(f"The stack is of {own} and reads the outputs of {reference.refers_to}, which is of {theirs}.")


def _judged(reference: StackReference) -> Resource | None:
    """The other stack, where it is judged too."""
    name = reference.refers_to
    return next(
        (
            one
            for one in reference.graph.of_type("pulumi:pulumi:Stack")
            if name == one.stack or name.endswith(f"/{one.stack}")
        ),
        None,
    )


def _said(labels: Labels) -> str | None:
    """The environment by a label that somebody gave to this stack, and not the invoker to all."""
    return None if labels.sources.get("environment") == INVOKER else labels.environment


def _environment(stack: str) -> str | None:
    """The environment that a stack's name tells: one of the words of its last part, else of its project's."""
    for part in reversed(stack.split("/")[-2:]):
        words = (environment_word(word) for word in re.split(r"[-._]", part))
        found = next((word for word in words if word), None)
        if found:
            return found
    return None


def _same(one: str, other: str) -> bool:
    return (environment_word(one) or one.lower()) == (environment_word(other) or other.lower())
