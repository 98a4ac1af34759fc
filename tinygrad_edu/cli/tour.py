"""The tour: the lessons in order, each printed with what it shows.

page  where it is printed
"""

import math
import time
from itertools import pairwise

import numpy as np
from rich.text import Text

from tinygrad_edu.check import slope_curve
from tinygrad_edu.cli.contest import read_digits
from tinygrad_edu.cli.page import Page, shade, sparkline
from tinygrad_edu.cli.terminal import shown
from tinygrad_edu.core.value import Value
from tinygrad_edu.lessons import agreement, hot_and_cold, landscape, linearity, slopes
from tinygrad_edu.nn import count_parameters
from tinygrad_edu.show import Tape, plots


def tour(page: Page, seed: int = 0, quick: bool = False) -> None:
    """Print every lesson; `quick` trains for a tenth of the time."""
    start = time.perf_counter()
    play_hot_and_cold(page)
    shrink_q(page)
    walk_by_the_slope(page)
    walk_downhill(page)
    collapse(page, seed)
    compare_gradients(page, seed)
    read_digits(page, seed, quick)
    page.close(time.perf_counter() - start)
    page.write("tour")


def play_hot_and_cold(page: Page) -> None:
    """Play the post's game from its two starts."""
    page.heading("Hot and cold")
    page.say("Find where d(x) = x² + 1 is least, from x = -2, one step at a time.")
    game = hot_and_cold.play(hot_and_cold.parabola, -2.0)
    moves = game.moves
    page.table(
        {"x": [f"{m.x:g}" for m in moves], "d(x)": [f"{m.d:g}" for m in moves], "called": [m.verdict for m in moves]},
        left=["called"],
    )
    page.claim("Both ways are colder than x = 0: the answer is d(0) = 1.", game.answer == 0.0)
    tie = hot_and_cold.play(hot_and_cold.parabola, -1.5)
    page.say(f"From -1.5 the same rules go {', '.join(f'{m.x:g}' for m in tie.moves)}, …")
    page.claim(
        "d(-0.5) = d(0.5) = 1.25: neither is hotter, so the game goes round in a circle and never finds 0.",
        tie.circular and tie.answer is None,
    )


def shrink_q(page: Page) -> None:
    """Put the slope for smaller and smaller q beside the tape's derivative."""
    page.heading("The slope, as q shrinks")
    page.say("(d(x + q) - d(x)) / q, beside the derivative that the tape gives:")
    square = slopes.shrink(lambda x: x**2 + 1, -2.0)
    exp = slopes.shrink(np.exp, 1.0)
    shown = [*range(0, len(slopes.QS) - 1, 2), len(slopes.QS) - 1]  # every other q, and the last
    left, right = ([lesson.slopes[i] for i in shown] for lesson in (square, exp))
    page.table(
        {
            "q": [*[f"{m.q:.0e}" for m in left], "tape"],
            "x² + 1 at -2": [*[f"{m.slope:.10f}" for m in left], f"{square.derivative:.10f}"],
            "exp at 1": [*[f"{m.slope:.10f}" for m in right], f"{exp.derivative:.10f}"],
            "its error": [*[f"{m.error:.0e}" for m in right], ""],
            "": [*[sparkline([1 + math.log10(m.error) / 8]) for m in right], ""],
        }
    )
    page.report.plot(
        lambda: slope_curve(np.exp, 1.0).plot(),
        "How far slopes of exp at 1 are from the tape's, over q, both logarithmic.",
    )
    page.claim(
        "The tape's derivatives are exact: -4 and e.", (square.derivative, exp.derivative) == (-4.0, np.exp(1.0))
    )
    show_the_tape(page)
    page.claim(
        f"The slope of exp is best at q = {exp.best.q:.0e}. A larger q bends away from the line; "
        "a smaller one leaves too few digits in the difference.",
        exp.slopes[0].error > exp.best.error < exp.slopes[-1].error,
    )
    page.claim(
        f"At q = {right[-1].q:.0e} both slopes are 0, as if this were the bottom of a valley: x + q is x.",
        left[-1].slope == right[-1].slope == 0.0,
    )


def show_the_tape(page: Page) -> None:
    """Show where the tape's derivative comes from: the tape itself, and the sweep back over it."""
    page.say("The tape needs no q. It keeps what was computed, here x² + 1 at -2, and how fast each entry changes:")
    x = Value(-2.0, name="x")
    result = x**2 + 1
    result.backward()
    tape = Tape(result)
    page.picture([Text(shown(line)) for line in str(tape).splitlines()])
    page.report.drawing(tape.to_svg(), "The tape of x² + 1 at -2, with values, local slopes and gradients.")
    page.say(
        "Then it sweeps back, from the last line to the first. The result changes with itself at the rate 1, with x² "
        "at the rate 1 as well, and x² with x at the rate 2x = -4. Along a chain, such rates multiply:"
    )
    page.claim(
        "1 × 1 × -4 = -4 is the derivative (tinygrad-edu lesson 11 tells why).",
        [entry.grad for entry in tape] == [-4.0, 1.0, 1.0],
    )


