"""Worst cases by performance estimation: the largest value over all functions of a class.

One run of RAC-LoRA is a tree: at every node one of N equally likely projections is applied. With
h_k = H_k g the projections enter through <h_k, g> = |h_k|^2 and the mean of the h_k, rho g, alone. The
interpolation conditions of smooth (convex) functions between all nodes make the largest expectation
a semidefinite programme, built by PEPit (extra `pep`) and solved by two independent free solvers.

The answer is an upper bound for every law with E[H] = rho I and N equally likely outcomes, up to the
solvers' accuracy, and exact for smooth and smooth convex functions of that tree. For PL functions the
programme asks for PL at the nodes only (and at `between` further points of each step): it is a
relaxation, and further points lower it. See `gd-pl-isotropic` for its closed form.

Every problem is solved in a process of its own, since PEPit counts in class attributes. A script that
calls this module therefore needs the usual `if __name__ == "__main__"` guard.
"""

from __future__ import annotations

import multiprocessing
import warnings
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from typing import Any

from ractheory.errors import UsageError, integer, real
from ractheory.theorems import Facts, Statement, evaluate, theorem
from ractheory.theorems import symbols as sym
from ractheory.theorems.nonconvex_step import NOW, SMALLEST

FAMILIES = ("smooth", "smallest", "convex", "pl")
MAX_NODES = 40
"""Nodes of the tree; the number of interpolation conditions grows with their square."""

SOLVERS: dict[str, dict[str, Any]] = {
    "CLARABEL": {"tol_gap_abs": 1e-12, "tol_gap_rel": 1e-12, "tol_feas": 1e-12},
    "SCS": {"eps_abs": 1e-9, "eps_rel": 1e-9, "max_iters": 200_000},
}
"""Two solvers of different kinds (interior point, operator splitting) and their settings."""

AGREEMENT = 1e-6
"""Largest difference of the two values of one problem, in units of the start, that is accepted."""


