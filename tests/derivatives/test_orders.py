"""Second and third derivatives equal the slope of the derivative below."""

import pytest

from tests.domains import every_call
from tests.oracles import check_along, derived, weights


@every_call
@pytest.mark.parametrize("order", [2, 3])
def test_derivative_equals_slope_of_the_one_below(call, order):
    f = sample = call.draw(order)
    for _ in range(order - 1):
        f = derived(f, weights(f, sample.arrays))
    check_along(f, sample.arrays)
