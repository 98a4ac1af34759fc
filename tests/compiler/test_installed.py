"""What happens between two calls of a compiled function: the same in a script, a notebook and an installed package.

anew      the second call gives what the function now gives: it was traced again, or its arrays went in again
constant  the second call gives what the first one gave
refused   the first call raises TraceError
"""

import json
import linecache
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from shutil import copytree
from textwrap import dedent, indent

import numpy as np
import pytest

import tinygrad_edu as tg

PACKAGE = Path(tg.__file__).parent
HEAD = """\
import collections, contextvars, dataclasses, itertools, random, threading, time, types, weakref
import numpy as np
import tinygrad_edu as tg
"""
CASES = {  # what stands at the top, how it changes, and what comes of it; `f` multiplies by K if nothing else is said
    "a number is rebound": ("K = 2.0", "global K; K = 5.0", "anew"),
    "a number becomes an integer": ("K = 2.5", "global K; K = 3", "anew"),
    "None is rebound": ("K = None\ndef f(x): return x if K is None else x * K", "global K; K = 5.0", "anew"),
    "a string is rebound": ("K = 'two'\ndef f(x): return x * len(K)", "global K; K = 'three'", "anew"),
    "a tuple is rebound": ("K = (2.0, 3)\ndef f(x): return x * K[0] + K[1]", "global K; K = (2.0, 4)", "anew"),
    "a function is rebound": ("K = np.sin\ndef f(x): return K(x)", "global K; K = np.cos", "anew"),
    "a helper's number is rebound": (
        "K = 2.0\ndef g(x): return x * K\ndef f(x): return g(x)",
        "global K; K = 5.0",
        "anew",
    ),
    "a number of an outer function is rebound": (
        "def make():\n    k = 2.0\n    def f(x): return x * k\n    def change():\n        nonlocal k\n        k = 5.0\n"
        "    return f, change\nf, rebind = make()",
        "rebind()",
        "anew",
    ),
    "an array is rebound": ("K = np.ones(2)", "global K; K = np.full(2, 5.0)", "anew"),
    "an array is written into": ("K = np.ones(2)", "K[0] = 5.0", "anew"),
    "an array of a helper is written into": (
        "K = np.ones(2)\ndef g(x): return x * K\ndef f(x): return g(x)",
        "K[0] = 5.0",
        "anew",
    ),
    "a read-only array is rebound": (
        "K = np.ones(2); K.flags.writeable = False",
        "global K; K = np.full(2, 5.0); K.flags.writeable = False",
        "anew",
    ),
    "a frozen dataclass is rebound": (
        "@dataclasses.dataclass(frozen=True)\nclass C:\n    rate: float\nK = C(2.0)\ndef f(x): return x * K.rate",
        "global K; K = C(5.0)",
        "anew",
    ),
    "an attribute of a class": ("class K:\n    rate = 2.0\ndef f(x): return x * K.rate", "K.rate = 5.0", "constant"),
    "an attribute of a module": (
        "K = types.ModuleType('settings'); K.rate = 2.0\ndef f(x): return x * K.rate",
        "K.rate = 5.0",
        "constant",
    ),
    "an attribute of an object": (
        "class C:\n    def __init__(self): self.rate = 2.0\nK = C()\ndef f(x): return x * K.rate",
        "K.rate = 5.0",
        "refused",
    ),
    "an attribute of a dataclass": (
        "@dataclasses.dataclass\nclass C:\n    rate: float\nK = C(2.0)\ndef f(x): return x * K.rate",
        "K.rate = 5.0",
        "refused",
    ),
    "a Value": ("K = tg.Value(2.0)\ndef f(x): return (x * K).data", "K.data = np.float64(5.0)", "refused"),
    "a list": ("K = [2.0]\ndef f(x): return x * K[0]", "K[0] = 5.0", "refused"),
    "a dict": ("K = {'rate': 2.0}\ndef f(x): return x * K['rate']", "K['rate'] = 5.0", "refused"),
    "a set": ("K = {2.0}\ndef f(x): return x * len(K)", "K.add(5.0)", "refused"),
    "a list of a helper": ("K = [2.0]\ndef g(x): return x * K[0]\ndef f(x): return g(x)", "K[0] = 5.0", "refused"),
    "a list in a tuple": ("K = ([2.0],)\ndef f(x): return x * K[0][0]", "K[0][0] = 5.0", "refused"),
    "a UserDict": ("K = collections.UserDict(rate=2.0)\ndef f(x): return x * K['rate']", "K['rate'] = 5.0", "refused"),
    "a ChainMap": (
        "K = collections.ChainMap({'rate': 2.0})\ndef f(x): return x * K['rate']",
        "K['rate'] = 5.0",
        "refused",
    ),
    "a ContextVar": (
        "K = contextvars.ContextVar('K', default=2.0)\ndef f(x): return x * K.get()",
        "K.set(5.0)",
        "refused",
    ),
    "a local of a thread": (
        "K = threading.local(); K.rate = 2.0\ndef f(x): return x * K.rate",
        "K.rate = 5.0",
        "refused",
    ),
    "a view of memory": ("K = memoryview(np.ones(1))\ndef f(x): return x * K[0]", "K[0] = 5.0", "refused"),
    "a weak reference": (
        "class C:\n    rate = 2.0\nkept = C(); K = weakref.ref(kept)\ndef f(x): return x * K().rate",
        "kept.rate = 5.0",
        "refused",
    ),
    "randomness": ("def f(x): return x * np.random.normal()", "pass", "refused"),
    "randomness of Python's": ("def f(x): return x * random.random()", "pass", "refused"),
    "a generator": ("K = np.random.default_rng(0)\ndef f(x): return x * K.normal()", "pass", "refused"),
    "a generator made inside": ("def f(x): return x * np.random.default_rng().normal()", "pass", "refused"),
    "the clock": ("def f(x): return x * time.perf_counter()", "pass", "refused"),
    "a counter": ("K = itertools.count(1)\ndef f(x): return x * next(K)", "pass", "refused"),
    "a global that counts": ("K = 0\ndef f(x):\n    global K\n    K += 1\n    return x * K", "pass", "refused"),
    "a log": ("K = []\ndef f(x):\n    K.append(1)\n    return x * 2", "pass", "refused"),
}
OBSERVE = """
def observe(f, change):
    x, compiled, results = np.array([1.0, -2.0]), tg.compile(f), []
    for call in range(2):
        for each in (compiled, f):
            try:
                results.append(each(x).tolist())
            except tg.TraceError:
                return "refused" if not call else "refused late"
        change()
    first, before, second, after = results
    if first != before or before == after:
        return f"wrong: {results}"
    return "anew" if second == after else "constant" if second == first else f"wrong: {results}"
"""
EVERY_MODULE = """
import json, sys
import numpy as np
import tinygrad_edu as tg
"""


