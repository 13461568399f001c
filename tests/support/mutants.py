"""Mutants of a Python module: each one small change of its syntax tree.

What cannot change behaviour, or only words, is left alone: annotations, decorators, what `raise` says,
f-strings, and flags such as `strict=` and `slots=`. Other strings change only where they are numbers
(`Fraction("0.1")`) or values of a literal table.
"""

import ast
from dataclasses import dataclass
from itertools import pairwise

OPERATORS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
_SIBLINGS = [
    ("DOWN", "HALF_EVEN"),
    ("OVER", "UNDER"),
    ("MAX_W", "MAX_CHARGE_W"),
    ("MAX_VAR", "MAX_VAR_NEG"),
    ("V_REF", "V_NOM"),
    ("POWER", "REACTIVE"),
]
MEMBERS = dict(_SIBLINGS) | {right: left for left, right in _SIBLINGS}
"""Enum members that are easily taken for each other."""
_NUMBERS = {"Decimal", "Fraction"}
_UNTOUCHED = (ast.Raise, ast.JoinedStr, ast.TypeAlias, ast.Import, ast.ImportFrom)
_UNTOUCHED_FIELDS = {"annotation", "returns", "decorator_list", "type_params", "bases"}
_UNTOUCHED_KEYWORDS = {"strict", "frozen", "slots", "kw_only", "maxsize"}
_UNTOUCHED_CALLS = {"isinstance", "issubclass", "cast", "assert_never", "TypeVar"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one change: where, what it was, what it is, and the whole text."""

    path: str
    line: int
    before: str
    after: str
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.before}  ->  {self.after}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mutant would be: a node of a parsed module, and what takes its place there."""

    path: str
    tree: ast.Module
    node: ast.AST
    other: ast.AST

    def mutant(self):
        """Return the mutant; the tree is as before."""
        text = ast.unparse(_Swap(self.node, self.other).visit(self.tree))
        _Swap(self.other, self.node).visit(self.tree)
        line, before, after = self._change()
        return Mutant(self.path, line, before, after, text + "\n")

    def _change(self):
        """Return the line and the two readings of what is changed: of a table, the first entry only."""
        if not isinstance(self.node, ast.Dict):
            return self.node.lineno, ast.unparse(self.node), ast.unparse(self.other)
        entries = zip(self.node.keys, self.node.values, self.other.values, strict=True)
        key, before, after = next(entry for entry in entries if entry[1] is not entry[2])
        name = "**" if key is None else ast.unparse(key)
        return before.lineno, f"{name}: {ast.unparse(before)}", f"{name}: {ast.unparse(after)}"


class _Swap(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old, new):
        self.old, self.new = old, new

    def visit(self, node):
        return self.new if node is self.old else self.generic_visit(node)


def places(path, source):
    """Return every place of a module where a mutant can be."""
    tree = ast.parse(source)
    return [Place(path, tree, node, other) for node in _touched(tree) for other in _others(node)]


def mutants(source, path="module.py"):
    """Return every mutant of a module."""
    return [place.mutant() for place in places(path, source)]


def _touched(node):
    """Walk what a change may touch."""
    if isinstance(node, _UNTOUCHED) or _called(node) in _UNTOUCHED_CALLS:
        return
    if isinstance(node, ast.keyword) and node.arg in _UNTOUCHED_KEYWORDS:
        return
    yield node
    for field, value in ast.iter_fields(node):
        if field in _UNTOUCHED_FIELDS:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _touched(child)


def _called(node):
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None


def _others(node):
    """Return what may stand in the place of a node."""
    yield from _other_operators(node)
    yield from _other_values(node)
    if isinstance(node, ast.Dict):
        yield from _other_tables(node)


def _other_operators(node):
    match node:
        case ast.Compare(left, ops, comparators):
            for number, operator in enumerate(ops):
                changed = [*ops[:number], OPERATORS[type(operator)](), *ops[number + 1 :]]
                yield ast.Compare(left, changed, comparators)
        case ast.BinOp(left, operator, right) if not _is_text(left, right):
            yield ast.BinOp(left, OPERATORS[type(operator)](), right)
        case ast.AugAssign(target, operator, value) if not _is_text(value):
            yield ast.AugAssign(target, OPERATORS[type(operator)](), value)
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(OPERATORS[type(operator)](), values)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand


def _other_values(node):
    match node:
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() | float() as value):
            yield ast.Constant(value + 1)
        case ast.Call(ast.Name(name), args, keywords) if name in CALLS:
            yield ast.Call(ast.Name(CALLS[name]), args, keywords)
        case ast.Call(ast.Name(name), [ast.Constant(str() as digits)]) if name in _NUMBERS:
            yield ast.Call(node.func, [ast.Constant(f"{digits}1")], [])
        case ast.Attribute(value, name, context) if name in MEMBERS:
            yield ast.Attribute(value, MEMBERS[name], context)


def _other_tables(table):
    """Return the table with the values of two neighbours swapped, for each two."""
    for first, second in pairwise(range(len(table.values))):
        values = [*table.values]
        values[first], values[second] = values[second], values[first]
        if ast.dump(values[first]) != ast.dump(values[second]):
            yield ast.Dict(table.keys, values)


def _is_text(*operands):
    return any(
        isinstance(operand, ast.JoinedStr)
        or (isinstance(operand, ast.Constant) and isinstance(operand.value, str))
        or (isinstance(operand, ast.IfExp) and _is_text(operand.body, operand.orelse))
        for operand in operands
    )
