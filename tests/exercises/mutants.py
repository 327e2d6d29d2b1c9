"""Right answers changed in one place: operators, axes, constants, reductions, order, names.

A check must refuse every one of them that differs in what it computes.
"""

import ast
import copy
from collections.abc import Iterator

OPERATORS = [ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.MatMult]
METHODS = [
    ("sum", "mean"), ("mean", "sum"), ("mean", "max"), ("rand", "randn"), ("clone", "detach"),
    ("square", "abs"), ("norm", "sum"), ("min", "max"), ("max", "min"),
]  # fmt: skip


def mutants(source: str) -> Iterator[str]:
    """Every program that differs from `source` in one place."""
    tree = ast.parse(source)
    seen = {ast.unparse(tree)}
    for index, node in enumerate(ast.walk(tree)):
        for number in range(len(list(_changes(node)))):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[index]
            list(_changes(target))[number]()
            text = ast.unparse(ast.fix_missing_locations(changed))
            if text not in seen:
                seen.add(text)
                yield text


def _changes(node: ast.AST) -> Iterator:
    """Functions that change this node in place."""
    if isinstance(node, (ast.BinOp, ast.AugAssign)):
        for operator in OPERATORS:
            if not isinstance(node.op, operator):
                yield lambda operator=operator: setattr(node, "op", operator())
    if isinstance(node, ast.BinOp):
        yield lambda: node.__dict__.update(left=node.right, right=node.left)
        yield lambda: node.__dict__.update(op=ast.Add(), right=ast.Constant(0))  # the left alone
        yield lambda: node.__dict__.update(op=ast.Add(), left=ast.Constant(0))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield lambda: setattr(node, "op", ast.UAdd())
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        for value in (node.value + 1, node.value - 1, node.value * 2, node.value / 2, -node.value):
            if isinstance(node.value, float) or float(value).is_integer():
                value = type(node.value)(value) if not isinstance(node.value, bool) else not value
                yield lambda value=value: setattr(node, "value", value)
    if isinstance(node, ast.Attribute):
        for old, new in METHODS:
            if node.attr == old:
                yield lambda new=new: setattr(node, "attr", new)
    if isinstance(node, ast.Call):
        for i in range(len(node.args) - 1):
            yield lambda i=i: node.args.__setitem__(slice(i, i + 2), node.args[i : i + 2][::-1])
        for i in range(len(node.keywords)):
            yield lambda i=i: node.keywords.pop(i)
    if isinstance(node, ast.Compare):
        for operator in (ast.Gt, ast.Lt, ast.GtE, ast.Eq, ast.NotEq):
            if not isinstance(node.ops[0], operator):
                yield lambda operator=operator: setattr(node, "ops", [operator()])
    if isinstance(node, ast.Tuple) and len(node.elts) > 1:
        yield lambda: node.elts.reverse()
    if isinstance(node, ast.AugAssign):
        yield lambda: setattr(node, "value", ast.Constant(0))
    for name in ("body", "orelse"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            for i, statement in enumerate(block):
                if not isinstance(statement, (ast.FunctionDef, ast.Return, ast.Import)):
                    yield lambda block=block, i=i: block.__setitem__(i, ast.Pass())
                if i + 1 < len(block):
                    yield lambda block=block, i=i: block.__setitem__(
                        slice(i, i + 2), block[i : i + 2][::-1]
                    )
    if isinstance(node, ast.FunctionDef):
        names = [argument.arg for argument in node.args.args]
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and inner.id in names:
                for other in names:
                    if other != inner.id:
                        yield lambda inner=inner, other=other: setattr(inner, "id", other)
