"""The second sweep, with masks: what was not selected passes nothing on, and what was seeded is active everywhere."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.core.context import listening


def test_a_branch_that_was_not_chosen_passes_nothing_on():
    x = tg.Value([0.0, 4.0])
    with np.errstate(all="ignore"):
        np.sum(np.where(x > 0, np.sqrt(x) * np.log(x), 0.0)).backward()
    assert x.grad[0] == 0.0
    wanted = tg.grad(lambda x: np.sqrt(x) * np.log(x))(4.0)
    assert x.grad[1] == wanted


def test_an_output_that_leads_to_another_output_is_swept_twice_too():
    def two_outputs(x):
        root = np.sqrt(x)
        return root, np.where(x > 0, root, 0.0)

    _, pull = tg.vjp(two_outputs, np.array([0.0, 4.0]))
    (g,) = pull((np.array([0.0, 1.0]), np.array([1.0, 2.0])))  # 0 / 0 in the first sweep
    assert np.isnan(g[0])  # the root itself was asked for, where it has no slope
    assert g[1] == 3.0 / (2 * 2.0)


def test_a_listener_sees_the_shares_of_the_one_sweep():
    seen = []

    class Listener:
        def entry(self, z):
            pass

        def share(self, z, g, x, share):
            seen.append((z.function, g, share))

    x = tg.Value(3.0)
    z = x * 2.0 + x
    with listening(Listener()):
        z.backward()
    assert seen == [(np.add, 1.0, 1.0), (np.add, 1.0, 1.0), (np.multiply, 1.0, 2.0)]
    assert x.grad == 3.0
