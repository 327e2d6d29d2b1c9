"""The command line as people use it: real processes, real Ctrl-C, and every way to be wrong."""

import functools
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from PIL import Image
from tqdm import tqdm

import nst_course as nst
from nst_course import device
from nst_course.cli import arguments, notebooks
from nst_course.cli import command as cli
from nst_course.transfer import initial, kept
from nst_course.transfer import style_transfer as transfer

ROOT = Path(__file__).parents[2]
MAIN = """
import sys
from nst_course.cli import command as cli
build = cli.parser
cli.parser = lambda: print("ready", flush=True) or build()
sys.exit(cli.main())
"""


def render(*options, out: Path) -> int:
    return cli.main(["render", "cat", "great_wave", "-o", str(out), *map(str, options)])


# ---------------------------------------------------------------- render


def test_render_forecasts_paints_and_saves(quick, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tqdm.auto.tqdm", functools.partial(tqdm, mininterval=0, miniters=1))
    assert render("--size", 64, "--steps", 9, out=tmp_path / "new" / "o.png") == 0
    said = capsys.readouterr()
    forecast, result = said.out.splitlines()
    assert re.match(r"64×42 px, 9 steps on .*: about \d.* and [\d.]+ [MG]B of memory\.", forecast)
    assert re.search(r"o\.png: the image of step \d, after \d+ s\.", result)
    assert re.search(r"8/9 \[\d\d:\d\d<\d\d:\d\d", said.err)  # the seconds that are left
    with Image.open(tmp_path / "new" / "o.png") as picture:
        assert picture.size == (64, 42) and picture.format == "PNG"
    painted = nst.load_image(tmp_path / "new" / "o.png")
    assert (painted - nst.load_image("cat", 64)).abs().mean() > 0.005


@pytest.mark.filterwarnings("ignore:This device has no unit")
def test_every_option_reaches_the_transfer(quick, tmp_path, monkeypatch):
    given = {}
    build = transfer.StyleTransfer.__init__

    def note(self, content, style, backbone, **settings):
        if not given:  # the forecast builds a small copy afterwards
            given.update(settings, content=content, style=style, pooling=backbone.pooling)
        build(self, content, style, backbone, **settings)

    monkeypatch.setattr(transfer.StyleTransfer, "__init__", note)
    options = "--size 48 --style-size 32 --steps 2 --content-weight 2 --style-weight 3"
    options += " --tv-weight 4 --init noise --optimizer adam --precision bfloat16 --seed 5"
    assert render(*options.split(), "--pooling", "avg", out=tmp_path / "o.jpg") == 0
    assert (max(given.pop("content").shape), max(given.pop("style")[0].image.shape)) == (48, 32)
    assert given == {
        "content_weight": 2.0,
        "style_weight": 3.0,
        "tv_weight": 4.0,
        "init": "noise",
        "optimizer": "adam",
        "precision": "bfloat16",
        "seed": 5,
        "pooling": "avg",
        "statistic": nst.covariance,
        "terms": [],
    }


def test_picture_holds_its_recipe_without_folders(quick, tmp_path):
    photo = tmp_path / "secret" / "me.png"
    nst.save_image(nst.load_image("cat", 48), photo)
    options = ("great_wave", "--size", 32, "--steps", 2, "--brush", 32, "--seed", 5)
    given = ("render", photo, *options, "--init", photo, "-o", tmp_path / "o.png")
    assert cli.main([*map(str, given)]) == 0
    made = {"content": "me.png", "style": "great_wave", "size": 32, "strength": 3.0}
    kept = nst.read_recipe(tmp_path / "o.png")
    assert kept == {**made, "steps": 2, "brush": 32, "seed": 5, "init": "me.png"}


def test_same_seed_gives_the_same_file_and_another_seed_another(quick, tmp_path):
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        out = tmp_path / f"{name}.png"
        assert render("--size", 32, "--steps", 2, "--init", "noise", "--seed", seed, out=out) == 0
    one, same, other = ((tmp_path / f"{n}.png").read_bytes() for n in ("one", "same", "other"))
    assert one == same != other


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no_such_picture", "great_wave", "-o", "o.png"], "no bundled image"),
        (["cat", "graet_wave", "-o", "o.png"], 'did you mean "great_wave"'),
        (["cat", "great_wave", "-o", "o.bmp3"], "Cannot save as"),
        (["cat", "great_wave", "-o", "file/o.png"], "cannot be written"),
        (["cat", "great_wave", "-o", "folder.png"], "is a folder"),
        (["x" * 5000, "great_wave", "-o", "o.png"], "no bundled image"),
        (["cat", "great_wave", "-o", "o.png", "--size", "8"], "too small for relu5_1"),
        (["cat", "great_wave", "-o", "o.png", "--init", "nosuch.png"], "no bundled image"),
        (["cat", "great_wave", "-o", "o.webp", "--size", "20000"], "at most 16383 pixels a side"),
        (["cat", "great_wave", "-o", "n" * 241 + ".png"], "cannot be written"),
        (["cat", "great_wave", "-o", "o.png", "--scales", "40"], "40 scales would begin at less"),
        (["empty", "great_wave", "-o", "out"], "empty has no pictures"),
        (["cat", "great_wave", "-o", "o.png", "--style-weight", "1e39"], "smaller weights"),
    ],
)
def test_mistake_is_one_sentence_and_exit_code_1(tmp_path, monkeypatch, capsys, arguments, said):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("not a folder")
    Path("folder.png").mkdir()
    Path("empty").mkdir()
    if "--size" not in arguments:
        arguments = [*arguments, "--size", "32"]
    assert cli.main(["render", *arguments]) == 1
    errors = capsys.readouterr().err.replace("\r", "\n").splitlines()
    sentence = [line for line in errors if line.startswith("nst-course: ")]
    assert len(sentence) == 1 and said in sentence[0]
    assert not Path("o.png").exists()


