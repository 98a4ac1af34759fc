"""``tinygrad-edu check`` says what it found, in words and in its exit status, and answers whatever else is typed."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.test_cli import run
from tinygrad_edu import cli
from tinygrad_edu.check.report import Fault, Report
from tinygrad_edu.cli import check as command
from tinygrad_edu.cli.vocabulary import CONSTANTS, FUNCTIONS

FILE = """
import numpy as np
from dataclasses import dataclass
import helper

print("imported")

@dataclass
class Scaled:
    by: float = 2.0

    @staticmethod
    def loss(w):
        return np.sum(w**2)

def loss(w, x, bias=0.0, *, scale=1.0):
    print("called")
    return np.sum(np.tanh(w @ x + bias)) * scale * helper.ONE

def of_names(**numbers):
    return sum(numbers.values())

def fails(x):
    return [x][1]

def exits(x):
    raise SystemExit(0)

def random(x):
    return x * np.random.random()

def of_nothing(x):
    return "text"

CONSTANT = 3.0
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to work in, with files of a user's."""
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "model.py": FILE,
        "helper.py": "ONE = 1.0\n",
        "divides.py": "1 / 0\n",
        "unwritten.py": "def f(:\n",
        "lacks.py": "import not_there_at_all\n",
        "leaves.py": "raise SystemExit(0)\n",
        "numpy.py": "def f(x):\n    return x * x\n",
    }.items():
        (tmp_path / name).write_text(text)
    before = {*sys.modules}
    yield tmp_path
    for name in {*sys.modules} - before:
        sys.modules.pop(name)


def check(capsys, *arguments):
    """The exit status of the command, and what it printed to standard output and standard error, in one line each."""
    try:
        status = cli.main(["check", *arguments])
    except SystemExit as stop:
        status = stop.code
    return int(status), *(" ".join(text.split()) for text in capsys.readouterr())


