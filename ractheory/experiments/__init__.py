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
            "figure-2",
            "The speed of fine-tuning is proportional to the rank",
            "RAC-LoRA, Figure 2",
            "The links that fine-tuning a pre-trained regression takes to come down to a share of its start are "
            "inverse to r/m: their product with r/m is nearly the same for ranks from one to full.",
            "In exact expectations, by the recursion of the second moment, with no run.",
            "figure_2",
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
        Family(
            "equal-budget",
            "Low-rank links against full steps and against one adapter, at equal budgets",
            "this suite",
            "For a generalised linear model a left link of rank r with a dense sketch costs r/m + r/(2n) of a full "
            "gradient step, a right one r/m + r/n, and one with coordinates r/m or r/n. At equal operations and the "
            "paper's step 1/L, RAC-LoRA ends higher than gradient descent; at 1/L_eff, coordinate sketches end lower. "
            "At equal gradients and equal trained parameters, T links of rank r end higher than one LoRA of rank T r; "
            "a chain that redraws at every step passes it, and trains more parameters in all.",
            "Operations are counted product by product; which of two methods ends lower in most runs is decided by "
            "the exact sign test over runs of one seed, at the error rate of a claim of the run.",
            "budget",
        ),
        Family(
            "settling",
            "LoRA settles below the sharpness of its best points, and not above it",
            "this suite; the proved side is sharpness",
            "On (L/2)|W - W*|^2 with s = 1 and the step level/(L sigma_1): from a small start LoRA settles at its "
            "floor in nearly all runs at level 0.95, in nearly none at 1.05, and diverges at 2. With N(0, 1) factors "
            "most runs diverge already at 0.95: the initial scale has a limit of its own.",
            "Exact binomial intervals of independent runs. A run has settled if it stays within a millionth of "
            "f(W_0) - f* of the floor over its last tenth.",
            "shares",
        ),
        Family(
            "certified-links",
            "How many links of a solver end no higher than one exact projected step",
            "this suite; the proved side is inner-solver",
            "Where the curvature is a multiple of the identity, none: no link beats the exact step. On other "
            "functions it depends on the step: on logistic regressions of real data five plain, momentum or AdamW "
            "steps are nearly always below one exact step of 1/L.",
            "The share of links that the safeguard leaves alone, in most of 34 runs by the exact sign test.",
            "shares",
        ),
        Family(
            "merge-loss",
            "What 1,000 small merges lose in a format of few digits",
            "this suite; the proved side is merge-precision",
            "|sum of rounding errors|/|sum of updates| after 1,000 merges of rank 1, from a start at one hundredth of "
            "W*: more than 0.95 in bfloat16, between 0.6 and 0.9 in float16, about 1e-4 in float32, where W* has "
            "N(0, 1) entries. The share depends on how small the updates are: at a distance of one twentieth float16 "
            "loses about a fifth.",
            "Most of 34 runs lie between the stated ends, by the exact sign test.",
            "shares",
        ),
        Family(
            "rare-events",
            "What an average of runs does not see",
            "this suite, on CoLA with two inner steps",
            "On (L/2) w^2 at c = eta L = 1/10 the expectation of D_t^2 falls for three links and is 3e66 at the "
            "fourth (cola-every-step), while the mean of any number of runs that can be made goes on falling; from "
            "a start a hundred times farther off, most runs diverge.",
            "Expectations are computed in rational arithmetic; the share of runs that diverge is tested by a "
            "binomial test.",
            "rare",
        ),
        Family(
            "accumulated-spectrum",
            "The rank that a chain accumulates",
            "this suite, beside accumulated-rank",
            "After T links of rank r from a start off the minimiser, W_T - W_0 has rank min(m, n, T r) in every run, "
            "not only at most; LoRA stays at rank r however long it is trained.",
            "Singular values in floating point against the round-off of all links.",
            "spectra",
        ),
        Family(
            "federated-drift",
            "What heterogeneous clients cost, and what averaging the factors destroys",
            "this suite; the proved side is fed-rr-pl and federated-bias",
            "On least squares whose clients share their Gram matrix and differ in their minimisers, the floor of "
            "Fed-RAC-LoRA grows with the heterogeneity zeta, in the end as zeta^2, and stays under the bound. Two "
            "clients that average the factors of joint LoRA separately stay at (sqrt y_1 - sqrt y_2)^4/32 for "
            "ever; averaged products, and Fed-RAC-LoRA, reach f*.",
            "Paired sign tests over runs, at the error rate of one claim; the averages are computed.",
            "federation",
        ),
        Family(
            "lora-guard",
            "A guard on a frozen language model, through low-rank adapters",
            "LoRA-Guard, arXiv 2407.02987",
            "Generation with the guard installed is, bit for bit, that of the frozen model, whatever the adapters "
            "hold. The guard trains 100 to 1000 times fewer parameters than a separate guard of the size of the model "
            "has; with the reference implementation's rank of 8 this holds for TinyLlama (951), while on Llama-2-7B "
            "(1583) and Llama-3-8B (2315) it trains still fewer. Where the adapted layer is the last, the loss is "
            "smooth and convex with known constants: RAC-LoRA reaches the loss of full fine-tuning, AsymLoRA stops at "
            "the floor of its frozen factor. Deeper adapters are uncertified: no theorem here covers them.",
            "A transformer of one block and 17,472 numbers, in NumPy, learns text that ships with Python and is then "
            "frozen; the guard tells prose, code and tables apart by the features of the last of 32 characters. "
            "Characters, logits and weights are compared bit by bit. Parameters are counted from the published "
            "shapes, with adapters on queries and values and a head for 14 kinds of harm and safe or not. For the "
            "last layer the links are so many that, by gd-pl and Markov's inequality, a wrong verdict is no more "
            "likely than the error rate of a claim; the floors are computed. The ranks that the paper's tables use "
            "are not known here; 8 is the default of its published code.",
            "guard",
        ),
        Family(
            "calibration",
            "How often the tests of this suite err",
            "this suite",
            "On true claims about means, attained with equality and looked at again and again, under bounded, heavy-"
            "tailed and infinite-variance laws, a wrong verdict is no more frequent than the stated error rate.",
            "Binomial tests of the number of wrong verdicts, at the error rate of one claim; the rate of one claim "
            "itself is too small to be measured.",
            "calibration",
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
