"""Looks for the one place in the student's own code that is wrong.

Small edits of the code are tried until one makes it right. So whatever is said about the place is
true: with this one change, and nothing else, every test passes.
"""

from __future__ import annotations

import ast
import functools
import linecache
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .edits import Edit, edits
from .sandbox import written_by_the_student

_MOST = 400  # edits tried


@dataclass(frozen=True)
class Repair:
    """A change that makes an answer right."""

    kind: str  # one of `edits.KINDS`, or "power"
    line_number: int
    line: str
    piece: str  # the code that is changed, without what surrounds it


def repairs(answer: Any) -> Iterator[tuple[Repair, Callable]]:
    """Changed versions of an answer, with what was changed; none if its code is not at hand."""
    function = _function_of(answer)
    if function is None or not written_by_the_student(function.__code__.co_filename):
        return
    lines = linecache.getlines(function.__code__.co_filename)
    found = _Code.of(function, "".join(lines))
    if found is None:
        return
    if "^" in ast.get_source_segment("".join(lines), found.functions[0]):  # type: ignore[operator]
        other = _Code.of(function, "".join(lines).replace("^", "**"))
        at = [i for i in found.lines() if "^" in lines[i - 1]]
        if other is not None and at:
            line = lines[at[0] - 1].strip()
            yield Repair("power", at[0], line, "^"), _bound(other.function(), answer)
    for edit in edits(found.functions)[:_MOST]:
        edit.exchange()
        try:
            changed = found.function()
        except (SyntaxError, ValueError, TypeError):
            continue
        finally:
            edit.exchange()
        yield _described(edit, lines), _bound(changed, answer)


def _function_of(answer: Any) -> types.FunctionType | None:
    """The function in which an answer's code stands."""
    if isinstance(answer, functools.partial):
        return None
    if isinstance(answer, types.FunctionType):
        return answer
    for name in ("forward", "__call__"):
        method = getattr(type(answer), name, None)
        if isinstance(method, types.FunctionType):
            return method
    return None


def _bound(function: Callable, answer: Any) -> Callable:
    if isinstance(answer, types.FunctionType):
        return function
    return functools.partial(function, answer)


@dataclass
class _Code:
    """A function and the functions beside it that it calls, as syntax trees."""

    functions: list[Any]  # the answer itself comes first
    names: dict[str, Any]

    @classmethod
    def of(cls, function: types.FunctionType, source: str) -> _Code | None:
        if function.__closure__:
            return None
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            return None
        code = function.__code__
        starts = [node for node in ast.walk(tree) if _first_line(node) == code.co_firstlineno]
        same = [n for n in starts if getattr(n, "name", "<lambda>") == code.co_name]
        if len(same) != 1:
            return None
        beside = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
        found, waiting = [same[0]], [same[0]]
        while waiting:
            for node in ast.walk(waiting.pop()):
                helper = beside.get(node.id) if isinstance(node, ast.Name) else None
                if helper is not None and helper not in found:
                    found.append(helper)
                    waiting.append(helper)
        return cls(found, function.__globals__)

    def function(self) -> Callable:
        """The answer, compiled with the trees as they are now."""
        first, *helpers = self.functions
        if isinstance(first, ast.Lambda):
            target = ast.Name("answer", ast.Store())
            statement: ast.stmt = ast.Assign([target], first)
            name = "answer"
        else:
            statement, name = first, first.name
        module = ast.fix_missing_locations(ast.Module([*helpers, statement], []))
        names = dict(self.names)
        exec(compile(module, "<changed answer>", "exec"), names)
        return names[name]

    def lines(self) -> range:
        return range(self.functions[0].lineno, self.functions[0].end_lineno + 1)


def _first_line(node: ast.AST) -> int | None:
    if isinstance(node, ast.FunctionDef):
        return min([node.lineno, *(d.lineno for d in node.decorator_list)])
    return node.lineno if isinstance(node, ast.Lambda) else None


def _described(edit: Edit, lines: list[str]) -> Repair:
    node: Any = edit.node
    line = lines[node.lineno - 1].strip() if node.lineno <= len(lines) else ""
    return Repair(edit.kind, node.lineno, line, _piece(edit))


def _piece(edit: Edit) -> str:
    """The code that makes the difference."""
    node: Any = edit.node
    new = edit.places[0][2]
    if edit.kind == "divisor":
        return "/ " + _factor(node.right)
    if edit.kind == "factor":
        return _factor(node.left if new is node.right else node.right)
    if isinstance(node, ast.stmt):
        return ast.unparse(node).splitlines()[0]
    return ast.unparse(node)


def _factor(node: ast.expr) -> str:
    text = ast.unparse(node)
    return f"({text})" if isinstance(node, ast.BinOp) else text
