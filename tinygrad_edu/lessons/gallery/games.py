"""Games: a network sees a screen, presses a button, and is told its points: it learns by trial and error (Q-learning).

q       the network: from what is seen to a number a button, the points to come if it is pressed and all goes well after
target  what q was a while ago; it says what the next screen is worth
memory  what was seen and pressed, the points, what was seen next, and whether it was the end
"""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.compiler import compile
from tinygrad_edu.core.value import no_grad
from tinygrad_edu.data import Array
from tinygrad_edu.functions import relu
from tinygrad_edu.lessons.gallery import Shown, steps
from tinygrad_edu.lessons.gallery.arcade import SIDE, Catch, Pole, draw_game, draw_scores
from tinygrad_edu.losses import huber
from tinygrad_edu.nn import Conv2d, Flatten, Linear, Sequential
from tinygrad_edu.optim import adam, cosine
from tinygrad_edu.transforms import value_and_grad
from tinygrad_edu.tree import Tree

GAMES, UNSEEN = 16, 500  # played at once, and to compare by
MEMORY, BATCH = 20_000, 64
FORESIGHT = 0.99  # what a point is worth that comes a step later
CHECKS = 20  # how often it is looked at in practice; the best is kept

Play = Callable[[Array], Array]  # from what is seen to the buttons pressed


def reader(rng: np.random.Generator) -> Sequential:
    """Three numbers for two pictures."""
    look = Conv2d(2, 16, 4, rng, stride=2, padding=1, dtype=np.float32)
    think, choose = (Linear(i, o, rng, dtype=np.float32) for i, o in ((16 * (SIDE // 2) ** 2, 64), (64, 3)))
    return Sequential([look, relu, Flatten(), think, relu, choose])


def balancer(rng: np.random.Generator) -> Sequential:
    """Two numbers for four."""
    first, second, choose = (Linear(i, o, rng, dtype=np.float32) for i, o in ((4, 64), (64, 64), (64, 2)))
    return Sequential([first, relu, second, relu, choose])


def distance(q: Any, target: Any, seen: Array, pressed: Array, points: Array, after: Array, end: Array) -> Array:
    """How far the points that q expects are from those of one step and what target expects from there.

    q says which button to press there, and target what that is worth: the largest of noisy numbers is too large.

    Source: Watkins, 1989; Mnih et al., 2015, for memory and target; van Hasselt, Guez and Silver, 2016, for the two.
    """
    expected = np.take_along_axis(q(seen), pressed[:, None], axis=1)[:, 0]
    best = np.argmax(q(after), axis=1)
    later = np.take_along_axis(target(after), best[:, None], axis=1)[:, 0]
    return huber(expected, points + FORESIGHT * (1 - end) * later)


@compile
def best_buttons(q: Any, seen: Array) -> Array:
    """The buttons from which q expects most."""
    return np.argmax(q(seen), axis=1)


def score(game: Catch | Pole, play: Play) -> float:
    """The share of what there is to be had, of all games, from 0 to 1."""
    while game.playing.any():
        game.step(play(game.seen))
    return float(game.score.mean())


def learn(kind: Callable[..., Any], q: Any, updates: int, rng: np.random.Generator, title: str) -> tuple[Any, Array]:
    """The network that was best in practice, and what it scored there on the way."""
    target, best, scores = q, q, [0.0]
    optimizer, slopes, practice = adam(cosine(1e-3, updates)), value_and_grad(distance), int(rng.integers(2**31))
    state, game = optimizer.init(q), kind(GAMES, rng)
    buttons, shape = tree.leaves(q)[-1].size, game.seen.shape[1:]
    memory = [np.zeros((MEMORY, *s), d) for s, d in ((shape, "f"), ((), int), ((), "f"), (shape, "f"), ((), "f"))]
    stored = 0

    @compile
    def update(q: Tree, target: Tree, state: Tree, *batch: Array) -> tuple[Tree, Tree, Tree]:
        _, g = slopes(q, target, *batch)
        q, state = optimizer.update(g, state, q)
        return q, tree.map(lambda old, new: old + np.float32(0.01) * (new - old), target, q), state

    for done in steps(updates, title):
        seen, live = game.seen, game.playing
        by_chance = rng.random(GAMES) < max(0.05, 1 - 4 * done / updates)
        pressed = np.where(by_chance, rng.integers(buttons, size=GAMES), best_buttons(q, seen))
        points, end = game.step(pressed)
        places = (stored + np.arange(live.sum())) % MEMORY
        for kept, new in zip(memory, (seen, pressed, points, game.seen, end), strict=True):
            kept[places] = new[live]
        stored += len(places)
        game = game if game.playing.any() else kind(GAMES, rng)
        chosen = rng.integers(min(stored, MEMORY), size=BATCH)
        q, target, state = update(q, target, state, *(kept[chosen] for kept in memory))
        if (done + 1) % (updates // CHECKS) == 0:
            scores.append(score(kind(50, np.random.default_rng(practice)), partial(best_buttons, q)))
            best = q if scores[-1] >= max(scores) else best
    return best, np.array(scores)


def compare(kind: Any, q: Any, seed: int, **harder: int) -> dict[str, float]:
    """The scores of the network, the rule and chance, all in the same games, which none has seen."""
    chance, buttons = np.random.default_rng([seed, 1]), tree.leaves(q)[-1].size
    plays: dict[str, Play] = {
        "Q-learning": partial(best_buttons, q),
        "a rule by hand": kind.rule,
        "buttons by chance": lambda seen: chance.integers(buttons, size=len(seen)),
    }
    return {who: score(kind(UNSEEN, np.random.default_rng([seed, 2]), **harder), play) for who, play in plays.items()}


def show(quick: bool = False, seed: int = 0) -> Shown:
    """Learn both games, or Catch alone where gymnasium, which has the physics of the pole, is not installed."""
    games: dict[str, tuple[Any, Any]] = {"Catch": (Catch, reader), "CartPole": (Pole, balancer)}
    lines = []
    if find_spec("gymnasium") is None:
        del games["CartPole"]
        lines.append("CartPole is left out: it needs gymnasium; pip install 'tinygrad_edu[gallery]'")
    learnt, results = {}, {}
    with no_grad():
        for name, (kind, network) in games.items():
            rng = np.random.default_rng(seed)
            learnt[name] = learn(kind, network(rng), 200 if quick else 8000, rng, name)
            results[name] = compare(kind, learnt[name][0], seed)
            lines.append(f"{name}: {', '.join(f'{who} {100 * x:.1f} %' for who, x in results[name].items())}")
        q = learnt["Catch"][0]
        faster = compare(Catch, q, seed, drift=3)
    fails = f"where fruit drifts by up to 3 pixels a step, and it has seen 2, it catches {faster['Q-learning']:.0%}"
    return Shown(
        measure=f"mean share of points, {UNSEEN} unseen games of each",
        scores={who: float(np.mean([r[who] for r in results.values()])) for who in results["Catch"]},
        more_is_better=True,
        lines=lines,
        pictures={
            "A game of Catch, and what it expects of each button.": lambda: draw_game(lambda seen: q(seen).data, seed),
            "Learning: the score in 50 games of practice.": lambda: draw_scores(
                {name: scores for name, (_, scores) in learnt.items()}
            ),
        },
        failure=f"{fails}, not {results['Catch']['Q-learning']:.0%}.",
    )
