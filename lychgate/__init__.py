"""Lychgate: policy as code and PCI DSS compliance for Pulumi. What a rule needs is imported from here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lychgate.judging.rule import Case, Rule, rule
    from lychgate.model.outcome import PASS, Answer, fail, not_applicable, unknown

__all__ = ["PASS", "Answer", "Case", "Rule", "fail", "not_applicable", "rule", "unknown"]

_DECLARATION = ("Case", "Rule", "rule")


def __getattr__(name: str) -> Any:
    """Imported on first use: commands that ask no rule start without what rules need."""
    if name not in __all__:
        raise AttributeError(f"module 'lychgate' has no attribute {name!r}")
    return getattr(import_module("lychgate.judging.rule" if name in _DECLARATION else "lychgate.model.outcome"), name)
