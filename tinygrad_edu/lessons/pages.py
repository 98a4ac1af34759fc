"""The pages of the course: text with examples that run, in the order of the post.

They are what the site shows, what ``tinygrad-edu lesson`` walks through, and doctests.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Lesson:
    """A page of the course: its number, its name, and its Markdown."""

    number: int
    name: str
    text: str

    @property
    def title(self) -> str:
        """The first heading."""
        return self.text.partition("\n")[0].removeprefix("# ")


@cache
def course() -> tuple[Lesson, ...]:
    """All lessons, the first of number 1.

    >>> course()[0].number, course()[0].title
    (1, 'What a function is')
    """
    pages = (page for page in files("tinygrad_edu.lessons").joinpath("course").iterdir() if page.name.endswith(".md"))
    texts = {page.name: page.read_text(encoding="utf-8") for page in pages}
    return tuple(
        Lesson(number, name.removesuffix(".md").partition("_")[2], texts[name])
        for number, name in enumerate(sorted(texts), 1)
    )
