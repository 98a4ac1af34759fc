"""What SciPy's functions are for Values: rows for the ufuncs of `scipy.special`, and namesakes of what makes arrays.

special   rows for ``scipy.special.erf(x)`` and its like; `logsumexp`, `softmax`, `log_softmax`, `polygamma`
linalg    `solve_triangular`, `cho_solve`, `solve_sylvester`, `expm`, `logm`, `sqrtm`, `block_diag`, `toeplitz` …
stats     `norm`, `t`, `gamma`, `beta`, `multivariate_normal` and others

A ufunc of SciPy's reaches a Value as NumPy's do, so it is called by its own name. The other functions make an array of
what they get, which a Value refuses: for them there is one of the same name here, for plain arrays and Values alike.
"""

import importlib
from typing import Any

try:
    import scipy as scipy
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "tinygrad_edu.scipy needs SciPy; pip install 'tinygrad_edu[scipy]'", name="scipy"
    ) from error

__all__ = ["linalg", "special", "stats"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return [*__all__]
