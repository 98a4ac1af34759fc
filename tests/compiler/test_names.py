"""Nothing of the user's goes into the text of a program as it came: whatever names and keys are, they do no harm."""

import ast
import builtins
import keyword

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.compiler.codegen.names import Names, escape, identifier, printable

X = np.array([1.0, -2.0, 3.0])
BIG = np.linspace(-1.0, 1.0, 1 << 17)
WAYS = [{}, {"plain": True}, {"reuse_outputs": True}]
EVIL = [
    '"""',
    '"',
    "'",
    "\n",
    "\\",
    '\\"""',
    'a"""\nraise SystemExit\n"""',
    "{x}",
    "%s",
    "#",
    "\0",
    "\u2028",
    "é",
    "µ",
    "μ",
]


def squares(p):
    return sum(np.sum(np.sin(x) * (i + 2)) for i, x in enumerate(p.values()))


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("numbers", [0.5, X], ids=["number", "array"])
@pytest.mark.parametrize("key", EVIL, ids=ascii)
def test_keys_are_not_run(key, numbers, way):
    p = {key: numbers, key * 2: numbers * 2, 3: numbers * 3}
    slopes = tg.value_and_grad(squares)
    compiled = tg.compile(slopes, **way)
    for _ in range(2):
        value, gradient = compiled(p)
    expected, wanted = slopes(p)
    np.testing.assert_allclose(value, expected, rtol=1e-14)
    for given_, wanted_ in zip(gradient.values(), wanted.values(), strict=True):
        np.testing.assert_allclose(given_, wanted_, rtol=1e-14)
    report = compiled.report(p)
    assert "in all" in str(report)
    assert report._repr_html_().startswith("<pre>")
    (program,) = (x for x in ast.parse(compiled.source).body if isinstance(x, ast.FunctionDef) and x.name == "program")
    assert repr({key: 0})[1:-4] in ast.get_docstring(program, clean=False)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_two_forms_of_a_letter_are_two_names(way):
    def f(p):
        micro, angstrom = np.sin(p["\u00b5"]) * p["\u03bc"], np.cos(p["\u212b"]) * p["\u00c5"]
        return micro + angstrom

    compiled = tg.compile(f, **way)
    p = {"\u00b5": X, "\u03bc": X + 1, "\u212b": X + 2, "\u00c5": X + 3}
    np.testing.assert_array_equal(compiled(p), f(p))
    np.testing.assert_array_equal(compiled(p), f(p))


NAMES = [
    "np", "work", "make_work", "program", "memory", "start", "stop", "i", "n", "each", "in_threads", "pools", "os",
    "c1", "c2", "blocks1", "scratch1", "t1", "g1", "sech_squared", "match", "case", "type", "_", "math", "exp", "tanh",
    "logaddexp", "first", "rest", "inf", "x_part", "h_2", "d_x", "mark", "clock", *keyword.kwlist,
    *(name for name in dir(builtins) if name.islower() and not name.startswith("__")),
]  # fmt: skip


def using(names):
    """A function of a dict that computes with a local variable of each name."""
    lines = ["def f(p):", "    total = 0.5"]
    for name in names:
        local = (
            name if name.isidentifier() and not keyword.iskeyword(name) and name not in ("np", "p", "total") else "h"
        )
        lines.append(f"    {local} = np.tanh(p[{name!r}]) * 2.0")
        lines.append(f"    total = total + np.sum(np.logaddexp({local} * {local} + np.absolute({local}), 0.5) * 0.25)")
    scope = {"np": np, "__name__": "somewhere"}
    exec("\n".join([*lines, "    return total"]), scope)
    return scope["f"]


@pytest.mark.parametrize("x", [0.3, X, BIG], ids=["number", "array", "large array"])
def test_any_names_can_be_used(x):
    # Of large arrays only the first, which hold the names that programs use: every pass is verified, number by number.
    for k in range(0, len(NAMES) if np.size(x) < BIG.size else 40, 40):
        names = NAMES[k : k + 40]
        p = {name: x + i for i, name in enumerate(names)}
        f = using(names)
        compiled = tg.compile(f)
        expected = compiled(p)
        np.testing.assert_allclose(expected, f(p), rtol=1e-13)
        np.testing.assert_allclose(compiled(p), f(p), rtol=1e-13)
        assert "in all" in str(compiled.report(p, rounds=1))
        assert compiled.fallbacks == 0


@given(st.lists(st.text(min_size=0, max_size=8)))
def test_names_are_identifiers_that_python_tells_apart(wanted):
    names = Names()
    made = [names.fresh(x) for x in wanted]
    read = [ast.parse(f"{x} = 0").body[0].targets[0].id for x in made]
    assert read == made
    assert len({*made}) == len(made)
    assert all(identifier(x) == identifier(identifier(x)) for x in wanted)


@given(st.text())
def test_escaped_text_is_what_it_was(text):
    assert ast.literal_eval(f'"""{escape(text)}"""') == text
    assert printable(text).isprintable()
    assert "\n" not in printable(text)