@dataclass(frozen=True)
class WorstCaseProblem:
    """A class of functions with L = 1, a step, a sketch, and a number of links.

    Attributes
    ----------
    family : "smooth" (mean of E|G_t|^2 over t < steps from f_0 - f* <= 1), "smallest" (the smallest
        E|G_t|^2 over t <= steps, the same start), "convex" (E f_T - f* from the start of `gd-convex`), or
        "pl" (E f_T - f* from f_0 - f* <= 1)
    gamma : step, in units of 1/L
    outcomes, chosen : N equally likely projections with mean rho I, rho = chosen/outcomes
    steps : links
    mu : PL constant over L, for "pl"
    between : points inside every step at which PL is asked for as well, for "pl"

    >>> WorstCaseProblem("pl", 1.0, 2, 1, mu=0.1).rho
    Fraction(1, 2)
    """

    family: str
    gamma: float
    outcomes: int
    chosen: int
    steps: int = 1
    mu: float = 0.0
    between: int = 0

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise UsageError.of("family", self.family, ", ".join(FAMILIES), "choose one of these")
        real("gamma", self.gamma, 0.0, 2.0, open_low=True, open_high=True)
        integer("outcomes", self.outcomes, 1)
        integer("chosen", self.chosen, 1, self.outcomes, "rho = chosen/outcomes is at most 1")
        integer("steps", self.steps, 1)
        integer("between", self.between, 0)
        if self.family == "pl":
            real("mu", self.mu, 0.0, 1.0, open_low=True)
        if self.nodes > MAX_NODES:
            raise UsageError.of(
                "nodes of the tree",
                self.nodes,
                f"at most {MAX_NODES}",
                "take fewer links or outcomes",
            )

    @property
    def rho(self) -> Fraction:
        return Fraction(self.chosen, self.outcomes)

    @property
    def branching(self) -> int:
        """Distinct outcomes of a link: one when H = I."""
        return 1 if self.rho == 1 else self.outcomes

    @property
    def nodes(self) -> int:
        """Points at which the function is known."""
        steps = min(self.steps, MAX_NODES)
        last = [self.branching**t for t in range(steps + 1)]
        return sum(last) + self.between * sum(last[1:])

    def statement(self) -> Statement:
        """Return the theorem that the worst case is compared with."""
        if self.family == "convex":
            return theorem("gd-convex").statement("simple")
        return theorem("gd-pl" if self.family == "pl" else "gd-nonconvex").statement("sharp")

    def facts(self, steps: int, D0_sq: float = 0.0) -> Facts:
        """Return the constants of the problem at T = steps."""
        rho = float(self.rho)
        return Facts({
            "L": 1.0, "mu": self.mu, "gamma": self.gamma, "rho": rho, "lam_min": rho, "lam_max": rho,
            "T": steps, "D0_sq": D0_sq, "D0_sq_weighted": D0_sq / rho,
        })  # fmt: skip

    def bound(self) -> float:
        """Return the theorem's bound on what is maximised.

        >>> WorstCaseProblem("pl", 1.0, 2, 1, mu=0.1).bound()
        0.95
        """
        right = self.statement().right
        # The smallest of the squares at t = 0, ..., steps is at most their mean over steps + 1.
        count = self.steps + 1 if self.family == "smallest" else self.steps
        return float(evaluate(right, self.facts(count), {sym.gap(0): 1.0}))

    def closed_form(self) -> float | None:
        """Return the exact value of this problem where the theory has one, else None.

        For "pl" and one link the factor of `gd-pl-isotropic`; for "smallest" and one link of a step at
        most 1/(rho L) that of `ractheory.theorems.nonconvex_step`; for "smooth" the bound, which is attained.

        >>> round(WorstCaseProblem("pl", 1.0, 2, 1, mu=0.1).closed_form() * 18, 12)
        17.0
        """
        if self.family == "smooth":
            return self.bound()
        if self.steps > 1 or self.between or self.family == "convex":
            return None
        facts = self.facts(1)
        if self.family == "smallest":
            return self._smallest()
        rows = [s for s in theorem("gd-pl-isotropic").statements if s.left == sym.gap(sym.T)]
        applicable = [s for s in rows if all(h.check(facts).holds for h in s.needs)]
        return min(float(evaluate(s.right, facts, {sym.gap(0): 1.0})) for s in applicable)

    def _smallest(self) -> float | None:
        known = Facts({"g": self.gamma, "rho": float(self.rho)})
        if self.gamma * self.rho > 1 or evaluate(NOW, known) < 0:
            return None
        return float(evaluate(SMALLEST, known))

    def start(self) -> tuple[float, float]:
        """Return (a, b) of the start a (f_0 - f*) + b |D_0|^2 <= 1: the theorem's bound at T = 0."""
        if self.family != "convex":
            return 1.0, 0.0
        right = self.statement().right
        gap = float(evaluate(right, self.facts(0), {sym.gap(0): 1.0}))
        distance = float(evaluate(right, self.facts(0, 1.0), {sym.gap(0): 0.0}))
        return gap, distance


@dataclass(frozen=True)
class WorstCase:
    """The value of a problem by each solver, None where a solver gave none."""

    problem: WorstCaseProblem
    values: dict[str, float | None]

    @property
    def agrees(self) -> bool:
        """Whether every solver gave a value, and all are within `AGREEMENT`."""
        found = [v for v in self.values.values() if v is not None]
        return len(found) == len(SOLVERS) and max(found) - min(found) <= AGREEMENT

    @property
    def value(self) -> float:
        """The largest value found; raises UsageError when no solver found one."""
        found = [v for v in self.values.values() if v is not None]
        if not found:
            raise UsageError.of(
                "problem", self.problem, "one that a solver can solve", "take fewer links"
            )
        return max(found)

    @property
    def ratio(self) -> float:
        """Worst case over the theorem's bound: 1 where the theorem is tight for its proof's points."""
        return self.value / self.problem.bound()


def worst_case(problem: WorstCaseProblem) -> WorstCase:
    """Solve `problem` with every solver, in a process of its own.

    Raises UsageError where the extra `pep` is not installed.
    """
    _installed()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(solve_here, (problem,))


