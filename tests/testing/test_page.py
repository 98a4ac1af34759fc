"""The test file that the page about testing shows is run, and fails where it should."""

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
(FILE,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)


@pytest.mark.parametrize(
    ("right", "wrong", "failing"),
    [
        ("", "", []),
        ("np.clip(residuals, -1, 1)", "np.clip(residuals, -1, 1.1)", ["test_a_gradient_written_by_hand"]),
        ("(1 + np.abs(x)) ** 2)", "(1 + np.abs(x)))", ["test_the_rule", "test_the_rule_in_second_order"]),
    ],
)
def test_the_test_file_passes_and_fails_where_something_is_wrong(pytester, right, wrong, failing):
    pytester.makepyfile(FILE.replace(right, wrong))
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist")
    failed = {line.partition("::")[2].partition(" ")[0] for line in result.outlines if line.startswith("FAILED")}
    assert failed == set(failing)
    assert sum(result.parseoutcomes().values()) >= 6
