"""The formulas, against cases with a known answer and against SciPy's matrix root."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from train.sagan.metrics import frechet_distance, inception_score, nearest_distances


def test_frechet_distance_of_gaussians() -> None:
    """Independent axes: sum of (mean difference)^2 + (deviation difference)^2."""
    random = np.random.default_rng(0)
    a = random.normal(0, 1, (200_000, 3))
    b = random.normal([1, 0, 2], [1, 3, 0.5], (200_000, 3))
    assert frechet_distance(a, b) == pytest.approx(1 + 4 + 4 + 0.25, rel=0.01)


def test_frechet_distance_is_the_published_formula() -> None:
    random = np.random.default_rng(1)
    a = random.normal(size=(300, 24)) @ random.normal(size=(24, 24))
    b = random.normal(size=(200, 24)) @ random.normal(size=(24, 24)) + 1
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = sqrtm(first @ second)
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(first + second - 2 * root.real)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(b, a) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)


def test_frechet_distance_of_fewer_samples_than_features() -> None:
    random = np.random.default_rng(2)
    a = random.normal(size=(10, 64)).astype(np.float32)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-4)
    assert frechet_distance(a, a + 1) == pytest.approx(64, rel=1e-3)
    with pytest.raises(ValueError, match="two samples"):
        frechet_distance(a[:1], a)


def test_inception_score_of_sure_and_unsure_classifiers() -> None:
    sure = np.tile(np.eye(5), (100, 1))
    assert inception_score(sure)[0] == pytest.approx(5)
    assert inception_score(np.full((100, 5), 0.2))[0] == pytest.approx(1)
    collapsed = np.tile(np.eye(5)[:1], (100, 1))
    assert inception_score(collapsed)[0] == pytest.approx(1)


def test_nearest_distances() -> None:
    points = np.array([[0, 0], [3, 4], [0, 1]], np.float32)
    distances, indices = nearest_distances(np.array([[3, 3], [0, 1]], np.float32), points)
    assert distances.tolist() == [1, 0]
    assert indices.tolist() == [1, 2]
    distances, indices = nearest_distances(points, points, same=True)
    np.testing.assert_allclose(distances, [1, 18**0.5, 1])
    assert indices.tolist() == [2, 2, 0]
