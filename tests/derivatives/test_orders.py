"""Second and third derivatives equal the slope of the derivative below."""

import pytest

from tests.domains import every_call
from tinygrad_edu.testing.oracles import check_along, differentiated


@every_call
@pytest.mark.parametrize("order", [2, 3])
def test_derivative_equals_slope_of_the_one_below(call, order):
    sample = call.draw(order)
    check_along(differentiated(sample, sample.arrays, order - 1), sample.arrays)
