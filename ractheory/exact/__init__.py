"""Expectations without sampling: recursions, stability, enumeration, and the report on a quadratic.

Submodules: `moments` (sketches as four numbers), `recursion` (row energies), `second_moment` (dense
curvature, mini-batches), `stability` (limit and best step), `quadratics` and `worlds` (finite sums and
their exhaustive enumeration), `report` (what the command `exact` answers).
"""