CHECKS = [
    (["tanh(a*b) + c", "a=0.5", "b=2", "c=[1, 2]"], 0, "ok: all 4 numbers, the worst agrees to 1"),
    (["abs(x)", "x=0"], 0, "np.absolute: sits on a kink"),
    (["tests.check.planted:right_and_wrong", "x=0.5"], 1, "WRONG in x"),
    (["numpy:sin", "x=0.5"], 0, "ok: all 1 numbers"),
    (["-x", "x=1"], 0, "ok: all 1 numbers"),
    (["[1, 2, 3] * x", "x=1"], 0, "these are slopes of all 3 outputs, weighed at random and added up"),
    (["where(x > 1, log(x - 1), x)", "x=1"], 3, "UNDECIDED"),
    (["-tanh(x) * -y", "x=-1", "y=-2"], 0, "ok: all 2 numbers"),
    (["--", "-h", "h=1"], 0, "ok: all 1 numbers"),
    (["  -x  ", " x = 1 "], 0, "ok: all 1 numbers"),
    (["erf(x) * e**y * softmax([1, 2] * x)", "x=0.3", "y=-1"], 0, "ok: all 2 numbers"),
    (["where(x > 0, maximum(x, y), minimum(x, y))", "x=1", "y=2"], 0, "ok: all 2 numbers"),
    (["floor(x)", "x=0"], 3, "x: just below, here and just above, the function is -1, 0 and 0"),
    (["floor(x)", "x=0"], 3, "UNDECIDED: the function jumps in x, and has no slope there"),
    (["where(x > 0, x + 1, x)", "x=0"], 3, "the function is 0, 0 and 1"),
    (["x + 1e-6 * (x > 0)", "x=0"], 3, "UNDECIDED: the function jumps"),
    (["round(x * y)", "x=[1, 0.5, 2]", "y=1"], 3, "x[1]: just below"),
    (["arctan(1 / x)", "x=0"], 3, "UNDECIDED"),
    (["round(x)", f"x=[{'0.5,' * 9}]"], 3, "and it jumps in 5 more numbers"),
    (["sqrt(x)", "x=0"], 3, "it grows without bound"),
    (["x.real", "x=1"], 2, "attribute access has no meaning here"),
    (["x^2", "x=1"], 2, "a power is written **, as in x**2"),
    (["max(x, y)", "x=1", "y=2"], 2, "write maximum(a, b)"),
    (["x + y", "x=1"], 2, "no value for y; write y=0.5"),
    (["x", "x=1", "z=2"], 2, "there is no z; the variables are x"),
    (["alpha * x", "alpa=1", "x=2"], 2, "no value for alpha, and there is no alpa (did you mean alpha?)"),
    (["length * x", "length=1", "x=1", "lenght=2"], 2, "(did you mean length?)"),
    (["x", "x"], 2, "write name=value"),
    (["x", "x", "=", "1"], 2, "write name=value, such as a=0.5, in one word"),
    (["x", "x="], 2, "x= is followed by nothing"),
    (["x", "=1"], 2, "gives no variable a value"),
    (["x", "x=[1, [2]]"], 2, "column"),
    (["x", "x=nan"], 2, "x=nan is no value: column 1: this is not a finite number"),
    (["x", "x=1", "x=2"], 2, "x has two values; give it one"),
    (["e * x", "x=1", "e=3"], 2, "a value was given to e, which is always 2.71828; call the variable something else"),
    (["1 + 2"], 2, "has no variable to move"),
    (["x > 0", "x=1"], 2, "is made of comparisons, which have no slope"),
    (["tahn(x)", "x=1"], 2, "the nearest: tan, tanh, atan tahn(x) ^^^^^^^"),
    (["1 + sin x", "x=1"], 2, "column 9: invalid syntax"),
    (["log(x)", "x=-1"], 2, "is not finite here"),
    (["no.such:thing", "x=1"], 2, "there is no module no, neither here nor installed; write package.module:function"),
    (["numpy.nosuch:f", "x=1"], 2, "there is no module numpy.nosuch, neither here"),
    (["math:nothing", "x=1"], 2, "math has no nothing; write package.module:function or path/file.py:function"),
    (["numpy:sinn", "x=1"], 2, "numpy has no sinn (did you mean sin or sinh?)"),
    (["numpy:pi", "x=1"], 2, "numpy:pi is of type float, not a function"),
    (["not a name:f", "x=1"], 2, "'not a name' is no name of a module; write package.module:function"),
    (["numpy:", "x=1"], 2, "numpy: names no function; write package.module:function or path/file.py:function"),
    ([":f", "x=1"], 2, ":f names no function"),
    (["numpy::sin", "x=1"], 2, "numpy::sin names no function"),
    (["nosuch.py", "x=1"], 2, "nosuch.py names no function; write"),
    (["nosuch.py:f", "x=1"], 2, "there is no file nosuch.py; write"),
    (["tests.check.planted:reusing_a_buffer"], 2, "takes no argument"),
    (["math:sin", "x=1"], 2, "would leave the tape"),
    ([], 2, "the following arguments are required: what"),
    (["x", "x=1", "--jsno"], 2, "unrecognized arguments: --jsno"),
]


@pytest.mark.parametrize(("arguments", "status", "said"), CHECKS)
def test_check(arguments, status, said, capsys):
    found, out, err = check(capsys, *arguments)
    assert found == status
    assert said in (err if status == 2 else out)
    assert (out if status == 2 else err) == ""


IN_FILES = [
    (["model.py:loss", "w=[[1,2],[3,4]]", "x=[0.1,0.2]"], 0, "ok: all 6 numbers"),
    (["./model.py:loss", "x=[0.1,0.2]", "w=[[1,2],[3,4]]", "scale=2"], 0, "ok: all 7 numbers"),
    (["model:loss", "w=[[1,2],[3,4]]", "x=[0.1,0.2]", "bias=1"], 0, "ok: all 7 numbers"),
    (["model.py:Scaled.loss", "w=[1, 2, 3]"], 0, "ok: all 3 numbers"),
    (["model.py:of_names", "a=1", "b=[2]"], 0, "ok: all 2 numbers"),
    (["numpy.py:f", "x=3"], 0, "ok: all 1 numbers"),
    (["model.py:los", "w=1"], 2, "model.py has no los (did you mean loss?)"),
    (["modle.py:loss", "w=1"], 2, "there is no file modle.py (did you mean model.py"),
    (["model.py:CONSTANT", "w=1"], 2, "is of type float, not a function"),
    (["model.py", "w=1"], 2, "model.py names no function"),
    (["model.loss", "w=1"], 2, "one of a module is given as module:function"),
    (["model.py:loss", "w=[1]"], 2, "no value for x; write x=0.5"),
    (["model.py:loss", "w=[1]", "x=[1]", "bia=1"], 2, "there is no bia; the variables are w, x"),
    (["model.py:loss", "w=[1, 2]", "x=[1]"], 2, "model.py:loss failed: ValueError: np.matmul: "),
    (
        ["model.py:fails", "x=1"],
        2,
        "model.py:fails failed: IndexError: list index out of range, in line 24 of model.py",
    ),
    (["model.py:exits", "x=1"], 2, "model.py:exits failed: SystemExit: 0"),
    (["model.py:random", "x=1"], 2, "model.py:random cannot be checked: called twice with the same arguments"),
    (["model.py:of_nothing", "x=1"], 2, "the function returned 'text'"),
    (["divides.py:f", "x=1"], 2, "divides.py cannot be imported: ZeroDivisionError: division by zero, in line 1"),
    (["unwritten.py:f", "x=1"], 2, "unwritten.py cannot be imported: SyntaxError: invalid syntax"),
    (["lacks:f", "x=1"], 2, "lacks cannot be imported: ModuleNotFoundError: No module named 'not_there_at_all'"),
    (["leaves:f", "x=1"], 2, "leaves cannot be imported: SystemExit: 0"),
    (["lack:f", "x=1"], 2, "there is no module lack, neither here nor installed"),
]


