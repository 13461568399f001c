"""Conditions of plain shapes as Python closures: what CEL would say, at a tenth of its cost.

    or   = and { "||" and }          and = test { "&&" test }
    test = "(" or ")" | term [ compare term ]
    term = name | name.member | size(name) | name.all(p, or) | 1 | 1.0 | 'text' | true | false | null

What does not read so, or meets a value of another type than it is compared with, is for CEL to decide.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

type Read = Callable[[str], Any]
type Plain = Callable[[Read], bool]
type _Node = Callable[[Read, Any], Any]

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


def plainly(expression: str) -> Plain | None:
    """Return the condition as a closure over a reader of names, None where its shape is not plain.

    The closure raises `Unlike` where CEL has to decide.
    """
    tokens = _tokens(expression)
    if tokens is None:
        return None
    parser = _Parser(tokens)
    try:
        node = parser.either("")
    except Unlike:
        return None
    return None if parser.rest() else lambda read: _truth(node(read, None))


def _tokens(expression: str) -> list[tuple[str, str]] | None:
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None:
            return None
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

    def _chain(
        self, sign: str, join: Callable[[_Node, _Node], _Node], part: Callable[[], _Node]
    ) -> _Node:
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
        return _compared(sign, left, self._term(item))

    def _term(self, item: str) -> _Node:
        kind, token = self._next()
        if kind == "number":
            number = float(token) if "." in token else int(token)
            return lambda _read, _item: number
        if kind == "text":
            return lambda _read, _item: token
        if kind != "name":
            raise Unlike
        if token in _WORDS:
            word = _WORDS[token]
            return lambda _read, _item: word
        return self._named(token, item)

    def _named(self, name: str, item: str) -> _Node:
        if name == "size" and self._taken("("):
            of = self._name()
            self._need(")")
            return lambda read, _item: _size(read(of))
        if not self._taken("."):
            if name == item:
                raise Unlike
            return lambda read, _item: read(name)
        member = self._name()
        if name == item:
            return lambda _read, held: held[member]
        if name == "dialect":
            whole = f"{name}.{member}"
            return lambda read, _item: read(whole)
        if member != "all" or item:
            raise Unlike
        self._need("(")
        loop = self._name()
        self._need(",")
        inner = self.either(loop)
        self._need(")")
        return lambda read, _item: all(_truth(inner(read, one)) for one in _list(read(name)))

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


def _or(left: _Node, right: _Node) -> _Node:
    return lambda read, item: _truth(left(read, item)) or _truth(right(read, item))


def _and(left: _Node, right: _Node) -> _Node:
    return lambda read, item: _truth(left(read, item)) and _truth(right(read, item))


def _compared(sign: str, left: _Node, right: _Node) -> _Node:
    compare, same = _COMPARE[sign], sign in _SAME

    def compared(read: Read, item: Any) -> bool:
        a, b = left(read, item), right(read, item)
        kind = type(a)
        if kind is type(b) and (kind in _ORDERED or (same and kind in _NAMED)):
            return compare(a, b)
        if same and (a is None or b is None):
            return compare(a, b)
        raise Unlike

    return compared


def _truth(value: Any) -> bool:
    if value is True or value is False:
        return value
    raise Unlike


def _list(value: Any) -> list[Any]:
    if type(value) is list:
        return value
    raise Unlike


def _size(value: Any) -> int:
    return len(_list(value))
