"""Two books compared: which rules changed, and what that does to recorded documents, number by number."""

from translators.compare.direction import Direction
from translators.compare.effects import Effect, MessageChange, NumberChange, effect
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
    "rule_changes",
]
