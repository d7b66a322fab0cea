"""Phase diagrams of LoRA and CoLA on (L/2)|W - W*|^2, rank one: which runs converge, settle, move on, diverge.

A line of a diagram holds everything but the step: its steps run side by side in the lanes of one block,
from the same draws, and a lane leaves the block once its outcome is known. The Gaussian factor is invariant
under rotations, so only invariants are simulated, and nothing is approximated:

LoRA is deterministic after its start. With D_0 = W_0 - W* = sum_j sigma_j p_j q_j^T and B_0 = 0, the factors
keep the form a = sum_j u_j q_j, b = sum_j v_j p_j, and equal singular values share one pair (u_j, v_j)
whose u_j starts as the norm of that many Gaussians.

CoLA from a D_0 of rank one keeps D = (rho) p q^T with a fixed p: a link needs (a^T q)^2 and |a|^2 - (a^T q)^2
alone, chi-square numbers with 1 and n - 1 degrees of freedom.

L and the scale s are one: eta and the standard deviation are in units of 1/(L s) and 1/sqrt(s).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.compiled import INNER, KERNEL, njit
from ractheory.engine.elementary import fma, minus_two_log, normal_pair
from ractheory.engine.random import Purpose, stream_key, unit, words
from ractheory.engine.threads import over_threads
from ractheory.errors import UsageError, integer, real

CONVERGED, SETTLED, MOVING, DIVERGED = range(4)
OUTCOMES = ("converged", "settled", "moving", "diverged")
"""f reached f*; a stationary point above f*; neither, to the last step; f left every bound."""

FAR = 1e12
"""Diverged is f - f* > FAR times its start, converged is FAR times below it."""
STILL = 1e-16
"""Settled is a squared gradient of the factors below STILL |D_0|^3, in units of L^2 s."""

LANES = 128
CLASSES = 3
"""Different singular values of W_0 - W* at most."""
ROUND = 32
"""Steps between two looks at the lanes."""

SKETCH, FACTOR = int(Purpose.SKETCH), int(Purpose.INITIAL_FACTOR)
Array = NDArray[np.float64]


@njit(**KERNEL)
def draw_squares(key, seed, first, count, purpose, freedom, block, square, rest):  # type: ignore[no-untyped-def]
    """Fill square[:count] and rest[:count] with chi-square numbers of 1 and `freedom` degrees, a link each.

    -2 log of a uniform number has two degrees; words left over in a pair count as one.
    """
    left = freedom // 2
    index = 0
    while index == 0 or left > 0:
        for t in range(count):
            a, b, c, d = words(key, seed, first + t, purpose, index)
            block[t], block[ROUND + t] = np.int32(a), np.int32(b)
            block[2 * ROUND + t], block[3 * ROUND + t] = np.int32(c), np.int32(d)
        if index == 0:
            for t in range(count):
                x, other = normal_pair(block[t], block[ROUND + t])
                square[t] = np.float64(x) * np.float64(x)
                rest[t] = np.float64(other) * np.float64(other) if freedom % 2 == 1 else 0.0
        for half in range(1 if index == 0 else 0, 2):
            at = 2 * half * ROUND
            if left >= 2:
                for t in range(count):
                    u = unit(np.uint32(block[at + t])) * unit(np.uint32(block[at + ROUND + t]))
                    rest[t] += np.float64(minus_two_log(np.float32(u)))
            elif left == 1:
                for t in range(count):
                    u = unit(np.uint32(block[at + t]))
                    rest[t] += np.float64(minus_two_log(np.float32(u)))
            left -= min(left, 2)
        index += 1


# LoRA: gradient steps on (a, b).


@njit(**INNER)
def lora_steps(state, step, size, active, count):  # type: ignore[no-untyped-def]
    """`count` joint gradient steps of every active lane; the state is u, then v, CLASSES x LANES each.

    The three classes are written out: a loop over them is not vectorised.
    """
    s0, s1, s2 = size[0], size[1], size[2]
    for _ in range(count):
        for i in range(active):
            u0, u1, u2 = state[i], state[LANES + i], state[2 * LANES + i]
            v0, v1, v2 = state[3 * LANES + i], state[4 * LANES + i], state[5 * LANES + i]
            a = fma(u0, u0, fma(u1, u1, u2 * u2))
            b = fma(v0, v0, fma(v1, v1, v2 * v2))
            h = -step[i]
            state[i] = fma(h, fma(b, u0, s0 * v0), u0)
            state[LANES + i] = fma(h, fma(b, u1, s1 * v1), u1)
            state[2 * LANES + i] = fma(h, fma(b, u2, s2 * v2), u2)
            state[3 * LANES + i] = fma(h, fma(a, v0, s0 * u0), v0)
            state[4 * LANES + i] = fma(h, fma(a, v1, s1 * u1), v1)
            state[5 * LANES + i] = fma(h, fma(a, v2, s2 * u2), v2)


@njit(**INNER)
def lora_outcome(state, size, total, i):  # type: ignore[no-untyped-def]
    """Return the outcome of a lane so far; `total` is |D_0|^2."""
    a, b, cross = 0.0, 0.0, 0.0
    for j in range(CLASSES):
        u, v = state[j * LANES + i], state[(CLASSES + j) * LANES + i]
        a, b, cross = fma(u, u, a), fma(v, v, b), fma(size[j] * u, v, cross)
    square = total + 2.0 * cross + a * b
    slope = 0.0
    for j in range(CLASSES):
        u, v = state[j * LANES + i], state[(CLASSES + j) * LANES + i]
        for_a, for_b = fma(b, u, size[j] * v), fma(a, v, size[j] * u)
        slope = fma(for_a, for_a, fma(for_b, for_b, slope))
    if not square <= FAR * total:
        return DIVERGED
    if square * FAR <= total:
        return CONVERGED
    return SETTLED if slope <= STILL * total**1.5 else MOVING


@njit(**KERNEL)
def lora_line(key, seeds, size, multiplicity, std, steps, links, counts):  # type: ignore[no-untyped-def]
    """Add the outcomes of every seed to counts (steps x outcomes); return how many steps were made."""
    state, step = np.empty(2 * CLASSES * LANES), np.empty(LANES)
    where = np.empty(LANES, dtype=np.int64)
    block = np.empty(4 * ROUND, dtype=np.int32)
    square, rest = np.empty(ROUND), np.empty(ROUND)
    total, made = 0.0, 0
    for j in range(CLASSES):
        total += multiplicity[j] * size[j] ** 2
    for s in range(seeds.size):
        active = steps.size
        state.fill(0.0)
        for j in range(CLASSES):
            if multiplicity[j] > 0:
                draw_squares(key, seeds[s], j, 1, FACTOR, multiplicity[j] - 1, block, square, rest)
                state[j * LANES : j * LANES + active] = std * np.sqrt(square[0] + rest[0])
        for i in range(active):
            step[i], where[i] = steps[i], i
        for first in range(0, links, ROUND):
            count = min(ROUND, links - first)
            lora_steps(state, step, size, active, count)
            made += active * count
            last, kept = first + count == links, 0
            for i in range(active):
                outcome = lora_outcome(state, size, total, i)
                if outcome != MOVING or last:
                    counts[where[i], outcome] += 1
                    continue
                step[kept], where[kept] = step[i], where[i]
                for j in range(2 * CLASSES):
                    state[j * LANES + kept] = state[j * LANES + i]
                kept += 1
            active = kept
            if active == 0:
                break
    return made


# CoLA: K inner steps, merge, draw again.


@njit(**INNER)
def single_links(energy, step, active, count, square, rest):  # type: ignore[no-untyped-def]
    """`count` links of one inner step: f is multiplied by (1 - c z)^2 + c^2 z y."""
    for t in range(count):
        z, y = square[t], rest[t]
        for i in range(active):
            x = step[i] * z
            keep = 1.0 - x
            energy[i] *= fma(keep, keep, x * (step[i] * y))


@njit(**INNER)
def several_links(energy, step, active, count, square, rest, inner_steps, pair):  # type: ignore[no-untyped-def]
    """`count` links of several inner steps on b and on a = (p, q), p along the residual; pair is scratch."""
    for t in range(count):
        first_p, first_q = np.sqrt(square[t]), np.sqrt(rest[t])
        for i in range(active):
            pair[i], pair[LANES + i], pair[2 * LANES + i] = 0.0, first_p, first_q
        for _ in range(inner_steps):
            for i in range(active):
                b, p, q = pair[i], pair[LANES + i], pair[2 * LANES + i]
                along, across = fma(b, p, np.sqrt(energy[i])), b * q
                pair[i] = fma(-step[i], fma(along, p, across * q), b)
                pair[LANES + i] = fma(-step[i] * b, along, p)
                pair[2 * LANES + i] = fma(-step[i] * b, across, q)
        for i in range(active):
            b, p, q = pair[i], pair[LANES + i], pair[2 * LANES + i]
            along, across = fma(b, p, np.sqrt(energy[i])), b * q
            energy[i] = fma(along, along, across * across)


@njit(**KERNEL)
def cola_line(key, seeds, start, columns, std, inner_steps, steps, links, counts):  # type: ignore[no-untyped-def]
    """Add the outcomes of every seed from |D_0| = start to counts; return how many inner steps were made."""
    energy, step, pair = np.empty(LANES), np.empty(LANES), np.empty(3 * LANES)
    where = np.empty(LANES, dtype=np.int64)
    block = np.empty(4 * ROUND, dtype=np.int32)
    square, rest = np.empty(ROUND), np.empty(ROUND)
    total, made = start * start, 0
    for s in range(seeds.size):
        active = steps.size
        for i in range(active):
            energy[i], step[i], where[i] = total, steps[i], i
        for first in range(0, links, ROUND):
            count = min(ROUND, links - first)
            draw_squares(key, seeds[s], first, count, SKETCH, columns - 1, block, square, rest)
            for t in range(count):
                square[t] *= std * std
                rest[t] *= std * std
            if inner_steps == 1:
                single_links(energy, step, active, count, square, rest)
            else:
                several_links(energy, step, active, count, square, rest, inner_steps, pair)
            made += active * count * inner_steps
            last, kept = first + count == links, 0
            for i in range(active):
                outcome = MOVING
                if not energy[i] <= FAR * total:
                    outcome = DIVERGED
                elif energy[i] * FAR <= total:
                    outcome = CONVERGED
                if outcome != MOVING or last:
                    counts[where[i], outcome] += 1
                    continue
                energy[kept], step[kept], where[kept] = energy[i], step[i], where[i]
                kept += 1
            active = kept
            if active == 0:
                break
    return made


# Diagrams.


@dataclass(frozen=True)
class Shift:
    """The singular values of W_0 - W*, larger first, and how often each occurs: at most CLASSES of them.

    >>> Shift((2.0, 1.0), (1, 3)).total
    7.0
    """

    sizes: tuple[float, ...]
    multiplicities: tuple[int, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.sizes) == len(self.multiplicities) <= CLASSES:
            raise UsageError.of(
                "singular values", (self.sizes, self.multiplicities),
                f"1 to {CLASSES} values with as many multiplicities", "merge equal ones",
            )  # fmt: skip
        for size, count in zip(self.sizes, self.multiplicities, strict=True):
            real("singular value", size, 0.0, open_low=True)
            integer("multiplicity", count, 1)

    @property
    def total(self) -> float:
        """|W_0 - W*|^2."""
        return sum(k * s**2 for s, k in zip(self.sizes, self.multiplicities, strict=True))


@dataclass(frozen=True)
class Line:
    """What a line of a diagram holds: the shift from W* (its first value for CoLA), n, and the scale of A."""

    shift: Shift
    columns: int
    initial_std: float


@dataclass(frozen=True)
class Diagram:
    """How many seeds came to which outcome: counts is lines x steps x outcomes; made counts the steps."""

    counts: NDArray[np.int64]
    made: int

    @property
    def shares(self) -> Array:
        """Shares of the outcomes in each cell."""
        return np.asarray(self.counts / self.counts.sum(axis=2, keepdims=True))


def lora_diagram(
    lines: Sequence[Line], steps: Array, seeds: int, links: int,
    stream: str = "ractheory", threads: int | None = None,
) -> Diagram:  # fmt: skip
    """Simulate LoRA with both factors trained, rank one, on every line and at every step.

    Raises UsageError for a line whose singular values outnumber its columns.
    """

    def kernel(line: Line, key: Any, numbers: Any, part: Array, counts: Any) -> int:
        size, multiplicity = np.zeros(CLASSES), np.zeros(CLASSES, dtype=np.int64)
        k = len(line.shift.sizes)
        size[:k], multiplicity[:k] = line.shift.sizes, line.shift.multiplicities
        if k < CLASSES:  # what W_0 and W* agree on is a value of zero
            multiplicity[k] = line.columns - multiplicity.sum()
        if multiplicity.sum() != line.columns or multiplicity.min() < 0:
            raise UsageError.of(
                "columns", line.columns, "as many as singular values", "mend the multiplicities"
            )
        return int(
            lora_line(key, numbers, size, multiplicity, line.initial_std, part, links, counts)
        )

    return _diagram(kernel, lines, steps, seeds, links, stream, threads)


def cola_diagram(
    lines: Sequence[Line], steps: Array, seeds: int, links: int, inner_steps: int = 1,
    stream: str = "ractheory", threads: int | None = None,
) -> Diagram:  # fmt: skip
    """Simulate CoLA, rank one, a Gaussian A and B = 0 at each link, from a shift of rank one."""
    integer("inner steps", inner_steps, 1)

    def kernel(line: Line, key: Any, numbers: Any, part: Array, counts: Any) -> int:
        if sum(line.shift.multiplicities) != 1:
            raise UsageError.of("shift", line.shift, "one of rank one", "give one singular value")
        start = line.shift.sizes[0]
        return int(
            cola_line(key, numbers, start, line.columns, line.initial_std, inner_steps, part, links,
                      counts)
        )  # fmt: skip

    return _diagram(kernel, lines, steps, seeds, links, stream, threads)


def line_key(stream: str, line: int) -> NDArray[np.uint32]:
    """Return the key of the random numbers of one line: lines are independent, steps of one are not."""
    return stream_key(f"{stream}/line-{line}")


def _diagram(
    kernel: Callable[..., int], lines: Sequence[Line], steps: Array, seeds: int, links: int,
    stream: str, threads: int | None,
) -> Diagram:  # fmt: skip
    integer("seeds", seeds, 1)
    integer("steps", links, 1)
    numbers = np.arange(seeds, dtype=np.int64)
    counts = np.zeros((len(lines), len(steps), len(OUTCOMES)), dtype=np.int64)
    made = np.zeros(len(lines), dtype=np.int64)

    def work(i: int) -> None:
        key = line_key(stream, i)
        for at in range(0, len(steps), LANES):
            part = np.ascontiguousarray(steps[at : at + LANES], dtype=np.float64)
            made[i] += kernel(lines[i], key, numbers, part, counts[i, at : at + LANES])

    over_threads(work, range(len(lines)), threads)
    return Diagram(counts, int(made.sum()))
