"""The domain of each constant: what sympy may take for granted when it simplifies a statement."""

from __future__ import annotations

import pytest
import sympy as sp

from ractheory.theorems import symbols

CONSTANTS = {str(v): v for v in vars(symbols).values() if isinstance(v, sp.Symbol)}

POSITIVE = """
T L mu trace_K max_diag_K G0 N L_max gamma r m n d inner_steps support width A_acc roundoff s eta step_limit
best_contraction alpha x tau
"""
NONNEGATIVE = """
t zeta A B C D0_sq D0_sq_weighted p_sigma lam_min lam_max rho lam_min_left lam_max_left lam_min_right lam_max_right
p_left rank_D0 min_column_sq sigma_1 V0_sq W0_sq k z i
"""
WHOLE = "t T N p_sigma r m n d inner_steps support rank_D0 width i"


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_constant_has_its_domain_and_no_narrower_one(name: str) -> None:
    """Zero lies in the domain of what is not positive, and one half in that of what is not whole."""
    assert (CONSTANTS[name].is_positive, CONSTANTS[name].is_nonnegative) == (
        (True, True) if name in POSITIVE.split() else (None, True)
    )
    assert CONSTANTS[name].is_integer == (True if name in WHOLE.split() else None)


def test_every_constant_has_one_domain() -> None:
    assert sorted((POSITIVE + NONNEGATIVE).split()) == sorted(CONSTANTS)
    assert symbols.sigma.assumptions0["nonnegative"]
