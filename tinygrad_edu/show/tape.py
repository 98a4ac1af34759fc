"""The tape as users hold it: a list of entries that can be printed, explained and drawn."""

from collections.abc import Iterator
from typing import Any

from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import order, payload
from tinygrad_edu.core.value import Value
from tinygrad_edu.show.description import Description, describe
from tinygrad_edu.show.explanation import explain
from tinygrad_edu.show.graph import MOST, graph_of
from tinygrad_edu.show.page import diamond, page
from tinygrad_edu.show.picture import svg
from tinygrad_edu.show.source import source_of
from tinygrad_edu.show.table import table_of
from tinygrad_edu.show.texts import dot, mermaid

_WIDTH = 100


class Tape:
    """The entries that led to `value`, from the oldest to `value` itself; iterate, index or print it.

    >>> a, b = Value(2.0, name="a"), Value(3.0, name="b")
    >>> print(Tape(a * b + 1))
    entry  function     inputs  value  local slope  gradient
        0  a                    2.0                 3.0
        1  b                    3.0                 2.0
        2  np.multiply  #0, #1  6.0    3.0, 2.0     1.0
        3  np.add       #2, 1   7.0    1.0, –       1.0

    Gradients are those of a sweep from `value` alone; no entry's `.grad` is looked at or changed.

    Args:
        value: the result.
        seed: the cotangent to begin with, of its shape; 1 for each element by default.

    Raises:
        TypeError: `value` is not a Value, and has no tape.
        RuntimeError: a leaf was given new data after an entry had used the old.
    """

    def __init__(self, value: Value, seed: Any = None) -> None:
        if not isinstance(value, Value):
            raise TypeError(f"Tape(value): got a {type(value).__name__}, which has no tape; pass the result, a Value")
        self.entries: list[Value] = order([value])
        for z in self.entries:
            payload(z)  # computed again, where it was let go
            for x in z.inputs:
                if isinstance(x, Value) and x.serial > z.serial:
                    remedy = "make the tape before that, or compute the result again"
                    raise RuntimeError(f"Tape(value): {x!r} was given new data after it was used; {remedy}")
        self.seed = seed

    def description(self) -> Description:
        """What the tape holds and what its backward sweep does, in numbers: what everything shown is made from.

        Raises:
            ValueError: the seed has another shape than the result.
        """
        return describe(self.entries, self.seed)

    def source(self) -> str:
        """The tape as a program: a function of its leaves that returns the value and its slope by each of them.

        >>> a, b = Value(2.0, name="a"), Value(3.0, name="b")
        >>> print(Tape(a * b + b ** 2).source().partition("# forward")[2])  # doctest: +ELLIPSIS
        <BLANKLINE>
            value = a * b + np.square(b) ...
            # backward
            d_b = 2.0 * b + a ...
            return value, b, d_b
        <BLANKLINE>
        """
        return source_of(self.entries)

    def explain(self, entries: range | None = None) -> str:
        """The backward sweep in sentences: what each entry passes on to its inputs, and how that comes about.

        >>> a = Value(3.0, name="a")
        >>> print(Tape(a * a).explain())
        #1 is the result. It changes with itself at the rate 1, so its gradient is 1; from there, back:
        <BLANKLINE>
        #1 = a * a = 9.0, gradient 1.0
          a gets 1.0 · 3.0 = 3.0: the gradient of #1 times ∂#1/∂a = a = 3.0
            the slope formula gives 3.0 for that local slope
            a is used 2 times; this is its first share
          a gets 1.0 · 3.0 = 3.0: the gradient of #1 times ∂#1/∂a = a = 3.0
            the slope formula gives 3.0 for that local slope
            a was used before: its shares add up, and it has 6.0 by now
        <BLANKLINE>
        a = 3.0, gradient 6.0
          It was used 2 times: its gradient is the sum of as many shares.

        Args:
            entries: the places of the entries to explain, such as ``range(10, 20)``; by default all, or if they are
                over 40, those at both ends.

        Raises:
            TypeError: `entries` is no range.
            ValueError: it reaches beyond the tape.
        """
        return explain(self.description(), entries)

    def table(self, width: int = _WIDTH, entries: range | None = None) -> str:
        """The table in lines of at most `width` characters, of all entries or of those that `explain` would take.

        Raises: what `explain` raises.
        """
        return table_of(self.description(), width, entries)

    def to_svg(self, most: int = MOST) -> str:
        """A picture: each entry a box with its value and its gradient, each edge with the local slope along it.

        A tape of more than `most` entries is drawn by its parts: the scopes that were named, else the entries that are
        as far from the leaves and have the same function, else whole ranges.

        >>> picture = Tape(Value(2.0, name="a") * 3).to_svg()
        >>> picture.startswith("<svg"), picture.count('class="box')
        (True, 2)
        """
        return svg(graph_of(self.description(), most), repr(self))

    def to_dot(self, most: int = MOST) -> str:
        r"""The same in Graphviz's language.

        >>> print(Tape(Value(2.0, name="a") * 3).to_dot())
        digraph tape {
          rankdir=LR;
          node [shape=box, fontname="monospace"];
          edge [fontname="monospace"];
          n0 [label="a\n2.0\n∇ 3.0", shape=oval];
          n1 [label="#1 = a * 3\n6.0\n∇ 1.0", shape=box];
          n0 -> n1 [label="3"];
        }
        """
        return dot(graph_of(self.description(), most))

    def to_mermaid(self, most: int = MOST) -> str:
        """The same in Mermaid's language, which GitHub and notebooks draw in Markdown.

        >>> print(Tape(Value(2.0, name="a") * 3).to_mermaid())
        flowchart LR
          n0(["a<br>2.0<br>∇ 3.0"])
          n1["#35;1 = a #42; 3<br>6.0<br>∇ 1.0"]
          n0 -->|"3"| n1
        """
        return mermaid(graph_of(self.description(), most))

    def to_html(self, title: str | None = None) -> str:
        """A page to step through, forward and back; one file that needs no server and fetches nothing.

        Write it to a file and open it in a browser. Leaves can be edited there if the tape is one of numbers and
        small arrays.

        >>> Tape(Value(2.0, name="a") * 3).to_html().startswith("<!doctype html>")
        True
        """
        return page(self.description(), Tape(diamond()).description(), title or repr(self).strip("<>"))

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def __iter__(self) -> Iterator[Value]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, i: int) -> Value:
        return self.entries[i]

    def __repr__(self) -> str:
        return f"<Tape of {len(self)} entries to {label(self[-1].function) if self[-1].function else 'a leaf'}>"

    def __str__(self) -> str:
        return self.table()
