"""Label selectors and labels of objects as the records that `reasoning.network` compares, unknowns kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lychgate.model.values import Block, Unknown, UnknownRead
from lychgate.reasoning.network import LabelSelector, Requirement
from lychgate.reasoning.network import Unknown as Doubt
from lychgate.reasoning.network.pods import Labels, selects
from lychgate.views.kubernetes_objects import opened


def doubt(block: Block, name: str, value: Unknown) -> Doubt:
    """An unknown property, as the record of it that reasoning keeps."""
    return Doubt(block.urn, f"{block.at(name)} ({value.why})")


def unread(found: Doubt) -> UnknownRead:
    """The same on its way back: whoever needed it could not read it."""
    path, _, why = found.field.partition(" (")
    unseen = "is not among what is judged" if found.record.startswith("namespace ") else "is not known"
    return UnknownRead(found.record, path, why.removesuffix(")") or unseen)


def text_or_doubt(block: Block, name: str, value: Any) -> str | Doubt:
    """A text, or the record of an unknown. A symbolic text equals itself, as the value that it stands for will."""
    bare = opened(value)
    if isinstance(bare, Unknown):
        return doubt(block, name, bare)
    return str(bare).lower() if isinstance(bare, bool) else str(bare)


def labels_at(block: Block, path: str) -> Labels:
    """The labels (or any map of texts) of a property."""
    above, _, name = path.rpartition(".")
    return labels_of_value(block.block(above) if above else block, name)


def labels_of_value(block: Block, name: str) -> Labels:
    """The map of texts that a property of a block holds."""
    value = opened(block.values.get(name))
    if isinstance(value, Unknown):
        return doubt(block, name, value)
    if not isinstance(value, Mapping):
        return {}
    return {str(key): text_or_doubt(block, f"{name}.{key}", item) for key, item in value.items()}


def label_selector(block: Block, name: str) -> LabelSelector | Doubt | None:
    """A LabelSelector; None where it is not given."""
    value = opened(block.values.get(name))
    if value is None:
        return None
    if isinstance(value, Unknown):
        return doubt(block, name, value)
    inside = Block(value, block.urn, block.at(name))
    return LabelSelector(labels_of_value(inside, "matchLabels"), _expressions(inside))


def _expressions(selector: Block) -> tuple[Requirement | Doubt, ...]:
    value = opened(selector.values.get("matchExpressions"))
    if isinstance(value, Unknown):
        return (doubt(selector, "matchExpressions", value),)
    found: list[Requirement | Doubt] = []
    for index, item in enumerate(value or ()):
        path = f"matchExpressions[{index}]"
        bare = opened(item)
        if isinstance(bare, Unknown) or any(isinstance(opened(bare.get(key)), Unknown) for key in bare):
            found.append(Doubt(selector.urn, selector.at(path)))
            continue
        values = opened(bare.get("values")) or ()
        texts = tuple(text_or_doubt(selector, f"{path}.values", one) for one in values)
        found.append(Requirement(str(bare.get("key")), bare.get("operator"), texts))
    return tuple(found)


def plain_selector(block: Block, name: str) -> LabelSelector | Doubt | None:
    """The selector of a Service, which is a map of labels; None where it selects nothing: absent or empty."""
    labels = labels_of_value(block, name)
    if isinstance(labels, Doubt):
        return labels
    return LabelSelector(labels) if labels else None


def matches(selector: LabelSelector | Doubt, labels: Labels) -> bool:
    """Whether a selector matches labels. Raises `UnknownRead` where that depends on an unknown."""
    if isinstance(selector, LabelSelector) and isinstance(labels, dict) and not selector.match_expressions:
        wanted = selector.match_labels
        if isinstance(wanted, dict):  # the usual case, without looking at what cannot matter
            if not wanted.keys() <= labels.keys():
                return False
            differ = [(value, labels[key]) for key, value in wanted.items() if labels[key] != value]
            if not any(isinstance(one, Doubt) for pair in differ for one in pair):
                return not differ
    found = selects(selector, labels)
    if isinstance(found, Doubt):
        raise unread(found)
    return found
