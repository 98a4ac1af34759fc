"""The steps of the gallery's exhibits that play: games from pixels, and Go."""

import numpy as np

from benchmarks.gallery_step import Step
from tinygrad_edu import tree
from tinygrad_edu.lessons.gallery import games as in_games
from tinygrad_edu.lessons.gallery import go as in_go
from tinygrad_edu.lessons.gallery.rules import Go


def games():
    """Catch: 64 memories of two screens, before and after a button was pressed."""
    rng = np.random.default_rng(0)
    q, target = in_games.reader(rng), tree.map(lambda x: x.data, in_games.reader(rng))
    before, after = (rng.random((2, in_games.BATCH, 2, in_games.SIDE, in_games.SIDE)) < 0.1).astype(np.float32)
    points, end = rng.integers(0, 2, (2, in_games.BATCH)).astype(np.float32)
    pressed = rng.integers(0, 3, in_games.BATCH)

    def torch(leaves, target, before, pressed, points, after, end):
        import torch  # noqa: PLC0415 - a peer
        from torch.nn import functional  # noqa: PLC0415

        def values(seen, leaves):
            w1, b1, w2, b2, w3, b3 = leaves
            x = functional.conv2d(seen, w1, b1, stride=2, padding=1).relu().flatten(1)
            return (x @ w2 + b2).relu() @ w3 + b3

        with torch.no_grad():
            best = values(after, leaves).argmax(1, keepdim=True)
            later = values(after, [torch.tensor(x) for x in tree.leaves(target)]).gather(1, best)[:, 0]
        expected = values(before, leaves).gather(1, pressed[:, None])[:, 0]
        return functional.huber_loss(expected, points + in_games.FORESIGHT * (1 - end) * later)

    return Step(in_games.distance, q, (target, before, pressed, points, after, end), torch)


def go():
    """Go on 5 × 5: 64 boards, the visits of their moves, and how the games ended."""
    rng = np.random.default_rng(0)
    network = in_go.player(Go(), rng)
    seen = (rng.random((64, 3, 5, 5)) < 0.3).astype(np.float32)
    visits, ends = rng.dirichlet(np.ones(26), 64).astype(np.float32), rng.uniform(-1, 1, 64).astype(np.float32)

    def torch(leaves, seen, visits, ends):
        from torch.nn import functional  # noqa: PLC0415 - a peer

        w1, b1, w2, b2, w3, b3, w4, b4 = leaves
        x = functional.conv2d(seen, w1, b1, padding=1).relu()
        x = functional.conv2d(x, w2, b2, padding=1).relu().flatten(1)
        out = (x @ w3 + b3).relu() @ w4 + b4
        policy = -(visits * out[:, :-1].log_softmax(1)).sum(1).mean()
        return policy + ((out[:, -1].tanh() - ends) ** 2).mean()

    return Step(in_go.distance, network, (seen, visits, ends), torch)
