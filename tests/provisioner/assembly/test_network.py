"""A deployment stops where a data subnet is none; a plan believes the environment's file."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from lychgate.provisioner.assembly.network import OpenSubnetError, check_closed

CLOSED = SimpleNamespace(map_public_ip_on_launch=False)


def table(*gateways: Any) -> SimpleNamespace:
    return SimpleNamespace(routes=[SimpleNamespace(gateway_id=one) for one in gateways])


def test_routes_inside_and_to_other_gateways_are_none_to_the_internet() -> None:
    check_closed("subnet-1", CLOSED, table("local", "", None, "vgw-1", "eigw-1", "vpce-1"))


def test_a_route_to_the_internet_is_told() -> None:
    with pytest.raises(OpenSubnetError, match=r"subnet-1 is no data subnet: a route leads to .* igw-1"):
        check_closed("subnet-1", CLOSED, table("local", "igw-1"))


def test_public_addresses_are_told() -> None:
    with pytest.raises(OpenSubnetError, match="it gives public addresses"):
        check_closed("subnet-1", SimpleNamespace(map_public_ip_on_launch=True), table())
