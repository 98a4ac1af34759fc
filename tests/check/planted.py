"""Faults of every kind, planted in the rule of one operation of a small program.

suspect      the operation with the fault; everything else is right
PLANTED      by name: makes the program, its arguments, and words that the diagnosis must contain
"""

import numpy as np

import tinygrad_edu as tg

draw = np.random.default_rng(3)
X = draw.uniform(0.3, 1.5, (3, 4))
W = draw.normal(size=(4, 4))
B = draw.normal(size=4)
TWICE = np.array([0, 2, 2])


def operation(forward, *rules, opaque=False):
    """An operation of one's own, called suspect."""

    def suspect(*arguments):
        return forward(*arguments)

    recorded = tg.primitive(suspect)
    tg.derivative(recorded, *rules, opaque=opaque)
    return recorded


def inside(forward, *rules):
    """A program with the operation in its middle."""
    suspect = operation(forward, *rules)
    return lambda x, w: np.sum(np.tanh(suspect(np.sin(x)) @ w) ** 2)


def first(forward, *rules):
    """A program that begins with the operation."""
    suspect = operation(forward, *rules)
    return lambda *arguments: np.sum(np.tanh(suspect(*arguments)) * np.cos(0.1))


def put_down(g, z, x, i):
    """Put shares in their places where they should be added up."""
    share = np.zeros(x.shape)
    share[i] = g
    return share


def in_place(g, z, x):
    g *= z
    return g


def in_place_on_input(g, z, x):
    x *= g
    return x


def one_off(g, z, x):
    share = g * z
    share[1, 2] *= 1.5
    return share


def reusing_a_buffer():
    buffer = np.empty(X.shape)
    suspect = operation(lambda x: np.exp(x, out=buffer), lambda g, z, x: g * z, opaque=True)  # else it is copied
    return lambda x: np.sum(suspect(x) * suspect(2 * x))


def remembering():
    saved = {}

    def forward(x):
        saved["x"] = x
        return np.exp(x)

    suspect = operation(forward, lambda g, z, x: g * np.exp(saved["x"]))
    return lambda x: np.sum(suspect(x) * suspect(2 * x))


def rising(forward, rule):
    """A program whose cotangents differ along both axes."""
    suspect = operation(forward, rule)
    return lambda x: np.sum(np.arange(1.0, 4.0)[:, None] * np.arange(2.0, 6.0) * np.tanh(suspect(x)))


def right_and_wrong(x, y=2.0):
    return operation(np.sin, lambda g, z, x: g * z)(x) * y


# fmt: off
PLANTED = {
    "sign": lambda: (inside(np.exp, lambda g, z, x: -g * z), (X, W), "has the wrong sign"),
    "factor 2": lambda: (inside(np.exp, lambda g, z, x: 2 * g * z), (X, W), "is off by the factor 2"),
    "a billionth": lambda: (inside(np.exp, lambda g, z, x: (1 + 1e-9) * g * z), (X, W), "the factor 1 + 1e-09"),
    "lost mean": lambda: (inside(lambda x: x - x.mean(), lambda g, z, x: g), (X, W), "passes the cotangent on"),
    "mean without 1/n": lambda: (lambda x: np.tanh(operation(np.mean, lambda g, z, x: g)(x)), (X,),
        "is off by the factor 12"),
    "dropped term": lambda: (inside(lambda x: x * np.exp(x), lambda g, z, x: g * z), (X, W), "lacks the term g·z/x"),
    "inner derivative": lambda: (inside(lambda x: np.sin(3 * x), lambda g, z, x: g * np.cos(3 * x)), (X, W),
        "the factor 1/3"),
    "lost factor": lambda: (inside(lambda x: x**3, lambda g, z, x: 3 * g * x), (X, W), "lacks the factor x"),
    "missing sum": lambda: (first(np.add, lambda g, z, x, y: g, lambda g, z, x, y: g[0]), (X, B),
        "input 1 (arguments[1]) takes one slice where the broadcast axis must be summed over"),
    "mean for sum": lambda: (first(np.add, lambda g, z, x, y: g, lambda g, z, x, y: g.mean(0)), (X, B),
        "the factor 1/3"),
    "swapped operands": lambda: (
        first(lambda x, y: x * y * y, lambda g, z, x, y: 2 * g * x * y, lambda g, z, x, y: g * y * y),
        (X, X + 1), "gives what belongs to input 1 (arguments[1]): the two are swapped"),
    "transposed": lambda: (first(np.matmul, lambda g, z, x, y: g @ y.T, lambda g, z, x, y: (x.T @ g).T), (X, W),
        "input 1 (arguments[1]) gives the transpose"),
    "not transposed": lambda: (first(np.matmul, lambda g, z, x, y: g @ y, lambda g, z, x, y: x.T @ g), (X, W),
        "would be right with input 1 transposed"),
    "= for +=": lambda: (lambda x: np.sum(np.sin(operation(lambda x, i: x[i], put_down, None)(x, TWICE))), (X,),
        "puts the shares of a repeated index down"),
    "aliased buffer": lambda: (reusing_a_buffer(), (X,), "has changed since: it gives the same array every time"),
    "float32 inside": lambda: (inside(np.exp, lambda g, z, x: (g * z).astype(np.float32)), (X, W), "rounds to float32"),
    "stale array": lambda: (remembering(), (X,), "keeps state"),
    "wrong way round": lambda: (rising(lambda x: np.cumsum(x, 1), lambda g, z, x: np.cumsum(g, 1)), (X,),
        "goes along axis 1 the wrong way round"),
    "wrong axis": lambda: (first(lambda x: x.sum(1), lambda g, z, x: np.broadcast_to(g, x.shape)),
        (draw.normal(size=(3, 3)),), "gives the transpose"),
    "writes into g": lambda: (inside(np.exp, in_place), (X, W), "writes into g, which others use too"),
    "writes into x": lambda: (inside(np.exp, in_place_on_input), (X, W), "writes into input 0"),
    "nothing": lambda: (inside(np.exp, lambda g, z, x: 0.0), (X, W), "gives nothing"),
    "cotangent": lambda: (inside(np.exp, lambda g, z, x: g), (X, W), "passes the cotangent on"),
    "x for z": lambda: (inside(np.exp, lambda g, z, x: g * x), (X, W), "lacks the factor z/x"),
    "one element": lambda: (inside(np.exp, one_off), (X, W), "is wrong in 1 of 12 elements, at [1, 2]"),
    "a branch": lambda: (first(lambda x: np.where(x > 0, x, 0.1 * x), lambda g, z, x: g * (x > 0)),
        (draw.normal(size=(3, 4)),), "those where x is below 0"),
    "last row": lambda: (inside(np.exp, lambda g, z, x: np.concatenate([(g * z)[:-1], 0 * g[-1:]])), (X, W),
        "is wrong in 4 of 12 elements"),
    "shape": lambda: (inside(np.exp, lambda g, z, x: (g * z)[:2]), (X, W), "gave a cotangent of shape (2, 4)"),
    "raises": lambda: (inside(np.exp, lambda g, z, x: g @ g), (X, W), "its rule fails: ValueError"),
    "large array": lambda: (first(lambda x: 2 * x, lambda g, z, x: g * 2.0001), (draw.normal(size=(60, 60)),),
        "is off by the factor 1 + 5e-05"),
}
# fmt: on
