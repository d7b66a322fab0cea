"""The symbols of the statements: constants, and the observables of a run.

Constants are sympy symbols whose names are the keys of `Facts.values`. Observables are undefined
sympy functions of the step: `gap(t)` is f(W_t) - f* of one run. What is random in a statement is
exactly what is built from observables; an expectation is the mean of the left side over the runs.
"""

from __future__ import annotations

import sympy as sp

t = sp.Symbol("t", integer=True, nonnegative=True)
"""Step (link of the chain); a pathwise statement that contains it holds for every t."""

T = sp.Symbol("T", integer=True, positive=True)
"""Number of steps (links)."""

# Objective.
L = sp.Symbol("L", positive=True)
mu = sp.Symbol("mu", positive=True)
trace_K = sp.Symbol("trace_K", positive=True)
max_diag_K = sp.Symbol("max_diag_K", positive=True)
G0 = sp.Symbol("G0", positive=True)
N = sp.Symbol("N", integer=True, positive=True)
M = sp.Symbol("M", integer=True, positive=True)
zeta = sp.Symbol("zeta", nonnegative=True)
A, B, C = sp.symbols("A B C", nonnegative=True)
"""Expected smoothness, or bounded dissimilarity (A, C) in the reshuffling rows."""

# Start.
D0_sq = sp.Symbol("D0_sq", nonnegative=True)
"""|W_0 - W*|^2."""
D0_sq_weighted = sp.Symbol("D0_sq_weighted", nonnegative=True)
"""|W_0 - W*|^2 in the norm of E[H]^-1."""
sigma = sp.IndexedBase("sigma", nonnegative=True)
"""Singular values of K^{1/2} (W* - W_0), descending, sigma[0] first."""
p_sigma = sp.Symbol("p_sigma", integer=True, nonnegative=True)
"""How many singular values there are: min(m, n)."""

# Method.
gamma = sp.Symbol("gamma", positive=True)
r = sp.Symbol("r", integer=True, positive=True)
m, n = sp.symbols("m n", integer=True, positive=True)
d = sp.Symbol("d", integer=True, positive=True)
"""The dimension that the sketch acts on: m for a left sketch, n for a right one."""
lam_min, lam_max = sp.symbols("lam_min lam_max", nonnegative=True)
rho = sp.Symbol("rho", positive=True)
"""E[H] = rho I for an isotropic law."""
s = sp.Symbol("s", positive=True)
"""LoRA scale alpha / r."""
eta = sp.Symbol("eta", positive=True)
"""Step on the trained factor."""
alpha = sp.Symbol("alpha", positive=True)
"""Error level of a statement that holds with probability 1 - alpha."""
W0_sq = sp.Symbol("W0_sq", nonnegative=True)
"""|W_0|^2; zero for a start at the origin."""
x = sp.Symbol("x", positive=True)
"""A free real number: the argument of a distribution function, or the coordinate of a witness."""
i = sp.Symbol("i", integer=True, nonnegative=True)
"""Bound index of sums."""


class Observable(sp.Function):
    """A quantity of one run, as a function of the step; measured by `ractheory.compare`.

    In the two names {1} is the step and {2}, {3} the further arguments. `is_sum` says that the name
    reads as a sum, so that a product puts parentheses around it. `meaning` says what to measure.
    """

    latex_name = ""
    text_name = ""
    meaning = ""
    is_sum = False

    def _eval_is_nonnegative(self) -> bool:
        return True


class gap(Observable):
    latex_name = r"f(W_{1}) - f^\star"
    text_name = "f(W_{1}) - f*"
    meaning = "suboptimality f(W_t) - f*"
    is_sum = True


class grad_sq(Observable):
    latex_name = r"\|\nabla f(W_{1})\|^2"
    text_name = "|grad f(W_{1})|^2"
    meaning = "squared gradient norm"


class projected_sq(Observable):
    latex_name = r"\|H_{1} \nabla f(W_{1})\|^2"
    text_name = "|H_{1} grad f(W_{1})|^2"
    meaning = "squared norm of the projected gradient, H G (left) or G H (right)"


