"""The benchmarks compute the same as their hand-written references, notice when they do not, and print."""

import json
import sys
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest

from benchmarks import chain, checkpoints, harness, imports, loop_memory, memory, moons, report, setting, targets
from benchmarks.__main__ import arguments, main
from benchmarks.catalogue import STEPS
from benchmarks.workload import BY_HAND, COMPILED, OURS, REUSING, Competitor, Pure, disagreement, results

ALONE = setting.Options(rounds=1, peers=False)


def run_of(competitor):
    return competitor.build(*([import_module(competitor.needs)] if competitor.needs else []))


def numpy_alone(workload):
    """Those that need no peer and are no other's code again."""
    again = {BY_HAND, *(name for name in workload.competitors if name.endswith("pages kept"))}
    return [name for name, c in workload.competitors.items() if c.needs in {None, OURS} and name not in again]


@pytest.mark.parametrize(("letter", "name"), [(letter, name) for letter, w in STEPS.items() for name in numpy_alone(w)])
def test_value_gradients_and_steps_agree_with_hand_written(letter, name, monkeypatch):
    monkeypatch.setattr(moons, "POINTS", 10)  # each is unrolled, and a hundred take half a minute to compile
    workload = STEPS[letter]
    wanted = results(run_of(workload.competitors[BY_HAND]))
    assert disagreement(results(run_of(workload.competitors[name])), wanted, workload) is None


@pytest.mark.parametrize("letter", STEPS)
def test_steps_learn_or_are_pure(letter):
    run = run_of(STEPS[letter].competitors[BY_HAND])
    run.reset()
    values = [run.step() for _ in range(5)]
    assert values[-1] < values[0] if len(run.parameters()) else values[-1] == values[0]


@pytest.mark.parametrize("wrong", [1.0001, np.nan])
@pytest.mark.parametrize(
    ("what", "place"), [("value and gradients", 0), ("value and gradients", 1), ("three steps", -1)]
)
def test_a_wrong_result_is_noticed(what, place, wrong):
    workload = STEPS["B"]
    given, wanted = (results(run_of(workload.competitors[BY_HAND])) for _ in range(2))
    given[what][place] = given[what][place] * wrong
    assert what in disagreement(given, wanted, workload)


def test_a_missing_result_is_noticed():
    workload = STEPS["A"]
    wanted = results(run_of(workload.competitors[BY_HAND]))
    given = results(Pure(lambda: (1.0, 2.0)))
    assert "2 results instead of 4" in disagreement(given, wanted, workload)


def test_nothing_is_timed_before_all_agree(monkeypatch):
    class Fake:
        def __init__(self, letter, name, threads):
            self.name = name

        def ask(self, command):
            assert command != "round"
            return {"first": 0.0, "results": {"value": [np.array(float(self.name == OURS))]}}[command]

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(harness, "Worker", Fake)
    with pytest.raises(ValueError, match="tinygrad_edu does not agree"):
        harness.race("A", STEPS["A"], ALONE)


@pytest.mark.parametrize("letter", ["B", "C", "K"])  # plain, with pages kept, without a target
def test_the_table_prints_after_one_round_without_peers(letter, capsys):
    main([letter, "--rounds", "1", "--no-peers"])
    out = capsys.readouterr().out
    assert f"{letter}  " in out
    assert all(name in out for name in (BY_HAND, OURS, "page faults", "target", "absent: ", "torch"))


def test_a_peer_that_fails_is_named_and_does_not_stop_the_others(monkeypatch):
    monkeypatch.setattr(harness, "wanted", lambda package, options: package in {None, OURS, "broken"})
    broken = Competitor(lambda module: None, "broken")
    workload = replace(STEPS["A"], competitors=STEPS["A"].competitors | {"broken": broken})
    done = harness.measure("A", workload, ALONE)
    assert [row[0] for row in done.rows] == [BY_HAND, OURS, COMPILED]
    assert any(note.startswith("broken failed") for note in done.notes)


def test_peers_that_are_not_installed_are_named(monkeypatch):
    monkeypatch.setattr(setting, "installed", lambda package: False)
    done = harness.measure("A", STEPS["A"], replace(ALONE, peers=True))
    assert done.notes[-1] == "absent: autograd, jax, micrograd, mygrad, torch"


def test_chain_gives_the_right_slope_in_a_short_recursion_limit():
    done = chain.measure(ALONE, entries=2000)
    assert [row[0] for row in done.rows] == [OURS]


def test_chain_refuses_a_wrong_slope(monkeypatch):
    monkeypatch.setattr(chain, "phases", lambda name, entries: ([(0, 0)] * 4, chain.chain(1.0, entries), 1.0))
    with pytest.raises(ValueError, match=r"mygrad: 1\.0 instead of"):
        chain.run("mygrad", 1000)


