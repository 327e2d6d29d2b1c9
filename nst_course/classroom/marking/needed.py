"""The part of a notebook that an exercise needs: the answer, and what its code refers to."""

from __future__ import annotations

import ast
import builtins
import dis
import linecache
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import nbformat
import nbformat.reader
from IPython.core.inputtransformer2 import TransformerManager

from ...exercises.spec import Exercise

_AGAIN = "; save it in JupyterLab once more and hand it in again"
_BUILTINS = frozenset(vars(builtins))


class Broken(Exception):
    """A file is no notebook; the text completes "it ..."."""


@dataclass(frozen=True)
class Statement:
    """A statement at the top level of a cell."""

    cell: int
    node: ast.stmt
    binds: frozenset[str]
    uses: frozenset[str]


@dataclass(frozen=True)
class Notebook:
    """The code of a notebook.

    Attributes:
        sources: the code cells as they can be parsed, magics translated.
        outputs: theirs.
        runs: the counter that stands beside each; 0 where a cell was not run.
        errors: cell → why it cannot be parsed.
    """

    sources: list[str]
    exercises: list[str]  # by cell: the name in the metadata, else empty
    outputs: list[list[dict]]
    runs: list[int]
    statements: list[Statement]
    errors: dict[int, str]


def read(content: bytes) -> Notebook:
    """A notebook from the bytes of its file, of any version of the format.

    Raises:
        Broken: it is none.
    """
    if not content.strip():
        raise Broken(f"is empty{_AGAIN}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = nbformat.reads(content.decode("utf-8-sig"), as_version=4)
        cells = [cell for cell in book.cells if cell.cell_type == "code"]
        found = Notebook([], [], [], [], [], {})
        for cell in cells:
            _add(found, str(cell.source), cell)
    except Broken:
        raise
    except UnicodeDecodeError:
        raise Broken(f"is no text in UTF-8{_AGAIN}") from None
    except nbformat.reader.NotJSONError:
        conflict = b"<<<<<<< " in content
        reason = "has the marks of a merge in it" if conflict else "is no JSON"
        raise Broken(f"{reason}{_AGAIN}") from None
    except (Exception, RecursionError) as error:
        raise Broken(f"is no notebook ({type(error).__name__}){_AGAIN}") from None
    return found


def _add(book: Notebook, source: str, cell: Any) -> None:
    number = len(book.sources)
    name = cell.get("metadata", {}).get("exercise", "")
    book.exercises.append(name if isinstance(name, str) else "")
    outputs = cell.get("outputs", [])
    count = cell.get("execution_count")
    book.runs.append(count if isinstance(count, int) else 0)
    book.outputs.append([dict(output) for output in outputs if isinstance(output, dict)])
    try:
        source = TransformerManager().transform_cell(source)
        tree = ast.parse(source)
        compile(tree, "", "exec")  # finds what the grammar allows: a `return` outside a function
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        where = f" in line {line} of the cell" if line else ""
        book.errors[number] = f"{type(error).__name__}{where}: {getattr(error, 'msg', error)}"
        tree = ast.Module([], [])
    book.sources.append(source)
    for node in tree.body:
        book.statements.append(
            Statement(
                number,
                node,
                frozenset(_bound(node)),
                frozenset(_global_names(compile(ast.Module([node], []), "", "exec"))),
            )
        )


def _global_names(code: types.CodeType) -> Iterator[str]:
    """The names that code looks up outside its functions, and not among their own variables."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
            yield instruction.argval
        elif isinstance(instruction.argval, types.CodeType):
            yield from _global_names(instruction.argval)


def _bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement gives a value to, outside the functions that it defines."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
        return
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            yield alias.asname or alias.name.split(".")[0]
        return
    if isinstance(node, ast.Expr):
        return
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
        elif isinstance(part, (ast.Subscript, ast.Attribute)) and isinstance(part.ctx, ast.Store):
            if isinstance(part.value, ast.Name):  # a dictionary that is filled entry by entry
                yield part.value.id
        elif isinstance(part, ast.stmt) and part is not node:
            yield from _bound(part)


def cells_with_answer(book: Notebook, exercise: Exercise) -> list[int]:
    """The cells that hold an answer, the most telling evidence first: metadata, call, name."""
    name = exercise.function_name
    defining = {s.cell for s in book.statements if name in s.binds}
    call = f"{exercise.call_name}.check"
    marked = [n for n, named in enumerate(book.exercises) if named == exercise.name]
    called = [n for n, source in enumerate(book.sources) if call in source]
    for evidence in (marked, called, sorted(defining)):
        found = [n for n in evidence if n in defining or n in book.errors]
        if found:
            return found
    return (marked or called)[-1:]


def needed(book: Notebook, exercise: Exercise, cell: int) -> list[Statement]:
    """The statements that define the answer in one cell, and what they refer to, in order."""
    begin = sum(statement.cell < cell for statement in book.statements)
    end = sum(statement.cell <= cell for statement in book.statements)
    chosen = set(_binding(book, exercise.function_name, begin, end))
    waiting = list(chosen)
    while waiting:
        place = waiting.pop()
        for name in book.statements[place].uses - _BUILTINS:
            # What it uses itself is bound before it; what its functions use, before the check.
            found = {*_binding(book, name, 0, place), *_binding(book, name, 0, end)}
            found = found or set(_later(book, name, end))
            waiting += found - chosen
            chosen |= found
    return [book.statements[i] for i in sorted(chosen)]


def _binding(book: Notebook, name: str, begin: int, end: int) -> Iterator[int]:
    """The statements from `begin` to `end` that a name has its last value from, backwards."""
    for place in reversed(range(begin, end)):
        if name in book.statements[place].binds:
            yield place
            if _is_afresh(book.statements[place], name):
                return


def _is_afresh(statement: Statement, name: str) -> bool:
    """Whether what a name was before does not matter."""
    if isinstance(statement.node, (ast.Assign, ast.AnnAssign)):
        return name not in statement.uses
    return isinstance(statement.node, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom))


def _later(book: Notebook, name: str, begin: int) -> Iterator[int]:
    """The first statement behind `begin` that binds a name."""
    places = range(begin, len(book.statements))
    yield from [place for place in places if name in book.statements[place].binds][:1]


def run(book: Notebook, statements: list[Statement], names: dict[str, Any], key: str) -> None:
    """Execute statements; lines keep the numbers that they have in their cells."""
    for statement in statements:
        filename = f"<{key}, cell {statement.cell + 1}>"
        source = book.sources[statement.cell]
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        exec(compile(ast.Module([statement.node], []), filename, "exec"), names)


def answer_source(book: Notebook, statements: list[Statement], exercise: Exercise) -> str:
    """The text of the answer itself, comments included."""
    parts = [
        ast.get_source_segment(book.sources[s.cell], s.node) or ""
        for s in statements
        if exercise.function_name in s.binds
    ]
    return "\n".join(parts)
