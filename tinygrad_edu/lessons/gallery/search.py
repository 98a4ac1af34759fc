"""Monte Carlo tree search: looking ahead by guesses, for the exhibit `go`.

guess   from positions to policies (n, moves), how likely each move is to be the best, and values (n,), how it will end
looks   how many positions are looked at

Source: Silver et al., 2017, "Mastering the game of Go without human knowledge", "Search algorithm".
"""

from collections.abc import Callable

import numpy as np

from tinygrad_edu.data import Array
from tinygrad_edu.lessons.gallery.rules import Choose, Game, Position

Guess = Callable[[list[Position]], tuple[Array, Array]]


class Node:
    """A position: for each legal move the policy, how often it was looked at, and the sum of what that came to."""

    def __init__(self, game: Game, position: Position) -> None:
        self.position, self.over = position, game.over(position)
        self.end = game.margin(position) if self.over else 0.0
        self.options = {} if self.over else game.options(position)
        self.moves = [*self.options]
        self.children: list[Node | None] = [None] * len(self.moves)
        self.visits, self.sums = np.zeros((2, len(self.moves)))
        self.policy = self.visits

    def look(self) -> int:
        """Which move to look at: what came to much so far, or is likely and was looked at little (PUCT)."""
        bonus = 1.5 * self.policy * np.sqrt(self.visits.sum() + 1) / (1 + self.visits)
        return int(np.argmax(self.sums / np.maximum(self.visits, 1) + bonus))


def expand(guess: Guess, nodes: list[Node]) -> Array:
    """Guess the policies of nodes; their values."""
    policies, values = guess([node.position for node in nodes])
    for node, policy in zip(nodes, policies, strict=True):
        if not node.over:
            legal = policy[node.moves].astype(float) + 1e-6
            node.policy = legal / legal.sum()
    return np.array([node.end if node.over else v for node, v in zip(nodes, values, strict=True)])


def look_ahead(
    game: Game, guess: Guess, positions: list[Position], looks: int, noise: np.random.Generator | None = None
) -> list[Node]:
    """Monte Carlo tree search from each of some positions, all at the same time: the nodes at which it began."""
    roots = [Node(game, position) for position in positions]
    expand(guess, roots)
    if noise is not None:
        for root in roots:
            root.policy = 0.75 * root.policy + 0.25 * noise.dirichlet(np.full(len(root.moves), 0.5))
    for _ in range(looks):
        paths, leaves = zip(*(descend(game, root) for root in roots), strict=True)
        for path, value in zip(paths, expand(guess, [*leaves]), strict=True):
            for up, (node, i) in enumerate(reversed(path)):
                node.visits[i] += 1
                node.sums[i] += value if up % 2 else -value  # what is good for one is bad for the other
    return roots


def descend(game: Game, node: Node) -> tuple[list[tuple[Node, int]], Node]:
    """The way down from a node to one that is new, or where the game is over, and that one."""
    path = []
    while not node.over:
        i = node.look()
        path.append((node, i))
        child = node.children[i]
        if child is None:
            child = node.children[i] = Node(game, node.options[node.moves[i]])
            return path, child
        node = child
    return path, node


def thinker(game: Game, guess: Guess, looks: int) -> Choose:
    """A player who makes the move that was looked at most."""

    def choose(positions: list[Position]) -> list[Position]:
        roots = look_ahead(game, guess, positions, looks)
        return [root.options[root.moves[int(root.visits.argmax())]] for root in roots]

    return choose