def _installed() -> None:
    missing = [name for name in ("PEPit", "cvxpy", "clarabel", "scs") if find_spec(name) is None]
    if missing:
        raise UsageError.of(
            "worst cases", f"without {', '.join(missing)}", "an installation with the extra pep",
            "install the package with its extra pep",
        )  # fmt: skip


def solve_here(problem: WorstCaseProblem) -> WorstCase:
    """Solve `problem` in this process, which should hold no other problem under construction."""
    _installed()
    return WorstCase(problem, {solver: _value(problem, solver) for solver in SOLVERS})


def _value(problem: WorstCaseProblem, solver: str) -> float | None:
    """Return the value by one solver; None when the solver gives up or the value is unbounded."""
    from cvxpy.error import SolverError

    model = _Tree(problem).model()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # solvers warn of inaccuracy; agreement decides instead
        try:
            value = model.solve(verbose=0, wrapper="cvxpy", solver=solver, **SOLVERS[solver])
        except SolverError:
            return None
    return None if value is None else float(value)


class _Tree:
    """The programme of one problem, in PEPit's terms."""

    def __init__(self, problem: WorstCaseProblem) -> None:
        from PEPit import PEP
        from PEPit.functions import SmoothConvexFunction, SmoothFunction

        self.problem = problem
        self.pep = PEP()
        kind = SmoothConvexFunction if problem.family == "convex" else SmoothFunction
        self.f = self.pep.declare_function(kind, L=1.0)
        self.fstar = self._infimum()

    def _infimum(self) -> Any:
        """Return f*: the value at a minimiser, or a number below all values."""
        from PEPit import Expression

        if self.problem.family == "convex":
            self.minimiser = self.f.stationary_point()
            return self.f(self.minimiser)
        return Expression(is_leaf=True)

    def model(self) -> Any:
        """Return the complete programme: start, links, and what is maximised."""
        p = self.problem
        start = self.pep.set_initial_point()
        nodes = [self._node(start)]
        gap, distance = p.start()
        limit = gap * (nodes[0][2] - self.fstar)
        if distance:
            limit = limit + distance * (start - self.minimiser) ** 2
        self.pep.set_initial_condition(limit <= 1)
        gradients = []
        for _ in range(p.steps):
            gradients.append(_mean([g**2 for _, g, _ in nodes]))
            nodes = [child for node in nodes for child in self._children(node)]
        ends = _mean([f for _, _, f in nodes]) - self.fstar
        if p.family == "smallest":
            # Of several metrics the programme takes the smallest.
            for value in (*gradients, _mean([g**2 for _, g, _ in nodes])):
                self.pep.set_performance_metric(value)
            return self.pep
        self.pep.set_performance_metric(_mean(gradients) if p.family == "smooth" else ends)
        return self.pep

    def _node(self, x: Any) -> tuple[Any, Any, Any]:
        """Return the point with its gradient and value, and what the class says of it alone."""
        g, f = self.f.oracle(x)
        if self.problem.family != "convex":
            self.pep.add_constraint(f - self.fstar >= g**2 / 2)
        if self.problem.family == "pl":
            self.pep.add_constraint(g**2 >= 2 * self.problem.mu * (f - self.fstar))
        return x, g, f

    def _children(self, node: tuple[Any, Any, Any]) -> list[tuple[Any, Any, Any]]:
        """Return the equally likely next nodes of one node."""
        x, g, _ = node
        ends = []
        for h in self._projected(g):
            for j in range(1, self.problem.between + 1):
                self._node(x - self.problem.gamma * j / (self.problem.between + 1) * h)
            ends.append(self._node(x - self.problem.gamma * h))
        return ends

    def _projected(self, g: Any) -> list[Any]:
        """Return the h_k = H_k g: <h_k, g> = |h_k|^2, mean rho g."""
        from PEPit import Point

        if self.problem.branching == 1:
            return [g]
        free = [Point() for _ in range(self.problem.outcomes - 1)]
        last = float(self.problem.chosen) * g
        for h in free:
            last = last - h
        for h in (*free, last):
            self.pep.add_constraint(h * g == h**2)
        return [*free, last]


def _mean(terms: list[Any]) -> Any:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total / len(terms)
