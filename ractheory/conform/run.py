"""Runs of a user's rule, recorded as the engine records its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ractheory.conform.module import Unfit
from ractheory.conform.rule import Matrix, Rule, Step, unfit
from ractheory.engine.run import Run
from ractheory.errors import UsageError
from ractheory.objectives.base import Objective

Array = NDArray[np.float64]

WORST_CONDITION = 1e6
"""A pseudo-inverse of a factor with a condition number up to this is taken for one."""

FORM_TOLERANCE = float(np.finfo(float).eps) * WORST_CONDITION**2
"""Normal equations lose the square of the condition number; another rule misses by a part of order one."""


@dataclass
class Trial:
    """Makes runs of `rule` on one objective, each once, and counts links that are not as declared."""

    rule: Rule
    objective: Objective
    start: Array
    links: int
    stream: str
    kept: Run | None = field(default=None, init=False)
    seen: list[int] = field(default_factory=list, init=False)
    """Links of each run, in the order of the seeds."""
    others: list[int] = field(default_factory=list, init=False)
    """Those of them that are not of the declared form."""

    @property
    def gamma(self) -> float:
        assert self.objective.constants.L is not None
        return self.rule.declared.gammaL / self.objective.constants.L

    def generator(self, seed: int) -> np.random.Generator:
        """Return the source of randomness of one run."""
        return np.random.default_rng([crc32(self.stream.encode()), seed])

    def __call__(self, seeds: range) -> Run:
        """Return the runs of `seeds`; an iterate that is not finite counts as f = +infinity."""
        known = self.kept.seeds if self.kept else 0
        if known < seeds.stop:
            new = Run.begin(seeds.stop - known, self.links, self.start, self.objective.dim)
            for row in range(new.seeds):
                with np.errstate(all="ignore"):
                    self._record(new, row, known + row)
            self.kept = new if self.kept is None else self.kept.joined(new)
        assert self.kept is not None
        rows, names = (
            slice(seeds.start, seeds.stop),
            ("gap", "grad_sq", "step_sq", "diverged_at", "final"),
        )
        return replace(self.kept, **{name: getattr(self.kept, name)[rows] for name in names})

    def _record(self, run: Run, row: int, seed: int) -> None:
        f = self.objective
        run.gap[row], run.grad_sq[row], run.step_sq[row] = np.inf, np.inf, np.inf
        self.seen.append(0)
        self.others.append(0)
        last: tuple[Matrix, Matrix] | None = None
        for t, (W, G) in enumerate(self.path(seed)):
            gap = f.flat_gap(W.ravel()) if np.all(np.isfinite(W)) else np.inf
            if not np.isfinite(gap):
                run.diverged_at[row] = t
                self.seen[-1], self.others[-1] = self.seen[-1] + 1, self.others[-1] + 1
                return
            run.final[row], run.gap[row, t], run.grad_sq[row, t] = W.ravel(), gap, np.vdot(G, G)
            if last is not None:
                moved = (last[0] - W) / self.gamma
                run.step_sq[row, t - 1] = np.vdot(moved, moved)
                self.seen[-1] += 1
                self.others[-1] += not self._as_declared(*last, moved)
            last = W, G

    def path(self, seed: int) -> Iterator[tuple[Matrix, Matrix]]:
        """Yield W_t and its gradient for t = 0, ..., links."""
        f = self.objective
        step, rng, W = self.rule.make(), self.generator(seed), self.start.reshape(f.shapes[0])
        state: dict[str, Any] = {"L": f.constants.L, "mu": f.constants.pl or 0.0, "t": 0}
        for t in range(self.links + 1):
            yield W, f.flat_gradient(W.ravel()).reshape(W.shape)
            if t < self.links:
                state["t"] = t
                W = self._next(step, W, rng, state)

    def _next(
        self, step: Step, W: Matrix, rng: np.random.Generator, state: dict[str, Any]
    ) -> Matrix:
        f, name = self.objective, self.rule.name

        def gradient(V: Matrix) -> Matrix:
            return np.array(f.gradient(np.asarray(V, dtype=np.float64)))

        try:
            found = step(W.copy(), gradient, rng, state)
        except Unfit:
            raise
        except Exception as error:
            raise unfit(name, error, Path(name.rpartition(":")[0])) from error
        try:
            out = np.array(found, dtype=np.float64)
        except (TypeError, ValueError):
            allowed = "a matrix of numbers"
            raise UsageError.of(
                f"value of {name}", type(found).__name__, allowed, "return W"
            ) from None
        if out.shape != W.shape:
            raise UsageError.of(
                f"shape of the value of {name}", out.shape, str(W.shape), "return W"
            )
        return out

    def _as_declared(self, W: Matrix, G: Matrix, moved: Matrix) -> bool:
        if self.rule.declared.side == "right":
            W, G, moved = W.T, G.T, moved.T
        noise = float(np.finfo(float).eps * np.linalg.norm(W)) / self.gamma
        return is_projection_of(moved, G, self.rule.declared.rank, noise)


def is_projection_of(Y: Matrix, G: Matrix, rank: int, noise: float = 0.0) -> bool:
    """Return whether Y = P G for some orthogonal projection P of that rank at most, Y being off by `noise`.

    That is so exactly when Y^T (G - Y) = 0 and rank Y <= rank: P then projects onto range(Y).

    >>> G = np.array([[3.0], [4.0]])
    >>> is_projection_of(np.array([[3.0], [0.0]]), G, 1), is_projection_of(2 * G, G, 1)
    (True, False)
    """
    size = float(np.linalg.norm(G))
    allowed = FORM_TOLERANCE * size + 4.0 * noise
    spectrum = np.linalg.svd(Y, compute_uv=False)
    if len(spectrum) > rank and spectrum[rank] > allowed:
        return False
    return bool(np.linalg.norm(Y.T @ (G - Y)) <= allowed * max(size, float(spectrum[0])))
