"""The programs on the page about checking run, where the library that they are for is installed."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "checking.md"
PROGRAMS = [
    text for text in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S) if ">>>" not in text
]


@pytest.mark.parametrize("library", ["torch", "jax"])
@pytest.mark.filterwarnings("default")
def test_a_gradient_of_another_library_is_compared(library):
    pytest.importorskip(library)
    (program,) = [text for text in PROGRAMS if f"import {library}\n" in text]
    exec(compile(program, str(PAGE), "exec"), {})
