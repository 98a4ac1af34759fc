"""Random programs: straight lines of NumPy, smooth and bounded, for comparing two ways to run or differentiate them.

x, y  the operands of a line, made by lines before it
z     what it makes
a     the first array that is given; beside the arrays, lines that are not smooth use these:
s     a float
n     a whole number
i     two whole numbers, in an array
"""

import importlib
import re
from collections.abc import Callable, Sequence
from string import ascii_lowercase
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_edu.testing.calls import Array, outcome
from tinygrad_edu.testing.strategies import Draw, arrays, shapes

LINES = [  # simple ones first: examples shrink towards them
    "{x} + {y}",
    "{x} * {y}",
    "{x} - {y}",
    "-{x}",
    "np.sin({x})",
    "np.tanh({x})",
    "np.exp(-{x} * {x})",
    "np.sqrt(1 + {x} * {x})",
    "np.log(2 + np.cos({x}))",
    "np.logaddexp({x}, {y})",
    "np.arctan2({x}, 2 + np.sin({y}))",
    "{x} / (1 + {y}**2)",
    "np.sum({x})",
    "np.mean({x}, axis=-1, keepdims=True)",
    "np.var({x}, axis=0)",
    "np.cumsum({x}, axis=0)",
    "np.prod({x}, axis=-1)",
    "{x} @ {y}",
    "np.transpose({x}) @ {y}",
    "np.outer({x}, {y})",
    "np.einsum('...i,...i->...', {x}, {y})",
    "np.transpose({x})",
    "np.reshape({x}, -1)",
    "np.expand_dims({x}, 0)",
    "np.broadcast_to({x}, (2, *{x}.shape))",
    "np.flip({x})",
    "np.roll({x}, 1)",
    "np.repeat({x}, 2, axis=0)",
    "{x}[0]",
    "{x}[..., None]",
    "{x}[::2]",
    "{x}[..., ::-1]",
    "{x}[[0, 0, -1]]",
    "np.concatenate([{x}, {y}])",
    "np.stack([{x}, {y}], axis=-1)",
    "np.where(np.arange({x}.size).reshape({x}.shape) % 2, {x}, {y})",
    "np.split({x}, [1])[0]",
]
GRAM = "np.tanh({x}) @ np.tanh({x}).T + 3 * np.eye({x}.shape[0])"  # positive definite, far from singular
FAMILIES = [  # as smooth and bounded; what the lines above leave out, SciPy's ufuncs among it
    "np.arctan({x}) + np.arcsinh({y})",
    "np.expm1(np.tanh({x})) * np.log1p({y} * {y})",
    "np.hypot({x}, 1 + {y} * {y})",
    "np.cbrt(2 + np.sin({x}))",
    "np.float_power(1.5 + np.sin({x}), np.tanh({y}))",
    "np.logaddexp2({x}, {y})",
    "np.sinc({x})",
    "np.i0(np.tanh({x}))",
    "np.cumprod(np.tanh({x}), axis=-1)",
    "np.diff({x}, axis=0, prepend=0.5 + 0 * {x}[:1])",
    "np.trapezoid({x}, axis=-1)",
    "np.convolve(np.ravel({x}), np.ravel({y}))",
    "np.polyval(np.ravel({x})[:3], np.tanh({y}))",
    "np.average({x}, axis=0, weights=np.exp(np.tanh({x})))",
    "np.cov(np.stack([np.ravel({x}), np.ravel({x}) ** 2]), bias=True)",
    "np.std(np.stack([{x}, {x} + 1]), axis=0)",
    "np.linspace({x}, {y}, 3)",
    "np.pad({x}, 1, mode='edge')",
    "np.meshgrid(np.ravel({x}), np.ravel({y}))[0]",
    "np.kron({x}, np.tanh({y}))",
    "np.tril({x})",
    "np.rot90({x})",
    "np.tensordot({x}, {y}, axes=0)",
    "np.linalg.norm(1 + {x} * {x})",
    f"np.linalg.inv({GRAM})",
    f"np.linalg.solve({GRAM}, {{x}})",
    f"np.linalg.det({GRAM} / 4)",
    f"np.linalg.slogdet({GRAM})[1]",
    f"np.linalg.cholesky({GRAM})",
    f"np.linalg.pinv({GRAM})",
    f"np.linalg.matrix_power({GRAM}, -2)",
    f"np.linalg.qr({GRAM})[1]",
    "np.linalg.eigvalsh(np.tanh({x}) @ np.tanh({x}).T / 20 + np.diag(np.arange(1.0, 1 + {x}.shape[0])))",
    "np.linalg.svdvals(np.tanh({x}) / 20 + np.arange(1.0, 9.0)[: {x}.shape[-2], None] * np.eye(*{x}.shape[-2:]))",
    "special.erf({x}) - special.erfc({y})",
    "special.ndtr({x}) * special.log_ndtr({y})",
    "special.ndtri(special.expit({x}))",
    "special.logit(0.5 + 0.3 * np.tanh({x}))",
    "special.gammaln(1.5 + np.sin({x})) + special.psi(1.5 + np.cos({y}))",
    "special.betaln(1.5 + np.sin({x}), 1.5 + np.cos({y}))",
    "special.entr(1.5 + np.sin({x})) + special.rel_entr(1.5 + np.sin({x}), 3 + np.cos({y}))",
    "special.xlogy({x}, 2 + np.cos({y})) + special.xlog1py({y}, {x} * {x})",
    "special.j0({x}) + special.j1({y})",
    "special.jv(2, 1 + {x} * {x})",
    "special.i0e(1 + {x} * {x}) + special.i1e({y})",
    "special.gammainc(2.5, 1 + {x} * {x})",
    "special.betainc(2.0, 3.0, special.expit({x}))",
]
ROUGH = [  # with kinks and jumps, where given numbers are: for comparing two ways to run, not with slopes
    "{x} * s",
    "s - {x} / 3",
    "np.where({a} > 0.3, {x}, {y})",
    "np.where(({a} > -s) & ({a} != 0), {x}, -{y})",
    "({a} < s) * {x}",
    "np.maximum({a}, 0) * {x}",
    "np.minimum({a}, s) * {x}",
    "np.clip({a}, -1, 1) - {x}",
    "abs({a}) * {x}",
    "{x} * n",
    "{x} ** n",
    "{x}[n % {x}.shape[0]]",
    "{x}[n:]",
    "{x}[i % {x}.shape[0]]",
    "{x}[..., i % {x}.shape[-1]] * s",
    "np.take({x}, i % {x}.size)",
    "{x} * np.argmax({a})",
    "np.reshape({x}, (n % 2 + 1, -1))",
    "np.sort({a}) * {x}",
    "np.max({a}, axis=0) * {x}",
    "{x} if n > 1 else {y}",
    "{x}[:0]",
    "np.swapaxes({x} * s, 0, -1)",
    "np.swapaxes({x} + s, -1, -1)",
    "np.reshape({x}, (-1, 1), order='F')",
    "np.reshape(np.transpose({x}) * s, -1, order='A')",
    "np.ravel({x} * s, order='F')",
    "np.moveaxis({x}, 0, -1) + {y}",
]
WRITING = [  # into arrays that they made
    "{z} = np.copy({x}); {z} += {y}",
    "{z} = {x} * 1.5; {z}[0] = {y}[-1]",
    "{z} = {x} + s; {z}[..., ::-1] *= {z}",
    "{z} = np.zeros_like({x}); {z}[{a} > 0.3] = s",
    "{z} = np.exp(-{x} * {x}); v = {z}[::2]; v -= 1; w = v[..., :1]; w[...] = n",
    "{z} = {x} - {y}; np.add({z}, {y}, out={z}); {z}.fill(s) if n == 2 else None",
    "{z} = np.empty_like({x}); np.multiply({x}, {y}, out={z})",
    "{z} = np.ones_like({x}); np.add.at({z}, i % {x}.shape[0], 0.5)",
    "{z} = {x}.copy(); np.copyto({z}, {y}, where={a} > 0)",
    "{z} = np.tanh({x}); t = np.sum({z}); {z} *= 2; {z} = {z} + t * np.sum({z})",
    "{z} = -{x}; u = {z}.T; {z} /= 2; {z} = u + 1",
    "{z} = {x} / 2; u = {z}.reshape(-1); u[0] = 0.25; {z} = {z} + u[-1]",
    "{z} = np.zeros_like(np.sum({x})); {z} += s; {z} = {z} * {x}",
    "{z} = np.ravel(np.transpose({x}), 'K') + s",
    "{z} = np.copy(np.transpose({x}), order='F') * {y}; {z} = np.ravel({z}, order='K')",
    "{z} = ({x} + {y}).astype({x}.dtype, order='F').flatten('A')",
    "u, v = np.split({x} * 2, [1]); {z} = v * np.sum(u) + u[0]",
    "{z} = {x} * 2; {z} = {z}[n % {z}.shape[0]] + {z}",
]
RUN: dict[str, Callable[..., Array]] = {}
_NAMES = ["a", "b", "c", *(letter for letter in ascii_lowercase if letter not in "abcinstuvwxyz")]
LARGEST, MOST = 8.0, 32  # of numbers, and how many of them a line may make


