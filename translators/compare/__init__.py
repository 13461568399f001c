"""Two books compared: which rules changed, and what that does to recorded documents, number by number."""

from translators.compare.direction import Direction, of_presence
from translators.compare.effects import (
    Effect,
    MessageChange,
    NumberChange,
    effect,
    number_changes,
)
from translators.compare.report import Comparison, as_json, as_text
from translators.compare.rulebook import Edit, RuleChange, rule_changes

__all__ = [
    "Comparison",
    "Direction",
    "Edit",
    "Effect",
    "MessageChange",
    "NumberChange",
    "RuleChange",
    "as_json",
    "as_text",
    "effect",
    "number_changes",
    "of_presence",
    "rule_changes",
]
