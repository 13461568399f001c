"""Conditions of plain shapes as generated Python: what CEL would say, at a fraction of its cost.

    or   = and { "||" and }          and = test { "&&" test }
    test = "(" or ")" | term [ compare term ]
    term = name | name.member | size(name) | name.all(p, or) | 1 | 1.0 | 'text' | true | false | null

`v_ref > 0.0` becomes `(v1 > 0.0 if type(v1 := seen['v_ref']) is float else unlike())`. Code is made of the
grammar alone: names and texts stand in it as literals of Python. What does not read so, or meets a value
of another type than it is compared with, is for CEL to decide.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

type Plain = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class _Node:
    """A part of a condition: an expression of Python over what is `seen` and the `item` of a loop."""

    code: str


@dataclass(frozen=True, slots=True)
class _Test(_Node):
    """One that is true or false, or raises: nobody has to look at what it gives."""


@dataclass(frozen=True, slots=True)
class _Literal(_Node):
    """One that says the same of everything."""

    value: Any


_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?[0-9]+(?:\.[0-9]+)?)|'(?P<text>[^'\\]*)'|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>\|\||&&|[=!<>]=|[<>().,]))\s*"
)
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SAME = frozenset({"==", "!="})
_WORDS = {"true": True, "false": False, "null": None}
_ORDERED, _NAMED = frozenset({float, int}), frozenset({str, bool})


class Unlike(Exception):  # noqa: N818 - not an error: CEL decides
    """A condition met a value that it is not plain for."""


@lru_cache(maxsize=1024)
def plainly(expression: str) -> Plain | None:
    """Return the condition as a function of values by name, None where its shape is not plain.

    `dialect.x` is a name. The function raises `Unlike` where CEL has to decide.
    """
    try:
        source = python_of(expression)
    except Unlike:
        return None
    known: dict[str, Any] = {"__builtins__": {}, **_KNOWN}
    exec(source, known)  # noqa: S102 - made of the grammar, see above
    said: Plain = known["said"]
    return said


def python_of(expression: str) -> str:
    """Return the source of a function `said(seen)`; `Unlike` where the condition's shape is not plain."""
    parser = _Parser(_tokens(expression))
    node = parser.either("")
    if parser.rest():
        raise Unlike
    said = f"def said(seen):\n    return {parser.sure(node)}\n"
    return "\n".join([*parser.loops, said])


def _tokens(expression: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None:
            raise Unlike
        kind = str(match.lastgroup)
        found.append((kind, match[kind]))
        at = match.end()
    return found


class _Parser:
    """Reads tokens from the left; `Unlike` where they are none of the grammar's."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens[::-1]
        self._held = 0
        self.loops: list[str] = []
        """The source of a function for each loop."""

    def rest(self) -> bool:
        """Say whether tokens are left."""
        return bool(self._tokens)

    def either(self, item: str) -> _Node:
        """Read alternatives; `item` is the name of what a loop goes over."""
        return self._chain("||", "or", lambda: self._chain("&&", "and", lambda: self._test(item)))

    def sure(self, node: _Node) -> str:
        """Return the code of a node that is true or false; it raises `Unlike` elsewhere."""
        if isinstance(node, _Test):
            return node.code
        v = self._fresh()
        return f"({v} if ({v} := {node.code}) is True or {v} is False else unlike())"

    def _chain(self, sign: str, word: str, part: Callable[[], _Node]) -> _Node:
        left = part()
        while self._taken(sign):
            left = _Test(f"({self.sure(left)} {word} {self.sure(part())})")
        return left

    def _test(self, item: str) -> _Node:
        if self._taken("("):
            inner = self.either(item)
            self._need(")")
            return inner
        left = self._term(item)
        kind, sign = self._tokens[-1] if self._tokens else ("", "")
        if kind != "sign" or sign not in _COMPARE:
            return left
        self._tokens.pop()
        right = self._term(item)
        if isinstance(right, _Literal) and not isinstance(left, _Literal):
            return self._against(sign, left.code, right)
        return _Test(f"compared({sign!r}, {left.code}, {right.code})")

    def _against(self, sign: str, code: str, literal: _Literal) -> _Node:
        """Return the comparison with a literal: only a value of its own type is compared with it."""
        v, own, same = self._fresh(), type(literal.value), sign in _SAME
        holds = f"{v} {sign} {literal.code}"
        if literal.value is None:
            # every value is null or is not; none is less
            return _Test(
                f"({code} {'is' if sign == '==' else 'is not'} None)" if same else "unlike()"
            )
        if own not in _ORDERED and not same:
            return _Test("unlike()")
        alike = f"type({v} := {code}) is {own.__name__}" + (f" or {v} is None" if same else "")
        return _Test(f"({holds} if {alike} else unlike())")

    def _term(self, item: str) -> _Node:
        kind, token = self._next()
        if kind == "number":
            return _literal(float(token) if "." in token else int(token))
        if kind == "text":
            return _literal(token)
        if kind != "name":
            raise Unlike
        return _literal(_WORDS[token]) if token in _WORDS else self._named(token, item)

    def _named(self, name: str, item: str) -> _Node:
        if name == "size" and self._taken("("):
            of = self._name()
            self._need(")")
            v = self._fresh()
            return _Node(f"(len({v}) if type({v} := seen[{of!r}]) is list else unlike())")
        if not self._taken("."):
            if name == item:
                raise Unlike
            return _Node(f"seen[{name!r}]")
        member = self._name()
        if name == item:
            return _Node(f"item[{member!r}]")
        if name == "dialect":
            return _Node(f"seen[{f'{name}.{member}'!r}]")
        if member != "all" or item:
            raise Unlike
        return self._all(name)

    def _all(self, name: str) -> _Node:
        self._need("(")
        loop = self._name()
        self._need(",")
        inner = self.either(loop)
        self._need(")")
        number = len(self.loops)
        self.loops.append(
            f"def every{number}(seen):\n"
            f"    if type(items := seen[{name!r}]) is not list:\n        unlike()\n"
            f"    for item in items:\n"
            f"        if not {self.sure(inner)}:\n            return False\n"
            f"    return True\n"
        )
        return _Test(f"every{number}(seen)")

    def _fresh(self) -> str:
        """Return a name of Python that nothing has yet."""
        self._held += 1
        return f"v{self._held}"

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise Unlike
        return self._tokens.pop()

    def _name(self) -> str:
        kind, token = self._next()
        if kind != "name" or token in _WORDS:
            raise Unlike
        return token

    def _taken(self, sign: str) -> bool:
        if self._tokens and self._tokens[-1] == ("sign", sign):
            self._tokens.pop()
            return True
        return False

    def _need(self, sign: str) -> None:
        if not self._taken(sign):
            raise Unlike


def _literal(value: Any) -> _Node:
    return _Literal(repr(value), value)


def _unlike() -> NoReturn:
    raise Unlike


def _compared(sign: str, a: Any, b: Any) -> bool:
    kind, same = type(a), sign in _SAME
    if kind is type(b) and (kind in _ORDERED or (same and kind in _NAMED)):
        return _COMPARE[sign](a, b)
    if same and (a is None or b is None):
        return _COMPARE[sign](a, b)
    raise Unlike


_KNOWN: Mapping[str, Any] = {
    "unlike": _unlike,
    "compared": _compared,
    **{cls.__name__: cls for cls in (bool, float, int, list, str, type)},
    "len": len,
}
"""What generated code may call."""
