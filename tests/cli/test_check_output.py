"""What ``tinygrad-edu check`` prints can be read on any terminal, and by machines."""

import contextlib
import json
import math
import os
import pty
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.test_cli import COMMAND, PLAIN
from tinygrad_edu import cli
from tinygrad_edu.cli.finding import to_json


def test_json(capsys):
    assert cli.main(["check", "--json", "sum(x**2) * y", "x=[1, 2]", "y=3"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["status"], found["verdict"], found["what"]) == (0, "right", "sum(x**2) * y")
    assert (found["jumps"], found["faults"]) == ([], [])
    x, y = found["arguments"]
    assert (x["name"], x["shape"], x["analytic"]) == ("x", [2], [6.0, 12.0])
    assert (y["name"], y["shape"], y["analytic"]) == ("y", [], 5.0)
    assert np.all(abs(np.subtract(x["numeric"], x["analytic"])) <= x["worst"]["bound"])


@pytest.mark.parametrize(
    ("arguments", "status", "verdict"),
    [
        (["abs(x)", "x=0"], 0, "right"),
        (["tests.check.planted:right_and_wrong", "x=0.5"], 1, "wrong"),
        (["floor(x)", "x=[0.5, 1]"], 3, "undecided"),
        (["arctan(1 / x)", "x=0"], 3, "undecided"),
        (["sqrt(x)", "x=0"], 3, "undecided"),
        (["x +", "x=1"], 2, "error"),
        (["x", "x=1", "x=2"], 2, "error"),
        (["nosuch:f", "x=1"], 2, "error"),
    ],
)
def test_json_is_valid_whatever_is_found(arguments, status, verdict, capsys):
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    assert cli.main(["check", *arguments, "--json"]) == status
    out, err = capsys.readouterr()
    found = json.loads(out, parse_constant=refuse)
    assert (found["status"], found["verdict"], found["what"]) == (status, verdict, arguments[0])
    assert ("error" in found) == (status == 2)
    assert err == ""
    assert cli.main(["check", *arguments]) == status


def test_json_of_a_jump(capsys):
    cli.main(["check", "--json", "x + floor(y)", "x=0.5", "y=[0.5, 1]"])
    (jump,) = json.loads(capsys.readouterr().out)["jumps"]
    assert (jump["argument"], jump["place"], jump["here"], jump["above"]) == ("y", [1], 1.5, 1.5)


@given(
    st.recursive(
        st.floats() | st.text() | st.none() | st.integers(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_numbers_that_json_does_not_know_are_texts(tree):
    def restored(x):
        if isinstance(x, dict):
            return {key: restored(value) for key, value in x.items()}
        if isinstance(x, list):
            return [restored(value) for value in x]
        return str(x) if isinstance(x, float) and not math.isfinite(x) else x

    assert json.loads(to_json(tree)) == restored(tree)
    assert to_json(tree).isascii()


LAYOUTS = [
    ["sin(x) * y", "x=[0.5, 1]", "y=2"],
    ["abs(x) * sqrt(a_name_that_is_very_long_indeed_and)", "x=0", "a_name_that_is_very_long_indeed_and=1"],
    ["floor(x)", "x=[0, 1, 2.5]"],
    ["tests.check.planted:right_and_wrong", "x=0.5"],
    ["sqrt(x)", "x=0"],
    ["max(x, y)", "x=1"],
    ["nosuch.module.of.a.very.long.name.that.goes.on.and.on.and.on.and.on.and.on:f", "x=1"],
    ["--help"],
]  # fmt: skip


@pytest.mark.parametrize("columns", ["40", "80", "200"])
@pytest.mark.parametrize("arguments", LAYOUTS, ids=lambda arguments: arguments[0][:20])
def test_lines_fit_the_terminal(arguments, columns, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", columns)
    with contextlib.suppress(SystemExit):
        cli.main(["check", *arguments])
    out, err = capsys.readouterr()
    lines = (out + err).splitlines()
    if arguments == ["--help"]:
        columns = "80"  # examples are not broken
    assert max(map(len, lines)) <= int(columns)
    assert "\x1b" not in out + err
    assert all(line == line.rstrip() for line in out.splitlines())


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
@pytest.mark.parametrize("arguments", [*LAYOUTS, ["√x·α²", "x=1"], ["x", "größe=1"], ["x", "x=\udcff"]])
def test_any_terminal_can_show_it(arguments, encoding):
    command = [*COMMAND, "check", *arguments]
    done = subprocess.run(command, capture_output=True, env=PLAIN | {"PYTHONIOENCODING": encoding}, check=False)
    out, err = (text.decode(encoding) for text in (done.stdout, done.stderr))
    assert "Traceback" not in err
    assert done.returncode == (0 if "--help" in arguments else cli.main(["check", *arguments]))
    assert max(map(len, (out + err).splitlines())) <= 80
    assert ("+-" if encoding == "cp1252" else "±") not in out


def test_without_rich():
    code = "import sys; sys.modules['rich'] = None; from tinygrad_edu.cli import main; sys.exit(main(sys.argv[1:]))"
    for arguments, status in ((["sin(x)", "x=1"], 0), (["floor(x)", "x=1"], 3), (["x^2", "x=1"], 2)):
        call = [sys.executable, "-c", code, "check", *arguments]
        done = subprocess.run(call, capture_output=True, text=True, env=PLAIN, check=False)
        assert done.returncode == status
        assert "rich" not in done.stdout + done.stderr
        assert bool(done.stdout) == (status != 2)


def test_a_terminal_shows_colours_and_a_pipe_none():
    for environment, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        ours, theirs = pty.openpty()
        shell = PLAIN | {"TERM": "xterm-256color"} | environment
        done = subprocess.run([*COMMAND, "check", "sin(x)", "x=1"], stdout=theirs, env=shell, check=False)
        os.close(theirs)
        out = os.read(ours, 10_000)
        os.close(ours)
        assert done.returncode == 0
        assert (b"\x1b[32mok: all 1 numbers" in out) == coloured
        assert (b"\x1b" in out) == coloured
