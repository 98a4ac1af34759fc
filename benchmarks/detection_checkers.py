"""Those who check gradients: how each is given a rule, and what it says of a function, at its default settings.

MyGrad has none, and micrograd neither.

xp    a library's own version of NumPy
g     cotangent
i     which input
full  look at every number one by one, where there is such a mode
"""

from importlib import import_module

import numpy as np

from benchmarks.workload import OURS


class Ours:
    """tg.compare_gradients."""

    package = OURS
    xp = np

    def __init__(self):
        self.tg = import_module(OURS)

    def part(self, case):
        """The part of a case, with its rule, for this library."""

        def function(*inputs):
            return case.forward(np, *inputs)

        def rule(i):
            return lambda g, z, *inputs: case.pullback(np, g, *inputs)[i]

        function.__name__ = case.forward.__name__  # so that it can be named in what is said
        recorded = self.tg.primitive(function)
        self.tg.derivative(recorded, *map(rule, range(case.inputs)))
        return recorded

    def report(self, f, arrays, full=False):
        """The report on a function."""
        return self.tg.compare_gradients(f, *arrays, full=full)

    def complaint(self, f, arrays, full=False):
        """What is said of a function whose gradient is found wrong, without the table, or None."""
        report = self.report(f, arrays, full)
        return None if report.ok else "; ".join([*map(str, report.faults), report.summary])


class Peer:
    """A checker that raises an error where it finds a gradient wrong; none has a mode that would be `full`."""

    error = AssertionError

    def complaint(self, f, arrays, full=False):
        """What is said of a function whose gradient is found wrong, or None."""
        try:
            self.check(f, arrays)
        except self.error as error:
            return str(error)
        return None


class Autograd(Peer):
    """autograd.test_util.check_grads."""

    package = "autograd"

    def __init__(self):
        self.xp, self.extend = import_module("autograd.numpy"), import_module("autograd.extend")
        self.check_grads = import_module("autograd.test_util").check_grads
        np.random.seed(0)  # it draws its directions from there

    def part(self, case):
        """The part of a case, with `primitive` and `defvjp`."""

        @self.extend.primitive
        def recorded(*inputs):
            return case.forward(self.xp, *inputs)

        def rule(i):
            return lambda z, *inputs: lambda g: case.pullback(self.xp, g, *inputs)[i]

        self.extend.defvjp(recorded, *map(rule, range(case.inputs)))
        return recorded

    def check(self, f, arrays):
        """Raise if a gradient is wrong, of any argument: by default it looks at the first alone."""
        self.check_grads(f, tuple(range(len(arrays))), modes=["rev"], order=1)(*arrays)


class Torch(Peer):
    """torch.autograd.gradcheck."""

    package = "torch"

    def __init__(self):
        self.xp = import_module("torch")
        self.error = import_module("torch.autograd.gradcheck").GradcheckError

    def part(self, case):
        """The part of a case, an `autograd.Function`."""
        torch = self.xp

        class Recorded(torch.autograd.Function):
            @staticmethod
            def forward(ctx, *inputs):
                ctx.save_for_backward(*inputs)
                return case.forward(torch, *inputs)

            @staticmethod
            def backward(ctx, g):
                return case.pullback(torch, g, *ctx.saved_tensors)

        return Recorded.apply

    def check(self, f, arrays):
        """Raise if a gradient is wrong."""
        self.xp.autograd.gradcheck(f, [self.xp.tensor(x, requires_grad=True) for x in arrays])


class Jax(Peer):
    """jax.test_util.check_grads, on float64."""

    package = "jax"

    def __init__(self):
        self.jax = import_module("jax")
        self.jax.config.update("jax_enable_x64", True)
        self.jax.config.update("jax_platforms", "cpu")
        self.xp, self.check_grads = self.jax.numpy, import_module("jax.test_util").check_grads

    def part(self, case):
        """The part of a case, with `custom_vjp`."""

        @self.jax.custom_vjp
        def recorded(*inputs):
            return case.forward(self.xp, *inputs)

        def pull(inputs, g):
            return case.pullback(self.xp, g, *inputs)

        recorded.defvjp(lambda *inputs: (recorded(*inputs), inputs), pull)
        return recorded

    def check(self, f, arrays):
        """Raise if a gradient is wrong."""
        self.check_grads(f, [self.xp.asarray(x) for x in arrays], order=1, modes=["rev"])


CHECKERS = {OURS: Ours, "autograd": Autograd, "torch": Torch, "jax": Jax}
