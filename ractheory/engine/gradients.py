"""f(w) - fstar and its gradient for every compiled family, one kernel a family.

The meaning of the arrays is documented in `ractheory.objectives.structure`. `scratch` is an N x c
array that holds the predictions of a linear model and then the derivatives of the loss.
"""

from __future__ import annotations

import math

import numpy as np

from ractheory.compiled import KERNEL, njit
from ractheory.objectives.structure import Family, Problem

ENTRY_QUADRATIC, MATRIX_QUADRATIC = int(Family.ENTRY_QUADRATIC), int(Family.MATRIX_QUADRATIC)
SQUARED, LOGISTIC, SOFTMAX = int(Family.SQUARED), int(Family.LOGISTIC), int(Family.SOFTMAX)
WELSCH, GEMAN_MCCLURE = int(Family.WELSCH), int(Family.GEMAN_MCCLURE)
ABSOLUTE, HINGE = int(Family.ABSOLUTE), int(Family.HINGE)
SINE, TWO_LAYER = int(Family.SINE), int(Family.TWO_LAYER)


def scratch_for(problem: Problem) -> np.ndarray:
    """Return the scratch array that `gap_and_gradient` needs for `problem`."""
    if problem.family in (ENTRY_QUADRATIC, MATRIX_QUADRATIC, SINE):
        return np.empty((1, 1))
    columns = problem.Y.shape[1]
    hidden = problem.Z.shape[1] if problem.family == TWO_LAYER else 0
    return np.empty((problem.X.shape[0], columns + hidden))


@njit(**KERNEL)
def gap_and_gradient(problem, w, g, scratch):  # type: ignore[no-untyped-def]
    """Write the gradient at w into g and return f(w) - fstar."""
    family = problem.family
    if family == ENTRY_QUADRATIC:
        return _entry_quadratic(problem.X[0], problem.Y[0], w, g)
    if family == MATRIX_QUADRATIC:
        return _matrix_quadratic(problem.blocks, problem.X[0], problem.Y[0], w, g)
    if family == SINE:
        return _sine(problem.X[0], problem.Y[0], w, g)
    if family == TWO_LAYER:
        return _two_layer(problem.X, problem.Y, problem.Z, w, g, scratch) - problem.scalars[0]
    return _linear_model(problem, w, g, scratch) - problem.scalars[0]


@njit(**KERNEL)
def _entry_quadratic(weights, centre, w, g):  # type: ignore[no-untyped-def]
    total = 0.0
    for k in range(w.size):
        difference = w[k] - centre[k]
        g[k] = weights[k] * difference
        total += g[k] * difference
    return 0.5 * total


@njit(**KERNEL)
def _matrix_quadratic(blocks, curvatures, centre, w, g):  # type: ignore[no-untyped-def]
    total, start = 0.0, 0
    for b in range(blocks.shape[0]):
        offset, m, n, side = blocks[b]
        size = m if side == 0 else n
        K = curvatures[start : start + size * size].reshape(size, size)
        start += size * size
        D = (w[offset : offset + m * n] - centre[offset : offset + m * n]).reshape(m, n)
        G = np.dot(K, D) if side == 0 else np.dot(D, K)
        for i in range(m):
            for j in range(n):
                g[offset + i * n + j] = G[i, j]
                total += G[i, j] * D[i, j]
    return 0.5 * total


@njit(**KERNEL)
def _sine(weights, centre, w, g):  # type: ignore[no-untyped-def]
    total = 0.0
    for k in range(w.size):
        u = w[k] - centre[k]
        sine = math.sin(u)
        total += weights[k] * (u * u + 3.0 * sine * sine)
        g[k] = weights[k] * (2.0 * u + 3.0 * math.sin(2.0 * u))
    return total


@njit(**KERNEL)
def _linear_model(problem, w, g, scratch):  # type: ignore[no-untyped-def]
    X, Y, scalars = problem.X, problem.Y, problem.scalars
    N, p = X.shape
    c = Y.shape[1]
    np.dot(X, w.reshape(p, c), scratch)
    loss = 0.0
    for i in range(N):
        loss += loss_and_derivative(problem.family, scratch[i], Y[i], scalars[3])
    np.dot(X.T, scratch, g.reshape(p, c))
    return loss / N + _regularise(w, g, scalars[1], scalars[2], 1.0 / N)


