"""Every function of the table takes complex numbers right, its slopes in both directions, or refuses them by name."""

import warnings

import numpy as np
import pytest
import scipy.linalg

import tinygrad_edu as tg
from tests.domains import CALLS, domains
from tinygrad_edu import tree
from tinygrad_edu.core.rules import table
from tinygrad_edu.core.source_info import label
from tinygrad_edu.derivatives.arithmetic import cast
from tinygrad_edu.derivatives.decompositions import complete_qr, full_svd, thin_svd
from tinygrad_edu.scipy import linalg
from tinygrad_edu.testing import A, C
from tinygrad_edu.testing.calls import Call, in_complex, outcome, regular
from tinygrad_edu.testing.oracles import (
    ROUNDINGS,
    assert_close,
    check_along,
    check_transposes,
    differentiated,
    eps,
    largest,
)

PHASES = {
    np.linalg.eigh,
    np.linalg.svd,
    thin_svd,
    full_svd,
    np.linalg.qr,
    complete_qr,
}  # their vectors have phases that are arbitrary: see below


def mixed(call, k):
    """The call with complex arrays in place of all of its arrays, or of every other one."""
    arguments = [*call.arguments]
    places = [i for i, x in enumerate(arguments) if [*Call(call.function, (x,), {}).places]]
    for n, i in enumerate(places):
        if k == 0 or len(places) == 1 or (n + k) % 2:
            arguments[i] = in_complex(arguments[i])
    keywords = {key: in_complex(x) for key, x in call.keywords.items()}
    return Call(call.function, tuple(arguments), keywords)


def is_refused_clearly(call, ours, numpys):
    """Whether a refusal names what is refused, or is NumPy's own."""
    name, text = label(call.function), str(ours)
    if "got complex numbers" in text:
        return isinstance(ours, TypeError)
    return isinstance(ours, TypeError) and isinstance(numpys, Exception) and (name in text or text in str(numpys))


def check_complex(call, k):
    """Fail unless a call with complex arrays is NumPy's, with slopes that are measured, or refused."""
    sample = mixed(call, k).draw(k)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        numpys = outcome(sample, *sample.arrays)
        ours = outcome(sample, *map(tg.Value, sample.arrays))
        if isinstance(ours, Exception):
            assert is_refused_clearly(call, ours, numpys), (sample, ours, numpys)
            return
        assert not isinstance(numpys, Exception), (sample, numpys)
        got = [x.data if isinstance(x, tg.Value) else x for x in tree.leaves(ours)]
        wanted = tree.leaves(numpys)
        assert [np.result_type(x) for x in got] == [np.result_type(x) for x in wanted]
        size = 4 * ROUNDINGS * max(1.0, largest(sample.arrays), largest(wanted)) ** 2
        assert_close(got, wanted, [size * eps(sample.arrays)] * len(got), "the value is not NumPy's", sample)
        if call.function in PHASES or not sum(map(np.size, wanted)):
            return
        check_along(sample, sample.arrays)
        check_transposes(sample, sample.arrays)
        if k == 0:
            check_along(differentiated(sample, sample.arrays, 1), sample.arrays)


@pytest.mark.parametrize("function", [f for f in domains if f is not cast], ids=label)  # np.astype refuses for it
def test_complex_numbers_are_right_or_refused(function):
    for i, call in enumerate(domains[function]):
        if len(domains[function]) < 40 or i % 3 == 0:
            check_complex(call, i % 3)


REFUSING = [function for function, row in table.items() if row.real and function in domains]


@pytest.mark.parametrize("function", REFUSING, ids=label)
def test_what_is_of_real_numbers_only_says_what_to_write(function):
    call = domains[function][0]
    sample = Call(call.function, in_complex(call.arguments), call.keywords).draw(0)
    with pytest.raises(TypeError, match=rf"^{label(function)}: got complex numbers.*; \w+"):
        sample(*map(tg.Value, sample.arrays))


def projected(a, b):
    w, v = np.linalg.eigh(a)
    return np.sin(w), abs(v) ** 2, (v * np.exp(w / 4)[..., None, :]) @ np.swapaxes(v, -1, -2).conj() @ b


def rebuilt(a, b):
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    return s, abs(u) ** 2, abs(vt) ** 2, (u * np.sqrt(s)[..., None, :]) @ vt @ b


def of_vectors(f, *shape):
    return Call(f, (C(*shape, span=regular), A(shape[-1], 2)), {})


INVARIANT = [of_vectors(projected, 3, 3), of_vectors(projected, 2, 2, 2),
             *(of_vectors(rebuilt, *shape) for shape in ((3, 3), (4, 2), (2, 3), (2, 3, 2)))]  # fmt: skip


@pytest.mark.parametrize("call", INVARIANT, ids=str)
def test_results_in_which_phases_cancel_are_right(call):
    sample = call.draw(0)
    check_along(sample, sample.arrays)
    check_transposes(sample, sample.arrays)
    check_along(differentiated(sample, sample.arrays, 1), sample.arrays)


@pytest.mark.parametrize("f", [lambda a: np.linalg.eigh(a)[1], lambda a: np.linalg.svd(a)[0]])
def test_results_that_depend_on_arbitrary_phases_are_refused(f):
    a = of_vectors(projected, 3, 3).draw(0).arrays
    with pytest.raises(np.linalg.LinAlgError, match=r"depends on the phases of complex vectors.*abs\(v\)"):
        tg.grad(lambda a: np.sum(np.real(f(a))))(a[0] + 1j * a[1])


def test_most_of_the_table_takes_complex_numbers():
    own = [function for function in REFUSING if "SciPy" not in table[function].real]
    assert len(own) < len(domains) / 3
    assert len(CALLS) > 1000


MATRIX = np.array([[2 + 1j, 0.5 - 1j, 0.25], [1j, 3.0, 0.5 + 0.5j], [1.0, -1j, 2 - 1j]])
VECTOR = np.array([1 - 1j, 2.0, 0.5j])
OF_SCIPY = {
    **{f"solve_triangular, trans={trans}, lower={lower}": lambda m, a, b, trans=trans, lower=lower: m.solve_triangular(
        a, b, trans=trans, lower=lower) for trans in (0, 1, 2, "N", "T", "C") for lower in (True, False)},
    **{f"cho_solve, lower={lower}": lambda m, a, b, lower=lower: m.cho_solve((a, lower), b) for lower in (True, False)},
    "expm": lambda m, a, b: m.expm(a) @ b,
    "toeplitz": lambda m, a, b: m.toeplitz(b) @ a,
    "toeplitz of two": lambda m, a, b: m.toeplitz(b, a[0]),
    "block_diag": lambda m, a, b: m.block_diag(a, b),
}  # fmt: skip


@pytest.mark.parametrize("call", OF_SCIPY.values(), ids=OF_SCIPY)
def test_functions_of_complex_matrices_are_scipys(call):
    def parts(a, b):
        z = call(linalg, a, b)
        return np.stack([np.real(z), np.imag(z)])

    z = call(linalg, tg.Value(MATRIX), tg.Value(VECTOR)).data
    assert_close(z, call(scipy.linalg, MATRIX, VECTOR), 100 * eps(MATRIX), "the value is not SciPy's", call)
    assert tg.compare_gradients(parts, MATRIX, VECTOR)