def walk_by_the_slope(page: Page) -> None:
    """Follow the post's rule to the letter, then with a step size."""
    page.heading("Walking by the slope")
    page.say("The post walks by x = x - slope(x). On its own x² + 1, here from -2 with q = 1/1024:")
    q, alphas = 1 / 1024, (1.0, 0.1, 0.5, 0.9, 1.1)
    walks = [slopes.walk(lambda x: x**2 + 1, -2.0, q, alpha) for alpha in alphas]
    page.table(
        {
            "step": ["slope", *[f"{alpha} · slope" for alpha in alphas[1:]]],
            "the first moves": [", ".join(f"{x:.4f}" for x in walk.places[:3]) for walk in walks],
            "after 50": [f"{walk.places[-1]:.4f}" for walk in walks],
            "": [walk.outcome for walk in walks],
        },
        left=["step", "the first moves", ""],
    )
    literal, *mended, too_far = walks
    page.claim(
        "The literal rule goes back and forth for ever: the slope is 2x + q, so x goes to -x - q and back.",
        literal.places[:3] == [-2.0, 2.0 - q, -2.0] and literal.outcome == "back and forth",
    )
    shrunk = [
        abs(walk.places[-1] + q / 2) <= 1.01 * abs(1 - 2 * alpha) ** 50 * 2
        for alpha, walk in zip(alphas[1:], mended, strict=False)
    ]
    page.claim(
        "A step of 0.1, 0.5 or 0.9 of the slope settles, at -q/2; one of 1.1 runs away.",
        all(shrunk) and [walk.outcome for walk in (*mended, too_far)] == [*["settles"] * 3, "runs away"],
    )


def walk_downhill(page: Page) -> None:
    """Feel for the steepest way on a surface, then walk down."""
    page.heading("A surface in the dark")
    page.say("z = x² + y²/2 from the top, dense where it is high, and a walk from 0 to 9 by 0.2 times the gradient:")
    path = landscape.descend(landscape.bowl, -2.0, 1.8, learning_rate=0.2, steps=9)
    page.picture(_top_view(path))
    page.report.plot(
        lambda: plots.contour(landscape.bowl, {"step 0.2": [(place.x, place.y) for place in path]}, (-2.4, 2.4)),
        "The surface x² + y²/2 from the top, light yellow high and dark red low, and the walk down.",
    )
    here = landscape.stand(landscape.bowl, 1.0, 0.0)
    page.claim("At (1, 0) the slopes are 2 along x and 0 along y.", here.gradient == (2.0, 0.0))
    felt = landscape.steepest(landscape.bowl, -2.0, 1.8)
    derived = math.atan2(*reversed(path[0].gradient)) % (2 * math.pi)
    page.claim(
        f"At (-2, 1.8), of 720 directions felt, the steepest is at {math.degrees(felt):.1f}°; "
        f"the gradient points to {math.degrees(derived):.1f}°.",
        abs(felt - derived) <= 2 * math.pi / 720,
    )
    page.claim(
        f"Each step goes down: from z = {path[0].height:.2f} to {path[-1].height:.4f}.",
        all(after.height < before.height for before, after in pairwise(path)),
    )


def _top_view(path: list[landscape.Place], columns: int = 61, rows: int = 17) -> list[Text]:
    """Draw the bowl over -2.4 … 2.4 by -2 … 2, with the places of a path by number."""
    x, y = np.linspace(-2.4, 2.4, columns), np.linspace(2.0, -2.0, rows)
    heights = landscape.bowl(x[None, :], y[:, None])
    marks = {
        (int(np.argmin(abs(y - place.y))), int(np.argmin(abs(x - place.x)))): str(i)
        for i, place in reversed(list(enumerate(path)))
    }

    def cell(row: int, column: int) -> Text:
        if (row, column) in marks:
            return Text(marks[row, column], "bold reverse")
        return shade(heights[row, column] / heights.max(), colour=True)

    return [Text().join(cell(row, column) for column in range(columns)) for row in range(rows)]


def collapse(page: Page, seed: int) -> None:
    """Show that the post's network without nonlinearity is one neuron."""
    page.heading("Why a nonlinearity")
    found = linearity.collapse_posts_network(seed)
    page.say(f"The post's network of seven affine neurons has {found.parameters} parameters. Multiplied out:")
    weights, bias = found.neuron.weights.tolist(), found.neuron.bias.item()
    terms = [f"{w:+.4f} {name}" for w, name in zip(weights, "xyz", strict=True)]
    page.picture([Text(f"output = {' '.join([*terms, f'{bias:+.4f}'])}")])
    page.claim(
        f"{count_parameters(found.neuron)} parameters do the same: on 1,000 inputs the two differ "
        f"by {found.difference:.0e}, and rounding may make {found.rounding:.0e}.",
        count_parameters(found.neuron) == 4 and found.difference <= found.rounding,
    )
    page.claim(
        "With tanh it bends. Of three points in a row, the middle one leaves the line through the others by up to "
        f"{found.bend_with_tanh / 2:.2f}; without tanh by {found.bend / 2:.0e}.",
        found.bend_with_tanh > 4 * found.rounding >= found.bend,
    )


def compare_gradients(page: Page, seed: int) -> None:
    """Check every slope of a network's loss against its measured one."""
    page.heading("The slope judges the tape")
    report = agreement.compare_on_digits(seed)
    rows = report.arguments
    page.say(
        f"One backward sweep gives all {sum(a.size for a in rows):,} slopes of a network's loss on 8 digits. "
        "Here they are measured one by one, by the post's formula and by its extrapolation to q = 0, which decides. "
        "In each array, the one where tape and extrapolation differ most:"
    )
    page.table(
        {
            "parameters": [a.name.removeprefix("network.") for a in rows],
            "tape": [f"{a.worst.analytic:.6g}" for a in rows],
            "post's slope": [f"{a.post:.6g}" for a in rows],
            "verdict": [a.worst.verdict for a in rows],
        },
        left=["parameters", "verdict"],
    )
    page.claim("No slope differs by more than roundings and the error of measuring it.", report.ok)
