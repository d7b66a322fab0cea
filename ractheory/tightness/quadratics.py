"""Families of quadratics for the rows with full gradients: spectrum, start, step and law vary.

f = 1/2 tr(D^T diag(k) D) with largest eigenvalue 1 in dimension d; the expectations are those of the exact
recursion, in rationals.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ractheory.exact.arithmetic import rational
from ractheory.exact.chains import Chain, Part, numbers
from ractheory.exact.moments import Moments, gaussian_factor, haar
from ractheory.theorems import symbols as sym
from ractheory.theorems import theorem
from ractheory.tightness.search import DECREASE, VALUE, Family, Instance, Point

SHORTEST = Fraction(1, 4)
"""Least step over the largest. As the step vanishes every ratio tends to 1, which says nothing."""

FLATTEST = Fraction(1, 100)
"""Least eigenvalue of a family over the largest."""


@dataclass(frozen=True)
class Quadratics:
    """A family on quadratics: eigenvalues 1 and k, ..., k, or 1, k and a fixed least one, in dimension d.

    Variables are the step, k, and how the start energies are divided over the distinct eigenvalues.

    Attributes
    ----------
    row, statement : what is compared
    d, r : dimension and rank; the sketch is Haar, or a Gaussian factor without pseudo-inverse (`plain`)
    T : links
    limit : largest step, in the unit; unit "1/L", "1/L_eff" or "1/L_plain"
    short : smallest step over the largest; 1 fixes the step
    condition : least eigenvalue is fixed to this; None: it varies too
    """

    row: str
    statement: str
    d: int = 3
    r: int = 1
    T: int = 5
    limit: Fraction = Fraction(2)
    unit: str = "1/L"
    short: Fraction = SHORTEST
    condition: Fraction | None = None
    plain: bool = False
    flat: bool = False
    compares: str = VALUE

    def family(self, name: str, says: str) -> Family:
        """Return the family with its box."""
        box: dict[str, tuple[Any, Any]] = {}
        if self.short < 1:
            box["step"] = (self.limit * self.short, self.limit)
        if not self.flat:
            if self.condition is None or self.d > 2:
                box["k"] = (self.condition or FLATTEST, 1)
            box |= {f"s{i}": (0, 1) for i in range(2, self._distinct + 1)}
        return Family(self.row, name, says, box, self.instance, self.statement, self.compares)

    @property
    def _distinct(self) -> int:
        return 2 if self.condition is None else min(self.d, 3)

    def instance(self, point: Point) -> Instance | None:
        """Return the instance of a point: step, k, start energies, in this order."""
        values = list(point)
        multiple = values.pop(0) if self.short < 1 else self.limit
        spectrum, energy = self._spectrum_and_start(values)
        law = gaussian_factor(self.d, self.r) if self.plain else haar(self.d, self.r)
        unit = self._unit(law, spectrum)
        chain = self._chain(multiple / unit, law, spectrum, energy)
        statement = theorem(self.row).statement(self.statement)
        constants = self._constants(chain)
        words = {
            "step": f"{multiple} {self.unit}", "spectrum": _listed(spectrum), "energies": _listed(energy),
            "d": str(self.d), "r": str(self.r), "T": str(self.T),
        }  # fmt: skip
        if self.compares == DECREASE:
            return self._decrease(chain, constants, words)
        left = chain.curve(statement.left, self.T)[-1]
        right = chain.bound(statement, constants, self.T)
        pair = (left, right) if not statement.is_lower_bound else (right, left)
        return Instance(*pair, words, constants)

    def _spectrum_and_start(self, values: list[Fraction]) -> tuple[list[Fraction], list[Fraction]]:
        """Return eigenvalues, the first one 1, and energies that add up to at least 1."""
        one, nothing = Fraction(1), Fraction(0)
        if self.flat:
            return [one] * self.d, [one] + [nothing] * (self.d - 1)
        repeated = self.d - (1 if self.condition is None else 2)
        spectrum = [one, *([values.pop(0)] * repeated if repeated else [])]
        spectrum += [] if self.condition is None else [self.condition]
        shares = [*values, *[nothing] * (self.d - 1 - len(values))]
        return spectrum, [max(one - sum(shares), nothing), *shares]

    def _unit(self, law: Moments, spectrum: list[Fraction]) -> Fraction:
        trace = sum(spectrum, Fraction(0))
        if self.unit == "1/L":
            return Fraction(1)
        # E[S K S] <= mean L_eff I: for B B^T this is (r + 1) L + tr K.
        return Fraction(law.effective_smoothness(Fraction(1), trace))

    def _chain(
        self, step: Fraction, law: Moments, spectrum: list[Fraction], energy: list[Fraction]
    ) -> Chain:
        part = Part(
            numbers([rational(v) for v in spectrum]), numbers([rational(v) for v in energy])
        )
        return Chain((part,), rational(step), law.convert(rational), self.r)

    def _constants(self, chain: Chain) -> dict[str, Any]:
        return {**chain.constants(), "eta": chain.step, "s": rational(1)}

    def _decrease(self, chain: Chain, constants: dict[str, Any], words: dict[str, str]) -> Instance:
        """Return guaranteed and true decrease of the first link, given W_0."""
        statement = theorem(self.row).statement(self.statement)
        curves = chain.curves(1)
        start, after = curves[sym.gap]
        # With H = I, the only case of a pathwise row here, H G is G.
        squares = (sym.grad_sq(sym.t), sym.projected_sq(sym.t))
        now = {str(sym.gap(sym.t)): start} | {str(g): curves[sym.grad_sq][0] for g in squares}
        promised = chain.evaluated(statement.right, {**constants, **now}, 1)
        return Instance(start - promised, start - after, words, constants)


def _listed(values: list[Fraction]) -> str:
    return ", ".join(str(v) for v in values)


EFF, PLAIN = "1/L_eff", "1/L_plain"
TENTH = Fraction(1, 10)
BELOW_2 = Fraction(199, 100)
"""Steps below twice the unit are admissible; at twice the unit nothing is guaranteed."""
ONE = Fraction(1)

ANY = "quadratics of any spectrum, any start and step"
ILL = "quadratics of condition number 10, any start, step 1/L, one link"
FLAT_SAYS = "f = (L/2) |D|^2, any step"

FAMILIES = (
    Quadratics("descent", "sharp", d=1, limit=BELOW_2, flat=True, compares=DECREASE).family(
        "isotropic", FLAT_SAYS),
    Quadratics("gd-nonconvex", "sharp", limit=BELOW_2).family("quadratics", ANY),
    Quadratics("gd-nonconvex", "paper", r=3, limit=ONE).family(
        "quadratics-as-printed", f"{ANY}, full rank"),
    Quadratics("gd-nonconvex", "one step", limit=BELOW_2, compares=DECREASE).family(
        "quadratics-one-step", ANY),
    Quadratics("gd-pl", "sharp", limit=BELOW_2).family("quadratics", ANY),
    Quadratics("gd-pl", "sharp", d=2, T=1, limit=ONE, short=ONE, condition=TENTH).family(
        "quadratics-kappa-10", ILL),
    Quadratics("gd-pl-isotropic", "sharp", d=2, T=1, limit=ONE, short=ONE, condition=TENTH).family(
        "quadratics-kappa-10", ILL),
    Quadratics("gd-convex", "sharp", limit=ONE).family("quadratics", ANY),
    Quadratics("effective-dimension", "pl", limit=BELOW_2, unit=EFF).family("quadratics", ANY),
    Quadratics("effective-dimension", "nonconvex", limit=BELOW_2, unit=EFF).family(
        "quadratics-nonconvex", ANY),
    Quadratics("effective-dimension", "convex", limit=ONE, unit=EFF).family(
        "quadratics-convex", ANY),
    Quadratics("effective-dimension", "one step", limit=BELOW_2, unit=EFF, condition=TENTH,
               compares=DECREASE).family(
        "quadratics-kappa-10-one-step", "quadratics of condition number 10, any start and step"),
    Quadratics("plain-gradient", "pl", limit=BELOW_2, unit=PLAIN, plain=True).family(
        "quadratics", ANY),
    Quadratics("plain-gradient", "nonconvex", limit=BELOW_2, unit=PLAIN, plain=True).family(
        "quadratics-nonconvex", ANY),
    Quadratics("exact-quadratic", "rate", T=1, limit=BELOW_2, unit=EFF, condition=TENTH).family(
        "quadratics-kappa-10", "quadratics of condition number 10, any start and step, one link"),
    Quadratics("exact-links", "rate", limit=ONE, short=ONE, flat=True).family(
        "isotropic", "f = (L/2) |D|^2, exact links"),
    Quadratics("link-lower-bound", "lower bound", limit=BELOW_2, flat=True).family(
        "isotropic", FLAT_SAYS),
    Quadratics("inner-solver", "pl sharp", limit=BELOW_2, flat=True).family("isotropic", FLAT_SAYS),
    Quadratics("cola-mean-square", "mean", limit=Fraction(3), unit=PLAIN, plain=True, flat=True).family(
        "isotropic", FLAT_SAYS),
)  # fmt: skip
