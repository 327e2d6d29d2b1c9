"""`nst-course grade`: whatever is handed in, the batch goes on and each gets its verdict.

One batch of submissions that are good, wrong, empty, broken and malicious is marked once, through
the command; the tests look at what came out.
"""

import base64
import copy
import csv
import io
import json
import os
import re
import zlib

import nbformat
import pytest
from PIL import Image

import nst_course as nst
from nst_course.classroom.marking import grade
from nst_course.classroom.marking.batch import Marked
from nst_course.classroom.marking.copies import mark_copies
from nst_course.classroom.marking.submissions import Submission
from nst_course.cli.command import main
from nst_course.exercises import cases
from nst_course.exercises.grader import trial

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="grading needs Linux or macOS"),
]
SESSIONS = nst.exercises.registry()
CONTENT = ("content_loss", "content_gradient", "invert_features")
FIRST = "import torch\nimport nst_course as nst\n\nmode = nst.preset()"


def notebook(
    answers: dict[str, str], *others: str, marked: bool = True, picture: str = ""
) -> bytes:
    """A notebook with these cells; `answers` are sources of exercise cells."""
    cells = [nbformat.v4.new_code_cell(source) for source in (FIRST, *others)]
    for name, source in answers.items():
        metadata = {"exercise": name, "tags": ["exercise"]} if marked else {}
        cells.append(nbformat.v4.new_code_cell(source, metadata=metadata))
    if picture:
        data = nbformat.v4.new_output("display_data", {"image/png": picture})
        cells[-1].outputs.append(data)
        cells[-1].execution_count = 1
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()


def solutions(names=CONTENT) -> dict[str, str]:
    return {name: SESSIONS[name].cell(SESSIONS[name].code) for name in names}


def body(*lines: str) -> bytes:
    """The other exercises right, and this as the body of the content loss."""
    code = "\n    ".join(("def my_content_loss(features, target):", *lines))
    return notebook({**solutions(), "content_loss": SESSIONS["content_loss"].cell(code)})


def png() -> str:
    stream = io.BytesIO()
    Image.new("RGB", (900, 600), "orange").save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


