"""Traps for tracing that must not spring: objects, their classes and modules, and what methods look up."""

import types

import numpy as np

from tests.compiler.traps import X, Y, check_steps, every_way

SCALE, WEIGHTS = 2.0, np.ones(3)
SETTINGS = types.ModuleType("settings")
SETTINGS.rate = 2.0
TRAPS = []


def trap(steps):
    """Register a generator that yields a function, and then the arguments of one call after the other."""
    TRAPS.append(steps)


class Layer:
    shift, table = 1.0, np.arange(3.0)
    count = 0

    def __init__(self, w):
        self.w, self.gain, self.name = w, 2.0, "layer"

    def __call__(self, x):
        return self.scaled(x) + self.shift

    def scaled(self, x):
        return x * self.w * self.gain

    @property
    def twice(self):
        return 2 * SCALE

    @staticmethod
    def helped(x):
        return x * SETTINGS.rate

    @classmethod
    def shifted(cls, x):
        return x + cls.shift

    def everything(self, x):
        return self.helped(x) * self.twice + self.shifted(x)

    def tabled(self, x):
        return x * (WEIGHTS * 2) + (self.table + 1)


@trap
def an_object_changes():
    layer = Layer(np.ones(3))
    yield layer
    yield (X,)
    layer.w = X.copy()
    yield (X,)
    layer.w[0] = 9.0
    yield (X,)
    layer.gain = 3.0
    yield (X,)
    Layer.shift = 4.0
    yield (X,)
    layer.shift = -1.0
    yield (X,)
    layer.scaled = lambda x: x
    yield (X,)


@trap
def a_bound_method_of_an_object_that_changes():
    layer = Layer(np.ones(3))
    yield layer.scaled
    yield (X,)
    layer.w = Y.copy()
    yield (X,)
    layer.gain = 0.5
    yield (Y,)


@trap
def what_methods_look_up_changes():
    global SCALE, WEIGHTS  # noqa: PLW0603
    layer = Layer(np.ones(3))
    yield lambda x: layer.everything(x) + layer.tabled(x)
    yield (X,)
    SCALE += 1
    yield (X,)
    SETTINGS.rate = 7.0
    yield (X,)
    Layer.shift = 2.5
    yield (X,)
    WEIGHTS = WEIGHTS + 1
    yield (X,)
    WEIGHTS[0] = 8.0
    yield (X,)
    Layer.table[1] = 5.0
    yield (X,)


@trap
def a_class_attribute_is_found_by_its_name_only():
    yield lambda x: x * getattr(Layer, "sh" + "ift")
    yield (X,)
    Layer.shift += 1
    yield (X,)


@every_way(TRAPS)
def test_it_is_right_call_after_call(trap, options):
    check_steps(trap(), options)
