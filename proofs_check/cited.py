"""Classical facts that the proofs use without proving them: the one list."""

from __future__ import annotations

CITED: dict[str, str] = {
    "descent lemma": (
        "If |grad f(x) - grad f(y)| <= L |x - y| everywhere, then "
        "f(y) <= f(x) + <grad f(x), y - x> + (L/2) |y - x|^2."
    ),
    "tower rule": "E[E[X | F]] = E[X], and E[Y X | F] = Y E[X | F] for Y known to F.",
    "Eckart-Young": "|Y - X|^2 >= sum_{i>r} sigma_i(Y)^2 when rank X <= r (Frobenius norm).",
    "Ville": "P(some t: M_t >= M_0/a) <= a for a nonnegative supermartingale M, M_0 a constant.",
    "supermartingale convergence": (
        "A nonnegative supermartingale converges almost surely to a finite limit."
    ),
    "monotone convergence": "E sum X_t = sum E X_t for X_t >= 0; a finite mean makes a sum finite.",
    "projected length": (
        "The squared length of a unit vector of R^d projected on a uniform subspace of dimension r "
        "has the Beta(r/2, (d - r)/2) law; so 1 minus it has Beta((d - r)/2, r/2)."
    ),
    "mean value property": ("The mean of log|1 + b exp(i x)| over the circle is 0 for |b| <= 1."),
    "triangle inequality": "|X + Y| <= |X| + |Y|.",
    "Cauchy-Schwarz": "|<X, Y>| <= |X| |Y|; and |X Y| <= |X| |Y| for products of matrices.",
    "rank of a sum": "rank(X + Y) <= rank X + rank Y, and the rank is at most each dimension.",
    "strong law": (
        "Means of independent, identically distributed, integrable terms converge almost surely to "
        "the expectation of one."
    ),
    "stable manifold": (
        "The starts from which a smooth map converges to a fixed point with an eigenvalue of its "
        "derivative outside the unit circle form a null set, if the map preserves null sets."
    ),
    "Young": "2 <u, v> <= a |u|^2 + |v|^2 / a for a > 0.",
    "spectral theorem": "A self-adjoint operator of finite dimension has an orthonormal eigenbasis.",
    "Jensen": "h(E X) <= E h(X) for convex h.",
    "Perron-Frobenius": (
        "The spectral radius of a nonnegative matrix M is at least each diagonal entry, and lies between "
        "the least and the greatest (M v)_i/v_i of any positive v; the same for the transpose."
    ),
    "square root": "A positive semidefinite operator has a positive semidefinite square root.",
}
