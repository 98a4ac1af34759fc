"""What the passes did to a program, in words and numbers."""

from tinygrad_edu.compiler.costs import compiled_peak, in_bytes, operations
from tinygrad_edu.compiler.printed import Printed
from tinygrad_edu.compiler.scalar_printed import ScalarPrinted


def explained(name: str, printed: Printed | ScalarPrinted, fallbacks: int) -> str:
    """Tell how the program became shorter, and what it needs beside eager."""
    lines, before = [f"{name}: {len(printed.program.inputs)} inputs, {len(printed.program.outputs)} outputs"], 0
    for step, count in printed.history:
        if count != before:
            lines.append(f"  {step:<34} {count:>9,} entries")
        before = count
    once = printed.plan.nbytes + printed.scratch
    peak = compiled_peak(printed.program, printed.plan, printed.scratch)
    facts = {
        "operations on numbers, eager": f"{printed.before.operations:>9,}",
        "operations on numbers, here": f"{operations(printed.program):>9,}",
        "memory that is made once": f"{in_bytes(once):>9} in {len(printed.plan.blocks)} blocks",
        "memory at the peak, eager": f"{in_bytes(printed.before.peak):>9}",
        "memory at the peak, here": f"{in_bytes(peak):>9}",
        "runs that went to the function": f"{fallbacks:>9,}",
    }
    return "\n".join([*lines, *(f"  {what:<34} {number}" for what, number in facts.items())])
