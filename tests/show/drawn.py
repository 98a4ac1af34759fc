"""The tapes that pictures and pages are tested on, and what there is to measure in a picture."""

import contextlib
import xml.etree.ElementTree as ET

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import Value


def small():
    a, b, c = Value(0.5, name="a"), Value(2.0, name="b"), Value(1.0, name="c")
    return np.tanh(a * b) + c


def micrograd():
    a, b = Value(-4.0, name="a"), Value(2.0, name="b")
    c, d = a + b, a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    f = (c - d) ** 2
    return f / 2.0 + 10.0 / f


def network(sizes=(3, 3, 3, 1), scopes=False):
    """The post's network, number by number: neurons n1 to n7, each a weighted sum and tanh."""
    generator = np.random.default_rng(0)
    values = [Value(x, name=name) for name, x in zip("xyz", (0.5, -1.0, 2.0), strict=True)]
    count = 0
    for wanted in sizes[1:]:
        outputs = []
        for _ in range(wanted):
            count += 1
            with tg.scope(f"n{count}") if scopes else contextlib.nullcontext():
                total = Value(generator.normal(), name=f"b{count}")
                for i, x in enumerate(values):
                    total = total + Value(generator.normal(), name=f"w{count}{i}") * x
                outputs.append(np.tanh(total))
        values = outputs
    return values[0]


def two_layers():
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(8, 3)), generator.normal(size=(8, 1))
    w1, b1 = Value(generator.normal(size=(3, 4)), name="W1"), Value(np.zeros(4), name="b1")
    w2, b2 = Value(generator.normal(size=(4, 1)), name="W2"), Value(np.zeros(1), name="b2")
    return np.mean((np.tanh(x @ w1 + b1) @ w2 + b2 - y) ** 2)


def chain(count):
    x = Value(1.0, name="x")
    for _ in range(count):
        x = np.sin(x) * 0.9 + 0.1
    return x


def rectangles(svg, kind):
    """Left, top, right and bottom of the rectangles of a kind."""
    found = [each for each in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect") if each.get("class") == kind]
    numbers = [[float(each.get(key)) for key in ("x", "y", "width", "height")] for each in found]
    return [(x, y, x + width, y + height) for x, y, width, height in numbers]


def overlap(a, b):
    return min(a[2], b[2]) - max(a[0], b[0]) > 0.2 and min(a[3], b[3]) - max(a[1], b[1]) > 0.2
