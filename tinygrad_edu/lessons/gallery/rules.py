"""The rules of tic-tac-toe and Go, and players to compare with: what the exhibit `go` is given, and does not learn.

A set of points is an integer, whose bit k is point k, row by row, so that rules are a few operations on bits.

own, other  the stones of who is to move, and of the other
options     the positions that legal moves lead to, by move; the last move is to pass
margin      how a game that is over ended for who would be to move, from -1 to 1
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from tinygrad_edu.data import Array


class Position(NamedTuple):
    """A board, from the side of who is to move, and what else the rules of Go ask about."""

    own: int = 0
    other: int = 0
    moves: int = 0
    passes: int = 0  # in a row
    earlier: frozenset[tuple[int, int]] = frozenset()  # boards that may not come again: superko


class TicTacToe:
    """Three in a row win."""

    side = 3
    count = 9  # moves
    lines = tuple(sum(1 << k for k in line) for line in (range(s, s + 2 * d + d, d) for s, d in
                  ((0, 1), (3, 1), (6, 1), (0, 3), (1, 3), (2, 3), (0, 4), (2, 2))))  # fmt: skip

    def options(self, p: Position) -> dict[int, Position]:
        """A stone on any free point."""
        taken = p.own | p.other
        return {k: Position(p.other, p.own | 1 << k, p.moves + 1) for k in range(9) if not taken >> k & 1}

    def over(self, p: Position) -> bool:
        """Whether the last move made a line, or the board is full."""
        return p.moves == 9 or any(p.other & line == line for line in self.lines)

    def margin(self, p: Position) -> float:
        """Lost, or drawn."""
        return -float(any(p.other & line == line for line in self.lines))


class Go:
    """Go: groups without liberties are taken, suicide and repeated boards are forbidden, area counts, without komi."""

    def __init__(self, side: int = 5) -> None:
        self.side, self.count, self.board = side, side * side + 1, (1 << side * side) - 1
        self.left = sum(1 << side * row for row in range(side))  # the first column
        self.right = self.left << side - 1
        self.around = [self.next_to(1 << k) for k in range(side * side)]

    def next_to(self, points: int) -> int:
        """All neighbours of some points, which may be among them."""
        sideways = (points & ~self.right) << 1 | (points & ~self.left) >> 1
        return (points << self.side | points >> self.side | sideways) & self.board

    def group(self, start: int, within: int) -> int:
        """The points within some that are connected with `start`."""
        reached, wider = 0, start
        while wider != reached:
            reached, wider = wider, wider | self.next_to(wider) & within
        return reached

    def place(self, p: Position, k: int) -> tuple[int, int] | None:
        """The stones of who moved and of the other after a stone on point k; None if it is suicide."""
        stone = 1 << k
        own, other, near = p.own | stone, p.other, self.around[k] & p.other
        while near:  # the neighbouring groups of the other, one by one
            group = self.group(near & -near, p.other)
            near &= ~group
            if not self.next_to(group) & ~(own | p.other):
                other &= ~group
        if self.around[k] & ~(own | other) or self.next_to(self.group(stone, own)) & ~(own | other):
            return own, other
        return None

    def options(self, p: Position) -> dict[int, Position]:
        """A stone on any free point, if it is not suicide and the board is new, and to pass."""
        found, earlier = {}, p.earlier | {self.colours(p.own, p.other, p.moves)}
        for k in range(self.count - 1):
            if not (p.own | p.other) >> k & 1:
                after = self.place(p, k)
                if after is not None and self.colours(*after, p.moves) not in earlier:
                    found[k] = Position(after[1], after[0], p.moves + 1, 0, earlier)
        found[self.count - 1] = Position(p.other, p.own, p.moves + 1, p.passes + 1, earlier)
        return found

    @staticmethod
    def colours(mover: int, other: int, moves: int) -> tuple[int, int]:
        """The stones of black and of white, when `mover` has moved or is to move after so many moves."""
        return (mover, other) if moves % 2 == 0 else (other, mover)

    def over(self, p: Position) -> bool:
        """Whether both passed, or it has gone on for too long."""
        return p.passes >= 2 or p.moves >= 2 * self.count

    def area(self, stones: int, others: int) -> int:
        """How many points are `stones`, or empty and next to them alone."""
        empty, area = self.board & ~(stones | others), stones.bit_count()
        while empty:
            region = self.group(empty & -empty, empty)
            empty &= ~region
            border = self.next_to(region)
            if border & stones and not border & others:
                area += region.bit_count()
        return area

    def margin(self, p: Position) -> float:
        """The difference of the areas, as a part of the board."""
        return (self.area(p.own, p.other) - self.area(p.other, p.own)) / (self.count - 1)


Game = TicTacToe | Go
Choose = Callable[[list[Position]], list[Position]]  # the positions after a move in each of some games


def by_chance(game: Game, p: Position, rng: np.random.Generator) -> Position:
    """The position after any legal move; passes only if nothing else is legal."""
    options = game.options(p)
    moves = [k for k in options if k < game.side**2] or [*options]
    return options[int(rng.choice(moves))]


def greedy(game: Go, p: Position, rng: np.random.Generator) -> Position:
    """The position after a move that takes as many stones as can be, and does not fill a point of its own area."""
    options = game.options(p)
    eyes = [k for k in options if k < game.side**2 and game.around[k] & ~p.own == 0]
    choice = [k for k in options if k < game.side**2 and k not in eyes] or [game.side**2]
    left = {k: options[k].own.bit_count() for k in choice}
    return options[int(rng.choice([k for k in choice if left[k] == min(left.values())]))]


@cache
def worth(p: Position) -> float:
    """How tic-tac-toe ends for who is to move, if both play as well as can be."""
    game = TicTacToe()
    return game.margin(p) if game.over(p) else max(-worth(after) for after in game.options(p).values())


def perfect(game: TicTacToe, p: Position, rng: np.random.Generator) -> Position:
    """The position after any of the best moves of tic-tac-toe."""
    options = [*game.options(p).values()]
    return options[int(rng.choice([i for i, after in enumerate(options) if worth(after) == min(map(worth, options))]))]


def each(game: Any, play: Callable[[Any, Position, np.random.Generator], Position], rng: np.random.Generator) -> Choose:
    """A player of many games who plays each by itself."""
    return lambda positions: [play(game, p, rng) for p in positions]


def compete(game: Game, first: Choose, second: Choose, count: int) -> Array:
    """How games ended for the first player, who begins in every other one."""
    positions, live = [Position()] * count, list(range(count))
    turn = 0
    while live:
        for who, choose in ((0, first), (1, second)):
            mine = [g for g in live if (g + turn) % 2 == who]
            for g, after in zip(mine, choose([positions[g] for g in mine]) if mine else [], strict=True):
                positions[g] = after
        live = [g for g in live if not game.over(positions[g])]
        turn += 1
    ends = [game.margin(p) if (g + p.moves) % 2 == 0 else -game.margin(p) for g, p in enumerate(positions)]
    return np.array(ends)


def draw_game(game: Go, record: list[Position]) -> Any:
    """Six positions of a game, the first of them after some moves, the last at its end."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=(9, 2), layout="constrained")
    chosen = [record[round(i)] for i in np.linspace(0, len(record) - 1, 7)[1:]]
    for axes, p in zip(figure.subplots(1, 6), chosen, strict=True):
        for k in range(game.side):
            axes.plot([0, game.side - 1], [k, k], [k, k], [0, game.side - 1], color="#777777", linewidth=0.8, zorder=1)
        for stones, colour in zip(game.colours(p.own, p.other, p.moves), ("black", "white"), strict=True):
            points = [divmod(k, game.side) for k in range(game.side**2) if stones >> k & 1]
            axes.scatter([x for _, x in points], [y for y, _ in points], 160, colour, edgecolors="black", zorder=2)
        axes.set(title=f"move {p.moves}", aspect="equal", xlim=(-0.6, game.side - 0.4), ylim=(game.side - 0.4, -0.6))
        axes.set_facecolor("#e8c98a")
        axes.set(xticks=[], yticks=[])
    return figure
