"""A training step of each exhibit of the gallery: eagerly, compiled, and in torch over the same parameters.

Values and gradients of the three must agree before anything is timed. What is timed is process time, the least of many
rounds in turn, so that it can be told on a machine that is not quiet.
"""

import time
from collections.abc import Callable
from contextlib import suppress

import numpy as np

import tinygrad_edu as tg
from benchmarks.gallery_playing import games, go
from benchmarks.gallery_sequences import captions, handwriting, speech, translation, voices
from benchmarks.gallery_step import Step
from benchmarks.report import Report, duration
from tinygrad_edu import tree
from tinygrad_edu.data import load_digits
from tinygrad_edu.lessons.gallery import colours as in_colours
from tinygrad_edu.lessons.gallery import drawing as in_drawing
from tinygrad_edu.lessons.gallery import objects as in_objects
from tinygrad_edu.lessons.gallery import painting as in_paint
from tinygrad_edu.lessons.gallery import photo_style as in_photo
from tinygrad_edu.lessons.gallery.scenes import make_scenes
from tinygrad_edu.nn import Network

KINDS = "eager", "compiled", "torch"


def photos():
    """A photo, 64 × 64, the network that looks at it, the style and the content that it is to have."""
    rng = np.random.default_rng(0)
    photo, other, style = rng.random((3, 1, 3, 64, 64)).astype(np.float32)
    network = in_paint.make_network(0)
    return photo, other, (network, in_paint.looked_at(network, style)[0], in_paint.looked_at(network, other)[1])


def style_and_content(photo, network, wanted, content, weight):
    """How far a photo is from a style, and from a content times a weight, in torch."""
    from torch import tensor  # noqa: PLC0415 - a peer
    from torch.nn.functional import avg_pool2d, conv2d, relu  # noqa: PLC0415

    z, total = 2 * photo - 1, 0.0
    for i, (layer, gram) in enumerate(zip(network, map(tensor, wanted), strict=True)):
        weights, bias = tensor(layer.weights.data), tensor(layer.bias.data)
        z = relu(conv2d(avg_pool2d(z, 2) if i else z, weights, bias, padding=layer.padding))
        flat = z.flatten(2)[0]
        total = total + ((flat @ flat.T / flat.shape[1] - gram) ** 2).mean() / (gram**2).mean()
        if not i:
            spread = ((content - content.mean((2, 3), keepdim=True)) ** 2).mean()
            total = total + weight * ((z - content) ** 2).mean() / spread
    return total


def painting():
    """The pixels of a photo on their way to the style of another."""
    photo, _, wanted = photos()

    def torch(leaves, network, grams, content, weight):
        (p,) = leaves
        rough = ((p[..., 1:] - p[..., :-1]) ** 2).mean() + ((p[..., 1:, :] - p[..., :-1, :]) ** 2).mean()
        return style_and_content(p, network, grams, content, weight) + in_paint.SMOOTH * rough

    return Step(in_paint.distance, photo, (*wanted, in_paint.CONTENT), torch)


def photo_style():
    """The same, with edges that stay where they are."""
    photo, other, wanted = photos()

    def torch(leaves, network, grams, content, residual, edges):
        (p,) = leaves
        w = p[0].unfold(1, 3, 1).unfold(2, 3, 1).reshape(3, -1, 9)
        kept = ((w[:, :, None] @ residual)[:, :, 0] * w).mean()
        return style_and_content(p, network, grams, content, in_photo.CONTENT) + edges * kept

    return Step(in_photo.distance, photo, (*wanted, in_photo.residual_of(other), in_photo.EDGES), torch)


def colours():
    """The flower's half and its mirror image: patches of grey, and which colour of the palette is in the middle."""
    rng = np.random.default_rng(0)
    batch = rng.random((4096, 25)), rng.integers(0, 26, 4096)

    def torch(leaves, grey, labels):
        from torch.nn.functional import cross_entropy  # noqa: PLC0415 - a peer

        w1, b1, w2, b2 = leaves
        return cross_entropy((grey @ w1 + b1).tanh() @ w2 + b2, labels)

    return Step(in_colours.negative_log_likelihood, Network.random([25, in_colours.HIDDEN, 26], 0), batch, torch)


