"""Every exhibit of the gallery: in short, the same twice; in full (profile `thorough`), it beats simpler ways."""

import os
import re
from pathlib import Path

import pytest

from tinygrad_edu import cli
from tinygrad_edu.lessons import gallery
from tinygrad_edu.lessons.gallery import GALLERY, Exhibit, Shown

ROOT = Path(__file__).parents[2]
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"


def run(exhibit, **options):
    """What an exhibit shows; the test is skipped where something is missing that only Debian has."""
    try:
        return exhibit.show(**options)
    except FileNotFoundError as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("exhibit", GALLERY, ids=lambda each: each.name)
def test_in_short_an_exhibit_shows_the_same_twice(exhibit):
    once, again = run(exhibit, quick=True), run(exhibit, quick=True)
    assert once.scores == again.scores
    assert once.lines == again.lines
    assert once.files == again.files
    assert len(once.scores) > 1
    assert once.failure
    for caption, draw in once.pictures.items():
        assert caption
        assert draw().get_size_inches().max() <= 12


@pytest.mark.skipif(not THOROUGH, reason="in full it takes minutes: HYPOTHESIS_PROFILE=thorough")
@pytest.mark.parametrize("exhibit", GALLERY, ids=lambda each: each.name)
def test_in_full_an_exhibit_beats_simpler_ways(exhibit):
    shown = run(exhibit)
    assert shown.better, shown.scores


@pytest.mark.parametrize("exhibit", GALLERY, ids=lambda each: each.name)
def test_an_exhibit_can_be_read_and_has_a_page(exhibit):
    module = (ROOT / "tinygrad_edu/lessons/gallery" / f"{exhibit.name}.py").read_text("utf-8")
    assert len(module.splitlines()) <= 150
    page = (ROOT / "docs/gallery" / f"{exhibit.name}.md").read_text("utf-8")
    assert f"lessons/gallery/{exhibit.name}.py" in page
    assert re.search(r"<!-- measured -->\n\n\| .+<!-- /measured -->", page, re.DOTALL)
    assert f"(gallery/{exhibit.name}.md)" in (ROOT / "docs/gallery.md").read_text("utf-8")


def test_the_pages_stand_in_the_posts_order():
    listed = re.findall(r"\(gallery/(\w+)\.md\)", (ROOT / "docs/gallery.md").read_text("utf-8"))
    assert listed == [each.name for each in GALLERY]


def test_better_is_better_than_every_baseline():
    def better(*scores, more_is_better):
        named = dict(zip("abc", scores, strict=False))
        return Shown(measure="", scores=named, more_is_better=more_is_better, failure="").better

    assert better(0.9, 0.5, 0.8, more_is_better=True)
    assert not better(0.9, 0.5, 0.9, more_is_better=True)
    assert better(0.1, 0.5, 0.8, more_is_better=False)
    assert not better(0.6, 0.5, 0.8, more_is_better=False)


def test_without_a_name_it_lists_them_in_the_posts_order(capsys):
    assert cli.main(["gallery"]) == 0
    out = capsys.readouterr().out
    places = [out.index(f"\n{each.name}: ") for each in GALLERY]
    assert places == sorted(places)


def test_there_is_no_such_exhibit(capsys):
    assert cli.main(["gallery", "music"]) == 2
    assert "there is no 'music'; choose one of painting, " in capsys.readouterr().err.replace("\n", " ")


@pytest.fixture
def showing(monkeypatch):
    """Makes every exhibit show, or raise, what it is called with."""

    def show(result):
        def instead(self, quick, seed):
            if isinstance(result, Exception):
                raise result
            return result

        monkeypatch.setattr(Exhibit, "show", instead)

    return show


@pytest.mark.parametrize(
    ("scores", "quick", "status"), [((1.0, 0.5), [], 0), ((0.4, 0.5), [], 1), ((0.4, 0.5), ["--quick"], 0)]
)
def test_it_is_printed_beside_its_baselines(scores, quick, status, showing, capsys):
    shown = Shown(
        measure="share", scores=dict(zip(("ours", "mean"), scores, strict=True)), more_is_better=True, failure="so."
    )
    showing(shown)
    assert cli.main(["gallery", "go", *quick]) == status
    out = capsys.readouterr().out
    assert f"ours {scores[0]:.4g}" in re.sub(" +", " ", out)
    assert ("ours beats mean" in out) == (not quick)


@pytest.mark.parametrize("kind", [FileNotFoundError, ModuleNotFoundError])
def test_what_is_missing_is_named(kind, showing, capsys):
    showing(kind("gallery: speech needs espeak-ng; apt-get install espeak-ng"))
    assert cli.main(["gallery", "speech"]) == 2
    assert capsys.readouterr().err == "tinygrad-edu: gallery: speech needs espeak-ng; apt-get install espeak-ng\n"


def test_a_bar_stands_where_there_is_a_terminal_only(monkeypatch, capsys):
    assert list(gallery.steps(3, "title")) == [0, 1, 2]
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert list(gallery.steps(3, "title")) == [0, 1, 2]
    assert "title" in capsys.readouterr().err


def test_without_fashion_mnist_the_drawing_names_debians_package(monkeypatch, tmp_path):
    monkeypatch.setattr("tinygrad_edu.lessons.gallery.drawing.FOLDER", tmp_path / "none")
    with pytest.raises(FileNotFoundError, match=r"^gallery: drawing needs .*apt-get install dataset-fashion-mnist$"):
        gallery.exhibit("drawing").show(quick=True)


def test_scores_are_whole_where_the_measure_is_longer_than_a_line(showing, capsys):
    showing(
        Shown(
            measure="share of " + 30 * "long ",
            scores={"ours": 0.1234, "mean": 0.0123},
            more_is_better=True,
            failure=".",
        )
    )
    assert cli.main(["gallery", "go"]) == 0
    out = capsys.readouterr().out
    assert "0.1234" in out
    assert "0.0123" in out
    assert "…" not in out
