"""Every row and every composition of the table has a domain to be tested on, and no domain is left over."""

import inspect

import pytest

from tests.domains import TABLE, domains
from tinygrad_edu import functions
from tinygrad_edu.core.source_info import label
from tinygrad_edu.scipy import linalg, special, stats

OWN = {f for room in (functions, linalg, special) for _, f in inspect.getmembers(room, inspect.isfunction)}
OWN |= {f for _, f in inspect.getmembers(stats.norm, inspect.ismethod)}


def untested(tested):
    return [f for f in TABLE if not tested.get(f)]


def test_every_function_of_the_table_has_a_domain():
    assert [label(f) for f in untested(domains)] == []


@pytest.mark.parametrize("function", TABLE, ids=label)
def test_removing_a_domain_is_noticed(function):
    assert untested({f: calls for f, calls in domains.items() if f is not function}) == [function]
    assert untested({**domains, function: []}) == [function]


def test_every_domain_is_of_a_function_there_is():
    assert [label(f) for f in domains if f not in TABLE and f not in OWN] == []


@pytest.mark.parametrize("function", domains, ids=label)
def test_calls_are_of_their_function_and_have_something_to_differentiate(function):
    assert all(call.function is function and call.places for call in domains[function])
