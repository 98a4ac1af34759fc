"""The page to step through, in a real browser: every step, numbers against Python's, editing, keyboard, no request."""

import json
import math
import re
import shutil
import time

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.show.drawn import chain, micrograd, network, small, two_layers
from tinygrad_edu import Value
from tinygrad_edu.core.rules import table
from tinygrad_edu.functions import log_softmax, logsumexp, relu, sigmoid, softmax
from tinygrad_edu.losses import negative_log_likelihood
from tinygrad_edu.show.explanation import sentences as explained
from tinygrad_edu.show.javascript import BILINEAR, LINEAR, OF_ROWS, WRITTEN
from tinygrad_edu.show.numbers import number

EPS = np.finfo(np.float64).eps
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def unscoped(count):
    """A network of about this many entries."""
    return network({60: (3, 3, 2, 1), 200: (3, 5, 5, 3, 1)}[count])


def test_it_is_one_file_that_fetches_nothing_and_is_small():
    tape = tg.Tape(unscoped(200))
    assert 200 <= len(tape) <= 220
    start = time.process_time()
    html = tape.to_html()
    assert time.process_time() - start < 2
    assert len(html.encode()) < 200_000
    assert not re.search(r"\b(src|href)=|@import|url\(|fetch\(|import\(|XMLHttp", html)
    assert set(re.findall(r"https?://[^\"]*", html)) == {"http://www.w3.org/2000/svg"}


def test_names_are_data_not_code():
    z = Value(2.0, name="</script><!--<script><b>&") * 3
    html = tg.Tape(z).to_html("<i>title</i>")
    assert html.count("</script>") == 1
    assert "<i>title" not in html
    assert "<b>" not in html.partition("<main>")[2].partition("</main>")[0].partition('<section class="side"')[0]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: np.sum(Value(np.ones(65)) * 2), "arrays of 1 to 64 numbers an entry and 1,000 in all"),
        (lambda: np.sum(chain(40) * Value(np.ones(60))) + sum(Value(np.ones(60)) for _ in range(17)), "1,000 in all"),
        (lambda: tg.functions.erf(Value(0.5)) * 2, "the page cannot compute"),
        (lambda: np.sum(Value(np.ones((0, 3)))), "arrays of 1 to 64 numbers"),
        (lambda: np.array([np.inf, 1.0]) @ Value([2.0, 3.0]), "constants that are not finite"),
        (lambda: np.var(Value(np.ones(2)), ddof=1), "the page cannot compute np.var with keywords"),
        (lambda: np.where(np.array([True, False]), Value(np.ones(2)), 0.0), "whose condition is not on the tape"),
        (lambda: np.sinc(Value(0.5)) * 2, "the page cannot compute"),
        (lambda: Value(np.float32(0.5)) * 2, "the page computes with float64"),
    ],
)
def test_where_it_cannot_compute_it_says_why(make, reason):
    data = json.loads(re.search(r"(?m)^const TAPES = (.*);$", tg.Tape(make()).to_html())[1])
    assert reason in data[0]["reason"]
    assert data[1]["reason"] == ""


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install 'tinygrad_edu[browser]'")
    with playwright.sync_playwright() as running:
        try:
            started = running.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        except playwright.Error as error:
            pytest.skip(f"{CHROMIUM} does not start here: {error}")
        yield started
        started.close()


@pytest.fixture
def opened(browser, tmp_path):
    """A function that opens the page of a Value; what it says in the console or asks of a network is an error."""
    said, pages = [], []

    def open_(shown, width=1200, height=900, **options):
        file = tmp_path / f"{len(pages)}.html"
        file.write_text((shown if isinstance(shown, tg.Tape) else tg.Tape(shown)).to_html(), "utf-8")
        page = browser.new_page(viewport={"width": width, "height": height}, **options)
        page.set_default_timeout(20_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url) if request.url != file.as_uri() else None)
        page.goto(file.as_uri())
        pages.append(page)
        return page

    yield open_
    for page in pages:
        page.close()
    assert said == []


def write(page, name, text):
    """Write another value of a leaf into the table, and leave the field."""
    field = page.locator(f"[aria-label='value of {name}']")
    field.fill(text)
    field.press("Tab")


