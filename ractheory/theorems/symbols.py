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


class Observable(sp.Function):
    """A quantity of one run, as a function of the step; measured by `ractheory.compare`."""

    latex_name = ""
    meaning = ""

    def _latex(self, printer: object, exp: object = None) -> str:
        head, *tail = (printer._print(a) for a in self.args)  # type: ignore[attr-defined]
        text = self.latex_name.replace("{t}", "{" + head + "}")
        for number, argument in enumerate(tail, start=2):
            text = text.replace(f"<{number}>", argument)
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


class gap(Observable):
    latex_name = r"f(W_{t}) - f^\star"
    meaning = "suboptimality"

    def _eval_is_nonnegative(self) -> bool:
        return True


class grad_sq(Observable):
    latex_name = r"\|\nabla f(W_{t})\|^2"
    meaning = "squared gradient norm"

    def _eval_is_nonnegative(self) -> bool:
        return True


class projected_sq(Observable):
    latex_name = r"\|H_{t} \nabla f(W_{t})\|^2"
    meaning = "squared norm of the projected gradient, H G (left) or G H (right)"

    def _eval_is_nonnegative(self) -> bool:
        return True


class mean_grad_sq(Observable):
    latex_name = r"\frac1{T} \sum_{t<{t}} \|\nabla f(W_t)\|^2"
    meaning = "mean squared gradient norm over the steps before T"

    def _eval_is_nonnegative(self) -> bool:
        return True


class weighted_grad_sq(Observable):
    """weighted_grad_sq(T, a): mean of |G_t|^2 with weights (1 + a)^-(t+1), t < T."""

    latex_name = r"\operatorname{mean}_{t<{t}}^{(1+a)^{-t-1}} \|\nabla f(W_t)\|^2"
    meaning = "weighted mean squared gradient norm, weights (1 + a)^-(t+1)"

    def _eval_is_nonnegative(self) -> bool:
        return True


class min_gap(Observable):
    latex_name = r"\min_{t<{t}} f(W_t) - f^\star"
    meaning = "best suboptimality before T"


class gap_of_mean(Observable):
    latex_name = r"f(\tfrac1{T}\sum_{t<{t}} W_t) - f^\star"
    meaning = "suboptimality of the mean iterate over the steps before T"


class frozen_residual_sq(Observable):
    latex_name = r"\|(I - \Pi) K^{1/2} (W^\star - W_0)\|^2"
    meaning = "energy of the shift that the frozen factor cannot reach"
