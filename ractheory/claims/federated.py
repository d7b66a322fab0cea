"""Claims on Fed-RAC-LoRA, and on what a server may average.

In the records of these claims `round_bits` is what a round sends, up and down over all clients, and
`averaging_bits` what full federated averaging would send.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ractheory.claims.claim import (
    CONFIRMED,
    EXACT,
    NOT_APPLICABLE,
    UNDECIDED,
    Claim,
    MethodSpec,
    ObjectiveSpec,
)
from ractheory.claims.controls import both
from ractheory.claims.core import EVERY, LONG, USUAL, F
from ractheory.claims.stochastic import ROWS, exact

DIGITS = F("federated-digits", {"rows": 200, "clients": 4, "concentration": 0.3, "ridge": 0.1})
CANCER = F("federated-breast-cancer", {"clients": 4, "concentration": 0.3, "ridge": 0.1})
TUMOURS = F(
    "federated-breast-cancer", {"clients": 2, "concentration": 0.3, "ridge": 0.1, "rows": 6}
)
LABELS = F("federated-labels", {"m": 3, "clients": 2, "N": 3})


def Rounds(step: float, **more: Any) -> MethodSpec:
    """Fed-RAC-LoRA; the step in units of 1/(L N), N the components of one client."""
    return MethodSpec("fed-rac-lora", step, "1/(L N)", **more)


def squares(zeta: float, clients: int = 3) -> ObjectiveSpec:
    """Least squares whose clients differ by zeta."""
    shape = {"m": 2, "n": 2, "N": 3, "clients": clients}
    return F("federated-least-squares", {**shape, "zeta": zeta})


def _counted() -> list[Claim]:
    claims = []
    for row in ("fed-rr-nonconvex", "fed-rr-pl"):
        for zeta in (0.0, 1.0, 3.0):
            claims.append(
                exact(row, f"least-squares/zeta-{zeta:g}", squares(zeta), Rounds(0.02, **ROWS),
                      tiers=EVERY if zeta == 1.0 else USUAL)
            )  # fmt: skip
        claims += [
            exact(row, "least-squares/one-step", squares(1.0), Rounds(0.02, **ROWS), statement="one step"),
            exact(row, "least-squares/one-component-a-client",
                  F("federated-least-squares", {"m": 1, "n": 2, "N": 1, "clients": 4, "zeta": 1.0}),
                  Rounds(0.5, side="right", law="coordinates"),
                  note="at N = 1 the clients' average is a gradient step: no floor"),
        ]  # fmt: skip
    return claims


def _by_runs() -> list[Claim]:
    cases: dict[str, tuple[ObjectiveSpec, MethodSpec, dict[str, Any]]] = {
        "fed-rr-nonconvex/federated-digits/haar-r4": (
            DIGITS, Rounds(0.5, rank=4), {"steps": 5, "start": "zero", "tiers": LONG}),
        "fed-rr-pl/federated-breast-cancer/one-step": (
            TUMOURS, Rounds(0.5, **ROWS), {"statement": "one step", "steps": 5, "seeds": 100}),
        "fed-rr-nonconvex/federated-breast-cancer/one-step": (
            TUMOURS, Rounds(0.5, **ROWS), {"statement": "one step", "steps": 5, "seeds": 100}),
        "fed-rr-nonconvex/federated-breast-cancer/haar-r4": (
            CANCER, Rounds(0.5, rank=4), {"steps": 5, "start": "zero"}),
        "fed-rr-nonconvex/federated-labels/one-step": (
            LABELS, Rounds(0.5, **ROWS), {"statement": "one step", "steps": 10}),
        "fed-rr-nonconvex/federated-labels/haar-r2": (
            F("federated-labels"), Rounds(0.5, rank=2), {"steps": 10, "seeds": 4000}),
        "fed-rr-pl/federated-labels/one-step": (
            LABELS, Rounds(0.5, **ROWS), {"statement": "one step", "steps": 10}),
        "fed-rr-pl/federated-labels/as-printed": (
            LABELS, Rounds(0.5, **ROWS), {"statement": "paper", "steps": 10}),
    }  # fmt: skip
    claims = [
        Claim(name, name.split("/")[0], f, method, **{"seeds": 400, **more},
              real_data=f in (DIGITS, CANCER, TUMOURS))
        for name, (f, method, more) in cases.items()
    ]  # fmt: skip
    note = "the bound falls too slowly at this step for a ceiling that is far above it: not refuted"
    return claims + [
        Claim(f"fed-rr-pl/{name}/haar-r4", "fed-rr-pl", f, Rounds(0.5, rank=4), UNDECIDED, steps=3,
              seeds=64, start="zero", real_data=True, tiers=tiers, note=note)
        for name, f, tiers in (
            ("federated-digits", DIGITS, LONG), ("federated-breast-cancer", CANCER, USUAL))
    ]  # fmt: skip


def _controls() -> list[Claim]:
    """Clients that sit out, a fixed order, a step too long, clients without a common bound."""
    sound = Rounds(0.02, **ROWS)
    sampled = sound.with_options(participating=1)
    fixed = sound.with_options(order="incremental")
    settings: dict[str, Any] = {"evidence": EXACT, "steps": 60, "seeds": 1}
    unequal = F("ridge-synthetic", {"m": 2, "n": 2, "N": 6})
    lines = F("federated-least-squares", {"m": 1, "n": 2, "N": 4, "clients": 2, "noise": 2.0})
    columns: dict[str, Any] = {"side": "right", "law": "coordinates"}
    claims = [
        *both("sampled-clients", "fed-rr-pl", squares(3.0), sampled, sound, EVERY, start="far:0.01",
              **settings, note="a round of one client moves to that client's minimiser"),
        *both("step-too-long", "fed-rr-pl", lines, Rounds(40.0, **columns), Rounds(0.5, **columns),
              **settings),
        *both("step-too-long", "fed-rr-nonconvex", lines, Rounds(40.0, **columns),
              Rounds(0.5, **columns), **settings),
        Claim("fed-rr-nonconvex/sampled-clients/plain", "fed-rr-nonconvex", squares(3.0), sampled,
              NOT_APPLICABLE, **settings),
        Claim("fed-rr-pl/fixed-order/plain", "fed-rr-pl", squares(1.0), fixed, NOT_APPLICABLE, **settings),
        Claim("fed-rr-pl/heterogeneity-unknown/plain", "fed-rr-pl", unequal,
              sound.with_options(clients=2), NOT_APPLICABLE, **settings),
        Claim("fed-rr-pl/no-federation/plain", "fed-rr-pl", unequal,
              MethodSpec("rac-lora-rr", 0.02, "1/(L N)", law="coordinates"), NOT_APPLICABLE, **settings),
        Claim("fed-rr-nonconvex/fixed-order/declared-fresh", "fed-rr-nonconvex", squares(1.0), fixed,
              CONFIRMED, declared=sound, **settings,
              note="outside the theorem, yet within its bound for three components"),
    ]  # fmt: skip
    return [_exactly_named(c) for c in claims]


def _exactly_named(c: Claim) -> Claim:
    first, *rest = c.id.split("/")
    return replace(c, id="/".join([first, "exact", *rest]))


# What a server may average.

TWO = F("federated-least-squares", {"m": 1, "n": 1, "N": 1, "clients": 2, "zeta": 2.4})
"""Two clients that each want another number: from 2.5 above their mean, 0.1 and 4.9 further down."""

SEPARATE = MethodSpec("fed-lora", 0.15).with_options(inner_steps=60, factors=(1.0, -1.0))


def _averages() -> list[Claim]:
    shared = Rounds(0.5, rank=2)
    wide = F("federated-least-squares", {"m": 4, "n": 3, "N": 5, "clients": 3})
    joint = MethodSpec("fed-lora", 0.05, rank=2).with_options(inner_steps=5)
    scalar = MethodSpec("fed-lora", 0.05).with_options(inner_steps=5)
    few: dict[str, Any] = {"steps": 4, "seeds": 20}
    stays = (
        "the average of the ends has neither the mean of the products nor the least loss, for ever"
    )
    return [
        Claim("federated-bias/least-squares/covariance", "federated-bias", wide, joint, tiers=EVERY, **few),
        Claim("federated-bias/federated-breast-cancer/covariance", "federated-bias", CANCER, scalar,
              real_data=True, steps=2, seeds=5),
        Claim("federated-bias/least-squares/shared-sketch", "federated-bias", wide, shared,
              statement="shared sketch", tiers=EVERY, **few),
        Claim("federated-bias/federated-breast-cancer/shared-sketch", "federated-bias", CANCER, shared,
              statement="shared sketch", real_data=True, steps=2, seeds=2),
        *both("separate-factors", "federated-bias", wide, joint, shared, statement="shared sketch", **few),
        Claim("federated-bias/sampled-clients/plain", "federated-bias", wide,
              shared.with_options(participating=2), NOT_APPLICABLE, statement="shared sketch", **few),
        Claim("federated-bias/no-separate-averages/plain", "federated-bias", wide, shared, NOT_APPLICABLE,
              **few),
        *both("separate-averages", "fed-rr-pl", TWO, SEPARATE, Rounds(0.1), steps=60, seeds=48,
              start="offset:2.5", note=stays),
        Claim("fed-rr-pl/exact/one-component-of-two-clients", "fed-rr-pl", TWO, Rounds(0.05),
              evidence=EXACT, steps=150, seeds=1, start="offset:2.5",
              note="what separate averages break: the shared sketch converges on the same two clients"),
    ]  # fmt: skip


CLAIMS = (*_counted(), *_by_runs(), *_controls(), *_averages())
