"""Somebody's own update rule, put through the checks of the theorems that it declares to obey."""

from ractheory.conform.check import Outcome, conform
from ractheory.conform.rule import Declared, Rule, load_rule

__all__ = ["Declared", "Outcome", "Rule", "conform", "load_rule"]
