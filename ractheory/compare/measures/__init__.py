"""What the observables of the theory are, measured on runs: one small function each.

A measure takes the context of a comparison, the step that the observable names, and the evaluated
further arguments. It returns one number a seed, or for an observable of the free step t one row a seed.
"""

from ractheory.compare.measures import averages, chain, factors, frozen, practice

__all__ = ["averages", "chain", "factors", "frozen", "practice"]
