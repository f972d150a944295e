"""What joins VPCs: peering connections and transit gateways.

A peering carries nothing until the other side accepts it
(https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html): by `autoAccept`, by an accepter resource, else
by somebody of whom the program does not say. A transit gateway associates attachments with its default route table, and
propagates them to it, unless it or the attachment says otherwise
(https://docs.aws.amazon.com/vpc/latest/tgw/tgw-transit-gateways.html).
"""

from __future__ import annotations

from lychgate.model.graph import Resource
from lychgate.reasoning.network import (
    Peering,
    TransitAttachment,
    TransitGateway,
    TransitRoute,
    TransitRouteTable,
    Unknown,
)
from lychgate.views import network_types as types
from lychgate.views.network_reading import Text, Translation

TABLE_OUTPUTS = ("associationDefaultRouteTableId", "propagationDefaultRouteTableId")
ATTACHMENTS = (types.TRANSIT_ATTACHMENT,)
ASSOCIATES = ("defaultRouteTableAssociation", "transitGatewayDefaultRouteTableAssociation")
PROPAGATES = ("defaultRouteTablePropagation", "transitGatewayDefaultRouteTablePropagation")


def translate(t: Translation) -> None:
    """All peerings and transit gateways."""
    _peerings(t)
    for resource, record in t.each(types.TRANSIT_GATEWAY):
        support = t.text(record, resource.read, "securityGroupReferencingSupport")
        references = support if isinstance(support, Unknown) else support == "enable"
        t.add(TransitGateway(record, group_references=references), resource)
        for output in TABLE_OUTPUTS:
            value = resource.outputs.get(output)
            if isinstance(value, str):
                t.aliases[value] = default_table(record)
        t.defaults[resource.urn, types.TRANSIT_TABLE] = default_table(record)
    attached = _attachments(t)
    _tables(t, attached)


def default_table(gateway: str) -> str:
    """The default route table of a transit gateway."""
    return f"default route table of {gateway}"


def _peerings(t: Translation) -> None:
    accepted: set[str] = set()
    perhaps: list[Unknown] = []
    for resource, record in t.each(types.PEERING_ACCEPTER):
        peering = t.reference(record, resource, "vpcPeeringConnectionId", types.PEERING)
        if isinstance(peering, Unknown):
            perhaps.append(peering)
        elif peering is not None and t.flag(record, resource.read, "autoAccept"):
            accepted.add(peering)
    for resource, record in t.each(types.PEERING):
        auto = t.flag(record, resource.read, "autoAccept")
        sides = [t.reference(record, resource, name, *types.VPCS) for name in ("vpcId", "peerVpcId")]
        if record in accepted:
            auto = True
        active = True if auto is True else (*perhaps, Unknown(record, "acceptance by the other side"))[0]
        requester, accepter = (side or Unknown(record, "VPC") for side in sides)
        t.add(Peering(record, requester, accepter, active), resource)


def _attachments(t: Translation) -> list[tuple[Resource, TransitAttachment]]:
    found = []
    for resource, record in t.each(*ATTACHMENTS):
        gateway = t.reference(record, resource, "transitGatewayId", types.TRANSIT_GATEWAY)
        vpc = t.reference(record, resource, "vpcId", *types.VPCS)
        subnets = t.references(record, resource, "subnetIds", *types.SUBNETS)
        one = TransitAttachment(
            record, gateway or Unknown(record, "transitGatewayId"), vpc or Unknown(record, "vpcId"), subnets
        )
        t.add(one, resource)
        found.append((resource, one))
    return found


def _pairs(t: Translation, type_: str) -> dict[str, list[Text]]:
    """Route table -> the attachments that are associated with it, or propagated to it. Under the empty name: perhaps
    one more of any table."""
    found: dict[str, list[Text]] = {}
    for resource, record in t.each(type_):
        table = t.reference(record, resource, "transitGatewayRouteTableId", types.TRANSIT_TABLE)
        attachment = t.reference(record, resource, "transitGatewayAttachmentId", *ATTACHMENTS)
        if isinstance(table, str):
            found.setdefault(table, []).append(attachment or Unknown(record, "transitGatewayAttachmentId"))
        else:
            found.setdefault("", []).append(table or Unknown(record, "transitGatewayRouteTableId"))
    return found


def _tables(t: Translation, attached: list[tuple[Resource, TransitAttachment]]) -> None:
    associations, propagations = _pairs(t, types.TRANSIT_ASSOCIATION), _pairs(t, types.TRANSIT_PROPAGATION)
    routes: dict[str, list[TransitRoute | Unknown]] = {}
    for resource, record in t.each(types.TRANSIT_ROUTE):
        table = t.reference(record, resource, "transitGatewayRouteTableId", types.TRANSIT_TABLE)
        if isinstance(table, str):
            routes.setdefault(table, []).append(_route(t, resource, record))
    for resource, record in t.each(types.TRANSIT_TABLE):
        gateway = t.reference(record, resource, "transitGatewayId", types.TRANSIT_GATEWAY)
        t.add(_table(record, gateway or Unknown(record, "transitGatewayId"), associations, propagations, routes))
    chosen: set[Text] = {one for row in associations.values() for one in row}
    for resource, record in t.each(types.TRANSIT_GATEWAY):
        name = default_table(record)
        mine = [(other, one) for other, one in attached if one.gateway == record]
        for pairs, flags, skip in ((associations, ASSOCIATES, chosen), (propagations, PROPAGATES, set())):
            joins = [one.id for other, one in mine if one.id not in skip and _by_default(t, resource, other, flags)]
            pairs.setdefault(name, []).extend(joins)
        t.add(_table(name, record, associations, propagations, routes))


def _table(
    name: str,
    gateway: Text,
    associations: dict[str, list[Text]],
    propagations: dict[str, list[Text]],
    routes: dict[str, list[TransitRoute | Unknown]],
) -> TransitRouteTable:
    """A table of a transit gateway with all that was said of it."""
    members, known = ((*row.get(name, ()), *row.get("", ())) for row in (associations, propagations))
    return TransitRouteTable(name, gateway, members, known, tuple(routes.get(name, ())))


def _by_default(t: Translation, gateway: Resource, attachment: Resource, flags: tuple[str, str]) -> bool:
    """Whether an attachment joins the default table; what is not known counts as joining."""
    said = t.text(t.names.of(gateway), gateway.read, flags[0])
    return said != "disable" and t.flag(t.names.of(attachment), attachment.read, flags[1], True) is not False


def _route(t: Translation, resource: Resource, record: str) -> TransitRoute | Unknown:
    blackhole = t.flag(record, resource.read, "blackhole")
    if isinstance(blackhole, Unknown):
        return blackhole
    destination = t.text(record, resource.read, "destinationCidrBlock") or Unknown(record, "destinationCidrBlock")
    attachment = t.reference(record, resource, "transitGatewayAttachmentId", *ATTACHMENTS)
    return TransitRoute(record, destination, None if blackhole else attachment)
