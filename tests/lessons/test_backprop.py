"""The chain rule, the tape in fifteen lines, gradients by hand, and both modes."""

import inspect

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.lessons import chain_rule, derivations, modes, scalar_tape
from tinygrad_edu.lessons.scalar_tape import Number, backward, naive_backward, order

EPS = np.finfo(float).eps
few_digits = st.integers(-32, 32).map(lambda k: k / 8)


@given(st.floats(-2, 2))
def test_slopes_along_a_chain_multiply(x):
    functions = [lambda x: 3 * x, np.tanh, np.exp]
    chain = chain_rule.links(functions, x)
    assert [link.x for link in chain[1:]] == [link.z for link in chain[:-1]]
    assert chain[-1].so_far == chain[0].own * chain[1].own * chain[2].own
    whole = float(tg.grad(lambda x: np.exp(np.tanh(3 * x)))(x))
    assert abs(chain[-1].so_far - whole) <= 8 * EPS * abs(whole)
    # Measured, it misses by q/2 times the bend, at most e·27, and two roundings of e over q.
    q = 2.0**-20
    assert abs(chain_rule.nudge(functions, x) - whole) <= q / 2 * 27 * np.e * 2 + 4 * EPS * np.e / q


@given(few_digits)
def test_the_naive_sweep_is_right_on_a_chain_and_wrong_on_a_diamond(a):
    assert scalar_tape.run(scalar_tape.chain, naive_backward, a).gradient == 4.0
    assert scalar_tape.run(scalar_tape.chain, backward, a).gradient == 4.0
    assert scalar_tape.run(scalar_tape.diamond, backward, a) == scalar_tape.Swept(4 * a * a, 8 * a)
    assert scalar_tape.run(scalar_tape.diamond, naive_backward, a).gradient == 12 * a


def compute(numbers, program):
    """What sums and products make of numbers: (i, j, adds) appends one of the i-th and the j-th from the end."""
    made = list(numbers)
    for i, j, adds in program:
        x, y = made[-1 - i % len(made)], made[-1 - j % len(made)]
        made.append(x + y if adds else x * y)
    return made[-1]


programs = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.booleans()), min_size=1, max_size=8)


@given(st.lists(st.integers(-2, 2).map(float), min_size=2, max_size=3), programs)
def test_the_fifteen_lines_give_what_the_engine_gives(data, program):
    ours, theirs = [Number(x) for x in data], [tg.Value(x) for x in data]
    z, w = compute(ours, program), compute(theirs, program)
    z.grad = 1.0
    backward(z)
    w.backward()
    assert z.data == w.item()
    # Whole numbers: exact while they are below 2⁵³, and off by one rounding of each of a few sums beyond.
    for x, y in zip(ours, theirs, strict=True):
        wanted = 0.0 if y.grad is None else float(y.grad)
        assert abs(x.grad - wanted) <= 64 * EPS * abs(wanted)


def test_the_order_has_each_number_once_and_none_before_its_inputs():
    a = Number(3.0)
    b = a * a
    z = b * b + a
    tape = order(z, [])
    assert len(tape) == len({*map(id, tape)}) == 4
    assert all(tape.index(x) < tape.index(entry) for entry in tape for x, _ in entry.inputs)


def test_it_is_fifteen_lines():
    parts = (Number, naive_backward)
    lines = "".join(inspect.getsource(part) for part in parts).splitlines()
    code = [line for line in lines if line.strip() and '"""' not in line]
    assert len(code) <= 15


@given(st.lists(st.floats(-2, 2), min_size=4, max_size=4), st.floats(-2, 2))
def test_a_neurons_gradient_by_hand_and_by_tape(numbers, b):
    found = derivations.neuron(numbers[:2], b, numbers[2:])
    assert found.apart <= 8 * EPS * 2


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=6))
def test_the_jacobian_of_softmax(logits):
    found = derivations.softmax_jacobian(logits)
    assert found.apart <= 8 * EPS
    assert np.max(np.abs(found.by_hand.sum(axis=0))) <= 8 * EPS  # probabilities still sum to 1


@given(st.lists(st.lists(st.floats(-5, 5), min_size=3, max_size=3), min_size=1, max_size=4), st.integers(0, 2))
def test_the_gradient_of_cross_entropy_is_what_is_thought_less_what_is_so(logits, label):
    found = derivations.cross_entropy_gradient(logits, [label] * len(logits))
    assert found.apart <= 8 * EPS
    assert (found.by_hand[:, label] <= 0).all()


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))
def test_forward_takes_a_sweep_an_input_and_reverse_one_an_output(n, m, seed):
    costs = modes.compare(n, m, seed)
    assert (costs.forward, costs.reverse) == (n, m)
    assert costs.apart <= 64 * EPS


@given(st.floats(0.1, 3), st.floats(-3, 3))
def test_a_jacobian_read_both_ways(r, angle):
    columns, rows = modes.rows_and_columns(modes.polar, np.array([r, angle]))
    wanted = np.array([[np.cos(angle), -r * np.sin(angle)], [np.sin(angle), r * np.cos(angle)]])
    assert np.max(np.abs(columns - wanted)) <= 8 * EPS * 3
    assert np.max(np.abs(rows - wanted)) <= 8 * EPS * 3