class Program:
    """A function given as its source in Python, with arrays to call it with.

    others: the other arguments, by name
    """

    def __init__(self, source: str, arrays: tuple[Array, ...], others: dict[str, Any] | None = None) -> None:
        self.source, self.arrays, self.others = source, arrays, others or {}
        self.run = self.defined()

    def defined(self, wrap: Callable[[Array], Array] | None = None) -> Callable[..., Any]:
        """Define the function; `wrap` is called on what each line makes."""
        text = self.source if wrap is None else re.sub(r"(?m)^    (\w+) = .*$", r"\g<0>; \1 = wrap(\1)", self.source)
        names: dict[str, Any] = {**_modules(text), "wrap": wrap}
        exec(text, names)
        return names["program"]  # type: ignore[no-any-return]

    def __call__(self, *arrays: Any) -> Any:
        """Run the program on arrays or Values."""
        return self.run(*arrays, *self.others.values())

    @property
    def names(self) -> list[str]:
        """The names of the arrays."""
        return [*ascii_lowercase[: len(self.arrays)]]

    def __repr__(self) -> str:
        given = zip(self.names, self.arrays, strict=True)
        made = [f"{name} = np.array({x.tolist()}, np.{x.dtype})  # strides {x.strides}" for name, x in given]
        made += [f"{name} = {x!r}".replace("array", "np.array") for name, x in self.others.items()]
        return "\n".join([self.source, *made, f"program({', '.join([*self.names, *self.others])})"])


