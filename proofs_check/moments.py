"""First and second moments of the sketch laws, derived and not quoted.

Each function verifies the constants of `ractheory.laws` by a short argument in exact algebra, reports
it as a step, and returns them. What is verified is what the step says; the argument that makes it a
proof for every dimension is in the docstring.
"""

from __future__ import annotations

import itertools
import time

import sympy as sp

from proofs_check.chance import Law, Moments
from proofs_check.curvature import DIAGONAL, curvature
from proofs_check.kernel import Fact, Rejected, Session, eq, le
from proofs_check.signs import is_zero
from ractheory import assumptions as vocabulary
from ractheory.laws import gaussian_factor_moments, haar_moments, pair_inclusion
from ractheory.theorems.symbols import d, lam_min, r, rho, trace_K


def haar_second_moment(s: Session) -> tuple[sp.Expr, sp.Expr]:
    """E[H X H] = c1 X + c2 tr(X) I for symmetric X, H on a uniform subspace of dimension r in R^d.

    The law of H is invariant under H -> Q H Q^T, Q orthogonal. Sign changes of one coordinate leave
    only E H_ii^2 = a, E H_ii H_jj = b and E H_ij^2 = c as nonzero moments of two entries, the same
    for all i != j by permutations. A rotation by 45 degrees in two coordinates takes H_12 to
    (H_22 - H_11)/2, so c = (a - b)/2. The traces of H (x) H: (tr H)^2 = r^2 and tr(H^2) = r, so
    d a + d (d - 1) b = r^2 and d a + d (d - 1) c = r. These three equations have one solution, and
    E[H X H]_ij = (b + c) X_ij off the diagonal, a X_ii + c sum_{k != i} X_kk on it, so that
    c1 = b + c = a - c and c2 = c.
    """
    start = time.perf_counter()
    a, b, c = sp.symbols("a b c")
    equations = [c - (a - b) / 2, d * a + d * (d - 1) * b - r**2, d * a + d * (d - 1) * c - r]
    (solution,) = sp.solve(equations, [a, b, c], dict=True)
    c1, c2 = haar_moments(d, r)
    claims = [solution[b] + solution[c] - c1, solution[a] - solution[c] - c1, solution[c] - c2]
    if not all(is_zero(claim) for claim in claims):
        raise Rejected("the second moment of the Haar law is another")
    s.derive("second moment of the Haar law", eq(sp.Symbol("c_1"), c1), frozenset(), start)
    return c1, c2


def coordinate_pairs(s: Session) -> sp.Expr:
    """P(i and j are drawn) = r (r - 1)/(d (d - 1)) for r of d coordinates without replacement.

    Of the C(d, r) sets, C(d - 2, r - 2) contain both. The quotient of the two is the claim: their
    factorials cancel to r (r - 1)/(d (d - 1)). For d <= 6 the sets are listed one by one as well.
    """
    start = time.perf_counter()
    sets = sp.binomial(d - 2, r - 2) / sp.binomial(d, r)
    quotient = sp.gammasimp(sets.rewrite(sp.gamma))
    if not is_zero(quotient - pair_inclusion(d, r)):
        raise Rejected("the pair inclusion is another")
    for size, rank in itertools.combinations_with_replacement(range(1, 7), 2):
        if size >= rank and size >= 2:
            _list_pairs(size, rank)
    s.derive("pairs of drawn coordinates", eq(sp.Symbol("P(i, j)"), quotient), frozenset(), start)
    return pair_inclusion(d, r)


def _list_pairs(size: int, rank: int) -> None:
    drawn = list(itertools.combinations(range(size), rank))
    both = sum(1 for subset in drawn if {0, 1} <= set(subset))
    if sp.Rational(both, len(drawn)) != pair_inclusion(sp.Integer(size), sp.Integer(rank)):
        raise Rejected(f"the pair inclusion is another for {rank} of {size}")


