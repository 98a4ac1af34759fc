"""Learning rates that change from step to step: functions of the steps done, which can be compiled with the step.

rate   learning rate
steps  over how many steps
t      the steps done
"""

from typing import Any

import numpy as np

from tinygrad_edu.optim.optimizer import Schedule


def constant(rate: float) -> Schedule:
    """The same rate always."""
    return lambda t: rate


def step_decay(rate: float, every: int, factor: float = 0.1) -> Schedule:
    """`rate`, times `factor` after each `every` steps.

    >>> [float(step_decay(1.0, 10)(t)) for t in (0, 9, 10)]
    [1.0, 1.0, 0.1]
    """
    _check_positive("step_decay", every=every)
    return lambda t: rate * factor ** np.floor(t / every)


def cosine(rate: float, steps: int, end: float = 0.0) -> Schedule:
    """From `rate` down to `end` along half a cosine, and then `end`.

    >>> [round(float(cosine(1.0, 100)(t)), 3) for t in (0, 25, 50, 100, 200)]
    [1.0, 0.854, 0.5, 0.0, 0.0]

    Source: Loshchilov and Hutter, "SGDR", 2017, equation 5, without restarts.
    """
    _check_positive("cosine", steps=steps)
    return lambda t: end + (rate - end) * (1 + np.cos(np.pi * np.minimum(t / steps, 1.0))) / 2


def warm_up(schedule: float | Schedule, steps: int) -> Schedule:
    """A rate that rises in a straight line over the first `steps`, and is then that of `schedule`, from its start.

    >>> [float(warm_up(0.8, 4)(t)) for t in (0, 1, 3, 4)]
    [0.2, 0.4, 0.8, 0.8]
    """
    _check_positive("warm_up", steps=steps)

    def rate(t: Any) -> Any:
        after = schedule(np.maximum(t - steps, 0.0)) if callable(schedule) else schedule
        return after * np.minimum((t + 1) / steps, 1.0)

    return rate


def one_cycle(peak: float, steps: int, start: float = 1 / 25, end: float = 1e-4, rising: float = 0.3) -> Schedule:
    """Up to `peak` along half a cosine in the part `rising` of all `steps`, then down to nearly nothing.

    `start` and `end` are parts of the peak.

    >>> [round(float(one_cycle(1.0, 100)(t)), 3) for t in (0, 15, 30, 65, 100)]
    [0.04, 0.52, 1.0, 0.5, 0.0]

    Source: Smith and Topin, "Super-convergence", 2018, with cosines for straight lines.
    """
    _check_positive("one_cycle", steps=steps)
    if not 0 < rising < 1:
        raise ValueError(f"optim.one_cycle: rising={rising!r}; pass a part of the steps, between 0 and 1")
    up = cosine(start * peak, 1, peak)
    down = cosine(peak, 1, end * peak)
    return lambda t: np.where(t < rising * steps, up(t / (rising * steps)), down((t / steps - rising) / (1 - rising)))


def _check_positive(name: str, **counts: int) -> None:
    for key, count in counts.items():
        if not count > 0:
            raise ValueError(f"optim.{name}: {key}={count!r}; pass a positive number of steps")
