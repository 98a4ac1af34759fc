"""``tinygrad-edu explain`` shows the tape of what is typed, or says what to write instead."""

import webbrowser

import pytest

from tinygrad_edu.cli import main


def test_an_expression(capsys):
    assert main(["explain", "tanh(a*b) + c", "a=0.5", "b=2", "c=1"]) == 0
    out = capsys.readouterr().out
    assert "    3  np.multiply  #0, #1  1.0       2.0, 0.5     0.419974" in out
    assert "a gets 0.419974 · 2.0 = 0.839949: the gradient of #3 times ∂#3/∂a = b = 2.0" in out


def test_a_minus_sign_in_front(capsys):
    assert main(["explain", "-x**2", "x=3"]) == 0
    assert "x = 3.0, gradient -6.0" in capsys.readouterr().out


def test_a_function_of_a_file(tmp_path, capsys):
    (tmp_path / "explained.py").write_text("def loss(w):\n    print('noise')\n    return (w @ w)\n")
    assert main(["explain", f"{tmp_path}/explained.py:loss", "w=[1, 2]"]) == 0
    captured = capsys.readouterr()
    assert "w = [1., 2.], gradient [2., 4.]" in captured.out
    assert "[loss]  (explained.py:3: return (w @ w))" in captured.out
    assert captured.err == "noise\n"


def test_lines_fit_a_narrow_terminal(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    assert main(["explain", "sum(w * x + b)", "w=[1, 2]", "x=[3, 4]", "b=1"]) == 0
    assert all(len(line) <= 60 for line in capsys.readouterr().out.splitlines())


def test_a_picture_goes_into_a_file(tmp_path, capsys):
    file = tmp_path / "tape.svg"
    assert main(["explain", "a*b", "a=3", "b=2", "--svg", str(file)]) == 0
    assert file.read_text("utf-8").startswith("<svg")
    assert capsys.readouterr().out.endswith(f"The picture: {file}\n")


def test_a_page_goes_into_a_file_and_a_browser(tmp_path, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    file = tmp_path / "tape.html"
    assert main(["explain", "a*b", "a=3", "b=2", "--html", str(file), "--open"]) == 0
    assert file.read_text("utf-8").startswith("<!doctype html>")
    assert "<title>a*b</title>" in file.read_text("utf-8")
    assert opened == [file.as_uri()]
    assert capsys.readouterr().out.endswith(f"The page: {file}\n")


def test_a_page_is_opened_without_a_file_of_its_own(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    assert main(["explain", "a*b", "a=3", "b=2", "--open"]) == 0
    (file,) = tmp_path.glob("tinygrad-edu-*.html")
    captured = capsys.readouterr()
    assert f"The page: {file}" in captured.out
    assert "no browser was found here" in captured.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a > 2", "a=3"], "is made of comparisons, which have no slope"),
        (["a * b", "a=3"], "no value for b; write b=0.5"),
        (["1 + tahn(x)", "x=3"], "tahn is not a known function"),
        (["operator:truth", "a=3"], "gives a bool, which has no tape"),
        (["a", "a=1e400"], "a=1e400 is no value"),
        (
            ["a*2", "a=1", "--svg", "no/such/folder/tape.svg"],
            "cannot be written: No such file or directory; name a file",
        ),
    ],
)
def test_wrong_usage(arguments, said, capsys):
    assert main(["explain", *arguments]) == 2
    captured = capsys.readouterr()
    assert said in " ".join(captured.err.split())
    assert captured.out == ""
