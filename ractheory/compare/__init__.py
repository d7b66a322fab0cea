"""The bridge: runs of the simulation wing against theorems of the theory wing."""

from ractheory.compare.ask import check
from ractheory.compare.comparison import Comparison, check_claim

__all__ = ["Comparison", "check", "check_claim"]
