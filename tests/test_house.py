"""The house: each upper room can be deleted, the top level holds what the design names, and tests mirror the rooms."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import tinygrad_edu

PACKAGE = Path(tinygrad_edu.__file__).parent
ROOT = Path(__file__).parents[1]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
FLOORS = [[room.strip() for room in floor.split("|")] for floor in CONTRACTS[0]["layers"]]  # the highest first
ENGINE = ("tree", "slope", "core", "derivatives")
UPPER = [room for floor in FLOORS for room in floor if room not in (*ENGINE, "__main__", "data")]

WORKS = """
import importlib, pathlib, sys
import numpy as np
import tinygrad_edu.derivatives
from tinygrad_edu.core.value import Value

for path in sorted(pathlib.Path("tinygrad_edu").rglob("*.py")):
    importlib.import_module(".".join(path.with_suffix("").parts))
x = Value([0.5, 1.0])
y = np.sum(np.tanh(x) ** 2)
y.backward()
print(tinygrad_edu.__file__, x.grad.round(4).tolist())
"""


@pytest.mark.parametrize("room", UPPER)
def test_what_is_below_and_beside_a_room_works_without_it(room, tmp_path):
    copy = tmp_path / "tinygrad_edu"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    floor = next(i for i, rooms in enumerate(FLOORS) if room in rooms)
    for gone in [room, *(name for rooms in FLOORS[:floor] for name in rooms)]:
        shutil.rmtree(copy / gone, ignore_errors=True)
        (copy / f"{gone}.py").unlink(missing_ok=True)
    if room == "functions":  # the front door opens this one at once: it gives Value its relu()
        (copy / "__init__.py").write_text("")
    done = subprocess.run([sys.executable, "-c", WORKS], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == f"{copy / '__init__.py'} [0.7269, 0.6397]\n", done.stderr


def test_the_front_door_leads_to_every_upper_room():
    lazy = {*tinygrad_edu._ROOMS, *tinygrad_edu._IN_ROOMS.values(), "functions", "cli"}
    assert {*UPPER, "data"} == lazy


def test_importing_the_library_imports_nothing_slow():
    code = "import numpy, sys; before = {*sys.modules}; import tinygrad_edu; print(*{*sys.modules} - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    slow = {"numpy.random", "inspect", "hashlib", "scipy", "rich", "tinygrad_edu.compiler", "tinygrad_edu.show"}
    assert slow & {*done.stdout.split()} == set()


def test_the_top_level_holds_what_the_design_names():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a checkout: git does not know this folder")
    named = {"tinygrad_edu", "tests", "benchmarks", "docs", "pyproject.toml", "README.md"}
    conventions = {".ci", ".gitignore", ".pre-commit-config.yaml", "LICENSE", "CONTRIBUTING.md"}
    assert {path.split("/")[0] for path in listed.stdout.splitlines()} == named | conventions


def test_tests_mirror_the_rooms():
    rooms = {room for floor in FLOORS for room in floor} - {"__main__"} | {"benchmarks", "docs"}
    here = ROOT / "tests"
    folders = {path.parent.name for path in here.glob("*/__init__.py")}
    files = {path.stem.removeprefix("test_") for path in here.glob("test_*.py")}
    assert folders <= rooms
    assert files - {"house"} <= rooms
    assert rooms <= folders | files


def test_the_drawn_floors_are_those_of_the_contract():
    drawn = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("```text\n")[2].partition("```")[0]
    assert [line.split("  ")[0].split(" · ") for line in drawn.splitlines()] == FLOORS[1:]  # without __main__


ROWS = r"(?m)^\| `(?P<path>[\w./]+)` \| (?P<lines>(?:about )?[\d,]+) \|"


def counted(row):
    """The lines of the file or room that a row of a table in studying.md names, as the table writes them."""
    path = PACKAGE / row["path"]
    if not path.exists():
        return "nothing: there is no such file"
    files = path.rglob("*.py") if path.is_dir() else [path]
    lines = sum(len(file.read_text("utf-8").splitlines()) for file in files)
    return f"about {round(lines, -2):,}" if path.is_dir() else f"{lines:,}"


def test_the_map_of_the_source_counts_right():
    rows = [*re.finditer(ROWS, (ROOT / "docs/studying.md").read_text("utf-8"))]
    engine = {path.name for path in (PACKAGE / "core").glob("[!_]*.py")}
    assert engine == {Path(row["path"]).name for row in rows if row["path"].startswith("core/")}
    wrong = [f"{row['path']}: {row['lines']}, write {counted(row)}" for row in rows if row["lines"] != counted(row)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", *sorted(p.relative_to(ROOT).as_posix() for p in ROOT.glob("docs/**/*.md"))]
)
def test_links_between_the_pages_lead_somewhere(page):
    text = (ROOT / page).read_text("utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\((?!http)([^)\s]+)\)", text)]
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_a_product_to_its_slopes_visits_five_files():
    visited = set()

    def look(frame, event, _):
        path = Path(frame.f_code.co_filename)
        if event == "call" and PACKAGE in path.parents:
            visited.add(str(path.relative_to(PACKAGE)))

    a, b = tinygrad_edu.Value(2.0), tinygrad_edu.Value(3.0)
    sys.setprofile(look)
    try:
        (a * b).backward()
        slopes = a.grad, b.grad
    finally:
        sys.setprofile(None)
    assert slopes == (3.0, 2.0)
    assert {"core/tape.py", "derivatives/arithmetic.py"} <= visited
    assert len(visited) <= 5, visited
