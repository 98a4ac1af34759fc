"""The gallery: every system that the post opens with, as an honest miniature in a module that reads from top to bottom.

Each module has its data, its network, the distance that training makes small, and what came of it beside baselines;
its `show` runs it all. They stand in the order of the post's opening list.

>>> [exhibit.name for exhibit in GALLERY][:3]
['painting', 'photo_style', 'go']
"""

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Picture = Callable[[], Any]  # draws with matplotlib, and returns the figure


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What an exhibit shows.

    Attributes:
        measure: what `scores` count, such as "share of digits read, of 898 unseen".
        scores: ours first, then the baselines, all on data that none of them has seen.
        more_is_better: whether more is better, of `scores`.
        lines: what is worth reading, such as examples of what it said.
        pictures: what is worth looking at, by captions.
        files: what else came of it, by names, such as a WAV file.
        failure: where it fails, and how.
    """

    measure: str
    scores: Mapping[str, float]
    more_is_better: bool
    failure: str
    lines: Sequence[str] = ()
    pictures: Mapping[str, Picture] = field(default_factory=dict, repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def better(self) -> bool:
        """Whether ours beats every baseline."""
        ours, *others = self.scores.values()
        return ours > max(others) if self.more_is_better else ours < min(others)


@dataclass(frozen=True)
class Exhibit:
    """A system of the post's opening list: its module and page, what the post says it does, and the miniature."""

    name: str
    says: str
    miniature: str

    def show(self, quick: bool = False, seed: int = 0) -> Shown:
        """Train it and measure it, the same for the same `seed`; `quick` for a moment only, so that it learns little.

        Raises:
            ModuleNotFoundError: it needs an extra that is not installed.
            FileNotFoundError: it needs a package of Debian's that is not installed.
        """
        shown: Shown = importlib.import_module(f"{__name__}.{self.name}").show(quick, seed)
        return shown


GALLERY = (
    Exhibit("painting", "turn a photo into a painting of a particular style", "Gram matrices of 64 × 64 pixels"),
    Exhibit("photo_style", "turn a photo into a photo of a different style", "colour and texture, edges kept"),
    Exhibit("go", "beat the world's best Go players", "tic-tac-toe, and Go on 5 × 5, learnt by playing itself"),
    Exhibit("games", "beat humans at a bunch of other games", "Catch from its pixels, and a pole to balance"),
    Exhibit("objects", "detect and identify objects", "handwritten digits in clutter, with a box around each"),
    Exhibit("captions", "caption images", "a picture of two digits in words"),
    Exhibit("colours", "colorize images", "one half of a flower from the other"),
    Exhibit("translation", "translate between languages", "numbers, from French into English"),
    Exhibit("speech", "recognize speech", "the ten digits, spoken by a voice it has not heard"),
    Exhibit("voices", "generate voices", "a word, frame by frame, as a sound to listen to"),
    Exhibit("drawing", "turn a drawing into a picture", "clothes from their edges, 28 × 28"),
    Exhibit("handwriting", "understand handwriting", "digits read, and names written letter by letter"),
)


def exhibit(name: str) -> Exhibit:
    """The exhibit of that name.

    Raises:
        ValueError: there is none.
    """
    found = [each for each in GALLERY if each.name == name]
    if not found:
        raise ValueError(f"gallery: there is no {name!r}; choose one of {', '.join(each.name for each in GALLERY)}")
    return found[0]


def steps(count: int, title: str) -> Iterator[int]:
    """The numbers from 0 to `count` - 1; with a bar for how far they are, where standard error is a terminal."""
    if not sys.stderr.isatty():
        return iter(range(count))
    from rich.console import Console  # noqa: PLC0415 - an extra, which the command needs
    from rich.progress import track  # noqa: PLC0415

    return iter(track(range(count), title, console=Console(stderr=True)))
