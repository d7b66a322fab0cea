"""What the papers state, and the claims that bear on it: plain data.

The one set of numbers of ours is on MNIST, which no run has at hand.
"""

from __future__ import annotations

from dataclasses import dataclass

CONFIRMED, REFUTED = "confirmed", "refuted"


@dataclass(frozen=True)
class Point:
    """Claims that bear a statement out if they come to this verdict.

    Attributes
    ----------
    claims : ids, or patterns with "*" and "?"; a pattern takes the claims that are expected to come to
        the verdict, so that negative controls stay outside, an id is always taken
    verdict : the one that bears the statement out; any other does not
    says : what that shows, where it is not the statement itself
    """

    claims: tuple[str, ...]
    verdict: str = CONFIRMED
    says: str = ""


@dataclass(frozen=True)
class PaperStatement:
    """One statement of a paper, or one that is printed in it as a result of an experiment.

    Attributes
    ----------
    place, says : where it stands and what it says, in our words
    points : what it is judged by
    remark : what a reader should know of the comparison
    partial : whether the points reach a part of what is stated only
    """

    place: str
    says: str
    points: tuple[Point, ...]
    remark: str = ""
    partial: bool = False


def _holds(*claims: str) -> tuple[Point, ...]:
    return (Point(claims),)


_STARTS = ("zero", "far")


def _figure_1(step: str, method: str) -> tuple[str, ...]:
    return tuple(f"counterexample/figure-1/{start}-gammaL{step}/{method}" for start in _STARTS)


