"""Every function's gradient equals the slope, in every dtype and layout of its inputs."""

import pytest
from hypothesis import given, strategies

from tests.domains import CALLS, NOT_HOLOMORPHIC, every_call, every_domain
from tinygrad_edu.testing.oracles import check, check_along, check_taylor, check_transposes
from tinygrad_edu.testing.strategies import samples


@every_domain
@given(data=strategies.data())
def test_gradient_equals_slope(calls, data):
    for sample in data.draw(samples(calls)):
        check(sample, sample.arrays)


@every_call
def test_gradient_equals_the_posts_slope(call):
    sample = call.draw(1)
    check_along(sample, sample.arrays, "forward")


# With dtype= the results are complex for real inputs already.
CONTINUED = [call for call in CALLS if call.function not in NOT_HOLOMORPHIC and "dtype" not in call.keywords]


@pytest.mark.parametrize("call", CONTINUED, ids=str)
def test_gradient_equals_slope_into_the_imaginary_direction(call):
    sample = call.draw(2)
    check(sample, sample.arrays, "complex")


@every_call
def test_pushing_forward_is_the_transpose_of_pulling_back(call):
    sample = call.draw(3)
    check_transposes(sample, sample.arrays)


@every_call
def test_remainder_falls_at_second_order(call):
    sample = call.draw(4)
    check_taylor(sample, sample.arrays)
