"""What this machine can do at most, measured: multiply-adds, bytes through a cache, normal deviates."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from benchmarks.clock import seconds
from ractheory.engine.random import fill_normal_in, scratch_for_normals, stream_key

CHAINS = 12
"""Independent chains: enough to hide the latency of four cycles on two units, few enough for 16 registers."""
REPEATS = 2_000_000
PASSES = 2_000
DEVIATES = 4_096

OPERATIONS, BYTES, DEVIATES_MADE = "floating-point operations", "bytes", "normal deviates"


@dataclass(frozen=True)
class Needs:
    """What one unit of the best algorithm takes at least.

    Attributes
    ----------
    operations : in double precision, a fused multiply-add counted as two
    bytes : read or written, through the cache that holds the working set
    deviates : normal deviates drawn
    working_set : bytes that a thread goes through again and again
    """

    operations: float
    bytes: float = 0.0
    deviates: float = 0.0
    working_set: int = 16_384

    def seconds(self, threads: int) -> dict[str, float]:
        """Return how long each of them takes on as many threads of this machine, measured now."""
        return {
            OPERATIONS: self.operations / peak_operations(threads),
            BYTES: self.bytes / peak_bytes(threads, self.working_set),
            DEVIATES_MADE: self.deviates / peak_deviates(threads),
        }


def vector_width() -> int:
    """Doubles in one vector register of this machine."""
    return 8 if llvm.get_host_cpu_features().get("avx512f") else 4


@intrinsic
def _chains(typingctx: Any, repeats: Any, start: Any) -> Any:
    """Run CHAINS chains x <- x a + a, `repeats` long, in vector registers; return the sum of lane 0."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = ir.VectorType(ir.DoubleType(), vector_width())
        zero = ir.Constant(ir.IntType(32), 0)
        one_lane = builder.insert_element(ir.Constant(vector, ir.Undefined), args[1], zero)
        mask = ir.Constant(ir.VectorType(ir.IntType(32), vector_width()), None)
        a = builder.shuffle_vector(one_lane, one_lane, mask)
        entry = builder.block
        loop, done = builder.append_basic_block("loop"), builder.append_basic_block("done")
        builder.branch(loop)
        builder.position_at_end(loop)
        count = builder.phi(ir.IntType(64))
        count.add_incoming(ir.Constant(ir.IntType(64), 0), entry)
        values = [builder.phi(vector) for _ in range(CHAINS)]
        signature_of_fma = ir.FunctionType(vector, (vector,) * 3)
        name = f"llvm.fma.v{vector_width()}f64"
        fma = cgutils.get_or_insert_function(builder.module, signature_of_fma, name)
        results = [builder.call(fma, (x, a, a)) for x in values]
        for x, result in zip(values, results, strict=True):
            x.add_incoming(a, entry)
            x.add_incoming(result, loop)
        following = builder.add(count, ir.Constant(ir.IntType(64), 1))
        count.add_incoming(following, loop)
        builder.cbranch(builder.icmp_signed("<", following, args[0]), loop, done)
        builder.position_at_end(done)
        total = builder.extract_element(results[0], zero)
        for result in results[1:]:
            total = builder.fadd(total, builder.extract_element(result, zero))
        return total

    return types.float64(types.int64, types.float64), codegen


@njit(nogil=True)
def _spin(repeats: int, start: float) -> float:
    return _chains(repeats, start)


@njit(nogil=True, error_model="numpy")
def _sweep(passes: int, x: np.ndarray) -> None:
    for k in range(passes):
        a = 1.0 + 1e-9 * k
        for i in range(x.size):
            x[i] = a * x[i]


@njit(nogil=True, error_model="numpy")
def _draw(passes: int, key: np.ndarray, first, second, x, y, out) -> None:  # type: ignore[no-untyped-def]
    for k in range(passes):
        fill_normal_in(key, 0, k, 0, DEVIATES, first, second, x, y, out, 0)


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)


def _together(work: Callable[[int], object], threads: int) -> float:
    """Return how long `threads` threads take that do the same at once, started beforehand."""
    work(0)
    pool = _pool(threads)
    list(pool.map(abs, range(threads)))
    return seconds(lambda: list(pool.map(work, range(threads))))


def peak_operations(threads: int) -> float:
    """Return double-precision operations a second, from registers only, a fused multiply-add being two."""
    operations = 2 * CHAINS * vector_width() * REPEATS * threads
    return operations / _together(lambda _: _spin(REPEATS, 0.5), threads)


def peak_bytes(threads: int, working_set: int) -> float:
    """Return bytes a second, read and written, of an array of that size for each thread."""
    arrays = [np.ones(working_set // 8) for _ in range(threads)]
    passes = max(4, PASSES * 16_384 // working_set)
    return (
        2
        * passes
        * arrays[0].nbytes
        * threads
        / _together(lambda k: _sweep(passes, arrays[k]), threads)
    )


def peak_deviates(threads: int) -> float:
    """Return normal deviates a second, of the generator of the engine on long arrays."""
    rooms = [scratch_for_normals(DEVIATES, 1) for _ in range(threads)]
    key, passes = stream_key("peak"), 400
    return passes * DEVIATES * threads / _together(lambda k: _draw(passes, key, *rooms[k]), threads)