@pytest.mark.parametrize(("arguments", "status", "said"), IN_FILES)
def test_functions_in_files(arguments, status, said, folder, capsys):
    before = [*sys.path]
    found, out, err = check(capsys, *arguments)
    assert found == status
    assert said in (err if status == 2 else out)
    assert sys.path == before
    assert "imported" not in out
    assert "called" not in out


def test_a_file_elsewhere_imports_what_lies_beside_it(folder, monkeypatch, capsys):
    monkeypatch.chdir("/")
    assert check(capsys, f"{folder}/model.py:loss", "w=[1]", "x=[2]")[0] == 0


@pytest.mark.parametrize("error", [Exception("anything"), UnicodeEncodeError("ascii", "²", 0, 1, "no"), MemoryError()])
def test_whatever_fails_is_not_taken_for_a_wrong_gradient(error, monkeypatch, capsys):
    def fail(*_):
        raise error

    monkeypatch.setattr(command, "compare_gradients", fail)
    status, out, err = check(capsys, "x", "x=1")
    assert (status, out) == (2, "")
    assert f"x failed: {type(error).__name__}" in err
    monkeypatch.setattr(command, "check", fail)
    status, out, err = check(capsys, "x", "x=1")
    assert (status, out) == (2, "")
    assert "Traceback" in err


def test_what_cannot_be_compared_is_an_error(monkeypatch, capsys):
    monkeypatch.setattr(command, "compare_gradients", lambda *_: Report([], "", [Fault("backward fails")]))
    assert check(capsys, "x", "x=1") == (2, "", "tinygrad-edu check: x cannot be checked: backward fails")


def test_a_jump_hides_no_wrong_gradient(capsys, folder):
    (folder / "both.py").write_text(
        "import numpy as np\nfrom tests.check.planted import right_and_wrong\n"
        "def f(x, y):\n    return right_and_wrong(x) + np.floor(y)\n"
    )
    assert check(capsys, "both.py:f", "x=0.5", "y=0.5")[0] == 1
    assert check(capsys, "both.py:f", "x=0.5", "y=1")[0] == 1


def test_help_lists_what_expressions_know(capsys):
    status, out, _ = check(capsys, "--help")
    assert status == 0
    assert {*FUNCTIONS, *CONSTANTS} <= {*out.replace("(", " ").split()}
    assert {"maximum", "minimum", "where", "erf", "softmax", "e", "pi"} <= {*FUNCTIONS, *CONSTANTS}
    for status in (0, 1, 2, 3, 130):
        assert f" {status} " in out.partition("exit status:")[2]


def test_check_from_the_shell():
    done = run("check", "sin(x) * y", "x=[0.5, 1]", "y=2", COLUMNS="80", PYTHONIOENCODING="utf-8")
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80


@given(
    st.lists(
        st.text(max_size=20) | st.sampled_from(["x", "x=1", "-x", "x**2", "y=[1]", "--json", "numpy:sin"]), max_size=4
    )
)
def test_whatever_is_typed_is_answered(arguments):
    arguments = [text for text in arguments if "\0" not in text and not text.endswith(".py") and ".py:" not in text]
    try:
        status = cli.main(["check", *arguments])
    except SystemExit as stop:
        status = stop.code
    assert status in (0, 2, 3)
