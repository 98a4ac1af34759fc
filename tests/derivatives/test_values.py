"""What is recorded is NumPy's own result; what comes back is the input's own gradient."""

import numpy as np
from hypothesis import given, strategies

import tinygrad_edu as tg
from tests.calls import samples
from tests.domains import every_domain
from tests.oracles import ROUNDINGS, assert_close, eps, gradient, largest, weights
from tinygrad_edu import tree
from tinygrad_edu.tape import rules


@every_domain
@given(data=strategies.data())
def test_value_is_numpys(calls, data):
    for sample in data.draw(samples(calls)):
        leaves = [tg.Value(x) for x in sample.arrays]
        wanted = sample(*[x.data for x in leaves])
        recorded = tree.map(lambda z: z.data, sample(*leaves))
        # A row runs NumPy's function itself; a composition multiplies at most two of its inputs.
        roundings = 0 if sample.call.function in rules else ROUNDINGS * max(1.0, largest(sample.arrays)) ** 2
        bound = [roundings * eps(sample.arrays)] * len(tree.flatten(wanted))
        assert_close(recorded, wanted, bound, sample)
        assert [z.dtype for z in tree.flatten(recorded)] == [np.result_type(z) for z in tree.flatten(wanted)]


@every_domain
@given(data=strategies.data())
def test_gradient_has_shape_dtype_and_memory_of_its_own(calls, data):
    for sample in data.draw(samples(calls)):
        leaves = [tg.Value(x) for x in sample.arrays]
        seeds = weights(sample, sample.arrays)
        outputs = tree.flatten(sample(*leaves))
        for z, seed in zip(outputs, tree.flatten(seeds), strict=True):
            z.backward(seed)
        entries = dict.fromkeys([*leaves, *outputs])  # a function that has nothing to do may give its input
        pulled = gradient(sample, sample.arrays, seeds)
        results = [z.grad for z in entries] + [*pulled]
        owners = [z.data for z in entries] + [*sample.arrays]
        assert [(g.shape, g.dtype) for g in results] == [(x.shape, x.dtype) for x in owners]
        assert all(g.flags.writeable for g in results if isinstance(g, np.ndarray))
        for i, g in enumerate(results):
            assert not any(np.may_share_memory(g, x) for x in results[:i] + owners + tree.flatten(seeds))