def test_imports_are_timed_in_fresh_processes():
    done = imports.measure(ALONE)
    assert [row[0] for row in done.rows] == ["numpy", OURS]


def test_memory_is_counted_in_arrays_and_ours_is_judged(monkeypatch):
    chosen = {name: memory.COMPETITORS[name] for name in (f"{BY_HAND}, out=", OURS)}
    monkeypatch.setattr(memory, "COMPETITORS", chosen)
    done = memory.measure(ALONE)
    planned, ours = (float(row[1]) for row in done.rows)
    assert round(planned) == 5  # the input, the slopes, and three buffers
    assert planned < ours < 20
    assert "≤ 7 arrays" in done.notes[0]
    assert done.notes[0].endswith(memory.BECAUSE[OURS])
    assert all(float(row[2]) >= float(row[1]) for row in done.rows)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lets the peak be counted anew")
def test_resident_memory_counts_the_arrays_of_a_step():
    count = "from benchmarks import elements, memory; print(memory.risen(elements.by_hand, [])[0] / memory.ARRAY)"
    by_resident_memory = float(setting.python(["-c", count]))
    assert abs(by_resident_memory - json.loads(setting.python(["-m", "benchmarks.memory", BY_HAND]))[0]) < 0.5


@pytest.mark.parametrize(("target", "note"), [(None, "no target: 2 × "), (1.5, "1.5 × hand-written: MISSED, 2.00")])
def test_a_workload_without_a_target_still_gives_its_ratio(target, note):
    (verdict,) = targets.verdicts(replace(STEPS["K"], target=target), {BY_HAND: 1.0, OURS: 2.0})
    assert note in verdict


BEST = {BY_HAND: 1.0, OURS: 1.5, COMPILED: 0.75, REUSING: 0.5, "torch eager": 0.5, "jax.jit": 0.625}


def test_compiled_variants_are_held_against_hand_written_and_frameworks():
    said = [*targets.verdicts(replace(STEPS["B"], compiled=0.65), BEST)]
    assert said == [
        "target ≤ 3 × hand-written: met, 1.50",
        "target ≤ 0.65 × hand-written (compiled): MISSED, 0.75",
        "target ≤ 0.65 × hand-written (compiled, reuse_outputs): met, 0.50",
        "target faster than torch eager, jax.jit: MISSED, 1.00 × torch eager (compiled, reuse_outputs)",
    ]


def test_level_is_as_fast_as_the_fastest_within_what_a_run_tells():
    (*_, verdict) = targets.verdicts(STEPS["C"], BEST)
    assert verdict.startswith("target level with the fastest of torch eager, jax.jit: met, 1.00 × torch eager")


def test_ours_on_two_threads_is_compared_with_frameworks_on_two():
    best = {BY_HAND: 1.0, COMPILED: 2.0, f"{COMPILED}, 2 threads": 0.5, "jax.jit": 1.0}
    assert [*targets.verdicts(STEPS["D"], best)][-1] == "no target on 1 thread: 2.00 × jax.jit (compiled)"
    verdict = [*targets.verdicts(STEPS["D"], best, threads=2)][-1]
    assert verdict == "target faster than jax.jit: met, 0.50 × jax.jit (compiled, 2 threads)"


@pytest.mark.parametrize("letter", ["B", "C"])
@pytest.mark.parametrize("name", [COMPILED, REUSING])
def test_compiled_steps_keep_the_dtype(letter, name):
    run = run_of(STEPS[letter].competitors[name])
    run.reset()
    for _ in range(3):
        run.step()
    means = [m for kind in ("m", "v") for m in run.state.get(kind, {}).values()]
    assert {p.dtype for p in (*run.parameters(), *means)} == {np.dtype(STEPS[letter].dtype)}


def test_slow_peers_take_part_when_asked_for(monkeypatch):
    monkeypatch.setattr(harness, "wanted", lambda package, options: True)
    slow = "tinygrad jit"
    assert slow not in harness.entrants(STEPS["B"], ALONE)
    assert slow in harness.entrants(STEPS["B"], replace(ALONE, slow=True))


def test_environment_pins_every_pool():
    pinned = setting.environment(threads=2)
    assert {pinned[f"{pool}_NUM_THREADS"] for pool in ("OMP", "OPENBLAS", "MKL")} == {"2"}
    assert "multi_thread_eigen=false" in setting.environment()["XLA_FLAGS"]


@pytest.mark.parametrize("rich", [False, True])
def test_reports_print_with_and_without_rich(rich, monkeypatch, capsys):
    monkeypatch.setattr(report, "find_spec", lambda _: rich)
    report.show(report.Report("X  a title", ["", "min"], [["ours [1]", "1 µs"]], ["target ≤ 2: met"]))
    out = capsys.readouterr().out
    assert all(text in out for text in ("X  a title", "ours [1]", "1 µs", "target ≤ 2: met"))


