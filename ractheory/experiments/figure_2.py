"""The paper's Figure 2 in exact expectations: how many links fine-tuning takes, for ranks from one to full."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ractheory.claims import claim
from ractheory.compare.build import experiment
from ractheory.compare.decision import exact_decision
from ractheory.compare.exactly import Moments, moments_of
from ractheory.errors import UsageError, integer, real
from ractheory.experiments.family import Asked, Outcome

RANKS = (1, 2, 5, 10, 20, 50)
"""Of the claims `gd-pl/fine-tuning/haar-rR`; 50 rows, so that the last is full."""

LONGEST = 100_000
"""Links at most; an expectation that is not down by then is an error of the question."""


def links_to(share: float, moments: Moments) -> tuple[int, float]:
    """Return after how many links E f - f* is at most `share` of its start, and the expectation there.

    Raises
    ------
    UsageError : it never is, within LONGEST links
    """
    steps = 64
    while steps <= LONGEST:
        values, noise = moments.expected(1, steps)
        low = values + noise <= share * values[0]
        if low.any():
            t = int(np.argmax(low))
            return t, float(values[t] / values[0])
        steps *= 2
    raise UsageError.of("share", share, f"one that {LONGEST} links reach", "choose a larger one")


def _speed(asked: Asked) -> Outcome:
    """Links to a share of the start, times (r/m)^power, differ over the ranks by a factor `within` at most."""
    given = _settings(asked.parameters)
    table, products = [], []
    for r in given["ranks"]:
        ran = experiment(claim(f"gd-pl/fine-tuning/haar-r{r}"), asked.seed)
        moments = moments_of(ran.objective, ran.method, ran.start)
        assert moments is not None  # a quadratic and a Haar sketch
        links, left = links_to(given["share"], moments)
        part = r / ran.objective.shapes[0][0]
        products.append(links * part ** given["power"])
        table.append({"rank": r, "r/m": part, "links": links, "links times r/m": links * part,
                      "share left": left})  # fmt: skip
    spread = max(products) / min(products)
    detail = f"links to {given['share']:g} of the start, times (r/m)^{given['power']}: greatest over least"
    # Two roundings of each product and one of the quotient.
    noise = 5 * np.finfo(float).eps * spread
    decision = exact_decision("<=", spread, given["within"], noise, detail)
    words = f"links until E f - f* is at most {given['share']:g} of its start"
    parameters = {**given, "table": table, "table_of": words}
    return Outcome(decision, parameters, method="rac-lora, step 1/L", sketch="haar, left")


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    settings = {"ranks": RANKS, "share": 1e-3, "power": 1, "within": 1.25} | dict(given)
    unknown = [name for name in settings if name not in ("ranks", "share", "power", "within")]
    if unknown:
        raise UsageError.of(
            "parameter", unknown[0], "ranks, share, power, within", "correct its name"
        )
    ranks = settings["ranks"]
    if not isinstance(ranks, (tuple, list)) or len(ranks) < 2 or not set(ranks) <= set(RANKS):
        raise UsageError.of("ranks", ranks, f"two or more of {RANKS}", "for example ranks=1,10")
    share = real("share", settings["share"], 0.0, 1.0, open_low=True, open_high=True)
    return settings | {
        "share": share,
        "power": integer("power", settings["power"], 0, 8),
        "within": real("within", settings["within"], 1.0),
    }


MEASURES = {"speed": _speed}


def measure(asked: Asked) -> Outcome:
    """Measure what a claim of the family asks."""
    found: Outcome = asked.one_of(MEASURES)(asked)
    return found
