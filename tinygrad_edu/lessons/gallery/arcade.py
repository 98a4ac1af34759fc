"""The games that the exhibit `games` learns to play: what is seen, what earns points; and pictures of them.

Many games are played at once, all begun together.

seen     what is seen now of each game
playing  which of them are not over
score    the share of what there is to be had, so far, for each
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinygrad_edu.data import Array

SIDE = 12  # pixels of the screen
LONGEST = 500  # steps after which a pole counts as balanced


class Catch:
    """Fruit falls a pixel a step, drifts and bounces off the walls; a basket of three pixels is to be under it.

    What is seen are two pictures, the last and the present: one alone does not show where the fruit is going.
    """

    def __init__(self, count: int, rng: np.random.Generator, drift: int = 2) -> None:
        self.row, self.column = 0, rng.integers(SIDE, size=count)
        self.speed = rng.integers(-drift, drift + 1, size=count)
        self.basket = rng.integers(1, SIDE - 1, size=count)
        self.playing, self.score = np.full(count, True), np.zeros(count, np.float32)
        self.seen = np.repeat(self.picture()[:, None], 2, axis=1)

    def picture(self) -> Array:
        """The pixels now, (count, SIDE, SIDE)."""
        pixels = np.zeros((len(self.column), SIDE, SIDE), np.float32)
        each = np.arange(len(pixels))
        pixels[each, self.row, self.column] = 1
        pixels[each[:, None], -1, self.basket[:, None] + [-1, 0, 1]] = 1
        return pixels

    def step(self, pressed: Array) -> tuple[Array, Array]:
        """Move the baskets left (0), not at all (1) or right (2), then the fruit: points, and which games are lost."""
        self.basket = np.clip(self.basket + pressed - 1, 1, SIDE - 2)
        there = self.column + self.speed
        self.column = SIDE - 1 - abs(SIDE - 1 - abs(there))
        self.speed = np.where(self.column == there, self.speed, -self.speed)
        self.row += 1
        self.seen = np.stack([self.seen[:, 1], self.picture()], axis=1)
        self.playing = np.full_like(self.playing, self.row < SIDE - 1)
        if self.row == SIDE - 1:
            self.score = (abs(self.column - self.basket) <= 1).astype(np.float32)
        return self.score, ~self.playing

    @staticmethod
    def rule(seen: Array) -> Array:
        """By hand: to where the fruit is."""
        fruit, basket = seen[:, 1, :-1].sum(axis=1).argmax(axis=1), seen[:, 1, -1] @ np.arange(SIDE) / 3
        return 1 + np.sign(fruit - basket.round()).astype(int)


class Pole:
    """CartPole: a cart is pushed left (0) or right (1), so that the pole on it stays up.

    What is seen are four numbers: place, speed, angle and angular velocity, divided by what is much.

    Source: Barto, Sutton and Anderson, 1983; the physics is gymnasium's.
    """

    much = np.array([2.4, 3.0, 0.2, 3.0], np.float32)

    def __init__(self, count: int, rng: np.random.Generator) -> None:
        from gymnasium.envs.classic_control import CartPoleEnv  # noqa: PLC0415 - an extra

        self.carts: list[Any] = [CartPoleEnv() for _ in range(count)]
        self.seen = np.stack([cart.reset(seed=int(rng.integers(2**31)))[0] for cart in self.carts]) / self.much
        self.playing, self.score = np.full(count, True), np.zeros(count)

    def step(self, pressed: Array) -> tuple[Array, Array]:
        """Push: -1 point for those that fell, and which they are."""
        self.seen, fell = self.seen.copy(), np.zeros(len(pressed), bool)
        for i in np.flatnonzero(self.playing):
            place, _, fell[i], *_ = self.carts[i].step(int(pressed[i]))
            self.seen[i] = place / self.much
        self.score = self.score + self.playing / LONGEST
        self.playing = self.playing & ~fell & (self.score < 1 - 0.5 / LONGEST)
        return -fell.astype(np.float32), fell

    @staticmethod
    def rule(seen: Array) -> Array:
        """By hand: to where the pole leans."""
        return (seen[:, 2] > 0).astype(int)


def draw_game(worth: Callable[[Array], Array], seed: int) -> Any:
    """A game of Catch, every second screen, and what each button is worth to the network there."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=(9, 3.2), layout="constrained")
    game = Catch(1, np.random.default_rng(seed))
    for row, axes in enumerate(figure.subplots(2, SIDE // 2, height_ratios=(3, 1)).T.repeat(2, axis=0)):
        values = worth(game.seen)[0]
        if row % 2 == 0:
            axes[0].imshow(game.seen[0].T.swapaxes(0, 1) @ [0.35, 1.0], cmap="Greys", vmin=0, vmax=1)
            axes[0].set(title=f"step {row}", xticks=[], yticks=[])
            best = values == values.max()
            axes[1].bar(["left", "stay", "right"], values, color=np.where(best, "#1f4e79", "#bbbbbb"))
            axes[1].set(ylim=(0, 1.1), yticks=[0, 1])
            axes[1].tick_params(labelsize=8)
        if game.playing.any():
            game.step(values[None].argmax(axis=1))
    return figure


def draw_scores(scores: Mapping[str, Array]) -> Any:
    """What was scored in practice, from the first steps of training to the last."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    for (name, each), colour, line in zip(scores.items(), ("#1f4e79", "#b3261e"), ("o-", "s--"), strict=False):
        axes.plot(np.linspace(0, 100, len(each)), 100 * each, line, color=colour, label=name, markersize=4)
    axes.set(xlabel="% of the training", ylabel="% of what there is to be had", ylim=(0, 103))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    return figure
