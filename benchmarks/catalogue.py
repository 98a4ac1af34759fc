"""Where each workload whose steps are timed is to be found by its letter."""

from benchmarks import (
    elements,
    examples,
    images_peers,
    loops,
    minimising,
    moons,
    networks_peers,
    recurrence,
    rosenbrock,
    scalars,
    tokens_peers,
)

STEPS = {
    "A": scalars.WORKLOAD,
    "A2": moons.WORKLOAD,
    "B": networks_peers.WORKLOAD_B,
    "C": networks_peers.WORKLOAD_C,
    "D": elements.WORKLOAD,
    "E": images_peers.WORKLOAD,
    "F": tokens_peers.WORKLOAD,
    "K": rosenbrock.WORKLOAD,
    "L": minimising.WORKLOAD_L,
    "L2": minimising.WORKLOAD_L2,
    "M": loops.WORKLOAD_M,
    "M2": loops.WORKLOAD_M2,
    "M3": recurrence.WORKLOAD,
    "N": examples.WORKLOAD,
}
