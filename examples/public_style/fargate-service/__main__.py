import json

import pulumi
import pulumi_aws as aws

from network import Vpc

config = pulumi.Config()
region = aws.get_region()
network = Vpc("web")
public = [subnet.id for subnet in network.public]

balancer_group = aws.ec2.SecurityGroup(
    "balancer",
    vpc_id=network.vpc.id,
    description="HTTPS from anywhere",
    ingress=[
        aws.ec2.SecurityGroupIngressArgs(protocol="tcp", from_port=port, to_port=port, cidr_blocks=["0.0.0.0/0"])
        for port in (80, 443)
    ],
    egress=[aws.ec2.SecurityGroupEgressArgs(protocol="-1", from_port=0, to_port=0, cidr_blocks=["0.0.0.0/0"])],
)
task_group = aws.ec2.SecurityGroup(
    "task",
    vpc_id=network.vpc.id,
    ingress=[
        aws.ec2.SecurityGroupIngressArgs(
            protocol="tcp", from_port=8080, to_port=8080, security_groups=[balancer_group.id]
        )
    ],
    egress=[aws.ec2.SecurityGroupEgressArgs(protocol="-1", from_port=0, to_port=0, cidr_blocks=["0.0.0.0/0"])],
)
database_group = aws.ec2.SecurityGroup(
    "database",
    vpc_id=network.vpc.id,
    ingress=[{"protocol": "tcp", "from_port": 5432, "to_port": 5432, "security_groups": [task_group.id]}],
)

balancer = aws.lb.LoadBalancer("web", security_groups=[balancer_group.id], subnets=public)
target = aws.lb.TargetGroup(
    "web", port=8080, protocol="HTTP", target_type="ip", vpc_id=network.vpc.id, health_check={"path": "/health"}
)
https = aws.lb.Listener(
    "https",
    load_balancer_arn=balancer.arn,
    port=443,
    protocol="HTTPS",
    ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06",
    certificate_arn=config.require("certificate"),
    default_actions=[aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=target.arn)],
)
aws.lb.Listener(
    "http",
    load_balancer_arn=balancer.arn,
    port=80,
    default_actions=[{"type": "redirect", "redirect": {"port": "443", "protocol": "HTTPS", "status_code": "HTTP_301"}}],
)

subnet_group = aws.rds.SubnetGroup("database", subnet_ids=[subnet.id for subnet in network.private])
database = aws.rds.Instance(
    "database",
    engine="postgres",
    engine_version="16.4",
    instance_class="db.t4g.micro",
    allocated_storage=20,
    db_name="app",
    username="app",
    password=config.require_secret("databasePassword"),
    db_subnet_group_name=subnet_group.name,
    vpc_security_group_ids=[database_group.id],
    storage_encrypted=True,
    skip_final_snapshot=True,
)
secret = aws.secretsmanager.Secret("database")
aws.secretsmanager.SecretVersion(
    "database",
    secret_id=secret.id,
    secret_string=pulumi.Output.json_dumps(
        {"username": database.username, "password": database.password, "host": database.address}
    ),
)

cluster = aws.ecs.Cluster("cluster", settings=[{"name": "containerInsights", "value": "enabled"}])
logs = aws.cloudwatch.LogGroup("web", retention_in_days=30)
execution_role = aws.iam.Role(
    "execution",
    assume_role_policy=json.dumps(
        {
            "Version": "2008-10-17",
            "Statement": [
                {
                    "Sid": "",
                    "Effect": "Allow",
                    "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
    ),
)
aws.iam.RolePolicyAttachment(
    "execution",
    role=execution_role.name,
    policy_arn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
)
aws.iam.RolePolicy(
    "secret",
    role=execution_role.id,
    policy=secret.arn.apply(
        lambda arn: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": [arn]}],
            }
        )
    ),
)
task = aws.ecs.TaskDefinition(
    "web",
    family="web",
    cpu="256",
    memory="512",
    network_mode="awsvpc",
    requires_compatibilities=["FARGATE"],
    execution_role_arn=execution_role.arn,
    container_definitions=pulumi.Output.all(logs.name, secret.arn).apply(
        lambda values: json.dumps(
            [
                {
                    "name": "web",
                    "image": "public.ecr.aws/docker/library/httpd:2.4",
                    "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
                    "secrets": [{"name": "DATABASE", "valueFrom": values[1]}],
                    "logConfiguration": {
                        "logDriver": "awslogs",
                        "options": {
                            "awslogs-group": values[0],
                            "awslogs-region": region.region,
                            "awslogs-stream-prefix": "web",
                        },
                    },
                }
            ]
        )
    ),
)
aws.ecs.Service(
    "web",
    cluster=cluster.arn,
    desired_count=2,
    launch_type="FARGATE",
    task_definition=task.arn,
    network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
        assign_public_ip=True, subnets=public, security_groups=[task_group.id]
    ),
    load_balancers=[
        aws.ecs.ServiceLoadBalancerArgs(target_group_arn=target.arn, container_name="web", container_port=8080)
    ],
    opts=pulumi.ResourceOptions(depends_on=[https]),
)

pulumi.export("url", pulumi.Output.concat("https://", balancer.dns_name))
pulumi.export("database", database.endpoint)
