"""`link-lower-bound`: no chain whose sketch ignores the past is faster, whatever happens in a link.

f - f* = (L/2)|x|^2 with x = P D. A link adds y in the range of H, the projection onto range(P B), so
|x + y|^2 = |x - H x|^2 + |H x + y|^2 >= |x - H x|^2, whatever the solver does, and the mean of the
right side over a fresh sketch is (1 - r/dim)|x|^2. By induction over the links (which is backward
induction over what the later links can still do) E delta_T >= (1 - r/dim)^T delta_0. A link that
minimises exactly reaches y = -H x, and equality holds throughout.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.algebra import norm_sq
from proofs_check.chance import Chance
from proofs_check.conclusions import finish
from proofs_check.kernel import Fact, Session, eq, le
from proofs_check.means import Mean
from proofs_check.proof import Proof, claiming, dropped, substituted
from proofs_check.quadratics import exact_minimum, low_rank_link
from proofs_check.recursion import induction, instance
from ractheory.theorems.symbols import L, T, gap, r, support, t

q = 1 - sp.S(r) / support


def over_the_run(s: Session, link_fact: Fact, equal: bool) -> Fact:
    """E delta_T >= q^T delta_0, or equality, from one link; q >= 0 since r <= dim."""
    name = "equality over the links" if equal else "induction over the links"
    goal = eq(Mean(gap(t)), q**t * gap(0)) if equal else le(q**t * gap(0), Mean(gap(t)))
    bound = induction(
        s, name, goal, over=t, base=([], []),
        step=lambda previous: ([(1, link_fact), (q, previous())], []),
    )  # fmt: skip
    return instance(s, bound, {t: T})


def link_lower_bound(s: Session) -> None:
    """One link from below, then the induction; and the same with equality for exact links."""
    chance = Chance(s)
    step, x, y, H = low_rank_link(s, chance)
    rest = L / 2 * norm_sq(x - H(x))
    below = s.prove("no link does better", le(rest, gap(t + 1)), squares=[(L / 2, H(x) + H(y))])
    floor = chance.average("mean over the sketch", below, H)
    one_step = s.prove("one link from below", le(q * gap(t), step.mean(gap(t + 1))), [(1, floor)])
    s.prove("q is nonnegative", le(0, q), squares=[((support - r) / support, sp.Integer(1))])
    finish(s, "one step", terms=[(1, one_step)], along=step)
    over = chance.total("one link, over the run", one_step)
    finish(s, "lower bound", terms=[(1, over_the_run(s, over, equal=False))])
    reached = s.equal("exact links reach the bound", below, exact_minimum(s, x, H, -x))
    mean = chance.average("mean over the sketch, exact links", reached, H)
    exact = s.prove("one exact link", eq(step.mean(gap(t + 1)), q * gap(t)), [(-1, mean)])
    over = chance.total("one exact link, over the run", exact)
    finish(s, "attained", terms=[(1, over_the_run(s, over, equal=True))])


PROOFS = (
    Proof("link-lower-bound", link_lower_bound, (
        dropped("FreshSketch"),
        dropped("HaarLaw"),
        dropped("rank within the support"),
        substituted("lower bound", r, r / 2),
        claiming("one step", lambda right: gap(t), "no decrease at all"),
    )),
)  # fmt: skip
