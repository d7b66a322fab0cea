"""The kernels of the phase diagrams against matrices, against exact moments, and against themselves."""

from __future__ import annotations

import numpy as np
import pytest

from ractheory.engine import phase
from ractheory.engine.phase import FAR, Line, Shift, cola_diagram, line_key, lora_diagram
from ractheory.engine.transcription_phase import cola_link, joint_steps, lora_start, squares
from ractheory.errors import UsageError

EPS = np.finfo(float).eps
CLASSES, LANES = phase.CLASSES, phase.LANES
ONE = Shift((1.0,), (1,))
THREE = Shift((1.0, 0.5, 0.25), (1, 1, 1))


def kernel_state(line: Line, i: int, seed: int, eta: float, count: int) -> np.ndarray:
    """Return (u, v) of LoRA after `count` steps in the compiled code, a row a factor."""
    k = len(line.shift.sizes)
    size = np.zeros(CLASSES)
    size[:k] = line.shift.sizes
    _, A = lora_start(line, i, seed)
    state = np.zeros(2 * CLASSES * LANES)
    firsts = np.cumsum([0, *line.shift.multiplicities])[: CLASSES if k == CLASSES else k + 1]
    for j, at in enumerate(firsts):
        state[j * LANES] = A[0, at] if at < line.columns else 0.0
    advance(state, np.full(LANES, eta), size, 1, count)
    return state.reshape(2, CLASSES, LANES)[:, :, 0]


def advance(state: np.ndarray, step: np.ndarray, size: np.ndarray, active: int, count: int) -> None:
    phase.lora_steps(state, step, size, active, count)


@pytest.mark.parametrize("shift", [THREE, Shift((4.0, 1.0), (1, 3)), ONE])
def test_lora_is_that_of_the_matrices(shift: Shift) -> None:
    line = Line(shift, max(3, sum(shift.multiplicities)), 0.7)
    D, A = lora_start(line, 2, 5)
    eta, count = 0.1 / shift.sizes[0], 5
    B, A = joint_steps(D, A, eta, count)
    u, v = kernel_state(line, 2, 5, eta, count)
    firsts = np.cumsum([0, *shift.multiplicities])[: len(u)]
    for j, at in enumerate(firsts):
        if at < line.columns:
            # each step rounds each entry less than ten times, and multiplies no error by more than 3
            room = 10 * count * 3**count * EPS * (1 + np.linalg.norm(A) + np.linalg.norm(B))
            assert abs(A[0, at] - u[j]) <= room
            assert abs(B[at, 0] - v[j]) <= room


@pytest.mark.parametrize("inner_steps", [1, 2, 5])
@pytest.mark.parametrize("columns", [1, 2, 3, 8])
def test_a_link_of_cola_is_that_of_the_matrices(columns: int, inner_steps: int) -> None:
    line = Line(Shift((0.8,), (1,)), columns, 0.6)
    D = np.zeros((2, columns))
    D[0, 0] = 0.8
    energy = np.full(LANES, 0.64)
    square, rest = np.empty(phase.ROUND), np.empty(phase.ROUND)
    for link in range(4):
        drawn = squares(3, 1, link, phase.SKETCH, columns - 1, "ractheory")
        square[0], rest[0] = (0.36 * x for x in drawn)
        D = cola_link(D, line, 3, 1, link, 0.5, inner_steps)
        step = np.full(LANES, 0.5)
        if inner_steps == 1:
            phase.single_links(energy, step, 1, 1, square, rest)
        else:
            phase.several_links(energy, step, 1, 1, square, rest, inner_steps, np.empty(3 * LANES))
        exact = np.sum(D * D)
        # both codes round each of some twenty operations; cancellation stays above the start's size
        room = 40 * (link + 1) * inner_steps * EPS * (1 + exact)
        assert abs(energy[0] - exact) <= room


def test_draws_have_the_moments_of_chi_square() -> None:
    """Mean k and variance 2k; the mean of 20,000 lies within 6 standard errors but once in 10^9."""
    block, z, y = np.empty(4 * phase.ROUND, dtype=np.int32), np.empty(32), np.empty(32)
    for freedom in (0, 1, 2, 3, 6, 7, 10, 25):
        first, second = [], []
        for seed in range(625):
            phase.draw_squares(line_key("moments", 0), seed, 0, 32, 0, freedom, block, z, y)
            first.append(z.copy())
            second.append(y.copy())
        for k, sample in ((1, np.ravel(first)), (freedom, np.ravel(second))):
            assert abs(sample.mean() - k) <= 6 * np.sqrt(2 * k / sample.size)
            # the variance of the squared deviation of a chi-square is 8 k (k + 6)
            spread = np.mean((sample - k) ** 2)
            assert abs(spread - 2 * k) <= 6 * np.sqrt(8 * k * (k + 6) / sample.size)


