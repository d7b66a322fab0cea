"""What a chain accumulates: singular values of W_T - W_0 over the links, beside those of W* - W_0."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ractheory.compare.decision import exact_decision
from ractheory.engine.simulate import simulate
from ractheory.errors import integer
from ractheory.evidence import round_off
from ractheory.experiments.family import Asked, Outcome
from ractheory.methods import Method, asymlora, cola, fpft, lora, rac_lora
from ractheory.objectives import objective

Array = NDArray[np.float64]
SIZE = 20
"""W is SIZE x SIZE; f = (L/2)|W - W*|^2."""
CLEAR = 1e3
"""Multiple of the round-off from which on a singular value is not round-off."""
LINKS = (1, 2, 5, 10, 20, 50, 100, 200)

METHODS: Mapping[str, Callable[[], Method]] = {
    "rac-lora-r1": lambda: rac_lora(1.0),
    "rac-lora-r4": lambda: rac_lora(1.0, rank=4),
    "cola-r1": lambda: cola(0.03),
    "lora-r1": lambda: lora(0.03),
    "fpft": lambda: fpft(0.1),
    "asymlora-r1": lambda: asymlora(0.03),
}
"""A chain, a chain of rank 4, CoLA and LoRA at steps that are safe here, gradient descent, and
a chain whose sketch is never redrawn: asked as if it were one, a planted error."""


def rank_after(name: str, links: int) -> int:
    """Return the rank that W_T - W_0 has almost surely after `links` links.

    >>> [rank_after(name, 3) for name in METHODS]
    [3, 12, 3, 1, 20, 3]
    """
    if name == "fpft":
        return SIZE
    if name == "lora-r1":
        return 1
    return min(SIZE, links * (4 if name == "rac-lora-r4" else 1))


def measure(asked: Asked) -> Outcome:
    """Measure the singular values, and decide that in every run the rank is exactly that of `rank_after`.

    All further singular values are round-off, and the last that counts is CLEAR times larger.
    """
    method: Method = asked.one_of(METHODS)()
    seeds = integer("seeds", asked.parameters.get("seeds", 10), 1)
    f = objective("isotropic", m=SIZE, n=SIZE)
    start, target = np.zeros(f.dim), f.constants.minimiser
    assert target is not None
    spectra = np.empty((len(LINKS), seeds, SIZE))
    margin, noise = np.inf, 0.0
    for row, links in enumerate(LINKS):
        run = simulate(f, method, start, links, seeds, asked.stream)
        spectra[row] = _singular_values(run.final)
        rank = rank_after(asked.name, links)
        # Each link rounds each entry of W; the decomposition adds a few units on the largest value.
        room = round_off(SIZE * (links + SIZE), float(spectra[row].max()))
        if rank < SIZE:
            noise = max(noise, float(spectra[row, :, rank:].max() / room))
        margin = min(margin, float(spectra[row, :, rank - 1].min() / room))
    detail = (
        f"least singular value that counts, at {len(LINKS)} times in {seeds} runs, in units of the "
    )
    detail += f"round-off; the largest of the others is {noise:.2g}"
    decision = exact_decision(">=", margin, CLEAR, 0.0, detail)
    if noise > 1.0:
        decision = exact_decision(
            "<=", noise, 1.0, 0.0, f"singular values beyond the rank; {detail}"
        )
    curves = {
        "t": np.array(LINKS, dtype=float), "spectra": np.median(spectra, axis=1),
        "target": _singular_values(target[None])[0],
    }  # fmt: skip
    settings = {"m": SIZE, "n": SIZE, "r": method.rank, "T": LINKS[-1], "seeds": seeds}
    return Outcome(decision, settings, curves, method=method.name, sketch=asked.name, seeds=seeds)


def _singular_values(rows: Array) -> Array:
    return np.asarray(np.linalg.svd(rows.reshape(-1, SIZE, SIZE), compute_uv=False), np.float64)
