"""Workload F in the frameworks, each as its users write it.

p, x, wanted   as in `tokens`
"""

from functools import partial

from benchmarks.tokens import EPS, TASK, ByHand, our_loss
from benchmarks.tokens_planned import Planned
from benchmarks.training_peers import competitors
from benchmarks.workload import BLAS, OURS, Workload, with_pages_kept


def _torch_network(torch):
    nn, d, heads = torch.nn, TASK.width, TASK.heads
    attention = nn.functional.scaled_dot_product_attention

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm0 = nn.LayerNorm(d, EPS)
            self.q, self.k, self.v, self.o = (nn.Linear(d, d, bias=False) for _ in range(4))
            self.norm1 = nn.LayerNorm(d, EPS)
            self.network = nn.Sequential(nn.Linear(d, 4 * d), nn.ReLU(), nn.Linear(4 * d, d))

        def forward(self, x):
            n, t, _ = x.shape
            y = self.norm0(x)
            q, k, v = (w(y).view(n, t, heads, -1).transpose(1, 2) for w in (self.q, self.k, self.v))
            x = x + self.o(attention(q, k, v).transpose(1, 2).reshape(n, t, d))
            return x + self.network(self.norm1(x))

    return Block(), nn.functional.mse_loss


def _loss(numpy, p, x, wanted, softmax=None):
    """The loss, for a framework that has NumPy's functions."""
    scale0, shift0, wq, wk, wv, wo, scale1, shift1, w0, b0, w1, b1 = p
    n, t, d = x.shape
    softmax = softmax or partial(_softmax, numpy)
    y = _norm(numpy, x, scale0, shift0)
    q, k, v = ((y @ w).reshape(n, t, TASK.heads, -1).swapaxes(1, 2) for w in (wq, wk, wv))
    a = softmax(q @ k.swapaxes(2, 3) * (d // TASK.heads) ** -0.5)
    x = x + (a @ v).swapaxes(1, 2).reshape(n, t, d) @ wo
    x = x + numpy.maximum(_norm(numpy, x, scale1, shift1) @ w0 + b0, 0) @ w1 + b1
    return numpy.mean((x - wanted) ** 2)


def _norm(numpy, x, scale, shift):
    h = x - numpy.mean(x, axis=-1, keepdims=True)
    return h / numpy.sqrt(numpy.mean(h**2, axis=-1, keepdims=True) + EPS) * scale + shift


def _softmax(numpy, x):
    e = numpy.exp(x - numpy.max(x, axis=-1, keepdims=True))
    return e / numpy.sum(e, axis=-1, keepdims=True)


def _tinygrad_loss(_):
    def loss(p, x, wanted):
        scale0, shift0, wq, wk, wv, wo, scale1, shift1, w0, b0, w1, b1 = p
        n, t, d = x.shape
        y = x.layernorm(eps=EPS) * scale0 + shift0
        q, k, v = ((y @ w).reshape(n, t, TASK.heads, -1).transpose(1, 2) for w in (wq, wk, wv))
        x = x + q.scaled_dot_product_attention(k, v).transpose(1, 2).reshape(n, t, d) @ wo
        x = x + ((x.layernorm(eps=EPS) * scale1 + shift1) @ w0 + b0).relu() @ w1 + b1
        return ((x - wanted) ** 2).mean()

    return loss


LOSSES = {
    OURS: our_loss,
    "torch": _torch_network,
    "jax": lambda jax: partial(_loss, jax.numpy, softmax=jax.nn.softmax),
    "autograd": lambda autograd: partial(_loss, autograd.numpy),
    "mygrad": lambda mg: partial(_loss, mg),
    "tinygrad": _tinygrad_loss,
}
WORKLOAD = Workload(
    title="transformer block T = 64, d = 64, 4 heads, batch 8, mean squared error, SGD, float32, one step",
    dtype="float32",
    target=1.3,
    compiled=0.85,
    frameworks=1.0,
    because={"frameworks": BLAS},
    competitors=with_pages_kept(competitors(TASK, ByHand, Planned, LOSSES)),
)
