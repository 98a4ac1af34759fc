"""First calls and growth are measured, and docs/performance.md is written from what was measured."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import first_calls, growth, page, pictures, report, setting, summary
from benchmarks.catalogue import STEPS
from benchmarks.harness import entrants
from benchmarks.report import Report
from benchmarks.workload import BY_HAND, COMPILED, OURS, REUSING

ALONE = setting.Options(rounds=1, peers=False)
BEST = {BY_HAND: 1e-3, OURS: 2e-3, COMPILED: 0.5e-3, f"{COMPILED}, 2 threads": 0.25e-3, "jax.jit": 0.75e-3}
NOTES = ["target ≤ 1 × hand-written: met, 0.50", "target ≤ 1: MISSED, 2.00", "x failed: no /usr/lib/x.so <y>|z >>> 1"]


class Clock:
    """A worker whose first call takes 1 s, then 0.1 s: what it compiled is kept."""

    asked = 0

    def __init__(self, letter, name, threads, variables):
        assert {"TORCHINDUCTOR_CACHE_DIR", "CACHEDB"} == set(variables)
        self.name, self.variables = name, variables

    def ask(self, command):
        if self.name == "jax.jit":
            raise RuntimeError("no compiler\nin /usr/bin")
        Clock.asked += 1
        return 1.0 if Clock.asked % 2 else 0.1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def test_first_calls_are_timed_with_nothing_kept_and_after(monkeypatch):
    monkeypatch.setattr(first_calls, "Worker", Clock)
    monkeypatch.setattr(first_calls, "entrants", lambda workload, options: [COMPILED, REUSING, "jax.jit"])
    monkeypatch.setitem(first_calls.TARGETS, "F", 0.2)
    done = first_calls.measure(ALONE)
    assert done.rows == [[name, *["1 s", "100 ms", "100 ms"] * 3] for name in (COMPILED, REUSING)]
    assert done.notes[2] == f"target ≤ 10 ms on B (compiled): MISSED, 100 ms; {first_calls.BECAUSE['B']}"
    assert done.notes[4] == "target ≤ 200 ms on F (compiled): met, 100 ms"
    assert "jax.jit on B failed: no compiler in /usr/bin" in done.notes


def test_first_calls_need_ours(monkeypatch):
    def broken(*_):
        raise RuntimeError("broken")

    monkeypatch.setattr(first_calls, "seconds", broken)
    with pytest.raises(RuntimeError, match="broken"):
        first_calls.measure(ALONE)


@pytest.mark.parametrize("letter", first_calls.TARGETS)
def test_what_compiles_competes(letter):
    present = entrants(STEPS[letter], replace(ALONE, slow=True))
    assert [name for name in first_calls.COMPILING if name in present] == [COMPILED, REUSING][: 1 + (letter != "A")]
    assert letter == "A" or set(first_calls.COMPILING) <= set(STEPS[letter].competitors)


@pytest.mark.parametrize("way", [growth.EAGER, growth.COMPILED])
@pytest.mark.parametrize("series", growth.SERIES)
def test_a_point_of_growth_is_measured_in_a_fresh_process(series, way):
    point = growth.Point(*json.loads(setting.python(["-m", "benchmarks.growth", series, way, "50"])))
    assert min(point) > 0


@pytest.mark.parametrize("series", growth.SERIES)
def test_what_grows_is_the_same_compiled(series):
    (value, slopes), (expected, right) = (growth.step(series, way, 50)() for way in (growth.COMPILED, growth.EAGER))
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    for given, wanted in zip(slopes, right, strict=True):
        np.testing.assert_allclose(given, wanted, rtol=1e-12)


@pytest.mark.parametrize("k", [0.5, 1, 2])
def test_the_exponent_is_that_of_the_last_decades(k):
    ns = [10**i for i in range(7)]
    assert growth.exponent(ns, [1e9 if n <= 1000 else n**k for n in ns]) == pytest.approx(k)


def points(k):
    """What grows like n to the power k."""
    made = {10**i: growth.Point(10.0 ** (i * k), 10.0 ** (i * k), 10**i, 10**i) for i in range(2, 6)}
    return {growth.EAGER: made | {10**6: growth.Point(1.0, 10.0 ** (6 * k), 1, 10**6)}, growth.COMPILED: made}


@pytest.mark.parametrize(("k", "note"), [(1, "met, 1.00 of "), (2, "MISSED, 2.00 of ")])
def test_growth_beyond_linear_is_noticed(k, note):
    done = growth.table(growth.SERIES["scalars"], points(k))
    assert done.notes[0].startswith(f"target every power ≤ 1.15: {note}")
    assert done.rows[-2] == ["1,000,000", growth.duration(10.0 ** (6 * k)), "1 MB", "", "", "", ""]


def test_a_point_of_growth_that_fails_is_named(monkeypatch, tmp_path):
    def python(arguments, timeout):
        if growth.COMPILED in arguments:
            raise RuntimeError("MemoryError")
        return json.dumps([1.0, float(arguments[-1]), 1, 1])

    monkeypatch.setattr(growth, "python", python)
    (done, *_) = made = growth.measure(ALONE, powers=[2, 3])
    assert done.columns == ["operations", "eager", "its peak"]
    assert done.notes == [
        "target every power ≤ 1.15: MISSED, 1.00 of eager",
        "compiled failed at 100: MemoryError",
        "compiled failed at 1,000: MemoryError",
    ]
    pictures.draw_growth(made, tmp_path / "growth.png")


@pytest.mark.parametrize(("count", "text"), [(12, "12 B"), (123_456, "123 kB"), (5e6, "5 MB"), (1.25e9, "1.25 GB")])
def test_sizes_are_written_with_their_unit(count, text):
    assert report.size(count) == text


@pytest.mark.parametrize(("ratio", "text"), [(0.654, "0.65"), (12.34, "12"), (1234.5, "1,234")])
def test_ratios_are_written_short(ratio, text):
    assert summary.written(ratio) == text


def test_at_a_glance_ours_has_as_many_threads_as_others():
    assert summary.ratios(BEST) == {"ours": 2, "ours, compiled": 0.5, "jax.jit": 0.75}
    assert summary.ratios(BEST, threads=2)["ours, compiled"] == 0.25


def measured():
    """Tables as the command would have measured them."""
    steps = {letter: [Report(f"{letter}  a title", ["", "min"], [["a", "1"]], NOTES, BEST)] for letter in STEPS}
    grown = [growth.table(series, points(1)) for series in growth.SERIES.values()]
    return steps | {"H": [Report("H  import", ["", "min"], [["b", "2"]])], "growth": grown}


def test_the_page_and_its_pictures_are_written(tmp_path):
    made = measured()
    page.write(made, {"B": made["B"]}, ["a processor", "numpy 2"], tmp_path)
    text = (tmp_path / "performance.md").read_text(encoding="utf-8")
    for part in (
        "- a processor",
        "### A: a title",
        "### H: import",
        "| a | 1 |",
        "## On two threads",
        f"{len(STEPS) + 3} of {2 * len(STEPS) + 3} targets",  # the three of growth are met
    ):
        assert part in text
    assert not re.search(r">>>|/usr|\{\w+\}", text)
    for name in re.findall(r"!\[.*\]\((.*)\)", text):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_tables_of_the_page_are_even():
    text = page.page(made := measured(), {}, [], {letter: made[letter][0].data for letter in STEPS})
    for lines in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines.splitlines()}) == 1


def test_every_workload_has_a_short_name_and_every_column_a_look():
    assert set(summary.SHORT) == set(STEPS)
    assert set(pictures.LOOKS) == set(summary.COLUMNS)


def test_writing_measures_everything_and_once_more_on_two_threads(monkeypatch):
    asked, written = [], []
    monkeypatch.setattr(command, "measured", lambda letters, options: asked.append((options.threads, *letters)))
    monkeypatch.setattr(page, "write", lambda *given: written.append(given))
    command.main(["--write"])
    assert asked == [(1, *STEPS, *command.WHOLE), (2, *command.ON_TWO)]
    assert len(written) == 1


def test_growth_prints_all_its_tables(monkeypatch, capsys):
    monkeypatch.setitem(command.WHOLE, "growth", lambda options: measured()["growth"])
    command.main(["growth"])
    assert capsys.readouterr().out.count("growth  ") == 3


def test_the_machine_is_told_without_paths_and_names_of_hosts():
    lines = " ".join(setting.machine(ALONE))
    assert str(setting.ROOT) not in lines
    assert setting.platform.node() not in lines.split()