_RAC = (
    PaperStatement(
        "section 3, after Sun et al.",
        "The objective as a function of the two factors is not smooth, even where f is.",
        _holds("smoothness-loss/pair"),
    ),
    PaperStatement(
        "Figure 1, step 1/L",
        "On the 3 x 3 counterexample gradient descent and RAC-LoRA reach the minimum; LoRA, AsymLoRA and "
        "CoLA do not.",
        (
            Point((*_figure_1("1", "gd"), *_figure_1("1", "rac-lora")), CONFIRMED,
                  "gradient descent and RAC-LoRA obey their rates"),
            Point(tuple(i for m in ("lora", "asymlora", "cola") for i in _figure_1("1", m)), REFUTED,
                  "LoRA, AsymLoRA and CoLA (ten inner steps) break the rate that RAC-LoRA obeys"),
        ),
        "LoRA ends on its floor of 13/45 or diverges, AsymLoRA on the floor of its subspace; CoLA diverges.",
    ),
    PaperStatement(
        "Figure 1, a tenth of the step",
        "With a smaller step LoRA, AsymLoRA and CoLA still do not reach the minimum.",
        (
            Point(tuple(i for m in ("lora", "asymlora") for i in _figure_1("0.1", m)), REFUTED,
                  "LoRA and AsymLoRA break the rate that RAC-LoRA obeys"),
            Point(_figure_1("0.1", "cola"), REFUTED, "CoLA breaks that rate"),
        ),
        "At a tenth of 1/L our CoLA stays below the rate of RAC-LoRA from both starts: at this step its "
        "failure is one of the step, and not of the method on this function.",
    ),
    PaperStatement(
        "Figure 1 and section 3, AsymLoRA",
        "With a frozen factor the method stops where its subspace ends: lam_min = 0.",
        (
            *_holds("subspace-floor/*", "counterexample/asymlora-floor"),
            Point(("gd-pl/frozen-sketch/masked", "gd-pl/frozen-sketch-real/masked"), REFUTED,
                  "handed the hypotheses of a fresh sketch, a frozen one breaks the rate"),
        ),
        "The floors are ours, in closed form.",
    ),
    PaperStatement(
        "the step of RAC-LoRA",
        "Every link lowers f by at least gamma (1 - gamma L/2) |H G|^2.",
        _holds("descent/*"),
    ),
    PaperStatement(
        "Theorem 5.3", "Nonconvex f: the mean of E|grad f|^2 falls like 1/T.", _holds("gd-nonconvex/*"),
        "Checked in a sharper form as well, with the factor 1 - q^T, which is attained.",
    ),
    PaperStatement(
        "Theorem 5.5", "Under PL, E f - f* falls by 1 - gamma mu lam_min each link.",
        _holds("gd-pl/*", "gd-pl-isotropic/*"),
        "With the factor 1 - gamma mu lam_min (2 - gamma L) for every step below 2/L; at kappa = 1 it is an "
        "equality, decided in exact numbers.",
    ),
    PaperStatement(
        "Figure 2 and section 6",
        "Fine-tuning a pre-trained regression: the speed is proportional to the rank.",
        (
            Point(("gd-pl/fine-tuning/*",), CONFIRMED, "the rates hold as bounds"),
            Point(("figure-2/*",), CONFIRMED, "links to a share of the start, times r/m, hardly depend on r"),
            Point(("gd-pl/isotropic/*/exact",), CONFIRMED, "at kappa = 1 the rate is exactly r/m"),
        ),
        "The paper prints r/n; lam_min is r/m for a left sketch of m rows and r/n for a right one.",
    ),
    PaperStatement(
        "appendix A", "Logistic regression converges at the rates of the theorems.",
        _holds(
            "gd-pl/*logistic*", "gd-pl/*softmax*", "gd-nonconvex/*logistic*", "gd-nonconvex/*softmax*",
            "gd-convex/*logistic*", "sgd-pl/*logistic*", "sgd-nonconvex/*logistic*",
        ),
        "On data that come with scikit-learn. The figure `logistic-regression` fine-tunes from one random half of "
        "a data set to another, at ranks from 1 to full.",
    ),
    PaperStatement(
        "Table 1 and appendix, SGD", "With an unbiased stochastic gradient: rates to a floor.",
        _holds("sgd-nonconvex/*", "sgd-pl/*"),
    ),
    PaperStatement(
        "Table 1 and appendix, random reshuffling",
        "One sketch an epoch and a fresh permutation: rates to a smaller floor.",
        (
            *_holds("rr-nonconvex/*", "rr-pl/*"),
            Point(("rr-pl/fixed-order/masked",), REFUTED, "a fixed order breaks the floor"),
        ),
        "With constants that this suite derives anew.",
    ),
    PaperStatement(
        "appendix F, Fed-RAC-LoRA", "Clients with a shared sketch converge, up to their heterogeneity.",
        _holds("fed-rr-nonconvex/*", "fed-rr-pl/*"),
        "With constants that this suite derives anew.",
    ),
    PaperStatement(
        "Table 3, trained parameters", "54,725 numbers for full fine-tuning, 1,045 for LoRA and CoLA, 133 or "
        "912 for AsymLoRA and RAC-LoRA.",
        _holds("table-3/trained-parameters/*"),
    ),
    PaperStatement(
        "Table 3, accuracies",
        "At a fixed budget: full fine-tuning above CoLA and RAC-LoRA, these above LoRA, LoRA above AsymLoRA.",
        _holds("table-3/digits/train-?/order"),
        "Like the paper's: the order, for either factor; training A from zero is better than training B for "
        "every method but full fine-tuning. Unlike: scikit-learn's digits for MNIST (64 pixels, 672 images), so "
        "that an epoch is 6 steps and the rate 38 times as high; and it compares a budget, not limits. On MNIST "
        "itself, with 3 seeds by 'ractheory check table-3 --objective order --set data=FOLDER', the order is the "
        "same in every run and the means are 98.5, 91.1 (CoLA), 90.0 (RAC-LoRA), 86.6 (LoRA), 55.8 (AsymLoRA)"
        " with B trained, where the "
        "paper has 98.0, 92.6, 92.0, 83.8, 62.3; and 98.5, 96.0, 95.8, 90.2, 73.1 with A trained, where it has 98.0, "
        "96.2, 96.1, 87.0, 81.6. AsymLoRA varies most, by 9 and 14 points from seed to seed.",
    ),
    PaperStatement(
        "Table 3, CoLA and RAC-LoRA", "CoLA, which trains both factors, ends as high as RAC-LoRA or a little higher.",
        (
            Point(("table-3/digits/train-?/tie",), CONFIRMED, "within three percentage points of one another"),
            Point(("table-3/digits/train-B/cola-above-rac-lora", "table-3/digits/train-A/cola-above-rac-lora"),
                  CONFIRMED, "CoLA above RAC-LoRA in most runs"),
        ),
        "A tie at this number of seeds.",
    ),
    PaperStatement(
        "Table 3, why", "It is the fresh sketch of every link that carries RAC-LoRA beyond AsymLoRA.",
        _holds("table-3/digits/train-?/no-redraw"),
        "Merging without redrawing predicts the same class as AsymLoRA for every image (without weight decay).",
    ),
)  # fmt: skip

