"""The tour as a file: texts and pictures in their order, and nothing that is fetched."""

import re
from pathlib import Path

import matplotlib.pyplot as plt

from tinygrad_edu.cli.page import Page
from tinygrad_edu.cli.report import Report


def test_texts_and_pictures_stand_in_their_order(tmp_path):
    report = Report(60, "a < b")
    report.console.print("first & foremost")
    report.drawing("<svg></svg>", "a <drawing>")
    report.console.print("second")
    report.plot(lambda: plt.subplots()[1], 'a "plot"')
    report.console.print("third")
    report.write(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    parts = (
        "first &amp; foremost",
        "<svg></svg>",
        "a &lt;drawing&gt;",
        "second",
        "a &quot;plot&quot;",
        "base64,iVBOR",
        "third",
    )
    places = [page.index(part) for part in parts]
    assert places == sorted(places)
    assert page.startswith("<!doctype html>")
    assert "<h1>a &lt; b</h1>" in page
    assert plt.get_fignums() == []


def test_a_page_says_where_it_is_written(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    page = Page("A title")
    page.heading("Title")
    page.claim("the earth is flat", False)
    page.close(1.0)
    assert page.write("title", {"a.wav": b"RIFF"}).name == "title.html"
    path = re.search(r"The same with pictures:\n(.*)\n$", capsys.readouterr().out)[1]
    assert path.startswith(str(tmp_path))
    assert Path(path).with_name("a.wav").read_bytes() == b"RIFF"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert all(part in text for part in ("1  Title", "✗ the earth is flat", "1 of 1 claims do not hold"))
