"""What AWS's functions say that needs no call: ARNs, regions, zones, partitions, and who the caller is.

Each follows its data source in https://github.com/hashicorp/terraform-provider-aws (internal/service/meta, ec2, iam,
elb; internal/function for the functions proper). A function takes its arguments and the caller, and raises ValueError
for what the provider would refuse. The tables are in regions.json, with their sources.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any

from lychgate.model.values import Secret
from lychgate.sources.identities import Arn, Place, dns_suffix, parse_arn, partition_of

# As the provider cites it: http://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/billing-getting-started.html#step-2
BILLING_ACCOUNT = "386209384616"
# Services whose principal keeps the partition's own suffix, as the provider lists them (after aws-cdk's region-info).
OWN_SUFFIX = {
    "aws-iso": ("cloudhsm", "config", "logs", "workspaces"),
    "aws-iso-b": ("dms", "logs"),
    "aws-cn": ("codedeploy", "elasticmapreduce", "logs"),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """In which account and region a function is called; `provider` is the configuration of the provider it goes to."""

    account: str
    region: str
    provider: Mapping[str, Any] = field(default_factory=dict)

    @property
    def partition(self) -> str:
        """The partition of the region, such as `aws-cn`."""
        return partition_of(self.region)

    @property
    def place(self) -> Place:
        """Both as one."""
        return Place.of(self.account, self.region)


@cache
def tables() -> dict[str, Any]:
    """The content of regions.json."""
    data: dict[str, Any] = json.loads((resources.files(__package__) / "regions.json").read_text("utf-8"))
    return data


def backwards(name: str) -> str:
    """A domain name from its end: `com.amazonaws`."""
    return ".".join(reversed(name.split(".")))


# -- ARNs -------------------------------------------------------------------------------------------------------------


def read_arn(text: str) -> Arn:
    """The ARN. Raises ValueError for a text that is none."""
    arn = parse_arn(text)
    if arn is None:
        raise ValueError(f"{text!r} is no ARN: expected arn:partition:service:region:account:resource")
    return arn


def get_arn(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.get_arn`: an ARN taken apart."""
    text = arguments["arn"]
    return {"arn": text, "id": arguments.get("id") or text, **asdict(read_arn(text))}


