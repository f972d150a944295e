"""Symbolic identities: what a resource will be called, before it exists.

A pure function of type, URN and inputs. It answers the same every time, so that a captured program can be compared, and
every symbolic value can be led back to its resource.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

from lychgate.sources.identities.arn import Arn, Place, dns_suffix, parse_arn, partition_of
from lychgate.sources.identities.aws import identify_aws
from lychgate.sources.identities.identity import Identity
from lychgate.sources.identities.kubernetes import identify_kubernetes
from lychgate.sources.identities.template import generate

__all__ = ["Arn", "Identity", "Place", "dns_suffix", "identify", "parse_arn", "partition_of"]


def identify(
    type_: str,
    urn: str,
    logical_name: str,
    inputs: Mapping[str, object],
    output_names: Set[str],
    place: Place,
    unknown_inputs: frozenset[str] = frozenset(),
) -> Identity:
    """What Pulumi and the cloud will call this resource.

    `inputs` are the known inputs under their Pulumi names, `unknown_inputs` the names of those that are given but not
    known yet: what depends on one of them is not invented, it stays None or is left out. An object of which only parts
    are known is given with these parts, and its unknown ones are named "metadata.name". `output_names` are the
    properties that the type's SDK class has; no other is returned.
    """
    package = type_.partition(":")[0]
    if package == "aws":
        return identify_aws(type_, urn, logical_name, inputs, output_names, place, unknown_inputs)
    if package == "kubernetes":
        return identify_kubernetes(type_, urn, logical_name, inputs, unknown_inputs)
    return Identity(f"{logical_name}-{generate(urn, 'hex', 7)}", assumed=frozenset({"id"}))
