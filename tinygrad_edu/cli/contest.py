"""The contest at the end of the tour: linear models against networks, on handwritten digits.

page  where it is printed
"""

import math
from typing import Any

import numpy as np
from rich.text import Text

from tinygrad_edu.cli.page import Page, shade, sparkline
from tinygrad_edu.data import load_digits
from tinygrad_edu.lessons import digits
from tinygrad_edu.nn import count_parameters
from tinygrad_edu.show import plots

QUICK_EPOCHS = 10
TARGET, QUICK_TARGET = 0.97, 0.9
CONTESTANTS = (
    ("linear", digits.LINEAR, 0.0),
    ("linear, noise", digits.LINEAR, digits.NOISE),
    ("network", digits.NETWORK, 0.0),
    ("network, noise", digits.NETWORK, digits.NOISE),
)


def read_digits(page: Page, seed: int, quick: bool) -> None:
    """Train linear models and networks, and look at what the best network gets wrong."""
    train, test = load_digits()
    page.heading("Handwritten digits")
    page.say(
        f"{len(train.labels):,} images of 8 × 8 pixels to learn from, {len(test.labels)} held out. Linear means one "
        "layer; the network has 128 neurons with tanh between. With noise, every image is blurred anew each time, "
        "so that none can be learnt by heart."
    )
    epochs = QUICK_EPOCHS if quick else digits.EPOCHS
    learnt = {}
    for name, sizes, noise in CONTESTANTS:
        with page.progress(f"{name:<14}", digits.steps(epochs)) as progress:
            learnt[name] = digits.learn(sizes, seed, noise, epochs, progress)
    page.table(
        {
            "": list(learnt),
            "constants": [f"{count_parameters(one.network):,}" for one in learnt.values()],
            "loss, first to last epoch": [_loss_curve(one.losses) for one in learnt.values()],
            "training": [f"{one.on_training:.2%}" for one in learnt.values()],
            "held out": [f"{one.on_held_out:.2%}" for one in learnt.values()],
        },
        left=["", "loss, first to last epoch"],
    )
    best = learnt["network, noise"]
    page.report.plot(
        lambda: plots.loss_curve(best.losses, min(len(best.losses), 45)),
        "The loss of the network with noise, step by step, and its mean over 45 steps.",
    )
    _judge(page, best.on_held_out, max(one.on_held_out for name, one in learnt.items() if "linear" in name), quick)
    _show_mistakes(page, best.network)


def _judge(page: Page, network: float, linear: float, quick: bool) -> None:
    """Claim what the scores must show: after a short training, that it learns; after a whole one, how well."""
    scores = f"The network reads {network:.2%} of the digits it has never seen, the better linear model {linear:.2%}"
    if quick:
        page.claim(
            f"{scores}. That is at least {QUICK_TARGET:.0%}; the network needs more time.", network >= QUICK_TARGET
        )
    else:
        page.claim(f"{scores}.", network >= linear)
        page.claim(f"The network reads at least {TARGET:.0%}.", network >= TARGET)


def _loss_curve(losses: list[float], width: int = 16) -> str:
    """Draw the mean loss over equal stretches of training, on a scale of powers of ten from 0.001 to 3."""
    means = [float(np.mean(part)) for part in np.array_split(losses, width)]
    return sparkline([math.log(mean / 0.001) / math.log(3000) for mean in means])


def _show_mistakes(page: Page, network: Any, count: int = 4) -> None:
    """Print the confusion matrix, and a few images read wrongly."""
    _, test = load_digits()
    counts = digits.confusion(network, test)
    page.say("Down: what was written. Across: what was read.")
    cells = [[_cell(counts[i, j], i == j) for i in range(10)] for j in range(10)]
    page.table({"": list(range(10)), **{str(j): column for j, column in enumerate(cells)}})
    wrong = digits.mistakes(network, test)
    shown = wrong[:count]
    if shown:
        page.report.plot(
            lambda: plots.images([m.image for m in wrong[:24]], [f"{m.digit} as {m.guess}" for m in wrong[:24]]),
            f"{min(len(wrong), 24)} of the {len(wrong)} held-out digits that the network reads wrongly.",
        )
        page.say("Some that it read wrongly:")
        titles = [Text(f"{f'{m.digit}, read as {m.guess}':<19}") for m in shown]
        rows = [
            [Text().join(shade(level) + shade(level) for level in m.image[i]) + "   " for m in shown] for i in range(8)
        ]
        page.picture([Text().join(titles), *[Text().join(row) for row in rows]])


def _cell(count: int, right: bool) -> Text:
    return Text(str(count) if count else "·", "dim" if not count else "green" if right else "bold red")
