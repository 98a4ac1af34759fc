"""The command shows what it says it shows, and its exit status tells."""

import contextlib
import html
import os
import pty
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

import tinygrad_edu
from tinygrad_edu import cli
from tinygrad_edu.check.report import Fault
from tinygrad_edu.cli import contest, page, tour
from tinygrad_edu.core.value import Value
from tinygrad_edu.lessons import agreement, digits, hot_and_cold, landscape, linearity, slopes

COMMAND = [sys.executable, "-m", "tinygrad_edu"]
PLAIN = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}


def run(*arguments, **environment):
    command = [*COMMAND, *arguments]
    return subprocess.run(command, capture_output=True, env=PLAIN | environment, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    return run("--quick", "--seed", "1", PYTHONIOENCODING="utf-8", TMPDIR=str(tmp_path_factory.mktemp("tour")))


def test_a_quick_tour(quick):
    assert quick.returncode == 0, quick.stdout + quick.stderr
    assert quick.stderr == ""
    out = quick.stdout
    assert [int(n) for n in re.findall(r"^(\d)  \w.* ─+$", out, re.MULTILINE)] == [1, 2, 3, 4, 5, 6, 7]
    assert "✗" not in out
    assert f"All {out.count('✓')} claims hold" in out


def test_its_numbers(quick):
    out = quick.stdout
    moves = re.findall(r"^ +(-?\d) +(\d) +(start|hotter|colder) *$", out, re.MULTILINE)
    assert [(int(x), int(d)) for x, d, _ in moves] == [(-2, 5), (-1, 2), (0, 1), (1, 2), (-1, 2)]
    assert re.search(r"tape +-4\.0000000000 +2\.7182818285", out)
    assert re.search(r"0 +x +-2\.0 .* -4\.0\b", out)  # the tape, with x's gradient
    assert re.search(r"1 +np\.power +#0, 2 +4\.0 .* 1\.0\b", out)
    assert re.search(r"slope +-2\.0000, 1\.9990, -2\.0000 +-2\.0000 +back and forth", out)
    assert "28 parameters" in out
    assert re.search(r"network, noise +9,610 +[▁▂▃▄▅▆▇█]{16} +9\d\.\d\d% +9\d\.\d\d%", out)
    matrix = [line.split() for line in re.findall(r"^  \d  [ \d·]+$", out, re.MULTILINE)]
    counts = np.array([[0 if cell == "·" else int(cell) for cell in row[1:]] for row in matrix])
    assert counts.shape == (10, 10)
    assert counts.sum() == 355
    share = float(re.search(r"The network reads ([\d.]+)%", out)[1])
    assert share == round(100 * np.trace(counts) / 355, 2)


def test_it_writes_a_page_with_pictures(quick):
    path = quick.stdout.splitlines()[-1]
    with open(path, encoding="utf-8") as file:
        page = file.read()
    assert page.count('src="data:image/png;base64,') == page.count("<img ") == 4
    assert page.count("<figure><svg ") == 1
    text = html.unescape(re.sub("<[^>]*>", "", page))
    said = [line.strip() for line in quick.stdout.splitlines() if line.strip() and "%" not in line]
    assert [line for line in said[:-2] if line not in text] == []
    assert re.findall(r"""(?:src|href)=["'](?!data:)""", page) == []


def test_a_quick_tour_in_ascii():
    done = run("--quick", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "?" not in done.stdout
    assert "least, from x = -2" in done.stdout
    assert "d(x) = x^2 + 1" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize("error", [RuntimeError("a fault"), UnicodeEncodeError("ascii", "²", 0, 1, "ordinal")])
def test_a_crash_is_not_taken_for_a_claim_that_fails(error, monkeypatch, capsys):
    def fail(*_):
        raise error

    monkeypatch.setattr(tour, "tour", fail)
    assert cli.main([]) == 2
    assert type(error).__name__ in capsys.readouterr().err


def test_a_reader_that_has_seen_enough():
    command = [
        sys.executable,
        "-c",
        "import sys; from tinygrad_edu.cli import main; sys.exit(main(['check', 'x', 'x=1']))",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=PLAIN) as process:
        process.stdout.close()
        error = process.stderr.read()
    assert (process.returncode, error) == (2, b"")


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"tinygrad-edu {tinygrad_edu.__version__}\n"


def test_piped_it_is_plain_text_of_80_columns(quick):
    assert "\x1b" not in quick.stdout
    assert max(map(len, quick.stdout.splitlines())) <= 80


def test_the_seed_decides(quick):
    again = run("--quick", "--seed", "1", PYTHONIOENCODING="utf-8").stdout
    assert again.rpartition(";")[0] == quick.stdout.rpartition(";")[0]  # but for the seconds it took


@pytest.mark.parametrize(
    "arguments", [["--seed"], ["--seed", "x"], ["--seed", "-1"], ["--seed", "0.5"], ["teach"], ["-q"]]
)
def test_wrong_usage(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith("usage: tinygrad-edu")


def test_help_names_the_exit_statuses(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--help"])
    assert stop.value.code == 0
    assert "130" in capsys.readouterr().out


def test_without_rich_it_says_what_to_install():
    code = "import sys; sys.modules['rich'] = None; from tinygrad_edu.cli import main; sys.exit(main([]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "tinygrad-edu: this needs rich; pip install 'tinygrad_edu[show]'\n"


def test_ctrl_c():
    # A shell's background jobs ignore it, and so would a process started here. It is told not to by its own code, since
    # what `preexec_fn` does between fork and exec is not safe beside the threads of a test process.
    listen = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{listen}; from tinygrad_edu.cli import main; sys.exit(main([]))"
    command, environment, pipe = [sys.executable, "-c", code], PLAIN | {"PYTHONUNBUFFERED": "1"}, subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, env=environment) as process:
        for line in process.stdout:
            if line.startswith(b"2 "):
                break
        process.send_signal(signal.SIGINT)
        _, error = process.communicate()
    assert process.returncode == 130
    assert error == b"tinygrad-edu: stopped\n"


def test_a_terminal_that_cannot_show_a_character():
    code = "from tinygrad_edu.cli.page import Page; Page('').claim('x² is ≥ 0', True)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=PLAIN | {"PYTHONIOENCODING": "ascii"}, check=True
    )
    assert done.stdout == b"+ x^2 is >= 0\n"


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_on_a_terminal(environment, coloured):
    ours, theirs = pty.openpty()
    code = "from tinygrad_edu.cli.page import Page; Page('').claim('so', True)"
    environment = PLAIN | {"TERM": "xterm-256color"} | environment
    subprocess.run([sys.executable, "-c", code], stdout=theirs, env=environment, check=True)
    os.close(theirs)
    out = b""
    with contextlib.suppress(OSError):  # once the other side is closed and all has been read
        while part := os.read(ours, 1000):
            out += part
    os.close(ours)
    assert "✓ so".encode() in out
    assert (b"\x1b[32m" in out) == coloured


def test_a_claim_that_fails(monkeypatch, capsys):
    monkeypatch.setattr(tour, "tour", lambda page, seed, quick: page.claim("the earth is flat", False))
    assert cli.main([]) == 1
    assert capsys.readouterr().out == "✗ the earth is flat\n"


def test_a_page_ends_with_what_failed(capsys):
    paper = page.Page("")
    paper.claim("one", True)
    paper.claim("two", False)
    paper.close(1.0)
    assert capsys.readouterr().out.endswith("\n1 of 2 claims do not hold:\n✗ two\n")


def lie(module, name, change):
    """Replace a function of a lesson by one whose result is changed."""
    true = getattr(module, name)
    return module, name, lambda *arguments, **keywords: change(true(*arguments, **keywords))


def changed(**fields):
    return lambda result: type(result)(**(vars(result) | fields))


@pytest.mark.parametrize(
    ("section", "a_lie"),
    [
        ("play_hot_and_cold", lie(hot_and_cold, "play", changed(answer=1.0))),
        ("shrink_q", lie(slopes, "shrink", changed(derivative=2.0))),
        ("show_the_tape", (Value, "grad", property(lambda value: 2.0))),
        ("walk_by_the_slope", lie(slopes, "walk", changed(places=[-2.0] * 51))),
        ("walk_downhill", lie(landscape, "steepest", lambda angle: angle + 0.02)),
        ("walk_downhill", lie(landscape, "stand", changed(gradient=(2.0, 0.1)))),
        ("walk_downhill", lie(landscape, "descend", lambda path: path[::-1])),
        ("collapse", lie(linearity, "collapse_posts_network", changed(difference=1e-9))),
        ("collapse", lie(linearity, "collapse_posts_network", changed(bend_with_tanh=1e-16))),
        (
            "compare_gradients",
            lie(agreement, "compare_on_digits", changed(faults=[Fault("a lie")])),
        ),
    ],
)
def test_each_section_can_fail(section, a_lie, monkeypatch, capsys):
    def show():
        paper = page.Page("")
        getattr(tour, section)(*[paper, 0][: 2 if section in ("collapse", "compare_gradients") else 1])
        return paper.failed

    monkeypatch.setattr(agreement.compare_on_digits, "__defaults__", (2, 2))
    assert show() == []
    monkeypatch.setattr(*a_lie)
    assert show() != []


@pytest.mark.parametrize(
    ("network", "linear", "quick", "failures"),
    [
        (0.98, 0.97, False, 0),
        (0.98, 0.99, False, 1),
        (0.96, 0.95, False, 1),
        (0.95, 0.96, True, 0),
        (0.5, 0.4, True, 1),
    ],
)
def test_the_contest_is_judged(network, linear, quick, failures, monkeypatch, capsys):
    def learn(sizes, seed, noise, epochs, progress):
        progress(1, 1.0)
        score = network if (len(sizes), noise) == (3, digits.NOISE) else linear
        return digits.Learnt(digits.Network.random(sizes, seed), [1.0] * 20, score, score)

    monkeypatch.setattr(digits, "learn", learn)
    paper = page.Page("")
    contest.read_digits(paper, 0, quick)
    assert len(paper.failed) == failures
