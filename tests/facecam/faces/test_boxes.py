"""The faces among a network's candidates: one by one where they are few, by arrays where they are many."""

import numpy as np
import pytest

from facecam.faces import boxes
from facecam.faces.boxes import Candidates, Detections, select

LIMIT = np.array([640, 480, 640, 480], np.float32)


def candidates(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Offsets, logits and anchors of clusters, as a face has them."""
    centres = rng.uniform(0, LIMIT[:2], (max(1, count // 6), 2))[rng.integers(0, max(1, count // 6), count)]
    sides = np.repeat(2 ** rng.uniform(3, 8, (count, 1)), 2, 1)
    anchors = np.concatenate([centres + rng.normal(0, 0.2, (count, 2)) * sides, sides], 1).astype(np.float32)
    return rng.normal(0, 1, (count, 4)).astype(np.float32), rng.normal(5, 4, count).astype(np.float32), anchors


def in_both_ways(monkeypatch: pytest.MonkeyPatch, *candidates: np.ndarray, logits: bool) -> list[Detections]:
    offsets, scores, anchors = candidates
    found = []
    for few in (len(scores), 0):
        monkeypatch.setattr(boxes, "FEW", few)
        found.append(select(Candidates(offsets, scores, logits, anchors), LIMIT, 0.4))
    return found


@pytest.mark.parametrize("logits", [True, False])
def test_few_candidates_give_the_same_faces_as_by_arrays(monkeypatch: pytest.MonkeyPatch, logits: bool) -> None:
    rng = np.random.default_rng(5)
    for count in [*range(1, 41), 64] * 5:
        offsets, scores, anchors = candidates(rng, count)
        if count % 3 == 0:
            scores = np.round(scores / 4) * 4  # of equal ones the first is better
        if not logits:
            scores = np.float32(1) / (1 + np.exp(-scores))
        one_by_one, by_arrays = in_both_ways(monkeypatch, offsets, scores, anchors, logits=logits)
        np.testing.assert_allclose(one_by_one.boxes, by_arrays.boxes, atol=1e-3)
        np.testing.assert_allclose(one_by_one.scores, by_arrays.scores, atol=2e-7)
        assert one_by_one.boxes.dtype == one_by_one.scores.dtype == np.float32
        assert 0 < len(one_by_one) <= count


@pytest.mark.filterwarnings("error")
def test_what_is_no_number_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    for bad in (np.nan, np.inf, -np.inf, 1e30, -1e30, 5e3):
        for column in range(4):
            offsets, scores, anchors = candidates(rng, 12)
            offsets[7, column] = bad
            scores[2:4] = -1e5, 1e5
            one_by_one, by_arrays = in_both_ways(monkeypatch, offsets, scores, anchors, logits=True)
            assert np.isfinite(one_by_one.boxes).all()
            assert len(one_by_one) > 0
            np.testing.assert_allclose(one_by_one.boxes, by_arrays.boxes, atol=1e-3)


def test_boxes_are_clipped_and_those_outside_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    anchors = np.array([[10, 10, 60, 60], [-100, 100, 80, 80], [630, 300, 50, 50]], np.float32)
    scores = np.array([1, 3, 2], np.float32)
    for found in in_both_ways(monkeypatch, np.zeros((3, 4), np.float32), scores, anchors, logits=True):
        assert found.boxes.tolist() == [[605, 275, 640, 325], [0, 0, 40, 40]]
