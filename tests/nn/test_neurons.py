"""Networks are trees of constants, and linear ones are a neuron in disguise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu import Value, tree
from tinygrad_edu.nn import Layer, Network, Neuron, collapse, count_parameters

EPS = np.finfo(float).eps
sizes = st.lists(st.integers(1, 6), min_size=2, max_size=5)
seeds = st.integers(0, 2**32)


def random_constants(network, seed):
    rng = np.random.default_rng(seed)
    return tree.map(lambda constant: Value(rng.normal(size=constant.shape)), network)


def rounding(network, x):
    """Bound what rounding makes of an affine network: each sum of d products is off by d·eps of their sizes."""
    operations = sum(layer.weights.shape[0] + 1 for layer in network.layers)
    return 2 * operations * EPS * tree.map(abs, network)(abs(x)).data


def test_the_posts_network_has_28_constants():
    network = Network.random([3, 3, 3, 1], seed=0)
    assert count_parameters(network) == 28
    assert [layer.nonlinearity for layer in network.layers] == [np.tanh, np.tanh, None]


def test_a_neuron_is_its_formula():
    neuron = Neuron(Value([23.0, 42.0, 51.0]), Value(2.0))
    a, b, c = 3.0, -1.0, 0.5
    assert neuron(np.array([a, b, c])).item() == 23 * a + 42 * b + 51 * c + 2
    bent = Neuron(Value([1.0]), Value(0.5), np.tanh)
    np.testing.assert_array_equal(bent([[0.5], [1.0]]).data, np.tanh([1.0, 1.5]))


@given(sizes, seeds)
def test_a_layer_is_its_neurons_side_by_side(sizes, seed):
    (layer,) = random_constants(Network.random(sizes[:2], seed), seed).layers
    x = np.random.default_rng(seed).normal(size=(5, sizes[0]))
    apart = np.stack([neuron(x).data for neuron in layer.neurons], axis=1)
    assert np.all(abs(layer(x).data - apart) <= rounding(Network([layer]), x))


def test_a_layers_neurons_lead_back_to_it():
    layer = Layer(Value(np.ones((2, 3))), Value(np.zeros(3)))
    layer.neurons[1](np.array([5.0, 7.0])).backward()
    np.testing.assert_array_equal(layer.weights.grad, [[0, 5, 0], [0, 7, 0]])
    np.testing.assert_array_equal(layer.bias.grad, [0, 1, 0])


@given(sizes, seeds)
def test_a_linear_network_collapses(sizes, seed):
    network = random_constants(Network.random(sizes, seed, nonlinearity=None), seed)
    one = collapse(network)
    x = np.random.default_rng(seed).normal(size=(5, sizes[0]))
    assert count_parameters(one) == (sizes[0] + 1) * sizes[-1]
    assert np.all(abs(network(x).data - one(x).data) <= rounding(network, x))


def test_a_bent_network_does_not_collapse():
    with pytest.raises(ValueError, match="collapse: layer 1 has the nonlinearity tanh"):
        collapse(Network([Network.random([2, 2], 0).layers[0], *Network.random([2, 3, 1], 0).layers]))


def test_the_seed_decides():
    one, same, other = (tree.leaves(Network.random([4, 3, 2], seed)) for seed in (7, 7, 8))
    assert all(np.array_equal(a.data, b.data) for a, b in zip(one, same, strict=True))
    assert not np.array_equal(one[0].data, other[0].data)


@given(st.integers(1, 400), seeds)
def test_random_weights_keep_the_spread(d, seed):
    weights = Network.random([d, 1000], seed).layers[0].weights.data
    # The mean of N squares of variance-1 normals has deviation √(2/N); 8 of them do not happen.
    assert abs(np.mean(weights**2) * d - 1) <= 8 * np.sqrt(2 / weights.size)


@given(sizes, seeds)
def test_its_gradient_is_a_network(sizes, seed):
    network = Network.random(sizes, seed)
    x = np.random.default_rng(seed).normal(size=(3, sizes[0]))
    with tg.no_grad():
        gradient = tg.grad(lambda n: np.sum(n(x)))(network)
    assert tree.paths(gradient) == tree.paths(network)
    assert [layer.nonlinearity for layer in gradient.layers] == [layer.nonlinearity for layer in network.layers]
    np.testing.assert_array_equal(gradient.layers[-1].bias.data, np.full(sizes[-1], 3.0))


@pytest.mark.parametrize("wrong", [[3], [], [3, 0], [3, -1, 1], [3, 2.5], [3, None]])
def test_sizes_must_be_positive_integers(wrong):
    with pytest.raises(ValueError, match=r"Network\.random: sizes are"):
        Network.random(wrong, seed=0)


@pytest.mark.parametrize("shape", [(2,), (5, 2), (3, 4), ()])
def test_inputs_must_fit(shape):
    network = Network.random([3, 2], seed=0)
    with pytest.raises(ValueError, match=r"Layer: the input has shape .*; its last axis must have length 3"):
        network(np.zeros(shape))
    with pytest.raises(ValueError, match="Neuron: the input has shape"):
        network.layers[0].neurons[0](np.zeros(shape))


def test_a_network_and_a_dict_compile_to_the_same_slope_of_tanh():
    network = Network.random([3, 4, 1], seed=0)
    tree_of_arrays = [{"w": layer.weights.data, "b": layer.bias.data} for layer in network.layers]
    x = np.ones((5, 3))

    def plain(layers, x):
        first, second = layers
        return np.sum(np.tanh(x @ first["w"] + first["b"]) @ second["w"] + second["b"])

    of_network = tg.compile(tg.value_and_grad(lambda network, x: np.sum(network(x))))
    of_tree = tg.compile(tg.value_and_grad(plain))
    (loss, slopes), (wanted, others) = of_network(network, x), of_tree(tree_of_arrays, x)
    assert loss.data == wanted
    for layer, other in zip(slopes.layers, others, strict=True):
        np.testing.assert_array_equal(layer.weights.data, other["w"])
        np.testing.assert_array_equal(layer.bias.data, other["b"])
    for source in (of_network.source, of_tree.source):
        backward = source.partition("# backward")[2]
        assert "sech_squared(" in backward
        assert "cosh" not in backward