def sentences(tape):
    """What each step back must say first, in the order of the sweep."""
    for node in reversed(tape.nodes):
        for edge in node.edges:
            product = f"{number(node.gradient)} · {number(edge.local_number)} = {number(edge.share)}"
            yield f"{edge.input.name} gets {product}: the gradient of {node.name}"


@pytest.mark.parametrize("make", [small, micrograd, lambda: unscoped(60)])
def test_every_step_is_python_s(opened, make):
    value = make()
    tape, page = tg.Tape(value).description(), opened(value)
    wanted = list(sentences(tape))
    steps = len(tape) + 1 + len(wanted)
    told = page.evaluate("""() => {
        const told = [], count = chosen => document.querySelectorAll(chosen).length;
        while (true) {
            told.push([document.getElementById("where").textContent, document.getElementById("say").textContent,
                count("#code .lit"), count("#table tr.lit"), count(".stage svg:not([hidden]) .box.on")]);
            if (document.getElementById("next").disabled) return told;
            document.getElementById("next").click();
        }
    }""")
    assert [where for where, *_ in told] == [f"Step {k + 1} of {steps}" for k in range(steps)]
    assert all(lit == [1, 1, 1] for _, _, *lit in told)
    said = [said for _, said, *_ in told]
    for node, line in zip(tape, said, strict=False):
        made = f"{node.name} = {node.text} gives" if node.text else f"{node.name} is given:"
        assert line == f"{made} {number(node.data)}."
    assert said[len(tape)].endswith("it changes with itself at the rate 1.")
    for line, beginning in zip(said[len(tape) + 1 :], wanted, strict=True):
        assert line.startswith(beginning)
    assert page.is_disabled("#next")
    shown = page.eval_on_selector_all("#table .gradient", "cells => cells.map(cell => cell.textContent)")
    assert shown == [number(node.gradient) for node in tape]
    boxes = page.eval_on_selector_all(
        ".stage svg:not([hidden]) .box:not(.part) .g", "all => all.map(x => x.textContent)"
    )
    assert sorted(boxes) == sorted(f"∇ {number(node.gradient)}" for node in tape if len(tape) <= 100)
    for cell, node in zip(
        page.eval_on_selector_all("#table .numeric", "all => all.map(x => x.textContent)"), tape, strict=True
    ):
        scale = max(abs(float(node.gradient)), abs(float(tape.result.data)) * math.sqrt(EPS))
        assert abs(float(cell) - float(node.gradient)) <= 1e-4 * scale


def of_all_functions(x, y):
    """A sum of one call of each function that has JavaScript."""
    parts = [relu(x), relu(-x), sigmoid(x), sigmoid(-y), np.arccosh(1 + y), x**2, 2**x, 10 / y]
    for function in WRITTEN:
        if isinstance(function, np.ufunc) and table[function].rules and function is not np.arccosh:
            parts.append(function(*(x, y)[: function.nin]))
    return sum(parts[1:], parts[0])


def test_an_edited_leaf_is_computed_as_python_does(opened):
    page = opened(of_all_functions(Value(0.6, name="x"), Value(1.3, name="y")))
    assert len(page.evaluate("Object.keys(FUNCTIONS[0])")) > 60
    numbers = {"x": 0.6, "y": 1.3}
    for name, new in (("x", 0.25), ("y", 2.5), ("x", 0.9)):
        numbers[name] = new
        write(page, name, str(new))
        tape = tg.Tape(of_all_functions(*(Value(number, name=name) for name, number in numbers.items()))).description()
        values, gradients = page.evaluate("[values, finals]")
        for node, (v,), (g,) in zip(tape, values, gradients, strict=True):
            assert abs(v - node.data) <= 256 * EPS * max(1.0, abs(node.data)), node.text
            size = sum(abs(edge.share) for edge in node.uses)
            assert abs(g - node.gradient) <= 256 * EPS * max(1.0, size), node.text


