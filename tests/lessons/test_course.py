"""The course is whole: a lesson for every page of the site, and all 39 items of the post in its table, truly."""

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import pytest

from tinygrad_edu.lessons.pages import course

ROOT = Path(__file__).parents[2]
COURSE = (ROOT / "docs/course.md").read_text(encoding="utf-8")
ITEMS = re.findall(r"(?m)^\| (\d+)\*? \| (.+?) \| `([\w.]+)` \| `(\w+)\.(\w+)` \|$", COURSE)


@cache
def functions_of(file):
    tree = ast.parse((ROOT / "tests/lessons" / f"{file}.py").read_text(encoding="utf-8"))
    return {node.name: ast.unparse(node) for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_item_of_the_post_is_in_the_table():
    assert [int(number) for number, *_ in ITEMS] == list(range(1, 40))


@pytest.mark.parametrize(("number", "says", "function", "file", "test"), ITEMS)
def test_the_table_is_true(number, says, function, file, test):
    module, _, name = function.rpartition(".")
    assert hasattr(importlib.import_module(f"tinygrad_edu.lessons.{module}"), name)
    body = functions_of(file)[test]
    # The test uses the function, itself or by a fixture that does.
    fixtures = " ".join(source for given, source in functions_of(file).items() if f"({given}" in body)
    assert re.search(rf"\b{name}\b", body + fixtures)


def test_the_list_of_lessons_is_that_of_the_pages():
    listed = re.findall(r"(?m)^(\d+)\. \[(.+)\]\(\.\./tinygrad_edu/lessons/course/(\d\d)_(\w+)\.md\)$", COURSE)
    assert [(int(number), title, name) for number, title, _, name in listed] == [
        (page.number, page.title, page.name) for page in course()
    ]
    assert all(int(number) == int(file) for number, _, file, _ in listed)


@pytest.mark.parametrize("page", course(), ids=lambda page: page.name)
def test_every_page_is_on_the_site_and_its_links_lead_somewhere(page):
    here = ROOT / "tinygrad_edu/lessons/course"
    place = f"{page.number:02}_{page.name}.md"
    assert (
        (ROOT / "docs/course" / place).read_text("utf-8").startswith(f"<!-- tinygrad_edu/lessons/course/{place} -->\n")
    )
    links = [link.partition("#")[0] for link in re.findall(r"\]\((?!http)([^)\s]+)\)", page.text)]
    assert [link for link in links if not (here / link).exists()] == []


def test_the_post_is_named_where_the_course_begins():
    for text in (COURSE, course()[0].text):
        begins = re.search(r"the post", text).start()
        assert begins < text.index("\n## ")
        assert "blog.vivekpanyam.com" in text
        assert "V. Panyam" in text
