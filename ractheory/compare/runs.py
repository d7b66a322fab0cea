"""Who makes the runs of a method: the compiled engine, or for some plain Python."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ractheory.engine.run import Run
from ractheory.engine.simulate import simulate as compiled
from ractheory.federation import simulate_rounds
from ractheory.methods import Method
from ractheory.objectives.base import Objective
from ractheory.oracles import SeparateFactors


def simulate(
    f: Objective, method: Method, start: NDArray[np.float64], links: int, seeds: int | range, stream: str
) -> Run:  # fmt: skip
    """Return the runs of `method` on f from `start`, as `ractheory.engine.simulate.simulate` does."""
    if isinstance(method.oracle, SeparateFactors):
        return simulate_rounds(f, method, start, links, seeds, stream)
    return compiled(f, method, start, links, seeds, stream)
