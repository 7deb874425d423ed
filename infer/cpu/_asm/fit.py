"""Finds the coefficients of softmax.go and gelu.go: least squares whose weights are raised where the error is largest
(Lawson), which tends to the smallest maximum. Needs numpy."""

import math

import numpy as np


def nodes(n):
    return np.cos(np.pi * (np.arange(n) + 0.5) / n)


def solve(a, b, weights):
    root = np.sqrt(weights)
    return np.linalg.lstsq(a * root[:, None], b * root, rcond=None)[0]


def exp2_series(degree=6):
    """2^f for |f| <= 1/2, the relative error."""
    f = nodes(4000) / 2
    powers = f[:, None] ** np.arange(degree + 1)
    weights = np.ones_like(f)
    for _ in range(400):
        c = solve(powers / np.exp2(f)[:, None], np.ones_like(f), weights)
        error = abs(powers @ c / np.exp2(f) - 1)
        weights *= error / error.max() + 1e-9
        weights /= weights.sum()
    return c, error.max()


def normal_quotient(p=6, q=5, reach=5.6):
    """Phi(x) - 1/2 = x P(x^2) / Q(x^2) for |x| <= reach, the absolute error; the quotient's denominator of one round
    weighs the equations of the next."""
    x = np.unique(abs(nodes(3000))) * reach
    y = np.array([math.erf(v / math.sqrt(2)) / 2 for v in x])
    u = (x / reach) ** 2
    above, below = u[:, None] ** np.arange(p + 1), u[:, None] ** np.arange(1, q + 1)
    weights, denominator, best = np.ones_like(x), np.ones_like(x), None
    for _ in range(300):
        a = np.hstack([x[:, None] * above, -y[:, None] * below]) / denominator[:, None]
        c = solve(a, y / denominator, weights)
        denominator = 1 + below @ c[p + 1 :]
        error = abs(x * (above @ c[: p + 1]) / denominator - y)
        if best is None or error.max() < best[0]:
            best = error.max(), c
        weights *= 0.3 + error / error.max()
        weights /= weights.sum()
    error, c = best
    top = c[: p + 1] / reach ** (2 * np.arange(p + 1))
    bottom = np.append(1, c[p + 1 :] / reach ** (2 * np.arange(1, q + 1)))
    return top, bottom, error


def show(name, values):
    print(name, ", ".join(f"{np.float32(v):.9g}" for v in values))


series, error = exp2_series()
show("exp2Series", series)
print(f"error {error:.1e}")
top, bottom, error = normal_quotient()
show("normalP", top)
show("normalQ", bottom)
print(f"error {error:.1e}")
