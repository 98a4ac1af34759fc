"""What the times of a workload are held against.

best       the smallest time of a step, by competitor
variant    which way of running ours: eager, with pages kept, compiled, and so on
compiled   all that ours compiled is held against is plain: NumPy by hand, and frameworks, each on malloc as it comes
"""

from benchmarks.report import verdict
from benchmarks.workload import BY_HAND, COMPILED, OURS

FRAMEWORKS = "torch eager", "torch.compile", "jax.jit"


def fastest(best, names):
    """Give who took the least time of those `names` that took part, or None."""
    return min((name for name in names if name in best), key=best.get, default=None)


def compiled_variants(best):
    """List the ways in which ours ran compiled."""
    return [name for name in best if name.startswith(COMPILED)]


def verdicts(workload, best, threads=1):
    """Hold every variant of ours against the hand-written, and the best against the frameworks."""
    for name in best:
        if name.startswith(COMPILED):
            yield _against_hand(workload.compiled, best, name, BY_HAND)
        elif name.startswith(OURS):
            yield _against_hand(workload.target, best, name, name.replace(OURS, BY_HAND))
    ours, theirs = fastest(best, compiled_variants(best)), fastest(best, FRAMEWORKS)
    if workload.frameworks and ours and theirs:
        yield _against_frameworks(workload.frameworks, best, ours, theirs, threads)


def _against_hand(target, best, name, reference):
    ratio, variant = best[name] / best[reference], of_variant(name)
    if target is None:
        return f"no target: {ratio:.0f} × {reference}{variant}"
    return verdict(f"≤ {target:g} × {reference}{variant}", ratio <= target, f"{ratio:.2f}")


def of_variant(name):
    """Say in brackets how a compiled program ran; other variants are told apart by what they are held against."""
    return f" ({name.removeprefix(OURS + ', ')})" if name.startswith(COMPILED) else ""


def _against_frameworks(bound, best, ours, theirs, threads):
    present = [name for name in FRAMEWORKS if name in best]
    what = "faster than" if bound <= 1 else "level with the fastest of"
    ratio = best[ours] / best[theirs]
    met = ratio < 1 if bound <= 1 else ratio <= bound
    uneven = f", which had {threads}" if ours.endswith("2 threads") and threads != 2 else ""
    return verdict(f"{what} {', '.join(present)}", met, f"{ratio:.2f} × {theirs}{of_variant(ours)}{uneven}")