def test_without_a_home_paths_that_begin_there_are_a_sentence(homeless, tmp_path, capsys):
    assert render("--size", 32, out="~/o.png") == 1
    assert "'~/o.png' is not a path (the home folder is unknown)" in capsys.readouterr().err
    assert cli.main(["render", "~/photos", "great_wave", "-o", str(tmp_path / "o.png")]) == 1
    assert "no file and no bundled image" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--steps", "0"], "--steps must be a whole number of at least 1 (you gave 0)."),
        (["--steps", "many"], "--steps must be a whole number of at least 1 (you gave many)."),
        (["--size", "0"], "--size must be a whole number from 1 to 100000 (you gave 0)."),
        (
            ["--size", "1000000"],
            "--size must be a whole number from 1 to 100000 (you gave 1000000).",
        ),
        (["--style-size", "-3"], "--style-size must be a whole number from 1 to 100000"),
        (["--scales", "2.5"], "--scales must be a whole number of at least 1 (you gave 2.5)."),
        (["--seed", "1" * 30], "--seed must be a whole number of at least 0"),
        (
            ["--style-weight", "nan"],
            "--style-weight must be a number of at least 0 (you gave nan).",
        ),
        (["--content-weight", "-1"], "--content-weight must be a number of at least 0"),
        (["--strength", "9"], "--strength must be a number from 1 to 5 (you gave 9)."),
        (["--optimizer", "sgd"], "--optimizer must be one of lbfgs, adam (you gave sgd)."),
        (["--precision", "int8"], "--precision must be one of auto, float32, bfloat16, float16"),
        (["--nosuch"], "Unrecognized arguments: --nosuch."),
        (["--size"], "--size needs a value."),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(tmp_path, capsys, arguments, said):
    assert render(*arguments, out=tmp_path / "o.png") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"nst-course: {said}") and line.endswith("--help.")
    assert cli.main(["render", "cat"]) == 2 and cli.main([]) == 2 and cli.main(["rendr"]) == 2


def test_place_for_the_picture_is_looked_at_before_anything_else(tmp_path, monkeypatch, capsys):
    def forbidden(*_):
        raise AssertionError("loaded first")

    monkeypatch.setattr("nst_course.network.vgg.load_backbone", forbidden)
    assert render(out=tmp_path / "picture.doc") == 1
    assert 'Cannot save as ".doc"' in capsys.readouterr().err


