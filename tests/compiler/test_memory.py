"""Deliberate faults in the memory plan are caught: by `verify_plan`, and by the check that programs are held to."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.compiler.agreement import Trial, redrawn
from tests.compiler.test_differential import gradients
from tinygrad_edu.compiler import ir, memory, pipeline
from tinygrad_edu.compiler.ir import GraphError, Node
from tinygrad_edu.compiler.memory import verify_plan
from tinygrad_edu.compiler.passes.numpy_calls import choose_numpy_calls
from tinygrad_edu.compiler.passes.simplify import run_passes
from tinygrad_edu.compiler.tracing.trace import Traced
from tinygrad_edu.testing.programs import Program

LAST_READS, DONOR, PLANNED = memory.last_uses, memory._donor, memory.plan_memory
A, B = np.linspace(-1.5, 1.5, 9).reshape(3, 3), np.cos(np.arange(9.0)).reshape(3, 3)
PROGRAMS = [
    ["c = a + b", "d = np.sin(c)", "e = c * d", "f = np.cos(e) @ d", "g = f + e", "return g * d"],
    ["c = a * b", "d = c[::-1]", "e = np.tanh(a)", "f = np.exp(-e * e)", "g = f @ e", "return g + d"],
    ["c = np.tanh(a)", "d = np.transpose(c)", "e = c * 2", "f = np.sin(e)", "g = np.cos(b)", "return (f @ g + e) * d"],
    ["c = a - b", "d = np.sin(c)", "e = np.copy(d)", "f = d @ c", "g = np.cos(f)", "return [d + 1, e * 2, g, f + d]"],
    ["c = np.sin(a)", "d = np.cos(b)", "e = d @ d", "f = np.tanh(e) @ d", "return [c, f, e * 2]"],
    ["c = np.sin(a)", "d = c[1:]", "e = np.cos(c)", "f = e @ e", "return f + d[0]"],
]


def program(lines):
    return Program("\n    ".join(["def program(a, b):", *lines]), (A, B))


def ends_one_too_early(given):
    last = LAST_READS(given)
    return {x: i - (i < len(given.nodes)) for x, i in last.items()}


def views_do_not_count(given):
    last: dict[Node, int] = {}
    for i, node in enumerate(given.nodes):
        last[node] = i
        last.update(dict.fromkeys(node.operands, i))
    return {x: last.get(x, i) for x, i in LAST_READS(given).items()} | {
        x: len(given.nodes) for x in given.results if x.memory is x
    }


def without_outputs(given):
    return type(given)(given.name, given.inputs, given.nodes, [])


def outputs_end(given):
    return LAST_READS(without_outputs(given))


def donor_that_is_read_again(node, i, last, plan):
    return DONOR(node, i, dict.fromkeys(last, i), plan)


def donor_of_which_a_view_is_alive(given):
    """A fault for one program: it does not count who reads a view."""
    reads = {x: i for i, node in enumerate(given.nodes) for x in node.operands}

    def donor(node, i, last, plan):
        return DONOR(node, i, {x: i if reads.get(x) == i else end for x, end in last.items()}, plan)

    return donor


def every_block_is_the_first(given, own_outputs=False):
    plan = PLANNED(given, own_outputs)
    plan.of = dict.fromkeys(plan.of, 0)
    plan.blocks = [max(plan.blocks, default=0)]
    return plan


def planned_with_donors(given, own_outputs=False):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(memory, "_donor", donor_of_which_a_view_is_alive(given))
        return PLANNED(given, own_outputs)


def kept_as_if_they_were_not(given, own_outputs=False):
    return PLANNED(given, True)


MUTANTS = {
    "a life ends one too early": lambda patch: patch(memory, "last_uses", ends_one_too_early),
    "a view does not keep its memory": lambda patch: patch(memory, "last_uses", views_do_not_count),
    "an output's memory is given away": lambda patch: patch(memory, "last_uses", outputs_end),
    "a donor is read again": lambda patch: patch(memory, "_donor", donor_that_is_read_again),
    "a view of a donor is read again": lambda patch: patch(pipeline, "plan_memory", planned_with_donors),
    "all share one block": lambda patch: patch(pipeline, "plan_memory", every_block_is_the_first),
    "results stay the program's own": lambda patch: patch(pipeline, "plan_memory", kept_as_if_they_were_not),
    "nothing": lambda patch: None,
}


def forward(_):
    return lambda run: run


KINDS = [(lines, way, f) for lines in PROGRAMS for way in ("default", "reuse_outputs") for f in (forward, gradients)]
KINDS = [kind for kind in KINDS if kind[2] is forward or not kind[0][-1].startswith("return [")]


@pytest.fixture
def unverified(monkeypatch):
    monkeypatch.setattr(ir, "VERIFY", False)


def is_caught_running(lines, way, function_of):
    """Whether the check objects to a program, or it never runs through."""
    trial = Trial(function_of(2), program(lines), way)
    try:
        for seed in (0, 3, 6, 3, 12, 9):
            trial.call(*redrawn(trial.program, seed))
    except AssertionError:
        return True
    return trial.compiled.fallbacks > 0


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_wrong_plan_gives_wrong_numbers(monkeypatch, unverified, mutant):
    MUTANTS[mutant](monkeypatch.setattr)
    assert any(is_caught_running(*kind) for kind in KINDS) == (mutant != "nothing")


def is_caught_reading(lines, way, function_of):
    """Whether `verify_plan` objects to the plan of a program."""
    traced = Traced(function_of(2)(program(lines).run), (A, B), {}).graph
    graph, own = choose_numpy_calls(run_passes(traced)[0]), way == "reuse_outputs"
    try:
        verify_plan(graph, pipeline.plan_memory(graph, own), own)
    except GraphError:
        return True
    return False


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_wrong_plan_is_seen(monkeypatch, unverified, mutant):
    MUTANTS[mutant](monkeypatch.setattr)
    assert any(is_caught_reading(*kind) for kind in KINDS) == (mutant != "nothing")


def test_plans_are_verified_where_graphs_are(monkeypatch):
    monkeypatch.setattr(memory, "last_uses", ends_one_too_early)
    with pytest.raises(GraphError, match="overwrites what is needed"):
        tg.compile(program(PROGRAMS[0]).run)(A, B)


def test_a_view_of_what_is_not_planned_is_not_made_once():
    graph = Traced(lambda x: np.sin(x[1:]), (A,), {}).graph
    plan = memory.plan_memory(graph)
    assert not plan.views
    plan.views.append(graph.nodes[0])
    with pytest.raises(GraphError, match="made once"):
        verify_plan(graph, plan)
