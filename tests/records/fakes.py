"""A small catalogue with evaluations that succeed, block, raise, or kill their worker."""

import hashlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class FakeClaim:
    id: str
    theorem: str
    tiers: tuple


def fake(claim_id, *tiers):
    return FakeClaim(claim_id, claim_id.split("/")[0], tiers)


CATALOGUE = (
    fake("gd-pl/ridge/haar-r1", "quick", "default", "full"),
    fake("gd-pl/ridge/haar-r2", "default", "full"),
    fake("descent/ridge/haar-r1", "quick", "default", "full"),
    fake("descent/ridge/frozen/plain", "default", "full"),
    fake("gd-pl/logistic/haar-r1", "default", "full"),
    fake("gd-pl/logistic/haar-r5", "full"),
)
DEFAULT = [c.id for c in CATALOGUE if "default" in c.tiers]
BLOCKED = DEFAULT[3]


def evaluate(name, seed, error_rate):
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    values = np.random.default_rng(list(digest)).standard_normal(50).cumsum() ** 2
    claim = {
        "id": name,
        "theorem": name.split("/")[0],
        "source": "RAC-LoRA, Theorem 5.5",
        "objective": "ridge",
        "method": "rac-lora",
        "sketch": "haar",
        "parameters": {"m": 3, "n": np.int64(4), "gamma": np.float64(0.1)},
        "hypotheses": [],
        "observed": float(values[-1]),
        "bound": float(values.max()),
        "ratio": float(values[-1] / values.max()),
        "verdict": "confirmed",
        "expected": "confirmed",
        "evidence": {"kind": "statistical", "error_rate": error_rate, "log10_e_value": None},
        "real_data": "logistic" in name,
        "note": "",
    }
    return claim, {"t": np.arange(50), "mean": values}


def surprising(name, seed, error_rate):
    claim, curves = evaluate(name, seed, error_rate)
    if name == DEFAULT[1]:
        claim |= {"verdict": "refuted", "evidence": {"kind": "statistical", "log10_e_value": 12.0}}
    return claim, curves


def blocking(name, seed, error_rate):
    """Never return from one claim."""
    while name == BLOCKED:
        time.sleep(0.05)
    return evaluate(name, seed, error_rate)


def raising(name, seed, error_rate):
    if name == BLOCKED:
        raise ZeroDivisionError("in the\nmiddle")
    return evaluate(name, seed, error_rate)


def dying_once(marker: Path, name, seed, error_rate):
    """Kill the worker at one claim, the first time."""
    if name == BLOCKED and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return evaluate(name, seed, error_rate)


def stem(name):
    return name.replace("/", "+")


def gated(gate: Path, name, seed, error_rate):
    """Say that a claim has begun, and by whom; one waits for the file "go"."""
    (gate / f"{stem(name)}.{os.getpid()}").touch()
    while name == BLOCKED and not (gate / "go").exists():
        time.sleep(0.05)
    return evaluate(name, seed, error_rate)


def forbidden(name, seed, error_rate):
    raise AssertionError("nothing was to be computed")


def square_or(what, number):
    """A task for the workers: the square of a number, with an accident at 3."""
    if number == 3 and what == "raise":
        raise ValueError("three")
    if number == 3 and what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 3 and what == "exit":
        os._exit(7)
    if number == 3 and what == "unpicklable":
        return lambda: None
    return number * number


def threads_of_blas():
    np.ones((2, 2)) @ np.ones((2, 2))
    from threadpoolctl import threadpool_info

    return [library["num_threads"] for library in threadpool_info()]


def no_figures(records, out):
    return []
