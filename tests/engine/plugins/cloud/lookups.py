"""What programs look up in the cloud, as the provider's functions answer it."""

from __future__ import annotations

from typing import Any

from tests.engine.plugins.cloud.calling import Cloud, given
from tests.engine.plugins.package import Failed
from tests.engine.plugins.wire import Properties

ROUTE = {
    "DestinationCidrBlock": "cidrBlock", "DestinationIpv6CidrBlock": "ipv6CidrBlock",
    "DestinationPrefixListId": "destinationPrefixListId", "GatewayId": "gatewayId", "NatGatewayId": "natGatewayId",
    "TransitGatewayId": "transitGatewayId", "VpcPeeringConnectionId": "vpcPeeringConnectionId",
    "NetworkInterfaceId": "networkInterfaceId", "EgressOnlyInternetGatewayId": "egressOnlyGatewayId",
}  # fmt: skip


def _tags(found: dict[str, Any]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in found.get("Tags", ())}


def subnet(cloud: Cloud, arguments: Properties) -> Properties:
    """getSubnet, by its id."""
    found = cloud("ec2").describe_subnets(SubnetIds=[arguments["id"]])["Subnets"][0]
    names = {
        "SubnetArn": "arn", "AvailabilityZone": "availabilityZone", "CidrBlock": "cidrBlock", "VpcId": "vpcId",
        "MapPublicIpOnLaunch": "mapPublicIpOnLaunch", "OwnerId": "ownerId", "State": "state",
        "AvailableIpAddressCount": "availableIpAddressCount",
    }  # fmt: skip
    return {**given(found, names), "id": found["SubnetId"], "region": cloud.region, "tags": _tags(found)}


def route_table(cloud: Cloud, arguments: Properties) -> Properties:
    """getRouteTable, of a subnet; the route inside of the network is not among the routes, as in Terraform's."""
    only = [{"Name": "association.subnet-id", "Values": [arguments["subnetId"]]}]
    tables = cloud("ec2").describe_route_tables(Filters=only)["RouteTables"]
    if len(tables) != 1:
        raise Failed(f"{arguments['subnetId']} has {len(tables)} route tables of its own, not one")
    (found,) = tables
    routes = [given(one, ROUTE) for one in found["Routes"] if one.get("GatewayId") != "local"]
    return {
        "id": found["RouteTableId"], "routeTableId": found["RouteTableId"], "vpcId": found["VpcId"],
        "ownerId": found["OwnerId"], "routes": routes, "associations": [], "region": cloud.region,
        "tags": _tags(found), **arguments,
    }  # fmt: skip


LOOKUPS = {"aws:ec2/getSubnet:getSubnet": subnet, "aws:ec2/getRouteTable:getRouteTable": route_table}