def test_the_mean_of_a_link_is_exact() -> None:
    """E |D_1|^2 = 1 - 2 c + c^2 (n + 2) for N(0, 1) entries, from 20,000 draws of one link."""
    n, c = 6, 0.4
    block, z, y = np.empty(4 * 32, dtype=np.int32), np.empty(32), np.empty(32)
    values = []
    for seed in range(625):
        phase.draw_squares(line_key("mean", 0), seed, 0, 32, 0, n - 1, block, z, y)
        values.append((1 - c * z) ** 2 + c**2 * z * y)
    sample = np.ravel(values)
    error = sample.std() / np.sqrt(sample.size)
    assert abs(sample.mean() - (1 - 2 * c + c**2 * (n + 2))) <= 6 * error


def test_outcomes_where_they_are_known() -> None:
    """A tiny step of CoLA converges and a huge one diverges; LoRA settles, and converges at rank one."""
    steps = np.array([0.2, 50.0])
    cola = cola_diagram([Line(ONE, 3, 1.0)], steps, 20, 2000)
    assert cola.counts[0, 0].tolist() == [20, 0, 0, 0]
    assert cola.counts[0, 1].tolist() == [0, 0, 0, 20]
    lora = lora_diagram([Line(THREE, 3, 1.0), Line(ONE, 3, 1.0)], steps, 20, 4000)
    assert lora.counts[0, 0].tolist() == [0, 20, 0, 0]
    assert lora.counts[1, 0].tolist() == [20, 0, 0, 0]
    assert lora.counts[0, 1].tolist() == [0, 0, 0, 20]


@pytest.mark.parametrize("inner_steps", [1, 3])
def test_a_cell_alone_is_the_same_as_in_its_line(inner_steps: int) -> None:
    """Lanes leave and are moved up: nothing of that shows, nor do threads."""
    lines = [Line(ONE, n, 1.0) for n in (1, 2, 7)]
    steps = np.geomspace(0.05, 3.0, 150)
    whole = cola_diagram(lines, steps, 10, 200, inner_steps, threads=2)
    for at in (0, 70, 127, 128, 149):
        alone = cola_diagram(lines, steps[at : at + 1], 10, 200, inner_steps, threads=1)
        assert np.array_equal(whole.counts[:, at], alone.counts[:, 0])
    assert np.array_equal(whole.counts.sum(axis=2), np.full((3, 150), 10))


def test_an_outcome_is_that_of_the_matrices() -> None:
    """Whole runs of CoLA at one inner step, where an error stays relative."""
    line, steps, links = Line(ONE, 2, 1.0), np.array([0.3, 0.8, 1.2, 3.0]), 96
    counts = np.zeros((4, 4), dtype=np.int64)
    for s, eta in enumerate(steps):
        for seed in range(4):
            D, outcome = np.array([[1.0, 0.0]]), phase.MOVING
            for link in range(links):
                D = cola_link(D, line, 0, seed, link, eta, 1)
                looked = (link + 1) % phase.ROUND == 0
                if looked and not np.sum(D * D) <= FAR:
                    outcome = phase.DIVERGED
                    break
                if looked and np.sum(D * D) * FAR <= 1.0:
                    outcome = phase.CONVERGED
                    break
            counts[s, outcome] += 1
    assert np.array_equal(cola_diagram([line], steps, 4, links).counts[0], counts)


def test_bad_lines_are_refused_in_one_line() -> None:
    with pytest.raises(UsageError, match="columns"):
        lora_diagram([Line(THREE, 2, 1.0)], np.array([1.0]), 1, 1)
    with pytest.raises(UsageError, match="rank one"):
        cola_diagram([Line(THREE, 3, 1.0)], np.array([1.0]), 1, 1)
    with pytest.raises(UsageError, match="singular values"):
        Shift((4.0, 3.0, 2.0, 1.0), (1, 1, 1, 1))
    with pytest.raises(UsageError, match="seeds"):
        lora_diagram([Line(THREE, 3, 1.0)], np.array([1.0]), 0, 1)
