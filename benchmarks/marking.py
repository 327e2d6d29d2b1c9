"""How long `nst-course grade` takes for a class: makes submissions of all kinds and marks them.

`python -m benchmarks.marking FOLDER` writes 200 submissions with every notebook of the course into
FOLDER/submissions, marks them into FOLDER/marks, and reports the seconds, the slowest students, and
those whose verdict is not what it should be.
"""

import argparse
import inspect
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

import nst_course as nst
from nst_course.classroom.cells import exercise_of
from nst_course.classroom.edition import Choices, edition
from nst_course.classroom.marking.batch import Limits
from nst_course.classroom.marking.grade import grade
from nst_course.exercises.spec import Exercise
from tests.exercises.mutants import mutants
from tests.exercises.right_answers import RIGHT_ANSWERS

ROOT = Path(__file__).parents[1]
Books = dict[str, NotebookNode]
Answer = Callable[[random.Random, Exercise], str]
SHARES = {  # kind → how many of 100 students
    "good": 30, "mixed": 30, "changed": 10, "untouched": 4, "renamed": 4, "copied": 4, "empty": 2,
    "broken": 2, "merged": 2, "looping": 3, "stubborn": 1, "memory": 2, "network": 2, "writes": 2,
    "flood": 1, "huge": 1,
}  # fmt: skip
EVIL = {  # in the first line of every answer
    "looping": "while True: pass",
    "stubborn": "while True:\n        try:\n            while True: pass\n"
    "        except BaseException: pass",
    "memory": "x = []\n    while True: x.append(torch.ones(10**7))",
    "network": "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
    "writes": "open('/tmp/marks.txt', 'w').write('mine')",
    "flood": "while True: print('x' * 10**6)",
}


def named(exercise: Exercise, source: str) -> str:
    """An answer whose function is called `f`, under the name that the exercise asks for."""
    return f"{inspect.cleandoc(source)}\n{exercise.function_name} = f"


def right(draw: random.Random, exercise: Exercise) -> str:
    others = [named(exercise, source) for source in RIGHT_ANSWERS.get(exercise.name, [])]
    return draw.choice([exercise.code, *others])


def wrong(draw: random.Random, exercise: Exercise) -> str:
    return exercise.mistake_source(draw.choice(exercise.mistakes))


def changed(draw: random.Random, exercise: Exercise) -> str:
    return draw.choice(list(mutants(exercise.code)))


def mixed(draw: random.Random, exercise: Exercise) -> str:
    stub: Answer = lambda draw, exercise: exercise.stub  # noqa: E731
    [answer] = draw.choices([right, wrong, changed, stub], [50, 30, 10, 10])
    return answer(draw, exercise)


def evil(line: str) -> Answer:
    def answer(draw: random.Random, exercise: Exercise) -> str:
        head, body = exercise.stub.split(":\n", 1)
        return f"{head}:\n    {line}\n{body}"

    return answer


def answered(books: Books, draw: random.Random, answer: Answer) -> Books:
    """The student edition with an answer in each exercise."""
    made = {name: nbformat.from_dict(book) for name, book in books.items()}
    for book in made.values():
        for cell in book.cells:
            if exercise := exercise_of(cell):
                cell.source = exercise.cell(answer(draw, exercise))
    return made


def write_class(folder: Path, students: int) -> dict[str, str]:
    """Write a folder for each student; student → kind."""
    books = {
        path.name: edition("student", nbformat.read(path, as_version=4), Choices(word="sepia"))
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    }
    books = {name: book for name, book in books.items() if any(map(exercise_of, book.cells))}
    kinds = random.Random(0).choices(list(SHARES), list(SHARES.values()), k=students)
    for number, kind in enumerate(kinds):
        draw = random.Random(0 if kind == "copied" else number)
        answer = {"mixed": mixed, "copied": mixed, "changed": changed}.get(kind, right)
        if kind in EVIL:
            answer = evil(EVIL[kind])
        made = books if kind == "untouched" else answered(books, draw, answer)
        place = folder / f"{number:03}_{kind}" / "notebooks"
        place.mkdir(parents=True)
        for name, book in made.items():
            text = nbformat.writes(book)
            if kind == "huge":
                text = json.dumps(json.loads(text) | {"filler": "x" * 20_000_000})
            text = {"empty": "", "broken": text[:999]}.get(kind, text)
            text = text.replace('"cells"', '<<<<<<< HEAD\n"cells"') if kind == "merged" else text
            (place / (f"my {name}" if kind == "renamed" else name)).write_text(text, "utf-8")
    return {f"{number:03}_{kind}": kind for number, kind in enumerate(kinds)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--students", type=int, default=200)
    options = parser.parse_args()
    kinds = write_class(options.folder / "submissions", options.students)
    begin = time.monotonic()
    done: list[tuple[float, str]] = []
    rows = grade(
        options.folder / "submissions",
        options.folder / "marks",
        Limits(),
        seed=7,
        show=lambda marked: done.append((time.monotonic() - begin, marked.submission.student)),
    )
    seconds = time.monotonic() - begin
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{len(rows)} submissions in {seconds:.0f} s (load {load})")
    found = {kind: Counter[str]() for kind in SHARES}
    for row in rows:
        found[kinds[row.student]].update(cell.category for cell in row.cells)
    for kind, counts in found.items():
        print(f"{kind:10}", ", ".join(f"{name} {count}" for name, count in counts.items()))


if __name__ == "__main__":
    nst.exercises.registry()
    main()
