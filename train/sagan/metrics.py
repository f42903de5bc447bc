"""Inception score, Fréchet distance and their companions, as formulas over features; no network in here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
_AT_ONCE = 512


def frechet_distance(a: Array, b: Array) -> float:
    """Fréchet distance of two sets of features (N, D) and (M, D) (Heusel et al. 2017): FID on Inception's.

    |mean a - mean b|^2 + tr(A + B - 2 (A B)^(1/2)) with the covariances A and B (N - 1 in the denominator). The trace
    of the root is taken from the eigenvalues of the symmetric A^(1/2) B A^(1/2), so nothing complex can come up.
    """
    if len(a) < 2 or len(b) < 2:
        raise ValueError("A Fréchet distance needs at least two samples on each side.")
    a, b = a.astype(np.float64), b.astype(np.float64)
    first, second = np.atleast_2d(np.cov(a, rowvar=False)), np.atleast_2d(np.cov(b, rowvar=False))
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(0)).sum()
    difference = a.mean(0) - b.mean(0)
    return float(difference @ difference + np.trace(first) + np.trace(second) - 2 * cross)


def inception_score(probabilities: Array) -> tuple[float, float]:
    """exp(mean KL(p(y|x) || p(y))) over (N, classes) probabilities: mean and standard deviation over ten splits, which
    have 5,000 samples each in Salimans et al. 2016."""
    scores = []
    for part in np.array_split(probabilities.astype(np.float64), 10):
        marginal = part.mean(0)
        ratio = np.log(np.maximum(part, 1e-16)) - np.log(np.maximum(marginal, 1e-16))
        scores.append(np.exp((part * ratio).sum(1).mean()))
    return float(np.mean(scores)), float(np.std(scores))


def nearest_distances(
    queries: Array, references: Array, same: bool = False
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Euclidean distance (N,) from each query (N, D) to its nearest reference (M, D), and which one it is (N,) int64.

    same: both are the same set, and a query is not its own neighbour.
    """
    references = references.astype(np.float32)
    squares = (references**2).sum(1)
    distances, indices = np.empty(len(queries), np.float32), np.empty(len(queries), np.int64)
    for start in range(0, len(queries), _AT_ONCE):
        part = queries[start : start + _AT_ONCE].astype(np.float32)
        table = (part**2).sum(1)[:, None] + squares - 2 * part @ references.T
        if same:
            rows = np.arange(len(part))
            table[rows, start + rows] = np.inf
        best = table.argmin(1)
        indices[start : start + _AT_ONCE] = best
        # Anew from the difference: the expanded square loses the digits that matter when two pictures are equal.
        distances[start : start + _AT_ONCE] = np.sqrt(((part - references[best]) ** 2).sum(1))
    return distances, indices