def module(name):
    """The text of a case: `f` is compiled, `change` runs between the calls."""
    top, change, _ = CASES[name]
    text = top if "def f(" in top else f"{top}\ndef f(x): return x * K"
    text = text if "f, rebind" not in top else top
    return f"{HEAD}\n{text}\n\n\ndef change():\n{indent(change.replace('; ', chr(10)), '    ')}\n"


def run(python, folder, text):
    """Run a script in a process of its own; what it prints at its end."""
    script = folder / "script.py"
    script.write_text(dedent(text), encoding="utf-8")
    command = [python, "-E", str(script)]  # without PYTHONPATH, which may hold another tree of this package
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    """What comes of each case as a script."""
    folder = tmp_path_factory.mktemp("scripts")
    for k, name in enumerate(CASES):
        (folder / f"case_{k}.py").write_text(module(name), encoding="utf-8")
    text = f"""{EVERY_MODULE}
import runpy
sys.path.insert(0, {str(PACKAGE.parent)!r})
{OBSERVE}
found = []
for k in range({len(CASES)}):
    names = runpy.run_path(f"case_{{k}}.py", run_name="__main__")
    found.append(observe(names["f"], names["change"]))
print(json.dumps(found))
"""
    text = text.replace(
        "import tinygrad_edu as tg", f"sys.path.insert(0, {str(PACKAGE.parent)!r})\nimport tinygrad_edu as tg", 1
    )
    return dict(zip(CASES, run(sys.executable, folder, text), strict=True))


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """What comes of each case as a package installed into a fresh environment, beside this library."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    at = Path(sysconfig.get_path("purelib", vars={"base": str(folder / "env")}))
    copytree(PACKAGE, at / "tinygrad_edu", ignore=lambda *_: {"__pycache__"})
    (at / "numpy.pth").write_text(str(Path(np.__file__).parents[1]), encoding="utf-8")
    (at / "users_package").mkdir()
    (at / "users_package" / "__init__.py").write_text("", encoding="utf-8")
    for k, name in enumerate(CASES):
        (at / "users_package" / f"case_{k}.py").write_text(module(name), encoding="utf-8")
    text = f"""{EVERY_MODULE}