_BERNOULLI = (
    PaperStatement(
        "gradient descent", "The side of each link is drawn at random: the rates hold with lam_min of the mixture.",
        _holds("bernoulli-gd-nonconvex/*", "bernoulli-gd-pl/*"),
    ),
    PaperStatement(
        "stochastic gradients", "The same with an unbiased stochastic gradient.",
        _holds("bernoulli-sgd-nonconvex/*", "bernoulli-sgd-pl/*"),
    ),
    PaperStatement(
        "PAGE and MVR", "The variance-reduced estimators have rates of their own.",
        (
            Point(("sgd-pl/exact/page/declared-sgd",), CONFIRMED, "PAGE stays within the bound of plain SGD"),
            Point(("sgd-pl/exact/mvr/masked",), REFUTED, "MVR leaves that bound: its theorem cannot be that of SGD"),
        ),
        "Their own rates are not rows of this suite; the estimators are here, and exact second moments of them.",
        partial=True,
    ),
    PaperStatement(
        "nonsmooth, fixed step", "Convex and Lipschitz f: subgradient links reach a floor at rate 1/T.",
        _holds("subgradient/*"),
    ),
    PaperStatement("nonsmooth, Polyak's step", "With the step (f - f*)/|g|^2 no floor is left.", _holds("polyak/*")),
    PaperStatement(
        "experiments", "Linear regression with the nonconvex regulariser sum x^2/(1 + x^2).",
        _holds("*/nonconvex-regression/*", "*/nonconvex-diabetes/*"),
    ),
)  # fmt: skip

_MU_KLABJAN = (
    PaperStatement(
        "main result", "Gradient descent on both factors, with a step that follows the iterate, reaches "
        "stationary points of the factored objective.",
        _holds("lora-adaptive/*"),
        "In a stronger form than the paper's 1/log T: the least squared gradient falls like 1/sqrt(T), with "
        "the step 1/(L s^2 |V|^2 + s |G|). A stationary point of the factored objective need not be one of f.",
    ),
    PaperStatement(
        "step rule", "With min(1, 1/(4 sqrt 2 L (|V|^2 + |G|))) the factored objective falls at every step.",
        (
            Point(("lora-adaptive/printed-rule/masked",), CONFIRMED, "the rule descends at L = 0.01"),
            Point(("lora-adaptive/*/printed-rule-within-its-range",), CONFIRMED, "it descends within its range"),
        ),
        "As this suite reads the rule. It descends where s^2 and s/L are at most 4 sqrt 2. It is not "
        "invariant to scaling: for small L or a large scale it is too "
        "long, and phi rises from 5000.1 to 5008.1 in one step.",
    ),
)  # fmt: skip

_OTHERS = (
    PaperStatement(
        "Sun et al., section 3", "The factored objective is not smooth.", _holds("smoothness-loss/pair")
    ),
    PaperStatement(
        "Sun et al., federations", "Averaging the factors apart is not averaging their products; with one shared "
        "frozen factor it is.",
        (
            Point(("federated-bias/*",), CONFIRMED, "by how much they differ, and that a shared factor is exact"),
            Point(("federated-drift/averages",), CONFIRMED, "averaged factors stay off the minimum for ever"),
            Point(("fed-rr-pl/separate-averages/masked",), REFUTED, "and break the rate of the shared sketch"),
        ),
    ),
    PaperStatement(
        "Hu et al., LoRA", "An adapter of rank r reaches no update beyond rank r.",
        _holds("rank-floor/*", "counterexample/lora-floor*"),
        "As the floor that this puts under every iterate.",
    ),
    PaperStatement(
        "Xia et al., Chain of LoRA", "Merged links add up to updates of higher rank.",
        (
            Point(("accumulated-rank/*",), CONFIRMED, "at most T r after T links"),
            Point(("accumulated-spectrum/*",), CONFIRMED, "and exactly that, while LoRA stays at r"),
            Point(("counterexample/cola-passes-the-floor", "counterexample/rac-lora-passes-the-floor"),
                  REFUTED, "chains pass the floor of LoRA"),
        ),
    ),
    PaperStatement(
        "Elesedy et al., LoRA-Guard, dual path", "Generation is unchanged with the guard installed.",
        _holds("lora-guard/dual-path/*"),
        "On a small transformer: bit for bit, whatever the adapters hold. Adapters that are merged for the guard and "
        "subtracted again leave round-off in the weights.",
    ),
    PaperStatement(
        "Elesedy et al., LoRA-Guard, parameters",
        "The guard trains 100 to 1000 times fewer parameters than a separate guard.",
        (
            *_holds("lora-guard/trained-parameters/*"),
            Point(("lora-guard/trained-parameters/tinyllama-r128",), CONFIRMED, "TinyLlama with rank 128"),
            Point(("lora-guard/trained-parameters/llama-2-7b-r8", "lora-guard/trained-parameters/llama-3-8b-r8"),
                  CONFIRMED, "Llama-2-7B and Llama-3-8B with rank 8"),
        ),
        "It depends on the rank. With rank 8, the default of the published code, the guard on TinyLlama is within; on "
        "the two larger models it trains still fewer, and is within from ranks 13 and 19 on. The ranks of the paper's "
        "tables are not known here.",
    ),
    PaperStatement(
        "Elesedy et al., LoRA-Guard, training", "A guard is trained through low-rank adapters.",
        _holds("lora-guard/last-layer/*"),
        "Where the adapted layer is the last one, RAC-LoRA provably reaches the loss of full fine-tuning, and AsymLoRA "
        "stops at its floor. Deeper adapters, which the paper has, are run, and no theorem covers them.",
    ),
)  # fmt: skip

