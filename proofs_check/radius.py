"""The dictionary and the rules for the exact recursion of a quadratic under a Haar sketch.

On f = 1/2 <D, K D> the energies s_i = E|u_i^T D|^2 along the eigenvectors of K obey s_+ = M s: from
E[H X H] = c1 X + c2 tr(X) I at X = K D D^T K,

    M = diag(1 - 2 h rho k_i + h^2 c1 k_i^2) + h^2 c2 1 (k*k)^T,    h the step.

On the positive eigenvalues M has no negative entry. Perron and Frobenius: its spectral radius is at
least each entry on the diagonal, and lies between the least and the greatest (M v)_i/v_i, and
(v^T M)_i/v_i, of any positive v. For v^T = k^T and for v = 1/k both quotients are

    quotient(k, h) = 1 - 2 h rho k + h^2 (c1 k^2 + c2 tr(K) k).

c(h) is one minus the radius, c* its maximum over h > 0, and gamma_lim the supremum of the h whose
radius is below one.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import sympy as sp

from proofs_check.kernel import Fact, Goal, Session, le, lt
from proofs_check.ledger import released
from proofs_check.moments import haar_second_moment
from proofs_check.recursion import Certificate
from ractheory import assumptions as vocabulary
from ractheory.theorems.symbols import L, best_contraction, d, mu, r, step_limit, trace_K

k = sp.Symbol("k_i", positive=True)
"""Some positive eigenvalue of K."""
h = sp.Symbol("h", positive=True)
"""Some step."""
one = sp.Integer(1)

Facts = Callable[..., Certificate]
"""Given what is supposed, the certificate of a claim."""


class Recursion:
    """M on the positive eigenvalues: its diagonal, the quotients, and what all rules rest on."""

    def __init__(self, s: Session, nonnegative: Facts) -> None:
        """`nonnegative(fits)` certifies that the diagonal is nonnegative."""
        kinds = (
            vocabulary.MatrixQuadratic, vocabulary.MatchingSide, vocabulary.FreshSketch,
            vocabulary.ProjectedStep, vocabulary.HaarLaw, vocabulary.PL,
        )  # fmt: skip
        s.cite("spectral theorem")
        s.cite("Perron-Frobenius")
        self.session = s
        self.c1, self.c2 = haar_second_moment(s)
        fits = s.conditions("a sketch that fits")
        tags = frozenset().union(*(s.requires(kind) for kind in kinds))
        s.assumed.append(
            "the energies along the eigenvectors obey s_+ = M s, see `proofs_check.radius`"
        )
        entry = s.prove(
            "the diagonal is nonnegative", le(0, self.diagonal(k, h)), *nonnegative(fits)
        )
        beside = s.prove_sign("and so are the other entries", le(0, h**2 * self.c2 * k**2))
        self.uses = tags | entry.uses | beside.uses

    def diagonal(self, k: sp.Expr, h: sp.Expr) -> sp.Expr:
        """Return the entry of M at (k, k)."""
        return 1 - 2 * h * r / d * k + h**2 * (self.c1 + self.c2) * k**2

    def quotient(self, k: sp.Expr, h: sp.Expr) -> sp.Expr:
        """Return (k^T M)_i/k_i, which is k_i (M (1/k))_i."""
        return 1 - 2 * h * r / d * k + h**2 * (self.c1 * k**2 + self.c2 * trace_K * k)

    def _under(
        self, name: str, supposed: list[Goal], goal: Goal, certificate: Facts
    ) -> frozenset[str]:
        """Prove a goal under suppositions about k and h, and return what it rests on besides."""
        s = self.session
        with s.supposing(*supposed) as facts:
            proved = s.prove(name, goal, *certificate(*facts))
            return released(proved.uses, *facts) | self.uses

    def contracts_at(self, step: sp.Expr, q: sp.Expr, certificate: Facts) -> Fact:
        """quotient(k, step) <= q for mu <= k <= L: the radius is at most q there, so c* >= 1 - q."""
        start, s = time.perf_counter(), self.session
        between = [le(mu, k), le(k, L)]
        uses = s.sign(step, "the step", strict=True)
        goal = le(self.quotient(k, step), q)
        uses |= self._under("the quotients at one step", between, goal, certificate)
        return s.derive("one step contracts", le(1 - q, best_contraction), uses, start)

    def stable_below(self, bound: sp.Expr, certificate: Facts) -> Fact:
        """quotient(k, h) < 1 for h < bound: every such step is stable, so gamma_lim >= bound."""
        start, s = time.perf_counter(), self.session
        supposed = [le(mu, k), le(k, L), lt(h, bound)]
        goal = lt(self.quotient(k, h), 1)
        uses = self._under("the quotients of short steps", supposed, goal, certificate)
        return s.derive("short steps are stable", le(bound, step_limit), uses, start)

    def unstable_beyond(self, bound: sp.Expr, certificate: Facts) -> Fact:
        """A stable h has diagonal(L, h) < 1, and quotient(k, h) < 1 for some k; if these make
        h <= bound, then gamma_lim <= bound."""
        start, s = time.perf_counter(), self.session
        supposed = [lt(self.diagonal(L, h), 1), lt(self.quotient(k, h), 1)]
        uses = self._under("a stable step is short", supposed, le(h, bound), certificate)
        return s.derive("long steps are unstable", le(step_limit, bound), uses, start)

    def contracts_at_most(self, bound: sp.Expr, certificate: Facts) -> Fact:
        """c(h) > 0 makes h stable, so h <= gamma_lim; then c(h) <= 1 - diagonal(mu, h) <= bound. Where
        c(h) <= 0 it is at most bound >= 0."""
        start, s = time.perf_counter(), self.session
        goal = le(1 - self.diagonal(mu, h), bound)
        uses = self._under("contraction of a stable step", [le(h, step_limit)], goal, certificate)
        uses |= s.sign(bound, "the bound")
        return s.derive("no step contracts more", le(best_contraction, bound), uses, start)
