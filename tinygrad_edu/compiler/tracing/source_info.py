"""Where each node comes from: the line of the user's that made it, forward or backward, and what it is called there.

z  the entry whose rule runs, while the tape is swept
"""

import os
from types import FrameType
from typing import Any

from tinygrad_edu.compiler.ir import Node
from tinygrad_edu.core import dispatch, operators, primitives, refusals, tape, value
from tinygrad_edu.core.context import Tracer
from tinygrad_edu.core.source_info import OURS, frame_of_user
from tinygrad_edu.core.tape import Entry

_HERE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")
_PASS_ON = _HERE, *(str(module.__file__) for module in (value, operators, dispatch, refusals, primitives))


def asked_by_library(frame: FrameType | None) -> bool:
    """Whether it is the library that asks for the truth of an array, not the user by way of a Value."""
    while frame is not None and frame.f_code.co_filename.startswith(_PASS_ON):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.startswith(OURS)


def note(node: Node, frame: FrameType | None) -> None:
    """Note the line that leads to a node; in a backward sweep, the line of the entry that is swept."""
    while frame is not None and frame.f_code.co_filename.startswith(OURS):
        if frame.f_code is tape.sweep.__code__:
            node.backward = True
            made = _node(frame.f_locals["z"])
            node.origin = made.origin if made else None
            return
        frame = frame.f_back
    frame = frame_of_user(frame)
    if frame is not None:
        node.origin = frame.f_code.co_filename, frame.f_lineno
        for name, x in frame.f_locals.items():
            made = _node(x)
            if made is not None and made.name is None:
                made.name = name


def _node(x: Any) -> Node | None:
    """The node behind a Value or a tracer."""
    numbers = x._payload if isinstance(x, Entry) else x
    return getattr(numbers, "node", None) if isinstance(numbers, Tracer) else None