def drawing():
    """Of 64 drawings, as many pictures."""
    rng = np.random.default_rng(0)
    edges, real = (rng.random((2, in_drawing.BATCH, 28, 28)) < 0.2).astype(np.float32)

    def torch(leaves, edges, real):
        import torch  # noqa: PLC0415 - a peer
        from torch.nn.functional import conv2d, conv_transpose2d  # noqa: PLC0415

        w, b = leaves[::2], leaves[1::2]
        whole = edges[:, None]
        half = conv2d(whole, w[0], b[0], stride=2, padding=1).relu()
        quarter = conv2d(half, w[1], b[1], stride=2, padding=1).relu()
        guess = (quarter.flatten(1) @ w[2] + b[2]).relu()
        z = torch.cat([quarter, (guess @ w[3] + b[3]).unflatten(1, (-1, 7, 7))], 1)
        z = conv_transpose2d(z, w[4], b[4], stride=2, padding=1).relu()
        z = conv_transpose2d(torch.cat([z, half], 1), w[5], b[5], stride=2, padding=1).relu()
        painted = conv2d(torch.cat([z, whole], 1), w[6], b[6], padding=1).sigmoid()
        return ((painted[:, 0] - real) ** 2).mean()

    return Step(in_drawing.distance, in_drawing.Painter.random(rng), (edges, real), torch)


def objects():
    """Sixteen scenes, and the digits in them."""
    rng = np.random.default_rng(0)
    scenes, truths = make_scenes(load_digits()[0], in_objects.BATCH, rng)

    def torch(leaves, scenes, there, which, box):
        from torch.nn import functional  # noqa: PLC0415 - a peer

        x, parameters = scenes, iter(leaves)
        for layer, stride in enumerate((2, 1, 1, 1)):
            w, b, scale, shift = (next(parameters) for _ in range(4))
            x = functional.conv2d(x, w, b, stride=stride, padding=1)
            x = functional.leaky_relu(functional.group_norm(x, 4, scale, shift))
            x = functional.max_pool2d(x, 2) if layer == 1 else x
        grid = functional.conv2d(x, *parameters).permute(0, 2, 3, 1)
        at_all = functional.binary_cross_entropy_with_logits(grid[..., 0], there, reduction="sum")
        places = (((grid[..., 1:5] - box) ** 2).sum(-1) * there).sum()
        names = functional.cross_entropy(grid[..., 5:].permute(0, 3, 1, 2), which, reduction="none")
        return (at_all + 5 * places + (names * there).sum()) / there.sum()

    return Step(in_objects.distance, in_objects.detector(rng), (scenes, *in_objects.to_grid(truths)), torch)


STEPS: dict[str, Callable[[], Step]] = {
    "painting": painting,
    "photo_style": photo_style,
    "go": go,
    "games": games,
    "objects": objects,
    "captions": captions,
    "colours": colours,
    "translation": translation,
    "speech": speech,
    "voices": voices,
    "drawing": drawing,
    "handwriting": handwriting,
}


def in_torch(step):
    """The value and the gradients of a step, in torch."""
    import torch  # noqa: PLC0415 - a peer

    torch.set_num_threads(1)
    leaves = [torch.tensor(np.array(tg.core.tape.payload(x)), requires_grad=True) for x in tree.leaves(step.parameters)]
    batch = [torch.tensor(x) if isinstance(x, np.ndarray) else x for x in step.batch]

    def run():
        loss = step.torch(leaves, *batch)
        return loss.item(), [g.numpy() for g in torch.autograd.grad(loss, leaves)]

    return run


def seconds(name, rounds=20):
    """The process time of a step of an exhibit, in seconds: eagerly, compiled, and in torch where it is installed."""
    step = STEPS[name]()
    slopes = tg.value_and_grad(step.loss)
    runs = {"eager": slopes, "compiled": tg.compile(slopes)}
    plain = tree.map(tg.core.tape.payload, step.parameters)  # as a Trainer holds them: no tape is kept of the slopes
    runs = {kind: lambda run=run: run(plain, *step.batch) for kind, run in runs.items()}
    with suppress(ModuleNotFoundError):
        runs["torch"] = in_torch(step)
    value, gradients = runs["eager"]()
    wanted = tree.leaves(gradients)
    for kind, run in runs.items():
        found, others = run()
        bound = np.sqrt(np.finfo(wanted[0].dtype).eps)  # loose: a wrong formula differs by far more
        assert abs(found - value) <= bound * abs(value), f"{name}, {kind}: {found}, eagerly {value}"
        for g, other in zip(wanted, tree.leaves(others), strict=True):
            far = np.linalg.norm(np.subtract(other, g))
            assert far <= bound * (np.linalg.norm(g) + bound), f"{name}, {kind}: gradients differ by {far}"
    best = dict.fromkeys(runs, np.inf)
    for _ in range(rounds):
        for kind, run in runs.items():
            start = time.process_time()
            run()
            best[kind] = min(best[kind], time.process_time() - start)
    return best


def measure(options):
    """The table of all exhibits."""
    rows = []
    for name in STEPS:
        best = seconds(name, options.rounds)
        rows.append([name, *(duration(best[kind]) if kind in best else "" for kind in KINDS)])
    return Report("The gallery: a training step, one thread", ["", *KINDS], rows)
