"""A photo, painted in the style of another: its pixels are what is learnt, and the network stays as it is.

photo    pixels (1, 3, 64, 64), from 0.0 to 1.0
network  three layers of convolutions with random weights, which nothing trains
z        features (1, c, h, w): what a layer says of each place of a photo
gram     how often features stand together, wherever in the photo (c, c): its style, without its content

Source: Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", 2016; that random weights
do, He, Wang and Hopcroft, "A Powerful Generative Model Using Random Weights for the Deep Image Representation", 2016.
"""

from itertools import repeat
from typing import Any

import numpy as np

from tinygrad_edu.core.value import no_grad
from tinygrad_edu.data import Array, load_flower, load_pagoda
from tinygrad_edu.functions import mean_pool, relu
from tinygrad_edu.lessons.gallery import Shown
from tinygrad_edu.nn import Conv2d
from tinygrad_edu.optim import adam
from tinygrad_edu.train import fit

STEPS = 300
CONTENT = 0.15  # how much the content counts beside the style
SMOOTH = 0.2  # how much it counts that neighbours are alike
JUDGES = 8  # how many networks that a painting was not made for say how far it is from the style

Network = list[Conv2d]


def to_pixels(picture: Array) -> Array:
    """A picture (h, w, 3) as an array of one photo of three channels (1, 3, h, w)."""
    return np.moveaxis(picture, 2, 0)[None].astype(np.float32)


def make_network(seed: int) -> Network:
    """Layers of 32, 64 and 64 features, each of which sees twice as far as the one before."""
    rng = np.random.default_rng(seed)
    shapes = ((3, 32, 5), (32, 64, 3), (64, 64, 3))
    return [Conv2d(*shape, rng, padding=shape[2] // 2, dtype=np.float32) for shape in shapes]


def features(network: Network, photo: Array) -> list[Array]:
    """What each layer says of a photo (1, 3, h, w): (1, 32, h, w), (1, 64, h/2, w/2) and (1, 64, h/4, w/4)."""
    found = [relu(network[0](2 * photo - 1))]
    for layer in network[1:]:
        found.append(relu(layer(mean_pool(found[-1], 2))))
    return found


def gram(z: Array) -> Array:
    """The mean products of features (1, c, h, w) with each other (c, c), over all places.

    >>> gram(np.array([[[[1.0, 0.0]], [[1.0, 4.0]]]])).tolist()
    [[0.5, 0.5], [0.5, 8.5]]
    """
    flat = np.reshape(z, (z.shape[1], -1))
    return flat @ flat.T / flat.shape[1]


def style_distance(found: list[Array], style: list[Array]) -> Array:
    """How far the Gram matrices of features are from those of a style, squared; 3 if all features are 0."""
    return sum(np.mean((gram(z) - wanted) ** 2) / np.mean(wanted**2) for z, wanted in zip(found, style, strict=True))


def content_distance(z: Array, content: Array) -> Array:
    """The squared distance of features to those of a photo; 1 for those of a photo of one colour, its mean."""
    plain = np.mean(content, axis=(2, 3), keepdims=True)
    return np.mean((z - content) ** 2) / np.mean((content - plain) ** 2)


def distance(photo: Array, network: Network, style: list[Array], content: Array, weight: float) -> Array:
    """How far a photo is from a style, from a content (times `weight`), and from being smooth."""
    found = features(network, photo)
    rough = np.mean((photo[..., 1:] - photo[..., :-1]) ** 2) + np.mean((photo[..., 1:, :] - photo[..., :-1, :]) ** 2)
    return style_distance(found, style) + weight * content_distance(found[0], content) + SMOOTH * rough


def looked_at(network: Network, photo: Array) -> tuple[list[Array], Array]:
    """The style of a photo, a Gram matrix for each layer, and its content, the features of the first."""
    with no_grad():
        found = [z.data for z in features(network, photo)]
    return [gram(z) for z in found], found[0]


def paint(content: Array, style: Array, weight: float, steps: int, seed: int) -> Array:
    """A photo (1, 3, h, w) in the style of another, by descent in its pixels, from the photo itself."""
    network = make_network(seed)
    wanted = network, looked_at(network, style)[0], looked_at(network, content)[1], np.float32(weight)
    pixels: Array = fit(content, distance, repeat(wanted, steps), adam(0.015)).parameters
    return np.clip(pixels, 0, 1)


def judged(photo: Array, style: Array, content: Array, seed: int) -> tuple[float, float]:
    """How far a photo is from the style of one and the content of another, in the mean of networks not used so far."""
    far = []
    for k in range(1, 1 + JUDGES):
        judge = make_network(seed + k)
        grams, kept = looked_at(judge, style)[0], looked_at(judge, content)[1]
        with no_grad():
            found = [z.data for z in features(judge, photo)]
        far.append((style_distance(found, grams), content_distance(found[0], kept)))
    by_style, by_content = np.mean(far, axis=0)
    return float(by_style), float(by_content)


def show(quick: bool = False, seed: int = 0) -> Shown:
    """Paint a pagoda in the style of a flower, and the other way round; other networks judge."""
    pagoda, flower = to_pixels(load_pagoda()), to_pixels(load_flower())
    steps = 5 if quick else STEPS
    shift = flower.mean(axis=(2, 3), keepdims=True) - pagoda.mean(axis=(2, 3), keepdims=True)
    shown = {
        "painting": paint(pagoda, flower, CONTENT, steps, seed),
        "the photo itself": pagoda,
        "mean colour moved": np.clip(pagoda + shift, 0, 1),
    }
    others = {"style only": paint(pagoda, flower, 0.0, steps, seed), "the other photo": flower}
    far = {who: judged(it, flower, pagoda, seed) for who, it in {**shown, **others}.items()}
    back = {"photo": flower, "style": pagoda, "painting": paint(flower, pagoda, CONTENT, steps, seed)}
    return Shown(
        measure=f"distance to the flower's style, as {JUDGES} other networks see it",
        scores={who: far[who][0] for who in shown},
        more_is_better=False,
        lines=[f"distance to the pagoda's content: {who} {kept:.2f}" for who, (_, kept) in far.items()],
        failure="a style without a content knows no places: made for the style only, the painting is "
        f"{far['style only'][1]:.2f} from the pagoda's content, where it was {far['painting'][1]:.2f}. And there are no"
        " petals: random weights know colours and strokes, and nothing of flowers.",
        pictures={
            "A pagoda, painted in the style of a flower.": lambda: draw(
                {"photo": pagoda, "style": flower, "mean colour moved": shown["mean colour moved"]}
                | {"painting": shown["painting"], "fails: style only": others["style only"]}
            ),
            "The other way round.": lambda: draw(back),
        },
    )


def draw(photos: dict[str, Array]) -> Any:
    """The photos side by side, with their titles."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=(1.4 * len(photos), 1.6), layout="constrained")
    for axes, (title, photo) in zip(figure.subplots(1, len(photos)), photos.items(), strict=True):
        axes.imshow(np.moveaxis(photo[0], 0, 2), interpolation="nearest")
        axes.set_title(title, fontsize=9)
        axes.axis("off")
    return figure
