"""The site builds without a warning and asks the network for nothing; links lead somewhere, and nothing is left out."""

import inspect
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

import tinygrad_edu
from docs import conf

DOCS = Path(conf.__file__).parent
LOADED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("link", "href"), ("source", "src"), ("object", "data")}


class Page(HTMLParser):
    """What a page loads, where its links lead, and the places in it that a link can name."""

    def __init__(self, path):
        super().__init__()
        self.loaded, self.links, self.places = [], [], set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if (tag, name) in LOADED:
                self.loaded.append(value)
            if (tag, name) == ("a", "href"):
                self.links.append(value)
            if name == "id":
                self.places.add(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("sphinx", reason="the site needs Sphinx: pip install '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "docs", "--to", folder], cwd=DOCS.parent, capture_output=True, text=True, check=False
    )
    assert built.stdout == f"the site: {folder / 'index.html'}\n", built.stderr
    assert built.stderr == ""
    return folder


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path) for path in site.rglob("*.html")}


def test_every_page_is_built_and_can_be_reached(site):
    front = (site / "index.html").read_text("utf-8")
    pages = [path.relative_to(DOCS).with_suffix(".html").as_posix() for path in DOCS.rglob("*.md")]
    assert [page for page in pages if page != "index.html" and f'href="{page}"' not in front] == []


def test_nothing_is_loaded_from_elsewhere(site, pages):
    outside = r"https?:|//"
    assert [(path.name, url) for path, page in pages.items() for url in page.loaded if re.match(outside, url)] == []
    styles = {path.name: path.read_text("utf-8") for path in site.rglob("*.css")}
    assert [name for name, text in styles.items() if re.search(r"url\(['\"]?https?:|@import ['\"]https?:", text)] == []


def test_links_lead_somewhere(site, pages):
    broken = []
    for path, page in pages.items():
        for link in (*page.links, *page.loaded):
            target, _, place = unquote(link).partition("#")
            there = (path.parent / target.partition("?")[0]).resolve() if target else path
            if not re.match(r"\w+:", link) and (
                not there.exists() or (place and there.suffix == ".html" and place not in pages[there].places)
            ):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []


def test_search_knows_the_words(site):
    index = json.loads((site / "searchindex.js").read_text("utf-8").partition("(")[2].rpartition(")")[0])
    for stem, page in {"cotang": "using", "momentum": "training", "choleski": "linear_algebra"}.items():
        found = [
            index[terms].get(stem, []) for terms in ("terms", "titleterms")
        ]  # a number where there is one page only
        numbers = {i for where in found for i in (where if isinstance(where, list) else [where])}
        assert page in {index["docnames"][i] for i in numbers}


def test_reference_has_every_name_that_users_import(pages, site):
    places = pages[site / "api" / "tinygrad_edu.html"].places
    assert {f"tinygrad_edu.{name}" for name in conf.public(tinygrad_edu)} <= places
    modules = {name for name in tinygrad_edu.__all__ if inspect.ismodule(getattr(tinygrad_edu, name))}
    assert {*tinygrad_edu.__all__} == modules | {*conf.public(tinygrad_edu)}


def test_reference_has_every_room():
    pages = [page.read_text("utf-8") for page in DOCS.glob("api/*.md")]
    named = {room for page in pages for room in re.findall(r"<!-- reference: tinygrad_edu\.(\w+)", page)}
    assert named >= {*tinygrad_edu._ROOMS}


def test_links_are_rewritten_for_the_page_they_stand_in():
    text = "[a](docs/using.md#errors) [b](CONTRIBUTING.md) [c](https://numpy.org) [d](#there) [e](LICENSE)"
    assert conf.links_from(text, "", "index.md") == (
        "[a](using.md#errors) [b](contributing.md) [c](https://numpy.org) [d](#there) [e](../LICENSE)"
    )
    assert conf.links_from("[a](../../README.md) [b](../using.md)", "docs/api", "api/tinygrad_edu.md") == (
        "[a](../index.md) [b](../using.md)"
    )