RIGHT = "return ((features - target) ** 2).mean()"
EVIL = {  # what a submission tries → (category, words of the report)
    "network": (["import socket", "socket.create_connection(('127.0.0.1', 9))"], "may not use"),
    "download": (["import urllib.request as r", "r.urlopen('http://127.0.0.1:9')"], "may not use"),
    "remove": (["import os", "os.remove(VICTIM)", RIGHT], "may not use os.remove"),
    "read": (["raise ValueError(open(VICTIM).read())"], "may not read"),
    "natively": (["torch.save(features, VICTIM)", RIGHT], "RuntimeError"),
    "fork": (["import os", "while True: os.fork()"], "may not use os.fork"),
    "program": (["import subprocess", "subprocess.run(['ls'])"], "may not use subprocess"),
    "memory": (["x = []", "while True: x.append(torch.ones(10**7))"], "allocate memory"),
    "kill": (["import os", "os.kill(os.getppid(), 9)"], "may not use os.kill"),
    "flood": (["while True: print('x' * 10**6)"], "still running after 5 seconds"),
    "loop": (["while True: pass"], "still running after 5 seconds"),
    "stubborn": (
        ["while True:", "    try:", "        while True: pass", "    except BaseException: pass"],
        "still running after 5 seconds",
    ),
    "exit": (["import os", "os._exit(0)"], "process ended itself"),
}


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """The folder of results, the table as dictionaries, and the file that nobody may touch."""
    folder = tmp_path_factory.mktemp("submissions")
    out = tmp_path_factory.mktemp("results") / "out"
    victim = folder.parent / f"{folder.name}_victim.txt"
    victim.write_text("the answers of another student")

    def hand_in(path: str, content: bytes) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)

    right = SESSIONS["content_loss"]
    hand_in("good/02_content_loss.ipynb", notebook(solutions(), picture=png()))
    events = [("tried", 1.0), ("hint", 2.0), ("tried", 3.0), ("solved", 4.0)]
    lines = [json.dumps({"exercise": "content_loss", "event": e, "time": t}) for e, t in events]
    hand_in("good/progress.jsonl", "\n".join(lines).encode())
    wrong = {n: SESSIONS[n].cell(SESSIONS[n].exercise.mistake_source(m)) for n in CONTENT
             for m in SESSIONS[n].exercise.mistakes[:1]}  # fmt: skip
    hand_in("wrong/02_content_loss.ipynb", notebook(wrong))
    hand_in("stubs/02_content_loss.ipynb", notebook({n: SESSIONS[n].cell() for n in CONTENT}))
    hand_in("zero_bytes/02_content_loss.ipynb", b"")
    hand_in("broken/02_content_loss.ipynb", b"{this is no json")
    merged = notebook(solutions()).replace(b'"cells"', b'<<<<<<< HEAD\n"cells"')
    hand_in("merged/02_content_loss.ipynb", merged)
    hand_in("essay/essay.docx", b"no notebook")
    (folder / "nothing").mkdir()
    hand_in("renamed/mine (1).ipynb", notebook(solutions(), marked=False))
    hand_in("syntax/02_content_loss.ipynb", body("return (features - target"))
    hand_in("looping/02_content_loss.ipynb",
            notebook({"content_loss": "x = 0\nwhile True: x += 1\n" + right.cell(
                "def my_content_loss(features, target):\n    return x")}))  # fmt: skip
    hand_in("borrowed/02_content_loss.ipynb", body("return nst.content_loss(features, target)"))
    hand_in("helper/02_content_loss.ipynb", notebook(
        {"content_loss": right.cell(
            "def my_content_loss(features, target):\n    return mean_square(features - target)")},
        "HALF = 0.5\ndef mean_square(x):\n    return 2 * HALF * (x * x).mean()",
        "raise RuntimeError('a cell that no exercise needs')",
        "nst.StyleTransfer(1, 2).run(10_000)",
    ))  # fmt: skip
    hand_in("modules/02_content_loss.ipynb", body(
        "import matplotlib.pyplot, numpy, tempfile", "tempfile.gettempdir()",
        "torch.optim.Adam([torch.ones(1, requires_grad=True)])",
        "return torch.compile(lambda x: x.square().mean())(features - target)"))  # fmt: skip
    stubs = {name: SESSIONS[name].exercise.stub for name in CONTENT}
    endless = {name: stub.replace("...", "while True: pass") for name, stub in stubs.items()}
    hand_in("endless/02_content_loss.ipynb", notebook(endless))
    script = "<script>alert(1)</script>"
    hand_in(
        f"{script.replace('/', '')}/02_content_loss.ipynb", body(f"raise ValueError({script!r})")
    )
    hand_in("=cmd()/02_content_loss.ipynb", body(RIGHT))
    own = ["# first I subtract, and then I", "difference = features - target",
           "squares = difference * difference  # no root here",
           "total = squares.sum()  # of all entries, in every channel and at every place",
           "return total / squares.numel()  # so that it does not grow with the image"]  # fmt: skip
    hand_in("twin_a/02_content_loss.ipynb", body(*own))
    hand_in("twin_b/02_content_loss.ipynb", body(*own))
    for name, (lines, _) in EVIL.items():
        code = [line.replace("VICTIM", repr(str(victim))) for line in lines]
        hand_in(f"evil_{name}/02_content_loss.ipynb", body(*code))
    assert main(["grade", str(folder), "-o", str(out), "--seed", "2027", "--jobs", "2"]) == 0
    with (out / "results.csv").open(encoding="utf-8-sig") as stream:
        table = list(csv.DictReader(stream))
    return out, table, victim


def cells(marked, student: str) -> dict[str, dict]:
    return {row["exercise"]: row for row in marked[1] if row["student"] == student}


def report(marked, student: str) -> str:
    [path] = [p for p in (marked[0] / "students").iterdir() if p.stem[4:] == student]
    return path.read_text("utf-8")


def test_good_one_is_right_with_its_attempts_and_picture(marked):
    found = cells(marked, "good")
    assert [found[name]["category"] for name in CONTENT] == ["right"] * 3
    assert (found["content_loss"]["attempts"], found["content_loss"]["hints"]) == ("3", "1")
    page = report(marked, "good")
    picture = re.search(r'src="data:image/jpeg;base64,([^"]+)"', page).group(1)
    with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
        assert max(image.size) == 420


def test_wrong_one_is_told_its_mistakes_and_the_class_page_counts_them(marked):
    page = (marked[0] / "index.html").read_text("utf-8")
    for name in CONTENT:
        mistake = SESSIONS[name].exercise.mistakes[0].name
        assert cells(marked, "wrong")[name]["mistake"] == mistake
        assert f"<td>{mistake}</td>" in page


