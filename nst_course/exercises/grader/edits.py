"""Small edits of a function's syntax tree, from the most telling kind to the least.

Each is a slip that people make, undone: parentheses left out, a `return` one level too deep, a sum
for a mean, a factor too many.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

# From the slips that are best to hear of to those that say least.
KINDS = (
    "precedence", "return", "accumulate", "module", "floor", "statement", "out of the loop",
    "into the loop", "closure returns", "into the closure", "out of the closure", "detached",
    "no_grad", "transpose", "retain_graph", "dtype", "divisor", "factor", "reduction", "function",
    "item", "reduce", "sign", "operator", "factors", "comparison", "arguments",
    "constant", "keyword", "method", "values", "in place", "name", "order",
)  # fmt: skip

# A change of these kinds says more about the mistake than the result does.
TELLING = (
    "power", "precedence", "return", "accumulate", "module", "floor", "out of the loop",
    "into the loop", "closure returns", "into the closure", "transpose", "dtype", "divisor",
)  # fmt: skip

_OTHER_OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Mult: (ast.MatMult, ast.Div),
    ast.Div: (ast.Mult,),
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
}
_OTHER_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Gt: (ast.Lt, ast.GtE),
    ast.Lt: (ast.Gt, ast.LtE),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
_OTHER_METHODS = {"sum": "mean", "mean": "sum", "randn": "rand", "abs": "square"}
_MAKERS = ("zeros", "ones", "empty", "eye", "tensor", "full")


@dataclass
class Edit:
    """One change of a tree that can be made and undone."""

    kind: str
    node: ast.AST  # what is changed; it has a line
    places: list[tuple[Any, Any, Any]] = field(default_factory=list)  # (owner, key, new value)

    def exchange(self) -> None:
        """Make the change; a second call undoes it."""
        for i, (owner, key, new) in enumerate(self.places):
            if isinstance(owner, list):
                old, owner[key] = owner[key], new
            else:
                old = getattr(owner, key)
                setattr(owner, key, new)
            self.places[i] = (owner, key, old)
        self.places.reverse()


def edits(functions: list[ast.AST]) -> list[Edit]:
    """Every edit of these functions, the most telling first."""
    found = [edit for function in functions for edit in _edits_of(function)]
    return sorted(found, key=lambda edit: KINDS.index(edit.kind))


def _edits_of(function: ast.AST) -> Iterator[Edit]:
    names = _names(function)
    for parent in ast.walk(function):
        for key, value in ast.iter_fields(parent):
            if isinstance(value, ast.expr):
                returned = isinstance(parent, ast.Return) or parent is function
                for kind, new in _expressions(value, names, returned):
                    yield Edit(kind, value, [(parent, key, ast.copy_location(new, value))])
            elif isinstance(value, list) and value and isinstance(value[0], ast.expr):
                if key == "decorator_list":
                    continue
                for i, item in enumerate(value):
                    for kind, new in _expressions(item, names, False):
                        yield Edit(kind, item, [(value, i, ast.copy_location(new, item))])
            elif isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                yield from _statements(parent, key, value)


def _names(function: ast.AST) -> list[str]:
    """Parameters and local variables."""
    nodes = list(ast.walk(function))
    found = [node.arg for node in nodes if isinstance(node, ast.arg)]
    found += [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return list(dict.fromkeys(found))


def _expressions(
    node: ast.expr, names: list[str], returned: bool
) -> Iterator[tuple[str, ast.expr]]:
    """What could stand in place of one expression, with the kind of the change."""
    if isinstance(node, ast.BinOp):
        yield from _operations(node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "sign", node.operand
    elif isinstance(node, ast.Call):
        yield from _calls(node, names)
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        if node.attr == "data":
            yield "detached", node.value
        elif node.attr in ("T", "H"):
            yield "transpose", ast.Attribute(node.value, "mT", node.ctx)
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        for other in dict.fromkeys([node.value + 1, node.value - 1, 0, 1, 2, 3]):
            if other != node.value:
                yield "constant", ast.Constant(other)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for operator in _OTHER_COMPARISONS.get(type(node.ops[0]), ()):
            yield "comparison", ast.Compare(node.left, [operator()], node.comparators)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        for name in names:
            if name != node.id and node.id in names:
                yield "name", ast.Name(name, ast.Load())
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load):
        for i in range(len(node.elts) - 1):
            elements = list(node.elts)
            elements[i : i + 2] = reversed(elements[i : i + 2])
            yield "values", ast.Tuple(elements, node.ctx)
    if returned and not isinstance(node, (ast.Tuple, ast.Dict, ast.DictComp)):
        yield "sign", ast.UnaryOp(ast.USub(), node)
        for kind, method in (("item", "item"), ("reduce", "sum"), ("reduce", "mean")):
            yield kind, _method(node, method)


def _operations(node: ast.BinOp) -> Iterator[tuple[str, ast.expr]]:
    left, right, operator = node.left, node.right, type(node.op)
    if operator is ast.Mult:
        factors, first = [right], left
        while isinstance(first, ast.BinOp) and isinstance(first.op, ast.Mult):
            factors, first = [first.right, *factors], first.left
        if isinstance(first, ast.BinOp) and isinstance(first.op, ast.Div):
            below = first.right
            for factor in factors:
                below = ast.BinOp(below, ast.Mult(), factor)
            yield "precedence", ast.BinOp(first.left, ast.Div(), below)
        yield "factor", right
        yield "factor", left
    elif operator is ast.Div:
        yield "divisor", left
    elif operator is ast.FloorDiv:
        yield "floor", ast.BinOp(left, ast.Div(), right)
    elif operator is ast.MatMult:
        yield "factors", ast.BinOp(right, node.op, left)
    for other in _OTHER_OPERATORS.get(operator, ()):
        yield "operator", ast.BinOp(left, other(), right)


def _calls(node: ast.Call, names: list[str]) -> Iterator[tuple[str, ast.expr]]:
    function, arguments = node.func, node.args
    name = getattr(function, "attr", getattr(function, "id", ""))
    if isinstance(function, ast.Attribute) and not arguments:
        if name == "t":
            yield "transpose", ast.Attribute(function.value, "mT", ast.Load())
        kind = "detached" if name in ("detach", "item", "numpy", "tolist") else "method"
        yield kind, function.value
    elif len(arguments) == 1 and not isinstance(arguments[0], ast.Starred):
        yield "detached" if name in ("float", "tensor") else "function", arguments[0]
    if name.endswith("Loss") and arguments:
        yield "module", ast.Call(ast.Call(function, [], node.keywords), arguments, [])
    if isinstance(function, ast.Attribute) and name in _OTHER_METHODS:
        other = ast.Attribute(function.value, _OTHER_METHODS[name], ast.Load())
        yield "reduction" if name in ("sum", "mean") else "method", _call(node, other)
    if len(arguments) == 2:
        yield "arguments", ast.Call(function, arguments[::-1], node.keywords)
    for keyword in node.keywords:
        rest = [other for other in node.keywords if other is not keyword]
        yield "keyword", ast.Call(function, arguments, rest)
    if name in ("backward", "grad") and not node.keywords:
        keep = ast.keyword("retain_graph", ast.Constant(True))
        yield "retain_graph", ast.Call(function, arguments, [keep])
    if name in _MAKERS and not node.keywords:
        for tensor in names[:3]:
            dtype = ast.Attribute(ast.Name(tensor, ast.Load()), "dtype", ast.Load())
            yield "dtype", ast.Call(function, arguments, [ast.keyword("dtype", dtype)])


def _call(node: ast.Call, function: ast.expr) -> ast.Call:
    return ast.Call(function, node.args, node.keywords)


def _method(node: ast.expr, name: str) -> ast.expr:
    return ast.Call(ast.Attribute(node, name, ast.Load()), [], [])


def _statements(parent: ast.AST, key: str, body: list[ast.stmt]) -> Iterator[Edit]:
    def instead(kind: str, node: ast.stmt, new: list[ast.stmt], *more: tuple) -> Edit:
        return Edit(kind, node, [(parent, key, new or [ast.Pass()]), *more])

    for i, node in enumerate(body):
        before, after = body[:i], body[i + 1 :]
        following = after[0] if after else None
        if isinstance(node, (ast.For, ast.While)):
            last, rest = node.body[-1], node.body[:-1]
            if rest and not isinstance(last, (ast.FunctionDef, ast.For, ast.While)):
                kind = "return" if isinstance(last, ast.Return) else "out of the loop"
                yield instead(kind, last, [*before, node, last, *after], (node, "body", rest))
            if following is not None and not isinstance(following, ast.Return):
                inside = (node, "body", [*node.body, following])
                yield instead("into the loop", following, [*before, node, *after[1:]], inside)
        if isinstance(parent, (ast.For, ast.While)) and _assigns_a_name(node):
            assert isinstance(node, ast.Assign)
            added = ast.AugAssign(node.targets[0], ast.Add(), node.value)  # type: ignore[arg-type]
            yield instead("accumulate", node, [*before, ast.copy_location(added, node), *after])
        if isinstance(node, ast.FunctionDef):
            yield from _around_a_closure(parent, key, body, i)
        if isinstance(node, ast.With) and "grad" in ast.unparse(node.items[0]):
            yield instead("no_grad", node, [*before, *node.body, *after])
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            name = ast.Name(node.target.id, ast.Load())
            target = ast.Name(node.target.id, ast.Store())
            plain = ast.Assign([target], ast.BinOp(name, node.op, node.value))
            yield instead("in place", node, [*before, ast.copy_location(plain, node), *after])
        if isinstance(node, (ast.Expr, ast.Assign, ast.AugAssign, ast.With)):
            yield instead("statement", node, [*before, *after])
        if following is not None and not isinstance(following, ast.Return):
            yield instead("order", node, [*before, following, node, *after[1:]])


def _assigns_a_name(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Name)
    )


def _around_a_closure(parent: ast.AST, key: str, body: list[ast.stmt], i: int) -> Iterator[Edit]:
    """Statements moved into a function inside the function, or out of it."""
    inner = body[i]
    assert isinstance(inner, ast.FunctionDef)
    before, after = body[:i], body[i + 1 :]
    assigned = [n.targets[0] for n in inner.body if _assigns_a_name(n)]  # type: ignore[attr-defined]
    if assigned and not isinstance(inner.body[-1], ast.Return):
        last = inner.body[-1]
        back = ast.copy_location(ast.Return(ast.Name(assigned[-1].id, ast.Load())), last)
        yield Edit("closure returns", last, [(inner, "body", [*inner.body, back])])
    if before and isinstance(before[-1], ast.Expr):
        moved = [(parent, key, [*before[:-1], inner, *after])]
        yield Edit(
            "into the closure", before[-1], [*moved, (inner, "body", [before[-1], *inner.body])]
        )
    for j, node in enumerate(inner.body):
        rest = [*inner.body[:j], *inner.body[j + 1 :]]
        if rest and isinstance(node, (ast.Expr, ast.With)) and after:
            outside = [*before, inner, after[0], node, *after[1:]]
            yield Edit("out of the closure", node, [(parent, key, outside), (inner, "body", rest)])
