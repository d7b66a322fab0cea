"""Claims on the best fixed step: a table over the ranks for each spectrum, and the law that brackets it."""

from __future__ import annotations

from typing import Any

from ractheory.claims.claim import RATES, REFUTED, Claim, MethodSpec, ObjectiveSpec
from ractheory.claims.controls import both
from ractheory.claims.core import DIABETES, EVERY, USUAL, F, Rac

D = 32
DECAYS = (0.0, 0.5, 1.0, 2.0)


def power(decay: float) -> ObjectiveSpec:
    """The spectrum i^-decay in dimension 32: effective dimensions 32, 10.0, 4.06 and 1.61."""
    return F("spectrum-left", {"m": D, "n": 1, "spectrum": "power", "decay": decay})


VANISHING = F("spectrum-left", {"m": 64, "n": 1, "spectrum": [1.0] + [0.03] * 62 + [1e-6]})
"""One large eigenvalue, small ones with a larger trace, and one that nearly vanishes."""

SLOPE = "at most the slope times the limit"
GUARANTEED = "at least the guaranteed rate"


def table(name: str, f: ObjectiveSpec, **settings: Any) -> Claim:
    """Return the claim best-rate/`name`: all statements at all ranks on f, exact links by sampling."""
    return Claim(f"best-rate/{name}", "best-rate", f, Rac(), evidence=RATES, steps=300, seeds=32,
                 start="zero", **settings)  # fmt: skip


def law(
    name: str, f: ObjectiveSpec, statement: str, method: MethodSpec | None = None, **settings: Any
) -> Claim:
    """Return the claim best-rate/`name` on one statement."""
    return Claim(f"best-rate/{name}", "best-rate", f, method or Rac(), evidence=RATES, steps=1, seeds=1,
                 start="zero", statement=statement, **settings)  # fmt: skip


TABLES = (
    *(table(f"power-{decay:g}", power(decay), tiers=EVERY if decay == 1.0 else USUAL) for decay in DECAYS),
    table("ridge-diabetes", DIABETES, real_data=True),
)  # fmt: skip
"""The figure draws these."""

CONTROLS = (
    law("guaranteed-rate-times-1.001/flat", power(0.0), GUARANTEED, expected=REFUTED, bound_factor=1.001,
        note="K = L I attains it"),
    law("slope-times-0.99/vanishing", VANISHING, SLOPE, expected=REFUTED, bound_factor=0.99, tiers=EVERY,
        note="a vanishing eigenvalue comes within a thousandth of it"),
    law("limit-times-0.99/flat", power(0.0), "limit at least 2/L_eff", expected=REFUTED,
        bound_factor=1.01, note="K = L I attains it"),
    *both("another-law", "best-rate", power(2.0), Rac(law="coordinates"), Rac(), USUAL, evidence=RATES,
          statement=GUARANTEED, steps=1, seeds=1, start="zero",
          note="coordinates have no L_eff below the largest diagonal entry"),
)  # fmt: skip

CLAIMS = (*TABLES, *CONTROLS)
