"""Numerical verification of the convergence theory of low-rank adaptation.

A theorem is a value: its statement, its hypotheses and its bound are written once, in
`ractheory.theorems`, and compared with runs of the methods that it speaks of.
"""

__version__ = "0.1.0"

_PLACES = {
    "check": "ractheory.interface",
    "Answer": "ractheory.interface",
    "objective": "ractheory.objectives",
    "least_squares": "ractheory.objectives.own",
    "least_squares_files": "ractheory.objectives.blocked",
    "logistic": "ractheory.objectives.own",
    "softmax": "ractheory.objectives.own",
    "quadratic": "ractheory.objectives.own",
    "from_csv": "ractheory.objectives.own",
    "fpft": "ractheory.methods",
    "lora": "ractheory.methods",
    "asymlora": "ractheory.methods",
    "cola": "ractheory.methods",
    "rac_lora": "ractheory.methods",
    "theorem": "ractheory.theorems",
    "THEOREMS": "ractheory.theorems",
    "UsageError": "ractheory.errors",
}
"""Where the names of the interface live; each is imported when it is first asked for."""

__all__ = ["__version__", *_PLACES]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
