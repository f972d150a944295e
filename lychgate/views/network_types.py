"""The types that make a network, by what they are, and the word that a message says for each."""

from __future__ import annotations

VPC = "aws:ec2/vpc:Vpc"
DEFAULT_VPC = "aws:ec2/defaultVpc:DefaultVpc"
VPCS = (VPC, DEFAULT_VPC)
SUBNET = "aws:ec2/subnet:Subnet"
DEFAULT_SUBNET = "aws:ec2/defaultSubnet:DefaultSubnet"
SUBNETS = (SUBNET, DEFAULT_SUBNET)
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
DEFAULT_ROUTE_TABLE = "aws:ec2/defaultRouteTable:DefaultRouteTable"
ROUTE_TABLES = (ROUTE_TABLE, DEFAULT_ROUTE_TABLE)
ROUTE = "aws:ec2/route:Route"
ROUTE_TABLE_ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
MAIN_ROUTE_TABLE_ASSOCIATION = "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation"
NETWORK_ACL = "aws:ec2/networkAcl:NetworkAcl"
DEFAULT_NETWORK_ACL = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
NETWORK_ACLS = (NETWORK_ACL, DEFAULT_NETWORK_ACL)
NETWORK_ACL_RULE = "aws:ec2/networkAclRule:NetworkAclRule"
NETWORK_ACL_ASSOCIATION = "aws:ec2/networkAclAssociation:NetworkAclAssociation"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_SECURITY_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
SECURITY_GROUPS = (SECURITY_GROUP, DEFAULT_SECURITY_GROUP)
GROUP_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
GROUP_RULES = (GROUP_RULE, INGRESS_RULE, EGRESS_RULE)
PREFIX_LIST = "aws:ec2/managedPrefixList:ManagedPrefixList"
PREFIX_LIST_ENTRY = "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry"
INTERNET_GATEWAY = "aws:ec2/internetGateway:InternetGateway"
EGRESS_ONLY_GATEWAY = "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway"
VPN_GATEWAY = "aws:ec2/vpnGateway:VpnGateway"
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
PEERING = "aws:ec2/vpcPeeringConnection:VpcPeeringConnection"
PEERING_ACCEPTER = "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter"
TRANSIT_GATEWAY = "aws:ec2transitgateway/transitGateway:TransitGateway"
TRANSIT_ATTACHMENT = "aws:ec2transitgateway/vpcAttachment:VpcAttachment"
TRANSIT_TABLE = "aws:ec2transitgateway/routeTable:RouteTable"
TRANSIT_ROUTE = "aws:ec2transitgateway/route:Route"
TRANSIT_ASSOCIATION = "aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation"
TRANSIT_PROPAGATION = "aws:ec2transitgateway/routeTablePropagation:RouteTablePropagation"
VPC_ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"

INSTANCE = "aws:ec2/instance:Instance"
SPOT_INSTANCE = "aws:ec2/spotInstanceRequest:SpotInstanceRequest"
INSTANCES = (INSTANCE, SPOT_INSTANCE)
INTERFACE = "aws:ec2/networkInterface:NetworkInterface"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
LAUNCH_CONFIGURATION = "aws:ec2/launchConfiguration:LaunchConfiguration"
SCALING_GROUP = "aws:autoscaling/group:Group"
ECS_SERVICE = "aws:ecs/service:Service"
FUNCTION = "aws:lambda/function:Function"
EKS_CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
WORKLOADS = (*INSTANCES, INTERFACE, SCALING_GROUP, ECS_SERVICE, FUNCTION, EKS_CLUSTER, NODE_GROUP)

_LB_MODULES = ("lb", "alb", "elasticloadbalancingv2", "applicationloadbalancing")
BALANCERS = tuple(f"aws:{module}/loadBalancer:LoadBalancer" for module in _LB_MODULES)
LISTENERS = tuple(f"aws:{module}/listener:Listener" for module in _LB_MODULES)
LISTENER_RULES = tuple(f"aws:{module}/listenerRule:ListenerRule" for module in _LB_MODULES)
TARGET_GROUPS = tuple(f"aws:{module}/targetGroup:TargetGroup" for module in _LB_MODULES)
TARGET_ATTACHMENTS = tuple(f"aws:{module}/targetGroupAttachment:TargetGroupAttachment" for module in _LB_MODULES)
CLASSIC_BALANCERS = ("aws:elb/loadBalancer:LoadBalancer", "aws:elasticloadbalancing/loadBalancer:LoadBalancer")
CLASSIC_ATTACHMENTS = ("aws:elb/attachment:Attachment", "aws:elasticloadbalancing/attachment:Attachment")

