"""The two matrix products of a link, in register tiles: C^T F, and F + C M.

F is m x p, p a multiple of WIDTH; C is q x m (transposed, so that a column of the factor is contiguous) with a pitch
of its own; C^T F and M are q x p; all are flat. A tile is a few columns of C by a few vectors of a row of F,
held in registers while the rows go by: a loop that LLVM does not find by itself, so it is emitted here. Every
entry is summed over the rows or columns in their order, whatever the tile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ractheory.compiled import INNER, njit
from ractheory.vectors import IR_VECTOR, WIDTH, load, splat, store, total

COLUMNS, VECTORS = 5, 4
"""Largest tile: 20 of the 32 vector registers hold sums, 4 a row of F and one an entry of C."""

_I, _INT = types.intp, ir.IntType(64)
Value = Any
"""A value of the code that is emitted."""


class Tile(NamedTuple):
    """What is known of a tile when it runs: addresses of arrays, and integers.

    Its rows of F begin at entry f and lie p apart, its columns of C begin at c and lie m apart; its rows of M, or of
    the result C^T F, begin at o and lie p apart.
    """

    F: Value
    f: Value
    p: Value
    C: Value
    c: Value
    m: Value
    rows: Value
    M: Value
    o: Value

    def row(self, builder: Any, i: Value) -> Value:
        """Return where row i of F begins."""
        return builder.add(self.f, builder.mul(i, self.p))

    def result(self, builder: Any, k: int) -> Value:
        """Return where row k of M begins."""
        return builder.add(self.o, builder.mul(self.p, ir.Constant(_INT, k)))

    def entry(self, builder: Any, k: int, i: Value) -> Value:
        """Return a vector whose lanes are all entry i of column k of C."""
        column = builder.add(self.c, builder.mul(self.m, ir.Constant(_INT, k)))
        return _splat(builder, self.C, builder.add(column, i))


def _load(builder: Any, data: Value, index: Value, vector: int = 0) -> Value:
    place = builder.gep(data, [_plus(builder, index, WIDTH * vector)])
    return builder.load(builder.bitcast(place, IR_VECTOR.as_pointer()), align=8)


def _store(builder: Any, data: Value, index: Value, vector: int, x: Value) -> None:
    place = builder.gep(data, [_plus(builder, index, WIDTH * vector)])
    builder.store(x, builder.bitcast(place, IR_VECTOR.as_pointer()), align=8)


def _splat(builder: Any, data: Value, index: Value) -> Value:
    """Return the vector whose lanes are all one entry of an array."""
    lanes = ir.VectorType(ir.IntType(32), WIDTH)
    entry = builder.load(builder.gep(data, [index]))
    lane = builder.insert_element(ir.Constant(IR_VECTOR, ir.Undefined), entry, ir.IntType(32)(0))
    return builder.shuffle_vector(lane, lane, ir.Constant(lanes, None))


def _fma(builder: Any, a: Value, b: Value, c: Value) -> Value:
    of_three = ir.FunctionType(IR_VECTOR, (IR_VECTOR,) * 3)
    name = f"llvm.fma.v{WIDTH}f64"
    return builder.call(cgutils.get_or_insert_function(builder.module, of_three, name), (a, b, c))


def _plus(builder: Any, index: Value, offset: int) -> Value:
    return builder.add(index, ir.Constant(_INT, offset)) if offset else index


def _sizes(builder: Any, columns: Value, vectors: Value) -> Iterator[tuple[int, int]]:
    """Yield every size of a tile with the builder where its code belongs: run if it is columns x vectors."""
    end = builder.append_basic_block("end")
    code = builder.add(builder.mul(columns, ir.Constant(_INT, VECTORS + 1)), vectors)
    switch = builder.switch(code, end)
    for g in range(1, COLUMNS + 1):
        for v in range(1, VECTORS + 1):
            case = builder.append_basic_block(f"tile.{g}.{v}")
            switch.add_case(ir.Constant(_INT, g * (VECTORS + 1) + v), case)
            builder.position_at_end(case)
            yield g, v
            builder.branch(end)
    builder.position_at_end(end)


def _tile(name: str, emit: Callable[..., None]) -> Any:
    """Return what emits a call of a function of flat arrays and integers: those of a Tile, others, and its size.

    The function is made once in a module, by `emit(builder, g, v, tile, *others)` for tiles of g x v. It takes the
    addresses of the arrays: a call of a compiled function with arrays costs as much as a small tile.
    """

    def function(module: Any, kinds: list[Any]) -> Any:
        if name in module.globals:
            return module.globals[name]
        made = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), name)
        made.linkage = "internal"
        builder = ir.IRBuilder(made.append_basic_block("entry"))
        known, others = Tile(*made.args[:9]), made.args[9:-2]
        for g, v in _sizes(builder, *made.args[-2:]):
            emit(builder, g, v, known, *others)
        builder.ret_void()
        return made

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        values = [
            context.make_array(kind)(context, builder, x).data
            if isinstance(kind, types.Array)
            else x
            for kind, x in zip(signature.args, args, strict=True)
        ]
        builder.call(function(builder.module, [x.type for x in values]), values)
        return context.get_dummy_value()

    return codegen


def _emit_sketch(builder: Any, g: int, v: int, t: Tile) -> None:
    """Emit a g x v tile of C^T F.

    A small tile sums the even and the odd rows apart: else every sum would wait for its last addend.
    """
    parts = 2 if g * v < 8 else 1
    zero = ir.Constant(IR_VECTOR, [0.0] * WIDTH)
    sums = [
        [[cgutils.alloca_once_value(builder, zero) for _ in range(v)] for _ in range(g)]
        for _ in range(parts)
    ]

    def add_row(i: Value, part: int) -> None:
        row = [_load(builder, t.F, t.row(builder, i), u) for u in range(v)]
        for k in range(g):
            entry = t.entry(builder, k, i)
            for x, place in zip(row, sums[part][k], strict=True):
                builder.store(_fma(builder, entry, x, builder.load(place)), place)

    count = ir.Constant(_INT, parts)
    with cgutils.for_range(builder, builder.udiv(t.rows, count)) as loop:
        for part in range(parts):
            add_row(_plus(builder, builder.mul(loop.index, count), part), part)
    if parts == 2:
        with builder.if_then(builder.trunc(t.rows, ir.IntType(1))):  # an odd number of rows
            add_row(_plus(builder, t.rows, -1), 0)
    for k in range(g):
        for u in range(v):
            x = builder.load(sums[0][k][u])
            if parts == 2:
                x = builder.fadd(x, builder.load(sums[1][k][u]))
            _store(builder, t.M, t.result(builder, k), u, x)


def _emit_update(
    builder: Any, g: int, v: int, t: Tile, measure: Callable[..., None] = lambda i, row: None
) -> None:
    """Emit a tile of F + C M, g columns by v vectors of a row; `measure` is handed every new row."""
    moves = [[_load(builder, t.M, t.result(builder, k), u) for u in range(v)] for k in range(g)]
    with cgutils.for_range(builder, t.rows) as loop:
        at = t.row(builder, loop.index)
        row = [_load(builder, t.F, at, u) for u in range(v)]
        for k in range(g):
            entry = t.entry(builder, k, loop.index)
            row = [_fma(builder, entry, y, x) for x, y in zip(row, moves[k], strict=True)]
        for u, x in enumerate(row):
            _store(builder, t.F, at, u, x)
        measure(loop.index, row)


def _emit_measured(builder: Any, g: int, v: int, t: Tile, weights: Value, sums: Value) -> None:
    """Emit the same, and add to both vectors of `sums` the squares of the new rows times their weights (2 x m)."""
    start = ir.Constant(_INT, 0)
    totals = [cgutils.alloca_once_value(builder, _load(builder, sums, start, u)) for u in range(2)]

    def measure(i: Value, row: list[Value]) -> None:
        square = builder.fmul(row[0], row[0])
        for x in row[1:]:
            square = _fma(builder, x, x, square)
        for place, at in zip(totals, (i, builder.add(t.m, i)), strict=True):
            weight = _splat(builder, weights, at)
            builder.store(_fma(builder, weight, square, builder.load(place)), place)

    _emit_update(builder, g, v, t, measure)
    for u, place in enumerate(totals):
        _store(builder, sums, start, u, builder.load(place))


@intrinsic
def _sketch_tile(typingctx, F, f, p, C, c, m, rows, out, o, columns, vectors):  # type: ignore[no-untyped-def]
    """Write a tile of C^T F into out from o on; what the arguments are is said at `Tile`."""
    signature = types.void(F, _I, _I, C, _I, _I, _I, out, _I, _I, _I)
    return signature, _tile("ractheory.sketch", _emit_sketch)


@intrinsic
def _update_tile(typingctx, F, f, p, C, c, m, rows, M, o, columns, vectors):  # type: ignore[no-untyped-def]
    """Add C M to a tile of F."""
    signature = types.void(F, _I, _I, C, _I, _I, _I, M, _I, _I, _I)
    return signature, _tile("ractheory.update", _emit_update)


@intrinsic
def _measured_tile(typingctx, F, f, p, C, c, m, rows, M, o, weights, sums, columns, vectors):  # type: ignore[no-untyped-def]
    """The same, and add the weighted squares of the new rows to `sums`."""
    signature = types.void(F, _I, _I, C, _I, _I, _I, M, _I, weights, sums, _I, _I)
    return signature, _tile("ractheory.update_measured", _emit_measured)


@njit(**INNER)
def sketch(F, rows, p, C, c, m, q, out, o):  # type: ignore[no-untyped-def]
    """Write C^T F into the rows of `out` from entry o on.

    F has `rows` rows; C has q columns, m apart, the first of them at entry c.
    """
    for j in range(0, p, WIDTH * VECTORS):
        vectors = min(VECTORS, (p - j) // WIDTH)
        for k in range(0, q, COLUMNS):
            columns = min(COLUMNS, q - k)
            _sketch_tile(F, j, p, C, c + k * m, m, rows, out, o + k * p + j, columns, vectors)


@njit(**INNER)
def update(F, rows, p, C, c, m, q, M):  # type: ignore[no-untyped-def]
    """F <- F + C M, the first column of C at entry c."""
    for j in range(0, p, WIDTH * VECTORS):
        vectors = min(VECTORS, (p - j) // WIDTH)
        for k in range(0, q, COLUMNS):
            columns = min(COLUMNS, q - k)
            _update_tile(F, j, p, C, c + k * m, m, rows, M, k * p + j, columns, vectors)


@njit(**INNER)
def update_measured(F, rows, p, C, c, m, q, M, weights, sums):  # type: ignore[no-untyped-def]
    """F <- F + C M; return sum_i w_i |F_i|^2 over the new rows for both rows w of weights (2 x m, flat).

    `sums` is scratch for two vectors.
    """
    store(sums, 0, splat(0.0))
    store(sums, WIDTH, splat(0.0))
    last = (q - 1) // COLUMNS * COLUMNS
    for j in range(0, p, WIDTH * VECTORS):
        vectors = min(VECTORS, (p - j) // WIDTH)
        for k in range(0, last, COLUMNS):
            _update_tile(F, j, p, C, c + k * m, m, rows, M, k * p + j, COLUMNS, vectors)
        _measured_tile(
            F, j, p, C, c + last * m, m, rows, M, last * p + j, weights, sums, q - last, vectors
        )
    return total(load(sums, 0)), total(load(sums, WIDTH))
