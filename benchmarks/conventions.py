"""The slopes that libraries give where a function has a kink, a jump or a pole: the table of docs/conventions.md.

`python -m benchmarks.conventions` prints it, for all libraries that are installed.

x  where the slope is taken; of two numbers, the slopes with respect to both
"""

import importlib
import importlib.metadata
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy

import tinygrad_edu as tg
from tinygrad_edu import functions

PAGE = Path(__file__).parents[1] / "docs" / "conventions.md"
X = "x[0], x[1]"
CASES = {  # what is written in NumPy and where, and how PyTorch and TensorFlow spell it
    ("abs(x)", 0): ("abs(x)", "abs(x)"),
    ("relu(x)", 0): ("np.relu(x)", "np.nn.relu(x)"),
    ("leaky_relu(x, 0.1)", 0): ("np.nn.functional.leaky_relu(x, 0.1)", "np.nn.leaky_relu(x, 0.1)"),
    ("np.maximum(x, 0)", 0): ("np.maximum(x, 0 * x.detach())", "np.maximum(x, 0)"),
    ("np.minimum(x, 0)", 0): ("np.minimum(x, 0 * x.detach())", "np.minimum(x, 0)"),
    ("np.clip(x, 0, 1)", 0): ("np.clamp(x, 0, 1)", "np.clip_by_value(x, 0, 1)"),
    ("np.where(x > 0, x, 0)", 0): ("np.where(x > 0, x, 0)", "np.where(x > 0, x, 0)"),
    ("np.where(x > 0, np.log(x), 0)", 0): ("np.where(x > 0, np.log(x), 0)", "np.where(x > 0, np.math.log(x), 0)"),
    (f"np.maximum({X})", (2, 2)): (f"np.maximum({X})", f"np.maximum({X})"),
    (f"np.fmax({X})", (2, 2)): (f"np.fmax({X})", None),
    ("np.max(x)", (2, 2)): ("np.max(x)", "np.reduce_max(x)"),
    ("np.min(x)", (2, 2)): ("np.min(x)", "np.reduce_min(x)"),
    ("np.sort(x)[0]", (2, 2)): ("np.sort(x).values[0]", "np.sort(x)[0]"),
    ("np.linalg.norm(x)", (0, 0)): ("np.linalg.norm(x)", "np.norm(x)"),
    ("np.hypot(x[0], x[1])", (0, 0)): ("np.hypot(x[0], x[1])", None),
    ("np.arctan2(x[0], x[1])", (0, 0)): ("np.arctan2(x[0], x[1])", "np.atan2(x[0], x[1])"),
    ("np.std(x)", (2, 2)): ("np.std(x, correction=0)", "np.math.reduce_std(x)"),
    ("np.prod(x)", (0, 2)): ("np.prod(x)", "np.reduce_prod(x)"),
    ("np.sqrt(x)", 0): ("np.sqrt(x)", "np.sqrt(x)"),
    ("np.cbrt(x)", 0): (None, None),
    ("x ** 0", 0): ("x ** 0", "x ** 0"),
    ("x ** 0.5", 0): ("x ** 0.5", "x ** 0.5"),
    ("x[0] ** x[1]", (0, 0)): ("x[0] ** x[1]", "x[0] ** x[1]"),
    ("x[0] ** x[1]", (0, 2)): ("x[0] ** x[1]", "x[0] ** x[1]"),
    ("np.sign(x)", 0): ("np.sign(x)", "np.sign(x)"),
    ("np.round(x)", 0.5): ("np.round(x)", "np.round(x)"),
    ("np.floor(x)", 1): ("np.floor(x)", "np.floor(x)"),
    ("x % 1", 1): ("x % 1", "x % 1"),
    ("np.sinc(x)", 0): ("np.sinc(x)", None),
}


def of_engine(text: str, x: Any) -> Any:
    """The slope that this library gives."""
    return tg.grad(_function(text, numpy, relu=functions.relu, leaky_relu=functions.leaky_relu))(x)


def _function(text: str, library: Any, **more: Any) -> Callable[[Any], Any]:
    return eval(f"lambda x: {text}", {"np": library, **more})


def _of_torch(text: str, x: Any) -> Any:
    torch = importlib.import_module("torch")
    leaf = torch.tensor(x, requires_grad=True)
    return torch.autograd.grad(_function(text, torch)(leaf), leaf)[0]


def _of_jax(text: str, x: Any) -> Any:
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    return jax.grad(_function(text, jax.numpy, relu=jax.nn.relu, leaky_relu=jax.nn.leaky_relu))(x)


def _of_autograd(text: str, x: Any) -> Any:
    return importlib.import_module("autograd").grad(_function(text, importlib.import_module("autograd.numpy")))(x)


def _of_mygrad(text: str, x: Any) -> Any:
    mygrad = importlib.import_module("mygrad")
    nnet = importlib.import_module("mygrad.nnet")
    leaf = mygrad.tensor(x)
    _function(text, mygrad, relu=nnet.relu, leaky_relu=nnet.leaky_relu)(leaf).backward()
    return leaf.grad


def _of_tensorflow(text: str, x: Any) -> Any:
    tensorflow = importlib.import_module("tensorflow")
    leaf = tensorflow.Variable(x)
    with tensorflow.GradientTape() as tape:
        z = _function(text, tensorflow)(leaf)
    return tape.gradient(z, leaf)


PEERS = {  # how each is asked, and which spelling it takes: NumPy's, or one of the two in CASES
    "PyTorch": ("torch", _of_torch, 0),
    "JAX": ("jax", _of_jax, None),
    "autograd": ("autograd", _of_autograd, None),
    "MyGrad": ("mygrad", _of_mygrad, None),
    "TensorFlow": ("tensorflow", _of_tensorflow, 1),
}


def shown(slope: Any) -> str:
    """A slope, or several, in a few characters."""
    return ", ".join(f"{s + 0.0:.4g}" for s in numpy.ravel(slope))


def cell(ask: Callable[[str, Any], Any], text: str | None, point: Any) -> str:
    """What a library gives; empty where it has no such function, or refuses."""
    if text is None:
        return ""
    try:
        with warnings.catch_warnings(), numpy.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            slope = ask(text, numpy.array(point, float)[()])
            return "" if slope is None else shown(slope)
    except (TypeError, ValueError, AttributeError, NameError, NotImplementedError, RuntimeError):
        return ""


def own_cells() -> list[str]:
    """The column of this library."""
    return [cell(of_engine, text, point) for text, point in CASES]


def table() -> str:
    """The table, in Markdown, with a column for each library that is installed."""
    installed = {}
    for name, (package, ask, spelling) in PEERS.items():
        try:
            installed[f"{name} {importlib.metadata.version(package)}"] = ask, spelling
        except importlib.metadata.PackageNotFoundError:
            continue
    lines = ["| " + " | ".join(["function", "at", "tinygrad_edu", *installed]) + " |"]
    lines.append("|---" * (3 + len(installed)) + "|")
    for ((text, point), spelled), own in zip(CASES.items(), own_cells(), strict=True):
        peers = [cell(ask, text if i is None else spelled[i], point) for ask, i in installed.values()]
        place = ", ".join(map(str, numpy.ravel(point)))
        lines.append("| " + " | ".join([f"`{text}`", place, own, *peers]) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
