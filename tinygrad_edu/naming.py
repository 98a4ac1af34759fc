"""What functions are called, in messages and tables."""

from typing import Any

import numpy as np


def label(function: Any) -> str:
    """Name a function as its users write it: ``np.sum``, ``np.linalg.norm``, ``relu``."""
    module = getattr(function, "__module__", None) or ("numpy" if isinstance(function, np.ufunc) else "")
    own = getattr(function, "__name__", repr(function))
    return f"np{module[5:]}.{own}" if module.startswith("numpy") else own