@st.composite
def programs(draw: Draw, max_lines: int = 8, lines: Sequence[str] = LINES) -> Program:
    """Draw programs of one to three arrays, of up to `max_lines` lines, that give one number or an array.

    Lines use any values made before them, some more than once and some never. Those of `LINES` and `FAMILIES`
    are smooth, and their numbers stay bounded near the arrays that come with the program; with others, arrays may be
    empty. What `FAMILIES` cannot make of an array, `LINES` does; some of its lines need SciPy.
    """
    smooth = lines is LINES or lines is FAMILIES
    given = draw(st.lists(arrays(shapes().filter(np.prod) if smooth else shapes()), min_size=1, max_size=3))
    others = {} if smooth else draw(_others())
    back = st.integers(0, max_lines)
    choices = draw(st.lists(st.tuples(st.sampled_from(range(len(lines))), back, back), min_size=1, max_size=max_lines))
    values = dict(zip(_NAMES, given, strict=False))
    head = f"def program({', '.join([*values, *others])}):"
    body = [_line(lines, values, others, *choice) for choice in choices]
    last = [*values][-1]
    end = draw(st.sampled_from([last, f"np.sum({last})"]))
    return Program("\n    ".join([head, *body, f"return {end}"]), tuple(given), others)


def _others() -> st.SearchStrategy[dict[str, Any]]:
    """Draw the arguments that lines use beside arrays."""
    whole = st.integers(0, 3)
    pairs = st.tuples(whole, whole).map(np.array)
    return st.fixed_dictionaries({"s": st.sampled_from([0.5, -1.25, 2.0]), "n": whole, "i": pairs})


def _line(lines: Sequence[str], values: dict[str, Array], others: dict[str, Any], k: int, *backs: int) -> str:
    """Write the k-th line, or else the next that works, on values counted back from the last; keep what it makes."""
    newest_first = [*values][::-1]
    x, y = (newest_first[back % len(values)] for back in backs)
    for text in [*lines[k:], *lines[:k], *LINES]:
        z = outcome(_function(text), values[x], values[y], values["a"], **others)
        if not isinstance(z, Exception) and z.size <= MOST:
            break
    name = _NAMES[len(values)]
    source = _written(text).format(x=x, y=y, a="a", z=name)
    if np.max(abs(z), initial=0.0) > LARGEST:
        source, z = f"{source}; {name} = np.tanh({name})", np.tanh(z)
    values[name] = z
    return source


def _modules(text: str) -> dict[str, Any]:
    """The modules that a text refers to."""
    return {"np": np, **({"special": importlib.import_module("scipy.special")} if "special." in text else {})}


def _written(text: str) -> str:
    """A line as statements that assign to `z`."""
    return text if text.startswith("{z} = ") else f"{{z}} = {text}"


def _function(text: str) -> Callable[..., Array]:
    """A line as a function of x, y, a, s, n and i."""
    if text not in RUN:
        names = _modules(text)
        body = _written(text).format(x="x", y="y", a="a", z="z")
        exec(f"def run(x, y, a, s=0.0, n=0, i=0):\n    {body}\n    return z", names)
        RUN[text] = names["run"]
    return RUN[text]
