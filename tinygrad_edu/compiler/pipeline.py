"""Which form a program is printed in: NumPy on arrays, Python on single numbers, or machine code."""

from tinygrad_edu.compiler.codegen.steps import NotScalarError, is_of_numbers
from tinygrad_edu.compiler.ir import Graph
from tinygrad_edu.compiler.printed import Printed
from tinygrad_edu.compiler.scalar_printed import ScalarPrinted

AnyPrinted = Printed | ScalarPrinted


def build(program: Graph, plain: bool, reuse_outputs: bool, threads: int) -> AnyPrinted:
    """Print a program: on Python's floats, if it has nothing but single numbers.

    Raises:
        TraceError: the backend does not take this program.
    """
    if not plain and is_of_numbers(program):
        try:
            return ScalarPrinted(program)
        except NotScalarError:
            pass
    return Printed(program, plain, reuse_outputs, threads)
