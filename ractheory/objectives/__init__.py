"""Objectives: f, its gradient and its exact constants, by name or from the families' classes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ractheory.errors import UsageError
from ractheory.objectives import (
    classification,
    federated,
    guard,
    nonconvex,
    quadratic,
    regression,
    targets,
    two_layer,
)
from ractheory.objectives.base import Constants, Objective

OBJECTIVES: dict[str, Callable[..., Objective]] = {
    "counterexample": quadratic.counterexample,
    "isotropic": quadratic.isotropic,
    "mean-image": quadratic.mean_image,
    "entry-weights": quadratic.entry_weights,
    "spectrum-left": quadratic.spectrum_left,
    "spectrum-right": quadratic.spectrum_right,
    "quadratic-blocks": quadratic.quadratic_blocks,
    "ridge-synthetic": regression.ridge_synthetic,
    "ridge-blocks": regression.ridge_blocks,
    "least-squares-over": regression.least_squares_over,
    "least-squares-under": regression.least_squares_under,
    "ridge-diabetes": regression.ridge_diabetes,
    "least-squares-diabetes": regression.least_squares_diabetes,
    "ridge-digits": regression.ridge_digits,
    "nonconvex-regression": regression.nonconvex_regression,
    "nonconvex-diabetes": regression.nonconvex_diabetes,
    "welsch": regression.welsch,
    "geman-mcclure": regression.geman_mcclure,
    "l1-regression": regression.l1_regression,
    "logistic-synthetic": classification.logistic_synthetic,
    "logistic-breast-cancer": classification.logistic_breast_cancer,
    "logistic-blocks": classification.logistic_blocks,
    "softmax-synthetic": classification.softmax_synthetic,
    "softmax-blocks": classification.softmax_blocks,
    "softmax-digits": classification.softmax_digits,
    "guard-features": guard.guard_features,
    "svm-synthetic": classification.svm_synthetic,
    "svm-breast-cancer": classification.svm_breast_cancer,
    "signed-targets": targets.signed_targets,
    "scattered-targets": targets.scattered_targets,
    "federated-digits": federated.federated_digits,
    "federated-breast-cancer": federated.federated_breast_cancer,
    "federated-labels": federated.federated_labels,
    "federated-least-squares": federated.federated_least_squares,
    "sine": nonconvex.sine,
    "two-layer": two_layer.two_layer,
    "two-layer-digits": two_layer.two_layer_digits,
}
"""The factories by name; every parameter of every factory has a default."""


def objective(name: str, **parameters: Any) -> Objective:
    """Return the objective `name`, made by its factory with `parameters`.

    Raises UsageError for an unknown name or parameter, or a value that the factory refuses.

    >>> objective("counterexample").constants.L
    20.0
    """
    if name not in OBJECTIVES:
        known = ", ".join(sorted(OBJECTIVES))
        raise UsageError.of("objective", name, f"one of {known}", "choose one of them")
    known_parameters = list(inspect.signature(OBJECTIVES[name]).parameters)
    for given in parameters:
        if given not in known_parameters:
            allowed = f"one of {', '.join(known_parameters) or '(none)'}"
            raise UsageError.of(f"parameter of {name}", given, allowed, "correct its name")
    return OBJECTIVES[name](**parameters)


__all__ = ["OBJECTIVES", "Constants", "Objective", "objective"]
