"""The backward sweep in sentences, entry by entry.

z, x  an entry, and an input that gets its share of the gradient
"""

from collections.abc import Iterator

import numpy as np

from tinygrad_edu.core.rules import Array
from tinygrad_edu.show.description import Description, running_totals
from tinygrad_edu.show.nodes import Edge, Node
from tinygrad_edu.show.numbers import SMALL, number, shown
from tinygrad_edu.show.symbols import constant

_TERMS = 4  # written out, of a sum
_ENDS = 20  # entries of each end of a long tape


def explain(tape: Description, entries: range | None = None) -> str:
    """The explanation, a paragraph for each of these entries, the last first; by default of all, or of both ends."""
    totals = {id(edge): total for node in tape for edge, total in running_totals(node)}
    told = [_paragraph(node, totals) for node in reversed(tape.chosen(entries, _ENDS))]
    if entries is None and len(tape) > 2 * _ENDS:
        told.insert(_ENDS, tape.left_out(_ENDS, "explain"))
    return "\n\n".join([_beginning(tape), *told])


def _paragraph(node: Node, totals: dict[int, Array]) -> str:
    """What an entry passes on; `totals` are what its inputs have by then, by the id of the edge."""
    lines = [_heading(node)]
    for edge in node.edges:
        lines += ["  " + line for line in sentences(edge, totals[id(edge)])]
    if not node.edges and len(node.uses) > 1:
        lines.append(f"  It was used {len(node.uses)} times: its gradient is the sum of as many shares.")
    return "\n".join(lines)


def _beginning(tape: Description) -> str:
    result = tape.result
    if result.is_scalar and np.all(tape.seed == 1):
        rate = "It changes with itself at the rate 1, so its gradient is 1; from there, back:"
        return f"{result.name} is the result. {rate}"
    seed = "1 for each of its elements, as if they were summed" if np.all(tape.seed == 1) else shown(tape.seed)
    return (
        f"{result.name} is the result, of shape {result.value.shape}. The sweep begins with {seed}; from there, back:"
    )


def _heading(node: Node) -> str:
    """An entry with what it computed and its whole gradient, which is known when the sweep reaches it."""
    made = f" = {node.text}" if node.text else ""
    if not 0 < np.size(node.data) <= SMALL:
        made = f"{made}, of shape {node.value.shape}"
        return f"{node.name}{made}{_where(node)}"
    return f"{node.name}{made} = {shown(node.data)}, gradient {shown(node.gradient)}{_where(node)}"


def _where(node: Node) -> str:
    """The scope and the line of an entry."""
    return (f"  [{' / '.join(node.scope)}]" if node.scope else "") + (f"  ({node.line})" if node.line else "")


def sentences(edge: Edge, total: Array) -> Iterator[str]:
    """What goes along an edge: how the share comes about, what was summed, and what the input has by now."""
    z, x = edge.node.name, edge.input.name
    if edge.local_number is not None:
        local = number(edge.local_number)
        formula = "" if edge.formula in ("", local, constant(edge.local)) else f"{edge.formula} = "
        product = f"{number(np.sum(edge.node.gradient))} · {local} = {number(np.sum(edge.share))}"
        yield f"{x} gets {product}: the gradient of {z} times ∂{z}/∂{x} = {formula}{local}"
        yield f"  {_slope_formula(edge, 'for that local slope')}"
    else:
        yield from in_words(edge)
        yield from _followed(edge)
    if len(edge.input.uses) > 1:
        yield f"  {_sum(edge, total)}"


def in_words(edge: Edge) -> Iterator[str]:
    """What goes along an edge between arrays, without numbers."""
    z, x = edge.node.name, edge.input.name
    if edge.is_elementwise:
        yield f"{x} gets, element by element, the gradient of {z} times ∂{z}/∂{x} = {edge.formula or '…'}"
    elif edge.formula:
        yield f"{x} gets {edge.formula}, where g is the gradient of {z}"
    else:
        yield f"{x} gets what the rule of {edge.node.function} makes of the gradient of {z}"
    if edge.stretched:
        axes = " and ".join(map(str, edge.stretched))
        shapes = (
            f"{x}, of shape {np.shape(edge.input.data)}, was stretched along axis {axes} of {edge.node.value.shape}"
        )
        yield f"  summed over axis {axes}: {shapes}, so each element was used several times, and shares add up"


def _followed(edge: Edge) -> Iterator[str]:
    """How the share of one element comes about."""
    z, x = edge.node.name, edge.input.name
    if not np.size(edge.share):
        return
    at, share = element(x, edge.at), number(np.asarray(edge.share)[edge.at])
    if edge.terms:
        terms = [f"{number(g)} · {number(local)}" for _, g, local in edge.terms[:_TERMS]]
        more = len(edge.terms) - _TERMS
        places = ", ".join(element(z, place) for place, _, _ in edge.terms[:_TERMS])
        terms += [f"… ({more} more)"] if more > 0 else []
        yield f"  follow {at}: {' + '.join(terms)} = {share}, from {places}{', …' if more > 0 else ''}"
    else:
        yield f"  follow {at}: {share}"
    yield f"  {_slope_formula(edge, 'for that element')}"


def element(name: str, place: tuple[int, ...]) -> str:
    """An element of an entry, as it is written."""
    return f"{name}[{', '.join(map(str, place))}]" if place else name


def _slope_formula(edge: Edge, what: str) -> str:
    if edge.numeric is None:
        return "the slope formula has no number here"
    return f"the slope formula gives {number(edge.numeric)} {what}"


def _sum(edge: Edge, total: Array) -> str:
    """What an input has by now that is used several times."""
    x = edge.input
    arrival = [use for use, _ in running_totals(x)]
    by_now = shown(total) if 0 < np.size(total) <= SMALL else f"{number(total[edge.at])} at {element(x.name, edge.at)}"
    if arrival.index(edge) == 0:
        return f"{x.name} is used {len(arrival)} times; this is its first share"
    return f"{x.name} was used before: its shares add up, and it has {by_now} by now"
