"""Integers of every dtype count alike: where a function takes one as it takes an int, its slopes are the same."""

import numpy as np
import pytest
from scipy import special

import tinygrad_edu as tg
import tinygrad_edu.scipy.special
from tests.domains import CALLS
from tinygrad_edu import functions, losses, tree
from tinygrad_edu.core.rules import table
from tinygrad_edu.core.source_info import label
from tinygrad_edu.testing.calls import Call, outcome

EPS = np.finfo(float).eps
SHORT_AND_UNSIGNED = (
    np.int8,
    np.uint8,
    np.uint64,
)  # as sums, the first two overflow soon; the last with int64 is a float
EVERY = [np.dtype(code) for code in np.typecodes["AllInteger"]]


def is_whole(part):
    whole = type(part) is int or (isinstance(part, np.ndarray) and part.dtype.kind == "i")
    return whole and bool(np.all(np.greater_equal(part, 0)))


def in_dtype(part, dtype):
    """`part` with its integers of another dtype, alone, in arrays and in tuples."""
    if is_whole(part):
        return np.asarray(part).astype(dtype)[()]
    if isinstance(part, list) and part and all(map(is_whole, part)):
        return np.array(part, dtype)
    return type(part)(in_dtype(x, dtype) for x in part) if type(part) in (list, tuple) else part


def has_whole(part):
    return is_whole(part) or (isinstance(part, (list, tuple)) and any(map(has_whole, part)))


def is_public(function):
    return isinstance(function, np.ufunc) or label(function).startswith("np.") or function in vars(functions).values()


WITH_INTEGERS = [
    call for call in CALLS if is_public(call.function) and has_whole([*call.arguments, *call.keywords.values()])
]


def same(found, wanted):
    """Whether two trees hold the same numbers, but for what a compiled program rounds otherwise."""
    found, wanted = tree.leaves(found), tree.leaves(wanted)
    return len(found) == len(wanted) and all(
        np.shape(x) == np.shape(y) and np.allclose(x, y, rtol=16 * EPS, atol=16 * EPS * np.max(abs(y), initial=0))
        for x, y in zip(found, wanted, strict=True)
    )


def waved(f):
    """The sum of sines of all that a function returns, so that slopes differ from place to place."""
    return lambda *arrays: sum(np.sum(np.sin(z)) for z in tree.leaves(f(*arrays)))


@pytest.mark.parametrize("call", WITH_INTEGERS, ids=str)
def test_slopes_do_not_depend_on_the_dtype_of_a_setting(call):
    sample = call.draw(0)
    argnums = tuple(range(len(sample.arrays)))
    wanted = tg.grad(waved(sample), argnums=argnums)(*sample.arrays)
    many = tuple(np.stack([x, x]) for x in sample.arrays)
    for dtype in SHORT_AND_UNSIGNED:
        again = Call(
            call.function,
            tuple(in_dtype(x, dtype) for x in call.arguments),
            {key: in_dtype(x, dtype) for key, x in call.keywords.items()},
        ).draw(0)
        with np.errstate(over="ignore"):  # of NumPy, which negates an unsigned offset
            plain = outcome(again, *sample.arrays)
        if isinstance(plain, Exception) or not same(plain, sample(*sample.arrays)):
            continue  # NumPy reads it otherwise
        assert same(tg.grad(waved(again), argnums=argnums)(*sample.arrays), wanted)
        batched = outcome(tg.vmap(tg.grad(waved(sample), argnums=argnums)), *many)
        if not isinstance(batched, Exception):
            assert same(tg.vmap(tg.grad(waved(again), argnums=argnums))(*many), batched)


SHAPED = [f for f in table if isinstance(f, np.ufunc) and f is not np.ldexp and None in [*table[f].rules]]


@pytest.mark.parametrize("dtype", EVERY, ids=str)
@pytest.mark.parametrize("function", SHAPED, ids=label)
def test_orders_and_shapes_of_special_functions_are_numbers(function, dtype):
    rules = table[function].rules
    by_which = len(rules) - 1 if rules[-1] else 0

    def slope(n, kind):
        arguments = [0.3] * len(rules)
        for i, rule in enumerate(rules):
            if rule is None:
                arguments[i] = np.array([n, n + 1]).astype(kind)
        with np.errstate(all="ignore"):
            return tg.grad(lambda x: np.sum(function(*arguments[:by_which], x, *arguments[by_which + 1 :])))(0.3)

    for n in (0, 1, 2, np.iinfo(np.int8).max - 1):
        np.testing.assert_array_equal(slope(n, dtype), slope(n, float))


