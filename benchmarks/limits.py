"""The machine's measured peak of fused multiply-adds, from registers only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from benchmarks.harness import seconds

CHAINS = 12
"""Independent chains: enough to hide the latency of four cycles on two units, few enough for 16 registers."""
REPEATS = 200_000


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


def peak_operations(threads: int) -> float:
    """Return the measured peak in double-precision operations a second, a fused multiply-add being two."""
    operations = 2 * CHAINS * vector_width() * REPEATS * threads
    _spin(1, 0.5)
    with ThreadPoolExecutor(threads) as pool:
        return operations / seconds(
            lambda: list(pool.map(_spin, [REPEATS] * threads, [0.5] * threads))
        )