def gaussian_second_moment(s: Session) -> tuple[sp.Expr, sp.Expr]:
    """E[S X S] = r (r + 1) X + r tr(X) I for symmetric X, S = sum of r terms b b^T, b ~ N(0, I).

    For one b the coefficient of X_jk in E[b b^T X b b^T]_il is E[b_i b_j b_k b_l]. It depends only
    on which of the four indices coincide, and every such pattern occurs in dimension four; there all
    of them are checked against 2 X + tr(X) I, from E b_i^2 = 1 and E b_i^4 = 3. Different columns of
    B are independent, so r terms i = i contribute 2 X + tr(X) I and r (r - 1) terms X each.
    """
    start = time.perf_counter()
    for i, j, k, l in itertools.product(range(4), repeat=4):
        counts = [[i, j, k, l].count(x) for x in {i, j, k, l}]
        fourth = sp.prod([{1: 0, 2: 1, 3: 0, 4: 3}[count] for count in counts])
        claimed = (i == j) * (k == l) + (i == k) * (j == l) + (i == l) * (j == k)
        if fourth != claimed:
            raise Rejected("the fourth moments of a Gaussian vector are others")
    a, b = gaussian_factor_moments(r)
    if not (is_zero(a - (2 * r + r * (r - 1))) and is_zero(b - r)):
        raise Rejected("the second moment of the Gaussian factor is another")
    s.derive("second moment of the Gaussian factor", eq(sp.Symbol("a"), a), frozenset(), start)
    return a, b


def hadamard_second_moment(s: Session) -> tuple[sp.Expr, sp.Expr]:
    """E[H X H] = a X + (r/d - a)((tr X/d) I + (2/d) offdiag X), a = P(i, j), for symmetric X.

    H = Q P Q^T with Q = D V, D random signs, V a Hadamard matrix over sqrt(d), P uniform coordinates.
    E over P of P Y P is a Y + (r/d - a) diag Y, so that E[H X H] = a X + (r/d - a) E[Q diag(Q^T X Q) Q^T].
    In entry (i, j) of the last matrix X_lm has the coefficient sum_k V_ik V_jk V_lk V_mk E[D_i D_j D_l D_m].
    The signs leave the index patterns that pair up; for those the product of the V is 1/d^2. It depends
    on the pattern only, and every pattern of four indices occurs in dimension four.
    """
    start = time.perf_counter()
    for i, j, l, m in itertools.product(range(4), repeat=4):
        paired = all([i, j, l, m].count(x) % 2 == 0 for x in {i, j, l, m})
        claimed = (i == j) * (l == m) + (i != j) * ((i == l) * (j == m) + (i == m) * (j == l))
        if int(paired) != claimed:
            raise Rejected("the fourth moments of random signs are others")
    a = coordinate_pairs(s)
    s.derive("second moment of the Hadamard law", eq(sp.Symbol("a"), a), frozenset(), start)
    return a, (r / d - a) / d


K = curvature()


# Laws as moments of the source H ---------------------------------------------------------------


def haar(s: Session) -> Law:
    """HaarLaw: E[H] = (r/d) I, by invariance and tr H = r, and E[H K H]."""
    tags = s.requires(vocabulary.HaarLaw)
    c1, c2 = haar_second_moment(s)
    return Moments(r / d, {(K,): [(c1, (K,)), (c2 * trace_K, ())]}), tags


def coordinates(s: Session) -> Law:
    """CoordinateLaw: H keeps each coordinate with probability r/d, so E[H K H]_ij = P(i, j) K_ij."""
    tags = s.requires(vocabulary.CoordinateLaw)
    pair = coordinate_pairs(s)
    return Moments(r / d, {(K,): [(r / d - pair, (DIAGONAL,)), (pair, (K,))]}), tags


def gaussian_factor(s: Session) -> Law:
    """GaussianFactor: S = B B^T with independent N(0, 1) entries has E[S] = r I, and E[S K S]."""
    tags = s.requires(vocabulary.GaussianFactor)
    a, b = gaussian_second_moment(s)
    return Moments(r, {(K,): [(a, (K,)), (b * trace_K, ())]}), tags


def isotropic(s: Session) -> Law:
    """IsotropicLaw: E[H] = rho I."""
    return Moments(rho), s.requires(vocabulary.IsotropicLaw)


def isotropic_share(s: Session) -> tuple[Fact, Fact]:
    """IsotropicLaw: rho is the one eigenvalue of E[H], so rho = lam_min; and rho <= 1, as H <= I."""
    tags = s.requires(vocabulary.IsotropicLaw) | s.requires(vocabulary.PositiveExpectedProjection)
    return s.admit("rho = lam_min", eq(rho, lam_min), tags), s.admit("E[H] <= I", le(rho, 1), tags)


def isotropic_haar(s: Session) -> tuple[Law, Fact]:
    """IsotropicLaw and HaarLaw together: E[H] = rho I with rho = r/d, and E[H K H]."""
    second, tags = haar(s)
    mean, more = isotropic(s)
    share = s.admit("rho = r/d", eq(rho, r / d), tags | more)
    return (Moments(mean.mean, second.second), tags | more), share