X = np.random.default_rng(0).normal(size=(300, 5))
I = np.array([1, 0, 3, 2])
PICKS = {
    "x[i]": lambda x, i: x[i],
    "x[i, i]": lambda x, i: x[i, i],
    "x[:, i]": lambda x, i: x[:, i],
    "x[i[2]]": lambda x, i: x[i[2]],
    "np.take": np.take,
    "np.take of rows": lambda x, i: np.take(x, i, axis=0),
    "np.take_along_axis": lambda x, i: np.take_along_axis(x, i[:, None], axis=0),
    "x.at[i].add": lambda x, i: x.at[i].add(x[:4] ** 2),
    "x.at[i, i].multiply": lambda x, i: x.at[i, i].multiply(3.0),
    "np.bincount": lambda x, i: np.bincount(i, x[:4, 0]),
    "embedding": functions.embedding,
    "cross_entropy": lambda x, i: losses.cross_entropy(x[:4], i),
    "cross_entropy of each": lambda x, i: losses.cross_entropy(x[:4], i, reduction="none"),
    "cross_entropy of grids": lambda x, i: losses.cross_entropy(x[:4].reshape(2, 2, 5), i.reshape(2, 2)),
    "cross_entropy, weighted": lambda x, i: losses.cross_entropy(x[:4], i, weights=np.arange(1.0, 6.0)),
    "cross_entropy, smoothed": lambda x, i: losses.cross_entropy(x[:4], i, label_smoothing=0.1),
    "cross_entropy, 3 ignored": lambda x, i: losses.cross_entropy(x[:4], i, ignore_index=3),
    "cross_entropy, -1 ignored": lambda x, i: losses.cross_entropy(x[:4], i, ignore_index=-1),
    "ctc": lambda x, i: losses.ctc(x[:8].reshape(2, 4, 5), (i[:2] + i[1] + 1).reshape(2, 1)),
    "ctc with lengths": lambda x, i: losses.ctc(
        x[:8].reshape(2, 4, 5), np.stack([i[::2] + 1, i[2:]], axis=1), label_lengths=i[:2], logit_lengths=i[2:]
    ),
    "squared_error": lambda x, i: losses.squared_error(x[:4, 0], i),
    "huber": lambda x, i: losses.huber(x[:4, 0], i),
    "binary_cross_entropy": lambda x, i: losses.binary_cross_entropy(x[:4, 0], i % 2),
    "one_hot": lambda x, i: functions.one_hot(i, 300) @ x,
}  # fmt: skip


def compiled(f, x, i):
    program = tg.compile(tg.value_and_grad(f))
    return program(x, i), program(x, i)  # the first is the eager one


WAYS = {
    "eager": lambda f, x, i: tg.value_and_grad(f)(x, i),
    "compiled": compiled,
    "twice": lambda f, x, i: tg.hvp(lambda x: f(x, i), (x,), (x,)),
    "many": lambda f, x, i: tg.vmap(tg.value_and_grad(f), in_axes=(0, None))(np.stack([x, -x]), i),
    "many of both": lambda f, x, i: tg.vmap(tg.value_and_grad(f))(np.stack([x, -x]), np.stack([i, i])),
    "scan": lambda f, x, i: tg.value_and_grad(
        lambda x: tg.scan(lambda c, i: (c + f(x, i), None), 0.0, np.stack([i, i]))[0]
    )(x),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("pick", PICKS.values(), ids=PICKS)
def test_labels_and_places_are_of_any_integer_dtype(pick, way):
    wanted = outcome(way, waved(pick), X, I)
    for dtype in EVERY:
        found = outcome(way, waved(pick), X, I.astype(dtype))
        if isinstance(wanted, Exception):  # as of x.at in a batch
            assert type(found) is type(wanted)
        else:
            assert same(found, wanted), (dtype, found)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_short_integers_count_a_table_of_more_rows(dtype):
    last = np.array([127, 100, 127], dtype)
    for f in (lambda x, i: x[i], functions.embedding, lambda x, i: np.take(x, i, axis=0)):
        for way in WAYS.values():
            assert same(way(waved(f), X, last), way(waved(f), X, last.astype(int)))


def test_ignored_labels_of_any_dtype():
    logits = X[:3]
    for dtype, ignored in ((np.uint64, 2**64 - 1), (np.uint8, 255), (np.int8, -100), (np.int64, -100)):
        labels = np.array([1, ignored, 2], dtype)
        z = losses.cross_entropy(logits, labels, ignore_index=ignored)
        assert z == losses.cross_entropy(logits[::2], labels[::2])
        with pytest.raises(ValueError, match=r"^cross_entropy: labels go from"):
            losses.cross_entropy(logits, labels)


def test_an_example_may_have_no_labels():
    assert losses.ctc(X[:3].reshape(1, 3, 5), [[]]) == losses.ctc(
        X[:3].reshape(1, 3, 5), np.zeros((1, 1), int), label_lengths=[0], blank=0
    )
    assert special.jv in SHAPED
