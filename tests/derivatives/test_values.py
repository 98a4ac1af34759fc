"""What is recorded is NumPy's own result; what comes back is the input's own gradient; nothing is written into."""

import pytest
from hypothesis import given, strategies

from tests.domains import WITH_RULES, domains, every_domain
from tinygrad_edu.core.source_info import label
from tinygrad_edu.testing.behaviour import check_gradients_own, check_keywords, check_rules_own, check_value
from tinygrad_edu.testing.strategies import samples


@every_domain
@given(data=strategies.data())
def test_value_is_numpys(calls, data):
    for sample in data.draw(samples(calls)):
        check_value(sample)


@every_domain
@given(data=strategies.data())
def test_gradient_has_shape_dtype_and_memory_of_its_own(calls, data):
    for sample in data.draw(samples(calls)):
        check_gradients_own(sample)


@pytest.mark.parametrize("function", WITH_RULES, ids=label)
def test_rules_write_into_nothing_and_remember_nothing(function):
    for call in domains[function]:
        check_rules_own(call.draw(0), call.draw(1))


@pytest.mark.parametrize("function", WITH_RULES, ids=label)
def test_every_keyword_of_a_row_is_tested_and_others_are_refused(function):
    check_keywords(domains[function])
