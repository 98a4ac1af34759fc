"""How hard hypothesis looks: HYPOTHESIS_PROFILE=thorough for a long run; and one BLAS thread for each test process."""

import os
import signal

import pytest
from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "default",
    max_examples=4,
    derandomize=True,
    deadline=None,
    database=None,
    phases=set(Phase) - {Phase.explain},
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=50, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# Set before NumPy is imported. With more, the processes that run tests side by side wait for each other's threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture(autouse=True, scope="session")
def ctrl_c_interrupts():
    """Ctrl-C interrupts as at a terminal: a shell that runs tests in the background has it ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