@njit(**KERNEL)
def _regularise(w, g, ridge, ratio, scale):  # type: ignore[no-untyped-def]
    """Scale g, add the regulariser's gradient to it, and return the regulariser."""
    squares, ratios = 0.0, 0.0
    for k in range(w.size):
        square = w[k] * w[k]
        squares += square
        g[k] = scale * g[k] + ridge * w[k]
        if ratio != 0.0:
            ratios += square / (1.0 + square)
            g[k] += ratio * 2.0 * w[k] / ((1.0 + square) * (1.0 + square))
    return 0.5 * ridge * squares + ratio * ratios


@njit(**KERNEL)
def loss_and_derivative(family, z, y, c):  # type: ignore[no-untyped-def]
    """Return the loss of one row of predictions z, and overwrite z by its derivative."""
    loss = 0.0
    if family == SOFTMAX:
        return _softmax(z, y)
    for j in range(z.size):
        u = z[j] - y[j]
        if family == SQUARED:
            loss += 0.5 * u * u
            z[j] = u
        elif family == LOGISTIC:
            margin = y[j] * z[j]
            small = math.exp(-abs(margin))
            loss += math.log1p(small) + max(-margin, 0.0)
            z[j] = -y[j] * (small if margin > 0.0 else 1.0) / (1.0 + small)
        elif family == WELSCH:
            weight = math.exp(-(u * u) / (c * c))
            loss += -0.5 * c * c * math.expm1(-(u * u) / (c * c))
            z[j] = u * weight
        elif family == GEMAN_MCCLURE:
            share = c * c / (c * c + u * u)
            loss += 0.5 * u * u * share
            z[j] = u * share * share
        elif family == ABSOLUTE:
            loss += abs(u)
            z[j] = np.sign(u)
        else:
            margin = y[j] * z[j]
            loss += max(0.0, 1.0 - margin)
            z[j] = -y[j] if margin < 1.0 else 0.0
    return loss


@njit(**KERNEL)
def _softmax(z, y):  # type: ignore[no-untyped-def]
    top = z[0]
    for j in range(1, z.size):
        top = max(top, z[j])
    total, inner = 0.0, 0.0
    for j in range(z.size):
        inner += y[j] * (z[j] - top)
        z[j] = math.exp(z[j] - top)
        total += z[j]
    for j in range(z.size):
        z[j] = z[j] / total - y[j]
    return math.log(total) - inner


@njit(**KERNEL)
def component_gradient(problem, i, w, g, scratch):  # type: ignore[no-untyped-def]
    """Write the gradient of component i at w into g; a family that is no sum has itself as component."""
    family = problem.family
    if family < SQUARED or family > HINGE:
        gap_and_gradient(problem, w, g, scratch)
        return
    x, y = problem.X[i], problem.Y[i]
    p, c = x.size, y.size
    z = scratch[0]
    for j in range(c):
        z[j] = 0.0
    for k in range(p):
        for j in range(c):
            z[j] += x[k] * w[k * c + j]
    loss_and_derivative(family, z, y, problem.scalars[3])
    for k in range(p):
        for j in range(c):
            g[k * c + j] = x[k] * z[j]
    _regularise(w, g, problem.scalars[1], problem.scalars[2], 1.0)


@njit(**KERNEL)
def _two_layer(X, Y, V, w, g, scratch):  # type: ignore[no-untyped-def]
    """(1/(2N)) sum_i |V tanh(W x_i) - y_i|^2, W of shape (h, p)."""
    N, p = X.shape
    c, h = V.shape
    W = w.reshape(h, p)
    hidden = scratch[:, c:]
    total = 0.0
    for i in range(N):
        for a in range(h):
            inner = 0.0
            for k in range(p):
                inner += W[a, k] * X[i, k]
            hidden[i, a] = math.tanh(inner)
        for j in range(c):
            residual = -Y[i, j]
            for a in range(h):
                residual += V[j, a] * hidden[i, a]
            scratch[i, j] = residual
            total += residual * residual
    g.fill(0.0)
    for i in range(N):
        for a in range(h):
            back = 0.0
            for j in range(c):
                back += V[j, a] * scratch[i, j]
            back *= (1.0 - hidden[i, a] * hidden[i, a]) / N
            for k in range(p):
                g[a * p + k] += back * X[i, k]
    return total / (2 * N)
