"""Expectations of every link of a long chain, compiled: the recursion of `ractheory.exact.recursion` in floats."""

from __future__ import annotations

from ractheory.compiled import KERNEL, njit
from ractheory.vectors import WIDTH, add, aligned, load, splat, store, total, vfma


@njit(**KERNEL)
def expected_values(k, gamma, mean, same, spread, injected, start, out):  # type: ignore[no-untyped-def]
    """Write E f - f* = 1/2 k^T s at t = 0, ..., out.size - 1, for the row energies s+ = M s + injected from `start`.

    M = diag(1 - 2 gamma mean k + gamma^2 same k^2) + gamma^2 spread 1 (k * k)^T: one pass over s a link.
    """
    m = (k.size + WIDTH - 1) // WIDTH * WIDTH
    kept, weights, half, extra, s = aligned(m), aligned(m), aligned(m), aligned(m), aligned(m)
    for i in range(k.size):
        a = gamma * k[i]
        kept[i], weights[i] = 1.0 - 2.0 * mean * a + same * a * a, spread * a * a
        half[i], extra[i], s[i] = 0.5 * k[i], injected[i], start[i]
    given = splat(0.0)
    for t in range(out.size):
        f0 = f1 = w0 = w1 = splat(0.0)
        for i in range(0, m, 2 * WIDTH):
            x = load(s, i)
            if t > 0:
                x = vfma(load(kept, i), x, add(load(extra, i), given))
            store(s, i, x)
            f0, w0 = vfma(load(half, i), x, f0), vfma(load(weights, i), x, w0)
            if i + WIDTH < m:
                x = load(s, i + WIDTH)
                if t > 0:
                    x = vfma(load(kept, i + WIDTH), x, add(load(extra, i + WIDTH), given))
                store(s, i + WIDTH, x)
                f1 = vfma(load(half, i + WIDTH), x, f1)
                w1 = vfma(load(weights, i + WIDTH), x, w1)
        out[t] = total(add(f0, f1))
        given = splat(total(add(w0, w1)))
