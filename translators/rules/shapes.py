"""Conditions of plain shapes as Python closures: what CEL would say, at a fraction of its cost.

    or   = and { "||" and }          and = test { "&&" test }
    test = "(" or ")" | term [ compare term ]
    term = name | name.member | size(name) | name.all(p, or) | 1 | 1.0 | 'text' | true | false | null

What does not read so, or meets a value of another type than it is compared with, is for CEL to decide.
Nothing of a condition is ever code: names are looked up, texts and numbers are compared.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

type Plain = Callable[[Mapping[str, Any]], bool]
type _Join = Callable[[_Node, _Node], _Node]


class _Say(Protocol):
    """What a part of a condition says of what is `seen`, and of the `item` of a loop."""

    def __call__(self, seen: Mapping[str, Any], item: Any = None, /) -> Any:
        """Say it."""
        ...


@dataclass(frozen=True, slots=True)
class _Node:
    """A part of a condition."""

    say: _Say


@dataclass(frozen=True, slots=True)
class _Test(_Node):
    """One that says true or false, or raises: nobody has to look at what it says."""


@dataclass(frozen=True, slots=True)
class _Literal(_Node):
    """One that says the same of everything."""

    value: Any


_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?[0-9]{1,18}(?:\.[0-9]{1,18})?)|'(?P<text>[^'\\\r\n]*)'"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<sign>\|\||&&|[=!<>]=|[<>().,]))\s*",
    re.ASCII,
)
"""Numbers are those that an integer of CEL can hold; one with more digits reads as two, which is no term."""
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


def plainly(expression: str) -> Plain | None:
    """Return the condition as a function of values by name, None where its shape is not plain.

    `dialect.x` is a name. The function raises `Unlike` where CEL has to decide.
    """
    try:
        parser = _Parser(_tokens(expression))
        node = parser.either("")
    except Unlike:
        return None
    return None if parser.rest() else _sure(node)


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

    def rest(self) -> bool:
        """Say whether tokens are left."""
        return bool(self._tokens)

    def either(self, item: str) -> _Node:
        """Read alternatives; `item` is the name of what a loop goes over."""
        return self._chain("||", _or, lambda: self._chain("&&", _and, lambda: self._test(item)))

    def _chain(self, sign: str, join: _Join, part: Callable[[], _Node]) -> _Node:
        left = part()
        while self._taken(sign):
            left = join(left, part())
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
            return _against(sign, left, right.value)
        return _compared(sign, left.say, right.say)

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
            if of == item:
                raise Unlike
            return _Node(lambda seen, _item=None: len(_list(seen[of])))
        if not self._taken("."):
            if name == item:
                raise Unlike
            return _name(name)
        member = self._name()
        if name == item:
            return _Node(lambda _seen, held=None: held[member])
        if name == "dialect":
            return _name(f"{name}.{member}")
        if member != "all" or item:
            raise Unlike
        self._need("(")
        loop = self._name()
        self._need(",")
        inner = self.either(loop)
        self._need(")")
        return _all(name, _sure(inner))

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


def _name(name: str) -> _Node:
    return _Node(lambda seen, _item=None: seen[name])


def _literal(value: Any) -> _Node:
    return _Literal(lambda _seen, _item=None: value, value)


def _sure(node: _Node) -> _Say:
    """Return what a node says where that is true or false; the closure raises `Unlike` elsewhere."""
    say = node.say
    if isinstance(node, _Test):
        return say

    def truth(seen: Mapping[str, Any], item: Any = None) -> bool:
        value = say(seen, item)
        if value is True or value is False:
            return value
        raise Unlike

    return truth


def _or(left: _Node, right: _Node) -> _Node:
    one, other = _sure(left), _sure(right)
    return _Test(lambda seen, item=None: one(seen, item) or other(seen, item))


def _and(left: _Node, right: _Node) -> _Node:
    one, other = _sure(left), _sure(right)
    return _Test(lambda seen, item=None: one(seen, item) and other(seen, item))


def _all(name: str, inner: _Say) -> _Node:
    def every(seen: Mapping[str, Any], _item: Any = None) -> bool:
        for one in _list(seen[name]):  # noqa: SIM110 - a generator takes 1.4 to 3.7 times as long
            if not inner(seen, one):
                return False
        return True

    return _Test(every)


def _compared(sign: str, one: _Say, another: _Say) -> _Node:
    compare, same = _COMPARE[sign], sign in _SAME

    def compared(seen: Mapping[str, Any], item: Any = None) -> bool:
        a, b = one(seen, item), another(seen, item)
        kind = type(a)
        if kind is type(b) and (kind in _ORDERED or (same and kind in _NAMED)):
            return compare(a, b)
        if same and (a is None or b is None):
            return compare(a, b)
        raise Unlike

    return _Test(compared)


def _against(sign: str, node: _Node, value: Any) -> _Node:
    """Return the comparison with a literal: only a value of its own type is compared with it."""
    compare, same, own, say = _COMPARE[sign], sign in _SAME, type(value), node.say
    alike = (own, type(None)) if same else (own,) if own in _ORDERED else ()
    of_none = same and value is None  # every value is null or is not; none is less

    def against(seen: Mapping[str, Any], item: Any = None) -> bool:
        a = say(seen, item)
        if of_none or type(a) in alike:
            return compare(a, value)
        raise Unlike

    return _Test(against)


def _list(value: Any) -> list[Any]:
    if type(value) is list:
        return value
    raise Unlike
