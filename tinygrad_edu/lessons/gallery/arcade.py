"""The games that the exhibit `games` learns to play: what is seen, which buttons there are, and what earns points.

Many games are played at once, all begun together.

seen     what is seen now of each game
playing  which of them are not over
score    the share of what there is to be had, so far, for each
"""

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
    """CartPole: a cart is pushed left (0) or right (1), so that the pole on it stays up (Barto, Sutton, Anderson, 1983).

    What is seen are four numbers: place, speed, angle and angular velocity, divided by what is much.
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
