"""The gallery in the terminal: an exhibit is trained, measured beside its baselines, and written as a page."""

import sys
import time
import webbrowser

from tinygrad_edu.cli.page import Page
from tinygrad_edu.cli.terminal import paragraph, shown
from tinygrad_edu.lessons.gallery import GALLERY, Exhibit, Shown, exhibit


def gallery(name: str | None, quick: bool, seed: int, open: bool) -> int:
    """List the exhibits, or show one; the exit status, 1 if it does not beat its baselines."""
    if name is None:
        print(paragraph("Deep learning can, the post says:"))
        for each in GALLERY:
            print(f"\n{paragraph(f'{each.name}: {each.says}')}\n{paragraph(f'here: {each.miniature}', '    ')}")
        print(f"\n{paragraph(f'tinygrad-edu gallery {GALLERY[0].name} shows the first.')}")
        return 0
    try:
        page, result = _show(exhibit(name), quick, seed)
    except (ValueError, FileNotFoundError, ModuleNotFoundError) as error:
        if not str(error).startswith("gallery"):
            raise
        print(shown(f"tinygrad-edu: {error}"), file=sys.stderr)
        return 2
    written = page.write(name, result.files)
    if open:
        webbrowser.open(written.as_uri())
    return 1 if page.failed else 0


def _show(chosen: Exhibit, quick: bool, seed: int) -> tuple[Page, Shown]:
    """The page of an exhibit, and what it shows."""
    start = time.perf_counter()
    title = f"Deep learning can {chosen.says}"
    page = Page(title)
    page.heading(title)
    page.say(f"Here: {chosen.miniature}.")
    result = chosen.show(quick, seed)
    scores = [f"{score:.4g}" for score in result.scores.values()]
    page.table({result.measure: [*result.scores], "": scores}, left=[result.measure])
    for line in result.lines:
        page.say(line)
    for caption, draw in result.pictures.items():
        page.report.plot(draw, caption)
    ours, *others = result.scores
    if quick:
        page.say("It has hardly learnt (--quick).")
    else:
        page.claim(f"{ours} beats {' and '.join(others)}.", result.better)
        page.say(f"Where it fails: {result.failure}")
    page.say(f"It took {time.perf_counter() - start:.0f} s.")
    return page, result
