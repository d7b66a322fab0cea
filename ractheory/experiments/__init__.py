"""Families of claims that no theorem decides; most are decided by an experiment. Light to import.

A family says in plain words what its claims say. A claim of evidence "measured" names a family as its
theorem, and in its objective what is asked of the experiment, with the parameters. The experiment is a
function `measure(asked) -> Outcome` of the module that the family names, which is imported when first used.
"""

from __future__ import annotations

from typing import Any

from ractheory.errors import UsageError
from ractheory.experiments.family import Asked, Family, Outcome

FAMILIES: dict[str, Family] = {
    one.id: one
    for one in (
        Family(
            "tightness",
            "How much of each bound some instance takes up",
            "this suite",
            "For a theorem, some instance of a named family takes the left side up to a stated share of the "
            "bound, so that the bound can be divided by no more than the inverse of that share.",
            "A search with a named seed; the ratio of its tightest instance is computed in exact numbers. Its "
            "claims are those of the theorems, and their ids begin with tightness/.",
        ),
        Family(
            "table-3",
            "Fine-tuning a small network at a fixed budget",
            "RAC-LoRA, Table 3",
            "A network of three layers is trained on the digits 0 to 4 and then fine-tuned on 5 to 9 with rank 1 "
            "on every layer. The test accuracy after the same number of epochs is highest for full fine-tuning, "
            "then for CoLA and RAC-LoRA, then for LoRA, and lowest for AsymLoRA; RAC-LoRA trains as few "
            "parameters as AsymLoRA.",
            "Networks by NumPy from named draws, which all methods share, so that the runs of a seed are pairs; which "
            "of two methods ends higher in most runs is decided by the exact sign test over 12 seeds, at error rates "
            "that each claim states. scikit-learn's digits stand in for MNIST: 64 pixels, and 6 steps an epoch, so "
            "that the rate is 230/6 times the paper's and rate x steps the same; "
            "'ractheory check table-3 --objective order --set data=FOLDER' takes MNIST itself from a local folder. "
            "How the paper pre-trains it does not say: here 50 epochs of AdamW at 1e-3. Parameters are counted "
            "exactly, and what merging without redrawing predicts is compared image by image.",
            "table_3",
        ),
        Family(
            "phase",
            "Where LoRA and CoLA settle and where they diverge",
            "this suite; RAC-LoRA, section 3",
            "On (L/2)|W - W*|^2 with rank 1, over a grid of steps and initial scales or dimensions: LoRA does not "
            "settle beyond the step at which every best point is unstable (sharpness), and from a small start "
            "settles at nine tenths of it; CoLA with one inner step does not diverge below the step where its "
            "mean grows (cola-mean-square), nor converge beyond the step where an inverse moment of a link "
            "passes 1, and the step where its drift changes sign (cola-almost-sure) lies between them.",
            "Each line of a diagram is judged next to its boundaries by binomial tests of independent runs, at "
            "the error rate of one claim shared among all lines.",
            "phase",
        ),
    )
}  # fmt: skip
"""By id; a family of measured claims names the module here that measures them."""


def family(name: str) -> Family:
    """Return the family with the id `name`.

    >>> family("table-3").source
    'RAC-LoRA, Table 3'
    """
    if name not in FAMILIES:
        raise UsageError.of("family of claims", name, ", ".join(FAMILIES), "choose one of these")
    return FAMILIES[name]


def about(name: str) -> Any:
    """Return the theorem or the family with the id `name`: both have id, title and source.

    >>> about("table-3").id, about("gd-pl").id
    ('table-3', 'gd-pl')
    """
    if name in FAMILIES:
        return FAMILIES[name]
    from ractheory.theorems import theorem  # sympy

    return theorem(name)


__all__ = ["FAMILIES", "Asked", "Family", "Outcome", "about", "family"]