def of_all_tables(x, w):
    """A sum over what each function of LINEAR and BILINEAR makes of matrices, with constants and without."""
    constant, each = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]), np.array([1.0, -2.0, 3.0])
    parts = [
        x @ w, constant @ w, x @ constant.T, np.dot(x[0], w[:, 1]), np.inner(x, x), np.outer(x[0], w),
        np.einsum("ij,jk->i", x, w), np.einsum("ij,ij->j", constant, x), np.sum(x, axis=1, keepdims=True) * x,
        np.mean(x, axis=0), np.cumsum(x, axis=1), np.trace(w), np.diff(x), x.reshape(-1)[::2], np.ravel(w)[[0, 0, 3]],
        np.transpose(x), np.swapaxes(x, 0, 1) * w, np.moveaxis(x, 0, 1), np.squeeze(x[:1]), np.expand_dims(x, 1),
        np.broadcast_to(x[0], (2, 3)), np.flip(x), np.roll(x, 1), np.repeat(x, 2), np.tile(x, 2),
        np.diagonal(w), np.concatenate([x, constant]), np.stack([x, x]), np.take(w, [0, 2, 2], axis=0),
        np.tanh(x * each + w[0, 0]), relu(x) + sigmoid(w[:2, :1]), (w - constant[:1, :2]) ** 2,
        x[..., 0] / (w[1] + 9.0), negative_log_likelihood(x, np.array([0, 2])), np.hstack([x, x])[0, [1, 1, 4]],
        x[:, None, :] * x[None], abs(x) ** w[0, 1],
        softmax(x), softmax(w, axis=0), log_softmax(x, axis=(0, 1)), logsumexp(w, axis=1), np.linalg.norm(x, axis=0),
        np.max(x, axis=1, keepdims=True) * w[0], np.min(w), np.max(np.stack([x[0], x[0]]), axis=0), np.prod(x, axis=0),
        np.prod(x[1] * np.array([0.0, 1.0, 2.0])), np.var(x, axis=1), np.std(w), np.std(x * 0.0 + w[0, 0], axis=0),
        np.linalg.norm(w * 0.0), np.linalg.norm(x[0], 3), np.linalg.norm(x[0] * np.array([2.0, 0.0, 0.0])),
    ]  # fmt: skip
    return sum(np.sum(np.sin(part)) for part in parts)


def test_an_edited_array_is_computed_as_python_does(opened):
    numbers = {"x": np.array([[0.5, -1.25, 2.0], [0.75, 3.0, -0.5]]), "w": np.arange(1.0, 7.0).reshape(3, 2) / 4}
    page = opened(of_all_tables(*(Value(x, name=name) for name, x in numbers.items())))
    assert page.inner_text("#editing").startswith("Edit the value of a leaf")
    for name, new in (("x", [[0.25, 1.5, -3.0], [-0.5, 0.125, 1e-3]]), ("w", [[0.1, 2.0], [-1.0, 3.0], [0.7, -0.2]])):
        numbers[name] = np.array(new)
        write(page, name, str(new))
        tape = tg.Tape(of_all_tables(*(Value(x, name=name) for name, x in numbers.items()))).description()
        assert {node.value.function for node in tape} >= LINEAR | BILINEAR | OF_ROWS.keys()
        values, gradients = page.evaluate("[values, finals]")
        for node, v, g in zip(tape, values, gradients, strict=True):
            scale = max(1.0, np.max(np.abs(node.data)))
            assert np.allclose(v, np.ravel(node.data), rtol=0, atol=256 * EPS * scale), node.text
            size = sum(np.max(np.abs(edge.share)) for edge in node.uses)
            assert np.allclose(g, np.ravel(node.gradient), rtol=0, atol=256 * EPS * max(1.0, size)), node.text


def test_what_is_no_number_is_refused(opened):
    page = opened(small())
    write(page, "a", "abc")
    assert page.get_attribute("[aria-label='value of a']", "aria-invalid") == "true"
    assert page.inner_text("#verdict") == "abc is no number; write one such as 0.5."
    write(page, "a", "1,5")
    assert page.evaluate("values[0]") == [1.5]
    assert page.inner_text("#verdict") == ""


def test_a_number_behind_an_index_is_no_number_of_the_page_s(opened):
    page = opened(tg.functions.erf(Value(0.5, name="x")[()]) * 2)
    assert "the page cannot compute erf" in page.inner_text("#editing")
    page.click("#last")
    assert "NaN" not in page.inner_text("main")


