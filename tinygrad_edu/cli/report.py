"""What was printed as one HTML file: in its colours, and with the pictures that a terminal cannot show.

parts  the sections of the file, texts and pictures in their order
"""

import base64
import html
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.terminal_theme import MONOKAI

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>tinygrad_edu: {title}</title>
<style>
body { background: #111; color: #eee; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; font-family: sans-serif }
pre { font: 0.9rem/1.35 monospace; white-space: pre; overflow-x: auto }
figure { margin: 1.5rem 0; padding: 1rem; background: #fff; color: #111 }
figure img, figure svg { max-width: 100%; height: auto; display: block; margin: auto }
figcaption { margin-top: 0.5rem }
</style>
</head>
<body>
<h1>{title}</h1>
"""


class Report:
    """Records what is printed on it, and pictures between."""

    def __init__(self, width: int, title: str) -> None:
        self.title = title
        self.console = Console(
            file=io.StringIO(), record=True, width=width, color_system="truecolor", force_terminal=True,
            highlight=False, markup=False, legacy_windows=False,
        )  # fmt: skip
        self._parts: list[str] = []

    def plot(self, draw: Callable[[], "Axes"], caption: str) -> None:
        """Add a picture by matplotlib."""
        import matplotlib.pyplot as plt  # noqa: PLC0415 - the terminal does without

        with plt.rc_context({"backend": "Agg"}):
            figure: Any = draw().figure
            written = io.BytesIO()
            figure.savefig(written, format="png", dpi=110)
            plt.close(figure)
        data = base64.b64encode(written.getvalue()).decode("ascii")
        self._figure(f'<img alt="{html.escape(caption)}" src="data:image/png;base64,{data}">', caption)

    def drawing(self, svg: str, caption: str) -> None:
        """Add a picture in SVG."""
        self._figure(svg, caption)

    def _figure(self, picture: str, caption: str) -> None:
        self._cut()
        self._parts.append(f"<figure>{picture}<figcaption>{html.escape(caption)}</figcaption></figure>")

    def _cut(self) -> None:
        """End a text."""
        text = self.console.export_html(theme=MONOKAI, code_format="<pre>{code}</pre>", inline_styles=True)
        self._parts.append(text)

    def write(self, path: Path) -> None:
        """Write the file."""
        self._cut()
        path.write_text(
            _HEAD.replace("{title}", html.escape(self.title)) + "\n".join(self._parts) + "\n</body>\n</html>\n",
            encoding="utf-8",
        )
