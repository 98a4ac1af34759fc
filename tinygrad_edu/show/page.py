"""A tape as a page to step through: one HTML file that needs no server and fetches nothing.

Where a tape is made of numbers and small arrays, and of functions that JavaScript has, the page computes it again when
a leaf is edited; else it shows the numbers of this run.
"""

import json
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_edu.core.value import Value
from tinygrad_edu.show.description import Description, running_totals
from tinygrad_edu.show.explanation import in_words, sentences
from tinygrad_edu.show.graph import graph_of
from tinygrad_edu.show.javascript import NotWrittenError, functions_of
from tinygrad_edu.show.nodes import Edge, Node
from tinygrad_edu.show.numbers import short, shown
from tinygrad_edu.show.picture import svg

MOST = 100  # boxes that are drawn one by one; a page scrolls
_ASSETS = Path(__file__).with_name("assets")
_LEAST = 14, 8  # characters that boxes and labels hold, so that other numbers find room, too


def page(tape: Description, diamond: Description, title: str) -> str:
    """The page of a tape, and beside it that of a diamond, on which naive recursion counts wrong."""
    tapes, written = [], []
    for each, name in ((tape, "yours"), (diamond, "a diamond")):
        told, functions = _told(each, name)
        tapes.append(told)
        written.append(functions)
    data = json.dumps(tapes, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    script = (_ASSETS / "page.js").read_text("utf-8")
    script = script.replace("FUNCTIONS_AND_TAPES", f"const FUNCTIONS = [{', '.join(written)}];\nconst TAPES = {data};")
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


def _told(tape: Description, title: str) -> tuple[dict[str, Any], str]:
    """What the page is told of a tape, and its functions in JavaScript: null where they cannot all be written."""
    ones, functions, reason = bool(np.all(tape.seed == 1)), "null", ""
    try:
        if not ones:
            raise NotWrittenError("the sweep began with another seed than 1")
        functions = functions_of(tape)
    except NotWrittenError as error:
        reason = str(error)
    slopes = (edge.local_number for node in tape for edge in node.edges)
    live = functions != "null" or (ones and all(type(node.data) is np.float64 for node in tape) and None not in slopes)
    totals = {id(edge): total for node in tape for edge, total in running_totals(node)}
    if tape.result.is_scalar and ones:
        seed = ": it changes with itself at the rate 1."
    else:
        seed = f"; the sweep begins with {'1 for each element' if ones else shown(tape.seed)}."
    entries = [_entry(node, live, totals) for node in tape]
    return {"title": title, "live": live, "seed": seed, "reason": reason, "entries": entries}, functions


def _entry(node: Node, live: bool, totals: dict[int, Any]) -> dict[str, Any]:
    return {
        "name": node.name,
        "text": short(node.text, 80),
        "fn": node.function,
        "shape": np.shape(node.data),
        "numbers": np.ravel(node.data).tolist() if live else None,
        "value": shown(node.data),
        "gradient": shown(node.gradient),
        "scope": list(node.scope),
        "line": node.line,
        "edges": [_edge(edge, live, totals) for edge in node.edges],
    }


def _edge(edge: Edge, live: bool, totals: dict[int, Any]) -> dict[str, Any]:
    """What the page is told of an edge: where it computes, only what it does not."""
    told: dict[str, Any] = {"input": edge.input.place, "argument": edge.argument, "formula": edge.formula}
    told["whole"] = not edge.is_elementwise
    if live and edge.local_number is not None:
        return told | {"local": edge.local_number, "numeric": edge.numeric}
    said = in_words(edge) if live else sentences(edge, totals[id(edge)])
    return told | {"said": "\n".join(line.strip() for line in said)}


def diamond() -> Value:
    """The smallest tape on which naive recursion counts wrong: u is used twice, and has something behind it."""
    a = Value(3.0, name="a")
    u = a * a
    u.name = "u"
    y = u * u + u
    y.name = "y"
    return y
