"""Claims on stochastic gradients, reshuffled epochs, and chains that draw the side of each link.

Least squares of few entries are decided by counting every draw ("exact"): an expectation at every T, a statement
about one link for all W. On other finite sums one link is decided at the points that the runs visit, where its
draws can be listed; an expectation is confirmed by runs where f cannot rise above a known ceiling.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ractheory.claims.claim import (
    CONFIRMED,
    EXACT,
    NOT_APPLICABLE,
    REFUTED,
    UNDECIDED,
    Claim,
    MethodSpec,
    ObjectiveSpec,
)
from ractheory.claims.controls import both
from ractheory.claims.core import CANCER, DIABETES, EVERY, LONG, USUAL, F

ISOTROPIC = F("isotropic", {"m": 3, "n": 2})
RIDGE = F("ridge-synthetic", {"m": 3, "n": 2, "N": 6, "ridge": 0.1})
SCATTERED = F("scattered-targets", {"N": 8, "columns": 3})
SIGNED = F("signed-targets", {"N": 64, "columns": 2})
STIFF_CANCER = F("logistic-breast-cancer", {"ridge": 0.1})
PATIENTS = F("ridge-diabetes", {"ridge": 0.1, "measurements": 3, "patients": 8})
DIGITS = F("softmax-digits", {"ridge": 0.01, "rows": 400})


def Noise(step: float, variance: float = 1.0, **more: Any) -> MethodSpec:
    return MethodSpec("rac-lora-noise", step, **more).with_options(variance=variance)


def Batch(step: float, batch: int = 1, replacement: bool = False, **more: Any) -> MethodSpec:
    spec = MethodSpec("rac-lora-sgd", step, **more)
    return spec.with_options(batch=batch, replacement=replacement)


def Epoch(step: float, order: str = "random", **more: Any) -> MethodSpec:
    """One sketch for an epoch; the step in units of 1/(L N)."""
    spec = MethodSpec("rac-lora-rr", step, "1/(L N)", **more)
    return spec if order == "random" else spec.with_options(order=order)


COLUMNS: dict[str, Any] = {"side": "right", "law": "coordinates"}
ROWS: dict[str, Any] = {"law": "coordinates"}


def exact(theorem: str, name: str, f: ObjectiveSpec, method: MethodSpec, **more: Any) -> Claim:
    """Return the claim that is decided by counting all draws, with no run."""
    settings: dict[str, Any] = {"steps": 30, "seeds": 1, **more}
    return Claim(
        f"{theorem}/exact/{name}", theorem, f, method, evidence=EXACT, **settings
    )  # fmt: skip


def _counted() -> list[Claim]:
    """What is decided with no sampling error: the same cases for both rows of each kind of oracle."""
    sgd = {
        "isotropic/noise-haar-r1": (ISOTROPIC, Noise(0.5)),
        "scattered-targets/batch-2-of-8": (SCATTERED, Batch(0.2, 2, **COLUMNS)),
        "scattered-targets/2-with-replacement": (SCATTERED, Batch(0.2, 2, True, **COLUMNS)),
        "ridge-synthetic/batch-4-of-6": (RIDGE, Batch(0.02, 4, **ROWS)),
        "ridge-synthetic/10-with-replacement-haar-r2": (RIDGE, Batch(0.02, 10, True, rank=2)),
        "ridge-diabetes/batch-20": (DIABETES, Batch(0.002, 20, **ROWS)),
    }
    rr = {
        "signed-targets/64": (SIGNED, Epoch(0.5, **COLUMNS)),
        "signed-targets/64-half-the-step": (SIGNED, Epoch(0.25, **COLUMNS)),
        "ridge-synthetic/coordinates-r2": (RIDGE, Epoch(0.02, rank=2, **ROWS)),
        "ridge-diabetes/8-patients": (PATIENTS, Epoch(0.05, rank=2, **ROWS)),
    }  # fmt: skip
    sides = {
        "isotropic/noise-haar-r1": (ISOTROPIC, Noise(0.5, side="bernoulli")),
        "ridge-synthetic/batch-4-of-6": (RIDGE, Batch(0.02, 4, side="bernoulli", **ROWS)),
        "ridge-diabetes/batch-4-of-8": (PATIENTS, Batch(0.02, 4, side="bernoulli", **ROWS)),
    }
    full = {
        "isotropic/coordinates-r1": (ISOTROPIC, MethodSpec(side="bernoulli", **ROWS)),
        "spectrum-left/haar-r1": (F("spectrum-left", {"m": 3, "n": 2}), MethodSpec(side="bernoulli")),
    }  # fmt: skip
    rows = {
        "sgd-nonconvex": sgd, "sgd-pl": sgd, "rr-nonconvex": rr, "rr-pl": rr,
        "bernoulli-sgd-nonconvex": sides, "bernoulli-sgd-pl": sides,
        "bernoulli-gd-nonconvex": full, "bernoulli-gd-pl": full,
    }  # fmt: skip
    claims = [
        exact(row, name, f, method, real_data=f.name == "ridge-diabetes",
              tiers=EVERY if k == 0 else USUAL)
        for row, cases in rows.items() for k, (name, (f, method)) in enumerate(cases.items())
    ]  # fmt: skip
    claims += [
        exact(row, f"{name}/one-step", f, method, statement="one step",
              real_data=f.name == "ridge-diabetes")
        for row, cases in rows.items() if row.endswith("-pl")
        for name, (f, method) in cases.items()
    ]  # fmt: skip
    return claims


def _printed() -> list[Claim]:
    """The corollaries with simpler factors."""
    return [
        exact("sgd-pl", "isotropic/noise-as-printed", ISOTROPIC, Noise(0.5), statement="paper"),
        exact("rr-pl", "signed-targets/64-as-printed", SIGNED, Epoch(0.5, **COLUMNS), statement="paper"),
        exact("sgd-pl", "isotropic/noise-tight", ISOTROPIC, Noise(1.0),
              note="kappa = 1 at the step 1/L: an equality at T = 1"),
    ]  # fmt: skip


def _by_runs() -> list[Claim]:
    """Sums that are no least squares, and real data: the compiled chains themselves."""
    welsch = F("welsch", {"m": 5, "n": 2, "N": 20})
    small = F("logistic-synthetic", {"m": 4, "N": 12, "ridge": 0.05})
    few = F("logistic-synthetic", {"m": 3, "N": 4, "ridge": 0.05})
    cases: dict[str, tuple[ObjectiveSpec, MethodSpec, dict[str, Any]]] = {
        "sgd-nonconvex/welsch/batch-4-haar-r2": (welsch, Batch(0.1, 4, rank=2), {"steps": 10, "seeds": 2000}),
        "sgd-nonconvex/logistic-breast-cancer/batch-10-haar-r8": (
            STIFF_CANCER, Batch(0.05, 10, rank=8), {"steps": 5, "start": "normal:3"}),
        "sgd-nonconvex/nonconvex-regression/one-step": (
            F("nonconvex-regression", {"m": 4, "N": 20}), Batch(0.05, rank=2, **ROWS),
            {"statement": "one step"}),
        "sgd-nonconvex/geman-mcclure/one-step": (
            F("geman-mcclure", {"m": 4, "n": 2, "N": 20}), Batch(0.1, 2, rank=2, **ROWS),
            {"statement": "one step"}),
        "sgd-pl/logistic-synthetic/one-step": (small, Batch(0.05, 2, **ROWS), {"statement": "one step"}),
        "rr-nonconvex/welsch/haar-r2": (
            welsch, Epoch(0.5, rank=2), {"steps": 10, "seeds": 2000}),
        "rr-nonconvex/logistic-breast-cancer/haar-r8": (
            STIFF_CANCER, Epoch(0.5, rank=8), {"steps": 5, "start": "zero"}),
        "rr-nonconvex/ridge-diabetes/haar-r4": (
            DIABETES, Epoch(0.25, rank=4), {"steps": 5, "start": "zero"}),
        "rr-nonconvex/logistic-synthetic/one-step": (few, Epoch(0.5, **ROWS), {"statement": "one step"}),
        "rr-pl/logistic-synthetic/one-step": (few, Epoch(0.5, **ROWS), {"statement": "one step"}),
        "bernoulli-gd-pl/softmax-digits/haar-r4": (
            DIGITS, MethodSpec(rank=4, side="bernoulli"), {"seeds": 300}),
        "bernoulli-gd-nonconvex/softmax-digits/haar-r4": (
            DIGITS, MethodSpec(rank=4, side="bernoulli"), {"steps": 10, "seeds": 300}),
        "bernoulli-gd-nonconvex/welsch/haar-r1": (
            welsch, MethodSpec(side="bernoulli").with_options(left_probability=0.3), {"seeds": 1000}),
        "bernoulli-sgd-nonconvex/softmax-digits/batch-20-haar-r4": (
            DIGITS, Batch(0.05, 20, rank=4, side="bernoulli"), {"steps": 5, "start": "zero"}),
        "bernoulli-sgd-pl/softmax-synthetic/one-step": (
            F("softmax-synthetic", {"m": 3, "n": 3, "N": 8, "ridge": 0.05}),
            Batch(0.05, 2, side="bernoulli", **ROWS), {"statement": "one step"}),
    }  # fmt: skip
    real = ("breast-cancer", "diabetes", "digits")
    claims = [
        Claim(name, name.split("/")[0], f, method, real_data=any(r in f.name for r in real),
              **{"steps": 20, "seeds": 400, **more})
        for name, (f, method, more) in cases.items()
    ]  # fmt: skip
    return claims + _open()


def _open() -> list[Claim]:
    """What runs of this length leave undecided, said as such: no ceiling, or a bound that hardly moves."""
    note = "the bound falls too slowly at this step for a ceiling that is far above it: not refuted"
    return [
        Claim("sgd-pl/logistic-breast-cancer/batch-10-haar-r8", "sgd-pl", CANCER, Batch(0.005, 10, rank=8),
              UNDECIDED, steps=4, seeds=64, start="zero", real_data=True, note=note),
        Claim("rr-pl/logistic-breast-cancer/haar-r8", "rr-pl", CANCER, Epoch(0.5, rank=8), UNDECIDED,
              steps=3, seeds=64, start="zero", real_data=True, note=note),
        Claim("bernoulli-sgd-pl/softmax-digits/batch-20-haar-r4", "bernoulli-sgd-pl", DIGITS,
              Batch(0.005, 20, rank=4, side="bernoulli"), UNDECIDED, steps=5, seeds=64, start="zero",
              real_data=True, note=note),
        Claim("sgd-nonconvex/nonconvex-regression/batch-4-haar-r2", "sgd-nonconvex",
              F("nonconvex-regression"), Batch(0.05, 4, rank=2), UNDECIDED, steps=20, seeds=300,
              note="slopes without a bound: no ceiling is known, and none of the runs refutes"),
        Claim("sgd-pl/logistic-breast-cancer/one-step", "sgd-pl", STIFF_CANCER, Batch(0.05, rank=31),
              statement="one step", start="zero", steps=5, seeds=8, real_data=True, tiers=LONG),
    ]  # fmt: skip


# What breaks them.


def _steps() -> list[Claim]:
    """Steps beyond what each row allows, at which its bound fails; asked plainly, and masked.

    That of sgd-pl is sharp: at kappa = 1 its first step is an equality at 1/L, and broken at any longer one.
    """
    plain = both("step-1.8-over-L", "sgd-nonconvex", ISOTROPIC, Noise(1.8, 0.1), Noise(1.0, 0.1),
                 EVERY, evidence=EXACT, steps=30, seeds=1)  # fmt: skip
    for theorem, f, long, short in (
        ("sgd-pl", ISOTROPIC, Noise(1.01, 0.1), Noise(1.0, 0.1)),
        ("rr-pl", SIGNED, Epoch(8.0, **COLUMNS), Epoch(0.5, **COLUMNS)),
        ("rr-nonconvex", SIGNED, Epoch(16.0, **COLUMNS), Epoch(0.5, **COLUMNS)),
        ("bernoulli-sgd-pl", ISOTROPIC, Noise(1.6, 0.1, side="bernoulli"),
         Noise(0.6, 0.1, side="bernoulli")),
        ("bernoulli-sgd-nonconvex", ISOTROPIC, Noise(1.8, 0.1, side="bernoulli"),
         Noise(0.6, 0.1, side="bernoulli")),
        ("bernoulli-gd-pl", ISOTROPIC, MethodSpec(step=2.1, side="bernoulli"),
         MethodSpec(step=1.0, side="bernoulli")),
        ("bernoulli-gd-nonconvex", ISOTROPIC, MethodSpec(step=2.1, side="bernoulli"),
         MethodSpec(step=1.0, side="bernoulli")),
    ):  # fmt: skip
        plain += both(
            "step-too-long/exact", theorem, f, long, short, evidence=EXACT, steps=30, seeds=1
        )
    return [_exactly_named(c) for c in plain]


def _exactly_named(c: Claim) -> Claim:
    """The same claim with the word that exact evidence has in its id, after the theorem."""
    parts = [p for p in c.id.split("/") if p != "exact"]
    return replace(c, id="/".join([parts[0], "exact", *parts[1:]]))


def _orders() -> list[Claim]:
    """The order of an epoch. One that is fixed for ever breaks rr-pl by 3N/64 on centred quadratics."""
    fresh, fixed = Epoch(0.5, **COLUMNS), Epoch(0.5, "incremental", **COLUMNS)
    claims = [
        *both("fixed-order", "rr-pl", SIGNED, fixed, fresh, EVERY, steps=60, seeds=200,
              note="3N/64 = 3 times the bound at N = 64"),
        *both("fixed-order/exact", "rr-pl", SIGNED, fixed, fresh, evidence=EXACT, steps=60, seeds=1),
        *both("fixed-order/exact", "rr-nonconvex", SIGNED, fixed, fresh, evidence=EXACT, steps=200,
              seeds=1),
    ]  # fmt: skip
    few = F("scattered-targets", {"N": 4, "columns": 2})
    once = Epoch(0.5, "once", **COLUMNS)
    claims += [
        Claim("rr-pl/order-drawn-once/plain", "rr-pl", few, once, NOT_APPLICABLE, evidence=EXACT,
              steps=40, seeds=1),
        Claim("rr-pl/order-drawn-once/declared-fresh", "rr-pl", few, once, CONFIRMED, declared=fresh,
              evidence=EXACT, steps=40, seeds=1,
              note="outside the theorem, yet within its bound: over the draw of the order it is like a "
              "fresh one, up to constants (Mishchenko, Khaled, Richtarik 2020)"),
    ]  # fmt: skip
    return [_exactly_named(c) if c.evidence == EXACT else c for c in claims]


def _estimators() -> list[Claim]:
    """PAGE and MVR are not unbiased given the past: no row covers them, whatever their variance."""
    sgd, start = Batch(0.05, **COLUMNS), "far:0.1"
    mvr = MethodSpec("rac-lora-mvr", 0.05, **COLUMNS).with_options(momentum=0.02)
    page = MethodSpec("rac-lora-page", 0.05, **COLUMNS).with_options(probability=0.1)
    long = MethodSpec("rac-lora-page", 1.0, **ROWS).with_options(probability=0.1)
    settings: dict[str, Any] = {"evidence": EXACT, "steps": 60, "seeds": 1}
    one = F("ridge-synthetic", {"m": 3, "n": 1, "N": 6, "ridge": 0.1})
    claims = [
        *both("mvr", "sgd-pl", SCATTERED, mvr, sgd, start=start, **settings,
              note="the error of the first batch stays for 1/momentum links and adds up"),
        *both("page-for-full-gradients", "gd-pl", one, long, MethodSpec(**ROWS), **settings),
        *both("page-for-full-gradients", "gd-nonconvex", one, long, MethodSpec(**ROWS), **settings),
        Claim("sgd-pl/page/plain", "sgd-pl", SCATTERED, page, NOT_APPLICABLE, **settings),
        Claim("sgd-pl/page/declared-sgd", "sgd-pl", SCATTERED, page, CONFIRMED, declared=sgd, **settings,
              note="outside the theorem; its errors vanish with the movement, so it stays below the floor"),
    ]  # fmt: skip
    return [_exactly_named(c) for c in claims]


def _others() -> list[Claim]:
    """A frozen sketch, a function that is not PL, a side that is not the one declared."""
    frozen = MethodSpec("asymlora", 0.5).with_options(inner="pseudo-inverse")
    tall = F("isotropic", {"m": 8, "n": 2})
    left = MethodSpec(side="bernoulli").with_options(left_probability=1.0)
    mostly_right = MethodSpec(side="bernoulli").with_options(left_probability=0.2)
    return [
        *both("frozen-sketch", "sgd-pl", ISOTROPIC, frozen, Noise(0.5, 1e-6), steps=60, seeds=300),
        *both("frozen-sketch", "sgd-nonconvex", ISOTROPIC, frozen, Noise(0.5, 1e-6), steps=200, seeds=300),
        Claim("sgd-pl/not-pl/plain", "sgd-pl", F("nonconvex-regression"), Batch(0.05, 4), NOT_APPLICABLE,
              steps=2, seeds=2),
        Claim("rr-pl/not-pl/plain", "rr-pl", F("nonconvex-regression"), Epoch(0.5), NOT_APPLICABLE,
              steps=2, seeds=2),
        Claim("sgd-nonconvex/not-smooth/plain", "sgd-nonconvex", F("l1-regression"),
              Noise(0.1, unit="absolute"), NOT_APPLICABLE, steps=2, seeds=2),
        Claim("rr-nonconvex/whole-gradients/plain", "rr-nonconvex", SIGNED, MethodSpec(), NOT_APPLICABLE,
              steps=2, seeds=2),
        Claim("bernoulli-gd-pl/one-side/plain", "bernoulli-gd-pl", tall, MethodSpec(), NOT_APPLICABLE,
              steps=20, seeds=2),
        Claim("bernoulli-gd-pl/other-side/declared", "bernoulli-gd-pl", tall, left, REFUTED,
              declared=mostly_right, steps=20, seeds=300,
              note="the side is left with probability 1 where 0.2 is declared"),
        Claim("bernoulli-gd-nonconvex/other-side/declared", "bernoulli-gd-nonconvex", tall, left, REFUTED,
              declared=mostly_right, steps=20, seeds=300),
        Claim("sgd-pl/exact/bound-divided-by-2/isotropic", "sgd-pl", ISOTROPIC, Noise(1.0), REFUTED,
              evidence=EXACT, bound_factor=0.5, steps=30, seeds=1),
        Claim("sgd-nonconvex/exact/bound-divided-by-2/isotropic", "sgd-nonconvex", ISOTROPIC, Noise(1.0),
              REFUTED, evidence=EXACT, bound_factor=0.5, steps=30, seeds=1),
    ]  # fmt: skip


CLAIMS = (
    *_counted(), *_printed(), *_by_runs(), *_steps(), *_orders(), *_estimators(), *_others(),
)  # fmt: skip
