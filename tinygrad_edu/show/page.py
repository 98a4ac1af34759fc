"""A tape as a page to step through: one HTML file that needs no server and fetches nothing.

Where a tape is made of single numbers, and of functions that JavaScript has, the page computes it again when a leaf is
edited; else it shows the numbers of this run.
"""

import json
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_edu.core.value import Value
from tinygrad_edu.show.description import Description, Edge, Node, running_totals
from tinygrad_edu.show.explanation import sentences
from tinygrad_edu.show.graph import graph_of
from tinygrad_edu.show.javascript import NotWrittenError, slope_of, value_of
from tinygrad_edu.show.numbers import short, shown
from tinygrad_edu.show.picture import svg

MOST = 100  # boxes that are drawn one by one; a page scrolls
_ASSETS = Path(__file__).with_name("assets")
_LEAST = 14, 8  # characters that boxes and labels hold, so that other numbers find room, too


def page(tape: Description, diamond: Description, title: str) -> str:
    """The page of a tape, and beside it that of a diamond, on which naive recursion counts wrong."""
    tapes = [_told(tape, "yours"), _told(diamond, "a diamond")]
    written = ",\n".join(_functions(each, told) for each, told in zip((tape, diamond), tapes, strict=True))
    data = json.dumps(tapes, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    script = (_ASSETS / "page.js").read_text("utf-8")
    script = script.replace("FUNCTIONS_AND_TAPES", f"const FUNCTIONS = [{written}];\nconst TAPES = {data};")
    parts = {
        "title": escape(title),
        "style": (_ASSETS / "page.css").read_text("utf-8"),
        "pictures": "".join(svg(graph_of(each, MOST), title, _LEAST) for each in (tape, diamond)),
        "script": script,
    }
    text = (_ASSETS / "page.html").read_text("utf-8")
    head, *rest = text.split("{")
    pieces = [head]
    for piece in rest:
        name, _, after = piece.partition("}")
        pieces += [parts[name], after]
    return "".join(pieces)


def _told(tape: Description, title: str) -> dict[str, Any]:
    """What the page is told of a tape."""
    numbers, ones = all(type(node.data) is np.float64 for node in tape), bool(np.all(tape.seed == 1))
    scalar = numbers and ones
    totals = {id(edge): total for node in tape for edge, total in running_totals(node)}
    reason = "" if numbers else "the page computes with single numbers of float64, and knows of others this run only"
    if tape.result.is_scalar and ones:
        seed = ": it changes with itself at the rate 1."
    else:
        seed = f"; the sweep begins with {'1 for each element' if ones else shown(tape.seed)}."
    return {
        "title": title,
        "scalar": scalar,
        "seed": seed,
        "reason": reason if ones else "the sweep began with another seed than 1",
        "entries": [_entry(node, scalar, totals) for node in tape],
    }


def _entry(node: Node, scalar: bool, totals: dict[int, Any]) -> dict[str, Any]:
    return {
        "name": node.name,
        "text": short(node.text, 80),
        "fn": node.function,
        "number": float(node.data) if scalar else None,
        "value": shown(node.data),
        "gradient": shown(node.gradient),
        "scope": list(node.scope),
        "line": node.line,
        "edges": [_edge(edge, scalar, totals) for edge in node.edges],
    }


def _edge(edge: Edge, scalar: bool, totals: dict[int, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"input": edge.input.place, "argument": edge.argument, "formula": edge.formula}
    told["whole"] = not edge.is_elementwise
    if scalar:
        twice = sum(e.input is edge.input for e in edge.node.edges) > 1
        return told | {"local": edge.local_number, "numeric": edge.numeric, "twice": twice}
    return told | {"said": "\n".join(line.strip() for line in sentences(edge, totals[id(edge)]))}


def _functions(tape: Description, told: dict[str, Any]) -> str:
    """The functions and slopes of a tape in JavaScript; null where they cannot all be written, with the reason told."""
    if not told["scalar"]:
        return "null"
    lines = []
    try:
        for node in tape:
            if node.edges:
                slopes = ", ".join(f"v => {slope_of(edge)}" for edge in node.edges)
                lines.append(f"{node.place}: {{f: v => {value_of(node)}, d: [{slopes}]}}")
    except NotWrittenError as error:
        told["reason"] = f"the page cannot compute {error}"
        return "null"
    return f"{{{', '.join(lines)}}}"


def diamond() -> Value:
    """The smallest tape on which naive recursion counts wrong: u is used twice, and has something behind it."""
    a = Value(3.0, name="a")
    u = a * a
    u.name = "u"
    y = u * u + u
    y.name = "y"
    return y
