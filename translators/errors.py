"""Errors of the translation library.

    TranslatorError          where, what, which rule
    ├── DocumentError        a peer's document cannot be read (the peer's fault)
    ├── MappingError         a mapping file is wrong (its author's fault)
    └── ModelError           a canonical value is impossible (the caller's fault)

A document that is well formed but cannot be carried out is no error: it is a `Refusal` in a `Translation`.
"""

import difflib
from collections.abc import Iterable


class TranslatorError(Exception):
    """Something could not be translated; says where, what and which rule.

    `where` is a path inside the document (`DERControlBase/opModMaxLimW`) or `file:line:column`,
    `value` the offending text, `rule` the id of the rule or the clause that demands the check.
    """

    def __init__(
        self, problem: str, *, where: str = "", value: object = None, rule: str = ""
    ) -> None:
        """Keep the four parts apart, so that callers can render or log them."""
        self.problem = problem
        self.where = where
        self.value = value
        self.rule = rule
        super().__init__(str(self))

    def __str__(self) -> str:
        """Return `where = value: problem (rule)`, leaving out what is not known."""
        subject = (
            self.where if self.value is None else f"{self.where} = {self.value!r}".lstrip(" =")
        )
        text = f"{subject}: {self.problem}" if subject else self.problem
        return f"{text} (rule {self.rule})" if self.rule else text


class DocumentError(TranslatorError):
    """A wire document cannot be read: malformed, oversized, or not what its name says."""


class MappingError(TranslatorError):
    """A mapping file is wrong: unknown key, unit error, duplicate, missing clause or test."""


class ModelError(TranslatorError):
    """A canonical value was asked for that cannot exist."""


def near(wrong: object, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the name among `known` that `wrong` resembles, else nothing."""
    close = difflib.get_close_matches(str(wrong), list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
