"""What has no derivative here, and what to write instead: errors say it, and docs/coverage.md lists it."""

from tinygrad_edu.core.rules import remedies


def instead(write: str, *names: str) -> None:
    """Enter what to write instead of functions, which are named as their users write them."""
    remedies.update(dict.fromkeys((f"np.{name}" for name in names), write))


# Writing into arrays, which a tape cannot follow.
instead("nothing is written into while recording: write x.at[index].set(v), or np.where(mask, x, y)",
        "put", "place", "putmask", "copyto", "fill_diagonal")  # fmt: skip
instead("nothing is written into while recording: write np.where(np.arange(n) == indices, v, x)", "put_along_axis")

# Sets, in which equal numbers are one.
instead("equal numbers are one there, which has no slope: pass x.data, or write np.unique(x)",
        "intersect1d", "setdiff1d", "setxor1d", "union1d",
        "unique_all", "unique_counts", "unique_inverse", "unique_values")  # fmt: skip

# What is complex or real as the numbers are.
instead("write np.sort(x), or of real numbers np.sort(x) + 0j", "sort_complex")
instead("whether its result is complex depends on the numbers: write np.real(x)", "real_if_close")
instead("whether its result is complex depends on the numbers: write the function of np, of x or of x + 0j",
        *(f"lib.scimath.{name}" for name in ("sqrt", "log", "log2", "log10", "power", "arccos", "arcsin",
                                             "arctanh")))  # fmt: skip
instead("write np.log(x) / np.log(n)", "lib.scimath.logn")

# Files, dates, text: not of numbers, or not of results.
instead("pass x.data, the plain numbers", "save", "savez", "savez_compressed", "savetxt")
instead("it takes dates, and Values hold real numbers", "busday_count", "busday_offset", "is_busday",
        "datetime_as_string")  # fmt: skip
instead("pass x.data: the path depends on the shapes only", "einsum_path")

# These ask no Value what to do. They make an array of what they get, which a Value refuses.
instead(
    "write x itself, which is an array to NumPy; np.stack([...]) makes one of several",
    "array",
    "asarray",
    "asanyarray",
    "asarray_chkfinite",
    "ascontiguousarray",
    "asfortranarray",
    "require",
)
instead("write np.stack([...])", "fromiter", "bmat", "asmatrix", "matrix", "from_dlpack", "frombuffer")
instead("write v * np.ones(shape)", "full")
instead("call the function on the whole array, or write np.stack([f(v) for v in x])", "vectorize", "frompyfunc")
instead("go through the elements with a loop", "nditer", "ndenumerate", "nested_iters")
instead("write np.broadcast_arrays, or np.broadcast_shapes of their shapes", "broadcast")
instead("write np.reshape, indexing, or np.lib.stride_tricks.sliding_window_view", "lib.stride_tricks.as_strided")
instead("write np.i0(beta * np.sqrt(1 - np.linspace(-1, 1, n) ** 2)) / np.i0(beta)", "kaiser")
