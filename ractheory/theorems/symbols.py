"""The symbols of the statements: constants, and the observables of a run.

Constants are sympy symbols whose names are the keys of `Facts.values`. Observables are undefined
sympy functions of the step: `gap(t)` is f(W_t) - f* of one run. What is random in a statement is
exactly what is built from observables; an expectation is the mean of the left side over the runs.
"""

from __future__ import annotations

from collections.abc import Callable

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
L_max = sp.Symbol("L_max", positive=True)
"""The largest smoothness constant of a component."""
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
rho = sp.Symbol("rho", nonnegative=True)
"""E[H] = rho I for an isotropic law."""
lam_min_left, lam_max_left = sp.symbols("lam_min_left lam_max_left", nonnegative=True)
lam_min_right, lam_max_right = sp.symbols("lam_min_right lam_max_right", nonnegative=True)
"""Extreme eigenvalues of E[H] of the two sides of a chain that draws its side."""
p_left = sp.Symbol("p_left", nonnegative=True)
"""Probability of a left link."""
inner_steps = sp.Symbol("inner_steps", integer=True, positive=True)
"""Gradient steps inside one link."""
support = sp.Symbol("support", integer=True, positive=True)
"""Rank of the projection P of f = (L/2) |P D|^2."""
rank_D0 = sp.Symbol("rank_D0", integer=True, nonnegative=True)
"""Rank of W_0 - W*."""
min_column_sq = sp.Symbol("min_column_sq", nonnegative=True)
"""Least |column of W_0 - W*|^2 for a left sketch; least |row|^2 for a right one."""
width = sp.Symbol("width", integer=True, positive=True)
"""The dimension that the sketch does not act on: n for a left sketch, m for a right one."""
sigma_1 = sp.Symbol("sigma_1", nonnegative=True)
"""Largest singular value of W* - W_0."""
V0_sq = sp.Symbol("V0_sq", nonnegative=True)
"""|A_0|^2 + |B_0|^2."""
A_acc = sp.Symbol("A_acc", positive=True)
"""Weight A_T of `accelerated`, from `beyond.accelerated_weight`."""
roundoff = sp.Symbol("roundoff", positive=True)
"""Unit round-off of the format that holds W."""
s = sp.Symbol("s", positive=True)
"""LoRA scale alpha / r."""
eta = sp.Symbol("eta", positive=True)
"""Step on the trained factor."""
step_limit = sp.Symbol("step_limit", positive=True)
"""Supremum of the steps at which a chain on a quadratic converges in mean square."""
best_contraction = sp.Symbol("best_contraction", positive=True)
"""One minus the least spectral radius, over all fixed steps, of a chain on a quadratic."""
alpha = sp.Symbol("alpha", positive=True)
"""Error level of a statement that holds with probability 1 - alpha."""
W0_sq = sp.Symbol("W0_sq", nonnegative=True)
"""|W_0|^2; zero for a start at the origin."""
x = sp.Symbol("x", positive=True)
"""A free real number: the argument of a distribution function, or the coordinate of a witness."""
tau = sp.Symbol("tau", positive=True)
"""Effective dimension tr K/L."""
k = sp.Symbol("k", nonnegative=True)
"""One eigenvalue of K."""
z = sp.Symbol("z", nonnegative=True)
"""Square of a Gaussian factor."""
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

    def _eval_is_nonnegative(self) -> bool | None:
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


class dist_sq(Observable):
    latex_name = r"\|W_{1} - W^\star\|^2"
    text_name = "|W_{1} - W*|^2"
    meaning = "squared distance to the minimiser nearest to the start"


class curved_grad_sq(Observable):
    latex_name = r"\langle \nabla f(W_{1}), K \nabla f(W_{1}) \rangle"
    text_name = "<grad f(W_{1}), K grad f(W_{1})>"
    meaning = "the squared gradient norm weighted by the curvature matrix"


class averaging_error(Observable):
    latex_name = r"\|\overline{B A} - \overline{B}\,\overline{A}\|_{(1)}"
    text_name = "|mean(B_m A_m) - mean(B_m) mean(A_m)| at {1}"
    meaning = (
        "distance between the average of the clients' products and the product of their averages"
    )


class factor_covariance(Observable):
    latex_name = r"\|\overline{(B - \overline{B})(A - \overline{A})}\|_{(1)}"
    text_name = "|mean((B_m - mean B)(A_m - mean A))| at {1}"
    meaning = "norm of the covariance of the factors over the clients"


class link_ratio(Observable):
    latex_name = r"\frac{f(W_{{1}+1}) - f^\star}{f(W_{1}) - f^\star}"
    text_name = "(f(W_({1}+1)) - f*)/(f(W_{1}) - f*)"
    meaning = "contraction of the suboptimality in link t"


class log_rate(Observable):
    latex_name = r"\tfrac1{1} \log\frac{f(W_{1}) - f^\star}{f(W_0) - f^\star}"
    text_name = "(1/{1}) log((f(W_{1}) - f*)/(f(W_0) - f*))"
    meaning = "mean logarithmic rate of the suboptimality over the first T links"

    def _eval_is_nonnegative(self) -> None:
        return None