def test_picture_too_large_for_the_memory_is_refused_with_a_size_that_fits(
    quick, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("nst_course.transfer.fit.available_memory", lambda device: 40_000_000)
    assert render("--size", 256, "--steps", 3, out=tmp_path / "o.png") == 1
    fitting = re.search(r"choose size=(\d+) or less", capsys.readouterr().err)
    assert 32 <= int(fitting[1]) < 256
    assert render("--size", fitting[1], "--steps", 1, out=tmp_path / "o.png") == 0


def test_forecast_says_when_a_picture_is_painted_in_tiles(quick, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("nst_course.transfer.memory.available_memory", lambda device: 1000)
    assert render("--size", 32, "--steps", 1, out=tmp_path / "o.png") == 0
    assert re.search(r"32×21 px, 1 steps on .*, in tiles: about", capsys.readouterr().out)


def test_ctrl_c_in_a_small_scale_says_what_size_was_saved(quick, tmp_path, monkeypatch, capsys):
    run = transfer.StyleTransfer.run

    def interrupted(self, steps, **settings):
        def stop(step):
            raise KeyboardInterrupt

        return run(self, steps, **{**settings, "on_step": stop})

    monkeypatch.setattr(transfer.StyleTransfer, "run", interrupted)
    options = ("--size", 64, "--scales", 2, "--steps", 3, "--resume")
    assert render(*options, out=tmp_path / "o.png") == 130
    assert "o.png: the image of step 0 at 45 px, after" in capsys.readouterr().out
    with Image.open(tmp_path / "o.png") as picture:
        assert picture.size == (45, 30)


@pytest.mark.parametrize(
    ("trouble", "code"), [(nst.CourseError("no more"), 1), (KeyboardInterrupt(), 130)]
)
def test_what_is_painted_is_saved_whatever_ends_the_run(
    quick, tmp_path, monkeypatch, trouble, code
):
    """Also an error on the way, and a second Ctrl-C while the first is dealt with."""

    def broken(self, steps, **_):
        list(self.steps(3))
        raise trouble

    monkeypatch.setattr(transfer.StyleTransfer, "run", broken)
    assert render("--size", 32, out=tmp_path / "o.png") == code
    painted = nst.load_image(tmp_path / "o.png")
    assert (painted - nst.load_image("cat", 32)).abs().mean() > 0.005


@pytest.mark.skipif(os.name == "nt", reason="a signal to oneself ends the process there")
def test_ctrl_c_while_saving_waits_until_the_file_is_there(quick, tmp_path, monkeypatch):
    save = Image.Image.save

    def disturbed(*arguments, **options):
        os.kill(os.getpid(), signal.SIGINT)
        save(*arguments, **options)

    monkeypatch.setattr(Image.Image, "save", disturbed)
    assert render("--size", 32, "--steps", 1, out=tmp_path / "o.png") == 0
    assert (tmp_path / "o.png").exists()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# ---------------------------------------------------------------- Ctrl-C, for real


def start(*arguments) -> subprocess.Popen:
    """The command line in a process of its own, which says "ready" when it begins its work."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        encoding="utf-8",
    )
    assert process.stdout.readline() == "ready\n"
    return process


posix = pytest.mark.skipif(os.name == "nt", reason="SIGINT ends a process there")


@pytest.mark.slow
@posix
def test_ctrl_c_in_the_middle_saves_the_best_picture_and_says_so(tmp_path):
    out = tmp_path / "o.png"
    process = start("render", "cat", "great_wave", "-o", out, "--size", "32", "--steps", "100000")
    assert "Ctrl-C stops the run" in process.stdout.readline()
    shown = ""
    while not re.search(r"\b([3-9]|\d\d+)/100000", shown):  # the bar has counted to three
        shown += process.stderr.read(1)
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.search(r"Stopped after \d+ of 100000 steps; the best image so far is kept\.", said)
    assert "o.png: the image of step" in said and "Traceback" not in errors
    painted = nst.load_image(out)
    assert (painted - nst.load_image("cat", 32)).abs().mean() > 0.005
    # A run as long as this one would have been can be taken up again.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.png", "o.png.checkpoint"]
    assert "The same command with --resume continues from here." in said


@pytest.mark.slow
@posix
@pytest.mark.parametrize("seconds", [0, 0.1, 0.7, 1.5])
def test_ctrl_c_during_set_up_ends_in_one_word_and_no_file(tmp_path, seconds):
    process = start("render", "cat", "great_wave", "-o", tmp_path / "o.png", "--size", "1024")
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and errors.strip() == "nst-course: stopped."
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- notebooks


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(notebooks, "FOLDER", tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def write(path: Path, *sources: str) -> bytes:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path.read_bytes()


def outputs(path: Path) -> list[str]:
    cells = nbformat.read(path, as_version=4).cells
    return [
        "".join(
            output.get("text", "") or output.get("data", {}).get("text/plain", "")
            for output in cell.outputs
        ).strip()
        for cell in cells
    ]


@pytest.mark.slow
def test_notebooks_are_run_in_full_from_a_clean_kernel_and_keep_their_outputs(
    folder, monkeypatch, capsys
):
    monkeypatch.setenv("NST_COURSE_QUICK", "1")
    write(
        folder / "00_one.ipynb",
        "import os, nst_course as nst\nvalue = 20\nos.getcwd()",
        "value += 22\nprint(value)",
        "nst.preset().name",
        "import ipywidgets\nipywidgets.IntSlider()",
    )
    before = write(folder / "01_two.ipynb", "value")
    assert cli.main(["notebooks", "00"]) == 0
    assert re.match(r"00_one\.ipynb … \d+ s\n$", capsys.readouterr().out)
    assert outputs(folder / "00_one.ipynb") == [repr(str(folder)), "42", "'full'", ""]
    notebook = nbformat.read(folder / "00_one.ipynb", as_version=4)
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3, 4]
    assert "widgets" not in notebook.metadata
    assert not any("execution" in cell.metadata for cell in notebook.cells)
    assert (folder / "01_two.ipynb").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["00_one.ipynb", "01_two.ipynb"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("last", "said"),
    [
        ("1 / 0", "stopped with ZeroDivisionError"),
        ("import time; time.sleep(30)", "more than 1 seconds"),
        ("import os; os._exit(1)", "kernel died"),
    ],
    ids=["error", "time-out", "death"],
)
def test_notebook_that_fails_keeps_its_old_outputs(folder, monkeypatch, capsys, last, said):
    if "sleep" in last:
        monkeypatch.setattr(notebooks, "CELL_TIMEOUT", 1)
    before = write(folder / "00_one.ipynb", "print('new')", last)
    assert cli.main(["notebooks"]) == 1
    error = capsys.readouterr().err
    assert f"00_one.ipynb stopped: {said}" in error or said in error
    assert "Traceback" not in error
    assert (folder / "00_one.ipynb").read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["00_one.ipynb"]


def test_notebooks_are_found_by_the_beginning_of_their_names(folder, capsys):
    for name in ("02_b.ipynb", "00_a.ipynb", "02_c.ipynb", "draft.ipynb"):
        write(folder / name, "1")

    def found(*names):
        return [path.name for path in notebooks.find_notebooks(list(names))]

    assert found() == ["00_a.ipynb", "02_b.ipynb", "02_c.ipynb"]
    assert found("02", "02_b", "00") == ["02_b.ipynb", "02_c.ipynb", "00_a.ipynb"]
    assert found("notebooks/00_a.ipynb") == ["00_a.ipynb"]
    assert cli.main(["notebooks", "07"]) == 1
    assert 'no notebook "07"; there are 00_a, 02_b, 02_c' in capsys.readouterr().err


def test_no_notebooks_at_all_is_a_sentence(folder, capsys):
    assert cli.main(["notebooks"]) == 1
    assert "from a clone of the course" in capsys.readouterr().err


# ---------------------------------------------------------------- small things


@pytest.mark.parametrize("command", [[], ["render"], ["doctor"], ["notebooks"]])
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main([*command, "--help"])
    assert caught.value.code == 0 and "usage: nst-course" in capsys.readouterr().out


def test_every_option_has_a_help_text_with_its_default():
    (commands,) = (a for a in arguments.parser()._actions if a.dest == "command")
    for command in commands.choices.values():
        for action in command._actions:
            text = arguments.Formatter("")._get_help_string(action)
            assert text, action.dest
            if action.option_strings and action.dest != "help":
                assert re.search(r"\(default: .+\)|\(required\)", text), action.dest


def test_choices_are_those_of_the_package():
    assert arguments.STARTS == initial.STARTS and arguments.COLORS == kept.COLORS
    assert ("auto", *device.PRECISIONS) == arguments.PRECISIONS


def test_help_and_mistakes_import_nothing_heavy():
    code = (
        "import sys; from nst_course.cli.command import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('torch', 'numpy', 'PIL') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for given in (["--help"], ["render", "--help"], ["render", "a", "b", "-o", "c", "--size", "0"]):
        command = [sys.executable, "-c", code, *given]
        found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert found.stdout.splitlines()[-1] == "[]"


def test_import_brings_no_heavy_part_along():
    heavy = ("torchvision", "matplotlib", "IPython", "ipywidgets", "tqdm.notebook", "nbformat")
    code = f"import sys, nst_course; print([m for m in {heavy} if m in sys.modules])"
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_public_names_are_there_and_an_unknown_one_is_an_attribute_error():
    for name in nst.__all__:
        assert getattr(nst, name) is not None and name in dir(nst)
    assert nst.plots.pictures and nst.doctor.examine and nst.exercises
    with pytest.raises(AttributeError, match="no_such_name"):
        nst.no_such_name  # noqa: B018
