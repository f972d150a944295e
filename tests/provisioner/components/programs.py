"""A program of each component, as an application would use it; a Context `context` is there already."""

KEY = 'key = Key("data", context)\n'
LOGS = """
delivery = {
    "Sid": "AccessLogs",
    "Effect": "Allow",
    "Principal": {"Service": "logging.s3.amazonaws.com"},
    "Action": "s3:PutObject",
    "Condition": {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{context.prefix}-*"},
    },
}
logs = Bucket(
    "access-logs", context.classified("internal"), key=None, log_bucket=None, expire_days=400, statements=[delivery]
)
"""
NETWORK = """
tags = context.tags()
vpc = aws.ec2.Vpc("main", cidr_block="10.20.0.0/16", tags=tags)
aws.ec2.DefaultSecurityGroup("unused", vpc_id=vpc.id, ingress=[], egress=[], tags=tags)
flows = LogGroup("flows", context, key=key)
aws.ec2.FlowLog("main", vpc_id=vpc.id, traffic_type="ALL", log_destination=flows.arn,
                iam_role_arn=f"arn:aws:iam::{ACCOUNT}:role/flow-logs", tags=tags)
table = aws.ec2.RouteTable("data", vpc_id=vpc.id, tags=tags)
aws.ec2.VpcEndpoint("s3", vpc_id=vpc.id, service_name=f"com.amazonaws.{REGION}.s3", route_table_ids=[table.id],
                    vpc_endpoint_type="Gateway", tags=tags, policy=pulumi.Output.json_dumps({
                        "Version": "2012-10-17",
                        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*",
                                       "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}}]}))
subnets = []
for index, zone in enumerate("ab"):
    subnet = aws.ec2.Subnet(f"data-{index}", vpc_id=vpc.id, availability_zone=REGION + zone,
                            cidr_block=f"10.20.{index}.0/24", tags=tags)
    aws.ec2.RouteTableAssociation(f"data-{index}", subnet_id=subnet.id, route_table_id=table.id)
    subnets.append(subnet.id)
"""
BUCKET = 'receipts = Bucket("receipts", context, key=key, log_bucket=logs.bucket_name, expire_days=2555)\n'
QUEUE = """
settlement = Queue("settlement", context, key=key, publishers=[Topic.arn_of(context, "paid")])
ordered = Queue("ordered", context, key=key, fifo=True)
"""
TOPIC = """
paid = Topic("paid", context, key=key, subscribers={"settlement": settlement})
booked = Topic("booked", context, key=key, fifo=True)
"""
TABLE = """
ledger = Table("ledger", context, key=key, partition=("payment", "S"), sort=("entry", "N"), ttl="expires",
               indexes={"by-day": Index(("day", "S"), ("payment", "S"))})
"""
SECRET = """
acquirer = Secret("acquirer", context, key=key,
                  rotation_function=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:rotation")
"""
DATABASES = """
orders = Database("orders", context, key=key, vpc_id=vpc.id, subnet_ids=subnets)
carts = Database("carts", context, key=key, vpc_id=vpc.id, subnet_ids=subnets, engine="mysql",
                 instance_class="db.t4g.medium", log_days=365)
"""
REPOSITORY = 'images = Repository("api", context, key=key)\n'
GROUP = """
app = SecurityGroup("app", context, vpc_id=vpc.id, description="The workloads of payments")
aws.ec2.NetworkInterface("app", subnet_id=subnets[0], security_groups=[app.id], tags=tags)
app.egress_cidr("app-to-acquirer", "203.0.113.16/28", 443, "The acquirer's API")
app.egress_prefix_list("app-to-s3", "pl-0a1b2c3d4e5f60718", 443, "S3 through its gateway endpoint")
app.connect("app-to-endpoints", "sg-0a1b2c3d4e5f60718", 443)
"""
CONNECTED = """
for database in (orders, carts):
    app.connect(f"app-to-{database.name}", database.security_group, database.use("use").ports[0].port)
"""
USES = """
uses = [receipts.use("use"), settlement.use("receive"), ordered.use("send"), paid.use("publish"), booked.use("use"),
        ledger.use("use"), acquirer.use("read"), orders.use("connect"), carts.use("read")]
statements = [statement for use in uses for statement in use.statements]
"""
POD_IDENTITY = """
api = WorkloadRole("api", context, namespace="payments", identity=PodIdentity("main"), statements=STATEMENTS)
"""
IRSA = """
host = "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
worker = WorkloadRole("worker", context, namespace="payments", statements=STATEMENTS,
                      identity=Irsa(f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}", f"https://{host}"))
"""

COMPONENTS = {
    "key": KEY,
    "log group": KEY + 'LogGroup("api", context, key=key)\n',
    "bucket": KEY + LOGS + BUCKET,
    "queue": KEY + QUEUE,
    "topic": KEY + QUEUE + TOPIC,
    "table": KEY + TABLE,
    "secret": KEY + SECRET,
    "database": KEY + NETWORK + DATABASES,
    "repository": KEY + REPOSITORY,
    "role by pod identity": POD_IDENTITY.replace("STATEMENTS", "()"),
    "role by token": IRSA.replace("STATEMENTS", "()"),
    "security group": KEY + NETWORK + GROUP,
}
ALL = "".join(
    [KEY, LOGS, NETWORK, BUCKET, QUEUE, TOPIC, TABLE, SECRET, DATABASES, REPOSITORY, GROUP, CONNECTED, USES]
    + [text.replace("STATEMENTS", "statements") for text in (POD_IDENTITY, IRSA)]
)
