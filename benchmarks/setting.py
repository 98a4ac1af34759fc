"""Under what conditions things are measured: options, environment, machine.

package  a peer, by the name it is imported by
"""

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from benchmarks.workload import OURS

ROOT = Path(__file__).parent.parent
PEERS = "micrograd", "autograd", "mygrad", "torch", "jax", "tinygrad"


@dataclass(frozen=True)
class Options:
    """What the command line asked for."""

    rounds: int = 25
    threads: int = 1
    peers: bool = True
    slow: bool = False
    checks: int = 2000
    count: int = 200_000


def environment(threads=1):
    """The environment of a process whose libraries use that many threads; it must be set before they start."""
    n = str(threads)
    pools = ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "VECLIB_MAXIMUM")
    path = filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    return (
        dict(os.environ)
        | {f"{pool}_THREADS": n for pool in pools}
        | {
            "NPROC": n,  # jax's pool
            "NUM_CPU_THREADS": n,  # tinygrad's
            "DEV": "CPU",  # tinygrad's
            "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={str(threads > 1).lower()}",
            "JAX_ENABLE_X64": "1",
            "JAX_PLATFORMS": "cpu",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "",  # installed packages have their bytecode, so ours is to have it too
            "PYTHONPATH": os.pathsep.join(path),
        }
    )


def python(arguments, threads=1, timeout=None):
    """Run this Python anew and give what it printed.

    Raises:
        RuntimeError: it failed, and the message is the last line it printed about it; or it took longer than `timeout`.
    """
    command = [sys.executable, *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment(threads), cwd=ROOT, check=False, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"took longer than {timeout} s") from None
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"ended with code {done.returncode}"])[-1])
    return done.stdout


def installed(package):
    """Whether `package` can be imported."""
    return find_spec(package) is not None


def wanted(package, options):
    """Whether what needs `package` can take part; NumPy and ourselves always do."""
    return package in {None, OURS} or (options.peers and installed(package))


def machine(options):
    """The lines that say what was measured on."""
    versions = [f"{package} {_version(package)}" for package in ("numpy", *PEERS) if installed(package)]
    return [
        f"{_processor()}, {os.cpu_count()} cores, {options.threads} used; {platform.system()}, "
        f"{' '.join(platform.libc_ver()) or 'unknown libc'}; Python {platform.python_version()}",
        ", ".join(versions),
    ]


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return "of unknown version"


def _processor():
    """The name of the processor; Linux alone tells its full name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
