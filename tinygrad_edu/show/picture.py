"""A tape as a picture: an SVG of its own, in which values run from left to right and gradients back.

Texts are set in a monospaced face, so that how wide they are is known here.
"""

from html import escape

from tinygrad_edu.show.graph import Arrow, Box, Graph
from tinygrad_edu.show.layout import Layout, Point, Size, place

CHARACTER = 7.3  # the width of one at 12 px, a little more than any common monospaced face takes
LINE = 15.0
_PAD = 8.0
_MARGIN = 10.0
STYLE = """
.tape{--paper:#fff;--ink:#1b1f24;--soft:#57606a;--line:#8c959f;--leaf:#eaf3ff;--box:#f6f8fa;--part:#f3eefc;
--grad:#0550ae;--slope:#8a3b00;font:12px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace}
@media(prefers-color-scheme:dark){.tape{--paper:#0d1117;--ink:#e6edf3;--soft:#9198a1;--line:#768390;--leaf:#12263f;
--box:#161b22;--part:#241b3a;--grad:#79b8ff;--slope:#ffb073}}
.tape .back{fill:var(--paper)}
.tape rect.b{fill:var(--box);stroke:var(--line);rx:4px}.tape .leaf rect.b{fill:var(--leaf);rx:14px}
.tape .part rect.b{fill:var(--part);stroke-dasharray:4 3}.tape .result rect.b{stroke:var(--ink);stroke-width:2}
.tape text{fill:var(--ink);text-anchor:middle}.tape .t{font-weight:700}.tape .g{fill:var(--grad)}
.tape path{fill:none;stroke:var(--line)}.tape .s{fill:var(--slope)}.tape .pill{fill:var(--paper)}
.tape path.tip{fill:var(--line);stroke:none}
"""


def svg(graph: Graph, title: str, least: tuple[int, int] = (0, 0)) -> str:
    """The picture of a graph, in which boxes and labels have room for `least` characters."""
    boxes = [box_size(box, least[0]) for box in graph.boxes]
    labels = [label_size(arrow, least[1]) for arrow in graph.arrows]
    layout = place(boxes, [(arrow.source, arrow.target) for arrow in graph.arrows], labels)
    width, height = (round(n + 2 * _MARGIN) for n in layout.size)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tape" width="{width}" height="{height}" '
        f'viewBox="{-_MARGIN:g} {-_MARGIN:g} {width} {height}" role="img"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style>"
        f'<rect class="back" x="{-_MARGIN:g}" y="{-_MARGIN:g}" width="{width}" height="{height}"/>'
    )
    parts = [_arrow(arrow, layout, i) for i, arrow in enumerate(graph.arrows)]
    parts += [_box(box, layout.boxes[i], boxes[i]) for i, box in enumerate(graph.boxes)]
    return f"{head}{''.join(parts)}</svg>"


def box_size(box: Box, least: int = 0) -> Size:
    """The width and height that a box needs for its texts."""
    longest = max(least, *map(len, (box.title, *box.lines)))
    return longest * CHARACTER + 2 * _PAD, (1 + len(box.lines)) * LINE + _PAD


def label_size(arrow: Arrow, least: int = 0) -> Size:
    """The width and height that the label of an arrow needs."""
    return max(least, len(arrow.label)) * CHARACTER + _PAD if arrow.label else 0.0, LINE + 1


def _n(x: float) -> str:
    return f"{x:.1f}".rstrip("0").rstrip(".")


def _arrow(arrow: Arrow, layout: Layout, i: int) -> str:
    """An edge with its label; what it says at length shows when it is pointed at."""
    (x, y), label = layout.labels[i], ""
    if arrow.label:
        text = f'<text class="s" x="{_n(x)}" y="{_n(y + 4)}">{escape(arrow.label)}</text>'
        label = _rect("pill", (x, y), label_size(arrow)) + text
    edges = " ".join(f"{edge.node.place}.{edge.argument}" for edge in arrow.edges)
    end, height = layout.paths[i][-1]
    tip = f'<path class="tip" d="M{_n(end)} {_n(height)}l-7 -3.5v7z"/>'
    inside = f'<title>{escape(arrow.about)}</title><path d="{_curve(layout.paths[i])}"/>{tip}{label}'
    return f'<g class="edge" data-edges="{edges}">{inside}</g>'


def _curve(points: list[Point]) -> str:
    """A path through points that is level at each: straight in a column, bent between columns."""
    (x, y), *rest = points
    d = f"M{_n(x)} {_n(y)}"
    for x1, y1 in rest:
        if abs(y1 - y) < 0.05:
            d += f"H{_n(x1)}"
        else:
            middle = _n((x + x1) / 2)
            d += f"C{middle} {_n(y)} {middle} {_n(y1)} {_n(x1)} {_n(y1)}"
        x, y = x1, y1
    return d


def _box(box: Box, centre: Point, size: Size) -> str:
    """A box with its title and lines."""
    x, top = centre[0], centre[1] - size[1] / 2
    lines = [f'<text class="t" x="{_n(x)}" y="{_n(top + 15)}">{escape(box.title)}</text>']
    kinds = ("v", "g") if box.kind != "part" else ("v", "v")
    for k, (kind, line) in enumerate(zip(kinds, box.lines, strict=True), 1):
        lines.append(f'<text class="{kind}" x="{_n(x)}" y="{_n(top + 15 + k * LINE)}">{escape(line)}</text>')
    places = " ".join(str(node.place) for node in box.nodes)
    inside = f"<title>{escape(box.about)}</title>{_rect('b', centre, size)}{''.join(lines)}"
    return f'<g class="box {box.kind}" data-entries="{places}">{inside}</g>'


def _rect(kind: str, centre: Point, size: Size) -> str:
    (x, y), (width, height) = centre, size
    corner = f'x="{_n(x - width / 2)}" y="{_n(y - height / 2)}"'
    return f'<rect class="{kind}" {corner} width="{_n(width)}" height="{_n(height)}"/>'
