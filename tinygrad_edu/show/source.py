"""A tape, replayed on tracers: forward as it was recorded, then swept backward, and written down as a program.

z        an entry of the tape
leaves   entries that nothing led to: they go in, and their slopes come out
"""

from typing import Any

import numpy as np

from tinygrad_edu.compiler.codegen.numpy import print_graph
from tinygrad_edu.compiler.ir import Graph
from tinygrad_edu.compiler.passes.simplify import run_passes
from tinygrad_edu.compiler.tracing.recorder import Recorder, written_down
from tinygrad_edu.core.context import Recording
from tinygrad_edu.core.masking import gradients
from tinygrad_edu.core.replay import replay
from tinygrad_edu.core.tape import record


def source_of(tape: list[Any]) -> str:
    """The text of a function of a tape's leaves that gives the value of its last entry and the slope by each leaf.

    Where the value is an array, the function takes the cotangent to start from as well, `seed`.
    """
    recorder, leaves = Recorder(), [z for z in tape if z.function is None]
    with Recording(True), np.errstate(all="ignore"):
        traced = {z: record(type(z), recorder.given(z._payload, z.name or f"x{i + 1}")) for i, z in enumerate(leaves)}
        again = replay(tape, 0, traced.__getitem__)
        for z in again.keys() - traced.keys():
            again[z]._payload.node.name = z.name
        result = again[tape[-1]]
        given = [again[z]._payload.node for z in leaves]
        seed = np.ones_like(result._payload)[()]
        if result.shape:
            seed = recorder.given(np.ones(result.shape, result.dtype), "seed")
            given.append(seed.node)
        slopes, _ = gradients([again[z] for z in tape], {result: seed})
    outputs = [written_down(result._payload), *(written_down(slopes[again[z]]) for z in leaves)]
    result._payload.node.name = tape[-1].name or "value"
    places = ["", *(z.name or f"x{i + 1}" for i, z in enumerate(leaves))]
    program = Graph("program", given, recorder.nodes, outputs).named(places)
    return print_graph(run_passes(program)[0]).text