def test_an_array_takes_as_many_numbers_as_it_has(opened):
    page = opened(two_layers())
    write(page, "b1", "1, 2, 3")
    assert page.inner_text("#verdict") == "b1 takes 4 numbers, row after row; write them such as [0, 0, 0, 0]."
    write(page, "b1", "1 2 3 4.5")
    assert page.evaluate("values[tape.entries.findIndex(e => e.name === 'b1')]") == [1, 2, 3, 4.5]
    assert page.inner_text("#verdict") == ""


@pytest.mark.parametrize("make", [two_layers, lambda: relu(Value([1.0, -2.0, 3.0]) @ np.ones((3, 5))) * 2])
def test_of_an_array_the_same_element_is_followed_as_in_python(opened, make):
    tape = tg.Tape(make()).description()
    page = opened(tape.result.value)
    page.evaluate("document.getElementById('all').open = true")
    told = page.eval_on_selector_all("#sentences li", "all => all.map(x => x.textContent)")[len(tape) + 1 :]
    edges = [edge for node in reversed(tape.nodes) for edge in node.edges]
    for edge, said in zip(edges, told, strict=True):
        lines = [line.strip() for line in explained(edge, edge.share)]
        assert said.startswith(lines[0])
        assert edge.is_scalar or {*said.split("\n")} >= {line for line in lines if line.startswith("follow ")}


def test_a_diamond_of_arrays_counts_wrong_by_naive_recursion_and_asks_for_one_element(opened):
    a = Value([1.0, 3.0], name="a")
    u = a * a
    u.name = "u"
    page = opened(np.sum(u * u + u))
    assert "counts wrong here: a would get [12.0, 276.0]" in page.inner_text("#naive")
    assert "the slope formula says [6.0, 114.0]" in page.inner_text("#naive")
    page.select_option("#mode", "naive")
    page.click("#last")
    row = page.locator("#table tbody tr").first
    assert row.locator(".right").inner_text() == "[6.0, 114.0]"
    assert row.locator(".verdict").inner_text() == "✗ counted wrong"
    page.select_option("#mode", "order")
    page.check("#predict")
    page.click("#last")
    assert "How much does a[1] get?" in page.inner_text("#say")
    page.fill("#guess", "57")
    page.click("#ask button")
    assert page.inner_text("#verdict") == "Right: a[1] gets 57.0."


def test_the_keyboard_alone(opened):
    page = opened(small())
    press = page.keyboard.press
    press("ArrowRight")
    assert page.inner_text("#where") == "Step 2 of 12"
    press("End")
    assert page.inner_text("#where") == "Step 12 of 12"
    press("ArrowLeft")
    assert page.inner_text("#where") == "Step 11 of 12"
    press("Home")
    reached = []
    for _ in range(15):
        press("Tab")
        reached.append(
            page.evaluate(
                "document.activeElement.id || document.activeElement.className || document.activeElement.dataset.leaf"
            )
        )
    assert reached[:8] == ["next", "last", "slider", "which", "mode", "predict", "whole", "stage"]
    assert {"code", "scroll", "0", "1", "2"} <= {*reached}
    page.focus("#slider")
    press("End")
    assert page.inner_text("#where") == "Step 12 of 12"
    page.focus("#predict")
    press("Space")
    page.focus("#back")
    press("Enter")
    assert page.is_visible("#ask")
    page.focus("#guess")
    page.keyboard.type("0.84")
    press("Enter")
    assert page.inner_text("#verdict") == "Right: a gets 0.839949."
    assert page.evaluate("document.activeElement.id") == "next"


@pytest.mark.parametrize(
    ("guess", "verdict"),
    [
        ("0.839949", "Right: a gets 0.839949."),
        ("-0.84", "The sign is the other one: a gets 0.839949."),
        ("3", "Not quite: you said 3, and a gets 0.839949."),
        ("", "a gets 0.839949."),
    ],
)
def test_predict_then_reveal(opened, guess, verdict):
    page = opened(small())
    page.check("#predict")
    page.evaluate("go(steps.length - 2)")
    assert page.inner_text("#say") == "a gets its share of the gradient of #3, 0.419974. How much is it?"
    assert "0.839949" not in page.inner_text("main")
    assert page.locator("#table .gradient").first.inner_text() == "…"
    page.fill("#guess", guess)
    page.click("#ask button")
    assert page.inner_text("#verdict") == verdict
    assert "0.839949" in page.inner_text("#say")
    page.click("#next")
    assert page.is_visible("#ask")


