"""Runs exhibits of the gallery and writes their pages anew: ``python -m docs.exhibits NAME …``, from the root.

The pictures go to docs/pictures/gallery, files beside them, and the scores and times between two marks of the page.
"""

import sys
import time
from pathlib import Path

from benchmarks import gallery
from benchmarks.report import duration
from tinygrad_edu.lessons.gallery import GALLERY, Shown, exhibit

HERE = Path(__file__).parent
PICTURES = HERE / "pictures/gallery"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


def main(names: list[str]) -> None:
    """Run exhibits, all by default."""
    for name in names or [each.name for each in GALLERY]:
        start = time.process_time()
        shown = exhibit(name).show()
        seconds = time.process_time() - start
        path = HERE / "gallery" / f"{name}.md"
        before, _, rest = path.read_text("utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        told = "\n\n".join([BEGIN, table(shown), *pictures(name, shown), times(name, seconds), END])
        path.write_text(f"{before}{told}{after}", "utf-8")
        print(f"{name}: {dict(shown.scores)}, {seconds:.0f} s")


def table(shown: Shown) -> str:
    """The scores, as Markdown."""
    best = (max if shown.more_is_better else min)(shown.scores.values())
    rows = [
        f"| {who} | {f'**{score:.4g}**' if score == best else f'{score:.4g}'} |" for who, score in shown.scores.items()
    ]
    return "\n".join([f"| {shown.measure} | |", "|---|---:|", *rows])


def pictures(name: str, shown: Shown) -> list[str]:
    """Draw the pictures and write the files; their places in Markdown."""
    PICTURES.mkdir(exist_ok=True)
    places = []
    for i, (caption, draw) in enumerate(shown.pictures.items()):
        file = f"{name}{f'_{i + 1}' if i else ''}.png"
        draw().savefig(PICTURES / file, dpi=100)
        places.append(f"![{caption}](../pictures/gallery/{file})\n\n*{caption}*")
    for file, data in shown.files.items():
        (PICTURES / file).write_bytes(data)
        places.append(f"[{file}](../pictures/gallery/{file})")
    return places


def times(name: str, seconds: float) -> str:
    """How long all of it took, and a training step, as Markdown."""
    taken = gallery.seconds(name)
    told = ", ".join(f"{kind} {duration(taken[kind])}" for kind in taken)
    return f"All of it took {seconds:.0f} s of one core. A training step takes: {told}."


if __name__ == "__main__":
    main(sys.argv[1:])
