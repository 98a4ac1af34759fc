"""Go: a network plays against itself, looks ahead by its own guesses, and learns to guess what looking ahead found.

policy  how likely each move is to be the best
value   how the game will end for who is to move, from -1 to 1
visits  how often looking ahead came by each move, as shares
"""

from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.compiler import compile
from tinygrad_edu.data import Array
from tinygrad_edu.functions import log_softmax, relu, softmax
from tinygrad_edu.lessons.gallery import Shown, rules, steps
from tinygrad_edu.lessons.gallery.rules import Game, Go, Position, TicTacToe, compete, each
from tinygrad_edu.lessons.gallery.search import Guess, look_ahead, thinker
from tinygrad_edu.losses import squared_error
from tinygrad_edu.nn import Conv2d, Flatten, Linear, Sequential
from tinygrad_edu.optim import adam
from tinygrad_edu.transforms import value_and_grad
from tinygrad_edu.tree import Tree

CHANNELS = 32
LOOKS, LOOKS_IN_MATCHES = 24, 100  # positions looked at for a move

Told = tuple[Position, Array, float]  # a position, the visits of its moves, and how the game ended
AGAINST = {"chance": rules.by_chance, "a perfect player": rules.perfect}


def player(game: Game, rng: np.random.Generator) -> Sequential:
    """Boards (n, 3, side, side) to numbers (n, moves + 1): of the policy, and last the value."""
    first, second = (Conv2d(i, CHANNELS, 3, rng, padding=1, dtype=np.float32) for i in (3, CHANNELS))
    third = Linear(CHANNELS * game.side**2, 64, rng, dtype=np.float32)
    return Sequential(
        [first, relu, second, relu, Flatten(), third, relu, Linear(64, game.count + 1, rng, dtype=np.float32)]
    )


def boards(game: Game, positions: list[Position]) -> Array:
    """What the network sees: own stones, the other's, and whether the other has just passed."""
    stones = np.array([[p.own, p.other, -(p.passes > 0)] for p in positions], np.int64)
    return (stones[..., None] >> np.arange(game.side**2) & 1).astype(np.float32).reshape(-1, 3, game.side, game.side)


def distance(network: Any, seen: Array, visits: Array, ends: Array) -> Array:
    """How far the policy is from what looking ahead chose, and the value from how games ended (Silver et al., 2017)."""
    out = network(seen)
    return -(visits * log_softmax(out[:, :-1])).sum(axis=1).mean() + squared_error(np.tanh(out[:, -1]), ends)


@compile
def read(network: Any, seen: Array) -> tuple[Array, Array]:
    """The policy (n, moves), and the value (n,)."""
    out = network(seen)
    return softmax(out[:, :-1]), np.tanh(out[:, -1])


def guesser(game: Game, network: Any) -> Guess:
    """What the network guesses, of positions."""
    return lambda positions: read(network, boards(game, positions))


def play_itself(game: Game, guess: Guess, count: int, rng: np.random.Generator) -> list[Told]:
    """Games against itself: each position, how much each move was looked at, and the end for who was to move."""
    positions = [Position()] * count
    games: list[list[tuple[Position, Array]]] = [[] for _ in positions]
    live = list(range(count))
    while live:
        for g, root in zip(live, look_ahead(game, guess, [positions[g] for g in live], LOOKS, rng), strict=True):
            share = np.zeros(game.count, np.float32)
            share[root.moves] = root.visits / root.visits.sum()
            games[g].append((root.position, share))
            early = root.position.moves < 2 * game.side
            i = rng.choice(len(root.moves), p=root.visits / root.visits.sum()) if early else root.visits.argmax()
            positions[g] = root.options[root.moves[i]]
        live = [g for g in live if not game.over(positions[g])]
    told = []
    for final, turns in zip(positions, games, strict=True):
        end = game.margin(final)
        for position, share in turns:
            told.append((position, share, end if (final.moves - position.moves) % 2 == 0 else -end))
    return told


def turned(seen: Array, visits: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """The same, turned and mirrored at random: the rules do not know where up is."""
    side, quarter = seen.shape[-1], int(rng.integers(4))
    n = side * side
    on_board = visits[:, :n].reshape(-1, side, side)
    seen, on_board = np.rot90(seen, quarter, (2, 3)), np.rot90(on_board, quarter, (1, 2))
    if rng.random() < 0.5:
        seen, on_board = seen[..., ::-1], on_board[..., ::-1]
    return np.ascontiguousarray(seen), np.concatenate([on_board.reshape(-1, n), visits[:, n:]], axis=1)


def learn(game: Game, rounds: int, count: int, rng: np.random.Generator) -> Any:
    """The network after rounds of games against itself, and of learning from the last ones."""
    network = tree.map(lambda weights: weights.data, player(game, rng))
    optimizer, slopes = adam(2e-3), value_and_grad(distance)
    state = optimizer.init(network)
    memory: list[list[Told]] = []

    @compile
    def update(network: Tree, state: Tree, *batch: Array) -> tuple[Tree, Tree]:
        _, g = slopes(network, *batch)
        return optimizer.update(g, state, network)

    for _ in steps(rounds, "games against itself"):
        memory = [*memory, play_itself(game, guesser(game, network), count, rng)][-4:]
        known = [each for part in memory for each in part]
        seen, visits = boards(game, [p for p, _, _ in known]), np.array([v for _, v, _ in known])
        ends = np.array([end for _, _, end in known], np.float32)
        for _ in range(2 * len(known) // 64):
            chosen = rng.integers(len(known), size=64)
            network, state = update(network, state, *turned(seen[chosen], visits[chosen], rng), ends[chosen])
    return network


def show(quick: bool = False, seed: int = 0) -> Shown:
    """Learn tic-tac-toe and Go, each from its rules alone, and play against others."""
    rng, small, go = np.random.default_rng(seed), TicTacToe(), Go()
    looks, count = (8, 8) if quick else (LOOKS_IN_MATCHES, 60)
    learner = thinker(small, guesser(small, learn(small, *((1, 8) if quick else (10, 48)), rng)), looks)
    results = {who: compete(small, learner, each(small, f, rng), count) for who, f in AGAINST.items()}
    ours = thinker(go, guesser(go, learn(go, *((1, 4) if quick else (16, 32)), rng)), looks)
    rival = each(go, rules.greedy, rng)
    players = {
        "self-play and search": ours,
        "greedy": each(go, rules.greedy, rng),
        "by chance": each(go, rules.by_chance, rng),
    }
    ends = {who: compete(go, who_plays, rival, count) for who, who_plays in players.items()}
    record = [Position()]
    while not go.over(record[-1]):
        record += (ours if len(record) % 2 else rival)(record[-1:])
    black, white = (ends["self-play and search"][first::2] > 0 for first in (0, 1))
    lines = [
        f"tic-tac-toe, {count} games against {who}: {(e > 0).sum()} won, {(e == 0).sum()} drawn, {(e < 0).sum()} lost"
        for who, e in results.items()
    ]
    return Shown(
        measure=f"share of {count} games on 5 × 5 won against greedy",
        scores={who: float((e > 0).mean()) for who, e in ends.items()},
        more_is_better=True,
        lines=lines,
        pictures={"A game on 5 × 5: the network has black, greedy white.": lambda: rules.draw_game(go, record)},
        failure=f"as white, who moves second, it wins {white.mean():.0%}, as black {black.mean():.0%}.",
    )
