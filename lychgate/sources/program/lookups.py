"""Symbolic answers for what a program looks up: an AMI, an existing VPC, a parameter.

Three kinds of text come out of it. An identity (id, ARN, name, URL) is formed like a real one and stays as it is: a
resource that refers to a looked-up subnet can be told from one that refers to another. An address comes from the
ranges reserved for benchmarks, so that a program can divide it; anything else is a placeholder. A program's own code
sees both as plain text; when they come back in a resource's properties, `Lookups.mark` makes them unknown again. (An
unknown cannot be handed out itself: the SDK refuses it where its result class has a text.)
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from lychgate.model.values import Secret, Unknown, plain
from lychgate.sources.program.aws_functions import Caller

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html and the id columns of the API references
PREFIXES = {
    "ami": "ami", "customerGateway": "cgw", "dhcpOptions": "dopt", "ebsSnapshot": "snap", "ebsVolume": "vol",
    "eip": "eipalloc", "fileSystem": "fs", "instance": "i", "internetGateway": "igw", "launchTemplate": "lt",
    "managedPrefixList": "pl", "natGateway": "nat", "networkAcl": "acl", "networkInterface": "eni", "prefixList": "pl",
    "routeTable": "rtb", "securityGroup": "sg", "subnet": "subnet", "transitGateway": "tgw", "volume": "vol",
    "vpc": "vpc", "vpcDhcpOptions": "dopt", "vpcEndpoint": "vpce", "vpcPeeringConnection": "pcx", "vpnGateway": "vgw",
}  # fmt: skip
EC2_MODULES = ("ec2", "ec2transitgateway", "ebs", "efs", "vpc")
ANYWHERE = ("vpc", "subnet", "securitygroup")
# What a field such as `kmsKeyArn` names: https://docs.aws.amazon.com/service-authorization/latest/reference/
ARNS = {
    "certificate": ("acm", "certificate/"), "function": ("lambda", "function:"), "key": ("kms", "key/"),
    "policy": ("iam", "policy/"), "profile": ("iam", "instance-profile/"), "queue": ("sqs", ""),
    "role": ("iam", "role/"), "secret": ("secretsmanager", "secret:"), "topic": ("sns", ""), "user": ("iam", "user/"),
}  # fmt: skip
# What the provider's schemas mark as sensitive.
SENSITIVE = re.compile(
    r"(authorizationToken|authToken|clientSecret|password|plaintext|privateKey|randomPassword|secretAccessKey|"
    r"secretBinary|secretString|token)"
)
SENSITIVE_OF = {"aws:ssm:getParameter": "value", "aws:ssm:getParametersByPath": "values"}
IDENTITY = re.compile(r"(.*[a-z])?(Ids?|Arns?|Names?|Ur[li]|Endpoint|Domain|Identifier|Issuer)$")
ACCOUNT = re.compile(r"(owner|.*[aA]ccount|.*[oO]wner)(Id)?s?$")
ADDRESS = re.compile(r"cidr|_ip(v[46])?_?(address|prefix)|_ips?$")
# https://www.rfc-editor.org/rfc/rfc2544 and https://www.rfc-editor.org/rfc/rfc5180: networks for benchmarks
BENCHMARK = re.compile(r"\b198\.1[89]\.\d{1,3}\.\d{1,3}\b|\b2001:2::|\b2001:2:0:", re.IGNORECASE)
PLACEHOLDER = re.compile(r"lookup-([0-9a-f]{12})\.[\w.\[\]]+")
HOW_MANY = 3

Shape = dict[str, Any]


def normal(token: str) -> str:
    """A function's token in its shortest form: `aws:ec2/getVpc:getVpc` and `aws:ec2:getVpc` are `aws:ec2:getVpc`."""
    package, _, rest = token.partition(":")
    module, _, member = rest.rpartition(":")
    return f"{package}:{module.split('/')[0] or 'index'}:{member}"