@pytest.mark.parametrize("given", [["Z"], ["A", "--rounds", "0"], ["A", "--threads", "0"], ["A", "--write"]])
def test_the_command_refuses_what_it_does_not_know(given):
    with pytest.raises(SystemExit):
        arguments(given)


@pytest.mark.parametrize(("seconds", "text"), [(2.5, "2.5 s"), (0.0123, "12.3 ms"), (4.5e-6, "4.5 µs"), (3e-9, "3 ns")])
def test_durations_are_written_with_their_unit(seconds, text):
    assert report.duration(seconds) == text


def test_small_problems_are_to_be_ahead_of_all_peers_eagerly_and_compiled():
    best = {BY_HAND: 1.0, OURS: 6.0, COMPILED: 1.5, "jax.jit": 2.0, "autograd": 9.0}
    assert [*targets.verdicts(replace(STEPS["L"], because={}), best)][-2:] == [
        "target faster than all peers (eager): MISSED, 3.00 × jax.jit",
        "target faster than all peers (compiled): met, 0.75 × jax.jit",
    ]
    alone = [*targets.verdicts(STEPS["L"], {BY_HAND: 1.0, OURS: 6.0, COMPILED: 1.5})]
    assert not any("peers" in verdict for verdict in alone)


def test_loops_are_held_against_torch_and_by_their_first_call():
    best = {BY_HAND: 1.0, COMPILED: 1.5, "torch eager": 6.0}
    told = replace(STEPS["M"], because={"torchs": "it rains", "first": "it snows"})
    assert targets.verdicts(told, best, first={COMPILED: 0.25})[-2:] == [
        "target ≥ 5 × as fast as torch eager: MISSED, 4.0 ×; it rains",
        "target ≤ 500 ms at the first call: met, 250 ms",
    ]


@pytest.mark.parametrize("letter", STEPS)
def test_reasons_are_of_targets_and_told_where_these_are_missed(letter):
    workload = STEPS[letter]
    assert all(getattr(workload, name) for name in workload.because)
    every = ("target", "compiled", "frameworks", "ahead_of_all", "torchs", "first")
    told = replace(workload, because={name: f"reason {name}" for name in every})
    for ours, missed in ((1e3, True), (1e-3, False)):
        best = {BY_HAND: 1.0, OURS: ours, COMPILED: ours, "torch eager": 1.0}
        for verdict in targets.verdicts(told, best, threads=2, first={COMPILED: ours}):
            assert ("reason" in verdict) is (verdict.startswith("target ") and missed and "peers (comp" not in verdict)


def test_loops_with_checkpoints_hold_a_few_times_the_root_of_their_steps(monkeypatch):
    monkeypatch.setattr(checkpoints, "N", 64)
    names = checkpoints.PLAIN, checkpoints.SCAN, checkpoints.CHECKPOINTS, checkpoints.COMPILED
    (plain, _, wanted), (scan, _, again), (few, _, same), (compiled, _, here) = map(checkpoints.peak, names)
    assert max(few, compiled) < 4 * 64**0.5 < 64 < scan < plain
    np.testing.assert_allclose([again, same, here], [wanted] * 3, rtol=64 * 100 * np.finfo(float).eps)


@pytest.mark.parametrize("alike", [True, False])
def test_memory_of_long_loops_is_told_beside_torchs(alike, monkeypatch):
    def python(arguments):
        by_torch = arguments[-1] == loop_memory.TORCH
        return json.dumps([8_000_000 if by_torch else 2_000_000, 0.5, [1.0, 2.0 if alike or not by_torch else 2.5]])

    monkeypatch.setattr(loop_memory, "python", python)
    monkeypatch.setattr(loop_memory, "wanted", lambda package, options: True)
    if not alike:
        with pytest.raises(ValueError, match="torch eager does not agree with hand-written"):
            loop_memory.measure(ALONE)
        return
    of_markov, of_lstm = loop_memory.measure(ALONE)
    assert of_markov.rows[0] == [BY_HAND, "2 MB", "200 B", "0.25", "500 ms", "tracemalloc"]
    assert of_lstm.rows[-1] == ["torch eager", "8 MB", "8 kB", "1.00", "500 ms", "resident memory"]


def test_long_loops_with_checkpoints_hold_less():
    names = BY_HAND, f"{checkpoints.SCAN}, compiled", f"{checkpoints.CHECKPOINTS}, compiled"
    (by_hand, _, wanted), (kept, _, same), (few, _, again) = (loop_memory.peak("M2", name) for name in names)
    assert few < kept / 4 < by_hand
    tolerance = STEPS["M2"].tolerance * np.linalg.norm(wanted)
    np.testing.assert_allclose([same, again], [wanted] * 2, rtol=0, atol=tolerance)
