"""Losses and their slopes are torch's, to ten digits."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.against_torch import agree
from tinygrad_edu import losses

RNG = np.random.default_rng(1)
V, W = RNG.normal(size=(2, 5, 3)) * 2
LOGITS, LABELS = RNG.normal(size=(4, 3, 5)) * 3, RNG.integers(0, 5, (4, 3))
TARGETS = RNG.random((5, 3))
SIGNS = RNG.choice([-1, 1], (5, 3))
WEIGHTS = RNG.random(5) + 0.1
STEPS = RNG.normal(size=(3, 7, 4)) * 2
ROWS = np.array([[1, 1, 3], [2, 3, 2], [3, 0, 0]])
OTHER = RNG.normal(size=(4, 3, 5))


def both(f, *arrays):
    """A loss, summed if it is many, and its slopes."""
    return [f(*arrays), *tg.grad(lambda *a: np.sum(f(*a)), tuple(range(len(arrays))))(*arrays)]


def torchs(f, *arrays):
    """The same with torch."""

    def compute(torch):
        tensors = [torch.tensor(x, requires_grad=True) for x in arrays]
        z = f(torch.nn.functional, torch, *tensors)
        z.sum().backward()
        return [z, *(x.grad for x in tensors)]

    return compute


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (losses.squared_error, "mse_loss"),
        (losses.absolute_error, "l1_loss"),
        (lambda v, w, reduction: losses.huber(v, w, delta=0.7, reduction=reduction), "huber_loss"),
        (losses.binary_cross_entropy, "binary_cross_entropy_with_logits"),
    ],
)
def test_losses_of_numbers(ours, theirs, reduction):
    w = TARGETS if theirs.startswith("binary") else W
    how = {"delta": 0.7} if theirs == "huber_loss" else {}
    agree(
        f"{theirs} {reduction}",
        both(lambda v, w: ours(v, w, reduction=reduction), V, w),
        torchs(lambda F, torch, v, w: getattr(F, theirs)(v, w, reduction=reduction, **how), V, w),
    )


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignored", [None, 2])
def test_cross_entropy(reduction, smoothing, weighted, ignored):
    weights = WEIGHTS if weighted else None
    how = {"label_smoothing": smoothing, "reduction": reduction}

    def theirs(F, torch, logits):
        weight = None if weights is None else torch.tensor(weights)
        index = -100 if ignored is None else ignored
        moved = logits.movedim(-1, 1)
        return F.cross_entropy(moved, torch.tensor(LABELS), weight=weight, ignore_index=index, **how)

    agree(
        f"cross_entropy {reduction} {smoothing} {weighted} {ignored}",
        both(lambda x: losses.cross_entropy(x, LABELS, weights=weights, ignore_index=ignored, **how), LOGITS),
        torchs(theirs, LOGITS),
    )


def test_a_rare_class_counts_more():
    agree(
        "positive weight",
        both(lambda z: losses.binary_cross_entropy(z, TARGETS, positive_weight=3.5), V),
        torchs(
            lambda F, torch, z: F.binary_cross_entropy_with_logits(
                z, torch.tensor(TARGETS), pos_weight=torch.tensor(3.5, dtype=torch.float64)
            ),
            V,
        ),
    )


def test_hinge():
    agree(
        "hinge",
        both(lambda s: losses.hinge(s, SIGNS, reduction="none"), V),
        torchs(lambda F, torch, s: torch.clamp(1 - torch.tensor(SIGNS) * s, min=0), V),
    )


def test_kl_divergence():
    def theirs(F, torch, q, p):
        q, p = F.log_softmax(q, -1), F.log_softmax(p, -1)
        return F.kl_div(q, p, reduction="none", log_target=True).sum(-1)

    ours = both(lambda q, p: losses.kl_divergence(q, p, reduction="none"), LOGITS, OTHER)
    agree("kl_div", ours, torchs(theirs, LOGITS, OTHER))


@pytest.mark.parametrize("spread", [1.0, 100.0])  # with the latter, probabilities of paths underflow
def test_ctc(spread):
    counts, steps = np.array([3, 2, 0]), np.array([7, 4, 5])

    def theirs(F, torch, logits):
        log_p = F.log_softmax(logits, -1).transpose(0, 1)
        rows, s, c = map(torch.tensor, (ROWS, steps, counts))
        return F.ctc_loss(log_p, rows, s, c, reduction="none")

    def ours(x):
        return losses.ctc(x, ROWS, logit_lengths=steps, label_lengths=counts, reduction="none")

    agree(f"ctc {spread}", both(ours, STEPS * spread), torchs(theirs, STEPS * spread))
