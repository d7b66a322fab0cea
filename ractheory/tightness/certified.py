"""Worst cases as numbers: values on which two solvers agree to 1e-6, for problems with and without closed form.

`tests/exact/test_worst_case.py` solves each of them again; the page on tightness shows them.
"""

from __future__ import annotations

from ractheory.worst_case import WorstCaseProblem as P

CERTIFIED: dict[P, float] = {
    P("pl", 1.0, 1, 1, mu=0.1): 0.857143,
    P("pl", 1.0, 2, 1, mu=0.1): 0.944444,
    P("pl", 1.0, 2, 1, mu=0.5): 0.740000,
    P("pl", 1.5, 1, 1, mu=0.1): 0.877907,
    P("pl", 1.8, 2, 1, mu=0.1): 0.978716,
    P("pl", 1.8, 3, 2, mu=0.1): 0.969388,
    P("pl", 1.0, 1, 1, mu=0.1, between=1): 0.844651,
    P("pl", 1.0, 2, 1, steps=2, mu=0.1): 0.890992,
    P("smooth", 1.5, 2, 1, steps=2): 1.625000,
    P("smooth", 1.0, 1, 1, steps=3): 0.666667,
    P("smallest", 1.0, 1, 1): 0.800000,
    P("smallest", 1.0, 2, 1): 1.276335,
    P("smallest", 1.0, 3, 1): 1.474383,
    P("smallest", 0.5, 2, 1): 1.429781,
    P("smallest", 1.5, 2, 1): 1.370200,
    P("smallest", 1.9, 2, 1): 1.810126,
    P("smallest", 1.5, 1, 1): 0.864865,
    P("smallest", 1.0, 1, 1, steps=2): 0.500000,
    P("smallest", 1.0, 2, 1, steps=2): 0.932204,
    P("convex", 1.0, 1, 1, steps=3): 0.113999,
    P("convex", 1.0, 2, 1): 0.321946,
    P("convex", 1.0, 2, 1, steps=3): 0.195287,
}
"""The value of each problem, rounded to six digits."""