class mean_grad_sq(Observable):
    latex_name = r"\frac1{1} \sum_{k<{1}} \|\nabla f(W_k)\|^2"
    text_name = "mean_{k<{1}} |grad f(W_k)|^2"
    meaning = "mean squared gradient norm over the steps 0 .. T-1"


class weighted_grad_sq(Observable):
    """weighted_grad_sq(T, a): mean of |G_k|^2 with weights (1 + a)^-(k+1), k < T, of sum one."""

    latex_name = r"\frac{\sum_{k<{1}} w_k \|\nabla f(W_k)\|^2}{\sum_{k<{1}} w_k}"
    text_name = "weighted mean_{k<{1}} |grad f(W_k)|^2"
    meaning = "mean squared gradient norm over the steps 0 .. T-1, weights w_k = (1 + a)^-(k+1)"


class min_gap(Observable):
    latex_name = r"\min_{k<{1}} f(W_k) - f^\star"
    text_name = "min_{k<{1}} f(W_k) - f*"
    meaning = "best suboptimality over the steps 0 .. T-1"
    is_sum = True


class gap_of_mean(Observable):
    latex_name = r"f(\tfrac1{1}\sum_{k<{1}} W_k) - f^\star"
    text_name = "f(mean_{k<{1}} W_k) - f*"
    meaning = "suboptimality of the mean iterate over the steps 0 .. T-1"
    is_sum = True


class frozen_residual_sq(Observable):
    """frozen_residual_sq(): what the frozen factor cannot reach, a constant of one run.

    It is the least |D|_K^2 over D = W_0 + B A - W*, A free (or over B with A frozen). For K on the
    left and B frozen: |(I - Pi) K^{1/2} (W* - W_0)|^2, Pi the projector onto K^{1/2} range(B); for K
    on the right Pi projects onto range(B); for a weight per entry, column by column with
    K_j = Diag(weights[:, j]), summed over j. With A frozen: the transpose.
    """

    latex_name = r"\|(I - \Pi) K^{1/2} (W^\star - W_0)\|^2"
    text_name = "|(I - Pi) K^{1/2} (W* - W_0)|^2"
    meaning = (
        "energy of the shift that the frozen factor cannot reach: 2 min_A f(W_0 + s B A) - 2 f*"
    )


class factored_quotient(Observable):
    """factored_quotient(x): a constant of algebra, no run; phi(a, b) = f(s b a), f(w) = (L/2) w^2."""

    latex_name = (
        r"\frac{\|\nabla\varphi({1}, {1}) - \nabla\varphi(0, 0)\|}{\|({1}, {1}) - (0, 0)\|}"
    )
    text_name = "|grad phi({1}, {1}) - grad phi(0, 0)|/|({1}, {1}) - (0, 0)|"
    meaning = "how much the gradient of the factored objective changes, per distance"


LATEX_NAMES: dict[str, str] = {
    "trace_K": r"\operatorname{tr} K",
    "max_diag_K": r"\max_i K_{ii}",
    "G0": "G_0",
    "D0_sq": r"\|W_0 - W^\star\|^2",
    "D0_sq_weighted": r"\|W_0 - W^\star\|^2_{\mathbb{E}[H]^{-1}}",
    "W0_sq": r"\|W_0\|^2",
    "p_sigma": r"\min(m, n)",
    "lam_min": r"\lambda_{\min}",
    "lam_max": r"\lambda_{\max}",
}
"""LaTeX of the constants whose name is not its own LaTeX."""

TEXT_NAMES: dict[str, str] = {
    "trace_K": "tr K",
    "max_diag_K": "max K_ii",
    "G0": "G_0",
    "D0_sq": "|W_0 - W*|^2",
    "D0_sq_weighted": "|W_0 - W*|^2_{E[H]^-1}",
    "W0_sq": "|W_0|^2",
    "p_sigma": "min(m, n)",
}
"""The same in plain text."""
