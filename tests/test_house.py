"""The house: which part of the package may import which, and what each folder says of itself.

Imports inside functions and under ``TYPE_CHECKING`` count as well: a reader follows them too.
"""

import ast
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "nst_course"
LEAVES = ("plots", "labs", "exercises", "classroom", "cli")
FLOORS = [  # from the ground up; a part imports from its own floor and from those below
    ("errors", "assets", "device", "checks", "files", "glossary_entries"),
    ("losses", "conventions", "statistics", "distributions"),
    ("images",),
    ("network", "optim"),
    ("transfer",),
    ("visualize", "video", "sound", "fast", "history", "exhibition"),
    LEAVES,  # but a leaf imports no other leaf, except for those in `HANDLES`
    ("__init__",),
]
HANDLES = {"cli": set(LEAVES), "classroom": {"exercises", "labs"}}  # leaves that handle others
FLOOR = {part: number for number, floor in enumerate(FLOORS) for part in floor}


def imported(file: Path) -> Iterator[str]:
    """The files of the package that one file imports, as paths inside the package."""
    here = file.relative_to(PACKAGE.parent).parent.parts
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            start = here[: len(here) + 1 - node.level] if node.level else ()
            module = (*start, *(node.module or "").split("."))
            names = [[*filter(None, module), alias.name] for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        else:
            continue
        for name in [parts for parts in names if parts[0] == PACKAGE.name]:
            for end in range(len(name), 0, -1):  # the last parts may be names inside a file
                path = PACKAGE.joinpath(*name[1:end])
                found = [f for f in (path.with_suffix(".py"), path / "__init__.py") if f.is_file()]
                if found:
                    yield found[0].relative_to(PACKAGE).as_posix()
                    break


IMPORTS = {
    file.relative_to(PACKAGE).as_posix(): set(imported(file))
    for file in sorted(PACKAGE.rglob("*.py"))
}


def part(file: str) -> str:
    """The word that the floor plan has for a file: its folder, or at the top level its name."""
    return file.split("/")[0].removesuffix(".py")


def may_import(above: str, below: str) -> bool:
    if FLOOR[above] == FLOOR[below]:
        return above == below or above not in LEAVES or below in HANDLES.get(above, ())
    return FLOOR[above] > FLOOR[below]


def test_every_part_of_the_package_has_a_floor():
    assert {part(file) for file in IMPORTS} <= set(FLOOR)


def test_no_import_goes_up_and_no_leaf_imports_another():
    pairs = [(file, target) for file, targets in IMPORTS.items() for target in targets]
    assert [pair for pair in pairs if not may_import(*map(part, pair))] == []


def test_no_files_import_each_other_in_a_circle():
    graphlib.TopologicalSorter(IMPORTS).prepare()  # a CycleError names the files of a circle


def test_the_optimizers_stand_on_torch_and_the_ground_floor():
    for file in filter(lambda file: part(file) == "optim", IMPORTS):
        assert {part(target) for target in IMPORTS[file]} <= {"optim", "checks", "errors"}, file


def lines(file: str) -> int:
    return len((PACKAGE / file).read_text("utf-8").splitlines())


def test_the_method_can_be_read_in_an_evening():
    method = ["losses.py", "transfer/objective.py", "transfer/style_transfer.py", "network/vgg.py"]
    assert sum(map(lines, method)) < 650


def test_the_loop_and_its_class_can_be_seen_whole():
    tree = ast.parse((PACKAGE / "transfer/style_transfer.py").read_text("utf-8"))
    length = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(tree)
        if isinstance(node, (ast.ClassDef, ast.FunctionDef))
    }
    assert length["StyleTransfer"] <= 160  # with its docstring
    assert length["steps"] <= 30


def test_the_estimate_is_short():
    assert lines("transfer/estimate.py") < 180


def test_a_file_can_be_read_in_one_sitting():
    assert [file for file in IMPORTS if lines(file) > 300] == []


@pytest.mark.parametrize("folder", sorted({part(f) for f in IMPORTS if "/" in f}))
def test_a_folder_says_which_notebooks_use_it(folder):
    text = ast.get_docstring(ast.parse((PACKAGE / folder / "__init__.py").read_text("utf-8")))
    assert re.search(r"otebooks? \d\d|[Ee]very notebook", text or ""), f"{folder}/__init__.py"
