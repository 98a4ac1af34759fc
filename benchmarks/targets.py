"""What the times of a workload are held against.

best     the smallest time of a step, by competitor
first    that of a first call
variant  which way of running ours: eager, with pages kept, compiled, and so on
threads  how many BLAS, torch and jax may use; ours on two is compared with them only where they have two as well

What is compiled is held against plain NumPy by hand, whose memory is as malloc gives it, and so against frameworks.
"""

from benchmarks.report import duration, verdict
from benchmarks.workload import BY_HAND, COMPILED, OURS

FRAMEWORKS = "torch eager", "torch.compile", "jax.jit"


def fastest(best, names):
    """Who took the least time of those `names` that took part, or None."""
    return min((name for name in names if name in best), key=best.get, default=None)


def fastest_compiled(best, threads):
    """The fastest of ours compiled, on as many threads as others have."""
    compiled = (name for name in best if name.startswith(COMPILED))
    return fastest(best, [name for name in compiled if threads > 1 or not name.endswith("2 threads")])


def verdicts(workload, best, threads=1, first=None):
    """What is said of every target, and why one is missed, if that is known."""
    return [*_verdicts(workload, best, threads), *_of_loops(workload, best, first or {}, threads)]


def _of_loops(workload, best, first, threads):
    """The best of ours against torch by more than being faster, and the first call."""
    ours, because = fastest_compiled(best, threads), workload.because.get
    if workload.torchs and ours and "torch eager" in best:
        times = best["torch eager"] / best[ours]
        target = f"≥ {workload.torchs:g} × as fast as torch eager"
        yield verdict(target, times >= workload.torchs, f"{times:.1f} ×", because("torchs"))
    if workload.first and COMPILED in first:
        taken = first[COMPILED]
        target = f"≤ {duration(workload.first)} at the first call"
        yield verdict(target, taken <= workload.first, duration(taken), because("first"))


def _verdicts(workload, best, threads):
    """Every variant of ours held against the hand-written, and the best against the frameworks."""
    for name in best:
        if name.startswith(COMPILED):
            yield _against_hand(workload, "compiled", best, name, BY_HAND)
        elif name.startswith(OURS):
            yield _against_hand(workload, "target", best, name, name.replace(OURS, BY_HAND))
    ours, theirs = fastest_compiled(best, threads), fastest(best, FRAMEWORKS)
    if workload.frameworks and ours and theirs:
        yield _against_frameworks(workload, best, ours, theirs, threads)
    if workload.ahead_of_all and (theirs := fastest(best, [name for name in best if not _is_none_of_peers(name)])):
        for name in filter(None, (OURS, ours)):
            got = f"{best[name] / best[theirs]:.2f} × {theirs}"
            how = of_variant(name) or " (eager)"
            because = workload.because.get("ahead_of_all") if name == OURS else None
            yield verdict(f"faster than all peers{how}", best[name] < best[theirs], got, because)


def _is_none_of_peers(name):
    return name.startswith((OURS, BY_HAND))


def _against_hand(workload, which, best, name, reference):
    """`which` target of the workload, held against the time of a variant as a multiple of the reference."""
    target, ratio, variant = getattr(workload, which), best[name] / best[reference], of_variant(name)
    if target is None:
        return f"no target: {ratio:.3g} × {reference}{variant}"
    return verdict(f"≤ {target:g} × {reference}{variant}", ratio <= target, f"{ratio:.2f}", workload.because.get(which))


def of_variant(name):
    """How a compiled program ran, in brackets; other variants are named by what they are compared with."""
    return f" ({name.removeprefix(OURS + ', ')})" if name.startswith(COMPILED) else ""


def _against_frameworks(workload, best, ours, theirs, threads):
    ratio = best[ours] / best[theirs]
    got = f"{ratio:.2f} × {theirs}{of_variant(ours)}"
    if threads < workload.frameworks_on:
        return f"no target on {threads} thread: {got}"
    present, because = ", ".join(name for name in FRAMEWORKS if name in best), workload.because.get("frameworks")
    if workload.frameworks <= 1:
        return verdict(f"faster than {present}", ratio < 1, got, because)
    return verdict(f"level with the fastest of {present}", ratio <= workload.frameworks, got, because)
