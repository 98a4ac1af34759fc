"""Programs of single numbers serve twice: what was traced for floats of Python's can serve np.float64 as well.

A loop of ``p = step(p)`` starts with the ones and goes on with the others; it should not be traced a second time.
"""

import copy
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.compiler.inputs import Reader
from tinygrad_edu.compiler.scalar_printed import ScalarPrinted
from tinygrad_edu.compiler.tracing.trace import plainly
from tinygrad_edu.compiler.tracing.verify import agree


def twin(programs: Iterable[Any], function: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Give one of the programs a reader for these arguments, if it was made for the like in Python's floats.

    It must hold no operation between two floats of Python's, which between NumPy's would give NumPy's.
    """
    plain: Any = None
    for program in programs:
        if isinstance(program.printed, ScalarPrinted) and program.printed.serves_numpy:
            plain = plain or _plain((args, keywords))
            if plain is not None and program.read(*plain) is not None:
                return _with_reader(program, function, args, keywords)
    return None


def _plain(arguments: Any) -> Any:
    """Make Python's floats of NumPy's."""
    try:
        return tree.map(lambda x: float(x) if type(x) is np.float64 else x, arguments)
    except TypeError:  # there is something else than trees of numbers
        return None


def _with_reader(program: Any, function: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    reader = Reader(function, args, keywords, program.reader.known)
    if reader.places != program.reader.places or reader.asks_for_types:
        return None
    made = copy.copy(program)
    made.printed = copy.copy(program.printed)
    made.printed.converts, made.fallbacks = True, 0
    made.reader, made.read, made.entries, made.run = reader, reader.read, reader.entries, made.printed.run
    try:
        results = made.run(reader.read(args, keywords))
        agree(plainly(function, args, keywords), made.structure, [*results], reader.where)
    except (TypeError, ArithmeticError):
        return None
    return made
