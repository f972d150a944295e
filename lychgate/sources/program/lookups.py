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
from functools import cached_property
from typing import Any

from lychgate.model.values import Secret, Unknown, plain
from lychgate.sources.identities import Identity, identify
from lychgate.sources.program.aws_functions import Caller

# What a field such as `kmsKeyArn` or `subnetIds` names, by the last word before `Arn` or `Id`.
ARNS = {
    "bucket": "aws:s3/bucket:Bucket", "certificate": "aws:acm/certificate:Certificate", "key": "aws:kms/key:Key",
    "function": "aws:lambda/function:Function", "policy": "aws:iam/policy:Policy", "queue": "aws:sqs/queue:Queue",
    "role": "aws:iam/role:Role", "secret": "aws:secretsmanager/secret:Secret", "topic": "aws:sns/topic:Topic",
}  # fmt: skip
IDS = ("securityGroup", "subnet", "vpc")
EC2_MODULES = ("ec2", "ec2transitgateway", "ebs")
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
        one = _Lookup(normal(token), arguments, caller, frozenset(shapes or ()))
        self._made[one.digest] = normal(token)
        if shapes is None:
            return {"result": one.placeholder("result")}
        result: dict[str, Any] = {}
        for name, shape in shapes.items():
            if arguments.get(name) is not None:
                result[name] = echo(arguments[name], shape)
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


def echo(value: Any, shape: Shape) -> Any:
    """An argument as the function's result has it: providers read the text `true` as a flag, and a number as a text."""
    if shape["kind"] == "flag" and value in ("true", "false"):
        return value == "true"
    if shape["kind"] == "text" and isinstance(value, int | float):
        return str(value).lower()
    return value


class _Lookup:
    """One call: what its result is made of."""

    def __init__(self, function: str, arguments: dict[str, Any], caller: Caller, fields: frozenset[str]) -> None:
        self.function, self.arguments, self.caller, self.fields = function, arguments, caller, fields
        self.package, self.module, member = function.split(":")
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
        if self.package == "aws" and "[" not in path and isinstance(own := self.own.properties.get(name), str):
            return own
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

    @cached_property
    def own(self) -> Identity:
        """The identity of the one thing that the function finds, as if it were a resource with these arguments."""
        key = self.usual_vpc if self.noun == "vpc" and not self.selects else self.digest
        known = {name: value for name, value in self.arguments.items() if not isinstance(value, list | dict)}
        for name, other in (("name", f"{self.noun}Name"), ("identifier", "dbInstanceIdentifier")):
            if name not in known and other in known:
                known[name] = known[other]
        return self.identified(self.type_of(self.noun), key, known)

    def identified(self, type_: str, key: str, inputs: dict[str, Any]) -> Identity:
        """The identity of a thing of this type, the same for the same key."""
        name = f"lookup-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
        return identify(type_, f"lookup:{key}", name, inputs, self.fields | {"arn", "id"}, self.caller.place)

    def identity(self, name: str, path: str) -> str:
        """The id, ARN or name that stands at a path."""
        singular = name.removesuffix("s")
        key = self.digest + "".join(re.findall(r"\[\d+\]", path))
        if self.package == "aws":
            if singular in ("id", "imageId", f"{self.noun}Id") and path == name and self.own.id:
                return self.own.id
            if singular in ("arn", f"{self.noun}Arn") and path == name and self.own.arn:
                return self.own.arn
            if found := self.referred(singular, key):
                return found
        seed = hashlib.sha256(key.encode()).hexdigest()[:12]
        return f"lookup-{seed}" if singular in ("id", "name") else f"lookup-{seed}-{singular.lower()}"

    def referred(self, name: str, key: str) -> str | None:
        """The id or ARN of another thing (or of one in a list of what was found) that a field names."""
        thing = re.sub(r"(Id|Arn|^id|^arn)$", "", name) or self.noun.removesuffix("s")
        thing = thing[:1].lower() + thing[1:]
        if name.endswith(("arn", "Arn")):
            type_ = next((ARNS[word] for word in ARNS if thing.lower().endswith(word)), self.type_of(thing))
            return self.identified(type_, key, {}).arn
        thing = next((known for known in IDS if thing.lower().endswith(known.lower())), thing)
        if not name.endswith(("id", "Id")) or (self.module not in EC2_MODULES and thing not in IDS):
            return None
        if thing == "vpc" and name != "id":
            return self.vpc()
        identity = self.identified(
            f"aws:{'ec2' if thing in IDS else self.module}/{thing}:{_capital(thing)[1:]}", key, {}
        )
        return None if "id" in identity.assumed else identity.id

    def type_of(self, thing: str) -> str:
        """The resource type of this name in the function's own module."""
        return f"aws:{self.module}/{thing}:{_capital(thing)[1:]}"

    @property
    def selects(self) -> bool:
        """Whether the arguments say which of several things is meant."""
        return any(
            value not in (None, [], {}) for name, value in self.arguments.items() if name not in ("default", "region")
        )

    @property
    def usual_vpc(self) -> str:
        """All lookups that say no VPC find the same one: the account's only, or default, one in the region."""
        return f"vpc of {self.caller.account} in {self.caller.region}"

    def vpc(self) -> str:
        """The VPC that a found thing is in: the one that a filter names, else the usual one."""
        for one in self.arguments.get("filters") or ():
            if isinstance(one, dict) and one.get("name") == "vpc-id" and len(one.get("values") or ()) == 1:
                return str(one["values"][0])
        return self.identified("aws:ec2/vpc:Vpc", self.usual_vpc, {}).id or ""


def _capital(name: str) -> str:
    """So that a whole name and the last word of one match alike."""
    return f"x{name[:1].upper()}{name[1:]}"


def _snake(name: str) -> str:
    return "_" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