import importlib
assert "site-packages" in tg.__file__ and "env" in tg.__file__
{OBSERVE}
found = []
for k in range({len(CASES)}):
    case = importlib.import_module(f"users_package.case_{{k}}")
    assert "site-packages" in case.__file__
    found.append(observe(case.f, case.change))
print(json.dumps(found))
"""
    return dict(zip(CASES, run(python, folder, text), strict=True))


def in_a_notebook(name):
    """What comes of a case in cells, which run as IPython runs them."""
    names = {"__name__": "__main__", "__builtins__": __builtins__, "In": [""], "Out": {}, "_": ""}

    def cell(text):
        file = f"<ipython-input-{len(names['In'])}-0123456789ab>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        names["In"].append(text)
        exec(compile(text, file, "exec"), names)

    cell(module(name))
    cell(OBSERVE)
    cell("outcome = observe(f, change)")
    return names["outcome"]


@pytest.mark.parametrize("name", CASES)
def test_in_a_script(name, scripts):
    assert scripts[name] == CASES[name][2]


@pytest.mark.parametrize("name", CASES)
def test_in_a_notebook(name):
    assert in_a_notebook(name) == CASES[name][2]


@pytest.mark.parametrize("name", CASES)
def test_in_an_installed_package(name, installed):
    assert installed[name] == CASES[name][2]


REBOUND = "constant; traced again if the name is bound to another"
TOLD = {  # each row of the table in docs/compiling.md, what its second column says before a colon, and its cases
    "a number or text that a name is bound to": ("traced again", ["a number is rebound", "a string is rebound"]),
    "an array that a name is bound to": ("new numbers", ["an array is written into", "an array is rebound"]),
    "a read-only array, an enum": (
        REBOUND,
        [
            "a read-only array is rebound",
            "a frozen dataclass is rebound",
            "a tuple is rebound",
            "a function is rebound",
        ],
    ),
    "an attribute of an object": ("refused", ["an attribute of an object", "an attribute of a dataclass"]),
    "a Value, a list, a dict, a set": ("refused", ["a Value", "a list", "a dict", "a set", "a ContextVar"]),
    "an attribute of a module": ("constant", ["an attribute of a module", "an attribute of a class"]),
    "randomness, a clock, a counter": ("refused", ["randomness", "the clock", "a counter", "a generator"]),
    "`log.append(": ("refused", ["a log", "a global that counts"]),
    "an integer that a length": ("traced again", []),  # tests/compiler/test_captures.py
}
OUTCOMES = {
    "traced again": "anew",
    "new numbers": "anew",
    REBOUND: "anew",
    "constant": "constant",
    "refused": "refused",
}


def test_the_table_of_the_docs_tells_what_happens():
    page = (PACKAGE.parent / "docs" / "compiling.md").read_text("utf-8")
    table = page.partition("| between two calls | what happens |\n|---|---|\n")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table.splitlines()]
    assert len(rows) == len(TOLD)
    for (what, happens), (told, (words, cases)) in zip(rows, TOLD.items(), strict=True):
        assert what.startswith(told)
        assert happens.partition(":")[0] == words
        assert {CASES[case][2] for case in cases} <= {OUTCOMES[words]}
