"""Connectionist temporal classification: labels in a row, read from more steps than there are labels.

n, t, k  how many examples, steps and classes
s        how many labels an example has at most
path     a class for each step: of the labels in order, each for one step or more, and blanks between and around them
state    where a path may be: at a label, or at a blank before, between or after them, 2 s + 1 in all
alpha    log of the probability that a path is at each state after so many steps: (n, 2 s + 1)
"""

from typing import Any

import numpy as np

from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.rules import Array
from tinygrad_edu.functions import log_softmax, logsumexp
from tinygrad_edu.losses.checks import Reduction, check_reduction, reduced
from tinygrad_edu.losses.classification import check_labels, check_logits


def ctc(
    logits: Array,
    labels: Array,
    *,
    logit_lengths: Array | None = None,
    label_lengths: Array | None = None,
    blank: int = 0,
    reduction: Reduction = "mean",
) -> Array:
    """-log(probability of the labels), summed over all paths that say them; by default the mean over examples.

    Everything is added up in logarithms, so that neither the loss nor its slope suffers where probabilities
    underflow. Two labels that are the same, one after the other, need a blank between them.

    >>> logits = np.log([[[0.25, 0.75], [0.5, 0.5]]])  # two steps: blank or class 1
    >>> np.exp(-ctc(logits, [[1]])).round(6)  # 1 and 1, 1 and blank, or blank and 1
    np.float64(0.875)

    Args:
        logits: numbers for each class at each step, (n, t, k).
        labels: the classes in order, without blanks, (n, s).
        logit_lengths: how many steps of each example count, (n,); by default all.
        label_lengths: how many labels of each example count, (n,); by default all. What stands behind is not read.
        blank: the class that says nothing.
        reduction: "mean" over examples, "sum" or "none", which gives (n,).

    Source: Graves, Fernández, Gomez and Schmidhuber, 2006, section 4.1.

    Raises:
        TypeError: labels or lengths are not integers.
        ValueError: shapes do not fit, a label is no class or the blank, lengths are not within the array, or an example
            has too few steps for its labels.
    """
    n, t, k = check_logits("ctc", logits, "(n, t, k)")
    check_reduction("ctc", reduction, n)
    if not 0 <= blank < k:
        raise ValueError(f"ctc: blank is {blank}; with {k} logits a step it is from 0 to {k - 1}")
    labels = as_array(labels)
    if labels.ndim != 2 or labels.shape[0] != n:
        raise ValueError(f"ctc: labels have shape {labels.shape} beside logits of {(n, t, k)}; pass ({n}, s)")
    s = labels.shape[1]
    steps = _check_lengths("logit_lengths", logit_lengths, n, 1, t)
    counts = _check_lengths("label_lengths", label_lengths, n, 0, s)
    labels = _check_sequences(labels, counts, steps, k, blank)
    blanks = np.full((n, s + 1), blank)
    states = np.stack([blanks, np.pad(labels, ((0, 0), (0, 1)))], axis=2).reshape(n, 2 * s + 2)[:, :-1]
    emissions = np.take_along_axis(log_softmax(logits), np.broadcast_to(states[:, None], (n, t, 2 * s + 1)), axis=2)
    alpha = _last_alpha(emissions, _may_skip(states, blank), steps)
    ends = np.stack([2 * counts, np.maximum(2 * counts - 1, 0)], axis=1)  # the last blank, and the last label if any
    there = np.stack([counts >= 0, counts > 0], axis=1)
    return reduced(-logsumexp(np.where(there, np.take_along_axis(alpha, ends, axis=1), -np.inf), axis=1), reduction)


def _check_lengths(name: str, lengths: Any, n: int, least: int, most: int) -> Array:
    """Lengths, one for each example; the longest if none are given."""
    if lengths is None:
        return np.full(n, most)
    lengths = as_array(lengths)
    if lengths.dtype.kind not in "iu":
        raise TypeError(f"ctc: {name} are of dtype {lengths.dtype}; pass integers from {least} to {most}")
    if lengths.shape != (n,):
        raise ValueError(f"ctc: {name} have shape {lengths.shape}; pass ({n},), one for each example")
    if lengths.min() < least or lengths.max() > most:
        raise ValueError(f"ctc: {name} go from {lengths.min()} to {lengths.max()}; pass from {least} to {most}")
    return lengths.astype(np.int64)


def _check_sequences(labels: Array, counts: Array, steps: Array, k: int, blank: int) -> Array:
    """The labels, with 0 behind the last of each example, if each can be said in its steps."""
    counted = np.arange(labels.shape[1]) < counts[:, None]
    labels = check_labels("ctc", labels, k, labels.shape, counted)
    if ((labels == blank) & counted).any():
        raise ValueError(f"ctc: a label is {blank}, the blank, which stands for no label; leave it out")
    repeats = ((labels[:, 1:] == labels[:, :-1]) & counted[:, 1:]).sum(axis=1)
    if (counts + repeats > steps).any():
        problem = "an example has fewer steps than its labels need, one for each and one between two that are the same"
        raise ValueError(f"ctc: {problem}; make it longer, or leave it out")
    return labels


def _may_skip(states: Array, blank: int) -> Array:
    """Where a path may come from the state before the last: to a label from another label."""
    other = (states[:, 2:] != blank) & (states[:, 2:] != states[:, :-2])
    return np.pad(other, ((0, 0), (2, 0)))[:, : states.shape[1]]


def _last_alpha(emissions: Array, may_skip: Array, steps: Array) -> Array:
    """Alpha after the last step of each example, of log-probabilities of being heard at each state: (n, t, 2 s + 1)."""
    n, _, count = emissions.shape
    never = np.full((n, 2), -np.inf, emissions.dtype)
    first, *later = np.unstack(emissions, axis=1)
    alpha = np.where(np.arange(count) < 2, first, -np.inf)
    for i, emission in enumerate(later, 1):
        before = np.concatenate([never, alpha], axis=1)
        skipped = np.where(may_skip, before[:, :count], -np.inf)
        heard = logsumexp(np.stack([alpha, before[:, 1 : count + 1], skipped]), axis=0) + emission
        alpha = np.where((i < steps)[:, None], heard, alpha)
    return alpha