PAPERS: dict[str, tuple[PaperStatement, ...]] = {
    "RAC-LoRA (Malinovsky et al., arXiv 2410.08305)": _RAC,
    "Bernoulli-LoRA (Sokolov et al., arXiv 2508.03820)": _BERNOULLI,
    "Mu and Klabjan (arXiv 2512.18248)": _MU_KLABJAN,
    "Other papers": _OTHERS,
}
"""The statements by paper."""


@dataclass(frozen=True)
class Contradiction:
    """What came out otherwise than a paper, or the notes that this suite was specified by, have it.

    Attributes
    ----------
    says, found : what is said, and what comes out
    claims : ids or patterns, any expected verdict, whose numbers are shown
    """

    says: str
    found: str
    claims: tuple[str, ...]


CONTRADICTIONS = (
    Contradiction(
        "RAC-LoRA, Figure 1: CoLA fails at small steps too.",
        "At a tenth of 1/L CoLA with ten inner steps stays below the rate of RAC-LoRA on the same function.",
        _figure_1("0.1", "cola"),
    ),
    Contradiction(
        "RAC-LoRA prints the rate with r/n.",
        "Which dimension enters depends on the side of the sketch: at kappa = 1 the expectation is exactly that of "
        "r/m for a left sketch, and of r/n for a right one, with m and n different.",
        ("gd-pl/isotropic/haar-r1/exact", "gd-pl/isotropic/right-r3-gammaL1.5/exact"),
    ),
    Contradiction(
        "Mu and Klabjan's step rule, as this suite reads it.",
        "It is not invariant to scaling, and phi rises where L is small.",
        ("lora-adaptive/constants/the-printed-rule-can-rise", "lora-adaptive/printed-rule/masked"),
    ),
    Contradiction(
        "Mu and Klabjan: a rate of 1/log T.",
        "1/sqrt(T), with a step that has the right scaling.",
        ("lora-adaptive/isotropic/rate-*",),
    ),
    Contradiction(
        "Table 3, as a statement on methods; and the specification, by which rank 4 drowns it in noise.",
        "It is one on rank 1 and N(0, 1) factors: with entries of standard deviation 1/8, and at rank 4, LoRA "
        "ends above CoLA and RAC-LoRA in every run.",
        ("table-3/digits/train-?/std-1-8", "table-3/digits/train-?/rank-4"),
    ),
    Contradiction(
        "Table 3 keeps the state of the optimizer over merges.",
        "RAC-LoRA ends higher where a merge resets it.",
        ("table-3/digits/train-?/reset",),
    ),
    Contradiction(
        "Specification: on quadratics of equal curvature the heterogeneity of clients has no effect.",
        "So it is where every component has the same curvature; where only the Gram matrices of whole clients are "
        "equal, the floor of Fed-RAC-LoRA grows with it.",
        ("federated-drift/floors",),
    ),
    Contradiction(
        "Specification: of links by plain factor steps none is certified.",
        "None at kappa = 1; on logistic regression of real data nearly all are, since the step 1/L is short.",
        (
            "certified-links/isotropic/plain",
            "certified-links/logistic-breast-cancer/plain",
            "certified-links/logistic-breast-cancer/none-certified",
        ),
    ),
    Contradiction(
        "Specification: LoRA settles in every run at 0.95 of its sharpness.",
        "From a small start it does; with N(0, 1) factors most runs diverge there.",
        ("settling/isotropic/below", "settling/isotropic/below-unit-factors"),
    ),
    Contradiction(
        "Specification: float16 loses 70 percent of what a chain merges.",
        "The share depends on the size of the updates: five times as large, they lose a fifth.",
        ("merge-loss/isotropic/float16", "merge-loss/isotropic/float16-larger-updates"),
    ),
    Contradiction(
        "Specification: nearly every low-rank run of Table 3 was still improving at its end.",
        "True of most methods when B is trained; not shown when A is.",
        ("table-3/digits/train-?/still-improving",),
    ),
)