def test_a_diamond_counts_wrong_and_then_right(opened):
    page = opened(small())
    assert "gives the same gradients here" in page.inner_text("#naive")
    page.select_option("#which", label="a diamond")
    assert "counts wrong here: a would get 276.0, and the slope formula says 114.0" in page.inner_text("#naive")
    page.select_option("#mode", "naive")
    page.click("#last")
    row = page.locator("#table tbody tr").first
    assert row.locator(".gradient").inner_text() == "276.0"
    assert row.locator(".right").inner_text() == "114.0"
    assert row.locator(".verdict").inner_text() == "✗ counted wrong"
    page.evaluate("go(7)")
    assert "But u was not finished: its gradient is 19.0." in page.inner_text("#say")
    page.select_option("#mode", "order")
    page.click("#last")
    assert page.locator("#table tbody tr").first.locator(".gradient").inner_text() == "114.0"


def test_recursion_that_does_not_end_is_cut(opened):
    x = Value(0.5, name="x")
    for _ in range(40):
        x = np.sin(x) + x
    page = opened(x)
    assert "it is not done after 3000 steps, and in order there are 120" in page.inner_text("#naive")


def test_pointing_links_picture_formula_code_and_table(opened):
    page = opened(small())
    page.click("#last")
    page.hover("#table tbody tr:nth-child(4) th")
    linked = page.eval_on_selector_all(".linked", "all => all.map(x => x.tagName)")
    assert {"TR", "g", "BUTTON", "SPAN"} == {*linked}
    page.hover(".stage svg:not([hidden]) .box[data-entries='0'] text >> nth=0")
    assert page.locator("#table tbody tr").first.evaluate("row => row.classList.contains('linked')")


def test_a_line_of_code_leads_to_its_step(opened):
    page = opened(small())
    page.click("#code button:has-text('d_v3 += d_v4 * (1 - v4 * v4)')")
    assert page.inner_text("#where") == "Step 10 of 12"


def test_arrays_are_stepped_through_and_one_element_is_followed(opened):
    value = two_layers()
    page = opened(value)
    page.click("#last")
    page.click("#back")
    assert "follow b1[2]: 0.0614476 · 1.0" in page.inner_text("#say")
    page.click("#last")
    shown = page.eval_on_selector_all(".stage svg:not([hidden]) .g", "all => all.map(x => x.textContent)")
    assert "∇ shape (3, 4)" in shown
    assert "∇ …" not in shown


@pytest.mark.parametrize("make", [small, micrograd, two_layers, lambda: unscoped(200), lambda: chain(200)])
def test_nothing_overflows_on_narrow_and_wide_screens(opened, make):
    page = opened(make())
    page.click("#last")
    for width in (360, 1400):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.click("#whole")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    inside = """svgs => svgs.flatMap(svg => [...svg.querySelectorAll('.box')].filter(box => {
        const edge = box.querySelector('rect').getBBox();
        return [...box.querySelectorAll('text')].some(text => text.getBBox().width > edge.width);
    }).map(box => box.textContent))"""
    assert page.eval_on_selector_all(".stage svg:not([hidden])", inside) == []


def test_another_seed_is_shown_with_the_numbers_of_its_run(opened):
    page = opened(tg.Tape(small(), 2.0))
    assert "cannot be edited here: the sweep began with another seed than 1" in page.inner_text("#editing")
    page.click("#last")
    assert page.locator("#table .gradient").first.inner_text() == "1.6799"


def test_it_opens_with_less_than_a_second_of_work(opened):
    page = opened(unscoped(200))
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # a processor's time, whatever else is running
    page.reload()
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    assert 0 < metrics["ScriptDuration"] < metrics["TaskDuration"] < 1


def test_dark_and_without_motion(opened):
    colours = set()
    for scheme in ("light", "dark"):
        page = opened(small(), color_scheme=scheme, reduced_motion="reduce")
        colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert page.evaluate("getComputedStyle(document.querySelector('.box')).transitionDuration") in ("0s", "")
    assert colours == {"rgb(255, 255, 255)", "rgb(13, 17, 23)"}


def test_what_is_printed_holds_all_steps(opened):
    page = opened(small())
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#sentences li").count() == 12
    assert page.is_visible("#sentences")
    assert not page.is_visible(".controls")
