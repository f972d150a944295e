"""Sizes of Amazon RDS and Aurora databases."""

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.autoscaling import scaling_of
from lychgate.views.compute import SIZE, size_of
from lychgate.views.rds import Cluster, ClusterInstance, Instance

CLUSTER = """
        import pulumi_aws as aws

        cluster = aws.rds.Cluster("orders", engine="aurora-postgresql", master_username="app",
                                  manage_master_user_password=True, %s)
        """
MEMBER = """
        aws.rds.ClusterInstance("orders-%s", cluster_identifier=cluster.id, engine="aurora-postgresql",
                                instance_class="%s")
        """
INSTANCE = """
        import pulumi_aws as aws

        aws.rds.Instance("orders", engine="postgres", instance_class="%s", allocated_storage=%d, username="app",
                         manage_master_user_password=True)
        """


class DatabaseSize(BaseModel):
    """The largest database that the environment pays for."""

    model_config = ConfigDict(extra="forbid")
    largest: str = Field(
        default="db.r7g.2xlarge",
        pattern=rf"^db\.[a-z0-9-]+\.{SIZE}$",
        description="instance class whose size (large, 2xlarge, ...) must not be exceeded, whatever the family",
    )


class SizedDatabase(Instance):
    """What has an instance class: an instance of its own, one of a cluster, or a Multi-AZ cluster for its own ones."""

    types = Instance.types + ClusterInstance.types + Cluster.types
    __slots__ = ()


@rule(
    id="rds-instance-class-too-large",
    title="A database instance is larger than the environment allows",
    layer="cost",
    severity="medium",
    judges=SizedDatabase,
    parameters=DatabaseSize,
    scope="resource",
    rationale="""A database runs day and night, and each size up doubles its price. One that was sized for a load
    test stays on the
    bill until somebody looks.""",
    remediation="Choose a smaller instanceClass, or Aurora Serverless v2 (`db.serverless`), which follows the load.",
    compliant=[
        INSTANCE % ("db.t4g.medium", 20),
        CLUSTER % "" + MEMBER % ("0", "db.serverless") + MEMBER % ("1", "db.r7g.2xlarge"),
    ],
    violating=[
        INSTANCE % ("db.r7g.16xlarge", 20),
        CLUSTER % "" + MEMBER % ("0", "db.r6i.4xlarge"),
        INSTANCE % ("db.x2iedn.metal", 20),
        INSTANCE % ("db.r5.4xlarge.tpc2.mem2x", 20),
        CLUSTER.replace("aurora-postgresql", "postgres")
        % 'db_cluster_instance_class="db.r6gd.16xlarge", allocated_storage=100, iops=1000, storage_type="io1"',
    ],
)
def rds_instance_class_too_large(database: SizedDatabase, case: Case) -> Answer:
    """By size, not by family."""
    clustered = database.resource.type in Cluster.types
    given = database.read.text("dbClusterInstanceClass") if clustered else database.instance_class
    largest = case.parameters.largest
    if given is None:
        return not_applicable("the cluster's instances say their class")
    if size_of(given) <= size_of(largest):
        return PASS
    return fail(f"The class {given} is larger than {largest}, the largest that is paid for here.")


class Capacity(BaseModel):
    """How far a serverless cluster may scale."""

    model_config = ConfigDict(extra="forbid")
    maximum: float = Field(default=16, gt=0, le=256, description="Aurora capacity units (2 GiB each) at most")
    minimum: float = Field(default=2, ge=0, le=256, description="Aurora capacity units that may run without any load")


@rule(
    id="aurora-cluster-with-high-capacity",
    title="An Aurora Serverless cluster may scale beyond what the environment pays for",
    layer="cost",
    severity="medium",
    judges=Cluster,
    parameters=Capacity,
    scope="resource",
    rationale="""Each capacity unit costs about 88 USD a month while it runs. The minimum runs day and night, and a
    runaway query
    scales to the maximum and stays there.""",
    remediation="Lower serverlessv2ScalingConfiguration.maxCapacity and minCapacity.",
    compliant=[
        CLUSTER % 'serverlessv2_scaling_configuration={"min_capacity": 0.5, "max_capacity": 8}',
        CLUSTER % 'engine_mode="serverless", scaling_configuration={"min_capacity": 2, "max_capacity": 8}',
    ],
    violating=[
        CLUSTER % 'serverlessv2_scaling_configuration={"min_capacity": 0.5, "max_capacity": 128}',
        CLUSTER % 'serverlessv2_scaling_configuration={"min_capacity": 8, "max_capacity": 16}',
        CLUSTER % 'engine_mode="serverless"',
    ],
)
def aurora_cluster_with_high_capacity(cluster: Cluster, case: Case) -> Answer:
    """Both generations; the first one scales to 16 units (and keeps 1) where nothing is said.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ScalingConfiguration.html
    """
    scaling = cluster.read.block("serverlessv2ScalingConfiguration")
    lowest, highest = scaling.number("minCapacity"), scaling.number("maxCapacity")
    if highest is None:
        if cluster.read.text("engineMode") != "serverless":
            return not_applicable("the cluster is not serverless")
        scaling = cluster.read.block("scalingConfiguration")
        lowest, highest = scaling.number("minCapacity", 1), scaling.number("maxCapacity", 16)
        if not cluster.read.has("scalingConfiguration"):
            return fail("The cluster names no limits: it scales up to 16 capacity units.")
    if highest is not None and highest > case.parameters.maximum:
        return fail(
            f"The cluster may scale to {highest:g} capacity units; {case.parameters.maximum:g} are paid for here."
        )
    if lowest is not None and lowest > case.parameters.minimum:
        return fail(
            f"The cluster never runs below {lowest:g} capacity units; {case.parameters.minimum:g} may idle here."
        )
    return PASS


class Members(BaseModel):
    """How many instances a cluster may have."""

    model_config = ConfigDict(extra="forbid")
    instances: int = Field(default=4, ge=1, le=16, description="instances of a cluster at most")


@rule(
    id="rds-cluster-with-many-instances",
    title="A database cluster has more instances than the environment pays for",
    layer="cost",
    severity="low",
    judges=Cluster,
    parameters=Members,
    rationale="""Every instance of a cluster costs as much as the first. Two keep it available; more only carry read
    load.""",
    remediation="Remove ClusterInstances that no read load needs.",
    compliant=[CLUSTER % "" + "".join(MEMBER % (index, "db.serverless") for index in range(2))],
    violating=[
        CLUSTER % "" + "".join(MEMBER % (index, "db.serverless") for index in range(5)),
        CLUSTER % ""
        + """
        import pulumi

        # Replicas that come and go by themselves.
        aws.appautoscaling.Target("readers", service_namespace="rds", min_capacity=1, max_capacity=15,
                                  scalable_dimension="rds:cluster:ReadReplicaCount",
                                  resource_id=pulumi.Output.concat("cluster:", cluster.cluster_identifier))
        """,
    ],
)
def rds_cluster_with_many_instances(cluster: Cluster, case: Case) -> Answer:
    """Those of the program, and as many readers as auto scaling may add to the writer."""
    most = case.parameters.instances
    scaled = scaling_of(cluster.graph, cluster.resource, "cluster:{}", "rds:cluster:ReadReplicaCount")
    if scaled is not None and scaled + 1 > most:
        return fail(f"Auto scaling may give the cluster {scaled:g} readers and a writer; {most} are paid for here.")
    count = len(cluster.instances)
    return PASS if count <= most else fail(f"The cluster has {count} instances; {most} are paid for here.")
