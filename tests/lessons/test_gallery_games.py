"""The games of the gallery: where fruit goes, what is caught, when a pole falls, and what happens without gymnasium."""

import numpy as np
import pytest

from tinygrad_edu.lessons.gallery import games
from tinygrad_edu.lessons.gallery.arcade import LONGEST, SIDE, Catch, Pole


def test_fruit_falls_a_pixel_a_step_and_bounces_off_the_walls():
    game = Catch(200, np.random.default_rng(0))
    columns = []
    while game.playing.any():
        before, speed = game.column, game.speed
        points, end = game.step(np.ones(200, int))
        there = before + speed
        inside = (there >= 0) & (there < SIDE)
        assert (game.column[inside] == there[inside]).all()
        assert (game.speed[~inside] == -speed[~inside]).all()
        assert (abs(game.speed) == abs(speed)).all()
        assert (game.seen[:, 1, : SIDE - 1].sum(axis=(1, 2)) == (game.row < SIDE - 1)).all()
        columns.append(game.column)
    assert len(columns) == SIDE - 1
    assert end.all()
    np.testing.assert_array_equal(points, abs(game.column - game.basket) <= 1)
    assert (np.array(columns) >= 0).all()
    assert (np.array(columns) < SIDE).all()


@pytest.mark.parametrize(("button", "place"), [(0, 1), (2, SIDE - 2)])
def test_the_basket_stays_on_the_screen(button, place):
    game = Catch(50, np.random.default_rng(0))
    while game.playing.any():
        game.step(np.full(50, button))
    assert (game.basket == place).all()


def test_the_rule_catches_all_fruit_that_does_not_drift():
    assert games.score(Catch(100, np.random.default_rng(0), drift=0), Catch.rule) == 1


def test_a_pole_falls_soon_if_it_is_pushed_one_way_only_and_counts_the_steps():
    pytest.importorskip("gymnasium")
    game, steps, lost = Pole(3, np.random.default_rng(0)), 0, np.zeros(3, bool)
    while game.playing.any():
        points, fell = game.step(np.ones(3, int))
        np.testing.assert_array_equal(points, -fell.astype(float))
        steps, lost = steps + 1, lost | fell
    assert lost.all()
    assert 7 < steps < 13
    assert round(LONGEST * game.score.max()) == steps


def test_without_gymnasium_catch_is_left(monkeypatch):
    monkeypatch.setattr(games, "find_spec", lambda name: None)
    shown = games.show(quick=True)
    assert "pip install 'tinygrad_edu[gallery]'" in shown.lines[0]
    assert [line.partition(":")[0] for line in shown.lines[1:]] == ["Catch"]
