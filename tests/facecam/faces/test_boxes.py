"""The faces in a network's output: by the compiled step, and by arrays where that was not compiled."""

import importlib.util
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from facecam.faces import boxes
from facecam.faces.boxes import Candidates, Detections, select

LIMIT = np.array([640, 480, 640, 480], np.float32)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The module of today's source, whatever was compiled at the installation."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform == "win32":
        pytest.skip("there is no C compiler")
    source = Path(boxes.__file__).with_name("selection.c")
    made = tmp_path_factory.mktemp("selection") / "selection.so"
    flags = ["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []
    include = sysconfig.get_path("include")
    flags = ["-O3", "-Wall", "-Werror", "-shared", "-fPIC", f"-I{include}", *flags]
    subprocess.run([compiler, *flags, str(source), "-o", str(made), "-lm"], check=True)
    spec = importlib.util.spec_from_file_location("selection", made)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def candidates(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Offsets, logits and anchors of clusters, as a face has them."""
    centres = rng.uniform(0, LIMIT[:2], (max(1, count // 6), 2))[rng.integers(0, max(1, count // 6), count)]
    sides = np.repeat(2 ** rng.uniform(3, 8, (count, 1)), 2, 1)
    anchors = np.concatenate([centres + rng.normal(0, 0.2, (count, 2)) * sides, sides], 1).astype(np.float32)
    return rng.normal(0, 1, (count, 4)).astype(np.float32), rng.normal(5, 4, count).astype(np.float32), anchors


def in_both_ways(
    monkeypatch: pytest.MonkeyPatch,
    compiled: ModuleType,
    *candidates: np.ndarray,
    logits: bool,
    threshold: float = -np.inf,
) -> Detections:
    """What is found in one step, which is what is found by arrays."""
    offsets, scores, anchors = candidates
    found = []
    for way in (compiled.select, None):
        monkeypatch.setattr(boxes, "compiled_select", way)
        found.append(select(Candidates(offsets, scores, logits, anchors), threshold, 0.4, *map(float, LIMIT[:2])))
    np.testing.assert_allclose(found[0].boxes, found[1].boxes, atol=1e-3)
    np.testing.assert_allclose(found[0].scores, found[1].scores, atol=2e-7)
    assert found[0].boxes.shape == (len(found[0]), 4)
    assert {part.dtype for each in found for part in (each.boxes, each.scores)} == {np.dtype(np.float32)}
    return found[0]


@pytest.mark.parametrize("logits", [True, False])
def test_both_ways_give_the_same_faces(monkeypatch: pytest.MonkeyPatch, compiled: ModuleType, logits: bool) -> None:
    rng = np.random.default_rng(5)
    for count in [*range(1, 41), 64, 200, 700] * 5:
        offsets, scores, anchors = candidates(rng, count)
        if count % 3 == 0:
            scores = np.round(scores / 4) * 4  # of equal ones the first is better
        if not logits:
            scores = np.float32(1) / (1 + np.exp(-scores))
        assert 0 < len(in_both_ways(monkeypatch, compiled, offsets, scores, anchors, logits=logits)) <= count


@pytest.mark.filterwarnings("error")
def test_what_is_no_number_is_left_out(monkeypatch: pytest.MonkeyPatch, compiled: ModuleType) -> None:
    rng = np.random.default_rng(6)
    for bad in (np.nan, np.inf, -np.inf, 1e30, -1e30, 5e3):
        for column in range(4):
            offsets, scores, anchors = candidates(rng, 12)
            offsets[7, column] = bad
            scores[2:4] = -1e5, 1e5
            found = in_both_ways(monkeypatch, compiled, offsets, scores, anchors, logits=True)
            assert np.isfinite(found.boxes).all()
            assert len(found) > 0


def test_boxes_are_clipped_and_those_outside_left_out(monkeypatch: pytest.MonkeyPatch, compiled: ModuleType) -> None:
    anchors = np.array([[10, 10, 60, 60], [-100, 100, 80, 80], [630, 300, 50, 50]], np.float32)
    scores = np.array([1, 3, 2], np.float32)
    found = in_both_ways(monkeypatch, compiled, np.zeros((3, 4), np.float32), scores, anchors, logits=True)
    assert found.boxes.tolist() == [[605, 275, 640, 325], [0, 0, 40, 40]]


def test_dropped_boxes_vote_for_the_one_that_they_nearly_are(
    monkeypatch: pytest.MonkeyPatch, compiled: ModuleType
) -> None:
    best, near, unsure, shifted, elsewhere = (
        [100, 100, 40, 40],
        [102, 101, 40, 40],
        [98, 100, 40, 40],
        [110, 100, 40, 40],
        [300, 200, 60, 60],
    )
    anchors = np.array([best, near, unsure, shifted, elsewhere], np.float32)
    scores = np.array([0.9, 0.8, 0.7, 0.85, 0.6], np.float32)  # 0.7 is less than 0.8 of 0.9
    found = in_both_ways(monkeypatch, compiled, np.zeros((5, 4), np.float32), scores, anchors, logits=False)
    x, y = np.average([best[:2], near[:2]], axis=0, weights=[0.9, 0.8])
    np.testing.assert_allclose(found.boxes, [[x - 20, y - 20, x + 20, y + 20], [270, 170, 330, 230]], rtol=1e-5)
    assert found.scores.tolist() == scores[[0, 4]].tolist()


def test_of_very_many_candidates_the_best_are_taken(monkeypatch: pytest.MonkeyPatch, compiled: ModuleType) -> None:
    rng = np.random.default_rng(7)
    offsets, scores, anchors = candidates(rng, 5000)
    anchors[:, 2:] = rng.uniform(1, 400, (5000, 1))
    output = np.concatenate([offsets, scores[:, None]], 1)  # as a network has it: its parts are views with gaps
    parts = output[:, :4], output[:, 4], anchors
    assert 0 < len(in_both_ways(monkeypatch, compiled, *parts, logits=True)) < boxes.MOST_FACES
    anchors[:] = *LIMIT[:2] / 2, 40, 40
    anchors[:, :2] += rng.uniform(-200, 200, (5000, 2))
    offsets[:, 2:] = -20  # so small that few overlap
    assert len(in_both_ways(monkeypatch, compiled, offsets, scores, anchors, logits=True)) == boxes.MOST_FACES


def test_what_the_threshold_keeps_is_the_same(monkeypatch: pytest.MonkeyPatch, compiled: ModuleType) -> None:
    offsets, scores, anchors = candidates(np.random.default_rng(8), 300)
    scores[:3] = 2.5, np.nextafter(np.float32(2.5), np.float32(0)), np.nan
    anchors[:3, :2] = [[50, 50], [300, 50], [50, 300]]
    offsets[:3], anchors[:3, 2:] = 0, 3
    found = in_both_ways(monkeypatch, compiled, offsets, scores, anchors, logits=True, threshold=2.5)
    assert found.scores.min() == np.float32(1) / (1 + np.exp(np.float32(-2.5)))
    assert [48.5, 48.5, 51.5, 51.5] in found.boxes.tolist()
    assert not np.isin(found.boxes[:, 0], [298.5]).any()
    assert len(in_both_ways(monkeypatch, compiled, offsets, scores, anchors, logits=True, threshold=100)) == 0


def test_other_arrays_are_refused(compiled: ModuleType) -> None:
    offsets, scores, anchors = candidates(np.random.default_rng(9), 5)
    found = np.empty((boxes.MOST_FACES, 5), np.float32)
    rest = (0.1, 0.2, 0.0, 2000, 0.4, 0.8, 640.0, 480.0)
    for wrong in (
        (offsets[:4], scores, True, anchors, *rest, found),
        (offsets, scores[:, None], True, anchors, *rest, found),
        (offsets, scores, True, anchors[:, :3], *rest, found),
        (offsets.astype(np.float64), scores, True, anchors, *rest, found),
        (offsets, scores, True, anchors, *rest, found[1:]),
    ):
        with pytest.raises(ValueError, match="another shape"):
            compiled.select(*wrong)
