"""The AWS provider's part: names, defaults, tags and region on Check; ids and ARNs once a resource exists."""

from __future__ import annotations

import json
import os
import re
import uuid
from collections import defaultdict
from typing import Any

from tests.engine.plugins import aws_facts, aws_functions, shapes
from tests.engine.plugins.cloud.table import Living
from tests.engine.plugins.package import Failed, Package, Proposal, Refused
from tests.engine.plugins.wire import DEFAULTS, UNKNOWN, Properties, has_unknown, is_plain_object

ACCOUNT = "111122223333"
_SERVICES = {
    "alb": "elasticloadbalancing",
    "lb": "elasticloadbalancing",
    "cfg": "config",
    "docdb": "rds",
    "sfn": "states",
}
_INVOKE = "arn:aws:apigateway:{}:lambda:path/2015-03-31/functions"  # where API Gateway calls a function
_JSON_DOCUMENTS = frozenset({"accessPolicies", "assumeRolePolicy", "policy", "policyDocument"})


class Aws(Package):
    """As `pulumi-resource-aws` v7 behaves towards the engine, without AWS behind it.

    Where it is given endpoints, what it makes really exists there.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.region: str = os.environ.get("AWS_REGION", "us-east-1")
        self.account = ACCOUNT
        self.default_tags: Any = {}
        self.living: Living | None = None

    def configure(self, config: Properties) -> None:
        self.region = config.get("region") or self.region
        allowed = config.get("allowedAccountIds") or []
        self.account = next(iter(allowed), self.account)  # the only one it may reach
        self.living = Living.of(config, self.region)
        if self.living is not None:
            self.account = self.living.account()
            if allowed and self.account not in allowed:
                raise Failed(f"AWS account ID not allowed: {self.account}")
        tags = config.get("defaultTags") or {}
        self.default_tags = tags if tags == UNKNOWN else tags.get("tags") or {}

    def check(self, proposal: Proposal) -> Properties:
        shape = shapes.resource(proposal.type)
        inputs = {name: _as_json(name, value) for name, value in proposal.inputs.items() if value is not None}
        if "tags" in shape.inputs and "tagsAll" in shape.outputs:
            inputs["tagsAll"] = self._all_tags(inputs.get("tags", {}))
        if "region" in shape.inputs:
            inputs.setdefault("region", self.region)
        blocks = aws_facts.BLOCK_DEFAULTS.get(proposal.type, {})
        checked = {
            name: _with_defaults(value, shape.outputs.get(name), blocks.get(name, {})) for name, value in inputs.items()
        }
        added = {name: value for name, value in aws_facts.defaults(proposal.type).items() if name not in checked}
        added |= self._name(proposal, checked)
        return {**checked, **added, DEFAULTS: sorted(added)}

    def _name(self, proposal: Proposal, inputs: Properties) -> Properties:
        """The automatic name of a resource that was given none: the one it has already, or a new one."""
        rule = aws_facts.autoname(proposal.type, shapes.resource(proposal.type).inputs)
        if rule is None or rule.property in inputs or f"{rule.property}Prefix" in inputs:
            return {}
        if rule.property in proposal.old_inputs.get(DEFAULTS, []):
            return {rule.property: proposal.old_inputs[rule.property]}
        if not proposal.autoname:
            raise Refused(rule.property, "automatic naming is disabled, so this property must be given")
        prefix = proposal.name.lower() if rule.lower else proposal.name
        name = proposal.proposed_name or proposal.unique(prefix + rule.separator, rule.random)
        if len(name) > rule.longest:
            raise Refused(rule.property, f"the name {name!r} is longer than {rule.longest} characters")
        if inputs.get("fifoQueue") is True or inputs.get("fifoTopic") is True:
            name += ".fifo"
        if proposal.type == "aws:kms/alias:Alias" and not name.startswith("alias/"):
            name = f"alias/{name}"
        return {rule.property: name}

    def _all_tags(self, tags: Any) -> Any:
        if has_unknown(tags) or has_unknown(self.default_tags):
            return UNKNOWN
        return {**self.default_tags, **tags}

    def made(self, type_: str, ident: str, inputs: Properties) -> Properties:
        arn = ident if ident.startswith("arn:") else self._arn(type_, ident, inputs)
        known = {"arn": arn, "ownerId": self.account, "accountId": self.account}
        known |= {"bucketRegion": self.region, "region": self.region, "keyId": ident, "allocationId": ident}
        known |= {"owner": self.account, "registryId": self.account, **self._prefixed(type_, ident, inputs)}
        if type_ == "aws:sqs/queue:Queue":
            known["url"] = ident
        if type_ == "aws:eks/cluster:Cluster":
            issuer = (
                f"https://oidc.eks.{self.region}.amazonaws.com/id/{uuid.uuid5(uuid.NAMESPACE_URL, arn).hex.upper()}"
            )
            known["identities"] = [{"oidcs": [{"issuer": issuer}]}]
        if type_ == "aws:lambda/function:Function":
            known["invokeArn"] = f"{_INVOKE.format(self.region)}/{arn}/invocations"
        made = {**super().made(type_, ident, inputs), **aws_facts.DEPLOYED.get(type_, {})}
        return {**made, **{name: value for name, value in known.items() if name in made}}

    def create(self, type_: str, name: str, inputs: Properties) -> tuple[str, Properties]:
        return self.living.create(type_, inputs) if self.living else super().create(type_, name, inputs)

    def update(self, type_: str, ident: str, old: Properties, inputs: Properties, old_inputs: Properties) -> Properties:
        if self.living:
            return self.living.update(type_, ident, old_inputs, inputs)
        return super().update(type_, ident, old, inputs, old_inputs)

    def read(self, type_: str, ident: str, known: Properties) -> Properties | None:
        return self.living.read(type_, ident, known) if self.living else super().read(type_, ident, known)

    def refreshed(self, type_: str, ident: str, inputs: Properties, known: Properties) -> Properties:
        return self.living.refreshed(type_, ident, inputs, known) if self.living and inputs else inputs

    def delete(self, type_: str, ident: str, known: Properties) -> None:
        if self.living:
            self.living.delete(type_, ident, known)

    def outputs(self, type_: str, ident: str, inputs: Properties) -> Properties:
        return {"id": ident, **super().outputs(type_, ident, inputs)}  # as Terraform's providers, whose state has it

    def preview(self, type_: str, inputs: Properties) -> Properties:
        return {"id": UNKNOWN, **super().preview(type_, inputs)}

    @staticmethod
    def _prefixed(type_: str, ident: str, inputs: Properties) -> Properties:
        """The name of a resource that was given only the beginning of one."""
        rule = aws_facts.autoname(type_, shapes.resource(type_).inputs)
        return {rule.property: ident} if rule and rule.property not in inputs else {}

    def identify(self, type_: str, name: str, inputs: Properties) -> str:
        if type_ in aws_facts.ID_PREFIXES:
            return aws_facts.ID_PREFIXES[type_] + uuid.uuid4().hex[:17]
        if type_ in aws_facts.IDS:
            return self._fill(aws_facts.IDS[type_], type_, super().identify(type_, name, inputs), inputs)
        if type_ == "aws:kms/key:Key":
            return str(uuid.uuid4())
        rule = aws_facts.autoname(type_, shapes.resource(type_).inputs)
        owner = "bucket" if type_.startswith("aws:s3/bucket") and rule is None else rule and rule.property
        prefix = inputs.get(f"{owner}Prefix")
        made = f"{prefix}{uuid.uuid4().hex[:26]}" if prefix else super().identify(type_, name, inputs)
        return str(inputs.get(owner or "") or made)

    def replaced_by(self, type_: str) -> frozenset[str]:
        rule = aws_facts.autoname(type_, shapes.resource(type_).inputs)
        always = frozenset({"region"} | ({rule.property} if rule else set()))
        return always | self.living.replaced_by(type_, shapes.resource(type_).inputs) if self.living else always

    def invoke(self, token: str, arguments: Properties) -> Properties:
        answer = aws_functions.answer(token, arguments, self.region, self.account)
        if self.living and (found := self.living.invoke(token, arguments)) is not None:
            return found
        if answer is not None:
            return answer
        if self.living:
            raise Failed(f"the test provider does not know how {token} asks the cloud: add it to its lookups")
        known = {"region": self.region, "accountId": self.account, "ownerId": self.account}
        made = super().invoke(token, arguments)
        return {**made, **{name: value for name, value in known.items() if name in made}, **arguments}

    def _arn(self, type_: str, ident: str, inputs: Properties) -> str:
        if type_ in aws_facts.ARNS:
            return self._fill(aws_facts.ARNS[type_], type_, ident, inputs)
        _, module, name = type_.split(":")
        service = module.split("/")[0]
        kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
        return f"arn:aws:{_SERVICES.get(service, service)}:{self.region}:{self.account}:{kind}/{ident}"

    def _fill(self, template: str, type_: str, ident: str, inputs: Properties) -> str:
        values: defaultdict[str, str] = defaultdict(str, {"region": self.region, "account": self.account, "id": ident})
        values |= {name: str(value) for name, value in inputs.items() if name not in values}
        values["host"] = values["url"].removeprefix("https://")
        if "{arn}" in template:
            values["arn"] = self._arn(type_, ident, inputs)
        return template.format_map(values)


def _as_json(name: str, value: Any) -> Any:
    """A policy document that was given as an object, as the text that it becomes."""
    if name not in _JSON_DOCUMENTS or not is_plain_object(value):
        return value
    return UNKNOWN if has_unknown(value) else json.dumps(value, separators=(",", ":"), sort_keys=True)


def _with_defaults(value: Any, hint: Any, defaults: Properties) -> Any:
    """A property with the notes of defaults that the bridge leaves in every nested block."""
    cls = shapes.objects(hint) if hint is not None else None
    if cls is None:
        return value
    if isinstance(value, list):
        return [_with_defaults(part, hint, defaults) for part in value]
    if not is_plain_object(value):
        return value
    members = shapes.members(cls)
    inside = {name: _with_defaults(part, members.get(name), {}) for name, part in value.items() if part is not None}
    added = {name: default for name, default in defaults.items() if name not in inside}
    return {**inside, **added, DEFAULTS: sorted(added)}
