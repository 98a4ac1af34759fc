"""Workload E in the frameworks, each as its users write it.

p, x, labels   as in `images`
"""

from importlib import import_module

from benchmarks.images import TASK, ByHand, Planned, our_loss
from benchmarks.networks_peers import autograd_cross_entropy, jax_cross_entropy
from benchmarks.training_peers import competitors
from benchmarks.workload import OURS, Workload, with_pages_kept


def _torch_network(torch):
    nn = torch.nn
    convolutions = [nn.Conv2d(1, 8, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(8, 16, 5), nn.MaxPool2d(2), nn.ReLU()]
    return nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(256, 10)), nn.functional.cross_entropy


def _jax_loss(jax):
    lax, cross_entropy = jax.lax, jax_cross_entropy(jax)

    def loss(p, x, labels):
        for w, b in (p[:2], p[2:4]):
            x = lax.conv_general_dilated(x, w, (1, 1), "VALID") + b[:, None, None]
            x = jax.nn.relu(lax.reduce_window(x, -jax.numpy.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID"))
        return cross_entropy(x.reshape(len(labels), -1) @ p[4] + p[5], labels)

    return loss


def _autograd_loss(autograd):
    """Pool as autograd's own example of a convolutional network does; its `convolve` turns the kernel around."""
    anp, cross_entropy = autograd.numpy, autograd_cross_entropy(autograd)
    convolve = import_module("autograd.scipy.signal").convolve

    def loss(p, x, labels):
        for w, b in (p[:2], p[2:4]):
            turned = w[:, :, ::-1, ::-1]
            x = convolve(x, turned, axes=([2, 3], [2, 3]), dot_axes=([1], [1]), mode="valid") + b[:, None, None]
            half = x.shape[3] // 2
            x = anp.maximum(anp.max(x.reshape(*x.shape[:2], half, 2, half, 2), axis=(3, 5)), 0)
        return cross_entropy(x.reshape(len(labels), -1) @ p[4] + p[5], labels)

    return loss


def _mygrad_loss(mg):
    layers = import_module("mygrad.nnet.layers")
    relu = import_module("mygrad.nnet.activations").relu
    cross_entropy = import_module("mygrad.nnet.losses").softmax_crossentropy

    def loss(p, x, labels):
        for w, b in (p[:2], p[2:4]):
            x = layers.conv_nd(x, w, stride=1) + b[:, None, None]
            x = relu(layers.max_pool(x, (2, 2), 2))
        return cross_entropy(x.reshape(len(labels), -1) @ p[4] + p[5], labels)

    return loss


def _tinygrad_loss(_):
    def loss(p, x, labels):
        for w, b in (p[:2], p[2:4]):
            x = x.conv2d(w, b).max_pool2d((2, 2)).relu()
        return (x.flatten(1) @ p[4] + p[5]).sparse_categorical_crossentropy(labels)

    return loss


LOSSES = {
    OURS: our_loss,
    "torch": _torch_network,
    "jax": _jax_loss,
    "autograd": _autograd_loss,
    "mygrad": _mygrad_loss,
    "tinygrad": _tinygrad_loss,
}
WORKLOAD = Workload(
    title="two convolutions 5×5, pooling, linear; batch 32 of 28×28, cross-entropy, SGD, float32, one step",
    dtype="float32",
    target=1.3,
    compiled=0.7,
    frameworks=1.0,
    because={
        "frameworks": "half of its time are NumPy's calls on one core, and products of 8 and 16 rows gain a quarter at "
        "most from BLAS's second thread"
    },
    competitors=with_pages_kept(competitors(TASK, ByHand, Planned, LOSSES)),
)