DATABASE_CLUSTER = "aws:rds/cluster:Cluster"
DATABASE_INSTANCE = "aws:rds/instance:Instance"
CLUSTER_MEMBER = "aws:rds/clusterInstance:ClusterInstance"
DATABASE_PROXY = "aws:rds/proxy:Proxy"
DOCUMENT_CLUSTER = "aws:docdb/cluster:Cluster"
GRAPH_CLUSTER = "aws:neptune/cluster:Cluster"
GRAPH_MEMBER = "aws:neptune/clusterInstance:ClusterInstance"
CACHE_CLUSTER = "aws:elasticache/cluster:Cluster"
CACHE_GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
SERVERLESS_CACHE = "aws:elasticache/serverlessCache:ServerlessCache"
MEMORY_CLUSTER = "aws:memorydb/cluster:Cluster"
ACCELERATOR = "aws:dax/cluster:Cluster"
WAREHOUSE = "aws:redshift/cluster:Cluster"
WAREHOUSE_WORKGROUP = "aws:redshiftserverless/workgroup:Workgroup"
SEARCH_DOMAIN = "aws:opensearch/domain:Domain"
OLD_SEARCH_DOMAIN = "aws:elasticsearch/domain:Domain"
KAFKA = "aws:msk/cluster:Cluster"
SERVERLESS_KAFKA = "aws:msk/serverlessCluster:ServerlessCluster"
REPLICATION_INSTANCE = "aws:dms/replicationInstance:ReplicationInstance"
BROKER = "aws:mq/broker:Broker"
MOUNT_TARGET = "aws:efs/mountTarget:MountTarget"

SUBNET_GROUPS = {
    "aws:rds/subnetGroup:SubnetGroup": "db subnet group",
    "aws:docdb/subnetGroup:SubnetGroup": "docdb subnet group",
    "aws:neptune/subnetGroup:SubnetGroup": "neptune subnet group",
    "aws:elasticache/subnetGroup:SubnetGroup": "cache subnet group",
    "aws:memorydb/subnetGroup:SubnetGroup": "memorydb subnet group",
    "aws:dax/subnetGroup:SubnetGroup": "dax subnet group",
    "aws:redshift/subnetGroup:SubnetGroup": "redshift subnet group",
    "aws:dms/replicationSubnetGroup:ReplicationSubnetGroup": "replication subnet group",
}

WORDS = {
    **dict.fromkeys(VPCS, "vpc"),
    **dict.fromkeys(SUBNETS, "subnet"),
    **dict.fromkeys(ROUTE_TABLES, "route table"),
    ROUTE: "route",
    **dict.fromkeys(NETWORK_ACLS, "network ACL"),
    NETWORK_ACL_RULE: "network ACL rule",
    **dict.fromkeys(SECURITY_GROUPS, "sg"),
    **dict.fromkeys(GROUP_RULES, "sg rule"),
    PREFIX_LIST: "prefix list",
    INTERNET_GATEWAY: "igw",
    EGRESS_ONLY_GATEWAY: "egress-only igw",
    VPN_GATEWAY: "vpn gateway",
    NAT_GATEWAY: "nat",
    PEERING: "peering",
    TRANSIT_GATEWAY: "tgw",
    TRANSIT_ATTACHMENT: "tgw attachment",
    TRANSIT_TABLE: "tgw route table",
    TRANSIT_ROUTE: "tgw route",
    **dict.fromkeys(INSTANCES, "instance"),
    INTERFACE: "network interface",
    SCALING_GROUP: "auto scaling group",
    ECS_SERVICE: "service",
    FUNCTION: "function",
    EKS_CLUSTER: "eks cluster",
    NODE_GROUP: "node group",
    **dict.fromkeys((*BALANCERS, *CLASSIC_BALANCERS), "lb"),
    **dict.fromkeys(LISTENERS, "listener"),
    **dict.fromkeys(TARGET_GROUPS, "target group"),
    **dict.fromkeys((DATABASE_CLUSTER, DATABASE_INSTANCE, DOCUMENT_CLUSTER, GRAPH_CLUSTER), "database"),
    DATABASE_PROXY: "database proxy",
    **dict.fromkeys((CACHE_CLUSTER, CACHE_GROUP, SERVERLESS_CACHE, MEMORY_CLUSTER, ACCELERATOR), "cache"),
    **dict.fromkeys((WAREHOUSE, WAREHOUSE_WORKGROUP), "warehouse"),
    **dict.fromkeys((SEARCH_DOMAIN, OLD_SEARCH_DOMAIN), "search domain"),
    **dict.fromkeys((KAFKA, SERVERLESS_KAFKA, BROKER), "broker"),
    REPLICATION_INSTANCE: "replication instance",
    MOUNT_TARGET: "mount target",
    LAUNCH_TEMPLATE: "launch template",
    LAUNCH_CONFIGURATION: "launch configuration",
    VPC_ENDPOINT: "vpc endpoint",
    **SUBNET_GROUPS,
}
