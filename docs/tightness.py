"""The page on tightness, built from the families, what they reach, and the certified worst cases."""

from __future__ import annotations

from collections.abc import Iterator

COMPARES = {
    "value": "left over right at some T",
    "floor": "the limits as T grows",
    "decrease": "guaranteed over true decrease of a link",
}

INTRODUCTION = (
    "How close the bounds come to what can happen. A row of the table is a family of instances; the share is a",
    "certified lower bound of the largest ratio of the family, found by a search with a named seed and computed in",
    "exact arithmetic: the bound cannot be divided by more than its inverse. Each is the claim `tightness/FAMILY`,",
    "and `results/figures/tightness` shows what a run found. A ratio that tends to 1 as the step vanishes means",
    "nothing, so that steps start at a quarter of their limit, and rows with noise compare floors.",
)

WORST = (
    "For all functions of a class at once the largest value is a semidefinite programme (performance estimation,",
    "`ractheory.worst_case`), solved by two solvers of different kinds that agree to 1e-6. Units: L = 1, f - f* = 1",
    "at the start (for convex functions the bound of the row at T = 0 is 1). The tests solve every row again.",
)

CLOSED = (
    "- PL functions, one link: the closed form in (mu, L, gamma, rho) is `gd-pl-isotropic`, four regimes of the",
    "  step, each proved by a certificate. It is the exact value of the programme on the two ends of a link; PL at",
    "  further points of the step (the row 'with the middle') lowers it: the tight rate of the class is below.",
    "- Smooth functions, mean squared gradient: the closed form is `gd-nonconvex` itself. (L/2)|D|^2 attains it for",
    "  every T, gamma and rho, and the programme finds nothing larger.",
    "- Smooth functions, the smallest E|grad f(W_t)|^2, t = 0, ..., T: closed form for one link with g rho <= 1 and g",
    "  up to about 3/2, g = gamma L, with a certificate (`ractheory/theorems/nonconvex_step.py`). It is",
    "  L (f - f*)/F with F = 1 + (g/2 - g^2/4) rho - ((1 - g rho) a + g^2 rho (1 - rho))/2 and",
    "  a = sqrt(1 - g^2 rho (1 - rho)). Over T links L (f - f*)/(T (F - 1/2) + 1/2) is a bound: at rho = 1 and g = 1",
    "  the tight 4 L (f - f*)/(3 T + 2) of gradient descent; at rho = 1/2 and T = 2 half a percent above the",
    "  programme. For wider steps there are numbers only.",
    "- Convex functions: no closed form; the programme reaches about half of the bound at T = 3.",
)


def tightness_page() -> list[str]:
    """Return the lines of the page."""
    return [
        "# Tightness", "", *INTRODUCTION, "", "## Families", "", *_families(), "", "## Theorems without a family", "",
        *_reasons(), "", "## Worst cases", "", *WORST, "", *_worst_cases(), "",
        "## Closed forms of the worst case", "", *CLOSED,
    ]  # fmt: skip


def _families() -> Iterator[str]:
    from ractheory.claims.tightness import REACHES, WORST_CASES
    from ractheory.theorems import theorem
    from ractheory.tightness import FAMILIES

    yield "| theorem | statement | family | compared | share |"
    yield "| --- | --- | --- | --- | --- |"
    for name, family in FAMILIES.items():
        share = {**REACHES, **WORST_CASES}[name]
        says = family.says.replace("|", r"\|")
        row = f"[{family.row}](theorems.md#{family.row})"
        statement = theorem(family.row).statement(family.statement).name
        yield f"| {row} | {statement} | {says} | {COMPARES[family.compares]} | {share:g} |"


def _reasons() -> Iterator[str]:
    from ractheory.tightness.reasons import REASONS

    for row, reason in REASONS.items():
        yield f"- [{row}](theorems.md#{row}): {reason}."


def _worst_cases() -> Iterator[str]:
    from ractheory.tightness.certified import CERTIFIED

    yield "| class | gamma | rho | links | mu | worst case | bound of the row | closed form |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for problem, value in CERTIFIED.items():
        closed, bound = problem.closed_form(), problem.bound()
        links = str(problem.steps)
        cells = (
            problem.family + (", with the middle" if problem.between else ""),
            f"{problem.gamma:g}", str(problem.rho), links,
            f"{problem.mu:g}" if problem.family == "pl" else "", f"{value:.6f}", f"{bound:.6f}",
            "" if closed is None else f"{closed:.6f}",
        )  # fmt: skip
        yield f"| {' | '.join(cells)} |"