class rank_of_change(Observable):
    latex_name = r"\operatorname{rank}(W_{1} - W_0)"
    text_name = "rank(W_{1} - W_0)"
    meaning = "rank of the accumulated change, singular values above round-off counted"


class merge_error(Observable):
    latex_name = r"\|W_{1} - W_0 - \sum_{k<{1}} \Delta_k\|"
    text_name = "|W_{1} - W_0 - sum_{k<{1}} Delta_k|"
    meaning = "distance of the stored weights from the exact sum of the merged updates"


class merge_norms(Observable):
    latex_name = r"\sum_{k<{1}} \|W_k + \Delta_k\|"
    text_name = "sum_{k<{1}} |W_k + Delta_k|"
    meaning = "sum of the norms of the weights before each rounding"


class unchanged_share(Observable):
    latex_name = r"\operatorname{share}_{ij}(W_{{1}+1,ij} = W_{{1},ij},\ \Delta_{{1},ij} \ne 0)"
    text_name = "share of entries with a nonzero update that merge {1} leaves unchanged"
    meaning = (
        "share of all entries whose update in merge t is not zero and leaves them as they were"
    )


class swallowed_share(Observable):
    """swallowed_share(t, c): the share of entries with 0 < |Delta_ij| < c |W_ij| in merge t."""

    latex_name = r"\operatorname{share}_{ij}(0 < |\Delta_{{1},ij}| < {2} |W_{{1},ij}|)"
    text_name = "share of entries with 0 < |Delta_{1}| < {2} |W_{1}|"
    meaning = "share of all entries whose update in merge t is below the given part of the entry"


class factor_curvature(Observable):
    latex_name = r"\lambda_{\max}(\nabla^2 \varphi)"
    text_name = "lam_max(Hessian of phi)"
    meaning = "largest eigenvalue of the Hessian of phi(A, B) = f(W_0 + s B A) at the given factors"


class factor_norms_sq(Observable):
    latex_name = r"\left(\sigma_1(A)^2 + \sigma_1(B)^2\right)"
    text_name = "(sigma_1(A)^2 + sigma_1(B)^2)"
    meaning = "sum of the squared largest singular values of the factors"


class factor_grad_sq(Observable):
    latex_name = r"\|\nabla \varphi(A_{1}, B_{1})\|^2"
    text_name = "|grad phi(A_{1}, B_{1})|^2"
    meaning = "squared gradient norm of phi(A, B) = f(W_0 + s B A)"


class min_factor_grad_sq(Observable):
    latex_name = r"\min_{k<{1}} \|\nabla \varphi(A_k, B_k)\|^2"
    text_name = "min_{k<{1}} |grad phi(A_k, B_k)|^2"
    meaning = "least squared gradient norm of phi over the steps 0 .. T-1"


class step_size(Observable):
    latex_name = r"\eta_{1}"
    text_name = "eta_{1}"
    meaning = "the step that the rule chose at t"


class step_sum(Observable):
    latex_name = r"\sum_{k<{1}} \eta_k"
    text_name = "sum_{k<{1}} eta_k"
    meaning = "sum of the steps 0 .. T-1"


class shift(Observable):
    latex_name = "D_{1}"
    text_name = "D_{1}"
    meaning = "W_t - W* of a scalar run, with its sign"

    def _eval_is_nonnegative(self) -> None:
        return None


class factor_sq(Observable):
    latex_name = "a_{1}^2"
    text_name = "a_{1}^2"
    meaning = "square of the Gaussian factor a drawn for link t of a scalar run"


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
    "lam_min_left": r"\lambda_{\min}^{B}",
    "lam_max_left": r"\lambda_{\max}^{B}",
    "lam_min_right": r"\lambda_{\min}^{A}",
    "lam_max_right": r"\lambda_{\max}^{A}",
    "L_max": r"L_{\max}",
    "p_left": "p",
    "inner_steps": "K",
    "support": "d_P",
    "rank_D0": r"\operatorname{rank}(W_0 - W^\star)",
    "min_column_sq": r"\min_j \|(W_0 - W^\star)_{:j}\|^2",
    "width": "n",
    "sigma_1": r"\sigma_1(W^\star - W_0)",
    "V0_sq": r"\|V_0\|^2",
    "A_acc": "A_T",
    "roundoff": "u",
    "step_limit": r"\gamma_{\mathrm{lim}}",
    "best_contraction": r"c^\star",
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
    "p_left": "p",
    "inner_steps": "K",
    "rank_D0": "rank(W_0 - W*)",
    "min_column_sq": "min_j |(W_0 - W*)_j|^2",
    "sigma_1": "sigma_1(W* - W_0)",
    "V0_sq": "|V_0|^2",
    "A_acc": "A_T",
    "roundoff": "u",
}
"""The same in plain text."""


def _unevaluated(kind: type) -> Callable[[object, object], sp.Basic]:
    def relation(left: object, right: object) -> sp.Basic:
        return kind(sp.sympify(left), sp.sympify(right), evaluate=False)

    return relation


le, ge, eq, gt, lt = map(_unevaluated, (sp.Le, sp.Ge, sp.Eq, sp.Gt, sp.Lt))
"""Relations as written: sympy would spend seconds on deciding those of the bounds."""
