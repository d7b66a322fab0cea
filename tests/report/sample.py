"""Results as a run leaves them, made by hand: every statement of the registry, and awkward values."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from ractheory import records
from ractheory.theorems import THEOREMS, Form
from ractheory.theorems.symbols import gap

VERDICTS = ("confirmed", "refuted", "undecided", "not-applicable")
NASTY = "gd-pl/<script>alert(1)</script>/\"quotes\" & 'ends' 100%+"


def claim_of(theorem: str, statement: str, number: int) -> dict[str, Any]:
    """Return a claim object; its verdict and numbers depend on `number` alone."""
    verdict = VERDICTS[number % 4]
    return {
        "id": f"{theorem}/sample/{number}",
        "theorem": theorem,
        "source": "a paper, Theorem 1",
        "objective": "isotropic(m=4, n=3)" if number % 2 else "counterexample",
        "method": "rac-lora, step 1/L",
        "sketch": "haar, rank 1, left",
        "parameters": {
            "m": 4, "n": 3, "r": 1, "gamma": 0.05, "L": 20.0, "mu": 2.0, "lam_min": 0.25, "T": 40,
            "seeds": 10, "statement": statement, "bound_factor": 1.0,
        },
        "hypotheses": [
            {"name": "LSmooth", "holds": True, "reason": "LSmooth(L=20.0)"},
            {"name": "step below 2/L", "holds": verdict != "not-applicable", "reason": "L gamma < 2"},
        ],
        "observed": 0.5 / (number + 1), "bound": 1.0, "ratio": 0.5 / (number + 1),
        "verdict": verdict,
        "expected": verdict,
        "evidence": {"kind": "statistical", "error_rate": 1e-9, "e_value": 0.5, "seeds": 10,
                     "confidence_bound": 0.7, "detail": "", "log10_e_value": -0.3},
        "real_data": number % 5 == 0,
        "note": "a note",
        "seconds": 0.25,
    }  # fmt: skip


def curves_of(claim: dict[str, Any]) -> records.Curves:
    """Return curves that shrink by a tenth a link, with a bound where the statement is a mean."""
    t = np.arange(41.0)
    mean = 0.9**t
    curves = {"t": t, "mean": mean, "low": 0.5 * mean, "median": mean, "high": 2.0 * mean,
              "grad_sq": mean, "diverged": np.zeros(1)}  # fmt: skip
    form = THEOREMS[claim["theorem"]].statement(claim["parameters"]["statement"]).form
    if form is Form.EXPECTATION:
        curves["bound"] = np.concatenate([[np.nan], 0.95 ** t[1:]])
    return curves


def sample() -> tuple[dict[str, Any], dict[str, records.Curves]]:
    """Return a document as in `claims.json` and the curves of its claims."""
    statements = [(th.id, s.name) for th in THEOREMS.values() for s in th.statements]
    claims = [claim_of(*pair, number) for number, pair in enumerate(statements)]
    curves = {claim["id"]: curves_of(claim) for claim in claims}
    claims += _awkward(curves)
    provenance = {
        "version": "0.1", "commit": "0" * 40, "dirty": False, "python": "3.11", "seed": "ractheory",
        "machine": "x86_64", "packages": {"numpy": "2.0"}, "started": "2026-01-01", "seconds": 12.0,
    }  # fmt: skip
    return {"schema": 1, "provenance": provenance, "claims": claims}, curves


def _awkward(curves: dict[str, records.Curves]) -> list[dict[str, Any]]:
    """Return claims with markup in their text, without numbers, of no known theorem, and diverging."""
    nasty = claim_of("gd-pl", "sharp", 0) | {"id": NASTY, "note": "<b>bold</b> & more"}
    empty = claim_of("gd-pl", "sharp", 1) | {
        "id": "gd-pl/empty", "observed": None, "bound": None, "ratio": None, "hypotheses": [],
        "evidence": {"kind": "exact"}, "note": "",
    }  # fmt: skip
    unknown = claim_of("gd-pl", "sharp", 2) | {"id": "no-such/theorem", "theorem": "no-such"}
    measured = claim_of("gd-pl", "sharp", 0) | {
        "id": "table-3/sample", "theorem": "table-3",
        "parameters": {"seeds": 10, "table": [{"method": "<i>cola</i>", "mean": 91.25}
                                              | {f"column {k}": 0.125 * k for k in range(9)}]},
        "evidence": {"kind": "statistical", "error_rate": 0.01, "seeds": 10, "detail": "10 of 10"},
        "hypotheses": [],
    }  # fmt: skip
    surprise = claim_of("gd-pl", "sharp", 1) | {
        "id": "gd-pl/diverges", "expected": "confirmed", "observed": "inf", "ratio": "inf",
        "evidence": {"kind": "pathwise", "error_rate": 0.0, "worst": sys.float_info.max, "worst_at": [3, 7]},
    }  # fmt: skip
    endless = claim_of("gd-pl", "sharp", 1)
    endless |= {
        "id": "gd-pl/infinite",
        "evidence": endless["evidence"] | {"log10_e_value": sys.float_info.max},
    }
    t = np.arange(2001.0)
    with np.errstate(over="ignore"):
        curves["gd-pl/diverges"] = {
            "t": t,
            "mean": 10.0**t,
            "low": 0.0 * t,
            "high": np.full(2001, np.inf),
        }
    curves["no-such/theorem"] = {"t": t, "mean": 0.0 * t}
    return [nasty, empty, unknown, measured, surprise, endless]


def write_sample(folder: Path) -> Path:
    """Leave the sample in `folder` as a run would."""
    document, curves = sample()
    where = folder / records.RECORDS
    where.mkdir(parents=True)
    for claim in document["claims"]:
        record = records.Record(claim, curves.get(claim["id"], {}))
        records.write_record(where, record, "fingerprint")
    records.write_whole(folder / records.CLAIMS, records.dumps(document).encode())
    return folder


PATHWISE_GAPS = [
    (th.id, s.name)
    for th in THEOREMS.values()
    for s in th.statements
    if s.form is Form.PATHWISE and isinstance(s.left, gap)
]
