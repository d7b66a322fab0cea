"""Planted errors in objectives: wrong constants, and gradients that are not those of f."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.compare import build, comparison
from ractheory.engine import transcription
from ractheory.engine.run import Run
from ractheory.engine.simulate import simulate
from ractheory.objectives.base import Objective
from ractheory.trust import probes
from ractheory.trust.planted import Planted, swapped

Array = NDArray[np.float64]
Change = Callable[[Objective], Objective]
Gradient = Callable[[Array, Array], Array]

true_build = build.build_objective


def built(change: Change) -> AbstractContextManager[None]:
    """Let every claim run on the changed objective."""
    return swapped(build, "build_objective", lambda spec: change(true_build(spec)))


def scaled(**factors: float) -> Change:
    """Return the change that multiplies declared constants."""

    def change(f: Objective) -> Objective:
        return f.with_constants(**{k: getattr(f.constants, k) * x for k, x in factors.items()})

    return change


class Sloped:
    """An objective with another gradient; everything else is the given one's."""

    def __init__(self, of: Objective, gradient: Gradient) -> None:
        self._of, self._gradient = of, gradient

    def __getattr__(self, name: str) -> Any:
        return getattr(self._of, name)

    def flat_gradient(self, w: Array) -> Array:
        return np.asarray(self._gradient(self._of.flat_gradient(w), w))


def sloped(gradient: Gradient) -> AbstractContextManager[None]:
    """Let every claim run, in the transcription, on objectives with a wrong gradient (g, w) -> g'."""

    def run(objective: Objective, *rest: Any) -> Run:
        return transcription.transcribe(Sloped(objective, gradient), *rest)  # type: ignore[arg-type]

    return swapped(comparison, "simulate", run)


def recording(change: Callable[[Array], Array]) -> AbstractContextManager[None]:
    """Let every run record other values of f - f*."""

    def run(*arguments: Any) -> Run:
        run = simulate(*arguments)
        return replace(run, gap=change(run.gap))

    return swapped(comparison, "simulate", run)


CONSTANTS: tuple[tuple[str, str, Change, probes.Probe], ...] = (
    ("L-5-percent-small", "L 5 % too small", scaled(L=0.95), probes.DESCENT),
    ("L-1-percent-small", "L 1 % too small", scaled(L=0.99), probes.DESCENT_LONG_STEP),
    ("L-half", "L half of what it is", scaled(L=0.5), probes.PL),
    ("mu-5-percent-large", "mu 5 % too large", scaled(pl=1.05), probes.PL),
    ("mu-twice", "mu twice of what it is", scaled(pl=2.0), probes.PL),
    ("L-small-at-two-curvatures", "L 5 % too small, two curvatures", scaled(L=0.95),
     probes.DESCENT_TOP),
    ("minimiser-near", "the minimiser is taken nearer to the start than it is",
     scaled(minimiser=0.1), probes.CONVEX_FROM_ZERO),
)  # fmt: skip

GRADIENTS: tuple[tuple[str, str, Any, probes.Probe], ...] = (
    ("gradient-0.1-percent-large", "the gradient is a thousandth too large",
     lambda g, w: 1.001 * g, probes.DESCENT),
    ("gradient-0.1-percent-small", "the gradient is a thousandth too small",
     lambda g, w: 0.999 * g, probes.PL_FULL),
    ("gradient-off-by-a-constant", "a thousandth is added to every entry",
     lambda g, w: g + 1e-3, probes.DESCENT),
    ("gradient-entry-zero", "the first entry of the gradient is zero",
     lambda g, w: np.concatenate([[0.0], g[1:]]), probes.DESCENT),
    ("gradient-entries-swapped", "two entries of the gradient are swapped",
     lambda g, w: np.concatenate([g[1::-1], g[2:]]), probes.DESCENT),
    ("ridge-forgotten", "the gradient lacks its ridge", lambda g, w: g - 0.1 * w,
     probes.DESCENT_DIABETES),
    ("gradient-rounded", "the gradient is in single precision",
     lambda g, w: np.float64(np.float32(g)), probes.DESCENT),
)  # fmt: skip


def wrong_objectives() -> tuple[Planted, ...]:
    """Return the planted errors in objectives."""
    return (
        *(Planted(f"objectives/{n}", says, partial(built, change), (probe,))
          for n, says, change, probe in CONSTANTS),
        *(Planted(f"objectives/{n}", says, partial(sloped, change), (probe,))
          for n, says, change, probe in GRADIENTS),
        Planted("objectives/fstar-high", "f* is taken higher than f gets",
                lambda: recording(lambda gap: gap - 0.5), (probes.CONVERGED,)),
        Planted("objectives/fstar-low", "f* is taken a hundredth too low",
                lambda: recording(lambda gap: gap + 0.01), (probes.PL_FULL,)),
        Planted("objectives/value-halved", "the recorded values are half of what they are",
                lambda: recording(lambda gap: gap / 2), (probes.DESCENT,)),
        Planted(
            "objectives/mu-small", "mu 5 % too small",
            lambda: built(scaled(pl=0.95)), (probes.PL_FEW,),
            "a smaller mu is a weaker statement: it is still true",
        ),
    )  # fmt: skip
