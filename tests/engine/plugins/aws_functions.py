"""Functions of the AWS provider that need no cloud: policy documents, ARNs, and who and where one is."""

from __future__ import annotations

import json
import zlib
from typing import Any

from tests.engine.plugins.wire import UNKNOWN, Properties, has_unknown


def answer(token: str, arguments: Properties, region: str, account: str) -> Properties | None:
    """The result of a function, or None for one that asks AWS."""
    name = token.split(":")[-1]
    if name == "getPolicyDocument":
        return _policy_document(arguments)
    if name == "getPartition":
        return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}
    if name == "getRegion":
        there = arguments.get("region") or arguments.get("name") or region
        endpoint = f"ec2.{there}.amazonaws.com"
        return {"id": there, "name": there, "region": there, "description": there, "endpoint": endpoint}
    if name == "getCallerIdentity":
        return {"id": account, "accountId": account, "arn": f"arn:aws:iam::{account}:user/tests", "userId": "AIDATESTS"}
    if name == "getAvailabilityZones":
        names = [f"{region}{letter}" for letter in "abc"]
        zones = {"names": names, "zoneIds": [f"use1-az{number}" for number in (1, 2, 3)], "groupNames": [region]}
        return {"id": region, "region": region, **zones, **arguments}
    if name == "getSubnet":
        arn = f"arn:aws:ec2:{region}:{account}:subnet/{arguments['id']}"
        place = {"vpcId": "vpc-tests", "availabilityZone": f"{region}a", "cidrBlock": "10.0.0.0/24"}
        return {"arn": arn, "region": region, "mapPublicIpOnLaunch": False, "tags": {}, **place, **arguments}
    if name == "getRouteTable":  # of a subnet, from which no route leads out of the network
        table = {"id": "rtb-tests", "routeTableId": "rtb-tests", "vpcId": "vpc-tests", "ownerId": account}
        return {**table, "region": region, "routes": [], "associations": [], "tags": {}, **arguments}
    if name == "getArn":
        parts = str(arguments["arn"]).split(":", 5)
        named = dict(zip(("partition", "service", "region", "account", "resource"), parts[1:], strict=True))
        return {"id": arguments["arn"], "arn": arguments["arn"], **named}
    return None


def _policy_document(arguments: Properties) -> Properties:
    """As Terraform's aws_iam_policy_document: sources, own statements, overrides; of one Sid the later one stays."""
    if has_unknown(arguments):
        return {**arguments, "id": UNKNOWN, "json": UNKNOWN, "minifiedJson": UNKNOWN}
    own = [_statement(each) for each in arguments.get("statements", [])]
    statements: list[Properties] = []
    for layer in (*_parsed(arguments, "sourcePolicyDocuments"), own, *_parsed(arguments, "overridePolicyDocuments")):
        for each in layer:
            same = [index for index, old in enumerate(statements) if each.get("Sid") and old.get("Sid") == each["Sid"]]
            if same:
                statements[same[0]] = each
            else:
                statements.append(each)
    document: Properties = {"Version": arguments.get("version", "2012-10-17")}
    if arguments.get("policyId"):
        document["Id"] = arguments["policyId"]
    document["Statement"] = statements
    text, short = json.dumps(document, indent=2), json.dumps(document, separators=(",", ":"))
    return {
        "version": "2012-10-17",
        **arguments,
        "id": str(zlib.crc32(text.encode())),
        "json": text,
        "minifiedJson": short,
    }


def _statement(given: Properties) -> Properties:
    made: Properties = {"Sid": given["sid"]} if given.get("sid") else {}
    made["Effect"] = given.get("effect", "Allow")
    for name, key in (("actions", "Action"), ("notActions", "NotAction")):
        if given.get(name):
            made[key] = _short(given[name])
    for name, key in (("resources", "Resource"), ("notResources", "NotResource")):
        if given.get(name):
            made[key] = _short(given[name])
    for name, key in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if given.get(name):
            made[key] = _principals(given[name])
    conditions: Properties = {}
    for each in given.get("conditions", []):
        conditions.setdefault(each["test"], {})[each["variable"]] = _short(each["values"])
    return {**made, "Condition": conditions} if conditions else made


def _principals(given: list[Properties]) -> Any:
    if any(each["type"] == "*" for each in given):
        return "*"
    kinds: dict[str, list[str]] = {}
    for each in given:
        kinds.setdefault(each["type"], []).extend(each["identifiers"])
    return {kind: _short(names) for kind, names in kinds.items()}


def _short(values: list[str]) -> str | list[str]:
    """One value by itself, several in descending order: that is how Terraform writes them."""
    return values[0] if len(values) == 1 else sorted(values, reverse=True)


def _parsed(arguments: Properties, name: str) -> list[list[Properties]]:
    """The statements of each of the documents in an argument."""
    found = [json.loads(text).get("Statement", []) for text in arguments.get(name, [])]
    return [each if isinstance(each, list) else [each] for each in found]
