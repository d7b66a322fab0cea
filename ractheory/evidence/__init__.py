"""Verdicts, and the statistics that entitle to them: each with the chance that it is wrong.

Round-off is never evidence: a comparison takes the absolute round-off of its terms, and decides
only what round-off cannot explain.
"""

from ractheory.evidence.betting import log_e_value
from ractheory.evidence.catoni import catoni_interval
from ractheory.evidence.frequencies import (
    clopper_pearson,
    proportion_at_least,
    proportion_at_most,
    same_law,
)
from ractheory.evidence.means import Sequential, mean_at_least, mean_at_most, sequentially
from ractheory.evidence.pathwise import UNDERFLOW, pathwise, round_off
from ractheory.evidence.verdict import (
    CLAIM_CAPACITY,
    RUN_ERROR_RATE,
    Evidence,
    Verdict,
    claim_error_rate,
)

__all__ = [
    "CLAIM_CAPACITY",
    "RUN_ERROR_RATE",
    "UNDERFLOW",
    "Evidence",
    "Sequential",
    "Verdict",
    "catoni_interval",
    "claim_error_rate",
    "clopper_pearson",
    "log_e_value",
    "mean_at_least",
    "mean_at_most",
    "pathwise",
    "proportion_at_least",
    "proportion_at_most",
    "round_off",
    "same_law",
    "sequentially",
]