def arn_parse(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.arn_parse`: the same, with the account as `accountId`."""
    parts = asdict(read_arn(arguments["arn"]))
    return {"accountId": parts.pop("account"), **parts}


def arn_build(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.arn_build`: an ARN put together."""
    parts = (arguments[name] for name in ("partition", "service", "region", "accountId", "resource"))
    return {"result": str(Arn(*parts))}


def trim_iam_role_path(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.trim_iam_role_path`: a role's ARN without the path."""
    arn = read_arn(arguments["arn"])
    if arn.service != "iam":
        raise ValueError('service must be "iam"')
    if arn.region:
        raise ValueError("region must be empty")
    if not arn.resource.startswith("role/"):
        raise ValueError('resource must begin with "role/"')
    return {"result": str(replace(arn, resource=f"role/{arn.resource.rpartition('/')[2]}"))}


def user_agent(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.user_agent`: product, version and comment in the form of the HTTP header."""
    name, version, comment = (arguments.get(key) or "" for key in ("productName", "productVersion", "comment"))
    if not name:
        raise ValueError("product_name must be set")
    return {"result": name + (f"/{version}" if version else "") + (f" ({comment})" if comment else "")}


# -- who calls, and where ---------------------------------------------------------------------------------------------


def get_caller_identity(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.get_caller_identity`: the account is the environment's; the role stands for whoever will deploy."""
    account, start = caller.account, f"arn:{caller.partition}"
    arn, user = f"{start}:sts::{account}:assumed-role/deployer/pulumi", role_id(f"{start}:iam::{account}:role/deployer")
    return {"accountId": account, "arn": arn, "id": arguments.get("id") or account, "userId": f"{user}:pulumi"}


def role_id(arn: str) -> str:
    """A unique id as roles have it, made from the ARN.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    return f"AROA{hashlib.sha256(arn.encode()).hexdigest()[:17].upper()}"


def get_session_context(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.iam.get_session_context`: the role behind an assumed role (as if it had no path), else the ARN itself."""
    text = arguments["arn"]
    arn = read_arn(text)
    found = re.match(r"assumed-role/.+/.{2,}", arn.resource, re.DOTALL) if arn.service == "sts" else None
    if not found:
        return {"arn": text, "id": text, "issuerArn": text, "issuerId": "", "issuerName": "", "sessionName": ""}
    role, session = arn.resource.split("/")[-2:]
    issuer = str(replace(arn, service="iam", region="", resource=f"role/{role}"))
    names = {"issuerArn": issuer, "issuerId": role_id(issuer), "issuerName": role, "sessionName": session}
    return {"arn": text, "id": text, **names}


def get_canonical_user_id(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.s3.get_canonical_user_id`: 64 hexadecimal digits that stand for the account."""
    return {"id": hashlib.sha256(f"canonical user of {caller.account}".encode()).hexdigest()}


def get_registry_credentials(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.ecr.get_credentials` and `aws.ecr.get_authorization_token`: a token that programs take apart.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_AuthorizationData.html
    """
    owner, password = arguments.get("registryId") or caller.account, "lookup-password"
    endpoint = f"https://{owner}.dkr.ecr.{caller.region}.{dns_suffix(caller.partition)}"
    token = base64.b64encode(f"AWS:{password}".encode()).decode()
    return {
        **arguments,
        "id": caller.region,
        "region": caller.region,
        "userName": "AWS",
        "proxyEndpoint": endpoint,
        "password": Secret(password),
        "authorizationToken": Secret(token),
    }


def get_default_tags(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.get_default_tags`: those of the provider, whose configuration arrives as JSON."""
    given = caller.provider.get("defaultTags") or {}
    tags = (json.loads(given) if isinstance(given, str) else given).get("tags") or {}
    return {"id": arguments.get("id") or caller.partition, "tags": tags}


def get_partition(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.get_partition`: the partition of the region."""
    name = caller.partition
    suffix = dns_suffix(name)
    return {
        "id": arguments.get("id") or name,
        "partition": name,
        "dnsSuffix": suffix,
        "reverseDnsPrefix": backwards(suffix),
    }


def _endpoint(region: str) -> str:
    return f"ec2.{region}.{dns_suffix(partition_of(region))}"


def get_region(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.get_region`: the region that is named or has the endpoint, else the caller's."""
    names = tables()["regions"]
    endpoint = arguments.get("endpoint")
    region = arguments.get("name") or caller.region
    if endpoint:
        region = next((name for name in names if _endpoint(name) == endpoint), "")
        if not region:
            raise ValueError(f"region not found for endpoint {endpoint!r}")
        if arguments.get("name", region) != region:
            raise ValueError("multiple Regions matched: use additional constraints to reduce matches to one")
    if region not in names:
        raise ValueError(f"region not found for name {region!r}")
    same = {"id": region, "name": region, "region": region}
    return {"description": names[region], "endpoint": _endpoint(region), **same}


def get_regions(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.get_regions`: those that an account has without opting in; with `allRegions` or filters, of all."""
    default, everywhere = tables()["withoutOptIn"], arguments.get("allRegions")
    rows = []
    for name in sorted(tables()["regions"]):
        status = "opt-in-not-required" if caller.partition != "aws" or name in default else "not-opted-in"
        if partition_of(name) == caller.partition and (everywhere or status == "opt-in-not-required"):
            rows.append({"region-name": name, "opt-in-status": status, "endpoint": _endpoint(name)})
    rows = _filtered(rows, arguments.get("filters"))
    return {**arguments, "id": arguments.get("id") or caller.partition, "names": [row["region-name"] for row in rows]}


def get_service_principal(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.get_service_principal`: the principal of a service in the partition of a region."""
    service, region = arguments["serviceName"], caller.region
    own = service in OWN_SUFFIX.get(caller.partition, ())
    suffix = dns_suffix(caller.partition) if own else "amazonaws.com"
    names = {"serviceName": service, "suffix": suffix, "region": region}
    return {"id": f"{service}.{region}.{suffix}", "name": f"{service}.{suffix}", **names}


def get_service(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.get_service`: the DNS names of a service. That the region has the service is taken for granted."""
    reverse = arguments.get("reverseDnsName")
    if arguments.get("dnsName"):
        reverse = backwards(arguments["dnsName"])
    if reverse:
        parts = reverse.split(".")
        if len(parts) < 4:
            raise ValueError(f"service DNS names must have at least 4 parts, {reverse} has {len(parts)}")
        prefix, region, service = ".".join(parts[:-2]), parts[-2], parts[-1]
    else:
        prefix = arguments.get("reverseDnsPrefix") or backwards(dns_suffix(caller.partition))
        region, service = caller.region, arguments.get("serviceId")
        if not service:
            raise ValueError("service ID not provided directly or through a DNS name")
    reverse = f"{prefix}.{region}.{service}"
    where = {"partition": partition_of(region), "region": region, "serviceId": service, "supported": True}
    names = {"id": reverse, "reverseDnsName": reverse, "reverseDnsPrefix": prefix}
    return {"dnsName": backwards(reverse).lower(), **names, **where}


# -- zones ------------------------------------------------------------------------------------------------------------


def zones_of(region: str) -> list[dict[str, str]]:
    """The availability zones of a region, by EC2's names for what they can be filtered by."""
    area, *middle, number = region.split("-")
    prefix = f"{area}{''.join(map(_initials, middle))}{number}"
    numbers = tables()["zones"].get(region, {"a": 1, "b": 2, "c": 3})
    return [
        {
            "zone-name": f"{region}{letter}", "zone-id": f"{prefix}-az{index}", "zone-type": "availability-zone",
            "region-name": region, "group-name": region, "network-border-group": region, "state": "available",
            "opt-in-status": "opt-in-not-required", "parent-zone-id": "", "parent-zone-name": "",
        }
        for letter, index in numbers.items()
    ]  # fmt: skip


def _initials(word: str) -> str:
    """`northeast` -> `ne`, `central` -> `c`, as zone ids have it."""
    found = re.fullmatch(r"(north|south|)(east|west|)", word)
    return "".join(part[:1] for part in found.groups()) if found else word[:1]


def _fits(text: str, pattern: str) -> bool:
    escaped = re.escape(re.sub(r"\*+", "*", pattern))
    return re.fullmatch(escaped.replace(r"\*", ".*").replace(r"\?", "."), text, re.DOTALL) is not None


def _filtered(rows: list[dict[str, str]], filters: list[dict[str, Any]] | None) -> list[dict[str, str]]:
    """The rows that every filter of EC2's kind lets through (`*` and `?` are wildcards)."""
    for one in filters or ():
        name, values = one["name"], one.get("values") or []
        if any(name not in row for row in rows):
            raise ValueError(f"the filter {name!r} is invalid")
        rows = [row for row in rows if any(_fits(row[name], text) for text in values)]
    return rows


def _zones(arguments: dict[str, Any], caller: Caller) -> list[dict[str, str]]:
    state = [{"name": "state", "values": [arguments["state"]]}] if arguments.get("state") else []
    return _filtered(zones_of(caller.region), state + (arguments.get("filters") or []))


def get_availability_zones(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.get_availability_zones`: without local and wavelength zones, which have to be opted in to."""
    without = (set(arguments.get("excludeNames") or ()), set(arguments.get("excludeZoneIds") or ()))
    rows = [
        row
        for row in _zones(arguments, caller)
        if row["zone-name"] not in without[0] and row["zone-id"] not in without[1]
    ]
    lists = {"names": [row["zone-name"] for row in rows], "zoneIds": [row["zone-id"] for row in rows]}
    groups = {"groupNames": sorted({row["group-name"] for row in rows})}
    return {**arguments, "id": caller.region, "region": caller.region, **groups, **lists}


def get_availability_zone(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.get_availability_zone`: the one zone that fits."""
    rows = [
        row
        for row in _zones(arguments, caller)
        if arguments.get("name") in (None, row["zone-name"]) and arguments.get("zoneId") in (None, row["zone-id"])
    ]
    if len(rows) != 1:
        raise ValueError(
            f"{len(rows)} EC2 Availability Zones matched; use additional constraints to reduce matches to one"
        )
    zone, name = rows[0], rows[0]["zone-name"]
    camel = {re.sub(r"-(.)", lambda found: found[1].upper(), key): value for key, value in zone.items()}
    own = {"id": name, "name": name, "nameSuffix": name.removeprefix(caller.region), "region": caller.region}
    return {**arguments, **{key: camel[key] for key in camel.keys() - {"zoneName", "regionName"}}, **own}


# -- accounts of AWS's own --------------------------------------------------------------------------------------------


def get_billing_service_account(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.get_billing_service_account`."""
    arn = f"arn:{caller.partition}:iam::{BILLING_ACCOUNT}:root"
    return {"arn": arn, "id": arguments.get("id") or BILLING_ACCOUNT}


def get_load_balancer_account(arguments: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """`aws.elb.get_service_account`: who writes a load balancer's logs, in the older regions."""
    account = tables()["loadBalancerAccounts"].get(caller.region)
    if account is None:
        raise ValueError(f"unsupported AWS Region: {caller.region}")
    return {"arn": f"arn:{caller.partition}:iam::{account}:root", "id": account, "region": caller.region}


Function = Callable[[dict[str, Any], Caller], dict[str, Any]]

PURE: dict[str, Function] = {
    "aws:elb:getServiceAccount": get_load_balancer_account,
    "aws:index:arnBuild": arn_build,
    "aws:index:arnParse": arn_parse,
    "aws:index:getArn": get_arn,
    "aws:index:getBillingServiceAccount": get_billing_service_account,
    "aws:index:getCallerIdentity": get_caller_identity,
    "aws:index:getDefaultTags": get_default_tags,
    "aws:index:getPartition": get_partition,
    "aws:index:getRegion": get_region,
    "aws:index:getService": get_service,
    "aws:index:getServicePrincipal": get_service_principal,
    "aws:index:trimIamRolePath": trim_iam_role_path,
    "aws:index:userAgent": user_agent,
}
# These depend on the account; what they say holds for most, and fixtures may say otherwise.
USUAL: dict[str, Function] = {
    "aws:index:getAvailabilityZone": get_availability_zone,
    "aws:index:getAvailabilityZones": get_availability_zones,
}
ASSUMED: dict[str, Function] = {
    "aws:ecr:getAuthorizationToken": get_registry_credentials,
    "aws:ecr:getCredentials": get_registry_credentials,
    "aws:iam:getSessionContext": get_session_context,
    "aws:index:getRegions": get_regions,
    "aws:s3:getCanonicalUserId": get_canonical_user_id,
}
