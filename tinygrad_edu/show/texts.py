"""A tape for other programs that draw: Graphviz's DOT, and Mermaid, which GitHub draws in Markdown."""

from tinygrad_edu.show.graph import Graph

_SHAPES = {"leaf": "oval", "part": "folder"}


def dot(graph: Graph) -> str:
    """The graph in DOT."""
    lines = [
        "digraph tape {",
        "  rankdir=LR;",
        '  node [shape=box, fontname="monospace"];',
        '  edge [fontname="monospace"];',
    ]
    for i, box in enumerate(graph.boxes):
        text = "\\n".join(map(_quoted, (box.title, *box.lines)))
        lines.append(f'  n{i} [label="{text}", shape={_SHAPES.get(box.kind, "box")}];')
    lines += [f'  n{a.source} -> n{a.target} [label="{_quoted(a.label)}"];' for a in graph.arrows]
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def mermaid(graph: Graph) -> str:
    """The graph in Mermaid."""
    lines = ["flowchart LR"]
    for i, box in enumerate(graph.boxes):
        text = "<br>".join(map(_entities, (box.title, *box.lines)))
        opened, closed = ("([", "])") if box.kind == "leaf" else ("[", "]")
        lines.append(f'  n{i}{opened}"{text}"{closed}')
    for arrow in graph.arrows:
        label = f'|"{_entities(arrow.label)}"|' if arrow.label else ""
        lines.append(f"  n{arrow.source} -->{label} n{arrow.target}")
    return "\n".join(lines)


def _entities(text: str) -> str:
    """Text in which nothing means anything to Mermaid."""
    return "".join(c if c.isalnum() or c in " .,+-=∇×…" else f"#{ord(c)};" for c in text)
