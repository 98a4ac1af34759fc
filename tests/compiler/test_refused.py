"""What would be replayed wrongly is refused, and the line that does it is named: here it ends with the comment trap."""

import functools
import itertools
import math
import pickle
import random
import types

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.compiler.traps import X
from tinygrad_edu import TraceError, Value

M = np.arange(9.0).reshape(3, 3)
GENERATOR, OLD, NUMBERS, COUNTER = (
    np.random.default_rng(0),
    np.random.RandomState(0),
    random.Random(0),
    itertools.count(),
)
LOG, NAMES, PARAMETERS, WEIGHTS = [], set(), {"w": 1.0}, np.ones(3)
SETTINGS = types.ModuleType("settings")
SETTINGS.table = np.ones(3)


class Net:
    table, count, last, value = np.ones(3), 0, None, Value(2.0)

    def __init__(self):
        self.w, self.n, self.log = np.ones(3), 0, []


@functools.lru_cache
def cached(n):
    return np.arange(float(n))


NET, V = Net(), Value(X)


def helper(x):
    return x


def fill(a, x):
    a[0] = x  # trap
    return a


def strictly(x):
    with np.errstate(divide="raise"):
        return 1 / x  # trap


# fmt: off
TRAPS = {
    "if": lambda x, m, s: x if x[0] > 0 else -x,
    "while": lambda x, m, s: [x for _ in iter(lambda: bool(x[0]), False)],
    "and": lambda x, m, s: x[0] > 0 and x,
    "not": lambda x, m, s: not x[0],
    "max": lambda x, m, s: max(x[0], x[1]),
    "sorted": lambda x, m, s: sorted([x[0], x[1]]),
    "in": lambda x, m, s: 2.0 in x,
    "all": lambda x, m, s: all(x > 0),
    "equal lists": lambda x, m, s: [x[0]] == [1.0],
    "a float that is given": lambda x, m, s: x if s > 0 else -x,
    "isclose": lambda x, m, s: x if np.allclose(x, 1) else -x,
    "float": lambda x, m, s: float(x[0]),
    "int": lambda x, m, s: int(x[0]),
    "round": lambda x, m, s: round(s),
    "item": lambda x, m, s: x[0].item(),
    "tolist": lambda x, m, s: x.tolist(),
    "math": lambda x, m, s: math.sin(s),
    "floor": lambda x, m, s: math.floor(s),
    "text": lambda x, m, s: f"{s:.2f}",
    "a length": lambda x, m, s: np.zeros_like(x, shape=(int(s), 2)),
    "a range": lambda x, m, s: sum(range(np.argmax(x))),
    "an index of a list": lambda x, m, s: [x, -x, x][np.argmax(x)],
    "a key": lambda x, m, s: {1.0: x}.get(s, -x),
    "a set": lambda x, m, s: s in {1.0, 2.0},
    "the end of a slice": lambda x, m, s: x[: np.argmax(x)],
    "an axis": lambda x, m, s: np.sum(m, axis=np.argmax(x) % 2),
    "repeats": lambda x, m, s: np.repeat(x, np.argsort(x)),
    "a mask": lambda x, m, s: x[x > 0],
    "a mask of a number": lambda x, m, s: x[s > 0],
    "nonzero": lambda x, m, s: np.nonzero(x)[0],
    "method nonzero": lambda x, m, s: x.nonzero()[0],
    "where alone": lambda x, m, s: np.where(x > 0)[0],
    "unique": lambda x, m, s: np.unique(x),
    "bincount": lambda x, m, s: np.bincount(np.argsort(x)),
    "histogram by itself": lambda x, m, s: np.histogram(x, bins="auto")[0],
    "emath": lambda x, m, s: np.emath.sqrt(x),
    "eigenvalues": lambda x, m, s: np.linalg.eigvals(m),
    "shared memory": lambda x, m, s: np.shares_memory(x, m),
    "an array filled": lambda x, m, s: fill(np.zeros(3), x[0]),
    "an array written into": lambda x, m, s: np.add(x, 1, out=np.zeros(3)),
    "an array added to": lambda x, m, s: np.copyto(np.zeros(3), x),
    "pad": lambda x, m, s: np.pad(x, 1, abs),
    "piecewise": lambda x, m, s: np.piecewise(x, [x > 0], [abs, abs]),
    "vectorize": lambda x, m, s: np.vectorize(abs)(x),
    "frompyfunc": lambda x, m, s: np.frompyfunc(abs, 1, 1)(x),
    "pickle": lambda x, m, s: pickle.dumps(x),
    "memory": lambda x, m, s: x.flags,
    "a flat iterator": lambda x, m, s: x.flat[0],
    "text of NumPy's": lambda x, m, s: np.array2string(x),
    "errors that depend on numbers": lambda x, m, s: strictly(x),
    "overwriting": lambda x, m, s: np.nan_to_num(x * 1, copy=False),
    "an input": lambda x, m, s: np.add(x, 1, out=x),
    "an input by position": lambda x, m, s: np.dot(m, x, x),
    "an input by a view": lambda x, m, s: fill(np.split(x, 3)[0], 1.0),
    "an input by at": lambda x, m, s: np.add.at(x, [0], 1.0),
    "an input put": lambda x, m, s: np.put(x, [0], 1.0),
    "an input sorted": lambda x, m, s: x.sort(),
    "an input closed over": lambda x, m, s: fill(WEIGHTS, x[0]),
    "two outputs": lambda x, m, s: np.divmod(x, 2.0, out=(m[0], m[1])),
    "an array that is cached": lambda x, m, s: x * cached(3),
    "an array that is cached, beside a Value": lambda x, m, s: Value(x) * cached(3),
    "a random number": lambda x, m, s: x * np.random.normal(),
    "a random number of Python's": lambda x, m, s: x * random.random(),
    "a generator": lambda x, m, s: x * GENERATOR.normal(),
    "a generator of Python's": lambda x, m, s: x * NUMBERS.random(),
    "an old generator": lambda x, m, s: x * OLD.normal(),
    "a choice by chance": lambda x, m, s: x if GENERATOR.random() < 2 else -x,
    "a count": lambda x, m, s: x * next(COUNTER),
    "a list that is closed over": lambda x, m, s: LOG.append(1) or x,
    "a set that is closed over": lambda x, m, s: NAMES.add("name") or x,
    "a dictionary": lambda x, m, s: PARAMETERS.update(w=x) or x,
    "an attribute": lambda x, m, s: setattr(NET, "n", NET.n + 1) or x,
    "an attribute that was not there": lambda x, m, s: setattr(NET, "cache", x) or x,
    "a list of an object": lambda x, m, s: NET.log.append(x) or x,
    "a class attribute": lambda x, m, s: setattr(Net, "count", Net.count + 1) or x,
    "a tracer in a class": lambda x, m, s: setattr(Net, "last", x) or x,
    "a tracer in a class, where nothing was": lambda x, m, s: setattr(Net, "fresh", x) or x,
    "an attribute of the function": lambda x, m, s: setattr(helper, "count", 1) or x,
    "data of a Value": lambda x, m, s: setattr(V, "data", x) or x,
    "the gradient of a Value": lambda x, m, s: np.sum(V * x).backward() or x,
    "a Value of a class": lambda x, m, s: x * Net.value,
}
# fmt: on


def state():
    """What the traps would change, if they sprang."""
    of_classes = [vars(Net).get(name) for name in ("count", "last", "fresh", "value")]
    of_net = {**vars(NET), "w": NET.w.tolist(), "log": [*NET.log]}
    return [
        LOG[:],
        {*NAMES},
        {**PARAMETERS},
        WEIGHTS.tolist(),
        of_net,
        of_classes,
        vars(helper),
        V._payload.tolist(),
        V._grad,
    ]


@pytest.mark.parametrize("name", TRAPS)
def test_it_is_refused_where_it_stands(name):
    before = state()
    compiled = tg.compile(TRAPS[name])
    for _ in range(2):
        with pytest.raises(TraceError, match=r"^tg\.compile: .*; .* \[test_refused\.py:\d+: ") as caught:
            compiled(X, M, 2.0)
        assert f'"{name}": lambda' in str(caught.value) or "# trap" in str(caught.value)
    assert X.tolist() == [1.0, -2.0, 3.0]
    assert state() == before
    assert compiled.fallbacks == 0
