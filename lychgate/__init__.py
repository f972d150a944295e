"""Lychgate: policy as code and PCI DSS compliance for Pulumi. What a rule needs is imported from here."""

from lychgate.judging.rule import Case, Rule, rule
from lychgate.model.outcome import PASS, Answer, fail, not_applicable, unknown

__all__ = ["PASS", "Answer", "Case", "Rule", "fail", "not_applicable", "rule", "unknown"]