class Lookups:
    """Makes symbolic results, and recognises what it has made."""

    def __init__(self) -> None:
        self._made: dict[str, str] = {}
        self._addresses = False

    def answer(
        self, token: str, arguments: dict[str, Any], caller: Caller, shapes: dict[str, Shape] | None
    ) -> dict[str, Any]:
        """A result of the function's shape: arguments come back under their names, numbers and flags are left out."""
        one = _Lookup(normal(token), arguments, caller)
        self._made[one.digest] = normal(token)
        if shapes is None:
            return {"result": one.placeholder("result")}
        result: dict[str, Any] = {}
        for name, shape in shapes.items():
            if arguments.get(name) is not None:
                result[name] = arguments[name]
            elif name == "region" and shape["kind"] == "text":
                result[name] = caller.region
            elif shape["kind"] == "map" and not shape["optional"]:
                result[name] = {}
            elif not shape["optional"] and (value := one.value(shape, name)) is not None:
                result[name] = Secret(value) if one.sensitive(name) else value
        self._addresses = self._addresses or one.addresses
        return result

    def mark(self, value: Any) -> Any:
        """The value with every text that holds a placeholder or address of ours made unknown."""
        if isinstance(value, str):
            return self._mark(value) if self._made else value
        if isinstance(value, dict):
            return {key: self.mark(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.mark(item) for item in value]
        return Secret(self.mark(value.value)) if isinstance(value, Secret) else value

    def _mark(self, text: str) -> str | Unknown:
        for found in PLACEHOLDER.finditer(text) if "lookup-" in text else ():
            if found[1] in self._made:
                return Unknown(f"is what {self._made[found[1]]} would find (`invokes:` in lychgate.yaml can say it)")
        if self._addresses and ("198.1" in text or "2001:2:" in text) and BENCHMARK.search(text):
            return Unknown("comes from an address that was looked up (`invokes:` in lychgate.yaml can say it)")
        return text


class _Lookup:
    """One call: what its result is made of."""

    def __init__(self, function: str, arguments: dict[str, Any], caller: Caller) -> None:
        self.function, self.arguments, self.caller = function, arguments, caller
        _, self.module, member = function.split(":")
        noun = member.removeprefix("get")
        self.noun = noun[:1].lower() + noun[1:]
        asked = json.dumps([function, plain(arguments), caller.account, caller.region], sort_keys=True, default=str)
        self.digest = hashlib.sha256(asked.encode()).hexdigest()[:12]
        self.addresses = False

    def placeholder(self, path: str) -> str:
        return f"lookup-{self.digest}.{path}"

    def sensitive(self, name: str) -> bool:
        return bool(SENSITIVE.fullmatch(name)) or SENSITIVE_OF.get(self.function) == name

    def value(self, shape: Shape, path: str) -> Any:
        """The value at a path of the result; None where nothing can be made up (a number, a flag)."""
        kind = shape["kind"]
        if kind == "text":
            return self.text(path)
        if kind == "list":
            name = path.rpartition(".")[2]
            count = HOW_MANY if shape["of"]["kind"] == "text" and IDENTITY.match(_capital(name)) else 1
            elements = (self.value(shape["of"], f"{path}[{index}]") for index in range(count))
            return [element for element in elements if element is not None]
        if kind == "object":
            fields = {name: self.value(one, f"{path}.{name}") for name, one in shape["fields"].items()}
            return {name: value for name, value in fields.items() if value is not None}
        return None

    def text(self, path: str) -> str:
        """An identity, an address or a placeholder, as the name of the field says."""
        name = re.sub(r"\[\d+\]", "", path).rpartition(".")[2]
        if self.sensitive(name) or ACCOUNT.match(name) or self.noun == "serviceAccount":
            return self.placeholder(path)
        if IDENTITY.match(_capital(name)):
            return self.identity(name, path)
        if ADDRESS.search(_snake(name)):
            self.addresses = True
            return self.address(name, path)
        return self.placeholder(path)

    def address(self, name: str, path: str) -> str:
        """A network (of a VPC: 16 bits long, else 24) or an address in the ranges for benchmarks."""
        number = int(hashlib.sha256(f"{self.digest}{path}".encode()).hexdigest()[:4], 16)
        third = number % 254 + 1
        if "v6" in name:
            return f"2001:2:0:{number & 0xFF00:x}::/56" if "idr" in name else f"2001:2:0:{number:x}::1"
        if "idr" not in name:
            return f"198.18.{third}.10"
        return f"198.{18 + number % 2}.0.0/16" if self.noun in ("vpc", "vpcs") else f"198.18.{third}.0/24"

    def identity(self, name: str, path: str) -> str:
        """An id with its prefix, an ARN in the caller's account, or a name that no other lookup has."""
        singular = name.removesuffix("s")
        if singular == "imageId" or singular.lower() == f"{self.noun}id".lower():
            singular = "id"
        seed = hashlib.sha256(f"{self.digest}{'.'.join(re.findall(r'[0-9]+', path))}".encode()).hexdigest()
        if singular == "id" and isinstance(self.arguments.get("id"), str):
            return str(self.arguments["id"])
        if singular.endswith(("arn", "Arn")):
            return self.arn(singular, seed)
        prefix = self.prefix(singular)
        if prefix == "vpc":
            return self.vpc(singular, seed)
        if prefix:
            return f"{prefix}-{seed[:17]}"
        return f"lookup-{seed[:12]}" if singular in ("id", "name") else f"lookup-{seed[:12]}-{singular.lower()}"

    def prefix(self, name: str) -> str | None:
        """The prefix of an id: of the thing that the function finds, or of the one that the field names."""
        if name == "id":
            return (
                PREFIXES.get(self.noun) or PREFIXES.get(self.noun.removesuffix("s"))
                if self.module in EC2_MODULES
                else None
            )
        thing = name.removesuffix("Id")
        if thing == name or (self.module not in EC2_MODULES and not thing.lower().endswith(ANYWHERE)):
            return None
        longest = sorted((known for known in PREFIXES if thing.lower().endswith(known.lower())), key=len)
        return PREFIXES[longest[-1]] if longest else None

    def vpc(self, name: str, seed: str) -> str:
        """All lookups that say no VPC find the same one: the caller's only, or default, one."""
        if name != "id":
            for one in self.arguments.get("filters") or ():
                if isinstance(one, dict) and one.get("name") == "vpc-id" and len(one.get("values") or ()) == 1:
                    return str(one["values"][0])
        selects = {key for key, value in self.arguments.items() if value not in (None, [], {}) and key != "default"}
        if name == "id" and (selects or self.noun == "vpcs"):
            return f"vpc-{seed[:17]}"
        usual = hashlib.sha256(f"vpc of {self.caller.account} in {self.caller.region}".encode()).hexdigest()
        return f"vpc-{usual[:17]}"

    def arn(self, name: str, seed: str) -> str:
        """An ARN in the caller's account and region: of what is looked up, or of what the field names."""
        of = next(
            (known for known in ARNS if name.lower() == f"{known}arn" or name.endswith(f"{known.capitalize()}Arn")), ""
        )
        service, kind = ARNS.get(of, (self.module, re.sub(r"(?<!^)(?=[A-Z])", "-", self.noun).lower() + "/"))
        region = "" if service == "iam" else self.caller.region
        named = seed[:12]
        if name == "arn":
            names = (self.arguments.get(key) for key in ("name", f"{self.noun}Name"))
            found = (text for text in names if isinstance(text, str) and text)
            named = self.identity("id", "id") if self.prefix("id") else next(found, named)
        return f"arn:{self.caller.partition}:{service}:{region}:{self.caller.account}:{kind}{named}"


def _capital(name: str) -> str:
    """So that a whole name and the last word of one match alike."""
    return f"x{name[:1].upper()}{name[1:]}"


def _snake(name: str) -> str:
    return "_" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
