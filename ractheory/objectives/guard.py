"""The guard whose only adapted layer is its last: a linear model on what the frozen language model computes."""

from __future__ import annotations

import numpy as np

from ractheory.errors import integer
from ractheory.guard import frozen, text, transformer
from ractheory.objectives.linear_model import LinearModel
from ractheory.objectives.losses import Softmax

FEATURE_SEED = 1
"""Of the snippets that the guard learns from; the model was trained on others, from the same texts."""


def guard_features(ridge: float = 0.1, rows: int = 300) -> LinearModel:
    """Return multinomial logistic regression on features of a frozen transformer; W is 33 x 3.

    A row is a snippet of 32 characters of prose, code or a table: the features of its last character,
    standardised, and a one. The classes are the three kinds.
    """
    count = integer("rows", rows, 6, 100_000)
    found = text.snippets(count, FEATURE_SEED)
    X = transformer.features(frozen.frozen(), found.tokens)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    X = np.hstack([X, np.ones((count, 1))])
    return LinearModel("guard-features", X, np.eye(len(text.KINDS))[found.kinds], Softmax(), ridge)
