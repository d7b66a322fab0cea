"""Why some theorems have no family here: their bound is attained by construction, or is no bound."""

from __future__ import annotations

REASONS: dict[str, str] = {
    "best-rate": "its lower bounds are attained by K = L I and its upper ones approached by a vanishing "
    "eigenvalue: planted errors of 0.1 and 1 percent are refuted by claims",
    "time-uniform": "Ville's inequality over all times at once; its almost-sure rates and laws are equalities, "
    "with claims of their own",
    "rank-floor": "attained: the truncated singular value decomposition (Eckart-Young)",
    "subspace-floor": "attained in the limit, and in expectation an equality; claims run down to it",
    "counterexample": "one function: its floor 13/45 is attained, its rates are those of gd-pl",
    "smoothness-loss": "no constant exists: two points beat each one",
    "sharpness": "attained by balanced factors; the claim with the bound times 1.2 is refuted",
    "federated-bias": "identities, with no inequality",
    "accumulated-rank": "a count: attained by any chain whose links have new directions",
    "merge-precision": "a bound from the unit round-off per merge; what is lost is measured by claims",
    "cola-almost-sure": "a limit law: the drift is a closed form, compared with quadrature",
    "cola-every-step": "an identity of one link, and divergence with positive probability",
}
"""By the id of the row."""
