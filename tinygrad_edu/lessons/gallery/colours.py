"""Colours for a grey picture: a network learns them on one half of a flower, and colours the other half.

The lesson on colorization tells more: `tinygrad_edu.lessons.colorization`.
"""

from typing import Any

import numpy as np

from tinygrad_edu.lessons import colorization
from tinygrad_edu.lessons.gallery import Shown


def show(quick: bool = False, seed: int = 0) -> Shown:
    """Colour the half that it has not seen."""
    found = colorization.learn(seed, steps=20 if quick else colorization.STEPS)

    def draw() -> Any:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

        figure = Figure(figsize=(6, 3), layout="constrained")
        grey = np.repeat(colorization.to_grey(found.real)[..., None], 3, axis=2)
        shown = {"real": found.real, "what it sees": grey, "coloured": found.coloured}
        for axes, (title, picture) in zip(figure.subplots(1, len(shown)), shown.items(), strict=True):
            axes.imshow(picture)
            axes.set_title(title)
            axes.axis("off")
        return figure

    return Shown(
        measure="mean squared error of the half that it has not seen",
        scores={"the network": found.network, "the mean colour": found.mean_colour},
        more_is_better=False,
        failure="at the flower's edge, which it has seen from the other side only, it paints the leaves red.",
        pictures={"The half that the network has not seen.": draw},
    )
