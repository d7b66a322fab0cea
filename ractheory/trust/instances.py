"""Instances of the properties: chains on quadratics as plain numbers, so that a search can vary them and a
failure can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.claims.claim import Claim, MethodSpec, ObjectiveSpec
from ractheory.laws import Coordinates, Haar, Law
from ractheory.objectives.quadratic import MatrixQuadratic

Array = NDArray[np.float64]

LARGEST_SIDE, LINKS, SEEDS = 40, 8, 200
STEPS = (0.1, 0.5, 1.0, 1.5, 1.9)
LAWS = ("haar", "gaussian", "coordinates")


@dataclass(frozen=True)
class Instance:
    """One chain on one quadratic 1/2 tr(D^T K D), as numbers.

    Attributes
    ----------
    m, n, rank : sizes, rank <= m
    gammaL : the step times L
    law : of the sketch, which acts on the rows
    condition, scale, size : log10 of L/mu, of L, and of the entries of the start
    seed : of everything random
    factor : where a bound is asked, it is this multiple of the exact value
    links : of each run
    """

    m: int
    n: int
    rank: int
    gammaL: float = 1.0
    law: str = "haar"
    condition: float = 1.0
    scale: float = 0.0
    size: float = 0.0
    seed: int = 0
    factor: float = 1.0
    links: int = LINKS

    @property
    def spectrum(self) -> Array:
        L = 10.0**self.scale
        return np.asarray(L * 10.0 ** (-self.condition * np.linspace(0.0, 1.0, self.m)))

    @property
    def rng(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)

    @property
    def sketch(self) -> Law:
        return {"coordinates": Coordinates}.get(self.law, Haar)(self.rank)

    @property
    def step(self) -> float:
        return self.gammaL / float(self.spectrum[0])

    def objective(self, centre: Array | None = None) -> MatrixQuadratic:
        at = np.zeros(self.m * self.n) if centre is None else centre
        return MatrixQuadratic("instance", ((self.m, self.n),), (self.spectrum,), ("left",), at)

    def claim(self, theorem: str, **settings: Any) -> Claim:
        """Return a claim of `theorem` on this instance."""
        f = ObjectiveSpec("spectrum-left", {
            "m": self.m, "n": self.n, "spectrum": tuple(self.spectrum), "seed": self.seed})  # fmt: skip
        method = MethodSpec(step=self.gammaL, rank=self.rank, law=self.law)
        usual: dict[str, Any] = {
            "steps": self.links,
            "seeds": SEEDS,
            "start": f"far:{10.0**self.size!r}",
        }
        return Claim(f"{theorem}/trust/{self.seed}", theorem, f, method, **(usual | settings))


Range = tuple[float, float]


@dataclass(frozen=True)
class Limits:
    """Ranges of the numbers of an instance."""

    condition: Range = (0.0, 3.0)
    scale: Range = (0.0, 0.0)
    size: Range = (0.0, 0.0)
    links: tuple[int, int] = (1, LINKS)


KINDS = {
    "usual": Limits(),
    "hard": Limits((0.0, 12.0), (-150.0, 150.0), (-70.0, 70.0), (1, 300)),
    "scaled": Limits((0.0, 0.0), (-400.0, 400.0), (-200.0, 200.0)),
}
"""Kinds of instances. `scaled` are powers of two, at which f stays within the range of doubles."""


def instance(kind: str, rng: np.random.Generator) -> Instance:
    """Draw an instance of a kind: sizes 1 x 1 to 40 x 40, small ones as often as large ones."""
    limits = KINDS[kind]
    m, n = (int(np.exp(rng.uniform(0.0, np.log(LARGEST_SIDE + 0.999)))) for _ in range(2))
    low, high = limits.links
    return Instance(
        m, n, int(rng.integers(1, m + 1)), float(rng.choice(STEPS)), str(rng.choice(LAWS)),
        float(rng.uniform(*limits.condition)), float(rng.uniform(*limits.scale)),
        float(rng.uniform(*limits.size)), int(rng.integers(2**31)),
        float(rng.choice([0.5, 0.8, 0.95, 0.999, 1.001, 1.05, 1.5])), int(rng.integers(low, high + 1)),
    )  # fmt: skip