@pytest.mark.parametrize(
    ("student", "category", "fault"),
    [
        ("stubs", "not attempted", "No exercise was attempted"),
        ("zero_bytes", "missing", "is empty"),
        ("broken", "missing", "is no JSON"),
        ("merged", "missing", "marks of a merge"),
        ("essay", "missing", "No notebook was handed in"),
        ("nothing", "missing", "No notebook was handed in"),
        ("renamed", "right", "was recognized as 02_content_loss"),
    ],
)
def test_empty_broken_and_renamed_ones_are_told(marked, student, category, fault):
    assert {row["category"] for row in cells(marked, student).values()} == {category}
    assert fault in report(marked, student)
    page = (marked[0] / "index.html").read_text("utf-8")
    assert re.search(rf"<li>{student}: [^<]*{fault}", page)


def test_cell_that_is_no_python_spoils_only_itself(marked):
    found = cells(marked, "syntax")
    assert found["content_loss"]["category"] == "no answer"
    assert "SyntaxError" in found["content_loss"]["mistake"]
    assert found["content_gradient"]["category"] == "right"


def test_only_what_an_exercise_needs_is_run(marked):
    assert cells(marked, "helper")["content_loss"]["category"] == "right"


def test_modules_that_are_imported_late_can_be_used(marked):
    assert cells(marked, "modules")["content_loss"]["category"] == "right"


def test_answers_that_never_end_share_their_time(marked):
    """All that an answer says is how long it ran: 5 seconds at first, less when there are many."""
    found = cells(marked, "endless")
    assert {found[name]["category"] for name in CONTENT} == {"stopped"}
    page = report(marked, "endless")
    assert "after 5 seconds" in page and "after 1.5 seconds" in page


def test_loop_outside_the_function_ends(marked):
    found = cells(marked, "looping")["content_loss"]
    assert found["category"] == "raised" and "TimeoutError" in found["mistake"]


def test_calls_of_the_package_in_place_of_an_answer_are_noticed(marked):
    assert "losses.content_loss" in cells(marked, "borrowed")["content_loss"]["notes"]
    assert cells(marked, "good")["content_loss"]["notes"] == ""


@pytest.mark.parametrize("name", EVIL)
def test_malicious_ones_are_stopped_and_their_other_answers_count(marked, name):
    _, words = EVIL[name]
    found = cells(marked, f"evil_{name}")
    assert found["content_loss"]["category"] in ("raised", "stopped")
    assert words in report(marked, f"evil_{name}")
    assert found["content_gradient"]["category"] == found["invert_features"]["category"] == "right"


def test_files_of_others_stay_as_they_are(marked):
    assert marked[2].read_text() == "the answers of another student"
    assert "answers of another" not in report(marked, "evil_read")


def test_texts_of_students_are_escaped(marked):
    pages = [marked[0] / "index.html", *(marked[0] / "students").iterdir()]
    text = "".join(page.read_text("utf-8") for page in pages)
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_table_holds_no_formulas(marked):
    assert cells(marked, "'=cmd()")["content_loss"]["category"] == "right"
    assert grade.harmless("@x") == "'@x" and grade.harmless(" -1") == "'-1"
    assert grade.harmless("a = b") == "a = b"


def test_answers_in_the_same_words_are_told_to_the_instructor_only(marked):
    assert "in the same words as twin_b" in cells(marked, "twin_a")["content_loss"]["notes"]
    assert "twin_a" not in report(marked, "twin_b")
    page = (marked[0] / "index.html").read_text("utf-8")
    assert "<li>twin_a, twin_b: content_loss</li>" in page
    assert "same words" not in cells(marked, "good")["content_loss"]["notes"]


def test_exercises_that_nobody_tried_are_no_copies():
    cells = {n: {"category": "not attempted", "code": s.cell()} for n, s in SESSIONS.items()}
    batch = [Marked(Submission(name), copy.deepcopy(cells)) for name in ("ada", "ben")]
    assert mark_copies(batch) == []
    assert not any("notes" in result for marked in batch for result in marked.results.values())


def test_results_are_not_replaced(marked, tmp_path, capsys):
    (tmp_path / "ada").mkdir()
    assert main(["grade", str(tmp_path), "-o", str(marked[0])]) == 1
    assert "--overwrite" in capsys.readouterr().err


@pytest.mark.parametrize("name", SESSIONS)
def test_solution_is_right_for_every_seed(name, monkeypatch):
    session = SESSIONS[name]
    solution = session.compiled(session.code)
    for seed in range(1, 31):
        trial._outcome_of.cache_clear()
        monkeypatch.setattr(cases, "_SHIFT", zlib.crc32(str(seed).encode()))
        assert session.examine(solution).solved, f"seed {seed}"
    trial._outcome_of.cache_clear()


def test_no_process_is_left(marked):
    import psutil

    names = [" ".join(p.cmdline()) for p in psutil.Process().children(recursive=True)]
    assert not [name for name in names if "forkserver" in name]
