"""The rules of Go and tic-tac-toe in the gallery: what is taken, what is forbidden, what counts; and the players."""

import numpy as np
import pytest

from tinygrad_edu.lessons.gallery.rules import Go, Position, TicTacToe, by_chance, compete, each, greedy, perfect, worth
from tinygrad_edu.lessons.gallery.search import look_ahead

GO = Go()


def board(text, **more):
    """The position of a drawing: X is to move, O is the other."""
    own, other = (sum(1 << k for k, c in enumerate("".join(text.split())) if c == who) for who in "XO")
    return Position(own, other, **more)


def test_a_group_without_liberties_is_taken():
    p = board("OOX.. X.... ..... ..... .....")
    after = GO.options(p)[6]
    assert after.own == 0
    assert after.other == p.own | 1 << 6


def test_suicide_is_forbidden_and_taking_with_the_last_liberty_is_not():
    assert 0 not in GO.options(board(".O... O.... ..... ..... ....."))
    assert 0 in GO.options(board(".OX.. OX... X.... ..... ....."))


def test_a_stone_is_not_taken_back_at_once():
    before = board(".XO.. XO.O. .XO.. ..... .....")
    taken = GO.options(before)[7]
    assert taken.own == before.other & ~(1 << 6)
    assert 6 not in GO.options(taken)
    assert 6 in GO.options(taken._replace(earlier=frozenset()))


def test_area_is_stones_and_what_is_empty_beside_them_alone():
    p = board(".X.O. XX.OO XX.OO XX.OO .X.O.")
    assert GO.area(p.own, p.other) == 10
    assert GO.margin(p) == 0
    assert GO.margin(board("X.... ..... ..... ..... .....")) == 1
    assert GO.margin(Position()) == 0


def test_random_games_keep_to_the_rules():
    rng = np.random.default_rng(0)
    for _ in range(5):
        p, seen = Position(), set()
        while not GO.over(p):
            assert not p.own & p.other
            for stones in (p.own, p.other):
                left = stones
                while left:
                    group = GO.group(left & -left, stones)
                    left &= ~group
                    assert GO.next_to(group) & ~(p.own | p.other)
            if not p.passes:
                assert GO.colours(p.own, p.other, p.moves) not in seen
            seen.add(GO.colours(p.own, p.other, p.moves))
            p = by_chance(GO, p, rng)


def test_two_passes_end_a_game():
    p = Position()
    for _ in range(2):
        assert not GO.over(p)
        p = GO.options(p)[25]
    assert GO.over(p)


def test_perfect_players_draw_and_never_lose():
    game, rng = TicTacToe(), np.random.default_rng(0)
    assert worth(Position()) == 0
    assert (compete(game, each(game, perfect, rng), each(game, perfect, rng), 20) == 0).all()
    assert (compete(game, each(game, perfect, rng), each(game, by_chance, rng), 50) >= 0).all()


@pytest.mark.parametrize(("text", "wins"), [("XX. OO. ...", 2), ("X.. OX. O..", 8)])
def test_looking_ahead_finds_a_win_without_knowing_anything(text, wins):
    game = TicTacToe()

    def guess(positions):
        return np.full((len(positions), 9), 1 / 9), np.zeros(len(positions))

    p = board(text, moves=4)
    (root,) = look_ahead(game, guess, [p], 60)
    assert root.moves[root.visits.argmax()] == wins
    assert root.visits.sum() == 60


def test_greedy_takes_what_can_be_taken():
    rng = np.random.default_rng(0)
    p = board("OOX.. X.... ..... ..... .....")
    assert {greedy(GO, p, rng).own for _ in range(10)} == {0}
